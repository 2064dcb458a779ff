"""Fetching a git repository with nothing of the repository's, and none of the person's hooks and filters, being run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from pipegen.core.errors import BlueprintError
from pipegen.core.names import shorten
from pipegen.store.fetch_url import Place, Secret

COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHORT = re.compile(r"[0-9a-f]{4,64}")
_EXPRESSION = re.compile(
    r"[~^:?*\[\\\s]|\.\.|@\{"
)  # what no ref may have in its name, and git takes for more than a name
_SECONDS = 600
# How a person's git reaches a host; all else that the environment says to git is left out.
_KEPT = frozenset(
    {"GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_PROXY_COMMAND", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"}
)
_SETTINGS = {
    "core.hooksPath": os.devnull, "init.templateDir": "", "core.fsmonitor": "false", "core.attributesFile": os.devnull,
    "core.autocrlf": "false", "core.askPass": "", "protocol.ext.allow": "never", "submodule.recurse": "false",
    "fetch.recurseSubmodules": "false", "http.lowSpeedLimit": "1000", "http.lowSpeedTime": "60", "gc.auto": "0",
    "advice.detachedHead": "false", "transfer.fsckObjects": "false",
}  # fmt: skip
# Answers git when it asks for the password of one host, and has it from the environment: no file, no argument.
_HELPER = (
    '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" "$PIPEGEN_GIT_USER" "$PIPEGEN_GIT_PASSWORD"; }; f'
)


class UnreachableError(BlueprintError):
    """The repository could not be fetched; a copy of before may do."""


def clone(place: Place, ref: str | None, to: Path) -> str:
    """Clone a repository into ``to``, and check a tag, branch or commit out; its default branch where none is named.

    Returns:
        The commit.

    Raises:
        UnreachableError: no git, no network, no such repository, no access.
        BlueprintError: it has no such ref.
    """
    if shutil.which("git") is None:
        raise UnreachableError("git is not installed", hint="install it, or name a folder or a zip")
    _git(
        [
            "clone",
            "--quiet",
            "--no-checkout",
            "--no-local",
            "--no-recurse-submodules",
            "--template=",
            "--",
            place.at,
            str(to),
        ],
        place,
    )
    commit = _commit(to, ref, place)
    # With none of the person's settings: a filter that they have would run on what the repository says to.
    _git(["-C", str(to), "checkout", "--quiet", "--detach", commit], place, bare=True)
    return commit


def is_repository(folder: Path) -> bool:
    """Whether a folder is a git repository, bare or not."""
    return (folder / ".git").exists() or ((folder / "HEAD").is_file() and (folder / "objects").is_dir())


def _commit(repository: Path, ref: str | None, place: Place) -> str:
    """The commit of a ref, a tag before a branch, as `git checkout` has it."""
    names = ["HEAD"] if ref is None else [f"refs/tags/{ref}", f"refs/remotes/origin/{ref}"]
    if ref is not None and _SHORT.fullmatch(ref):
        names.append(ref)
    for name in names if not _EXPRESSION.search(ref or "") else ():
        command = ["-C", str(repository), "rev-parse", "--quiet", "--verify", "--end-of-options", f"{name}^{{commit}}"]
        done = _run(command, place, bare=True)
        if done.returncode == 0:
            return done.stdout.strip()
    if ref is None:
        raise BlueprintError(f"`{shorten(place.at)}` is empty: it has no commit")
    raise BlueprintError(
        f"`{shorten(place.at)}` has no tag, branch or commit `{shorten(ref)}`", hint="look it up there: `git ls-remote`"
    )


def _git(words: list[str], place: Place, *, bare: bool = False) -> None:
    try:
        done = _run(words, place, bare=bare)
    except subprocess.TimeoutExpired:
        raise UnreachableError(f"`{shorten(place.at)}` did not answer in {_SECONDS} seconds") from None
    if done.returncode != 0:
        raise _refusal(done.stderr, place)


def _run(words: list[str], place: Place, *, bare: bool) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", *words], env=_environment(place, bare), capture_output=True, text=True, encoding="utf-8", errors="replace",
        stdin=subprocess.DEVNULL, check=False, timeout=_SECONDS,
        start_new_session=True,  # no terminal: neither git nor ssh can ask for anything
    )  # fmt: skip


def _environment(place: Place, bare: bool) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k in _KEPT or k.startswith("GIT_SSL_")}
    for name in ("SSH_ASKPASS", "DISPLAY", "LANGUAGE"):
        kept.pop(name, None)
    kept |= {
        "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "SSH_ASKPASS_REQUIRE": "never", "GIT_ATTR_NOSYSTEM": "1", "LC_ALL": "C",
        "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh", "GIT_LFS_SKIP_SMUDGE": "1",
    }  # fmt: skip
    if bare:
        kept |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    elif "GIT_SSH_COMMAND" not in kept and "GIT_SSH" not in kept:
        kept["GIT_SSH_COMMAND"] = "ssh -o BatchMode=yes"
    settings = list(_SETTINGS.items())
    if place.secret is not None and not bare:
        kept |= {"PIPEGEN_GIT_USER": place.secret.user, "PIPEGEN_GIT_PASSWORD": place.secret.password}
        parts = urlsplit(place.at)
        settings += [("credential.helper", ""), (f"credential.{parts.scheme}://{parts.netloc}.helper", _HELPER)]
    return kept | _as_environment(settings)


def _as_environment(settings: list[tuple[str, str]]) -> dict[str, str]:
    """Settings for one run of git, over those of every file."""
    values = {"GIT_CONFIG_COUNT": str(len(settings))}
    for i, (key, value) in enumerate(settings):
        values |= {f"GIT_CONFIG_KEY_{i}": key, f"GIT_CONFIG_VALUE_{i}": value}
    return values


def _refusal(said: str, place: Place) -> UnreachableError:
    """What git said, in a sentence."""
    shown = shorten(place.at)
    text = said.lower()
    if any(
        word in text for word in ("authentication failed", "could not read username", "permission denied", "403", "401")
    ):
        return UnreachableError(
            f"`{shown}` refuses access",
            hint="give git a credential for it: a credential helper, an ssh key, or `user:password@` in the URL",
        )
    if any(
        word in text
        for word in ("not found", "does not exist", "does not appear to be a git repository", "not a git repository")
    ):
        return UnreachableError(f"there is no git repository `{shown}`", hint="is it spelt right, and may you read it?")
    if any(
        word in text
        for word in ("could not resolve host", "unable to access", "connection", "timed out", "network is unreachable")
    ):
        return UnreachableError(f"`{shown}` cannot be reached", hint="is there a network?")
    lines = [line for line in said.splitlines() if line.strip()]
    because = scrubbed(lines[-1], place.secret) if lines else "it said nothing"
    return UnreachableError(f"`{shown}` cannot be fetched: {shorten(because, 200)}")


def scrubbed(text: str, secret: Secret | None) -> str:
    """A message with nothing of a password in it."""
    for word in (secret.password, secret.query, secret.user) if secret else ():
        text = text.replace(word, "…") if word else text
    return text
