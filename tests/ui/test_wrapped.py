from __future__ import annotations

import pytest

from pipegen.ui.terminal import Terminal
from pipegen.ui.wrapped import columns, lines, paragraph, running

LONG = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")


@pytest.mark.parametrize(("screen", "used"), [("20", 40), ("80", 80), ("300", 110)])
def test_lines_are_as_wide_as_the_screen_within_reason(screen: str, used: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", screen)
    assert columns() == used


def test_lines_break_between_words_and_keep_every_one() -> None:
    broken = lines(LONG, 10)
    assert " ".join(broken) == LONG
    assert all(len(line) <= 50 for line in broken)


@pytest.mark.parametrize(
    "kept",
    ["`pipegen plan --set 'sources.shop.volume=2M rows/day' --set freshness=5m`", "models/[dev]/" + "x" * 70 + ".sql"],
)
def test_a_command_and_a_path_are_never_broken(kept: str) -> None:
    assert any(kept in line for line in lines(f"{LONG} {kept} {LONG}", 4))


def test_a_cron_expression_is_never_broken() -> None:
    broken = lines("a schedule such as shop: batch, " + "*/10 * * * *, " * 12, 4)
    assert sum(line.count("*/10 * * * *") for line in broken) == 12


def test_a_paragraph_stands_behind_its_head(capsys: pytest.CaptureFixture[str]) -> None:
    paragraph(Terminal().data, (("  mode", "dim"),), LONG, 10)
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first.startswith("  mode    one two")
    assert second[:10].isspace() and second[10] != " "


def test_a_head_that_is_too_long_has_its_own_line(capsys: pytest.CaptureFixture[str]) -> None:
    paragraph(Terminal().data, ("a_very_long_name",), "text", 10)
    assert capsys.readouterr().out == "a_very_long_name\n          text\n"


def test_a_running_text_goes_on_behind_its_head(capsys: pytest.CaptureFixture[str]) -> None:
    running(Terminal().data, ("  mode    ", ("batch", "bold")), LONG, 10)
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first.startswith("  mode    batch  one two")
    assert second.startswith(" " * 10) and len(first) <= 60


def test_a_head_that_leaves_no_room_stands_alone(capsys: pytest.CaptureFixture[str]) -> None:
    running(Terminal().data, ("h" * 55,), "destination: duckdb", 10)
    assert capsys.readouterr().out == f"{'h' * 55}\n          destination: duckdb\n"


def test_an_empty_text_is_its_head_alone(capsys: pytest.CaptureFixture[str]) -> None:
    running(Terminal().data, ("head",), "", 10)
    paragraph(Terminal().data, ("head",), "", 10)
    assert capsys.readouterr().out == "head\nhead\n"
