"""A plain template rendered by pipegen has the bytes and modes of cookiecutter's own output."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pipegen.core.errors import BlueprintError
from pipegen.core.tree import MODE_LINK
from tests.render.cookiecutters import TOP, files, in_this_process, ours, template, theirs

__all__ = ["in_this_process"]

PNG = b"\x89PNG\r\n\x1a\n\x00\x00{{ cookiecutter.slug }}\xff\xfe"

VARIABLES: dict[str, Any] = {
    "full_name": "Ada Löve",
    "project_name": "My {{ cookiecutter.full_name }}'s Project",
    "slug": "{{ cookiecutter.project_name.lower().replace(' ', '-')|slugify }}",
    "module": "{{ cookiecutter.slug.replace('-', '_') }}",
    "license": ["MIT", "{{ cookiecutter.full_name }} Licence", "none"],
    "use_docker": True,
    "use_ci": False,
    "port": 8000,
    "ratio": 0.25,
    "nothing": None,
    "empty": "",
    "workers": [1, 2, 4],
    "database": {
        "{{ cookiecutter.module }}": {"host": "{{ cookiecutter.slug }}.local", "ports": [1, "{{ cookiecutter.port }}"]}
    },
    "_private": "{{ cookiecutter.full_name }} is not rendered here",
    "__derived": "{{ cookiecutter.slug|upper }}",
    "__choices": ["{{ cookiecutter.slug }}", "b"],
    "__table": {"a": "{{ cookiecutter.license }}"},
    "__prompts__": {"full_name": "Who are you?", "license": {"__prompt__": "Which licence?", "MIT": "MIT, short"}},
}
EVERY = (
    "{% for key, value in cookiecutter.items() if key not in ('_template', '_output_dir', '_repo_dir') %}"
    "{{ key }}={{ value }}\n{% endfor %}"
    "{{ cookiecutter.database|jsonify }}\n{{ _cookiecutter|jsonify(2) }}\n{{ cookiecutter.__table }} {{ cookiecutter._private }}\n"
)


def same(folder: Path, tmp_path: Path, answers: Mapping[str, Any] | None = None, defaults: Any = None) -> None:
    """Ours and cookiecutter's output agree, byte for byte and mode for mode."""
    wanted = theirs(folder, tmp_path / "theirs", answers, defaults)
    assert wanted, "the template renders nothing"
    assert files(ours(folder, {**(defaults or {}), **(answers or {})})) == wanted


ANSWERS: list[dict[str, Any]] = [
    {},
    {
        "full_name": "Grace {{ 1 + 1 }}",
        "license": "none",
        "use_docker": False,
        "use_ci": True,
        "workers": 4,
        "nothing": "x",
    },
    {
        "database": {"more": {"host": "h"}, "{{ cookiecutter.module }}": {"host": "other"}},
        "_private": "said",
        "__derived": "d",
    },
]


@pytest.mark.parametrize("answers", ANSWERS)
def test_every_kind_of_variable(tmp_path: Path, answers: dict[str, Any]) -> None:
    folder = template(
        tmp_path / "tpl", VARIABLES, {"every.txt": EVERY, "{{cookiecutter.module}}/{{cookiecutter.port}}.py": "x\n"}
    )
    same(folder, tmp_path, answers)


def test_the_defaults_of_the_persons_own_config(tmp_path: Path) -> None:
    folder = template(tmp_path / "tpl", VARIABLES, {"every.txt": EVERY})
    same(folder, tmp_path, {"license": "MIT"}, {"full_name": "From the rc", "use_ci": True, "port": "9"})


