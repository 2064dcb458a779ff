"""What ``--source`` says: ``URL`` or ``NAME=URL``, as a source of the spec and a name for it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipegen.core import names
from pipegen.core.errors import UsageError
from pipegen.core.spec import postgres_url
from pipegen.core.spec.postgres_url import PostgresUrl

_SCHEMES = {
    "mysql": "mysql", "mariadb": "mysql", "mssql": "mssql",
    "duckdb": "duckdb", "mongodb": "mongodb", "http": "rest", "https": "rest", "kafka": "kafka", "s3": "s3", "gs": "gcs",
    "az": "azure", "sftp": "sftp", "webhook": "webhook",
}  # fmt: skip
_BUILT = (
    "a path or glob of CSV, JSON lines or Parquet files, `sqlite:///x.db`, `postgresql://user@host/db`, or `sample:`"
)
_DATABASE_SUFFIXES = (".db", ".sqlite", ".sqlite3")


@dataclass(frozen=True)
class SourceUrl:
    """A source as a person named it.

    ``path`` is as given, relative to where they stand; None for the sample and for a database server, which has a ``url``.
    """

    name: str
    kind: str
    path: str | None
    url: PostgresUrl | None = None


def parse(text: str) -> SourceUrl:
    """Parse one ``--source``.

    Raises:
        UsageError: a kind that is not built, or a name that cannot be one. The message never holds a password.
    """
    match = re.match(r"^([A-Za-z][\w-]*)=(.+)$", text, flags=re.ASCII)
    name, url = (match[1], match[2]) if match else (None, text)
    if postgres_url.is_postgres(url):
        return _postgres(name, postgres_url.parse(url))
    kind, path = _kind(url)
    if name is None:
        name = "shop" if kind == "sample" else _derived(path or "", kind)
    return SourceUrl(_named(name), kind, path)


def _postgres(name: str | None, url: PostgresUrl) -> SourceUrl:
    return SourceUrl(_named(name or _derived(url.database or url.user, "postgres")), "postgres", None, url)


def _named(name: str) -> str:
    problem = names.spec_name_problem(name, "source")
    if problem:
        raise UsageError(problem, hint="say the name: `--source NAME=URL`")
    return name


def _kind(url: str) -> tuple[str, str | None]:
    scheme = re.match(r"^([A-Za-z][A-Za-z0-9+.-]+):", url)
    word = scheme[1].lower().split("+")[0] if scheme else None
    if word == "sample":
        return "sample", None
    if word == "sqlite":
        path = re.sub(r"^sqlite:(///)?", "", url)
        if not path:
            raise UsageError("`sqlite:` names no file", hint="for example `sqlite:///shop.db`, relative to this folder")
        return "sqlite", path
    if word in ("postgres", "postgresql") or re.search(r"\bpassword\s*=", url, flags=re.IGNORECASE):
        raise UsageError("a PostgreSQL database is named by its URL", hint=f"for example `{postgres_url.EXAMPLE}`")
    if word in _SCHEMES:
        raise UsageError(f"sources of kind `{_SCHEMES[word]}` are not built yet", hint=f"what works: {_BUILT}")
    if word == "file":
        return "files", re.sub(r"^file:(//)?", "", url)
    if scheme and "://" in url:
        hint = names.did_you_mean(word or "", [*_SCHEMES, "postgresql", "sqlite", "sample"]) or f"what works: {_BUILT}"
        raise UsageError(f"`{word}://` is no kind of source", hint=hint)
    if not url.strip():
        raise UsageError("`--source` names nothing", hint=f"what works: {_BUILT}")
    return ("sqlite" if url.lower().endswith(_DATABASE_SUFFIXES) else "files"), url


def _derived(path: str, kind: str) -> str:
    """A name from the file, or the folder of a glob."""
    parts = [p for p in path.replace("\\", "/").split("/") if p not in ("", ".", "..")]
    while parts and any(c in parts[-1] for c in "*?["):
        parts.pop()
    last = parts[-1] if parts else ""
    is_file = kind == "sqlite" or re.search(
        r"\.(csv|tsv|txt|json|jsonl|ndjson|parquet)(\.gz)?$", last, flags=re.IGNORECASE
    )
    stem = last.split(".")[0] if is_file else last
    slug = re.sub(r"_+", "_", re.sub(r"[^A-Za-z0-9-]", "_", stem)).strip("_-")
    if not slug or not slug[0].isalpha():
        slug = f"{kind}_{slug}".rstrip("_")
    slug = slug[: names.MAX_ID - 15].rstrip("_-")
    return f"{slug}_source" if names.module(slug) in names.RESERVED_SOURCES else slug
