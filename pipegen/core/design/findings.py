"""Problems that the design finds in a spec, with the place that each one has in the file."""

from __future__ import annotations

from collections.abc import Iterable

from pipegen.core.errors import Problem, SpecError
from pipegen.core.spec.load import Address, Locate, where


class Findings:
    """Collects every problem before anything is refused, so that a person sees them all at once."""

    def __init__(self, locate: Locate) -> None:
        self._locate = locate
        self._problems: list[Problem] = []
        self._said: set[str] = set()

    def add(self, address: Address, message: str, hint: str | None = None) -> None:
        self._problems.append(Problem(message, self.place(address), hint))

    def once(self, topic: str, address: Address, message: str, hint: str | None = None) -> None:
        """Add a problem that would be the same for every table only for the first of them."""
        if topic not in self._said:
            self._said.add(topic)
            self.add(address, message, hint)

    def extend(self, problems: Iterable[Problem]) -> None:
        self._problems += problems

    def place(self, address: Address) -> str:
        return where(address, self._locate)

    def raise_any(self) -> None:
        """Raise SpecError where anything was found."""
        if self._problems:
            raise SpecError(self._problems)
