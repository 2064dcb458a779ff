"""Marts: from what the spec names, or what the foreign keys allow, to columns with types and the models they read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass

from pipegen.core import names, sql
from pipegen.core.design.fact_loads import aggregate_problem, dropped_problem, fact_load
from pipegen.core.design.findings import Findings
from pipegen.core.design.model import Mart, MartColumn, Relationship, Source, Table
from pipegen.core.spec import model as m
from pipegen.core.sql import quoted

NUMERIC = ("BIGINT", "DOUBLE", "DECIMAL")
# Columns that say when a row was written, not when something happened.
_BOOKKEEPING = re.compile(
    r"^(last_|created|updated|modified|changed|inserted|loaded|birth)|_(created|updated|modified)_?"
)
# Numbers that nobody adds up: ids and parts of a date.
_NO_MEASURE = re.compile(
    r"(^|_)(id|no|number|code|zip|year|quarter|month|week|day|hour|minute|second|lat|lon|latitude|longitude)$"
)


@dataclass
class _Known:
    """Tables by every name that the spec may call them by, and marts as they are made."""

    tables: dict[str, Table | None]  # None: the bare name is ambiguous
    marts: dict[str, Mart]
    intervals: dict[str, int]  # seconds between the runs of a source, by its id

    def table(self, name: str) -> Table | None:
        return self.tables.get(name)

    def behind(self, name: str) -> Table | None:
        """The table whose columns a model has, by the model's name in the spec: a table, or a mart of one table."""
        if name in self.marts:
            staging = self.marts[name].staging
            return next((t for t in self.tables.values() if t is not None and t.staging == staging), None)
        return self.table(name)


def marts(spec: m.PipelineSpec, sources: tuple[Source, ...], found: Findings) -> tuple[Mart, ...]:
    """Every mart in an order in which each is built after those it reads; problems go to ``found``."""
    known = _Known(_tables_by_name(sources), {}, {s.id: s.interval_seconds for s in sources})
    said = spec.marts if spec.marts is not None else default_marts(sources)
    waiting = dict(said)
    while waiting:
        left = set(waiting)
        ready = [n for n, mart in waiting.items() if not (left.intersection(_reads(mart)) - {n})]
        if not ready:
            found.add(("marts", next(iter(waiting))), f"marts read each other in a circle: {', '.join(waiting)}")
            break
        for name in ready:
            mart = _mart(name, waiting.pop(name), said, known, found)
            known.marts[name] = mart
    return tuple(known.marts[name] for name in said if name in known.marts)


def default_marts(
    sources: tuple[Source, ...], taken: Container[str] = (), wanted: Callable[[Table], bool] = lambda _: True
) -> dict[str, m.MartSpec]:
    """A fact for every table that looks like events (:func:`_is_fact`), a dimension for every other one.

    ``taken`` are names that other marts have; ``wanted`` says of which tables there are to be marts.
    """
    chosen: dict[str, m.MartSpec] = {}
    every = [t for s in sources for t in s.tables]
    several = {name for name, count in Counter(t.name for t in every).items() if count > 1}
    used: list[Container[str]] = [taken, chosen]
    for table in filter(wanted, every):
        reference = f"{table.source_name}.{table.name}" if table.name in several else table.name
        stem = f"{table.source}_{table.id}" if table.name in several else table.id
        if _is_fact(table, every):
            dimensions = list(
                dict.fromkeys(_reference(fk.to_table, table, every, several) for fk in table.foreign_keys)
            )
            fact = m.FactMart.model_validate(
                {"kind": "fact", "from": reference, "measures": measures(table), "dimensions": dimensions}
            )
            chosen[_free("fct", stem, table, used)] = fact
        else:
            dimension = m.DimensionMart.model_validate({"kind": "dimension", "from": reference})
            chosen[_free("dim", stem, table, used)] = dimension
    return chosen


def _is_fact(table: Table, every: list[Table]) -> bool:
    """Events and transactions: no key of one column; or refers to others and has a time of its own, or is referred to by none.

    A heuristic (H) after the star schema's: facts point, dimensions are pointed at.
    """
    if len(table.key) != 1:
        return True
    if not any(fk.to_table != table.id for fk in table.foreign_keys):
        return False
    happened = any(
        c.type.startswith(("DATE", "TIMESTAMP")) and c.id != table.watermark and not _BOOKKEEPING.search(c.id)
        for c in table.columns
    )
    referred = any(
        fk.to_table == table.id for t in every if t.source == table.source and t.id != table.id for fk in t.foreign_keys
    )
    return happened or not referred


