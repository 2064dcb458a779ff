"""What is known of a source's change log: whether it can be read, what is missing for that, how long it is kept."""

from __future__ import annotations

from pipegen.core.measured import Measured
from pipegen.core.spec.sources import LogSource, SourceSpec


def readable(said: SourceSpec, facts: Measured | None) -> tuple[bool | None, str]:
    """Whether the change log can be read, None where nobody knows, and what is missing for it: as said, else as measured."""
    if not isinstance(said, LogSource):
        return False, "it has none"
    if said.change_log is not None:
        return said.change_log, "" if said.change_log else "`change_log` says no"
    server = facts.server if facts is not None else None
    if server is not None and server.log is not None:
        return server.log.readable, " and ".join(server.log.lacks)
    if server is None or (server.wal_level is None and server.can_replicate is None):
        return None, "nobody has looked"
    lacks = [f"wal_level is {server.wal_level}"] if server.wal_level not in (None, "logical") else []
    lacks += ["the role may not replicate"] if server.can_replicate is False else []
    return not lacks, " and ".join(lacks)


def kept(facts: Measured | None) -> int | None:
    """Seconds that the server says it keeps its log for, of topics the shortest; None where it keeps what is not yet read."""
    if facts is None:
        return None
    if facts.server.log is not None:
        return facts.server.log.kept
    return min((t.topic.kept for t in facts.tables.values() if t.topic and t.topic.kept is not None), default=None)
