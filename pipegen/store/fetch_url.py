"""Where a blueprint or a template is, as people say it: a folder, a zip, a git URL, an abbreviation; and no password in it.

A password (or a token in a query) is taken out of a URL at once, and kept in this process alone, for the host that it was given
for. What is left is what every file, message and lock has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from pipegen.core.errors import BlueprintError
from pipegen.core.names import shorten

Kind = Literal["folder", "zip", "git"]

_SCHEME = re.compile(r"^(?:git\+)?([a-z][a-z0-9.-]*)://", re.IGNORECASE)
_SCP = re.compile(r"^[\w.-]+@[\w.-]+:(?!//)", re.ASCII)  # git@host:owner/name.git
_SCHEMES = frozenset({"http", "https", "ssh", "git", "file"})
_TOKEN = re.compile(r"token|secret|passw|pwd|api[_-]?key|sig|auth|credential", re.IGNORECASE)
_BUILT_IN = ("gh", "gl", "bb")


@dataclass(frozen=True)
class Secret:
    """What a URL had in it that no file may have."""

    user: str = field(repr=False)
    password: str = field(repr=False)
    query: str = field(repr=False, default="")


_SECRETS: dict[str, Secret] = {}


@dataclass(frozen=True)
class Place:
    """Where a source is: what it is, and the path or the clean URL of it."""

    kind: Kind
    at: str

    @property
    def remote(self) -> bool:
        return self.at.startswith(("http://", "https://"))

    @property
    def secret(self) -> Secret | None:
        return _SECRETS.get(self.at)


def recorded(source: str) -> str:
    """A source as pipegen.yml has it: its password taken out (and kept for this process), a person's own abbreviation written out.

    ``gh:``, ``gl:`` and ``bb:`` stay as they are, unless the person's cookiecutter config says something else for them.

    Raises:
        BlueprintError: it cannot be read.
    """
    refuse_odd(source, "source")
    expanded = _expanded(source)
    if expanded != source and _is_built_in(source) and expanded == _by_everybody(source):
        return source
    return _clean(expanded) if is_remote(expanded) else expanded


def split_ref(text: str) -> tuple[str, str | None]:
    """``SOURCE#REF`` of a command line as source and ref."""
    source, _, ref = text.partition("#")
    return source, ref or None


def without_secret(text: str) -> str:
    """A source, with or without ``#REF``, as :func:`recorded` has it."""
    source, ref = split_ref(text)
    return recorded(source) + (f"#{ref}" if ref else "") if source else text


def is_remote(source: str) -> bool:
    """Whether a source is a URL or one of the abbreviations that everybody has: no path of this machine."""
    return bool(_SCHEME.match(source) or _SCP.match(source) or _is_built_in(source))


def has_secret(source: str) -> bool:
    """Whether a source has a password in it."""
    return _SCHEME.match(source) is not None and _apart(source)[1] is not None


def name_of(source: str) -> str:
    """The name of a source for people: ``template`` for ``https://host/owner/template.git``."""
    last = re.split(r"[/:\\]", re.sub(r"[?#].*$", "", source).rstrip("/"))[-1]
    return re.sub(r"\.(git|zip)$", "", last, flags=re.IGNORECASE) or "template"


def place(source: str) -> Place:
    """Where a source is.

    Raises:
        BlueprintError: an unknown kind of URL, or one that cannot be read.
    """
    refuse_odd(source, "source")
    expanded = _expanded(source)
    match = _SCHEME.match(expanded)
    if match is None:
        if _SCP.match(expanded):
            return Place("git", expanded)
        return Place("zip" if expanded.lower().endswith(".zip") else "folder", str(Path(expanded).expanduser()))
    scheme = match[1].lower()
    if scheme not in _SCHEMES:
        raise BlueprintError(
            f"`{shorten(scheme)}://` is no place that blueprints are fetched from",
            hint="a folder, a git URL (https, ssh, git, file), a zip, or `gh:owner/name`",
        )
    clean = _clean(expanded)
    path = urlsplit(clean).path
    if scheme == "file" and path.lower().endswith(".zip"):
        return Place("zip", unquote(path))
    if scheme in ("http", "https") and path.lower().endswith(".zip"):
        return Place("zip", clean)
    return Place("git", clean)


