"""M8, M9: an interview that is left keeps its answers and writes nothing else; resumed, it goes on and checks them again."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path
from typing import Any

import pytest

from pipegen.core.errors import SpecError, UsageError, WorkspaceError
from tests.app.interview.interviews import ENTER, FIRST, TO_WRITE, hold, left_at
from tests.prompting import LEAVE, Script, enter
from tests.small import tree

ANSWERS: Script = [
    ("name", "trade"), ("source", "shop=sample:"), ("table.shop", ("customers", "orders")), ("mart", ("fct_orders",)),
    ("freshness", "2h"), ("personal_data", "mask"), ("destination", "postgres"), ("review", "write"),
]  # fmt: skip
NAMES = [name for name, _ in ANSWERS]


@pytest.mark.parametrize("name", NAMES)
def test_m8_m9_left_at_each_question_it_goes_on_there(here: Path, name: str) -> None:
    before = tree(here)
    left = hold(left_at(name, ANSWERS), here)
    kept = {path for path in tree(here) if path not in before}
    known = "trade" if name != "name" else None
    assert left.result is None and kept == {f"drafts/{known or '_unnamed'}.yml"}
    assert left.resume == ("pipegen new trade --resume" if known else "pipegen new --resume")
    done = hold(ANSWERS[NAMES.index(name) :], here, resume=True, **({"name": known} if known else {}))
    assert done.equivalent == hold(ANSWERS, here).equivalent


def test_m8_a_draft_is_for_its_owner_alone_and_has_its_place_in_the_state_folder(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipegen.store import drafts

    hold(left_at("mart", ANSWERS), here)
    file = here / "drafts" / "trade.yml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    monkeypatch.setenv("XDG_STATE_HOME", str(here / "state"))
    assert drafts.folder() == here / "state" / "pipegen" / "drafts"


def test_m8_ctrl_c_while_a_source_is_looked_at_keeps_the_draft(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipegen.probe import registry

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(registry, "probe", interrupted)
    left = hold([("name", "trade"), ("source", "./shop.db")], here)
    assert left.resume == "pipegen new trade --resume"


def test_m8_leaving_by_choice_keeps_the_answers(here: Path) -> None:
    done = hold([*ANSWERS[:-1], ("review", "quit")], here)
    assert (done.made.decision, done.made.generated, done.made.resume) == ("quit", None, "pipegen new trade --resume")
    assert hold([("review", "write")], here, resume=True).made.decision == "write"


def test_m8_a_draft_that_cannot_be_kept_is_told(here: Path) -> None:
    (here / "drafts").write_text("in the way")
    left = hold([("name", "trade"), ("source", LEAVE)], here)
    assert any("the draft cannot be kept in" in line for line in left.prompter.said)


def test_m9_an_answer_that_does_not_hold_any_more_is_asked_anew(here: Path) -> None:
    script: Script = [
        ("name", "trade"), ("source", "./exports/*.csv"), ("source.2", ENTER), ("table.exports", ("customers", "orders")),
        ("mart", ("fct_orders",)), ("freshness", "2h"), ("personal_data", LEAVE),
    ]  # fmt: skip
    hold(script, here)
    (here / "exports" / "orders.csv").rename(here / "exports" / "sales.csv")
    (here / "trade").mkdir()
    (here / "trade" / "mine.txt").write_text("mine")
    resumed: Script = [
        ("name", "commerce"), ("table.exports", ("customers", "sales")), ("mart", ENTER), ("personal_data", ENTER),
        ("destination", ENTER), ("review", "write"),
    ]  # fmt: skip
    done = hold(resumed, here, resume=True)
    assert done.prompter.last("table.exports").default == ("customers",)
    assert sum("does not hold any more" in line for line in done.prompter.said) >= 2
    assert done.flags()["freshness"] == "2h"


def test_m9_a_source_that_is_gone_is_asked_anew(here: Path) -> None:
    hold([("name", "trade"), ("source", "./shop.db"), ("source.2", LEAVE)], here)
    (here / "shop.db").unlink()
    done = hold([("source", "sample:"), *enter(FIRST[2:]), ("review", "write")], here, resume=True)
    assert done.flags()["source"] == ["sample:"]


def test_m9_flags_of_the_first_time_hold_unless_they_are_given_anew(here: Path) -> None:
    hold(
        [("name", LEAVE)], here,
        flags={"freshness": "2h", "owner": "crew", "source": ["sample:"]}, sets=[("slo.window", "7d")], directory=Path("there"),
    )  # fmt: skip
    script = [*enter(("name", "table.shop", "mart", "personal_data", "destination")), ("review", "write")]
    done = hold(script, here, resume=True, flags={"owner": "team"})
    assert (done.flags()["freshness"], done.flags()["owner"]) == ("2h", "team")
    assert done.made.generated is not None
    assert done.made.generated.target == here / "there" and done.made.generated.spec.slo.window == "7d"


def test_m9_answers_of_a_file_are_read_again(here: Path) -> None:
    from pipegen.store import yaml_file

    (here / "a.yml").write_text("owner: crew\n")
    first = yaml_file.read(here / "a.yml", "a.yml")
    hold([("name", "trade"), ("source", LEAVE)], here, answers=first, answers_file="a.yml")
    done = hold(TO_WRITE[1:], here, resume=True)
    assert done.made.generated is not None and done.made.generated.spec.owner == "crew"


def test_m9_what_was_asked_for_more_is_asked_still(here: Path) -> None:
    left: Script = [
        *ANSWERS[:-1],
        ("review", "more"),
        ("more", ("owner", "slo")),
        ("slo", "95%"),
        ("owner", LEAVE),
    ]
    hold(left, here)
    done = hold([("owner", "crew"), ("review", "write")], here, resume=True)
    assert (done.flags()["owner"], done.flags()["slo"]) == ("crew", "95%")


def test_m9_without_a_name_the_newest_goes_on(here: Path) -> None:
    for number, name in enumerate(("first", "second")):
        hold([("name", name), ("source", LEAVE)], here)
        os.utime(here / "drafts" / f"{name}.yml", ns=(number, number))
    assert hold([("source", LEAVE)], here, resume=True).resume == "pipegen new second --resume"
    assert hold([("source", LEAVE)], here, resume=True, name="first").resume == "pipegen new first --resume"


def test_m9_a_draft_goes_by_the_name_that_the_pipeline_has_now(here: Path) -> None:
    hold([("name", LEAVE)], here)
    hold(
        [*ANSWERS[:-1], ("review", "change"), ("change", "name"), ("name", "commerce"), ("review", LEAVE)],
        here,
        resume=True,
    )
    assert [path.name for path in (here / "drafts").iterdir()] == ["commerce.yml"]


def test_m9_there_must_be_a_draft(here: Path) -> None:
    with pytest.raises(UsageError, match="no draft is kept"):
        hold([], here, resume=True)
    hold([("name", "trade"), ("source", LEAVE)], here)
    with pytest.raises(UsageError, match="no draft of `trede` is kept") as error:
        hold([], here, resume=True, name="trede")
    assert error.value.hint == "did you mean `trade`?"


def test_m9_a_draft_is_of_the_folder_it_was_begun_in(here: Path) -> None:
    hold([("name", "trade"), ("source", LEAVE)], here)
    (here / "below").mkdir()
    with pytest.raises(UsageError, match="this interview was begun in"):
        hold([], here, resume=True, cwd=here / "below")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: 2\n", "is of another version of pipegen"),
        ("version: 1\ngiven: 7\n", "`given` cannot be taken"),
        ("version: 1\nmore: 7\n", "`more` cannot be taken"),
        ("version: 1\nmore: [[a]]\n", "`more.0` cannot be taken"),
        ("version: 1\ngiven: {directory: 7}\n", "`given.directory` cannot be taken"),
        ("version: 1\ngiven: {flags: {freshness: 7}}\n", "`given.flags.freshness` cannot be taken"),
        ("version: 1\nanswers: [{step: name, answer: {a: b}}]\n", "`answers.0.answer` cannot be taken"),
        ("a: [\n", "this is no YAML"),
    ],
)
def test_m9_a_draft_of_another_shape_is_refused(here: Path, text: str, said: str) -> None:
    draft(here, text)
    with pytest.raises((UsageError, SpecError)) as error:
        hold([], here, resume=True)
    assert said in error.value.problems()[0].message


def test_m9_what_a_draft_names_and_nobody_knows_is_left_out(here: Path) -> None:
    draft(
        here,
        "version: 1\nmore: [zzz]\nanswers: [{step: zzz, answer: a}]\ngiven: {flags: {alert_email: a@b.example, zzz: a}}\n",
    )
    done = hold(TO_WRITE, here, resume=True)
    assert done.flags()["alert_email"] == ["a@b.example"] and "zzz" not in done.flags()


@pytest.mark.parametrize("name", ["../evil", "x" * 400, "a/b"])
def test_m9_no_name_leads_out_of_the_folder_of_drafts(here: Path, name: str) -> None:
    draft(here, "version: 1\n")
    with pytest.raises(SpecError, match="the name of a pipeline"):
        hold([], here, resume=True, name=name)
    draft(here, f"version: 1\nanswers: [{{step: name, answer: {name}}}]\n")
    left = hold([("name", LEAVE)], here, resume=True)
    assert left.resume == "pipegen new --resume"
    assert [path.name for path in here.rglob("*.yml")] == ["_unnamed.yml"]


def test_m9_an_answer_that_was_given_otherwise_before_stays_changed(here: Path) -> None:
    """By a flag, or by a variable that is set still; a flag that is given now comes before it."""
    ways: list[dict[str, Any]] = [{"flags": {"owner": "crew"}}, {"environment": {"owner": "crew"}}]
    for given in ways:
        change: Script = [
            *enter(FIRST),
            ("review", "change"),
            ("change", "owner"),
            ("owner", "team"),
            ("review", LEAVE),
        ]
        hold(change, here, **given)
        environment = given.get("environment", {})
        assert hold([("review", "write")], here, resume=True, environment=environment).flags()["owner"] == "team"
        again = hold([("review", "write")], here, resume=True, environment=environment, flags={"owner": "third"})
        assert again.flags()["owner"] == "third"
        (here / "drafts" / "shop.yml").unlink()


def test_m9_ctrl_c_while_a_kept_answer_is_checked_loses_nothing(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipegen.probe import registry

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    hold([("name", "trade"), ("source", "./shop.db"), ("source.2", LEAVE)], here)
    kept = (here / "drafts" / "trade.yml").read_text()
    monkeypatch.setattr(registry, "probe", interrupted)
    assert hold([], here, resume=True).resume == "pipegen new trade --resume"
    assert (here / "drafts" / "trade.yml").read_text() == kept


def test_m9_a_name_that_is_taken_meanwhile_goes_on_elsewhere(here: Path) -> None:
    hold([("source", LEAVE)], here, name="trade")
    draft = (here / "drafts" / "trade.yml").read_text()
    hold([("source", "sample:"), ("table.shop", LEAVE)], here, resume=True, name="trade")
    assert draft != (here / "drafts" / "trade.yml").read_text()
    (here / "trade").mkdir()
    (here / "trade" / "mine.txt").write_text("mine")
    with pytest.raises(WorkspaceError) as error:
        hold([], here, resume=True, name="trade")
    assert "`--dir PATH`" in (error.value.hint or "")
    done = hold(TO_WRITE[2:], here, resume=True, name="trade", directory=Path("there"))
    assert done.made.generated is not None and done.made.generated.target == here / "there"


def test_m8_a_draft_of_the_same_name_is_told_and_stays_until_there_is_more_to_keep(here: Path) -> None:
    hold(left_at("freshness", ANSWERS), here)
    kept = (here / "drafts" / "trade.yml").read_text()
    given = hold([("source", LEAVE)], here, name="trade")
    assert any("a draft of `trade` is kept" in line for line in given.prompter.said)
    asked = hold([("name", "trade"), ("source", LEAVE)], here)
    assert any("a draft of `trade` is kept" in line for line in asked.prompter.said)
    assert (here / "drafts" / "trade.yml").read_text() == kept
    hold([("name", "trade"), ("source", "sample:"), ("table.shop", LEAVE)], here)
    assert (here / "drafts" / "trade.yml").read_text() != kept


def test_m9_without_a_name_the_newest_of_this_folder_goes_on(here: Path) -> None:
    (here / "below").mkdir()
    for number, (name, folder) in enumerate((("first", here), ("second", here / "below"))):
        hold([("name", name), ("source", LEAVE)], here, cwd=folder)
        os.utime(here / "drafts" / f"{name}.yml", ns=(number, number))
    draft(here, "a: [\n", "third")
    assert hold([("source", LEAVE)], here, resume=True).resume == "pipegen new first --resume"


def test_m8_the_command_that_goes_on_can_be_pasted(here: Path) -> None:
    (here / "my folder").mkdir()
    left = hold([("name", "trade"), ("source", LEAVE)], here, cwd=here / "my folder")
    assert shlex.split(left.resume)[-2:] == ["-C", str(here / "my folder")]


def draft(here: Path, text: str, name: str = "trade") -> None:
    """A draft as somebody's editor left it."""
    (here / "drafts").mkdir(exist_ok=True)
    for old in (here / "drafts").glob("_*"):
        old.unlink()
    (here / "drafts" / f"{name}.yml").write_text(text)
