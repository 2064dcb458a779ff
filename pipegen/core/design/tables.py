"""From a spec's table and its measurement to the plain values that the load and its staging model are laid out from."""

from __future__ import annotations

from dataclasses import replace

from pipegen.core import names, sql, units
from pipegen.core.design import decisions
from pipegen.core.design.findings import Findings
from pipegen.core.design.model import Column, Decision, ForeignKey, Rule, Table
from pipegen.core.measured import Measured, MeasuredTable, canonical_sql
from pipegen.core.spec.load import Address
from pipegen.core.spec.model import PipelineSpec, SourceSpec, TableSpec

EXTRACTS = ("full", "append")


def tables(
    spec: PipelineSpec, name: str, source: SourceSpec, measured: Measured, found: Findings
) -> tuple[list[Table], list[Decision]]:
    """Every table of a source with its decisions; problems go to ``found``."""
    wanted = source.tables or {table: TableSpec() for table in measured.tables}
    known = {table: measured.tables[table] for table in wanted if table in measured.tables}
    for table in wanted:
        if table not in measured.tables:
            hint = (
                names.did_you_mean(table, measured.tables) or f"measured are: {', '.join(list(measured.tables)[:20])}"
            )
            found.add(
                ("sources", name, "tables", table), f"source `{name}` has no table `{names.shorten(table)}`", hint
            )
    ids = [names.identifier(table, prefix="t") for table in known]
    found.extend(names.collisions(known, ids, f"tables of source `{name}`:", found.place(("sources", name, "tables"))))
    made, decided = [], []
    for table, facts in known.items():
        one, its = _table(spec, name, source, table, wanted[table], facts, found)
        made.append(one)
        decided += its
    return [_with_foreign_keys(t, known[t.name], made) for t in made], decided


def _table(
    spec: PipelineSpec,
    source_name: str,
    source: SourceSpec,
    name: str,
    said: TableSpec,
    facts: MeasuredTable,
    found: Findings,
) -> tuple[Table, list[Decision]]:
    at = ("sources", source_name, "tables", name)
    columns = _columns(name, facts, at, found)
    by_name = {c.name: c for c in columns} | {c.id: c for c in columns}

    def resolve(column: str, field: str) -> str | None:
        if column in by_name:
            return by_name[column].id
        hint = names.did_you_mean(column, [c.name for c in columns])
        found.add((*at, field), f"table `{names.shorten(name)}` has no column `{names.shorten(column)}`", hint)
        return None

    key_names = said.key if said.key is not None else (facts.key.columns if facts.key else [])
    key = [k for k in (resolve(column, "key") for column in key_names) if k]
    mark = said.watermark or (facts.watermark.column if facts.watermark else None)
    watermark = resolve(mark, "watermark") if mark else None
    columns = [replace(c, unique=c.unique or [c.id] == key, nullable=c.nullable and c.id not in key) for c in columns]
    freshness = units.duration(said.freshness or source.freshness or spec.defaults.freshness)
    _refuse_unbuilt(spec, source, said, at, found)
    for column in said.columns:
        resolve(column, "columns")
    address = f"{source_name}.{name}"
    rows = int(facts.rows.value) if facts.rows else None
    deletes = said.deletes or source.deletes or spec.defaults.deletes
    drops = bool(facts.files and "*" in facts.files)
    extract = _overridden(spec, decisions.extract(address, rows, freshness, drops=drops, deletes=deletes), found)
    if extract.choice == "append" and source.kind == "sqlite" and not (watermark and key):
        hint = "name a `key` and a `watermark` that never falls, or override with `full`"
        found.add(
            ("overrides", f"{address}.extract"), f"`{address}` cannot be appended without a key and a watermark", hint
        )
    write = decisions.write(address, extract.choice, bool(key))
    source_id, table_id = names.module(source_name), names.identifier(name, prefix="t")
    options = facts.csv.model_dump(exclude_none=True) if facts.csv else {}
    table = Table(
        name=name, id=table_id, source=source_id, source_name=source_name, raw_schema=f"raw_{source_id}",
        from_=facts.files or name, format=facts.format, options=options, load=extract.choice,
        key=tuple(key), watermark=watermark, columns=tuple(columns), rules=_rules(said, columns, at, found),
        foreign_keys=(), staging=f"stg_{source_id}__{table_id}",
        dedupe=bool(key) and source.kind != "sqlite",
        freshness=units.duration_text(freshness), freshness_seconds=freshness,
        description=said.description or "", rows=rows,
    )  # fmt: skip
    return table, [extract, write]


