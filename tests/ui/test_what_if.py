"""The view of a what-if, of values made by hand."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipegen.app.plan import Change, WhatIf
from pipegen.core.errors import Problem
from pipegen.core.plan import Action, ChangePlan
from pipegen.ui.terminal import Terminal
from pipegen.ui.what_if import what_if
from tests.core.design import explained as e

FILES = ChangePlan(".", (Action("update", "dags/shop.py", "airflow", b"new\n", before=b"old\n"),))


@pytest.fixture(autouse=True)
def eighty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def design(**more: Any) -> Any:
    empty = {"decisions": (), "sizing": (), "unmet": (), "unbuilt": (), "open_questions": (), "prices": ()}
    return SimpleNamespace(**{**empty, **more})


def shown(capsys: pytest.CaptureFixture[str], *changes: Change, diff: bool = False, **more: Any) -> str:
    values: dict[str, Any] = {"before": design(), "after": design(), "files": FILES, **more}
    found = WhatIf(root=Path(), sets=(), changes=changes, **values)
    what_if(found, Terminal(), diff=diff)
    return capsys.readouterr().out


def test_a_decision_is_shown_before_and_after_with_why(capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(capsys, Change("shop.mode", "batch", "frequent-batch", ("freshness 5m",)))
    assert out == (
        "Decisions\n  shop.mode:  batch -> frequent-batch\n      freshness 5m\n\n"
        "Sizing and cost\n  none change\n\n"
        "Files\n  ~ dags/shop.py\nPlan: 0 to add, 1 to change, 0 to remove\n"
    )


def test_a_decision_that_comes_or_goes_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(capsys, Change("shop.orders.overlap", None, "10m", ()), Change("shop.orders.lookback", "1", None, ()))
    assert "shop.orders.overlap:  (none) -> 10m" in out
    assert "shop.orders.lookback:  1 -> (none)" in out


@pytest.mark.parametrize(
    ("count", "line"), [(3, "  s.t0.x, s.t1.x, s.t2.x:  a -> b"), (4, "  s.t0.x and 3 more:  a -> b")]
)
def test_tables_that_change_alike_are_folded(count: int, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(capsys, *(Change(f"s.t{i}.x", "a", "b", ()) for i in range(count)))
    assert line in out.splitlines()


def test_figures_that_change_are_shown_and_no_others(capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(
        capsys, before=design(sizing=(e.sizing(), e.whole())), after=design(sizing=(e.sizing(run=5), e.whole(22_000)))
    )
    assert "  shop: run time     61 s ->        5 s\n  compute         744 min -> 22,000 min\n" in out
    assert "rows a run" not in out


def test_what_is_missed_is_shown_and_why_there_are_no_files(capsys: pytest.CaptureFixture[str]) -> None:
    problem = Problem("freshness 30s cannot be met", "pipegen.yml:3")
    out = shown(capsys, after=design(unmet=(e.UNMET,)), files=None, refused=(problem,))
    assert "shop.freshness: asked 30s, got 1m, missed by 30 s" in out
    assert out.endswith("Files\n  none, because of `shop.freshness`: see above\n")
    assert shown(capsys, files=None, refused=(problem,)).endswith(
        "  none: pipegen.yml:3: freshness 30s cannot be met\n"
    )


def test_only_questions_that_are_new_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    asked = design(open_questions=(e.QUESTION,))
    assert "Open questions" in shown(capsys, after=asked)
    assert "Open questions" not in shown(capsys, before=asked, after=asked)


def test_files_can_be_shown_as_diffs(capsys: pytest.CaptureFixture[str]) -> None:
    assert "-old\n+new\n" in shown(capsys, diff=True)


def test_of_a_template_there_are_files_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, before=None, after=None).startswith("Files\n")


def test_notes_are_talk(capsys: pytest.CaptureFixture[str]) -> None:
    what_if(WhatIf(Path(), (), None, None, (), FILES, notes=("a table says its own",)), Terminal())
    assert capsys.readouterr().err == "note: a table says its own\n"


def test_it_fails_where_it_cannot_be_built_or_a_demand_is_missed() -> None:
    def made(**more: Any) -> WhatIf:
        return WhatIf(Path(), (), design(), design(**more), (), None)

    assert not made().fails
    assert made(unmet=(e.UNMET,)).fails
    assert made(unbuilt=(SimpleNamespace(),)).fails
    assert WhatIf(Path(), (), None, None, (), None, (Problem("x"),)).fails
