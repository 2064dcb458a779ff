"""Probe of a MySQL or MariaDB database, read in read-only sessions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pymysql

from pipegen.core.errors import SourceError
from pipegen.core.measured import Count, Deletes, Measured, MeasuredTable
from pipegen.core.names import did_you_mean, shorten
from pipegen.probe import mysql_catalogue as catalogue
from pipegen.probe import mysql_url, mysql_values, sql_rows, sql_times
from pipegen.probe.chosen_tables import wanted
from pipegen.probe.facts import ColumnFacts
from pipegen.probe.look import IS_LOCKED, TIME_IS_UP, Look
from pipegen.probe.mysql_catalogue import Relation
from pipegen.probe.mysql_connection import Session, kill, opened
from pipegen.probe.mysql_refusals import BROKEN_VIEW, DENIED, LOCKED, code_of, quoted, refused
from pipegen.probe.mysql_server import read_server, read_settings
from pipegen.probe.mysql_url import MysqlUrl
from pipegen.probe.side_by_side import Sessions


def measure(path: str, look: Look) -> Measured:
    """Measure a MySQL or MariaDB database; ``path`` is its URL, see :class:`pipegen.probe.registry.Probe`.

    Views are measured where they are named.
    """
    url = mysql_url.parse(path)
    first = opened(url, look)
    with _told(url), _sessions(first, url, look) as sessions:
        if not url.database:
            _refuse_no_database(first, url)
        settings = read_settings(first)
        server = read_server(first, settings, url)
        look.progress("reading the catalogue")
        relations = catalogue.read_relations(first, _database(first))
        plan = _planned(relations, look, url, folded=settings.get("lower_case_table_names", "0") != "0")
        if not plan.chosen and not plan.left_out:
            raise SourceError(f"{url.shown()} has no table", hint=_databases(first))
        tables = _tables(sessions, plan, look, url, server.timezone)
        return Measured(server=server, tables=tables, left_out=plan.left_out)


@contextmanager
def _told(url: MysqlUrl) -> Iterator[None]:
    try:
        yield
    except (pymysql.MySQLError, OSError) as error:
        raise refused(url, error) from None


def _sessions(first: Session, url: MysqlUrl, look: Look) -> Sessions[Session]:
    def another() -> Session | None:
        try:
            return opened(url, look)
        except SourceError:  # no connection is left
            return None

    return Sessions(
        first,
        look.connections,
        open=another,
        cancel=lambda some: kill(url, some),
        hang_up=Session.hang_up,
        close=Session.close,
    )


def _refuse_no_database(session: Session, url: MysqlUrl) -> None:
    raise SourceError(f"the URL of {url.shown()} names no database", hint=_databases(session))


def _databases(session: Session) -> str:
    there = catalogue.list_databases(session)
    if not there:
        return "this user sees no database; as its administrator: `grant select on NAME.* to USER`"
    return f"databases that this user sees: {shorten(', '.join(there), 300)}"


def _database(session: Session) -> str:
    """The database's name as the server writes it."""
    [(name,)] = session.rows("select database()")
    return str(name)


@dataclass(frozen=True)
class _Plan:
    """What is to be measured, which of it somebody ``named``, and what is left out, with the reason."""

    chosen: list[Relation]
    named: frozenset[str]
    left_out: dict[str, str]


def _planned(relations: Mapping[str, Relation], look: Look, url: MysqlUrl, *, folded: bool) -> _Plan:
    """See :class:`pipegen.probe.look.Look`; a server that folds names takes them in any case."""
    by_fold = {name.casefold(): name for name in relations} if folded else {}

    def real(name: str) -> str:
        return name if name in relations else by_fold.get(name.casefold(), name)

    asked = wanted(look, relations, real)
    if asked is None:
        there = [r for r in relations.values() if not r.is_view]
        left_out = {r.name: _closed([r.name], url)[1] for r in there if not r.readable}
        return _Plan([r for r in there if r.name not in left_out], frozenset(), left_out)
    _refuse_missing(asked, relations, url)
    chosen = [r for r in relations.values() if r.name in asked]
    closed = [r.name for r in chosen if not r.readable]
    if closed:
        message, hint = _closed(closed, url)
        raise SourceError(message, hint=f"{hint}; or name other tables with --table")
    return _Plan(chosen, frozenset(asked), {})


def _refuse_missing(asked: Sequence[str], relations: Mapping[str, Relation], url: MysqlUrl) -> None:
    missing = next((name for name in asked if name not in relations), None)
    if missing is not None:
        near = did_you_mean(missing, relations)
        hint = near or (
            f"tables are: {shorten(', '.join(relations), 300)}; one that the user may not read is not seen: {_grant(missing, url)}"
        )
        raise SourceError(f"{url.shown()} has no table `{shorten(missing)}`", hint=hint)


