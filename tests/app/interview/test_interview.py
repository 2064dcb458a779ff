"""The interview as a whole: Enter at every question, what is not asked, defaults with their evidence, checks as one types."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pipegen.app.answers import Given
from pipegen.app.interview import is_needed
from pipegen.core import questions
from pipegen.core.errors import SourceError, SpecError, WorkspaceError
from pipegen.core.prompting import may_ask
from pipegen.store import yaml_file
from tests.app.interview.interviews import ENTER, FIRST, TO_WRITE, hold, measured_as, table
from tests.prompting import LEAVE, Script, Wrong, enter

FILES: Script = [
    ("name", "trade"), ("source", "./exports/*.csv"), ("source.2", ENTER), ("table.exports", ENTER), ("mart", ENTER),
    ("freshness", ENTER), ("personal_data", ENTER), ("destination", ENTER), ("review", ENTER),
]  # fmt: skip


def test_m2_enter_at_every_question_gives_a_repository_of_the_sample(here: Path) -> None:
    done = hold([*enter(FIRST), ("review", ENTER)], here)
    generated = done.made.generated
    assert done.made.decision == "write" and generated is not None
    assert generated.target == here / "shop" and generated.spec.sources["shop"].kind == "sample"
    assert {action.path for action in generated.plan.actions} >= {"pipegen.yml", "sources/shop.yml", "README.md"}
    assert not (here / "shop").exists()


def test_m2_enter_at_every_question_gives_a_repository_of_files(here: Path) -> None:
    generated = hold(FILES, here).made.generated
    assert generated is not None and set(generated.spec.sources["exports"].tables) == {"customers", "orders"}


def test_s10_at_most_seven_decisions_lead_to_a_default_project(here: Path) -> None:
    asked = [name for name in hold(TO_WRITE, here).prompter.names if name != "review"]
    assert len(asked) <= 7


def test_s10_each_question_is_one_with_its_example_and_help(here: Path) -> None:
    for ask in hold(TO_WRITE, here).prompter.asks:
        if ask.name != "review":
            assert ask.help.endswith(".") and ask.example


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("name", Wrong("2shop", "must start with a letter")),
        ("source", Wrong("postgres:shop", "a database is named by its URL")),
        ("source", Wrong("ftp://x/y", "is no kind of source")),
        ("freshness", Wrong("soon", "allowed is a number and s, m, h, d or w")),
        ("freshness", Wrong("10s", "the nearest that work")),
        ("destination", Wrong("bigquery", "no blueprint")),
    ],
)
def test_m3_what_is_wrong_is_said_where_it_is_typed(here: Path, name: str, wrong: Wrong) -> None:
    script = [step for step in TO_WRITE for step in ([(name, wrong), step] if step[0] == name else [step])]
    hold(script, here)


def test_m3_a_source_that_cannot_be_read_is_asked_again_with_what_was_typed(here: Path) -> None:
    done = hold([("name", ENTER), ("source", "./none/*.csv"), ("source", "sample:"), *TO_WRITE[2:]], here)
    again = done.prompter.asks[2]
    assert again.name == "source" and again.default == "./none/*.csv"
    assert any("none" in line for line in done.prompter.said)


def test_m3_a_kind_of_source_that_nothing_builds_is_refused_when_it_is_named(here: Path) -> None:
    done = hold([("name", ENTER), ("source", "payments=webhook:"), ("source", "sample:"), *TO_WRITE[2:]], here)
    assert any("no blueprint yet" in line for line in done.prompter.said)


def test_m3_no_table_is_refused(here: Path) -> None:
    done = hold([*TO_WRITE[:2], ("table.shop", ()), ("table.shop", ("orders",)), *TO_WRITE[3:5], *TO_WRITE[6:]], here)
    assert "a pipeline needs a table: choose at least one" in done.prompter.said


def test_m4_what_was_given_is_not_asked_and_stands_in_the_review(here: Path) -> None:
    """By a flag, a variable, an assignment, a file, the user's config."""
    done = hold(
        [("mart", ENTER), ("review", "write")], here,
        name="trade", flags={"source": ["./exports/*.csv"], "freshness": "1h", "personal_data": ["customers.email=mask"]},
        environment={"destination": "duckdb"}, sets=[("sources.exports.tables", {"customers": {}, "orders": {}}), ("lateness", "2h")],
        answers=yaml_file.parse(b"slo: {freshness: 95%}\n", "a.yml"), answers_file="a.yml",
        config=yaml_file.parse(b"owner: crew\n", "config.yml"),
    )  # fmt: skip
    known = {one.about: (one.value, one.origin) for one in done.reviews[0].answers}
    assert known["freshness"] == ("1h", "--freshness")
    assert known["lateness"] == ("2h", "--set lateness")
    assert known["destination"] == ("duckdb", "PIPEGEN_DESTINATION")
    assert known["slo"] == ("95%", "a.yml:1")
    assert known["owner"] == ("crew", "config.yml:1")
    assert known["source"] == ("exports=./exports/*.csv", "--source")
    assert known["personal data"] == ("customers.email=mask", "--personal-data")
    assert known["marts"][1] == "asked" and known["growth"] == ("5%/month", "default")


