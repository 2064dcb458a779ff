"""From a spec's table and its measurement to the plain values that the load and its staging model are laid out from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from pipegen.core import names, units
from pipegen.core.design import column_facts, columns
from pipegen.core.design.decide import Architecture
from pipegen.core.design.findings import Findings
from pipegen.core.design.inputs import TableInputs
from pipegen.core.design.model import ForeignKey, Table
from pipegen.core.design.rules import extract
from pipegen.core.measured import Measured, MeasuredTable
from pipegen.core.sizing import work
from pipegen.core.spec.load import Address
from pipegen.core.spec.model import PipelineSpec
from pipegen.core.spec.sources import PostgresSource, RestSource, SourceSpec, TableSpec

NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Asked:
    """What people say of one table: what it says itself, else its source, else the defaults."""

    spec: PipelineSpec
    source_name: str
    source: SourceSpec
    name: str
    table: TableSpec

    @property
    def at(self) -> Address:
        return ("sources", self.source_name, "tables", self.name)

    @property
    def address(self) -> str:
        return f"{self.source_name}.{self.name}"

    def value(self, field: str) -> str:
        """The value of a field that all three have."""
        said = (getattr(level, field) for level in (self.table, self.source, self.spec.defaults))
        return str(next(value for value in said if value is not None))

    def place(self, field: str) -> Address:
        """Where that value is said."""
        if getattr(self.table, field) is not None:
            return (*self.at, field)
        return (*self.at[:2], field) if getattr(self.source, field) is not None else ("defaults", field)

    def schema_contract(self) -> dict[str, str]:
        """The schema contract, merged key by key."""
        merged: dict[str, str] = self.spec.defaults.schema_contract.model_dump()
        for level in (self.source, self.table):
            if level.schema_contract is not None:
                merged |= level.schema_contract.model_dump(exclude_none=True)
        return merged


def tables(
    spec: PipelineSpec,
    name: str,
    source: SourceSpec,
    measured: Measured,
    found: Findings,
    made: Architecture,
) -> list[Table]:
    """Every table of a source as ``made`` decided; problems go to ``found``."""
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
    laid_out = [
        _table(Asked(spec, name, source, table, wanted[table]), facts, made, found) for table, facts in known.items()
    ]
    return [_with_foreign_keys(t, known[t.name], laid_out, found) for t in laid_out]


def _table(asked: Asked, facts: MeasuredTable, made: Architecture, found: Findings) -> Table:
    said, at, name, kind = asked.table, asked.at, asked.name, asked.source.kind
    known = columns.measured_columns(name, facts, kind, at, found)
    key_names = said.key if said.key is not None else (facts.key.columns if facts.key else [])
    key_columns = [c for c in (known.resolve(column, (*at, "key"), found) for column in key_names) if c]
    key, real_key = [c.id for c in key_columns], [c.name for c in key_columns]
    treated = columns.treatments(said, known, key, at, found)
    watermark = _watermark(asked, facts, known, treated, found)
    landed, dropped = columns.landed(known, key, treated, at, found)
    of = next(t for s in made.chosen.inputs.sources if s.name == asked.source_name for t in s.tables if t.name == name)
    source_id, table_id = names.module(asked.source_name), names.identifier(name, prefix="t")
    table = Table(
        name=name, id=table_id, source=source_id, source_name=asked.source_name, raw_schema=f"raw_{source_id}",
        from_=facts.files or name, format=facts.format,
        options=facts.csv.model_dump(exclude_none=True) if facts.csv else {}, key=tuple(key), watermark=watermark,
        columns=landed, rules=columns.rules(said, landed, dropped, at, found), foreign_keys=(),
        staging=f"stg_{source_id}__{table_id}", dedupe=bool(key) and of.form == "files",
        freshness=units.duration_text(of.freshness), freshness_seconds=of.freshness, description=said.description or "",
        rows=int(of.rows) if of.rows is not None else None,
        source_schema=asked.source.schema_ if isinstance(asked.source, PostgresSource) else "",
        lateness_seconds=of.lateness, most_deleted=units.share(asked.value("most_deleted")),
        schema_contract=asked.schema_contract(), dropped=dropped, endpoint=_endpoint(asked, facts, found),
        began=facts.watermark.since if facts.watermark else None, key_holds=column_facts.key_holds(facts, real_key),
        notes=column_facts.table_notes(facts, real_key), **_decided(of, made),
    )  # fmt: skip
    _refuse_long_names(asked, table, found)
    if dropped and table.format == "csv" and not table.options.get("header", True):
        message = f"`{asked.address}` is a file with no header: without a column, those after it would change places"
        found.add((*at, "columns"), message, "`mask` or `tokenise` the column instead, or leave the table out")
    return table


def _endpoint(asked: Asked, facts: MeasuredTable, found: Findings) -> dict[str, Any]:
    """Where an API lists the rows of a table, and how it gives them."""
    if not isinstance(asked.source, RestSource):
        return {}
    if facts.endpoint is None:
        message = f"nobody knows where the API of source `{asked.source_name}` lists `{names.shorten(asked.name)}`"
        hint = f"say its `endpoint` in sources/{asked.source_name}.yml: `{{path: {asked.name}, how: said}}`, or leave the table out"
        found.add(asked.at, message, hint)
        return {}
    endpoint = facts.endpoint.model_dump(exclude_none=True, exclude={"how"})
    if asked.source.page_size and endpoint["pagination"].get("size_param"):
        endpoint["pagination"]["size"] = asked.source.page_size
    return endpoint


def _decided(of: TableInputs, made: Architecture) -> dict[str, Any]:
    """What was decided of a table, as its fields."""
    source = next(s for s in made.chosen.inputs.sources if s.name == of.source)
    how, choice, at = made.chosen.sources[of.source], made.chosen.choice, of.address
    load = how.extracts[of.name]
    overlap = how.overlaps.get(of.name, 0) if load != "full" and of.form != "files" else 0
    return {
        "load": load, "write": choice[f"{at}.write"], "history": choice[f"{at}.history"],
        "deletes": extract.deletes_done(of, load), "overlap": overlap,
        "lookback_batches": int(choice.get(f"{at}.lookback", "1")),
        "rows_per_run": int(work.rows_per_run(source, of, load, overlap)),
    }  # fmt: skip


def _refuse_long_names(asked: Asked, table: Table, found: Findings) -> None:
    """PostgreSQL takes names of 63 bytes, and dbt refuses longer ones."""
    if asked.spec.destination.kind != "postgres":
        return
    copies = {"scd2": "snap", "daily": "hist"}
    models = [f"{prefix}_{table.source}__{table.id}" for prefix in ("stg", copies.get(table.history)) if prefix]
    for model in models:
        if len(model.encode()) > names.MAX_ID:
            message = (
                f"`{asked.address}`: the name of its model `{names.shorten(model)}` has more than {names.MAX_ID} bytes"
            )
            found.once(f"long {asked.address}", asked.at, message, "give the source a shorter name: `NAME=URL`")


def _watermark(
    asked: Asked, facts: MeasuredTable, known: columns.Named, treated: dict[str, str], found: Findings
) -> str | None:
    """The watermark's id: the one that was said, else the measured one, unless it is treated as personal data."""
    name = asked.table.watermark or (facts.watermark.column if facts.watermark else None)
    column = known.resolve(name, (*asked.at, "watermark"), found) if name else None
    if column is None:
        return None
    if column.id in treated:
        if asked.table.watermark is not None:
            message = (
                f"watermark `{names.shorten(column.name)}` cannot be read from once it is to `{treated[column.id]}`"
            )
            found.add((*asked.at, "watermark"), message, "name another watermark, or `keep` the column")
        return None
    return column.id


