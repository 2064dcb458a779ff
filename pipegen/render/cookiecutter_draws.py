"""What a cookiecutter template draws at random, and its clock: the same at every render of one spec.

cookiecutter's own extensions draw anew each time, so that an update would change every file with a random text or a date in it.
These have their names and their results' shape, but everything follows from a seed and a time that pipegen.yml keeps.
"""

from __future__ import annotations

import hashlib
import random
import string
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import arrow
from cookiecutter import extensions as own
from jinja2 import Environment
from jinja2.ext import Extension
from jinja2.runtime import Context
from jinja2.utils import generate_lorem_ipsum, pass_context

LONGEST = 1_000_000


@dataclass
class Draws:
    """The source of everything random, and of the time.

    A draw depends on the file it is made in (``where``) and on how many like it came before there, and on no other file: a new
    version of the template that draws more elsewhere changes none of it. ``drew`` says what was used.
    """

    seed: str
    time: str
    where: str = ""
    drew: set[str] = field(default_factory=set)
    _before: Counter[str] = field(default_factory=Counter)

    def numbers(self, count: int, *what: object) -> list[int]:
        """Numbers below 2**64 for one draw; ``what`` are its kind and its arguments."""
        if count > LONGEST:
            raise OverflowError(f"{count} random characters are more than {LONGEST}")
        self.drew.add("seed")
        key = "\0".join([self.seed, self.where, *map(repr, what)])
        self._before[key] += 1
        stream = hashlib.shake_256(f"{key}\0{self._before[key]}".encode()).digest(8 * count)
        return [int.from_bytes(stream[i : i + 8], "big") for i in range(0, 8 * count, 8)]

    def now(self, timezone: str) -> arrow.Arrow:
        """The time of the first render; ``local`` is the time zone that it was made in."""
        self.drew.add("now")
        moment = arrow.get(self.time)
        return moment if timezone == "local" else moment.to(timezone)


def extensions(draws: Draws) -> dict[str, type[Extension]]:
    """Repeatable extensions in the place of cookiecutter's own, by their names there."""
    return {made.__name__: made for made in (_random(draws), _uuid(draws), _time(draws))}


def _random(draws: Draws) -> type[Extension]:
    def random_ascii_string(length: int, punctuation: bool = False) -> str:
        corpus = string.ascii_letters + (string.punctuation if punctuation else "")
        return "".join(corpus[n % len(corpus)] for n in draws.numbers(length, "text", length, punctuation))

    @pass_context
    def pick(context: Context, sequence: Any) -> Any:
        if not len(sequence):
            return context.environment.undefined("No random item, sequence was empty.")
        return sequence[draws.numbers(1, "item", len(sequence))[0] % len(sequence)]

    def lipsum(n: int = 5, html: bool = True, min: int = 20, max: int = 100) -> str:
        random.seed(draws.numbers(1, "lipsum", n, html, min, max)[0])  # Jinja draws from Python's own
        return generate_lorem_ipsum(n, html, min, max)

    class RandomStringExtension(Extension):
        """``random_ascii_string``, and what Jinja itself has that is random."""

        def __init__(self, environment: Environment) -> None:
            super().__init__(environment)
            environment.globals.update(random_ascii_string=random_ascii_string, lipsum=lipsum)
            environment.filters["random"] = pick

    return RandomStringExtension


def _uuid(draws: Draws) -> type[Extension]:
    def uuid4() -> str:
        high, low = draws.numbers(2, "uuid4")
        return str(uuid.UUID(int=high << 64 | low, version=4))

    class UUIDExtension(Extension):
        """``uuid4``."""

        def __init__(self, environment: Environment) -> None:
            super().__init__(environment)
            environment.globals.update(uuid4=uuid4)

    return UUIDExtension


def _time(draws: Draws) -> type[Extension]:
    class TimeExtension(own.TimeExtension):  # type: ignore[misc]
        """``{% now 'utc', '%Y' %}``."""

        def _datetime(self, timezone: str, operator: str, offset: str, datetime_format: str | None) -> str:
            pairs = (part.split("=") for part in offset.split(","))
            shift: dict[str, Any] = {interval.strip(): float(operator + value.strip()) for interval, value in pairs}
            return self._shown(draws.now(timezone).shift(**shift), datetime_format)

        def _now(self, timezone: str, datetime_format: str | None) -> str:
            return self._shown(draws.now(timezone), datetime_format)

        def _shown(self, moment: arrow.Arrow, datetime_format: str | None) -> str:
            default: str = getattr(self.environment, "datetime_format")  # noqa: B009 -- cookiecutter puts it there
            return moment.strftime(default if datetime_format is None else datetime_format)

    return TimeExtension
