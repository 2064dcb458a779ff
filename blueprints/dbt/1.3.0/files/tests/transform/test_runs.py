"""Rows arrive, change, come late and go: after each run every model is what staging is, and history what it was."""

import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.transform.conftest import MODELS_ONLY, STRICT
from tests.transform.warehouse import quoted, tables

FIRST = datetime(2026, 1, 1, 6, tzinfo=UTC)
LATER = datetime(2026, 1, 20, 6, tzinfo=UTC)  # beyond every lookback
TODAY = datetime.now(UTC).replace(hour=1, minute=0, second=0, microsecond=0)


@dataclass(frozen=True)
class Row:
    """A landed row. `n` makes its key, `version` all else; the times in it are `days` before today."""

    n: int
    loaded_at: datetime = FIRST
    version: int = 0
    days: int = 0
    deleted_at: datetime | None = None


def value(type, n, day):
    if type == "BOOLEAN":
        return n % 2 == 0
    if type == "BIGINT":
        return n
    if type.startswith("DECIMAL"):
        return Decimal(n).scaleb(-int(type.partition(",")[2].rstrip(")") or 0))
    known = {
        "DOUBLE": n + 0.5,
        "DATE": day.date(),
        "TIMESTAMP": day.replace(tzinfo=None),
        "TIMESTAMPTZ": day,
        "TIME": day.time().replace(second=n % 60),
        "UUID": uuid.UUID(int=n),
        "BLOB": f"\\x{n:02x}",
        "JSON": f'{{"n": {n}}}',
    }
    return known.get(type, f"value {n}")


def landed(table, row):
    """The row's values, by column."""
    day = TODAY - timedelta(days=row.days)
    values = {
        id: value(type, row.n, TODAY - timedelta(days=row.n))
        if id in table.key
        else value(type, row.n + 5 * row.version, day)
        for id, type in table.columns.items()
    }
    values |= {"_loaded_at": row.loaded_at, "_deleted_at": row.deleted_at}
    return values | {"_file": "a.csv", "_line": row.n}


def landing(warehouse, table, rows):
    """SQL that makes these the table's rows."""
    columns = ", ".join(map(quoted, table.landed))
    statements = [f"delete from {table.relation}"]
    for row in rows:
        values = landed(table, row)
        typed = {id: warehouse.type(type) for id, type in table.landed.items()}
        cells = [f"cast({literal(values[id])} as {type})" for id, type in typed.items()]
        statements.append(f"insert into {table.relation} ({columns}) values ({', '.join(cells)})")
    return "; ".join(statements)


def literal(value):
    if value is None:
        return "null"
    return "'" + str(value).replace("'", "''") + "'"


def without(table, row):
    """What is left of a row that the source deleted."""
    if table.is_soft:
        return [replace(row, loaded_at=LATER, deleted_at=LATER)]
    return [row] if table.deletes == "ignore" else []


def at_first(table):
    return [Row(1), Row(2, days=1), Row(3, days=30)]


def changed(table):
    """1 has changed and moved to another day, 2 is deleted, 3 landed again, 4 is new and long late."""
    one, two, three = at_first(table)
    return [
        replace(one, loaded_at=LATER, version=1, days=29),
        *without(table, two),
        replace(three, loaded_at=LATER),
        Row(4, loaded_at=LATER, days=400),
    ]


def committed_late(table):
    """5 was landed before the newest row that the models have, and can be seen only now."""
    return [*changed(table), Row(5, loaded_at=LATER - timedelta(seconds=1), days=2)]


class Grown:
    """A model, or a snapshot, that keeps what it has from run to run; `table` is the landed one behind it."""

    def __init__(self, node, table):
        self.name, self.kind, self.table = node["name"], node["resource_type"], table
        self.relation = f'"{node["schema"]}".{quoted(node["alias"])}'
        self.is_history = node["schema"] == "history"
        self.columns = list(table.columns) + (["_deleted_at"] if table.is_soft else [])
        if not self.is_history:
            self.columns.append("_loaded_at")


