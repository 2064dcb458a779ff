"""What is decided, and what is told of it: decisions and their flips, figures, missed demands, prices, records.

Templates and documents see these objects as they are; they hold text, numbers, booleans, and lists of such.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Alternative:
    """A choice that was not taken, and what speaks against it."""

    choice: str
    against: str


@dataclass(frozen=True)
class Flip:
    """The nearest value of one input at which a decision would be another.

    Of a number: ``stays`` is the last whole value that keeps the choice and ``flips`` the first that does not, both in ``unit``;
    ``now`` is what it is today. Of an answer in words ``stays`` and ``flips`` are None. ``sets`` are the assignments, for
    ``pipegen plan --set``, that put the input just beyond; empty where no answer moves it. ``text`` says it to people.
    """

    to: str
    watch: str
    text: str
    sets: tuple[tuple[str, str], ...] = ()
    unit: str = ""
    now: float | None = None
    stays: float | None = None
    flips: float | None = None


@dataclass(frozen=True)
class Decision:
    """One answer of the decision model.

    ``id`` is its address (``shop_db.orders.extract``); ``because`` the inputs that decided, with their values;
    ``flips`` where the choice would change, ``flips_when`` the same in words; ``rule`` the id of the rule; ``source`` where its
    threshold comes from, ``(H)`` for a heuristic; ``reason`` what a person gave for an override.
    """

    id: str
    choice: str
    because: tuple[str, ...]
    rule: str
    source: str
    alternatives: tuple[Alternative, ...] = ()
    flips_when: str | None = None
    overridden: bool = False
    flips: tuple[Flip, ...] = ()
    reason: str | None = None


@dataclass(frozen=True)
class Figure:
    """One number of the sizing: ``value`` in ``unit``, ``text`` as people read it, ``how`` its arithmetic with the numbers in it.

    ``id`` ends in its unit: ``run_seconds_estimated``, ``bytes_per_run``.
    """

    id: str
    name: str
    value: float
    unit: str
    text: str
    how: str


@dataclass(frozen=True)
class Sizing:
    """The figures of one source, or, with an empty ``source``, of the whole pipeline."""

    source: str
    figures: tuple[Figure, ...]

    def value(self, id: str) -> float | None:
        """The value of a figure; None where this sizing has none of that id."""
        return next((f.value for f in self.figures if f.id == id), None)

    def text(self, id: str) -> str:
        """A figure as people read it; empty where there is none."""
        return next((f.text for f in self.figures if f.id == id), "")


@dataclass(frozen=True)
class Option:
    """A design near the one asked for, that works: what to answer instead, what comes of it, and what it costs a month.

    ``sets`` are assignments for ``--set``; ``design`` names the choices that matter; ``cost`` are figures of :class:`Sizing`;
    ``woken`` says who is called at night; ``built``: blueprints for it exist.
    """

    sets: tuple[tuple[str, str], ...]
    design: str
    cost: tuple[Figure, ...]
    woken: str
    built: bool


@dataclass(frozen=True)
class Unmet:
    """A demand that the design cannot meet: what was asked, what can be had, and by how much it is missed.

    ``id`` is the demand's address (``shop.freshness``, ``shop.orders.deletes``); ``at`` where the spec asks for it.
    """

    id: str
    at: tuple[str | int, ...]
    asked: str
    got: str
    missed_by: str
    because: str
    nearest: tuple[Option, ...] = ()


@dataclass(frozen=True)
class OpenQuestion:
    """An input that nobody knows and that the design depends on: it is decided otherwise at the two ends of its range.

    ``id`` is the input's address for ``--set``; ``differs`` the decisions that differ, as ``id: this or that``; ``query`` what
    answers it at the source, where a query can.
    """

    id: str
    ask: str
    differs: tuple[str, ...]
    query: str | None = None


@dataclass(frozen=True)
class PriceTier:
    """One row of the freshness price list: what the pipeline would be at another freshness.

    ``works``: no demand is missed at it; ``built``: blueprints for it exist; ``current``: it is the freshness asked for.
    """

    freshness: str
    design: str
    compute_minutes: float
    scanned_gb: float
    stored_gb: float
    money: str
    woken: str
    works: bool
    built: bool
    current: bool


@dataclass(frozen=True)
class Record:
    """A decision record: one question of the decision model, with the decisions that answer it.

    ``id`` is ``0004-extract``, ``question`` what was to be decided, ``more`` the number of decisions beyond those that are told.
    """

    id: str
    number: int
    title: str
    question: str
    decisions: tuple[Decision, ...]
    more: int = 0
