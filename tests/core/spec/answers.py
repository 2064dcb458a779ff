"""Specs with everything that can be said beyond what is built: every kind of source and destination, every input of the design."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.core.specs import DURATION, REAL_NAME, SPEC_NAME

BYTES = st.sampled_from(["250 B", "40 GB", "1.5 tb", "2,000 KB"])
YES = st.booleans()
_OF_ANY: dict[str, st.SearchStrategy[Any]] = {
    "row_size": BYTES,
    "immutable": YES,
    "retention": DURATION,
}
TABLE = st.fixed_dictionaries({}, optional={**_OF_ANY, "size": st.sampled_from(["3.2M rows", "40 GB", "0 rows"])})
_OF_EVERY_SOURCE: dict[str, st.SearchStrategy[Any]] = {
    **_OF_ANY,
    "lag": DURATION,
    "window": st.sampled_from(["4h", "24h", "1d"]),
    "connections": st.integers(1, 1000),
    "state": BYTES,
    "parsing": st.sampled_from(["sql", "code"]),
    "tables": st.dictionaries(REAL_NAME, st.one_of(TABLE, st.none()), max_size=3),
}
_LOG: dict[str, st.SearchStrategy[Any]] = {"change_log": YES, "log_kept": DURATION, "free_disk": BYTES}
_URL = {"url_env": st.sampled_from(["SHOP_URL", "x"])}
_PATH = {"path": REAL_NAME}
OWN: dict[str, tuple[dict[str, st.SearchStrategy[Any]], dict[str, st.SearchStrategy[Any]]]] = {
    "files": (
        {"path": st.sampled_from(["../x/*.csv", "s3://b/x/*.csv", "sftp://u@h/x"])},
        {"delivered": st.sampled_from(["06:00", "23:59", "6:00"])},
    ),
    "sqlite": (_PATH, {}),
    "duckdb": (_PATH, {}),
    "postgres": (_URL, {**_LOG, "schema": REAL_NAME}),
    **dict.fromkeys(("mysql", "mssql", "mongodb"), (_URL, _LOG)),
    "rest": (
        _URL,
        {
            "rate_limit": st.sampled_from(["100 requests/minute", "5 calls/s"]),
            "page_size": st.integers(1, 1000),
            "webhooks": st.just(True),
            "replay": YES,
        },
    ),
    "kafka": (_URL, {"log_kept": DURATION, "keyed": YES}),
    "webhook": ({}, {"replay": YES}),
    "sample": ({}, {}),
}
"""Every kind of source, with what it must say and what it may say of its own."""


def _source(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    must, may = OWN[kind]
    return st.fixed_dictionaries({"kind": st.just(kind), **must}, optional={**_OF_EVERY_SOURCE, **may})


PRICE = st.floats(0.0001, 1000, allow_nan=False).map(lambda number: round(number, 4))
PRICES = st.fixed_dictionaries(
    {"compute_minute": PRICE}, optional={"currency": st.just("USD"), "scanned_gb": PRICE, "stored_gb": PRICE}
)
ANSWERS = st.fixed_dictionaries(
    {
        "name": SPEC_NAME,
        "sources": st.dictionaries(SPEC_NAME, st.sampled_from(sorted(OWN)).flatmap(_source), min_size=1, max_size=2),
    },
    optional={
        "defaults": st.fixed_dictionaries({}, optional={"retention": DURATION, "history": st.just("every-change")}),
        "destination": st.fixed_dictionaries(
            {"kind": st.sampled_from(["snowflake", "bigquery", "redshift", "databricks", "clickhouse", "lake"])}
        ),
        "on_call": st.sampled_from(["none", "working-hours", "always"]),
        "consumers": st.lists(
            st.sampled_from(["reports", "dashboards", "applications", "actions"]), min_size=1, max_size=4, unique=True
        ),
        "raw_personal_data": st.sampled_from(["allowed", "forbidden"]),
        "machine": st.fixed_dictionaries(
            {}, optional={"cores": st.integers(1, 64), "memory": BYTES, "workers": st.integers(1, 9)}
        ),
        "prices": PRICES,
    },
)
