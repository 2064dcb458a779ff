"""The last messages of topics: read by their offsets, without a group, and what they show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pipegen.probe import json_rows
from pipegen.probe.kafka_client import Cluster, Offsets

if TYPE_CHECKING:
    from confluent_kafka import Message as KafkaMessage

SAMPLE = 300  # messages of a topic
_LEAST = 10  # of a partition
_MOST_BYTES = 8 << 20  # of a topic, after which no more is kept
_WAIT = 0.1  # seconds in which as many messages are gathered as come
_SILENCE = 10.0  # seconds without a message after which no more is waited for
_OBJECTS = 0.9  # the share of objects by which messages are JSON
_MAGIC = 5  # bytes before the value, of a schema registry: 0, and the number of the schema

Format = Literal["json", "avro", "protobuf", "text", "binary"]


@dataclass(frozen=True)
class Message:
    """A message; ``at`` is its timestamp in milliseconds, None where it has none."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    at: int | None

    @property
    def size(self) -> int:
        return len(self.key or b"") + len(self.value or b"")


@dataclass
class Sample:
    """Messages of a topic by partition and offset; ``gaps`` is whether offsets were missing between them.

    ``size`` is their bytes; ``full`` is whether there were more of the last messages than are kept.
    """

    messages: list[Message] = field(default_factory=list)
    size: int = 0
    full: bool = False
    refused: bool = False
    gaps: bool = False

    @property
    def values(self) -> list[bytes]:
        return [m.value for m in self.messages if m.value is not None]

    @property
    def newest(self) -> int | None:
        return max((m.at for m in self.messages if m.at is not None), default=None)


def read(cluster: Cluster, begins: Offsets, ends: Offsets) -> dict[str, Sample]:
    """The last messages of every partition that has any, all topics at once."""
    samples = {topic: Sample() for topic, _ in ends}
    partitions = Counter(topic for topic, _ in ends)
    starts = {
        at: max(begins.get(at, 0), end - max(_LEAST, SAMPLE // partitions[at[0]]))
        for at, end in ends.items()
        if end > begins.get(at, 0)
    }
    unread = _read(cluster, starts, ends, samples)
    for topic, sample in samples.items():
        sample.messages.sort(key=lambda m: (m.partition, m.offset))
        asked = sum(ends[at] - start for at, start in starts.items() if at[0] == topic and at not in unread)
        sample.gaps = len(sample.messages) < asked and not sample.full
    return samples


def _read(cluster: Cluster, starts: Offsets, ends: Offsets, samples: Mapping[str, Sample]) -> set[tuple[str, int]]:
    """Read from the starts to the ends; the partitions of which the end was not reached are given back."""
    from confluent_kafka import TopicPartition

    waiting, silent = set(starts), 0.0
    cluster.consumer.assign([TopicPartition(topic, p, offset) for (topic, p), offset in starts.items()])
    while waiting and silent < _SILENCE and not cluster.look.is_over:
        wait = min(_WAIT, cluster.look.left())
        came = cluster.consumer.consume(500, timeout=wait)
        silent = 0.0 if came else silent + wait
        for message in came:
            at = (str(message.topic()), int(message.partition() or 0))
            if at[0] not in samples:
                continue  # an error of no topic
            done = _keep(message, ends.get(at, 0), samples[at[0]])
            if done:
                waiting.discard(at)
            elif samples[at[0]].refused:
                waiting = {one for one in waiting if one[0] != at[0]}
    cluster.consumer.unassign()
    return waiting


def _keep(message: KafkaMessage, end: int, sample: Sample) -> bool:
    """Keep a message, or what is said in place of one; whether it is the last of its partition."""
    from confluent_kafka import KafkaError

    error, offset = message.error(), int(message.offset() or 0)
    if error is not None:
        sample.refused |= error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
        return error.code() in (KafkaError._PARTITION_EOF, KafkaError._AUTO_OFFSET_RESET)
    if offset < end:
        kind, time = message.timestamp()
        partition = int(message.partition() or 0)
        kept = Message(partition, offset, message.key(), message.value(), time if kind else None)
        sample.size += kept.size
        sample.full |= sample.size > _MOST_BYTES
        sample.messages.append(kept)
    return sample.full or offset >= end - 1


def framed(value: bytes) -> bool:
    """Whether a value begins with the number of a schema in a registry."""
    return len(value) > _MAGIC and value[0] == 0


def schema_ids(values: Iterable[bytes]) -> set[int]:
    return {int.from_bytes(value[1:_MAGIC], "big") for value in values if framed(value)}


def objects(values: Sequence[bytes]) -> list[dict[str, Any]]:
    """The JSON objects among values, those behind the number of a schema too."""
    found = []
    for value in values:
        text = value[_MAGIC:] if framed(value) else value
        try:
            read = json_rows.parsed(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(read, dict):
            found.append(read)
    return found


def format_of(values: Sequence[bytes], rows: Sequence[Mapping[str, Any]]) -> Format | None:
    """What messages are written in; of those with the number of a schema the registry knows better."""
    if not values:
        return None
    if len(rows) >= _OBJECTS * len(values):
        return "json"
    if all(framed(value) for value in values):
        return "avro"
    return "text" if all(_is_text(value) for value in values) else "binary"


def _is_text(value: bytes) -> bool:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return False
    return all(c.isprintable() or c in "\t\r\n" for c in text)


def key_column(sample: Sample, names: Iterable[str]) -> str | None:
    """The column that holds what messages have as their key."""
    pairs = []
    for message in sample.messages:
        rows = objects([message.value]) if message.value is not None else []
        if rows:
            pairs.append((message.key, rows[0]))
    if not pairs or any(key is None for key, _ in pairs):
        return None
    return next((name for name in names if all(_says(key, row.get(name)) for key, row in pairs)), None)


def _says(key: bytes | None, value: Any) -> bool:
    if value is None or isinstance(value, dict | list) or key is None:
        return False
    return key == str(value).encode() or key == json_rows.comparable(value).encode()