def test_m4_tables_that_a_flag_names_are_not_asked(here: Path) -> None:
    done = hold(
        [("mart", ENTER), ("freshness", ENTER), ("destination", ENTER), ("review", "write")],
        here, name="trade", flags={"source": ["./exports/*.csv"], "table": ["orders"]},
    )  # fmt: skip
    generated = done.made.generated
    assert generated is not None and list(generated.spec.sources["exports"].tables) == ["orders"]


def test_m4_what_the_probe_answered_is_not_asked(here: Path) -> None:
    done = hold(TO_WRITE, here)
    assert not any(name.startswith(("volume", "open")) for name in done.prompter.names)
    known = {one.about: one for one in done.reviews[0].answers}
    assert known["volume of shop"].origin == "measured" and "rows/day" in known["volume of shop"].value


def test_m5_defaults_follow_from_the_probe_with_the_evidence_beside(here: Path) -> None:
    prompter = hold(TO_WRITE, here).prompter
    tables = prompter.last("table.shop")
    assert tables.default == tuple(choice.value for choice in tables.choices)
    assert tables.choices[0].note.startswith("400 rows, key customer_id, updated_at grows")
    assert any("order_items: about 118 rows a day" in line for line in prompter.last("freshness").evidence)
    assert any("customers.email" in line for line in prompter.last("personal_data").evidence)


