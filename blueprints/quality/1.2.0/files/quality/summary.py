"""The table at the end: rows at each hop, tests, freshness, seconds.  python -m quality.summary"""

import json
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ingest import declaration, ledger, settings
from ingest.declaration import LoadError, Table
from ingest.sql import ident, literal
from ingest.warehouse import Warehouse
from quality import dbt_results
from quality.landing import raw_relation
from quality.models import read_checks
from quality.text_table import age, count, text_table
from quality.totals import DELETED_AT, Relations, relations

# Above this many tables a source gets one line.
MOST_LINES = 40


@dataclass
class Line:
    """One table. None where a hop has no rows yet, or does not exist for this table.

    `source` is what the newest load has counted at the source: all of the table, or, where `part`, what it read of it.
    `moved` are rows of the newest load that are worth a word: those older than the window it read, deleted, superseded.
    """

    name: str
    source: int | None = None
    part: bool = False
    landed: int | None = None
    quarantined: int = 0
    staging: int | None = None
    mart: int | None = None
    newest: datetime | None = None
    loaded: datetime | None = None
    target: int = 0
    moved: dict[str, int] = field(default_factory=dict)


def main() -> int:
    try:
        with ledger.open_warehouse() as db:
            checks = read_checks()
            there = relations(db)
            lines = _lines(db, checks, there)
            differences = _differences(db)
            other_marts = _other_marts(db, checks["marts"], there)
    except LoadError as error:
        print(f"summary: {error}", file=sys.stderr)
        return 1
    if len(lines) > MOST_LINES:
        lines = _by_source(lines)
    blocks = [
        _rows(lines),
        _moved(lines),
        _marts(other_marts),
        _freshness(lines),
        _checks(differences),
        _seconds(),
    ]
    print("\n\n".join(block for block in blocks if block))
    return 0


def _lines(db: Warehouse, checks: dict[str, Any], there: Relations) -> list[Line]:
    sources = {name: declaration.read(name) for name in declaration.source_ids()}
    measured = _by_table(
        db,
        "sum(CAST(value AS BIGINT))",
        "source_measures WHERE \"column\" IS NULL AND what = 'source'",
    )
    quarantined = _by_table(db, "count(*)", "quarantine WHERE 1 = 1")
    loaded = _by_table(db, "max(loaded_at)", "loads WHERE 1 = 1")
    marts = {mart["staging"]: mart["mart"] for mart in reversed(checks["marts"])}
    lines = []
    for check in checks["staging"]:
        table = sources[check["source"]].table(check["table"])
        which = (table.source, table.id)
        mart = marts.get(check["model"])
        line = Line(
            f"{table.source}.{table.id}",
            source=None if which not in measured else int(measured[which]),
            landed=_living(db, there, table.raw_schema, table.id),
            quarantined=quarantined.get(which, 0),
            staging=_living(db, there, "staging", check["model"]),
            mart=_living(db, there, "marts", mart) if mart else None,
            loaded=loaded.get(which),
            target=check["freshness_seconds"],
        )
        if line.landed is not None:
            _newest_load(db, table, line)
        lines.append(line)
    return lines


def _by_table(db: Warehouse, value: str, of: str) -> dict[tuple[str, str], Any]:
    query = f'SELECT source, "table", {value} FROM ops.{of} GROUP BY 1, 2'
    return {(source, table): found for source, table, found in db.execute(query)}


def _living(db: Warehouse, there: Relations, schema: str, name: str) -> int | None:
    """Rows that the source has not deleted; None when the table is not there."""
    marked = there.get((schema, name))
    if marked is None:
        return None
    living = f" WHERE {DELETED_AT} IS NULL" if marked else ""
    ((rows,),) = db.execute(f"SELECT count(*) FROM {ident(schema)}.{ident(name)}{living}")
    return int(rows)


def _newest_load(db: Warehouse, table: Table, line: Line) -> None:
    """The newest row's time, and what the newest load read that was not simply new."""
    mark = ident(table.watermark or "")
    if table.temporal:
        query = f"SELECT max(CAST({mark} AS TIMESTAMP)) FROM {raw_relation(table)}"
        ((newest,),) = db.execute(query)
        line.newest = newest and newest.replace(tzinfo=UTC)
    found = db.execute(
        "SELECT loaded_at, kind, window_from, window_to, rows_superseded, rows_deleted FROM ops.loads "
        f"WHERE {ledger.OF_TABLE} ORDER BY loaded_at DESC LIMIT 1",
        [table.source, table.id],
    )
    if not found:
        return
    ((stamp, kind, low, high, superseded, deleted),) = found
    line.part = table.incremental and bool(low or high or kind == "replay")
    late = 0
    if low and table.temporal:
        bound = f"CAST({literal(low)} AS {table.column(table.watermark or '').type})"
        newest = f"_loaded_at = CAST({literal(stamp.isoformat())} AS TIMESTAMPTZ)"
        query = f"SELECT count(*) FROM {raw_relation(table)} WHERE {newest} AND {mark} < {bound}"
        ((late,),) = db.execute(query)
    line.moved = {"late": int(late), "deleted": deleted or 0, "superseded": superseded or 0}


