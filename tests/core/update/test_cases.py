"""The rows of docs/update.md, one test each."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pipegen.core.merge.text import marked
from pipegen.core.tree import MODE_EXECUTABLE, MODE_FILE, MODE_LINK, RenderedFile
from pipegen.core.update.match import Renames
from tests.core.update.repositories import Repository, once

LINES = b"".join(b"line %d\n" % n for n in range(1, 10))
EDITED = LINES.replace(b"line 2\n", b"line 2, mine\n")
CHANGED = LINES.replace(b"line 8\n", b"line 8, new\n")
BOTH = EDITED.replace(b"line 8\n", b"line 8, new\n")
CLASH = LINES.replace(b"line 2\n", b"line 2, new\n")
F, OTHER, ASIDE = "dags/shop.py.txt", "elsewhere.txt", ".pipegen/conflicts/dags/shop.py.txt.theirs"

CASES: dict[str, Callable[[], None]] = {}


def case(test: Callable[[], None]) -> Callable[[], None]:
    CASES[test.__name__.replace("_", "-")] = test
    return test


@pytest.mark.parametrize("name", CASES)
def test_case(name: str) -> None:
    CASES[name]()


def test_every_row_of_the_page_is_a_case() -> None:
    page = (Path(__file__).parents[3] / "docs" / "update.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| ([a-z-]+) \|", page, flags=re.MULTILINE)[1:] == list(CASES)


def edited(content: bytes | None = EDITED, path: str = F) -> Repository:
    repository = Repository({F: LINES})
    repository.edit({F: None} if path != F else {})
    if content is not None:
        repository.edit({path: content})
    return repository


def moved_to(path: str, content: bytes) -> RenderedFile:
    """A template of the same id as F's, at another path now."""
    return RenderedFile(path, content, f"b:{F}", "b")


@case
def unchanged() -> None:
    repository = edited()
    assert repository.update({F: LINES}) == {}
    assert repository.text(F) == EDITED


@case
def untouched() -> None:
    repository = Repository({F: LINES})
    assert repository.update({F: CHANGED}) == {F: "update"}
    assert repository.text(F) == CHANGED


@case
def same_change() -> None:
    repository = edited(CHANGED)
    assert repository.update({F: CHANGED}) == {}
    assert repository.update({F: LINES}) == {F: "update"}


@case
def merged() -> None:
    repository = edited()
    assert repository.update({F: CHANGED}) == {F: "merge"}
    assert repository.text(F) == BOTH
    assert repository.pending == []


@case
def overlap() -> None:
    repository = edited()
    assert repository.update({F: CLASH}) == {F: "conflict"}
    text = repository.text(F) or b""
    assert marked(text) == 2
    for side in (b"line 2, mine\n", b"line 2\n", b"line 2, new\n"):
        assert side in text
    assert repository.pending == [F]


@case
def touching() -> None:
    repository = edited()
    assert repository.update({F: LINES.replace(b"line 3\n", b"line 3, new\n")}) == {F: "conflict"}


@case
def aside() -> None:
    repository = edited()
    assert repository.update({F: CLASH}, style="aside") == {F: "conflict"}
    assert (repository.text(F), repository.text(ASIDE)) == (EDITED, CLASH)
    assert repository.text(ASIDE.replace("theirs", "base")) == LINES


@case
def yours() -> None:
    repository = edited()
    assert repository.update({F: CLASH.replace(b"line 8", b"line 8, new")}, style="yours") == {F: "merge"}
    assert repository.text(F) == BOTH
    assert repository.pending == []


@case
def theirs() -> None:
    repository = edited(EDITED.replace(b"line 6", b"line 6, mine"))
    assert repository.update({F: CLASH}, style="theirs") == {F: "merge"}
    assert repository.text(F) == CLASH.replace(b"line 6", b"line 6, mine")
    assert repository.pending == []


@case
def settled() -> None:
    repository = edited()
    repository.update({F: CLASH})
    resolved = LINES.replace(b"line 2\n", b"line 2, mine and new\n")
    repository.edit({F: resolved})
    assert repository.update({F: CLASH}) == {}
    assert repository.pending == []
    assert repository.update({F: CLASH.replace(b"line 8", b"line 8, newer")}) == {F: "merge"}
    assert repository.text(F) == resolved.replace(b"line 8", b"line 8, newer")


