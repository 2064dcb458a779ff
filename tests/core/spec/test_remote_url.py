from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipegen.core.errors import UsageError
from pipegen.core.spec.remote_url import RemoteUrl, has_secret, is_remote, parse_files, parse_server

WORD = st.from_regex(r"[a-z][a-z0-9.-]{0,8}", fullmatch=True)
URL = st.builds(
    RemoteUrl,
    scheme=st.sampled_from(["mysql", "mongodb+srv", "kafka"]),
    user=st.one_of(st.just(""), WORD),
    hosts=st.sampled_from(["h", "h:5432", "127.0.0.1", "[::1]:5", "a:1,b:2", "h\\SQLEXPRESS"]),
    path=st.one_of(st.just(""), WORD),
)


@given(URL)
def test_a_url_that_is_shown_and_read_is_the_same(url: RemoteUrl) -> None:
    assert parse_server(url.shown(), "x") == url
    assert parse_files(url.shown()) == url


@given(URL)
def test_a_password_and_parameters_leave_nothing_behind(url: RemoteUrl) -> None:
    with_secret = url.shown().replace(f"//{url.user}@" if url.user else "//", f"//{url.user}:hunter2@")
    assert parse_server(f"{with_secret}?password=hunter2", "x") == url
    assert parse_files(with_secret) == url
    assert has_secret(with_secret)
    assert not has_secret(url.shown())


@pytest.mark.parametrize(
    ("text", "remote", "secret"),
    [
        ("../exports/*.csv", False, False),
        ("/abs/u:hunter2@h", False, False),
        ("file:///x.csv", False, False),
        ("s3://b/a@b.csv", True, False),
        ("sftp://u@h/x", True, False),
        ("sftp://u:hunter2@h/x", True, True),
        ("sftp://u:a/hunter2@h/x", True, True),
        ("https://hunter2@h/x.csv", True, True),
        ("https://h/x.csv?sig=hunter2", True, True),
        ("https://h/x.csv", True, False),
    ],
)
def test_what_lies_far_away_and_what_has_a_password(text: str, remote: bool, secret: bool) -> None:
    assert (is_remote(text), has_secret(text)) == (remote, secret)


def test_a_url_of_files_has_no_parameters() -> None:
    with pytest.raises(UsageError, match="has no parameters") as refused:
        parse_files("s3://b/x?versionId=hunter2")
    assert "hunter2" not in f"{refused.value} {refused.value.hint}"
    assert parse_files("s3://b/x?.csv").path == "x?.csv"


def test_host_and_path_are_told_plainly() -> None:
    url = parse_server("mysql://u@h:3306,i/My%20Shop", "x")
    assert (url.host, url.plain_path) == ("h", "My Shop")
    assert parse_server("mysql://[::1]:3306/x", "x").host == "[::1]"
