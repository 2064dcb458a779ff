"""What a person meets whatever the command: help, errors, exit codes, colours, pipes."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import pipegen
from pipegen.cli.main import run

COMMANDS = [
    [],
    ["new"],
    ["status"],
    ["check"],
    ["schema"],
    ["completion"],
    ["blueprints"],
    *(["blueprints", c] for c in ("list", "show", "lint", "new")),
]
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def shell(*words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run the real command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "pipegen", *words],
        capture_output=True,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        check=False,
    )


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_starts_with_an_example_that_parses(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command, "--help"]) == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert lines[0].startswith(f"Usage: {' '.join(['pipegen', *command])}")
    assert lines[1].startswith("Example: pipegen "), "an example, on one line of 80 columns"
    words = shlex.split(lines[1].removeprefix("Example: ").split("&&")[0].split(" > ")[0])
    assert words[1 : 1 + len(command)] == command
    assert run([*words[1 : 1 + max(1, len(command))], "--help"]) == 0
    capsys.readouterr()


def test_the_list_of_commands_says_what_each_does(capsys: pytest.CaptureFixture[str]) -> None:
    run(["--help"])
    out = capsys.readouterr().out
    for command in ("new", "status", "check", "schema", "completion", "blueprints"):
        line = next(line for line in out.splitlines() if line.strip().startswith(f"{command} "))
        assert "Example" not in line
        assert "..." not in line


def test_the_version_is_answered_before_anything_is_imported() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "pipegen", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"pipegen {pipegen.__version__}\n"
    assert not re.search(r"\b(typer|rich|pydantic|yaml|jinja2)\b", done.stderr)


@pytest.mark.parametrize("command", [["--help"], ["new", "--help"], ["inspect", "--help"]])
def test_help_imports_nothing_heavy(command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "pipegen", *command], capture_output=True, text=True, check=True
    )
    assert not re.search(
        r"\b(questionary|prompt_toolkit|psycopg|pymysql|fsspec|requests|cookiecutter|sqlalchemy|duckdb|jinja2|yaml|rich|ruamel)\b",
        done.stderr,
    )


def test_a_disk_that_is_full_is_no_bug() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([sys.executable, "-m", "pipegen", "schema"], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert done.stderr.startswith(
        b"error: what was to be written cannot be written: No space left on device\n\nhint: make room"
    )
    assert done.stderr.count(b"\n") == 3


def test_no_arguments_print_the_help() -> None:
    for command in ([], ["blueprints"]):
        done = shell(*command)
        assert (done.returncode, done.stdout) == (2, b"")
        assert done.stderr.startswith(b"Usage: pipegen")
        assert b"error" not in done.stderr


@pytest.mark.parametrize(
    ("words", "says", "hint"),
    [
        (["nwe"], "no such command `nwe`", "did you mean `pipegen new`?"),
        (["blueprints", "lst"], "no such command `lst`", "did you mean `pipegen blueprints list`?"),
        (["new", "--frshness", "1h"], "no such option: --frshness", "did you mean `--freshness`?"),
        (["new", "--zzzzz"], "no such option: --zzzzz", "`pipegen new --help`"),
        (["new", "a", "b"], "unexpected extra argument", "`pipegen new --help`"),
        (["new", "--freshness"], "requires an argument", "`pipegen new --help`"),
        (["status", "-C", "/nowhere"], "/nowhere", "`pipegen status --help`"),
        (["-C", "x", "status"], "no such option: -C", "`pipegen status -C DIR`"),
        (["completion"], "missing argument `shell`", "allowed is bash, zsh or fish"),
        (["completion", "bsh"], "no completion for `bsh`", "did you mean `bash`?"),
        (["check", "--level", "sttic"], "`--level sttic` is not one of static, parse, run", "did you mean `static`?"),
    ],
)
def test_a_wrong_command_line(words: list[str], says: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    first, blank, last = err.splitlines()
    assert first.startswith("error: ")
    assert says in first
    assert not first.endswith(".")
    assert blank == ""
    assert last.startswith("hint: ")
    assert hint in last


def test_an_expected_error_is_exit_1_with_no_traceback_but_with_debug(tmp_path: Path) -> None:
    done = shell("status", "-C", str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith(b"error: no pipegen.yml here or in a folder above\n\nhint: ")
    assert b"Traceback" not in done.stderr
    assert b"Traceback" in shell("status", "-C", str(tmp_path), "--debug").stderr


def test_a_bug_writes_a_report_without_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(password: str) -> None:
        raise RuntimeError(f"could not use {password}")

    monkeypatch.setenv("SECRET", "hunter2")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("pipegen.core.spec.schema.text", lambda: broken(os.environ["SECRET"]))
    assert run(["schema"]) == 3
    out, err = capsys.readouterr()
    (report,) = tmp_path.glob("pipegen-bug-*.txt")
    assert out == ""
    assert err.startswith("error: this is a bug in pipegen (RuntimeError)\n\nhint: ")
    assert str(report) in err
    text = report.read_text()
    assert "RuntimeError" in text
    assert "in broken" in text
    assert pipegen.__version__ in text
    assert "hunter2" not in text + err


def test_a_bug_before_a_command_begins_is_a_bug_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("pipegen.cli.main.typer.main.get_command", lambda _: (_ for _ in ()).throw(ImportError("x")))
    assert run(["schema"]) == 3
    assert "this is a bug in pipegen (ImportError)" in capsys.readouterr().err


def test_ctrl_c_is_exit_130_with_a_word(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("pipegen.core.spec.schema.text", interrupted)
    assert run(["schema"]) == 130
    assert "interrupted: nothing was written" in capsys.readouterr().err


@pytest.fixture
def repository(here: Path, capfd: pytest.CaptureFixture[str]) -> Path:
    (here / "exports" / "[dev] a.csv").write_text("id\n1\n")
    assert run(["new", "shop", "--source", "exports/*.csv"]) == 0
    capfd.readouterr()
    return here / "shop"


def on_a_terminal(words: list[str], **environment: str) -> str:
    """What a command prints on a terminal of 80 columns."""
    main, other = pty.openpty()
    env = (
        {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS")}
        | {"TERM": "xterm-256color"}
        | environment
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "pipegen", *words], stdin=other, stdout=other, stderr=other, env=env
    )
    os.close(other)
    chunks = []
    while True:
        try:
            chunk = os.read(main, 65536)
        except OSError:
            break
        if not chunk:
            break
        chunks.append(chunk)
    process.wait()
    os.close(main)
    return b"".join(chunks).decode().replace("\r\n", "\n")


def test_colours_on_a_terminal_and_none_where_they_are_not_wanted(tmp_path: Path) -> None:
    words = ["status", "-C", str(tmp_path)]
    assert "\x1b[" in on_a_terminal(words)
    for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert not CONTROL.search(on_a_terminal(words, **environment))
    assert not CONTROL.search(on_a_terminal([*words, "--no-color"]))
    done = shell(*words)
    assert not CONTROL.search((done.stdout + done.stderr).decode())


def test_long_paths_are_never_wrapped_and_brackets_print_whole(
    repository: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = "models/[dev]/" + "x" * 150 + ".sql"
    lock = repository / ".pipegen/lock.json"
    document = json.loads(lock.read_text())
    document["files"][path] = {"id": "x", "sha256": "0"}
    lock.write_text(json.dumps(document))
    assert f"deleted  {path}\n" in on_a_terminal(["status", "-C", str(repository)], NO_COLOR="1")
    run(["status", "-C", str(repository)])
    assert f"{path}\n" in capfd.readouterr().out


@pytest.mark.parametrize(
    "environment", [{"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {"PYTHONIOENCODING": "ascii"}]
)
def test_an_ascii_locale_crashes_nothing(repository: Path, environment: dict[str, str]) -> None:
    (repository / "pipegen.yml").write_text("name: é…\nsourcés: {}\n", encoding="utf-8")
    done = shell("status", "-C", str(repository), **environment)
    assert done.returncode == 2, done.stderr
    assert b"sourc\\xe9s" in done.stderr
    assert done.stderr.isascii()
    schema = shell("schema", **environment)
    assert schema.returncode == 0
    assert json.loads(schema.stdout)


@pytest.mark.parametrize("command", ["schema", "completion bash", "new --help"])
def test_a_reader_that_goes_away_is_no_error(command: str, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = f"set -o pipefail; {shlex.quote(sys.executable)} -m pipegen {command} | head -c 1 > /dev/null"
    done = subprocess.run(["bash", "-c", line], capture_output=True, check=False)
    assert b"Broken" not in done.stderr
    assert b"Traceback" not in done.stderr
    assert done.returncode in (0, 1, 141)


def test_json_of_every_command_that_reports_is_one_document(
    repository: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for words in (["status"], ["check", "--level", "static"], ["blueprints", "list"]):
        where = ["-C", str(repository)] if words[0] in ("status", "check") else []
        capfd.readouterr()
        run([*words, "--json", *where])
        document = json.loads(capfd.readouterr().out)
        assert document["schema_version"] == 1


def test_status_differs_with_exit_4(repository: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["status", "--exit-code", "-C", str(repository)]) == 0
    assert "as rendered" in capfd.readouterr().out
    (repository / "README.md").write_text("mine\n")
    assert run(["status", "-C", str(repository)]) == 0
    assert "edited" in capfd.readouterr().out
    assert run(["status", "--exit-code", "-C", str(repository / "conf")]) == 4


def test_check_fails_with_every_file_that_is_broken(repository: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "--level", "static", "-C", str(repository)]) == 0
    assert "ok" in capfd.readouterr().err
    (repository / "conf/data.json").write_text("{")
    assert run(["check", "--level", "static", "-C", str(repository)]) == 1
    err = capfd.readouterr().err
    assert err.startswith("error: conf/data.json:1: does not parse")


def test_the_questions_are_all_flags(capsys: pytest.CaptureFixture[str]) -> None:
    from pipegen.core.questions import QUESTIONS

    run(["new", "--help"])
    out = capsys.readouterr().out
    assert all(f"  {q.flag} " in out for q in QUESTIONS)
    assert len({q.flag for q in QUESTIONS}) == len(QUESTIONS)


def test_the_version_is_answered_anywhere(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--version"], ["-V"], ["--version", "nonsense"]):
        assert run(words) == 0
        assert capsys.readouterr().out == f"pipegen {pipegen.__version__}\n"


def test_a_pattern_that_the_shell_opened_is_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["new", "x", "--source", "exports/a.csv", "exports/b.csv"]) == 2
    assert "hint: did the shell open a pattern? Quote it" in capsys.readouterr().err


def test_the_summary_of_a_design_fits_a_narrow_terminal(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (here / "one.csv").write_text("id,at\n1,2024-01-01\n")
    assert run(["new", "shop", "--source", "one.csv", "--no-git"]) == 0
    lines = capfd.readouterr().err.split("wrote ")[0].splitlines()
    assert "  source  one  files, 1 table (1 full), 1 row" in lines
    assert "          fresh within 1d, runs at 0 */12 * * *" in lines
    assert max(map(len, lines)) <= 80


def test_a_new_blueprint_says_how_it_is_tried(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["blueprints", "new", "audit"]) == 0
    assert "  pipegen new shop --source sample: --blueprint audit\n" in capfd.readouterr().err
