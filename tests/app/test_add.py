from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from pipegen.app import add
from pipegen.app import update as updating
from pipegen.app.answers import Given
from pipegen.app.generate import apply, generate
from pipegen.core.errors import PipegenError, SourceError, SpecError, UsageError, WorkspaceError
from pipegen.probe import Look, registry
from pipegen.store import yaml_file

Inputs = dict[str, bytes | None]


def made(here: Path, *sources: str, **flags: str | list[str]) -> Path:
    apply(generate(Given(name="shop", flags={"source": list(sources), **flags})), use_git=False)
    return here / "shop"


def commented(root: Path) -> Path:
    path = root / "pipegen.yml"
    path.write_text(path.read_text().replace("\nmarts:\n", "  # no more of ours\n\nmarts:  # as finance asked\n"))
    return root


def updated(root: Path, inputs: Inputs) -> None:
    with updating.writing(root, "test"):
        updating.apply(updating.update(updating.Request(root, inputs)))


def text(inputs: Inputs, path: str = "pipegen.yml") -> str:
    return (inputs[path] or b"").decode()


def values(inputs: Inputs, path: str = "pipegen.yml") -> dict[str, Any]:
    return yaml_file.parse(inputs[path] or b"", path).values


def test_a_source_is_put_behind_the_others_as_new_writes_it(here: Path) -> None:
    root = commented(made(here, "exports/*.csv"))
    before = (root / "pipegen.yml").read_text()
    said = {"volume": "2M rows/day", "peak": "4x", "freshness": "15m", "deletes": "soft"}
    inputs = add.add_source(root / "dags", "crm=shop.db", said=said, cwd=here)
    block = """  crm:
    kind: sqlite
    path: ../shop.db
    volume: "2M rows/day"
    peak: 4x
    freshness: 15m
    deletes: soft
    tables:
      orders: {}
"""
    assert block in text(inputs)
    assert "  # no more of ours" in text(inputs)
    assert "marts:  # as finance asked" in text(inputs)
    assert list(values(inputs)["sources"]) == ["exports", "crm"]
    lost = set(before.splitlines()) - set(text(inputs).splitlines())
    assert [line.strip().partition(":")[0] for line in lost] == ["fct_orders"], (
        "its table is no longer the only one of its name"
    )
    assert set(inputs) == {"pipegen.yml", "sources/crm.yml"}
    updated(root, inputs)
    assert (root / "dags/crm.py").is_file()
    assert (root / "sources/crm.yml").read_bytes() == inputs["sources/crm.yml"]


def test_the_file_of_measurements_is_what_new_writes(here: Path) -> None:
    root = made(here, "exports/*.csv")
    inputs = add.add_source(root, "db=shop.db", cwd=here)
    other = generate(Given(name="other", flags={"source": ["db=shop.db"]}))
    wanted = next(a.content for a in other.plan.actions if a.path == "sources/db.yml")
    assert inputs["sources/db.yml"] == wanted


def test_marts_are_added_and_those_that_would_mean_two_tables_say_which(here: Path) -> None:
    root = made(here, "exports/*.csv")
    had = yaml_file.read(root / "pipegen.yml").values["marts"]
    assert had["fct_orders"]["from"] == "orders"
    marts = values(add.add_source(root, "db=shop.db", cwd=here))["marts"]
    assert marts["fct_orders"] == had["fct_orders"] | {"from": "exports.orders"}
    assert {n: mart["from"] for n, mart in marts.items() if n not in had} == {"dim_db_orders": "db.orders"}


def test_a_name_that_a_mart_has_is_not_given_again(here: Path) -> None:
    root = made(here, "exports/*.csv", mart=["custom:dim_my_files"])
    marts = values(add.add_source(root, "more=my files/*.csv", cwd=here))["marts"]
    new = [name for name in marts if name != "dim_my_files"]
    assert len(new) == 1
    assert new[0].startswith("dim_my_files_")