def _columns(table: str, facts: MeasuredTable, at: tuple[str, ...], found: Findings) -> list[Column]:
    if not facts.columns:
        found.add(at, f"table `{names.shorten(table)}` has no columns", "leave it out, or probe the source again")
    ids = [names.identifier(column) for column in facts.columns]
    found.extend(names.collisions(facts.columns, ids, f"columns of `{names.shorten(table)}`:", found.place(at)))
    return [
        Column(name, id_, canonical_sql(c.type), nullable=c.nullable is not False, unique=bool(c.unique))
        for (name, c), id_ in zip(facts.columns.items(), ids, strict=True)
    ]


def _rules(said: TableSpec, columns: list[Column], at: Address, found: Findings) -> tuple[Rule, ...]:
    known = {c.id for c in columns}
    rules, ids = [], []
    for i, rule in enumerate(said.rules):
        unknown = sql.unknown_columns(rule.expect, known)
        columns_are = f"columns are: {', '.join(sorted(known)[:20])}"
        if unknown:
            hint = names.did_you_mean(unknown[0], known) or columns_are
            message = f"rule `{names.shorten(rule.name)}`: its table has no column `{names.shorten(unknown[0])}`"
            found.add((*at, "rules", i), message, hint)
        elif not sql.words(rule.expect) & known:
            message = f"rule `{names.shorten(rule.name)}` names no column of its table"
            found.add((*at, "rules", i), message, columns_are)
        ids.append(names.identifier(rule.name, prefix="rule"))
        rules.append(Rule(rule.name, ids[-1], rule.expect, rule.severity))
    found.extend(names.collisions([r.name for r in said.rules], ids, "rules", found.place((*at, "rules"))))
    return tuple(rules)


def _with_foreign_keys(table: Table, facts: MeasuredTable, made: list[Table]) -> Table:
    """Foreign keys to tables that are loaded as well; the others cannot be tested."""
    by_name = {t.name: t for t in made}
    own = {c.name: c.id for c in table.columns}
    keys = []
    for fk in facts.foreign_keys:
        target = by_name.get(fk.to)
        if target is None:
            continue
        theirs = {c.name: c.id for c in target.columns}
        pairs = len(fk.columns) == len(fk.at)
        if pairs and all(c in own for c in fk.columns) and all(c in theirs for c in fk.at):
            keys.append(
                ForeignKey(
                    tuple(own[c] for c in fk.columns), target.id, target.staging, tuple(theirs[c] for c in fk.at)
                )
            )
    return replace(table, foreign_keys=tuple(keys))


def _refuse_unbuilt(
    spec: PipelineSpec, source: SourceSpec, said: TableSpec, at: tuple[str, ...], found: Findings
) -> None:
    """A demand that no blueprint meets yet is an error that names the nearest design that works."""

    def said_at(field: str) -> tuple[str, ...]:
        if getattr(said, field) is not None:
            return (*at, field)
        return (*at[:2], field) if getattr(source, field) is not None else ("defaults", field)

    if (said.deletes or source.deletes or spec.defaults.deletes) == "soft":
        hint = "the nearest that works: `deletes: hard` (or `ignore`)"
        found.once("deletes: soft", said_at("deletes"), "soft deletes are not built yet", hint)
    history = said.history or source.history or spec.defaults.history
    if history != "none":
        hint = "the nearest that works: `history: none`"
        found.once("history", said_at("history"), f"history: {history} is not built yet", hint)
    for column, treatment in said.columns.items():
        if treatment != "keep":
            found.add(
                (*at, "columns", column),
                f"`{treatment}` of personal data is not built yet, and it may not land raw without it",
                "leave the table out, or say `keep` where it may land as it is",
            )


def _overridden(spec: PipelineSpec, decision: Decision, found: Findings) -> Decision:
    override = spec.overrides.get(decision.id)
    if override is None:
        return decision
    if override.choice not in EXTRACTS:
        hint = names.did_you_mean(override.choice, EXTRACTS) or f"allowed is {', '.join(EXTRACTS)}"
        found.add(
            ("overrides", decision.id), f"`{override.choice}` is not a choice of `{decision.id}` that is built", hint
        )
        return decision
    because = (override.because,) if override.because else ("a person chose it",)
    return replace(decision, choice=override.choice, because=because, overridden=True)
