"""The interview at a terminal, key by key: a pty, and what stands on its screen."""

from __future__ import annotations

import re
import shlex
import socket
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.screen import BACKSPACE, CTRL_A, CTRL_C, CTRL_D, DOWN, ENTER, ESC, PIPEGEN, SPACE, TAB, UP, Screen
from tests.small import tree

NAME, SOURCE, TABLES, MARTS = (
    "What is the pipeline called?",
    "Where does the data come from?",
    "are loaded?",
    "What is to come out?",
)
FRESH, REVIEW = "How old may the data be when it is read?", "What now?"
DRAFTS = ".local/state/pipegen/drafts"

Sit = Callable[..., Screen]


@pytest.fixture
def sit(tmp_path: Path) -> Iterator[Sit]:
    """Sit down at a terminal, in a folder of its own."""
    screens: list[Screen] = []
    (tmp_path / "home").mkdir()
    (tmp_path / "work").mkdir()

    def down(*words: str, columns: int = 80, rows: int = 24, env: Mapping[str, str] | None = None) -> Screen:
        command = (*PIPEGEN, "new", *words)
        screens.append(Screen(command, tmp_path / "work", home=tmp_path / "home", columns=columns, rows=rows, env=env))
        return screens[-1]

    yield down
    for screen in screens:
        screen.stop()


def to_the_review(screen: Screen) -> Screen:
    """Enter at every question."""
    for _ in range(20):
        screen.settle(0.5)
        if REVIEW in screen.text:
            return screen
        screen.press(ENTER)
        screen.wait("enter:")
    raise AssertionError(screen.text)


def written(tmp_path: Path) -> list[str]:
    return [path.name for path in (tmp_path / "work").iterdir()]


def test_enter_alone_writes_a_repository_that_the_printed_command_writes_too(sit: Sit, tmp_path: Path) -> None:
    screen = to_the_review(sit())
    for line in ("Answers", "  source ", "Design", "  mode          batch", "Files", "  dags/ "):
        assert any(one.startswith(line) for one in screen.whole.splitlines()), line
    screen.press(ENTER).wait("  make test")
    assert screen.ends() == 0
    assert written(tmp_path) == ["shop"]
    assert "wrote shop" in screen.whole and "  make demo" in screen.whole
    assert list((tmp_path / "home" / DRAFTS).glob("*.yml")) == [], "the draft has served"
    first = tree(tmp_path / "work" / "shop")
    command = screen.whole.partition("The same again, with nothing asked:\n")[2].partition("\n\n")[0]
    words = shlex.split(command.replace("\\\n", ""))
    assert words[:2] == ["pipegen", "new"]
    (tmp_path / "again").mkdir()
    subprocess.run([*PIPEGEN, *words[1:], "--no-git"], cwd=tmp_path / "again", check=True, capture_output=True)
    assert tree(tmp_path / "again" / "shop") == first


def test_every_line_of_every_screen_fits_eighty_columns(sit: Sit) -> None:
    screen = sit()
    for _ in range(20):
        screen.wait("enter:")
        drawn = "\r\n".join(screen.lines)
        assert not [line for line in screen.lines if len(line) > 80]
        assert "\n ," not in drawn and screen.drawn.columns == 80
        if REVIEW in screen.text:
            break
        screen.press("?")  # with its help open
        assert screen.text.count("esc: back") == 1
        screen.press("?", ENTER)
    screen.press(CTRL_C)
    assert screen.ends() == 130
    for line in screen.whole.splitlines():
        assert len(line) <= 80


@pytest.mark.parametrize(("at", "key"), [(SOURCE, CTRL_C), (TABLES, CTRL_D), (REVIEW, CTRL_C)])
def test_leaving_keeps_the_answers_and_says_how_to_go_on(sit: Sit, tmp_path: Path, at: str, key: str) -> None:
    screen = sit().wait(NAME).press("till", ENTER).wait(SOURCE)
    if at == TABLES:
        screen.press(ENTER).wait(TABLES)
    elif at == REVIEW:
        to_the_review(screen)
    screen.press(key)
    assert screen.ends() == 130
    assert screen.text.endswith(
        "nothing was written; the answers so far are kept\nresume with: pipegen new till --resume"
    )
    assert written(tmp_path) == []
    again = sit("till", "--resume").wait("enter:")
    assert at in again.text, "it goes on where it was left"
    assert NAME not in again.text and (at == SOURCE or SOURCE not in again.text), "what was answered is not asked again"


