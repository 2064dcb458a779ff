"""``pipegen completion``: the script that a shell sources."""

from __future__ import annotations

from pipegen.core import names
from pipegen.core.errors import UsageError

SHELLS = ("bash", "zsh", "fish")


def script(shell: str) -> str:
    """The completion script of a shell.

    Raises:
        UsageError: a shell that there is none for.
    """
    from typer._completion_shared import get_completion_script

    if shell not in SHELLS:
        hint = names.did_you_mean(shell, SHELLS) or f"allowed is {', '.join(SHELLS)}"
        raise UsageError(f"there is no completion for `{names.shorten(shell)}`", hint=hint)
    return get_completion_script(prog_name="pipegen", complete_var="_PIPEGEN_COMPLETE", shell=shell) + "\n"
