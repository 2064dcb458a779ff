"""Rendered contracts are Open Data Contract Standard: valid by its own JSON schema, and read by its own model."""

from __future__ import annotations

import json
from importlib import resources

import jsonschema
import pytest
import yaml
from open_data_contract_standard.model import OpenDataContractStandard, Team

from tests import golden_trees

SCHEMA = json.loads(resources.files("open_data_contract_standard").joinpath("schema.json").read_text(encoding="utf-8"))


def contracts(name: str) -> dict[str, str]:
    actions = golden_trees.planned(name).actions
    return {a.path: (a.content or b"").decode() for a in actions if a.path.startswith("contracts/")}


@pytest.mark.parametrize("name", golden_trees.names())
def test_contracts_are_valid_and_say_who_owns_what(name: str) -> None:
    found = contracts(name)
    assert found
    for path, text in found.items():
        document = yaml.safe_load(text)
        problems = [e.message for e in jsonschema.Draft201909Validator(SCHEMA).iter_errors(document)]
        assert not problems, f"{path}: {problems}"
        contract = OpenDataContractStandard.from_string(text)
        assert isinstance(contract.team, Team) and contract.team.name and contract.servers and contract.schema_, path
        assert [s.environment for s in contract.servers] == ["demo", "prod"]
        (table,) = contract.schema_
        assert path == f"contracts/{table.name}.odcs.yaml"
        assert table.properties and all(p.logicalType and p.physicalType for p in table.properties), path


def test_ids_are_unique_across_the_tables_of_a_pipeline() -> None:
    for name in golden_trees.names():
        ids = [yaml.safe_load(text)["id"] for text in contracts(name).values()]
        assert len(set(ids)) == len(ids)


def test_the_schema_refuses_what_is_no_contract() -> None:
    (text, *_) = contracts("shop").values()
    document = yaml.safe_load(text)
    document["schema"][0]["properties"][0]["logicalType"] = "BIGINT"
    assert list(jsonschema.Draft201909Validator(SCHEMA).iter_errors(document))
