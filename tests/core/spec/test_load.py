from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from pipegen.core.errors import Problem, SpecError
from pipegen.core.spec.load import load, of_its_kind
from pipegen.store import yaml_file
from tests.core.specs import SMALL


def problems(text: str) -> list[Problem]:
    document = yaml_file.parse(text.encode(), "pipegen.yml")
    with pytest.raises(SpecError) as refused:
        load(document.values, document.locate)
    return refused.value.problems()


BAD = """\
name: shop
catalog: 1.0
ownr: x
defaults: {freshnes: 1h}
sources:
  a: {kind: fils, path: x}
  b: {path: x}
  c:
    kind: files
    colour: red
    tables:
      no:
      1: {rules: [{name: x, expect: "a; b"}, {name: y, expect: a, severty: warn}]}
      on: {key: id, deletes: sof, lateness: 2 hours}
      five: 5
marts:
  f: {kind: fact, frm: x}
  g: {kind: aggregate, from: x, by: [], measures: ["sum(x"]}
alerts: {email: [nobody], webhook: "https://example.com/secret"}
slo: 99%
ci: gitlb
overrides: {a.b: {choice: full, becuase: x}}
blueprints: [{sorce: x}]
"""


def test_every_error_is_there_at_once_with_its_line_in_the_order_of_the_file() -> None:
    found = problems(BAD)
    lines = [int((p.where or "").rpartition(":")[2]) for p in found]
    assert lines == sorted(lines)
    assert all((p.where or "").startswith("pipegen.yml:") for p in found)
    said = {line: [p for p, at in zip(found, lines, strict=True) if at == line] for line in lines}
    expected = {
        2: ("`catalog`: 1.0 is a number here", 'quote it: `"1.0"`'),
        3: ("unknown key `ownr`", "did you mean `owner`?"),
        4: ("unknown key `defaults.freshnes`", "did you mean `freshness`?"),
        6: ("`fils` is not a kind", "did you mean `files`?"),
        7: ("`sources.b.kind` is missing", "files | sqlite | postgres | mysql"),
        10: ("unknown key `sources.c.colour`", "allowed here: "),
        13: ("`;` ends the statement", None),
        15: ("`sources.c.tables.five` must be a mapping", None),
        19: ("never the value", None),
        20: ("`slo` must be a mapping", "for example"),
        21: ("`gitlb` is not one of `github`, `gitlab`, `none`", "did you mean `gitlab`?"),
        22: ("becuase", "did you mean `because`?"),
    }
    for line, (message, hint) in expected.items():
        assert any(message in p.message and (hint is None or hint in (p.hint or "")) for p in said[line]), (
            line,
            said.get(line),
        )
    assert any("severty" in p.message and p.hint == "did you mean `severity`?" for p in said[13])
    assert {"key", "deletes", "lateness"} <= {m for p in said[14] for m in re.findall(r"on\.(\w+)`", p.message)}
    assert any("`marts.f.from` is missing" in p.message for p in said[17])
    assert any("`marts.g.by` needs at least 1" in p.message for p in said[18])
    assert any("`(` is not closed" in p.message for p in said[18])
    assert any("`nobody` is not allowed here" in p.message for p in said[19])
    assert any("`blueprints.0.source` is missing" in p.message for p in said[23])
    assert not any("secret" in str(p) for p in found)


def test_a_table_of_any_name_is_a_table() -> None:
    tables = "".join(f"      {key}\n" for key in ("no:", "on: {}", "1:", "1.5: {}", "~: {}", "2024-01-01:"))
    text = f"name: x\nsources:\n  s:\n    kind: files\n    path: x\n    tables:\n{tables}"
    document = yaml_file.parse(text.encode(), "x")
    assert list(load(document.values).sources["s"].tables) == ["no", "on", "1", "1.5", "~", "2024-01-01"]


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("{kind: mysql, url_env: X}", "mysql"),
        ("{kind: mssql, url_env: X, change_log: true, log_kept: 3d, free_disk: 500 GB}", "mssql"),
        ("{kind: mongodb, url_env: X}", "mongodb"),
        ("{kind: duckdb, path: x.duckdb}", "duckdb"),
        ("{kind: rest, url_env: X, rate_limit: 100 requests/minute, page_size: 100}", "rest"),
        ("{kind: kafka, url_env: X, keyed: true, tables: {clicks: }}", "kafka"),
        ("{kind: webhook, replay: true}", "webhook"),
        ('{kind: files, path: "s3://b/daily/*.csv", delivered: 06:00}', "files"),
    ],
)
def test_a_kind_that_is_not_built_is_a_kind(source: str, kind: str) -> None:
    document = yaml_file.parse(f"name: x\nsources:\n  s: {source}\n".encode(), "pipegen.yml")
    assert load(document.values, document.locate).sources["s"].kind == kind


