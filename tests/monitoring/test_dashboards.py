"""The dashboards: what is committed is what their code gives, in every repository, and Grafana and Prometheus take it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipegen.core.design.model import Design, Pipeline
from pipegen.render.renderer import render
from pipegen.store.blueprints import BlueprintStore
from tests import golden_trees
from tests.monitoring import dashboards, panels, servers
from tests.ports import free_port
from tests.render.blueprints import blueprint
from tests.render.designs import design

pytestmark = pytest.mark.monitoring

NAMES = {"overview.json", "quality.json", "runs.json", "source.json"}
LONG = "a" * 20 + "_b" * 14  # as long as the name of a pipeline may be


def _repository(name: str, to: Path) -> Path:
    """What the dashboards need of a golden tree, as its owner gets it."""
    for action in golden_trees.planned(name).actions:
        if action.content is not None and action.path.startswith(("monitoring/", "requirements/dashboards.")):
            path = to / action.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(action.content)
    return to


def _rendered(given: Design, *more: Any) -> dict[str, Any]:
    """The dashboards of a design, read as JSON, by file name."""
    [own] = [b for b in BlueprintStore().load("next") if b.name == "monitoring"]
    files = {path: content for path, content in own.files.items() if path.startswith("monitoring/grafana/dashboards/")}
    manifest = own.manifest.model_copy(
        update={"requires": {}, "files": {}, "contributes": type(own.manifest.contributes)(), "questions": []}
    )
    tree = render([replace(own, files=files, manifest=manifest), *more], given, cache=None)
    return {Path(file.path).name: json.loads(file.content) for file in tree}


def _named(name: str) -> Design:
    given = design()
    pipeline = Pipeline(name.replace("_", "-"), name, name.upper(), "", "data-team", "next")
    return replace(given, pipeline=pipeline)


def test_the_templates_are_what_their_code_gives() -> None:
    folder = dashboards.BLUEPRINT / dashboards.DEFINITIONS
    kept = {p.name: p.read_text(encoding="utf-8") for p in folder.glob("*.json") if "{" not in p.name}
    made = dashboards.templates()
    assert set(made) == NAMES
    assert kept == made, "`python -m tests.monitoring.dashboards` makes them anew, if the change is meant"


@pytest.mark.parametrize("name", ["shop", "patterns"])
def test_the_files_of_a_repository_are_what_its_code_gives(name: str, tmp_path: Path) -> None:
    root = _repository(name, tmp_path)
    python = dashboards.environment(root / "requirements" / "dashboards.txt")
    folder = root / dashboards.DEFINITIONS
    committed = {path.name: path.read_bytes() for path in folder.glob("*.json")}
    same = dashboards.run(root, python, "--check")
    assert (same.returncode, same.stdout) == (0, "nothing differs\n"), same.stderr
    (folder / "runs.json").write_text("{}\n", encoding="utf-8")
    differs = dashboards.run(root, python, "--check")
    assert (differs.returncode, differs.stdout) == (1, "runs.json differs\n"), differs.stderr
    assert (folder / "runs.json").read_text(encoding="utf-8") == "{}\n"
    assert dashboards.run(root, python).returncode == 0
    assert {path.name: path.read_bytes() for path in folder.glob("*.json")} == committed
    assert set(committed) >= NAMES


def test_ids_are_short_and_of_one_pipeline_alone() -> None:
    names = ["shop", "shop_two", LONG, f"{LONG[:-1]}c"]
    boards = [board for name in names for board in _rendered(_named(name)).values()]
    ids = [board["uid"] for board in boards]
    assert len(set(ids)) == len(ids) == len(names) * len(NAMES)
    assert max(map(len, ids)) <= 40
    assert all(f'pipeline=\\"{name}\\"' in json.dumps(_rendered(_named(name))) for name in names)


def test_a_panel_says_what_it_shows() -> None:
    for name, board in _rendered(_named("shop")).items():
        shown = [panel for panel in board["panels"] if panel["type"] != "row"]
        assert all(panel["title"] and panel["description"] for panel in shown), name
        titles = [panel["title"] for panel in shown]
        assert len(set(titles)) == len(titles), name
        ids = [panel["id"] for panel in board["panels"]]
        assert len(set(ids)) == len(ids), name


def test_no_two_panels_stand_in_one_place() -> None:
    for name, board in _rendered(_named("shop")).items():
        places = [
            (x, y)
            for place in (panel["gridPos"] for panel in board["panels"])
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        ]
        assert len(set(places)) == len(places), name
        assert max(x for x, _ in places) == 23, name


def test_dashboards_of_other_blueprints_are_shown() -> None:
    text = '{"title": "Orders of <%= pipeline.name %>", "uid": "<%= pipeline.id %>-orders"}'
    other = blueprint(name="other", contributes={"dashboards": [{"name": "orders", "title": "Orders", "text": text}]})
    boards = _rendered(_named("shop"), other)
    assert set(boards) == {*NAMES, "orders.json"}
    assert boards["orders.json"] == {"title": "Orders of shop", "uid": "shop-orders"}


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[str]:
    """A Prometheus that measures nothing."""
    port = free_port()
    config = tmp_path / "prometheus.yml"
    config.write_text("global: {}\n", encoding="utf-8")
    with servers.processes(tmp_path / "servers") as started:
        started.start("prometheus", [
            servers.program("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ])  # fmt: skip
        started.wait_for("prometheus", f"http://127.0.0.1:{port}/-/ready")
        yield f"http://127.0.0.1:{port}"


def test_where_nothing_is_measured_it_is_said(empty: str, tmp_path: Path) -> None:
    """Prometheus understands every query; what only a run can measure is missing, what may be none is none."""
    root = _repository("shop", tmp_path / "shop")
    missing = {(query.dashboard, query.panel) for query in panels.without_data(root, empty)}
    assert {
        ("overview", "Freshness by source"),
        ("overview", "Error budget left"),
        ("source", "$source"),
        ("runs", "$dag"),
        ("runs", "Time of a run"),
        ("quality", "Checks by result"),
    } <= missing
    none = panels.with_none(root, empty)
    assert {("overview", "What is firing"), ("quality", "Checks that do not pass")} <= none
    assert not none & missing
