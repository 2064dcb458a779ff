"""The kinds of source that can be probed, in one explicit list; a kind's module is imported when it is used."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Protocol, cast

from pipegen.core.errors import SourceError
from pipegen.core.measured import Measured
from pipegen.core.names import did_you_mean, shorten
from pipegen.core.spec.sources import SourceSpec
from pipegen.probe.look import Look


class Probe(Protocol):
    """A module that probes one kind of source."""

    def measure(self, path: str, look: Look) -> Measured:
        """Measure the source at ``path``: a path or a glob, or the URL of a server, its password in it.

        A table that is there and cannot be read is told in ``left_out``, where nobody named it.

        Raises:
            SourceError: the source cannot be read, or has no such table. No message holds a password.
        """


# kind of source -> module that implements Probe
KINDS: dict[str, str] = {
    "duckdb": "pipegen.probe.duckdb_file",
    "files": "pipegen.probe.files",
    "kafka": "pipegen.probe.kafka",
    "mysql": "pipegen.probe.mysql",
    "postgres": "pipegen.probe.postgres",
    "rest": "pipegen.probe.rest",
    "sample": "pipegen.probe.sample",
    "sqlite": "pipegen.probe.sqlite",
}
SERVERS = frozenset({"kafka", "mysql", "postgres", "rest"})
"""Kinds that are probed by their URL, which the spec does not have."""


def unseen(sources: Mapping[str, SourceSpec]) -> list[str]:
    """The sources that no probe can look at: what is known of them is what people say of them."""
    return [name for name, source in sources.items() if source.kind not in KINDS]


def probe(kind: str, path: str, look: Look) -> Measured:
    """Measure a source of a kind of ``KINDS``: see :class:`Probe`.

    Raises:
        SourceError: the source is not there, cannot be read, or has no such table; no kind is called so.
    """
    if kind not in KINDS:
        hint = did_you_mean(kind, KINDS) or f"kinds are: {', '.join(KINDS)}"
        raise SourceError(f"there is no probe for sources of kind `{shorten(kind)}`", hint=hint)
    return cast(Probe, import_module(KINDS[kind])).measure(path, look)
