"""Pages of runbooks/ about runs and what they stand on: a function breaks it, runs the page's commands, and sees that it is whole.

The scheduler is not running: what `dags trigger` would start, the functions do themselves.
"""

from __future__ import annotations

import os
import re
import socket
import time

from tests.monitoring import servers
from tests.monitoring.receiver import receiver
from tests.monitoring.runbook import DAG, EXPORTS, TRANSFORM, TRIGGERED, Repository, following
from tests.ports import free_port, free_ports


def freshness(it: Repository) -> None:
    """No run for three days."""
    it.warehouse("UPDATE ops.loads SET loaded_at = loaded_at - INTERVAL 3 DAY WHERE source = 'shop_db'")
    with following(it, "freshness", SOURCE="shop_db", DAG=DAG) as page:
        page.run("make summary", "3 d ago")
        page.run("list-runs $DAG", "success", known=True)
        page.run(f"list-runs {TRANSFORM}", TRANSFORM, "success")
        page.run("ops.failures", "failed_at")
        page.run("dbt source freshness", "ERROR STALE", code=1)
        page.run(TRIGGERED, "queued", known=True)
        it.load("shop_db")
    assert "ERROR STALE" not in it.prod("dbt source freshness")


def budget_spent(it: Repository) -> None:
    """Two loads of a table that are nine days apart, and failures."""
    it.warehouse("INSERT INTO ops.failures VALUES ('r', 'exports', 'clicks', now(), 'load', 'source_down')")
    columns = 'run_id, source, "table", kind, loaded_at'
    it.warehouse(f"INSERT INTO ops.loads ({columns}) VALUES ('r', 'exports', 'clicks', 'full', now() - INTERVAL 9 DAY)")
    with following(it, "budget-spent", SOURCE="exports") as page:
        seen = page.run("ops.loads", "clicks")
        assert re.search(r"clicks .* (8|9) day", seen), seen
        page.run("ops.failures", "source_down")
    it.warehouse("DELETE FROM ops.loads WHERE run_id = 'r'")
    it.warehouse("DELETE FROM ops.failures WHERE run_id = 'r'")


def missing_run(it: Repository) -> None:
    it.prod(f"airflow dags pause {DAG}")
    with following(it, "missing-run", DAG=DAG) as page:
        page.run("list-runs", known=True)
        seen = page.run("dags details")
        assert re.search(r"is_paused +True", seen) and re.search(r"is_stale +False", seen), seen
        page.run("jobs check", "No alive jobs found", code=1, known=True)
        page.run("dags unpause")
        assert re.search(r"is_paused +False", it.prod(f"airflow dags details {DAG} --output plain"))
        page.run(TRIGGERED, "queued", known=True)


def slow_run(it: Repository) -> None:
    it.warehouse("UPDATE ops.loads SET seconds = 4321 WHERE \"table\" = 'events'")
    with following(it, "slow-run", SOURCE="shop_db", DAG=DAG) as page:
        page.run("list-runs", known=True)
        page.run("kind, rows_read", "events", "4321")
        seen = page.run("average")
        assert re.search(r"^events +\d+ +4321.0 +4321.0$", seen, re.MULTILINE), seen


def scheduler_down(it: Repository) -> None:
    with following(it, "scheduler-down") as page:
        page.run("jobs check", "No alive jobs found", code=1, known=True)
        page.run("db check", "Connection successful")
        page.run("df -h", "Use%")
        page.run("ps", "scheduler")
        page.run("logs --tail 100 scheduler", "logs scheduler")
        page.run("restart scheduler", "restart scheduler")


def import_errors(it: Repository) -> None:
    path = it.root / "dags" / "shop_db.py"
    good = path.read_text()
    path.write_text(good + "\nwith nothing\n")
    with following(it, "import-errors") as page:
        page.run("list-import-errors", "shop_db.py", "SyntaxError", code=1)
        page.run("make test-dags", "failed", code=2)
        page.run("git log", "first")
        path.write_text(good)
        page.run("list-import-errors", "No data found")
        page.run("dags reserialize")


def dead_callback(it: Repository) -> None:
    """A channel whose address is no longer right."""
    nobody = free_port()
    for address, outcome in ((f"http://127.0.0.1:{nobody}", "failed"), ("", "sent")):
        with receiver() as told, following(it, "dead-callback") as page:
            page.environment["ALERT_WEBHOOK_URL"] = address or told.url("direct")
            page.run("TriggererJob", "No alive jobs found", code=1, known=True)
            page.run("DagProcessorJob", "No alive jobs found", code=1, known=True)
            seen = page.run("notify.tell", outcome)
            assert ("ALERT_WEBHOOK_URL: not sent" in seen) == bool(address), seen
            assert bool(told.direct()) != bool(address)
            page.run("restart triggerer dag-processor")


def retried_tasks(it: Repository) -> None:
    for _ in range(4):
        it.warehouse("INSERT INTO ops.failures VALUES ('r', 'shop_db', 'events', now(), 'load', 'source_down')")
    with following(it, "retried-tasks", DAG=DAG) as page:
        seen = page.run("ops.failures")
        assert re.search(r"shop_db +events +load +source_down +4 ", seen), seen
        page.run("list-runs", known=True)
    it.warehouse("DELETE FROM ops.failures WHERE run_id = 'r'")


