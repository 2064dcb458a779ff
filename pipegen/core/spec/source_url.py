"""What ``--source`` says: ``URL`` or ``NAME=URL``, as a source of the spec and a name for it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pipegen.core import names
from pipegen.core.errors import UsageError
from pipegen.core.spec import postgres_url, remote_url
from pipegen.core.spec.postgres_url import PostgresUrl
from pipegen.core.spec.remote_url import RemoteUrl

SERVERS = {
    "mysql": "mysql", "mariadb": "mysql", "mssql": "mssql", "mongodb": "mongodb", "http": "rest", "https": "rest",
    "kafka": "kafka",
}  # fmt: skip
"""Kinds of source by the scheme of a server's URL."""
FILES = ("s3", "gs", "az", "sftp")
"""Schemes of files that lie far away."""
EXAMPLES = {
    "mysql": "mysql://reader@localhost/shop", "mssql": "mssql://reader@localhost/shop",
    "mongodb": "mongodb://reader@localhost/shop", "rest": "https://api.example.com/v1",
    "kafka": "kafka://localhost:9092/clicks",
}  # fmt: skip
_DATABASE_FILES = {".db": "sqlite", ".sqlite": "sqlite", ".sqlite3": "sqlite", ".duckdb": "duckdb"}
_SCHEMES = (*SERVERS, *FILES, "duckdb", "webhook", "postgresql", "sqlite", "sample")
_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,200}")
_LIKE = (
    "a path or glob of CSV, JSON lines or Parquet files, `sqlite:///x.db`, `postgresql://user@host/db`, or `sample:`"
)


@dataclass(frozen=True)
class SourceUrl:
    """A source as a person named it.

    ``path`` is as given, relative to where they stand; None for the sample and for what has a ``url`` or no address at all.
    ``tables`` are those that the URL names itself: a topic. ``files`` is the URL of files that lie far away, which ``path`` has
    without its password.
    """

    name: str
    kind: str
    path: str | None
    url: PostgresUrl | RemoteUrl | None = None
    tables: tuple[str, ...] = ()
    files: RemoteUrl | None = field(default=None, repr=False, compare=False)

    @property
    def variable(self) -> str | None:
        """The environment variable that holds the URL unless another is said; None where there is no URL."""
        return None if self.url is None else variable(self.name, self.kind)

    def shown(self, *, with_tables: bool = True) -> str:
        """The URL as it may be printed: without its password, and, if so asked, without the tables that it names."""
        if isinstance(self.url, RemoteUrl):
            return self.url.shown(None if with_tables or not self.tables else "")
        return self.url.shown() if self.url is not None else self.path or ""


def variable(source: str, kind: str) -> str:
    """The environment variable that holds the URL of a source by that name: ``SHOP_URL``, ``CLICKS_BROKERS``."""
    return names.env_name(names.module(source), "BROKERS" if kind == "kafka" else "URL")


def parse(text: str) -> SourceUrl:
    """Parse one ``--source``.

    Raises:
        UsageError: no kind of source, or a name that cannot be one. The message never holds a password.
    """
    match = re.match(r"^([A-Za-z][\w-]*)=(.+)$", text, flags=re.ASCII)
    name, url = (match[1], match[2]) if match else (None, text)
    scheme = re.match(r"^([A-Za-z][A-Za-z0-9+.-]+):", url)
    word = scheme[1].lower().split("+")[0] if scheme else ""
    if postgres_url.is_postgres(url):
        database = postgres_url.parse(url)
        return SourceUrl(
            _named(name or _derived(database.database or database.user, "postgres")), "postgres", None, database
        )
    if word in SERVERS:
        return _server(name, SERVERS[word], url)
    if word in FILES:
        return _remote_files(name, url)
    kind, path = _kind(url, word)
    if name is None:
        name = "shop" if kind == "sample" else _derived(path or "", kind)
    return SourceUrl(_named(name), kind, path)


