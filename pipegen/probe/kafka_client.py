"""A connection to Kafka that reads and changes nothing: no group is joined, no offset committed, no topic made."""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from pipegen.core.errors import SourceError
from pipegen.core.names import did_you_mean, shorten
from pipegen.core.spec import source_url
from pipegen.core.spec.remote_url import RemoteUrl, parse_server
from pipegen.probe import kafka_refusals as refusals
from pipegen.probe.look import Look

if TYPE_CHECKING:
    import confluent_kafka
    import confluent_kafka.admin

CONNECT_SECONDS = 15.0
_DROPPED_SECONDS = 3.0  # after which a connection that was dropped again and again is given up
_MOST_SAID = 200
_GROUP = "pipegen-probe"  # never joined: partitions are assigned by hand
_REGISTRY = "schema_registry"
_PARAMETERS = {
    "security_protocol": "security.protocol", "sasl_mechanism": "sasl.mechanism", "ssl_ca_location": "ssl.ca.location",
    "ssl_certificate_location": "ssl.certificate.location", "ssl_key_location": "ssl.key.location",
    "ssl_key_password": "ssl.key.password",
}  # fmt: skip
_FINAL = (
    "authentication",
    "failed to resolve",
    "refused",
    "ssl handshake",
    "invalid response size",
    "unsupported sasl",
)
_OF_ONE_TOPIC = ("TOPIC_AUTHORIZATION_FAILED", "UNKNOWN_TOPIC_OR_PARTITION")
# a broker by the name that it has for itself, with its number, in place of the URL's, which is called `bootstrap`
_NAMED_BROKER = re.compile(r"([\w.-]+:\d+)/\d+: .*(?:refused|resolve|timed out)", re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """Where a cluster is, taken from its URL; ``topic`` is the only one that is meant, if any."""

    url: RemoteUrl
    topic: str | None
    registry: str | None = field(repr=False)
    settings: Mapping[str, str] = field(repr=False)

    @property
    def shown(self) -> str:
        return f"`{shorten(self.url.hosts)}`"


def place(path: str) -> Place:
    """Read a Kafka URL, and the variable of the schema registry.

    Raises:
        SourceError: it has a parameter that is none.
    """
    url = parse_server(path, source_url.EXAMPLES["kafka"])
    settings = {"bootstrap.servers": url.hosts}
    registry = os.environ.get("SCHEMA_REGISTRY_URL")
    for name, value in parse_qsl(url.query, keep_blank_values=True):
        if name == _REGISTRY:
            registry = value
        elif name in _PARAMETERS:
            settings[_PARAMETERS[name]] = value
        else:
            known = (*_PARAMETERS, _REGISTRY)
            raise refusals.unknown_parameter(name, known, did_you_mean(name, known))
    if url.user:
        settings |= {"sasl.username": unquote(url.user), "sasl.password": url.password}
        settings = {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN", **settings}
    return Place(url, url.plain_path.strip("/") or None, registry or None, settings)


@dataclass
class Cluster:
    """An open connection: one consumer and one administrator of the same settings."""

    place: Place
    look: Look
    consumer: confluent_kafka.Consumer
    admin: confluent_kafka.admin.AdminClient
    said: list[str]

    def wait(self) -> float:
        """Seconds that one request may take.

        Raises:
            SourceError: there are none left.
        """
        left = min(CONNECT_SECONDS, self.look.left())
        if left <= 0:
            raise refusals.no_time(self.place.shown)
        return left


class _Hearer(logging.Handler):
    """Keeps what the library logs: of a connection that is dropped it says nothing else."""

    def __init__(self, said: list[str]) -> None:
        super().__init__()
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        if len(self._said) < _MOST_SAID:
            self._said.append(record.getMessage())


def _heard(said: list[str]) -> logging.Logger:
    """A logger of nobody else's, which prints nothing."""
    logger = logging.Logger("pipegen.kafka")
    logger.addHandler(_Hearer(said))
    return logger


@contextmanager
def opened(where: Place, look: Look) -> Iterator[Cluster]:
    """Connect.

    Raises:
        SourceError: the library is not installed, or there is no way in.
    """
    try:
        import confluent_kafka
        import confluent_kafka.admin
    except ImportError:
        raise refusals.MISSING from None
    said: list[str] = []
    logger = _heard(said)
    settings: dict[str, Any] = {
        **where.settings,
        "client.id": "pipegen",
        "logger": logger,
        "error_cb": lambda error: said.append(str(error)),
        "socket.connection.setup.timeout.ms": int(CONNECT_SECONDS * 1000),
    }
    try:
        consumer = confluent_kafka.Consumer(
            {
                **settings,
                "group.id": _GROUP,
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "allow.auto.create.topics": False,
                "auto.offset.reset": "error",
                "enable.partition.eof": True,
                "fetch.message.max.bytes": 1 << 20,
            }
        )
    except (confluent_kafka.KafkaException, ValueError, TypeError):
        raise refusals.wrong_parameter() from None
    try:
        yield Cluster(where, look, consumer, confluent_kafka.admin.AdminClient(settings), said)
    finally:
        consumer.close()


def topics(cluster: Cluster) -> tuple[dict[str, list[int]], dict[str, int], list[str]]:
    """Topics with their partitions, the number of replicas of each, and the brokers' names for themselves.

    Raises:
        SourceError: no broker answers.
    """
    found = _metadata(cluster, None)
    partitions = {name: sorted(t.partitions) for name, t in sorted(found.topics.items()) if t.error is None}
    replicas = {
        name: max((len(p.replicas) for p in t.partitions.values()), default=0) for name, t in found.topics.items()
    }
    return partitions, replicas, [f"{b.host}:{b.port}" for b in found.brokers.values()]


def topic_error(cluster: Cluster, topic: str) -> str:
    """What the brokers say of one topic that is not among those that they list: the name of an error."""
    found = _metadata(cluster, topic).topics.get(topic)
    return "" if found is None or found.error is None else str(found.error.name())


def _metadata(cluster: Cluster, topic: str | None) -> Any:
    import confluent_kafka

    begin = time.monotonic()
    end = begin + cluster.wait()
    while True:
        try:
            return (
                cluster.consumer.list_topics(topic, timeout=1.0) if topic else cluster.consumer.list_topics(timeout=1.0)
            )
        except confluent_kafka.KafkaException as error:
            cluster.consumer.poll(0)  # lets the library tell what it knows
            said = [*cluster.said, str(error)]
            final = (*_FINAL, "disconnected") if time.monotonic() > begin + _DROPPED_SECONDS else _FINAL
            if time.monotonic() > end or any(word in " ".join(said).lower() for word in final):
                named = [match[1] for match in map(_NAMED_BROKER.search, said) if match]
                if named:
                    raise refusals.unreachable(cluster.place.shown, list(dict.fromkeys(named))) from None
                raise refusals.no_way_in(cluster.place.shown, said) from None


Offsets = dict[tuple[str, int], int]


def offsets(cluster: Cluster, asked: Mapping[tuple[str, int], int], names: Sequence[str]) -> Offsets:
    """The offset of each partition at a time in milliseconds; -1 is its end, -2 its beginning. A partition that cannot tell is left out.

    Raises:
        SourceError: no broker that leads a partition answers.
    """
    from confluent_kafka import OFFSET_INVALID, KafkaException, TopicPartition
    from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]

    special: dict[int, Callable[[], OffsetSpec]] = {-1: OffsetSpec.latest, -2: OffsetSpec.earliest}
    specs = {
        TopicPartition(topic, partition): special[at]() if at in special else OffsetSpec.for_timestamp(at)
        for (topic, partition), at in asked.items()
    }
    if not specs:
        return {}
    found: Offsets = {}
    answers = cluster.admin.list_offsets(specs, request_timeout=cluster.wait())
    failed = False
    for partition, future in answers.items():
        try:
            offset = int(future.result(timeout=cluster.wait() + 1).offset)
            if (
                offset == OFFSET_INVALID
            ):  # what the library gives, with no error, where the partition's broker is not reached
                failed = True
            else:
                found[partition.topic, partition.partition] = offset
        except KafkaException as error:
            failed |= error.args[0].name() not in _OF_ONE_TOPIC
        except (TimeoutError, SourceError):
            failed = True
    if failed and not found:
        raise refusals.unreachable(cluster.place.shown, names)
    return found


def configs(cluster: Cluster, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """The settings of topics; a topic of which this user may not read them has none."""
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import ConfigResource, ResourceType  # type: ignore[attr-defined]

    resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
    found: dict[str, dict[str, str]] = {}
    if not resources or cluster.look.is_over:
        return found
    for resource, future in cluster.admin.describe_configs(resources, request_timeout=cluster.wait()).items():
        try:
            entries = future.result(timeout=cluster.wait() + 1)
        except (KafkaException, TimeoutError, SourceError):
            continue
        found[resource.name] = {name: str(entry.value) for name, entry in entries.items()}
    return found
