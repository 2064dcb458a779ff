"""The recipes of CONTRIBUTING.md, followed."""

from __future__ import annotations

import os
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
    assert "for example" in node["description"].lower()


RECIPE = """
from pipegen.core import questions
from pipegen.core.questions import Question, Topic

new = Question(
    "--machine-memory", "machine.memory", "Memory of the machine that it runs on.", "64 GB",
    title="How much memory has the machine that it runs on?", asked="more",
)
questions.TOPICS = (*questions.TOPICS, Topic("What it runs on", (new,)))
questions.QUESTIONS = (*questions.QUESTIONS, new)
questions.BY_NAME[new.name] = new
"""
"""The recipe, followed: a line in the table, for a key that the model has."""

ASKED = """
import shlex, sys
from pathlib import Path
from pipegen.app.answers import Given, draft, from_environment
from pipegen.app.interview import interview
from pipegen.core.questions_page import page
from pipegen.core.spec.load import load
from pipegen.store.drafts import Drafts
from tests.app.interview.interviews import FIRST
from tests.prompting import Wrong, ScriptedPrompter, enter

assert from_environment({"PIPEGEN_MACHINE_MEMORY": "32 GB"}) == {"machine_memory": "32 GB"}
values = draft(Given(name="a", flags={"source": ["sample:"], "machine_memory": "32 GB"})).values
assert load(values).machine.memory == "32 GB"
script = [
    *enter(FIRST), ("review", "more"), ("more", ("machine_memory",)), ("machine_memory", Wrong("much", "allowed is a number and B")),
    ("machine_memory", "64 GB"), ("review", "write"),
]
prompter = ScriptedPrompter(*script)
done = interview(Given(), prompter, drafts=Drafts(Path("drafts")))
prompter.finished()
ask = prompter.last("machine_memory")
assert (ask.title, ask.help, ask.example) == (new.title, new.help, new.example)
assert done.generated.spec.machine.memory == "64 GB"
words = shlex.split(done.generated.plan.equivalent)
assert words[words.index("--machine-memory") + 1] == "64 GB"
"""


def test_a_question_that_is_added_is_flag_variable_key_prompt_and_docs(tmp_path: Path) -> None:
    """One place more, in a process of its own: every part of pipegen that knows of questions knows this one."""
    script = (
        RECIPE
        + ASKED
        + 'assert "## What it runs on" in page()\nfrom pipegen.cli.main import run\nrun(["new", "--help"])\n'
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "--machine-memory" in done.stdout and "Memory of the machine that it runs on." in " ".join(
        done.stdout.split()
    )


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
