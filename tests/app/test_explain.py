"""The design with its reasons: of a repository, of a file, and of a part."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipegen.app.answers import Given
from pipegen.app.explain import Explanation, about, of_answers, of_repository
from pipegen.app.generate import apply, generate
from pipegen.core.errors import SpecError, UsageError, WorkspaceError
from pipegen.store import yaml_file


@pytest.fixture
def root(here: Path) -> Path:
    apply(generate(Given(name="shop", flags={"source": ["exports/*.csv", "sqlite:///shop.db"]})), use_git=False)
    return here / "shop"


def accept(root: Path, **choices: str) -> None:
    """Put other accepted choices into the lock; ``__`` stands for a dot."""
    path = root / ".pipegen/lock.json"
    document = json.loads(path.read_text())
    document["design"].update({id.replace("__", "."): choice for id, choice in choices.items()})
    path.write_text(json.dumps(document))


def edit(root: Path, old: str, new: str) -> None:
    text = (root / "pipegen.yml").read_text()
    assert old in text
    (root / "pipegen.yml").write_text(text.replace(old, new))


def choices(found: Explanation) -> dict[str, str]:
    return {d.id: d.choice for d in found.explained.decisions}


def test_a_repository_is_explained_as_it_was_designed(root: Path) -> None:
    found = of_repository(root / "dags")
    lock = json.loads((root / ".pipegen/lock.json").read_text())["design"]
    assert choices(found).items() >= lock.items()
    assert (found.root, found.sources, found.held, found.notes) == (root, ("exports", "shop"), {}, ())
    assert all(d.because and d.rule and d.source for d in found.explained.decisions)


def test_explaining_writes_nothing(root: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in root.rglob("*")}
    of_repository(root)
    assert {p: p.stat().st_mtime_ns for p in root.rglob("*")} == before


def test_the_document_is_json_with_everything(root: Path) -> None:
    document = of_repository(root).document()
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document["schema_version"] == 1
    assert document["root"] == str(root)
    assert [s["source"] for s in document["sizing"]] == ["exports", "shop", ""]
    assert document["cost"]["compute_minutes_per_month"] > 0
    assert {d["id"] for d in document["decisions"]} >= {"exports.mode", "shop.orders.extract", "destination.engine"}
    assert all(d["held"] is None for d in document["decisions"])


def test_an_accepted_choice_that_still_works_is_held(root: Path) -> None:
    accept(root, exports__schedule="0 * * * *")
    found = of_repository(root)
    assert choices(found)["exports.schedule"] == "0 * * * *"
    assert found.held.keys() == {"exports.schedule"}
    held = next(d["held"] for d in found.document()["decisions"] if d["id"] == "exports.schedule")
    assert held["anew"] == found.held["exports.schedule"].choice != "0 * * * *"
    assert held["because"]


def test_an_accepted_choice_that_works_no_more_is_told(root: Path) -> None:
    accept(root, exports__schedule="0 0 30 2 *")
    found = of_repository(root)
    assert found.held == {}
    assert choices(found)["exports.schedule"] != "0 0 30 2 *"
    assert [n for n in found.notes if n.startswith("exports.schedule: `0 0 30 2 *` was accepted")]


def test_what_edited_answers_change_is_followed_and_told(root: Path) -> None:
    edit(root, "freshness: 1d", "freshness: 2h")
    found = of_repository(root)
    assert found.held == {}
    assert choices(found)["exports.schedule"] == "0 * * * *"
    assert [n for n in found.notes if "edited since the last update" in n]


def test_without_a_base_every_accepted_choice_is_held(root: Path) -> None:
    edit(root, "freshness: 1d", "freshness: 2d")
    for archive in (root / ".pipegen/base").iterdir():
        archive.unlink()
    assert "exports.schedule" in of_repository(root).held


def test_an_override_is_shown_with_its_reason(root: Path) -> None:
    with (root / "pipegen.yml").open("a") as file:
        file.write('overrides:\n  exports.schedule: {choice: "0 * * * *", because: "the partner asks for it"}\n')
    found = of_repository(root)
    decision = next(d for d in found.explained.decisions if d.id == "exports.schedule")
    assert (decision.choice, decision.overridden, decision.reason) == ("0 * * * *", True, "the partner asks for it")
    assert found.held == {}


def test_a_renamed_source_keeps_what_was_accepted(root: Path) -> None:
    accept(root, exports__schedule="0 * * * *")
    edit(root, "  exports:\n", "  web:\n    was: exports\n")
    found = of_repository(root)
    assert choices(found)["web.schedule"] == "0 * * * *"


def test_a_source_that_was_never_looked_at_is_decided_from_what_is_said(root: Path) -> None:
    (root / "sources/shop.yml").unlink()
    found = of_repository(root)
    assert "shop.mode" in choices(found)
    assert found.notes == ("not measured: shop; decided from what pipegen.yml says",)


@pytest.mark.parametrize(
    ("id", "ids"),
    [
        ("exports.orders.extract", {"exports.orders.extract"}),
        ("destination.engine", {"destination.engine"}),
        ("destination", {"destination.engine"}),
    ],
)
def test_a_decision_is_found_by_its_id(root: Path, id: str, ids: set[str]) -> None:
    assert set(choices(of_repository(root, id))) == ids


def test_a_source_a_table_and_a_question_are_found(root: Path) -> None:
    whole = of_repository(root)
    every = set(choices(whole))
    assert set(choices(about(whole, "exports"))) == {i for i in every if i.startswith("exports.")}
    assert set(choices(about(whole, "exports.orders"))) == {i for i in every if i.startswith("exports.orders.")}
    assert set(choices(about(whole, "customers"))) == {i for i in every if ".customers." in i}
    assert set(choices(about(whole, "extract"))) == {i for i in every if i.endswith(".extract")}
    assert [s.source for s in about(whole, "exports").explained.sizing] == ["exports"]
    assert about(whole, "exports.orders").explained.sizing == ()


@pytest.mark.parametrize(
    ("id", "sources"),
    [
        ("exports.run_seconds_estimated", ["exports"]),
        ("run_seconds_estimated", ["exports", "shop"]),
        ("pipeline.compute_minutes_per_month", [""]),
        ("sizing", ["exports", "shop", ""]),
        ("exports.sizing", ["exports"]),
        ("run time", ["exports", "shop"]),
        ("cost", [""]),
    ],
)
def test_figures_are_found(root: Path, id: str, sources: list[str]) -> None:
    part = of_repository(root, id).explained
    assert [s.source for s in part.sizing] == sources
    assert part.decisions == ()
    last = {"run time": "run_seconds_estimated"}.get(id, id.rpartition(".")[2])
    assert last in ("sizing", "cost") or {f.id for s in part.sizing for f in s.figures} == {last}


def test_prices_are_found(root: Path) -> None:
    part = about(of_repository(root), "prices").explained
    assert sum(tier.current for tier in part.prices) == 1
    assert (part.decisions, part.sizing) == ((), ())


@pytest.mark.parametrize(
    ("id", "hint"),
    [
        ("exports.orders.extrat", "did you mean `exports.orders.extract`?"),
        ("sizng", "did you mean `sizing`?"),
        ("costs", "did you mean `cost`?"),
        ("marts", "`marts` is an answer, said in pipegen.yml; `pipegen why pipegen.yml:LINE`"),
        ("exprts", "did you mean `exports`?"),
        ("exports.run_seconds_estimatd", "did you mean `exports.run_seconds_estimated`?"),
        ("ä", "for example `exports.mode`"),
    ],
)
def test_an_unknown_id_is_told_with_what_was_meant(root: Path, id: str, hint: str) -> None:
    with pytest.raises(UsageError) as error:
        of_repository(root, id)
    assert (error.value.hint or "").startswith(hint)


CLICKS = b"""sources:
  events:
    kind: kafka
    url_env: EVENTS_BROKERS
    freshness: 5m
    tables: {clicks: {volume: 40 GB/day, immutable: true}}
