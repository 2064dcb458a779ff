"""Write: each way gives the same rows however often a window is run again."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from pipegen.core.design.rules import extract, write
from tests.core.design.given import refuses, table, tells

FILES = {"form": "files"}


@pytest.mark.parametrize(
    ("change", "read", "ways"),
    [
        ({}, "full", ("replace",)),
        ({"deletes": "soft"}, "full", ("merge",)),
        ({"deletes": "soft", "key": False}, "full", ("replace",)),
        ({}, "watermark", ("merge",)),
        ({}, "watermark-keys", ("merge",)),
        ({"key": False}, "watermark", ("partition-overwrite", "microbatch")),
        ({}, "append", ("microbatch", "partition-overwrite", "merge")),
        ({"mark": "numeric"}, "append", ("merge",)),
        ({"key": False}, "append", ("microbatch", "partition-overwrite")),
        ({"form": "events", "mark": "", "key": False}, "append", ("append-log",)),
        ({"form": "events", "mark": "", "key": True}, "append", ("merge", "append-log")),
        ({"form": "api", "mark": "", "key": True}, "append", ("merge", "append-log")),
        ({}, "cdc", ("merge", "append-log")),
        ({"history": "every-change"}, "cdc", ("append-log", "merge")),
        ({"key": False, "immutable": True}, "cdc", ("append-log",)),
        ({**FILES}, "full", ("replace",)),
        ({**FILES, "deletes": "soft"}, "full", ("replace",)),
        ({**FILES}, "append", ("replace-by-unit",)),
    ],
)
def test_the_ways_to_write_what_was_read(change: dict[str, Any], read: str, ways: tuple[str, ...]) -> None:
    t = table(**change)
    assert write.ways(t, read) == ways
    assert write.choose(t, read) == ways[0]
    for way in ways:
        assert write.problem(t, read, way) is None
        told = write.tell(t, read, way)
        tells(told, way)
        assert told.because[0] == f"extract: {read}"


def test_nothing_is_merged_without_a_key_and_no_day_is_replaced_without_a_time() -> None:
    forms, histories = ("rows", "files", "api", "events"), ("none", "scd2", "daily", "every-change")
    for form, key, mark, deletes, history, read in itertools.product(
        forms, (True, False), ("", "numeric", "temporal"), ("ignore", "soft", "hard"), histories, extract.EXTRACTS
    ):  # fmt: skip
        ways = write.ways(table(form=form, key=key, mark=mark, deletes=deletes, history=history), read)
        assert ways
        assert "merge" not in ways or key
        assert not {"microbatch", "partition-overwrite"} & set(ways) or mark == "temporal"


@pytest.mark.parametrize(
    ("change", "read", "choice", "message", "hint"),
    [
        ({}, "watermark-keys", "microbatch", "`microbatch` is not a choice of `s.t.write`", "extract is watermark-keys: allowed is merge"),
        ({}, "full", "merge", "not a choice", "extract is full: allowed is replace"),
        ({}, "cdc", "mrge", "not a choice", "did you mean `merge`?"),
        ({"key": False}, "append", "merge", "not a choice", "allowed is microbatch, partition-overwrite"),
    ],
)  # fmt: skip
def test_a_way_that_cannot_work(change: dict[str, Any], read: str, choice: str, message: str, hint: str) -> None:
    refuses(write.problem(table(**change), read, choice), message, hint)


def test_what_is_said_for_a_way_is_true_of_it() -> None:
    soft = write.tell(table(deletes="soft"), "full", "merge")
    assert soft.because == ("extract: full", "rows that are no longer read are kept and marked: deletes: soft")
    events = tells(write.tell(table(form="events", mark="", key=False), "append", "append-log"), "append-log")
    assert "their offset" in events and "neither a time nor a key" in events
    added = tells(write.tell(table(key=False, immutable=True), "cdc", "append-log"), "append-log")
    assert "rows are only ever added" in added and "no key to merge by" in added
    log = tells(write.tell(table(history="every-change"), "cdc", "append-log"), "append-log")
    assert "every change is kept" in log and "states in between would be lost" in log