@pytest.mark.parametrize("said", [None, "marts: {}\n"])
def test_where_no_mart_is_named_none_is_added(here: Path, said: str | None) -> None:
    root = made(here, "exports/*.csv", table=["customers"])
    path = root / "pipegen.yml"
    head, _, tail = path.read_text().partition("marts:\n")
    path.write_text(head + (said or "") + tail.partition("\n\n")[2])
    assert values(add.add_source(root, "db=shop.db", cwd=here)).get("marts") == (None if said is None else {})


def test_tables_of_the_source_are_chosen_as_by_new(here: Path) -> None:
    root = made(here, "db=shop.db")
    inputs = add.add_source(root, "exports/*.csv", tables=["customers"], cwd=here)
    assert list(values(inputs)["sources"]["exports"]["tables"]) == ["customers"]
    with pytest.raises(SpecError) as found:
        add.add_source(root, "exports/*.csv", tables=["custmers"], cwd=here)
    assert [(p.where, p.hint) for p in found.value.problems()] == [("--table", "did you mean `customers`?")]


def test_a_source_takes_a_name_of_the_past_and_not_its_files(here: Path) -> None:
    root = made(here, "exports/*.csv")
    path = root / "pipegen.yml"
    path.write_text(path.read_text().replace("    kind: files\n", "    kind: files\n    was: db\n"))
    assert "was" not in values(add.add_source(root, "db=shop.db", cwd=here))["sources"]["exports"]


REFUSED_SOURCES: list[tuple[str, dict[str, str], str, str]] = [
    ("exports=shop.db", {}, "there is a source called `exports` already", "pipegen add table exports.TABLE"),
    ("Exports=shop.db", {}, "would both be called `exports`", "pipegen add source NAME=URL"),
    ("transform=shop.db", {}, "the repository uses it for itself", ""),
    ("mongodb://u@h/db", {}, "source `db` names no table to load", "`--table db.T`"),
    ("no=nothing.db", {}, "", ""),
    ("db=shop.db", {"freshness": "soon"}, "freshness", ""),
    ("db=shop.db", {"volume": "much"}, "volume", ""),
]


def test_every_source_that_is_refused(here: Path) -> None:
    root = made(here, "exports/*.csv")
    for url, said, message, hint in REFUSED_SOURCES:
        with pytest.raises(PipegenError) as found:
            add.add_source(root, url, said=said, cwd=here)
        problem = found.value.problems()[0]
        assert message in problem.message
        assert hint in (problem.hint or "")
        if said:
            assert problem.where == f"--{next(iter(said))}"


