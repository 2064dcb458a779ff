"""Each check of lint, from both sides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipegen.render.findings import Finding
from pipegen.render.lint import lint, lint_together
from pipegen.render.lint_secrets import secrets_in
from tests.render.blueprints import blueprint

LOOPS = {"source": "sources", "table": "source.tables", "mart": "marts"}


def findings(content: dict[str, str | bytes], **manifest: Any) -> list[Finding]:
    """What is found, but for what every small test blueprint lacks."""
    manifest.setdefault("for_each", LOOPS)
    manifest.setdefault("pieces", {"CHANGELOG.md": "# Changelog\n"})
    return [
        f
        for f in lint(blueprint(content, **manifest))
        if not f.message.startswith(tuple(f"`{{{t}}}` stands" for t in LOOPS))
    ]


def codes(content: dict[str, str | bytes], **manifest: Any) -> list[tuple[str, int]]:
    return [(finding.code, finding.line) for finding in findings(content, **manifest)]


CLEAN: dict[str, str | bytes] = {
    "dags/{source}.py": """\
from x import y

#% for table in source.tables
#% if table.key
A = {
    "id": <%= table.id | py %>,
    "keys": [<%= table.key | map("py") | join(", ") %>],
}

#% else
B = <%= table.columns | map(attribute="name") | list | py %>

#% endif
#% endfor
""",
    "m/{source}/{table}.sql": "select <%= table.columns[0].id | ident %> from {{ source('a', 'b') }}\nwhere (x = ']')  -- (\n",
    "{mart}.yml": "models:\n  - name: <%= mart.id | dbt %>\n",
    "a.json": """\
{
<% for s in sources %>
"x<%= s.id %>": <%= s.retries %>,
<% endfor %>
"y": [1<%= ", 2" if ci == "github" %>]
}
""",
    "pyproject.toml": "[tool.x]\nname = <%= pipeline.name | toml %>\nlist = [<%= pipeline.id | toml %>]\n",
    "dot_github/x.yml": "a: ${{ github.ref }}\n# <%= alerts.anything | comment %>\n",
    "README.md": """\
