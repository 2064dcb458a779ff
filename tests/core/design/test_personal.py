"""Personal data, before it lands: what each treatment does to columns, keys, rules, foreign keys and marts."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from pipegen.core.design.architect import design
from pipegen.core.design.model import Design, Table
from pipegen.core.errors import Problem, SpecError
from pipegen.core.measured import Measured
from pipegen.core.spec.load import load

USERS = {
    "rows": {"value": 10},
    "key": {"columns": ["Email"], "how": "primary key"},
    "watermark": {"column": "updated_at"},
    "columns": {
        "Email": {"type": "text", "nullable": False},
        "phone": {"type": "text", "unique": True},
        "born": {"type": "date"},
        "salary": {"type": "decimal(10,2)"},
        "visits": {"type": "bigint"},
        "updated_at": {"type": "timestamp", "nullable": False},
    },
}
ORDERS = {
    "rows": {"value": 10},
    "key": {"columns": ["id"], "how": "primary key"},
    "columns": {"id": {"type": "bigint"}, "user": {"type": "text"}, "total": {"type": "decimal(10,2)"}},
    "foreign_keys": [{"columns": ["user"], "to": "users", "at": ["Email"]}],
}


def made(users: dict[str, Any], orders: dict[str, Any] | None = None, marts: dict[str, Any] | None = None) -> Design:
    measured = Measured.model_validate({"server": {"kind": "sqlite"}, "tables": {"users": USERS, "orders": ORDERS}})
    tables = {"users": users, "orders": orders or {}}
    data = {"name": "p", "sources": {"s": {"kind": "sqlite", "path": "x", "tables": tables}}, "marts": marts}
    return design(load(copy.deepcopy(data)), {"s": measured})


def users(said: dict[str, str], **more: Any) -> Table:
    return made({"columns": said, **more}).sources[0].tables[0]


def refused(*said: Any, **more: Any) -> list[Problem]:
    with pytest.raises(SpecError) as error:
        made(*said, **more)
    return error.value.problems()


def test_a_treated_column_is_text_and_a_dropped_one_is_not_there() -> None:
    table = users({"phone": "mask", "born": "tokenise", "salary": "drop", "visits": "keep"})
    columns = {c.id: c for c in table.columns}
    assert list(columns) == ["email", "phone", "born", "visits", "updated_at"]
    assert (columns["phone"].type, columns["phone"].treatment, columns["phone"].unique) == ("VARCHAR", "mask", False)
    assert (columns["born"].type, columns["born"].treatment, columns["born"].nullable) == ("VARCHAR", "tokenise", True)
    assert (columns["visits"].type, columns["visits"].treatment) == ("BIGINT", "")
    assert table.dropped == ("salary",)


def test_a_key_may_be_a_token() -> None:
    both = made({"columns": {"email": "tokenise", "phone": "tokenise"}}, {"columns": {"user": "tokenise"}})
    table = both.sources[0].tables[0]
    assert table.key == ("email",)
    email, phone = table.columns[:2]
    assert (email.name, email.treatment, email.unique, email.nullable) == ("Email", "tokenise", True, False)
    assert phone.unique, "equal values have equal tokens, others have others"


@pytest.mark.parametrize(
    ("said", "more", "message", "hint", "at"),
    [
        ({"Email": "mask"}, {}, "is of the key, which `mask` would take away", "`tokenise` it", "columns.Email"),
        ({"email": "drop"}, {}, "is of the key, which `drop` would take away", "`tokenise` it", "columns.email"),
        ({"born": "mask"}, {}, "is DATE, and only a text can be masked", "`drop` or `tokenise`", "columns.born"),
        ({"visits": "mask"}, {}, "is BIGINT, and only a text can be masked", "`drop` or `tokenise`", "columns.visits"),
        ({"emial": "mask"}, {}, "no column `emial`", "did you mean `Email`?", "columns"),
        ({"phone": "mask", "Email": "keep", "email": "tokenise"}, {}, "both `keep` and `tokenise`", "", "columns.email"),
        (
            {"updated_at": "tokenise"}, {"watermark": "updated_at"}, "cannot be read from once it is to `tokenise`",
            "`keep` the column", "watermark",
        ),
        ({"updated_at": "drop"}, {"watermark": "updated_at"}, "once it is to `drop`", "`keep`", "watermark"),
    ],
)  # fmt: skip
def test_a_treatment_that_cannot_work(
    said: dict[str, str], more: dict[str, Any], message: str, hint: str, at: str
) -> None:
    (problem,) = refused({"columns": said, **more})
    assert message in problem.message
    assert hint in (problem.hint or "")
    assert problem.where == f"sources.s.tables.users.{at}"


def test_a_measured_watermark_that_is_treated_is_none() -> None:
    assert users({"updated_at": "tokenise"}).watermark is None
    assert users({"updated_at": "drop"}).watermark is None
    assert users({"updated_at": "keep"}).watermark == "updated_at"


def test_a_table_needs_a_column_that_lands() -> None:
    said = {"key": [], "columns": dict.fromkeys(USERS["columns"], "drop")}  # type: ignore[call-overload]
    assert any("has no column left" in p.message for p in refused(said, marts={}))


@pytest.mark.parametrize(
    ("expect", "says"),
    [
        ("salary > 0", "column `salary` is dropped before it lands"),
        ("visits > 0 and salary > 0", "column `salary` is dropped before it lands"),
        ("phone like '+%'", "column `phone` is masked before it lands"),
        ("born > '1900-01-01'", "column `born` is tokenised before it lands"),
        ("phone is not null or visits > 0", "column `phone` is masked"),
        ("phone is not null", None),
        ('"born" is null', None),
        ("visits >= 0", None),
    ],
)
def test_a_rule_sees_what_lands(expect: str, says: str | None) -> None:
    said = {
        "columns": {"phone": "mask", "born": "tokenise", "salary": "drop"},
        "rules": [{"name": "r", "expect": expect}],
    }
    if says is None:
        assert made(said).sources[0].tables[0].rules[0].expect == expect
        return
    (problem,) = refused(said)
    assert says in problem.message
    assert problem.hint
    assert problem.where == "sources.s.tables.users.rules.0"


def test_both_ends_of_a_foreign_key_are_tokens_or_neither_is() -> None:
    both = made({"columns": {"email": "tokenise"}}, {"columns": {"user": "tokenise"}})
    assert len(both.sources[0].tables[1].foreign_keys) == 1
    (problem,) = refused({"columns": {"email": "tokenise"}})
    assert problem.message == "`orders.user` holds what is tokenised in `users.Email`"
    assert problem.where == "sources.s.tables.orders.columns.user"
    assert "`tokenise`" in (problem.hint or "")
    for treatment in ("tokenise", "mask", "drop"):
        alone = made({}, {"columns": {"user": treatment}}).sources[0].tables[1]
        assert alone.foreign_keys == (), "what no longer meets cannot be tested"


@pytest.mark.parametrize(
    ("mart", "says", "field"),
    [
        ({"kind": "fact", "from": "users", "measures": ["salary"]}, "`salary` of `users` is dropped", "measures"),
        ({"kind": "fact", "from": "users", "grain": ["salary"]}, "`salary` of `users` is dropped", "grain"),
        ({"kind": "fact", "from": "users", "measures": ["visits"]}, "nothing can be added up", "measures"),
        (
            {"kind": "aggregate", "from": "users", "by": ["born"], "measures": ["sum(salary) as x"]},
            "`salary` of `users` is dropped", "measures",
        ),
        ({"kind": "aggregate", "from": "users", "by": ["salary"]}, "`salary` of `users` is dropped", "by"),
        (
            {"kind": "aggregate", "from": "users", "by": ["born"], "measures": ["sum(visits) as x"]},
            "column `visits` is treated", "measures",
        ),
        (
            {"kind": "aggregate", "from": "fct", "by": ["born"], "measures": ["max(visits) as x"]},
            "column `visits` is treated", "measures",
        ),
    ],
)  # fmt: skip
def test_a_mart_over_what_is_gone_or_a_token_is_refused(mart: dict[str, Any], says: str, field: str) -> None:
    said = {"columns": {"visits": "tokenise", "salary": "drop"}}
    found = refused(said, marts={"fct": {"kind": "fact", "from": "users"}, "m": mart})
    assert says in found[0].message
    assert found[0].hint
    assert found[0].where == f"marts.m.{field}"
    assert len(found) == 1


def test_tokens_can_be_counted_and_grouped_by() -> None:
    said = {"columns": {"phone": "tokenise"}}
    mart = {"kind": "aggregate", "from": "users", "by": ["phone"], "measures": ["count(distinct phone) as n"]}
    assert made(said, marts={"m": mart}).marts[0].grain == ("phone",)


def test_default_marts_add_up_no_token() -> None:
    fact = next(m for m in made({}, {"columns": {"total": "tokenise"}}).marts if m.kind == "fact")
    assert fact.measures == ()


def test_treated_columns_make_it_etl() -> None:
    def transform(made: Design) -> Any:
        return next(d for d in made.decisions if d.id == "pipeline.transform")

    assert transform(made({})).choice == "elt"
    assert transform(made({"columns": {"phone": "keep"}})).choice == "elt"
    decision = transform(made({"columns": {"phone": "mask", "salary": "drop"}}))
    assert (decision.choice, decision.because) == ("etl", ("treated before they land: s.users.phone, s.users.salary",))
