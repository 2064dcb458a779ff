"""M7: a review before anything is written; then it is written, changed, asked on, or left. M16: the equivalent command."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from pipegen.app import generate
from pipegen.cli.main import run
from pipegen.store import yaml_file
from tests.app.interview.interviews import ENTER, FIRST, TO_WRITE, hold, measured_as, table
from tests.prompting import BACK, Reply, Script, enter
from tests.small import tree


def test_m7_the_review_has_the_answers_the_design_and_the_files_before_anything_is_written(here: Path) -> None:
    done = hold(TO_WRITE, here)
    (review,) = done.reviews
    assert review.generated is not None
    assert review.generated.plan.actions and review.generated.design.decisions[0].because
    asked = [one.about for one in review.answers if one.origin == "asked"]
    assert asked == ["name", "source", "tables of shop", "marts", "freshness", "personal data", "destination"]
    assert not (here / "shop").exists()


@pytest.mark.parametrize(
    ("step", "reply", "then"),
    [
        ("name", "trade", []),
        ("freshness", "15m", []),
        ("destination", "postgres", []),
        (
            "personal_data",
            "each",
            [(f"personal_data.shop.customers.{c}", "mask") for c in ("email", "full_name", "phone")],
        ),
        ("mart", ("dim_customers",), []),
        ("table.shop", ("orders",), [("mart", ENTER)]),
        ("source", "./shop.db", [("source.2", ENTER), ("mart", ENTER)]),
    ],
)
def test_m7_one_answer_is_changed_and_only_what_rests_on_it_is_asked(
    here: Path, step: str, reply: Reply, then: Script
) -> None:
    script = [*enter(FIRST), ("review", "change"), ("change", step), (step, reply), *then, ("review", "write")]
    done = hold(script, here)
    assert done.prompter.answered[step] == reply
    assert len(done.reviews) == 2
    known = {one.id: one.value for one in done.reviews[1].answers}
    assert known[step] in (reply, ", ".join(reply) if isinstance(reply, tuple) else "", "shop=./shop.db")


@pytest.mark.parametrize("step", [*FIRST, "owner", "lateness"])
def test_m7_back_out_of_a_change_leaves_everything_as_it_was(here: Path, step: str) -> None:
    script: Script = [
        *enter(FIRST), ("review", "change"), ("change", step), (step, BACK), ("review", "write"),
    ]  # fmt: skip
    done = hold(script, here)
    assert done.made.given == hold(TO_WRITE, here).made.given


def test_m7_what_was_given_or_had_its_default_can_be_changed(here: Path) -> None:
    script: Script = [
        *enter([n for n in FIRST if n not in ("freshness", "destination")]), ("review", "change"), ("change", "freshness"),
        ("freshness", BACK), ("review", "change"), ("change", "freshness"), ("freshness", "15m"), ("review", "change"),
        ("change", "destination"), ("destination", "duckdb"), ("review", "change"), ("change", "owner"), ("owner", "crew"),
        ("review", "change"), ("change", "lateness"), ("lateness", "3h"), ("review", "write"),
    ]  # fmt: skip
    done = hold(
        script, here, flags={"freshness": "2h"}, environment={"destination": "postgres"}, sets=[("defaults.lateness", "2h")],
        answers=yaml_file.parse(b"defaults: {growth: 1%/month}\n", "a.yml"),
    )  # fmt: skip
    assert done.made.generated is not None
    spec = done.made.generated.spec
    said = (spec.defaults.freshness, spec.destination.kind, spec.owner, spec.defaults.lateness, spec.defaults.growth)
    assert said == ("15m", "duckdb", "crew", "3h", "1%/month")


def test_m7_back_from_the_menus(here: Path) -> None:
    script: Script = [
        *enter(FIRST), ("review", "change"), ("change", BACK), ("review", "more"), ("more", BACK), ("review", "more"), ("more", ()),
        ("review", BACK), ("destination", "postgres"), ("review", "write"),
    ]  # fmt: skip
    assert hold(script, here).flags()["destination"] == "postgres"


def test_m7_what_cannot_be_written_is_said_and_can_be_mended(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured_as(monkeypatch, {"orders": table(10**9, per_day=10**6), "small": table(10)})
    script: Script = [
        ("name", ENTER), ("source", "./shop.db"), ("source.2", ENTER), ("table.shop", ENTER), ("freshness", ENTER),
        ("destination", ENTER), ("review", ENTER), ("change", "table.shop"), ("table.shop", ("small",)), ("mart", ENTER),
        ("review", "write"),
    ]  # fmt: skip
    done = hold(script, here)
    first, last = done.reviews
    assert first.generated is None and first.trouble and last.generated is not None and not last.trouble
    assert any(line.startswith("as it stands this cannot be built: ") for line in done.prompter.said)


SCRIPTS: dict[str, Script] = {
    "sample": TO_WRITE,
    "some": [
        ("name", "trade"), ("source", "store=sample:"), ("table.store", ("customers", "orders")),
        ("mart", ("fct_orders",)), ("freshness", "15m"), ("personal_data", "each"),
        ("personal_data.store.customers.email", "tokenise"), ("personal_data.store.customers.full_name", "drop"),
        ("personal_data.store.customers.phone", "keep"), ("destination", "postgres"), ("review", "more"),
        ("more", ("rule", "peak", "lateness", "consumer", "alert_email", "description", "history")),
        ("rule", "orders: total_amount >= 0"), ("rule.2", ENTER), ("consumer", ("reports", "dashboards")), ("peak.store", "4x"),
        ("lateness", "2h"), ("history", "scd2"), ("alert_email", "a@example.com, b@example.com"),
        ("description", "Orders, and a \"quote\" in it."), ("review", "write"),
    ],
    "several": [
        ("name", "trade"), ("source", "./exports/*.csv"), ("source.2", "./my files/it's.csv"), ("source.3", "./shop.db"),
        ("source.4", ENTER), ("table.exports", ("orders",)), ("mart", ()), ("freshness", "1h"), ("destination", ENTER),
        ("review", "write"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_m16_the_equivalent_command_writes_the_very_same_bytes(here: Path, script: Script) -> None:
    done = hold(script, here)
    generated = done.made.generated
    assert generated is not None
    generate.apply(generated, use_git=False)
    written = tree(generated.target)
    generated.target.rename(here / "by interview")
    words = shlex.split(done.equivalent)
    assert words[:2] == ["pipegen", "new"]
    assert run([*words[1:], "--no-git", "--no-input"]) == 0
    assert tree(generated.target) == written
