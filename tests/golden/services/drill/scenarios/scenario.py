"""What a scenario is: a name, what it does to one source's twin, and for which tables it has a meaning."""

from collections.abc import Callable
from dataclasses import dataclass

from drill import server
from drill.declared import Table
from drill.stage import Stage

Act = Callable[[Stage], str]


def everywhere(table: Table) -> str:
    return ""


def anyway(stage: Stage) -> str:
    return ""


@dataclass(frozen=True)
class Scenario:
    """`act` plays it for all tables of the cast at once and tells what happened.

    `applies` says why it has no meaning for a table, `concerns` for a whole repository, `needs` what is missing on this
    machine; all of them nothing when all is well. `alone`: twin and warehouse are put back afterwards. `smoke`: part of the short drill.
    """

    name: str
    act: Act
    applies: Callable[[Table], str] = everywhere
    concerns: Callable[[Stage], str] = anyway
    needs: Callable[[Stage], str] = anyway
    alone: bool = False
    smoke: bool = False


def has_key(table: Table) -> str:
    return "" if table.key else "the table has no key"


def is_incremental(table: Table) -> str:
    return "" if table.incremental else "every load reads the whole of it"


def is_file(table: Table) -> str:
    return "" if table.kind == "files" else "the source is a database"


def is_database(table: Table) -> str:
    return "" if table.kind != "files" else "the source is files"


def is_postgres(table: Table) -> str:
    return "" if table.kind == "postgres" or table.stands_in else "the source is no server"


def needs_server(stage: Stage) -> str:
    return "" if stage.server else server.missing() or ""


def is_mutable(table: Table) -> str:
    """Rows of an append are taken for immutable."""
    return "the rows are taken for immutable" if appends(table) else ""


def appends(table: Table) -> bool:
    return table.load == "append" and table.kind != "files"


def first(*rules: Callable[[Table], str]) -> Callable[[Table], str]:
    """The first of the rules that has something against a table."""

    def rule(table: Table) -> str:
        return next((why for why in (r(table) for r in rules) if why), "")

    return rule
