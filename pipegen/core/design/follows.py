"""Which decisions, answers and measurements the values of one design follow from, each answer at the level that says it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Protocol

from pipegen.core import units
from pipegen.core.design import decision as d
from pipegen.core.design import model as m
from pipegen.core.design.pages import Flow, Pages
from pipegen.core.design.provenance import (
    DECISIONS,
    MERGED,
    SMALLEST,
    Levels,
    Origin,
    origin_of_decision,
    origin_of_field,
)
from pipegen.core.design.watching import Burn, Expected, Monitoring, Objective
from pipegen.core.spec import address as spec_address
from pipegen.core.spec.load import Address
from pipegen.core.spec.model import PipelineSpec

Names = Mapping[str, str | int | None]
"""What the braces of an address stand for; None: every one there is. A name that is not there: the address does not apply."""
Rest = tuple[str | int, ...]

EVERY: Names = {"source": None, "table": None}
_BRACES = re.compile(r"\{(\w+)\}")
_MISSING = object()


class Said(Protocol):
    """A YAML file as it is written: plain values, and the place of each."""

    @property
    def values(self) -> Mapping[str, Any]: ...
    def locate(self, address: Address) -> str | None: ...


@dataclass(frozen=True)
class Answer:
    """A value of pipegen.yml: ``place`` is where it is said, None where nobody says it and it is the default."""

    address: Address
    value: Any
    place: str | None


@dataclass(frozen=True)
class Measurement:
    """A value of ``sources/NAME.yml``."""

    source: str
    address: Address
    value: Any
    place: str | None


@dataclass(frozen=True)
class Follows:
    """What something follows from: each decision, answer and measurement once."""

    decisions: tuple[d.Decision, ...] = ()
    answers: tuple[Answer, ...] = ()
    measured: tuple[Measurement, ...] = ()
    notes: tuple[str, ...] = ()


def joined(found: Iterable[Follows]) -> Follows:
    """All of them as one: each decision, answer and measurement once, in the order they come."""
    decisions: dict[str, d.Decision] = {}
    answers: dict[Address, Answer] = {}
    measured: dict[Address, Measurement] = {}
    notes: dict[str, None] = {}
    for one in found:
        decisions |= {d.id: d for d in one.decisions}
        answers |= {a.address: a for a in one.answers}
        measured |= {(x.source, *x.address): x for x in one.measured}
        notes |= dict.fromkeys(one.notes)
    return Follows(tuple(decisions.values()), tuple(answers.values()), tuple(measured.values()), tuple(notes))


class Provenance:
    """The provenance of the values of one design, made from ``spec``, whose text is ``said``, and the ``measured`` files by source."""

    def __init__(self, design: m.Design, spec: PipelineSpec, said: Said, measured: Mapping[str, Said]) -> None:
        self._design = design
        self._said = said
        self._measured = measured
        self._defaults = spec.model_dump(by_alias=True)
        self._decisions = {d.id: d for d in design.decisions}
        self._tables = {s.name: [t.name for t in s.tables] for s in design.sources}
        self._names = named(design)
        self._behind: dict[str, Follows] = {}

    def of(self, owners: Sequence[Any], field: str, rest: Sequence[str | int] = ()) -> Follows:
        """What a field of records follows from: its decisions with what they follow from, and its own answers.

        No owner: ``field`` is a name that every template sees. ``rest`` are the steps from there on, into a plain value.
        """
        return joined(self._of_field(owner, field, tuple(rest)) for owner in owners or (self._design,))

    def said(self, address: Address) -> Follows:
        """What follows from one answer, which has no default here."""
        answer = self._answer((address,))
        return Follows(answers=(answer,)) if answer is not None else Follows(notes=("nobody answers it: its default",))

    def of_decision(self, decision: d.Decision) -> Follows:
        """What a decision follows from: the override alone where a person took it instead."""
        if decision.id not in self._behind:
            override = self._answer((("overrides", decision.id),)) if decision.overridden else None
            origin = origin_of_decision(decision.id) or Origin()
            names = _of_decision(decision.id, self._tables)
            self._behind[decision.id] = Follows(answers=(override,)) if override else self._of(origin, names, ())
        return self._behind[decision.id]

    def _decided(self, templates: Iterable[str], names: Names) -> list[d.Decision]:
        """The decisions of some ids with braces in them."""
        ids = [one.format_map(binding) for one in templates for binding in self._bindings((one,), names)]
        return [self._decisions[id] for id in ids if id in self._decisions]

    def _of_field(self, owner: Any, field: str, rest: Rest) -> Follows:
        origin = origin_of_field(type(owner), field)
        if origin is not None and not isinstance(owner, d.Record):
            return self._of(origin, self._names_of(owner), rest)
        laid_out = tuple(_decisions_in(getattr(owner, field, None))) or _decisions_in(owner)
        told = [self._with_behind(decision) for decision in laid_out]
        return joined(told) if told else Follows(notes=("told of the design: `pipegen explain`",))

    def _names_of(self, owner: Any) -> Names:
        """What the braces stand for in what a record follows from; what is laid out of a source has its names."""
        if isinstance(owner, (Pages, Monitoring, Burn)):
            return EVERY
        of = (
            owner.source if isinstance(owner, Flow) else owner.of if isinstance(owner, (Objective, Expected)) else owner
        )
        return EVERY if of is None else self._names.get(id(of), {})

    def _of(self, origin: Origin, names: Names, rest: Rest) -> Follows:
        own = Follows(
            answers=tuple(a for levels in origin.answers for a in self._answers(levels, names, rest)),
            measured=tuple(x for address in origin.measured for x in self._measurements(address, names)),
            notes=(origin.note,) if origin.note else (),
        )
        return joined((own, *map(self._with_behind, self._decided(origin.decisions, names))))

    def _with_behind(self, decision: d.Decision) -> Follows:
        return joined((Follows(decisions=(decision,)), self.of_decision(decision)))

    def _answers(self, levels: Levels, names: Names, rest: Rest) -> Iterator[Answer]:
        """One answer for each record that the levels speak of; the smallest alone where that is what counts."""
        field = levels[-1].rpartition(".")[2]
        found: dict[Address, Answer] = {}
        for binding in self._bindings(levels, names):
            addresses = tuple(_filled(level, binding) for level in levels)
            for said in [(one,) for one in addresses] if field in MERGED else [addresses]:
                answer = self._answer(said, rest)
                if answer is not None:
                    found.setdefault(answer.address, answer)
        if field in SMALLEST and found:
            yield min(found.values(), key=lambda answer: units.duration(str(answer.value)))
        else:
            yield from found.values()

    def _answer(self, levels: tuple[Address, ...], rest: Rest = ()) -> Answer | None:
        """The first level that is said, else the default of the last; None where there is neither.

        ``rest`` leads on into the value, where it has such keys.
        """
        for end in (rest, ()) if rest else ((),):
            for address in levels:
                value = _at(self._said.values, (*address, *end))
                if value is not _MISSING and value != "":
                    return Answer((*address, *end), {} if value is None else value, self._said.locate((*address, *end)))
            default = _at(self._defaults, (*levels[-1], *end))
            if default is not _MISSING and not _is_nothing(default):
                return Answer((*levels[-1], *end), default, None)
        return None

    def _measurements(self, template: str, names: Names) -> Iterator[Measurement]:
        for binding in self._bindings((template, "{source}"), names):
            source, address = str(binding["source"]), _filled(template, binding)
            document = self._measured.get(source)
            value = _at(document.values, address) if document is not None else _MISSING
            if document is not None and value is not _MISSING:
                yield Measurement(source, address, value, document.locate(address))

    def _bindings(self, templates: Iterable[str], names: Names) -> Iterator[dict[str, str | int]]:
        """What the braces of addresses stand for, once for every record that they speak of; nothing where they do not apply."""
        wanted = {name for template in templates for name in _BRACES.findall(template)}
        if wanted - names.keys():
            return
        fixed = {name: value for name, value in names.items() if value is not None}
        for source in self._tables if "source" in wanted and names["source"] is None else (None,):
            one = {**fixed, "source": source} if source is not None else fixed
            every_table = "table" in wanted and names["table"] is None
            for table in self._tables.get(str(one.get("source")), []) if every_table else (None,):
                yield {**one, "table": table} if table is not None else one


def named(design: m.Design) -> dict[int, Names]:
    """What the braces stand for by the identity of each record of a design, as long as the design is there."""
    tables = {s.name: [t.name for t in s.tables] for s in design.sources}
    found: dict[int, Names] = {id(one): EVERY for one in (design, design.pipeline, design.transform)}
    staged: dict[str, tuple[Names, m.Table]] = {}
    names: Names
    for source in design.sources:
        found |= _below(source, {"source": source.name, "table": None}, stop=m.Table)
        for table in source.tables:
            names = {"source": source.name, "table": table.name}
            found |= _below(table, names)
            found |= {id(column): {**names, "column": column.name} for column in table.columns}
            found |= {id(rule): {**names, "rule": index} for index, rule in enumerate(table.rules)}
            staged[table.staging] = (names, table)
    for mart in design.marts:
        of_table, behind = staged.get(mart.staging or "", ({}, None))
        names = {**of_table, "mart": mart.name, **({"aggregate": mart.name} if mart.kind == "aggregate" else {})}
        found |= _below(mart, names)
        real = {column.id: column.name for column in behind.columns} if behind is not None else {}
        found |= {id(c): {**names, "column": real[c.id]} for c in mart.columns if c.id in real}
    for decision in (*design.decisions, *(told for record in design.records for told in record.decisions)):
        found |= _below(decision, {**_of_decision(decision.id, tables), "decision": decision.id})
    for sizing in design.sizing:
        found |= _below(sizing, {"source": sizing.source or None, "table": None})
    found |= {id(question): {"question": question.id} for question in design.open_questions}
    return found | {id(tier): EVERY for tier in design.prices}


def _below(record: Any, names: Names, stop: type | None = None) -> dict[int, Names]:
    """A record and the records in it, all with the same names; those of type ``stop`` are left out."""
    found = {id(record): names}
    for field in fields(record):
        value = getattr(record, field.name)
        for item in value if isinstance(value, tuple) else ():
            if is_dataclass(item) and not (stop is not None and isinstance(item, stop)):
                found |= _below(item, names, stop)
    return found


def _decisions_in(record: Any) -> Iterator[d.Decision]:
    """The decisions that a record holds, however deep."""
    if isinstance(record, d.Decision):
        yield record
    elif isinstance(record, tuple):
        for item in record:
            yield from _decisions_in(item)
    elif is_dataclass(record) and not isinstance(record, m.Design):
        for field in fields(record):
            yield from _decisions_in(getattr(record, field.name))


def _of_decision(id: str, tables: Mapping[str, Sequence[str]]) -> Names:
    """What a decision is about: a table, a source, or the whole pipeline."""
    about = id.rpartition(".")[0]
    if id in DECISIONS:
        return EVERY
    for source, its in tables.items():
        if about == source:
            return {"source": source, "table": None}
        if about.startswith(f"{source}.") and about.removeprefix(f"{source}.") in its:
            return {"source": source, "table": about.removeprefix(f"{source}.")}
    return EVERY


def _filled(template: str, binding: Mapping[str, str | int]) -> Address:
    """``sources.{source}.tables`` as an address; a name stays whole, dots and all."""
    if template == "{question}":
        return tuple(spec_address.parse(str(binding["question"])))
    return tuple(binding[part[1:-1]] if part.startswith("{") else part for part in template.split("."))


def _at(values: Any, address: Address) -> Any:
    for part in address:
        listed = isinstance(values, list) and isinstance(part, int) and part < len(values)
        if not listed and not (isinstance(values, Mapping) and part in values):
            return _MISSING
        values = values[part]
    return values


def _is_nothing(value: Any) -> bool:
    return value in (None, "", [], {}) or (isinstance(value, Mapping) and all(map(_is_nothing, value.values())))
