"""The kinds of source that can be probed, in one explicit list; a kind's module is imported when it is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from pipegen.core.errors import SourceError
from pipegen.core.measured import Measured
from pipegen.core.names import did_you_mean, shorten
from pipegen.core.spec.sources import FilesSource, SourceSpec


class Probe(Protocol):
    """A module that probes one kind of source."""

    def measure(self, path: str, *, tables: Sequence[str] | None, root: Path) -> Measured:
        """Measure the source at ``path``; relative paths start at ``root``; ``tables`` None means all.

        Raises:
            SourceError: the source cannot be read, or has no such table.
        """


class ServerProbe(Protocol):
    """A module that probes a kind of database server, which may hold far more tables than are wanted."""

    def measure(self, path: str, *, tables: Sequence[str] | None, root: Path, named: Sequence[str]) -> Measured:
        """As :meth:`Probe.measure`; ``path`` is a URL. ``named``: see :func:`probe`."""


# kind of source -> module that implements Probe
KINDS: dict[str, str] = {
    "files": "pipegen.probe.files",
    "postgres": "pipegen.probe.postgres",
    "sample": "pipegen.probe.sample",
    "sqlite": "pipegen.probe.sqlite",
}
SERVERS = frozenset({"postgres"})


def unseen(sources: Mapping[str, SourceSpec]) -> list[str]:
    """The sources that no probe can look at: what is known of them is what people say of them."""
    return [
        name
        for name, source in sources.items()
        if source.kind not in KINDS or (isinstance(source, FilesSource) and source.is_remote)
    ]


def probe(kind: str, path: str, *, tables: Sequence[str] | None, root: Path, named: Sequence[str] = ()) -> Measured:
    """Measure a source.

    Args:
        kind: a key of ``KINDS``.
        path: the source's path as the spec says it, relative to ``root``; of a database server its URL, password in it.
        tables: real names of the tables to measure, None for all.
        root: the folder that relative paths start from.
        named: of a database server, where ``tables`` is None: names that people said. Where all of them are there, views
            too, only they are measured.

    Raises:
        SourceError: the source is not there, cannot be read, or has no such table.
    """
    if kind not in KINDS:
        hint = did_you_mean(kind, KINDS) or f"kinds are: {', '.join(KINDS)}"
        raise SourceError(f"there is no probe for sources of kind `{shorten(kind)}`", hint=hint)
    if kind in SERVERS:
        server = cast(ServerProbe, import_module(KINDS[kind]))
        return server.measure(path, tables=tables, root=root, named=named)
    module = cast(Probe, import_module(KINDS[kind]))
    return module.measure(path, tables=tables, root=root)
