"""Import time of the generated DAG files, at 1 and 1,000 tables, by the repository's own Airflow."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
from pathlib import Path

from benchmarks import peers
from tests import engines

SCRIPT = """
import json, sys, time
from airflow.dag_processing.dagbag import DagBag
start = time.perf_counter()
bag = DagBag(dag_folder="dags")
assert not bag.import_errors, bag.import_errors
print(json.dumps({"seconds": time.perf_counter() - start, "dags": len(bag.dags), "tasks": sum(len(d.tasks) for d in bag.dags.values())}))
"""
EMPTY = "from airflow.sdk import DAG\nfrom airflow.providers.standard.operators.bash import BashOperator\n"


def run(bin_: Path, rounds: int) -> str:
    rows = []
    for tables in (1, 1000):
        work = peers.HOME / f"dags-{tables}"
        code = f"import sys; sys.path.insert(0, {str(peers.ROOT)!r}); from benchmarks.tasks import main; main()"
        command = [str(bin_ / "python"), "-c", code, "generate", str(work), str(tables), str(peers.HOME / "cache-warm")]
        subprocess.run(command, env=peers.clean(), capture_output=True, check=True, cwd=peers.HOME)
        root = work / "out"
        engines.give_environments(root)
        results = [_import(root) for _ in range(rounds)]
        seconds = statistics.median(r["seconds"] for r in results)
        bare = _bare(root, rounds)
        rows.append(
            [
                f"{tables:,}",
                str(results[0]["dags"]),
                str(results[0]["tasks"]),
                f"{seconds:.2f}",
                f"{seconds / bare:.1f}",
            ]
        )
    head = ["tables", "DAGs", "tasks", "s", "x a file that only imports Airflow"]
    return "## Import of the DAG files\n\nAim: under 1 s at 1,000 tables.\n\n" + peers.table(head, rows)


def _import(root: Path) -> dict[str, float]:
    command = ["sh", "scripts/env.sh", "demo", ".venv/airflow/bin/python", "-W", "ignore", "-c", SCRIPT]
    done = subprocess.run(command, cwd=root, env=peers.clean(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def _bare(root: Path, rounds: int) -> float:
    """Seconds of a DAG folder whose one file only imports Airflow: what no generated file can be below."""
    bare = root.parent / "bare"
    shutil.rmtree(bare, ignore_errors=True)
    shutil.copytree(root / "scripts", bare / "scripts")
    (bare / "dags").mkdir()
    (bare / "dags" / "empty.py").write_text(EMPTY)
    (bare / ".venv").symlink_to((root / ".venv").resolve())
    return statistics.median(_import(bare)["seconds"] for _ in range(rounds))
