"""Sources that are servers and APIs: what of them templates read, and which choices are built for them."""

from __future__ import annotations

from typing import Any

import pytest

from pipegen.core.design.model import Source
from pipegen.core.measured import Measured
from tests.core.design.facts import keyed
from tests.core.design.test_architect import made, refused

PAGES = {"kind": "offset", "param": "offset", "size_param": "limit", "size": 100}
ENDPOINT: dict[str, Any] = {"path": "orders", "records": "data", "pagination": PAGES, "how": "its document"}
SINCE = {"param": "since", "column": "changed"}


def facts(**more: Any) -> Measured:
    table = keyed("id", rows=10_000_000, **{"watermark": {"column": "changed"}, **more})
    table["columns"]["changed"] = {"type": "timestamptz"}
    return Measured.model_validate({"server": {"kind": "any"}, "tables": {"orders": table}})


def spec(kind: str, **more: Any) -> dict[str, Any]:
    return {"name": "p", "sources": {"s": {"kind": kind, "url_env": "S_URL", **more}}}


def api(endpoint: dict[str, Any], **more: Any) -> Source:
    return made(spec("rest", **more), s=facts(endpoint=endpoint)).sources[0]


def test_mysql_is_read_as_postgresql_is() -> None:
    source = made(spec("mysql", freshness="5m"), s=facts()).sources[0]
    assert (source.kind, source.url_env, source.path, source.path_env) == ("mysql", "S_URL", "", "")
    (table,) = source.tables
    assert (table.load, table.write, table.watermark, table.source_schema) == ("watermark-keys", "merge", "changed", "")


def test_a_type_of_mysql_is_known_where_the_canonical_one_says_it() -> None:
    found = facts(
        columns={"id": {"type": "bigint"}, "at": {"type": "timestamp", "declared": "datetime(6)"}}, watermark=None
    )
    (table,) = made(spec("mysql"), s=found).sources[0].tables
    assert [c.source_type for c in table.columns][:2] == ["bigint", "datetime(6)"]


def test_what_is_known_of_an_api_reaches_the_templates() -> None:
    token = {"auth_env": "S_TOKEN", "auth_header": "X-Key", "rate_limit": "100 requests/minute", "page_size": 50}
    source = api({**ENDPOINT, "since": SINCE}, deletes="ignore", **token)
    assert (source.url_env, source.auth_env, source.auth_header, source.path_env) == ("S_URL", "S_TOKEN", "X-Key", "")
    assert source.request_seconds == 1.2, "half of what is allowed is left to others"
    (table,) = source.tables
    assert table.load == "watermark"
    assert table.endpoint == {
        "path": "orders",
        "records": "data",
        "pagination": {**PAGES, "size": 50},
        "since": {**SINCE, "format": "iso"},
    }


def test_an_api_without_a_rate_limit_is_asked_at_once() -> None:
    source = api(ENDPOINT)
    assert (source.request_seconds, source.auth_env, source.tables[0].endpoint["pagination"]["size"]) == (0.0, "", 100)


@pytest.mark.parametrize("since", [None, {**SINCE, "column": "id"}])
def test_an_api_is_read_from_a_mark_on_only_where_it_takes_one(since: dict[str, str] | None) -> None:
    assert api({**ENDPOINT, "since": since}, deletes="ignore", freshness="1d").tables[0].load == "full"


def test_a_table_of_an_api_whose_place_nobody_knows_is_refused() -> None:
    (problem,) = refused(spec("rest"), s=facts())
    assert problem.message == "nobody knows where the API of source `s` lists `orders`"
    assert "`endpoint` in sources/s.yml" in (problem.hint or "")


@pytest.mark.parametrize("name", ["WAREHOUSE_TOKEN", "S_URL"])
def test_a_token_is_in_a_variable_of_its_own(name: str) -> None:
    (problem,) = refused(spec("rest", auth_env=name), s=facts(endpoint=ENDPOINT))
    assert problem.message == f"`{name}` cannot hold the token of source `s`: it holds something else"
    assert "S_TOKEN" in (problem.hint or "")
