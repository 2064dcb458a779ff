"""From a spec's table and its measurement to the plain values that the load and its staging model are laid out from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from types import MappingProxyType

from pipegen.core import names, units
from pipegen.core.design import calibration, columns, loading
from pipegen.core.design.findings import Findings
from pipegen.core.design.loading import Loading
from pipegen.core.design.model import Decision, ForeignKey, Table
from pipegen.core.measured import Measured, MeasuredTable
from pipegen.core.spec.load import Address
from pipegen.core.spec.model import PipelineSpec
from pipegen.core.spec.sources import SourceSpec, TableSpec

NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Asked:
    """What people say of one table: what it says itself, else its source, else the defaults."""

    spec: PipelineSpec
    source_name: str
    source: SourceSpec
    name: str
    table: TableSpec
    accepted: Mapping[str, str] = field(default_factory=dict)

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
    accepted: Mapping[str, str] = NOTHING,
) -> tuple[list[Table], list[Decision]]:
    """Every table of a source with its decisions; problems go to ``found``.

    ``accepted`` are choices that were accepted before, by decision: they stay wherever they still work.
    """
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
        one, its = _table(Asked(spec, name, source, table, wanted[table], accepted), facts, len(known), found)
        made.append(one)
        decided += its
    return [_with_foreign_keys(t, known[t.name], made, found) for t in made], decided


def _table(asked: Asked, facts: MeasuredTable, tables_of_source: int, found: Findings) -> tuple[Table, list[Decision]]:
    said, at, name, kind = asked.table, asked.at, asked.name, asked.source.kind
    known = columns.measured_columns(name, facts, kind, at, found)
    key_names = said.key if said.key is not None else (facts.key.columns if facts.key else [])
    key = [c.id for c in (known.resolve(column, (*at, "key"), found) for column in key_names) if c]
    treated = columns.treatments(said, known, key, at, found)
    watermark = _watermark(asked, facts, known, treated, found)
    landed, dropped = columns.landed(known, key, treated, at, found)
    freshness = units.duration(asked.value("freshness"))
    lateness = units.duration(asked.value("lateness"))
    rows, estimated = _rows(asked, facts, tables_of_source)
    mark = loading.mark_kind(next((c.type for c in landed if c.id == watermark), None))
    of = Loading(
        asked.address, kind in ("files", "sample"), rows, freshness, asked.value("deletes"), bool(key), mark,
        drops=bool(facts.files and "*" in facts.files), estimated=estimated,
    )  # fmt: skip
    extract, write, history = _decisions(asked, of, found)
    source_id, table_id = names.module(asked.source_name), names.identifier(name, prefix="t")
    table = Table(
        name=name, id=table_id, source=source_id, source_name=asked.source_name, raw_schema=f"raw_{source_id}",
        from_=facts.files or name, format=facts.format,
        options=facts.csv.model_dump(exclude_none=True) if facts.csv else {}, load=extract.choice, key=tuple(key),
        watermark=watermark, columns=landed, rules=columns.rules(said, landed, dropped, at, found), foreign_keys=(),
        staging=f"stg_{source_id}__{table_id}", dedupe=bool(key) and of.files,
        freshness=units.duration_text(freshness), freshness_seconds=freshness, description=said.description or "",
        rows=rows, source_schema=asked.source.schema_ if asked.source.kind == "postgres" else "", write=write.choice,
        deletes=loading.deletes_done(of, extract.choice), history=history.choice, lateness_seconds=lateness,
        most_deleted=units.share(asked.value("most_deleted")), schema_contract=asked.schema_contract(),
        dropped=dropped, began=facts.watermark.since if facts.watermark else None,
    )  # fmt: skip
    if table.incremental:
        table = replace(table, overlap=loading.overlap(mark, lateness))
    _refuse_long_names(asked, table, found)
    if dropped and table.format == "csv" and not table.options.get("header", True):
        message = f"`{asked.address}` is a file with no header: without a column, those after it would change places"
        found.add((*at, "columns"), message, "`mask` or `tokenise` the column instead, or leave the table out")
    rows_a_run = _rows_a_run(asked, facts, table, mark, tables_of_source)
    return replace(table, rows_per_run=rows_a_run), [extract, write, history]


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


def _decisions(asked: Asked, of: Loading, found: Findings) -> tuple[Decision, Decision, Decision]:
    """How the table is read and written and what is kept of it, with what people decided instead."""
    extract = loading.extract(of)
    choice = _override(asked.spec, extract, of.extracts, found)
    problem = loading.extract_problem(of, choice) if choice else None
    if choice and problem:
        found.add(("overrides", extract.id), f"`{of.address}`: {problem[0]}", problem[1])
    elif choice:
        unseen = of.deletes == "hard" and loading.deletes_done(of, choice) == "ignore"
        extract = _overridden(asked.spec, extract, choice, ("deletes at the source are not seen",) if unseen else ())
    else:
        working = [c for c in of.extracts if loading.extract_problem(of, c) is None]
        extract = _held(asked, extract, working)
    _refuse_soft(asked, of, extract, found)
    ways = loading.writes(of, extract.choice) or ("replace",)
    write = loading.write(of, extract.choice, ways[0])
    wanted = _override(asked.spec, write, ways, found, f"extract is {extract.choice}: ")
    write = (
        _overridden(asked.spec, loading.write(of, extract.choice, wanted), wanted)
        if wanted
        else _held(asked, write, ways)
    )
    history = loading.history(of.address, asked.value("history"))
    kept = _override(asked.spec, history, loading.HISTORIES, found)
    history = _overridden(asked.spec, loading.history(of.address, kept), kept) if kept else history
    if history.choice != "none" and not of.has_key:
        place = ("overrides", history.id) if kept else asked.place("history")
        message = (
            f"`history: {history.choice}` needs a key, and `{of.address}` has none: versions of a row could not be told"
        )
        found.add(place, message, "name one: `key: [COLUMN]` of the table, or `history: none` for it")
    return extract, write, history


def _refuse_soft(asked: Asked, of: Loading, extract: Decision, found: Findings) -> None:
    """Soft deletes that no load could mark."""
    if of.deletes != "soft":
        return
    if of.files:
        message = f"soft deletes need keys to compare, and source `{asked.source_name}` delivers files"
        hint = f"the nearest that works: `deletes: hard` (or `ignore`) for source `{asked.source_name}`"
        found.once(f"soft {asked.source_name}", asked.place("deletes"), message, hint)
    elif not of.has_key:
        message = f"soft deletes need a key, and `{of.address}` has none: a row that is gone could not be told"
        found.add(
            asked.place("deletes"), message, "name one: `key: [COLUMN]`, or `deletes: hard` (or `ignore`) for the table"
        )
    elif loading.deletes_done(of, extract.choice) == "ignore":
        message = f"`{extract.choice}` does not see what is gone, and `{of.address}` wants soft deletes"
        found.add(("overrides", extract.id), message, "the nearest that works: `watermark-keys`, or `deletes: ignore`")


def _override(
    spec: PipelineSpec, decision: Decision, choices: Sequence[str], found: Findings, because: str = ""
) -> str | None:
    """What a person chose instead, where it is among the choices."""
    override = spec.overrides.get(decision.id)
    if override is None:
        return None
    if override.choice not in choices:
        hint = names.did_you_mean(override.choice, choices) or f"{because}allowed is {', '.join(choices)}"
        message = f"`{names.shorten(override.choice)}` is not a choice of `{decision.id}` that works"
        found.add(("overrides", decision.id), message, hint)
        return None
    return override.choice


def _held(asked: Asked, decision: Decision, working: Sequence[str]) -> Decision:
    """The decision, or the choice that was accepted before, where it still works."""
    held = asked.accepted.get(decision.id, decision.choice)
    if held == decision.choice or held not in working:
        return decision
    return replace(decision, choice=held, because=(f"accepted before; decided anew it would be {decision.choice}",))


def _overridden(spec: PipelineSpec, decision: Decision, choice: str, more: tuple[str, ...] = ()) -> Decision:
    because = spec.overrides[decision.id].because or "a person chose it"
    return replace(decision, choice=choice, because=(because, *more), overridden=True)


def _volume(text: str | None) -> float | None:
    """Rows a day of a declared volume."""
    if text is None:
        return None
    volume = units.volume(text)
    return volume.rows_per_day or (volume.bytes_per_day or 0) / calibration.BYTES_PER_ROW.value


def _declared_rows_per_day(asked: Asked, tables_of_source: int) -> float | None:
    own = _volume(asked.table.volume)
    whole = _volume(asked.source.volume)
    return own if own is not None else whole / tables_of_source if whole is not None else None


def _rows(asked: Asked, facts: MeasuredTable, tables_of_source: int) -> tuple[int | None, bool]:
    """The rows of a table as measured, else as its declared volume fills it; and whether they are estimated."""
    if facts.rows is not None:
        return int(facts.rows.value), False
    per_day = _declared_rows_per_day(asked, tables_of_source)
    return (None, False) if per_day is None else (int(per_day * calibration.VOLUME_DAYS.value), True)


def _rows_a_run(asked: Asked, facts: MeasuredTable, table: Table, mark: str, tables_of_source: int) -> int:
    """Rows that one run reads: all of them, or what is new since the run before and in the overlap."""
    rows = table.rows or 0
    if not table.incremental:
        return rows
    per_day = _declared_rows_per_day(asked, tables_of_source)
    if per_day is None:
        measured = facts.rows_per_day.value if facts.rows_per_day else None
        per_day = rows * calibration.CHANGED_SHARE.value if measured is None else measured
    peak = units.factor(asked.source.peak) if asked.source.peak else 1.0
    seconds = table.freshness_seconds + (table.overlap if mark == "temporal" else 0)
    return min(rows, ceil(per_day * peak * seconds / 86_400))


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