def measures(table: Table) -> list[str]:
    """Numeric columns that are neither key nor foreign key, nor named like one: what can be added up."""
    keys = set(table.key) | {c for fk in table.foreign_keys for c in fk.columns}
    return [
        c.name
        for c in table.columns
        if c.type.startswith(NUMERIC) and c.id not in keys and not _NO_MEASURE.search(c.id)
    ]


def _reference(table_id: str, table: Table, every: list[Table], several: set[str]) -> str:
    target = next(t for t in every if t.source == table.source and t.id == table_id)
    return f"{target.source_name}.{target.name}" if target.name in several else target.name


def _free(prefix: str, stem: str, table: Table, used: Sequence[Container[str]]) -> str:
    """A mart's name; where another table's mart has it, with a digest of the table's whole name."""
    name = names.mart(prefix, stem)
    return (
        name
        if not any(name in taken for taken in used)
        else names.mart(prefix, stem, apart=f"{table.source_name}.{table.name}")
    )


def _tables_by_name(sources: tuple[Source, ...]) -> dict[str, Table | None]:
    by_name: dict[str, Table | None] = {}
    for source in sources:
        for table in source.tables:
            by_name[table.name] = None if table.name in by_name else table
            by_name[f"{source.name}.{table.name}"] = table
    return by_name


def _reads(mart: m.MartSpec) -> list[str]:
    return list(mart.from_) if isinstance(mart, m.CustomMart) else [mart.from_]


def _mart(name: str, said: m.MartSpec, all_said: dict[str, m.MartSpec], known: _Known, found: Findings) -> Mart:
    match said:
        case m.FactMart():
            return _fact(name, said, all_said, known, found)
        case m.DimensionMart():
            return _dimension(name, said, known, found)
        case m.AggregateMart():
            return _aggregate(name, said, known, found)
    models = tuple(_model_read(name, read, known, found) for read in said.from_)
    return Mart(name, names.module(name), "custom", models, None, (), (), (), (), (), said.description or "")


def _source_table(name: str, read: str, known: _Known, found: Findings) -> Table | None:
    table = known.table(read)
    if table is None:
        if read in known.tables:
            found.add(("marts", name, "from"), f"`{read}` is a table of several sources", f"say which: `SOURCE.{read}`")
        else:
            hint = names.did_you_mean(read, known.tables)
            found.add(
                ("marts", name, "from"),
                f"mart `{name}` is made of `{names.shorten(read)}`, which is no source table",
                hint,
            )
    return table


def _model_read(name: str, read: str, known: _Known, found: Findings) -> str:
    if read in known.marts:
        return known.marts[read].id
    table = known.table(read)
    if table is not None:
        return table.staging
    hint = names.did_you_mean(read, [*known.tables, *known.marts])
    found.add(
        ("marts", name, "from"),
        f"mart `{name}` reads `{names.shorten(read)}`, which is no mart and no source table",
        hint,
    )
    return read


def _fact(name: str, said: m.FactMart, all_said: dict[str, m.MartSpec], known: _Known, found: Findings) -> Mart:
    table = _source_table(name, said.from_, known, found)
    if table is None:
        return Mart(name, names.module(name), "fact", (), None, (), (), (), (), (), "")
    by_name = {c.name: c for c in table.columns} | {c.id: c for c in table.columns}

    def resolve(columns: list[str], field: str) -> tuple[str, ...]:
        for column in columns:
            if column not in by_name:
                problem = dropped_problem(column, table)
                hint = names.did_you_mean(column, [c.name for c in table.columns])
                message = f"table `{table.name}` has no column `{names.shorten(column)}`"
                found.add(("marts", name, field), *(problem or (message, hint)))
        return tuple(by_name[c].id for c in columns if c in by_name)

    grain = resolve(said.grain, "grain") if said.grain else table.key
    for column in said.measures:
        if column in by_name and by_name[column].treatment:
            message = f"measure `{names.shorten(column)}` is treated as personal data before it lands, so that nothing can be added up"
            found.add(("marts", name, "measures"), message, "leave it out, or `keep` the column")
        elif column in by_name and not by_name[column].type.startswith(NUMERIC):
            message = f"measure `{names.shorten(column)}` is {by_name[column].type}, which cannot be added up"
            found.add(("marts", name, "measures"), message, "leave it out: a fact keeps every column of its table")
    relationships = []
    for dimension in said.dimensions:
        target = known.table(dimension) or known.table(f"{table.source_name}.{dimension}")
        keys = [fk for fk in table.foreign_keys if target is not None and fk.to_staging == target.staging]
        if target is None or not keys:
            hint = names.did_you_mean(dimension, [fk.to_table for fk in table.foreign_keys])
            found.add(
                ("marts", name, "dimensions"),
                f"`{table.name}` has no foreign key to `{names.shorten(dimension)}`",
                hint,
            )
            continue
        to = _dimension_model(target, all_said, known)
        relationships += [Relationship(fk.columns[0], to, fk.at[0]) for fk in keys if len(fk.columns) == 1]
    return Mart(
        name, names.module(name), "fact", (table.staging,), table.staging, _columns_of(table, grain), grain, (),
        resolve(said.measures, "measures"), tuple(relationships), said.description or table.description,
        **fact_load(table, grain, known.intervals[table.source]),
    )  # fmt: skip


