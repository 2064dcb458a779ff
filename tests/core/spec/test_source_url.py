from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipegen.core.errors import UsageError
from pipegen.core.spec.postgres_url import PostgresUrl
from pipegen.core.spec.remote_url import RemoteUrl
from pipegen.core.spec.source_url import SourceUrl, parse
from tests.core.spec.answers import OWN


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("orders.csv", SourceUrl("orders", "files", "orders.csv")),
        ("./exports/*.csv", SourceUrl("exports", "files", "./exports/*.csv")),
        ("data/2024/", SourceUrl("files_2024", "files", "data/2024/")),
        ("*.csv", SourceUrl("files_source", "files", "*.csv")),
        ("shop.db", SourceUrl("shop", "sqlite", "shop.db")),
        ("sqlite:///shop.db", SourceUrl("shop", "sqlite", "shop.db")),
        ("sqlite:////abs/shop.db", SourceUrl("shop", "sqlite", "/abs/shop.db")),
        ("web=sqlite:///x y.db", SourceUrl("web", "sqlite", "x y.db")),
        ("file:///tmp/a.csv", SourceUrl("a", "files", "/tmp/a.csv")),
        ("sample:", SourceUrl("shop", "sample", None)),
        ("demo=sample:", SourceUrl("demo", "sample", None)),
        ("staging.csv", SourceUrl("staging_source", "files", "staging.csv")),
        ("a=b=c.csv", SourceUrl("a", "files", "b=c.csv")),
        ("données.csv", SourceUrl("donn_es", "files", "données.csv")),
        ("postgresql://reader@h/shop", SourceUrl("shop", "postgres", None, PostgresUrl("reader", "", "h", "shop"))),
        (
            "x=postgres://u:hunter%402@h:5432/My%20Shop?schema=sales&sslmode=require",
            SourceUrl(
                "x",
                "postgres",
                None,
                PostgresUrl("u", "hunter@2", "h:5432", "My Shop", (("sslmode", "require"),), "sales"),
            ),
        ),
        ("postgresql://h", SourceUrl("postgres_source", "postgres", None, PostgresUrl("", "", "h", ""))),
        ("./a.b/c.csv.gz", SourceUrl("c", "files", "./a.b/c.csv.gz")),
        ("mysql://u:hunter2@h/My%20Shop", SourceUrl("My_Shop", "mysql", None, RemoteUrl("mysql", "u", "h", "My%20Shop"))),
        ("x=mariadb://h:3306/shop", SourceUrl("x", "mysql", None, RemoteUrl("mariadb", "", "h:3306", "shop"))),
        ("mssql://sa@h/erp", SourceUrl("erp", "mssql", None, RemoteUrl("mssql", "sa", "h", "erp"))),
        ("mssql+pyodbc://h", SourceUrl("h", "mssql", None, RemoteUrl("mssql+pyodbc", "", "h", ""))),
        ("mongodb+srv://u@c.example.net/app", SourceUrl("app", "mongodb", None, RemoteUrl("mongodb+srv", "u", "c.example.net", "app"))),
        ("https://api.stripe.com/v1", SourceUrl("stripe", "rest", None, RemoteUrl("https", "", "api.stripe.com", "v1"))),
        ("http://10.0.0.1:80/x", SourceUrl("rest_10_0_0_1", "rest", None, RemoteUrl("http", "", "10.0.0.1:80", "x"))),
        ("kafka://h:9092/clicks", SourceUrl("clicks", "kafka", None, RemoteUrl("kafka", "", "h:9092", "clicks"), ("clicks",))),
        ("kafka://a:1,b:2/", SourceUrl("a", "kafka", None, RemoteUrl("kafka", "", "a:1,b:2", ""))),
        ("kafka://h/web.json", SourceUrl("web", "kafka", None, RemoteUrl("kafka", "", "h", "web.json"), ("web.json",))),
        ("webhook:", SourceUrl("webhook", "webhook", None)),
        ("pay=webhook://", SourceUrl("pay", "webhook", None)),
        ("duckdb:///x.db", SourceUrl("x", "duckdb", "x.db")),
        ("duckdb:////abs/x.db", SourceUrl("x", "duckdb", "/abs/x.db")),
        ("x.duckdb", SourceUrl("x", "duckdb", "x.duckdb")),
        ("s3://partner/daily/*.csv", SourceUrl("daily", "files", "s3://partner/daily/*.csv")),
        ("gs://bucket/returns.parquet", SourceUrl("returns", "files", "gs://bucket/returns.parquet")),
        ("az://c@account/x/a@b?.csv", SourceUrl("x", "files", "az://c@account/x/a@b?.csv")),
        ("sftp://me:hunter2@partner.example.com/*.csv", SourceUrl("partner_example_com", "files", "sftp://me@partner.example.com/*.csv")),
    ],
)  # fmt: skip
def test_what_a_source_says(text: str, source: SourceUrl) -> None:
    assert parse(text) == source
    assert "hunter" not in f"{parse(text).shown()} {parse(text)!r}"


