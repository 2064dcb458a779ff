"""The commands of ``pipegen blueprints``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from pipegen.app import blueprints as use_case
from pipegen.core import errors
from pipegen.ui import views
from pipegen.ui.terminal import document

if TYPE_CHECKING:
    from pipegen.ui.terminal import Terminal


def listed(terminal: Terminal, json: bool) -> int:
    """``blueprints list``."""
    found = use_case.list_blueprints()
    if json:
        document({"schema_version": 1, "blueprints": [asdict(b) for b in found]})
    else:
        views.blueprint_list(found, terminal)
    return errors.EXIT_OK


def shown(terminal: Terminal, name: str, json: bool) -> int:
    """``blueprints show``."""
    found = use_case.show_blueprint(name)
    if json:
        document(found.document())
    else:
        views.blueprint(found, terminal)
    return errors.EXIT_OK


def linted(terminal: Terminal, path: Path, json: bool) -> int:
    """``blueprints lint``: exit 1 where anything is wrong."""
    report = use_case.lint_blueprints(path)
    if json:
        document(report.document())
    else:
        views.lint(report, terminal)
    return errors.EXIT_FAILED if report.failed else errors.EXIT_OK


def created(terminal: Terminal, name: str, directory: Path) -> int:
    """``blueprints new``."""
    for path in use_case.new_blueprint(name, directory):
        terminal.say(("wrote ", "green"), str(path))
    terminal.say("")
    terminal.say("Next:")
    terminal.say("  ", (f"pipegen blueprints lint {directory / name}", "bold"))
    terminal.say("  ", (f"pipegen new shop --source sample: --blueprint {directory / name}", "bold"))
    return errors.EXIT_OK
