"""Pages of runbooks/ about the data: a function breaks it, runs the page's commands, and sees that it is whole.

Before and after the repair, what Prometheus would be told says so, too.
"""

from __future__ import annotations

import re
import shutil

from tests.monitoring.runbook import DAG, EXPORTS, TRANSFORM, TRIGGERED, Repository, following

DAY = "2026-03-05"


def source_down(it: Repository) -> None:
    away = it.files.rename(it.files.with_name("away"))
    with following(it, "source-down", SOURCE="exports", DAG=EXPORTS) as page:
        page.run("ingest $SOURCE", "exports", code=1)
        page.run("ops.failures", "source_down", "clicks")
        assert it.measured("exports", "pipeline_source_up") == 0
        away.rename(it.files)
        page.run(TRIGGERED, EXPORTS, "queued", known=True)
        it.load("exports")
    assert it.measured("exports", "pipeline_source_up") == 1


def volume_drop(it: Repository) -> None:
    columns = 'run_id, source, "table", kind, loaded_at, rows_read, rows_quarantined'
    for days in range(1, 8):
        when = f"now() - INTERVAL {days} DAY"
        it.warehouse(
            f"INSERT INTO ops.loads ({columns}) VALUES ('r', 'shop_db', 'events', 'incremental', {when}, 7000, 0)"
        )
    with following(it, "volume-drop", SOURCE="shop_db", TABLE="events") as page:
        seen = page.run("ops.loads")
        assert seen.count("7000") >= 6, seen
        page.run("make audit", "agree")
    it.warehouse("DELETE FROM ops.loads WHERE run_id = 'r'")


def source_stands_still(it: Repository) -> None:
    with following(it, "source-stands-still", SOURCE="shop_db", TABLE="orders") as page:
        page.run("make summary", "newest row", "shop_db.orders              2026-0")
        page.run("window_from", "rows_landed", "2026-")
        page.run("make audit", "agree")


def check_failed(it: Repository) -> None:
    """A row at the source that a test of staging does not let through, and then its correction there."""
    it.source("UPDATE orders SET total_amount = -999.5, updated_at = '2026-06-28 00:00:00' WHERE order_id = 7")
    it.load("shop_db")
    assert it.sh("sh scripts/env.sh prod dbt build --select path:models/staging").returncode == 1
    it.prod("python -m quality.observe --transform")  # the last task of its DAG
    [test] = re.findall(r"^\S+\.(\w+total_is_paid)$", it.prod("dbt --quiet ls --resource-type test"), re.MULTILINE)
    assert it.measured("--transform", "pipeline_check_failed", test) > 0
    with following(it, "check-failed", TEST=test) as page:
        page.run("ops.checks", test, "fail")
        page.run("dbt show", "-999.5")
        it.source("UPDATE orders SET total_amount = 999.5, updated_at = '2026-06-29 00:00:00' WHERE order_id = 7")
        it.load("shop_db")
        page.run("dbt test", "PASS=1")
        page.run(TRIGGERED, TRANSFORM, "queued", known=True)
    it.prod("dbt build")
    assert not it.measured("--transform", "pipeline_check_failed", test)


def reconciliation(it: Repository) -> None:
    """Rows of a day are gone from raw; the loads have passed it."""
    it.warehouse(f"DELETE FROM raw_shop_db.orders WHERE CAST(updated_at AS DATE) = '{DAY}'")
    assert it.sh("sh scripts/env.sh prod python -m quality.reconcile --all").returncode == 1
    after = "2026-03-06"
    with following(it, "reconciliation", SOURCE="shop_db", DAG=DAG, TABLE="orders", FROM=DAY, TO=after) as page:
        page.run("ops.reconciliation", "orders", DAY)
        page.run("reconcile $SOURCE", "orders", code=1)
        page.run("reconcile --marts", "fct_orders", code=1)
        assert it.measured("shop_db", "pipeline_reconciliation_differences", 'table="orders"') > 0
        assert it.measured("--transform", "pipeline_reconciliation_differences", "mart") > 0
        page.run(TRIGGERED, "queued", known=True)
        page.run("make backfill", "orders: slice 1 of 1")
        assert "0 differ" not in it.prod("dbt build --select fct_orders")
        page.run("--from-nothing", "orders")
        page.run("dbt build", "ERROR=0")
        page.run("reconcile --all", "agree", '"differences": 0')
        page.run(TRIGGERED, "queued", known=True)
    it.load("shop_db")
    assert it.measured("shop_db", "pipeline_reconciliation_differences", 'table="orders"') == 0
    assert it.measured("--transform", "pipeline_reconciliation_differences", "mart") == 0


