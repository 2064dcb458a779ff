"""Blueprints and a design give a tree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipegen.core.blueprint import Blueprint
from pipegen.core.errors import BlueprintError
from pipegen.core.tree import FileTree
from pipegen.render.renderer import render
from tests.render.blueprints import blueprint
from tests.render.designs import design, source, table

LOOPS = {"source": "sources", "table": "source.tables", "mart": "marts"}


def texts(tree: FileTree) -> dict[str, str]:
    return {file.path: file.content.decode() for file in tree}


def test_a_path_is_one_file_a_thing() -> None:
    files = {
        "dags/{source}.py": "x = <%= source.id | py %>\n",
        "m/{source}/{source}__{table}.sql": "<%= table.id %>",
        "marts/{mart}.sql": "<%= mart.kind %>\n",
        "README.md": "<%= pipeline.name %>\n",
    }
    tree = render(
        [blueprint(files, for_each=LOOPS)], design((source("shop"), source("crm", (table("people", "crm"),))))
    )
    assert texts(tree) == {
        "README.md": "shop\n",
        "dags/crm.py": 'x = "crm"\n',
        "dags/shop.py": 'x = "shop"\n',
        "m/crm/crm__people.sql": "people",
        "m/shop/shop__customers.sql": "customers",
        "m/shop/shop__orders.sql": "orders",
        "marts/churn.sql": "custom\n",
        "marts/fct_orders.sql": "fact\n",
    }
    assert tree["m/shop/shop__orders.sql"].id == "one:m/{source}/{source}__{table}.sql@shop.orders"
    assert tree["README.md"].id == "one:README.md"


def test_a_table_alone_in_a_path_still_sees_its_source() -> None:
    tree = render([blueprint({"{table}.txt": "<%= source.id %>\n"}, for_each=LOOPS)], design())
    assert texts(tree) == {"customers.txt": "shop_files\n", "orders.txt": "shop_files\n"}


def test_two_tables_of_one_name_at_one_path_are_refused() -> None:
    shops = (source("a", (table("orders", "a"),)), source("b", (table("orders", "b"),)))
    with pytest.raises(BlueprintError, match=r"two templates render `orders\.txt`: one:\{table\}\.txt@a\.orders and"):
        render([blueprint({"{table}.txt": ""}, for_each=LOOPS)], design(shops))


def test_when_ownership_and_mode_by_path_and_by_pattern() -> None:
    files = {"{mart}.sql": "", "custom/{mart}.sql": "", "run.sh": "", "own.sh": "", "a/b/c.txt": "", "a/d.txt": ""}
    rules = {
        "{mart}.sql": {"when": "mart.kind != 'custom'"},
        "custom/*.sql": {"when": "mart.kind == 'custom'", "ownership": "once"},
        "*.sh": {"mode": 755},
        "a/**": {"ownership": "once"},
        "a/*.txt": {"ownership": "merged"},
        "a/b/c.txt": {"when": "ci == 'github'"},
    }
    tree = render([blueprint(files, for_each=LOOPS, files=rules, modes={"own.sh": 0o755})], design())
    assert [(f.path, f.ownership, oct(f.mode)) for f in tree] == [
        ("a/b/c.txt", "merged", "0o644"),
        ("a/d.txt", "merged", "0o644"),
        ("custom/churn.sql", "once", "0o644"),
        ("fct_orders.sql", "merged", "0o644"),
        ("own.sh", "merged", "0o755"),
        ("run.sh", "merged", "0o755"),
    ]


def test_a_template_keeps_its_executable_bit() -> None:
    tree = render([blueprint({"run": "x"}, modes={"run": 0o755})], design())
    assert tree["run"].mode == 0o755


def test_a_leading_dot_is_written_out() -> None:
    tree = render([blueprint({"dot_gitignore": "", "dot_github/workflows/dot_x.yml": "", "a_dot_b": ""})], design())
    assert [file.path for file in tree] == [".github/workflows/.x.yml", ".gitignore", "a_dot_b"]


def test_verbatim_and_binary_files_are_copied_as_they_are() -> None:
    files: dict[str, str | bytes] = {
        "a.png": b"\x89\x00<%= nothing %>",
        "b.txt": "<%= nothing %>",
        "c.txt": b"\xff<%= x %>",
    }
    tree = render([blueprint(files, verbatim=["*.txt"])], design())
    assert {file.path: file.content for file in tree} == files | {"b.txt": b"<%= nothing %>"}


def test_line_endings_and_the_last_newline_stay_as_they_are() -> None:
    tree = render([blueprint({"a": b"a\r\n<% if true %>\r\nb\r\n<% endif %>\r\n", "b": "x", "c": "x\n\n"})], design())
    assert {file.path: file.content for file in tree} == {"a": b"a\r\nb\r\n", "b": b"x", "c": b"x\n\n"}


def test_a_blueprint_that_does_not_apply_renders_and_contributes_nothing() -> None:
    off = blueprint({"a": "x"}, name="off", when="deploy == 'kubernetes'", contributes={"env": [{"name": "A"}]})
    on = blueprint({"b": "<%= contributions.env | length %>"}, name="on")
    assert texts(render([off, on], design())) == {"b": "0"}


def test_answers_are_those_of_the_blueprint_itself() -> None:
    one = blueprint({"a": "<%= answers.team %>"}, questions=[{"id": "team", "ask": "Which?"}])
    assert texts(render([one], design(answers={"one": {"team": "finance"}, "two": {"team": "x"}}))) == {"a": "finance"}


def test_more_context_may_be_given() -> None:
    assert texts(render([blueprint({"a": "<%= more %>"})], design(), context={"more": 3})) == {"a": "3"}


class TestRequires:
    def blueprints(self, **requires: dict[str, str]) -> list[Blueprint]:
        return [blueprint({f"{name}.txt": ""}, name=name, requires=wanted) for name, wanted in requires.items()]

    def test_in_range(self) -> None:
        assert len(render(self.blueprints(b={"a": ">=1.0,<2"}, a={}), design())) == 2

    @pytest.mark.parametrize("wanted", [">=1.1", "<1", "!=1.0.0", "==2.0"])
    def test_out_of_range(self, wanted: str) -> None:
        with pytest.raises(BlueprintError, match=f"`b` 1.0.0 requires `a` {wanted}, but 1.0.0 is here"):
            render(self.blueprints(a={}, b={"a": wanted}), design())

    def test_missing(self) -> None:
        with pytest.raises(BlueprintError, match="requires `a` >=1, which is not selected"):
            render(self.blueprints(b={"a": ">=1"}), design())

    def test_circle(self) -> None:
        with pytest.raises(BlueprintError, match="in a circle: a, b"):
            render(self.blueprints(a={"b": ">=1"}, b={"a": ">=1"}), design())

    def test_twice(self) -> None:
        with pytest.raises(BlueprintError, match="selected twice"):
            render([blueprint({}), blueprint({})], design())


class TestErrors:
    def error(self, text: str, path: str = "dags/{source}.py", **manifest: Any) -> BlueprintError:
        with pytest.raises(BlueprintError) as caught:
            render([blueprint({path: text}, for_each=LOOPS, **manifest)], design())
        return caught.value

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("a\nb <%= pipelin.id %>\n", "2: `pipelin` is not defined; did you mean `pipeline`?"),
            ("\n\n<%= source.tabels | py %>\n", "3: `source` has no `tabels`; did you mean `tables`?"),
            ("#% for x in source.tables\n<%= x.nme %>\n#% endfor\n", "2: `table` has no `nme`; did you mean `name`?"),
            ("x\n#% for x in\n", "2: "),
            ("x\n<% if %>\n", "2: "),
            ("x\n<% endfor %>\n", "2: "),
            ("<% if true %>\n", "1: "),
            ("\n<%= source.id | pyy %>", "2: "),
            ("\n\n<%= source.schedule %>", "3: the text '*/30 * * * *' is printed with no filter"),
            ("\n<%= source.is_sample %>", "2: a value of type bool is printed with no filter"),
            ("\n<%= 1 / 0 %>", "2: "),
            ("\n<%= source.id + 1 %>", "2: "),
            ("\n<%= source.id() %>", "2: "),
            ("\n<% include 'x' %>", "2: a template stands alone"),
            ("\n<%= source.description | expr %>\n<%= 'a;b' | expr %>", "3: "),
        ],
    )
    def test_name_the_file_and_the_line(self, text: str, message: str) -> None:
        error = self.error(text)
        assert error.message.startswith(f"blueprints/one/1.0.0/files/dags/{{source}}.py:{message}")

    def test_say_what_is_defined(self) -> None:
        assert "pages, pipeline, prices, records, sizing, slo, source, sources" in (
            self.error("<%= nothing %>").hint or ""
        )

    def test_in_when(self) -> None:
        error = self.error("", files={"dags/*": {"when": "source.knd == 'x'"}})
        assert error.message == (
            "blueprints/one/1.0.0/blueprint.yml: files.dags/{source}.py.when: `source.knd == 'x'`: "
            "`source` has no `knd`; did you mean `kind`?"
        )

    def test_a_when_that_is_not_an_expression(self) -> None:
        assert "blueprint.yml: when: `a b`" in self.error("", when="a b").message

    def test_an_unknown_token(self) -> None:
        error = self.error("", "x/{sorce}.py")
        assert "`{sorce}` is not in `for_each` of the manifest; did you mean `source`?" in error.message

    def test_a_token_that_is_no_list(self) -> None:
        with pytest.raises(BlueprintError, match=r"for_each\.x` is not a list"):
            render([blueprint({"{x}": ""}, for_each={"x": "pipeline"})], design())

    @pytest.mark.parametrize("path", ["../a", "a/../../b", "/a", ".git/hooks/x", "con", "a/b\\c", "dot_git/config"])
    def test_an_unsafe_path(self, path: str) -> None:
        assert "cannot be a path of a repository" in self.error("", path).message

    def test_an_id_with_a_slash(self) -> None:
        with pytest.raises(BlueprintError, match="has a slash in it"):
            render([blueprint({"{source}": ""}, for_each=LOOPS)], design((source("a/b"),)))

    def test_case_alone_does_not_part_two_paths(self) -> None:
        with pytest.raises(BlueprintError, match="two templates render"):
            render([blueprint({"A": "", "a": ""})], design())


class TestPurity:
    def both(self) -> list[Blueprint]:
        files = {
            f"f{n}.sql": f"--% for t in sources[0].tables\nselect <%= t.id | ident %>, {n}\n--% endfor\n"
            for n in range(9)
        }
        return [blueprint(files, name=name, for_each=LOOPS) for name in ("b",)] + [blueprint({"x": "1"}, name="a")]

    def test_the_order_of_blueprints_does_not_matter(self) -> None:
        one, two = render(self.both(), design()), render(self.both()[::-1], design())
        assert list(one) == list(two)

    def test_the_cache_does_not_change_the_result(self, tmp_path: Path) -> None:
        cold, plain = render(self.both(), design(), cache=tmp_path), render(self.both(), design(), cache=None)
        assert len(list(tmp_path.iterdir())) == 2
        assert list(render(self.both(), design(), cache=tmp_path)) == list(cold) == list(plain)

    def test_a_broken_cache_is_passed_over(self, tmp_path: Path) -> None:
        cold = render(self.both(), design(), cache=tmp_path)
        for path in tmp_path.iterdir():
            path.write_bytes(path.read_bytes()[:-9] + b"nonsense!")
        assert list(render(self.both(), design(), cache=tmp_path)) == list(cold)

    def test_a_cache_that_others_can_write_is_not_run(self, tmp_path: Path) -> None:
        render(self.both(), design(), cache=tmp_path)
        before = {path: path.stat().st_ino for path in tmp_path.iterdir()}
        for path in before:
            path.chmod(0o666)
        render(self.both(), design(), cache=tmp_path)
        assert all(path.stat().st_ino != inode for path, inode in before.items())

    def test_a_folder_that_cannot_be_written_does_no_harm(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        assert len(render(self.both(), design(), cache=tmp_path / "file" / "below")) == 10

    def test_errors_keep_their_line_with_the_cache(self, tmp_path: Path) -> None:
        one = blueprint({"a.py": "x\n\n<%= ci | ident ~ slo.freshness %>\n"})
        for _ in range(2):
            with pytest.raises(BlueprintError, match=r"files/a\.py:3: the text '99%'"):
                render([one], design(), cache=tmp_path)