def _with_foreign_keys(table: Table, facts: MeasuredTable, made: list[Table], found: Findings) -> Table:
    """Foreign keys to tables that are loaded as well, both ends treated alike; the others cannot be tested."""
    by_name = {t.name: t for t in made}
    own = {c.name: c for c in table.columns}
    keys = []
    for fk in facts.foreign_keys:
        target = by_name.get(fk.to)
        if target is None or len(fk.columns) != len(fk.at):
            continue
        theirs = {c.name: c for c in target.columns}
        if not all(c in own for c in fk.columns) or not all(c in theirs for c in fk.at):
            continue
        ends = [(own[mine], theirs[other]) for mine, other in zip(fk.columns, fk.at, strict=True)]
        for mine, other in ends:
            if other.treatment == "tokenise" and not mine.treatment:
                at = ("sources", table.source_name, "tables", table.name, "columns", mine.name)
                message = f"`{table.name}.{mine.name}` holds what is tokenised in `{target.name}.{other.name}`"
                found.add(at, message, "say the same of both: `tokenise`; or `drop`, or `mask`")
        if all(mine.treatment == other.treatment for mine, other in ends):
            to = tuple(other.id for _, other in ends)
            keys.append(ForeignKey(tuple(mine.id for mine, _ in ends), target.id, target.staging, to))
    return replace(table, foreign_keys=tuple(keys))