@case
def settled_aside() -> None:
    for by_hand in (False, True):
        repository = edited()
        repository.update({F: CLASH}, style="aside")
        assert repository.update({F: CLASH}) == {F: "conflict"}
        if by_hand:
            repository.edit({ASIDE: None, ASIDE.replace("theirs", "base"): None})
        assert repository.update({F: CLASH}, resolved=not by_hand) == {}
        assert (repository.pending, list(repository.files)) == ([], [F])
        assert repository.update({F: CLASH.replace(b"line 8\n", b"line 8, new\n")}) == {F: "merge"}
        assert repository.text(F) == BOTH


@case
def open() -> None:
    repository = edited()
    repository.update({F: CLASH})
    in_conflict = repository.text(F)
    newer = CLASH.replace(b"line 8", b"line 8, newer")
    assert repository.update({F: newer}) == {F: "conflict"}
    assert repository.text(F) == in_conflict
    repository.edit({F: EDITED})
    assert repository.update({F: newer}) == {F: "merge"}
    assert repository.text(F) == EDITED.replace(b"line 8", b"line 8, newer")


@case
def deleted() -> None:
    repository = edited(None)
    repository.edit({F: None})
    for render in (CHANGED, CHANGED, LINES):
        assert repository.update({F: render}) == {F: "keep"}
        assert repository.files == {}
    assert repository.states() == {F: "deleted"}


@case
def restored() -> None:
    repository = Repository({F: LINES})
    repository.edit({F: None})
    repository.update({F: LINES})
    assert repository.update({F: CHANGED}, restore=[F]) == {F: "create"}
    assert repository.text(F) == CHANGED
    assert repository.states() == {}


@case
def removed() -> None:
    repository = Repository({F: LINES, OTHER: b"x\n"})
    assert repository.update({OTHER: b"x\n"}) == {F: "delete"}
    assert list(repository.files) == list(repository.lock.files) == [OTHER]


@case
def orphaned() -> None:
    repository = edited()
    assert repository.update({}) == {F: "keep"}
    assert repository.text(F) == EDITED
    assert repository.states() == {F: "orphaned"}
    assert repository.pristine.values().__iter__().__next__() == LINES


@case
def orphan_returns() -> None:
    repository = edited()
    repository.update({})
    repository.update({})
    assert repository.update({F: CHANGED}) == {F: "merge"}
    assert repository.text(F) == BOTH
    assert repository.states() == {}


@case
def deleted_removed() -> None:
    repository = Repository({F: LINES})
    repository.edit({F: None})
    assert repository.update({}) == {}
    assert repository.lock.files == {}


@case
def taken() -> None:
    repository = Repository({})
    repository.edit({F: b"of mine\n"})
    for style in ("inline", "aside", "theirs"):
        assert repository.update({F: LINES}, style=style) == {F: "conflict"}  # type: ignore[arg-type]
        assert (repository.text(F), repository.text(ASIDE)) == (b"of mine\n", LINES)
    assert repository.update({F: LINES}, resolved=True) == {}
    assert repository.update({F: CHANGED}) == {F: "conflict"}


@case
def adopted() -> None:
    repository = Repository({})
    repository.edit({F: LINES})
    assert repository.update({F: LINES}) == {}
    assert repository.update({F: CHANGED}) == {F: "update"}


@case
def taken_yours() -> None:
    repository = Repository({})
    repository.edit({F: EDITED})
    assert repository.update({F: LINES}, style="yours") == {F: "keep"}
    assert repository.update({F: CHANGED}) == {F: "merge"}
    assert repository.text(F) == BOTH


@case
def moved_by_you() -> None:
    repository = edited(LINES, OTHER)
    assert repository.update({F: CHANGED}) == {OTHER: "update"}
    assert repository.files == {OTHER: CHANGED}
    assert repository.states() == {F: "moved"}


@case
def moved_by_you_again() -> None:
    repository = edited(LINES, OTHER)
    assert repository.update({F: LINES}) == {OTHER: "move"}
    repository.edit({OTHER: EDITED})
    assert repository.update({F: CHANGED}) == {OTHER: "merge"}
    assert repository.files == {OTHER: BOTH}


@case
def moved_and_removed() -> None:
    repository = edited(LINES, OTHER)
    assert repository.update({}) == {OTHER: "keep"}
    assert repository.files == {OTHER: LINES}