def test_a_password_is_for_the_probe_alone(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = made(here, "exports/*.csv")
    asked: list[str] = []
    real = registry.probe

    def probe(kind: str, path: str, look: Look) -> Any:
        asked.append(path)
        return real("sqlite", "../shop.db", look)

    monkeypatch.setattr(registry, "probe", probe)
    inputs = add.add_source(root, "crm=postgresql://me:s3cret@db.example.com/crm?schema=sales", cwd=here)
    assert "s3cret" in asked[0]
    assert b"s3cret" not in b"".join(content or b"" for content in inputs.values())
    assert values(inputs)["sources"]["crm"] == {
        "kind": "postgres", "url_env": "CRM_URL", "schema": "sales", "tables": {"orders": {}},
    }  # fmt: skip


def test_a_table_is_measured_and_the_others_stay_as_they_were(here: Path) -> None:
    root = made(here, "db=shop.db")
    measured = (root / "sources/db.yml").read_bytes() + b"# looked at by hand\n"
    (root / "sources/db.yml").write_bytes(measured)
    with sqlite3.connect(here / "shop.db") as db:
        db.execute("insert into orders values (2, 3.5)")
        db.execute(
            "create table lines (id integer primary key, order_id integer references orders (order_id), n integer)"
        )
        db.execute("insert into lines values (1, 1, 5)")
    db.close()
    inputs = add.add_table(root, ["lines"])
    assert (inputs["sources/db.yml"] or b"").startswith(measured.rstrip())
    tables = values(inputs, "sources/db.yml")["tables"]
    assert tables["orders"]["rows"] == {"value": 1, "exact": True}
    assert tables["lines"]["foreign_keys"] == [{"columns": ["order_id"], "to": "orders", "at": ["order_id"]}]
    assert "      orders: {}\n      lines: {}\n" in text(inputs)
    marts = values(inputs)["marts"]
    assert marts["fct_lines"] == {"kind": "fact", "from": "lines", "measures": ["n"], "dimensions": ["orders"]}
    updated(root, inputs)
    assert '"lines"' in (root / "dags/db.py").read_text()


def test_the_file_is_written_anew_where_tables_are_not_the_last_in_it(here: Path) -> None:
    root = made(here, "db=shop.db")
    path = root / "sources/db.yml"
    path.write_text(path.read_text().replace("version: 1\n", "") + "version: 1\n")
    with sqlite3.connect(here / "shop.db") as db:
        db.execute("create table lines (id integer primary key)")
    db.close()
    assert list(values(add.add_table(root, ["db.lines"]), "sources/db.yml")["tables"]) == ["orders", "lines"]


def test_what_was_measured_already_is_taken_as_it_was(here: Path) -> None:
    root = made(here, "exports/*.csv")
    (root / "pipegen.yml").write_text(
        "version: 1\nname: shop\nsources:\n  exports: {kind: files, path: ../exports/*.csv, tables: {orders: {}}}\n"
        "marts: {fct_orders: {kind: fact, from: orders}}\ndestination: {kind: duckdb}\n"
    )
    (here / "exports/customers.csv").unlink()
    inputs = add.add_table(root, ["exports.customers"])
    assert set(inputs) == {"pipegen.yml"}
    assert list(values(inputs)["sources"]["exports"]["tables"]) == ["orders", "customers"]
    assert "dim_customers" in values(inputs)["marts"]


def test_a_table_can_be_added_while_one_that_is_loaded_is_gone(here: Path) -> None:
    root = made(here, "exports/*.csv")
    (here / "exports/customers.csv").unlink()
    (here / "exports/visits.csv").write_text("visit_id,page\n1,a\n2,b\n")
    inputs = add.add_table(root, ["visits"])
    assert list(values(inputs, "sources/exports.yml")["tables"]) == ["customers", "orders", "visits"]


def test_a_table_of_the_sample_and_one_that_it_has_not(here: Path) -> None:
    root = made(here, "sample:", table=["orders", "customers"])
    inputs = add.add_table(root, ["products", "shop.order_items"])
    assert list(values(inputs)["sources"]["shop"]["tables"]) == ["orders", "customers", "products", "order_items"]
    with pytest.raises(SourceError, match="has no table `product`") as found:
        add.add_table(root, ["product"])
    assert found.value.hint == "did you mean `products`?"


def test_a_pipeline_that_names_no_table_names_them_all_then(here: Path) -> None:
    root = made(here, "exports/*.csv")
    path = root / "pipegen.yml"
    path.write_text(path.read_text().replace("    tables:\n      customers: {}\n      orders: {}\n", ""))
    (here / "exports/visits.csv").write_text("visit_id,page\n1,a\n2,b\n")
    inputs = add.add_table(root, ["visits"])
    assert list(values(inputs)["sources"]["exports"]["tables"]) == ["customers", "orders", "visits"]


def test_a_table_takes_a_name_of_the_past_and_not_its_files(here: Path) -> None:
    root = made(here, "exports/*.csv")
    path = root / "pipegen.yml"
    path.write_text(path.read_text().replace("      customers: {}", "      customers: {was: visits}"))
    (here / "exports/visits.csv").write_text("visit_id,page\n1,a\n2,b\n")
    assert values(add.add_table(root, ["visits"]))["sources"]["exports"]["tables"]["customers"] == {}


@pytest.mark.parametrize("path", ["pipegen.yml", "sources/exports.yml"])
def test_what_a_person_saves_while_a_source_is_looked_at_is_not_written_over(
    here: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    root = made(here, "exports/*.csv")
    (here / "exports/visits.csv").write_text("visit_id,page\n1,a\n2,b\n")
    real = registry.probe

    def probe(*source: Any, **how: Any) -> Any:
        with (root / path).open("a") as file:
            file.write("# ours\n")
        return real(*source, **how)

    monkeypatch.setattr(registry, "probe", probe)
    for adds in (lambda: add.add_source(root, "db=shop.db", cwd=here), lambda: add.add_table(root, ["visits"])):
        with pytest.raises(WorkspaceError, match=f"`{path}` was edited meanwhile"):
            adds()


def test_a_rule_and_personal_data_are_said_with_the_source(here: Path) -> None:
    root = made(here, "db=shop.db")
    said = {"rule": ["orders: total >= 0"], "personal_data": ["customers.email=tokenise"]}
    told: list[str] = []
    inputs = add.add_source(root, "exports=exports/*.csv", said=said, cwd=here, tell=told.append)
    tables = values(inputs)["sources"]["exports"]["tables"]
    assert tables["orders"] == {"rules": [{"name": "total >= 0", "expect": "total >= 0"}]}
    assert tables["customers"] == {"columns": {"email": "tokenise"}}
    assert told == []
    with pytest.raises(SpecError, match="this is not a SQL expression") as found:
        add.add_source(root, "exports=exports/*.csv", said={"rule": ["orders: total >"]}, cwd=here)
    assert [p.where for p in found.value.problems()] == ["--rule"]


def test_what_is_worth_a_look_is_told_of_what_is_added_alone(here: Path) -> None:
    root = made(here, "exports/*.csv", table=["orders"])
    (here / "people.csv").write_text("id,email\n1,a@example.com\n2,b@example.com\n3,c@example.com,too many\n")
    told: list[str] = []
    add.add_source(root, "people.csv", cwd=here, tell=told.append)
    add.add_table(root, ["customers"], tell=told.append)
    say = f"may be personal data and will land as it is; say what becomes of it: `{add.TREAT}`, `tokenise`, `drop` or `keep`"
    assert told == [
        "people.people: 1 row does not parse, and will go to quarantine",
        f"people.people: email {say}",
        f"exports.customers: email {say}",
    ]


def test_every_table_that_cannot_be_added_is_said_at_once(here: Path) -> None:
    root = made(here, "exports/*.csv", "db=shop.db")
    with pytest.raises(SpecError) as found:
        add.add_table(root, ["exports.orders", "visits", "export.visits"])
    assert [(p.where, p.message, p.hint) for p in found.value.problems()] == [
        ("TABLE", "`exports.orders` is loaded already", "`pipegen update --probe` measures the sources again"),
        (
            "TABLE",
            "`visits` does not say of which source it is a table",
            "say `SOURCE.visits`, with one of exports, db",
        ),
        ("TABLE", "`export.visits` does not say of which source it is a table", "did you mean `exports`?"),
    ]


def test_a_database_server_is_found_by_its_variable(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = made(here, "exports/*.csv")
    real = registry.probe
    asked: list[tuple[str, Any]] = []

    def probe(kind: str, path: str, look: Look) -> Any:
        asked.append((path, look.tables))
        return real("sqlite", "../shop.db", look)

    with sqlite3.connect(here / "shop.db") as db:
        db.execute("create table lines (id integer primary key)")
    db.close()
    monkeypatch.setattr(registry, "probe", lambda *_: real("sqlite", "../shop.db", Look(root, ["orders"])))
    updated(root, add.add_source(root, "crm=postgresql://me:s3cret@db.example.com/crm", cwd=here))
    monkeypatch.setattr(registry, "probe", probe)
    with pytest.raises(UsageError, match="`CRM_URL` is not set"):
        add.add_table(root, ["crm.lines"])
    monkeypatch.setenv("CRM_URL", "postgresql://me:s3cret@db.example.com/crm")
    inputs = add.add_table(root, ["crm.public.lines"])
    assert asked == [("postgresql://me:s3cret@db.example.com/crm?schema=public", ["orders", "lines"])]
    assert list(values(inputs)["sources"]["crm"]["tables"]) == ["orders", "lines"]