def _server(name: str | None, kind: str, url: str) -> SourceUrl:
    if not remote_url.is_remote(url):
        raise UsageError(f"a source of kind `{kind}` is named by its URL", hint=f"for example `{EXAMPLES[kind]}`")
    read = remote_url.parse_server(url, EXAMPLES[kind])
    tables: tuple[str, ...] = ()
    if kind == "kafka" and read.path.strip("/"):
        tables = (_topic(read.plain_path.strip("/")),)
    stem = _service(read.host) if kind == "rest" else read.plain_path.strip("/") or read.host
    return SourceUrl(_named(name or _derived(stem, kind)), kind, None, read, tables)


def _topic(text: str) -> str:
    if not _TOPIC.fullmatch(text):
        hint = f"for example `{EXAMPLES['kafka']}`; several topics: one there, the others with `--table`"
        raise UsageError(f"`{names.shorten(text)}` cannot be the name of a topic", hint=hint)
    return text


def _service(host: str) -> str:
    """What people call the API of a host: ``stripe`` for ``api.stripe.com``; an address of numbers as it is."""
    if re.fullmatch(r"[\d.]+|\[.*\]", host):
        return host
    return re.sub(r"^(?:api|www)\.(?=[^.]+\.)", "", host).partition(".")[0]


def _remote_files(name: str | None, url: str) -> SourceUrl:
    if not remote_url.is_remote(url):
        raise UsageError("files that lie far away are named by their URL", hint="for example `s3://bucket/daily/*.csv`")
    read = remote_url.parse_files(url)
    return SourceUrl(_named(name or _derived(f"{read.hosts}/{read.path}", "files")), "files", read.shown(), files=read)


def _named(name: str) -> str:
    problem = names.spec_name_problem(name, "source")
    if problem:
        raise UsageError(problem, hint="say the name: `--source NAME=URL`")
    return name


def _kind(url: str, word: str) -> tuple[str, str | None]:
    """Kind and path of what is no server; ``word`` is the scheme of the URL, or empty."""
    if word == "sample":
        return "sample", None
    if word in ("sqlite", "duckdb"):
        path = re.sub(rf"^{word}:(///)?", "", url, flags=re.IGNORECASE)
        if not path:
            raise UsageError(
                f"`{word}:` names no file", hint=f"for example `{word}:///shop.db`, relative to this folder"
            )
        return word, path
    if word == "webhook":
        if url.partition(":")[2].strip("/"):
            hint = "for example `--source payments=webhook: --table payment_made`"
            raise UsageError("a webhook has no address: its events are sent to the pipeline", hint=hint)
        return "webhook", None
    if word in ("postgres", "postgresql") or re.search(r"\b(?:password|pwd)\s*=", url, flags=re.IGNORECASE):
        raise UsageError("a database is named by its URL", hint=f"for example `{postgres_url.EXAMPLE}`")
    if word == "file":
        return "files", re.sub(r"^file:(//)?", "", url)
    if word and "://" in url:
        hint = names.did_you_mean(word, _SCHEMES) or f"a path or glob, or a URL with one of: {', '.join(_SCHEMES)}"
        raise UsageError(f"`{word}://` is no kind of source", hint=hint)
    if not url.strip():
        raise UsageError("`--source` names nothing", hint=f"what works: {_LIKE}")
    suffix = re.search(r"\.[a-z0-9]+$", url.lower())
    return _DATABASE_FILES.get(suffix[0] if suffix else "", "files"), url


def _derived(path: str, kind: str) -> str:
    """A name from the file, or the folder of a glob."""
    parts = [p for p in path.replace("\\", "/").split("/") if p not in ("", ".", "..")]
    while parts and any(c in parts[-1] for c in "*?["):
        parts.pop()
    last = parts[-1] if parts else ""
    is_file = kind in ("sqlite", "duckdb") or re.search(
        r"\.(csv|tsv|txt|json|jsonl|ndjson|parquet)(\.gz)?$", last, flags=re.IGNORECASE
    )
    stem = last.split(".")[0] if is_file else last
    slug = re.sub(r"_+", "_", re.sub(r"[^A-Za-z0-9-]", "_", stem)).strip("_-")
    if not slug or not slug[0].isalpha():
        slug = f"{kind}_{slug}".rstrip("_")
    slug = slug[: names.MAX_ID - 15].rstrip("_-")
    return f"{slug}_source" if names.module(slug) in names.RESERVED_SOURCES else slug