def refuse_odd(text: str, what: str) -> None:
    """Refuse what a program could take for an option, and what no name has.

    Raises:
        BlueprintError: it is empty, begins with `-`, or has a control character in it.
    """
    if not text or text != text.strip() or text.startswith("-") or not text.isprintable():
        raise BlueprintError(f"`{shorten(text)}` cannot be the {what} of a blueprint")


def user_config() -> Mapping[str, Any]:
    """The person's own cookiecutter config: abbreviations, and defaults of variables.

    Raises:
        BlueprintError: it cannot be read.
    """
    from cookiecutter.config import get_user_config
    from cookiecutter.exceptions import CookiecutterException

    try:
        config: Mapping[str, Any] = get_user_config()
    except (CookiecutterException, OSError, ValueError, AttributeError, KeyError) as error:
        raise BlueprintError(
            f"your cookiecutter config cannot be read: {shorten(str(error), 200)}",
            hint="COOKIECUTTER_CONFIG, or ~/.cookiecutterrc",
        ) from None
    return config


def _is_built_in(source: str) -> bool:
    return source.partition(":")[0] in _BUILT_IN and ":" in source


def _by_everybody(source: str) -> str:
    """The source with its abbreviation written out as cookiecutter does where no config says otherwise."""
    from cookiecutter.config import BUILTIN_ABBREVIATIONS
    from cookiecutter.repository import expand_abbreviations

    return str(expand_abbreviations(source, BUILTIN_ABBREVIATIONS))


def _expanded(source: str) -> str:
    """The source with its abbreviation written out, as cookiecutter does it; what is there as a path is none."""
    if (":" not in source and "/" in source) or _SCHEME.match(source) or Path(source).exists():
        return source
    from cookiecutter.repository import expand_abbreviations

    abbreviations = user_config().get("abbreviations")
    known = {str(k): str(v) for k, v in abbreviations.items()} if isinstance(abbreviations, Mapping) else {}
    try:
        return str(expand_abbreviations(source, known))
    except (IndexError, KeyError, ValueError, AttributeError):
        raise BlueprintError(f"the abbreviation in `{shorten(source)}` is not one that can be written out") from None


def _clean(url: str) -> str:
    """A URL without its password, which is kept for this process; raises as :func:`_apart`."""
    if _SCHEME.match(url) is None:
        return url
    clean, secret = _apart(url)
    if secret is not None:
        _SECRETS[clean] = secret
    return clean


def _apart(url: str) -> tuple[str, Secret | None]:
    """A URL without what no file may have of it, and that.

    Raises:
        BlueprintError: it cannot be read. The message has nothing of it, since any part may be of the password.
    """
    url = re.sub(r"^git\+", "", url, flags=re.IGNORECASE)
    try:
        parts = urlsplit(url)
        has_port = parts.port is not None
    except ValueError:
        raise _unreadable() from None
    if has_port and "@" not in parts.netloc and "@" in parts.path:
        raise _unreadable()
    if parts.fragment:
        raise BlueprintError(
            "the URL of a blueprint ends in `#…`", hint="a tag, branch or commit stands in `ref:`, beside `source:`"
        )
    login, _, host = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    web = parts.scheme in ("http", "https")
    query = parts.query if web and _TOKEN.search(parts.query) else ""
    kept = f"{user}@" if user and not web else ""  # the user of ssh is part of the address; of https it may be a token
    clean = urlunsplit(SplitResult(parts.scheme, kept + host, parts.path, "" if query else parts.query, ""))
    secret = Secret(unquote(user), unquote(password), query) if (web and login) or password or query else None
    return clean, secret


def _unreadable() -> BlueprintError:
    return BlueprintError(
        "this URL of a blueprint cannot be read",
        hint="in a password write `@ : / ? # %` as `%40 %3A %2F %3F %23 %25`, or leave it to git's credential helper",
    )
