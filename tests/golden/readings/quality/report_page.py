"""The page of data quality, one HTML file with no script and nothing to fetch, from the JSON of quality.report_data:

    python -m quality.report_page data/demo-report.html < report.json

It runs in the environment `report`, which has the template engine and the plots; the warehouse is not asked here.
"""

import json
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from quality.report_period import age

TEMPLATES = Path(__file__).with_name("report")
# Draws bars by day: quality.report_plots.bars, or nothing.
Draw = Callable[..., str]


def main() -> int:
    text = sys.stdin.read()
    if not text.strip():
        return 1  # report_data has said why
    from quality.report_plots import bars

    path = Path(sys.argv[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(json.loads(text), bars), encoding="utf-8")
    print(f"wrote {path}")
    return 0


def page(found: dict[str, Any], draw: Draw) -> str:
    """The whole file. Every value is escaped by the template; only plots are put in as they are."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "age": age, "count": count, "percent": percent, "short": short, "moment": moment, "day": day,
    }  # fmt: skip
    days = found["days"]

    def plot(values: dict[str, float], colour: str, **options: Any) -> Markup:
        return Markup(draw(days, values, colour, **options))

    return environment.get_template("page.html").render(found, plot=plot, scaled=scaled)


def scaled(seconds: float) -> tuple[int, str]:
    """The unit of an axis that goes up to so much."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return size, unit
    return 1, "s"


def count(number: float | None) -> str:
    return "–" if number is None else f"{number:,.0f}"


def short(number: float) -> str:
    """A number of a table: whole where it is large."""
    return f"{number:,.0f}" if abs(number) >= 100 or number == int(number) else f"{number:,.1f}"


def percent(share: float | None) -> str:
    """Rounded down, so that what is missing is never rounded away."""
    if share is None:
        return "–"
    return f"{int(share * 10_000) / 100:g} %" if share <= 1 else f"{share * 100:,.0f} %"


def moment(text: str | None) -> str:
    return "–" if text is None else f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M}"


def day(text: str) -> str:
    return f"{datetime.fromisoformat(text):%d %b %Y}"


if __name__ == "__main__":
    sys.exit(main())
