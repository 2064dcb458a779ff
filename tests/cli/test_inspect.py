"""``pipegen inspect``: what it prints, what it writes, and what it refuses."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pipegen.cli.main import run
from pipegen.core.measured import Measured
from pipegen.probe import registry
from pipegen.store import yaml_file
from tests.postgres import _QUOTED, PASSWORD, Server
from tests.rest_server import serving
from tests.screen import CTRL_C, PIPEGEN, Screen
from tests.small import tree

Result = tuple[int, str, str]
LONG = "a_table_with_a_very_long_name_that_nobody_would_want_to_type_but_that_is_there_all_the_same_2024"


@pytest.fixture(autouse=True)
def eighty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def pipegen(capfd: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    def call(*words: str) -> Result:
        capfd.readouterr()
        code = run(words)
        out, err = capfd.readouterr()
        return code, out, err

    return call


@pytest.fixture
def shop(here: Path) -> Path:
    """A database with a key, a watermark, personal data, a foreign key, and a name that fits no line."""
    with sqlite3.connect(here / "shop.db") as db:
        db.executescript(
            f"""
            drop table orders;
            create table customers (id integer primary key, email text not null, phone text);
            create table orders (
                order_id integer primary key, customer_id integer references customers (id), total real, updated_at timestamp);
            create table "{LONG}" (x integer);
            """
        )
        db.execute("insert into customers values (1, 'a@example.com', null)")
        rows = [(i, 1, i / 2, f"2024-01-{1 + i // 24:02} {i % 24:02}:00:00") for i in range(480)]
        db.executemany("insert into orders values (?, ?, ?, ?)", rows)
    db.close()
    return here


@pytest.fixture
def root(shop: Path, pipegen: Callable[..., Result]) -> Path:
    words = ("--source", "db=sqlite:///shop.db", "--table", "orders", "--table", "customers")
    assert pipegen("new", "shop", *words, "--no-git")[0] == 0
    return shop / "shop"


def saved(root: Path) -> Measured:
    return Measured.model_validate(yaml_file.read(root / "sources/db.yml").values)


def test_a_source_is_told_a_table_after_another_and_nothing_is_written(
    shop: Path, pipegen: Callable[..., Result]
) -> None:
    before = tree(shop)
    code, out, err = pipegen("inspect", "sqlite:///shop.db")
    assert code == 0, err
    lines = out.splitlines()
    assert lines[0] == "sqlite:///shop.db"
    assert lines[1].startswith("  source      SQLite")
    assert "orders        480 rows, " in out
    assert "  key         order_id (" in out
    assert "  watermark   updated_at, " in out
    assert "  personal    email (email), phone (phone)" in out
    assert "  points to   customers, by customer_id" in out
    assert all(len(line) <= 80 for line in lines if LONG not in line)
    assert LONG in lines, "no name is cut"
    assert "a@example.com" not in out, "no value of a row"
    assert "3 tables; nothing was written" in err
    assert "columns: pipegen inspect sqlite:///shop.db --table " in err
    assert tree(shop) == before


def test_of_a_table_its_columns_are_told(shop: Path, pipegen: Callable[..., Result]) -> None:
    code, out, err = pipegen("inspect", "sqlite:///shop.db", "--table", "customers")
    assert code == 0, err
    assert "orders" not in out
    rows = [line.split() for line in out.splitlines()[out.splitlines().index("  columns") + 1 :]]
    assert [row[0] for row in rows if row[0] in ("id", "email", "phone")] == ["id", "email", "phone"]
    assert "never null" in out and "personal: email" in out
    everything = pipegen("inspect", "sqlite:///shop.db", "-v")[1]
    assert everything.count("  columns\n") == 3
    assert "2024-01-01" in pipegen("inspect", "sqlite:///shop.db", "--table", "orders")[1], "the range of a time"


def test_it_reads_plain_files_and_the_sample(here: Path, pipegen: Callable[..., Result]) -> None:
    code, out, _ = pipegen("inspect", "exports/*.csv")
    assert code == 0
    assert "customers     2 rows" in out and "files       customers.csv (csv)" in out
    code, out, _ = pipegen("inspect", "web=sample:")
    assert code == 0
    assert "order_items   3,600 rows" in out


def test_what_a_url_does_not_say_of_a_source_is_said_beside_it(
    here: Path, pipegen: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_TOKEN", "t0ken")
    with serving({"orders": [{"id": 1}, {"id": 2}]}, token="t0ken", index=True) as api:
        words = ("inspect", f"crm={api}", "--table", "orders")
        assert pipegen(*words)[0] == 1
        code, out, err = pipegen(*words, "--set", "sources.crm.auth_env=API_TOKEN")
    assert code == 0, err
    assert "orders        2 rows" in out and "t0ken" not in out + err
    code, _, err = pipegen("inspect", f"crm={api}", "--set", "sources.crm.auth_envv=X")
    assert code == 2 and "did you mean `auth_env`?" in err


def test_json_is_the_measurement(shop: Path, pipegen: Callable[..., Result]) -> None:
    code, out, err = pipegen("inspect", "db=sqlite:///shop.db", "--json", "--table", "orders")
    assert code == 0
    found = json.loads(out)
    assert {k: found[k] for k in ("schema_version", "source", "kind", "saved")} == {
        "schema_version": 1, "source": "db", "kind": "sqlite", "saved": None,
    }  # fmt: skip
    assert list(Measured.model_validate(found["measured"]).tables) == ["orders"]
    assert err == ""


@pytest.mark.parametrize(
    ("words", "code", "message", "hint"),
    [
        (("nowhere.csv",), 1, "nowhere.csv` is not there", ""),
        (("zzz://x",), 2, "zzz", ""),
        (("sqlite:///shop.db", "--table", "order"), 1, "order", "did you mean `orders`?"),
        (("sqlite:///shop.db", "--save"), 2, "is no source of a repository", "`pipegen add source URL`"),
        (("postgresql://u:hunter2@localhost:1/x",), 1, "no PostgreSQL answers", ""),
        (("postgresql://u:hunter2@localhost:1/x", "--save"), 2, "is no source of a repository", ""),
        (("postgresql://u:hunter2@localhost:1/x", "--json"), 1, "no PostgreSQL answers", ""),
        (
            ("postgresql://u:hunter2@nosuchhost.invalid/x",),
            1,
            "the host of database `x` at `nosuchhost.invalid` is not known",
            "",
        ),
        (("mssql://u@h/x",), 1, "nothing can look at a source of kind `mssql` yet", "`pipegen new` takes your word"),
        (("--seconds", "0", "sample:"), 2, "seconds", ""),
        ((), 2, "missing argument `SOURCE`", "allowed is a URL"),
    ],
)
def test_what_is_refused(
    shop: Path, pipegen: Callable[..., Result], words: tuple[str, ...], code: int, message: str, hint: str
) -> None:
    before = tree(shop)
    got, out, err = pipegen("inspect", *words)
    assert got == code, err
    assert message.lower() in err.lower() and f"hint: {hint}" in err
    assert out == "" and "hunter2" not in err
    assert tree(shop) == before


def test_a_source_of_the_repository_is_called_by_its_name(root: Path, pipegen: Callable[..., Result]) -> None:
    for words in (("db", "-C", "shop"), ("db", "-C", "shop/dags"), ("db", "-C", "shop", "--table", "*")):
        code, out, err = pipegen("inspect", *words)
        assert code == 0, err
        assert "orders " in out
        assert (LONG in out) == ("*" in words), "what it loads, or all"
    code, _, err = pipegen("inspect", "db")
    assert code == 1 and "`" in err, "there is no repository here, so it is a path that is not there"
    code, _, err = pipegen("inspect", "db", "-C", str(root), "--set", "sources.db.volume=1k rows/day")
    assert (code, err.count("pipegen.yml")) == (2, 1)


def test_save_writes_what_changed_and_the_update_follows(root: Path, pipegen: Callable[..., Result]) -> None:
    code, _, err = pipegen("inspect", "db", "--save", "-C", "shop")
    assert code == 0 and "sources/db.yml has it so already" in err
    before = tree(root)
    with sqlite3.connect(root.parent / "shop.db") as db:
        db.executemany("insert into customers values (?, 'b@example.com', null)", [(i,) for i in range(2, 12)])
        db.execute("delete from orders where order_id > 100")
    db.close()
    code, _, err = pipegen("inspect", "db", "--save", "--table", "customers", "-C", "shop")
    assert code == 0 and "wrote sources/db.yml" in err
    found = saved(root)
    assert set(found.tables) == {"orders", "customers"}
    assert {t: f.rows.value for t, f in found.tables.items() if f.rows} == {"orders": 480, "customers": 11}
    changed = {path for path, was in tree(root).items() if before.get(path) != was}
    assert changed == {"sources/db.yml"}, "and nothing is left beside it"
    code, out, err = pipegen("inspect", "db", "--save", "--json", "-C", "shop/dags")
    assert code == 0 and json.loads(out)["saved"] == "sources/db.yml"
    assert {t: f.rows.value for t, f in saved(root).tables.items() if f.rows} == {"orders": 101, "customers": 11}
    assert pipegen("update", "-C", "shop")[0] == 0
    assert pipegen("status", "--exit-code", "-C", "shop")[0] == 0


def test_only_what_is_loaded_is_saved(root: Path, pipegen: Callable[..., Result]) -> None:
    before = tree(root)
    for table in (LONG, "db.order", "*"):
        code, _, err = pipegen("inspect", "db", "--save", "--table", table, "-C", "shop")
        assert code == 2 and "is not loaded" in err
    assert tree(root) == before


def test_what_was_edited_meanwhile_is_not_written_over(
    root: Path, pipegen: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = registry.probe

    def slow(*args: object) -> Measured:
        (root / "sources/db.yml").write_text("version: 1\nserver: {kind: sqlite}\n")
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(registry, "probe", slow)
    code, _, err = pipegen("inspect", "db", "--save", "-C", "shop")
    assert code == 1 and "sources/db.yml" in err
    assert (root / "sources/db.yml").read_text() == "version: 1\nserver: {kind: sqlite}\n"


def test_a_file_that_cannot_be_written_is_said_in_a_sentence(
    root: Path, pipegen: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite3.connect(root.parent / "shop.db") as db:
        db.execute("delete from orders")
    db.close()
    (root / ".pipegen/lock.json").write_text("{")
    code, _, err = pipegen("inspect", "db", "--save", "-C", "shop")
    assert code in (1, 2) and "error: " in err and "hint: " in err


def test_the_time_that_it_may_take_reaches_the_probe(
    shop: Path, pipegen: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, given = registry.probe, []

    def probe(kind: str, path: str, look: object) -> Measured:
        given.append(getattr(look, "seconds", None))
        return real(kind, path, look)  # type: ignore[arg-type]

    monkeypatch.setattr(registry, "probe", probe)
    assert pipegen("inspect", "sqlite:///shop.db", "--seconds", "7")[0] == 0
    assert given == [7.0]


def test_ctrl_c_ends_it_at_once(tmp_path: Path) -> None:
    """A server that takes a connection, and never says a word."""
    (tmp_path / "home").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://reader:s3cr3t@127.0.0.1:{silent.getsockname()[1]}/shop"
        screen = Screen((*PIPEGEN, "inspect", url), tmp_path, home=tmp_path / "home")
        try:
            screen.wait("reading the catalogue", still=False).type(CTRL_C)
            assert screen.ends() == 130
            assert "interrupted: nothing was written" in screen.text
            assert "s3cr3t" not in screen.raw
        finally:
            screen.stop()


def test_progress_is_for_a_terminal_alone(shop: Path) -> None:
    said = subprocess.run([*PIPEGEN, "inspect", "sqlite:///shop.db"], cwd=shop, capture_output=True, text=True, check=True)  # fmt: skip
    assert "looking at" not in said.stderr and "\x1b" not in said.stdout + said.stderr


@pytest.mark.servers
def test_a_server_with_its_log_and_what_it_does_not_show(
    here: Path, pipegen: Callable[..., Result], postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.database(
        "shop",
        "create table customers (id serial primary key, email text not null);"
        "create table orders (order_id serial primary key, customer_id int references customers, updated_at timestamptz not null);"
        "insert into customers (email) values ('a@example.com');"
        "create table hidden (id int primary key); revoke all on hidden from public;",
    )
    url = postgres.url("shop")
    code, out, err = pipegen("inspect", url)
    assert code == 0, err
    assert out.splitlines()[1].startswith("  source      PostgreSQL ")
    assert "time zone" in out and "  change log  " in out
    assert "orders " in out and "customers " in out
    for secret in (PASSWORD, _QUOTED, "battery"):
        assert secret not in out + err
    wrong = url.replace(_QUOTED, "wr0ng")
    code, out, err = pipegen("inspect", wrong)
    assert code == 1 and out == "" and "password" in err and "wr0ng" not in err