@pytest.fixture(scope="module")
def grown(manifest):
    behind = {table.staging: table for table in tables()}
    found = []
    for id, node in manifest["nodes"].items():
        grows = node["config"]["materialized"] in ("snapshot", "incremental")
        if grows and "custom" not in node["fqn"]:
            (staging,) = {parent.split(".")[-1] for parent in manifest["parent_map"][id]}
            found.append(Grown(node, behind[staging]))
    return found


@pytest.fixture(scope="module")
def runs(warehouse, dbt, grown):
    """What each run left behind, by its name and model: the staging model's rows, and its own."""
    found = {}
    for name, rows, day in (
        ("first", at_first, "2026-01-20"),
        ("changed", changed, "2026-01-20"),
        ("again", changed, "2026-01-21"),
        ("late", committed_late, "2026-01-21"),
    ):
        behind = {one.table.relation: one.table for one in grown}.values()
        warehouse.execute("; ".join(landing(warehouse, table, rows(table)) for table in behind))
        selection = [f"+{one.name}" for one in grown]
        # The last run has the unit tests too: they must pass on filled tables as on none.
        left_out = MODELS_ONLY[:1] if name == "late" else MODELS_ONLY
        done = dbt(STRICT, "build", *left_out, "--select", *selection, PIPELINE_DATE=day)
        assert done.returncode == 0, done.stdout[-3000:]
        found[name] = {one.name: (staged(warehouse, one), own(warehouse, one)) for one in grown}
    return found


def staged(warehouse, one):
    return read(warehouse, f"staging.{quoted(one.table.staging)}", one.columns)


def own(warehouse, one):
    """A model's rows; of history by day, or with whether the version holds now."""
    if not one.is_history:
        return read(warehouse, one.relation, one.columns)
    first = "dbt_valid_to is null" if one.kind == "snapshot" else "cast(snapshot_date as varchar)"
    columns = ", ".join([first, *map(quoted, one.columns)])
    rows = warehouse.execute(f"select {columns} from {one.relation}")
    return {part: sorted(repr(row[1:]) for row in rows if row[0] == part) for part, *_ in rows}


def read(warehouse, relation, columns):
    rows = warehouse.execute(f"select {', '.join(map(quoted, columns))} from {relation}")
    return sorted(map(repr, rows))


def test_the_rows_are_in_staging(runs, grown):
    for one in grown:
        assert len(runs["first"][one.name][0]) == 3, one.name
        assert len(runs["late"][one.name][0]) == len(committed_late(one.table)), one.name
        assert runs["first"][one.name][0] != runs["changed"][one.name][0], one.name


@pytest.mark.parametrize("run", ["first", "changed", "again", "late"])
def test_after_each_run_a_mart_has_the_rows_of_staging(runs, grown, run):
    for one in grown:
        if not one.is_history:
            there, mart = runs[run][one.name]
            assert mart == there, one.name


def test_a_copy_is_of_its_day_and_replaced_as_a_whole(runs, grown):
    for one in grown:
        if one.is_history and one.kind == "model":
            copies = {run: runs[run][one.name][1] for run in runs}
            then = {run: runs[run][one.name][0] for run in runs}
            assert copies["first"] == {"2026-01-20": then["first"]}, one.name
            assert copies["changed"] == {"2026-01-20": then["changed"]}, one.name
            assert copies["late"] == {"2026-01-20": then["changed"], "2026-01-21": then["late"]}


def test_every_version_is_kept_and_one_of_a_key_holds(runs, grown):
    for one in grown:
        if one.kind != "snapshot":
            continue
        versions = {run: runs[run][one.name][1] for run in runs}
        for run in runs:
            assert versions[run][True] == runs[run][one.name][0], (one.name, run)
        before, now = at_first(one.table)[0], changed(one.table)[0]
        is_new = any(landed(one.table, before)[c] != landed(one.table, now)[c] for c in one.columns)
        ended = is_new + (one.table.deletes != "ignore")
        assert False not in versions["first"], one.name
        assert len(versions["changed"].get(False, [])) == ended, one.name
        assert versions["again"] == versions["changed"], one.name
        assert versions["late"].get(False) == versions["changed"].get(False), one.name
