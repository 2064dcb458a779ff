"""The warehouse can be asked, as it is, by anyone who has its settings."""

import pytest

from quality import query as asking
from quality.text_table import listing


@pytest.fixture
def ask(query, monkeypatch):
    """Make a function that asks; there is a table `notes` to ask for."""
    query("CREATE TABLE notes AS SELECT * FROM (VALUES (1, 'a\nb, c'), (2, NULL)) AS n (id, note)")

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["query", *arguments])
        return asking.main()

    return run


def test_an_answer_is_a_table(ask, capsys):
    assert ask("select * from notes order by id;") == 0
    expected = ["id  note", "----------", "1   a b, c", "2   -", "(2 rows)"]
    assert capsys.readouterr().out.splitlines() == expected


def test_csv_has_the_values_as_they_are(ask, capsys):
    assert ask("--csv", "--limit", "1", "select * from notes order by id") == 0
    assert capsys.readouterr().out == 'id,note\n1,"a\nb, c"\n'


def test_nothing_can_be_changed_and_what_is_wrong_is_said(ask, query, capsys):
    assert ask("select 1; delete from notes") == 1
    assert ask("select misspelt from notes") == 1
    assert (
        'query: the warehouse: Binder Error: Referenced column "misspelt"'
        in capsys.readouterr().err
    )
    assert query("select count(*) from notes") == [(2,)]
    with pytest.raises(SystemExit) as wrong:
        ask("")
    assert wrong.value.code == 2


@pytest.mark.parametrize(
    ("cell", "shown"), [("abcd", "abcd"), ("abcde", "abc…"), ("日本語", "日…")]
)
def test_a_long_value_is_cut_to_what_a_terminal_shows(cell, shown):
    assert listing([["head"], [cell]], 4).splitlines()[2] == shown