def mass_delete(it: Repository) -> None:
    kept = it.database.with_name("kept.sqlite")
    shutil.copy(it.database, kept)
    it.source("DELETE FROM orders WHERE order_id > 30")
    with following(it, "mass-delete", SOURCE="shop_db", TABLE="orders", DAG=DAG) as page:
        page.run("ingest", "would delete", "orders", code=1)
        page.run("ops.loads", "rows_deleted")
        assert it.measured("shop_db", "pipeline_load_failed", 'reason="mass_delete"') == 1
        page.run("--allow-deletes", "orders", "17")
        page.run(TRIGGERED, "queued", known=True)
    kept.replace(it.database)
    it.load("shop_db")
    assert not it.measured("shop_db", "pipeline_load_failed")


def schema_drift(it: Repository) -> None:
    it.source("ALTER TABLE payments RENAME COLUMN amount TO sum")
    assert it.sh("sh scripts/env.sh prod python -m ingest shop_db --table payments").returncode == 1
    with following(it, "schema-drift", SOURCE="shop_db", TABLE="payments", DAG=DAG) as page:
        page.run("ops.drift", "payments", "lost_column", "amount")
        page.run("ingest", "schema contract", "amount", code=1)
        assert it.measured("shop_db", "pipeline_schema_drift", 'table="payments"') > 0
        it.source("ALTER TABLE payments RENAME COLUMN sum TO amount")
        page.run(TRIGGERED, "queued", known=True)
    it.load("shop_db")
    assert not it.measured("shop_db", "pipeline_schema_drift")


def quarantine(it: Repository) -> None:
    """The declaration is wrong: a text is declared as a date. Then it is mended, and the rows are replayed."""
    path = it.root / "ingest" / "exports.json"
    good = path.read_text()
    before, tables = good.split('"clicks": {', 1)
    bad = tables.replace('"from": "page", "type": "VARCHAR"', '"from": "page", "type": "DATE"', 1)
    assert bad != tables, tables
    path.write_text(f'{before}"clicks": {{{bad}')
    it.prod("python -m ingest exports --table clicks --from-nothing")
    with following(it, "quarantine", SOURCE="exports", TABLE="clicks", DAG=EXPORTS) as page:
        page.run("group by 1, 2, 3", "page: not a DATE")
        page.run("CSV=1", "1.jsonl", "page 54")
        assert it.measured("exports", "pipeline_quarantine_rows", 'table="clicks"') > 100
        page.run(TRIGGERED, "queued", known=True)
        path.write_text(good)
        page.run("make replay", "143 landed")
        assert it.measured("exports", "pipeline_quarantine_rows", 'table="clicks"') == 3
    it.load("exports")


def failed_backfill(it: Repository) -> None:
    it.source("ALTER TABLE readings RENAME COLUMN temperature TO warmth")
    command = f"make backfill ENV=prod SOURCE=shop_db TABLE=readings FROM={DAY} TO=2026-03-07 YES=1"
    assert it.sh(command).returncode == 2
    names = {"SOURCE": "shop_db", "TABLE": "readings", "FROM": DAY, "TO": "2026-03-07"}
    with following(it, "failed-backfill", **names) as page:
        seen = page.run("ops.backfills", "readings")
        assert re.search(rf"readings +{DAY} +2026-03-06 +- +-$", seen, re.MULTILINE), seen
        page.run("ops.failures", "readings", "schema_drift")
        assert it.measured("shop_db", "pipeline_backfill_failed") == 1
        it.source("ALTER TABLE readings RENAME COLUMN warmth TO temperature")
        page.run("make backfill", "readings: slice 2 of 2")
        page.run(TRIGGERED, TRANSFORM, "queued", known=True)
    done = it.sh("make query ENV=prod SQL='select count(*) from ops.backfills where done_at is null'")
    assert re.search(r"^0$", done.stdout, re.MULTILINE), done.stdout
    assert it.measured("shop_db", "pipeline_backfill_failed") == 0


def missing_rows(it: Repository) -> None:
    """A row that came later than the overlap reaches."""
    it.source(f"INSERT INTO events VALUES (777002, 'late', '{{}}', '{DAY} 12:00:00')")
    with following(it, "missing-rows", SOURCE="shop_db", TABLE="events", FROM=DAY, TO="2026-03-06") as page:
        page.run("make audit", f"FROM={DAY} TO=2026-03-06", "TABLE=events", code=2)
        page.run("source now -> raw", DAY)
        assert it.measured("--audit", "pipeline_reconciliation_differences", 'table="events"') == 1
        page.run("make backfill", "events: slice 1 of 1")
        page.run("dbt build", "ERROR=0")
        page.run("make audit", '"differences": 0')
        assert it.measured("--audit", "pipeline_reconciliation_differences") == 0
