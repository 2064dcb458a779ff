from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipegen.core.errors import UsageError
from pipegen.core.spec.postgres_url import PostgresUrl
from pipegen.core.spec.source_url import SourceUrl, parse


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
    ],
)
def test_what_a_source_says(text: str, source: SourceUrl) -> None:
    assert parse(text) == source


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:hunter2@h/db",
        "https://u:hunter2@h",
        "foo://u:hunter2@h",
    ],
)
@pytest.mark.parametrize("name", ["", "x="])
def test_what_is_not_built_says_what_works_and_keeps_the_password(url: str, name: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse(name + url)
    said = f"{refused.value} {refused.value.hint}"
    assert "hunter2" not in said
    assert "not built yet" in said or "no kind of source" in said


def test_a_misspelt_scheme_is_guessed() -> None:
    with pytest.raises(UsageError) as refused:
        parse("postgrsql://h/db")
    assert refused.value.hint == "did you mean `postgresql`?"


@pytest.mark.parametrize("text", ["", " ", "sqlite:", "sqlite:///"])
def test_a_source_that_names_nothing_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="names no"):
        parse(text)


@given(st.text(max_size=60))
def test_any_text_is_a_source_or_a_usage_error(text: str) -> None:
    try:
        source = parse(text)
    except UsageError:
        return
    assert source.kind in ("files", "sqlite", "postgres", "sample")
