from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipegen.app.answers import Draft
from pipegen.app.completion import complete
from pipegen.core.errors import Problem, SpecError
from pipegen.core.measured import Measured
from tests.core.design.facts import keyed, measured


def draft(wanted: list[str] = [], rules: list[str] = [], personal: list[str] = [], **said: Any) -> Draft:  # noqa: B006
    return Draft({"sources": {"a": {**said}, "b": {}}}, Path(), {}, [], list(wanted), list(rules), list(personal))


FACTS = {
    "a": measured(orders=keyed("id"), users=keyed("id")),
    "b": measured(orders=keyed("id"), items=keyed("id"), **{"x.y": keyed("id")}),
}


def refused(made: Draft, facts: dict[str, Measured] = FACTS) -> list[Problem]:
    with pytest.raises(SpecError) as error:
        complete(made, facts)
    return error.value.problems()


def tables(made: Draft, facts: dict[str, Measured] = FACTS) -> dict[str, list[str]]:
    complete(made, facts)
    return {name: list(source["tables"]) for name, source in made.values["sources"].items()}


def test_every_table_is_taken_where_none_is_named() -> None:
    assert tables(draft()) == {"a": ["orders", "users"], "b": ["orders", "items", "x.y"]}


def test_a_table_that_is_named_is_the_only_one_of_its_source() -> None:
    assert tables(draft(["users", "b.orders"])) == {"a": ["users"], "b": ["orders"]}
    assert tables(draft(["x.y"])) == {"a": ["orders", "users"], "b": ["x.y"]}


def test_tables_of_a_file_stay_and_flags_add() -> None:
    assert tables(draft(["users"], tables={"orders": {"key": ["id"]}}))["a"] == ["orders", "users"]


def test_a_table_of_two_sources_must_be_said_in_full() -> None:
    (problem,) = refused(draft(["orders"]))
    assert (problem.where, problem.hint) == ("--table", "say `a.orders` or `b.orders`")


def test_a_table_that_is_not_there_is_guessed() -> None:
    (problem,) = refused(draft(["usrs"]))
    assert problem.hint == "did you mean `users`?"


@pytest.mark.parametrize(("count", "taken"), [(20, True), (21, False)])
def test_twenty_tables_are_taken_unasked_and_no_more(count: int, taken: bool) -> None:
    facts = {"a": measured(**{f"t{i}": keyed("id") for i in range(count)}), "b": FACTS["b"]}
    if taken:
        assert len(tables(draft(), facts)["a"]) == 20
        return
    (problem,) = refused(draft(), facts)
    assert "has 21 tables" in problem.message
    (problem,) = refused(draft(["b.orders"]), facts)
    assert "source `a` has 21 tables" in problem.message, "a flag for one source says nothing of another"
    assert len(tables(draft(["*"]), facts)["a"]) == 21


UNSEEN = {"a": FACTS["a"]}


def test_tables_of_a_source_that_was_not_looked_at_are_those_that_are_named() -> None:
    assert tables(draft(["users", "b.clicks", "b.x.y", "b.clicks"]), UNSEEN) == {"a": ["users"], "b": ["clicks", "x.y"]}
    made = draft(["b.views"])
    made.values["sources"]["b"] = {"kind": "kafka", "tables": {"clicks": {"key": ["id"]}}}
    assert tables(made, UNSEEN)["b"] == ["clicks", "views"]
    assert made.values["sources"]["b"]["tables"]["clicks"] == {"key": ["id"]}
    assert made.locate(("sources", "b", "tables", "views", "key")) == "--table"


def test_a_bare_name_is_a_table_of_the_only_source() -> None:
    made = Draft({"sources": {"b": {"kind": "rest"}}}, Path(), {}, [], ["orders", "b.x", "b.y.z"])
    assert tables(made, {}) == {"b": ["orders", "x", "y.z"]}


def test_a_bare_name_beside_a_source_that_was_not_looked_at_says_how_one_of_its_tables_is_said() -> None:
    (problem,) = refused(draft(["clicks"]), UNSEEN)
    assert problem.hint == "of a source that nothing looks at, say which: `b.T`"
    (problem,) = refused(draft(["usrs"]), UNSEEN)
    assert problem.hint == "did you mean `users`?"


def test_a_source_that_was_not_looked_at_and_names_no_table_is_an_error_of_its_own() -> None:
    made = draft()
    made.places[("sources", "b")] = "--source"
    (problem,) = refused(made, UNSEEN)
    assert problem == Problem(
        "source `b` names no table to load, and nothing can look at it yet to find them",
        "--source",
        "`--table b.T` for each, or `tables:` of it in a file",
    )
    assert len(refused(draft(), {})) == 2, "each is told"
    assert len(refused(draft(["*"]), UNSEEN)) == 1, "`*` finds none there"


def test_rules_and_personal_data_of_a_source_that_was_not_looked_at() -> None:
    made = draft(["b.clicks"], rules=["clicks: id > 0"], personal=["b.clicks.email=mask"])
    complete(made, UNSEEN)
    assert made.values["sources"]["b"]["tables"]["clicks"] == {
        "rules": [{"name": "id > 0", "expect": "id > 0"}],
        "columns": {"email": "mask"},
    }
    (problem,) = refused(draft(["b.clicks"], rules=["b.views: id > 0"]), UNSEEN)
    assert problem.where == "--rule"


def test_rules_and_personal_data_find_their_table() -> None:
    made = draft(rules=["users: id > 0", "b.x.y: id::text <> ''"], personal=["users.id=keep", "b.x.y.id=keep"])
    complete(made, FACTS)
    said = made.values["sources"]
    assert said["a"]["tables"]["users"] == {
        "rules": [{"name": "id > 0", "expect": "id > 0"}],
        "columns": {"id": "keep"},
    }
    assert said["b"]["tables"]["x.y"]["rules"][0]["expect"] == "id::text <> ''"
    assert made.locate(("sources", "a", "tables", "users", "rules", 0, "expect")) == "--rule"
    assert made.locate(("sources", "a", "tables", "users", "columns", "id")) == "--personal-data"


@pytest.mark.parametrize("rule", ["users", "users:", ":x", "nobody: x"])
def test_what_is_no_rule_is_refused(rule: str) -> None:
    (problem,) = refused(draft(rules=[rule]))
    assert problem.where == "--rule"


@pytest.mark.parametrize("text", ["users=keep", "users.id", "nobody.id=keep", "=keep"])
def test_what_is_no_personal_data_is_refused(text: str) -> None:
    (problem,) = refused(draft(personal=[text]))
    assert problem.where == "--personal-data"