def test_an_interview_that_was_left_is_ended(sit: Sit, tmp_path: Path) -> None:
    sit().wait(NAME).press("till", ENTER).wait(SOURCE).press(CTRL_C).ends()
    again = to_the_review(sit("--resume").wait(SOURCE)).press(ENTER).wait("The same again")
    assert again.ends() == 0
    assert written(tmp_path) == ["till"]
    assert list((tmp_path / "home" / DRAFTS).glob("*.yml")) == [], "the draft has served"


def test_leaving_by_choice_is_the_same(sit: Sit, tmp_path: Path) -> None:
    screen = to_the_review(sit()).press(UP, ENTER)
    assert screen.ends() == 130
    assert "resume with: pipegen new shop --resume" in screen.text
    assert written(tmp_path) == []


def test_esc_goes_back_and_arrows_are_arrows(sit: Sit) -> None:
    screen = sit().wait(NAME).press("till", ENTER).wait(SOURCE).press(ENTER).wait(TABLES)
    screen.press(DOWN, DOWN, UP)
    assert any(line.startswith("  > [x] order_items") for line in screen.lines)
    screen.press(ESC).wait(SOURCE)
    assert TABLES not in screen.text
    screen.press(ESC).wait(" > till")  # the earlier answer is the default
    screen.press(ENTER).wait(SOURCE).press(ENTER).wait(TABLES).press(DOWN, SPACE, ENTER).wait(MARTS)
    assert "customers, orders, payments, products" in re.sub(r"\s+", " ", screen.text)


def test_an_arrow_that_comes_slowly_is_no_esc(sit: Sit) -> None:
    screen = sit("till", "--source", "sample:", "--set", "owner=me")  # nothing to ask: it is written at once
    assert screen.ends() == 0
    screen = sit().wait(NAME).press("shop", ENTER).wait(SOURCE).press(ENTER).wait(TABLES)
    for part in ("\x1b", "[", "B"):
        screen.type(part)
    screen.settle()
    assert TABLES in screen.text
    assert any(line.startswith("  > [x] order_items") for line in screen.lines)


def test_what_is_wrong_is_said_and_what_was_typed_stays(sit: Sit) -> None:
    screen = sit().wait(NAME)
    screen.press("9lives!", ENTER)
    assert " > 9lives!" in screen.text
    assert any(line.startswith("  ! ") for line in screen.lines)
    screen.press(*[BACKSPACE] * 7, "shop", ENTER).wait(SOURCE)
    screen.press("./nowhere/*.csv", ENTER)
    screen.settle(0.6)
    assert "./nowhere/*.csv" in screen.text, "a source that is not there is refused where it is typed"
    assert SOURCE in screen.text and TABLES not in screen.text


