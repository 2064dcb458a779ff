"""Tables that are loaded from a mark on: each hop is compared day by day, and the day that is wrong is named."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from ingest import ledger
from quality import audit, landing, models, query, reconcile, summary

RAW = "raw_made_up.orders"


def compare(function, *arguments):
    with ledger.open_warehouse() as db:
        with reconcile.one_state(db):
            hops = function(db, *arguments)
        reconcile.keep(db, hops, "test")
    return [difference for hop in hops for difference in hop.differences]


def landed():
    return compare(landing.landed, "made_up")


def audited():
    return compare(audit.audited, "made_up")


def test_each_day_of_the_newest_load_is_compared(made_up):
    made_up.load()
    assert landed() == []
    kept = 'SELECT "window", expected_rows, actual_rows FROM ops.reconciliation ORDER BY 1'
    days = [f"2026-03-0{n}" for n in (1, 2, 3)]
    assert made_up.warehouse(kept) == [(day, 2, 2) for day in days]
    made_up.warehouse(f"DELETE FROM {RAW} WHERE id = 3")
    (rows, *sums) = landed()
    assert rows == "source -> raw: made_up.orders [2026-03-02]: rows: expected 2, found 1"
    assert all("[2026-03-02]: sum of " in difference for difference in sums)


def test_a_changed_value_is_found_in_its_day(made_up):
    made_up.load()
    made_up.warehouse(f"UPDATE {RAW} SET amount = amount + 0.01 WHERE id = 5")
    where = "source -> raw: made_up.orders [2026-03-03]"
    assert landed() == [f"{where}: sum of amount: expected 9.50, found 9.51"]
    made_up.warehouse(f"UPDATE {RAW} SET amount = amount - 0.01, weight = -weight WHERE id = 5")
    (found,) = landed()
    assert found.startswith(f"{where}: sum of weight: ")


def test_only_what_the_newest_load_read_is_compared(made_up):
    made_up.load("first")
    made_up.warehouse(f"DELETE FROM {RAW} WHERE id = 1")
    made_up.add(7, "2026-03-03 07:30:00")
    made_up.load("second")
    assert landed() == [], "the lost row is older than what was read"
    made_up.warehouse(f"DELETE FROM {RAW} WHERE id = 7")
    assert landed()[0].endswith("orders [2026-03-03]: rows: expected 3, found 2")


def test_quarantined_and_superseded_rows_count_in_their_day(made_up):
    made_up.source("UPDATE orders SET amount = 'much' WHERE id = 2")
    made_up.add(6, "2026-03-02 23:00:00")
    made_up.load()
    found = "SELECT rows_quarantined, rows_superseded FROM ops.loads WHERE source = ?"
    assert made_up.warehouse(found, "made_up") == [(1, 1)]
    assert landed() == []
    assert audited() == [
        "source now -> raw: made_up.orders [2026-03-02]: rows: expected 3, found 2"
    ], "a key that is there twice is a row that raw cannot have"
    made_up.warehouse("DELETE FROM ops.quarantine")
    (rows, *_) = landed()
    assert rows == "source -> raw: made_up.orders [2026-03-01]: rows: expected 2, found 1"
    assert audited()[0].endswith("[2026-03-01]: rows: expected 2, found 1")


def build(made_up):
    """A staging view and a mart, as dbt would make them."""
    for schema, relation, of in (
        ("staging", "VIEW staging.stg_orders", RAW),
        ("marts", "TABLE marts.fct_orders", "staging.stg_orders"),
    ):
        made_up.warehouse(f"CREATE SCHEMA {schema}")
        made_up.warehouse(f"CREATE {relation} AS SELECT * FROM {of}")
    staging = {
        "source": "made_up", "table": "orders", "model": "stg_orders", "dedupe": False,
        "freshness_seconds": 3600,
    }  # fmt: skip
    mart = {
        "mart": "fct_orders", "staging": "stg_orders", "key": ["id"], "window": "day",
        "same": ["id", "amount", "weight"], "columns": {},
    }  # fmt: skip
    checks = models.read_checks() | {"staging": [staging], "marts": [mart]}
    (made_up.place / "quality" / "checks.json").write_text(json.dumps(checks))


def test_a_day_that_a_mart_missed_is_named(made_up):
    made_up.load()
    build(made_up)
    assert compare(models.transformed) == []
    made_up.warehouse("DELETE FROM marts.fct_orders WHERE id IN (3, 4)")
    found = compare(models.transformed)
    assert found == ["staging -> mart: made_up.fct_orders [2026-03-02]: rows: expected 2, found 0"]
    made_up.warehouse("UPDATE marts.fct_orders SET id = 60 WHERE id = 6")
    found = compare(models.transformed)
    assert any("[2026-03-03]: sum of id: " in difference for difference in found)


def test_deleted_rows_are_kept_apart(made_up):
    made_up.declare(load="full", deletes="soft")
    made_up.load()
    made_up.source("DELETE FROM orders WHERE id = 6")
    made_up.load()
    assert landed() == []
    deleted = made_up.warehouse(f"SELECT id FROM {RAW} WHERE _deleted_at IS NOT NULL")
    assert deleted == [(6,)]
    made_up.warehouse(f"UPDATE {RAW} SET _deleted_at = NULL")
    assert landed()[0] == "source -> raw: made_up.orders: rows: expected 5, found 6"


def test_the_audit_finds_a_row_that_came_too_late(made_up, capsys):
    made_up.load()
    assert audited() == []
    made_up.add(7, "2026-03-01 09:00:00")
    made_up.add(8, "2026-03-02 09:00:00")
    made_up.add(9, "2026-03-03 06:30:00")
    made_up.add(10, "2026-03-04 09:00:00")
    expected = [
        f"source now -> raw: made_up.orders [2026-03-0{day}]: rows: expected 3, found 2"
        for day in (1, 2)
    ]
    assert audited() == expected, "what the next load reads is not missing yet"
    made_up.load()
    assert landed() == []
    with ledger.open_warehouse() as db:
        hops = audit.audited(db, "made_up")
    assert reconcile.report(hops, "test") == 1
    repair = "make backfill SOURCE=made_up TABLE=orders FROM=2026-03-01 TO=2026-03-03"
    assert repair in capsys.readouterr().err


def test_the_audit_finds_what_was_changed_without_a_new_watermark(made_up):
    made_up.load()
    made_up.source("UPDATE orders SET amount = amount + 1 WHERE id = 1")
    where = "source now -> raw: made_up.orders [2026-03-01]"
    assert audited() == [f"{where}: sum of amount: expected 2.50, found 1.50"]


@pytest.mark.parametrize("deletes", ["ignore", "hard"])
def test_the_audit_finds_a_row_too_many_where_deletes_count(made_up, deletes):
    made_up.declare(deletes=deletes)
    made_up.load()
    made_up.source("UPDATE orders SET changed_at = '2026-03-05 06:00:00' WHERE id = 1")
    assert audited() == [], "a row that the next load moves to its new day is not too many"
    made_up.source("DELETE FROM orders WHERE id = 4")
    found = audited()
    if deletes == "ignore":
        assert found == []
    else:
        days = [difference.split("[")[1][:10] for difference in found]
        assert days == ["2026-03-01", "2026-03-02"]


def test_old_results_go_and_windows_that_agree_are_kept_once(made_up):
    made_up.load()
    landed()
    past = datetime.now(UTC) - timedelta(days=models.read_checks()["keep_days"] + 1)
    made_up.warehouse(
        'UPDATE ops.reconciliation SET checked_at = ?, ok = false WHERE "window" = ?',
        past,
        "2026-03-01",
    )
    landed()
    days = made_up.warehouse(
        'SELECT "window", count(*) FROM ops.reconciliation GROUP BY 1 ORDER BY 1'
    )
    assert days == [(f"2026-03-0{day}", 1) for day in (1, 2, 3)]


def test_of_old_loads_the_newest_of_each_kind_stays(made_up):
    made_up.load("first")
    made_up.add(7, "2026-03-03 08:00:00")
    made_up.load("second")
    past = datetime.now(UTC) - timedelta(days=models.read_checks()["keep_days"] + 1)
    made_up.warehouse("UPDATE ops.loads SET loaded_at = ? WHERE run_id = 'first'", past)
    made_up.warehouse(
        'INSERT INTO ops.loads (run_id, source, "table", kind, loaded_at) '
        "SELECT 'window', source, \"table\", 'backfill', loaded_at FROM ops.loads WHERE run_id = 'first'"
    )
    backfill = "INSERT INTO ops.backfills VALUES ('made_up', 'orders', ?, ?, ?, 1)"
    made_up.warehouse(backfill, "2026-03-01", "2026-03-02", past)
    made_up.warehouse(backfill, "2026-03-02", "2026-03-03", None)
    assert landed() == []
    kept = made_up.warehouse("SELECT run_id FROM ops.loads WHERE source = 'made_up' ORDER BY 1")
    assert kept == [("second",), ("window",)]
    left = made_up.warehouse("SELECT window_from FROM ops.backfills")
    assert left == [("2026-03-02",)], "one that is not done is not old"


def test_a_query_is_answered_on_every_engine_and_changes_nothing(made_up, capsys, monkeypatch):
    made_up.load()
    orders = "SELECT id, changed_at FROM raw_made_up.orders ORDER BY id -- the oldest first"
    monkeypatch.setattr("sys.argv", ["query", "--limit", "2", orders])
    assert query.main() == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == ["id", "changed_at"] and lines[2] == ["1", "2026-03-01", "06:00:00"]
    assert lines[-1] == ["(2", "rows)"] and len(lines) == 5
    for change in ("DELETE FROM raw_made_up.orders RETURNING id", "SELECT 1; DROP TABLE ops.loads"):
        monkeypatch.setattr("sys.argv", ["query", change])
        assert query.main() == 1
    assert made_up.warehouse("SELECT count(*) FROM raw_made_up.orders") == [(6,)]


def test_what_is_not_there_is_named(made_up, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["reconcile", "made_up"])
    assert reconcile.main() == 1
    assert (
        "made_up.orders was never loaded; run python -m ingest made_up" in capsys.readouterr().err
    )


def test_the_summary_tells_what_the_newest_load_moved(made_up, capsys):
    made_up.declare(load="watermark-keys", deletes="hard")
    made_up.load()
    made_up.source("DELETE FROM orders WHERE id = 4")
    made_up.add(7, "2026-03-01 09:00:00")
    made_up.load()
    build(made_up)
    assert summary.main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert ["newest", "load", "late", "deleted"] in [line.split() for line in lines]
    assert ["made_up.orders", "1", "1"] in [line.split() for line in lines]


def test_what_a_replay_has_landed_is_compared(made_up):
    from ingest import declaration, replay

    made_up.source("UPDATE orders SET amount = 'much' WHERE id = 2")
    made_up.load()
    made_up.declare(options={"nulls": ["much"]})
    assert "1 landed" in replay.replay(declaration.read("made_up").tables[0])
    assert landed() == []
    made_up.warehouse(f"DELETE FROM {RAW} WHERE id = 2")
    assert landed()[0] == "source -> raw: made_up.orders [2026-03-01]: rows: expected 1, found 0"


def test_a_mart_is_not_blamed_for_what_landed_after_its_build(made_up, capsys):
    made_up.load()
    build(made_up)
    results = made_up.place / "transform" / "target" / "demo" / "run_results.json"
    results.parent.mkdir(parents=True)

    def built(when):
        timing = [{"name": "execute", "started_at": when.strftime("%Y-%m-%dT%H:%M:%S.%fZ")}]
        one = {"unique_id": "model.x.fct_orders", "status": "success", "timing": timing}
        results.write_text(json.dumps({"results": [one]}))

    built(datetime.now(UTC))
    made_up.add(7, "2026-03-03 08:00:00")
    made_up.load()
    assert compare(models.transformed) == []
    assert "made_up.fct_orders: not compared: rows were landed at " in capsys.readouterr().out
    built(datetime.now(UTC))
    (rows, *_) = compare(models.transformed)
    assert rows == "staging -> mart: made_up.fct_orders [2026-03-03]: rows: expected 3, found 2"