def test_files_of_every_kind(tmp_path: Path) -> None:
    text = "{# gone #}a {{ cookiecutter.slug }}\n{% raw %}{{ kept }}{% endraw %}\n{% if cookiecutter.yes == 'y' %}yes{% endif %}\n\n"
    contents: dict[str, str | bytes] = {
        "text.txt": text,
        "no newline at the end": "{{ cookiecutter.slug }}",
        "crlf.txt": text.replace("\n", "\r\n"),
        "cr.txt": text.replace("\n", "\r"),
        "mixed.txt": "a\nb\r\nc {{ cookiecutter.slug }}\r\n",
        "mixed2.txt": "a\r\nb\nc\n",
        "late.txt": "x" * 9000 + "\r\ny\n",
        "bom.txt": "﻿{{ cookiecutter.slug }}\r\n",
        "empty": "",
        "newlines": "\n\n\n",
        "picture.png": PNG,
        "picture.bin": PNG,
        "text.png": "{{ cookiecutter.slug }} is no picture",
        "latin.bin": "{{ caf\xe9 }}\x00".encode("latin-1"),
        "control.bin": bytes(range(256)) * 3,
        "ünï/日本 {{cookiecutter.slug}}.txt": "é {{ cookiecutter.slug }} 日本\n",
        "run.sh": "#!/bin/sh\necho {{ cookiecutter.slug }}\n",
        "bin/tool": PNG,
        "{{cookiecutter.slug}}/{{cookiecutter.yes}}/deep.txt": "{{ cookiecutter.yes }}\n",
        "spaced/{{ cookiecutter.slash }}/x.txt": "x\n",
        "dot/.hidden": "{{ cookiecutter.slug }}\n",
        "{% if cookiecutter.yes == 'y' %}said.txt{% endif %}": "y\n",
        "{% if cookiecutter.yes == 'n' %}never.txt{% endif %}": "n\n",
        "sub/{% if cookiecutter.yes == 'n' %}never.txt{% endif %}": "n\n",
        "sub/other.txt": "o\n",
        "{{ cookiecutter.folder }}": "a file with the name of a folder is left out\n",
        "made/x": "1\n",
    }
    folder = template(tmp_path / "tpl", {"yes": "y", "slash": "a/b", "folder": "made", "slug": "made-it"}, contents)
    for name in ("run.sh", "bin/tool"):
        (folder / TOP / name).chmod(0o755)
    (folder / TOP / "nothing in it").mkdir()
    same(folder, tmp_path)
    made = files(ours(folder))
    assert made["run.sh"][0] == 0o755
    assert not any("never" in path or "nothing" in path for path in made)


@pytest.mark.usefixtures("in_this_process")
@pytest.mark.parametrize("newlines", ["\r\n", "\n", "\r"])
def test_line_endings_that_the_template_asks_for(tmp_path: Path, newlines: str) -> None:
    contents = {"unix": "a\nb\n", "dos": "a\r\nb\r\n", "binary.png": PNG, "kept/x": "a\nb\r\n{{"}
    same(template(tmp_path / "tpl", {"_new_lines": newlines, "_copy_without_render": ["kept"]}, contents), tmp_path)


def test_what_is_copied_without_a_render(tmp_path: Path) -> None:
    patterns = [
        "*.html",
        "static",
        "docs/{{cookiecutter.slug}}",
        "deep/*/raw",
        "not_{{cookiecutter.slug}}_rendered.py",
        "*/exact.txt",
    ]
    names = [
        "page.html", "inner/{{cookiecutter.slug}}.html", "static/{{cookiecutter.slug}}/{{ not a template", "static/x.txt",
        "docs/{{cookiecutter.slug}}/{{cookiecutter.no}}.md", "deep/a/raw/{{x}}.txt", "deep/a/cooked.txt",
        "not_{{cookiecutter.slug}}_rendered.py", "z/exact.txt", "exact.txt", "z/page.htm",
    ]  # fmt: skip
    broken = "{{ undefined }} {% endfor %}\n"
    fine = {"deep/a/cooked.txt", "exact.txt", "z/page.htm"}
    contents = {name: "{{ cookiecutter.slug }}\n" if name in fine else broken for name in names}
    folder = template(tmp_path / "tpl", {"_copy_without_render": patterns}, contents)
    (folder / TOP / "static/x.txt").chmod(0o755)
    same(folder, tmp_path)