def _dimension_model(target: Table, all_said: dict[str, m.MartSpec], known: _Known) -> str:
    for name, said in all_said.items():
        if isinstance(said, m.DimensionMart) and known.table(said.from_) == target:
            return names.module(name)
    return target.staging


def _dimension(name: str, said: m.DimensionMart, known: _Known, found: Findings) -> Mart:
    table = _source_table(name, said.from_, known, found)
    if table is None:
        return Mart(name, names.module(name), "dimension", (), None, (), (), (), (), (), "")
    if not table.key:
        hint = f"name one: `key: [...]` of table `{table.name}`, or make it a fact"
        found.add(("marts", name, "from"), f"dimension `{name}` needs a key and `{table.name}` has none", hint)
    return Mart(
        name, names.module(name), "dimension", (table.staging,), table.staging, _columns_of(table, table.key),
        table.key, (), (), (), said.description or table.description, soft_deletes=table.soft_deletes,
    )  # fmt: skip


def _columns_of(table: Table, grain: tuple[str, ...]) -> tuple[MartColumn, ...]:
    return tuple(
        MartColumn(c.id, c.type, quoted(c.id), c.nullable and c.id not in grain, (c.id,) == grain, c.description)
        for c in table.columns
    )


def _aggregate(name: str, said: m.AggregateMart, known: _Known, found: Findings) -> Mart:
    model = _model_read(name, said.from_, known, found)
    types = _types(said.from_, known)
    behind = known.behind(said.from_)
    columns: list[MartColumn] = []
    by, added = [], []
    for field, texts in (("by", said.by), ("measures", said.measures)):
        for text in texts:
            split = sql.split_alias(text)
            if split is None:
                hint = "for example `sum(total_amount) as revenue`"
                found.add(("marts", name, field), f"`{names.shorten(text)}` has no name", hint)
                continue
            expression, alias = split
            unknown = sql.unknown_columns(expression, types)
            personal = aggregate_problem(expression, field, behind) if behind else None
            if personal:
                found.add(("marts", name, field), *personal)
            elif types and unknown and expression.lower() not in types:
                hint = names.did_you_mean(unknown[0], types) or f"columns are: {', '.join(list(types)[:20])}"
                found.add(("marts", name, field), f"`{said.from_}` has no column `{unknown[0]}`", hint)
            if field == "by":
                type_ = types.get(expression.lower()) or _by_type(expression)
                by.append(alias)
            else:
                type_ = sql.aggregate_type(expression, types) or ""
                if not type_:
                    hint = f"say it: `cast({names.shorten(expression, 40)} as varchar) as {alias}`"
                    found.add(("marts", name, field), f"the type of `{names.shorten(expression)}` is not plain", hint)
                added.append(alias)
            body = quoted(expression.lower()) if expression.lower() in types else expression
            columns.append(MartColumn(alias, type_, body))
    found.extend(
        names.collisions([c.id for c in columns], [c.id for c in columns], "columns", found.place(("marts", name)))
    )
    return Mart(
        name, names.module(name), "aggregate", (model,), None, tuple(columns), tuple(by), tuple(by), tuple(added), (),
        said.description or "",
    )  # fmt: skip


def _types(read: str, known: _Known) -> dict[str, str]:
    if read in known.marts:
        return {c.id: c.type for c in known.marts[read].columns}
    table = known.table(read)
    return {c.id: c.type for c in table.columns} if table else {}


def _by_type(expression: str) -> str:
    """The type of an expression that rows are grouped by."""
    return sql.cast_type(expression) or ("TIMESTAMP" if expression.lower().startswith("date_trunc(") else "VARCHAR")
