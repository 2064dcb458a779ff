"""Expected errors: what went wrong, where, and what to do about it.

An expected error is something a person can mend (a wrong flag, an unreadable file). Anything else is a bug in pipegen and
is reported as one (exit code 3) by the one handler in ``pipegen.ui.errors``.
"""

from __future__ import annotations

from dataclasses import dataclass

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_BUG = 3
EXIT_DIFFERS = 4
EXIT_CONFLICTS = 5
EXIT_INTERRUPTED = 130


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with an input.

    ``where`` is ``file:line`` for a file, a flag for a flag, a dotted address otherwise; ``hint`` says what to do.
    """

    message: str
    where: str | None = None
    hint: str | None = None

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class PipegenError(Exception):
    """Base of every expected error: printed as ``error: …``, a blank line, ``hint: …``; no traceback."""

    exit_code = EXIT_FAILED

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def problems(self) -> list[Problem]:
        """Every problem that this error stands for; one, unless it collects several."""
        return [Problem(self.message, hint=self.hint)]


class UsageError(PipegenError):
    """The command line or an answer is not valid: exit code 2."""

    exit_code = EXIT_USAGE


class SpecError(UsageError):
    """Everything that is wrong with a spec, at once."""

    def __init__(self, problems: list[Problem]) -> None:
        self._problems = list(problems)
        super().__init__("\n".join(str(p) for p in self._problems))

    def problems(self) -> list[Problem]:
        return list(self._problems)


class MissingAnswersError(UsageError):
    """Answers that have no default and were not given; all of them, each with the flag that gives it."""

    def __init__(self, problems: list[Problem]) -> None:
        self._problems = list(problems)
        super().__init__("\n".join(str(p) for p in self._problems))

    def problems(self) -> list[Problem]:
        return list(self._problems)


class SourceError(PipegenError):
    """A source cannot be read: not there, no permission, wrong credentials, or not what it was said to be."""


class BlueprintError(PipegenError):
    """A blueprint cannot be loaded, or does not render."""


class WorkspaceError(PipegenError):
    """The target folder cannot be written, or is not what it should be."""