def test_templates_that_include_import_and_extend(tmp_path: Path) -> None:
    contents = {
        "/templates/base.html": "<{% block body %}base{% endblock %}>\n",
        "/templates/parts/macros.j2": "{% macro twice(x) %}{{ x }}{{ x }}{% if caller is defined %}{{ caller() }}{% endif %}{% endmacro %}"
        "{% set version = 3 %}",
        "/templates/part.txt": "part of {{ cookiecutter.slug }}\r\n",
        "page.html": "{% extends 'base.html' %}{% block body %}{{ super() }}, {{ cookiecutter.slug }} {{ self.body.name }}{% endblock %}\n",
        "uses.txt": (
            "{% import 'parts/macros.j2' as m %}{% from 'parts/macros.j2' import twice with context %}"
            "{{ m.twice('x') }} {{ m.version }} {% call twice('y') %}called{% endcall %}\n{% include 'part.txt' %}"
            "{% include ['nowhere', 'inner/own.txt'] %}{% include 'nowhere' ignore missing %}"
        ),
        "inner/own.txt": "own {{ cookiecutter.slug }}\n",
    }
    same(template(tmp_path / "tpl", {}, contents), tmp_path)


LANGUAGE = r"""
{%- set ns = namespace(total=0) %}{% for n in range(3) %}{% set ns.total = ns.total + n * 2 ** n %}{{ loop.index }}/{{ loop.length }}
{%- if not loop.last %}, {% endif %}{{ loop.cycle('a', 'b') }}{{ loop.changed(n) }}{% endfor %} {{ ns.total }}
{% set row = cycler('odd', 'even') %}{{ row.next() }}{{ row.next() }}{{ row.current }}
{% set comma = joiner('; ') %}{{ comma() }}x{{ comma() }}y
{% for letter, words in ['ab', 'ac', 'bd']|groupby(0) %}{{ letter }}:{{ words|join('+') }} {% endfor %}{{ [3, 1, 2]|sort|reverse|list }}
{{ '{0.real} {1[0]} {name:>5}'.format(7, ['q'], name='n') }} {{ '%s-%05d'|format('a', 42) }} {{ '%x' % 255 }} {{ 'a' ~ 1 ~ none }}
{% set seen = [] %}{% do seen.append('x') %}{{ seen }}
{% set _ = cookiecutter.update({'later': 'L'}) %}{{ cookiecutter.later }} {{ dict(a=1)|tojson }}
{% for n in range(9) %}{% if n == 2 %}{% continue %}{% endif %}{% if n == 4 %}{% break %}{% endif %}{{ n }}{% endfor %}
{% macro tree(items) %}{% for key, below in items|dictsort recursive %}
{{ key }}({{ loop(below|dictsort) if below }}){% endfor %}{% endmacro %}
{{- tree({'b': {}, 'a': {'c': {'d': {}}}}) }} {{ "O'Brien & Söhne"|slugify }}
{{ 'Ä b'|slugify(separator='_', lowercase=False) }}
{{ {'b': [1, true, none], 'a': 'é'}|jsonify(indent=2) }} {{ '<b>'|e }}
{{ 'x y'|title|wordcount }} {{ 'abc'[::-1] }} {{ 1 if false else 'else' }}
{% filter upper %}filtered{% endfilter %} {% with a = 1 %}{{ a }}{% endwith %} {{ missing is defined }}
{{ missing|default('d') }} {{ 'a,b'.split(',') }}
{{ ['a', 'b']|map('upper')|select('ne', 'A')|list }} {{ [{'n': 1}, {'n': 2}]|map(attribute='n')|sum }} {{ 'x'|attr('upper') is callable }}
{%+ if true %}   kept {%- endif %}   {{- ' eaten' }}
"""


def test_the_language(tmp_path: Path) -> None:
    config = {"_extensions": ["jinja2.ext.do", "jinja2.ext.loopcontrols", "cookiecutter.extensions.SlugifyExtension"]}
    same(template(tmp_path / "tpl", config, {"language.txt": LANGUAGE}), tmp_path)


