"""The specs that are drilled have every pattern that is built, for each kind of source."""

from __future__ import annotations

from tests.drills.repositories import EVERY, SMOKE, patterns

DATABASE = {
    "full, replace, hard",
    "full, merge, soft",
    "watermark, merge, ignore",
    "watermark, partition-overwrite, ignore",
    "watermark-keys, merge, hard",
    "watermark-keys, merge, soft",
    "append, merge, ignore",
    "append, microbatch, ignore",
}
PATTERNS = {
    *(f"{kind}: {pattern}" for kind in ("postgres", "sqlite") for pattern in DATABASE),
    *(f"{kind}: append, replace-by-unit, ignore" for kind in ("csv", "jsonl")),
    *(f"{kind}: full, replace, hard" for kind in ("csv", "parquet")),
    *("history none", "history scd2", "history daily"),
    *("mart table", "mart incremental", "mart microbatch"),
    *("mask", "tokenise", "drop"),
    *("to duckdb", "to postgres"),
}


def test_the_smoke_has_every_pattern() -> None:
    found = [patterns(drilled.planned()) for drilled in SMOKE]
    assert PATTERNS - set.union(*found) == set()
    incremental = {"history scd2", "history daily", "mart incremental", "mart microbatch", "mask", "tokenise", "drop"}
    assert all(incremental <= one for one in found), "each destination has each of these"


def test_everything_is_proven() -> None:
    assert set(SMOKE) <= set(EVERY)
    assert len(EVERY) == len({drilled.name for drilled in EVERY}) == 4
