"""What the environments let through, and how they lay text out."""

from __future__ import annotations

from typing import Any

import pytest
from jinja2.exceptions import SecurityError, UndefinedError

from pipegen.render.environment import LINE_STATEMENTS, environment, prefix_for
from pipegen.render.text import UnsafeValueError, is_plain
from tests.render.designs import design

PREFIXES = [None, "#%", "--%"]


def rendered(source: str, prefix: str | None = None, **context: Any) -> str:
    return environment(prefix).from_string(source).render(**context)


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize(
    "text",
    [
        "{{ ref('x') }}\n",
        "{% if x %}{% endif %}\n",
        "{# a comment of dbt #}\n",
        "${{ github.ref }}\n",
        "{{{{ x }}}}\n",
        "a < b and c > d % e\n",
        "# a comment\n-- a comment\n",
        "50% off, #no, --no\n",
        "no newline at the end",
        "\n\nblank lines\n\n",
        "  indented\n\ttabbed\n",
    ],
)
def test_other_engines_braces_pass_through(text: str, prefix: str | None) -> None:
    assert rendered(text, prefix) == text


@pytest.mark.parametrize(
    ("path", "prefix"),
    [
        ("dags/{source}.py", "#%"),
        ("Makefile", "#%"),
        ("deploy/Dockerfile", "#%"),
        ("a.sql", "--%"),
        ("README.md", None),
        ("x.json", None),
        ("LICENSE", None),
        ("dot_gitignore", None),
    ],
)
def test_the_prefix_goes_by_suffix_or_name(path: str, prefix: str | None) -> None:
    assert prefix_for(path) == prefix


def test_every_prefix_has_its_line_statements() -> None:
    for prefix in sorted(set(LINE_STATEMENTS.values())):
        source = f"a\n{prefix} for x in [1, 2]\nx<%= x %>\n{prefix} endfor\nb\n"
        assert rendered(source, prefix) == "a\nx1\nx2\nb\n"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a\n<% if true %>\nb\n<% endif %>\nc\n", "a\nb\nc\n"),
        ("a\n  <% if true %>\n  b\n  <% endif %>\nc\n", "a\n  b\nc\n"),
        ("a\n<%# why #%>\nb\n", "a\nb\n"),
        ("  <%# why %>\nb\n", "b\n"),
        ("a <% if true %>b<% endif %>\nc\n", "a b\nc\n"),
        ("  <% if true %>b<% endif %>\nc\n", "  b\nc\n"),
        ("a<%# why %>\nb\n", "a\nb\n"),
        ("  <%# why %>a\n", "  a\n"),
        ("<% set x = [\n  1,\n] %>\na<%= x[0] %>\n", "a1\n"),
        ("a\n<%- if true -%>\nb\n<% endif %>\n", "ab\n"),
        ("<% for x in [1, 2] %><%= x %><% if not loop.last %>, <% endif %><% endfor %>\n.\n", "1, 2\n.\n"),
        ("<% if true %>a<% endif %>", "a"),
        ("<%= 1 %>\n\n<%= 2 %>\n", "1\n\n2\n"),
        ("a\n<% raw %><%= x %><% endraw %>\nb\n", "a\n<%= x %>\nb\n"),
    ],
)
def test_a_tag_alone_vanishes_with_its_line_and_any_other_leaves_the_line_alone(source: str, text: str) -> None:
    assert rendered(source) == text


@pytest.mark.parametrize("text", ["a", "A_b.c/d-e", "../data", "1.5", "größe", "表", "देश", "x" * 200])
def test_a_plain_word_needs_no_filter(text: str) -> None:
    assert is_plain(text)
    assert rendered("<%= x %>", x=text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a b",
        "a:b",
        "a--b",
        "-a",
        "a'b",
        'a"b',
        "a\nb",
        "a#b",
        "{{ a }}",
        "$a",
        "a;b",
        "a\\b",
        "ａ",
        "\u202ea",
        "²",
        "a,b",
    ],
)
def test_any_other_text_needs_one(text: str) -> None:
    with pytest.raises(UnsafeValueError) as caught:
        rendered("<%= x %>", x=text)
    assert "| yaml" in caught.value.hint


