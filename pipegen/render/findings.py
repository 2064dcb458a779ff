"""What lint finds in a blueprint."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, order=True)
class Finding:
    """One thing to mend. ``path`` is relative to the blueprint's folder, or to what was linted; ``line`` counts from 1.

    ``code`` names the check; ``severity`` is ``error`` or ``warn``. ``address`` is the place in blueprint.yml that it speaks
    of, where its line is not known yet.
    """

    path: str
    line: int
    code: str
    message: str
    hint: str = ""
    severity: str = "error"
    address: tuple[str | int, ...] = field(default=(), compare=False)
