"""Contributions: collected, typed, in order."""

from __future__ import annotations

from typing import Any

import pytest

from pipegen.core.errors import BlueprintError
from pipegen.render.renderer import render
from tests.render.blueprints import blueprint
from tests.render.designs import design, source

LOOPS = {"source": "sources", "table": "source.tables"}


def printed(template: str, *contributors: Any) -> str:
    tree = render([blueprint({"out": template}, name="zz"), *contributors], design((source("shop"), source("crm"))))
    return tree["out"].content.decode()


def contributor(name: str = "one", pieces: dict[str, str] | None = None, **contributes: Any) -> Any:
    return blueprint({}, name=name, for_each=LOOPS, pieces=pieces, contributes=contributes)


MAKE = "<% for t in contributions.make %><%= t.target %>: <%= t.help | md %>: <%= t.run %>\n<% endfor %>"


def test_code_prints_as_it_is_and_values_are_quoted() -> None:
    one = contributor(make=[{"target": "docs", "help": "*all* docs", "run": "dbt docs && echo 'a: b'"}])
    assert printed(MAKE, one) == "docs: \\*all\\* docs: dbt docs && echo 'a: b'\n"


def test_a_value_is_not_printed_with_no_filter() -> None:
    with pytest.raises(BlueprintError, match=r"out:1: the text 'all: docs' is printed with no filter"):
        printed("<%= contributions.make[0].help %>", contributor(make=[{"target": "docs", "help": "all: docs"}]))


def test_an_item_is_contributed_once_for_each_thing_it_speaks_of() -> None:
    env = [
        {"name": "<%= source.path_env %>", "default": "<%= source.path %>", "help": "Where <%= source.description %>"}
    ]
    template = (
        "<% for e in contributions.env %><%= e.name %>=<%= e.default | sh %> # <%= e.help | comment %>\n<% endfor %>"
    )
    where = "Where Orders of the web shop."
    assert printed(template, contributor(env=env)) == f"SHOP_PATH=../data # {where}\nCRM_PATH=../data # {where}\n"


def test_when_holds_for_each_item() -> None:
    make = [
        {"target": "a", "help": "", "when": "ci == 'gitlab'"},
        {"target": "b", "help": "", "when": "ci == 'github'"},
        {"target": "load-<%= source.id %>", "help": "", "when": "source.id == 'crm'"},
    ]
    assert (
        printed("<%= contributions.make | map(attribute='target') | join(' ') %>", contributor(make=make))
        == "b load-crm"
    )


def test_blueprints_contribute_in_their_order() -> None:
    two = [contributor(name, make=[{"target": name, "help": ""}]) for name in ("b", "a")]
    first = blueprint({}, name="c", contributes={"make": [{"target": "c", "help": ""}]})
    last = blueprint({}, name="aa", requires={"c": ">=1"}, contributes={"make": [{"target": "aa", "help": ""}]})
    assert printed("<%= contributions.make | map(attribute='target') | join(' ') %>", last, *two, first) == "a b c aa"
    assert printed("<%= contributions.make | map(attribute='blueprint') | join(' ') %>", *two) == "a b"


def test_requirements_are_by_environment() -> None:
    one = contributor(
        requirements={"work": ["dbt-duckdb==1.10", {"package": "x", "when": "ci == 'none'"}], "lint": ["ruff"]}
    )
    two = contributor("two", requirements={"work": ["dbt-duckdb==1.10", "dlt[duckdb]>=1"]})
    work = "contributions.requirements | selectattr('environment', 'equalto', 'work')"
    template = f"<%= {work} | map(attribute='package') | join(' ') %>"
    assert printed(template, one, two) == "dbt-duckdb==1.10 dlt[duckdb]>=1"


def test_the_text_of_a_section_is_a_template_too() -> None:
    one = contributor(
        pieces={"readme/load.md": "It loads:\n<% for s in sources %>\n- <%= s.name | code %>\n<% endfor %>\n"},
        readme=[{"section": "Load", "file": "readme/load.md"}, {"section": "More", "text": "*as it is* <%= ci %>"}],
    )
    template = "<% for r in contributions.readme %>\n## <%= r.section | md %>\n<%= r.text %>\n<% endfor %>"
    assert printed(template, one) == "## Load\nIt loads:\n- `shop`\n- `crm`\n\n## More\n*as it is* github\n"


def test_a_missing_piece_names_the_item() -> None:
    one = contributor(readme=[{"section": "a", "text": "b"}, {"section": "Load", "file": "readme/lod.md"}])
    with pytest.raises(
        BlueprintError, match=r"blueprint\.yml: contributes\.readme\[1\]: there is no file `readme/lod\.md`"
    ):
        printed("", one)


def test_an_error_in_a_piece_has_its_line() -> None:
    one = contributor(pieces={"a.md": "x\n<%= nothing %>\n"}, readme=[{"section": "a", "file": "a.md"}])
    with pytest.raises(BlueprintError, match=r"blueprints/one/1\.0\.0/a\.md:2: `nothing` is not defined"):
        printed("", one)


def test_an_error_in_the_manifest_names_the_field() -> None:
    with pytest.raises(
        BlueprintError, match=r"blueprint\.yml \(contributes\.env\[0\]\.default\):1: `nothing` is not defined"
    ):
        printed("", contributor(env=[{"name": "A", "default": "<%= nothing %>"}]))


def test_one_name_with_two_meanings_is_refused() -> None:
    two = [contributor(name, make=[{"target": "docs", "help": name}]) for name in ("a", "b")]
    with pytest.raises(BlueprintError, match="`docs` is contributed twice to `make`: by `a` and by `b`"):
        printed("", *two)


def test_a_variable_that_two_blueprints_read_is_one() -> None:
    two = [contributor(name, env=[{"name": "WAREHOUSE_PATH", "help": "The warehouse."}]) for name in ("a", "b")]
    assert printed("<%= contributions.env | length %>", *two) == "1"
    other = contributor("c", env=[{"name": "WAREHOUSE_PATH", "help": "Another thing."}])
    with pytest.raises(BlueprintError, match="`WAREHOUSE_PATH` is contributed twice"):
        printed("", *two, other)
