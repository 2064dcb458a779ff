from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from pipegen.app.answers import Given
from pipegen.app.template import Change, Prepared, assigned, is_template_spec, outdated, prepared, rendered, rendering
from pipegen.app.template_new import Generated, generate_from, wanted
from pipegen.core.errors import BlueprintError, MissingAnswersError, SpecError, UsageError
from pipegen.core.lock import lock_text, read_lock
from pipegen.store.yaml_file import Document, parse
from tests.render.cookiecutters import TOP, in_this_process, template, theirs
from tests.store.remotes import bare, commit, git

__all__ = ["in_this_process"]

README = "{{ cookiecutter.name }} {{ cookiecutter.license }} {{ cookiecutter.docker }} {{ cookiecutter.table.a }}\n"
CONFIG: dict[str, Any] = {
    "name": "My Project", "slug": "{{ cookiecutter.name|slugify }}", "license": ["MIT", "BSD"], "docker": True,
    "table": {"a": "b", "n": {"m": "1"}},
}  # fmt: skip


@pytest.fixture(autouse=True)
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_this_process: None) -> Path:
    """A working folder, a cookiecutter config and a cache of its own."""
    for name in ("work", "home"):
        (tmp_path / name).mkdir()
    (tmp_path / "rc").write_text("{}\n")
    monkeypatch.setenv("COOKIECUTTER_CONFIG", str(tmp_path / "rc"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


@pytest.fixture
def tpl(mine: Path) -> Path:
    return template(mine / "work/tpl", CONFIG, {"README.md": README, "{{cookiecutter.slug}}/x.py": "1\n"})


def new(
    *texts: str, source: str | None = "tpl", name: str | None = "orders", trust: bool = False, **given: Any
) -> Generated:
    """``pipegen new NAME --blueprint SOURCE --set …``."""
    flags = {**({"blueprint": [source]} if source else {}), **given.pop("flags", {})}
    asked = wanted(Given(name=name, flags=flags, **given), [tuple(text.split("=", 1)) for text in texts])  # type: ignore[misc]
    assert asked is not None
    return generate_from(asked, trust=trust)


def content(made: Generated, path: str) -> bytes:
    found = next(action.content for action in made.plan.actions if action.path == path)
    assert found is not None
    return found


def spec(made: Generated) -> Document:
    return parse(content(made, "pipegen.yml"), "pipegen.yml")


def again(made: Generated, **more: Any) -> Prepared:
    return prepared(spec(made).values, made.target, spec(made).locate, **more)


class TestNew:
    def test_it_is_what_cookiecutter_writes_and_pipegens_own(self, tpl: Path, mine: Path) -> None:
        made = new("name=Order Desk", "license=BSD", "docker=no", "table.a=c")
        own = {"pipegen.yml", ".pipegen/lock.json", ".pipegen/schema.json", ".pipegen/.gitignore"}
        base = next(action.path for action in made.plan.actions if action.path.startswith(".pipegen/base/"))
        rendered_ = {a.path: (a.mode, a.content) for a in made.plan.actions if a.path not in own | {base}}
        answers = {"name": "Order Desk", "license": "BSD", "docker": "no", "table": {"a": "c"}}
        assert rendered_ == theirs(tpl, mine / "theirs", answers)
        assert made.target == Path.cwd() / "orders"
        assert spec(made).values == {
            "version": 1, "name": "orders",
            "blueprints": [{"source": "../tpl", "answers": {**answers, "docker": False}}],
        }  # fmt: skip
        lock = read_lock(content(made, ".pipegen/lock.json"))
        assert lock.files["order-desk/x.py"].id == "template:{{cookiecutter.slug}}/x.py"
        assert {entry.ownership for entry in lock.files.values()} == {"merged"}
        assert lock.blueprints["template"].version == "0"
        assert list(lock.inputs) == ["pipegen.yml"]
        assert b"TemplateSpec" in content(made, ".pipegen/schema.json") or b'"blueprints"' in content(
            made, ".pipegen/schema.json"
        )

    def test_no_path_of_the_machine_is_in_anything(self, tpl: Path, mine: Path) -> None:
        (tpl / TOP / "README.md").write_text("{{ cookiecutter|jsonify }} {{ cookiecutter._repo_dir }}")
        made = new()
        assert not [a.path for a in made.plan.actions if os.fsencode(mine) in (a.content or b"")]

    def test_a_pipeline_is_none_of_its_business(self, tpl: Path, mine: Path) -> None:
        (mine / "work/own").mkdir()
        (mine / "work/own/blueprint.yml").write_text("name: own\nversion: 1.0.0\nsummary: x\n")
        sources = parse(b"sources: {a: {kind: sample}}\nblueprints: [{source: ../tpl}]\n", "a")
        for given in (
            Given(), Given(name="x"), Given(name="x", flags={"source": ["sample:"], "blueprint": ["tpl"]}),
            Given(name="x", environment={"source": ["sample:"]}, flags={"blueprint": ["tpl"]}), Given(name="x", answers=sources),
            Given(name="x", flags={"blueprint": ["own"]}), Given(name="x", answers=parse(b"blueprints: []\n", "a")),
        ):  # fmt: skip
            assert wanted(given, []) is None

    def test_what_is_wrong_is_said_at_once(self, tpl: Path) -> None:
        with pytest.raises(SpecError) as error:
            new("nam=x", "license=GPL", "docker=maybe", "a..b=1")
        problems = {p.where: p for p in error.value.problems()}
        assert set(problems) == {"--set nam", "--set license", "--set docker", "--set a..b"}
        assert problems["--set nam"].hint == "did you mean `name`?"
        assert "`GPL` is not one of `MIT`, `BSD`" in problems["--set license"].message

    @pytest.mark.parametrize(
        ("more", "error", "message"),
        [
            ({"name": None}, MissingAnswersError, "NAME"),
            ({"flags": {"freshness": "1h"}}, UsageError, "`--freshness` is of pipelines"),
            ({"flags": {"blueprint": ["tpl", "tpl"]}}, UsageError, "which stands alone"),
            ({"name": "1x"}, SpecError, "cannot be the name of a repository"),
            ({"source": "nowhere"}, BlueprintError, "there is no folder"),
        ],
    )
    def test_what_cannot_be(self, more: dict[str, Any], error: type[Exception], message: str, tpl: Path) -> None:
        with pytest.raises(error, match=message):
            new(**more)

    def test_every_kind_of_value_that_is_typed(self, tpl: Path) -> None:
        made = new("name=1.10", "docker=TRUE", "table={n: {m: 2}}", "table.n.m=[x")
        assert spec(made).values["blueprints"][0]["answers"] == {
            "name": "1.10",
            "docker": True,
            "table": {"n": {"m": "[x"}},
        }
        assert content(made, "README.md") == b"1.10 MIT True b\n"

    def test_the_answers_file_is_below_the_flags(self, tpl: Path) -> None:
        file = parse(
            b"name: other\nblueprints:\n  - source: ../tpl\n    answers: {name: From File, license: BSD}\n", "a.yml"
        )
        made = new("name=Said", source=None, answers=file)
        assert (made.target.name, spec(made).values["name"]) == ("orders", "orders")
        assert content(made, "README.md") == b"Said BSD True b\n"
        assert new(source=None, name=None, answers=file).target.name == "other"
        assert content(new(answers=file), "README.md") == b"From File BSD True b\n"

    def test_what_is_wrong_in_the_answers_file_has_its_line(self, tpl: Path) -> None:
        file = parse(
            b"name: a\nblueprints:\n  - source: ../tpl\n    answers:\n      licence: BSD\n      docker: 3\n      name: 1.0\n",
            "a.yml",
        )
        with pytest.raises(SpecError) as error:
            new(source=None, answers=file)
        assert [p.where for p in error.value.problems()] == ["a.yml:5", "a.yml:6", "a.yml:7"]
        with pytest.raises(SpecError, match=r"a\.yml:2: unknown key `blueprints\.0\.sorce`"):
            new(source=None, answers=parse(b"name: a\nblueprints: [{sorce: ../tpl}]\n", "a.yml"))

    def test_the_persons_cookiecutter_config_is_recorded(self, tpl: Path, mine: Path) -> None:
        (mine / "rc").write_text(
            "default_context: {name: Of The Rc, license: GPL, docker: 'off', other: x, _extensions: [bad.Bad]}\n"
        )
        made = new("license=BSD")
        assert spec(made).values["blueprints"][0]["answers"] == {"name": "Of The Rc", "license": "BSD", "docker": False}
        assert "from your cookiecutter config: name, docker" in made.plan.notes
        made = new("name=Said")
        assert spec(made).values["blueprints"][0]["answers"] == {"name": "Said", "docker": False}
        assert [note for note in made.plan.notes if "GPL" in note and note.endswith("not used")]
        (mine / "rc").write_text("default_context: {name: Another}\n")
        assert again(made).answers == {"name": "Said", "docker": False}  # an update takes nothing of it

    def test_a_repository_at_a_ref(self, tpl: Path, mine: Path) -> None:
        first = commit(tpl, {}, "one")
        git(tpl, "tag", "v1")
        commit(tpl, {f"{TOP}/README.md": "two\n"})
        remote = bare(mine / "tpl.git", tpl)
        made = new(source=f"file://{remote}#v1")
        assert spec(made).values["blueprints"] == [{"source": f"file://{remote}", "ref": "v1"}]
        assert content(made, "README.md") == b"My Project MIT True b\n"
        assert read_lock(content(made, ".pipegen/lock.json")).blueprints["template"].version == first
        assert content(new(source=str(remote)), "README.md") == b"two\n"
        assert content(new(source="tpl#v1"), "README.md") == b"My Project MIT True b\n"
        (mine / "work/tpl#v1").symlink_to("tpl")
        assert content(new(source="tpl#v1"), "README.md") == b"two\n"  # a folder with that very name

    def test_what_is_drawn_is_recorded_and_drawn_again(self, tpl: Path) -> None:
        (tpl / TOP / "drawn.txt").write_text("{{ random_ascii_string(8) }} {% now 'local', '%Y-%m-%d %H:%M:%S' %}")
        made, other = new(), new()
        drawn = spec(made).values["blueprints"][0]["drawn"]
        assert set(drawn) == {"seed", "now"}
        assert len(drawn["seed"]) == 32
        assert drawn["seed"] != spec(other).values["blueprints"][0]["drawn"]["seed"]
        update = rendered(again(made))
        assert update.tree["drawn.txt"].content == content(made, "drawn.txt")
        assert update.changes == ()
        assert content(new(source=None, answers=spec(made)), "drawn.txt") == content(made, "drawn.txt")

    def test_trust(self, tpl: Path, mine: Path) -> None:
        (tpl / "hooks").mkdir()
        (tpl / "hooks/post_gen_project.py").write_text("open('hooked', 'w').write('x')")
        with pytest.raises(BlueprintError, match="runs code of its own"):
            new()
        made = new(trust=True)
        assert content(made, "hooked") == b"x"
        assert (made.plan.equivalent or "").endswith(" --trust")

    def test_a_password_in_the_answers_file_is_refused(self) -> None:
        file = parse(b"name: a\nblueprints: [{source: 'https://user:w0rd@example.invalid/x.git'}]\n", "a.yml")
        with pytest.raises(SpecError, match="has a password in it") as error:
            new(source=None, answers=file)
        assert "w0rd" not in str(error.value)


class TestUpdate:
    def test_a_render_is_what_new_made(self, tpl: Path) -> None:
        made = new("name=Order Desk", "docker=no")
        ready = again(made)
        lock = read_lock(content(made, ".pipegen/lock.json"))
        assert ready.input == lock.input
        result = rendered(ready)
        assert lock_text(result.lock) == content(made, ".pipegen/lock.json")
        assert {f.path: f.content for f in result.tree}.items() <= {
            a.path: a.content for a in made.plan.actions
        }.items()
        assert result.inputs == {"pipegen.yml": content(made, "pipegen.yml")}
        assert (result.changes, result.notes) == ((), ())
        assert rendering(spec(made).values, made.target).lock == result.lock

    def test_a_newer_template_is_rendered_and_an_equal_one_is_not(self, tpl: Path) -> None:
        made = new()
        lock = read_lock(content(made, ".pipegen/lock.json"))
        assert outdated(spec(made).values, made.target, lock) == []
        (tpl / TOP / "README.md").write_text("newer\n")
        assert again(made).input != lock.input
        assert outdated(spec(made).values, made.target, lock) == [
            "the template `../tpl` has changed since the last render"
        ]
        assert rendered(again(made)).tree["README.md"].content == b"newer\n"
        values = {**spec(made).values, "name": "renamed"}
        assert outdated(values, made.target, lock)[0] == "pipegen.yml changed since the last render"

    def test_what_a_checkout_leaves_behind_makes_nothing_newer(self, tpl: Path) -> None:
        made = new()
        before = again(made).input
        git(tpl, "init", "--quiet")
        for path in ("__pycache__/a.pyc", ".venv/bin/python", "node_modules/x/y.js", f"{TOP}/__pycache__/b.pyc"):
            (tpl / path).parent.mkdir(parents=True)
            (tpl / path).write_text("x")
        assert again(made).input == before
        (tpl / TOP / ".venv").mkdir()
        (tpl / TOP / ".venv/x").write_text("x")
        assert again(made).input != before

    def test_a_changed_answer_keeps_the_ids(self, tpl: Path) -> None:
        made = new("name=One")
        values = spec(made).values
        values["blueprints"][0]["answers"]["name"] = "Two"
        result = rendering(values, made.target)
        assert {f.id: f.path for f in result.tree}["template:{{cookiecutter.slug}}/x.py"] == "two/x.py"

    def test_an_answer_that_the_template_no_longer_has_is_told(self, tpl: Path) -> None:
        made = new("name=One", "license=BSD")
        config = {"nam": "default", "slug": "s", "fresh": "f"}
        template(tpl, config, {"README.md": "{{ cookiecutter.nam }} {{ cookiecutter.fresh }}\n"})
        result = rendered(again(made))
        assert result.tree["README.md"].content == b"default f\n"
        assert again(made).ignored == ("name", "license")
        assert result.notes == (
            "`name`: the template has no such variable, so the answer is not used; did you mean `nam`?",
            "`license`: the template has no such variable, so the answer is not used",
        )
        assert result.spec.template.answers == {
            "name": "One",
            "license": "BSD",
        }  # what people said stays in pipegen.yml

    def test_an_answer_that_can_no_longer_be_is_an_error_with_its_line(self, tpl: Path) -> None:
        made = new("license=BSD")
        template(tpl, {**CONFIG, "license": ["MIT"]}, {})
        with pytest.raises(SpecError, match=r"pipegen\.yml:8: `license`: `BSD` is not one of `MIT`"):
            again(made)

    def test_a_template_that_begins_to_draw_adds_what_it_drew(self, tpl: Path) -> None:
        made = new()
        (tpl / TOP / "id.txt").write_text("{{ uuid4() }}")
        result = rendered(again(made))
        (change,) = result.changes
        assert change.parts == ("blueprints", "0", "drawn", "seed")
        values = spec(made).values
        values["blueprints"][0]["drawn"] = {"seed": change.value}
        assert rendering(values, made.target).tree["id.txt"].content == result.tree["id.txt"].content
        assert prepared(values, made.target).input == result.lock.input

    def test_to_another_folder_and_to_a_ref(self, tpl: Path, mine: Path) -> None:
        made = new("name=One")
        template(mine / "work/tpl2", CONFIG, {"README.md": "second\n"})
        ready = again(made, to="tpl2", cwd=mine / "work")
        assert ready.changes == (Change(("blueprints", "0", "source"), "../tpl2"),)
        assert rendered(ready).tree["README.md"].content == b"second\n"
        commit(tpl, {}, "one")
        git(tpl, "tag", "v1")
        commit(tpl, {f"{TOP}/README.md": "three\n"})
        assert rendered(again(made, to="v1")).tree["README.md"].content == b"One MIT True b\n"
        assert again(made, to="v1").changes == (Change(("blueprints", "0", "ref"), "v1"),)
        remote = bare(mine / "tpl.git", tpl)
        ready = again(made, to=f"file://{remote}#v1")
        assert {c.parts[-1]: c.value for c in ready.changes} == {"source": f"file://{remote}", "ref": "v1"}
        with_ref = new(source=f"file://{remote}#v1")
        back = again(with_ref, to=str(tpl), cwd=mine)
        assert {c.parts[-1]: c.value for c in back.changes} == {"source": str(tpl), "ref": None}
        assert again(with_ref, to="main").version == git(tpl, "rev-parse", "main")

    @pytest.mark.parametrize(
        ("to", "error", "message"),
        [("./nowhere", UsageError, "no such folder"), ("v9", BlueprintError, "no git repository")],
    )
    def test_to_what_is_not_there(self, to: str, error: type[Exception], message: str, tpl: Path) -> None:
        with pytest.raises(error, match=message):
            again(new(), to=to)

    def test_sets_are_of_the_templates_variables(self, tpl: Path) -> None:
        ready = again(new())
        assert assigned(ready, [("name", "Two"), ("docker", False), ("table.a", "z"), ("blueprints.0.ref", "v1")]) == (
            Change(("blueprints", "0", "answers", "name"), "Two"), Change(("blueprints", "0", "answers", "docker"), False),
            Change(("blueprints", "0", "answers", "table", "a"), "z"), Change(("blueprints", "0", "ref"), "v1"),
        )  # fmt: skip
        with pytest.raises(SpecError) as error:
            assigned(ready, [("nope", 1), ("license", "GPL"), ("a..b", 1)])
        assert [p.where for p in error.value.problems()] == ["--set nope", "--set license", "--set a..b"]

    def test_offline_the_copy_of_before_is_used(self, tpl: Path, mine: Path) -> None:
        commit(tpl, {}, "one")
        remote = bare(mine / "tpl.git", tpl)
        made = new(source=f"file://{remote}")
        lock = read_lock(content(made, ".pipegen/lock.json"))
        remote.rename(mine / "gone.git")
        ready = again(made, refresh=True)
        assert ready.input == lock.input
        assert "the copy that was fetched before is used" in ready.notes[0]
        assert outdated(spec(made).values, made.target, lock) == []

    def test_with_no_copy_status_says_what_it_can(self, tpl: Path, mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        commit(tpl, {}, "one")
        made = new(source=f"file://{bare(mine / 'tpl.git', tpl)}")
        lock = read_lock(content(made, ".pipegen/lock.json"))
        monkeypatch.setenv("XDG_CACHE_HOME", str(mine / "elsewhere"))
        assert outdated(spec(made).values, made.target, lock) == []
        assert not (mine / "elsewhere").exists()

    def test_a_blueprint_of_pipegens_has_no_place_here(self, tpl: Path, mine: Path) -> None:
        made = new()
        (tpl / "blueprint.yml").write_text("name: x\n")
        assert is_template_spec(spec(made).values)
        with pytest.raises(SpecError, match="`sources` is missing"):
            again(made)
        (tpl / "blueprint.yml").unlink()
        (tpl / "cookiecutter.json").unlink()
        with pytest.raises(SpecError, match="is no template"):
            again(made)
