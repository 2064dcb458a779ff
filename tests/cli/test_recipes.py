"""The recipes of CONTRIBUTING.md, followed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipegen.core.questions import QUESTIONS, Question
from pipegen.core.spec import schema


def _pipegen(cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "pipegen", *words], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def _resolved(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    parts = [*node.get("allOf", []), *node.get("oneOf", [])]  # of kinds that differ the first will do
    for reference in [node.get("$ref"), *(part.get("$ref") for part in parts)]:
        if reference:
            found: dict[str, Any] = document["$defs"][reference.rsplit("/", 1)[1]]
            return found
    return node


@pytest.mark.parametrize("question", [q for q in QUESTIONS if q.key], ids=lambda q: q.flag)
def test_a_question_is_one_line_and_a_described_key(question: Question) -> None:
    """Its key is in the schema, with a description."""
    document = schema.document()
    node: dict[str, Any] = document
    for part in (question.key or "").split("."):
        node = _resolved(document, node)["properties"][part]
    assert node.get("description")


def test_every_question_is_a_flag_with_an_example(tmp_path: Path) -> None:
    text = _pipegen(tmp_path, "new", "--help").stdout
    for question in QUESTIONS:
        assert f"  {question.flag} " in text
        assert question.example and question.help.endswith(".")


def test_a_blueprint_of_ones_own(tmp_path: Path) -> None:
    """`blueprints new` writes one that passes lint and joins a repository."""
    _pipegen(tmp_path, "blueprints", "new", "audit")
    _pipegen(tmp_path, "blueprints", "lint", "audit")
    _pipegen(tmp_path, "new", "shop", "--source", "sample:", "--blueprint", "audit", "--no-git")
    lock = (tmp_path / "shop" / ".pipegen" / "lock.json").read_text()
    assert '"audit": {"version": "0.1.0"' in lock or '"audit": {"version": "1.0.0"' in lock
    assert '"id": "audit:' in lock


def test_a_blueprint_is_found_from_the_folder_that_c_names(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    _pipegen(tmp_path, "blueprints", "new", "audit", "-C", "there")
    _pipegen(tmp_path, "new", "shop", "--source", "sample:", "--blueprint", "audit", "--no-git", "-C", "there")
    assert '"id": "audit:' in (tmp_path / "there" / "shop" / ".pipegen" / "lock.json").read_text()