def disk_filling(it: Repository) -> None:
    old = it.root / "logs" / "prod" / "old.log"
    old.write_text("x")
    os.utime(old, (time.time() - 40 * 86_400,) * 2)
    demo = it.root / "data" / "demo.duckdb"
    demo.write_bytes(b"0" * 1000)
    with following(it, "disk-filling", LOGS="logs") as page:
        page.run("df -h data", "Use%")
        page.run("WAREHOUSE_PATH", "Use%")
        page.run("du -sh", "data/prod.duckdb", "logs")
        page.run("duckdb_tables", "raw_shop_db", "orders")
        page.run("make clean")
        page.run("find $LOGS")
    assert not old.exists() and not demo.exists()
    assert (it.root / "data" / "prod.duckdb").exists() and (it.root / "logs" / "prod").exists()


def metrics_lost(it: Repository) -> None:
    """The Pushgateway is down, and started again."""
    monitoring = it.root / "monitoring"
    push, scrape, statsd, web = free_ports(4)
    exporter = [
        servers.program("statsd_exporter"), f"--statsd.mapping-config={monitoring / 'statsd-mapping.yml'}",
        "--statsd.listen-tcp=", f"--statsd.listen-udp=127.0.0.1:{statsd}", f"--web.listen-address=127.0.0.1:{web}",
    ]  # fmt: skip
    addresses = {"pushgateway": f"127.0.0.1:{push}", "statsd-exporter": f"127.0.0.1:{web}"}
    with servers.processes(it.root.parent / "servers") as started:
        started.start("statsd_exporter", exporter)
        started.wait_for("statsd_exporter", f"http://127.0.0.1:{web}/metrics")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"airflow.scheduler_heartbeat:1|c", ("127.0.0.1", statsd))
        servers.start_prometheus(started, monitoring / "prometheus" / "prometheus.yml", scrape, addresses)
        local, end = "http://127.0.0.1", time.monotonic() + 60
        while not servers.get(f"{local}:{scrape}/api/v1/query?query=up==0")["data"]["result"]:
            assert time.monotonic() < end, started.tails()
            time.sleep(0.2)
        settings = {"PROMETHEUS": f"{local}:{scrape}", "PUSHGATEWAY": f"{local}:{push}", "STATSD": f"{local}:{web}"}
        with following(it, "metrics-lost", **settings, SOURCE="shop_db", SERVICE="pushgateway") as page:
            page.environment["PUSHGATEWAY_URL"] = settings["PUSHGATEWAY"]
            assert it.sh("sh scripts/env.sh prod python -m quality.observe shop_db", **page.environment).returncode == 1
            page.run("up == 0", '"job":"pushgateway"')
            page.run("/-/ready", code=7)
            page.run("airflow_scheduler_heartbeat", "airflow_scheduler_heartbeat_total 1")
            page.run("make metrics", "pipeline_table_rows", 'table="orders"')
            page.run("make summary", "shop_db.orders")
            page.run("ps pushgateway", "statsd-exporter")
            page.run("restart $SERVICE", "restart pushgateway")
            started.start("pushgateway", servers.pushgateway_command(push))
            started.wait_for("pushgateway", f"http://127.0.0.1:{push}/metrics")
            page.run("observe $SOURCE")
            page.run("observe --transform")
        pushed = it.sh(f"curl -fsS {settings['PUSHGATEWAY']}/metrics").stdout
    assert f'dag_id="{DAG}"' in pushed and f'dag_id="{TRANSFORM}"' in pushed, pushed


def assumption_outgrown(it: Repository) -> None:
    with following(it, "assumption-outgrown", SOURCE="shop_db") as page:
        page.run("make metrics", "pipeline_table_rows")
        page.run("pipegen plan", "shop_db.products.history", "scd2")


def failed_run(it: Repository) -> None:
    it.airflow(f"UPDATE dag_run SET state = 'failed' WHERE dag_id = '{EXPORTS}' AND state = 'success'")
    it.warehouse("INSERT INTO ops.failures VALUES ('r', 'exports', 'clicks', now(), 'load', 'other')")
    with following(it, "failed-run", DAG=EXPORTS) as page:
        page.run("--state failed", EXPORTS, "failed")
        page.run("ops.failures", "clicks", "other")
        page.run(TRIGGERED, "queued", known=True)
    it.warehouse("DELETE FROM ops.failures WHERE run_id = 'r'")
    it.airflow(f"UPDATE dag_run SET state = 'success' WHERE dag_id = '{EXPORTS}' AND state = 'failed'")


def missed_deadline(it: Repository) -> None:
    one = f"dag_id = '{DAG}' AND task_id = 'reconcile'"
    it.airflow(f"UPDATE task_instance SET state = 'running' WHERE {one}")
    with following(it, "missed-deadline", DAG=DAG) as page:
        page.run("list-runs", known=True)
        page.run("pools list", "warehouse")
        page.run("make summary", "shop_db.orders")
        page.run("tasks clear")
    left = it.prod("python -c \"import sqlite3; print(sqlite3.connect('.airflow/prod/airflow.db')"
                   f".execute(\\\"SELECT count(*) FROM task_instance WHERE {one} AND state = 'running'\\\").fetchall())\"")  # fmt: skip
    assert "[(0,)]" in left
