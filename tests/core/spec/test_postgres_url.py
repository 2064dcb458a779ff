from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipegen.core.errors import UsageError
from pipegen.core.spec.postgres_url import PostgresUrl, parse

WORD = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
URL = st.builds(
    PostgresUrl,
    user=WORD,
    password=st.one_of(st.just(""), WORD),
    hosts=st.sampled_from(["h", "h:5432", "127.0.0.1", "[::1]:5", "a:1,b:2"]),
    database=WORD.filter(lambda t: "/" not in t),
    options=st.sampled_from([(), (("sslmode", "require"),), (("options", "-c geqo=off"), ("sslmode", "disable"))]),
    schema=st.one_of(st.none(), WORD),
)


@given(URL)
def test_a_url_that_is_written_and_read_is_the_same(url: PostgresUrl) -> None:
    assert parse(url.text()) == url
    assert parse(url.shown()) == dataclasses.replace(url, password="")
    assert parse(url.connection()) == dataclasses.replace(url, schema=None)
    assert url.same_place(parse(url.shown()))


@given(URL)
def test_a_password_is_neither_shown_nor_in_its_representation(url: PostgresUrl) -> None:
    secret = dataclasses.replace(url, password="hunter2@:/")
    for text in (secret.shown(), repr(secret), str(secret)):
        assert "hunter2" not in text
    assert "hunter2" in secret.text()


def test_a_password_may_be_a_parameter() -> None:
    url = parse("postgresql://u@h/db?password=hunter2&sslmode=require")
    assert (url.password, url.options) == ("hunter2", (("sslmode", "require"),))
    assert url.shown() == "postgresql://u@h/db?sslmode=require"


def test_another_place_is_not_the_same() -> None:
    here = parse("postgresql://u@h/db")
    assert here.same_place(parse("postgresql://u:x@h/db?schema=s"))
    for other in ("postgresql://v@h/db", "postgresql://u@i/db", "postgresql://u@h:1/db", "postgresql://u@h/dc"):
        assert not here.same_place(parse(other))


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://u:hunter2@x@h/db",
        "postgresql://u:hunter2/x@h/db",
        "postgresql://u:hunter2?x@h/db",
        "postgresql://u:hunter2#x@h/db",
        "postgresql://u:1?hunter2@h/db",
        "postgresql://u@h:hunter2/db",
        "postgresql://u@h/db?hunter2=1",
        "postgresql://u@h/db/hunter2",
        "mysql://u:hunter2@h/db",
    ],
)
def test_what_cannot_be_read_is_refused_with_nothing_of_it(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse(text)
    assert "hunter2" not in f"{refused.value} {refused.value.hint}"
    assert refused.value.hint
