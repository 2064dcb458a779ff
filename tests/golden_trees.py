"""The golden trees: whole generated repositories as real files, each rendered from its own pipegen.yml and ``sources/``.

``make golden`` renders them anew. The sealed base is left out (it repeats the tree); a test compares it with the tree.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from pipegen.app.answers import Given
from pipegen.app.generate import generate
from pipegen.app.repository import measured_in
from pipegen.core.lock import BASE_FOLDER
from pipegen.core.plan import ChangePlan
from pipegen.store import yaml_file

FOLDER = Path(__file__).parent / "golden"


def names() -> list[str]:
    """Every golden tree: a folder here is one, so that none can be left out of a run."""
    return sorted(p.name for p in FOLDER.iterdir() if p.is_dir())


def planned(name: str) -> ChangePlan:
    """The plan of a new repository from the inputs of a golden tree."""
    tree = FOLDER / name
    answers = yaml_file.read(tree / "pipegen.yml", "pipegen.yml")
    measured = measured_in(tree, list(answers.values["sources"]))
    with tempfile.TemporaryDirectory() as elsewhere:
        given = Given(answers=answers, cwd=Path(elsewhere), directory=Path("repository"))
        return generate(given, measured=measured).plan


def write(plan: ChangePlan, root: Path, *, with_base: bool) -> None:
    """Write the files of a plan below ``root``."""
    for action in plan.actions:
        if action.content is None or (not with_base and action.path.startswith(BASE_FOLDER)):
            continue
        path = root / action.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(action.content)
        path.chmod(action.mode)


def main() -> None:
    for name in names():
        plan = planned(name)
        shutil.rmtree(FOLDER / name)
        write(plan, FOLDER / name, with_base=False)
        print(f"{name}: {len(plan.actions)} files")


if __name__ == "__main__":
    main()
