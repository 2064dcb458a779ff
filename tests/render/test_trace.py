"""A rendered file line by line: the template's line, the loops and conditions around it, what it reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from pipegen.app.repository import measured_in
from pipegen.core.blueprint import Blueprint
from pipegen.core.design.architect import design as make_design
from pipegen.core.design.architect import documented
from pipegen.core.errors import BlueprintError
from pipegen.core.spec.load import load
from pipegen.core.tree import normalised
from pipegen.render.environment import environment, prefix_for
from pipegen.render.reads import Read, Reader
from pipegen.render.renderer import render
from pipegen.render.trace import Piece, TracedLine, parsed, pieces, template_lines, traced
from pipegen.render.traced_file import TracedFile, Tracer
from pipegen.store import yaml_file
from pipegen.store.blueprints import BlueprintStore
from tests import golden_trees
from tests.render.blueprints import blueprint
from tests.render.designs import design, source, table

LOOPS = {"source": "sources", "table": "source.tables", "mart": "marts"}


def lines_of(text: str, path: str = "a.py", **context: Any) -> list[TracedLine]:
    """The lines that a template gives; its text is what the ordinary environment gives."""
    tree = parsed(path, text)
    made: list[Piece] = list(pieces(tree, context, path))
    whole = "".join(piece.text for piece in made)
    assert whole == environment(prefix_for(path)).from_string(text).render(context)
    lines = traced(text, iter(made))
    assert "".join(piece.text for line in lines for piece in line.pieces) == whole
    return lines


@pytest.mark.parametrize(
    ("text", "context", "expected"),
    [
        ("a\nb\n", {}, [1, 2]),
        ("a\n<% if x %>\nb\n<% endif %>\nc\n", {"x": True}, [1, 3, 5]),
        ("a\n<% if x %>\nb\n<% endif %>\nc\n", {"x": False}, [1, 5]),
        ("<% if x %>\nb\n<% elif y %>\nc\n<% else %>\nd\n<% endif %>\n", {"x": 0, "y": 0}, [6]),
        ("<% for i in x %>\n<%= i %>\nb\n<% endfor %>\nc\n", {"x": [1, 2]}, [2, 3, 2, 3, 5]),
        ("#% for i in x\n<%= i %>\n\n#% endfor\nc", {"x": [1, 2]}, [2, 3, 2, 3, 5]),
        ("a\n<%# a comment\nof two lines %>\nb\n", {}, [1, 4]),
        ("<% set y = 1 %>\n\nb\n", {}, [2, 3]),
        ("a <% if x %>b<% endif %>\nc\n", {"x": True}, [1, 2]),
        ("<%= x | trusted %>\nb\n", {"x": "one\ntwo"}, [1, 1, 2]),
        ("a\n<% raw %>\n<%= x %>\n<% endraw %>\nb\n", {}, [1, 2, 3, 5]),
        ("<% macro m(v) %><%= v %>!<% endmacro %>\na\n<%= m(1) %>\n", {}, [1, 2, 3]),
        ("a\n<% filter upper %>\nb\n<% endfilter %>\nc\n", {}, [1, 2, 5]),
        ("a\u2028b\nc\n", {}, [1, 2]),
        ("a\r\n<% if x %>\r\nb\r\n<% endif %>\r\nc\r\n", {"x": 1}, [1, 3, 5]),
        ("a\n\n\n", {}, [1, 2, 3]),
        ("", {}, []),
    ],
)
def test_every_line_has_its_line_of_the_template(text: str, context: dict[str, Any], expected: list[int]) -> None:
    assert [line.line for line in lines_of(text, **context)] == expected


def test_a_line_that_two_lines_of_the_template_make_names_both() -> None:
    (line, _) = lines_of("a\n<%- if x %> b<% endif %>\nc\n", x=True)
    assert (line.line, line.lines, line.text) == (1, (1, 2), "a")


def test_the_loops_and_conditions_around_a_line() -> None:
    text = (
        "<% for a in x if a %>\n<% if a == 1 %>\none\n<% elif a == 2 %>\ntwo\n<% else %>\nmany\n<% endif %>\n"
        "<% else %>\nnone\n<% endfor %>\nend\n"
    )
    lines = lines_of(text, x=[1, 2, 3])
    scopes = [[(s.kind, s.line, s.text) for s in line.scopes] for line in lines]
    loop = ("for", 1, "for a in x if a")
    assert scopes == [
        [loop, ("if", 2, "if a == 1")],
        [loop, ("elif", 4, "elif a == 2")],
        [loop, ("else", 2, "if a == 1")],
        [],
    ]
    assert [line.names.get("a") for line in lines[:3]] == [1, 2, 3]
    (none, _) = lines_of(text, x=[])
    assert [(s.kind, s.text) for s in none.scopes] == [("else", "for a in x if a")]


def test_two_statements_on_one_line_keep_their_own_text() -> None:
    (line,) = lines_of("<% if a %>x<% endif %><% if b %>y<% endif %>\n", a=1, b=2)
    texts = [[s.text for s in piece.site.scopes] for piece in line.pieces if piece.text.strip()]
    assert texts == [["if a"], ["if b"]]


def test_an_inner_loop_hides_the_name_of_the_outer_one_and_gives_it_back() -> None:
    lines = lines_of("<% for a in x %>\n<% for a in [7] %>\n<%= a %>\n<% endfor %>\n<%= a %>\n<% endfor %>\n", x=[1])
    assert [line.names["a"] for line in lines] == [7, 1]


def test_a_template_that_does_not_render_says_so() -> None:
    with pytest.raises(BlueprintError, match=r"^where/a\.py: "):
        list(pieces(parsed("a.py", "<%= nothing.at_all %>"), {}, "where/a.py"))


# What is read.


def reads_of(text: str, path: str = "a.md", **context: Any) -> list[list[Read]]:
    """What the expressions of each line read."""
    tree = parsed(path, text)
    reader = Reader(tree.nodes, context)
    return [
        [r for p in line.pieces if p.site.node for r in reader.of(p.site.node, p.names, p.site.scopes)]
        for line in traced(text, pieces(tree, context, path))
    ]


def told(reads: Sequence[Read]) -> list[tuple[str, str, int]]:
    return [(read.text, read.field, len(read.owners)) for read in reads]


def test_a_field_of_a_record_is_read_from_it() -> None:
    shop = source()
    (reads,) = reads_of("<%= ('x' ~ s.tables[0].key[0]) | md %> <%= s.schedule | md %>", s=shop)
    assert told(reads) == [("s.tables[0].key[0]", "key", 1), ("s.schedule", "schedule", 1)]
    assert reads[0].owners[0] is shop.tables[0]
    assert (reads[0].rest, reads[0].value, reads[1].value) == ((0,), "order_id", "*/30 * * * *")


def test_a_name_that_every_template_sees_is_read_with_the_way_into_it() -> None:
    (reads,) = reads_of("<%= destination.kind %><%= ci %>", destination={"kind": "duckdb"}, ci="github")
    assert [(r.text, r.field, r.rest, r.value) for r in reads] == [
        ("destination.kind", "destination", ("kind",), "duckdb"),
        ("ci", "ci", (), "github"),
    ]


def test_a_filter_that_goes_through_a_list_reads_the_field_of_each() -> None:
    text = "<% if sources | map(attribute='tables') | sum(start=()) | selectattr('incremental') | list %>x<% else %>y<% endif %>"
    tree = parsed("a.md", text)
    (line,) = traced(text, pieces(tree, {"sources": design().sources}, "a.md"))
    (scope,) = line.scopes
    reads = Reader(tree.nodes, {"sources": design().sources}).of(scope.tests[0], line.names)
    assert told(reads) == [("table.incremental", "incremental", 2)], "lists on the way to it are not what decides"


def test_a_name_that_was_set_or_looped_over_is_followed_to_what_it_holds() -> None:
    fact = design().marts[0]
    text = "<% set x = mart.load %>\n<%= x %>\n<% for column in mart.grain %>\n<%= column %>\n<% endfor %>\n"
    assert [told(reads) for reads in reads_of(text, mart=fact)] == [
        [("mart.load", "load", 1)],
        [("mart.grain", "grain", 1)],
    ]


def test_two_loops_over_plain_values_that_call_them_alike_are_kept_apart() -> None:
    fact = design().marts[0]
    text = "<% for c in mart.grain %>\n<%= c %>\n<% endfor %>\n<% for c in mart.measures %>\n<%= c %>\n<% endfor %>\n"
    assert [told(reads) for reads in reads_of(text, mart=fact)] == [
        [("mart.grain", "grain", 1)],
        [("mart.measures", "measures", 1)],
    ]


def test_arguments_of_macros_and_methods_are_read_and_the_authors_words_are_not() -> None:
    text = (
        "<% macro m(v) %><%= v %><% endmacro %><%= m(t.id) %><%= t.name.startswith(t.source) | py %><%= ',' if t.key %>"
    )
    reads = [read for line in reads_of(text, t=table("orders")) for read in line]
    assert [read.text for read in reads] == ["t.id", "t.name", "t.source", "t.key"]


# Whole files.


def of(blueprints: Sequence[Blueprint], id: str) -> TracedFile:
    found = Tracer(blueprints, design()).file(id)
    assert found is not None
    return found


def test_a_file_is_found_by_its_id_with_what_its_tokens_stand_for() -> None:
    one = blueprint({"m/{source}/{table}.sql": "a\n<%= table.id %> <%= answers.team %>\n"}, for_each=LOOPS,
                    questions=[{"id": "team", "ask": "?", "default": "data"}])  # fmt: skip
    found = of([one], "one:m/{source}/{table}.sql@shop_files.customers")
    assert found.content == b"a\ncustomers data\n"
    assert {token: value.id for token, value in found.values.items()} == {"source": "shop_files", "table": "customers"}
    (_, second) = found.lines
    assert [(r.text, r.field, r.rest) for r in found.printed(second)] == [
        ("table.id", "id", ()),
        ("answers.team", "answers", ("team",)),
    ]
    assert Tracer([one], design()).file("one:m/{source}/{table}.sql@shop_files.nothing") is None
    assert Tracer([one], design()).file("other:m.sql") is None


def test_what_let_a_file_be_rendered_is_told_and_read() -> None:
    one = blueprint(
        {"{mart}.sql": "x\n"}, for_each=LOOPS, when="destination.kind == 'duckdb'",
        files={"{mart}.sql": {"when": "mart.kind == 'custom'", "ownership": "once"}},
    )  # fmt: skip
    found = of([one], "one:{mart}.sql@churn")
    assert [(c.of, c.expression, [r.text for r in c.reads]) for c in found.conditions] == [
        ("blueprint", "destination.kind == 'duckdb'", ["destination.kind"]),
        ("file", "mart.kind == 'custom'", ["mart.kind"]),
    ]
    assert found.rule.ownership == "once"
    assert [read.text for read in found.reads()] == ["destination.kind", "mart.kind"]
    assert Tracer([one], design()).file("one:{mart}.sql@fct_orders") is None


def test_a_comma_between_items_reads_nothing_worth_telling() -> None:
    text = "<% for s in sources %>\n<%= s.id %><%= ',' if s.tables %>\n<% endfor %>\n"
    found = of([blueprint({"a.md": text})], "one:a.md")
    assert [read.text for read in found.printed(found.lines[0])] == ["s.id"]


def test_a_file_that_is_copied_has_its_own_lines_and_a_binary_one_none() -> None:
    one = blueprint({"a.txt": "<%= x %>\r\nb\r\n", "b.bin": b"\0\1"}, verbatim=["a.txt"])
    copied = of([one], "one:a.txt")
    assert (copied.copied, copied.content) == (True, b"<%= x %>\r\nb\r\n")
    assert [(line.number, line.line, line.text) for line in copied.lines] == [(1, 1, "<%= x %>"), (2, 2, "b")]
    assert of([one], "one:b.bin").lines == ()


@pytest.mark.parametrize("name", ["shop", "patterns"])
def test_every_line_of_a_golden_tree_is_traced(name: str) -> None:
    """To a line of the template that has the line's own text in it, and the lines are the very file."""
    folder = golden_trees.FOLDER / name
    document = yaml_file.read(folder / "pipegen.yml", "pipegen.yml")
    spec = load(document.values)
    facts = measured_in(folder, list(spec.sources))
    made = documented(make_design(spec, facts), spec, facts)
    blueprints = BlueprintStore().load(spec.catalog)
    tracer, count = Tracer(blueprints, made), 0
    for file in render(blueprints, made):
        found = tracer.file(file.id)
        assert found is not None, file.path
        assert found.content == (file.content if found.copied else normalised(file.content)), file.path
        texts = normalised(file.content).decode().split("\n")
        assert len(found.lines) == len(texts) - (texts[-1] == ""), file.path
        source = template_lines(found.blueprint.files[found.template].decode())
        for line, text in zip(found.lines, texts, strict=False):
            assert found.copied or "".join(piece.text for piece in line.pieces).rstrip("\n") == text
            assert line.text == source[line.line - 1]
            for piece in line.pieces:
                if piece.site.node is None:
                    assert piece.text.rstrip("\n") in source[piece.site.line - 1], f"{file.path}:{line.number}"
            count += 1
    assert count > 5_000
