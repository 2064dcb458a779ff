"""The prompter, with the keys of a person: what is typed, chosen, refused, and how one leaves."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.input.base import PipeInput

from pipegen.core.prompting import Ask, Back, Choice, Prompter, Stopped
from pipegen.ui.prompt_secret import hidden
from pipegen.ui.prompter import TerminalPrompter
from pipegen.ui.terminal import Terminal

UP, DOWN, RIGHT, LEFT, PAGE_UP, PAGE_DOWN = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[5~", "\x1b[6~"
ENTER, TAB, ESC, BACKSPACE = "\r", "\t", "\x1b", "\x7f"
CTRL_A, CTRL_C, CTRL_D, CTRL_U = "\x01", "\x03", "\x04", "\x15"
CLEARED = CTRL_A + "\x0b"  # to the begin of the line, and all that follows it


def length(text: str) -> str | None:
    return None if text[-1:] in ("m", "h", "d") else f"`{text}` is no length of time: a number and m, h or d is allowed"


TEXT = Ask("freshness", "How fresh?", "text", default="1h", example="15m", check=length, help="The age of the data.")
ONE = Ask(
    "destination", "Where to?", "one", default="postgres",
    choices=(Choice("duckdb", "DuckDB"), Choice("postgres", "PostgreSQL"), Choice("snowflake", "Snowflake", off="not built")),
)  # fmt: skip
MANY = Ask(
    "table", "Which tables?", "many", default=("orders",),
    choices=(Choice("orders", "orders"), Choice("customers", "customers"), Choice("audit", "audit", off="no permission")),
)  # fmt: skip
HUNDREDS = replace(
    MANY, default=(), choices=tuple(Choice(f"t{i}", f"table_{i:03}", off="no permission" if i % 10 == 0 else "") for i in range(200))
)  # fmt: skip

Answered = str | tuple[str, ...]


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> Iterator[PipeInput]:
    monkeypatch.setenv("TERM", "xterm")
    with create_pipe_input() as pipe, create_app_session(input=pipe):
        yield pipe


@pytest.fixture
def typed(keys: PipeInput) -> Callable[[Ask, str], Answered]:
    def answer(ask: Ask, text: str) -> Answered:
        keys.send_text(text)
        return TerminalPrompter(Terminal()).ask(ask)

    return answer


@pytest.mark.parametrize(
    ("ask", "keyed", "answer"),
    [
        (TEXT, ENTER, "1h"),
        (TEXT, "15m" + ENTER, "15m"),
        (TEXT, TAB + BACKSPACE + "d" + ENTER, "1d"),
        (TEXT, "3x" + ENTER + BACKSPACE + "h" + ENTER, "3h"),
        (replace(TEXT, check=None), TAB + CTRL_U + ENTER, ""),
        (replace(TEXT, check=None), CTRL_U + ENTER, ""),
        (TEXT, BACKSPACE + "d" + ENTER, "1d"),
        (TEXT, LEFT + "2" + ENTER, "12h"),
        (TEXT, CTRL_A + "3" + ENTER, "31h"),
        (TEXT, RIGHT + "2" + BACKSPACE + ENTER, "1h"),
        (TEXT, "?" + ENTER, "1h"),
        (replace(TEXT, check=None), "a?" + ENTER, "a?"),
        (replace(TEXT, suggestions=("15m", "90m")), "9" + TAB + ENTER, "90m"),
        (ONE, ENTER, "postgres"),
        (ONE, UP + ENTER, "duckdb"),
        (ONE, DOWN + ENTER, "duckdb"),
        (ONE, "kjk" + ENTER, "duckdb"),
        (MANY, ENTER, ("orders",)),
        (MANY, " " + ENTER, ()),
        (MANY, DOWN + " " + ENTER, ("orders", "customers")),
        (MANY, UP + " " + ENTER, ("orders", "customers")),
        (MANY, "a" + ENTER, ("orders", "customers")),
        (MANY, "aa" + ENTER, ()),
        (HUNDREDS, "19" + CTRL_A + BACKSPACE + BACKSPACE + "012 " + ENTER,
         ("t12", "t19", "t119", *(f"t{i}" for i in range(191, 200)))),
        (HUNDREDS, "100" + DOWN + UP + " " + ENTER, ()),
        (HUNDREDS, "nothing" + DOWN + " " + CTRL_A + ENTER, ()),
        (HUNDREDS, PAGE_DOWN + " " + PAGE_DOWN * 30 + " " + PAGE_UP + " " + ENTER, ("t11", "t189", "t199")),
        (replace(HUNDREDS, kind="one", default="t7"), ENTER, "t7"),
        (replace(HUNDREDS, default=("t7", "t9")), " " + ENTER, ("t9",)),
        (replace(HUNDREDS, kind="one", default="t7"), "17" + DOWN + ENTER, "t117"),
        (replace(HUNDREDS, kind="one", default="t7"), "zz" + ENTER + BACKSPACE + BACKSPACE + ENTER, "t1"),
    ],
)  # fmt: skip
def test_keys_give_an_answer(typed: Callable[[Ask, str], Answered], ask: Ask, keyed: str, answer: Answered) -> None:
    assert typed(ask, keyed) == answer


@pytest.mark.parametrize("ask", [TEXT, ONE, MANY, HUNDREDS])
@pytest.mark.parametrize(("key", "way"), [(ESC, Back), (CTRL_C, Stopped), (CTRL_D, Stopped)])
def test_every_question_can_be_left(
    typed: Callable[[Ask, str], Answered], ask: Ask, key: str, way: type[Exception]
) -> None:
    with pytest.raises(way):
        typed(ask, key)


def test_what_was_typed_stays_where_one_leaves_in_the_middle(typed: Callable[[Ask, str], Answered]) -> None:
    with pytest.raises(Stopped):
        typed(TEXT, "15" + CTRL_D)


def test_one_of_many_is_refused_and_the_others_stay(typed: Callable[[Ask, str], Answered]) -> None:
    ask = replace(MANY, check=lambda value: "orders are loaded already" if value == "orders" else None)
    assert typed(ask, "a" + ENTER + " " + ENTER) == ("customers",)


def test_a_list_of_which_nothing_can_be_chosen_is_no_trap(typed: Callable[[Ask, str], Answered]) -> None:
    closed = replace(MANY, default=("audit",), choices=(Choice("audit", "audit", off="no permission"),))
    assert typed(closed, DOWN + " a" + ENTER) == ()
    with pytest.raises(Back):
        typed(replace(closed, kind="one", default="audit"), ENTER + ESC)


@pytest.mark.parametrize(
    ("ask", "keyed", "line"),
    [
        (TEXT, ENTER, "? How fresh?  1h\n"),
        (ONE, ENTER, "? Where to?  PostgreSQL\n"),
        (MANY, "aa" + ENTER, "? Which tables?  none\n"),
        (replace(HUNDREDS, choices=HUNDREDS.choices[1:9]), "a" + ENTER, "? Which tables?  all 8\n"),
        (replace(TEXT, default="", check=None), ENTER, "? How fresh?  nothing\n"),
        (HUNDREDS, "19" + CTRL_A + ENTER,
         "? Which tables?  table_019, table_119, table_191, table_192, table_193 and 6\n    more of 200\n"),
        (replace(TEXT, title="How fresh must it be when somebody reads it, at the ninety-fifth percentile of all reads?"), ENTER,
         "? How fresh must it be when somebody reads it, at the ninety-fifth percentile of\n  all reads?  1h\n"),
    ],
)  # fmt: skip
def test_a_question_leaves_one_line_with_its_answer(
    typed: Callable[[Ask, str], Answered], capsys: pytest.CaptureFixture[str], ask: Ask, keyed: str, line: str
) -> None:
    typed(ask, keyed)
    out, err = capsys.readouterr()
    assert err.endswith(line)
    assert out == "", "talk goes to stderr"


URL = replace(TEXT, default="", check=None, secret=True)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("postgresql://reader:s3cr3t@localhost:5432/shop", "postgresql://reader:***@localhost:5432/shop"),
        ("shop=mysql://reader:s3cr3t/@localhost/shop", "shop=mysql://reader:***@localhost/shop"),
        ("https://api.example.com/v1?api_key=s3cr3t&page=1", "https://api.example.com/v1?api_key=***&page=1"),
        ("postgresql://localhost:5432/shop", "postgresql://localhost:5432/shop"),
        ("./exports/*.csv", "./exports/*.csv"),
    ],
)
def test_a_password_never_reaches_the_screen(
    typed: Callable[[Ask, str], Answered], capsys: pytest.CaptureFixture[str], text: str, left: str
) -> None:
    assert not any("s3" in hidden(text[:end]) for end in range(len(text))), "nor while it is typed"
    assert typed(URL, text + ENTER) == text
    err = capsys.readouterr().err
    assert err.endswith(f"{left}\n")
    assert "s3cr3t" not in err


def test_a_password_is_no_default_that_is_shown(
    typed: Callable[[Ask, str], Answered], capsys: pytest.CaptureFixture[str]
) -> None:
    ask = replace(URL, default="mysql://reader:s3cr3t@localhost/shop")
    assert typed(ask, ENTER) == ask.default
    assert typed(ask, TAB + ENTER) == ask.default
    assert "s3cr3t" not in capsys.readouterr().err


def test_names_steer_nothing(typed: Callable[[Ask, str], Answered], capsys: pytest.CaptureFixture[str]) -> None:
    ask = replace(MANY, choices=(Choice("a", "evil\x1b[2J\x07", note="\x1b]0;x\x07"),), default=())
    assert typed(ask, "a" + ENTER) == ("a",)
    err = capsys.readouterr().err
    assert "\x1b" not in err and "\x07" not in err
    assert "evil\\x1b[2J" in err


def test_what_is_said_between_is_wrapped(capsys: pytest.CaptureFixture[str]) -> None:
    one: Prompter = TerminalPrompter(Terminal())
    one.say("Source", "heading")
    one.say("now every hour, not every day: " * 4 + "\nand a hint", "note")
    first, *more, last = capsys.readouterr().err.splitlines()
    assert (first, last) == ("Source", "    and a hint")
    assert len(more) == 2 and more[0].startswith("  ! now") and more[1].startswith("    ")
    assert all(len(line) <= 80 for line in more)


def lines(monkeypatch: pytest.MonkeyPatch, typed: Sequence[str]) -> TerminalPrompter:
    """A terminal that cannot move its cursor, and what is typed there."""
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in typed)))
    return TerminalPrompter(Terminal())


@pytest.mark.parametrize(
    ("ask", "typed", "answer"),
    [
        (TEXT, [""], "1h"),
        (TEXT, ["3x", "?", " 15m "], "15m"),
        (ONE, [""], "postgres"),
        (ONE, ["1"], "duckdb"),
        (ONE, ["DuckDB"], "duckdb"),
        (ONE, ["3", "9", "x", "1-2", "2"], "postgres"),
        (MANY, [""], ("orders",)),
        (MANY, ["none"], ()),
        (MANY, ["all"], ("orders", "customers")),
        (MANY, ["3", "2, orders"], ("orders", "customers")),
        (HUNDREDS, ["2-4, 12"], ("t1", "t2", "t3", "t11")),
        (replace(MANY, default=()), [""], ()),
    ],
)
def test_lines_give_an_answer(
    monkeypatch: pytest.MonkeyPatch, ask: Ask, typed: Sequence[str], answer: Answered
) -> None:
    assert lines(monkeypatch, typed).ask(ask) == answer
    assert sys.stdin.read() == "", "every line was needed"


def test_lines_go_back_and_end(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Back):
        lines(monkeypatch, ["<"]).ask(MANY)
    with pytest.raises(Stopped):
        lines(monkeypatch, []).ask(TEXT)


def test_the_screen_of_lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    lines(monkeypatch, ["4", "2"]).ask(replace(ONE, evidence=("one file is enough for 3 MB",)))
    assert capsys.readouterr().err == (
        "? Where to?\n"
        "  one file is enough for 3 MB\n"
        "  1 DuckDB\n"
        "  2 PostgreSQL\n"
        "  - Snowflake  not built\n"
        "  a number; `<` to go back\n"
        "[2] >   ! `4` is not in the list: numbers from 1 to 3 are allowed\n"
        "[2] > "
    )


def test_lines_ask_for_no_password(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    ask = replace(URL, default="mysql://reader:s3cr3t@localhost/shop")
    assert lines(monkeypatch, [""]).ask(ask) == ask.default
    err = capsys.readouterr().err
    assert "leave a password out" in err
    assert "s3cr3t" not in err
