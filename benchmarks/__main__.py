"""``python -m benchmarks [NAME …] [--rounds N]``: measure, and write docs/benchmarks.md (a part of it: print only)."""

from __future__ import annotations

import argparse
import os
import platform

from benchmarks import dag_import, demo, extract_load, generation, peers, startup, update

SUITES = {
    "startup": startup.run,
    "generation": generation.run,
    "dag_import": dag_import.run,
    "extract_load": extract_load.run,
    "demo": demo.run,
    "update": update.run,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suite", nargs="*", choices=[[], *SUITES], help="default: all")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    peers.HOME.mkdir(parents=True, exist_ok=True)
    bin_ = peers.environment()
    parts = {name: SUITES[name](bin_, options.rounds) for name in options.suite or SUITES}
    head = (
        "# Benchmarks\n\n`make benchmark` writes this page. Every ratio is of medians within one run, each call in a process of its own, "
        f"the peers in turn; {os.cpu_count()} cores, Python {platform.python_version()}, {', '.join(peers.PEERS)}.\n"
    )
    text = "\n".join([head, *parts.values()])
    print(text)
    if not options.suite:
        (peers.ROOT / "docs" / "benchmarks.md").write_text(text)


if __name__ == "__main__":
    main()
