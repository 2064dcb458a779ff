from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from pipegen.app.answers import Given, draft, from_environment, mart_from_text, path_from_root, path_here
from pipegen.core.errors import MissingAnswersError, SpecError, UsageError
from pipegen.core.names import spec_name_problem
from pipegen.core.questions import QUESTIONS
from pipegen.core.spec.load import load
from pipegen.store import yaml_file

SAMPLE = {"source": ["sample:"]}


def layer(text: str, name: str = "a.yml") -> yaml_file.Document:
    return yaml_file.parse(text.encode(), name)


def test_plain_answers_go_to_their_keys() -> None:
    flags: dict[str, Any] = {q.name: ["x"] if q.repeat else "x" for q in QUESTIONS if q.key}
    values = draft(Given(name="shop", flags={**flags, **SAMPLE})).values
    for question in QUESTIONS:
        if question.key:
            node: Any = values
            for part in question.key.split("."):
                node = node[part]
            assert node == (["x"] if question.repeat else "x")


def test_every_example_of_a_question_is_an_answer() -> None:
    for question in QUESTIONS:
        if question.key is None:
            continue
        answer = [question.example] if question.repeat else question.example
        priced = [("prices.stored_gb", 0.02)]  # a ceiling is money
        load(draft(Given(name="shop", flags={question.name: answer, **SAMPLE}, sets=priced)).values)


def test_each_layer_gives_way_and_each_place_is_known(tmp_path: Path) -> None:
    given = Given(
        name="shop",
        flags={**SAMPLE, "owner": "flag"},
        environment={"owner": "environment", "ci": "none"},
        answers=layer("owner: file\nci: gitlab\ndeploy: none\ndefaults: {lateness: 2h}\n"),
        config=layer(
            "owner: config\ndeploy: kubernetes\ndefaults: {lateness: 3h, outage: 4h}\ncatalog: next\n", "config.yml"
        ),
        sets=[("defaults.growth", "1%/month")],
        cwd=tmp_path,
    )
    made = draft(given)
    assert (made.values["owner"], made.values["ci"], made.values["deploy"]) == ("flag", "none", "none")
    assert made.values["defaults"] == {"lateness": "2h", "outage": "4h", "growth": "1%/month"}
    places = {
        at: made.locate(at)
        for at in (
            ("owner",),
            ("ci",),
            ("deploy",),
            ("defaults", "outage"),
            ("defaults", "growth"),
            ("catalog",),
            ("name",),
            ("sources", "shop", "path"),
        )
    }
    assert list(places.values()) == [
        "--owner",
        "PIPEGEN_CI",
        "a.yml:3",
        "config.yml:3",
        "--set defaults.growth",
        "config.yml:4",
        "NAME",
        "--source",
    ]
    assert made.locate(("slo",)) is None


def test_the_environment_answers_every_question() -> None:
    environ = {q.variable: "a, f(b, c)" for q in QUESTIONS} | {"PIPEGEN_OTHER": "x", "PIPEGEN_DELETES": ""}
    answers = from_environment(environ)
    assert set(answers) == {q.name for q in QUESTIONS} - {"deletes"}
    assert answers["rule"] == ["a", "f(b, c)"]
    assert answers["owner"] == "a, f(b, c)"


def test_a_flag_for_sources_replaces_the_environments_and_adds_to_the_files() -> None:
    made = draft(
        Given(
            name="x",
            flags={"source": ["a=sample:"]},
            environment={"source": ["b=sample:"]},
            answers=layer("sources: {c: {kind: sample}}"),
        )
    )
    assert sorted(made.values["sources"]) == ["a", "c"]


