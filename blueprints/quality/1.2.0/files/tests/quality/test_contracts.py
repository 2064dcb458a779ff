"""What is declared, the dbt model and the ODCS contract say the same of every published table: columns, types, nulls, keys."""

import copy
import json
from pathlib import Path

import jinja2
import pytest
import yaml

from ingest import declaration
from ingest.warehouse import canonical

ROOT = Path(__file__).resolve().parents[2]
CHECKS = json.loads((ROOT / "quality" / "checks.json").read_text(encoding="utf-8"))
MARTS = {mart["mart"]: mart for mart in CHECKS["marts"]}
PROD = (
    "postgres"
    if "type: postgres" in (ROOT / "transform" / "profiles.yml").read_text()
    else "duckdb"
)


def rendered(value):
    """As dbt reads it in production."""
    template = jinja2.Environment(keep_trailing_newline=True).from_string(str(value))
    return template.render(target={"type": PROD})


def unquoted(name):
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def data_tests(node):
    """Names of the data tests of a model or column, and their arguments."""
    found = [
        (t, {}) if isinstance(t, str) else next(iter(t.items())) for t in node.get("data_tests", [])
    ]
    return {name: body for name, body in found}


def modelled(name):
    path = ROOT / "transform" / "models" / "marts" / f"_{name}.yml"
    (model,) = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
    return model


def promised(name):
    return yaml.safe_load((ROOT / "contracts" / f"{name}.odcs.yaml").read_text(encoding="utf-8"))


def of_spec(mart):
    """(columns: type, may be null, unique; key) as declared."""
    columns = {
        name: (column["type"], column["nullable"], column["unique"])
        for name, column in mart["columns"].items()
    }
    return columns, list(mart["key"])


def of_model(model):
    assert model["config"]["contract"]["enforced"] is True
    columns = {}
    for column in model["columns"]:
        tests = data_tests(column)
        kind = canonical(rendered(column["data_type"]), None, None)
        columns[rendered(column["name"])] = (kind, "not_null" not in tests, "unique" in tests)
    together = data_tests(model).get("unique_together")
    if together:
        return columns, [unquoted(rendered(id)) for id in together["arguments"]["columns"]]
    return columns, None


def of_contract(contract):
    (table,) = contract["schema"]
    columns, places = {}, {}
    for column in table["properties"]:
        kind = canonical(column["physicalType"], None, None)
        columns[column["name"]] = (kind, not column["required"], column["unique"])
        checked = {rule["metric"] for rule in column.get("quality", [])}
        assert ("nullValues" in checked) == column["required"], column["name"]
        assert ("duplicateValues" in checked) == column["unique"], column["name"]
        if column.get("primaryKey"):
            places[column["primaryKeyPosition"]] = column["name"]
    together = [
        rule["arguments"]["properties"]
        for rule in table.get("quality", [])
        if rule.get("metric") == "duplicateValues"
    ]
    return columns, [places[place] for place in sorted(places)], *(together or [None])


def differences(mart, model, contract):
    """What one of the three says and another does not."""
    spec, key = of_spec(mart)
    built, unique_in_model = of_model(model)
    sold, primary, unique_in_contract = of_contract(contract)
    found = [
        f"{name}: declared {spec.get(name)}, model {built.get(name)}, contract {sold.get(name)}"
        for name in dict.fromkeys([*spec, *built, *sold])
        if not spec.get(name) == built.get(name) == sold.get(name)
    ]
    if primary != ([] if may_be_null(mart) else key):
        found.append(f"key: declared {key}, contract {primary}")
    together = key if len(key) > 1 else None
    if not together == unique_in_model == unique_in_contract:
        found.append(
            f"unique: declared {together}, model {unique_in_model}, contract {unique_in_contract}"
        )
    if len(key) == 1 and not spec[key[0]][2]:
        found.append(f"key {key[0]} is not unique")
    return found


def may_be_null(mart):
    """A row of an aggregate may stand for null: what it is grouped by is then no primary key."""
    return any(mart["columns"][name]["nullable"] for name in mart["key"])


@pytest.mark.parametrize("name", MARTS)
def test_the_three_agree(name):
    assert differences(MARTS[name], modelled(name), promised(name)) == []


@pytest.mark.parametrize("name", [name for name, mart in MARTS.items() if mart["staging"]])
def test_columns_that_pass_through_have_the_types_they_were_landed_with(name):
    mart = MARTS[name]
    (check,) = [check for check in CHECKS["staging"] if check["model"] == mart["staging"]]
    table = declaration.read(check["source"]).table(check["table"])
    for id in mart["same"]:
        landed, column = table.column(id), mart["columns"][id]
        assert column["type"] == landed.type, id
        assert column["nullable"] == (landed.nullable and id not in mart["key"]), id


def test_every_published_table_has_a_contract():
    own = {path.stem for path in (ROOT / "transform" / "models" / "marts").glob("*.sql")}
    contracts = {path.name.removesuffix(".odcs.yaml") for path in (ROOT / "contracts").glob("*")}
    assert contracts == own
    assert set(MARTS) <= own


EDITS = {
    "declared: a type": lambda mart, model, contract: first(mart).update(type="INTERVAL"),
    "declared: a column more": lambda mart, *_: mart["columns"].update(new=dict(first(mart))),
    "model: a type": lambda _, model, __: model["columns"][0].update(data_type="INTERVAL"),
    "model: a column less": lambda _, model, __: model["columns"].pop(),
    "model: a test less": lambda _, model, __: column_with_tests(model).pop("data_tests"),
    "contract: a type": lambda _, __, contract: sold(contract).update(physicalType="INTERVAL"),
    "contract: a column less": lambda _, __, contract: contract["schema"][0]["properties"].pop(),
    "contract: a key less": lambda _, __, contract: unkeyed(contract),
}


def first(mart):
    return next(iter(mart["columns"].values()))


def column_with_tests(model):
    return next(c for c in model["columns"] if {"not_null", "unique"} & set(data_tests(c)))


def sold(contract):
    return contract["schema"][0]["properties"][0]


def unkeyed(contract):
    for column in contract["schema"][0]["properties"]:
        column.pop("primaryKey", None)


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_of_one_of_the_three_is_noticed(edit):
    keyed = [name for name, mart in MARTS.items() if mart["key"] and not may_be_null(mart)]
    if not keyed:
        pytest.skip("no published table has a primary key")
    three = copy.deepcopy([MARTS[keyed[0]], modelled(keyed[0]), promised(keyed[0])])
    EDITS[edit](*three)
    assert differences(*three)
