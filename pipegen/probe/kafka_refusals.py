"""What to say of a Kafka cluster that cannot be read: each case its own sentence, and what to do."""

# No message here holds a password: of what the library says only known words are looked for.
from __future__ import annotations

from collections.abc import Sequence

from pipegen.core.errors import SourceError
from pipegen.core.names import shorten

MISSING = SourceError("Kafka's client library is not installed", hint="`pip install 'pipegen-cli[kafka]'` brings it")
_SASL_HINT = (
    "say how to log in: `kafka://USER:PASSWORD@HOST:9092?security_protocol=SASL_SSL&sasl_mechanism=SCRAM-SHA-256`"
)

_SILENT = "{0} does not answer as a Kafka broker does"
_SILENT_HINT = "is the port right? brokers listen at 9092 by custom; it may also be very slow: try again"
# Words of the library, what they mean, and what to do; `{0}` is where the brokers should be. The first that fits.
_REFUSALS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("not valid in current sasl state",),
        "{0} asks for no login",
        "leave the user out of the URL, or name the port that takes one; `security_protocol` says how",
    ),
    (
        ("authentication failed", "sasl authentication error", "invalid username or password", "invalid credentials"),
        "{0} refuses the user or the password",
        "in a URL write `@ : / ? # %` of a password as `%40 %3A %2F %3F %23 %25`; `sasl_mechanism` must be one that the brokers take",
    ),
    (
        ("unsupported sasl mechanism", "mechanism not", "no worthy mechs", "handshake failed: local: invalid"),
        "{0} does not take this way to log in",
        "`?sasl_mechanism=` PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512",
    ),
    (
        ("failed to resolve", "name or service not known", "nodename nor servname", "temporary failure in name resolution"),
        "the host of {0} is not known",
        "is it spelt right, and is the name known on this machine?",
    ),
    (
        ("ssl handshake failed", "certificate verify failed", "ssl_error", "ssl alert"),
        "{0} and this machine agree on no encryption",
        "see `?security_protocol=`: `SSL` or `SASL_SSL`; `ssl_ca_location` names the file of your own authority's certificate",
    ),
    (
        ("invalid response size", "invalid message", "bad message", "protocol parse", "http"),
        "what answers at {0} is no Kafka broker",
        "is the port right? brokers listen at 9092 by custom; 2181 is ZooKeeper's, 8081 a schema registry's",
    ),
    (
        ("connection refused",),
        "no Kafka broker answers at {0}",
        "see that it runs, and that host and port are right; in a container its port must be open",
    ),
    (("timed out in state apiversion_query",), _SILENT, _SILENT_HINT),
    (
        ("disconnected", "connection reset", "connection closed", "apiversion"),
        "{0} takes the connection and drops it",
        f"the brokers may want a login or encryption: {_SASL_HINT}; or what listens there is no Kafka broker",
    ),
    (
        ("timed out", "timeout", "no route to host", "network is unreachable"),
        "{0} does not answer",
        "is the host right, and does a firewall let this machine through?",
    ),
)  # fmt: skip


def no_way_in(where: str, said: Sequence[str]) -> SourceError:
    """Nobody answered, or not as a broker does; ``said`` is what the library told of it."""
    low = " | ".join(said).lower()
    for words, message, hint in _REFUSALS:
        if any(word in low for word in words):
            return SourceError(message.format(where), hint=hint)
    return SourceError(_SILENT.format(where), hint=_SILENT_HINT)


def unreachable(where: str, brokers: Sequence[str]) -> SourceError:
    """The bootstrap server answers, and names brokers that do not."""
    named = ", ".join(f"`{shorten(one)}`" for one in brokers[:3])
    hint = "`advertised.listeners` of the brokers must name what this machine reaches, or this machine must know those names"
    return SourceError(f"{where} answers, and its brokers call themselves {named}, where nothing answers", hint=hint)


def no_topic(where: str, topic: str, hint: str) -> SourceError:
    return SourceError(f"{where} has no topic `{shorten(topic)}`", hint=hint)


def not_allowed(where: str, topic: str, user: str) -> SourceError:
    who = f"`{shorten(user)}`" if user else "this user"
    principal = f"User:{shorten(user)}" if user else "User:NAME"
    hint = f"`kafka-acls --add --allow-principal {principal} --operation Read --operation Describe --topic {shorten(topic)}`"
    return SourceError(f"{who} may not read topic `{shorten(topic)}` of {where}", hint=hint)


def no_topics(where: str) -> SourceError:
    hint = "is it the right cluster? a user without the right to describe a topic does not see it"
    return SourceError(f"{where} has no topic, or none that this user may see", hint=hint)


def no_time(where: str) -> SourceError:
    return SourceError(
        f"the time for looking was up before {where} had answered", hint="name fewer topics with --table"
    )


def unknown_parameter(name: str, known: Sequence[str], near: str | None) -> SourceError:
    return SourceError(
        f"`{shorten(name)}` is no parameter of a Kafka URL", hint=near or f"there are: {', '.join(known)}"
    )


def wrong_parameter() -> SourceError:
    hint = "for example `?security_protocol=SASL_SSL&sasl_mechanism=SCRAM-SHA-256`; files that are named there must be there"
    return SourceError("Kafka's client library refuses a parameter of this URL", hint=hint)


def no_registry(where: str, why: str) -> SourceError:
    hint = "see `SCHEMA_REGISTRY_URL`, or `?schema_registry=` of the URL; without it columns come from the messages"
    return SourceError(f"the schema registry at {where} {why}", hint=hint)
