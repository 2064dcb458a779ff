"""How many messages a day topics get, by the offsets of times; and how late what they tell of comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

from pipegen.core.measured import Lateness, Rate
from pipegen.probe import json_rows
from pipegen.probe.facts import ColumnFacts
from pipegen.probe.kafka_client import Cluster, Offsets, offsets
from pipegen.probe.kafka_messages import Sample, objects
from pipegen.probe.named_columns import arrival_rank, event_rank

_DAY, _HOUR = 86_400, 3_600
_WINDOWS = ((14 * _DAY, "14 days"), (7 * _DAY, "7 days"), (_DAY, "day"), (_HOUR, "hour"))
_MILLIS_FROM, _SECONDS_FROM = 100_000_000_000, 1_000_000_000  # numbers above are times since 1970
MESSAGE_TIME = "the message's timestamp"


def rates(
    cluster: Cluster, begins: Offsets, ends: Offsets, newest: Mapping[str, int], brokers: Sequence[str]
) -> dict[str, Rate]:
    """Messages a day of each topic, over the longest of some windows up to its newest message that the topic reaches back beyond."""
    found: dict[str, Rate] = {}
    for seconds, name in _WINDOWS:
        left = {topic: at for topic, at in newest.items() if topic not in found}
        if not left or cluster.look.is_over:
            break
        # the offset of the first message not older than the window; none is newer than the newest, so there always is one
        asked = {at: left[at[0]] - seconds * 1000 for at in ends if at[0] in left}
        at_begin = offsets(cluster, asked, brokers)
        for topic in left:
            its = [at for at in asked if at[0] == topic and at in at_begin]
            since = {at: at_begin[at] if at_begin[at] >= 0 else ends[at] for at in its}
            if any(since[at] > begins.get(at, 0) for at in its):
                came = sum(max(0, ends[at] - since[at]) for at in its)
                how = f"offsets, the {name} up to the newest message"
                found[topic] = Rate(value=round(came * _DAY / seconds), how=how)
    return found


def lateness(sample: Sample, columns: Sequence[ColumnFacts]) -> Lateness | None:
    """How long after what a message tells of it was written, by a column that is named like the time of an event."""
    event = _event_column(columns)
    if event is None:
        return None
    late: list[float] = []
    for message in sample.messages:
        rows = objects([message.value]) if message.value is not None and message.at is not None else []
        happened = _seconds(rows[0].get(event)) if rows else None
        if happened is not None and message.at is not None:
            late.append(max(0.0, message.at / 1000 - happened))
    if not late:
        return None
    late.sort()
    p50, p99, p999 = (ceil(late[min(len(late) - 1, int(q * len(late)))]) for q in (0.5, 0.99, 0.999))
    return Lateness(event=event, arrival=MESSAGE_TIME, p50=p50, p99=p99, p999=p999, sampled=len(late))


def _event_column(columns: Sequence[ColumnFacts]) -> str | None:
    ranked = []
    for position, column in enumerate(columns):
        rank = event_rank(column.name)
        rank = rank if rank is not None else 9 if column.name.lower() in ("ts", "timestamp", "time", "at") else None
        fits = column.type in ("timestamp", "timestamptz", "bigint", "double")
        if rank is not None and fits and not column.nulls and arrival_rank(column.name) is None:
            ranked.append((rank, position, column.name))
    return min(ranked)[2] if ranked else None


def _seconds(value: object) -> float | None:
    """A time as seconds since 1970: a text, or a number of milliseconds or seconds."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return value / 1000 if value >= _MILLIS_FROM else float(value) if value >= _SECONDS_FROM else None
    moments = json_rows.as_moments([value])
    return moments[0].timestamp() if moments else None
