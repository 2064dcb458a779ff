"""The probe of Kafka, against a real broker."""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition

from pipegen.core.errors import SourceError
from pipegen.core.measured import Measured, MeasuredTable, dump
from pipegen.core.yaml_text import dump as as_yaml
from pipegen.probe import Look, kafka_client, probe
from pipegen.probe.kafka_registry import avro_columns
from tests.kafka import PASSWORD, Kafka, kafka, numbered
from tests.kafka_registry import registry
from tests.ports import free_port

__all__ = ["kafka"]
pytestmark = pytest.mark.servers

DAY = 86_400_000
NEWEST = 1_700_000_000_000  # 2023-11-14T22:13:20Z


def measure(url: str, **more: Any) -> Measured:
    return probe("kafka", url, Look(root=Path(), **more))


def one(url: str) -> MeasuredTable:
    [table] = measure(url).tables.values()
    return table


def refused(url: str, **more: Any) -> tuple[str, str]:
    with pytest.raises(SourceError) as raised:
        measure(url, **more)
    said = f"{raised.value.message} {raised.value.hint} {raised.value!r}"
    assert not any(secret in said for secret in (PASSWORD, "correct", "battery", "hunter2"))
    assert raised.value.hint
    return raised.value.message, raised.value.hint


def as_json(rows: list[dict[str, Any]]) -> list[bytes]:
    return [json.dumps(row).encode() for row in rows]


# -- topics ------------------------------------------------------------------------------------------------------------


def test_a_topic(kafka: Kafka) -> None:
    topic = kafka.topic("clicks", 3, retention_ms="259200000", retention_bytes="1000000")
    for p in range(3):
        begin = NEWEST - 20 * DAY
        rows = [
            {
                "click_id": i * 3 + p,
                "page": f"/{i % 7}",
                "email": f"someone{i}@example.org",
                "event_time": f"2023-11-{(begin // DAY + i // 24) % 10 + 10}T00:00:00Z",
                "tags": ["a"],
            }
            for i in range(481)
        ]
        kafka.send(topic, [(b"k%d" % i, value, begin + i * 3_600_000) for i, value in enumerate(as_json(rows))], p)
    table = one(kafka.url(topic))
    assert table.topic is not None
    assert table.topic.model_dump() == {
        "partitions": 3, "replication": 1, "kept": 259_200, "kept_bytes": 1_000_000, "compacted": False, "format": "json",
        "keyed": True, "schema_how": "the last 300 messages",
    }  # fmt: skip
    assert table.rows is not None and (table.rows.value, table.rows.exact) == (1443, True)
    assert table.rows_per_day is not None
    # 24 an hour in each of three partitions, and the newest message itself
    assert (table.rows_per_day.value, table.rows_per_day.how) == (72, "offsets, the 14 days up to the newest message")
    assert table.new_per_day == table.rows_per_day
    assert table.bytes is not None and 100 <= table.bytes / 1443 <= 160
    assert {name: column.type for name, column in table.columns.items()} == {
        "click_id": "bigint", "page": "text", "email": "text", "event_time": "timestamptz", "tags": "json",
    }  # fmt: skip
    assert table.columns["email"].personal is not None
    assert table.key is not None and table.key.columns == ["click_id"]
    assert "example.org" not in as_yaml(dump(measure(kafka.url(topic))))


def test_the_same_messages_give_the_same_bytes(kafka: Kafka) -> None:
    topic = kafka.topic("same", 4)
    for p in range(4):
        kafka.send(topic, numbered(as_json([{"id": i, "p": p} for i in range(500)]), NEWEST, 1000), p)
    assert as_yaml(dump(measure(kafka.url(topic)))) == as_yaml(dump(measure(kafka.url(topic))))


