"""docs/calibration.md, written from the module: ``python -m tests.core.design.calibration_page``."""

from __future__ import annotations

import re
from pathlib import Path

from pipegen.core.design import calibration as c
from pipegen.core.design.told import about, size_text

PAGE = Path(__file__).parents[3] / "docs" / "calibration.md"
HEAD = """\
# Calibration

Every threshold of the decision model, from `pipegen/core/design/calibration.py`. `(H)` marks a heuristic with no published source: it is
said with the decision, and a person's override beats it.

To recalibrate: look the source up, or measure anew; change the value and its source in the module; run
`python -m tests.core.design.portfolio` and read in the difference of `tests/core/design/portfolio.json` which pipelines would be built
otherwise; run `python -m tests.core.design.calibration_page` for this page, and `make golden` where a figure is shown. A threshold whose
change the portfolio does not notice fails `tests/core/design/test_calibration.py`. Choices that repositories accepted stay as they are.
"""


def groups() -> dict[str, list[str]]:
    """The names of the thresholds by the comment that heads them in the module."""
    found: dict[str, list[str]] = {}
    for line in Path(c.__file__).read_text(encoding="utf-8").splitlines():
        head, name = re.fullmatch(r"# ([A-Z][\w ,]+)", line), re.match(r"([A-Z][A-Z_]+) = Threshold\(", line)
        if head:
            found[head[1]] = []
        elif name:
            found[list(found)[-1]].append(name[1])
    return {head: names for head, names in found.items() if names}


def value(threshold: c.Threshold) -> str:
    """A value as people read it."""
    number = f"{threshold.value:,.4g}" if threshold.value < 1e4 else f"{threshold.value:,.0f}"
    unit = threshold.unit.split(" ")[0].rstrip(",")
    if unit in ("bytes", "bytes/s"):
        return size_text(threshold.value) + unit.removeprefix("bytes")
    return f"{number} ({about(threshold.value)})" if unit == "s" and threshold.value >= 120 else number


def text() -> str:
    table = c.table()
    parts = [HEAD]
    for head, names in groups().items():
        rows = [f"| `{n}` | {value(table[n])} | {table[n].unit} | {table[n].source} |" for n in names]
        parts.append("\n".join([f"## {head}", "", "| name | value | unit | source |", "|---|---|---|---|", *rows, ""]))
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