@case
def copied() -> None:
    repository = edited(LINES, OTHER)
    repository.edit({"another.txt": LINES})
    assert repository.update({F: CHANGED}) == {F: "keep"}
    assert repository.files == {OTHER: LINES, "another.txt": LINES}


@case
def moved_by_blueprint() -> None:
    repository = Repository({F: LINES})
    assert repository.update({OTHER: moved_to(OTHER, LINES)}) == {OTHER: "move"}
    assert repository.files == {OTHER: LINES}
    assert list(repository.lock.files) == [OTHER]


MOVES = Renames(moves={"b": {F: "middle.txt", "middle.txt": OTHER}})


@case
def moved_with_edits() -> None:
    repository = edited()
    assert repository.update({OTHER: CHANGED}, renames=Renames(moves={"b": {F: OTHER}})) == {OTHER: "move"}
    assert repository.files == {OTHER: BOTH}
    assert repository.update({OTHER: CHANGED}) == {}


@case
def moved_folder() -> None:
    repository = edited()
    files = {"airflow/dags/shop.py.txt": CHANGED}
    assert repository.update(files, renames=Renames(moves={"b": {"dags/": "airflow/dags/"}})) == dict.fromkeys(
        files, "move"
    )
    assert repository.files == dict.fromkeys(files, BOTH)


@case
def moved_twice() -> None:
    repository = edited()
    repository.update({OTHER: CHANGED}, renames=MOVES)
    stepwise = edited()
    stepwise.update({"middle.txt": CHANGED}, renames=Renames(moves={"b": {F: "middle.txt"}}))
    stepwise.update({OTHER: CHANGED}, renames=MOVES)
    assert repository.files == stepwise.files == {OTHER: BOTH}


@case
def moved_to_taken() -> None:
    repository = edited()
    repository.edit({OTHER: b"of mine\n"})
    assert repository.update({OTHER: CHANGED}, renames=MOVES) == {F: "merge"}
    assert repository.files == {F: BOTH, OTHER: b"of mine\n"}
    assert repository.update({OTHER: LINES}, renames=MOVES) == {F: "merge"}
    assert repository.files == {F: EDITED, OTHER: b"of mine\n"}


def of_thing(path: str, content: bytes, thing: str) -> RenderedFile:
    return RenderedFile(path, content, f"b:dags/{{thing}}.py@{thing}", "b")


@case
def renamed_source() -> None:
    repository = Repository({"dags/old.py": of_thing("dags/old.py", LINES, "old")})
    repository.edit({"dags/old.py": EDITED})
    files = {"dags/new.py": of_thing("dags/new.py", CHANGED, "new")}
    assert repository.update(files, renames=Renames(things={"old": "new"})) == {"dags/new.py": "move"}
    assert repository.files == {"dags/new.py": BOTH}


@case
def renamed_table() -> None:
    repository = Repository({"m/s__clients.sql": of_thing("m/s__clients.sql", LINES, "s.clients")})
    repository.edit({"m/s__clients.sql": EDITED})
    files = {"m/t__customers.sql": of_thing("m/t__customers.sql", CHANGED, "t.customers")}
    renames = Renames(things={"s": "t", "t.clients": "t.customers"})
    assert repository.update(files, renames=renames) == {"m/t__customers.sql": "move"}
    assert repository.files == {"m/t__customers.sql": BOTH}


@case
def once_() -> None:
    repository = Repository({F: once(F, LINES)})
    for content in (LINES, EDITED):
        repository.edit({F: content})
        assert repository.update({F: once(F, CHANGED)}) == {}
        assert repository.text(F) == content


CASES["once"] = CASES.pop("once-")


@case
def once_deleted() -> None:
    repository = Repository({F: once(F, LINES)})
    repository.edit({F: None})
    assert repository.update({F: once(F, CHANGED)}) == {}
    assert repository.files == {}


@case
def once_moved() -> None:
    repository = Repository({F: once(F, LINES)})
    for _ in range(2):
        assert repository.update({OTHER: once(OTHER, CHANGED, f"b:{F}")}) in ({F: "keep"}, {})
        assert repository.files == {F: LINES}