def _differences(db: Warehouse) -> tuple[int, int]:
    """Tables in the newest reconciliation of each hop, and how many of them disagreed."""
    query = """
        SELECT count(*), count(*) FILTER (WHERE NOT agrees) FROM (
            SELECT r.hop, r.source, r."table", bool_and(r.ok) AS agrees
            FROM ops.reconciliation AS r
            JOIN (
                SELECT hop, source, "table", max(checked_at) AS newest
                FROM ops.reconciliation GROUP BY hop, source, "table"
            ) AS n ON n.hop = r.hop AND n.source = r.source AND n."table" = r."table"
            WHERE r.checked_at = n.newest
            GROUP BY r.hop, r.source, r."table"
        ) AS newest_of_each
    """
    ((compared, different),) = db.execute(query)
    return int(compared), int(different)


def _other_marts(
    db: Warehouse, marts: list[dict[str, Any]], there: Relations
) -> list[tuple[str, int | None]]:
    shown = {mart["mart"] for mart in marts if mart["staging"]}
    names = sorted(name for schema, name in there if schema == "marts" and name not in shown)
    return [(name, _living(db, there, "marts", name)) for name in names]


def _rows(lines: list[Line]) -> str:
    head = ("rows", "source", "landed", "quarantine", "staging", "mart")
    body = [
        (
            line.name,
            f"{'+' if line.part else ''}{count(line.source)}",
            *map(count, (line.landed, line.quarantined, line.staging, line.mart)),
        )
        for line in lines
    ]
    parts = any(line.part for line in lines)
    return text_table([head, *body]) + ("\n+ read by the newest load" if parts else "")


def _moved(lines: list[Line]) -> str:
    """Late and deleted rows, and those that a newer one of the same key has taken the place of: where there are any."""
    kinds = [
        kind for kind in ("late", "deleted", "superseded") if any(x.moved.get(kind) for x in lines)
    ]
    if not kinds:
        return ""
    body = [
        (line.name, *(count(line.moved.get(kind, 0)) for kind in kinds))
        for line in lines
        if any(line.moved.values())
    ]
    return text_table([("newest load", *kinds), *body])


def _by_source(lines: list[Line]) -> list[Line]:
    groups: dict[str, list[Line]] = {}
    for line in lines:
        groups.setdefault(line.name.split(".")[0], []).append(line)
    return [
        Line(
            f"{source} ({len(group)} tables)",
            sum(line.source or 0 for line in group),
            any(line.part for line in group),
            sum(line.landed or 0 for line in group),
            sum(line.quarantined for line in group),
            sum(line.staging or 0 for line in group),
            sum(line.mart or 0 for line in group) or None,
            max((line.newest for line in group if line.newest), default=None),
            min((line.loaded for line in group if line.loaded), default=None),
            min(line.target for line in group),
            dict(sum((Counter(line.moved) for line in group), Counter[str]())),
        )
        for source, group in groups.items()
    ]


def _marts(others: list[tuple[str, int | None]]) -> str:
    if not others:
        return ""
    return text_table([("other marts", "rows"), *((name, count(rows)) for name, rows in others)])


def _freshness(lines: list[Line]) -> str:
    now = datetime.now(UTC)
    body = []
    for line in lines:
        newest = f"{line.newest:%Y-%m-%d %H:%M}" if line.newest else "-"
        loaded = f"{age((now - line.loaded).total_seconds())} ago" if line.loaded else "never"
        body.append((line.name, newest, loaded, age(line.target), _verdict(line, now)))
    return text_table([("freshness", "newest row", "loaded", "target", ""), *body])


def _verdict(line: Line, now: datetime) -> str:
    """Against the target: the newest row's age; of sample data, whose rows have no age, that of the load."""
    by_load = settings.has_twin() or line.newest is None
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
    return text_table([("checks", "", ""), *body]) if body else ""


def _tests() -> Counter[str]:
    """How many dbt tests had which status, the newest of each."""
    newest = dbt_results.statuses("test", "unit_test").values()
    return Counter("pass" if status == "success" else status for status in newest)


def _seconds() -> str:
    path = settings.ROOT / "data" / f"{settings.environment()}-timings.json"
    if not path.is_file():
        return ""
    timings = json.loads(path.read_text(encoding="utf-8"))
    timings.setdefault("total", sum(timings.values()))
    body = [(phase, f"{spent:.1f}") for phase, spent in timings.items()]
    return text_table([("seconds", ""), *body])


if __name__ == "__main__":
    sys.exit(main())
