from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from pipegen.core.errors import SpecError
from pipegen.core.spec import schema, write
from pipegen.core.spec.load import load
from tests.core.specs import SMALL, SPEC

VALIDATOR = jsonschema.Draft202012Validator(schema.document())


def test_it_is_a_schema_and_text_of_one_spelling() -> None:
    jsonschema.Draft202012Validator.check_schema(schema.document())
    assert json.loads(schema.text()) == schema.document()
    assert schema.text() == schema.text()


@settings(max_examples=60)
@given(SPEC)
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
        {"destination": {"kind": "snowflake"}},
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
