"""A released catalog is one that was proven: `make prove` was run with these very blueprints, and everything held."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipegen.store.blueprints import BlueprintStore
from tests.drills import proof
from tests.drills.repositories import EVERY

ONE, OTHER = "sha256:" + "1" * 64, "sha256:" + "2" * 64
NAMES = ["a-duckdb", "a-postgres"]


def test_released_catalogs_are_proven() -> None:
    assert proof.unproven(BlueprintStore(), proof.files(), [drilled.name for drilled in EVERY]) == []


def test_a_released_digest_is_that_of_its_blueprints() -> None:
    store = BlueprintStore()
    assert {name: proof.digest(store, name) for name in proof.released(store)} == proof.released(store)


def test_the_page_is_what_the_records_say() -> None:
    files = proof.files()
    assert files.keys() <= {drilled.name for drilled in EVERY}
    assert proof.PAGE.exists() == bool(files)
    if files:
        assert proof.PAGE.read_text(encoding="utf-8") == proof.page(files), "`make prove` writes it"


@pytest.fixture
def store(tmp_path: Path) -> BlueprintStore:
    """Catalog 1.0 is released with digest ONE."""
    released = f'  "1.0":\n    project: 1.0.0\n    digest: {ONE}\n'
    (tmp_path / "catalog.yml").write_text(f"catalogs:\n{released}  next:\n    project: 1.0.0\n")
    return BlueprintStore(tmp_path)


def _record(digest: str = ONE, catalog: str = "next", verdict: str = "holds") -> proof.Record:
    result: dict[str, Any] = {
        "scenario": "run twice", "table": "s.t", "pattern": "sqlite full replace hard", "happened": "a | b", "seconds": 61.04,
    }  # fmt: skip
    report = {"holds": verdict != "FAILS", "results": [{**result, "verdict": verdict}]}
    return proof.record(catalog, digest, {"Python": "3.11"}, report)


def test_a_release_with_no_proof_fails(store: BlueprintStore) -> None:
    assert len(proof.unproven(store, {}, NAMES)) == 2
    assert len(proof.unproven(store, {"a-duckdb": [_record()]}, NAMES)) == 1
    whole = {name: [_record(OTHER), _record()] for name in NAMES}
    assert proof.unproven(store, whole, NAMES) == []


@pytest.mark.parametrize("lacking", [_record(verdict="FAILS"), _record(verdict="not run"), _record(OTHER, "1.0")])
def test_a_release_that_does_not_hold_fails(store: BlueprintStore, lacking: proof.Record) -> None:
    whole = {name: [_record()] for name in NAMES}
    assert proof.unproven(store, whole | {"a-duckdb": [lacking, _record()]}, NAMES)


def test_no_release_needs_no_proof(tmp_path: Path) -> None:
    (tmp_path / "catalog.yml").write_text("catalogs:\n  next:\n    project: 1.0.0\n")
    assert proof.unproven(BlueprintStore(tmp_path), {"a-duckdb": [_record(verdict="FAILS")]}, NAMES) == []


def test_records_are_kept_by_digest(tmp_path: Path) -> None:
    path = tmp_path / "proof" / "a-duckdb.json"
    for made in (_record(OTHER), _record(), _record("sha256:" + "3" * 64)):
        proof.write(path, made, keep=[ONE])
    assert [one["digest"][7] for one in proof.read(path)] == ["3", "1"]
    proof.write(path, _record(verdict="FAILS"), keep=[ONE])
    assert [one["holds"] for one in proof.read(path)] == [False]


def test_the_page_names_what_does_not_hold() -> None:
    page = proof.page({"a-duckdb": [_record()], "a-postgres": [_record(verdict="FAILS")]})
    assert "| run twice | holds 1 | FAILS 1 |" in page
    assert "| sqlite full replace hard | yes | yes |" in page
    assert "| a-postgres | run twice | s.t | FAILS | a \\| b |" in page
    assert "What does not hold" not in proof.page({"a-duckdb": [_record()]})
