"""What the name of a column says of its times and of deletes."""

from __future__ import annotations

import pytest

from pipegen.probe.named_columns import arrival_rank, created_rank, event_rank, marks_deleted, watermark_rank


@pytest.mark.parametrize(
    ("names", "created", "arrival", "event"),
    [
        (["created_at", "CreatedAt", "creation_date", "inserted_on", "row_created_ts", "created"], True, True, False),
        (["date_created", "ts_inserted", "date_joined"], True, True, False),
        (["received_at", "_loaded_at", "ingested_ts", "arrival_time", "imported_on"], False, True, False),
        (["event_time", "occurred_at", "ordered_at", "order_date", "event_ts", "measured_at", "sent_at"], False, False, True),
        (["date_placed", "dt_order"], False, False, True),
        (["updated_at", "id", "created_by", "create", "event", "loaded", "order_id", "valid_from", "recreated_name"], False, False, False),
        (["date_of_birth", "time_zone", "date_id"], False, False, False),
    ],
)  # fmt: skip
def test_times(names: list[str], created: bool, arrival: bool, event: bool) -> None:
    for name in names:
        found = [rank(name) is not None for rank in (created_rank, arrival_rank, event_rank)]
        assert found == [created, arrival, event], name


def test_a_time_of_creation_is_no_watermark() -> None:
    assert watermark_rank("created_at") is None
    assert watermark_rank("date_created") is None
    assert watermark_rank("date_updated") == watermark_rank("updated_at")


def test_the_nearest_name_ranks_first() -> None:
    names = ["created_at", "arrival_time", "received_at"]
    assert sorted(names, key=lambda n: arrival_rank(n) or 0) == ["received_at", "arrival_time", "created_at"]


@pytest.mark.parametrize(
    ("name", "type_", "marks"),
    [
        ("deleted_at", "timestamptz", True), ("DeletedOn", "date", True), ("removed_at", "timestamp", True),
        ("date_deleted", "date", True),
        ("is_deleted", "boolean", True), ("deleted", "bigint", True), ("_deleted", "boolean", True), ("delete_flag", "text", True),
        ("deleted_at", "text", False), ("is_deleted", "timestamp", False), ("deleted_by", "text", False),
        ("undeleted_at", "timestamp", False), ("status", "text", False), ("deletable", "boolean", False),
    ],
)  # fmt: skip
def test_marks_of_deletion(name: str, type_: str, marks: bool) -> None:
    assert marks_deleted(name, type_) is marks
