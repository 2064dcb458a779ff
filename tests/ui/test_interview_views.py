"""The review before anything is written, what is said to who leaves, and what was written."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pipegen.app.answers import Given
from pipegen.app.generate import Generated, generate
from pipegen.app.interview import Known, Review
from pipegen.core.spec.sources import PostgresSource
from pipegen.ui import interview, tree, views
from pipegen.ui.terminal import Terminal
from tests.small import here, small_blueprint

__all__ = ["here", "small_blueprint"]

KNOWN = (
    Known("name", "name", "shop", "asked"),
    Known("source", "source", "exports=exports/*.csv", "--source"),
    Known("volume", "volume of exports", "about 228 rows/day", "measured"),
    Known("growth", "growth", "5%/month", "default"),
    Known("ci", "ci", "github", "default"),
    Known("ceiling", "ceiling", "nothing", "default"),
    Known("source.2", "source 2", "nothing", "asked"),
    Known("alert_slack", "alert slack", "nothing", "asked"),
    Known("table.exports", "tables of exports", "a, b, c, d, e, f, g, h, i, j, k", "asked"),
    Known("rule", "rule 1", "orders: status in (1, 2, 3, 4, 5, 6, 7, 8, 9)", "asked"),
)


@pytest.fixture(autouse=True)
def eighty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def made(here: Path) -> Generated:
    return generate(Given(name="shop", flags={"source": ["exports/*.csv"]}))


def test_the_review_has_answers_design_and_files(made: Generated, capsys: pytest.CaptureFixture[str]) -> None:
    interview.review(Review(KNOWN, made), Terminal())
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(
        "\nAnswers\n"
        "  name               shop\n"
        "  source             exports=exports/*.csv  (--source)\n"
        "  volume of exports  about 228 rows/day  (measured)\n"
        "  tables of exports  a, b, c, d, e, f, g, h and 3 more\n"
        "  rule 1             orders: status in (1, 2, 3, 4, 5, 6, 7, 8, 9)\n"
        "  by default         growth: 5%/month; ci: github\n"
        "  left empty         alert slack\n"
        "\nDesign\n"
    )
    lines = err.splitlines()
    assert "  mode          batch  freshness 1d" in lines, "a decision with its reason"
    assert any(line.startswith("  source  exports  files, 2 tables") for line in lines)
    assert not any("flips" in line for line in lines)
    files = lines[lines.index("Files") + 1 :]
    assert files[0].startswith("  .pipegen/      4   models/        2")
    assert any(line.startswith("note: exports.customers: email may be personal data") for line in files)
    assert all(len(line) <= 80 for line in lines)


def test_what_stands_in_the_way_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    interview.review(Review(KNOWN[:1], None, "`exports/` has no file\nput one there"), Terminal())
    assert capsys.readouterr().err == "\nAnswers\n  name  shop\n\n  ! `exports/` has no file\n    put one there\n\n"


def test_who_leaves_is_told_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert interview.left("pipegen new shop --resume", Terminal()) == 130
    assert capsys.readouterr().err == (
        "\nnothing was written; the answers so far are kept\nresume with: pipegen new shop --resume\n"
    )


def test_a_tree_folds_into_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    paths = ["dags/a.py", "dags/b.py", "README.md", ".github/workflows/ci.yml", "models/[dev]/x.sql", "Makefile"]
    lines: list[str] = []
    tree.folded(paths, lambda *parts: lines.append("".join(str(part) for part in parts)))
    assert lines == ["  .github/     1   models/      1   README.md", "  dags/        2   Makefile"]
    monkeypatch.setenv("COLUMNS", "40")
    narrow: list[str] = []
    tree.folded(paths, lambda *parts: narrow.append("".join(str(part) for part in parts)))
    assert len(narrow) == 3 and all(len(line) <= 40 for line in narrow)


def test_the_command_is_broken_for_a_screen_alone(
    made: Generated, here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = "pipegen new shop --source 'db=sqlite:///my shop.db' --rule 'orders: total >= 0' --freshness 1h --owner data-team"
    long = replace(made, plan=replace(made.plan, equivalent=command))
    views.written(long, here, [], Terminal())
    end = "\n\nNext:\n  cd shop\n  make demo   # sets up, makes sample data, runs it all\n  make test\n"
    assert capsys.readouterr().err.endswith(f"  {command}{end}"), (
        "one line in a log, and what to do next stays on the screen"
    )
    monkeypatch.setattr(Terminal, "is_watched", property(lambda _: True))
    views.written(long, here, [], Terminal())
    said = capsys.readouterr().err.partition("nothing asked:\n")[2].removesuffix(end)
    assert said.splitlines()[:2] == ["  pipegen new shop \\", "      --source 'db=sqlite:///my shop.db' \\"]
    assert shlex.split(said.replace("\\\n", "")) == shlex.split(command)


def test_the_command_says_which_variable_it_needs(
    made: Generated, here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = SimpleNamespace(sources={"crm": PostgresSource(kind="postgres", url_env="CRM_URL", tables={"t": {}})})
    of_server = replace(made, spec=cast("Any", server))
    views.written(of_server, here, [], Terminal())
    assert (
        "\n  # CRM_URL: the URL with its password, where the server asks for one\n\nNext:\n" in capsys.readouterr().err
    )
    monkeypatch.setenv("CRM_URL", "postgresql://u:p@localhost/crm")
    views.written(of_server, here, [], Terminal())
    assert "CRM_URL" not in capsys.readouterr().err
