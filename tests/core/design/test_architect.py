from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipegen.core.design import calibration
from pipegen.core.design.architect import design
from pipegen.core.design.model import Design, Table
from pipegen.core.errors import Problem, SpecError
from pipegen.core.measured import Measured
from pipegen.core.spec.load import load
from pipegen.core.units import duration, duration_text
from tests.core.design.facts import CUSTOMERS, ORDERS, keyed, measured
from tests.core.specs import REAL_NAME, SPEC_NAME


def spec_of(**change: Any) -> dict[str, Any]:
    return {"name": "shop", "sources": {"db": {"kind": "sqlite", "path": "x.db"}}, **change}


def made(data: dict[str, Any], **facts: Measured) -> Design:
    return design(load(data), facts or {"db": measured()})


def refused(data: dict[str, Any], **facts: Measured) -> list[Problem]:
    with pytest.raises(SpecError) as error:
        made(data, **facts)
    return error.value.problems()


def test_a_source_becomes_what_templates_read() -> None:
    source = made(spec_of(name="Shop-1")).sources[0]
    assert (source.id, source.dag_id, source.raw_schema, source.path_env) == ("db", "shop_1_db", "raw_db", "DB_PATH")
    orders = source.tables[0]
    assert (orders.relation, orders.staging, orders.key, orders.load) == (
        "raw_db.orders",
        "stg_db__orders",
        ("order_id",),
        "full",
    )
    assert [(c.id, c.type, c.nullable, c.unique) for c in orders.columns][:3] == [
        ("order_id", "BIGINT", False, True),
        ("customer_id", "BIGINT", True, False),
        ("total", "DECIMAL(18,2)", True, False),
    ]
    assert orders.foreign_keys[0].to_staging == "stg_db__customers"


def test_every_decision_has_its_reasons() -> None:
    decisions = made(spec_of()).decisions
    assert {d.id for d in decisions} >= {
        "db.mode",
        "db.schedule",
        "db.orders.extract",
        "db.orders.write",
        "destination.engine",
    }
    assert all(d.because and d.rule and d.source for d in decisions)
    assert len({d.id for d in decisions}) == len(decisions)


@pytest.mark.parametrize(("freshness", "works"), [("5m", True), ("299s", False), ("1m", False)])
def test_freshness_at_the_edge_of_what_is_built(freshness: str, works: bool) -> None:
    data = spec_of(defaults={"freshness": freshness})
    if works:
        assert made(data).sources[0].freshness_seconds == 300
        return
    (problem,) = refused(data)
    assert f"freshness {duration_text(duration(freshness))} of source `db` asks for `micro-batch`" in problem.message
    assert "to be had: 5m" in problem.message
    assert "`sources.db.freshness=5m`: db: frequent-batch" in (problem.hint or "")
    assert problem.where == "defaults.freshness"


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"defaults": {"freshness": "1m"}}, "defaults.freshness"),
        ({"sources": {"db": {"kind": "sqlite", "path": "x", "freshness": "1m"}}}, "sources.db.freshness"),
        (
            {"sources": {"db": {"kind": "sqlite", "path": "x", "tables": {"orders": {"freshness": "1m"}}}}},
            "sources.db.tables.orders.freshness",
        ),
    ],
)
def test_what_cannot_be_met_is_refused_once_where_it_was_said(change: dict[str, Any], where: str) -> None:
    (problem,) = refused(spec_of(**change))
    assert "asks for `micro-batch`" in problem.message
    assert problem.hint
    assert problem.where == where


def test_a_run_that_is_too_long_names_a_freshness_that_works() -> None:
    facts = measured(big=keyed("id", rows=60_000_000))
    (problem,) = refused(spec_of(defaults={"freshness": "5m"}), db=facts)
    nearest = (problem.hint or "").split("`sources.db.freshness=")[1].split("`")[0]
    assert made(spec_of(defaults={"freshness": nearest}), db=facts).sources[0].schedule


def test_the_timeout_is_three_runs_and_never_under_a_quarter_of_an_hour() -> None:
    assert made(spec_of()).sources[0].execution_timeout_seconds == 900
    big = made(spec_of(), db=measured(big=keyed("id", rows=60_000_000))).sources[0]
    assert big.execution_timeout_seconds == 3 * (60 + 1000)


