"""Don't know: decided at both ends; the very question is asked where they differ, and nothing where they do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.interview.interviews import ENTER, hold, measured_as, table
from tests.prompting import Reply, Script, Wrong

START: Script = [("name", ENTER), ("source", "./shop.db"), ("source.2", ENTER)]
END: Script = [("destination", ENTER), ("review", "write")]


def test_what_the_design_does_not_depend_on_is_not_asked_and_it_is_said(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured_as(monkeypatch, {"orders": table(1000)})
    done = hold([*START, ("mart", ENTER), ("freshness", ENTER), *END], here)
    assert (
        "how much of shop.orders changes in a day could not be measured; very little and very much give the same design, so it is not asked"
        in done.prompter.said
    )


@pytest.mark.parametrize(
    ("reply", "said"), [("3.2M rows", {"sources.shop.tables.orders.size": "3.2M rows"}), (ENTER, {})]
)
def test_the_very_question_is_asked_where_the_two_ends_differ(
    here: Path, monkeypatch: pytest.MonkeyPatch, reply: Reply, said: dict[str, str]
) -> None:
    measured_as(monkeypatch, {"orders": table(None), "small": table(10)})
    at = "open.sources.shop.tables.orders.size"
    script: Script = [
        *START, ("table.shop", ENTER), ("mart", ENTER), ("freshness", ENTER), (at, Wrong("many", "is not a size")), (at, reply), *END,
    ]  # fmt: skip
    done = hold(script, here)
    ask = done.prompter.last(at)
    assert ask.title == "How many rows has shop.orders?" and ask.default == "don't know"
    assert ask.evidence[0] == "it decides shop.orders.extract: full or watermark-keys"
    assert dict(done.made.given.sets) == said
    generated = done.made.generated
    assert generated is not None and set(generated.spec.sources["shop"].tables) == {"orders", "small"}
    assert [q.id for q in generated.plan.open_questions] == ([] if said else ["sources.shop.tables.orders.size"])


def test_a_volume_is_asked_where_the_extract_depends_on_it(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured_as(monkeypatch, {"events": table(10**7), "orders": table(10**7)})
    at = "open.sources.shop.tables.events.volume"
    script: Script = [
        *START, ("table.shop", ENTER), ("mart", ENTER), ("freshness", "15m"), (at, "1k rows/day"), *END,
    ]  # fmt: skip
    done = hold(script, here)
    assert dict(done.made.given.sets) == {"sources.shop.tables.events.volume": "1k rows/day"}


def test_of_many_tables_only_some_are_asked_of(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured_as(monkeypatch, {f"t{n}": table(None) for n in range(1, 6)})
    asked: Script = [(f"open.sources.shop.tables.t{n}.size", ENTER) for n in (1, 2, 3)]
    done = hold([*START, ("table.shop", ENTER), ("mart", ENTER), ("freshness", ENTER), *asked, *END], here)
    assert "2 more like these stay open; the pages of the repository list them" in done.prompter.said


def test_dont_know_of_what_has_a_default_leaves_it_unsaid(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured_as(monkeypatch, {"orders": table(1000)})
    script: Script = [
        *START, ("mart", ENTER), ("freshness", ENTER), ("destination", ENTER), ("review", "more"),
        ("more", ("growth", "outage", "peak")), ("peak.shop", Wrong("0.5x", "is not a factor")), ("peak.shop", "don't know"),
        ("growth", "Don't know"), ("outage", "don't know"), ("review", "write"),
    ]  # fmt: skip
    done = hold(script, here)
    assert not {"growth", "outage"}.intersection(done.flags()) and not done.made.given.sets


@pytest.mark.parametrize(
    ("reply", "then", "said"),
    [
        ("30k rows/day", [], {"sources.shop.volume": "30k rows/day"}),
        (ENTER, [("open.sources.shop.tables.t0.volume", "10k rows/day"), ("open.sources.shop.tables.t1.volume", ENTER)],
         {"sources.shop.tables.t0.volume": "10k rows/day"}),
    ],
)  # fmt: skip
def test_a_source_is_asked_of_as_a_whole_and_who_does_not_know_that_of_the_very_tables(
    here: Path, monkeypatch: pytest.MonkeyPatch, reply: Reply, then: Script, said: dict[str, str]
) -> None:
    measured_as(monkeypatch, {f"t{n}": table(30_000_000) for n in range(3)})
    script: Script = [
        *START, ("table.shop", ENTER), ("mart", ENTER), ("freshness", "1h"), ("volume.shop", Wrong("much", "is not a volume")),
        ("volume.shop", reply), *then, *END,
    ]  # fmt: skip
    done = hold(script, here)
    assert dict(done.made.given.sets) == said
    assert "not measured: t0, t1" in done.prompter.last("volume.shop").evidence
