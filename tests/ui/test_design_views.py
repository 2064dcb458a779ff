"""Views of decisions, sizing, prices and demands, of values made by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from math import inf
from types import SimpleNamespace

import pytest

from pipegen.core.design.decision import Decision, Flip, Sizing
from pipegen.ui import decisions, demands, sizing
from pipegen.ui.terminal import Terminal
from tests.core.design import explained as e

TODAY = date(2027, 2, 1)


@pytest.fixture(autouse=True)
def eighty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def printed(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def folded(capsys: pytest.CaptureFixture[str], *made: Decision, held: dict[str, Decision] | None = None) -> str:
    decisions.folded(made, ["shop", "crm"], held or {}, Terminal().data)
    return printed(capsys)


def test_decisions_stand_below_their_source_and_the_rest_behind(capsys: pytest.CaptureFixture[str]) -> None:
    out = folded(
        capsys,
        e.decision("crm.mode", "batch"),
        e.decision("pipeline.transform", "elt"),
        e.decision("shop.mode", "batch"),
    )
    heads = [line for line in out.splitlines() if line and not line.startswith(" ")]
    assert heads == ["shop", "crm", "whole pipeline"]
    assert "  mode        batch  freshness 1h\n" in out


def test_many_tables_with_one_choice_are_folded(capsys: pytest.CaptureFixture[str]) -> None:
    made = [e.decision(f"shop.t{i}.extract", "full" if i else "append") for i in range(20)]
    out = folded(capsys, *made)
    assert "  extract     t0: append  freshness 1h\n" in out
    assert "  extract     t1, t2 and 17 more: full  freshness 1h\n" in out


def test_a_table_whose_name_has_dots_is_named_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert "a.b: full" in folded(capsys, e.decision("shop.a.b.extract", "full"))


def test_a_table_with_an_odd_name_is_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    made = [e.decision(f"shop.{name}.extract", "full") for name in ("order lines, 2024", "b")]
    assert "  extract     `order lines, 2024`, b: full" in folded(capsys, *made)


def test_of_folded_tables_the_nearest_flip_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    near = Flip("full", "rows", "to `full` below 9 rows", now=10, stays=9, flips=8)
    words = Flip("full", "deletes", "to `full` where deletes are ignored")
    out = folded(
        capsys,
        e.decision("shop.a.extract", "watermark", flips=(words, e.FLIP)),
        e.decision("shop.b.extract", "watermark", flips=(near,)),
    )
    assert "b: to `full` below 9 rows" in out
    assert "5 M" not in out


def test_what_a_person_decided_and_what_is_held_is_marked(capsys: pytest.CaptureFixture[str]) -> None:
    yours = e.decision("shop.a.extract", "full", "the DBA rebuilds it", overridden=True, reason="the DBA rebuilds it")
    held = e.decision("shop.b.extract", "full")
    out = folded(capsys, yours, held, e.decision("shop.c.extract", "full"), held={held.id: e.EXTRACT})
    assert "a: full  yours  the DBA rebuilds it\n" in out
    assert "b: full  held  freshness 1h\n" in out
    assert "c: full  freshness 1h\n" in out


def test_a_decision_is_shown_whole(capsys: pytest.CaptureFixture[str]) -> None:
    decisions.whole(e.EXTRACT, {}, Terminal().data, tried=decisions.by_plan)
    assert printed(capsys) == (
        "shop.orders.extract: watermark\n"
        "  because     3.2 M rows, too many to read whole\n"
        "              updated_at is indexed\n"
        "  not chosen  `full`: 54 s of 20 s\n"
        "              `cdc`: a bus is a cost that must be earned\n"
        "  flips       to cdc above 5 M changed rows a day, now 0.4 M\n"
        "              try it: pipegen plan --set 'sources.shop.tables.orders.volume=5000001 rows/day'\n"
        "  rule        extract\n"
        "  source      H: a heuristic with no published source\n"
    )


def test_a_held_decision_says_how_it_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    held = replace(e.EXTRACT, choice="full", because=("accepted before; decided anew it would be watermark",), flips=())
    decisions.whole(held, {held.id: e.EXTRACT}, Terminal().data, tried=decisions.by_plan)
    out = printed(capsys)
    assert "  held        accepted before; decided anew it would be watermark\n              3.2 M rows" in out
    assert "pipegen update --accept-design=shop.orders.extract\n" in out
    assert "  flips       above 5 M changed rows a day\n" in out


def test_figures_stand_with_their_arithmetic_and_days_with_their_month(capsys: pytest.CaptureFixture[str]) -> None:
    sizing.sizing([e.sizing(), e.whole()], Terminal().data, TODAY)
    assert printed(capsys) == (
        "Sizing of shop\n"
        "  rows a run       12,000    2.4 M rows a day / 200\n"
        "  run time         61 s      60 s + 12,000 rows / 12,000 rows/s\n"
        "  first threshold  400 days  about 2028-03: ln(5 / 0.4) / ln(1.05)\n"
        "\n"
        "The whole pipeline, a month\n"
        "  compute  744 min  24 x 31 x 1 min\n"
        "\n"
    )


@pytest.mark.parametrize("days", [1e9, inf, -1.0])
def test_days_that_lead_to_no_month_stay_days(days: float, capsys: pytest.CaptureFixture[str]) -> None:
    sizing.sizing([Sizing("shop", (e.figure("days_to_first_threshold", "x", days, "never"),))], Terminal().data, TODAY)
    assert "  x  never  1 + 1\n" in printed(capsys)


def test_many_sources_are_a_line_each_unless_all_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    many = [e.sizing(f"s{i}") for i in range(4)]
    sizing.sizing(many, Terminal().data, TODAY)
    out = printed(capsys)
    assert "  s3  rows a run 12,000; run time 61 s\n" in out
    assert "2.4 M rows a day" not in out
    sizing.sizing(many, Terminal().data, TODAY, whole=True)
    assert printed(capsys).count("2.4 M rows a day") == 4


def test_prices_are_a_table_with_what_is_asked_for_marked(capsys: pytest.CaptureFixture[str]) -> None:
    tiers = [e.tier("1h", current=True), e.tier("5m", compute_minutes=22_000.0, scanned_gb=312.4, built=False),
             e.tier("5s", works=False)]  # fmt: skip
    sizing.prices(tiers, Terminal().data)
    assert printed(capsys) == (
        "Freshness price list, a month\n"
        "  freshness  compute min  GB scanned  GB stored\n"
        "*        1h          744         0.4        1.2\n"
        "      batch\n"
        "         5m       22,000         312        1.2\n"
        "      batch; not built yet\n"
        "         5s          744         0.4        1.2\n"
        "      batch; a demand would be missed\n"
        "  * what is asked for now\n"
        "  woken, at each: nobody\n"
        "\n"
    )


def test_prices_say_who_is_woken_where_that_differs(capsys: pytest.CaptureFixture[str]) -> None:
    sizing.prices([e.tier("1h"), e.tier("5s", woken="somebody, at night")], Terminal().data)
    assert "      batch; nobody\n" in printed(capsys).replace("batch; somebody, at night", "")


def test_prices_have_money_where_it_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    sizing.prices([e.tier("1h", money="EUR 14.88")], Terminal().data)
    assert "  GB stored      money\n" in printed(capsys)


def test_a_missed_demand_is_said_with_what_works(capsys: pytest.CaptureFixture[str]) -> None:
    demands.missed([e.UNMET], Terminal().data, tried=decisions.by_plan)
    assert printed(capsys) == (
        "Cannot be met\n"
        "  shop.freshness: asked 30s, got 1m, missed by 30 s\n"
        "      the source is polled\n"
        "      the nearest that work:\n"
        "      - micro-batch (not built yet)\n"
        "        compute 43,200 min; nobody\n"
        "        try it: pipegen plan --set defaults.freshness=1m\n"
        "\n"
    )


def test_what_is_not_built_is_said_with_what_is(capsys: pytest.CaptureFixture[str]) -> None:
    found = SimpleNamespace(id="shop.mode", choice="flink", message="no blueprint yet", nearest=(e.OPTION,))
    demands.unbuilt([found], Terminal().data, tried=decisions.by_hand)
    out = printed(capsys)
    assert out.startswith("Not built yet\n  shop.mode: flink\n      no blueprint yet\n      the nearest that work:\n")


def test_an_open_question_says_how_it_is_answered(capsys: pytest.CaptureFixture[str]) -> None:
    demands.questions([e.QUESTION], Terminal().data)
    out = printed(capsys)
    assert "How many rows of shop.orders change a day?\n      shop.orders.extract: watermark or cdc\n" in out
    assert "find out: select count(*) from orders where updated_at > now() - interval '1 day'\n" in out
    assert "answer:   --set 'sources.shop.tables.orders.volume=" in out


def test_outside_a_repository_no_command_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    demands.missed([e.UNMET], Terminal().data, tried=decisions.by_hand)
    out = printed(capsys)
    assert "        with: defaults.freshness=1m\n" in out
    assert "pipegen" not in out


def test_nothing_missed_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    demands.missed((), Terminal().data, tried=decisions.by_plan)
    demands.unbuilt((), Terminal().data, tried=decisions.by_plan)
    demands.questions((), Terminal().data)
    assert printed(capsys) == ""
