"""Every spec that hypothesis can think of as plain values, and what a probe would have measured of its sources."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Values = dict[str, Any]

DURATION = st.sampled_from(
    [
        "1s",
        "2s",
        "4s",
        "5s",
        "30s",
        "59s",
        "1m",
        "90s",
        "299s",
        "5m",
        "12m",
        "59m",
        "1h",
        "3h",
        "6h",
        "1d",
        "30h",
        "9d",
        "1w",
    ]
)
SIZE = st.sampled_from(["10 rows", "90k rows", "4M rows", "80M rows", "3G rows", "40 GB", "9 TB"])
VOLUME = st.sampled_from(
    ["0 rows/day", "10 rows/day", "60k rows/day", "90M rows/day", "20k rows/s", "40 GB/day", "3 TB/day"]
)
ROW_SIZE = st.sampled_from(["20 B", "300 B", "4 KB"])
DELETES = st.sampled_from(["ignore", "soft", "hard"])
HISTORY = st.sampled_from(["none", "scd2", "daily", "every-change"])
URLS = {"url_env": "THE_URL"}
DATABASES = ("postgres", "mysql", "mssql", "mongodb")
KINDS: dict[str, Values] = {
    "files": {"path": "../data/*.csv"}, "sqlite": {"path": "../x.db"}, "duckdb": {"path": "../x.duckdb"}, "sample": {},
    "webhook": {}, "kafka": URLS, "rest": URLS, **dict.fromkeys(DATABASES, URLS),
}  # fmt: skip
DESTINATIONS = ("duckdb", "postgres", "snowflake", "bigquery", "redshift", "databricks", "clickhouse", "lake")


def maybe(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Values]:
    return st.fixed_dictionaries({}, optional=fields)


def _consistent(said: Values) -> Values:
    """Rows that never change or go have neither deletes nor history."""
    return {k: v for k, v in said.items() if k not in ("deletes", "history")} if said.get("immutable") else said


TABLE = maybe(
    key=st.sampled_from([["id"], []]), watermark=st.sampled_from(["changed_at", "number"]), freshness=DURATION,
    lateness=DURATION, deletes=DELETES, history=HISTORY, volume=VOLUME, size=SIZE, row_size=ROW_SIZE,
    immutable=st.booleans(), retention=st.sampled_from(["30d", "400d"]), columns=st.sampled_from([{"email": "tokenise"}, {}]),
).map(_consistent)  # fmt: skip
_SHARED: dict[str, st.SearchStrategy[Any]] = {
    "volume": VOLUME, "peak": st.sampled_from(["1x", "4x", "20x"]), "row_size": ROW_SIZE, "immutable": st.booleans(),
    "lag": st.sampled_from(["1s", "2m", "1h"]), "window": st.sampled_from(["1m", "1h", "24h"]),
    "connections": st.sampled_from([1, 5, 100]), "state": st.sampled_from(["1 GB", "40 GB"]),
    "parsing": st.sampled_from(["sql", "code"]), "freshness": DURATION, "lateness": DURATION, "deletes": DELETES,
    "history": HISTORY, "retention": st.just("1d"),
}  # fmt: skip
_LOG = {
    "change_log": st.booleans(), "log_kept": st.sampled_from(["1h", "7d"]), "free_disk": st.sampled_from(["1 GB", "2 TB"])
}  # fmt: skip
_OWN: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "files": {
        "delivered": st.just("06:00"),
        "path": st.sampled_from(["../data", "../data/*.csv", "s3://b/*.parquet", "sftp://h/x_*.csv"]),
    },
    "rest": {
        "rate_limit": st.sampled_from(["5 requests/minute", "10 requests/s"]), "page_size": st.sampled_from([1, 100, 5000]),
        "webhooks": st.booleans(), "replay": st.booleans(),
    },
    "kafka": {"keyed": st.booleans(), "log_kept": st.sampled_from(["1h", "7d"])},
    "webhook": {"replay": st.booleans()},
    **dict.fromkeys(DATABASES, _LOG),
}  # fmt: skip


@st.composite
def sources(draw: st.DrawFn) -> Values:
    kind = draw(st.sampled_from(list(KINDS)))
    tables = draw(st.dictionaries(st.sampled_from(["a", "b", "c"]), TABLE, min_size=1, max_size=3))
    said = _consistent(draw(maybe(**_SHARED, **_OWN.get(kind, {}))))
    if said.get("replay") and not said.get("webhooks"):
        said.pop("webhooks", None)
    return {"kind": kind, **KINDS[kind], **said, "tables": tables}


_COLUMNS = {
    "id": {"type": "bigint"}, "changed_at": {"type": "timestamp"}, "number": {"type": "bigint"},
    "email": {"type": "text", "personal": {"guess": "email", "how": "name"}},
}  # fmt: skip
FACTS = st.fixed_dictionaries(
    {"rows": st.fixed_dictionaries({"value": st.sampled_from([0, 1, 99_999, 100_000, 7_000_000, 3_000_000_000])})},
    optional={
        "bytes": st.sampled_from([0, 10**6, 10**12]), "key": st.just({"columns": ["id"], "how": "primary key"}),
        "rows_per_day": st.fixed_dictionaries({"value": st.sampled_from([0, 5_000, 10**9]), "how": st.just("by changed_at")}),
        "files": st.sampled_from(["a.csv", "a_*.csv"]), "columns": st.just(_COLUMNS),
        "watermark": st.fixed_dictionaries(
            {"column": st.sampled_from(["changed_at", "number"]), "sampled": st.just(100)},
            optional={"nulls": st.sampled_from([0, 3]), "out_of_order": st.sampled_from([0.0, 0.9]), "indexed": st.booleans()},
        ),
    },
)  # fmt: skip
SERVER = maybe(wal_level=st.sampled_from(["replica", "logical"]), can_replicate=st.booleans())


@st.composite
def measurements(draw: st.DrawFn, values: Values) -> Values:
    """What was measured, of none, some or all of the sources."""
    names = draw(st.sets(st.sampled_from(list(values["sources"]))))
    return {name: _measured(draw, values["sources"][name]) for name in sorted(names)}


def _measured(draw: st.DrawFn, source: Values) -> Values:
    tables = {table: draw(FACTS) for table in source["tables"]}
    if source["kind"] != "files":
        tables = {name: {k: v for k, v in facts.items() if k != "files"} for name, facts in tables.items()}
    return {"server": {"kind": source["kind"], **draw(SERVER)}, "tables": tables}


@st.composite
def specs(draw: st.DrawFn) -> Values:
    values = draw(
        maybe(
            defaults=maybe(
                freshness=DURATION, lateness=DURATION, deletes=DELETES, history=HISTORY, outage=DURATION,
                growth=st.sampled_from(["0%/month", "5%/month", "400%/year", "-20%/month"]),
            ),
            destination=st.fixed_dictionaries({"kind": st.sampled_from(DESTINATIONS)}),
            on_call=st.sampled_from(["none", "working-hours", "always"]),
            consumers=st.sampled_from([["dashboards"], ["actions"], ["reports", "actions"]]),
            raw_personal_data=st.sampled_from(["allowed", "forbidden"]),
            machine=maybe(cores=st.sampled_from([1, 8]), memory=st.just("64 GB"), workers=st.sampled_from([1, 3])),
            deploy=st.sampled_from(["compose", "kubernetes"]),
        )
    )  # fmt: skip
    if draw(st.booleans()):
        values["prices"] = {"compute_minute": 0.02, "scanned_gb": 0.005, "stored_gb": 0.02}
        values.update(draw(maybe(ceiling=st.sampled_from([0.5, 500.0]))))
    return {"name": "p", "sources": draw(st.dictionaries(st.sampled_from(["s", "u"]), sources(), min_size=1)), **values}


@st.composite
def situations(draw: st.DrawFn) -> tuple[Values, Values]:
    """A spec and what was measured of its sources, both as plain values."""
    values = draw(specs())
    return values, draw(measurements(values))
