from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipegen.app.answers import Given
from pipegen.app.edit import carry_answers, pipeline, set_values
from pipegen.app.generate import apply, generate
from pipegen.core.blueprint import Manifest
from pipegen.core.errors import SpecError, UsageError, WorkspaceError

SPEC = b"""# the shop
name: shop
defaults: {freshness: 1h}  # asked of us
sources:
  shop:
    kind: sample
    tables:
      orders:   # mine
      customers: {key: [id]}
overrides:
  shop.orders.extract: {choice: append, because: "no deletes"}
blueprints:
  - {source: ../one, ref: v1}
"""


def test_values_are_set_where_they_stand_and_the_rest_stays() -> None:
    made = set_values(
        SPEC,
        [
            ("defaults.freshness", "15m"),
            ("sources.shop.tables.orders.key", ["id"]),
            ("overrides.shop.orders.extract", "full"),
            ("overrides.shop.mode.choice", "batch"),
            ("blueprints.0.ref", "v2"),
            ("sources.shop.volume", "2M rows/day"),
        ],
    )
    assert made.decode() == (
        SPEC.decode()
        .replace("freshness: 1h", "freshness: 15m")
        .replace("      orders:   # mine\n", "      orders: {key: [id]}   # mine\n")
        .replace('{choice: append, because: "no deletes"}\n', "{choice: full}\n  shop.mode: {choice: batch}\n")
        .replace("ref: v1", "ref: v2")
        .replace("kind: sample\n", 'kind: sample\n    volume: "2M rows/day"\n')
    )


def test_none_takes_a_key_out() -> None:
    made = set_values(SPEC, [("sources.shop.tables.customers.key", None), ("overrides.shop.orders.extract", None)])
    assert b"customers: {}" in made
    assert b"extract" not in made
    assert b"# mine" in made


def test_nothing_to_set_changes_nothing() -> None:
    assert set_values(SPEC, []) is SPEC


def wheres(*pairs: tuple[str, Any]) -> list[str | None]:
    with pytest.raises(SpecError) as found:
        set_values(SPEC, pairs)
    return [problem.where for problem in found.value.problems()]


def test_what_was_set_wrong_stands_at_what_was_typed() -> None:
    pairs = [("freshness", "5x"), ("nope.key", 1), ("sources.new.path", "x")]
    assert set(wheres(*pairs)) == {f"--set {key}" for key, _ in pairs}
    assert wheres(("sources.shop.kind", None)) == ["--set sources.shop.kind"]
    assert wheres(("overrides.shop.mode.because", "x")) == ["--set overrides.shop.mode.because"]


def test_what_was_wrong_before_stands_at_its_line() -> None:
    raw = SPEC.replace(b"name: shop", b"nme: shop")
    line = raw[: raw.index(b"nme:")].count(b"\n") + 1
    with pytest.raises(SpecError) as found:
        set_values(raw, [("defaults.lateness", "1h"), ("owner", "a\tb")])
    assert {p.where for p in found.value.problems() if "nme" in p.message} == {f"pipegen.yml:{line}"}
    assert "--set owner" in {p.where for p in found.value.problems()}


def test_every_address_that_cannot_be_set_is_said_at_once() -> None:
    with pytest.raises(SpecError) as found:
        set_values(
            SPEC, [("name.a", 1), ("blueprints.3.ref", "x"), ("a..b", 1), ("defaults.freshnes", None), ("name", "fine")]
        )
    problems = found.value.problems()
    assert [p.where for p in problems] == [
        "--set name.a",
        "--set blueprints.3.ref",
        "--set a..b",
        "--set defaults.freshnes",
    ]
    assert problems[3].hint == "did you mean `freshness`?"
    assert "1 items" in problems[1].message


def manifest(version: str, *questions: dict[str, Any], name: str = "dbt") -> Manifest:
    asked = [{"ask": "?", **question} for question in questions]
    return Manifest.model_validate({"name": name, "version": version, "summary": "s", "questions": asked})


OLD = manifest("1.0.0", {"id": "threads"}, {"id": "target"})
NEW = manifest(
    "1.1.0",
    {"id": "models_at_once", "was": "threads"},
    {"id": "dev_target", "was": "target"},
    {"id": "prod_target", "was": "target"},
    {"id": "keep"},
)
ANSWERS = b"name: shop\nanswers:\n  dbt:\n    threads: 4  # of ours\n    target: dev\n"


def test_the_answer_to_a_renamed_question_goes_along_and_a_split_goes_to_each() -> None:
    made = carry_answers(ANSWERS, [NEW])
    assert made == (
        b"name: shop\nanswers:\n  dbt:\n    models_at_once: 4  # of ours\n    dev_target: dev\n    prod_target: dev\n"
    )
    assert carry_answers(made, [NEW], [OLD]) == made, "nothing more to carry"


def test_there_and_back_gives_the_same_bytes() -> None:
    newer = carry_answers(ANSWERS, [NEW]) + b"    keep: true\n"
    assert carry_answers(newer, [OLD], [NEW]) == ANSWERS


def test_an_answer_goes_back_over_more_than_one_version() -> None:
    newest = manifest("2.0.0", {"id": "parallel", "was": ["models_at_once", "threads"]})
    assert carry_answers(b"answers: {dbt: {parallel: 3}}\n", [OLD], [newest]) == b"answers: {dbt: {threads: 3}}\n"
    assert (
        carry_answers(b"answers: {dbt: {parallel: 3}}\n", [NEW], [newest]) == b"answers: {dbt: {models_at_once: 3}}\n"
    )


def test_an_upgrade_drops_no_answer() -> None:
    without = manifest("1.1.0", {"id": "target"})
    assert carry_answers(ANSWERS, [without], [OLD]) == ANSWERS, "for the check to refuse: a person said it"


def test_answers_of_the_users_own_blueprints_are_theirs_by_place() -> None:
    raw = b"answers: {dbt: {threads: 1}}\nblueprints:\n  - source: ../a\n  - source: ../b\n    answers: {threads: 2}  # b\n"
    made = carry_answers(raw, [OLD, manifest("1.0.0", name="a"), NEW])
    assert made == raw.replace(b"answers: {threads: 2}", b"answers: {models_at_once: 2}")


def test_no_answers_no_change() -> None:
    assert carry_answers(SPEC, [OLD, NEW]) is SPEC


def test_a_pipeline_that_names_no_table_has_those_that_were_measured(here: Path) -> None:
    apply(generate(Given(name="shop", flags={"source": ["exports/*.csv"]})), use_git=False)
    path = here / "shop/pipegen.yml"
    path.write_bytes(path.read_bytes().replace(b"    tables:\n      customers: {}\n      orders: {}\n", b""))
    read = pipeline(here / "shop/dags")
    assert read.root == here / "shop"
    assert read.tables == {"exports": ["customers", "orders"]}
    assert read.rendered("exports")
    assert read.rendered("exports", "orders")
    assert not read.rendered("exports", "order")


def test_no_repository_and_one_of_a_template(here: Path) -> None:
    with pytest.raises(WorkspaceError):
        pipeline(here)
    (here / "pipegen.yml").write_text("version: 1\nname: x\nblueprints:\n  - {source: ../template}\n")
    with pytest.raises(UsageError, match="made from one template"):
        pipeline(here)
