"""How tables are read and written in a design: what is decided, what people decide instead, and what cannot work."""

from __future__ import annotations

from typing import Any

import pytest

from pipegen.core.design import calibration as c
from pipegen.core.design.architect import design
from pipegen.core.design.decision import Decision
from pipegen.core.design.model import Design, Table
from pipegen.core.errors import Problem, SpecError
from pipegen.core.measured import Measured
from pipegen.core.spec.load import load

HOUR, DAY = 3600, 86_400
FITS = int(HOUR * c.FULL_READ_SHARE.value * c.LOAD_ROWS_PER_SECOND.value)  # rows that are read in a third of an hour
BIG = FITS + 1
SIZE = f"{BIG:,} rows, read in about 20 min"


def facts(rows: int | None = BIG, *, key: bool = True, mark: str | None = "updated_at", **more: Any) -> Measured:
    table: dict[str, Any] = {
        "columns": {
            "id": {"type": "bigint", "nullable": False},
            "updated_at": {"type": "timestamptz", "declared": "timestamp with time zone", "nullable": False},
            "counter": {"type": "bigint"},
            "code": {"type": "text"},
        },
        **more,
    }
    if rows is not None:
        table["rows"] = {"value": rows}
    if key:
        table["key"] = {"columns": ["id"], "how": "primary key"}
    if mark:
        table["watermark"] = {"column": mark, "since": "2021-05-06"}
    return Measured.model_validate({"server": {"kind": "postgres"}, "tables": {"t": table}})


