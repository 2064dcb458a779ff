from __future__ import annotations

import io
import shlex
import subprocess
import sys

import pytest

from pipegen.core.errors import MissingAnswersError, PipegenError, Problem, SpecError, UsageError
from pipegen.ui.errors import guarded, show
from pipegen.ui.terminal import Manner, Terminal, raw


def test_lines_come_out_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal()
    terminal.data("models/[dev]/[bold]x[/bold].sql :smile: https://x ", ("'quoted' 12", "red"))
    terminal.data("x" * 500)
    terminal.say("talk")
    out, err = capsys.readouterr()
    assert out == "models/[dev]/[bold]x[/bold].sql :smile: https://x 'quoted' 12\n" + "x" * 500 + "\n"
    assert err == "talk\n"


def test_nothing_that_is_printed_steers_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal().data("a\x1b[31m\x07\x00\r\u202eb")
    assert capsys.readouterr().out == "a\\x1b[31m\\x07\\x00\\r\\u202eb\n"


def test_notes_are_for_verbose_and_progress_for_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    quiet, verbose = Terminal(), Terminal(Manner(verbose=True))
    for terminal in (quiet, verbose):
        terminal.note("read x")
        terminal.progress("working")
    assert capsys.readouterr().err == "read x\n"


def test_where_nothing_may_move_progress_is_no_line_a_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter([0.0, 0.0, 1.0, 2.5, 2.5])
    monkeypatch.setattr("pipegen.ui.terminal.monotonic", lambda: next(clock))
    monkeypatch.setattr(Terminal, "is_watched", property(lambda _: True))
    terminal = Terminal()
    for i in range(4):
        terminal.progress(f"{i} of 4 tables")
    assert capsys.readouterr().err == "0 of 4 tables …\n3 of 4 tables …\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_what_a_stream_cannot_take_is_escaped(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    Terminal().data("naïve … 😀")
    raw("é\ud800\n")
    stream.flush()
    said = stream.buffer.getvalue()  # type: ignore[attr-defined]
    first, second, _ = said.split(b"\n")
    assert (
        first
        == {
            "ascii": b"na\\xefve ... \\U0001f600",
            "latin-1": b"na\xefve ... \\U0001f600",
            "utf-8": "naïve … 😀".encode(),
        }[encoding]
    )
    assert second == "é".encode() + b"\\ud800", "a document is UTF-8 whatever the locale"


@pytest.mark.parametrize(
    ("error", "text", "code"),
    [
        (PipegenError("it broke", hint="mend it"), "error: it broke\n\nhint: mend it\n", 1),
        (PipegenError("it broke"), "error: it broke\n", 1),
        (UsageError("wrong"), "error: wrong\n", 2),
        (SpecError([Problem("bad", "x.yml:3", "good")]), "error: x.yml:3: bad\n\nhint: good\n", 2),
        (
            SpecError([Problem("bad", "x.yml:3", "good"), Problem("worse")]),
            "error: 2 problems\n  x.yml:3: bad\n      hint: good\n  worse\n",
            2,
        ),
    ],
)
def test_errors_have_one_form(error: PipegenError, text: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> int:
        raise error

    assert guarded(fail, Terminal()) == code
    assert capsys.readouterr() == ("", text)


def test_missing_answers_say_how_to_give_them(capsys: pytest.CaptureFixture[str]) -> None:
    show(MissingAnswersError([Problem("--a: what", hint="for example `--a b`")]), Terminal())
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: answers are missing\n  --a: what\n      for example `--a b`\n\nhint: ")
    assert "--answers FILE" in err
    assert "--yes" in err


def test_where_no_report_can_be_written_the_bug_is_still_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/nowhere")

    def broken() -> int:
        raise ValueError("secret")

    assert guarded(broken, Terminal()) == 3
    err = capsys.readouterr().err
    assert "run again with `--debug`" in err
    assert "secret" not in err


def test_a_reader_that_goes_away_ends_a_long_listing_in_silence() -> None:
    lines = (
        "from pipegen.ui.terminal import Terminal; from pipegen.ui.errors import guarded; import sys; t = Terminal()"
    )
    code = f"{lines}; sys.exit(guarded(lambda: [t.data('x' * 80) for _ in range(5000)] and 0, t))"
    script = f"set -o pipefail; {shlex.quote(sys.executable)} -c {shlex.quote(code)} | head -1"
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == b"x" * 80 + b"\n"
