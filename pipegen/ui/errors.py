"""The one error handler: what every command's failure looks like, and its exit code."""

from __future__ import annotations

import contextlib
import errno
import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence

from pipegen import __version__
from pipegen.core import errors
from pipegen.core.errors import MissingAnswersError, PipegenError, Problem
from pipegen.ui.terminal import Style, Terminal
from pipegen.ui.wrapped import paragraph

_SYSTEM = {
    errno.ENOSPC: "make room on the disk that it is on",
    errno.EDQUOT: "make room: your quota of the disk is used up",
    errno.EFBIG: "raise the limit on the size of files (`ulimit -f`)",
    errno.EROFS: "the file system is mounted read-only: work elsewhere, or set `TMPDIR`",
    errno.EACCES: "see who owns it and the folder that it is in (`ls -ld`)",
    errno.EPERM: "see who owns it and the folder that it is in (`ls -ld`)",
    errno.EMFILE: "raise the limit on open files (`ulimit -n`)",
}
"""What the system may refuse anywhere, and what is to be done."""
ISSUES = "the issue tracker of pipegen"


def guarded(run: Callable[[], int], terminal: Terminal, *, debug: bool = False) -> int:
    """Run a command and turn whatever it raises into a message and an exit code."""
    try:
        code = run()
        sys.stdout.flush()
        return code
    except PipegenError as error:
        if debug:
            traceback.print_exc()
        show(error, terminal)
        return error.exit_code
    except KeyboardInterrupt:
        terminal.say("")
        terminal.say(("interrupted: nothing was written", "yellow"))
        return errors.EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader went away (`| head`): nothing more to say, and nothing to complain about at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return errors.EXIT_OK
    except Exception as error:
        if debug:
            traceback.print_exc()
        if isinstance(error, OSError) and error.errno in _SYSTEM:
            show(_refused(error), terminal)
            return errors.EXIT_FAILED
        _report(error, terminal)
        return errors.EXIT_BUG
    finally:
        terminal.quiet()


def _refused(error: OSError) -> PipegenError:
    """What the system refused somewhere, most of all in what is printed and in temporary files, as an error for people."""
    what = f"`{error.filename}`" if error.filename else "what was to be written"
    if not error.filename:  # whatever is left for stdout would be refused once more when the process ends
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return PipegenError(f"{what} cannot be written: {error.strerror}", hint=_SYSTEM[error.errno or 0])


def show(error: PipegenError, terminal: Terminal) -> None:
    """``error: …``, a blank line, ``hint: …``; all problems where there are several."""
    problems = error.problems()
    if isinstance(error, MissingAnswersError):
        terminal.say(("error: ", "bold red"), "answers are missing")
        for problem in problems:
            terminal.say(f"  {problem.message}")
            if problem.hint:
                terminal.say((f"      {problem.hint}", "dim"))
        terminal.say("")
        terminal.say(
            ("hint: ", "cyan"), "give them as flags, in a file (`--answers FILE`), or take every default with `--yes`"
        )
        return
    if len(problems) == 1:
        _one(problems[0], terminal)
        return
    terminal.say(("error: ", "bold red"), f"{len(problems)} problems")
    for problem in problems:
        terminal.say(f"  {problem}")
        if problem.hint:
            first, *more = problem.hint.splitlines()
            terminal.say((f"      hint: {first}", "dim"))
            _listed(more, 8, terminal)


def _one(problem: Problem, terminal: Terminal) -> None:
    _sentence("error:", "bold red", str(problem), terminal)
    if problem.hint:
        first, *more = problem.hint.splitlines()
        terminal.say("")
        _sentence("hint:", "cyan", first, terminal)
        _listed(more, 2, terminal)


def _sentence(head: str, style: Style, text: str, terminal: Terminal) -> None:
    """One line in a log, which is searched; on a screen as many as it needs, broken between words."""
    if terminal.is_watched and "\n" not in text:
        paragraph(terminal.say, ((head, style),), text, len(head) + 1)
    else:
        terminal.say((head, style), " ", text)


def _listed(choices: Sequence[str], indent: int, terminal: Terminal) -> None:
    """The further lines of a hint, a choice each."""
    for choice in choices:
        paragraph(terminal.say, (" " * indent + "-",), choice.strip(), indent + 2)


def _report(error: Exception, terminal: Terminal) -> None:
    """A bug: write the traceback where it can be sent from. Its values are left out, since they may hold a secret."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    text = f"pipegen {__version__}, Python {platform.python_version()}, {platform.system()}\n\n{frames}{type(error).__name__}\n"
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="pipegen-bug-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            file.write(text)
        where = file.name
    except OSError:
        where = None
    terminal.say(("error: ", "bold red"), f"this is a bug in pipegen ({type(error).__name__})")
    terminal.say("")
    terminal.say(
        ("hint: ", "cyan"), f"the report is in {where}; send it to {ISSUES}" if where else "run again with `--debug`"
    )
