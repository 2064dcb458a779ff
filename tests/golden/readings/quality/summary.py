"""The table at the end: rows at each hop, tests, freshness, seconds.  python -m quality.summary"""

import json
import sys
import unicodedata
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb

from ingest import declaration, ledger, settings
from ingest.declaration import LoadError, Table
from ingest.sql import ident
from quality.reconcile import read_checks

# Above this many tables a source gets one line.
MOST_LINES = 40
NAME_WIDTH = 26


@dataclass
class Line:
    """One table. None where a hop has no rows yet, or does not exist for this table."""

    name: str
    source: int | None
    landed: int | None
    quarantined: int
    staging: int | None
    mart: int | None
    newest: datetime | None
    loaded: datetime | None
    target: int


def main() -> int:
    try:
        with ledger.open_warehouse(settings.warehouse_path()) as connection:
            checks = read_checks()
            sources = {name: declaration.read(name) for name in declaration.source_ids()}
            lines = [
                _line(
                    connection,
                    sources[check["source"]].table(check["table"]),
                    check,
                    checks["marts"],
                )
                for check in checks["staging"]
            ]
            differences = _differences(connection)
            other_marts = _other_marts(connection, checks["marts"])
    except LoadError as error:
        print(f"summary: {error}", file=sys.stderr)
        return 1
    blocks = [
        _rows(lines),
        _marts(other_marts),
        _freshness(lines),
        _checks(differences),
        _seconds(),
    ]
    print("\n\n".join(block for block in blocks if block))
    return 0


def _line(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    check: dict[str, Any],
    marts: list[dict[str, Any]],
) -> Line:
    which = [table.source, table.id]
    ((source,),) = connection.execute(
        f'SELECT sum(value::BIGINT) FROM ops.source_measures WHERE {ledger.OF_TABLE} AND "column" IS NULL',
        which,
    ).fetchall()
    ((quarantined,),) = connection.execute(
        f"SELECT count(*) FROM ops.quarantine WHERE {ledger.OF_TABLE}", which
    ).fetchall()
    ((loaded,),) = connection.execute(
        f"SELECT max(loaded_at) FROM ops.loads WHERE {ledger.OF_TABLE}", which
    ).fetchall()
    mart = next((m["mart"] for m in marts if m["staging"] == check["model"]), None)
    raw = f"{ident(table.raw_schema)}.{ident(table.id)}"
    newest = None
    if table.watermark and table.column(table.watermark).type in (
        "DATE",
        "TIMESTAMP",
        "TIMESTAMPTZ",
    ):
        newest = _value(connection, f"SELECT max({ident(table.watermark)})::TIMESTAMP FROM {raw}")
    return Line(
        name=f"{table.source}.{table.id}",
        source=source,
        landed=_value(connection, f"SELECT count(*) FROM {raw}"),
        quarantined=quarantined,
        staging=_value(connection, f"SELECT count(*) FROM staging.{ident(check['model'])}"),
        mart=_value(connection, f"SELECT count(*) FROM marts.{ident(mart)}") if mart else None,
        newest=newest and newest.replace(tzinfo=UTC),
        loaded=loaded,
        target=check["freshness_seconds"],
    )