@case
def once_removed() -> None:
    repository = Repository({F: once(F, LINES)})
    assert repository.update({}) == {F: "keep"}
    assert repository.files == {F: LINES}
    assert repository.update({}) == {}


@case
def becomes_once() -> None:
    repository = edited()
    assert repository.update({F: once(F, CLASH)}) == {F: "keep"}
    assert repository.text(F) == EDITED
    assert repository.update({F: once(F, LINES)}) == {}


@case
def becomes_merged() -> None:
    repository = Repository({F: once(F, b"the first render\n")})
    repository.edit({F: EDITED})
    assert repository.update({F: LINES}) == {}
    assert repository.update({F: CHANGED}) == {F: "merge"}
    assert repository.text(F) == BOTH


@case
def mode() -> None:
    repository = edited()
    assert repository.update({F: (LINES, MODE_EXECUTABLE)}) == {F: "merge"}
    assert repository.work.at(F).mode == MODE_EXECUTABLE
    assert repository.text(F) == EDITED
    assert repository.update({F: (CHANGED, MODE_FILE)}) == {F: "merge"}
    assert (repository.work.at(F).mode, repository.text(F)) == (MODE_FILE, BOTH)


@case
def mode_yours() -> None:
    repository = Repository({F: LINES})
    repository.edit({F: (LINES, MODE_EXECUTABLE)})
    assert repository.update({F: CHANGED}) == {F: "update"}
    assert repository.work.at(F).mode == MODE_EXECUTABLE
    assert repository.update({}) == {F: "keep"}


@case
def read_only() -> None:
    repository = Repository({F: LINES})
    repository.edit({F: (LINES, 0o444)})
    assert repository.update({F: CHANGED}) == {F: "update"}
    assert (repository.text(F), repository.work.at(F).mode) == (CHANGED, 0o444)
    assert repository.update({F: (CHANGED, MODE_EXECUTABLE)}) == {F: "update"}
    assert repository.work.at(F).mode == 0o555


@case
def symlink() -> None:
    repository = Repository({F: LINES})
    repository.edit({F: (b"../shared/shop.py", MODE_LINK)})
    assert repository.update({F: LINES}) == {}
    assert repository.update({F: CHANGED}) == {F: "conflict"}
    assert (repository.text(F), repository.text(ASIDE)) == (b"../shared/shop.py", CHANGED)
    assert repository.work.at(F).kind == "link"


@case
def binary() -> None:
    repository = Repository({F: b"\0one"})
    repository.edit({F: b"\0mine"})
    assert repository.update({F: b"\0two"}) == {F: "conflict"}
    assert (repository.text(F), repository.text(ASIDE)) == (b"\0mine", b"\0two")


@case
def parse() -> None:
    path = "dags/shop.py"
    base = b"x = 1\n# one\n# two\n# three\ny = 2\n"
    mine = b"x = (1\n# one\n# two\n# three\n)\ny = 2\n"
    repository = Repository({path: base})
    repository.edit({path: mine})
    assert repository.update({path: base.replace(b"# two\n", b"# two\n# and a half\n")}) == {path: "merge"}
    new = base.replace(b"# two\n", b"# two\nz = 3\n")
    repository = Repository({path: base})
    repository.edit({path: mine})
    assert repository.update({path: new}) == {path: "conflict"}
    assert (repository.text(path), repository.text(f".pipegen/conflicts/{path}.theirs")) == (mine, new)


@case
def no_base() -> None:
    for style in ("inline", "theirs"):
        repository = edited()
        repository.pristine.clear()
        assert repository.update({F: CHANGED}, style=style) == {F: "conflict"}  # type: ignore[arg-type]
        assert (repository.text(F), repository.text(ASIDE)) == (EDITED, CHANGED)


@case
def line_endings() -> None:
    repository = edited(LINES.replace(b"\n", b"\r\n"))
    assert repository.update({F: CHANGED}) == {F: "update"}
    assert repository.text(F) == CHANGED.replace(b"\n", b"\r\n")


@case
def file_to_folder() -> None:
    repository = Repository({"a": LINES})
    assert repository.update({"a/b": CHANGED}) == {"a": "delete", "a/b": "create"}
    assert repository.files == {"a/b": CHANGED}