@pytest.mark.usefixtures("in_this_process")
def test_settings_of_jinja(tmp_path: Path) -> None:
    settings = {
        "block_start_string": "<%", "block_end_string": "%>", "variable_start_string": "<<", "variable_end_string": ">>",
        "comment_start_string": "<#", "comment_end_string": "#>", "trim_blocks": True, "lstrip_blocks": True,
        "line_statement_prefix": "%%",
    }  # fmt: skip
    text = "{{ kept }}\n  <% if true %>\n<< cookiecutter.slug >>\n  <% endif %>\n%% for i in [1, 2]\n<< i >>\n%% endfor\n<# gone #>\n"
    config = {"name": "A B", "slug": "<< cookiecutter.name|lower|replace(' ', '') >>", "_jinja2_env_vars": settings}
    same(template(tmp_path / "tpl", config, {"<<cookiecutter.slug>>.txt": text}, "<<cookiecutter.slug>>"), tmp_path)
    escaped = template(
        tmp_path / "escaped", {"_jinja2_env_vars": {"autoescape": True}}, {"x.html": "{{ '<a>' }} {{ '<a>'|safe }}\n"}
    )
    same(escaped, tmp_path / "escaped")


NESTED = {
    "templates": {
        "web": {"path": "./web", "title": "Web", "description": "A web service"},
        "library": {"path": "./all/library", "title": "Library", "description": "A library"},
    }
}


def nested(folder: Path, config: Mapping[str, Any]) -> Path:
    template(folder, config, {})
    (folder / TOP).rmdir()
    (folder / "cookiecutter.json").write_text(json.dumps(config))
    for name in ("web", "all/library"):
        template(
            folder / name,
            {"kind": name, "slug": "x"},
            {"kind.txt": "{{ cookiecutter.kind }} {{ cookiecutter.extra|default('-') }}\n"},
        )
    return folder


@pytest.mark.usefixtures("in_this_process")
@pytest.mark.parametrize("config", [NESTED, {"template": ["Web (./web)", "Library (./all/library)"]}])
def test_nested_templates(tmp_path: Path, config: dict[str, Any]) -> None:
    folder = nested(tmp_path / "tpl", config)
    same(folder, tmp_path)
    same(folder, tmp_path / "tpl", {"kind": "said"})
    second = list(config.get("templates", config.get("template")))[1]
    assert files(ours(folder, {"template": second})) == theirs(folder / "all/library", tmp_path / "library")


def test_a_nested_template_outside_of_the_template_is_refused(tmp_path: Path) -> None:
    template(tmp_path / "outside", {}, {"x": "1"})
    folder = nested(tmp_path / "tpl", {"templates": {"a": {"path": "../outside"}}})
    with pytest.raises(BlueprintError, match=r"the nested template `\.\./outside` is not a folder of the template"):
        ours(folder)


def test_random_files(tmp_path: Path) -> None:
    """Many files of random lines, endings and pieces of Jinja, some of which are no text."""
    chance = random.Random(4)
    pieces = [
        "{{ cookiecutter.slug }}",
        "{% if cookiecutter.yes %}",
        "{% endif %}",
        "{# c #}",
        "{%- set a = 1 -%}",
        "é",
        " ",
        "x",
        "\t",
        "}}",
    ]
    contents: dict[str, str | bytes] = {}
    for number in range(150):
        line = lambda: "".join(chance.choices(pieces[:1] + pieces[3:], k=chance.randint(0, 6)))  # noqa: E731
        text = (
            "".join(line() + chance.choice(["\n", "\n", "\r\n", "\r", "\n\n"]) for _ in range(chance.randint(0, 12)))
            + line()
        )
        if chance.random() < 0.3:
            text = f"{{% if cookiecutter.yes %}}{text}{{% endif %}}" + chance.choice(["", "\n", "\r\n"])
        content = text.encode()
        if chance.random() < 0.15:
            content += bytes(chance.choices(range(256), k=200))
        contents[
            f"{number % 7}/{{{{cookiecutter.slug}}}}_{number}{chance.choice(['', '.txt', '.py', '.svg', '.ico'])}"
        ] = content
    contents = {path: c for path, c in contents.items() if _decodable(c) or path.endswith(".ico")}
    same(template(tmp_path / "tpl", {"yes": True}, contents), tmp_path)


