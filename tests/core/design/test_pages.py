"""What the pages say of a design: derived, in words, what is the same told once."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from pipegen.core.design.decision import Alternative, Decision, Flip, PriceTier, Record
from pipegen.core.design.pages import pages
from pipegen.core.design.record_pages import ALL, NAMES_TOLD, alike, plan_command, record_page
from tests.render.designs import decided, design, extract, source, table


def record(*decisions: Decision, more: int = 0) -> Record:
    return Record("0005-extract", 5, "How tables are read", "What does a run read?", decisions, more)


def test_decisions_with_one_choice_stand_together_with_what_they_have_in_common() -> None:
    a = extract("shop.a", because=("1 row", "deletes: soft"))
    b = extract("shop.b", because=("2 rows", "deletes: soft"))
    c = extract("shop.c", "cdc")
    full, cdc = alike((a, c, b), (record(a),))
    assert (full.choice, full.about, full.because, full.record) == (
        "full",
        ("shop.a", "shop.b"),
        ("deletes: soft",),
        "0005-extract",
    )
    assert (cdc.choice, cdc.about) == ("cdc", ("shop.c",))


def test_the_record_of_a_question_of_two_words_is_found() -> None:
    parts = Decision("events.topic_partitions", "12", (), "topic_partitions", "(H)")
    [one] = alike((parts,), (Record("0012-topic-partitions", 12, "Topic partitions", "How many?", (parts,)),))
    assert (one.question, one.record) == ("topic partitions", "0012-topic-partitions")


def test_a_decision_without_a_record_points_at_none() -> None:
    [one] = alike((extract("shop.a"),), ())
    assert one.record == ""


def test_of_many_names_some_are_told_and_the_others_counted() -> None:
    [one] = alike([extract(f"shop.t{i}") for i in range(NAMES_TOLD + 3)], ())
    assert (len(one.about), one.more) == (NAMES_TOLD, 3)


def test_a_schedule_is_said_in_words() -> None:
    [one] = alike((Decision("shop.schedule", "*/20 * * * *", (), "schedule", "arithmetic"),), ())
    assert (one.choice, one.said) == ("*/20 * * * *", "every 20 min")


def test_what_speaks_against_an_alternative_is_told_once() -> None:
    a, b = extract("shop.a"), extract("shop.b")
    c = extract("shop.c", alternatives=(Alternative("cdc", "there is no log"),))
    both, only = record_page(record(a, b, c)).against
    assert (both.choice, both.about) == ("cdc", ("shop.a", "shop.b"))
    assert (only.against, only.about) == ("there is no log", ("shop.c",))


def test_what_holds_for_all_names_nobody() -> None:
    [one] = record_page(record(extract("shop.a"), extract("shop.b"))).against
    assert one.about == (ALL,)
    [alone] = record_page(record(extract("shop.a"))).against
    assert alone.about == ("shop.a",)


def test_flips_carry_the_command_that_tries_them() -> None:
    first, second = record_page(record(extract("shop.a"))).looks
    assert shlex.split(first.command) == ["pipegen", "plan", "--set", "defaults.freshness=4m59s"]
    assert second.command == ""
    assert first.text == "flips to `cdc` below a freshness of 5m"


def test_a_decision_with_no_flip_tells_its_flip_in_words() -> None:
    [look] = record_page(record(extract("shop.a", flips=(), flips_when="a key is named"))).looks
    assert (look.text, look.command) == ("a key is named", "")


@pytest.mark.parametrize("value", ["72 M rows", "it's", "$(rm -rf ~)", "`id`", "a\nb", ""])
def test_a_command_survives_a_shell(value: str) -> None:
    command = plan_command((("sources.a b.tables.x.size", value),))
    assert shlex.split(command) == ["pipegen", "plan", "--set", f"sources.a b.tables.x.size={value}"]


def test_a_threshold_with_no_source_is_a_heuristic() -> None:
    page = record_page(record(extract("shop.a"), extract("shop.b", source="Airflow's documentation")))
    assert [(basis.source, basis.about) for basis in page.bases] == [
        ("", ("shop.a",)),
        ("Airflow's documentation", ("shop.b",)),
    ]
    assert page.heuristic
    assert not record_page(record(extract("shop.b", source="Airflow's documentation"))).heuristic


def test_an_override_keeps_its_reason() -> None:
    page = record_page(record(extract("shop.a"), extract("shop.b", overridden=True, reason="we tried", flips=())))
    assert page.overridden == 1
    assert [one.decision.reason for one in page.chosen] == [None, "we tried"]


def test_a_decision_about_the_whole_is_named_so() -> None:
    engine = Decision("destination.engine", "duckdb", (), "engine", "(H)")
    [one] = record_page(Record("0011-engine", 11, "Engine", "What computes?", (engine,))).chosen
    assert one.about == "the whole pipeline"
    mode = Decision("pipeline.mode", "batch", (), "mode", "(H)")
    [other] = record_page(Record("0001-mode", 1, "Mode", "How?", (mode,))).chosen
    assert other.about == "pipeline"  # a source of that name


def test_a_source_in_the_picture() -> None:
    tables = (table("orders", "shop"), table("events", "shop", load="append"), table("items", "shop"))
    made = replace(decided(), sources=(source("shop", tables, kind="postgres"), source("sample", is_sample=True)))
    shop, sample = pages(made).flows
    assert (shop.kind, shop.patterns, shop.every) == ("PostgreSQL", ("2 full", "1 append"), "every 30 min")
    assert sample.kind == "sample data"


def test_the_time_to_spare_comes_from_the_sizing() -> None:
    [flow] = pages(decided()).flows
    assert flow.slack is not None
    assert flow.slack.text == "12 min"
    assert pages(design()).flows[0].slack is None


def test_the_whole_pipeline_is_sized_first() -> None:
    assert [sizing.source for sizing in pages(decided()).sizing] == ["", "shop_files"]


@pytest.mark.parametrize(
    ("works", "built", "current", "verdict"),
    [
        (True, True, False, "can be had"),
        (True, True, True, "as asked for"),
        (False, False, False, "a demand is missed, not built yet"),
        (False, True, True, "as asked for, a demand is missed"),
    ],
)
def test_a_tier_says_in_words_whether_it_can_be_had(works: bool, built: bool, current: bool, verdict: str) -> None:
    tier = PriceTier("5m", "batches", 22_121, 22.4, 0.0013, "442.53 EUR a month", "nobody", works, built, current)
    [told] = pages(replace(decided(), prices=(tier,))).tiers
    assert told.verdict == verdict
    assert (told.compute, told.scanned, told.stored, told.money) == ("22.1 k min", "22.4 GB", "1.3 MB", "442.53 EUR")


def test_the_audit_is_in_the_day_where_rows_are_read_from_a_mark_on() -> None:
    assert [line.split()[0] for line in pages(decided()).day] == ["UTC", "shop_shop_files"]
    marked = (source("shop", (table("orders", "shop", load="watermark", format=None),)),)
    assert [line.split()[0] for line in pages(design(marked)).day] == ["UTC", "shop_shop", "shop_audit"]


def test_flips_that_read_the_same_are_told_once_with_the_command_of_the_first() -> None:
    def flip(name: str) -> tuple[Flip, ...]:
        return (
            Flip(
                "scd2",
                "history",
                "flips to scd2 with `history: scd2`",
                ((f"sources.shop.tables.{name}.history", "scd2"),),
            ),
        )

    [look] = record_page(record(extract("shop.a", flips=flip("a")), extract("shop.b", flips=flip("b")))).looks
    assert look.about == (ALL,)
    assert look.command == "pipegen plan --set sources.shop.tables.a.history=scd2"
