from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
import yaml

from pipegen.core.errors import Problem, SpecError
from pipegen.core.spec import template
from pipegen.core.spec.template import TemplateSpec, is_template_spec
from pipegen.core.spec.template_answers import Variables
from pipegen.store.yaml_file import parse, value

WHOLE = """version: 1
name: orders
blueprints:
  - source: gh:acme/service
    ref: v2.1.0
    answers:
      project_name: "Orders: \\"desk\\""
      version: "1.10"
      docker: true
      table: {a: {b: [1, two]}}
    drawn:
      seed: "00112233445566778899aabbccddeeff"
      now: "2026-11-25T09:30:00+01:00"
"""


def loaded(text: str) -> TemplateSpec:
    document = parse(text.encode(), "pipegen.yml")
    return template.load(document.values, document.locate)


def problems(text: str) -> list[str]:
    with pytest.raises(SpecError) as error:
        loaded(text)
    return [f"{p}{f' ({p.hint})' if p.hint else ''}" for p in error.value.problems()]


class TestSpec:
    def test_what_is_written_is_read_back(self) -> None:
        spec = loaded(WHOLE)
        text = template.text(spec)
        assert loaded(text) == spec
        assert yaml.safe_load(text) == template.plain(spec)
        assert template.text(loaded(text)) == text
        assert template.plain(spec) == parse(WHOLE.encode(), "x").values

    def test_what_nobody_said_is_not_written(self) -> None:
        text = template.text(loaded("name: a\nblueprints: [{source: ../tpl}]\n"))
        assert text.splitlines()[1:] == [
            "version: 1", "name: a", "", "blueprints:", "  - source: ../tpl  # a folder, a git URL, a zip, or gh:owner/name",
        ]  # fmt: skip

    def test_the_schema_takes_what_is_written(self) -> None:
        schema = json.loads(template.schema_text())
        jsonschema.validate(yaml.safe_load(template.text(loaded(WHOLE))), schema)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"version": 1, "name": "a", "sources": {}}, schema)

    def test_every_problem_has_its_line(self) -> None:
        assert problems("version: 2\nname: [a]\nblueprints:\n  - sorce: x\n    drawn: {sed: 1}\nowner: me\n") == [
            "pipegen.yml:1: `version`: input should be 1 (Version of this format, for example `1`.)",
            "pipegen.yml:2: `name`: input should be a valid string (Name of the repository's folder, for example `orders`.)",
            "pipegen.yml:4: `blueprints.0.source` is missing",
            "pipegen.yml:4: unknown key `blueprints.0.sorce` (did you mean `source`?)",
            "pipegen.yml:5: unknown key `blueprints.0.drawn.sed` (did you mean `seed`?)",
            "pipegen.yml:6: unknown key `owner` (allowed here: version, name, blueprints)",
        ]
        assert problems("name: a\nblueprints:\n  - {source: x}\n  - {source: y}\n") == [
            "pipegen.yml:2: `blueprints`: a template stands alone, and more than one is named (keep one of them)"
        ]
        assert problems("name: a\nblueprints: [{source: x, ref: 1.0}]\n") == [
            'pipegen.yml:2: `blueprints.0.ref`: 1.0 is no text here (quote it: `"1.0"`)'
        ]
        assert "it must start with a letter" in problems("name: ../a\nblueprints: [{source: x}]\n")[0]
        assert len(problems("name: a\nblueprints: [{source: x, drawn: {seed: XYZ, now: today}}]\n")) == 2

    @pytest.mark.parametrize(
        ("text", "alone"),
        [
            ("blueprints: [{source: x}]", True), ("blueprints: []", False), ("{}", False),
            ("sources: {}\nblueprints: [{source: x}]", False), ("sources:\nblueprints: [{source: x}]", False), ("blueprints: x", False),
        ],
    )  # fmt: skip
    def test_a_template_stands_alone(self, text: str, alone: bool) -> None:
        assert is_template_spec(parse(text.encode(), "x").values) is alone


CONFIG: dict[str, Any] = {
    "name": "My Project", "port": 8000, "nothing": None, "docker": True, "license": ["MIT", "BSD"], "workers": [1, 2],
    "table": {"a": "b"}, "_private": "p", "__derived": "d", "_extensions": [], "_copy_without_render": [], "__prompts__": {},
}  # fmt: skip


class TestAnswers:
    variables = Variables.of(CONFIG)

    @pytest.mark.parametrize(
        ("name", "said", "kept"),
        [
            ("name", "x", "x"), ("name", "", ""), ("name", 3, 3), ("port", "9000", "9000"), ("port", 9000, 9000), ("nothing", "x", "x"),
            ("docker", "no", False), ("docker", "ON", True), ("docker", False, False), ("license", "BSD", "BSD"), ("workers", "2", 2),
            ("workers", 2, 2), ("table", {"a": 1}, {"a": 1}), ("_private", "q", "q"), ("__derived", "e", "e"),
        ],
    )  # fmt: skip
    def test_an_answer_that_its_variable_can_have(self, name: str, said: Any, kept: Any) -> None:
        checked = self.variables.checked(name, said, None)
        assert (checked, type(checked)) == (kept, type(kept))

    @pytest.mark.parametrize(
        ("name", "said", "message", "hint"),
        [
            ("name", 1.10, "`name`: 1.1 is no text here", 'quote it: `name: "1.1"`'),
            ("name", True, "`name`: true is no text here", 'quote it: `name: "true"`'),
            ("name", ["a"], "`name`: ['a'] is no text here", None),
            ("docker", "maybe", "`docker`: `maybe` is neither true nor false", "say `true` or `false`"),
            ("docker", 1, "`docker`: `1` is neither true nor false", "say `true` or `false`"),
            ("license", "GPL", "`license`: `GPL` is not one of `MIT`, `BSD`", None),
            ("license", "mit", "`license`: `mit` is not one of `MIT`, `BSD`", "did you mean `MIT`?"),
            ("license", ["MIT"], "`license`: `['MIT']` is not one of `MIT`, `BSD`", None),
            ("table", "x", "`table` is a mapping of keys to values", None),
        ],
    )
    def test_one_that_it_cannot_have(self, name: str, said: Any, message: str, hint: str | None) -> None:
        problem = self.variables.checked(name, said, "--set")
        assert isinstance(problem, Problem)
        assert (problem.message, problem.where) == (message, "--set")
        assert hint is None or problem.hint == hint

    def test_a_number_that_is_a_choice_in_quotes(self) -> None:
        problem = Variables.of({"python": ["3.11", "3.12"]}).checked("python", 3.11, None)
        assert problem.hint == 'quote it: `python: "3.11"`'

    def test_what_steers_cookiecutter_is_no_variable(self) -> None:
        assert self.variables.names[:7] == ["name", "port", "nothing", "docker", "license", "workers", "table"]
        assert self.variables.names[7:] == ["_private", "__derived"]
        unknown = self.variables.unknown("_extensions", "--set")
        assert unknown.hint == "it has: name, port, nothing, docker, license, workers, table"
        assert self.variables.unknown("nam", None).hint == "did you mean `name`?"

    def test_nested_templates_are_chosen_by_an_answer(self) -> None:
        variables = Variables.of({"a": "b"}, ("web", "library"))
        assert variables.names == ["template", "a"]
        assert variables.checked("template", "web", None) == "web"
        assert isinstance(variables.checked("template", "x", None), Problem)

    def test_what_is_typed_is_text_but_for_mappings(self) -> None:
        assert self.variables.from_text("name", "1.10", value) == "1.10"
        assert self.variables.from_text("table", "{a: 1}", value) == {"a": 1}
