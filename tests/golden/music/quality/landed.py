"""Has every source landed at least once?  python -m quality.landed

Exit code 99, on which Airflow skips what follows, says no, and names the tables that are missing.
"""

import json
import os
import sys
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parents[1]
NOT_YET = 99


def wanted():
    """Every landed table that staging reads: (schema, table)."""
    for path in sorted((ROOT / "ingest").glob("*.json")):
        source = json.loads(path.read_text(encoding="utf-8"))
        for table in source["tables"]:
            yield source["raw_schema"], table


def present():
    if not Path(os.environ["WAREHOUSE_PATH"]).exists():
        return set()
    with duckdb.connect(os.environ["WAREHOUSE_PATH"], read_only=True) as warehouse:
        tables = "select table_schema, table_name from information_schema.tables"
        return set(warehouse.execute(tables).fetchall())


def main():
    there = present()
    missing = [f"{schema}.{table}" for schema, table in wanted() if (schema, table) not in there]
    if missing:
        print("Not landed yet:", ", ".join(missing))
        return NOT_YET
    return 0


if __name__ == "__main__":
    sys.exit(main())
