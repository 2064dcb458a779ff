"""The view of a source that was looked at: what it runs on, its tables, and of a table its columns."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from pipegen.core.measured import ChangeLog, Count, MeasuredColumn, MeasuredTable, Server
from pipegen.core.units import duration_text
from pipegen.ui.design import counted
from pipegen.ui.terminal import Terminal
from pipegen.ui.wrapped import Line, Part, paragraph

if TYPE_CHECKING:  # a command imports its own use case alone
    from pipegen.app.inspect import Inspected

_LABEL = 14
_COLUMN = 6
_WIDE = 32  # columns of a name beside which there is room for more
MANY = 12
"""Tables above which each has a line of its own and no more: the whole of hundreds is read by nobody."""
_KINDS = {
    "postgres": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB", "sqlite": "SQLite", "duckdb": "DuckDB", "kafka": "Kafka",
    "rest": "REST API", "files": "files", "sample": "the bundled sample",
}  # fmt: skip
_SCALE = (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3))


def inspection(found: Inspected, terminal: Terminal, *, whole: bool) -> None:
    """Everything that was measured of a source; ``whole``: with the columns of its tables."""
    line, measured = terminal.data, found.measured
    _server(found.shown, measured.server, line)
    beside = max((len(name) for name in measured.tables if len(name) < _WIDE), default=0) + 2
    if len(measured.tables) > MANY and not whole:
        _listed(measured.tables, beside, line)
    else:
        for name, table in measured.tables.items():
            line("")
            _table(name, table, max(_LABEL, beside), line)
            if whole:
                _columns(table, line)
    if measured.left_out:
        line("")
        line((f"Left out: {counted(len(measured.left_out), 'table')}", "bold"))
        for name, why in measured.left_out.items():
            paragraph(line, (f"  {name}",), why, _LABEL)
    _ending(found, terminal, whole=whole)


def _ending(found: Inspected, terminal: Terminal, *, whole: bool) -> None:
    """What is said of it, and is no data: how much there is, what was written, and where more is to be had."""
    tables = found.measured.tables
    terminal.say("")
    terminal.say((counted(len(tables), "table"), "bold"), ("" if found.saved else "; nothing was written", "dim"))
    if found.saved and found.unchanged:
        terminal.say(f"{found.saved} has it so already")
    elif found.saved:
        terminal.say(("wrote ", "bold green"), found.saved, ("; render from it: ", "dim"), ("pipegen update", "bold"))
    if tables and not whole:
        largest = max(tables, key=lambda name: _rows(tables[name]))
        again = f"pipegen inspect {shlex.quote(found.shown)}"
        terminal.say(("one table with its columns: ", "dim"), f"{again} --table {shlex.quote(largest)}")
        if len(tables) > 1:
            terminal.say(("all of them: ", "dim"), f"{again} -v")


def _server(shown: str, server: Server, line: Line) -> None:
    line((shown, "bold"))
    kind = _KINDS.get(server.kind, server.kind)
    parts = [f"{kind} {server.version}" if server.version else kind]
    parts += [f"time zone {server.timezone}"] if server.timezone else []
    parts += [counted(server.connections, "connection") + " allowed"] if server.connections else []
    parts += [f"in {server.folder}"] if server.folder else []
    _detail("source", "; ".join(parts), line)
    if server.log is not None:
        _detail("change log", _log(server.log), line)
    elif server.wal_level is not None:
        role = "may" if server.can_replicate else "may not"
        _detail("change log", f"wal_level is `{server.wal_level}`; the role {role} read it", line)


def _log(log: ChangeLog) -> str:
    kept = f", kept for {duration_text(log.kept)}" if log.kept else ""
    shape = f" ({log.format})" if log.format else ""
    if log.readable:
        return f"can be read{shape}{kept}"
    return f"cannot be read{shape}: {'; '.join(log.lacks)}" if log.lacks else f"cannot be read{shape}"


def _listed(tables: Mapping[str, MeasuredTable], indent: int, line: Line) -> None:
    """A line a table: its size, then how its rows are told apart, what grows in it, and what is to be looked at."""
    sizes = {
        name: (_row_count(table), "?" if table.bytes is None else _bytes(table.bytes)) for name, table in tables.items()
    }
    rows, size = (max(len(text) for text in texts) + 2 for texts in zip(*sizes.values(), ("rows", "size"), strict=True))
    line("")
    line((f"{'table':<{indent}}{'rows':>{rows}}{'size':>{size}}", "dim"))
    for name, table in tables.items():
        beside = len(name) + 2 <= indent
        if not beside:
            line((name, "bold"))
        told = f"{sizes[name][0]:>{rows}}{sizes[name][1]:>{size}}"
        head: tuple[Part, ...] = ((f"{name if beside else '':<{indent}}", "bold"), told)
        paragraph(line, head, _brief(table), indent + rows + size + 2, "dim")


def _row_count(table: MeasuredTable) -> str:
    return f"{'' if table.rows.exact else '~'}{table.rows.value:,}" if table.rows else "?"


def _brief(table: MeasuredTable) -> str:
    personal = sum(column.personal is not None for column in table.columns.values())
    said = [str(table.kind)] if table.kind else []
    said += [f"key {', '.join(table.key.columns)}" if table.key else "no key"]
    said += [f"watermark {table.watermark.column}"] if table.watermark else []
    said += [f"{personal} personal"] if personal else []
    said += [counted(len(table.notes), "note")] if table.notes else []
    return "; ".join(said)


def _rows(table: MeasuredTable) -> int:
    return table.rows.value if table.rows else 0


def _table(name: str, table: MeasuredTable, indent: int, line: Line) -> None:
    size = [f"{_count(table.rows)} row{'' if table.rows.value == 1 else 's'}"] if table.rows else []
    size += [_bytes(table.bytes)] if table.bytes is not None else []
    size += [f"{table.rows_per_day.value:,} new or changed a day"] if table.rows_per_day else []
    size += [_new(table.new_per_day.value, among=table.rows_per_day is not None)] if table.new_per_day else []
    kind = f"{table.kind}: " if table.kind else ""
    told = f"{kind}{', '.join(size) or 'nothing is known of its size'}"
    paragraph(line, ((name, "bold"),), told, indent)
    for label, text in _facts(table):
        _detail(label, text, line)


def _new(rows: int, *, among: bool) -> str:
    return f"of them {rows:,} new" if among else f"{rows:,} new a day"


def _facts(table: MeasuredTable) -> Iterable[tuple[str, str]]:
    """What was measured of a table beyond its size, a label and a text each."""
    yield "key", _key(table)
    if table.watermark is not None:
        yield "watermark", _watermark(table)
    if table.lateness is not None:
        late = table.lateness
        shares = [(50, late.p50), (99, late.p99), (99.9, late.p999)]
        each = ", ".join(f"{share:g}% within {duration_text(max(1, s))}" for share, s in shares)
        yield "lateness", f"{each} ({late.arrival} after {late.event}, {late.sampled:,} rows)"
    if table.deletes is not None and (table.deletes.seen != "unknown" or table.deletes.column):
        mark = f"; `{table.deletes.column}` marks them" if table.deletes.column else ""
        yield "deletes", f"{table.deletes.seen}{f': {table.deletes.how}' if table.deletes.how else ''}{mark}"
    personal = [f"{name} ({c.personal.guess})" for name, c in table.columns.items() if c.personal]
    if personal:
        yield "personal", ", ".join(personal)
    for key in table.foreign_keys:
        yield "points to", f"{key.to}, by {', '.join(key.columns)}{f' ({key.how})' if key.how else ''}"
    yield from _places(table)
    for note in table.notes:
        yield "note", note


def _places(table: MeasuredTable) -> Iterable[tuple[str, str]]:
    """Where its rows lie, for a source that is no database."""
    if table.files is not None:
        yield "files", f"{table.files} ({table.format})"
    if table.malformed:
        yield "malformed", f"{counted(table.malformed, 'row')} that cannot be read as such"
    if table.endpoint is not None:
        pages = table.endpoint.pagination
        by = f", by {pages.param}" if pages.param else ""
        yield "endpoint", f"{table.endpoint.path or '/'}; pages: {pages.kind}{by}; {table.endpoint.how}"
    if table.topic is not None:
        kept = f", kept for {duration_text(table.topic.kept)}" if table.topic.kept else ""
        compacted = ", compacted" if table.topic.compacted else ""
        form = f", {table.topic.format}" if table.topic.format else ""
        yield "topic", f"{counted(table.topic.partitions, 'partition')}{kept}{compacted}{form}"


def _key(table: MeasuredTable) -> str:
    if table.key is not None:
        return f"{', '.join(table.key.columns)} ({table.key.how})"
    near = table.near_key
    if near is None:
        return "none"
    wrong = [counted(near.nulls, "row") + " without one"] if near.nulls else []
    wrong += [counted(near.duplicates, "row") + " not alone with theirs"] if near.duplicates else []
    return f"none; {', '.join(near.columns)} is close: {' and '.join(wrong)} of {near.sampled:,}"


def _watermark(table: MeasuredTable) -> str:
    mark = table.watermark
    assert mark is not None
    said = [mark.column]
    said += ["indexed" if mark.indexed else "no index"] if mark.indexed is not None else []
    said += [f"{_share(mark.out_of_order)} of rows out of order"] if mark.out_of_order is not None else []
    said += [f"{counted(mark.nulls, 'row')} without one"] if mark.nulls else []
    said += [f"since {mark.since}"] if mark.since else []
    return ", ".join(said)


def _columns(table: MeasuredTable, line: Line) -> None:
    """Every column: its name and type, then what was measured of its values."""
    if not table.columns:
        return
    line(("  columns", "dim"))
    names = max(len(name) for name in table.columns)
    types = max(len(_type(c)) for c in table.columns.values())
    for name, column in table.columns.items():
        if names + types > 50:  # too wide for one line of a screen
            paragraph(line, ("    ", (name, "bold"), f"  {_type(column)}"), _values(column), 8, "dim")
        else:
            head: tuple[Part, ...] = ("    ", (name, "bold"), " " * (names - len(name) + 2), _type(column))
            paragraph(line, head, _values(column), names + types + _COLUMN + 2, "dim")


def _type(column: MeasuredColumn) -> str:
    return f"{column.type} ({column.declared})" if column.declared else column.type


def _values(column: MeasuredColumn) -> str:
    said = ["never null"] if column.nullable is False else []
    said += [f"{_share(column.null_rate)} null"] if column.null_rate else []
    said += ["unique"] if column.unique else []
    said += ["generated"] if column.generated else []
    said += [f"{_count(column.distinct)} distinct"] if column.distinct and not column.unique else []
    said += [f"{column.least} to {column.most}"] if column.least is not None and column.most is not None else []
    said += [f"up to {counted(column.longest, 'character')}"] if column.longest else []
    said += [f"one of {', '.join(column.values)}"] if column.values else []
    said += [f"personal: {column.personal.guess}, by {column.personal.how}"] if column.personal else []
    return ", ".join(said)


def _detail(label: str, text: str, line: Line) -> None:
    paragraph(line, (f"  {label}",), text, _LABEL)


def _count(count: Count) -> str:
    return f"{count.value:,}" if count.exact else f"about {count.value:,}"


def _share(part: float) -> str:
    """``1.4%``; what is not none does not become none."""
    return "none" if not part else "under 0.1%" if part < 0.001 else f"{part * 100:.3g}%"


def _bytes(size: int) -> str:
    unit, factor = next(((u, f) for u, f in _SCALE if size >= f), ("B", 1))
    return f"{size / factor:,.3g} {unit}" if size < 1000 * factor else f"{size / factor:,.0f} {unit}"