def test_many_tables_share_tasks_in_order() -> None:
    most = int(calibration.LOADS_PER_SOURCE.value)
    for count, loads in ((most, most), (most + 1, 7), (100, 12)):
        source = made(spec_of(), db=measured(**{f"t{i:03}": keyed("id") for i in range(count)})).sources[0]
        assert len(source.loads) == loads
        assert [t for load in source.loads for t in load.tables] == [t.id for t in source.tables]


def test_names_that_are_not_there_are_guessed() -> None:
    data = spec_of(
        sources={
            "db": {
                "kind": "sqlite",
                "path": "x",
                "tables": {
                    "ordrs": {},
                    "customers": {"columns": {"emial": "keep"}},
                    "orders": {
                        "key": ["order_idd"],
                        "watermark": "ordered",
                        "rules": [
                            {"name": "a", "expect": "totl > 0"},
                            {"name": "b", "expect": "1 = 1"},
                            {"name": "c", "expect": "total > 0 and stats = 'x'"},
                        ],
                    },
                },
            }
        },
        overrides={
            "db.orders.extrct": {"choice": "full"},
            "db.orders.extract": {"choice": "ful"},
            "db.mode": {"choice": "streaming"},
        },
    )
    found = {p.where: (p.message, p.hint) for p in refused(data)}
    assert found["sources.db.tables.ordrs"][1] == "did you mean `orders`?"
    assert found["sources.db.tables.customers.columns"][1] == "did you mean `email`?"
    assert found["sources.db.tables.orders.key"][1] == "did you mean `order_id`?"
    assert found["sources.db.tables.orders.watermark"][1] == "did you mean `ordered_at`?"
    assert found["sources.db.tables.orders.rules.0"][1] == "did you mean `total`?"
    assert "names no column" in found["sources.db.tables.orders.rules.1"][0]
    assert found["sources.db.tables.orders.rules.2"][1] == "did you mean `status`?"
    assert found['overrides."db.orders.extrct"'][1] == "did you mean `db.orders.extract`?"
    assert found['overrides."db.orders.extract"'][1] == "did you mean `full`?"
    assert "not a choice" in found['overrides."db.mode"'][0]


def test_tables_and_columns_that_would_meet_are_refused() -> None:
    two = {"Order ID": {"type": "bigint"}, "order_id": {"type": "bigint"}}
    found = refused(spec_of(), db=measured(**{"a-b": keyed("id"), "a b": keyed("id"), "c": {"columns": two}}))
    assert sum("would both be called" in p.message for p in found) == 2


def test_a_table_without_columns_and_a_source_without_tables_are_refused() -> None:
    assert any("has no columns" in p.message for p in refused(spec_of(), db=measured(t={"rows": {"value": 0}})))
    empty = Measured.model_validate({"server": {"kind": "sqlite"}})
    assert any("no table to load" in p.message for p in refused(spec_of(), db=empty))


def test_an_override_is_taken_with_its_reason() -> None:
    data = spec_of(overrides={"db.orders.extract": {"choice": "full", "because": "the DBA says so"}})
    decision = next(d for d in made(data).decisions if d.id == "db.orders.extract")
    assert decision.overridden
    assert decision.because == ("the DBA says so", "1,000 rows, read in about 1 s", "the rules choose the same")
    assert decision.reason == "the DBA says so"


def test_append_from_a_database_needs_a_key_and_a_mark() -> None:
    data = spec_of(overrides={"db.customers.extract": {"choice": "append"}})
    (problem,) = refused(data)
    assert "`append` needs a watermark" in problem.message
    assert "`watermark: COLUMN`" in (problem.hint or "")
    data["sources"]["db"]["tables"] = {"customers": {"watermark": "id"}}
    table = made(data).sources[0].tables[0]
    assert (table.load, table.watermark, table.write, table.overlap) == ("append", "id", "merge", 1000)
    assert table.deletes == "ignore", "appending does not see what is gone"


def test_no_key_is_said_by_an_empty_list() -> None:
    data = spec_of(sources={"db": {"kind": "sqlite", "path": "x", "tables": {"orders": {"key": []}}}})
    table = made(data).sources[0].tables[0]
    assert table.key == ()
    assert not any(c.unique for c in table.columns)


