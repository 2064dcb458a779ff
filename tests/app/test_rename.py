from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pipegen.app import update as updating
from pipegen.app.answers import Given
from pipegen.app.generate import apply, generate
from pipegen.app.rename import rename
from pipegen.core.errors import UsageError
from pipegen.core.measured import Measured
from pipegen.store import yaml_file
from pipegen.store.blueprints import BlueprintStore
from tests.render.blueprints import blueprint

FILES = {
    "dags/{source}.py": "NAME = <%= source.name | py %>\n\n\n# every hour\n\n\nTABLES = <%= source.tables | length | py %>\n",
    "models/{source}/{table}.sql": "select *\n\n\n-- as it is\n\n\nfrom <%= table.name | py %>\n",
}


def made(here: Path, *sources: str, **flags: str | list[str]) -> Path:
    apply(generate(Given(name="shop", flags={"source": list(sources), **flags})), use_git=False)
    return here / "shop"


@pytest.fixture
def root(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of files and a database, with comments, an override, and an edit in a DAG and in a model."""
    one = blueprint(FILES, name="project", for_each={"source": "sources", "table": "source.tables"})
    monkeypatch.setattr(BlueprintStore, "load", lambda *_: [one])
    root = made(here, "exports/*.csv", "db=shop.db", mart=["dimension:customers", "fact:exports.orders"])
    spec = root / "pipegen.yml"
    text = spec.read_text().replace("      customers: {}", "      customers: {}  # people")
    spec.write_text(text + "overrides:\n  exports.customers.extract: {choice: full}  # small\n")
    updated(root)
    for path in ("dags/exports.py", "models/exports/customers.sql"):
        text = (root / path).read_text()
        (root / path).write_text(text.replace("every hour", "mine").replace("as it is", "mine"))
    return root


def updated(root: Path, inputs: dict[str, bytes | None] | None = None) -> updating.Updated:
    with updating.writing(root, "test"):
        return updating.apply(updating.update(updating.Request(root, inputs or {})))


def values(root: Path) -> dict:  # type: ignore[type-arg]
    return yaml_file.read(root / "pipegen.yml").values


def test_a_source_is_renamed_everywhere_and_its_edited_files_move(root: Path) -> None:
    measured = (root / "sources/exports.yml").read_bytes()
    done = updated(root, rename(root / "dags", "exports", "partner"))
    assert done.unresolved == ()
    assert not (root / "sources/exports.yml").exists()
    assert (root / "sources/partner.yml").read_bytes() == measured
    text = (root / "pipegen.yml").read_text()
    assert "customers: {}  # people" in text
    assert "partner.customers.extract: {choice: full}  # small" in text
    assert "fct_exports_orders: {kind: fact, from: partner.orders" in text
    said = values(root)["sources"]
    assert list(said) == ["partner", "db"]
    assert said["partner"]["was"] == "exports"
    assert '"partner"\n\n\n# mine\n' in (root / "dags/partner.py").read_text()
    assert "-- mine" in (root / "models/partner/customers.sql").read_text()
    assert not (root / "dags/exports.py").exists()
    assert not (root / "models/exports").exists()


def test_a_table_is_renamed_in_the_spec_and_in_what_was_measured(root: Path) -> None:
    before = Measured.model_validate(yaml_file.read(root / "sources/exports.yml").values)
    assert any(key.to == "customers" for key in before.tables["orders"].foreign_keys)
    updated(root, rename(root, "customers", "exports.clients"))
    text = (root / "pipegen.yml").read_text()
    assert "      clients: {was: customers}  # people" in text
    assert "exports.clients.extract: {choice: full}  # small" in text
    assert "from: clients}" in text
    after = Measured.model_validate(yaml_file.read(root / "sources/exports.yml").values)
    assert [key.to for key in after.tables["orders"].foreign_keys] == ["clients"]
    assert after.tables["clients"] == before.tables["customers"], "the file has its old name"
    assert (root / "models/exports/clients.sql").read_text().endswith('-- mine\n\n\nfrom "clients"\n')
    assert not (root / "models/exports/customers.sql").exists()


def test_the_files_of_a_table_that_were_renamed_are_found(root: Path) -> None:
    (root.parent / "exports/customers.csv").rename(root.parent / "exports/clients.csv")
    inputs = rename(root, "customers", "clients")
    assert b"    files: clients.csv" in (inputs["sources/exports.yml"] or b"")
    shutil.rmtree(root.parent / "exports")
    assert b"    files: customers.csv" in (rename(root, "customers", "clients")["sources/exports.yml"] or b"")


def test_a_table_that_two_sources_have_must_say_which(root: Path) -> None:
    with pytest.raises(UsageError, match="several sources") as found:
        rename(root, "orders", "purchases")
    assert found.value.hint == "say `exports.orders` or `db.orders`"
    text = (rename(root, "db.orders", "purchases")["pipegen.yml"] or b"").decode()
    assert "      purchases: {was: orders}" in text
    assert "from: exports.orders" in text


@pytest.mark.parametrize("names", [("customers", "clients"), ("exports", "partner")])
def test_there_and_back_carries_the_edit_and_a_third_name_too(root: Path, names: tuple[str, str]) -> None:
    old, new = names
    updated(root, rename(root, old, new))
    updated(root, rename(root, new, "third"))
    node = values(root)["sources"]
    node = node["exports"]["tables"] if "exports" in node else node
    assert node["third"]["was"] == new, "it is what the last render called it that the edits are found by"
    updated(root, rename(root, "third", old))
    here = sorted(p.relative_to(root).as_posix() for folder in ("dags", "models") for p in (root / folder).rglob("*.*"))
    assert here == [
        "dags/db.py", "dags/exports.py", "models/db/orders.sql", "models/exports/customers.sql", "models/exports/orders.sql",
    ]  # fmt: skip
    assert "# mine" in (root / "dags/exports.py").read_text()
    assert "-- mine" in (root / "models/exports/customers.sql").read_text()


def test_a_name_that_was_never_rendered_is_no_past(root: Path) -> None:
    spec = root / "pipegen.yml"
    spec.write_bytes(rename(root, "exports", "partner")["pipegen.yml"] or b"")  # by hand; not updated yet
    inputs = rename(root, "partner", "third")
    assert yaml_file.parse(inputs["pipegen.yml"] or b"", "x").values["sources"]["third"]["was"] == "exports"
    assert inputs["sources/exports.yml"] is None
    assert inputs["sources/third.yml"] == (root / "sources/exports.yml").read_bytes()
    back = yaml_file.parse(rename(root, "partner", "exports")["pipegen.yml"] or b"", "x").values
    assert "was" not in back["sources"]["exports"]
    updated(root, inputs)
    assert '"third"\n\n\n# mine\n' in (root / "dags/third.py").read_text()


def test_a_pipeline_that_names_no_table_names_them_then(here: Path) -> None:
    root = made(here, "exports/*.csv")
    spec = root / "pipegen.yml"
    spec.write_text(spec.read_text().replace("    tables:\n      customers: {}\n      orders: {}\n", ""))
    inputs = rename(root, "customers", "clients")
    said = yaml_file.parse(inputs["pipegen.yml"] or b"", "x").values["sources"]["exports"]["tables"]
    assert said == {"clients": {"was": "customers"}, "orders": {}}


def test_the_sample_is_renamed_as_any_other(here: Path) -> None:
    root = made(here, "sample:")
    updated(root, rename(root, "shop.customers", "clients"))
    assert values(root)["sources"]["shop"]["tables"]["clients"] == {"was": "customers"}
    lock = json.loads((root / ".pipegen/lock.json").read_text())
    assert "shop.clients.extract" in lock["design"]


def test_an_answer_that_is_a_table_of_a_source_is_renamed_and_one_that_may_be_anything_is_not(root: Path) -> None:
    spec = root / "pipegen.yml"
    answers = "answers: {audit: {of: exports.customers, team: customers, also: exports, at: [exports.customers]}}\n"
    own = "blueprints:\n  - {source: ../x, answers: {of: exports.customers}}  # ours\n"
    spec.write_text(spec.read_text() + answers + own)
    for old, new, table in (("customers", "clients", "exports.clients"), ("exports", "partner", "partner.customers")):
        text = (rename(root, old, new)["pipegen.yml"] or b"").decode()
        assert answers.replace("{of: exports.customers", f"{{of: {table}") in text
        assert own.replace("exports.customers", table) in text


REFUSED = [
    ("exports", "exports", "`exports` is called so already", None),
    ("export", "x", "no source and no table is called `export`", "did you mean `exports`?"),
    ("exports.custmers", "x", "no source and no table", "did you mean `exports.customers`?"),
    ("exports", "db", "there is a source called `db` already", "rename that one first"),
    ("exports", "DB", "sources `db` and `DB` would both be called `db`", "say another name"),
    ("exports", "1st", "`1st` cannot be the name of a source", None),
    ("exports", "a.b", "`a.b` cannot be the name of a source", None),
    ("exports", "transform", "the repository uses it for itself", None),
    ("customers", "orders", "there is a table called `orders` already", "rename that one first"),
    ("customers", "Orders", "would both be called `orders`", "say another name"),
    (
        "customers",
        "db.customers",
        "a table of source `exports` cannot become one of `db`",
        "loads one of that source",
    ),
    ("customers", " ", "`` cannot be the name of a table", None),
    ("customers", "a\nb", "cannot be the name of a table", None),
]


def test_every_name_that_cannot_be(root: Path) -> None:
    for old, new, message, hint in REFUSED:
        with pytest.raises(UsageError) as found:
            rename(root, old, new)
        assert message in found.value.message
        assert (hint or "") in (found.value.hint or "")


def test_a_table_that_is_there_and_not_loaded_is_not_the_new_name_of_another(here: Path) -> None:
    root = made(here, "exports/*.csv")
    (root / "pipegen.yml").write_text(
        "version: 1\nname: shop\nsources:\n  exports: {kind: files, path: ../exports/*.csv, tables: {orders: {}}}\n"
        "marts: {}\ndestination: {kind: duckdb}\n"
    )
    with pytest.raises(UsageError, match="has a table `customers` beside `orders`") as found:
        rename(root, "orders", "customers")
    assert found.value.hint == "`pipegen add table exports.customers` loads it"