@case
def file_to_folder_edited() -> None:
    repository = Repository({"a": LINES})
    repository.edit({"a": EDITED})
    assert repository.update({"a/b": CHANGED}) == {"a": "keep", "a/b": "conflict"}
    assert repository.files == {"a": EDITED, ".pipegen/conflicts/a/b.theirs": CHANGED}


@case
def folder_to_file() -> None:
    repository = Repository({"a/b": LINES, "a/c/d": LINES})
    assert repository.update({"a": CHANGED}) == {"a": "create", "a/b": "delete", "a/c/d": "delete"}
    assert repository.files == {"a": CHANGED}


@case
def folder_to_file_edited() -> None:
    repository = Repository({"a/b": LINES, "a/c": LINES})
    repository.edit({"a/b": EDITED})
    assert repository.update({"a": CHANGED}) == {"a": "conflict", "a/b": "keep", "a/c": "delete"}
    assert repository.files == {"a/b": EDITED, ".pipegen/conflicts/a.theirs": CHANGED}


@case
def downgrade() -> None:
    repository = Repository({OTHER: LINES})
    repository.edit({OTHER: EDITED})
    assert repository.update({F: CHANGED}, renames=Renames(back={"b": {F: OTHER}})) == {F: "move"}
    assert repository.files == {F: BOTH}


def test_a_template_may_change_its_line_endings() -> None:
    repository = Repository({F: LINES})
    windows = CHANGED.replace(b"\n", b"\r\n")
    repository.update({F: windows})
    assert repository.text(F) == windows


def test_a_page_about_markers_is_settled_by_a_person_alone() -> None:
    about = b"<<<<<<< this is how a conflict begins\n"
    repository = Repository({F: about + LINES})
    repository.edit({F: about + EDITED})
    repository.update({F: about + CLASH})
    repository.edit({F: about + EDITED})
    assert repository.update({F: about + CLASH}) == {F: "conflict"}
    assert repository.update({F: about + CLASH}, resolved=True) == {}


class TestWhatFreshEyesFound:
    def test_theirs_does_not_throw_away_edits_that_only_do_not_parse(self) -> None:
        base = b"f(\n    a=1,\n    b=2,\n    c=3,\n    d=4,\n)\n"
        mine = base.replace(b"f(\n", b"f(\n    retries=5,\n") + b"\n\nmine = 1\n"
        repository = Repository({"x.py": base})
        repository.edit({"x.py": mine})
        new = base.replace(b"    c=3,\n", b"    c=3,\n    retries=3,\n")
        assert repository.update({"x.py": new}, style="theirs") == {"x.py": "conflict"}
        assert repository.text("x.py") == mine

    @pytest.mark.parametrize(
        "steps",
        [
            ({"s.orders": "s.sales"}, {"s.clients": "s.orders"}),
            ({"s.orders": "s.sales", "s.clients": "s.orders"},),
            ({"s.orders": "s.clients", "s.clients": "s.orders"},),
        ],
    )
    def test_a_name_that_is_free_again_goes_to_the_next_table(self, steps: tuple[dict[str, str], ...]) -> None:
        ids = {"orders": "s.orders", "clients": "s.clients"}

        def render(content: bytes) -> dict[str, RenderedFile]:
            made = {id: of_thing(f"{id[2:]}.sql", content + f"-- {n}\n".encode(), id) for n, id in ids.items()}
            return {file.path: file for file in made.values()}

        repository = Repository(render(LINES))
        repository.edit({f"{name}.sql": EDITED + f"-- {name}\n".encode() for name in ids})
        for things in steps:
            ids = {name: things.get(id, id) for name, id in ids.items()}
            repository.update(render(CHANGED), renames=Renames(things=things))
        held = set(repository.files.values())
        assert held == {BOTH + b"-- orders\n", BOTH + b"-- clients\n"}
        for name, id in ids.items():
            entry = repository.lock.files[f"{id[2:]}.sql"]
            assert repository.text(entry.to or f"{id[2:]}.sql") == BOTH + f"-- {name}\n".encode()

    def test_an_empty_file_elsewhere_is_not_the_one_that_was_deleted(self) -> None:
        repository = Repository({"p/__init__.py": b""})
        repository.edit({"p/__init__.py": None, "mine/__init__.py": b""})
        assert repository.update({"p/__init__.py": b"x = 1\n"}) == {"p/__init__.py": "keep"}
        assert repository.files == {"mine/__init__.py": b""}

    def test_a_file_that_was_moved_away_and_back(self) -> None:
        repository = edited(LINES, OTHER)
        repository.update({F: LINES})
        repository.edit({OTHER: None, F: EDITED})
        assert repository.update({F: CHANGED}) == {F: "merge"}
        assert repository.files == {F: BOTH}
        assert repository.states() == {}

    def test_a_conflict_in_a_file_that_the_blueprint_moves_takes_nothing_from_its_target(self) -> None:
        repository = Repository({F: b"\0base"})
        repository.edit({F: b"\0mine", OTHER: b"\0of mine"})
        repository.update({OTHER: moved_to(OTHER, b"\0theirs")}, style="theirs")
        assert repository.text(OTHER) == b"\0of mine"
        assert repository.text(F) == b"\0theirs"

    def test_a_deleted_file_of_the_users_own_is_restored(self) -> None:
        repository = Repository({F: once(F, LINES)})
        repository.edit({F: None})
        assert repository.update({F: once(F, CHANGED)}, restore=[F]) == {F: "create"}
        assert repository.text(F) == CHANGED

    def test_the_mode_of_a_settled_conflict_follows_the_next_render(self) -> None:
        repository = edited()
        repository.update({F: (CLASH, MODE_EXECUTABLE)}, style="aside")
        repository.update({F: (CLASH, MODE_EXECUTABLE)}, resolved=True)
        assert repository.work.at(F).mode == MODE_EXECUTABLE

    def test_an_unedited_file_that_comes_under_updates_is_updated(self) -> None:
        repository = Repository({F: once(F, LINES)})
        assert repository.update({F: CHANGED}) == {F: "update"}
        assert repository.update({F: LINES}) == {F: "update"}