def test_a_foreign_key_that_cannot_be_tested_is_left_out() -> None:
    orders = copy.deepcopy(ORDERS)
    orders["foreign_keys"] = [
        {"columns": ["customer_id"], "to": "gone", "at": ["id"]},
        {"columns": ["customer_id"], "to": "customers", "at": []},
        {"columns": ["nope"], "to": "customers", "at": ["id"]},
        {"columns": ["customer_id"], "to": "customers", "at": ["nope"]},
    ]
    assert made(spec_of(), db=measured(orders=orders, customers=CUSTOMERS)).sources[0].tables[0].foreign_keys == ()


# -- anything at all ---------------------------------------------------------------------------------------------------

COLUMN_TYPE = st.sampled_from(
    ["bigint", "text", "decimal(10,2)", "timestamp", "double", "geometry", "numeric", "", "decimal(99,1)"]
)


OVERRIDES = st.one_of(
    st.just({}),
    st.just({}),
    st.fixed_dictionaries(
        {},
        optional={
            "extract": st.sampled_from(["full", "append", "watermark", "watermark-keys"]),
            "write": st.sampled_from(["merge", "replace", "microbatch", "partition-overwrite", "replace-by-unit"]),
            "history": st.sampled_from(["none", "scd2", "daily"]),
        },
    ),
)


def _said(columns: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """What people say of a table with these columns."""
    return st.fixed_dictionaries(
        {},
        optional={
            "key": st.just(columns[:1]),
            "watermark": st.just(columns[-1]),
            "deletes": st.sampled_from(["ignore", "hard", "soft"]),
            "history": st.sampled_from(["none", "scd2", "daily"]),
            "columns": st.dictionaries(
                st.sampled_from(columns), st.sampled_from(["mask", "tokenise", "drop", "keep"]), max_size=2
            ),
        },
    )


@st.composite
def whole(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Measured]]:
    """A spec and what was measured of its sources, most of it matching."""
    facts: dict[str, Measured] = {}
    sources: dict[str, Any] = {}
    every: list[str] = ["nothing"]
    overrides: dict[str, Any] = {}
    for name in draw(st.lists(SPEC_NAME, min_size=1, max_size=2, unique=True)):
        sources[name] = draw(
            st.sampled_from(
                [
                    {"kind": "files", "path": "x"},
                    {"kind": "sqlite", "path": "x"},
                    {"kind": "postgres", "url_env": f"{name}_U"},
                ]
            )
        )
        is_files = sources[name]["kind"] == "files"
        tables: dict[str, Any] = {}
        for table in draw(st.lists(REAL_NAME, min_size=1, max_size=3, unique=True)):
            columns = draw(st.lists(REAL_NAME, min_size=1, max_size=4, unique=True))
            tables[table] = {
                "rows": {"value": draw(st.sampled_from([0, 5, 5, 5, 5, 5, 10**7, 10**10]))},
                "columns": {c: {"type": draw(COLUMN_TYPE)} for c in columns},
                "key": draw(st.one_of(st.none(), st.just({"columns": columns[:1], "how": "x"}))),
                "foreign_keys": [
                    {"columns": columns[:1], "to": draw(st.sampled_from(list(tables) or [table])), "at": columns[-1:]}
                ],
                "files": draw(st.sampled_from(["*.csv", "a.csv"])) if is_files else None,
                "format": "csv" if is_files else None,
                "watermark": draw(st.one_of(st.none(), st.just({"column": columns[-1], "since": "2020-02-29"}))),
            }
        every += tables
        facts[name] = Measured.model_validate({"server": {"kind": "files"}, "tables": tables})
        if draw(st.booleans()):
            said = {t: draw(_said(list(tables[t]["columns"]))) for t in tables}
            sources[name]["tables"] = said
            overrides |= {
                f"{name}.{t}.{what}": {"choice": choice} for t in tables for what, choice in draw(OVERRIDES).items()
            }
    one = st.sampled_from(every)
    mart = st.one_of(
        st.fixed_dictionaries({"kind": st.just("fact"), "from": one, "dimensions": st.lists(one, max_size=1)}),
        st.fixed_dictionaries({"kind": st.just("dimension"), "from": one}),
        st.fixed_dictionaries({"kind": st.just("aggregate"), "from": one, "by": st.just(["a"])}),
        st.fixed_dictionaries({"kind": st.just("custom"), "from": st.lists(one, max_size=2)}),
    )
    marts = draw(st.one_of(st.none(), st.none(), st.dictionaries(SPEC_NAME, mart, max_size=3)))
    freshness = draw(st.sampled_from(["1d", "1d", "1d", "1h", "5m", "1m"]))
    defaults = {"freshness": freshness, "deletes": draw(st.sampled_from(["hard", "hard", "ignore", "soft"]))}
    data = {"name": draw(SPEC_NAME), "sources": sources, "marts": marts, "defaults": defaults, "overrides": overrides}
    return data, facts


