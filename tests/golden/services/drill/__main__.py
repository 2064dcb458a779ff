"""Drill the pipeline: every fault on purpose, the target compared with an oracle after each.

    python -m drill [--list] [--scenario NAME]… [--source SOURCE] [--smoke] [--keep]

Ends with a table, and writes data/drill/report.md and report.json. Exit codes: 0 every scenario holds, 1 one does not,
2 wrong usage.
"""

import argparse
import os
import signal
import sys

from drill import bed, report
from drill.pipeline import DATA
from drill.play import Player
from drill.scenarios import CHAPTERS, OF_TRANSFORM


def main() -> int:
    arguments = _arguments()
    if arguments.list:
        print("\n".join(_names()))
        return 0
    # So that a server is stopped, too, when somebody ends the drill.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with bed.make(arguments.keep) as made:
        player = Player(made, set(arguments.scenario), arguments.source, arguments.smoke)
        results = player.play()
        if arguments.keep:
            player.keep_outputs(DATA / "logs")
    report.write(DATA, results)
    print(report.terminal(results))
    print(f"written: {(DATA / 'report.md').relative_to(DATA.parents[1])} and report.json")
    return 0 if report.all_hold(results) else 1


def _names() -> list[str]:
    return [one.name for many in CHAPTERS.values() for one in many] + list(OF_TRANSFORM)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m drill", description="Drill the pipeline.")
    parser.add_argument("--list", action="store_true", help="the scenarios, and nothing else")
    parser.add_argument(
        "--scenario", action="append", default=[], metavar="NAME", help="only this; repeatable"
    )
    parser.add_argument("--source", help="only this source's scenarios")
    smoke = os.environ.get("DRILL_SMOKE") == "1"
    parser.add_argument("--smoke", action="store_true", default=smoke, help="only the few quickest")
    parser.add_argument(
        "--keep",
        action="store_true",
        help="leave twins, warehouse and all outputs below data/drill",
    )
    arguments = parser.parse_args()
    unknown = [name for name in arguments.scenario if name not in _names()]
    if unknown:
        parser.error(f"no scenario {', '.join(map(repr, unknown))}; see --list")
    if arguments.source and arguments.source not in (known := bed.source_ids()):
        parser.error(f"no source {arguments.source!r}; there are {', '.join(known)}")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
