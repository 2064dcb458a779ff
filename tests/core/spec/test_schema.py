from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipegen.core.errors import SpecError
from pipegen.core.spec import schema, write
from pipegen.core.spec.load import load
from tests.core.spec.answers import ANSWERS
from tests.core.specs import SMALL, SPEC

VALIDATOR = jsonschema.Draft202012Validator(schema.document())


def test_it_is_a_schema_and_text_of_one_spelling() -> None:
    jsonschema.Draft202012Validator.check_schema(schema.document())
    assert json.loads(schema.text()) == schema.document()
    assert schema.text() == schema.text()


@settings(max_examples=60)
@given(st.one_of(SPEC, ANSWERS))
def test_it_takes_what_load_takes(data: dict[str, Any]) -> None:
    VALIDATOR.validate(data)
    try:
        spec = load(data)
    except SpecError:
        return  # names that would meet: no schema can tell
    VALIDATOR.validate(write.plain(spec))


@pytest.mark.parametrize(
    "change",
    [
        {"ownr": "x"},
        {"name": None},
        {"name": 5},
        {"sources": {}},
        {"sources": {"a": {"kind": "fils", "path": "x"}}},
        {"catalog": 1.0},
        {"sources": {"a": {"kind": "files"}}},
        {"defaults": {"freshness": "2 hours"}},
        {"defaults": {"deletes": "sof"}},
        {"ci": "gitlb"},
        {"defaults": {"growth": "5"}},
        {"slo": {"freshness": "99"}},
        {"destination": {"kind": "snowflak"}},
        {"destination": {"kind": "bigquery", "project": "x"}},
        {"sources": {"a": {"kind": "mysql"}}},
        {"sources": {"a": {"kind": "mysql", "url_env": "mysql://h/db"}}},
        {"sources": {"a": {"kind": "kafka", "url_env": "X", "rate_limit": "5 requests/s"}}},
        {"sources": {"a": {"kind": "rest", "url_env": "X", "rate_limit": "5/s"}}},
        {"sources": {"a": {"kind": "rest", "url_env": "X", "page_size": 0}}},
        {"sources": {"a": {"kind": "sqlite", "path": "x", "delivered": "06:00"}}},
        {"sources": {"a": {"kind": "files", "path": "x", "delivered": "24:00"}}},
        {"sources": {"a": {"kind": "sample", "row_size": "250"}}},
        {"sources": {"a": {"kind": "sample", "tables": {"t": {"size": "big"}}}}},
        {"on_call": "sometimes"},
        {"consumers": []},
        {"consumers": ["people"]},
        {"machine": {"cores": 0}},
        {"prices": {"currency": "euro"}},
        {"prices": {"compute_minute": -1}},
        {"ceiling": 0, "prices": {"stored_gb": 1}},
        {"alerts": {"email": ["nobody"]}},
        {"alerts": {"webhook": "https://x"}},
        {"marts": {"m": {"kind": "fact"}}},
        {"marts": {"m": {"kind": "aggregate", "from": "x", "by": []}}},
        {"sources": {"a": {"kind": "sample", "tables": {"t": {"keys": ["a"]}}}}},
        {"overrides": {"a": {"because": "x"}}},
        {"version": 2},
    ],
)
def test_it_refuses_the_simple_mistakes_that_load_refuses(change: dict[str, Any]) -> None:
    data = {**copy.deepcopy(SMALL), **change}
    assert not VALIDATOR.is_valid(data)
    with pytest.raises(SpecError):
        load(data)


def fields() -> Iterator[tuple[str, dict[str, Any]]]:
    document = schema.document()
    for model, definition in [("pipegen.yml", document), *document["$defs"].items()]:
        assert definition.get("description"), model
        assert definition["additionalProperties"] is False, model
        for name, field in definition["properties"].items():
            yield f"{model}.{name}", field


@pytest.mark.parametrize(("name", "field"), list(fields()), ids=[name for name, _ in fields()])
def test_every_field_has_a_description_and_an_example(name: str, field: dict[str, Any]) -> None:
    assert len(field.get("description", "")) > 10
    assert "or example `" in field["description"]


@pytest.mark.parametrize("choice", ["8", 8, 0, 2.5])
def test_a_choice_may_be_a_number_which_is_its_text(choice: Any) -> None:
    data = copy.deepcopy(SMALL) | {"overrides": {"shop.parallelism": {"choice": choice}}}
    VALIDATOR.validate(data)
    assert load(data).overrides["shop.parallelism"].choice == str(choice)


@pytest.mark.parametrize("choice", [True, None, "", ["8"]])
def test_a_choice_is_nothing_else(choice: Any) -> None:
    data = copy.deepcopy(SMALL) | {"overrides": {"shop.parallelism": {"choice": choice}}}
    assert not VALIDATOR.is_valid(data)
    with pytest.raises(SpecError):
        load(data)
