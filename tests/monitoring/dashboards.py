"""The dashboards' definitions as templates: made from the code that makes them in a repository.

A repository gets its dashboards by rendering, without running anything; the code that made them goes with it. After a change
of ``monitoring/dashboards/`` in the blueprint:

    python -m tests.monitoring.dashboards

The code is run with marks in place of the values of its templates, and the marks become templates again.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests import engines

BLUEPRINT = Path(__file__).parents[2] / "blueprints" / "monitoring" / "1.0.0" / "files"
CODE, DEFINITIONS = Path("monitoring/dashboards"), Path("monitoring/grafana/dashboards")
SETUP = Path(__file__).parents[2] / "blueprints" / "project" / "1.4.0" / "files" / "scripts" / "setup.sh"

_VALUE = re.compile(r"^(?P<name>[A-Z]+)(?P<number>: float)? = <%= (?P<value>.+) \| py %>$", re.MULTILINE)
_OPEN, _CLOSE = "\ue000", "\ue001"  # of nobody: no value has them


def environment(requirements: Path) -> Path:
    """The Python that has Grafana's SDK, installed once by the repository's own setup, and kept."""
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:16]
    home = engines.cache_folder() / f"dashboards-{digest}"
    if not (home / "ready").exists():
        shutil.rmtree(home, ignore_errors=True)
        for source in (requirements, SETUP):
            to = home / source.parent.name
            to.mkdir(parents=True)
            shutil.copy(source, to)
        done = subprocess.run(
            ["sh", "scripts/setup.sh", "dashboards"], cwd=home, capture_output=True, text=True, check=False, timeout=600
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        (home / "ready").touch()
    return home / ".venv" / "dashboards" / "bin" / "python"


def run(root: Path, python: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """``python -m monitoring.dashboards`` in a repository."""
    return subprocess.run(
        [python, "-B", "-m", "monitoring.dashboards", *arguments],
        cwd=root, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def templates() -> dict[str, str]:
    """The templates of the definitions, by file name."""
    python = environment(BLUEPRINT / "requirements" / "dashboards.txt")
    with tempfile.TemporaryDirectory() as elsewhere:
        root = Path(elsewhere)
        shutil.copytree(BLUEPRINT / CODE, root / CODE, ignore=shutil.ignore_patterns("__pycache__"))
        (root / DEFINITIONS).mkdir(parents=True)
        expressions = root / CODE / "expressions.py"
        source = expressions.read_text(encoding="utf-8")
        values = {m["name"]: (m["value"], bool(m["number"])) for m in _VALUE.finditer(source)}
        expressions.write_text(_VALUE.sub(rf'\g<name> = "{_OPEN}\g<name>{_CLOSE}"', source), encoding="utf-8")
        done = run(root, python)
        assert done.returncode == 0, done.stderr
        made = sorted((root / DEFINITIONS).glob("*.json"))
        return {path.name: _as_template(path.read_text(encoding="utf-8"), values) for path in made}


def _as_template(text: str, values: dict[str, tuple[str, bool]]) -> str:
    for name, (value, is_number) in values.items():
        mark = f"{_OPEN}{name}{_CLOSE}"
        text = text.replace(f'"{mark}"', f"<%= {value} | json %>")
        text = text.replace(mark, f"<%= {value} | {'json' if is_number else 'dq'} %>")
    assert _OPEN not in text
    return text


def main() -> None:
    for name, text in templates().items():
        path = BLUEPRINT / DEFINITIONS / name
        path.write_text(text, encoding="utf-8", newline="\n")
        print(f"{path.name}: {len(text):,} characters")


if __name__ == "__main__":
    main()
