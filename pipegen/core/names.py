"""Every derived name comes from here: ids for paths, Python, SQL, dbt, DAGs and environment variables.

An id is lower-case snake_case and keeps letters of any script, because every engine of the stack takes them in quoted
identifiers; what cannot be kept becomes ``_``. Two names with one id are refused, never numbered: a number would move
with the order of the names, and with it the table it stands for.
"""

from __future__ import annotations

import hashlib
import keyword
import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

from pipegen.core.errors import Problem
from pipegen.core.paths import is_device

MAX_ID = 63  # PostgreSQL cuts longer identifiers off; DuckDB and dbt take them
MAX_NAME = 200
_PASSWORD = re.compile(r"(://[^\s/:@]*:)\S*@")  # of a URL that stands where none belongs
_SPEC_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
# Names that a generated repository has for itself: a DAG, a schema, a package (`dags/` is on Airflow's path), and the modules
# that stand beside those of the sources in `dags/` and `ingest/`.
RESERVED_SOURCES = frozenset(
    """
    transform steps staging intermediate marts history ops main information_schema warehouse
    airflow dags dlt duckdb ingest monitoring quality sample scripts tests
    apply audit backfill casts contract contracts csv_rows custom declaration deletes drill extract files keys
    ledger load measures mysql mysql_connection mysql_url mysql_values parse postgres postgres_values record replay
    rest rest_pages rest_requests rest_spool rest_twin settings sources sql sqlite sqlite_sums sqlite_values treat
    warehouse_postgres
    """.split()
)


def identifier(name: str, *, prefix: str = "c") -> str:
    """The id of a name of the outside world (a table, a column, a rule): at most 63 characters.

    A name with no letter or digit in it, or one that must be cut, ends in a digest of the whole name, so that two such
    names stay apart and the id does not depend on what stands beside it.
    """
    folded = unicodedata.normalize("NFKC", name)
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", folded).lower()
    kept = "".join(c if c.isalnum() and f"a{c}".isidentifier() else "_" for c in spaced)
    slug = re.sub(r"_+", "_", kept).strip("_")
    tag = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    if not slug:
        return f"{prefix}_{tag}"
    if not slug.isidentifier():  # it begins with a digit
        slug = f"{prefix}_{slug}"
    if len(slug) > MAX_ID or len(slug.encode()) > MAX_ID:
        slug = f"{_cut(slug, MAX_ID - 9)}_{tag}"
    return slug


def _cut(text: str, limit: int) -> str:
    return text.encode()[:limit].decode(errors="ignore").rstrip("_")


def module(name: str) -> str:
    """The id of a spec name (a source, a pipeline) that also becomes a Python module: keywords get a trailing ``_``."""
    slug = re.sub(r"_+", "_", name.replace("-", "_").lower()).strip("_")
    return f"{slug}_" if keyword.iskeyword(slug) else slug


def mart(prefix: str, stem: str, *, apart: str | None = None) -> str:
    """The name of a mart that nobody named: ``fct_orders``; a spec name, so ASCII and at most 48 characters.

    Where something of the stem is lost, or ``apart`` is given, it ends in a digest, so that two such names differ.
    """
    plain = re.sub(r"_+", "_", re.sub(r"[^a-z0-9]", "_", stem.lower())).strip("_")
    limit = MAX_ID - 15 - len(prefix) - 1
    if plain == stem and len(plain) <= limit and apart is None:
        return f"{prefix}_{plain}" if prefix else plain
    tag = hashlib.sha256((apart or stem).encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return "_".join(part for part in (prefix, plain[: limit - 9].rstrip("_"), tag) if part)


def env_name(*parts: str) -> str:
    """The name of an environment variable: ``SHOP_DB_URL``."""
    return "_".join(re.sub(r"\W", "_", part, flags=re.ASCII).upper().strip("_") for part in parts)


def spec_name_problem(name: str, what: str) -> str | None:
    """Why ``name`` cannot be the name of a pipeline, source or mart; None where it can."""
    if not _SPEC_NAME.fullmatch(name) or not module(name):
        return f"`{shorten(name)}` cannot be the name of a {what}: it must start with a letter and hold letters, digits, `-`, `_`"
    if len(name) > MAX_ID - 15:
        return f"`{shorten(name)}` is too long for the name of a {what}: at most {MAX_ID - 15} characters"
    if is_device(module(name)):
        return f"`{name}` cannot be the name of a {what}: Windows takes it for a device"
    return None


def collisions(names: Iterable[str], ids: Iterable[str], what: str, where: str) -> list[Problem]:
    """A problem for every pair of names that share one id; case alone keeps no two files apart."""
    seen: dict[str, str] = {}
    problems = []
    for name, id_ in zip(names, ids, strict=True):
        folded = unicodedata.normalize("NFKC", id_.casefold())
        if folded in seen:
            problems.append(
                Problem(
                    f"{what} `{shorten(seen[folded])}` and `{shorten(name)}` would both be called `{id_}`",
                    where,
                    "rename one of them in the spec, or leave one out",
                )
            )
        else:
            seen[folded] = name
    return problems


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """``did you mean `x`?`` for the closest known word, or None."""
    by_lower: dict[str, str] = {}
    for name in known:
        by_lower.setdefault(name.lower(), name)
    matches = get_close_matches(word.lower()[:MAX_NAME], by_lower, n=1, cutoff=0.6)
    return f"did you mean `{shorten(by_lower[matches[0]])}`?" if matches else None


def shorten(text: str, limit: int = 80) -> str:
    """Text on one line and of bounded length, for messages; a password in a URL is left out."""
    line = " ".join(_PASSWORD.sub(r"\1…@", text).split())
    printable = "".join(c if c.isprintable() else "?" for c in line)
    return printable if len(printable) <= limit else printable[: limit - 1] + "…"