@pytest.mark.parametrize("kind", ["snowflake", "bigquery", "redshift", "databricks", "clickhouse", "lake"])
def test_so_is_a_destination(kind: str) -> None:
    assert load({**SMALL, "destination": {"kind": kind}}).destination.kind == kind


@pytest.mark.parametrize(
    ("kind", "hint"),
    [
        ("mariadb", "`kind: mysql`"),
        ("https", "`kind: rest`"),
        ("s3", "`kind: files`, with `path: s3://…`"),
        ("mongo", "did you mean `mongodb`?"),
    ],
)
def test_the_scheme_of_a_url_is_no_kind_but_says_which_is_meant(kind: str, hint: str) -> None:
    (problem,) = problems(f"name: x\nsources:\n  s: {{kind: {kind}}}\n")
    assert (problem.message, problem.where, problem.hint) == (
        f"`sources.s.kind`: `{kind}` is not a kind",
        "pipegen.yml:3",
        hint,
    )


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("{kind: sqlite, path: x, delivered: 06:00}", "it is said of sources of kind `files` alone"),
        ("{kind: mysql, url_env: X, rate_limit: 5 requests/s}", "it is said of sources of kind `rest` alone"),
        ("{kind: sample, replay: true}", "it is said of sources of kind `rest` or `webhook` alone"),
        ("{kind: mysql, url_env: X, schema: s}", "it is said of sources of kind `postgres` alone"),
        ("{kind: mysql, url_env: X, chang_log: true}", "did you mean `change_log`?"),
    ],
)
def test_a_key_of_another_kind_says_of_which(source: str, hint: str) -> None:
    (problem,) = problems(f"name: x\nsources:\n  s: {source}\n")
    assert problem.message.startswith("unknown key `sources.s.")
    assert (problem.where, problem.hint) == ("pipegen.yml:3", hint)


def test_a_source_of_another_kind_keeps_what_both_have_and_what_none_has() -> None:
    said = {"kind": "kafka", "url_env": "X", "keyed": True, "log_kept": "7d", "lag": "5m", "colour": "red"}
    assert of_its_kind(said, "mysql") == {k: v for k, v in said.items() if k != "keyed"}
    assert of_its_kind(said, "sample") == {"kind": "kafka", "lag": "5m", "colour": "red"}


