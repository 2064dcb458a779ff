from __future__ import annotations

import pytest

from pipegen.core.errors import Problem, SpecError, UsageError
from pipegen.ui.errors import show
from pipegen.ui.terminal import Terminal

HINT = "the nearest that work:\n  `defaults.freshness=5m`: batch; 12 min\n  `on_call=always`: a stream; 43,200 min"


@pytest.fixture(autouse=True)
def eighty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def test_a_hint_of_several_designs_is_a_list(capsys: pytest.CaptureFixture[str]) -> None:
    show(SpecError([Problem("freshness 30s cannot be met", "pipegen.yml:3", HINT)]), Terminal())
    assert capsys.readouterr().err == (
        "error: pipegen.yml:3: freshness 30s cannot be met\n"
        "\n"
        "hint: the nearest that work:\n"
        "  - `defaults.freshness=5m`: batch; 12 min\n"
        "  - `on_call=always`: a stream; 43,200 min\n"
    )


def test_among_several_problems_it_stands_below_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    show(SpecError([Problem("one", hint=HINT), Problem("two", hint="mend it")]), Terminal())
    assert capsys.readouterr().err == (
        "error: 2 problems\n"
        "  one\n"
        "      hint: the nearest that work:\n"
        "        - `defaults.freshness=5m`: batch; 12 min\n"
        "        - `on_call=always`: a stream; 43,200 min\n"
        "  two\n"
        "      hint: mend it\n"
    )


def test_a_long_choice_goes_on_under_itself(capsys: pytest.CaptureFixture[str]) -> None:
    show(UsageError("no", hint=f"these work:\n  {'word ' * 30}"), Terminal())
    lines = capsys.readouterr().err.splitlines()
    assert lines[3].startswith("  - word") and lines[4].startswith("    word")
    assert all(len(line) <= 80 for line in lines)


def test_a_hint_of_one_line_stays_whole(capsys: pytest.CaptureFixture[str]) -> None:
    show(UsageError("no", hint="word " * 30), Terminal())
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_on_a_screen_it_is_broken_between_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Terminal, "is_watched", property(lambda _: True))
    command = f"`pipegen inspect {'x' * 60} --table a`"
    show(UsageError("word " * 30, hint=f"say {command}"), Terminal())
    error, more, _, _, hint, whole = capsys.readouterr().err.splitlines()
    assert error.startswith("error: word") and more.startswith("       word") and len(error) <= 80
    assert (hint, whole.strip()) == ("hint: say", command), "what is copied is in one piece"
