"""Drill every repository whole, and write what was found to proof/ and docs/proof.md: hours.

    python -m tests.drills [NAME…] [--catalog next]

Exit codes: 0 everything holds, 1 something does not, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys

from pipegen.store.blueprints import BlueprintStore
from tests.drills import proof
from tests.drills.repositories import EVERY, REPORT, Drilled
from tests.postgres import program

BUILD = proof.ROOT / "build" / "prove"
HOURS = 4


def main() -> int:
    names = {drilled.name: drilled for drilled in EVERY}
    parser = argparse.ArgumentParser(prog="python -m tests.drills", description="Drill every repository whole.")
    parser.add_argument("name", nargs="*", metavar="NAME", help=f"only these of {', '.join(names)}")
    parser.add_argument("--catalog", default="next", help="the blueprints to prove; default: next")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.name if name not in names]
    if unknown:
        parser.error(f"no repository {', '.join(unknown)}; there are {', '.join(names)}")
    held = [_prove(names[name], arguments.catalog) for name in arguments.name or names]
    return 0 if all(held) else 1


def _prove(drilled: Drilled, catalog: str) -> bool:
    """Drill one repository, and write down how it went."""
    store = BlueprintStore()
    before = proof.digest(store, catalog)
    root = BUILD / drilled.name
    shutil.rmtree(root, ignore_errors=True)
    drilled.make(root, catalog)
    print(f"== {drilled.name}", flush=True)
    environment = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "MAKEFLAGS", "MFLAGS")}
    command = ["make", "--no-print-directory", "drill", "SMOKE="]  # whole, whatever the caller's SMOKE says
    done = subprocess.run(command, cwd=root, env=environment, check=False, timeout=HOURS * 3600)
    if not (root / REPORT).exists():
        return False
    if proof.digest(BlueprintStore(), catalog) != before:
        print(f"{drilled.name}: the blueprints changed meanwhile: nothing is proven", file=sys.stderr)
        return False
    report = json.loads((root / REPORT).read_text(encoding="utf-8"))
    made = proof.record(catalog, before, _made_with(), report)
    proof.write(proof.FOLDER / f"{drilled.name}.json", made, proof.released(store).values())
    proof.PAGE.write_text(proof.page(proof.files()), encoding="utf-8")
    print(f"{drilled.name}: {'holds' if proof.is_whole(made) else 'does NOT hold'}; see docs/proof.md", flush=True)
    return done.returncode == 0 and proof.is_whole(made)


def _made_with() -> dict[str, str]:
    said = subprocess.run([program("postgres"), "--version"], capture_output=True, text=True, check=True).stdout
    return {"Python": platform.python_version(), "PostgreSQL": said.split()[2]}


if __name__ == "__main__":
    sys.exit(main())