def _closed(names: Sequence[str], url: MysqlUrl) -> tuple[str, str]:
    """What to say of tables that the user may not read, or not all columns of, and what would mend it."""
    some = ", ".join(f"`{shorten(name)}`" for name in names[:5]) + (", …" if len(names) > 5 else "")
    message = f"the user may not read {'table' if len(names) == 1 else 'tables'} {some} of {url.shown()}"
    return message, f"the user may not read it, or not all of it; as its administrator: {_grant(names[0], url)}"


def _grant(table: str, url: MysqlUrl) -> str:
    return f"`grant select on {quoted(url.database)}.{quoted(shorten(table))} to {shorten(url.user)}`"


def _tables(
    sessions: Sessions[Session], plan: _Plan, look: Look, url: MysqlUrl, zone: str | None
) -> dict[str, MeasuredTable]:
    def heard(done: int, relation: Relation) -> None:
        look.tell(done, len(plan.chosen), relation.name)

    def work(session: Session, relation: Relation) -> MeasuredTable | str:
        return _measured(session, relation, url, zone, named=relation.name in plan.named)

    found = {}
    for relation, table in zip(plan.chosen, sessions.each(plan.chosen, work, heard), strict=True):
        if isinstance(table, str):
            plan.left_out[relation.name] = table
        else:
            found[relation.name] = table
    return found


def _measured(
    session: Session, relation: Relation, url: MysqlUrl, zone: str | None, *, named: bool
) -> MeasuredTable | str:
    """A table's facts, or why it is left out.

    Raises:
        SourceError: somebody named it, and it cannot be read.
    """
    if relation.broken:
        return _left_out(relation, url, named=named)
    try:
        return _read(session, relation, zone)
    except pymysql.MySQLError as error:
        code = code_of(error)
        if code in BROKEN_VIEW:
            return _left_out(relation, url, named=named)
        if code in DENIED:
            message, hint = _closed([relation.name], url)
            if named:
                raise SourceError(message, hint=hint) from None
            return hint
        if code in LOCKED and not named:
            return _by_catalogue(relation, IS_LOCKED)
        if code in LOCKED:
            message = f"table `{shorten(relation.name)}` of {url.shown()} is locked by another session"
            raise SourceError(message, hint="try again when it is done; `show processlist` shows it") from None
        raise


def _left_out(relation: Relation, url: MysqlUrl, *, named: bool) -> str:
    what = "view" if relation.is_view else "table"
    broken = (
        "what it selects from is gone, or its definer may not read it"
        if relation.is_view
        else "the server cannot open it"
    )
    hint = f"`check table {quoted(shorten(relation.name))}` says more; mend it, or leave it out"
    if named:
        raise SourceError(f"{what} `{shorten(relation.name)}` of {url.shown()} is broken: {broken}", hint=hint)
    return f"it is broken: {broken}; {hint}"


def _read(session: Session, relation: Relation, zone: str | None) -> MeasuredTable:
    if session.look.is_over:
        return _by_catalogue(relation, TIME_IS_UP)
    indexes = relation.indexes
    of = mysql_values.table_of(session, relation)
    facts = mysql_values.column_facts(of, relation)
    key = indexes.key([c.name for c in facts if c.required]) or sql_rows.measured_key(of, facts)
    times = sql_times.read_times(of, facts, indexes)
    table = MeasuredTable(
        kind=relation.kind,
        rows=of.rows,
        bytes=_bytes(relation, of.rows),
        rows_per_day=times.rows_per_day,
        new_per_day=times.new_per_day,
        key=key,
        near_key=sql_rows.near_key(of, facts) if key is None else None,
        watermark=times.watermark,
        lateness=times.lateness,
        deletes=sql_rows.deletes(of, facts, key, relation.counter),
        columns={c.name: c.measured(key.columns if key else ()) for c in facts},
        foreign_keys=relation.foreign_keys,
        notes=[*of.notes, *sql_rows.odd(facts, times.watermark, zone)],
    )
    if session.look.left() <= 0:
        table.notes.append(TIME_IS_UP)
    return table


def _bytes(relation: Relation, rows: Count | None) -> int | None:
    """The server's number; None where its statistics are from before most of the rows came."""
    stale = rows is not None and rows.exact and 2 * (relation.estimate or 0) < rows.value
    return None if stale else relation.bytes


def _by_catalogue(relation: Relation, note: str) -> MeasuredTable:
    facts = [
        ColumnFacts(
            name=c.name, type=c.type, rows=0, nulls=0, required=c.required, unique=c.name in relation.indexes.alone,
            declared=c.declared, generated=c.generated, values=c.values,
        ) for c in relation.columns
    ]  # fmt: skip
    key = relation.indexes.key([c.name for c in relation.columns if c.required])
    return MeasuredTable(
        kind=relation.kind,
        rows=None if relation.is_view else mysql_values.estimated(relation),
        bytes=relation.bytes,
        key=key,
        deletes=Deletes(),
        columns={c.name: c.measured(key.columns if key else ()) for c in facts},
        foreign_keys=relation.foreign_keys,
        notes=[*relation.notes, note],
    )