def spec(table: dict[str, Any] | None = None, source: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    kind = {"kind": "postgres", "url_env": "S_URL", "tables": {"t": table or {}}}
    return {"name": "p", "defaults": {"freshness": "1h"}, **more, "sources": {"s": {**kind, **(source or {})}}}


def made(data: dict[str, Any], measured: Measured | None = None) -> Design:
    return design(load(data), {"s": measured or facts()})


def table_of(data: dict[str, Any], measured: Measured | None = None) -> Table:
    return made(data, measured).sources[0].tables[0]


def refused(data: dict[str, Any], measured: Measured | None = None) -> list[Problem]:
    with pytest.raises(SpecError) as error:
        made(data, measured)
    return error.value.problems()


def decision(data: dict[str, Any], id_: str, measured: Measured | None = None) -> Decision:
    return next(d for d in made(data, measured).decisions if d.id == id_)


def chosen(**overrides: str) -> dict[str, Any]:
    return {f"s.t.{name}": {"choice": choice} for name, choice in overrides.items()}


def test_a_postgres_source_becomes_what_templates_read() -> None:
    source = made(spec(source={"schema": "sales"})).sources[0]
    assert (source.kind, source.url_env, source.source_schema, source.path, source.path_env) == (
        "postgres", "S_URL", "sales", "", "",
    )  # fmt: skip
    table = source.tables[0]
    assert (table.load, table.write, table.deletes, table.history) == ("watermark-keys", "merge", "hard", "none")
    assert (table.source_schema, table.from_, table.format, table.dedupe) == ("sales", "t", None, False)
    assert (table.began, table.overlap, table.lateness_seconds) == ("2021-05-06", DAY, DAY)
    assert (table.incremental, table.hard_deletes, table.soft_deletes) == (True, True, False)
    assert [c.source_type for c in table.columns] == ["bigint", "timestamp with time zone", "bigint", "text"]


def test_deletes_that_are_kept_or_not_wanted() -> None:
    soft = table_of(spec({"deletes": "soft"}))
    assert (soft.load, soft.soft_deletes, soft.hard_deletes) == ("watermark-keys", True, False)
    small = table_of(spec({"deletes": "soft"}), facts(5))
    assert (small.load, small.write, small.soft_deletes, small.overlap) == ("full", "merge", True, 0)
    ignored = table_of(spec({"deletes": "ignore"}))
    assert (ignored.load, ignored.hard_deletes, ignored.soft_deletes) == ("watermark", False, False)


def test_the_schema_contract_and_the_guard_are_merged_key_by_key() -> None:
    table = table_of(spec())
    assert table.schema_contract == {"new_column": "discard", "lost_column": "freeze", "changed_type": "freeze"}
    assert table.most_deleted == 0.2
    data = spec(
        {"schema_contract": {"new_column": "discard"}},
        {"schema_contract": {"new_column": "freeze", "lost_column": "discard"}, "most_deleted": "5%"},
        defaults={"freshness": "1h", "schema_contract": {"changed_type": "discard_row"}, "most_deleted": "50%"},
    )
    table = table_of(data)
    assert table.schema_contract == {"new_column": "discard", "lost_column": "discard", "changed_type": "discard_row"}
    assert table.most_deleted == 0.05
    data["sources"]["s"]["tables"]["t"]["most_deleted"] = "1%"
    assert table_of(data).most_deleted == 0.01


@pytest.mark.parametrize(
    ("table", "source", "load"),
    [
        ({}, {}, "full"),
        ({"volume": f"{BIG // 365 + 1} rows/day"}, {}, "watermark-keys"),
        ({"volume": f"{FITS // 730} rows/day"}, {}, "full"),
        ({"volume": f"{FITS // 365} rows/day"}, {}, "watermark-keys"),
        ({}, {"volume": f"{BIG // 365 + 1} rows/day"}, "watermark-keys"),
        ({"volume": f"{(BIG // 365 + 1) * 100} B/day"}, {}, "watermark-keys"),
        ({"volume": "1 rows/day"}, {"volume": "2M rows/day"}, "full"),
    ],
)
def test_a_size_that_was_not_measured_comes_from_the_volume(
    table: dict[str, Any], source: dict[str, Any], load: str
) -> None:
    assert table_of(spec(table, source), facts(None)).load == load
    measured = facts(5)
    assert table_of(spec(table, source), measured).load == "full", "what was measured goes first"


def test_a_run_reads_what_is_new_and_what_overlaps() -> None:
    per_day = {"value": 100_000, "how": "x"}
    assert table_of(spec(), facts(rows_per_day=per_day)).rows_per_run == 104_167
    assert table_of(spec(source={"peak": "2x"}), facts(rows_per_day=per_day)).rows_per_run == 208_334
    assert table_of(spec({"volume": "1M rows/day"}), facts(rows_per_day=per_day)).rows_per_run == 1_041_667
    assert table_of(spec(), facts(96_000_000)).rows_per_run == 1_000_000, "1 % a day where nothing is known"
    assert table_of(spec(), facts(5)).rows_per_run == 5
    busy = facts(FITS // 2, rows_per_day={"value": 10**9, "how": "x"})
    assert table_of(spec(), busy).rows_per_run == FITS // 2


def test_a_large_table_that_is_read_by_its_mark_can_be_fresh() -> None:
    big = facts(600_000_000, rows_per_day={"value": 100_000, "how": "x"})
    source = made(spec({"deletes": "ignore"}, defaults={"freshness": "15m", "lateness": "1h"}), big).sources[0]
    assert source.interval_seconds == 600
    assert source.schedule == "*/10 * * * *"
    assert source.execution_timeout_seconds == 3 * (60 + 10_000), "the first run reads all of it"
    problems = refused(spec({"key": []}, defaults={"freshness": "15m"}), big)
    assert any("too long for freshness 15m" in p.message and "to be had: " in p.message for p in problems)


@pytest.mark.parametrize(
    ("overrides", "table", "load", "write"),
    [
        ({"extract": "watermark"}, {}, "watermark", "merge"),
        ({"extract": "watermark-keys"}, {"watermark": "counter"}, "watermark-keys", "merge"),
        ({"extract": "append"}, {}, "append", "microbatch"),
        ({"extract": "append"}, {"watermark": "counter"}, "append", "merge"),
        ({"extract": "append", "write": "merge"}, {}, "append", "merge"),
        ({"extract": "append", "write": "partition-overwrite"}, {}, "append", "partition-overwrite"),
        ({"extract": "watermark"}, {"key": []}, "watermark", "partition-overwrite"),
        ({"extract": "watermark", "write": "microbatch"}, {"key": []}, "watermark", "microbatch"),
        ({"extract": "full"}, {}, "full", "replace"),
        ({"write": "replace"}, {"freshness": "1d"}, "full", "replace"),
    ],
)
def test_an_override_that_works(overrides: dict[str, str], table: dict[str, Any], load: str, write: str) -> None:
    data = spec(table, overrides=chosen(**overrides))
    found = table_of(data, facts(5))
    assert (found.load, found.write) == (load, write)
    for name in overrides:
        taken = decision(data, f"s.t.{name}", facts(5))
        assert taken.overridden
        assert taken.because[0] == "a person chose it"


def test_an_override_that_does_not_see_deletes_says_so() -> None:
    taken = decision(spec(overrides=chosen(extract="watermark")), "s.t.extract")
    assert taken.because == (
        "a person chose it",
        SIZE,
        "deletes at the source are not seen",
        "the rules would choose watermark-keys",
    )
    assert table_of(spec(overrides=chosen(extract="watermark"))).deletes == "ignore"


@pytest.mark.parametrize(
    ("overrides", "table", "says", "hint"),
    [
        ({"extract": "watermark"}, {"watermark": "code"}, "needs a watermark", "`watermark: COLUMN`"),
        ({"extract": "watermark-keys"}, {"key": []}, "compares keys", "`key: [COLUMN]`"),
        ({"extract": "append"}, {"key": [], "watermark": "counter"}, "that is a time", "`key: [COLUMN]`"),
        (
            {"extract": "append"},
            {"deletes": "soft"},
            "does not see what is gone",
            "`overrides.s.t.extract=watermark-keys`",
        ),
        (
            {"extract": "watermark"},
            {"deletes": "soft"},
            "does not see what is gone",
            "`overrides.s.t.extract=watermark-keys`",
        ),
        ({"extract": "watermrk"}, {}, "not a choice", "did you mean `watermark`?"),
        ({"extract": "cdc"}, {}, "nobody has said that it can be read", "`change_log: true`"),
        ({"write": "microbatch"}, {}, "not a choice", "extract is watermark-keys: allowed is merge"),
        ({"write": "partition-overwrite"}, {"watermark": "counter"}, "not a choice", "allowed is merge"),
        ({"write": "merge"}, {"freshness": "1d"}, "not a choice", "extract is full: allowed is replace"),
        ({"history": "scd3"}, {}, "not a choice", "did you mean `scd2`?"),
        ({"history": "scd2"}, {"key": []}, "needs a key", "tables.t.key=[COLUMN]`"),
    ],
)
def test_an_override_that_cannot_work(overrides: dict[str, str], table: dict[str, Any], says: str, hint: str) -> None:
    small = says in ("needs a watermark", "compares keys", "that is a time", "needs a key")
    (problem,) = refused(spec(table, overrides=chosen(**overrides)), facts(FITS // 2) if small else facts())
    assert says in problem.message
    assert hint in (problem.hint or "")
    assert problem.where == f'overrides."s.t.{next(iter(overrides))}"'


@pytest.mark.parametrize("choice", ["scd2", "daily"])
def test_history_is_kept_where_there_is_a_key(choice: str) -> None:
    data = spec({"history": choice})
    assert table_of(data, facts(5)).history == choice
    kept = decision(data, "s.t.history", facts(5))
    assert (kept.choice, kept.overridden) == (choice, False)
    assert kept.alternatives and kept.source
    assert table_of(spec(overrides=chosen(history=choice))).history == choice, "a person may pay for it"
    (problem,) = refused(spec({"history": choice}), facts(5, key=False))
    assert problem.where == "sources.s.tables.t.history"
    assert "needs a key" in problem.message
    assert "`sources.s.tables.t.key=[COLUMN]`" in (problem.hint or "")


@pytest.mark.parametrize("where", ["defaults.deletes", "sources.s.deletes", "sources.s.tables.t.deletes"])
def test_soft_deletes_need_a_key(where: str) -> None:
    data = spec(
        {"deletes": "soft"} if "tables" in where else {},
        {"deletes": "soft"} if where == "sources.s.deletes" else {},
        defaults={"freshness": "1h", "deletes": "soft" if where.startswith("defaults") else "hard"},
    )
    (problem,) = refused(data, facts(5, key=False))
    assert "soft deletes need a key" in problem.message
    assert "`sources.s.tables.t.deletes=hard`" in (problem.hint or "")
    assert problem.where == where


def test_soft_deletes_of_files_are_refused_once_a_source() -> None:
    tables = {"a": {"columns": {"x": {"type": "text"}}}, "b": {"columns": {"x": {"type": "text"}}}}
    measured = Measured.model_validate({"server": {"kind": "files"}, "tables": tables})
    data = {"name": "p", "defaults": {"deletes": "soft"}, "sources": {"s": {"kind": "files", "path": "x"}}}
    (problem,) = refused(data, measured)
    assert problem.where == "defaults.deletes"
    assert "delivers files" in problem.message
    assert "`sources.s.deletes=hard`" in (problem.hint or "")


@pytest.mark.parametrize(("kind", "slots"), [("duckdb", 1), ("postgres", 4)])
def test_the_destination_says_the_engine_and_how_many_may_write(kind: str, slots: int) -> None:
    data = spec(destination={"kind": kind})
    assert made(data).destination == {"kind": kind}
    assert made(data).transform.pool_slots == slots
    assert decision(data, "destination.engine").choice == kind


@pytest.mark.parametrize(
    ("url_env", "says"),
    [
        ("WAREHOUSE_URL", "uses it for itself"),
        ("pipeline_token_key", "uses it for itself"),
        ("S_URL", "would both read"),
        ("F_PATH", "would both read"),
    ],
)
def test_a_variable_that_would_mean_two_things_is_refused(url_env: str, says: str) -> None:
    data = spec()
    data["sources"]["f"] = {"kind": "files", "path": "x"}
    data["sources"]["u"] = {"kind": "postgres", "url_env": url_env}
    one = facts(5)
    with pytest.raises(SpecError) as error:
        design(load(data), {"s": one, "u": one, "f": one})
    (problem,) = error.value.problems()
    assert says in problem.message
    assert "`url_env: U_URL`" in (problem.hint or "")
    assert problem.where == "sources.u.url_env"


@pytest.mark.parametrize("length", [56, 57])
def test_names_that_postgresql_would_cut_are_refused(length: int) -> None:
    """`stg_s__` and 56 letters are 63 bytes, all that PostgreSQL takes; DuckDB takes any."""
    table = "x" * length
    facts = Measured.model_validate(
        {"server": {"kind": "sqlite"}, "tables": {table: {"columns": {"id": {"type": "bigint"}}}}}
    )
    source = {"s": {"kind": "sqlite", "path": "x.db"}}
    for destination in ("duckdb", "postgres"):
        spec = load({"name": "p", "sources": source, "destination": {"kind": destination}})
        if length == 57 and destination == "postgres":
            with pytest.raises(SpecError, match="more than 63 bytes"):
                design(spec, {"s": facts})
        else:
            assert design(spec, {"s": facts}).sources[0].tables[0].staging == f"stg_s__{table}"


def test_a_column_without_a_name_in_the_file_is_not_dropped() -> None:
    columns = {"c1": {"type": "bigint"}, "c2": {"type": "text"}}
    for header in (True, False):
        one = {"files": "t.csv", "format": "csv", "csv": {"header": header}, "columns": columns}
        facts = Measured.model_validate({"server": {"kind": "files"}, "tables": {"t": one}})
        said = {"kind": "files", "path": "x", "tables": {"t": {"columns": {"c2": "drop"}}}}
        spec = load({"name": "p", "sources": {"s": said}})
        if header:
            assert design(spec, {"s": facts}).sources[0].tables[0].dropped == ("c2",)
        else:
            with pytest.raises(SpecError, match="would change places"):
                design(spec, {"s": facts})
