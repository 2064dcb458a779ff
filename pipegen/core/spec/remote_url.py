"""A URL of a server, an API, a topic, or files far away: taken apart, and never shown with its password.

The parameters of a server's URL, and the user of an API's, count as part of the password, since any of them may be one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

from pipegen.core.errors import UsageError

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[\w.~%\\-]+)(?::\d*)?")
_PARAMETER = re.compile(r"\?[\w.~%-]+=")
_WEB = ("http", "https")


@dataclass(frozen=True)
class RemoteUrl:
    """``hosts`` is ``HOST:PORT``, several separated by commas; ``path`` what stands behind, without its first ``/``; as written.

    ``login`` is what stands before the host, password and all, and ``query`` what stands behind ``?``: for the probe alone.
    """

    scheme: str
    user: str
    hosts: str
    path: str
    login: str = field(default="", repr=False, compare=False)
    query: str = field(default="", repr=False, compare=False)

    @property
    def host(self) -> str:
        """The first host, without its port."""
        return re.sub(r":\d*$", "", self.hosts.partition(",")[0])

    @property
    def plain_path(self) -> str:
        """The path with nothing escaped in it."""
        return unquote(self.path)

    @property
    def port(self) -> int | None:
        """The first host's port."""
        port = re.search(r":(\d+)$", self.hosts.partition(",")[0])
        return int(port[1]) if port else None

    @property
    def password(self) -> str:
        """The password, with nothing escaped in it."""
        return unquote(self.login.partition(":")[2])

    def text(self) -> str:
        """The whole URL, its password in it: for the probe, and for nothing else."""
        at = f"{self.login or self.user}@" if self.login or self.user else ""
        query = f"?{self.query}" if self.query else ""
        return f"{self.scheme}://{at}{self.hosts}{f'/{self.path}' if self.path else ''}{query}"

    def same_place(self, other: RemoteUrl) -> bool:
        """Whether both lead to one place as one user."""
        return self.shown() == other.shown()

    def shown(self, path: str | None = None) -> str:
        """The URL as it may be printed, with another path if one is given."""
        at = f"{self.user}@" if self.user else ""
        behind = self.path if path is None else path
        return f"{self.scheme}://{at}{self.hosts}{f'/{behind}' if behind else ''}"


def is_remote(text: str) -> bool:
    """Whether a text begins as a URL does, but for one of a file on this machine."""
    start = _SCHEME.match(text)
    return start is not None and start[1].lower() != "file"


def parse_server(url: str, example: str) -> RemoteUrl:
    """Take the URL of a server or an API apart; of an API, where a token may stand for the user, that is never shown.

    Raises:
        UsageError: it is none. The message holds nothing of the URL, since any part of it may be of the password.
    """
    head, _, query = url.partition("?")
    read = _read(head)
    cut_short = "@" in query and "@" not in _authority(head)  # a password with a `?` in it
    if read is None or cut_short or "#" in url or ";" in read.path:
        raise _unreadable(f"it is like `{example}`")
    if read.scheme in _WEB:
        return replace(read, user="", query=query)
    if "=" in read.path:
        raise _unreadable(f"it is like `{example}`")
    return replace(read, query=query)


def parse_files(url: str) -> RemoteUrl:
    """Take the URL of files apart; its path may hold a glob.

    Raises:
        UsageError: it is none, or has parameters. The message holds nothing of the URL.
    """
    if _PARAMETER.search(url):
        hint = "leave out what stands behind `?`; keys and tokens are environment variables of the repository"
        raise UsageError("the URL of files has no parameters", hint=hint)
    read = _read(url)
    if read is None:
        raise _unreadable("it is like `s3://bucket/daily/*.csv` or `sftp://user@host/daily/*.csv`")
    return read


def has_secret(text: str) -> bool:
    """Whether a text is a URL with a password, or what may be one, in it."""
    if not is_remote(text):
        return False
    login = _authority(text).rpartition("@")[0]
    told = ":" in login or (login != "" and text.lower().startswith(_WEB)) or _PARAMETER.search(text) is not None
    return told or ("@" in text and _read(text) is None)


def _authority(url: str) -> str:
    return url.partition("://")[2].partition("/")[0]


def _read(url: str) -> RemoteUrl | None:
    """A URL taken apart; None where its password cannot be told from the rest."""
    start = _SCHEME.match(url)
    if start is None or not url.isprintable():
        return None
    authority, _, path = url[start.end() :].partition("/")
    login, _, hosts = authority.rpartition("@")
    cut_short = "@" in path and (":" in authority or start[1].lower() in _WEB)  # a password with a `/` in it
    if "@" in login or cut_short or not all(_HOST.fullmatch(unquote(host)) for host in hosts.split(",")):
        return None
    return RemoteUrl(start[1].lower(), login.partition(":")[0], hosts, path, login)


def _unreadable(like: str) -> UsageError:
    return UsageError(
        "this URL of a source cannot be read",
        hint=f"{like}; in a password write `@ : / ? # %` as `%40 %3A %2F %3F %23 %25`, or leave it out",
    )