<% for x in contributions.make %>
<%= x.target %> <%= x.run %>
<% endfor %>
<%= sources | map(attribute='id') | first | md %>
""",
    "empty": "",
    "b.png": b"\x00",
}


def test_a_good_blueprint_has_no_finding() -> None:
    assert findings(CLEAN) == []


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a.py", "x = 1\ny = <%= nothing | py %>\n", ("undefined", 2)),
        ("a.py", "x = <%= pipeline.nam | py %>\n", ("undefined", 1)),
        ("a.py", "x = 1\n#% for s in sources\n# <%= s.tables[0].columns[0].nme %>\n#% endfor\n", ("undefined", 3)),
        ("a.py", "x = <%= sources | map(attribute='idd') | list | py %>\n", ("undefined", 1)),
        ("a.py", "x = <%= sources | selectattr('knd', 'equalto', 'files') | list | length %>\n", ("undefined", 1)),
        ("a.py", "#% set t = sources[0].tables | first\nx = <%= t.nothing | py %>\n", ("undefined", 2)),
        ("a.py", "x = <%= contributions.mak | py %>\n", ("undefined", 1)),
        ("a.py", "x = <%= contributions.env[0].nme | py %>\n", ("undefined", 1)),
        ("a.py", "x = <%= source.id | py %>\n", ("undefined", 1)),
        ("{source}.py", "x = <%= source.idd | py %>\n", ("undefined", 1)),
        ("{table}.py", "x = <%= source.id ~ table.idd %>\n", ("undefined", 1)),
        ("a.py", "x = 1\n#% for s in\n", ("syntax", 2)),
        ("a.py", "x = <%= ci | pyy %>\n", ("syntax", 1)),
        ("a.md", "x\n<% endfor %>\n", ("syntax", 2)),
        ("a.md", "x\n<% include 'y' %>\n", ("alone", 2)),
        ("a.py", "x = (\n", ("host", 1)),
        ("a.py", "#% if ci == 'github'\nx = 1\n#% else\ny = = 2\n#% endif\n", ("host", 4)),
        ("a.yml", "a: b: c\n", ("host", 1)),
        ("a.json", '{"a": 1\n', ("host", 2)),
        ("a.toml", "a = 1\nb\n", ("host", 2)),
        ("a.sql", "select (1\n", ("host", 1)),
        ("a.sql", "select 1)\n", ("host", 1)),
        ("a.sql", "select 'a\n", ("host", 1)),
        ("a.py", "#% if ci == 'github'\nx = 1\n#% endif\n\ny = 2\n", ("eaten-line", 3)),
        ("a.sql", "--% for s in sources\n\nselect 1\n--% endfor\n", ("eaten-line", 1)),
        ("a.py.j2", "x\n", ("suffix", 1)),
        (".gitignore", "x\n", ("dot-file", 1)),
        ("a/.b/c", "x\n", ("dot-file", 1)),
        ("a.md", "x\r\ny\r\n", ("line-ending", 1)),
        ("a.md", "x\ny", ("last-newline", 2)),
        ("{sorce}.md", "x\n", ("token", 1)),
        ("con.md", "x\n", ("path", 1)),
        ("a.yml", "a: <%= pipeline.id %>\n", ("bare-value", 1)),
        ("a.yml", "a:\n  - <%= pipeline.id %>\n", ("bare-value", 2)),
        ("a.sql", "select 1 as <%= pipeline.id %>\n", ("bare-value", 1)),
        ("a.md", "x\n<%= ci | trusted %>\n", ("trusted", 2)),
        ("a.env", "AWS=AKIAIOSFODNN7EXAMPLF\n", ("secret", 1)),
    ],
)
def test_a_flaw_is_found_where_it_is(path: str, text: str, expected: tuple[str, int]) -> None:
    assert codes({path: text}) == [expected]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.yml", 'a: "<%= pipeline.id %>"\nb: x_<%= pipeline.id %>\nc: <%= transform.retries %>\n'),
        ("a.sql", "select a_<%= pipeline.id %>, '<%= pipeline.id %>' from {{ ref('<%= pipeline.id %>') }}\n"),
        ("a.py", "#% if ci == 'github'\nx = 1\n\n#% endif\ny = 2\n"),
        ("a.py", "#% set x = 1\n\ny = <%= x %>\n"),
        ("a.md", "<%# trusted: computed by the design %>\n<%= ci | trusted %>\n"),
        ("a.py", "#% macro m(x)\n) <%= x.anything %>\n#% endmacro\ny = 1\n"),
        ("a.md", "<% for k, v in alerts.items() %><%= k %><%= v | md %><% endfor %>\n"),
        ("a.md", "<% set n = namespace(x=1) %>\n<%= n.x %><%= range(3) | join %>\n"),
    ],
)
def test_what_is_meant_is_left_alone(path: str, text: str) -> None:
    assert codes({path: text}) == []


class TestManifest:
    def test_expressions(self) -> None:
        found = findings(
            {"{source}.md": "x\n"},
            when="sorces",
            for_each={"source": "sources", "x": "a b"},
            files={"{source}.md": {"when": "source.knd == 'x' and mart.kind"}},
        )
        when = "`source.knd == 'x' and mart.kind`: "
        assert sorted((f.address, f.message) for f in found if f.code in ("undefined", "expression")) == [
            (("files", "{source}.md", "when"), f"{when}`mart` is not defined; did you mean `marts`?"),
            (("files", "{source}.md", "when"), f"{when}`source` has no `knd`; did you mean `kind`?"),
            (("for_each", "x"), "`a b`: expected token ')', got 'b'"),
            (("when",), "`sorces`: `sorces` is not defined; did you mean `sources`?"),
        ]

    def test_patterns_that_match_nothing(self) -> None:
        found = findings({"a/b.md": "x\n"}, files={"a/*.md": {}, "a/c.md": {}, "x/**": {}}, verbatim=["*.png"])
        assert [f.message for f in found] == [
            "`*.png` matches no file",
            "`a/c.md` matches no file; did you mean `a/b.md`?",
            "`x/**` matches no file",
        ]

    def test_questions_and_answers(self) -> None:
        found = findings(
            {"a.md": "<%= answers.team | md %><%= answers.teem | md %>\n"},
            questions=[{"id": "team", "ask": "?"}, {"id": "unused", "ask": "?"}],
        )
        assert [(f.code, f.message) for f in found] == [
            ("undefined", "`answers.teem` is used, and no question asks for it; did you mean `team`?"),
            ("unused", "the answer to `unused` is used nowhere"),
        ]

    def test_an_answer_may_be_used_by_a_contribution_alone(self) -> None:
        env = [{"name": "A", "default": "<%= answers.team %>"}]
        assert codes({}, questions=[{"id": "team", "ask": "?"}], contributes={"env": env}) == []

    def test_contributions(self) -> None:
        contributes = {
            "env": [{"name": "<%= source.path_envv %>", "default": "<%= x %>"}],
            "make": [{"target": "a", "help": "<% if %>", "when": "sorce.id"}],
            "readme": [{"section": "a", "file": "a.md"}, {"section": "b", "file": "b.md"}],
        }
        pieces = {"CHANGELOG.md": "x\n", "a.md": "x\n<%= y %>\n"}
        found = findings({}, contributes=contributes, pieces=pieces)
        assert sorted((f.path, f.line, f.code, f.address) for f in found) == [
            ("a.md", 2, "undefined", ()),
            ("blueprint.yml", 1, "missing-file", ("contributes", "readme", 1)),
            ("blueprint.yml", 1, "syntax", ("contributes", "make", 0, "help")),
            ("blueprint.yml", 1, "undefined", ("contributes", "env", 0, "default")),
            ("blueprint.yml", 1, "undefined", ("contributes", "env", 0, "name")),
            ("blueprint.yml", 1, "undefined", ("contributes", "make", 0, "when")),
        ]

    def test_a_token_that_nothing_ranges_over(self) -> None:
        found = lint(blueprint({"{table}.md": "x\n"}, for_each=LOOPS, pieces={"CHANGELOG.md": "x"}))
        assert [(f.code, f.address) for f in found] == [("unused", ("for_each", "mart"))]

    def test_the_changelog(self) -> None:
        assert [finding.code for finding in lint(blueprint({}))] == ["changelog"]


def test_two_blueprints_that_render_one_path() -> None:
    one = blueprint({"README.md": "", "{source}.py": ""}, name="a", for_each=LOOPS)
    two = blueprint({"readme.md": "", "dot_x": ""}, name="b")
    found = lint_together([two, one, blueprint({".x": ""}, name="c")])
    assert [(b.name, f.path, f.message) for b, f in found] == [
        ("b", "files/readme.md", "`a` 1.0.0 renders the same path"),
        ("c", "files/.x", "`b` 1.0.0 renders the same path"),
    ]


class TestSecrets:
    @pytest.mark.parametrize(
        "text",
        [
            "AKIA" + "IOSFODNN7EXAMPLE",
            "xoxb-" + "123456789012-abcdefghij",
            "https://hooks.slack.com/services/" + "T0000AAAA/B0000AAAA/abcdefghijklmnopqrstuvwx",
            "ghp_" + "a1" * 18,
            "-----BEGIN " + "RSA PRIVATE KEY-----",
            "-----BEGIN " + "PRIVATE KEY-----",
            'password = "hunter2hunter2"',
            "PASSWORD: 'correcthorse'",
            '"api_key": "k-123456789"',
            "postgresql://reader:s3cr3t@db/shop",
        ],
    )
    def test_known_shapes(self, text: str) -> None:
        assert [line for line, _ in secrets_in(f"a\n{text}\n")] == [2]

    @pytest.mark.parametrize(
        "text",
        [
            'password = os.environ["DB_PASSWORD"]',
            "password: \"{{ env_var('DB_PASSWORD') }}\"",
            'token = "<%= x %>"',
            'PASSWORD="$DB_PASSWORD"',
            'password = "DB_PASSWORD"',
            'secret = "changeme-please"',
            'help = "the token"',
            'token: "the token of the bot"',
            "postgresql://reader@db/shop",
            "postgresql://user:${PASSWORD}@db/shop",
            "postgresql://airflow:airflow@postgres/airflow",
            "sha256:" + "0123456789abcdef" * 4,
            "git@github.com:owner/name.git",
            "http://localhost:8080/x@y",
        ],
    )
    def test_what_only_speaks_of_them(self, text: str) -> None:
        assert list(secrets_in(text)) == []


def test_the_bundled_blueprints_have_no_finding() -> None:
    from pipegen.app.blueprints import lint_blueprints

    report = lint_blueprints(Path(__file__).parents[2] / "blueprints")
    assert [f"{f.path}:{f.line}: {f.message}" for f in report.findings if f.severity == "error"] == []
