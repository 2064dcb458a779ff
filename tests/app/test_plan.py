"""The what-if: what an update with other answers would change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipegen.app import template_new, update
from pipegen.app.answers import Given
from pipegen.app.generate import apply, generate
from pipegen.app.plan import WhatIf, plan
from pipegen.app.rename import rename
from pipegen.core.errors import SpecError, UsageError
from tests.render.cookiecutters import template
from tests.small import tree

ORDERS_ALONE = [
    ("sources.exports.tables", {"orders": {}}),
    ("marts", {"fct_orders": {"kind": "fact", "from": "exports.orders"}}),
]
CLICKS = {
    "kind": "kafka",
    "url_env": "EVENTS_BROKERS",
    "tables": {"clicks": {"volume": "40 GB/day", "immutable": True}},
}


@pytest.fixture
def root(here: Path) -> Path:
    apply(generate(Given(name="shop", flags={"source": ["exports/*.csv", "sqlite:///shop.db"]})), use_git=False)
    return here / "shop"


def changed(found: WhatIf) -> dict[str, tuple[str | None, str | None]]:
    return {c.id: (c.before, c.after) for c in found.changes}


def paths(found: WhatIf) -> list[str]:
    assert found.files is not None
    return [a.path for a in found.files.actions]


def test_nothing_asked_changes_nothing(root: Path) -> None:
    found = plan(root)
    assert (found.changes, paths(found), found.refused, found.fails, found.notes) == ((), [], (), False, ())
    assert found.document()["sizing"]["before"] == found.document()["sizing"]["after"]


def test_another_freshness_changes_the_decisions_that_hang_on_it(root: Path) -> None:
    found = plan(root / "dags", [("freshness", "15m")])
    assert changed(found)["exports.mode"] == ("batch", "frequent-batch")
    assert {id.rpartition(".")[2] for id in changed(found)} >= {"mode", "schedule", "retries"}
    assert not {id for id in changed(found) if id.endswith((".extract", ".engine"))}
    because = next(c.because for c in found.changes if c.id == "exports.mode")
    assert because[0] == "freshness 15m"
    assert paths(found) == ["pipegen.yml"]
    assert found.sets == ("defaults.freshness=15m",)


def test_the_files_are_those_that_the_update_then_changes(root: Path) -> None:
    found = plan(root, ORDERS_ALONE)
    assert found.files is not None
    updated = update.update(update.Request(root, sets=ORDERS_ALONE)).plan
    assert updated.actions
    assert found.files.document(applied=False) == updated.document(applied=False)
    assert {d.id: d.choice for d in updated.decisions} == {d.id: d.choice for d in found.after.decisions}  # type: ignore[union-attr]


def test_a_plan_writes_nothing(root: Path) -> None:
    before = tree(root)
    plan(root, [("freshness", "15m")])
    plan(root, [("freshness", "10s")])
    assert tree(root) == before


def test_a_table_that_goes_takes_its_decisions_along(root: Path) -> None:
    gone = changed(plan(root, ORDERS_ALONE))
    assert gone["exports.customers.extract"] == ("full", None)
    assert not [id for id in gone if id.startswith("exports.orders.")]


def test_cost_and_sizing_are_told_before_and_after(root: Path) -> None:
    document = plan(root, [("freshness", "15m")]).document()
    cost = document["cost"]
    assert cost["after"]["compute_minutes_per_month"] > cost["before"]["compute_minutes_per_month"] > 0
    before, after = (document["sizing"][side][0]["slack_seconds"] for side in ("before", "after"))
    assert 0 < after < before


def test_a_demand_that_cannot_be_met_has_a_design_and_no_files(root: Path) -> None:
    found = plan(root, [("freshness", "10s")])
    assert found.fails
    assert found.files is None
    assert found.refused
    document = found.document()
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert {u["id"] for u in document["unmet"]} >= {"exports.freshness"}
    assert all(u["nearest"] for u in document["unmet"])
    assert document["decisions"]
    assert (document["plan"], document["summary"]) == ([], {})


def test_a_source_that_nobody_can_build_yet_is_designed(root: Path) -> None:
    found = plan(root, [("sources.events", CLICKS)])
    assert found.fails
    assert changed(found)["events.clicks.extract"] == (None, "append")
    assert "events.kind" in {u["id"] for u in found.document()["unbuilt"]}
    assert "not measured: events; decided from what pipegen.yml says" in found.notes


def test_an_accepted_choice_stays_and_is_no_change(root: Path) -> None:
    path = root / ".pipegen/lock.json"
    lock = json.loads(path.read_text())
    lock["design"]["exports.schedule"] = "0 * * * *"
    path.write_text(json.dumps(lock))
    found = plan(root, [("owner", "data")])
    assert "exports.schedule" not in changed(found)
    assert [n for n in found.notes if n.startswith("exports.schedule stays `0 * * * *`; decided anew it would be")]
    asked = plan(root, [("freshness", "15m")])
    assert changed(asked)["exports.schedule"][0] == "0 * * * *"
    assert not [n for n in asked.notes if n.startswith("exports.schedule")]


def test_what_does_not_follow_is_told(root: Path) -> None:
    sets = [("sources.exports.tables.orders.freshness", "2h"), ("freshness", "4h")]
    (note,) = plan(root, sets).notes
    assert note.startswith("exports.orders does not follow, it says its own `freshness: 2h`")


def test_a_rename_is_no_change_of_a_decision(root: Path) -> None:
    for path, content in rename(root, "exports", "web").items():
        (root / path).unlink() if content is None else (root / path).write_bytes(content)
    found = plan(root)
    assert changed(found) == {}
    assert "dags/web.py" in paths(found)


def test_without_a_base_the_inputs_of_today_are_what_is_compared_with(root: Path) -> None:
    for archive in (root / ".pipegen/base").iterdir():
        archive.unlink()
    text = (root / "pipegen.yml").read_text()
    (root / "pipegen.yml").write_text(text + "\n# mine\n")
    assert "exports.mode" in changed(plan(root, [("overrides.exports.mode", "frequent-batch")]))


@pytest.mark.parametrize(
    ("sets", "error"),
    [
        ([("freshness", "soon")], SpecError),
        ([("nme", "x")], SpecError),
        ([("a..b", 1)], SpecError),
        ([("volume", "1M rows/day")], SpecError),
    ],
)
def test_answers_that_are_none_are_refused(root: Path, sets: list[tuple[str, Any]], error: type[Exception]) -> None:
    with pytest.raises(error):
        plan(root, sets)


def test_a_catalog_that_is_not_there_is_refused(root: Path) -> None:
    with pytest.raises(UsageError, match="no such catalog"):
        plan(root, to="9.9")


def test_of_a_template_the_files_alone_change(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rc").write_text("{}\n")
    monkeypatch.setenv("COOKIECUTTER_CONFIG", str(tmp_path / "rc"))
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = template(here / "tpl", {"name": "My Project"}, {"README.md": "# {{ cookiecutter.name }}\n"})
    wanted = template_new.wanted(Given(name="mine", flags={"blueprint": [str(folder)]}, cwd=here), [])
    assert wanted is not None
    apply(template_new.generate_from(wanted, trust=False), use_git=False)
    found = plan(here / "mine", [("name", "Another")])
    assert (found.before, found.after, found.changes, found.fails) == (None, None, (), False)
    assert "README.md" in paths(found)
    assert found.document()["decisions"] == []


def test_a_rename_keeps_what_is_held_and_the_files_agree(root: Path) -> None:
    path = root / ".pipegen/lock.json"
    lock = json.loads(path.read_text())
    lock["design"] |= {"exports.schedule": "0 * * * *", "pipeline.alerts": "freshness-burn+rows-lost"}
    path.write_text(json.dumps(lock))
    for name, content in rename(root, "exports", "web").items():
        (root / name).unlink() if content is None else (root / name).write_bytes(content)
    found = plan(root)
    assert found.files is not None
    assert {d.id: d.choice for d in found.after.decisions} == {d.id: d.choice for d in found.files.decisions}  # type: ignore[union-attr]
    assert changed(found) == {}
