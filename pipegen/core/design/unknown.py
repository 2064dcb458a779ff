"""Inputs that nobody knows: the design is decided at both ends of their range, and asked for only where the ends differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from pipegen.core.design import watches
from pipegen.core.design.choose import Chosen, choose
from pipegen.core.design.decision import OpenQuestion
from pipegen.core.design.inputs import DATABASES, Inputs, SourceInputs, TableInputs

FEW_ROWS, MANY_ROWS = 1_000.0, 10e9
FEW_CHANGES, MANY_CHANGES = 0.0001, 0.5
FEW_EVENTS, MANY_EVENTS = 1_000.0, 10e9
# Decisions of structure; those that are a number follow every input a little.
STRUCTURE = ("mode", "extract", "write", "partitioning", "direction")
_LOG_QUERY = {
    "postgres": "show wal_level; select rolreplication from pg_roles where rolname = current_user;",
    "mysql": "show variables where variable_name in ('log_bin', 'binlog_format', 'binlog_expire_logs_seconds');",
    "mssql": "select name, is_cdc_enabled from sys.databases;",
    "mongodb": "rs.status(); db.getReplicationInfo();",
}
# How a database counts the rows of a table, and what in its name stands doubled, or behind a backslash.
_COUNT = {
    "postgres": ('select count(*) from "{}";', '"', '""'),
    "mysql": ("select count(*) from `{}`;", "`", "``"),
    "mssql": ("select count(*) from [{}];", "]", "]]"),
    "mongodb": ('db.getCollection("{}").countDocuments();', '"', '\\"'),
}


def open_questions(chosen: Chosen) -> tuple[OpenQuestion, ...]:
    """Every unknown input that the design depends on."""
    return tuple(question for s in chosen.inputs.sources for question in _of_source(s, chosen.inputs, chosen.overrides))


def _of_source(s: SourceInputs, p: Inputs, overrides: Mapping[str, str]) -> Iterator[OpenQuestion]:
    if s.log is None and s.kind in DATABASES:
        ends = tuple(
            watches.with_source(p, replace(s, log=known, log_lacks="it is not set up")) for known in (False, True)
        )
        differs = _differs(s, ends, overrides)
        if differs:
            ask = f"can the change log of `{s.name}` be read?"
            yield OpenQuestion(watches.where("sources", s.name, "change_log"), ask, differs, _LOG_QUERY[s.kind])
    yield from _of_tables(s, p, overrides, "size")
    yield from _of_tables(s, p, overrides, "volume")


def _of_tables(s: SourceInputs, p: Inputs, overrides: Mapping[str, str], field: str) -> Iterator[OpenQuestion]:
    """The tables of which nobody knows the size, or the volume: all of them at one end, then all at the other."""
    unknown = [t for t in s.tables if (_no_size(t) if field == "size" else _no_volume(t))]
    if not unknown:
        return
    names = {t.name for t in unknown}
    ends = tuple(
        watches.with_source(p, replace(s, tables=tuple(_at(t, field, end) if t.name in names else t for t in s.tables)))
        for end in (0, 1)
    )
    differs = _differs(s, ends, overrides)
    shared = tuple(one for one in differs if one.split(":", 1)[0].count(".") == 1)
    for t in unknown:
        own = tuple(one for one in differs if one.startswith(f"{t.address}."))
        told = (*own, *(shared if t is unknown[0] else ()))
        if told:
            at = watches.where("sources", s.name, "tables", t.name, field)
            yield OpenQuestion(at, _ASK[field].format(t.address), told, _count(s, t) if field == "size" else None)


_ASK = {"size": "how many rows has `{}`?", "volume": "how many rows of `{}` are new or changed a day?"}


def _count(s: SourceInputs, t: TableInputs) -> str | None:
    """What counts the rows of a table at its source."""
    if s.kind not in _COUNT:
        return None
    query, quote, escaped = _COUNT[s.kind]
    return query.format(t.name.replace(quote, escaped))


def _no_size(t: TableInputs) -> bool:
    return t.form != "events" and t.rows is None


def _no_volume(t: TableInputs) -> bool:
    return t.known_per_day is None and (bool(t.rows) or t.form == "events")


def _at(t: TableInputs, field: str, end: int) -> TableInputs:
    """A table at one end of what is not known of it."""
    if field == "size":
        return replace(t, known_rows=(FEW_ROWS, MANY_ROWS)[end])
    rate = (FEW_EVENTS, MANY_EVENTS)[end] if t.form == "events" else (t.rows or 0) * (FEW_CHANGES, MANY_CHANGES)[end]
    return replace(t, known_per_day=rate, per_day_how="said")


def _differs(s: SourceInputs, ends: tuple[Inputs, ...], overrides: Mapping[str, str]) -> tuple[str, ...]:
    """The decisions of structure that differ, as ``id: this or that``."""
    few, many = (
        choose(replace(end, sources=tuple(one for one in end.sources if one.name == s.name)), overrides).choice
        for end in ends
    )
    return tuple(
        f"{id}: {few[id]} or {many[id]}"
        for id in few
        if id.rpartition(".")[2] in STRUCTURE and id in many and few[id] != many[id] and id.startswith(f"{s.name}.")
    )
