"""The columns of a table as they land: canonical types, personal data treated or dropped, and rules over what is left."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from pipegen.core import names, sql
from pipegen.core.design import column_facts
from pipegen.core.design.findings import Findings
from pipegen.core.design.model import Column, Rule
from pipegen.core.measured import MeasuredTable
from pipegen.core.spec.load import Address
from pipegen.core.spec.sources import TableSpec
from pipegen.core.sql_types import canonical_sql

_NULL_TEST = re.compile(r"\s*(?:[^\W\d]\w*|\"(?:[^\"]|\"\")*\")\s+is\s+(?:not\s+)?null\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Named:
    """The columns that were measured, by name and by id."""

    table: str
    columns: tuple[Column, ...]

    def resolve(self, name: str, at: Address, found: Findings) -> Column | None:
        """The column of a name or id; a finding where there is none."""
        by_name = {c.id: c for c in self.columns} | {c.name: c for c in self.columns}
        if name not in by_name:
            hint = names.did_you_mean(name, [c.name for c in self.columns])
            found.add(at, f"table `{names.shorten(self.table)}` has no column `{names.shorten(name)}`", hint)
        return by_name.get(name)


def measured_columns(table: str, facts: MeasuredTable, kind: str, at: Address, found: Findings) -> Named:
    """The columns as the source has them."""
    if not facts.columns:
        found.add(at, f"table `{names.shorten(table)}` has no columns", "leave it out, or probe the source again")
    ids = [names.identifier(column) for column in facts.columns]
    found.extend(names.collisions(facts.columns, ids, f"columns of `{names.shorten(table)}`:", found.place(at)))
    columns = tuple(
        Column(
            name, id_, canonical_sql(c.type), nullable=c.nullable is not False, unique=bool(c.unique),
            source_type=c.declared or (c.type if kind in ("postgres", "mysql") else ""),
            values=column_facts.accepted(c, canonical_sql(c.type), kind), measured=column_facts.told(c),
        )
        for (name, c), id_ in zip(facts.columns.items(), ids, strict=True)
    )  # fmt: skip
    return Named(table, columns)


def treatments(said: TableSpec, known: Named, key: Collection[str], at: Address, found: Findings) -> dict[str, str]:
    """What happens to each column of personal data before it lands, by the column's id; ``keep`` is nothing.

    A key tells rows apart as a token too; masked or dropped it does not.
    """
    chosen: dict[str, str] = {}
    for name, treatment in said.columns.items():
        column = known.resolve(name, (*at, "columns"), found)
        if column is None:
            continue
        if chosen.setdefault(column.id, treatment) != treatment:
            message = f"column `{names.shorten(name)}` is to be both `{chosen[column.id]}` and `{treatment}`"
            found.add((*at, "columns", name), message)
        if treatment in ("mask", "drop") and column.id in key:
            message = f"column `{names.shorten(name)}` is of the key, which `{treatment}` would take away"
            found.add((*at, "columns", name), message, "`tokenise` it, or name another `key`")
        elif treatment == "mask" and column.type != "VARCHAR":
            message = f"column `{names.shorten(name)}` is {column.type}, and only a text can be masked"
            found.add((*at, "columns", name), message, "`drop` or `tokenise` it")
    return {id_: treatment for id_, treatment in chosen.items() if treatment != "keep"}


def landed(
    known: Named, key: Collection[str], treated: Mapping[str, str], at: Address, found: Findings
) -> tuple[tuple[Column, ...], tuple[str, ...]]:
    """The columns that land, and the real names of those that do not."""
    kept = []
    for column in known.columns:
        treatment = treated.get(column.id, "")
        if treatment == "drop":
            continue
        made = replace(
            column,
            unique=(column.unique or [column.id] == list(key)) and treatment != "mask",
            nullable=column.nullable and column.id not in key,
            type="VARCHAR" if treatment else column.type,
            treatment=treatment,
            values=() if treatment else column.values,
            measured="" if treatment else column.measured,
        )
        kept.append(made)
    if known.columns and not kept:
        found.add((*at, "columns"), f"table `{names.shorten(known.table)}` has no column left", "leave the table out")
    return tuple(kept), tuple(c.name for c in known.columns if treated.get(c.id) == "drop")


def rules(
    said: TableSpec, columns: tuple[Column, ...], dropped: Collection[str], at: Address, found: Findings
) -> tuple[Rule, ...]:
    """Business rules over the columns that land."""
    known = {c.id for c in columns}
    gone = {names.identifier(name) for name in dropped} | {name.lower() for name in dropped}
    made, ids = [], []
    for i, rule in enumerate(said.rules):
        problem = _rule_problem(rule.expect, columns, known, gone)
        if problem:
            found.add((*at, "rules", i), f"rule `{names.shorten(rule.name)}`{problem[0]}", problem[1])
        ids.append(names.identifier(rule.name, prefix="rule"))
        made.append(Rule(rule.name, ids[-1], rule.expect, rule.severity))
    found.extend(names.collisions([r.name for r in said.rules], ids, "rules", found.place((*at, "rules"))))
    return tuple(made)


def _rule_problem(
    expect: str, columns: tuple[Column, ...], known: set[str], gone: set[str]
) -> tuple[str, str | None] | None:
    """What is wrong with a rule, as the end of a sentence, and what to do."""
    words = sql.words(expect)
    if words & (gone - known):
        column = min(words & (gone - known))
        return (
            f": column `{names.shorten(column)}` is dropped before it lands",
            "leave the rule out, or `tokenise` the column",
        )
    columns_are = f"columns are: {', '.join(sorted(known)[:20])}"
    unknown = sql.unknown_columns(expect, known)
    if unknown:
        return f": its table has no column `{names.shorten(unknown[0])}`", names.did_you_mean(
            unknown[0], known
        ) or columns_are
    if not words & known:
        return " names no column of its table", columns_are
    treated = next((c for c in columns if c.treatment and c.id in words), None)
    if treated is not None and not _NULL_TEST.fullmatch(expect):
        done = {"mask": "masked", "tokenise": "tokenised"}[treated.treatment]
        message = f": column `{names.shorten(treated.id)}` is {done} before it lands, so that its value is not there"
        return message, "only `is null` and `is not null` can be asked of it"
    return None
