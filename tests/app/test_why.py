"""``pipegen why``: a rendered file, a line of it, an input, a record, and what is not pipegen's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipegen.app.answers import Given
from pipegen.app.generate import apply, generate
from pipegen.app.update import Request, update
from pipegen.app.update import apply as apply_update
from pipegen.app.why import why
from pipegen.app.why_input import InputWhy
from pipegen.app.why_rendered import LineWhy, RenderedWhy
from pipegen.core.blueprint import Blueprint
from pipegen.core.errors import UsageError, WorkspaceError
from pipegen.core.spec.load import dotted
from pipegen.store.blueprints import BlueprintStore
from tests.render.blueprints import blueprint

DAG = """NAME = <%= source.name | py %>

#% for table in source.tables
# table <%= table.id %>
#% if table.load == "full"
LOAD_<%= table.id %> = <%= table.load | py %>
#% endif
#% endfor
EVERY = <%= source.schedule | py %>
end
end
"""
FILES = {
    "README.md": "# <%= pipeline.name | md %>\n\nBy <%= pipeline.owner | md %>.\n",
    "dags/{source}.py": DAG,
    "models/{mart}.sql": "select 1\n",
    "notes.txt": "yours\n",
    "Makefile": "<% for item in contributions.make %>\n<%= item.target %>:\n<% endfor %>\n",
    "logo.bin": b"\0\1",
    "as_is.md": "<%= nothing %>\n",
}


def project(files: dict[str, Any] = FILES, **more: Any) -> Blueprint:
    return blueprint(
        files, name="project", for_each={"source": "sources", "mart": "marts"}, verbatim=["as_is.md"],
        files={"notes.txt": {"ownership": "once"}, "models/{mart}.sql": {"when": "mart.kind == 'fact'"}},
        contributes={"make": [{"target": "lint", "help": "look at it", "run": "ruff"}]}, **more,
    )  # fmt: skip


@pytest.fixture
def root(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(BlueprintStore, "load", lambda *_: [project()])
    given = Given(name="shop", flags={"source": ["exports/*.csv"], "freshness": "2h", "mart": ["fact:orders"]})
    apply(generate(given), use_git=False)
    return here / "shop"


def file(root: Path, path: str) -> RenderedWhy:
    about = why(root, path).about
    assert isinstance(about, RenderedWhy)
    assert json.loads(json.dumps(about.document())) == about.document()
    return about


def line(root: Path, path: str, number: int) -> tuple[RenderedWhy, LineWhy]:
    about = file(root, f"{path}:{number}")
    assert about.line is not None
    return about, about.line


def edited(root: Path, path: str, old: str, new: str) -> None:
    text = (root / path).read_text()
    assert old in text
    (root / path).write_text(text.replace(old, new, 1))


def number_of(root: Path, path: str, text: str) -> int:
    return (root / path).read_text().splitlines().index(text) + 1


def test_a_file_has_its_blueprint_its_template_and_what_it_is_for(root: Path) -> None:
    about = file(root, "dags/exports.py")
    assert (about.blueprint, about.version, about.template) == ("project", "1.0.0", "dags/{source}.py")
    assert (about.values, about.ownership, about.state) == ({"source": "exports"}, "merged", "as rendered")
    assert {d.id for d in about.follows.decisions} >= {"exports.orders.extract", "exports.schedule"}
    freshness = next(a for a in about.follows.answers if dotted(a.address) == "defaults.freshness")
    said = number_of(root, "pipegen.yml", "  freshness: 2h  # p95 age of the data when it is read")
    assert (freshness.value, freshness.place) == ("2h", f"pipegen.yml:{said}")


def test_what_let_a_file_be_rendered_has_its_values(root: Path) -> None:
    about = file(root, "models/fct_orders.sql")
    (when,) = about.when
    assert (when.of, when.text, [(r.text, r.value) for r in when.reads]) == (
        "file", "mart.kind == 'fact'", [("mart.kind", "fact")],
    )  # fmt: skip
    assert "marts.fct_orders.kind" in [dotted(a.address) for a in about.follows.answers]


def test_a_line_has_its_line_of_the_template_its_loops_and_its_decision(root: Path) -> None:
    number = number_of(root, "dags/exports.py", 'LOAD_orders = "full"')
    about, found = line(root, "dags/exports.py", number)
    assert (found.whose, found.rendered) == ("pipegen", number)
    assert (found.template_line, found.template_text) == (6, "LOAD_<%= table.id %> = <%= table.load | py %>")
    assert [(w.text, w.line, dict(w.bound)) for w in found.within] == [
        ("for table in source.tables", 3, {"table": "orders"}),
        ('if table.load == "full"', 5, {}),
    ]
    assert [(r.text, r.value, [d.id for d in r.follows.decisions]) for r in found.reads] == [
        ("table.id", "orders", []),
        ("table.load", "full", ["exports.orders.extract"]),
    ]
    assert [d.id for d in about.follows.decisions] == ["exports.orders.extract"], "this line's alone"


def test_a_line_of_the_templates_own_text_reads_nothing(root: Path) -> None:
    about, found = line(root, "dags/exports.py", number_of(root, "dags/exports.py", "end"))
    assert (found.template_text, found.reads, about.follows.answers) == ("end", (), ())


def test_lines_of_an_edited_file_are_found_again_and_those_that_people_wrote_are_theirs(root: Path) -> None:
    path = "dags/exports.py"
    edited(root, path, "NAME = ", "# mine\n# and mine\nNAME = ")
    edited(root, path, 'EVERY = "', 'EVERY = "0 6 * * *"  # "')
    about, moved = line(root, path, 3)
    assert (about.state, moved.whose, moved.rendered, moved.template_line) == ("edited", "pipegen", 1, 1)
    about, mine = line(root, path, 1)
    assert (mine.whose, mine.rendered, mine.template_line, about.follows.decisions) == ("yours", None, None, ())
    number = next(n for n, text in enumerate((root / path).read_text().splitlines(), 1) if text.startswith("EVERY"))
    about, instead = line(root, path, number)
    assert (instead.whose, instead.rendered) == ("yours", number - 2)
    assert instead.text.startswith('EVERY = "0 6 * * *"')
    assert instead.rendered_text == instead.text.replace('0 6 * * *"  # "', "")
    assert [d.id for d in about.follows.decisions] == ["exports.schedule"], "what it stands in the place of"


def test_of_a_line_that_was_doubled_nobody_can_tell_which_was_rendered(root: Path) -> None:
    path = "dags/exports.py"
    edited(root, path, "end\n", "end\nend\n")
    count = len((root / path).read_text().splitlines())
    found = [line(root, path, n)[1] for n in (count - 2, count - 1, count)]
    assert [f.whose for f in found] == [None] * 3
    assert {f.template_text for f in found} == {"end"}
    assert all("more than once" in (f.note or "") for f in found)


def test_windows_line_endings_and_a_byte_order_mark_are_no_edit_of_a_line(root: Path) -> None:
    path = root / "README.md"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    _, found = line(root, "README.md", 1)
    assert (found.whose, found.text, found.template_text) == ("pipegen", "# shop", "# <%= pipeline.name | md %>")


def test_a_file_is_found_where_it_was_moved_to_and_by_where_it_was_rendered(root: Path) -> None:
    (root / "README.md").rename(root / "ABOUT.md")
    for path in ("ABOUT.md", "README.md"):
        found = why(root, path)
        assert isinstance(found.about, RenderedWhy)
        assert (found.path, found.about.path, found.about.state) == ("ABOUT.md", "README.md", "moved")
    lock = root / ".pipegen/lock.json"
    document = json.loads(lock.read_text())
    document["files"]["README.md"] |= {"state": "moved", "to": "ABOUT.md"}
    lock.write_text(json.dumps(document))
    edited(root, "ABOUT.md", "By", "Made by")
    assert (why(root, "ABOUT.md").about.document()["state"], line(root, "ABOUT.md", 1)[1].template_line) == (
        "edited",
        1,
    )


def test_a_deleted_file_is_told_and_has_no_lines(root: Path) -> None:
    (root / "README.md").unlink()
    assert file(root, "README.md").state == "deleted"
    with pytest.raises(UsageError, match="is not there, so it has no line 1") as refused:
        why(root, "README.md:1")
    assert "--restore README.md" in str(refused.value.hint)


def test_an_orphan_says_that_it_is_rendered_no_more(root: Path) -> None:
    lock = root / ".pipegen/lock.json"
    document = json.loads(lock.read_text())
    document["files"]["old.sql"] = {"id": "gone:old/{mart}.sql@churn", "sha256": "0", "state": "orphaned"}
    lock.write_text(json.dumps(document))
    (root / "old.sql").write_text("select 1\n")
    about = file(root, "old.sql")
    assert (about.state, about.blueprint, about.version, dict(about.values)) == (
        "orphaned",
        "gone",
        None,
        {"mart": "churn"},
    )
    assert about.notes == ("no longer rendered, and kept because you changed it",)
    assert line(root, "old.sql", 1)[1].whose is None


def test_a_file_that_is_the_users_own_since_it_was_written(root: Path) -> None:
    assert (file(root, "notes.txt").ownership, file(root, "notes.txt").state) == ("once", "as rendered")
    (root / "notes.txt").write_text("all mine\nyours\n")
    assert file(root, "notes.txt").state == "yours"
    assert [line(root, "notes.txt", n)[1].whose for n in (1, 2)] == ["yours", "pipegen"]


def test_a_file_in_conflict_tells_both_renders_the_markers_and_people_apart(root: Path) -> None:
    edited(root, "README.md", "# shop", "# mine")
    edited(root, "pipegen.yml", "name: shop", "name: store")
    updated = apply_update(update(Request(start=root)))
    assert updated.unresolved == ("README.md",)
    told = {}
    for number, text in enumerate((root / "README.md").read_text().splitlines(), 1):
        about, found = line(root, "README.md", number)
        assert about.state == "conflict"
        told[text] = (found.whose, found.template_line, (found.note or "").split(":")[0])
    marker = ("pipegen", None, "a marker of the conflict that is open in this file")
    assert told == {
        "<<<<<<< yours": marker,
        "# mine": ("yours", None, ""),
        "||||||| base": marker,
        "# shop": ("pipegen", None, "of the render before"),
        "=======": marker,
        "# store": ("pipegen", 1, ""),
        next(text for text in told if text.startswith(">>>>>>> ")): marker,
        "": ("pipegen", 2, ""),
        "By data-team.": ("pipegen", 3, ""),
    }


def test_a_piece_that_another_blueprint_contributes_is_named(root: Path) -> None:
    about, found = line(root, "Makefile", 1)
    (piece,) = found.contributed
    assert (piece.blueprint, piece.kind, piece.name, piece.file) == ("project", "make", "lint", None)
    assert file(root, "Makefile").contributed == found.contributed == about.contributed


def test_a_file_that_is_copied_has_its_own_lines_and_a_binary_one_none(root: Path) -> None:
    _, found = line(root, "as_is.md", 1)
    assert (found.template_text, found.template_line, found.reads) == ("<%= nothing %>", 1, ())
    assert file(root, "logo.bin").state == "as rendered"
    with pytest.raises(UsageError, match="is no text"):
        why(root, "logo.bin:1")


def test_answers_that_were_edited_since_are_those_of_the_render(root: Path) -> None:
    edited(root, "pipegen.yml", "freshness: 2h", "freshness: 30m")
    edited(root, "pipegen.yml", "owner: data-team", "# a line more\nowner: data-team")
    about, _ = line(root, "README.md", 3)
    (owner,) = about.follows.answers
    assert owner.place == f"pipegen.yml:{number_of(root, 'pipegen.yml', 'owner: data-team')}", "where it stands today"
    freshness = next(a for a in file(root, "dags/exports.py").follows.answers if a.address[-1] == "freshness")
    assert (freshness.value, freshness.place) == ("2h", "pipegen.yml at the last render")


def test_a_pipegen_yml_that_is_broken_now_still_has_its_last_render(root: Path) -> None:
    (root / "pipegen.yml").write_text("name: [shop\n")
    about, found = line(root, "README.md", 3)
    assert (found.template_line, [a.value for a in about.follows.answers]) == (3, ["data-team"])
    assert [a.place for a in about.follows.answers] == ["pipegen.yml at the last render"]


def test_a_blueprint_that_has_changed_since_is_not_guessed_from(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = project({**FILES, "README.md": "# now <%= pipeline.name | md %>\n\nBy <%= pipeline.owner | md %>.\n"})
    changed = Blueprint(other.manifest, other.files, other.modes, "sha256:other", other.pieces, other.origin)
    monkeypatch.setattr(BlueprintStore, "load", lambda *_: [changed])
    edited(root, "README.md", "# shop", "# mine\n# shop")
    about, found = line(root, "README.md", 2)
    assert "blueprint project has changed since" in about.notes[0]
    assert (found.whose, found.rendered, found.template_line) == ("pipegen", 1, None)
    assert line(root, "README.md", 1)[1].whose == "yours", "the base tells that much"
    assert line(root, "dags/exports.py", 1)[1].template_line == 1, "its own template is the same"


def test_a_version_that_is_not_here_any_more_is_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BlueprintStore, "load", lambda *_: [blueprint(FILES, name="project", version="2.0.0")])
    assert "cannot be told" in file(root, "README.md").notes[0]
    assert file(root, "README.md").version == "1.0.0"


def test_a_question_of_a_blueprint_of_ones_own_is_answered_where_pipegen_yml_does(root: Path, here: Path) -> None:
    own = here / "audit"
    (own / "files").mkdir(parents=True)
    question = "questions: [{id: team, ask: Who?, default: nobody}]\n"
    (own / "blueprint.yml").write_text(f"name: audit\nversion: 1.0.0\nsummary: A test.\n{question}")
    (own / "files" / "team.txt").write_text("<%= answers.team %>\n")
    for name, answer in (("one", {"team": "finance"}), ("two", {})):
        flags = {"source": ["exports/*.csv"], "blueprint": ["audit"]}
        made = generate(Given(name=name, flags=flags, sets=[("blueprints.0.answers", answer)] if answer else []))
        apply(made, use_git=False)
    about, found = line(here / "one", "team.txt", 1)
    assert (about.source, found.reads[0].value) == ("../audit", "finance")
    assert [(dotted(a.address), a.value) for a in about.follows.answers] == [("blueprints.0.answers.team", "finance")]
    (read,) = line(here / "two", "team.txt", 1)[1].reads
    assert (read.value, read.follows.notes) == ("nobody", ("nobody answers it: its default",))


# What nothing rendered.


def given_input(root: Path, path: str) -> InputWhy:
    about = why(root, path).about
    assert isinstance(about, InputWhy)
    assert json.loads(json.dumps(about.document())) == about.document()
    return about


def test_the_inputs_and_the_records_say_what_they_are(root: Path) -> None:
    kinds = {
        path: (given_input(root, path).kind, given_input(root, path).says.split(":")[0])
        for path in ("pipegen.yml", "sources/exports.yml", ".pipegen/lock.json", ".pipegen/schema.json")
    }
    assert kinds == {
        "pipegen.yml": ("input", "an input"),
        "sources/exports.yml": ("measurement", "an input"),
        ".pipegen/lock.json": ("record", "a record"),
        ".pipegen/schema.json": ("record", "a record"),
    }
    (base,) = (root / ".pipegen/base").iterdir()
    assert "merges your edits" in given_input(root, f".pipegen/base/{base.name}").says


def test_a_line_of_an_input_has_its_value_and_what_was_decided_by_it(root: Path) -> None:
    number = number_of(root, "pipegen.yml", "  freshness: 2h  # p95 age of the data when it is read")
    about = given_input(root, f"pipegen.yml:{number}")
    assert (about.address, about.value) == (("defaults", "freshness"), "2h")
    assert {d.id for d in about.decisions} >= {"exports.mode", "exports.schedule"}
    assert not {"exports.orders.history", "pipeline.transform"} & {d.id for d in about.decisions}
    number = number_of(root, "pipegen.yml", "      orders: {}")
    assert {d.id for d in given_input(root, f"pipegen.yml:{number}").decisions} >= {"exports.orders.extract"}
    with pytest.raises(UsageError, match=r"has no line 999"):
        why(root, "pipegen.yml:999")


def test_a_line_of_what_was_measured_has_what_was_decided_by_it(root: Path) -> None:
    lines = (root / "sources/exports.yml").read_text().splitlines()
    at = next(n for n, text in enumerate(lines, 1) if text.startswith("    rows:"))
    about = given_input(root, f"sources/exports.yml:{at}")
    assert about.address == ("tables", "customers", "rows")
    assert [d.id for d in about.decisions] == ["exports.schedule", "destination.engine", "pipeline.alerts"]
    assert about.following == ()


def says(root: Path, line: str) -> InputWhy:
    """What is said of the line of pipegen.yml that begins so."""
    lines = (root / "pipegen.yml").read_text().splitlines()
    return given_input(root, f"pipegen.yml:{next(n for n, text in enumerate(lines, 1) if text.startswith(line))}")


def test_an_answer_bears_on_what_another_answer_would_change_and_on_nothing_else(root: Path) -> None:
    assert [d.id for d in says(root, "  history:").decisions] == ["exports.customers.history", "exports.orders.history"]
    assert [d.id for d in says(root, "  growth:").decisions] == []
    assert [d.id for d in says(root, "slo:").decisions] == []
    assert "exports.retries" not in {d.id for d in says(root, "  lateness:").decisions}


def test_an_override_bears_on_its_own_decision_and_apart_on_what_follows_from_it(root: Path) -> None:
    apply_update(update(Request(start=root, sets=[("overrides.exports.orders.extract", "full")])))
    about = says(root, "  exports.orders.extract:")
    assert [d.id for d in about.decisions] == ["exports.orders.extract"]
    assert [d.id for d in about.following] == ["exports.orders.write"]
    assert about.document()["line"]["following"] == [{"id": "exports.orders.write", "choice": "replace"}]


def test_a_path_counts_from_here_then_from_the_root(root: Path) -> None:
    for start, path in (
        (root / "dags", "exports.py"), (root / "dags", "../dags/exports.py"), (root / "dags", "dags/exports.py"),
        (root, "./dags/exports.py"), (root, str(root / "dags/exports.py")), (root / "dags", "exports.py:1:5:"),
    ):  # fmt: skip
        assert why(start, path).path == "dags/exports.py"


def test_what_is_not_pipegens_is_an_error_that_says_so(root: Path) -> None:
    (root / "mine.txt").write_text("x")
    with pytest.raises(WorkspaceError, match=r"`mine\.txt` is not pipegen's: nothing rendered it"):
        why(root, "mine.txt")
    with pytest.raises(WorkspaceError, match=r"`READNE\.md` is not there") as missing:
        why(root, "READNE.md")
    assert missing.value.hint == "did you mean `README.md`?"
    with pytest.raises(UsageError, match=r"`dags` is a folder") as folder:
        why(root, "dags")
    assert folder.value.hint == "name a file in it: `pipegen why dags/exports.py`"
    with pytest.raises(WorkspaceError, match=r"lies outside the repository"):
        why(root, "../exports/orders.csv")
    for number in (0, 99):
        with pytest.raises(UsageError, match=rf"`README\.md` has no line {number}") as short:
            why(root, f"README.md:{number}")
        assert short.value.hint == "it has 3"


def test_looking_changes_nothing(root: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in root.rglob("*")}
    why(root, "dags/exports.py:1")
    assert {p: p.stat().st_mtime_ns for p in root.rglob("*")} == before


@pytest.mark.parametrize(
    ("place", "said"),
    [("dags/exports.py:x", "`x` is no line number"), ("dags/exports.py:", "no line number stands behind")],
)
def test_what_is_no_line_number_is_said(root: Path, place: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as error:
        why(root, place)
    assert error.value.hint == "for example `pipegen why dags/exports.py:1`"


PAGE = """<% for record in pages.records %>
<% if record.choices | length == 1 and record.chosen | length > 1 %>
# <%= record.id %>
<% for one in record.chosen %>
<%= one.about %>: <%= one.decision.choice %>
<% endfor %>
<% endif %>
<% endfor %>
<% for flow in pages.flows %>
<%= flow.kind %>
<% endfor %>
"""


def test_a_row_of_a_page_is_called_as_people_call_it_and_follows_from_its_own_decision(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BlueprintStore, "load", lambda *_: [project(FILES | {"design.md": PAGE})])
    apply(generate(Given(name="shop", flags={"source": ["exports/*.csv"]})), use_git=False)
    number = number_of(here / "shop", "design.md", "exports.orders: full")
    about, of_row = line(here / "shop", "design.md", number)
    assert [dict(w.bound) for w in of_row.within] == [
        {"record": "0005-extract"},
        {},
        {"one": "exports.orders.extract"},
    ]
    assert [w.reads for w in of_row.within] == [(), (), ()]
    assert [r.text for r in of_row.reads] == ["one.about", "one.decision.choice"]
    assert [d.id for d in about.follows.decisions] == ["exports.orders.extract"]
    about, of_flow = line(here / "shop", "design.md", number_of(here / "shop", "design.md", "files"))
    assert [dict(w.bound) for w in of_flow.within] == [{"flow": "exports"}]
    assert about.follows.decisions == ()
