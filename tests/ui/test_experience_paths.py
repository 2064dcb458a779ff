"""Point 26 of the experience: a path is printed whole, whatever stands in it, in every view that has paths."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipegen.core.errors import Problem, SpecError, WorkspaceError
from pipegen.core.plan import Action, ChangePlan
from pipegen.ui import tree, views
from pipegen.ui.errors import show
from pipegen.ui.terminal import Terminal

LONG = "models/" + "deeper/" * 30 + "x.sql"
PATHS = ["models/[dev]/x.sql", "models/[bold]/[/]x.sql", "a [link=x] b.sql", "models/:smile:.sql", LONG]


def _plan(path: str) -> ChangePlan:
    return ChangePlan(".", (Action("create", path, "b", b"a\n"),))


def _folded(path: str) -> None:
    tree.folded([path.replace("/", "_")], Terminal().say)


VIEWS: dict[str, Callable[[str], None]] = {
    "plan": lambda path: views.plan(_plan(path), Terminal()),
    "diff": lambda path: views.diff(_plan(path), Terminal()),
    "note": lambda path: Terminal().warn(f"what you edited since lies at {path}"),
    "aborted": lambda path: views.aborted([], [path], Terminal()),
    "error": lambda path: show(WorkspaceError(f"`{path}` is not there", hint=f"see `{path}`"), Terminal()),
    "problem": lambda path: show(SpecError([Problem("wrong", f"{path}:3")]), Terminal()),
    "problems": lambda path: show(SpecError([Problem("wrong", f"{path}:3"), Problem("worse", path)]), Terminal()),
}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("path", PATHS, ids=range(len(PATHS)))
@pytest.mark.parametrize("watched", [False, True])
def test_a_path_is_whole(
    path: str, view: str, watched: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(Terminal, "is_watched", property(lambda _: watched))
    VIEWS[view](path)
    out, err = capsys.readouterr()
    assert path in out + err


@pytest.mark.parametrize("path", PATHS, ids=range(len(PATHS)))
def test_a_tree_has_its_names_whole(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    _folded(path)
    assert path.replace("/", "_") in capsys.readouterr().err