def _decodable(content: str | bytes) -> bool:
    try:
        (content if isinstance(content, bytes) else content.encode()).decode()
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.usefixtures("in_this_process")
def test_a_folder_whose_name_is_empty_is_left_out_with_all_in_it(tmp_path: Path) -> None:
    """cookiecutter itself fails here: the folder would be the one that it is in."""
    conditional = "{% if cookiecutter.docs %}docs{% endif %}"
    folder = template(tmp_path / "tpl", {"docs": True}, {f"{conditional}/in/x.txt": "x", "kept.txt": "k"})
    assert set(files(ours(folder))) == {"docs/in/x.txt", "kept.txt"}
    assert set(files(ours(folder, {"docs": False}))) == {"kept.txt"}


def test_symlinks_stay_symlinks(tmp_path: Path) -> None:
    folder = template(
        tmp_path / "tpl",
        {},
        {"real/{{cookiecutter.slug}}.txt": "{{ cookiecutter.slug }}\n", "/LICENSE": "of {{ cookiecutter.slug }}\n"},
    )
    top = folder / TOP
    (top / "link.txt").symlink_to("real/{{cookiecutter.slug}}.txt")
    (top / "real/up").symlink_to("..")
    (top / "later").symlink_to("made by a run")
    (top / "LICENSE").symlink_to("../LICENSE")
    made = files(ours(folder))
    assert made["link.txt"] == (MODE_LINK, b"real/made.txt")
    assert made["real/up"] == (MODE_LINK, b"..")
    assert made["later"] == (MODE_LINK, b"made by a run")
    assert made["LICENSE"] == (0o644, b"of made\n")  # as cookiecutter has it: a file of the template, elsewhere in it


@pytest.mark.usefixtures("in_this_process")
@pytest.mark.parametrize(
    "target", ["/etc/hostname", "../../outside.txt", "../{{cookiecutter.up}}/x", "{{cookiecutter.up}}/x", ".."]
)
def test_a_symlink_that_leads_out_is_refused(tmp_path: Path, target: str) -> None:
    (tmp_path / "outside.txt").write_text("private\n")
    folder = template(tmp_path / "tpl", {"up": ".."}, {"x": "1"})
    (folder / TOP / "link").symlink_to(target)
    with pytest.raises(BlueprintError, match="symlink"):
        ours(folder)


