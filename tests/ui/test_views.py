from __future__ import annotations

from pathlib import Path

import pytest

from pipegen.app.generate import shown
from pipegen.core.plan import Action, ChangePlan
from pipegen.ui import views
from pipegen.ui.terminal import Terminal


def plan(*paths: str, content: bytes = b"a\nb\n") -> ChangePlan:
    return ChangePlan(".", tuple(Action("create", path, "b", content) for path in paths))


def test_a_short_plan_is_every_path(capsys: pytest.CaptureFixture[str]) -> None:
    views.plan(plan("a.txt", "models/[dev]/x.sql"), Terminal())
    assert capsys.readouterr().out == "  + a.txt\n  + models/[dev]/x.sql\nPlan: 2 to add, 0 to change, 0 to remove\n"


@pytest.mark.parametrize(("count", "folded"), [(40, False), (41, True)])
def test_a_long_plan_folds_with_a_count(count: int, folded: bool, capsys: pytest.CaptureFixture[str]) -> None:
    views.plan(plan(*(f"d/{i}" for i in range(count - 1)), "top.txt"), Terminal())
    lines = capsys.readouterr().out.splitlines()
    assert (lines[:-1] == ["  + d/  40 files", "  + top.txt"]) == folded
    assert lines[-1] == f"Plan: {count} to add, 0 to change, 0 to remove"


def test_a_diff_shows_every_line_and_names_what_is_binary(capsys: pytest.CaptureFixture[str]) -> None:
    views.diff(ChangePlan(".", (*plan("a.txt").actions, *plan("b.bin", content=b"\0").actions)), Terminal())
    out = capsys.readouterr().out
    assert out.startswith("--- /dev/null\n+++ b/a.txt\n@@ -0,0 +1,2 @@\n+a\n+b\n")
    assert "  + b.bin  (binary)\n" in out


def test_a_target_elsewhere_is_shown_whole() -> None:
    assert shown(Path("/x/shop"), Path("/x")) == "shop"
    assert shown(Path("/y/shop"), Path("/x")) == "/y/shop"
