"""Probe of a Kafka cluster: its topics, by what the brokers say of them, a schema registry, and the last messages of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipegen.core.errors import SourceError
from pipegen.core.measured import Count, Deletes, Key, Measured, MeasuredTable, Rate, Server, Topic
from pipegen.core.names import did_you_mean, shorten
from pipegen.probe import json_rows, kafka_client, kafka_messages, kafka_rates
from pipegen.probe import kafka_refusals as refusals
from pipegen.probe.chosen_tables import wanted
from pipegen.probe.facts import ColumnFacts
from pipegen.probe.kafka_client import Cluster, Offsets
from pipegen.probe.kafka_messages import Sample
from pipegen.probe.kafka_registry import Registry, Subject
from pipegen.probe.look import Look
from pipegen.probe.rest_columns import merged

_INTERNAL = ("__", "_schemas", "_confluent", "connect-")
_DEBEZIUM = {"op", "before", "after", "source"}


def measure(path: str, look: Look) -> Measured:
    """Measure the topics of a cluster; ``path`` is its URL: see :class:`pipegen.probe.registry.Probe`."""
    where = kafka_client.place(path)
    with kafka_client.opened(where, look) as cluster:
        look.progress("asking the brokers for their topics")
        partitions, replicas, brokers = kafka_client.topics(cluster)
        chosen = _chosen(cluster, partitions)
        subjects, notes = _subjects(cluster, chosen)
        look.progress(f"reading the last messages of {len(chosen)} topic{'s' if len(chosen) > 1 else ''}")
        both = {(topic, p) for topic in chosen for p in partitions[topic]}
        begins = kafka_client.offsets(cluster, dict.fromkeys(both, -2), brokers)
        ends = kafka_client.offsets(cluster, dict.fromkeys(both, -1), brokers)
        samples = kafka_messages.read(cluster, begins, ends)
        newest = {topic: sample.newest for topic, sample in samples.items() if sample.newest is not None}
        seen = Seen(
            partitions, replicas, begins, ends, samples,
            kafka_client.configs(cluster, chosen), subjects, kafka_rates.rates(cluster, begins, ends, newest, brokers),
        )  # fmt: skip
    refused = [topic for topic in chosen if topic in samples and samples[topic].refused]
    told = {topic: refusals.not_allowed(where.shown, topic, where.url.user) for topic in refused}
    if told and (look.tables is not None or where.topic or len(told) == len(chosen)):
        raise next(iter(told.values()))
    tables = {topic: seen.table(topic, notes) for topic in chosen if topic not in told}
    return Measured(
        server=Server(kind="kafka"), tables=tables, left_out={t: f"{e.message}; {e.hint}" for t, e in told.items()}
    )


def _chosen(cluster: Cluster, there: Mapping[str, Sequence[int]]) -> list[str]:
    """The topics to measure: those that were asked for, else that of the URL, else all that are not of Kafka's own."""
    look, where = cluster.look, cluster.place
    asked = [where.topic] if look.tables is None and where.topic else wanted(look, there)
    if asked is None:
        found = [name for name in there if not name.startswith(_INTERNAL)]
        if not found:
            raise refusals.no_topics(where.shown)
        return found
    for name in asked:
        if name not in there:
            if kafka_client.topic_error(cluster, name) == "TOPIC_AUTHORIZATION_FAILED":
                raise refusals.not_allowed(where.shown, name, where.url.user)
            own = [one for one in there if not one.startswith(_INTERNAL)]
            hint = (
                did_you_mean(name, own)
                or f"topics are: {shorten(', '.join(own), 300) or 'none that this user may see'}"
            )
            raise refusals.no_topic(where.shown, name, hint)
    return [name for name in there if name in asked]


def _subjects(cluster: Cluster, topics: Sequence[str]) -> tuple[dict[str, Subject], list[str]]:
    """What a registry says of the topics, and a note where it says nothing."""
    if cluster.place.registry is None:
        return {}, []
    found: dict[str, Subject] = {}
    try:
        registry = Registry(cluster.place.registry, cluster.look)
        for topic in topics:
            subject = registry.value_schema(topic)
            if subject is not None:
                found[topic] = subject
    except SourceError as error:
        return found, [f"{error.message}; {error.hint}"]
    return found, []