def test_a_symlink_in_the_shared_templates_is_followed_in_the_template_alone(tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("private\n")
    folder = template(
        tmp_path / "tpl", {}, {"x": "{% include 'shared.txt' %}", "/common/s.txt": "shared {{ cookiecutter.slug }}\n"}
    )
    (folder / "templates").mkdir()
    (folder / "templates/shared.txt").symlink_to("../common/s.txt")
    same(folder, tmp_path)
    (folder / "templates/shared.txt").unlink()
    (folder / "templates/shared.txt").symlink_to("../../outside.txt")
    with pytest.raises(BlueprintError, match=r"the symlink `templates/shared\.txt` leads out of the template"):
        ours(folder)


DRAWING = (
    "{% now 'utc', '%Y-%m-%d %H:%M:%S' %} {% now 'utc' %} {% now 'local', '%H %z' %} {% now 'utc' + 'days=2,hours=1', '%d %H' %}\n"
    "{{ random_ascii_string(12) }} {{ random_ascii_string(5, punctuation=True) }} {{ random_ascii_string(12) }}\n"
    "{{ uuid4() }} {{ uuid4() }}\n"
    "{{ range(1000)|random }} {{ lipsum(1, html=False, min=3, max=6) }}\n"
)


class TestDraws:
    """What is drawn at random, and the time: the same at every render."""

    def folder(self, tmp_path: Path, text: str = DRAWING, **more: str) -> Path:
        return template(
            tmp_path / "tpl",
            {"token": "{{ random_ascii_string(8) }}", "year": "{% now 'local', '%Y' %}"},
            {"a.txt": text, **more},
        )

    def test_one_seed_and_time_give_one_render(self, tmp_path: Path) -> None:
        folder = self.folder(tmp_path)
        made, again = ours(folder), ours(folder)
        assert files(made) == files(again)
        assert made.drew == {"seed", "now"}
        first = files(made)["a.txt"][1].decode()
        assert first.startswith("2026-11-25 08:30:00 2026-11-25 09 +0100 27 09\n")
        words = first.split("\n")[1].split(" ")
        assert [len(word) for word in words] == [12, 5, 12]
        assert words[0] != words[2]
        ids = first.split("\n")[2].split(" ")
        assert ids[0] != ids[1]
        assert all(len(one) == 36 and one[14] == "4" and one[19] in "89ab" for one in ids)

    def test_another_seed_and_another_time_give_another(self, tmp_path: Path) -> None:
        folder = self.folder(tmp_path)
        first = files(ours(folder))["a.txt"][1]
        assert files(ours(folder, seed="ff" * 16))["a.txt"][1] != first
        assert files(ours(folder, time="2027-01-01T00:00:00+00:00"))["a.txt"][1] != first

    def test_more_draws_elsewhere_change_nothing_here(self, tmp_path: Path) -> None:
        before = files(ours(self.folder(tmp_path)))["a.txt"]
        more = self.folder(
            tmp_path, **{"A.md": "{{ uuid4() }}{{ random_ascii_string(12) }}", "z/z.txt": "{{ uuid4() }}"}
        )
        assert files(ours(more))["a.txt"] == before

    def test_what_draws_nothing_says_so(self, tmp_path: Path) -> None:
        assert ours(template(tmp_path / "a", {}, {"x": "x"})).drew == set()
        assert ours(template(tmp_path / "b", {}, {"x": "{% now 'utc' %}"})).drew == {"now"}
        assert ours(template(tmp_path / "c", {"t": "{{ uuid4() }}"}, {"x": "x"})).drew == {"seed"}


@pytest.mark.usefixtures("in_this_process")
def test_paths_of_the_machine_have_stand_ins_and_are_told(tmp_path: Path) -> None:
    names = ("_template", "_output_dir", "_repo_dir", "_checkout")
    folder = template(tmp_path / "tpl", {}, {name: f"{{{{ cookiecutter.{name} }}}}" for name in names})
    local = ours(folder, name="service", ref=None)
    assert {path: content for path, (_, content) in files(local).items()} == {
        "_template": b"service", "_output_dir": b".", "_repo_dir": b"service", "_checkout": b"None",
    }  # fmt: skip
    assert [note.split("`")[1] for note in local.notes] == ["_output_dir", "_repo_dir", "_template"]
    remote = ours(folder, name="service", source="gh:acme/service", ref="v1")
    assert files(remote)["_template"][1] == b"gh:acme/service"
    assert files(remote)["_checkout"][1] == b"v1"
    assert [note.split("`")[1] for note in remote.notes] == ["_output_dir", "_repo_dir"]
    assert ours(template(tmp_path / "b", {}, {"x": "{{ cookiecutter.slug }}"})).notes == ()
    assert len(ours(template(tmp_path / "c", {}, {"x": "{{ cookiecutter|jsonify }}"})).notes) == 3


@pytest.mark.usefixtures("in_this_process")
@pytest.mark.parametrize("path", ["pipegen.yml", "PipeGen.yml", ".pipegen/lock.json", "{{cookiecutter.own}}"])
def test_what_is_pipegens_own_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(BlueprintError, match="which is pipegen's own"):
        ours(
            template(
                tmp_path / "tpl",
                {"own": ".Pipegen"},
                {path if "/" in path else path + ("/x" if "own" in path else ""): "x"},
            )
        )


@pytest.mark.usefixtures("in_this_process")
@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("{{cookiecutter.v}}", "../out", "cannot be a path"),
        ("a/{{cookiecutter.v}}", "../../out", "cannot be a path"),
        ("{{cookiecutter.v}}", "/tmp/out", "not relative"),
        ("{{cookiecutter.v}}/x", "/tmp/out", "not relative"),
        ("{{cookiecutter.v}}", ".git/hooks/pre-commit", r"inside \.git"),
        ("{{cookiecutter.v}}", "con.txt", "device name"),
        ("{{cookiecutter.v}}", "a\\b", "character"),
        ("{{cookiecutter.v}}", "Other", "two templates render"),
        ("{{cookiecutter.v}}", "other/x", "as a file and as a folder"),
    ],
)
def test_a_path_that_is_rendered_to_no_safe_place_is_refused(
    tmp_path: Path, name: str, value: str, message: str
) -> None:
    folder = template(tmp_path / "tpl", {"v": "x"}, {name: "x", "other": "o"})
    with pytest.raises(BlueprintError, match=message):
        ours(folder, {"v": value})


