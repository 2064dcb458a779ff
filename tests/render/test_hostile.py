"""The bundled blueprints with hostile and awkward text in everything a person can name: files that parse, or a clear refusal."""

from __future__ import annotations

import ast
import configparser
import json
import tomllib
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipegen.core.blueprint import Blueprint
from pipegen.core.design.model import Column, Design, Rule
from pipegen.core.errors import BlueprintError
from pipegen.core.tree import FileTree
from pipegen.render.lint_hosts import check_host
from pipegen.render.renderer import render
from pipegen.store.blueprints import BlueprintStore
from tests.render.designs import design, source, table
from tests.render.test_quoting import AWKWARD

texts = st.one_of(
    st.sampled_from([text for text in AWKWARD if "\0" not in text]),
    st.text(alphabet="{}%#'\"\\ \n-:,[]&*!|>a1~$`<=;/@", min_size=1, max_size=40),
    st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40),
)
ids = st.sampled_from(["order", "group", "größe", "no", "e1", "x" * 100, "select", "表"])


@cache
def bundled() -> list[Blueprint]:
    store = BlueprintStore()
    return [store.find(name, versions[-1]).load() for name, versions in store.versions().items()]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("compiled")


@st.composite
def hostile(draw: st.DrawFn) -> Design:
    """The ordinary design with drawn text wherever people, files or databases choose it."""
    columns = tuple(
        Column(
            draw(texts) or "x", id, "VARCHAR", nullable=draw(st.booleans()), description=draw(texts),
            values=tuple(draw(st.lists(texts, max_size=15, unique=True))), measured=draw(texts),
        )
        for id in draw(st.lists(ids, min_size=1, max_size=3, unique=True))
    )  # fmt: skip
    rules = (Rule(draw(texts) or "x", "a_rule", "a >= 0 or b = 'it''s; -- no'", "warn"),)
    tables = tuple(
        table(
            draw(texts) or "x",
            "shop",
            id,
            columns=columns,
            rules=rules,
            key=(columns[0].id,),
            from_=draw(texts) or "*",
            options={"delimiter": draw(texts), "header": True, "nulls": [draw(texts)]},
            description=draw(texts),
            notes=tuple(draw(st.lists(texts, max_size=2))),
            key_holds=draw(st.booleans()),
        )
        for id in draw(st.lists(ids, min_size=1, max_size=2, unique=True))
    )
    shop = replace(source("shop", tables), name=draw(texts) or "x", path=draw(texts) or ".", description=draw(texts))
    made = design((shop,))
    fact = replace(made.marts[0], description=draw(texts), from_=(tables[0].staging,), relationships=())
    pipeline = replace(made.pipeline, description=draw(texts), owner=draw(texts) or "x")
    return replace(made, pipeline=pipeline, marts=(replace(fact, staging=tables[0].staging), made.marts[1]))


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@given(hostile())
@settings(deadline=None, max_examples=25)
def test_every_file_parses_or_the_name_is_refused(compiled: Path, made: Design) -> None:
    try:
        tree = render(bundled(), made, cache=compiled)
    except BlueprintError as error:
        # A refusal names the template's line and says why; that no filter was there is a flaw of the template.
        assert "is printed with no filter" not in error.message, error.message
        assert "is not defined" not in error.message, error.message
        return
    parse(tree)


def test_the_ordinary_design_renders() -> None:
    parse(render(bundled(), design(), cache=None))


def parse(tree: FileTree) -> None:
    """Read every file with its own language's parser."""
    for file in tree:
        suffix = file.path.rsplit(".", 1)[-1]
        text = file.content.decode("utf-8")
        try:
            if suffix == "py":
                ast.parse(text)
            elif suffix in ("yml", "yaml"):
                list(yaml.safe_load_all(text))
            elif suffix == "json":
                json.loads(text)
            elif suffix == "toml":
                tomllib.loads(text)
            elif suffix in ("ini", "cfg"):
                configparser.ConfigParser(interpolation=None).read_string(text)
            elif suffix == "sql" and "/macros/" not in file.path:
                broken = check_host(file.path, text)
                assert broken is None, broken
        except Exception as error:
            raise AssertionError(f"{file.id}: {error}\n{text}") from error