@pytest.mark.parametrize(
    "url",
    [
        "foo://u:hunter2@h",
        "mysql:u:hunter2@h",
        "mysql://u:hunter2@x@h/db",
        "mysql://u:hunter2/x@h/db",
        "mysql://u:1/hunter2@h/db",
        "mysql://u:1?hunter2@h/db",
        "mysql://u:hunter2#x@h/db",
        "mysql://h;user=u;password=hunter2",
        "mssql://h/db;pwd=hunter2",
        "mssql://h/pwd=hunter2",
        "Server=h;Database=d;PWD=hunter2",
        "mongodb://u:hunter2@h:hunter2/db",
        "kafka://u:hunter2@/clicks",
        "https://hunter2/x@h",
        "https://u:pw@x/hunter2@h",
        "https://h/x;token=hunter2",
        "sftp://u:x/hunter2@h/daily",
        "s3://bucket/x?X-Amz-Signature=hunter2",
        "az://c/x?sv=1&sig=hunter2",
        "s3:hunter2",
        "webhook://hunter2@h",
    ],
)
@pytest.mark.parametrize("name", ["", "x="])
def test_what_cannot_be_read_is_refused_with_nothing_of_its_password(url: str, name: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse(name + url)
    assert "hunter2" not in f"{refused.value} {refused.value.hint}"
    assert refused.value.hint


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("mysql://u:hunter2@h:3306/db?ssl_ca=x&password=hunter2", "mysql://u@h:3306/db"),
        ("https://u:hunter2@h/v1?api_key=hunter2", "https://h/v1"),
        ("https://hunter2@h/v1", "https://h/v1"),
        ("kafka://u:hunter2@a:1,b:2/clicks", "kafka://u@a:1,b:2/clicks"),
        ("mongodb://u:hun%40ter2@h/", "mongodb://u@h"),
        ("sftp://u:hunter?2@h/x", "sftp://u@h/x"),
    ],
)
def test_a_url_is_shown_without_what_may_be_a_password_and_gives_the_same_source(url: str, shown: str) -> None:
    source = parse(url)
    assert source.shown() == shown
    assert parse(shown) == source


def test_the_topic_can_be_left_out_of_what_is_shown() -> None:
    assert parse("kafka://u:p@h/clicks").shown(with_tables=False) == "kafka://u@h"
    assert parse("mysql://u:p@h/db").shown(with_tables=False) == "mysql://u@h/db"


@pytest.mark.parametrize(
    ("text", "variable"),
    [
        ("mysql://h/shop-db", "SHOP_DB_URL"),
        ("class=https://h", "CLASS_URL"),
        ("kafka://h/clicks", "CLICKS_BROKERS"),
        ("postgresql://h/shop", "SHOP_URL"),
        ("webhook:", None),
        ("s3://b/x.csv", None),
        ("sample:", None),
    ],
)
def test_the_variable_that_holds_the_url_is_called_after_the_source(text: str, variable: str | None) -> None:
    assert parse(text).variable == variable


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("kafka://h/a/b", "several topics"),
        ("kafka://h/a%20b", "several topics"),
        ("webhook:payment", "payments=webhook:"),
        ("mysql:", "mysql://reader@localhost/shop"),
        ("kafka:///clicks", "kafka://localhost:9092/clicks"),
        ("https://", "https://api.example.com/v1"),
        ("sftp:", "s3://bucket"),
        ("gcs://b/x", "did you mean `gs`?"),
    ],
)
def test_what_is_said_wrongly_is_refused_with_how_to_say_it(text: str, hint: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse(text)
    assert hint in (refused.value.hint or "")


def test_a_misspelt_scheme_is_guessed() -> None:
    with pytest.raises(UsageError) as refused:
        parse("postgrsql://h/db")
    assert refused.value.hint == "did you mean `postgresql`?"


@pytest.mark.parametrize("text", ["", " ", "sqlite:", "sqlite:///", "duckdb:", "duckdb:///"])
def test_a_source_that_names_nothing_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="names no"):
        parse(text)


SCHEME = st.sampled_from(
    ["", "x=", "mysql://", "https://u:", "kafka://", "s3://", "sftp://u:", "mssql:", "duckdb:///", "webhook:"]
)
KINDS = set(OWN)


@given(SCHEME, st.text(max_size=60))
def test_any_text_is_a_source_or_a_usage_error(scheme: str, text: str) -> None:
    try:
        source = parse(scheme + text)
    except UsageError:
        return
    assert source.kind in KINDS


SECRET = "Tr0ub4dor"
AROUND = st.text(st.sampled_from("a1@:/?#%;= \\"), max_size=4)


@given(
    st.sampled_from(["mysql", "mssql", "mongodb+srv", "kafka", "https", "s3", "sftp"]),
    AROUND,
    AROUND,
    st.sampled_from(["h/db", "h:1/x"]),
)
def test_a_password_of_any_letters_is_neither_shown_nor_told(scheme: str, before: str, after: str, rest: str) -> None:
    try:
        source = parse(f"{scheme}://u:{before}{SECRET}{after}@{rest}")
    except UsageError as refused:
        assert SECRET not in f"{refused} {refused.hint}"
        return
    assert SECRET not in f"{source!r} {source.shown()} {source.tables}"