@pytest.mark.parametrize(
    ("at", "value", "says"),
    [
        (("name",), "../x", "cannot be the name"),
        (("name",), "x\n", "cannot be the name"),
        (("name",), "", "is empty"),
        (("name",), "aux", "device"),
        (("name",), "x" * 300, "longer than 200"),
        (("owner",), "a\x00b", "not allowed"),
        (("description",), "a\x1bb", "control character \\x1b"),
        (("description",), "a\ud800b", "UTF-8"),
        (("description",), "x" * 2001, "longer than 2000"),
        (("sources", "shop_db", "freshness"), "-1h", "not a duration"),
        (("sources", "shop_db", "volume"), "2M", "not a volume"),
        (("sources", "shop_db", "peak"), "0x", "not a factor"),
        (("sources", "shop_db", "tables", "orders", "key"), [""], "is empty"),
        (("sources", "shop_db", "tables", ""), {}, "is empty"),
        (("sources", "shop_db", "tables", "orders", "columns"), {"email": "hash"}, "`hash` is not one of"),
        (("sources",), {}, "needs at least 1"),
        (("sources",), None, "must be a mapping"),
        (("version",), 2, "`2` is not one of 1"),
        (("alerts",), {"webhook": ""}, "never the value"),
        (("slo",), {"freshness": "100%"}, "above 0%"),
        (("sources", "shop_db"), {"kind": "postgres"}, "`sources.shop_db.url_env` is missing"),
        (("sources", "shop_db"), {"kind": "postgres", "url_env": "postgresql://u:hunter2@h/db"}, "never the value"),
        (("sources", "shop_db"), {"kind": "postgres", "url_env": "X", "url": "y"}, "unknown key `sources.shop_db.url`"),
        (("sources", "shop_db"), {"kind": "postgresql://u:hunter2@h/db"}, "is not a kind"),
        (("sources", "shop_db"), {"kind": "sqlite", "path": "x", "schema": "y"}, "unknown key"),
        (("sources", "shop_db", "schema_contract"), {"new_column": "evolve"}, "`evolve` is not one of"),
        (("sources", "shop_db", "tables", "orders", "most_deleted"), "0%", "above 0%"),
        (
            ("defaults",),
            {"schema_contract": {"new_colum": "freeze"}},
            "unknown key `defaults.schema_contract.new_colum`",
        ),
        (("destination",), {}, "`destination.kind` is missing"),
        (("sources", "shop_db", "row_size"), "0 B", "not an amount of bytes"),
        (("sources", "shop_db", "tables", "orders", "size"), "40 GB/day", "not a size"),
        (("sources", "shop_db", "connections"), 0, "greater than or equal to 1"),
        (("sources", "shop_db"), {"kind": "files", "path": "x", "delivered": "6am"}, "not a time"),
        (("sources", "shop_db"), {"kind": "rest", "url_env": "X", "rate_limit": "0 requests/s"}, "not a rate"),
        (("on_call",), "sometimes", "`sometimes` is not one of `none`, `working-hours`, `always`"),
        (("consumers",), [], "needs at least 1"),
        (("consumers",), ["people"], "`people` is not one of"),
        (("machine",), {"core": 8}, "unknown key `machine.core`"),
        (("prices",), {"currency": "euro"}, "`euro` is not allowed here"),
        (("prices",), {"stored_gb": "cheap"}, "`prices.stored_gb`"),
        (("defaults",), {"retention": "for ever"}, "not a duration"),
        (("destination",), {"kind": "duckdv"}, "`duckdv` is not a kind"),
        (("destination",), {"kind": "postgres", "host": "x"}, "unknown key `destination.host`"),
    ],
)
def test_a_wrong_value_is_refused(at: tuple[str, ...], value: Any, says: str) -> None:
    data = copy.deepcopy(SMALL)
    node = data
    for part in at[:-1]:
        node = node.setdefault(part, {})
    node[at[-1]] = value
    with pytest.raises(SpecError) as refused:
        load(data)
    assert any(says in str(p) for p in refused.value.problems()), refused.value.problems()
    assert "hunter2" not in str(refused.value)
    assert all(str(p).isprintable() for p in refused.value.problems() if "\n" not in str(p))


@pytest.mark.parametrize("group", ["sources", "marts"])
@pytest.mark.parametrize("pair", [("a-b", "a_b"), ("A", "a"), ("class", "class_")])
def test_names_that_would_meet_are_refused(group: str, pair: tuple[str, str]) -> None:
    entry = {"kind": "sample"} if group == "sources" else {"kind": "custom"}
    data = {"name": "x", "sources": {"s": {"kind": "sample"}}, group: {name: dict(entry) for name in pair}}
    with pytest.raises(SpecError, match="would both be called"):
        load(data)


@pytest.mark.parametrize("name", ["transform", "steps", "marts", "Staging", "ops", "warehouse"])
def test_names_that_the_repository_uses_itself_are_refused(name: str) -> None:
    with pytest.raises(SpecError, match="uses it for itself"):
        load({"name": "x", "sources": {name: {"kind": "sample"}}})


def test_what_is_left_out_has_a_default() -> None:
    spec = load({"name": "x", "sources": {"s": {"kind": "sample"}}})
    assert spec.defaults.freshness == "1d"
    assert spec.destination.kind == "duckdb"
    assert spec.marts is None
    assert spec.defaults.most_deleted == "20%"
    assert spec.defaults.schema_contract.model_dump() == {
        "new_column": "discard", "lost_column": "freeze", "changed_type": "freeze",
    }  # fmt: skip


def test_hints_of_keys_below_a_key() -> None:
    data = copy.deepcopy(SMALL)
    data["sources"]["shop_db"]["schema_contract"] = {"new_colum": "freeze"}
    data["sources"]["shop_db"]["tables"]["orders"]["schema_contract"] = {"lost_colum": "freeze"}
    data["defaults"] = {"schema_contract": {"changed_typ": "freeze"}}
    with pytest.raises(SpecError) as refused:
        load(data)
    hints = {p.hint for p in refused.value.problems()}
    assert hints == {"did you mean `new_column`?", "did you mean `lost_column`?", "did you mean `changed_type`?"}


def test_a_database_has_a_schema_and_a_variable() -> None:
    source = load({"name": "x", "sources": {"s": {"kind": "postgres", "url_env": "S_URL"}}}).sources["s"]
    assert source.kind == "postgres"
    assert (source.url_env, source.schema_) == ("S_URL", "public")
