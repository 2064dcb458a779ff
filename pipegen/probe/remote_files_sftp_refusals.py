"""What is said where a server of files is not reached by SFTP, or lets nobody in: a sentence for each, none with a password."""

from __future__ import annotations

import socket

from pipegen.core.errors import SourceError
from pipegen.core.names import shorten
from pipegen.core.spec.remote_url import RemoteUrl

PASSWORD = "SFTP_PASSWORD"  # noqa: S105 (the name of a variable)
_KEYS = f"set {PASSWORD}, or add the user's key to the ssh agent (`ssh-add`)"


class UnknownHost(Exception):  # noqa: N818 (it is told as a SourceError)
    """A host whose key is not known: what sort of key it is, and what to compare it by."""

    def __init__(self, kind: str, fingerprint: str) -> None:
        super().__init__(kind)
        self.kind, self.fingerprint = kind, fingerprint


def user_of(url: RemoteUrl) -> str:
    """Who is to be let in, in words."""
    return f"user `{shorten(url.user)}`" if url.user else "this user"


def connection_refusal(url: RemoteUrl, error: Exception, offered: str) -> SourceError:
    """What an error of a connection means, to which a password or a key was ``offered``."""
    import paramiko

    at = f"`{url.shown('')}`"
    if isinstance(error, UnknownHost):
        return _unknown(url, error)
    if isinstance(error, paramiko.BadHostKeyException):
        hint = (
            "was the server set up anew? then `ssh-keygen -R HOST` forgets its old key; else someone stands in between"
        )
        return SourceError(f"{at} has another host key than ~/.ssh/known_hosts has", hint=hint)
    if isinstance(error, paramiko.PasswordRequiredException):
        return SourceError(f"the key for {at} is locked by a passphrase", hint="unlock it for the ssh agent: `ssh-add`")
    if isinstance(error, paramiko.BadAuthenticationType):
        takes = ", ".join(error.allowed_types)
        return SourceError(f"{at} does not let {user_of(url)} in by a {offered}: it takes {takes}", hint=_KEYS)
    if isinstance(error, paramiko.AuthenticationException) or "No authentication methods" in str(error):
        return SourceError(f"{at} does not take the {offered} of {user_of(url)}", hint=_KEYS)
    if isinstance(error, socket.gaierror):
        return SourceError(f"there is no host `{shorten(url.host)}`", hint="see that its name is right")
    if isinstance(error, TimeoutError | paramiko.ssh_exception.NoValidConnectionsError | ConnectionError):
        hint = "see that host and port are right, and that it can be reached from here"
        return SourceError(f"{at} does not answer", hint=hint)
    if isinstance(error, paramiko.SSHException | EOFError):
        because = shorten(str(error)) or "it hung up"
        return SourceError(
            f"{at} does not speak SFTP: {because}", hint="does an SSH server with SFTP listen there? try `sftp` by hand"
        )
    return SourceError(f"{at} cannot be read: {type(error).__name__}", hint="try `sftp` by hand")


def _unknown(url: RemoteUrl, error: UnknownHost) -> SourceError:
    port = f"-p {url.port} " if url.port else ""
    return SourceError(
        f"the host key of `{url.shown('')}` is not known: {error.kind}, {error.fingerprint}",
        hint=f"if its owner names the same one: `ssh-keyscan {port}{url.host} >> ~/.ssh/known_hosts`",
    )
