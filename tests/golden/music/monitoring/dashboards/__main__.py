"""Write the dashboards; with --check, say which files are not what this code gives."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard

from monitoring.dashboards import overview, quality, runs, source
from monitoring.dashboards.expressions import NAME, PIPELINE, UID
from monitoring.dashboards.panels import data_source, fill

FOLDER = Path(__file__).parents[1] / "grafana" / "dashboards"

# By name: the module, and how far the dashboard looks back.
DASHBOARDS = {
    "overview": (overview, "7d"),
    "source": (source, "7d"),
    "runs": (runs, "2d"),
    "quality": (quality, "7d"),
}


def definition(name: str) -> str:
    """A dashboard as Grafana reads it."""
    module, back = DASHBOARDS[name]
    what = str(module.__doc__).split(": ", 1)[1].strip()
    board = (
        builders.Dashboard(f"{NAME}: {name}")
        .uid(f"{UID}-{name}")
        .description(f"{what[0].upper()}{what[1:]}")
        .tags([PIPELINE])
        .time(f"now-{back}", "now")
        .refresh("1m")
        .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
        .link(_link_to_the_others())
        .variables([data_source(f"Prometheus of {NAME}", f"{UID}-prometheus"), *_variables(module)])
    )
    fill(board, module.rows())
    text = json.dumps(board.build(), cls=JSONEncoder, ensure_ascii=False, indent=2, sort_keys=True)
    return f"{text}\n"


def _variables(module: object) -> list:
    return getattr(module, "VARIABLES", [])


def _link_to_the_others() -> builders.DashboardLink:
    link = builders.DashboardLink("Dashboards").type(dashboard.DashboardLinkType.DASHBOARDS)
    return link.tags([PIPELINE]).keep_time(True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    differ = []
    for name in DASHBOARDS:
        path, text = FOLDER / f"{name}.json", definition(name)
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        differ.append(path.name)
        if not check:
            path.write_text(text, encoding="utf-8", newline="\n")
    print(f"{', '.join(differ) or 'nothing'} {'differs' if check else 'written'}")
    return int(check and bool(differ))


if __name__ == "__main__":
    sys.exit(main())
