"""A PostgreSQL URL as a person gives it: taken apart, put together without its password, and never shown with it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from urllib.parse import quote, unquote

from pipegen.core.errors import UsageError

DEFAULT_SCHEMA = "public"
EXAMPLE = "postgresql://reader@localhost/shop"
_SCHEME = re.compile(r"^postgres(?:ql)?(?:\+[a-z0-9]+)?://", re.IGNORECASE)
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^\s:@\[\]]*)(?::\d*)?")
# Parameters that libpq knows, but for those that the URL says elsewhere; `schema` is pipegen's own.
_PARAMETERS = frozenset(
    """
    application_name channel_binding client_encoding connect_timeout gssencmode gsslib hostaddr keepalives keepalives_count
    keepalives_idle keepalives_interval krbsrvname load_balance_hosts options passfile require_auth requirepeer service
    sslcert sslcertmode sslcompression sslcrl sslcrldir sslkey sslmode sslnegotiation sslrootcert sslsni
    ssl_min_protocol_version ssl_max_protocol_version target_session_attrs tcp_user_timeout host port user dbname schema
    """.split()
)
_PLAIN = "-._~!$'()*,;=+"


@dataclass(frozen=True)
class PostgresUrl:
    """``hosts`` is ``HOST:PORT``, several separated by commas, as written; ``options`` are the parameters of the query."""

    user: str
    password: str = field(repr=False)
    hosts: str
    database: str
    options: tuple[tuple[str, str], ...] = ()
    schema: str | None = None

    def text(self) -> str:
        """The whole URL, its password and its schema in it: for the probe, and for nothing else."""
        return self._text(self._secret(), self._options_with_schema())

    def connection(self) -> str:
        """The URL as PostgreSQL's own library takes it, its password in it: for connecting, and for nothing else."""
        return self._text(self._secret(), self.options)

    def shown(self) -> str:
        """The URL without its password: what may be printed, and gives the same source."""
        return self._text("", self._options_with_schema())

    def _secret(self) -> str:
        return f":{quote(self.password, safe='')}" if self.password else ""

    def _options_with_schema(self) -> tuple[tuple[str, str], ...]:
        return (*self.options, ("schema", self.schema)) if self.schema else self.options

    def same_place(self, other: PostgresUrl) -> bool:
        """Whether both lead to one database as one user."""
        return replace(self, password="", schema=None) == replace(other, password="", schema=None)

    def _text(self, secret: str, options: tuple[tuple[str, str], ...]) -> str:
        user = quote(self.user, safe=_PLAIN)
        at = "@" if user or secret else ""
        database = f"/{quote(self.database, safe=_PLAIN)}" if self.database else ""
        query = "&".join(f"{key}={quote(value, safe=_PLAIN + '/:')}" for key, value in options)
        return f"postgresql://{user}{secret}{at}{self.hosts}{database}{f'?{query}' if query else ''}"


def is_postgres(url: str) -> bool:
    """Whether a URL is one of PostgreSQL's."""
    return _SCHEME.match(url) is not None


def parse(url: str) -> PostgresUrl:
    """Take a URL apart; ``?schema=NAME`` chooses the schema.

    Raises:
        UsageError: it is none. The message holds nothing of the URL, since any part of it may be of the password.
    """
    start = _SCHEME.match(url)
    if start is None:
        raise UsageError("this is not the URL of a PostgreSQL database", hint=f"for example `{EXAMPLE}`")
    head, _, query = url[start.end() :].partition("?")
    authority, _, database = head.partition("/")
    login, at, hosts = authority.rpartition("@")
    user, _, password = login.partition(":")
    hosts = hosts if at else authority
    readable = "@" not in login and "@" not in database and "#" not in url and "/" not in database
    if not readable or not all(_HOST.fullmatch(unquote(h)) for h in hosts.split(",")):
        raise _unreadable()
    options = _options(query)
    said = dict(options)
    return PostgresUrl(
        user=unquote(user),
        password=said.pop("password", "") or unquote(password),
        hosts=hosts,
        database=unquote(database),
        options=tuple((k, v) for k, v in options if k not in ("password", "schema")),
        schema=said.get("schema") or None,
    )


def _options(query: str) -> list[tuple[str, str]]:
    options = []
    for part in query.split("&") if query else ():
        key, equals, value = part.partition("=")
        if not equals or key not in _PARAMETERS | {"password"}:
            raise _unreadable()
        options.append((key, unquote(value)))
    return options


def _unreadable() -> UsageError:
    return UsageError(
        "this URL of a PostgreSQL database cannot be read",
        hint=f"it is like `{EXAMPLE}`; in a password write `@ : / ? # %` as `%40 %3A %2F %3F %23 %25`, or leave it to PGPASSWORD",
    )