def holds_together(table: Table) -> None:
    """Whatever was said and measured, a load that the generated code can carry out."""
    types = {c.id: c.type for c in table.columns}
    temporal = table.watermark is not None and types[table.watermark] in ("DATE", "TIMESTAMP", "TIMESTAMPTZ")
    if table.incremental:
        assert table.watermark is not None
        assert table.overlap >= (600 if temporal else 1)
    if table.write in ("microbatch", "partition-overwrite"):
        assert temporal and table.incremental
    if table.write == "merge" or table.history != "none" or table.soft_deletes or table.load == "watermark-keys":
        assert table.key
    if table.deletes == "soft":
        assert table.write == "merge" and table.load in ("full", "watermark-keys")
    if table.format is not None:
        assert table.write in ("replace", "replace-by-unit")
    assert 0 < table.most_deleted < 1
    assert set(table.schema_contract) == {"new_column", "lost_column", "changed_type"}
    assert not set(table.dropped) & {c.name for c in table.columns}
    assert all(c.type == "VARCHAR" for c in table.columns if c.treatment)
    assert not any(c.treatment == "mask" for c in table.columns if c.id in table.key or c.id == table.watermark)


@settings(max_examples=150)
@given(whole())
def test_any_spec_gives_a_design_or_every_problem_and_no_name_twice(
    both: tuple[dict[str, Any], dict[str, Measured]],
) -> None:
    data, facts = both
    try:
        result = design(load(data), facts)
    except SpecError as error:
        assert error.problems()
        assert all(p.message for p in error.problems())
        return
    tables = [t for s in result.sources for t in s.tables]
    models = [t.staging for t in tables] + [m.id for m in result.marts]
    dags = [s.dag_id for s in result.sources] + [result.transform.dag_id]
    for names in (
        models,
        dags,
        [t.relation for t in tables],
        [s.asset for s in result.sources],
        [s.path_env or s.url_env for s in result.sources],
    ):
        assert len({n.casefold() for n in names}) == len(names), names
    for table in tables:
        ids = [c.id for c in table.columns]
        assert len(set(ids)) == len(ids)
        assert set(table.key) <= set(ids)
        holds_together(table)
    for mart in result.marts:
        assert set(mart.from_) <= set(models)
        assert set(mart.grain) <= {c.id for c in mart.columns}
    if data["marts"] is None:
        assert len(result.marts) == len(tables), "every table has a default mart"


def test_the_pool_that_all_tasks_share_is_what_the_narrowest_source_bears() -> None:
    two = {
        "a": {"kind": "postgres", "url_env": "A_URL", "connections": 4},
        "b": {"kind": "postgres", "url_env": "B_URL"},
    }
    facts = measured(t=keyed("id"), u=keyed("id"))

    def slots(**more: Any) -> int:
        data = {"name": "p", "sources": two, "destination": {"kind": "postgres"}, **more}
        return design(load(data), {"a": facts, "b": facts}).transform.pool_slots

    assert slots() == 1, "a quarter of four connections"
    assert slots(overrides={"b.parallelism": {"choice": "3"}}) == 3, "a person may share them out otherwise"
    two["a"]["connections"] = 100
    assert slots() == 4


def test_what_a_column_is_called_downstream_says_it_too() -> None:
    """Personal data that may not land raw, and a column that people name by its id."""
    columns = {"id": {"type": "bigint"}, "E-Mail": {"type": "text", "personal": {"guess": "email", "how": "name"}}}
    facts = {"db": measured(people={**keyed("id"), "columns": columns})}
    table: dict[str, Any] = {"columns": {"e_mail": "tokenise"}}
    data = spec_of(sources={"db": {"kind": "sqlite", "path": "x", "tables": {"people": table}}})
    data["raw_personal_data"] = "forbidden"
    assert design(load(data), facts).sources[0].tables[0].columns[1].treatment == "tokenise"
    table["columns"] = {}
    with pytest.raises(SpecError, match="nothing is said of E-Mail"):
        design(load(data), facts)
