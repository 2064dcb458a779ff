"""What a drill ends with: a table on the terminal, and data/drill/report.md and report.json."""

import json
import shutil
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

HOLDS = "holds"
FAILS = "FAILS"
NO_MEANING = "does not apply"
NOT_RUN = "not run"


@dataclass(frozen=True)
class Result:
    """How one scenario went for one table, or for all that were transformed."""

    scenario: str
    table: str
    pattern: str
    happened: str
    verdict: str
    seconds: float = 0.0


def all_hold(results: list[Result]) -> bool:
    return not any(result.verdict == FAILS for result in results)


def summary(results: list[Result]) -> str:
    counts = Counter(result.verdict for result in results)
    return ", ".join(
        f"{counts[verdict]} {verdict}" for verdict in (HOLDS, FAILS, NO_MEANING, NOT_RUN)
    )


def terminal(results: list[Result]) -> str:
    """The table; what has no meaning here is only counted, as it would hide the rest."""
    width = shutil.get_terminal_size((160, 24)).columns
    shown = [result for result in results if result.verdict != NO_MEANING]
    heads = ("scenario", "table", "verdict", "s", "what happened")
    lines = [
        (r.scenario, r.table, r.verdict, f"{r.seconds:.1f}" if r.seconds else "", r.happened)
        for r in shown
    ]
    widths = [max(len(line[at]) for line in [heads, *lines]) for at in range(4)]
    text = []
    for line in [heads, *lines]:
        start = "  ".join(
            part.rjust(size) if at == 3 else part.ljust(size)
            for at, (part, size) in enumerate(zip(line, widths, strict=False))
        )
        rest = line[4] if line[2] == FAILS else line[4][: max(20, width - len(start) - 2)]
        text.append(f"{start}  {rest}".rstrip())
    return "\n".join([*text, summary(results)])


def markdown(results: list[Result]) -> str:
    lines = ["# Drill", "", f"{summary(results)}.", ""]
    lines += [
        "| scenario | table | pattern | verdict | s | what happened |",
        "|---|---|---|---|---|---|",
    ]
    for r in results:
        cells = (r.scenario, r.table, r.pattern, r.verdict, f"{r.seconds:.1f}", r.happened)
        lines.append(
            "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |"
        )
    return "\n".join(lines) + "\n"


def write(folder: Path, results: list[Result]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.md").write_text(markdown(results), encoding="utf-8")
    document = {"holds": all_hold(results), "results": [asdict(result) for result in results]}
    text = json.dumps(document, indent=1, ensure_ascii=False)
    (folder / "report.json").write_text(text + "\n", encoding="utf-8")
