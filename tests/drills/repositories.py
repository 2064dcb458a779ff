"""The repositories that are drilled: each spec below ``specs/``, with each destination."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipegen.app.answers import Given
from pipegen.app.generate import generate
from pipegen.app.repository import measured_in
from pipegen.core.plan import ChangePlan
from pipegen.store import yaml_file
from tests import engines, golden_trees

SPECS = Path(__file__).parent / "specs"
DESTINATIONS = ("duckdb", "postgres")
REPORT = Path("data") / "drill" / "report.json"


@dataclass(frozen=True)
class Drilled:
    """A repository to drill."""

    spec: str
    destination: str

    @property
    def name(self) -> str:
        return f"{self.spec}-{self.destination}"

    def planned(self, catalog: str = "next") -> ChangePlan:
        """The plan of the repository, as ``pipegen new --answers … --no-probe --destination …`` makes it."""
        folder = SPECS / self.spec
        answers = yaml_file.read(folder / "pipegen.yml", "pipegen.yml")
        measured = measured_in(folder, list(answers.values["sources"]))
        flags = {"destination": self.destination, "catalog": catalog}
        with tempfile.TemporaryDirectory() as elsewhere:
            given = Given(answers=answers, flags=flags, cwd=Path(elsewhere), directory=Path("repository"))
            return generate(given, measured=measured).plan

    def make(self, root: Path, catalog: str = "next") -> None:
        """Write the repository to ``root``, with the environments that all tests share."""
        golden_trees.write(self.planned(catalog), root, with_base=True)
        engines.give_environments(root)


EVERY = tuple(Drilled(spec.name, to) for spec in sorted(SPECS.iterdir()) for to in DESTINATIONS)
# Between them each kind of source, each destination and each pattern; `make prove` drills the others too.
SMOKE = (Drilled("server", "duckdb"), Drilled("local", "postgres"))


def patterns(plan: ChangePlan) -> set[str]:
    """How the tables of a repository are loaded, and what is kept of them, in a word or a few each."""
    found: set[str] = set()
    for action in plan.actions:
        content = action.content or b""
        if action.path.startswith("ingest/") and action.path.endswith(".json"):
            declared = json.loads(content)
            for table in declared["tables"].values():
                found |= _of_table(declared["kind"], table)
        if action.path == "drill/design.json":
            design = json.loads(content)
            found |= {f"history {of['history']}" for of in design["staging"]}
            found |= {f"mart {of['load']}" for of in design["marts"]}
            found.add(f"to {design['destination']}")
    return found


def _of_table(kind: str, table: dict[str, Any]) -> set[str]:
    found = {f"{table.get('format') or kind}: {table['load']}, {table['write']}, {table['deletes']}"}
    found |= {column["treatment"] for column in table["columns"].values() if column.get("treatment")}
    return found | ({"drop"} if table.get("dropped") else set())
