"""Patterns and version ranges of a manifest."""

from __future__ import annotations

import pytest

from pipegen.core.blueprint import Patterns, within


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*.png", "a.png", True),
        ("*.png", "a/b.png", False),
        ("**/*.png", "a.png", True),
        ("**/*.png", "a/b/c.png", True),
        ("a/**", "a/b/c", True),
        ("a/**", "ab/c", False),
        ("a/?.md", "a/b.md", True),
        ("a/?.md", "a//.md", False),
        ("m/{source}/*.sql", "m/{source}/{table}.sql", True),
        ("m/[ab].sql", "m/a.sql", False),
        ("m/[ab].sql", "m/[ab].sql", True),
        ("a.b", "aXb", False),
    ],
)
def test_a_pattern(pattern: str, path: str, matches: bool) -> None:
    assert (Patterns({pattern: None}).match(path) == pattern) is matches


def test_the_path_itself_before_patterns_and_later_ones_before_earlier_ones() -> None:
    patterns = Patterns({"a/b.md": None, "a/*": None, "**": None, "c/*": None})
    assert [patterns.match(path) for path in ("a/b.md", "a/c.md", "c/d", "x")] == ["a/b.md", "**", "c/*", "**"]


@pytest.mark.parametrize(
    ("version", "wanted", "holds"),
    [
        ("1.0.0", ">=1.0,<2", True),
        ("2.0.0", ">=1.0,<2", False),
        ("1.10.0", ">1.9", True),
        ("1.9.9", "<=1.9.9", True),
        ("1.0.0", "==1", True),
        ("1.0.1", "==1.0", False),
        ("1.0.1", "!=1.0.1", False),
    ],
)
def test_a_range(version: str, wanted: str, holds: bool) -> None:
    assert within(version, wanted) is holds
