from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipegen.cli.main import run
from pipegen.core.errors import WorkspaceError
from pipegen.probe import registry
from pipegen.store import transaction
from tests.small import tree

Result = tuple[int, str, str]


@pytest.fixture
def pipegen(capfd: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    def call(*words: str) -> Result:
        capfd.readouterr()
        code = run(words)
        out, err = capfd.readouterr()
        return code, out, err

    return call


@pytest.fixture
def root(here: Path, pipegen: Callable[..., Result]) -> Path:
    assert pipegen("new", "shop", "--source", "exports/*.csv", "--no-git")[0] == 0
    return here / "shop"


COMMANDS = (
    ("add", "source", "db=../shop.db"),
    ("add", "table", "exports.visits"),
    ("rename", "exports", "partner"),
    ("rename", "customers", "clients"),
)


def visits(here: Path) -> None:
    (here / "exports/visits.csv").write_text("visit_id,page\n1,a\n2,b\n")


@pytest.mark.parametrize("show", ["--dry-run", "--diff"])
def test_what_is_only_shown_is_not_written(root: Path, pipegen: Callable[..., Result], show: str) -> None:
    visits(root.parent)
    before = tree(root)
    for words in COMMANDS:
        code, out, err = pipegen(*words, show, "-C", "shop")
        assert code == 0, err
        assert "pipegen.yml" in out + err
        assert ("+++ " in out + err) == (show == "--diff")
        assert tree(root) == before


def test_each_command_updates_the_repository_and_leaves_nothing_to_do(
    root: Path, pipegen: Callable[..., Result]
) -> None:
    visits(root.parent)
    for words in COMMANDS:
        code, out, err = pipegen(*words, "--json", "-C", "shop")
        assert code == 0, err
        document = json.loads(out)
        assert document["applied"] is True
        assert "pipegen.yml" in [action["path"] for action in document["plan"]]
        assert pipegen("update", "--check", "-C", "shop")[0] == 0, words
    assert {"dags/db.py", "dags/partner.py", "sources/db.yml", "sources/partner.yml"} <= set(tree(root))
    assert {"dags/exports.py", "sources/exports.yml"}.isdisjoint(tree(root))


def test_flags_of_a_source_stand_on_the_source(root: Path, pipegen: Callable[..., Result]) -> None:
    flags = ("--volume", "9GB/day", "--peak", "3x", "--lateness", "2h", "--history", "none", "--table", "db.orders")
    flags = (*flags, "--rule", "orders: total >= 0", "--personal-data", "orders.total=keep")
    code, _, err = pipegen(
        "add", "source", "db=../shop.db", "--freshness", "15m", "--deletes", "soft", *flags, "-C", "shop"
    )
    assert code == 0, err
    said = (root / "pipegen.yml").read_text().partition("  db:\n")[2].partition("\n\n")[0]
    assert {"    peak: 3x", "    freshness: 15m", "    lateness: 2h", "    deletes: soft", "    history: none"} <= set(
        said.splitlines()
    )
    assert "9GB/day" in said
    assert "expect: total >= 0" in said
    assert "columns: {total: keep}" in said


def test_personal_data_of_what_is_added_is_told_and_the_remedy_works(
    root: Path, pipegen: Callable[..., Result]
) -> None:
    (root.parent / "exports/people.csv").write_text("id,email\n1,a@example.com\n2,b@example.com\n")
    code, _, err = pipegen("add", "table", "people", "-C", "shop")
    assert code == 0, err
    assert "note: exports.people: email may be personal data" in err
    assert "customers" not in err.partition("note: ")[2].partition("\n")[0]
    code, _, err = pipegen("update", "--set", "sources.exports.tables.people.columns.email=mask", "-C", "shop")
    assert code == 0, err
    assert "      people: {columns: {email: mask}}\n" in (root / "pipegen.yml").read_text()


def test_an_edit_that_overlaps_is_a_conflict(root: Path, pipegen: Callable[..., Result]) -> None:
    dag = root / "dags/exports.py"
    dag.write_text(dag.read_text().replace('"exports"', '"mine"'))
    code, _, err = pipegen("rename", "exports", "partner", "--conflict", "aside", "-C", "shop")
    assert code == 5, err
    assert '"mine"' in (root / "dags/partner.py").read_text()
    aside = [p.read_text() for p in (root / ".pipegen/conflicts").rglob("partner.py*")]
    assert any('"partner"' in text for text in aside)


def test_no_other_run_writes_what_the_inputs_are_made_from(
    root: Path, pipegen: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    visits(root.parent)
    real = registry.probe
    others: list[str] = []

    def probe(*source: Any, **how: Any) -> Any:
        with pytest.raises(WorkspaceError) as found, transaction.held(root, "update"):
            pass
        others.append(found.value.message)
        return real(*source, **how)

    monkeypatch.setattr(registry, "probe", probe)
    for words in COMMANDS[:2]:
        assert pipegen(*words, "-C", "shop")[0] == 0
        assert f"{words[0]} {words[1]}" in others.pop()
    with transaction.held(root, "update"):
        code, _, err = pipegen("rename", "customers", "clients", "-C", "shop")
    assert code == 1
    assert "update" in err
    assert "clients" not in (root / "pipegen.yml").read_text()


WRONG = (
    (("rename", "exprts", "x"), "did you mean `exports`?"),
    (("rename", "exports"), "missing argument"),
    (("add",), "Usage: pipegen add"),
    (("add", "sources", "x"), "did you mean `pipegen add source`?"),
    (("add", "table"), "missing argument"),
    (("add", "table", "visits"), "has no table `visits`"),
    (("add", "table", "orders"), "TABLE: `exports.orders` is loaded already"),
    (("add", "source", "exports=../shop.db"), "there is a source called `exports` already"),
    (("add", "source", "../shop.db", "--freshness", "soon"), "--freshness"),
    (("rename", "exports", "x", "--conflict", "all"), "`--conflict all` is not one of"),
    (("rename", "exports", "x", "--accept-design=x.mode.y"), "there is no such decision"),
)


def test_what_is_wrong_is_said_and_nothing_is_written(root: Path, pipegen: Callable[..., Result]) -> None:
    before = tree(root)
    for words, said in WRONG:
        code, out, err = pipegen(*words, *(("-C", "shop") if len(words) > 1 else ()))
        assert code in (1, 2)
        assert out == ""
        assert said.lower() in err.lower()
        assert "Traceback" not in err
    assert tree(root) == before


def test_a_repository_of_one_template_has_no_sources(here: Path, pipegen: Callable[..., Result]) -> None:
    (here / "pipegen.yml").write_text("version: 1\nname: x\nblueprints:\n  - {source: ../template}\n")
    (here / ".pipegen").mkdir()
    for words in (("add", "source", "shop.db"), ("add", "table", "x"), ("rename", "a", "b")):
        code, _, err = pipegen(*words)
        assert code == 2
        assert "made from one template, so it has no sources" in err
        assert "pipegen update --set KEY=VALUE" in err


def test_the_bundled_repository_is_extended_and_renamed_with_its_edits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pipegen: Callable[..., Result]
) -> None:
    monkeypatch.chdir(tmp_path)
    with sqlite3.connect(tmp_path / "crm.db") as db:
        db.execute("create table calls (call_id integer primary key, minutes integer)")
        db.execute("insert into calls values (1, 5), (2, 7)")
    db.close()
    new = (
        "new",
        "web",
        "--source",
        "shop=sample:",
        "--table",
        "orders",
        "--table",
        "customers",
        "--no-git",
        "--catalog",
        "1.0",
    )
    assert pipegen(*new)[0] == 0
    root = tmp_path / "web"
    monkeypatch.chdir(root)
    spec = root / "pipegen.yml"
    spec.write_text(spec.read_text().replace("      customers: {}", "      customers: {}  # people"))
    dag, model = root / "dags/shop.py", root / "transform/models/staging/shop/stg_shop__customers.sql"
    dag.write_text(dag.read_text() + "\n\n# the DAG is ours\n")
    model.write_text(model.read_text() + "\n-- and so is the model\n")

    assert pipegen("add", "source", "crm=../crm.db")[0] == 0
    assert pipegen("add", "table", "shop.products")[0] == 0
    assert pipegen("rename", "customers", "clients")[0] == 0
    code, _, err = pipegen("rename", "shop", "store")
    assert code == 0, err

    files = tree(root)
    assert b"# the DAG is ours" in files["dags/store.py"][1]
    assert b"-- and so is the model" in files["transform/models/staging/store/stg_store__clients.sql"][1]
    assert {"dags/crm.py", "transform/models/staging/store/stg_store__products.sql"} <= set(files)
    assert not [path for path in files if "stg_shop" in path or path in ("dags/shop.py", "sources/shop.yml")]
    assert "      clients: {was: customers}  # people" in spec.read_text()
    code, _, err = pipegen("check", "--level", "static")
    assert code == 0, err