"""


def test_a_file_is_explained_before_anything_is_generated() -> None:
    found = of_answers(yaml_file.parse(CLICKS, "stdin"), None)
    assert found.root is None
    assert "events.clicks.extract" in choices(found)
    assert found.notes == ("not measured: events; decided from what pipegen.yml says",)
    assert found.document()["root"] is None


def test_measurements_beside_a_file_are_used(root: Path) -> None:
    found = of_answers(yaml_file.read(root / "pipegen.yml"), root)
    assert found.notes == ()
    assert choices(found) == choices(of_repository(root))


@pytest.mark.parametrize("raw", [b"sources: {a: {kind: sqlite}}\n", b"nme: x\nsources: {s: {kind: sample}}\n"])
def test_a_file_that_is_no_spec_is_refused(raw: bytes) -> None:
    with pytest.raises(SpecError):
        of_answers(yaml_file.parse(raw, "x.yml"), None)


def test_where_there_is_no_repository_there_is_nothing_to_explain(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError):
        of_repository(tmp_path)


@pytest.mark.parametrize("values", [{"blueprints": [{"source": "./template"}], "name": "x"}])
def test_a_template_was_not_designed(values: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="template"):
        of_answers(yaml_file.Document("pipegen.yml", values), None)


def test_an_override_that_is_not_taken_is_said() -> None:
    text = (
        "name: p\nsources:\n  a: {kind: files, path: x, tables: {t: {}}}\n"
        "overrides:\n  a.t.extract: {choice: cdc}\n  a.nonsense: {choice: x}\n"
    )
    found = of_answers(yaml_file.parse(text.encode(), "pipegen.yml"), None)
    assert [d.choice for d in found.explained.decisions if d.id == "a.t.extract"] == ["full"]
    said = [note for note in found.notes if note.startswith("override")]
    assert said == [
        "override `a.nonsense`: there is no such decision",
        "override `a.t.extract: cdc` is not taken: `cdc` is not a choice of `a.t.extract` that works",
    ]