@pytest.mark.parametrize(
    ("step", "value", "how"),
    [
        (DAY // 2, 2, "the 14 days up"),
        (DAY // 24, 24, "the 7 days up"),
        (600_000, 144, "the day up"),
        (60_000, 1440, "the hour up"),
    ],
)
def test_the_rate_is_of_the_longest_window_that_the_topic_reaches_beyond(
    kafka: Kafka, step: int, value: int, how: str
) -> None:
    topic = kafka.topic(f"rate-{step}")
    kafka.send(topic, numbered([b"x"] * 250, NEWEST, step))
    rate = one(kafka.url(topic)).rows_per_day
    assert rate is not None
    assert how in rate.how
    assert value <= rate.value <= value + 24  # the newest message is in the window too


def test_too_few_messages_have_no_rate(kafka: Kafka) -> None:
    topic = kafka.topic("few")
    kafka.send(topic, numbered([b"x"] * 5, NEWEST, 1000))
    assert one(kafka.url(topic)).rows_per_day is None


def test_how_late_events_come(kafka: Kafka) -> None:
    topic = kafka.topic("late")
    seconds = [10] * 290 + [3600] * 10
    rows = [{"id": i, "occurred_at": (NEWEST - s * 1000) // (1 if i % 2 else 1000)} for i, s in enumerate(seconds)]
    kafka.send(topic, numbered(as_json(rows), NEWEST, 0))
    late = one(kafka.url(topic)).lateness
    assert late is not None
    assert (late.event, late.p50, late.p99, late.sampled) == ("occurred_at", 10, 3600, 300)
    assert late.arrival == "the message's timestamp"


def test_a_compacted_topic(kafka: Kafka) -> None:
    topic = kafka.topic("state", cleanup_policy="compact")
    rows = as_json([{"user": f"u{i % 20}", "city": "x"} for i in range(40)])
    kafka.send(topic, [(f"u{i % 20}".encode(), row, NEWEST + i) for i, row in enumerate(rows)])
    kafka.send(topic, [(b"u3", None, NEWEST + 100)])
    table = one(kafka.url(topic))
    assert table.topic is not None and table.topic.compacted and table.topic.kept is None
    assert table.key is not None and table.key.columns == ["user"]
    assert table.deletes is not None and table.deletes.seen == "yes"
    assert table.deletes.how == "1 of its last 41 messages are tombstones"
    assert table.rows is not None and table.rows.exact is False
    assert table.new_per_day is None


def test_a_change_log_of_a_database(kafka: Kafka) -> None:
    topic = kafka.topic("db.orders")
    rows = [{"op": op, "before": {"id": 1}, "after": {"id": 1}, "source": {}, "ts_ms": NEWEST} for op in "cud"]
    kafka.send(topic, numbered(as_json(rows), NEWEST, 1000))
    table = one(kafka.url(topic))
    assert table.deletes is not None and table.deletes.seen == "yes"
    assert any("Debezium" in note for note in table.notes)


@pytest.mark.parametrize(
    ("name", "values", "format_", "note"),
    [
        ("plain-text", [b"hello", "wörld".encode()], "text", "its columns are not known"),
        ("bytes", [b"\xff\xfe\x00", b"\x80"], "binary", "its columns are not known"),
        ("numbers", [b"1", b"2"], "text", "its columns are not known"),
        ("framed", [b"\x00\x00\x00\x00\x07\x02\x0ahello"], "avro", "its columns are not known"),
        ("framed-json", [b'\x00\x00\x00\x00\x07{"id": 1}'], "json", None),
        ("nearly-json", [b'{"id": 1}'] * 19 + [b"{broken"], "json", "1 of its last 20 messages are no JSON object"),
        ("mixed", [b'{"id": 1}', b"no"], "text", "its columns are not known"),
        ("deep", [b"[" * 50_000], "text", "its columns are not known"),
    ],
)
def test_formats(kafka: Kafka, name: str, values: list[bytes], format_: str, note: str | None) -> None:
    topic = kafka.topic(name)
    kafka.send(topic, numbered(values, NEWEST, 1000))
    table = one(kafka.url(topic))
    assert table.topic is not None and table.topic.format == format_
    assert table.topic.keyed is False
    assert any((note or "") in said for said in table.notes) if note else not table.notes


def test_an_empty_topic(kafka: Kafka) -> None:
    table = one(kafka.url(kafka.topic("nothing", 2)))
    assert table.rows is not None and table.rows.value == 0
    assert table.columns == {}
    assert table.notes == ["it held no message that could be read, so nothing is known of what it carries"]


def test_all_topics_but_those_of_kafka_itself(kafka: Kafka) -> None:
    made = {kafka.topic("all-a"), kafka.topic("all-b", 2)}
    consumer = Consumer(
        {"bootstrap.servers": kafka.hosts, "group.id": "someone", "auto.offset.reset": "earliest", "log_level": 0}
    )
    consumer.subscribe(["all-a"])
    consumer.poll(5)
    consumer.close()
    assert any(name.startswith("__") for name in kafka.topics())
    found = measure(kafka.url()).tables
    assert made <= found.keys() and not any(name.startswith("__") for name in found)
    assert list(measure(kafka.url(), tables=["all-b"]).tables) == ["all-b"]
    assert list(measure(kafka.url(), named=["all-a"]).tables) == ["all-a"]


def test_many_topics_are_read_at_once(kafka: Kafka) -> None:
    names = [kafka.topic(f"many-{i:03}") for i in range(60)]
    for name in names:
        kafka.send(name, numbered(as_json([{"id": 1}]), NEWEST, 0))
    found = measure(kafka.url(), tables=names).tables
    assert all("id" in found[name].columns for name in names)


def test_nothing_is_changed(kafka: Kafka) -> None:
    topic = kafka.topic("untouched")
    kafka.send(topic, numbered([b"x"] * 10, NEWEST, 1))
    before, groups = kafka.topics() | {"__consumer_offsets"}, kafka.groups()
    one(kafka.url(topic))
    refused(kafka.url("untouched2"))
    assert kafka.topics() | {"__consumer_offsets"} == before
    assert kafka.groups() == groups
    reader = Consumer({"bootstrap.servers": kafka.hosts, "group.id": "pipegen-probe", "log_level": 0})
    [committed] = reader.committed([TopicPartition(topic, 0)], timeout=20)
    reader.close()
    assert committed.offset < 0  # none


# -- schema registry -----------------------------------------------------------------------------------------------------

AVRO = {
    "type": "record",
    "name": "Order",
    "fields": [
        {"name": "id", "type": "long"},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "on", "type": ["null", {"type": "int", "logicalType": "date"}]},
        {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2}},
        {"name": "state", "type": {"type": "enum", "name": "State", "symbols": ["NEW", "PAID"]}},
        {"name": "note", "type": ["null", "string"], "default": None},
        {"name": "either", "type": ["int", "string"]},
        {"name": "lines", "type": {"type": "array", "items": "string"}},
        {"name": "raw", "type": "bytes"},
        {"name": "uid", "type": {"type": "string", "logicalType": "uuid"}},
        {"name": "ok", "type": "boolean"},
        {"name": "other", "type": "Order"},
    ],
}
AVRO_TYPES = {
    "id": ("bigint", False), "at": ("timestamptz", False), "on": ("date", True), "price": ("decimal(10,2)", False),
    "state": ("text", False), "note": ("text", True), "either": ("json", False), "lines": ("json", False),
    "raw": ("blob", False), "uid": ("uuid", False), "ok": ("boolean", False), "other": ("json", False),
}  # fmt: skip


def test_columns_come_from_a_registry(kafka: Kafka) -> None:
    topic = kafka.topic("ordered")
    kafka.send(topic, numbered([b"\x00\x00\x00\x00\x01\x02\x04\x06"], NEWEST, 1))
    with registry({"ordered-value": ("AVRO", AVRO)}) as url:
        table = one(kafka.url(topic, f"schema_registry={url}"))
    assert {name: (column.type, column.nullable) for name, column in table.columns.items()} == AVRO_TYPES
    assert table.columns["state"].values == ["NEW", "PAID"]
    assert table.topic is not None
    assert (table.topic.format, table.topic.schema_how) == ("avro", "schema registry: ordered-value, version 3")
    assert table.notes == []


def test_json_schema_and_messages_together(kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> None:
    topic = kafka.topic("jsonned")
    kafka.send(topic, numbered(as_json([{"id": 1, "at": "2023-01-01T00:00:00Z", "more": True}]), NEWEST, 1))
    schema = {
        "type": "object", "required": ["id", "at"],
        "properties": {"id": {"type": "integer"}, "at": {"type": "string", "format": "date-time"}},
    }  # fmt: skip
    with registry({"jsonned-value": ("JSON", schema)}) as url:
        monkeypatch.setenv("SCHEMA_REGISTRY_URL", url)
        table = one(kafka.url(topic))
    assert {n: (c.type, c.nullable) for n, c in table.columns.items()} == {
        "id": ("bigint", False), "at": ("timestamptz", False), "more": ("boolean", True),
    }  # fmt: skip


def test_protobuf_is_named_and_its_columns_are_not(kafka: Kafka) -> None:
    topic = kafka.topic("protoed")
    kafka.send(topic, numbered([b"\x00\x00\x00\x00\x01\x00\x08\x01"], NEWEST, 1))
    with registry({"protoed-value": ("PROTOBUF", 'syntax = "proto3";')}) as url:
        table = one(kafka.url(topic, f"schema_registry={url}"))
    assert table.topic is not None and table.topic.format == "protobuf"
    assert "its columns are not known" in table.notes[0]


@pytest.mark.parametrize(("status", "said"), [(401, "refuses the user"), (500, "answers 500"), (404, None)])
def test_a_registry_that_does_not_tell(kafka: Kafka, status: int, said: str | None) -> None:
    topic = kafka.topic(f"untold-{status}")
    kafka.send(topic, numbered(as_json([{"id": 1}]), NEWEST, 1))
    with registry({}) as url:
        url.fail(9, status)
        table = one(
            kafka.url(
                topic, f"schema_registry={url}".replace("http://", "http://someone:hunter2%40@").replace("@", "%40")
            )
        )
    assert list(table.columns) == ["id"]
    assert len(table.notes) == (1 if said else 0)
    assert all(str(said) in note and "hunter2" not in note for note in table.notes)


def test_a_registry_that_is_none(kafka: Kafka) -> None:
    topic = kafka.topic("unregistered")
    kafka.send(topic, numbered(as_json([{"id": 1}]), NEWEST, 1))
    assert "does not answer" in one(kafka.url(topic, f"schema_registry=http://127.0.0.1:{free_port()}")).notes[0]
    with registry({"unregistered-value": ("AVRO", "{broken")}) as url:
        assert "does not answer as a registry does" in one(kafka.url(topic, f"schema_registry={url}")).notes[0]


def test_a_schema_of_no_record_has_no_columns() -> None:
    assert avro_columns("string") == ()


# -- no way in ---------------------------------------------------------------------------------------------------------


def test_a_login(kafka: Kafka) -> None:
    topic = kafka.topic("guarded")
    kafka.send(topic, numbered(as_json([{"id": 1}]), NEWEST, 1))
    message, hint = refused(kafka.login_url(topic))
    assert message == f"`reader` may not read topic `guarded` of `127.0.0.1:{kafka.login_port}`"
    assert "kafka-acls" in hint
    kafka.allow(topic, "DESCRIBE")
    assert refused(kafka.login_url(topic))[0] == message
    kafka.allow(topic, "READ")
    table = one(kafka.login_url(topic))
    assert list(table.columns) == ["id"]
    assert table.notes == [
        "its settings were not read (this user may not, or time was up), so how long it keeps messages is not known"
    ]
    kafka.allow(topic, "DESCRIBE_CONFIGS")
    assert one(kafka.login_url(topic)).notes == []


def test_a_topic_that_may_not_be_read_is_left_out(kafka: Kafka) -> None:
    for name in ("half-open", "half-shut"):
        kafka.topic(name)
        kafka.send(name, numbered(as_json([{"id": 1}]), NEWEST, 1))
    kafka.allow("half-open", "READ")
    kafka.allow("half-shut", "DESCRIBE")
    found = measure(kafka.login_url())
    assert "half-open" in found.tables
    assert "may not read topic `half-shut`" in found.left_out["half-shut"]


def test_a_wrong_password(kafka: Kafka) -> None:
    message, hint = refused(kafka.login_url(password="hunter2"))
    assert message == f"`127.0.0.1:{kafka.login_port}` refuses the user or the password"
    assert "%40" in hint


def test_a_login_that_is_not_asked_for_and_one_that_is(kafka: Kafka) -> None:
    assert refused(f"kafka://someone:hunter2@{kafka.hosts}")[0] == f"`{kafka.hosts}` asks for no login"
    message, hint = refused(f"kafka://127.0.0.1:{kafka.login_port}")
    assert message == f"`127.0.0.1:{kafka.login_port}` takes the connection and drops it"
    assert "security_protocol" in hint
    assert "does not take this way to log in" in refused(f"{kafka.login_url()}?sasl_mechanism=SCRAM-SHA-256")[0]
    assert "agree on no encryption" in refused(kafka.url(query="security_protocol=SSL"))[0]


def test_no_such_topic(kafka: Kafka) -> None:
    kafka.topic("payments")
    message, hint = refused(kafka.url("payment"))
    assert message == f"`{kafka.hosts}` has no topic `payment`"
    assert hint == "did you mean `payments`?"
    assert refused(kafka.url(), tables=["zzzzzz"])[1].startswith("topics are: ")


def test_a_closed_port() -> None:
    port = free_port()
    message, hint = refused(f"kafka://127.0.0.1:{port}/clicks")
    assert message == f"no Kafka broker answers at `127.0.0.1:{port}`"
    assert "host and port" in hint


def test_a_host_that_is_not_known() -> None:
    assert refused("kafka://nowhere.invalid:9092")[0] == "the host of `nowhere.invalid:9092` is not known"


@contextmanager
def answering(text: bytes) -> Iterator[int]:
    """A server of something else: it says the same to everyone."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            while True:
                try:
                    with listening.accept()[0] as one:
                        one.recv(1024)
                        one.sendall(text)
                except OSError:
                    return

        threading.Thread(target=answer, daemon=True).start()
        yield int(listening.getsockname()[1])
        listening.shutdown(socket.SHUT_RDWR)


def test_a_port_of_something_else() -> None:
    with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        message, hint = refused(f"kafka://127.0.0.1:{port}")
    assert message == f"what answers at `127.0.0.1:{port}` is no Kafka broker"
    assert "9092" in hint


def test_something_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_client, "CONNECT_SECONDS", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        message, _ = refused(f"kafka://127.0.0.1:{silent.getsockname()[1]}")
    assert message.endswith("does not answer as a Kafka broker does")


def test_a_parameter_that_is_none(kafka: Kafka) -> None:
    message, hint = refused(kafka.url(query="sasl_mechanisn=hunter2"))
    assert message == "`sasl_mechanisn` is no parameter of a Kafka URL"
    assert hint == "did you mean `sasl_mechanism`?"
    assert "refuses a parameter" in refused(kafka.url(query="security_protocol=hunter2"))[0]


def test_the_client_library_is_not_there(kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)
    message, hint = refused(kafka.url())
    assert message == "Kafka's client library is not installed"
    assert hint == "`pip install 'pipegen-cli[kafka]'` brings it"


def test_the_time_is_up(kafka: Kafka) -> None:
    assert "the time for looking was up" in refused(kafka.url(), seconds=0)[0]


def test_brokers_that_call_themselves_what_nobody_knows(kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_client, "CONNECT_SECONDS", 2.0)
    kafka.topic("unreached")
    message, hint = refused(f"kafka://127.0.0.1:{kafka.lost_port}/unreached")
    assert (
        message
        == f"`127.0.0.1:{kafka.lost_port}` answers, and its brokers call themselves `127.0.0.1:1`, where nothing answers"
    )
    assert "advertised.listeners" in hint