@pytest.mark.parametrize("value", [None, True, False, 1.5, [], {}, object(), ("a",)])
def test_what_each_language_spells_in_its_own_way_needs_one(value: object) -> None:
    with pytest.raises(UnsafeValueError):
        rendered("<%= x %>", x=value)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<%= 'a, b' %>", "a, b"),
        ("<%= ', ' if yes %>|<%= ', ' if no %>", ", |"),
        ("<%= 'a: ' ~ x ~ ';' %>", "a: word;"),
        ("<%= '(' ~ x ~ ')' if yes else '' %>", "(word)"),
        ("<%= x or '—' %>", "word"),
        ("<%= [x, 'y'] | join(', ') %>", "word, y"),
        ("<%= ['a b', x] | map('ident') | join(', ') %>", '"a b", word'),
        ("<%= rows | map(attribute='n') | map('py') | join(' + ') %>", '"q\'" + 1'),
        ("<% macro m(y) %><<%= y | sql %>><% endmacro %><%= m('it''s') %>", "<'its'>"),
        ("<%= 'a\nb' | sh | indent(2) %>", "'a\n  b'"),
    ],
)
def test_the_templates_own_text_and_what_filters_give_is_trusted(source: str, text: str) -> None:
    rows = [{"n": "q'"}, {"n": 1}]
    assert rendered(source, x="word", yes=True, no=False, rows=rows) == text


@pytest.mark.parametrize(
    "source",
    [
        "<%= 'a: ' ~ x %>",
        "<%= x if yes %>",
        "<%= x or 'a' %>",
        "<%= [x] | join(', ') %>",
        "<%= ['a', x] | join(', ') %>",
        "<%= x | upper %>",
        "<%= x.replace('y', 'z') %>",
        "<%= '%s' % x %>",
        "<% set y %>a <%= 1 %>: <% endset %><%= y %>",
        "<% macro m(y) %><%= y %><% endmacro %><%= m(x) %>",
    ],
)
def test_a_value_is_judged_wherever_it_hides(source: str) -> None:
    with pytest.raises(UnsafeValueError):
        rendered(source, x="a: b", yes=True)


@pytest.mark.parametrize(
    "source",
    [
        "<%= nothing %>",
        "<% if nothing %><% endif %>",
        "<% for x in nothing %><% endfor %>",
        "<%= pipeline.nothing %>",
        "<%= nothing | py %>",
        "<%= nothing | md %>",
        "<%= alerts.nothing | yaml %>",
        "<%= nothing ~ 'x' %>",
    ],
)
def test_what_is_not_defined_is_an_error(source: str) -> None:
    with pytest.raises(UndefinedError):
        rendered(source, **design().context())


def test_a_misspelled_attribute_says_what_was_meant() -> None:
    with pytest.raises(UndefinedError, match="`pipeline` has no `descripton`; did you mean `description`"):
        rendered("<%= pipeline.descripton %>", **design().context())


@pytest.mark.parametrize(
    "source",
    [
        "<%= pipeline.__class__ | py %>",
        "<%= pipeline.__dict__ | py %>",
        "<%= design.context() | py %>",
        "<%= ''.format() | py %>",
        "<%= (sources.__getattribute__)('x') | py %>",
        "<%= [].append(1) | py %>",
        "<%= {}.update({}) | py %>",
        "<%= range.__self__ | py %>",
        "<%= x.__init__.__globals__ | py %>",
    ],
)
def test_templates_never_see_pythons_internals(source: str) -> None:
    names = design()
    with pytest.raises((SecurityError, UndefinedError)):
        rendered(source, design=names, x=len, **names.context())


@pytest.mark.parametrize("name", ["random", "pprint", "tojson", "safe", "escape", "urlize", "xmlattr", "attr"])
def test_filters_that_leak_or_change_are_not_there(name: str) -> None:
    for prefix in PREFIXES:
        assert name not in environment(prefix).filters


def test_globals_are_two() -> None:
    assert set(environment(None).globals) == {"range", "namespace"}
