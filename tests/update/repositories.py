"""Generated repositories on disk, for the tests of updates: made at a catalog, edited as people edit them."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from pipegen.app.answers import Given
from pipegen.app.generate import generate
from pipegen.app.repository import measured_in
from pipegen.core.blueprint_reads import refuse_unread
from pipegen.core.errors import SpecError
from pipegen.core.plan import ChangePlan
from pipegen.core.spec.load import load
from pipegen.store import yaml_file
from pipegen.store.blueprints import BlueprintStore
from tests import golden_trees


def catalogs(name: str) -> list[str]:
    """The catalogs, in their order, whose blueprints read every source of a golden tree."""
    store, found = BlueprintStore(), []
    answers = yaml_file.read(golden_trees.FOLDER / name / "pipegen.yml", "pipegen.yml")
    for catalog in store.catalogs():
        spec = load({**answers.values, "catalog": catalog}, answers.locate)
        with suppress(SpecError):
            refuse_unread(spec, [b.manifest for b in store.load(catalog)], answers.locate)
            found.append(catalog)
    return found


def planned(name: str, catalog: str) -> ChangePlan:
    """The plan of a golden tree's repository at a catalog."""
    tree = golden_trees.FOLDER / name
    answers = yaml_file.read(tree / "pipegen.yml", "pipegen.yml")
    measured = measured_in(tree, list(answers.values["sources"]))
    given = Given(answers=answers, flags={"catalog": catalog}, cwd=tree.parent, directory=Path("repository"))
    return generate(given, measured=measured).plan


def made(name: str, catalog: str, root: Path) -> Path:
    """A golden tree's repository at a catalog, written to ``root``."""
    golden_trees.write(planned(name, catalog), root, with_base=True)
    return root


def contents(root: Path) -> dict[str, tuple[bytes, int]]:
    """Every file below ``root``: its bytes, and whether it can be executed."""
    found = {}
    for folder, names, files in os.walk(root):
        names[:] = [n for n in names if n not in (".venv", ".git", "journal", "backup", "__pycache__")]
        for file in (Path(folder) / name for name in files):
            found[file.relative_to(root).as_posix()] = (file.read_bytes(), file.stat().st_mode & 0o111)
    return found


def expected(plan: ChangePlan) -> dict[str, tuple[bytes, int]]:
    """What a plan of a new repository writes, as :func:`contents` has it."""
    return {a.path: (a.content, a.mode & 0o111) for a in plan.actions if a.content is not None}


def pipegen(root: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a repository, as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "pipegen", *arguments], cwd=root, capture_output=True, text=True, check=False,
        env={**os.environ, "NO_COLOR": "1", **environment},
    )  # fmt: skip


NOTE = "\nOur own note: ask Kim before a backfill.\n"
ENV = "SHOP_PASSWORD=not-a-real-one\n"
COLUMN = "'mine' as my_label"
TASK = 'steps.python("announced", "ingest.ledger", SOURCE)'


def edit(root: Path) -> dict[str, str]:
    """What the people of a repository do to it: the text that each edited file must hold ever after, by path."""
    dag = next(
        p for p in sorted((root / "dags").glob("*.py")) if p.name not in ("steps.py", "transform.py", "audit.py")
    )
    text = dag.read_text()
    assert '"retries": 3,' in text
    text = text.replace('"retries": 3,', '"retries": 5,  # our network is what it is')
    loads = "    loads = steps.loads(SOURCE)\n"
    assert loads in text
    dag.write_text(text.replace(loads, f"{loads.rstrip()} >> {TASK}\n"))
    model = sorted((root / "transform" / "models" / "staging").glob("**/stg_*.sql"))[0]
    columns, found, rest = model.read_text().partition("\nfrom ")
    assert found, model.read_text()
    model.write_text(f"{columns},\n    {COLUMN}{found}{rest}")
    (root / "docs" / "data-dictionary.md").rename(root / "docs" / "dictionary.md")
    (root / "AGENTS.md").unlink()
    readme = root / "README.md"
    readme.write_text(readme.read_text() + NOTE)
    (root / ".env").write_text(ENV)
    held = {dag: TASK, model: COLUMN, readme: NOTE, root / ".env": ENV}
    return {path.relative_to(root).as_posix(): text for path, text in held.items()}
