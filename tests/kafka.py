"""A Kafka of the tests' own: a real broker with no ZooKeeper, started once a process in a temporary folder, ended with it.

It needs a Java and Maven (on Debian: ``apt-get install maven``, which brings both); a test that needs it fails where they are not.
Maven fetches the broker and what it depends on, and they are kept in ``~/.cache/pipegen-tests/``. The broker has one listener
without a login, whose user may do everything, one for which ``READER`` logs in, who may do what ``allow`` says, and one that
tells everyone to go where nobody is.

The schema registry is a small server that speaks the one request that the probe makes; Confluent's own is not on Maven Central.
"""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)  # fmt: skip

from tests.ports import free_ports

VERSION = "4.1.2"
READER, PASSWORD = "reader", "correct horse:battery@staple/#?"
QUOTED = "correct%20horse%3Abattery%40staple%2F%23%3F"
_START_SECONDS = 90
_POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>pipegen</groupId><artifactId>tests-kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.25.3</version></dependency>
  </dependencies>
</project>
"""
_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


@dataclass(frozen=True)
class Kafka:
    """A running broker."""

    port: int
    login_port: int
    lost_port: int

    @property
    def hosts(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, topic: str = "", query: str = "") -> str:
        return f"kafka://{self.hosts}{f'/{topic}' if topic else ''}{f'?{query}' if query else ''}"

    def login_url(self, topic: str = "", *, password: str = QUOTED) -> str:
        return f"kafka://{READER}:{password}@127.0.0.1:{self.login_port}{f'/{topic}' if topic else ''}"

    @property
    def admin(self) -> AdminClient:
        return _admin(self.hosts)

    def topic(self, name: str, partitions: int = 1, **config: str) -> str:
        """A new, empty topic; settings with ``_`` for ``.``."""
        settings = {key.replace("_", "."): value for key, value in config.items()}
        for future in self.admin.create_topics([NewTopic(name, partitions, 1, config=settings)]).values():
            future.result(20)
        end = time.monotonic() + 20
        while name not in self.topics():
            assert time.monotonic() < end
        return name

    def topics(self) -> set[str]:
        """Those that are there."""
        return set(self.admin.list_topics(timeout=10).topics)

    def send(self, topic: str, messages: Iterable[tuple[bytes | None, bytes | None, int]], partition: int = 0) -> None:
        """Messages as key, value, and time in milliseconds."""
        producer = Producer({"bootstrap.servers": self.hosts, "log_level": 0, "linger.ms": 5, "acks": "all"})
        for key, value, at in messages:
            producer.produce(topic, value, key, partition, timestamp=at)
            producer.poll(0)
        assert producer.flush(30) == 0

    def allow(self, topic: str, *operations: str) -> None:
        """Let the reader do something with a topic."""
        for operation in operations:
            binding = AclBinding(
                ResourceType.TOPIC, topic, ResourcePatternType.LITERAL, f"User:{READER}", "*",
                AclOperation[operation], AclPermissionType.ALLOW,
            )  # fmt: skip
            for future in self.admin.create_acls([binding]).values():
                future.result(20)

    def groups(self) -> set[str]:
        """The consumer groups that the broker knows of."""
        return {group.group_id for group in self.admin.list_consumer_groups().result(20).valid}


@functools.cache
def _admin(hosts: str) -> AdminClient:
    return AdminClient({"bootstrap.servers": hosts, "log_level": 0})


@functools.cache
def jars() -> Path:
    """The folder of the broker's jars."""
    folder = Path.home() / ".cache" / "pipegen-tests" / f"kafka-{VERSION}"
    if (folder / "ready").exists():
        return folder
    maven = shutil.which("mvn")
    assert maven, "Maven's program `mvn` is not on this machine; on Debian: apt-get install maven"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pom.xml").write_text(_POM)
    words = [
        maven,
        "--batch-mode",
        "--quiet",
        _PLUGIN,
        "-DincludeScope=runtime",
        f"-DoutputDirectory={folder / 'jars'}",
    ]
    made = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    (folder / "ready").touch()
    return folder


def _settings(folder: Path, plain: int, login: int, lost: int, controller: int) -> Mapping[str, object]:
    open_ = f"PLAINTEXT://127.0.0.1:{plain},SASL_PLAINTEXT://127.0.0.1:{login}"
    module = "org.apache.kafka.common.security.plain.PlainLoginModule"
    return {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "listeners": f"{open_},CONTROLLER://127.0.0.1:{controller},LOST://127.0.0.1:{lost}",
        "advertised.listeners": f"{open_},LOST://127.0.0.1:1",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "listener.security.protocol.map": ",".join(
            (*(f"{name}:PLAINTEXT" for name in ("PLAINTEXT", "CONTROLLER", "LOST")), "SASL_PLAINTEXT:SASL_PLAINTEXT")
        ),
        "sasl.enabled.mechanisms": "PLAIN",
        "listener.name.sasl_plaintext.plain.sasl.jaas.config": f'{module} required user_{READER}="{PASSWORD}";',
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
        "log.dirs": folder / "data",
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 1,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "auto.create.topics.enable": "true",
        "log.retention.check.interval.ms": 3_600_000,  # nothing that a test sends grows old while it runs
        "log.cleaner.enable": "true",
    }


@functools.cache
def server() -> Kafka:
    """The broker of this process."""
    java = shutil.which("java")
    assert java, "Java's program `java` is not on this machine; on Debian: apt-get install default-jre-headless"
    folder = Path(tempfile.mkdtemp(prefix="pipegen-kafka-"))
    plain, login, lost, controller = free_ports(4)
    lines = [f"{name}={value}" for name, value in _settings(folder, plain, login, lost, controller).items()]
    (folder / "server.properties").write_text("\n".join(lines) + "\n")
    base = [java, "-Xmx384m", "-XX:TieredStopAtLevel=1", "-cp", f"{jars() / 'jars'}{os.sep}*"]
    cluster = "AAAAAAAAAAAAAAAAAAAAAQ"
    made = subprocess.run(
        [*base, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(folder / "server.properties")],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    with (folder / "log").open("w") as log:
        running = subprocess.Popen([*base, "kafka.Kafka", "server.properties"], cwd=folder, stdout=log, stderr=log)
    atexit.register(_end, running, folder)
    started = Kafka(plain, login, lost)
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            started.admin.list_topics(timeout=1)
            return started
        except KafkaException:
            assert running.poll() is None and time.monotonic() < end, (folder / "log").read_text()


def _end(running: subprocess.Popen[bytes], folder: Path) -> None:
    running.kill()
    running.wait(_START_SECONDS)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def kafka() -> Kafka:
    """A running broker."""
    return server()


def numbered(values: Sequence[bytes], begin: int, step: int) -> list[tuple[bytes | None, bytes | None, int]]:
    """Messages without a key, ``step`` milliseconds apart."""
    return [(None, value, begin + i * step) for i, value in enumerate(values)]