def test_what_holds_for_every_source_reaches_those_of_files_and_sets() -> None:
    made = draft(
        Given(
            name="x",
            flags={**SAMPLE, "peak": "4x"},
            answers=layer("sources: {c: {kind: sample}, d: }"),
            sets=[("sources.e.kind", "sample")],
        )
    )
    assert {name: s["peak"] for name, s in made.values["sources"].items()} == dict.fromkeys("cde", "4x") | {
        "shop": "4x"
    }


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        (Given(), ["NAME", "--source"]),
        (Given(name="x"), ["--source"]),
        (Given(flags=SAMPLE), ["NAME"]),
        (Given(name="x", answers=layer("sources: {}")), ["--source"]),
    ],
)
def test_all_that_is_missing_is_listed(given: Given, missing: list[str]) -> None:
    with pytest.raises(MissingAnswersError) as error:
        draft(given)
    assert [p.message.split(":")[0] for p in error.value.problems()] == missing
    assert all(p.hint for p in error.value.problems())


def test_yes_takes_the_sample_and_the_name_of_the_source(tmp_path: Path) -> None:
    made = draft(Given(yes=True, cwd=tmp_path))
    assert made.values == {"sources": {"shop": {"kind": "sample"}}, "name": "shop"}
    assert made.target == tmp_path / "shop"
    (tmp_path / "data").mkdir()
    assert draft(Given(yes=True, flags={"source": ["data/*.csv"]}, cwd=tmp_path)).target == tmp_path / "data_pipeline"


def test_every_wrong_answer_is_listed() -> None:
    with pytest.raises(SpecError) as error:
        draft(
            Given(
                name="x", flags={**SAMPLE, "mart": ["fct:orders"], "override": ["a"]}, sets=[("a..b", 1), ("name.x", 1)]
            )
        )
    assert [p.where for p in error.value.problems()] == ["--set a..b", "--mart", "--override", "--set name.x"]
    with pytest.raises(SpecError) as error:
        draft(Given(name="x", flags={"source": ["a=sample:", "a=sample:", "kafka://x/y z", "sqlite:"]}))
    assert len(error.value.problems()) == 3


@pytest.mark.parametrize(
    ("source", "entry"),
    [
        ("db=mysql://u:hunter2@h/shop", {"kind": "mysql", "url_env": "DB_URL"}),
        ("db=mariadb://h/shop", {"kind": "mysql", "url_env": "DB_URL"}),
        ("db=mssql://u:hunter2@h/shop", {"kind": "mssql", "url_env": "DB_URL"}),
        ("db=mongodb://u:hunter2@h/shop", {"kind": "mongodb", "url_env": "DB_URL"}),
        ("db=https://u:hunter2@h/v1?key=hunter2", {"kind": "rest", "url_env": "DB_URL"}),
        ("db=kafka://u:hunter2@h/clicks", {"kind": "kafka", "url_env": "DB_BROKERS", "tables": {"clicks": {}}}),
        ("db=kafka://h", {"kind": "kafka", "url_env": "DB_BROKERS"}),
        ("db=webhook:", {"kind": "webhook"}),
        ("db=duckdb:///x.duckdb", {"kind": "duckdb", "path": "../x.duckdb"}),
        ("db=sftp://u:hunter2@h/daily/*.csv", {"kind": "files", "path": "sftp://u@h/daily/*.csv"}),
        ("db=s3://b/daily/*.csv", {"kind": "files", "path": "s3://b/daily/*.csv"}),
    ],
)
def test_every_source_has_an_entry_and_no_password_in_it(source: str, entry: dict[str, Any]) -> None:
    made = draft(Given(name="p", flags={"source": [source]}))
    assert made.values["sources"] == {"db": entry}
    assert "hunter2" not in repr(made)
    load(made.values)