def test_a_password_is_on_no_screen_and_in_no_file(sit: Sit, tmp_path: Path) -> None:
    screen = sit().wait(NAME).press("shop", ENTER).wait(SOURCE)
    screen.press("postgresql://reader:s3cr3t@localhost:1/shop", ENTER)
    screen.settle(1.0)
    assert "reader:***" in screen.whole
    screen.press(CTRL_C)
    assert screen.ends() == 130
    assert "s3cr3t" not in screen.raw and "s3cr3t" not in screen.whole
    kept = [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    assert kept and not any("s3cr3t" in text for text in kept)


def test_ctrl_c_while_a_source_is_looked_at_keeps_the_answers(sit: Sit, tmp_path: Path) -> None:
    """A server that takes a connection, and never says a word."""
    screen = sit().wait(NAME).press("till", ENTER).wait(SOURCE)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://reader:s3cr3t@127.0.0.1:{silent.getsockname()[1]}/shop"
        screen.press(url).type(ENTER).wait("reading the catalogue", still=False)
        silent.settimeout(30)
        with silent.accept()[0]:  # from now on it waits for a word
            assert screen.type(CTRL_C).ends() == 130
    assert "resume with: pipegen new till --resume" in screen.text
    assert "s3cr3t" not in screen.raw
    assert written(tmp_path) == []


@pytest.fixture
def many(tmp_path: Path) -> Path:
    path = tmp_path / "many.db"
    with sqlite3.connect(path) as db:
        db.execute("begin")
        for i in range(300):
            db.execute(f'create table "table_{i:03}" (id integer primary key, updated_at timestamp)')
    db.close()
    return path


def test_tables_that_are_too_many_are_asked_for_where_all_else_was_given(sit: Sit, many: Path) -> None:
    screen = sit("trade", "--source", f"sqlite:///{many}").wait(TABLES).wait("of 300 chosen").press(CTRL_C)
    assert screen.ends() == 130 and "resume with: pipegen new trade --resume" in screen.text
    screen = sit("trade", "--source", f"sqlite:///{many}", "--no-input")
    assert screen.ends() == 2 and "say which to load" in screen.text


def test_hundreds_of_tables_are_searched(sit: Sit, many: Path) -> None:
    screen = sit().wait(NAME).press("shop", ENTER).wait(SOURCE).press(f"sqlite:///{many}", ENTER)
    screen.wait("enter:").settle(1.0)
    if "more data" in screen.text:
        screen.press(ENTER)
    screen.wait(TABLES).wait("type to search")
    chosen = re.search(r"(\d+) of 300 chosen", screen.text)
    assert chosen is not None
    if chosen[1] != "0":
        screen.press(CTRL_A)
        if "300 of 300" in screen.text:
            screen.press(CTRL_A)
    screen.press("2", "9", "9", SPACE).wait("1 of 300 chosen; search `299`: 1 found")
    assert "  > [x] table_299" in screen.text
    screen.press(ENTER).wait("? Which tables of many are loaded?  table_299")


def test_a_screen_that_is_narrow_or_changes_shows_whole_words(sit: Sit) -> None:
    screen = sit(columns=50, rows=16).wait(NAME).press("shop", ENTER).wait(SOURCE).press(ENTER).wait(TABLES)
    for name in ("customers", "order_items", "payments"):
        assert name in screen.whole
    screen.resize(24, 80)
    screen.press(DOWN)
    assert "  > [x] order_items" in screen.text
    assert screen.text.count("5 of 5 chosen") == 1
    screen.resize(14, 44)
    screen.press(DOWN)
    assert any(line.startswith("  > [x] orders") for line in screen.lines)
    screen.press(CTRL_C)
    assert screen.ends() == 130


@pytest.mark.parametrize(("words", "env"), [((), {"NO_COLOR": "1"}), (("--no-color",), {})])
def test_without_colour_no_letter_is_painted(sit: Sit, words: Sequence[str], env: Mapping[str, str]) -> None:
    screen = sit(*words, env=env).wait(NAME).press(ENTER).wait(SOURCE).press("x", TAB, BACKSPACE, ENTER).wait(TABLES)
    assert any(line.startswith("  > [x] customers") for line in screen.lines)
    screen.press(CTRL_C)
    assert screen.ends() == 130
    painted = [code for code in screen.codes if code.endswith("m") and code not in ("\x1b[0m", "\x1b[m")]
    assert painted == []


def test_a_dumb_terminal_is_asked_line_by_line(sit: Sit, tmp_path: Path) -> None:
    screen = sit(env={"TERM": "dumb"}).wait(NAME).press("till\r").wait(SOURCE).press("\r").wait("3 orders")
    screen.press("1, 3\r").wait(MARTS)
    screen.press("<\r").wait("1, 3")
    for _ in range(20):
        screen.press("\r")
        screen.settle(0.8)
        if "The same again" in screen.whole:
            break
    assert screen.ends() == 0
    assert screen.codes == set(), "no control codes"
    assert written(tmp_path) == ["till"]


def test_a_dumb_terminal_can_be_left(sit: Sit, tmp_path: Path) -> None:
    for key in (CTRL_C, CTRL_D):
        screen = sit(env={"TERM": "dumb"}).wait(NAME).press("till\r").wait(SOURCE).press(key)
        assert screen.ends() == 130
        assert "resume with: pipegen new till --resume" in screen.text
    assert written(tmp_path) == []


def test_nobody_is_asked_who_is_not_there(tmp_path: Path) -> None:
    """Off a terminal everything that is missing is told at once, and an interview cannot be resumed."""
    for words in ([], ["--resume"]):
        run = subprocess.run(
            [*PIPEGEN, "new", *words], cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        assert run.returncode == 2
        assert "hint: " in run.stderr and "\x1b" not in run.stderr
    assert [*tmp_path.iterdir()] == []


def test_flags_that_forbid_questions(sit: Sit) -> None:
    for words in (("--no-input",), ("--json",), ("--no-input", "--resume")):
        screen = sit(*words)
        assert screen.ends() == 2
        assert NAME not in screen.text


def test_a_plan_can_be_asked_for(sit: Sit, tmp_path: Path) -> None:
    screen = to_the_review(sit("--dry-run")).press(ENTER).wait("Plan: ")
    assert screen.ends() == 0
    assert written(tmp_path) == []
