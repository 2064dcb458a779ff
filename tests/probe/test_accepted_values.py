"""Values that check constraints declare, as the engines tell their texts."""

from __future__ import annotations

import pytest

from pipegen.probe.accepted_values import accepted_values, checks_of
from pipegen.probe.mysql_catalogue import _standard


@pytest.mark.parametrize(
    ("check", "found"),
    [
        ("status in ('new', 'paid')", ("status", ["new", "paid"])),
        ("((s IN ('n', 'it''s')) OR (s IS NULL))", ("s", ["n", "it's"])),
        ("x is null or x in (1, -2.5)", ("x", ["1", "-2.5"])),
        ('"a ""b" in (1, 1)', ('a "b', ["1"])),
        ("[a b] IN ('(', ')')", ("a b", ["(", ")"])),
        ("`k``k` in (_utf8mb4'a')", ("k`k", ["a"])),
        ("x in (1) or y is null", None),
        ("x in (1) and y in (2)", None),
        ("x in (1) or y in (2)", None),
        ("x in (select y from z)", None),
        ("x not in (1)", None),
        ("x > 3", None),
        ("x = 'a' or x is null or \"X\" = 'b'", ("X", ["a", "b"])),
        ("x = 1", ("x", ["1"])),
        ("x = y", None),
        ("x = 1 or 2", None),
        ("x in (y, 'a')", None),
        ("lower(x) in ('a')", None),
        ("x in ('a') and length(x) = 1", None),
        ("x in (1 - 1)", None),
        ("((a = ANY (ARRAY['x'::text, 'y'::text])))", ("a", ["x", "y"])),
        ("((a = ANY (ARRAY['x'::public.\"my type\", 'y]'::public.\"my type\"])))", ("a", ["x", "y]"])),
        ("(((s)::text = ANY ((ARRAY['n'::character varying, 'p'::character varying])::text[])))", ("s", ["n", "p"])),
        (r"((a = E'back\\slash'::text))", ("a", ["back\\slash"])),
        ("((NOT (a = 'x'::text)))", None),
        ("((a = ANY (ARRAY[b, 'x'::text])))", None),
        ("(((a IS NULL) OR (a = 'x'::text)))", ("a", ["x"])),
        ("((a IS NULL))", None),
        ("((a <> ALL (ARRAY['x'::text])))", None),
        ("(((a)::numeric = ANY (ARRAY[1.5, (2)::numeric])))", ("a", ["1.5", "2"])),
        ("", None),
    ],
)
def test_a_check_that_lists_values(check: str, found: tuple[str, list[str]] | None) -> None:
    assert accepted_values(check) == found


def test_checks_of_a_table() -> None:
    script = """create table t ("check (" int, a text default 'check (b)' check (a in ('x', ')')), -- check (c)
        /* check (d) */ constraint k CHECK (length(a) > 1), e int)"""
    assert checks_of(script) == ["a in ('x', ')')", "length(a) > 1"]
    assert checks_of("create table t (a int check (a > 1") == []


def test_a_check_as_mysql_and_mariadb_tell_it() -> None:
    assert _standard(r"`s` in ('it\'s','b\\s')", escaped=False) == r"`s` in ('it''s','b\s')"
    assert _standard(r"(`s` in (_utf8mb4\'new\',_utf8mb4\'it\\\'s\'))", escaped=True) == (
        "(`s` in (_utf8mb4'new',_utf8mb4'it''s'))"
    )