def test_a_source_of_another_kind_keeps_what_its_kind_has_too() -> None:
    file = "sources: {db: {kind: kafka, url_env: MINE, keyed: true, log_kept: 7d, lag: 5m, tables: {a: {key: [id]}}}}"
    made = draft(Given(name="p", flags={"source": ["db=mysql://h/shop"]}, answers=layer(file)))
    assert made.values["sources"]["db"] == {
        "kind": "mysql", "url_env": "DB_URL", "log_kept": "7d", "lag": "5m", "tables": {"a": {"key": ["id"]}},
    }  # fmt: skip
    made = draft(Given(name="p", flags={"source": ["db=kafka://h/b"]}, answers=layer(file)))
    assert made.values["sources"]["db"]["url_env"] == "MINE"
    assert made.values["sources"]["db"]["tables"] == {"a": {"key": ["id"]}, "b": {}}


def test_a_bare_key_is_of_the_defaults_or_of_the_only_source() -> None:
    made = draft(
        Given(
            name="p", flags={"source": ["kafka://h/clicks"]}, sets=[("freshness", "5m"), ("keyed", True), ("lag", "5m")]
        )
    )
    assert made.values["defaults"] == {"freshness": "5m"}
    assert made.values["sources"]["clicks"] == {
        "kind": "kafka", "url_env": "CLICKS_BROKERS", "tables": {"clicks": {}}, "keyed": True, "lag": "5m",
    }  # fmt: skip
    with pytest.raises(SpecError) as error:
        draft(Given(name="p", flags={"source": ["a=sample:", "b=sample:"]}, sets=[("volume", "2M rows/day")]))
    (problem,) = error.value.problems()
    assert problem.where == "--set volume"
    assert problem.hint == "say whose: `sources.a.volume`, `sources.b.volume`"


@pytest.mark.parametrize(
    ("text", "name", "mart"),
    [
        ("fact:orders", "fct_orders", {"kind": "fact", "from": "orders"}),
        ("dimension:Order Lines", "dim_order_lines", {"kind": "dimension", "from": "Order Lines"}),
        (
            "aggregate:orders by order_date",
            "orders_by_order_date",
            {"kind": "aggregate", "from": "orders", "by": ["order_date"]},
        ),
        (
            "aggregate: f by cast(a as date) as day, coalesce(b, c) as x",
            "f_by_day_x",
            {"kind": "aggregate", "from": "f", "by": ["cast(a as date) as day", "coalesce(b, c) as x"]},
        ),
        ("custom:churn", "churn", {"kind": "custom", "from": []}),
    ],
)
def test_marts_from_text(text: str, name: str, mart: dict[str, Any]) -> None:
    assert mart_from_text(text) == (name, mart)


@pytest.mark.parametrize("text", ["", "fact", "fact:", "orders", "aggregate:orders", "fct:x"])
def test_what_is_no_mart_says_what_is(text: str) -> None:
    with pytest.raises(UsageError) as error:
        mart_from_text(text)
    assert error.value.hint


@pytest.mark.parametrize("table", ["x" * 200, "é", "日本語", "1st", "a.b"])
def test_a_mart_of_an_awkward_table_has_a_name_that_stands(table: str) -> None:
    for kind in ("fact", "dimension"):
        assert spec_name_problem(mart_from_text(f"{kind}:{table}")[0], "mart") is None


def test_two_marts_of_one_name_are_refused() -> None:
    with pytest.raises(SpecError, match="two marts would be called `fct_orders`"):
        draft(Given(name="x", flags={**SAMPLE, "mart": ["fact:orders", "fact:Orders"]}))


def test_paths_are_told_from_the_root_of_the_repository(tmp_path: Path) -> None:
    cwd, target = tmp_path, tmp_path / "out" / "shop"
    assert path_from_root("data/*.csv", cwd, target) == "../../data/*.csv"
    assert path_from_root("/abs/x.csv", cwd, target) == "/abs/x.csv"
    assert path_from_root("gh:acme/audit", cwd, target) == "gh:acme/audit"
    assert path_from_root("~/x.csv", cwd, target) == os.path.expanduser("~/x.csv")
    assert path_here("../../audit", target) == str(tmp_path / "audit")
    assert path_here("gh:acme/audit", target) == "gh:acme/audit"
