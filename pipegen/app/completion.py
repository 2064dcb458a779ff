"""What the probe found completes a draft: which tables, their rules and personal data, and the default marts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pipegen.app.answers import Draft
from pipegen.core import names
from pipegen.core.errors import Problem, SpecError
from pipegen.core.measured import Measured
from pipegen.core.spec.postgres_url import DEFAULT_SCHEMA

MOST_TABLES_UNASKED = 20
EVERY_TABLE = "*"


class TablesUnnamedError(SpecError):
    """Which tables of a source are loaded was not said, and there are too many to take them all: it can be asked."""


def complete(draft: Draft, measured: Mapping[str, Measured]) -> None:
    """Fill in the tables of every source, and put rules and personal data where they belong.

    A source that ``measured`` has no entry for was not looked at: its tables are those that people name.

    Raises:
        SpecError: a table that is not there, or none of a source that nothing looks at; all at once.
        TablesUnnamedError: nothing but more tables than are taken unasked.
    """
    problems: list[Problem] = []
    unnamed = _tables(draft, measured, problems)
    _rules(draft, measured, problems)
    _personal(draft, measured, problems)
    if problems:
        raise (TablesUnnamedError if unnamed and problems == unnamed else SpecError)(problems)


def _tables(draft: Draft, measured: Mapping[str, Measured], problems: list[Problem]) -> list[Problem]:
    """Give each source its tables; what is missing for that, where nothing that was said is wrong."""
    sources = draft.values["sources"]
    for text in draft.tables:
        if text == EVERY_TABLE:
            for name, facts in measured.items():
                sources[name]["tables"] = {t: {} for t in facts.tables} | (sources[name].get("tables") or {})
            continue
        found = _unseen(text, sources, measured) or resolve(text, sources, measured, "--table", problems)
        if found:
            name, table = found
            draft.places[("sources", name, "tables", table)] = "--table"
            tables = sources[name].get("tables") or {}
            sources[name]["tables"] = tables | {table: tables.get(table) or {}}
    if problems:
        return []
    problems += _unnamed(draft, measured)
    for name, facts in measured.items():
        sources[name]["tables"] = sources[name].get("tables") or {t: {} for t in facts.tables}
    return list(problems)


def _unnamed(draft: Draft, measured: Mapping[str, Measured]) -> list[Problem]:
    """Sources whose tables must be said: they have many, or nothing looks at them."""
    problems = []
    for name, source in draft.values["sources"].items():
        if source.get("tables"):
            continue
        if name not in measured:
            message = f"source `{name}` names no table to load, and nothing can look at it yet to find them"
            hint = f"`--table {name}.T` for each, or `tables:` of it in a file"
            problems.append(Problem(message, draft.locate(("sources", name)) or "--table", hint))
        elif len(measured[name].tables) > MOST_TABLES_UNASKED:
            found = measured[name].tables
            some = ", ".join(names.shorten(t, 30) for t in list(found)[:5])
            message = f"source `{name}` has {len(found)} tables ({some}, …); say which to load"
            hint = f"`--table T` for each, or `--table '{EVERY_TABLE}'` for all"
            problems.append(Problem(message, "--table", hint))
    return problems


def _unseen(text: str, sources: Mapping[str, Any], measured: Mapping[str, Measured]) -> tuple[str, str] | None:
    """The table of a source that was not looked at: it is taken at its word, where it says of which source it is."""
    head, _, tail = text.partition(".")
    if tail and head in sources and head not in measured:
        return head, tail
    only = next(iter(sources)) if len(sources) == 1 else None
    return (only, text) if only is not None and only not in measured else None


def resolve(
    text: str, sources: Mapping[str, Any], measured: Mapping[str, Measured], flag: str, problems: list[Problem]
) -> tuple[str, str] | None:
    """The source and table that ``T``, ``SOURCE.T`` or ``SOURCE.SCHEMA.T`` names; a problem is added where it is not one."""
    known = {name: measured[name].tables if name in measured else sources[name].get("tables") or {} for name in sources}
    head, _, tail = text.partition(".")
    if head in sources:
        for table in (tail, without_schema(tail, sources[head])):
            if table in known[head]:
                return head, table
    holders = [name for name, tables in known.items() if text in tables]
    if len(holders) == 1:
        return holders[0], text
    if head in sources and sources[head].get("kind") == "postgres" and "." in tail:
        schema = sources[head].get("schema", DEFAULT_SCHEMA)
        hint = f"another schema is another source: `--source 'NAME=URL?schema={names.shorten(tail.partition('.')[0])}'`"
        message = f"source `{head}` has no table `{names.shorten(tail)}`: its schema is `{names.shorten(schema)}`"
        problems.append(Problem(message, flag, hint))
        return None
    if holders:
        hint = " or ".join(f"`{name}.{text}`" for name in holders)
        problems.append(Problem(f"several sources have a table `{names.shorten(text)}`", flag, f"say {hint}"))
        return None
    problems.append(_not_there(text, known, [name for name in sources if name not in measured], flag))
    return None


def _not_there(text: str, known: Mapping[str, Collection[str]], unseen: list[str], flag: str) -> Problem:
    tables = [table for its in known.values() for table in its]
    hint = names.did_you_mean(text, tables)
    if hint is None and unseen and flag == "--table":
        hint = "of a source that nothing looks at, say which: " + ", ".join(f"`{name}.T`" for name in unseen)
    if hint is None and tables:
        hint = f"there are: {', '.join(names.shorten(t, 30) for t in tables[:20])}"
    return Problem(f"no source has a table `{names.shorten(text)}`", flag, hint)


def without_schema(table: str, source: Mapping[str, Any]) -> str:
    """``SCHEMA.T`` of a source in that schema as ``T``; any other name as it is."""
    if source.get("kind") != "postgres":
        return table
    return table.removeprefix(f"{source.get('schema', DEFAULT_SCHEMA)}.")


def named(draft: Draft, source: str) -> list[str]:
    """The tables that flags may mean of a source, before anything is known of it; none where no flag chooses among them.

    A rule or personal data says something of a table, and chooses nothing: the others are loaded as well.
    """
    texts = [t for t in draft.tables if t != EVERY_TABLE]
    if not _of_source(draft, source, texts) and not draft.values["sources"][source].get("tables"):
        return []
    texts += [text.partition(":")[0].strip() for text in draft.rules]
    texts += [text.rpartition("=")[0].rpartition(".")[0] for text in draft.personal]
    return _of_source(draft, source, texts)


def _of_source(draft: Draft, source: str, texts: list[str]) -> list[str]:
    sources = draft.values["sources"]
    found = []
    for text in texts:
        head, _, tail = text.partition(".")
        if head == source and tail:
            found.append(without_schema(tail, sources[source]))
        elif head not in sources or not tail:
            found.append(text)
    return list(dict.fromkeys(found))


def _rules(draft: Draft, measured: Mapping[str, Measured], problems: list[Problem]) -> None:
    for text in draft.rules:
        table, separator, expression = text.partition(":")
        if not separator or not expression.strip():
            hint = "for example `--rule 'orders: total_amount >= 0'`"
            problems.append(Problem(f"`{names.shorten(text)}` is not `TABLE: EXPRESSION`", "--rule", hint))
            continue
        found = resolve(table.strip(), draft.values["sources"], measured, "--rule", problems)
        if found:
            said = _table(draft, *found)
            rule = {"name": names.shorten(expression.strip(), 200), "expect": expression.strip()}
            draft.places[("sources", found[0], "tables", found[1], "rules", len(said.get("rules") or []))] = "--rule"
            said["rules"] = [*(said.get("rules") or []), rule]


def _personal(draft: Draft, measured: Mapping[str, Measured], problems: list[Problem]) -> None:
    for text in draft.personal:
        column_of, separator, treatment = text.rpartition("=")
        table, dot, column = column_of.rpartition(".")
        if not separator or not dot:
            hint = "for example `--personal-data customers.email=tokenise`"
            problems.append(Problem(f"`{names.shorten(text)}` is not TABLE.COLUMN=TREATMENT", "--personal-data", hint))
            continue
        found = resolve(table, draft.values["sources"], measured, "--personal-data", problems)
        if found:
            said = _table(draft, *found)
            draft.places[("sources", found[0], "tables", found[1], "columns", column)] = "--personal-data"
            said["columns"] = {**(said.get("columns") or {}), column: treatment}


def _table(draft: Draft, source: str, table: str) -> dict[str, Any]:
    tables = draft.values["sources"][source]["tables"]
    tables[table] = tables.get(table) or {}
    said: dict[str, Any] = tables[table]
    return said
