"""The page of data quality says what is in schema `ops`, and nothing that is a row; it is one file that fetches nothing."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from ingest import ledger
from quality import dbt_results, models, report_data
from quality.report_freshness import seen_from
from quality.report_page import page
from quality.report_period import age

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
HOSTILE = "<script>alert('x')</script>\"&"


def ago(**units):
    return NOW - timedelta(**units)


@pytest.fixture
def known(engine, place):
    """A repository with one table, `made_up.orders`, and one mart of it; an empty `ops`. Rows are put into its tables."""
    checks = models.read_checks()
    checks["staging"] = [
        {"source": "made_up", "table": "orders", "model": "stg_orders", "dedupe": True, "freshness_seconds": 86_400}
    ]  # fmt: skip
    checks["marts"] = [{"mart": "fct_orders", "staging": "stg_orders"}]
    window = {"share": 0.9, "text": "90%", "window": "10d", "window_seconds": 864_000}
    watched = {"source": "made_up", "table": "orders", "quarantined": 2, "counts_days": True}
    checks["watched"] |= {"objective": window, "tables": [watched], "volume_rows": 10}
    (place / "quality" / "checks.json").write_text(json.dumps(checks))
    (place / "runbooks").mkdir()

    def put(table, *rows):
        with ledger.open_warehouse() as db:
            for row in rows:
                db.execute(
                    f"INSERT INTO ops.{table} VALUES ({', '.join('?' for _ in row)})", list(row)
                )

    return put


def load(at, read=100, kind="incremental", quarantined=0, deleted=0, seconds=2.5, run="run"):
    return (
        run, "made_up", "orders", kind, at, None, None, seconds, 0, read, read - quarantined, quarantined, 0, deleted,
    )  # fmt: skip


def check(at, status, kind="dbt", name="not_null_id", failures=0, run="run"):
    return (run, at, kind, name, "made_up", "fct_orders", status, failures, 0.1)


def built(at):
    return [check(at, "pass", "build", "stg_orders"), check(at, "pass", "build", "fct_orders")]


def compared(at, ok, hop="source -> raw", table="orders", expected=10, actual=10):
    return ("run", at, hop, "made_up", table, "whole table", expected, actual, "{}", ok)


def found(days=14):
    with ledger.open_warehouse() as db:
        return report_data.gather(db, NOW, days)


def titles(report):
    return [one["title"] for one in report["wrong"]]


def drawn(report):
    return page(report, lambda *_, **__: "<svg></svg>")


def test_freshness_is_the_age_of_what_readers_see(known):
    known("loads", load(ago(days=4)), load(ago(days=2)), load(ago(hours=6)))
    report = found()
    (source,) = report["sources"]["shown"]
    assert source["late_seconds"] == 1.75 * 86_400, "a day of the first load, 18 h of the second"
    assert source["good_share"] == pytest.approx(1 - 1.75 / 4)
    assert source["budget_spent"] == 1.75
    assert (
        source["budget_by_day"]["2026-03-17"] == 50.0
        and "2026-03-15" not in source["budget_by_day"]
    )
    assert source["late_by_day"]["2026-03-17"] == 50.0
    (table,) = report["freshness"]["shown"]
    hours = {day: seconds / 3600 for day, seconds in table["days"].items()}
    assert hours == {
        "2026-03-16": 12, "2026-03-17": 36, "2026-03-18": 48, "2026-03-19": 36, "2026-03-20": 42,
    }  # fmt: skip
    assert table["age"] == 6 * 3600
    assert titles(report) == ["The budget for late data is spent"]


def test_a_load_is_seen_when_all_that_reads_it_is_built_after_it(known):
    first, second, third = ago(days=3), ago(days=2), ago(days=1)
    staging, mart = [ago(days=3, hours=-1), ago(hours=30)], [ago(days=3, hours=-2), ago(hours=29)]
    seen = seen_from([first, second, third], [staging, mart])
    assert seen == [(first, first), (ago(hours=29), second)], "no build has brought the third"
    assert seen_from([first, second], []) == [(first, first), (second, second)]
    assert seen_from([first, second], [[first, second]]) == [(second, first)], (
        "begun after, not with it"
    )
    known("loads", load(first), load(third))
    known("checks", *built(ago(days=3, hours=-1)))
    report = found()
    assert report["late_now"] == 1, "what was loaded a day ago has not come to the readers"
    (late,) = [one for one in report["wrong"] if one["title"] == "Older than asked"]
    assert late["items"] == ["made_up.orders: 3 d old, 1 d asked"]


def test_rows_of_the_runs_by_day(known):
    known(
        "loads",
        load(ago(days=1, hours=2), read=100, quarantined=3, deleted=4, seconds=2),
        load(ago(days=1), read=200, quarantined=5, deleted=1, seconds=6),
        load(ago(hours=1), read=60),
        load(ago(hours=1), read=5_000, kind="backfill", seconds=99),
    )
    report = found()
    (volumes,) = report["volumes"]["shown"]
    assert volumes["read"] == {"2026-03-19": 150, "2026-03-20": 60}
    assert volumes["landed"] == {"2026-03-19": 146, "2026-03-20": 60}
    assert (volumes["usual"], volumes["change"]) == (150, -0.6)
    assert report["quarantined"]["shown"] == [
        {"label": "made_up.orders", "days": {"2026-03-19": 5}}
    ]
    assert report["deleted"]["shown"] == [{"label": "made_up.orders", "days": {"2026-03-19": 5}}]
    assert report["slow"]["shown"][0]["days"] == {"2026-03-19": 6, "2026-03-20": 2.5}
    assert report["rows"] == [{"label": "made_up", "days": {"2026-03-19": 300, "2026-03-20": 120}}]


def test_what_is_wrong_now_is_told_and_what_was_mended_is_not(known):
    known("loads", *(load(ago(days=n, hours=1), read=100) for n in range(1, 10)))
    known("loads", load(ago(hours=1), read=7, run="newest"))
    known("checks", check(ago(days=2), "fail"), check(ago(days=1), "pass"))
    known("reconciliation", compared(ago(days=2), False, actual=7), compared(ago(days=1), True))
    known("failures", ("run", "made_up", "orders", ago(days=3), "load", "source_down"))
    known("drift", ("run", "made_up", "orders", ago(days=3), "new_column", "an older one"))
    assert titles(found()) == ["Far fewer rows than usual"]
    known("checks", check(ago(hours=2), "error", name="unique_id"))
    known("checks", check(ago(hours=2), "error", "build", "fct_orders"))
    known("reconciliation", compared(ago(hours=1), False, actual=7))
    known("reconciliation", compared(ago(hours=1), False, "source now -> raw", actual=9))
    known("reconciliation", compared(ago(hours=1), False, table="no longer declared"))
    known("failures", ("run", "made_up", "orders", ago(minutes=5), "load", "mass_delete"))
    known("failures", ("run", "made_up", "orders", ago(minutes=5), "backfill", "other"))
    known("failures", ("run", "made_up", "gone", ago(minutes=5), "load", "other"))
    known("drift", ("newest", "made_up", "orders", ago(hours=1), "new_column", "it has more"))
    row = ("made_up", "orders", None, None, None, "", "id: not a BIGINT", "{}", "run", ago(days=1))
    known("quarantine", row, row)
    assert titles(found()) == [
        "A load would have deleted too many rows",
        "A backfill failed",
        "Rows differ from one hop to the next",
        "The source has rows that no load has read",
        "Models cannot be built",
        "Tests of the data fail",
        "Quarantine is filling",
        "Far fewer rows than usual",
        "The source has changed, and the newest load let it through",
    ]


def test_checks_by_day_are_those_of_the_worst_run(known, monkeypatch):
    early, late = ago(days=1, hours=3), ago(days=1)
    known("loads", load(ago(hours=1)))
    known(
        "checks",
        check(early, "fail", failures=8, run="early"),
        check(early, "warn", name="other", run="early"),
        check(late, "pass", run="late"),
        check(late, "pass", name="other", run="late"),
    )
    report = found()
    by_day = {one["label"]: one["days"] for one in report["dbt"]["shown"]}
    day = "2026-03-19"
    assert by_day == {"fail": {day: 1}, "warn": {day: 1}, "skipped": {}, "pass": {}}
    assert report["dbt"]["newest"] == {"pass": 2}
    assert report["failing_by_day"] == [{"label": "tests", "days": {day: 1}}]
    assert [(one["name"], one["status"], one["bad"], one["runs"]) for one in report["failing"]["shown"]] == [
        ("not_null_id", "pass", 1, 2), ("other", "pass", 1, 2),
    ]  # fmt: skip
    assert report["failing"]["now"] == []
    monkeypatch.setattr(dbt_results, "tests", lambda: {"other": "fct_orders"})
    assert [one["name"] for one in found()["failing"]["shown"]] == ["other"], "as far as declared"


def test_hops_failures_and_schema_changes_by_day(known):
    known(
        "reconciliation", compared(ago(days=1), False, actual=7), compared(ago(days=1), True, "b")
    )
    for hours in (2, 3):
        known("failures", ("run", "made_up", "orders", ago(hours=hours), "load", "source_down"))
        known("drift", ("run", "made_up", "orders", ago(hours=hours), "new_column", "it has more"))
    report = found()
    hops = {one["label"]: one["days"] for one in report["reconciled"]["shown"]}
    assert hops == {"source -> raw": {"2026-03-19": 1}, "b": {}}
    assert [(one["hop"], one["rows"]) for one in report["reconciled"]["differ"]] == [
        ("source -> raw", 3)
    ]
    assert report["failures"] == [{"label": "source down", "days": {"2026-03-20": 2}}]
    assert report["drift"]["strips"] == [{"label": "new column", "days": {"2026-03-20": 1}}]
    (change,) = report["drift"]["shown"]
    assert (change["text"], change["times"]) == ("it has more", 2)


def test_nothing_loaded_and_one_run_are_pages_too(known):
    report = found()
    assert (report["wrong"], report["never_loaded"], len(report["days"])) == ([], 1, 14)
    assert "Nothing has been loaded yet" in drawn(report)
    known("loads", load(ago(hours=1)))
    report = found()
    assert report["wrong"] == [] and report["sources"]["worst"] == 1
    assert "All is well" in drawn(report)


def test_the_page_fetches_nothing_runs_nothing_and_shows_no_row(known, place):
    (place / "runbooks" / "quarantine.md").touch()
    known("loads", load(ago(hours=1)))
    row = ("made_up", "orders", None, None, None, "", HOSTILE, "a secret", "run", ago(days=1))
    known("quarantine", row, row)
    known("drift", ("run", "made_up", HOSTILE, ago(hours=1), HOSTILE, HOSTILE))
    known("checks", check(ago(hours=1), "fail", name=HOSTILE))
    html = drawn(found() | {"pipeline": HOSTILE})
    assert "<script" not in html and "a secret" not in html
    assert html.count("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&#34;&amp;") >= 5
    links = re.findall(r'(?:href|src)\s*=\s*"([^"]*)"', html)
    assert [link for link in links if not link.startswith("#")] == ["../runbooks/quarantine.md"]
    assert not re.search(r"https?://|url\(|@import|<link|<iframe|<img|\son\w+=", html)
    assert "default-src 'none'" in html


def test_of_many_tables_the_worst_are_shown(known, place):
    checks = models.read_checks()
    names = [f"t{n:03}" for n in range(200)]
    checks["staging"] = [one | {"table": name} for name in names for one in checks["staging"]]
    (place / "quality" / "checks.json").write_text(json.dumps(checks))
    rows = [load(ago(hours=50 if name == "t077" else 1)) for name in names]
    known("loads", *((*row[:2], name, *row[3:]) for row, name in zip(rows, names, strict=True)))
    report = found()
    assert report["freshness"]["of"] == report["volumes"]["of"] == 200
    assert [one["name"] for one in report["freshness"]["shown"]][0] == "made_up.t077"
    assert len(report["freshness"]["shown"]) == len(report["volumes"]["shown"]) < 20
    assert len(drawn(report)) < 200_000


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, "never"), (0, "0 s"), (90, "1.5 min"), (7200, "2 h"), (129_600, "1.5 d")],
)
def test_ages_are_said_in_one_number(seconds, said):
    assert age(seconds) == said