def test_m5_lateness_is_what_was_measured(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    late = {"event": "at", "arrival": "came", "p50": 60, "p99": 4000, "p999": 5000, "sampled": 9000}
    measured_as(monkeypatch, {"orders": table(5000, per_day=10, lateness=late)})
    script: Script = [
        ("name", ENTER), ("source", "./shop.db"), ("source.2", ""), ("mart", ENTER), ("freshness", ENTER),
        ("destination", ENTER), ("review", "more"), ("more", ("lateness",)), ("lateness", ENTER), ("review", "write"),
    ]  # fmt: skip
    done = hold(script, here)
    ask = done.prompter.last("lateness")
    assert ask.default == "2h" and "99.9 % of 9,000 rows came within 83.3 min" in ask.evidence[0]
    assert done.flags()["lateness"] == "2h"


def test_m5_the_largest_of_many_tables_are_chosen(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured_as(monkeypatch, {f"t{n:02}": table(n * 100) for n in range(1, 31)})
    script: Script = [
        ("name", ENTER), ("source", "./shop.db"), ("source.2", ""), ("table.shop", ENTER), ("mart", ENTER), ("freshness", ENTER),
        ("destination", ENTER), ("review", "write"),
    ]  # fmt: skip
    done = hold(script, here)
    assert done.prompter.last("table.shop").default == tuple(f"t{n:02}" for n in range(11, 31))
    assert done.flags()["table"] == [f"shop.t{n:02}" for n in range(11, 31)]


def test_all_of_many_tables_are_said_by_a_star(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    every = {f"t{n:02}": table(n * 100) for n in range(1, 31)}
    measured_as(monkeypatch, every)
    script: Script = [
        ("name", ENTER), ("source", "./shop.db"), ("source.2", ""), ("table.shop", tuple(every)), ("mart", ENTER),
        ("freshness", ENTER), ("destination", ENTER), ("review", "write"),
    ]  # fmt: skip
    assert hold(script, here).flags()["table"] == ["*"]


def test_a_table_that_cannot_be_read_is_shown_with_the_reason(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    why = "no permission to read it: grant select on salaries to reader"
    measured_as(monkeypatch, {"orders": table(50)}, left_out={"salaries": why})
    script: Script = [
        ("name", ENTER), ("source", "./shop.db"), ("source.2", ""), ("table.shop", Wrong(("salaries",), "no permission")),
        ("table.shop", ENTER), ("mart", ENTER), ("freshness", ENTER), ("destination", ENTER), ("review", "write"),
    ]  # fmt: skip
    done = hold(script, here)
    assert {c.value: c.off for c in done.prompter.last("table.shop").choices} == {"orders": "", "salaries": why}
    assert done.made.generated is not None
    assert f"shop.salaries is left out: {why}" in done.made.generated.plan.notes


def test_m11_a_folder_that_is_taken_is_found_at_the_first_question(here: Path) -> None:
    (here / "shop").mkdir()
    (here / "shop" / "mine.txt").write_text("mine")
    done = hold([("name", Wrong("shop", "is not empty")), *TO_WRITE], here)
    assert done.prompter.asks[0].default == "shop_pipeline"


@pytest.mark.parametrize("given", [{"name": "shop"}, {"directory": Path("shop")}])
def test_m11_a_folder_that_is_taken_is_refused_before_anything_is_asked(here: Path, given: dict[str, Any]) -> None:
    (here / "shop").mkdir()
    (here / "shop" / "mine.txt").write_text("mine")
    with pytest.raises(WorkspaceError, match="is not empty"):
        hold([], here, **given)


def test_what_was_given_and_cannot_be_is_refused_before_anything_is_asked(here: Path) -> None:
    with pytest.raises(SpecError) as error:
        hold([], here, flags={"freshness": "soon"}, environment={"slo": "200%"})
    assert {problem.where for problem in error.value.problems()} == {"--freshness", "PIPEGEN_SLO"}
    with pytest.raises(SpecError, match="cannot be the name"):
        hold([], here, name="2shop")


def test_what_no_answer_could_mend_is_refused_before_anything_is_asked(here: Path) -> None:
    for given, where in (
        ({"sets": [("defaults.freshness", "soon")]}, "--set defaults.freshness"),
        ({"flags": {"mart": ["garbage"]}}, "--mart"),
        ({"answers": yaml_file.parse(b"slo: {freshness: 200%}\n", "a.yml")}, "a.yml:1"),
    ):
        with pytest.raises(SpecError) as error:
            hold([], here, **given)
        assert error.value.problems()[0].where == where


def test_what_is_said_of_a_source_that_is_still_to_be_named_waits_for_it(here: Path) -> None:
    script: Script = [
        ("source", "./shop.db"),
        ("source.2", ENTER),
        *enter(("mart", "freshness", "destination")),
        ("review", "write"),
    ]
    done = hold(script, here, name="trade", sets=[("sources.shop.volume", "5 rows/day")])
    assert done.made.generated is not None and done.made.generated.spec.sources["shop"].volume == "5 rows/day"


def test_m4_a_source_that_is_assigned_is_not_asked_for(here: Path) -> None:
    for sets in ([("sources.shop.kind", "sample")], [("sources.shop", {"kind": "sample"})]):
        done = hold([*enter(("name", *FIRST[2:])), ("review", "write")], here, sets=sets)
        assert done.made.generated is not None and set(done.made.generated.spec.sources) == {"shop"}
    assert not is_needed(Given(name="trade", sets=[("sources.shop.kind", "sample")]))
    assert is_needed(Given(name="trade", sets=[("sources.shop.volume", "5 rows/day")]))


def test_m3_a_treatment_that_cannot_be_built_is_refused_where_it_is_chosen(here: Path) -> None:
    (here / "people.csv").write_text("email,born\n" + "".join(f"p{i}@example.com,{i}\n" for i in range(30)))
    script: Script = [
        ("name", ENTER), ("source", "./people.csv"), ("source.2", ENTER), *enter(("mart", "freshness")), ("personal_data", "drop"),
        ("personal_data", "tokenise"), ("destination", ENTER), ("review", "write"),
    ]  # fmt: skip
    done = hold(script, here)
    assert any("column `email` is of the key" in line for line in done.prompter.said)


def test_folders_that_are_hidden_offer_no_source(here: Path) -> None:
    (here / ".cache").mkdir()
    (here / ".cache" / "old.db").write_text("")
    done = hold([("name", ENTER), ("source", LEAVE)], here)
    assert not any("cache" in text for text in done.prompter.last("source").suggestions)


def test_a_source_that_was_given_and_cannot_be_read_is_an_error(here: Path) -> None:
    with pytest.raises(SourceError):
        hold([], here, name="trade", flags={"source": ["./none/*.csv"]})


def test_s12_a_line_says_what_an_answer_changed_and_why(here: Path) -> None:
    script = [(name, "10m" if name == "freshness" else reply) for name, reply in TO_WRITE]
    said = hold(script, here).prompter.said
    assert said[0].startswith("so far: shop in batch, 5 tables read whole")
    assert any(line.startswith("mode of shop: batch -> frequent-batch; ") and "10m" in line for line in said)
    assert any(line.startswith("transform: elt -> etl; ") for line in said)


def test_several_sources_in_one_pipeline(here: Path) -> None:
    script: Script = [
        ("name", "trade"), ("source", "./exports/*.csv"),
        ("source.2", Wrong("exports=./shop.db", "another source is called `exports` already")), ("source.2", "sqlite:///shop.db"),
        ("source.3", Wrong("Shop=sample:", "would both be called")), ("source.3", ENTER), ("table.exports", ("orders",)),
        ("mart", ENTER), ("freshness", ENTER), ("destination", ENTER), ("review", "write"),
    ]  # fmt: skip
    done = hold(script, here)
    assert done.flags()["source"] == ["./exports/*.csv", "sqlite:///shop.db"]
    assert done.flags()["table"] == ["exports.orders"]
    generated = done.made.generated
    assert generated is not None and set(generated.spec.sources) == {"exports", "shop"}


def test_personal_data_is_said_of_each_column(here: Path) -> None:
    at = "personal_data.shop.customers."
    each: Script = [
        ("personal_data", "each"), (f"{at}email", "mask"), (f"{at}full_name", "keep"), (f"{at}phone", "drop"),
    ]  # fmt: skip
    script = [step for one in TO_WRITE for step in (each if one[0] == "personal_data" else [one])]
    assert hold(script, here).flags()["personal_data"] == [
        "shop.customers.email=mask", "shop.customers.full_name=keep", "shop.customers.phone=drop",
    ]  # fmt: skip


def test_marts_that_are_not_wanted_are_left_out_and_the_others_stay_whole(here: Path) -> None:
    script = [(name, ("fct_orders", "dim_customers") if name == "mart" else reply) for name, reply in TO_WRITE]
    whole, part = (hold(one, here).made.generated for one in (TO_WRITE, script))
    assert whole is not None and part is not None
    assert whole.spec.marts is not None and part.spec.marts is not None
    assert set(part.spec.marts) == {"fct_orders", "dim_customers"}
    assert all(part.spec.marts[name] == whole.spec.marts[name] for name in part.spec.marts)


def test_no_mart_is_an_answer(here: Path) -> None:
    script: Script = [(name, () if name == "mart" else reply) for name, reply in TO_WRITE]
    generated = hold(script, here).made.generated
    assert generated is not None and generated.spec.marts == {}


def test_rules_are_asked_one_after_another(here: Path) -> None:
    script: Script = [
        *enter(FIRST), ("review", "more"), ("more", ("rule",)), ("rule", Wrong("total > 0", "is not `TABLE: EXPRESSION`")),
        ("rule", Wrong("order: total > 0", "did you mean `orders`?")), ("rule", Wrong("orders: total >", "not a SQL expression")),
        ("rule", Wrong("orders: totl_amount >= 0", "did you mean `total_amount`?")),
        ("rule", "orders: total_amount >= 0"), ("rule.2", "orders: total_amount < 1e6"), ("rule.3", ENTER), ("review", "write"),
    ]  # fmt: skip
    generated = hold(script, here).made.generated
    assert generated is not None
    rules = generated.spec.sources["shop"].tables["orders"].rules
    assert [rule.expect for rule in rules] == ["total_amount >= 0", "total_amount < 1e6"]


@pytest.mark.parametrize("question", [q for q in questions.QUESTIONS if q.asked == "more"], ids=lambda q: q.name)
def test_every_other_question_can_be_asked_for(here: Path, question: questions.Question) -> None:
    name = f"{question.name}.shop" if question.name == "peak" else question.name
    script: Script = [
        *enter(FIRST),
        ("review", "more"),
        ("more", (question.name,)),
        (name, ENTER),
        ("review", "write"),
    ]
    asked = hold(script, here).prompter.last(name)
    assert asked.example == question.example and asked.help == question.help


def test_an_interview_is_needed_where_something_without_a_default_was_not_given() -> None:
    assert is_needed(Given()) and is_needed(Given(name="shop")) and is_needed(Given(flags={"source": ["sample:"]}))
    assert not is_needed(Given(name="shop", flags={"source": ["sample:"]}))
    assert not is_needed(Given(sets=[("name", "shop")], environment={"source": ["sample:"]}))


def test_m13_nobody_is_asked_where_nobody_sits_or_it_was_said() -> None:
    def asked(environ: Mapping[str, str], **other: bool) -> bool:
        return may_ask(**{"stdin": True, "stdout": True, "stderr": True, **other}, environ=environ)

    assert asked({})
    assert not any(asked({}, **{name: False}) for name in ("stdin", "stdout", "stderr"))
    assert not any(asked({}, **{name: True}) for name in ("no_input", "yes", "json"))
    assert not asked({"CI": "true"}) and asked({"CI": "0"})