@pytest.mark.usefixtures("in_this_process")
@pytest.mark.parametrize(
    ("config", "contents", "message"),
    [
        ({}, {"a/b.txt": "1\n2\n{{ cookiecutter.nope }}\n"}, r"tpl: a/b\.txt:3: .*'nope'"),
        ({}, {"b.txt": "1\n{% if %}\n"}, r"tpl: b\.txt:2: Expected an expression"),
        (
            {},
            {"b.txt": "{% include 'p.txt' %}", "/templates/p.txt": "1\n\n{{ nope }}"},
            r"tpl: p\.txt:3: 'nope' is undefined",
        ),
        ({}, {"b.txt": "{{ 1 / 0 }}"}, r"tpl: b\.txt:1: division by zero"),
        ({}, {"{{ cookiecutter.nope }}": "1"}, r"tpl: {{ cookiecutter\.nope }}"),
        ({"a": "{{ cookiecutter.nope }}"}, {"x": "1"}, r"tpl: cookiecutter\.json: a: .*'nope'"),
        ({"a": []}, {"x": "1"}, "the list of choices is empty"),
        ({"slug": ""}, {"x": "1"}, "the name of the project's folder is empty"),
        ({"_new_lines": "x"}, {"x": "1"}, "illegal newline"),
        (
            {},
            {"latin.txt": "a caf\xe9 and a bar\n".encode("latin-1")},
            r"latin\.txt.*no UTF-8: name it in `_copy_without_render`",
        ),
        ({}, {"x": "{% include 'nowhere' %}"}, "nowhere"),
    ],
)
def test_a_template_that_does_not_render_says_where(tmp_path: Path, config: Any, contents: Any, message: str) -> None:
    with pytest.raises(BlueprintError, match=message):
        ours(template(tmp_path / "tpl", config, contents))


@pytest.mark.usefixtures("in_this_process")
def test_what_is_no_template(tmp_path: Path) -> None:
    folder = template(tmp_path / "tpl", {}, {})
    (folder / "{{cookiecutter.other}}").mkdir()
    for name in (TOP, "{{cookiecutter.other}}"):
        (folder / name / "x").write_text("1")
    with pytest.raises(BlueprintError, match="two folders to render"):
        ours(folder)
    (folder / "cookiecutter.json").write_text('{"a": 1,\n "b"}')
    with pytest.raises(BlueprintError, match=r"cookiecutter\.json:2: this is no JSON"):
        ours(folder)
    (folder / "cookiecutter.json").write_text("[]")
    with pytest.raises(BlueprintError, match="no JSON object"):
        ours(folder)
    (folder / "cookiecutter.json").unlink()
    with pytest.raises(BlueprintError, match="is missing"):
        ours(folder)
    with pytest.raises(BlueprintError, match="has no folder like"):
        ours(template(tmp_path / "b", {}, {}, "plain"))


@pytest.mark.usefixtures("in_this_process")
def test_ids_follow_the_template_and_not_the_answers(tmp_path: Path) -> None:
    folder = template(
        tmp_path / "tpl",
        {"module": "a", "_copy_without_render": ["raw"]},
        {"{{cookiecutter.module}}/x.py": "1", "raw/{{y}}": "2"},
    )
    one, two = ours(folder), ours(folder, {"module": "b"})
    assert [(file.path, file.id) for file in one.tree] == [
        ("a/x.py", "template:{{cookiecutter.module}}/x.py"), ("raw/{{y}}", "template:raw/{{y}}"),
    ]  # fmt: skip
    assert next((file.path, file.id) for file in two.tree) == ("b/x.py", "template:{{cookiecutter.module}}/x.py")
