"""What the interview asks of a person, and how answers come back: the protocol that every prompter keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

Check = Callable[[str], str | None]
"""What is wrong with an answer as it was typed, and what is allowed; None where it is fine."""


@dataclass(frozen=True)
class Choice:
    """One thing to choose; ``note`` says what it means, in a few words; ``off`` why it cannot be chosen now."""

    value: str
    label: str
    note: str = ""
    off: str = ""


@dataclass(frozen=True)
class Ask:
    """One thing that is asked.

    ``name`` is the question's (``freshness``), for scripts; ``title`` ends in a question mark; ``evidence`` is what was measured
    and why the default is what it is; ``example`` shows the shape of an answer. ``default`` is a text, or for ``many`` the
    values that are chosen from the start. ``check`` looks at a text; for ``many`` at each value. ``secret`` is not echoed
    with its password, which the default may have.
    """

    name: str
    title: str
    kind: Literal["text", "one", "many"]
    default: str | tuple[str, ...] = field(default="", repr=False)
    choices: tuple[Choice, ...] = ()
    evidence: tuple[str, ...] = ()
    help: str = ""
    example: str = ""
    check: Check | None = None
    suggestions: Sequence[str] = ()
    secret: bool = False


class Back(Exception):  # noqa: N818 (a way of answering, not an error)
    """The person goes back one question."""


class Stopped(Exception):  # noqa: N818
    """The person leaves the interview: Ctrl-C, Ctrl-D, or by choice."""


class Prompter(Protocol):
    """Asks a person. It checks each answer as it is given, and keeps what was typed where it is not fine."""

    def ask(self, ask: Ask) -> str | tuple[str, ...]:
        """The answer: a text, the value of the choice, or the values of the choices.

        Raises:
            Back: one question back.
            Stopped: no more questions.
        """

    def say(self, text: str, style: Literal["", "note", "dim", "heading"] = "") -> None:
        """A line between two questions: what an answer changed, what was found."""


def may_ask(
    *,
    stdin: bool,
    stdout: bool,
    stderr: bool,
    environ: Mapping[str, str],
    no_input: bool = False,
    yes: bool = False,
    json: bool = False,
) -> bool:
    """Whether a person may be asked: somebody sits at all three streams, and nothing says that nobody is to be.

    ``stdin``, ``stdout`` and ``stderr`` are whether each is a terminal; ``CI`` in the environment is what builds set.
    """
    in_a_build = environ.get("CI", "").lower() not in ("", "0", "false")
    return stdin and stdout and stderr and not (no_input or yes or json or in_a_build)
