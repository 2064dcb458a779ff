"""Specs for tests: one small and whole, and every spec that hypothesis can think of."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

SMALL: dict[str, Any] = {
    "version": 1,
    "name": "shop",
    "sources": {"shop_db": {"kind": "sqlite", "path": "../shop.db", "tables": {"orders": {"key": ["order_id"]}}}},
}

# Real names of tables and columns hold anything that YAML can: `\r` and its like are no name that a source has.
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
REAL_NAME = st.one_of(
    st.sampled_from(
        ["no", "on", "1", "null", "a.b", "a b", '"', "'", "{{ x }}", "😀", "select", "x" * 200, "- a", "a: b", "#"]
    ),
    TEXT,
)
SPEC_NAME = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,12}", fullmatch=True)
DURATION = st.sampled_from(["5m", "15m", "1h", "90s", "1d", "2w", "1h30m"])
EXPRESSION = st.sampled_from(
    ["total >= 0", "a in ('x', 'it''s: # -')", '"Order ID" is not null', "a\n  > 1", "status <> 'no'"]
)
AGGREGATE = st.sampled_from(["sum(total) as revenue", "count(*) as n", "region", "cast(at as date) as day"])


def _optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


def _both(
    first: st.SearchStrategy[dict[str, Any]], then: st.SearchStrategy[dict[str, Any]]
) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(first, then).map(lambda pair: {**pair[0], **pair[1]})


RULE = _both(
    st.fixed_dictionaries({"name": REAL_NAME, "expect": EXPRESSION}),
    _optional(severity=st.sampled_from(["error", "warn"])),
)
CONTRACT = _optional(
    new_column=st.sampled_from(["discard", "freeze"]),
    lost_column=st.sampled_from(["freeze", "discard"]),
    changed_type=st.sampled_from(["freeze", "discard_row"]),
)
SHARED: dict[str, st.SearchStrategy[Any]] = {
    "freshness": DURATION,
    "lateness": DURATION,
    "deletes": st.sampled_from(["ignore", "soft", "hard"]),
    "history": st.sampled_from(["none", "scd2", "daily"]),
    "most_deleted": st.sampled_from(["20%", "0.5%"]),
    "schema_contract": CONTRACT,
    "volume": st.sampled_from(["2M rows/day", "40 GB/day"]),
    "description": TEXT,
    "was": REAL_NAME,
}
TABLE = _optional(
    **SHARED,
    key=st.lists(REAL_NAME, max_size=3),
    watermark=REAL_NAME,
    rules=st.lists(RULE, max_size=2),
    columns=st.dictionaries(REAL_NAME, st.sampled_from(["mask", "tokenise", "drop", "keep"]), max_size=3),
)
SOURCE = _both(
    st.one_of(
        st.fixed_dictionaries({"kind": st.sampled_from(["files", "sqlite"]), "path": REAL_NAME}),
        _both(
            st.fixed_dictionaries({"kind": st.just("postgres"), "url_env": st.sampled_from(["SHOP_URL", "x"])}),
            _optional(schema=REAL_NAME),
        ),
        st.just({"kind": "sample"}),
    ),
    _optional(**SHARED, peak=st.just("4x"), tables=st.dictionaries(REAL_NAME, st.one_of(TABLE, st.none()), max_size=3)),
)
MART = st.one_of(
    _both(
        st.fixed_dictionaries({"kind": st.just("fact"), "from": REAL_NAME}),
        _optional(
            grain=st.lists(REAL_NAME, max_size=2),
            measures=st.lists(REAL_NAME, max_size=2),
            dimensions=st.lists(REAL_NAME, max_size=2),
        ),
    ),
    st.fixed_dictionaries({"kind": st.just("dimension"), "from": REAL_NAME, "description": TEXT}),
    st.fixed_dictionaries(
        {
            "kind": st.just("aggregate"),
            "from": REAL_NAME,
            "by": st.lists(AGGREGATE, min_size=1, max_size=2),
            "measures": st.lists(AGGREGATE, min_size=1, max_size=2),
        }
    ),
    st.fixed_dictionaries({"kind": st.just("custom"), "from": st.lists(REAL_NAME, max_size=3)}),
)
SPEC = _both(
    st.fixed_dictionaries({"name": SPEC_NAME, "sources": st.dictionaries(SPEC_NAME, SOURCE, min_size=1, max_size=2)}),
    _optional(
        version=st.just(1),
        description=st.one_of(st.just(""), TEXT, st.just("two\nlines")),
        owner=TEXT,
        catalog=st.sampled_from(["next", "1.0"]),
        defaults=_optional(
            freshness=DURATION,
            deletes=SHARED["deletes"],
            growth=st.just("5%/month"),
            outage=DURATION,
            most_deleted=SHARED["most_deleted"],
            schema_contract=CONTRACT,
            history=SHARED["history"],
        ),
        destination=st.fixed_dictionaries({"kind": st.sampled_from(["duckdb", "postgres"])}),
        marts=st.one_of(st.none(), st.dictionaries(SPEC_NAME, MART, max_size=3)),
        alerts=_optional(
            email=st.lists(st.just("a@example.com"), max_size=2), slack=st.just("#data"), webhook=st.just("HOOK_URL")
        ),
        slo=_optional(freshness=st.just("99.9%"), window=DURATION),
        ci=st.sampled_from(["github", "gitlab", "none"]),
        deploy=st.sampled_from(["compose", "kubernetes", "none"]),
        overrides=st.dictionaries(
            REAL_NAME, _both(st.fixed_dictionaries({"choice": REAL_NAME}), _optional(because=TEXT)), max_size=2
        ),
        blueprints=st.lists(
            _both(
                st.fixed_dictionaries({"source": REAL_NAME}),
                _optional(
                    ref=st.just("v1"),
                    answers=st.dictionaries(TEXT, st.one_of(TEXT, st.integers(), st.booleans()), max_size=2),
                ),
            ),
            max_size=2,
        ),
    ),
)