def _value(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    """The query's one value; None when a table in it is not there."""
    try:
        ((value,),) = connection.execute(query).fetchall()
    except duckdb.CatalogException:
        return None
    return value


def _differences(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Comparisons in the newest reconciliation of each table, and how many of them disagreed."""
    query = """
        SELECT count(*), count(*) FILTER (NOT ok) FROM (
            FROM ops.reconciliation
            QUALIFY row_number() OVER (PARTITION BY hop, source, "table" ORDER BY checked_at DESC) = 1
        )
    """
    try:
        ((compared, different),) = connection.execute(query).fetchall()
    except duckdb.CatalogException:
        return 0, 0
    return compared, different


def _other_marts(
    connection: duckdb.DuckDBPyConnection, one_to_one: list[dict[str, Any]]
) -> list[tuple[str, int]]:
    shown = {mart["mart"] for mart in one_to_one}
    found = connection.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'marts' ORDER BY table_name"
    ).fetchall()
    names = [name for (name,) in found if name not in shown]
    return [
        (name, _value(connection, f"SELECT count(*) FROM marts.{ident(name)}")) for name in names
    ]


def _rows(lines: list[Line]) -> str:
    if len(lines) > MOST_LINES:
        lines = _by_source(lines)
    head = ("", "source", "landed", "quarantine", "staging", "mart")
    body = [
        (
            line.name,
            *map(_count, (line.source, line.landed, line.quarantined, line.staging, line.mart)),
        )
        for line in lines
    ]
    return _table([("rows", *head[1:]), *body])


def _by_source(lines: list[Line]) -> list[Line]:
    groups: dict[str, list[Line]] = {}
    for line in lines:
        groups.setdefault(line.name.split(".")[0], []).append(line)
    return [
        Line(
            f"{source} ({len(group)} tables)",
            sum(line.source or 0 for line in group),
            sum(line.landed or 0 for line in group),
            sum(line.quarantined for line in group),
            sum(line.staging or 0 for line in group),
            sum(line.mart or 0 for line in group) or None,
            max((line.newest for line in group if line.newest), default=None),
            min((line.loaded for line in group if line.loaded), default=None),
            min(line.target for line in group),
        )
        for source, group in groups.items()
    ]


def _marts(others: list[tuple[str, int]]) -> str:
    return (
        _table([("other marts", "rows"), *((name, _count(rows)) for name, rows in others)])
        if others
        else ""
    )


def _freshness(lines: list[Line]) -> str:
    if len(lines) > MOST_LINES:
        lines = _by_source(lines)
    now = datetime.now(UTC)
    body = []
    for line in lines:
        newest = f"{line.newest:%Y-%m-%d %H:%M}" if line.newest else "-"
        loaded = f"{_age((now - line.loaded).total_seconds())} ago" if line.loaded else "never"
        body.append((line.name, newest, loaded, _age(line.target), _verdict(line, now)))
    return _table([("freshness", "newest row", "loaded", "target", ""), *body])


def _verdict(line: Line, now: datetime) -> str:
    """Against the target: the newest row's age; of sample data, whose rows have no age, that of the load."""
    by_load = settings.environment() == "demo" or line.newest is None
    since = line.loaded if by_load else line.newest
    if since is None:
        return "none"
    return "ok" if (now - since).total_seconds() <= line.target else "late"


def _checks(differences: tuple[int, int]) -> str:
    compared, different = differences
    body: list[tuple[str, ...]] = (
        [("reconciled", f"{compared - different} agree", f"{different} differ")] if compared else []
    )
    tests = _tests()
    if tests:
        failed = tests["fail"] + tests["error"] + tests["runtime error"]
        row = ["dbt tests", f"{tests['pass']} passed", f"{failed} failed"]
        row += [f"{tests['warn']} warned"] if tests["warn"] else []
        row += [f"{tests['skipped']} skipped"] if tests["skipped"] else []
        body.insert(0, tuple(row))
    return _table([("checks", "", ""), *body]) if body else ""


def _tests() -> Counter[str]:
    """The newest status of each dbt test."""
    target = settings.ROOT / "transform" / "target"
    own = target / settings.environment()
    results: dict[str, str] = {}
    found = (own if own.is_dir() else target).rglob("run_results.json")
    for path in sorted(found, key=lambda path: path.stat().st_mtime_ns):
        for result in json.loads(path.read_text(encoding="utf-8"))["results"]:
            if result["unique_id"].startswith(("test.", "unit_test.")):
                results[result["unique_id"]] = result["status"]
    return Counter("pass" if status == "success" else status for status in results.values())


def _seconds() -> str:
    path = settings.ROOT / "data" / f"{settings.environment()}-timings.json"
    if not path.is_file():
        return ""
    timings = json.loads(path.read_text(encoding="utf-8"))
    timings.setdefault("total", sum(timings.values()))
    return _table([("seconds", ""), *((phase, f"{spent:.1f}") for phase, spent in timings.items())])


def _table(rows: list[tuple[str, ...]]) -> str:
    """Aligned text: names to the left, all else to the right."""
    columns = max(len(row) for row in rows)
    rows = [(*(_cut(cell) for cell in row), *[""] * (columns - len(row))) for row in rows]
    widths = [max(_width(row[place]) for row in rows) for place in range(columns)]
    widths[0] = max(widths[0], NAME_WIDTH)
    lines = []
    for row in rows:
        cells = [row[0] + " " * (widths[0] - _width(row[0]))]
        cells += [
            " " * (width - _width(cell)) + cell
            for cell, width in zip(row[1:], widths[1:], strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    rule = "-" * max(_width(line) for line in lines)
    return "\n".join([lines[0], rule, *lines[1:]])


def _cut(cell: str) -> str:
    return cell if _width(cell) <= NAME_WIDTH else cell[: NAME_WIDTH - 1] + "…"


def _width(text: str) -> int:
    """Columns that the text takes on a terminal."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide


def _count(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"


def _age(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0, seconds):.0f} s"


if __name__ == "__main__":
    sys.exit(main())