@dataclass(frozen=True)
class Seen:
    """Everything that was read of the chosen topics."""

    partitions: Mapping[str, Sequence[int]]
    replicas: Mapping[str, int]
    begins: Offsets
    ends: Offsets
    samples: Mapping[str, Sample]
    configs: Mapping[str, Mapping[str, str]]
    subjects: Mapping[str, Subject]
    rates: Mapping[str, Rate]

    def table(self, topic: str, notes: Sequence[str]) -> MeasuredTable:
        sample, subject = self.samples.get(topic, Sample()), self.subjects.get(topic)
        rows = kafka_messages.objects(sample.values)
        compacted = "compact" in self.configs.get(topic, {}).get("cleanup.policy", "")
        count = sum(end - self.begins[at] for at, end in self.ends.items() if at[0] == topic and at in self.begins)
        whole = count == len(sample.messages)
        format_ = kafka_messages.format_of(sample.values, rows)
        columns = json_rows.column_facts(rows, whole=whole) if format_ == "json" else []
        differing: list[str] = []
        if subject is not None and subject.columns:
            columns, differing = merged(subject.columns, columns)
        size = sum(m.size for m in sample.messages) / len(sample.messages) if sample.messages else 0
        key = self._key(topic, columns, rows, sample, compacted)
        return MeasuredTable(
            topic=self._topic(topic, sample, subject, format_),
            rows=Count(value=count, exact=not compacted and not sample.gaps and not self._silent(topic)),
            bytes=round(count * size) if sample.messages else 0 if not count else None,
            rows_per_day=self.rates.get(topic),
            new_per_day=None if compacted else self.rates.get(topic),
            key=key,
            lateness=kafka_rates.lateness(sample, columns),
            deletes=_deletes(sample, rows),
            columns={c.name: c.measured(key.columns if key else ()) for c in columns},
            notes=[*self._notes(topic, sample, rows, columns), *differing, *notes],
        )

    def _topic(
        self, topic: str, sample: Sample, subject: Subject | None, format_: kafka_messages.Format | None
    ) -> Topic:
        config = self.configs.get(topic, {})
        policy = config.get("cleanup.policy", "delete")
        kept, kept_bytes = int(config.get("retention.ms", -1)), int(config.get("retention.bytes", -1))
        limited = "delete" in policy
        return Topic(
            partitions=len(self.partitions[topic]),
            replication=self.replicas.get(topic) or None,
            kept=kept // 1000 if limited and kept >= 0 else None,
            kept_bytes=kept_bytes if limited and kept_bytes >= 0 else None,
            compacted="compact" in policy,
            format=subject.format if subject is not None else format_,
            keyed=all(m.key is not None for m in sample.messages) if sample.messages else None,
            schema_how=subject.how
            if subject
            else f"the last {len(sample.messages)} messages"
            if format_ == "json"
            else None,
        )

    def _key(
        self, topic: str, columns: Sequence[ColumnFacts], rows: Sequence[json_rows.Row], sample: Sample, compacted: bool
    ) -> Key | None:
        """What tells rows apart: of a compacted topic the column that is the messages' key, else one named like an identifier."""
        if compacted:
            column = kafka_messages.key_column(sample, [c.name for c in columns])
            return Key(columns=[column], how="the key of the messages of a compacted topic") if column else None
        seen = [c for c in columns if c.rows]
        return json_rows.row_key(topic, seen, rows, whole=False) if rows else None

    def _silent(self, topic: str) -> int:
        """Partitions whose broker did not answer."""
        return sum((topic, p) not in self.ends or (topic, p) not in self.begins for p in self.partitions[topic])

    def _notes(
        self, topic: str, sample: Sample, rows: Sequence[json_rows.Row], columns: Sequence[ColumnFacts]
    ) -> list[str]:
        found = []
        if silent := self._silent(topic):
            found.append(
                f"{silent} of its {len(self.partitions[topic])} partitions did not answer, and are in no number here"
            )
        if not sample.messages:
            found.append("it held no message that could be read, so nothing is known of what it carries")
        elif not columns:
            found.append("its columns are not known: its messages are no JSON, and no schema registry tells of them")
        malformed = len(sample.values) - len(rows)
        if rows and malformed:
            found.append(f"{malformed} of its last {len(sample.values)} messages are no JSON object")
        if rows and all(row.keys() >= _DEBEZIUM or _payload(row).keys() >= _DEBEZIUM for row in rows):
            found.append(
                "its messages are a database's change log as Debezium writes it: each has a row before and after a change"
            )
        if topic not in self.configs:
            found.append(
                "its settings were not read (this user may not, or time was up), so how long it keeps messages is not known"
            )
        return found


def _payload(row: json_rows.Row) -> json_rows.Row:
    inner = row.get("payload")
    return inner if isinstance(inner, dict) else {}


def _deletes(sample: Sample, rows: Sequence[json_rows.Row]) -> Deletes | None:
    tombstones = sum(m.value is None and m.key is not None for m in sample.messages)
    if tombstones:
        how = f"{tombstones} of its last {len(sample.messages)} messages are tombstones"
        return Deletes(seen="yes", how=how)
    removed = sum((row.get("op") or _payload(row).get("op")) == "d" for row in rows if "op" in row or "payload" in row)
    return (
        Deletes(seen="yes", how=f"{removed} of its last {len(rows)} messages are deletes (`op` is `d`)")
        if removed
        else None
    )
