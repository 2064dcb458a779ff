"""What is generated follows from what was measured: tests from declarations, warnings for what does not hold, docs with the facts."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipegen.core.blueprint import Blueprint
from pipegen.core.design.architect import design
from pipegen.core.measured import Measured
from pipegen.core.spec.load import load
from pipegen.render.renderer import render
from pipegen.store.blueprints import BlueprintStore
from tests.render.test_hostile import texts

KINDS = [f"kind {n}" for n in range(500)]
ORDERS: dict[str, Any] = {
    "rows": {"value": 1000},
    "key": {"columns": ["id"], "how": "primary key"},
    "columns": {
        "id": {"type": "bigint", "nullable": False, "unique": True},
        "code": {"type": "varchar", "nullable": False, "unique": True, "longest": 12},
        "status": {"type": "varchar", "declared": "order_status", "nullable": True, "values": ["new", "paid"]},
        "stars": {"type": "bigint", "nullable": True, "values": ["1", "2"], "null_rate": 0.25},
        "total": {"type": "decimal(10,2)", "least": "0.50", "most": "99.00", "distinct": {"value": 740}},
        "kind": {"type": "varchar", "values": KINDS},
        "contact": {"type": "varchar", "personal": {"guess": "email", "how": "values"}, "values": ["a", "b"]},
        "customer_id": {"type": "bigint", "nullable": True},
        "line_total": {"type": "double precision", "generated": True},
    },
    "foreign_keys": [{"columns": ["customer_id"], "to": "customers", "at": ["id"]}],
}
CUSTOMERS: dict[str, Any] = {
    "rows": {"value": 10},
    "columns": {"id": {"type": "bigint", "nullable": False}, "part": {"type": "bigint", "nullable": False}},
    "key": {"columns": ["id", "part"], "how": "primary key"},
}
LINES: dict[str, Any] = {
    "kind": "view",
    "rows": {"value": 900},
    "near_key": {"columns": ["no"], "nulls": 2, "duplicates": 5, "sampled": 900},
    "columns": {"no": {"type": "bigint", "nullable": True}, "text": {"type": "varchar"}},
    "notes": ["It took too long to count."],
}


def bundled(*names: str) -> list[Blueprint]:
    store = BlueprintStore()
    return [store.find(name, store.versions()[name][-1]).load() for name in names]


def rendered(tables: dict[str, Any], said: dict[str, Any] | None = None, cache: Path | None = None) -> dict[str, str]:
    """The text of the files of the `project` and `dbt` blueprints, by path."""
    measured = Measured.model_validate({"server": {"kind": "postgres"}, "tables": copy.deepcopy(tables)})
    source = {
        "kind": "postgres",
        "url_env": "SHOP_URL",
        "tables": {table: (said or {}).get(table, {}) for table in tables},
    }
    made = design(load({"name": "p", "sources": {"shop": source}}), {"shop": measured})
    return {file.path: file.content.decode() for file in render(bundled("project", "dbt"), made, cache=cache)}


def models(files: dict[str, str]) -> dict[str, Any]:
    """The staging models by name, their columns by name."""
    found = yaml.safe_load(files["transform/models/staging/shop/_shop__models.yml"])["models"]
    return {m["name"]: {**m, "columns": {c["name"]: c for c in m["columns"]}} for m in found}


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return rendered(
        {"orders": ORDERS, "customers": CUSTOMERS, "lines": LINES}, {"orders": {"columns": {"contact": "tokenise"}}}
    )


@pytest.fixture(scope="module")
def orders(files: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = models(files)["stg_shop__orders"]
    return found


def checks_of(column: dict[str, Any]) -> list[Any]:
    found: list[Any] = column.get("data_tests", [])
    return found


def test_constraints_become_tests(files: dict[str, str], orders: dict[str, Any]) -> None:
    assert checks_of(orders["columns"]["id"]) == ["not_null", "unique"]
    assert checks_of(orders["columns"]["code"]) == ["not_null", "unique"]
    assert checks_of(orders["columns"]["customer_id"]) == []
    (customers,) = (m for m in models(files).values() if m["name"] == "stg_shop__customers")
    assert customers["data_tests"] == [{"unique_together": {"arguments": {"columns": ["id", "part"]}}}]
    relationship = {"column_name": "customer_id", "to": "ref('stg_shop__customers')", "field": "id"}
    assert orders["data_tests"] == [{"relationships": {"arguments": relationship, "config": {"severity": "warn"}}}]


def test_declared_values_become_accepted_values(orders: dict[str, Any]) -> None:
    checks = {name: checks_of(column) for name, column in orders["columns"].items()}
    for column, arguments in (
        ("status", {"values": ["new", "paid"]}),
        ("stars", {"quote": False, "values": ["1", "2"]}),
        ("kind", {"values": KINDS}),
    ):
        wanted = {"name": f"stg_shop__orders__{column}__values", "arguments": arguments}
        assert checks[column] == [{"accepted_values": wanted}]
    assert checks["total"] == []


def test_a_name_that_is_too_long_for_a_table_is_left_to_dbt() -> None:
    long = "l" * 50
    table = {**CUSTOMERS, "columns": {**CUSTOMERS["columns"], long: {"type": "varchar", "values": ["a"]}}}
    column = models(rendered({"customers": table}))["stg_shop__customers"]["columns"][long]
    assert checks_of(column) == [{"accepted_values": {"arguments": {"values": ["a"]}}}]


def test_what_does_not_land_as_it_is_has_no_values(files: dict[str, str], orders: dict[str, Any]) -> None:
    assert checks_of(orders["columns"]["contact"]) == []
    assert "description" not in orders["columns"]["contact"]
    assert "| `contact` | `contact` | VARCHAR |  | A token.  |" in files["docs/data-dictionary.md"]


def test_another_value_only_warns_where_another_type_does_not_stop_a_load() -> None:
    said = {"orders": {"schema_contract": {"changed_type": "discard_row"}}}
    made = models(rendered({"orders": ORDERS, "customers": CUSTOMERS}, said))["stg_shop__orders"]
    assert checks_of(made["columns"]["status"])[0]["accepted_values"]["config"] == {"severity": "warn"}


def test_the_docs_tell_what_was_measured(files: dict[str, str], orders: dict[str, Any]) -> None:
    columns = {name: column.get("description", "") for name, column in orders["columns"].items()}
    assert columns["total"] == "Measured: 740 distinct values, from 0.50 to 99.00."
    assert columns["stars"] == "Declared values: `1`, `2`. Measured: 25% null."
    assert columns["code"] == "Measured: up to 12 characters."
    assert columns["line_total"] == "The source computes it."
    assert columns["kind"].endswith("`kind 7` and 492 more.") and len(columns["kind"]) < 200
    dictionary = files["docs/data-dictionary.md"]
    assert "| `total` | `total` | DECIMAL(10,2) |  | Measured: 740 distinct values, from 0.50 to 99.00. |" in dictionary
    assert "Declared values: `new`, `paid`." in dictionary


def test_what_looks_personal_is_said_and_its_range_is_not() -> None:
    born = {
        "type": "date",
        "personal": {"guess": "birth date", "how": "name"},
        "distinct": {"value": 90, "exact": False},
    }
    table = {**CUSTOMERS, "columns": {**CUSTOMERS["columns"], "born": born}}
    column = models(rendered({"customers": table}))["stg_shop__customers"]["columns"]["born"]
    assert column["description"] == "Measured: about 90 distinct values. Looks like personal data: birth date."


def test_what_is_nearly_a_key_is_not_tested_and_is_told(files: dict[str, str]) -> None:
    lines = models(files)["stg_shop__lines"]
    assert "data_tests" not in lines
    assert not any(checks_of(column) for column in lines["columns"].values())
    told = (
        "At the source it is a view. `no` looks like a key and is none: of 900 rows looked at, 2 without a value and 5 that are "
        "not the only one with theirs. It took too long to count."
    )
    assert told in lines["description"]
    assert all(
        sentence in files["docs/data-dictionary.md"] for sentence in ("At the source it is a view.", "is none: of 900")
    )


def test_a_key_that_was_said_and_does_not_hold_only_warns() -> None:
    made = rendered({"lines": LINES}, {"lines": {"key": ["no"]}})
    warns = {"config": {"severity": "warn"}}
    lines = models(made)["stg_shop__lines"]
    assert checks_of(lines["columns"]["no"]) == [{"not_null": warns}, {"unique": warns}]
    assert "The key `no` was said, and does not hold at the source" in lines["description"]
    path = next(p for p in made if p.startswith("transform/models/marts/_") and "lines" in p)
    (mart,) = yaml.safe_load(made[path])["models"]
    assert checks_of(mart["columns"][0]) == [{"not_null": warns}, {"unique": warns}]


def test_what_was_measured_long_ago_says_nothing_new() -> None:
    table = {"rows": {"value": 5}, "columns": {"a": {"type": "bigint"}, "b": {"type": "text", "nullable": False}}}
    (made,) = models(rendered({"old": table})).values()
    assert made["columns"] == {
        "a": {"name": "a", "data_type": "BIGINT"},
        "b": {"name": "b", "data_type": "VARCHAR", "data_tests": ["not_null"]},
    }


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("compiled")


@given(st.lists(texts, min_size=1, max_size=14, unique=True))
@settings(deadline=None, max_examples=25)
def test_any_text_is_accepted_as_it_was_declared(compiled: Path, values: list[str]) -> None:
    """As dbt reads the test: YAML, then Jinja, then SQL."""
    table = {**CUSTOMERS, "columns": {**CUSTOMERS["columns"], "t": {"type": "varchar", "values": values}}}
    column = models(rendered({"customers": table}, cache=compiled))["stg_shop__customers"]["columns"]["t"]
    (found,) = checks_of(column)
    arguments = found["accepted_values"]["arguments"]
    spelled = [jinja2.Environment(keep_trailing_newline=True).from_string(v).render() for v in arguments["values"]]
    literals = spelled if arguments.get("quote") is False else [f"'{value}'" for value in spelled]
    with duckdb.connect() as db:
        assert [db.execute(f"select {literal}").fetchone() for literal in literals] == [(value,) for value in values]
