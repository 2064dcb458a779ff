"""The scenarios, in the order in which they are played. After each chapter the transform is run and compared too."""

from drill.scenarios import contract, faults, kills, late, personal, quarantine, rows
from drill.scenarios.scenario import Scenario
from drill.scenarios.transform import OF_TRANSFORM

__all__ = ["CHAPTERS", "OF_TRANSFORM"]

CHAPTERS: dict[str, list[Scenario]] = {
    "rows": [*rows.SCENARIOS, *quarantine.SCENARIOS, *personal.SCENARIOS],
    "time": late.SCENARIOS,
    "kills": kills.SCENARIOS,
    "faults": faults.SCENARIOS,
    "contract": contract.SCENARIOS,
}