class TestPlacesThatTheUpdateFrees:
    """Unedited, each equals a new repository; edited, the edits go with their file."""

    def check(self, before: dict[str, str], after: dict[str, str]) -> None:
        """``before`` and ``after`` are templates by path."""

        def render(paths: dict[str, str], content: bytes) -> dict[str, RenderedFile]:
            return {p: RenderedFile(p, content + f"{t}\n".encode(), f"b:{t}", "b") for p, t in paths.items()}

        unedited, repository = Repository(render(before, LINES)), Repository(render(before, LINES))
        unedited.update(render(after, CHANGED))
        assert unedited.files == {path: file.content for path, file in render(after, CHANGED).items()}
        assert unedited.lock.files == Repository(render(after, CHANGED)).lock.files
        repository.edit({path: EDITED + f"{t}\n".encode() for path, t in before.items()})
        repository.update(render(after, CHANGED))
        held = list(repository.files.values())
        for template in before.values():
            mine = [
                content for content in held if b"line 2, mine" in content and content.endswith(f"{template}\n".encode())
            ]
            assert len(mine) == 1, template
            assert mine[0] == (BOTH if template in after.values() else EDITED) + f"{template}\n".encode()

    def test_a_file_moves_and_another_takes_its_place(self) -> None:
        self.check({"A": "a"}, {"B": "a", "A": "new"})

    def test_a_chain(self) -> None:
        self.check({"A": "a", "B": "b", "C": "c"}, {"B": "a", "C": "b", "D": "c"})

    def test_into_the_place_of_one_that_goes(self) -> None:
        self.check({"A": "a", "B": "b"}, {"B": "a"})

    def test_out_of_a_folder_to_its_name(self) -> None:
        self.check({"d/A": "a"}, {"d": "a"})

    def test_into_a_folder_of_its_name(self) -> None:
        self.check({"d": "a"}, {"d/A": "a"})


def test_an_orphan_leaves_its_path_and_comes_back() -> None:
    a, b = (RenderedFile(p, LINES, f"b:{p}", "b") for p in "AB")
    repository = Repository({"A": a, "B": b})
    repository.edit({"B": EDITED})
    taken = RenderedFile("B", CHANGED, "b:A", "b")
    assert repository.update({"B": taken}) == {"A": "update", "B": "keep"}
    assert repository.files == {"A": CHANGED, "B": EDITED}
    assert repository.update({"B": taken}) == {"B": "keep"}
    returns = {"B": taken, "C": RenderedFile("C", CHANGED, "b:B", "b")}
    repository.update(returns)
    assert BOTH in repository.files.values()
