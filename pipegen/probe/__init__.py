"""Looks at real sources: columns, types, keys, row counts, watermarks. One module a kind of source."""

from pipegen.probe.look import Look
from pipegen.probe.registry import KINDS, Probe, probe

__all__ = ["KINDS", "Look", "Probe", "probe"]
