"""M6: back one question with the earlier answer as the default; what rests on an answer that is another now is dropped."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipegen.app.interview.said import Said
from tests.app.interview.interviews import ENTER, FIRST, TO_WRITE, hold
from tests.prompting import BACK, Script, Wrong, enter

ANSWERS: Script = [
    ("name", "trade"), ("source", "shop=sample:"), ("table.shop", ("customers", "orders")), ("mart", ("fct_orders",)),
    ("freshness", "2h"), ("personal_data", "mask"), ("destination", "postgres"),
]  # fmt: skip
NAMES = [name for name, _ in ANSWERS]


@pytest.mark.parametrize(("name", "back_from"), [*zip(NAMES, [*NAMES[1:], "review"], strict=True)])
def test_m6_back_from_each_question_has_the_earlier_answer_as_the_default(
    here: Path, name: str, back_from: str
) -> None:
    at = NAMES.index(name)
    script: Script = [
        *ANSWERS[: at + 1], (back_from, BACK), (name, ENTER), *ANSWERS[at + 1 :], ("review", "write"),
    ]  # fmt: skip
    done = hold(script, here)
    assert done.prompter.last(name).default == ANSWERS[at][1]
    straight = hold([*ANSWERS, ("review", "write")], here)
    assert done.made.given == straight.made.given
    assert done.equivalent == straight.equivalent


def test_m6_back_goes_all_the_way_and_forward_again_with_every_answer(here: Path) -> None:
    back: Script = [(name, BACK) for name, _ in reversed(ANSWERS)][:-1]
    again = enter(name for name, _ in ANSWERS)
    done = hold([*ANSWERS, ("review", BACK), *back, *again, ("review", "write")], here)
    assert done.made.given == hold([*ANSWERS, ("review", "write")], here).made.given


def test_m6_at_the_first_question_there_is_nothing_before(here: Path) -> None:
    hold([("name", BACK), *TO_WRITE], here)


def test_m6_another_source_drops_what_was_said_of_the_first(here: Path) -> None:
    """Its tables, its marts, its personal data; what does not rest on it is the default still."""
    back: Script = [(name, BACK) for name, _ in reversed(ANSWERS)][:-2]
    done = hold(
        [
            *ANSWERS, ("review", BACK), *back, ("source", BACK), ("name", ENTER), ("source", "./exports/*.csv"), ("source.2", ENTER),
            ("table.exports", ENTER), ("mart", ENTER), ("freshness", ENTER), ("personal_data", ENTER), ("destination", ENTER),
            ("review", "write"),
        ], here,
    )  # fmt: skip
    assert done.prompter.last("mart").default == ("dim_customers", "fct_orders")
    assert done.prompter.last("personal_data").default == "tokenise"
    assert (done.prompter.last("freshness").default, done.prompter.last("destination").default) == ("2h", "postgres")
    assert done.flags()["personal_data"] == ["exports.customers.email=tokenise"]
    assert "shop" not in done.equivalent.replace("-C", "")


def test_m6_other_tables_drop_the_marts_that_were_chosen(here: Path) -> None:
    script: Script = [
        *ANSWERS[:4], ("freshness", BACK), ("mart", BACK), ("table.shop", ("customers", "products")), ("mart", ENTER),
        ("freshness", ENTER), ("personal_data", ENTER), ("destination", ENTER), ("review", "write"),
    ]  # fmt: skip
    done = hold(script, here)
    assert done.prompter.last("mart").default == ("dim_customers", "dim_products")
    assert not done.made.given.sets


def test_m6_back_out_of_one_by_one_is_back_at_all_at_once(here: Path) -> None:
    script: Script = [
        *enter(FIRST[:5]), ("personal_data", "each"), ("personal_data.shop.customers.email", BACK), ("personal_data", "mask"),
        ("destination", ENTER), ("review", "write"),
    ]  # fmt: skip
    done = hold(script, here)
    assert {one.rpartition("=")[2] for one in done.flags()["personal_data"]} == {"mask"}


def test_m6_back_from_a_second_source_to_the_first(here: Path) -> None:
    script: Script = [
        ("name", ENTER), ("source", "./exports/*.csv"), ("source.2", BACK), ("source", "./shop.db"), ("source.2", ENTER),
        ("mart", ENTER), ("freshness", ENTER), ("destination", ENTER), ("review", "write"),
    ]  # fmt: skip
    assert hold(script, here).flags()["source"] == ["./shop.db"]


def test_m6_an_answer_that_another_one_makes_impossible_is_asked_anew(here: Path) -> None:
    """Another first source that is called as the second is."""
    script: Script = [
        ("name", ENTER), ("source", "./exports/*.csv"), ("source.2", "shop=sample:"), ("source.3", ENTER), *enter(("table.exports",)),
        ("table.shop", BACK), ("table.exports", BACK), ("source.3", BACK), ("source.2", ENTER), ("source.3", ENTER),
        *enter(("table.exports", "table.shop", "mart", "freshness", "personal_data", "destination")), ("review", "change"),
        ("change", "source"), ("source", "./shop.db"), ("source.2", Wrong("shop=sample:", "another source is called `shop` already")),
        ("source.2", "store=sample:"), *enter(("table.store", "mart", "personal_data")), ("review", "write"),
    ]  # fmt: skip
    done = hold(script, here)
    assert done.flags()["source"] == ["./shop.db", "store=sample:"]
    assert any("source 2: the answer that was kept does not hold any more" in line for line in done.prompter.said)


def test_what_was_said_never_shows_a_password() -> None:
    assert "secret" not in repr(Said(sources=("postgresql://u:secret@h/d",)))
