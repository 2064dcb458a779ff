"""What the values of a design follow from: the table is whole, its addresses are real, and an answer is found where it is said."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import pytest
from pydantic import BaseModel

from pipegen.app.repository import measured_in
from pipegen.core.contributions import Contribution
from pipegen.core.design import provenance
from pipegen.core.design.architect import design, documented
from pipegen.core.design.follows import Follows, Provenance
from pipegen.core.design.model import Design
from pipegen.core.design.pages import pages
from pipegen.core.design.provenance import DECISIONS, FIELDS, RECORDS, Origin
from pipegen.core.measured import MeasuredTable, dump
from pipegen.core.spec import model
from pipegen.core.spec.load import load
from pipegen.render.renderer import render
from pipegen.render.traced_file import Tracer
from pipegen.store import yaml_file
from pipegen.store.blueprints import BlueprintStore
from tests import golden_trees
from tests.core.design.facts import CUSTOMERS, ORDERS, measured


def records(kind: Any = Design) -> Iterator[type]:
    """Every record that a template can reach from the design."""
    if isinstance(kind, type) and is_dataclass(kind):
        yield kind
        for hint in typing.get_type_hints(kind).values():
            yield from records(hint)
    for inner in typing.get_args(kind):
        yield from records(inner)


def computed(kind: type) -> list[str]:
    return [name for name, member in vars(kind).items() if isinstance(member, property)]


@pytest.mark.parametrize("kind", sorted(set(records()), key=lambda k: k.__name__), ids=lambda k: k.__name__)
def test_every_field_that_a_template_sees_has_an_entry(kind: type) -> None:
    names = {*(f.name for f in fields(kind)), *computed(kind)}
    assert kind in RECORDS or FIELDS[kind].keys() == names
    assert not (kind in RECORDS and kind in FIELDS), "one entry of each"


def origins() -> Iterator[Origin]:
    for entries in FIELDS.values():
        yield from entries.values()
    yield from DECISIONS.values()
    yield from RECORDS.values()


def addresses() -> list[str]:
    return sorted({address for origin in origins() for levels in origin.answers for address in levels})


def keys(kinds: typing.Sequence[Any]) -> dict[str, list[Any]]:
    """The keys of a file of these models, each with the types of its values."""
    found: dict[str, list[Any]] = {}
    for kind in kinds:
        for name, field in kind.model_fields.items():
            found.setdefault(field.alias or name, []).append(field.annotation)
    return found


@pytest.mark.parametrize("address", [a for a in addresses() if a != "{question}"])
def test_every_address_is_one_that_pipegen_yml_takes(address: str) -> None:
    kinds: list[Any] = [model.PipelineSpec]
    for part in address.split("."):
        if part in ("{source}", "{table}", "{mart}", "{aggregate}", "{column}", "{rule}"):
            continue
        known = keys(kinds)
        assert part in known, address
        kinds = [
            one for hint in known[part] for one in flat(hint) if isinstance(one, type) and issubclass(one, BaseModel)
        ]


def flat(hint: Any) -> Iterator[Any]:
    """A type and the types in it."""
    yield hint
    for inner in typing.get_args(hint):
        yield from flat(inner)


@pytest.mark.parametrize("address", sorted({a for origin in origins() for a in origin.measured}))
def test_every_measurement_is_one_that_the_probe_makes(address: str) -> None:
    start, table, *rest = address.split(".")
    assert (start, table) == ("tables", "{table}")
    assert not rest or rest[0] in MeasuredTable.model_fields


@pytest.mark.parametrize("id", sorted({id for origin in origins() for id in origin.decisions}))
def test_every_decision_that_a_field_follows_from_has_what_it_follows_from(id: str) -> None:
    assert id == "{decision}" or id in DECISIONS or id.rpartition(".")[2] in DECISIONS


@pytest.mark.parametrize("name", ["shop", "patterns"])
def test_every_decision_and_every_value_that_a_bundled_template_reads_has_an_entry(name: str) -> None:
    folder = golden_trees.FOLDER / name
    spec = load(yaml_file.read(folder / "pipegen.yml", "pipegen.yml").values)
    facts = measured_in(folder, list(spec.sources))
    made = documented(design(spec, facts), spec, facts)
    assert [d.id for d in made.decisions if provenance.origin_of_decision(d.id) is None] == []
    blueprints = BlueprintStore().load(spec.catalog)
    tracer = Tracer(blueprints, made)
    unknown = set()
    for file in render(blueprints, made):
        found = tracer.file(file.id)
        for read in found.reads() if found else ():
            for owner in [o for o in read.owners or (made,) if not isinstance(o, Contribution)]:
                known = provenance.origin_of_field(type(owner), read.field) is not None
                if not known and type(owner).__module__ == Design.__module__ and read.field != "contributions":
                    unknown.add((type(owner).__name__, read.field))
    assert unknown == set()


# Where an answer is found.


class Made:
    """A design with its provenance, from the text of a pipegen.yml."""

    def __init__(self, text: str, **tables: dict[str, Any]) -> None:
        said = yaml_file.parse(text.encode(), "pipegen.yml")
        spec = load(said.values)
        facts = {name: measured(**tables) for name in spec.sources}
        files = {
            name: yaml_file.Document(
                f"sources/{name}.yml", dump(one), {(): 1, **{("tables", t): n for n, t in enumerate(one.tables, 2)}}
            )
            for name, one in facts.items()
        }
        self.design = documented(design(spec, facts), spec, facts)
        self.provenance = Provenance(self.design, spec, said, files)

    def of(self, owner: Any, field: str, *rest: str) -> Follows:
        return self.provenance.of((owner,) if owner is not None else (), field, rest)

    @property
    def table(self) -> Any:
        return self.design.sources[0].tables[0]


HEAD = "name: shop\nsources:\n  db:\n    kind: sqlite\n    path: x.db\n"


def answers(found: Follows) -> list[tuple[str, Any, str | None]]:
    return [(".".join(map(str, a.address)), a.value, a.place) for a in found.answers]


def test_a_table_beats_its_source_and_a_source_the_defaults() -> None:
    by_default = Made(f"{HEAD}defaults: {{lateness: 2h}}\n")
    assert answers(by_default.of(by_default.table, "lateness_seconds")) == [
        ("defaults.lateness", "2h", "pipegen.yml:6")
    ]
    by_source = Made(f"{HEAD}    lateness: 3h\ndefaults: {{lateness: 2h}}\n")
    assert answers(by_source.of(by_source.table, "lateness_seconds")) == [
        ("sources.db.lateness", "3h", "pipegen.yml:6")
    ]
    by_table = Made(f"{HEAD}    lateness: 3h\n    tables:\n      orders: {{lateness: 4h}}\n      customers:\n")
    assert answers(by_table.of(by_table.table, "lateness_seconds")) == [
        ("sources.db.tables.orders.lateness", "4h", "pipegen.yml:8")
    ]


def test_what_nobody_says_is_the_default_at_no_place() -> None:
    made = Made(HEAD)
    assert answers(made.of(made.table, "most_deleted")) == [("defaults.most_deleted", "20%", None)]
    assert answers(made.of(made.table, "description")) == []


def test_a_source_runs_for_the_freshest_of_its_tables() -> None:
    text = f"{HEAD}    tables:\n      orders: {{freshness: 2h}}\n      customers: {{freshness: 90m}}\n"
    made = Made(text)
    freshest = [("sources.db.tables.customers.freshness", "90m", "pipegen.yml:8")]
    assert answers(made.of(made.design.sources[0], "freshness")) == freshest
    assert answers(made.of(made.design.transform, "freshness_seconds")) == freshest
    assert freshest[0] in answers(made.of(made.design.sources[0], "schedule"))


def test_a_schema_contract_is_said_at_every_level_that_says_a_part_of_it() -> None:
    text = (
        f"{HEAD}    schema_contract: {{new_column: freeze}}\ndefaults: {{schema_contract: {{lost_column: discard}}}}\n"
    )
    made = Made(text)
    assert [address for address, *_ in answers(made.of(made.table, "schema_contract"))] == [
        "sources.db.schema_contract",
        "defaults.schema_contract",
    ]


def test_the_way_into_a_plain_value_is_followed() -> None:
    made = Made(f"{HEAD}destination: {{kind: duckdb}}\nalerts: {{email: [a@example.com]}}\n")
    assert answers(made.of(None, "destination", "kind")) == [("destination.kind", "duckdb", "pipegen.yml:6")]
    assert answers(made.of(None, "alerts", "email")) == [("alerts.email", ["a@example.com"], "pipegen.yml:7")]
    assert answers(made.of(None, "slo", "window")) == [("slo.window", "28d", None)]


def test_a_field_that_was_decided_follows_from_the_decision_and_what_is_behind_it() -> None:
    made = Made(f"{HEAD}defaults: {{deletes: hard}}\n")
    found = made.of(made.table, "load")
    assert [d.id for d in found.decisions] == ["db.orders.extract"]
    assert ("defaults.deletes", "hard", "pipegen.yml:6") in answers(found)
    assert ("tables", "orders", "key") in [x.address for x in found.measured]
    assert {x.source for x in found.measured} == {"db"}


def test_an_override_is_all_that_a_decision_follows_from() -> None:
    made = Made(f"{HEAD}overrides:\n  db.customers.history: {{choice: scd2, because: audit}}\n")
    found = made.of(made.design.sources[0].tables[1], "history")
    assert [(d.id, d.choice) for d in found.decisions] == [("db.customers.history", "scd2")]
    assert answers(found) == [
        ("overrides.db.customers.history", {"choice": "scd2", "because": "audit"}, "pipegen.yml:7")
    ]
    assert found.measured == ()


def test_of_what_is_laid_out_on_pages_only_what_is_told_there_counts() -> None:
    made = Made(f"{HEAD}defaults: {{freshness: 3h}}\n")
    shown = pages(made.design)
    assert answers(made.of(shown, "engine")) == [("destination.kind", "duckdb", None)]
    assert [d.id for d in made.of(shown.flows[0], "every").decisions] == ["db.schedule"]
    assert answers(made.of(shown.flows[0], "kind")) == [("sources.db.kind", "sqlite", "pipegen.yml:4")]
    record = next(r for r in shown.records if r.id.endswith("-extract"))
    assert [[d.id for d in made.of(one, "about").decisions] for one in record.chosen] == [
        ["db.orders.extract"],
        ["db.customers.extract"],
    ]


def test_names_with_dots_are_told_apart() -> None:
    tables = {"a.b": ORDERS | {"foreign_keys": []}, "b": CUSTOMERS}
    text = f"{HEAD}    tables:\n      a.b: {{deletes: ignore}}\n      b: {{columns: {{email: mask}}}}\n"
    made = Made(text, **tables)
    dotted, plain = made.design.sources[0].tables
    assert [a.address for a in made.of(dotted, "deletes").answers][:1] == [
        ("sources", "db", "tables", "a.b", "deletes")
    ]
    assert [d.id for d in made.of(dotted, "write").decisions] == ["db.a.b.write"]
    email = next(c for c in plain.columns if c.id == "email")
    assert answers(made.of(email, "treatment")) == [("sources.db.tables.b.columns.email", "mask", "pipegen.yml:8")]
    assert [x.address for x in made.of(email, "name").measured] == [("tables", "b", "columns", "email")]


def test_a_mart_follows_from_what_says_it_and_from_the_table_behind_it() -> None:
    text = f"{HEAD}marts:\n  fct_orders: {{kind: fact, from: orders}}\n  daily: {{kind: aggregate, from: orders, by: [status]}}\n"
    made = Made(text)
    fact, daily = made.design.marts
    assert ("marts.fct_orders.from", "orders", "pipegen.yml:7") in answers(made.of(fact, "from_"))
    assert [d.id for d in made.of(fact, "load").decisions] == ["db.orders.extract", "db.orders.write"]
    assert [x.address for x in made.of(fact.columns[0], "id").measured] == [("tables", "orders", "columns", "order_id")]
    column = made.of(daily.columns[0], "expression")
    assert ("marts.daily.by", ["status"], "pipegen.yml:8") in answers(column)
    assert (column.measured, made.of(daily, "load").decisions) == ((), ())


def test_a_business_rule_is_found_in_the_list_that_says_it() -> None:
    rules = 'rules: [{name: one, expect: "total >= 0"}, {name: two, expect: "total < 9"}]'
    made = Made(f"{HEAD}    tables:\n      orders:\n        {rules}\n")
    (answer,) = made.of(made.table.rules[1], "expect").answers
    assert (answer.address[-2:], answer.value["name"]) == (("rules", 1), "two")


def test_a_decision_that_is_told_in_a_record_is_itself_what_its_fields_follow_from() -> None:
    made = Made(HEAD)
    record = next(r for r in made.design.records if r.id.endswith("-extract"))
    told = record.decisions[0]
    assert [d.id for d in made.of(told, "choice").decisions] == [told.id]
    assert [d.id for d in made.of(record, "title").decisions] == [d.id for d in record.decisions]


@dataclass(frozen=True)
class Page:
    """Something that is made of a design to be laid out."""

    told: tuple[object, ...]


def test_what_only_tells_of_the_design_follows_from_the_decisions_in_it() -> None:
    made = Made(HEAD)
    record = made.design.records[0]
    assert [d.id for d in made.of(Page((Page((record,)),)), "told").decisions] == [d.id for d in record.decisions]
    assert made.of(Page(("words",)), "told").notes == ("told of the design: `pipegen explain`",)
