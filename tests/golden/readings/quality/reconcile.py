"""Does what left one hop arrive at the next?  python -m quality.reconcile SOURCE | --marts | --all

SOURCE compares what the source had when it was read with what is in `raw_…` and in quarantine. --marts compares raw
with staging, and staging with the marts that have one row for each of its rows. Counts and exact sums must agree;
sums of DOUBLE columns to nine digits. A deduplicated staging model keeps the newest row of each key, and only that.

Results are kept in ops.reconciliation. Exit codes: 0 all agree, 1 a difference or nothing to compare, 2 wrong usage.
"""

import argparse
import json
import os
import sys
from datetime import UTC, datetime
from typing import Any

import duckdb

from ingest import declaration, ledger, measures, settings
from ingest.declaration import Column, LoadError, Table
from ingest.sql import ident
from quality.compare import Hop, Totals, add, of_quarantine, of_relation, of_source

RECONCILIATION = """
CREATE TABLE IF NOT EXISTS ops.reconciliation (
    run_id VARCHAR, checked_at TIMESTAMPTZ, hop VARCHAR, source VARCHAR, "table" VARCHAR, "window" VARCHAR,
    expected_rows BIGINT, actual_rows BIGINT, sums JSON, ok BOOLEAN
)
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m quality.reconcile")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("source", nargs="?", help="source to raw, of this source")
    which.add_argument("--marts", action="store_true", help="raw to staging to marts")
    which.add_argument("--all", action="store_true", help="every source, then the marts")
    arguments = parser.parse_args()
    run_id = (
        os.environ.get("PIPELINE_RUN_ID") or f"manual__{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    )
    try:
        with ledger.open_warehouse(settings.warehouse_path()) as connection:
            hops = []
            for source_id in declaration.source_ids() if arguments.all else [arguments.source]:
                hops += landed(connection, source_id) if source_id else []
            if arguments.marts or arguments.all:
                hops += marts(connection)
            keep(connection, hops, run_id)
    except (LoadError, duckdb.CatalogException) as error:
        print(f"reconcile: {error}", file=sys.stderr)
        return 1
    return report(hops, run_id)


def read_checks() -> dict[str, Any]:
    """Which models and marts there are to compare: quality/checks.json."""
    text = (settings.ROOT / "quality" / "checks.json").read_text(encoding="utf-8")
    checks: dict[str, Any] = json.loads(text)
    return checks


def landed(connection: duckdb.DuckDBPyConnection, source_id: str) -> list[Hop]:
    """source -> raw, of each table of a source."""
    hops = []
    for table in declaration.read(source_id).tables:
        expected = of_source(connection, table)
        if expected is None:
            raise LoadError(
                f"{source_id}.{table.id} was never loaded; run python -m ingest {source_id}"
            )
        raw = of_relation(connection, raw_relation(table), measures.numeric_columns(table))
        actual = add(raw, of_quarantine(connection, table))
        hops.append(Hop("source -> raw", source_id, table.id, expected, actual).compare())
    return hops


def marts(connection: duckdb.DuckDBPyConnection) -> list[Hop]:
    """raw -> staging of every table, then staging -> mart."""
    checks = read_checks()
    sources = {check["source"]: declaration.read(check["source"]) for check in checks["staging"]}
    tables = {}
    hops = []
    for check in checks["staging"]:
        table = sources[check["source"]].table(check["table"])
        tables[check["model"]] = table
        hops.append(staged(connection, table, check))
    for check in checks["marts"]:
        hops.append(published(connection, tables[check["staging"]], check))
    return hops


def staged(connection: duckdb.DuckDBPyConnection, table: Table, check: dict[str, Any]) -> Hop:
    columns = measures.numeric_columns(table)
    raw, model = raw_relation(table), f"staging.{ident(check['model'])}"
    actual = of_relation(connection, model, columns)
    if not check["dedupe"]:
        expected = of_relation(connection, raw, columns)
        return Hop("raw -> staging", table.source, table.id, expected, actual).compare()
    newest = newest_of_each_key(table, raw)
    keys = ", ".join(ident(column) for column in table.key)
    ((distinct,),) = connection.execute(
        f"SELECT count(*) FROM (SELECT DISTINCT {keys} FROM {raw})"
    ).fetchall()
    expected = of_relation(connection, newest, columns)
    if expected.rows == distinct:
        return Hop("raw -> staging", table.source, table.id, expected, actual).compare()
    # Some keys have several rows with the same watermark: staging may keep any one of them, so sums tell nothing.
    hop = Hop("raw -> staging", table.source, table.id, Totals(distinct), actual).compare()
    compared = ", ".join(dict.fromkeys([*map(ident, table.key), *(ident(c.id) for c in columns)]))
    ((strange,),) = connection.execute(
        f"SELECT count(*) FROM (SELECT {compared} FROM {model} EXCEPT SELECT {compared} FROM {newest})"
    ).fetchall()
    if strange:
        hop.differences.append(
            f"{hop.hop}: {table.source}.{table.id}: rows that are not the newest of their key: expected 0, found {strange}"
        )
    return hop


def newest_of_each_key(table: Table, raw: str) -> str:
    """A subquery: the landed rows that no other row of the same key is newer than."""
    if not table.watermark:
        return raw
    keys = ", ".join(ident(column) for column in table.key)
    newest = f"rank() OVER (PARTITION BY {keys} ORDER BY {ident(table.watermark)} DESC NULLS LAST)"
    return f"(SELECT * FROM {raw} QUALIFY {newest} = 1)"


def published(connection: duckdb.DuckDBPyConnection, table: Table, check: dict[str, Any]) -> Hop:
    staging, mart = f"staging.{ident(check['staging'])}", f"marts.{ident(check['mart'])}"
    columns = [
        column for column in measures.numeric_columns(table) if column.id in check["columns"]
    ]
    expected = of_relation(connection, staging, columns)
    actual = of_relation(connection, mart, columns)
    hop = Hop("staging -> mart", table.source, check["mart"], expected, actual).compare()
    key = [
        table.column(column) for column in check["key"] if column in {c.id for c in table.columns}
    ]
    for missing, left, right in (("lacks", staging, mart), ("adds", mart, staging)):
        count = without_partner(connection, left, right, key)
        if count:
            hop.differences.append(
                f"{hop.hop}: {table.source}.{check['mart']}: keys that the mart {missing}: expected 0, found {count}"
            )
    return hop


def without_partner(
    connection: duckdb.DuckDBPyConnection, left: str, right: str, key: list[Column]
) -> int:
    if not key:
        return 0
    same = " AND ".join(f"l.{ident(c.id)} IS NOT DISTINCT FROM r.{ident(c.id)}" for c in key)
    query = f"SELECT count(*) FROM {left} AS l WHERE NOT EXISTS (SELECT 1 FROM {right} AS r WHERE {same})"
    ((count,),) = connection.execute(query).fetchall()
    return int(count)


def raw_relation(table: Table) -> str:
    return f"{ident(table.raw_schema)}.{ident(table.id)}"


def keep(connection: duckdb.DuckDBPyConnection, hops: list[Hop], run_id: str) -> None:
    connection.execute(RECONCILIATION)
    connection.executemany(
        "INSERT INTO ops.reconciliation VALUES (?, now(), ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            [
                run_id, hop.hop, hop.source, hop.table, hop.window, hop.expected.rows,
                hop.actual.rows, hop.sums_json(), not hop.differences,
            ]
            for hop in hops
        ],
    )  # fmt: skip


def report(hops: list[Hop], run_id: str) -> int:
    differences = [difference for hop in hops for difference in hop.differences]
    for name in dict.fromkeys(hop.hop for hop in hops):
        of_hop = [hop for hop in hops if hop.hop == name]
        agreeing = sum(1 for hop in of_hop if not hop.differences)
        rows = sum(hop.actual.rows for hop in of_hop)
        sums = sum(len(hop.expected.sums) for hop in of_hop)
        print(f"{name}: {agreeing} of {len(of_hop)} tables agree ({rows:,} rows, {sums:,} sums)")
    for difference in differences:
        print(f"reconcile: {difference}", file=sys.stderr)
    summary = {
        "event": "reconcile",
        "run_id": run_id,
        "tables": len(hops),
        "differences": len(differences),
    }
    print(json.dumps(summary))
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
