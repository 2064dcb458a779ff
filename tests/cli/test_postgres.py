"""``pipegen new`` from a real PostgreSQL: what it writes and prints, and that its password is in none of it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from pipegen.cli.main import run
from tests.postgres import _QUOTED, PASSWORD, Server
from tests.small import tree

pytestmark = pytest.mark.servers

Result = tuple[int, str, str]
SHOP = """
create table customers (id serial primary key, email text not null, phone text);
create table orders (order_id serial primary key, customer_id int references customers, total numeric(10,2),
    updated_at timestamptz not null);
create view seen as select email from customers;
insert into customers (email) values ('a@example.com');
insert into orders values (1, 1, 2.5, '2024-01-01');
create schema sales; create table sales.leads (id int primary key);
"""


@pytest.fixture
def pipegen(capfd: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    def call(*words: str) -> Result:
        capfd.readouterr()
        code = run(words)
        out, err = capfd.readouterr()
        return code, out, err

    return call


@pytest.fixture
def shop(postgres: Server) -> Server:
    postgres.database("shop", SHOP)
    return postgres


def keeps_the_secret(*texts: str | bytes) -> None:
    for text in texts:
        shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        for part in (PASSWORD, _QUOTED, "horse", "battery", "staple"):
            assert part not in shown


def equivalent(err: str) -> list[str]:
    return shlex.split(err.split("The same again, with nothing asked:\n")[1].splitlines()[0])[1:]


def test_a_database_becomes_a_repository_and_its_password_stays_out_of_it(
    here: Path, pipegen: Callable[..., Result], shop: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["new", "p", "--source", shop.url("shop"), "--personal-data", "customers.email=tokenise", "-v", "--no-git"]
    words += ["--personal-data", "shop.customers.phone=drop", "--destination", "postgres"]
    code, out, err = pipegen(*words)
    assert code == 0, err
    first = tree(here / "p")
    keeps_the_secret(out, err, *(content for _, content in first.values()))
    spec = (here / "p/pipegen.yml").read_text()
    assert "  shop:\n    kind: postgres\n    url_env: SHOP_URL\n    schema: public\n" in spec
    assert "columns: {email: tokenise, phone: drop}" in spec
    assert "destination: {kind: postgres}" in spec
    assert "127.0.0.1" not in spec
    again = equivalent(err)
    assert f"shop={shop.url('shop', password=False)}" in again
    (here / "p").rename(here / "kept")
    assert pipegen(*again)[0] == 1, "the server asks for a password"
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    code, out, err = pipegen(*again, "--no-git")
    assert code == 0, err
    assert tree(here / "p") == first
    monkeypatch.delenv("PGPASSWORD")
    (here / "p").rename(here / "kept_too")
    monkeypatch.setenv("SHOP_URL", shop.url("shop"))
    code, out, err = pipegen(*again, "--no-git")
    assert code == 0, err
    assert tree(here / "p") == first


@pytest.mark.parametrize("extra", [(), ("-v",), ("--debug",), ("--json",), ("--dry-run",), ("--diff",)])
def test_a_password_is_printed_nowhere(
    here: Path, pipegen: Callable[..., Result], shop: Server, extra: tuple[str, ...]
) -> None:
    url = shop.url("shop")
    for source in (url, f"x={url}", f"x={url}?schema=sales"):
        code, out, err = pipegen("new", "p", "--source", source, "--dry-run", *extra)
        assert code == 0, err
        keeps_the_secret(out, err)
    for source in (
        shop.url("nothing"),
        shop.url("shop", user="no_one"),
        url.replace("127.0.0.1", "no-such-host.invalid"),
        url.replace(str(shop.port), "1"),
        f"{url}?schema=nothing",
        f"{url}?sslmode=nonsense",
        f"{url}?nonsense=1",
        url.replace("%", ""),
        f"x={url.replace('%40', '@')}",
    ):
        code, out, err = pipegen("new", "p", "--source", source, *extra)
        assert code in (1, 2), err
        assert "hint: " in err
        keeps_the_secret(out, err)
    assert not (here / "p").exists()


def test_a_rule_for_one_table_leaves_out_no_other(here: Path, pipegen: Callable[..., Result], shop: Server) -> None:
    words = ["new", "p", "--source", shop.url("shop"), "--rule", "orders: total >= 0", "--no-git"]
    code, _, err = pipegen(*words)
    assert code == 0, err
    assert "      customers: {" in (here / "p/pipegen.yml").read_text()
    measured = (here / "p/sources/shop.yml").read_text()
    assert "  customers:" in measured and "  orders:" in measured and "  seen:" not in measured


def test_the_equivalent_command_of_a_document(here: Path, pipegen: Callable[..., Result], shop: Server) -> None:
    code, out, err = pipegen("new", "p", "--source", f"{shop.url('shop')}?schema=sales", "--json", "--dry-run")
    assert code == 0, err
    words = shlex.split(json.loads(out)["equivalent"])
    assert f"shop={shop.url('shop', password=False)}?schema=sales" in words
    assert not any(word.startswith("sources.shop.") for word in words)


def test_an_answers_file_finds_the_database_by_its_variable(
    here: Path, pipegen: Callable[..., Result], shop: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "a.yml").write_text(
        "name: p\nsources:\n  web:\n    kind: postgres\n    url_env: WEB_DATABASE\n    tables: {orders: {}, seen: {key: [email]}}\n"
    )
    code, _, err = pipegen("new", "--answers", "a.yml")
    assert code == 2
    assert "the variable `WEB_DATABASE` is not set" in err
    assert "--source web=postgresql://" in err
    for held, says in (
        ("not a URL horse", "`WEB_DATABASE`: this is not the URL of a PostgreSQL database"),
        (shop.url("shop").replace("%40", "@"), "`WEB_DATABASE`: this URL of a PostgreSQL database cannot be read"),
        (shop.url("shop", options="?schema=public"), "`WEB_DATABASE` names a schema"),
    ):
        monkeypatch.setenv("WEB_DATABASE", held)
        code, out, err = pipegen("new", "--answers", "a.yml")
        assert (code, out) == (2, "")
        assert says in err
        keeps_the_secret(err)
    monkeypatch.setenv("WEB_DATABASE", shop.url("shop"))
    code, out, err = pipegen("new", "--answers", "a.yml", "--no-git")
    assert code == 0, err
    keeps_the_secret(out, err)
    first = tree(here / "p")
    assert "seen:" in (here / "p/sources/web.yml").read_text(), "a view that is named"
    (here / "p").rename(here / "kept")
    code, _, err = pipegen(*equivalent(err), "--no-git")
    assert code == 0, err
    assert tree(here / "p") == first
    monkeypatch.delenv("WEB_DATABASE")
    code, _, err = pipegen("new", "--answers", "kept/pipegen.yml", "--no-probe", "--dir", "third", "--no-git")
    assert code == 0, err
    assert tree(here / "third") == first


def test_a_flag_goes_before_the_variable_and_borrows_only_its_password(
    here: Path, pipegen: Callable[..., Result], shop: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.database("elsewhere", "create table away (id int primary key)")
    monkeypatch.setenv("SHOP_URL", shop.url("elsewhere"))
    code, _, err = pipegen("new", "p", "--source", f"shop={shop.url('shop')}", "--no-git")
    assert code == 0, err
    assert "orders" in (here / "p/sources/shop.yml").read_text()
    code, _, err = pipegen("new", "q", "--source", f"shop={shop.url('shop', password=False)}", "--no-git")
    assert code == 1, "the variable is of another database"
    assert "asks for a password" in err


def test_tables_are_named_with_and_without_their_schema(
    here: Path, pipegen: Callable[..., Result], shop: Server
) -> None:
    base = ("new", "p", "--source", shop.url("shop"), "--dry-run")
    for table in ("orders", "shop.orders", "shop.public.orders", "seen", "shop.public.seen"):
        code, _, err = pipegen(*base, "--table", table)
        assert code == 0, err
        assert "1 table " in err
    code, _, err = pipegen(*base, "--table", "shop.sales.leads")
    assert code == 2
    assert "source `shop` has no table `sales.leads`: its schema is `public`" in err
    assert "?schema=sales" in err
    code, _, err = pipegen(*base, "--table", "ordrs", "--table", "customers")
    assert code == 2
    assert "did you mean `orders`?" in err
    code, _, err = pipegen(*base[:3], f"{shop.url('shop')}?schema=sales", "--dry-run", "--table", "shop.sales.leads")
    assert code == 0, err


def test_a_schema_that_was_set_beside_the_url_is_the_one_that_is_read(
    here: Path, pipegen: Callable[..., Result], shop: Server
) -> None:
    words = ("new", "p", "--source", shop.url("shop"), "--set", "sources.shop.schema=sales", "--no-git")
    code, _, err = pipegen(*words)
    assert code == 0, err
    assert "leads" in (here / "p/sources/shop.yml").read_text()
    assert "sources.shop.schema=sales" in equivalent(err)
