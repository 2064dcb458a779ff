"""``pipegen update`` and its neighbours, as people use them: on disk, through the command line."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pipegen.cli.main import run
from pipegen.core.blueprint import Blueprint
from pipegen.core.errors import BlueprintError
from pipegen.core.transaction import Transaction
from pipegen.store import transaction
from pipegen.store.blueprints import BlueprintStore, Catalog
from pipegen.ui.terminal import Terminal
from tests.render.blueprints import blueprint
from tests.small import FILES, tree

Result = tuple[int, str, str]
LINES = "".join(f"line {n}\n" for n in range(1, 10))
OLD = {
    **FILES,
    "docs/page.md": f"# <%= pipeline.name | md %>\n\n{LINES}",
    "scripts/tool.sh": "#!/bin/sh\n",
    "gone.txt": "soon\n",
}
NEW = {
    **OLD, "docs/page.md": f"# <%= pipeline.name | md %>\n\n{LINES.replace('line 8', 'line 8, new')}",
    "bin/tool.sh": "#!/bin/sh\nexec true\n", "added/<%= 1 %>.txt".replace("<%= 1 %>", "one"): "added\n",
}  # fmt: skip
del NEW["scripts/tool.sh"], NEW["gone.txt"]


def _made(files: dict[str, str], version: str, **manifest: object) -> Blueprint:
    return blueprint(
        files, name="project", version=version, modes={"run.sh": 0o755}, for_each={"source": "sources", "mart": "marts"},
        files={"notes.txt": {"ownership": "once"}}, **manifest,
    )  # fmt: skip


@pytest.fixture
def catalogs(monkeypatch: pytest.MonkeyPatch) -> dict[str, Blueprint]:
    """Catalogs 1.0 and 1.1, of one blueprint each; a test may put others in."""
    made = {"1.0": _made(OLD, "1.0.0"), "1.1": _made(NEW, "1.1.0", moves={"scripts/": "bin/"})}

    def load(_: BlueprintStore, version: str) -> list[Blueprint]:
        if version not in made:
            raise BlueprintError(f"there is no catalog `{version}`")
        return [made[version]]

    monkeypatch.setattr(BlueprintStore, "load", load)
    monkeypatch.setattr(
        BlueprintStore,
        "catalogs",
        lambda _: {v: Catalog.model_validate({"project": b.version}) for v, b in made.items()},
    )
    monkeypatch.setattr(BlueprintStore, "newest", lambda _: "1.0")
    return made


@pytest.fixture
def pipegen(capfd: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    def call(*words: str) -> Result:
        capfd.readouterr()
        code = run(words)
        out, err = capfd.readouterr()
        return code, out, err

    return call


@pytest.fixture
def root(here: Path, catalogs: dict[str, Blueprint], monkeypatch: pytest.MonkeyPatch) -> Path:
    assert run(["new", "shop", "--source", "./exports/*.csv", "--no-git"]) == 0
    monkeypatch.chdir(here / "shop")
    return here / "shop"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_nothing_to_do_touches_nothing(root: Path, pipegen: Callable[..., Result]) -> None:
    before = {p: p.stat().st_mtime_ns for p in root.rglob("*")}
    for words in (
        ["update"],
        ["update", "--check"],
        ["status", "--exit-code"],
        ["update", "--dry-run"],
        ["update", "--continue"],
    ):
        code, _, err = pipegen(*words)
        assert code == 0, err
    assert {
        p: p.stat().st_mtime_ns for p in root.rglob("*") if ".pipegen/journal" not in str(p) and p.name != ".pipegen"
    } == {p: t for p, t in before.items() if p.name != ".pipegen"}


def test_a_newer_catalog_equals_a_new_repository(root: Path, here: Path, pipegen: Callable[..., Result]) -> None:
    assert pipegen("update", "--check", "--to", "1.1")[0] == 4
    code, out, err = pipegen("update", "--to", "1.1")
    assert code == 0, err
    assert "  > bin/tool.sh  (from scripts/tool.sh)" in out
    assert "Plan: 1 to add, 2 to change, 1 to move, 1 to remove" in out
    assert (
        run(
            [
                "new",
                "other",
                "--answers",
                "shop/pipegen.yml",
                "-C",
                str(here),
                "--set",
                "name=shop",
                "--dir",
                "other",
                "--no-git",
            ]
        )
        == 0
    )
    made, updated = tree(here / "other"), tree(root)
    assert {p: c for p, c in updated.items() if not p.startswith(".pipegen/journal")} == made
    code, _, err = pipegen("update", "--to", "1.0")
    assert code == 0, err
    assert (root / "scripts/tool.sh").exists()
    assert not (root / "bin").exists()


def test_edits_stay(root: Path, pipegen: Callable[..., Result]) -> None:
    edit(root / "docs/page.md", "line 2", "line 2, mine")
    edit(root / "scripts/tool.sh", "#!/bin/sh\n", "#!/bin/sh\n# mine\n")
    (root / "gone.txt").write_text("kept\n")
    (root / ".env").write_text("SECRET=1\n")
    (root / "run.sh").unlink()
    code, out, _ = pipegen("update", "--to", "1.1", "--json")
    assert code == 5
    assert json.loads(out)["summary"] == {"create": 1, "update": 1, "merge": 1, "keep": 2, "conflict": 1}
    page = (root / "docs/page.md").read_text()
    assert "line 2, mine" in page
    assert "line 8, new" in page
    assert (root / "gone.txt").read_text() == "kept\n"
    assert (root / ".env").read_text() == "SECRET=1\n"
    assert "# mine" in (root / "bin/tool.sh").read_text()
    assert not (root / "run.sh").exists()
    assert pipegen("update", "--restore", "run.sh")[0] == 5
    assert (root / "run.sh").stat().st_mode & 0o777 == 0o755


def conflict(root: Path, pipegen: Callable[..., Result], *flags: str) -> Result:
    edit(root / "docs/page.md", "line 8", "line 8, mine")
    return pipegen("update", "--to", "1.1", *flags)


def test_a_conflict_from_beginning_to_end(root: Path, pipegen: Callable[..., Result]) -> None:
    code, out, err = conflict(root, pipegen)
    assert code == 5
    assert "  ! docs/page.md  (both changed the same lines in one place)" in out
    assert "1 file in conflict:" in err
    assert "pipegen update --continue" in err
    text = (root / "docs/page.md").read_text()
    assert (
        "<<<<<<< yours\nline 8, mine\n||||||| base\nline 8\n=======\nline 8, new\n>>>>>>> pipegen, catalog 1.1\n"
        in text
    )
    assert "conflict" in pipegen("status")[1]
    assert pipegen("check", "--level", "static")[0] == 1
    for again in (["update"], ["update", "--continue"], ["update", "--check"]):
        assert pipegen(*again)[0] in (4, 5)
        assert (root / "docs/page.md").read_text() == text
    (root / "docs/page.md").write_text(f"# shop\n\n{LINES.replace('line 8', 'line 8, both')}")
    code, _, err = pipegen("update", "--continue")
    assert code == 0, err
    assert "conflict" not in pipegen("status")[1]
    assert not transaction.can_abort(root)
    assert "line 8, both" in pipegen("diff")[1]


def test_abort_takes_back_what_the_update_wrote(root: Path, pipegen: Callable[..., Result]) -> None:
    before = {**tree(root), "docs/page.md": None}
    edit(root / "docs/page.md", "line 8", "line 8, mine")
    mine = (root / "docs/page.md").read_bytes()
    assert pipegen("update", "--to", "1.1")[0] == 5
    code, _, err = pipegen("update", "--abort")
    assert code == 0, err
    after = {p: c for p, c in tree(root).items() if not p.startswith((".pipegen/journal", ".pipegen/backup"))}
    assert (root / "docs/page.md").read_bytes() == mine
    assert {**after, "docs/page.md": None} == before
    code, _, err = pipegen("update", "--abort")
    assert code == 2
    assert "there is no update to take back" in err


def test_abort_sets_aside_what_was_edited_since(root: Path, pipegen: Callable[..., Result]) -> None:
    conflict(root, pipegen)
    (root / "docs/page.md").write_text("half resolved\n")
    code, _, err = pipegen("update", "--abort")
    assert code == 0
    [aside] = [word for word in err.split() if word.startswith(".pipegen/conflicts/")]
    assert (root / aside).read_text() == "half resolved\n"
    assert "line 8, mine" in (root / "docs/page.md").read_text()


@pytest.mark.parametrize(("style", "code", "line"), [("aside", 5, "mine"), ("yours", 0, "mine"), ("theirs", 0, "new")])
def test_other_ways_with_conflicts(
    style: str, code: int, line: str, root: Path, pipegen: Callable[..., Result]
) -> None:
    assert conflict(root, pipegen, "--conflict", style)[0] == code
    assert f"line 8, {line}\n" in (root / "docs/page.md").read_text()
    assert (root / ".pipegen/conflicts/docs/page.md.theirs").exists() == (style == "aside")
    if style == "aside":
        assert pipegen("update", "--continue")[0] == 0
        assert not (root / ".pipegen/conflicts").exists()


def test_an_edited_spec(root: Path, pipegen: Callable[..., Result]) -> None:
    edit(root / "pipegen.yml", "name: shop", "# ours\nname: shop")
    assert pipegen("update", "--check")[0] == 0
    edit(root / "pipegen.yml", "      orders: {}\n", "")
    edit(root / "pipegen.yml", "  fct_orders:", "  fct_orders_gone:")
    code, _, err = pipegen("update", "--set", "marts.fct_orders_gone=null")
    assert code == 0, err
    assert "orders" not in (root / "dags/exports.py").read_text()
    assert not list((root / "models").glob("fct_*"))
    code, _, err = pipegen("update", "--set", "sources.exports.tables.orders={}", "--set", "owner=kim")
    assert code == 0, err
    assert "orders" in (root / "dags/exports.py").read_text()
    spec = (root / "pipegen.yml").read_text()
    assert "# ours\nname: shop" in spec
    assert "owner: kim\n" in spec


def test_dry_run_and_diff_write_nothing(root: Path, pipegen: Callable[..., Result]) -> None:
    edit(root / "docs/page.md", "line 2", "line 2, mine")
    before = tree(root)
    code, out, _ = pipegen("update", "--to", "1.1", "--diff")
    assert code == 0
    assert "-line 8\n+line 8, new\n" in out
    assert "rename scripts/tool.sh => bin/tool.sh" in out
    code, out, _ = pipegen("update", "--to", "1.1", "--dry-run")
    assert "  ~ docs/page.md" in out
    assert tree(root) == before


def test_diff_shows_the_edits(root: Path, pipegen: Callable[..., Result]) -> None:
    edit(root / "docs/page.md", "line 2", "line 2, mine")
    (root / "run.sh").unlink()
    (root / "conf/data.json").rename(root / "data.json")
    (root / "notes.txt").write_text("of no interest\n")
    code, out, _ = pipegen("diff")
    assert code == 0
    assert "--- a/docs/page.md\n+++ b/docs/page.md\n" in out
    assert "-line 2\n+line 2, mine\n" in out
    assert "rename conf/data.json => data.json" in out
    assert "--- a/run.sh\n+++ /dev/null\n-#!/bin/sh" in out.replace("@@ -1 +0,0 @@\n", "")
    assert "notes.txt" not in out
    assert "run.sh" not in pipegen("diff", "docs")[1]
    code, _, err = pipegen("diff", "dcos")
    assert code == 2
    assert "nothing was rendered there" in err
    assert [f["path"] for f in json.loads(pipegen("diff", "--json")[1])["files"]] == [
        "conf/data.json",
        "docs/page.md",
        "run.sh",
    ]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--to", "2.0"], "there is no such catalog"),
        (["--to", "project=2.0"], "`project` has no version of its own"),
        (["--conflict", "asid"], "did you mean `aside`?"),
        (["--restore", "nothing.txt"], "no such file was rendered"),
        (["--restore", "run.sh"], "the file is there"),
        (["--set", "owner"], "is not KEY=VALUE"),
        (["--set", "ownr=x"], "unknown key `ownr`"),
        (["--accept-design=exports.mod", "--set", "owner=x"], "there is no such decision"),
        (["--abort", "--continue"], "are two things"),
        (["--check", "--dry-run"], "are two things"),
    ],
)
def test_wrong_usage(words: list[str], says: str, root: Path, pipegen: Callable[..., Result]) -> None:
    before = tree(root)
    code, _, err = pipegen("update", *words)
    assert code == 2, err
    assert says in err
    assert {p: c for p, c in tree(root).items() if "journal" not in p} == before


def test_no_repository(here: Path, pipegen: Callable[..., Result]) -> None:
    for words in (["update"], ["update", "--abort"], ["diff"]):
        code, _, err = pipegen(*words)
        assert code == 1
        assert "no pipegen.yml here" in err


@pytest.mark.parametrize("path", ["/etc/passwd", "../outside", "a/../../b", "C:/x", "con", ".git/hooks/x"])
def test_a_hostile_lock_is_refused(path: str, root: Path, pipegen: Callable[..., Result]) -> None:
    lock = root / ".pipegen/lock.json"
    document = json.loads(lock.read_text())
    document["files"][path] = document["files"].pop("run.sh")
    lock.write_text(json.dumps(document))
    for words in (["update"], ["status"], ["diff"]):
        code, _, err = pipegen(*words)
        assert code == 1
        assert "the lock was tampered with" in err


def test_a_symlinked_folder_is_not_written_through(root: Path, tmp_path: Path, pipegen: Callable[..., Result]) -> None:
    outside = tmp_path / "outside"
    (root / "docs").rename(outside)
    (root / "docs").symlink_to(outside)
    before = (outside / "page.md").read_bytes()
    assert pipegen("update", "--to", "1.1")[0] == 5
    assert (outside / "page.md").read_bytes() == before


class TestWithGit:
    """In a repository, a sub-folder of a larger one, a worktree; its hooks are not run."""

    def git(self, folder: Path, *words: str) -> str:
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
        done = subprocess.run(["git", *identity, *words], cwd=folder, capture_output=True, text=True, check=True)
        return done.stdout

    def test_a_worktree_of_a_monorepo_with_hooks(self, root: Path, here: Path, pipegen: Callable[..., Result]) -> None:
        self.git(here, "init", "--quiet")
        self.git(here, "add", "--all")
        self.git(here, "commit", "--quiet", "--message", "x")
        for name in ("pre-commit", "post-checkout", "post-merge", "post-index-change"):
            hook = here / ".git/hooks" / name
            hook.parent.mkdir(exist_ok=True)
            hook.write_text(f"#!/bin/sh\ntouch {here}/ran\n")
            hook.chmod(0o755)
        self.git(here, "-c", "core.hooksPath=/dev/null", "worktree", "add", "--quiet", "../tree")
        there = here.parent / "tree" / "shop"
        edit(there / "docs/page.md", "line 2", "line 2, mine")
        (there / "dirty.txt").write_text("x")
        code, _, err = pipegen("update", "--to", "1.1", "-C", str(there))
        assert code == 0, err
        assert "line 2, mine" in (there / "docs/page.md").read_text()
        assert not (here / "ran").exists()
        ignored = self.git(there, "status", "--porcelain", "--untracked-files=all")
        assert "journal" not in ignored
        assert "backup" not in ignored

    def test_two_branches_merge(self, root: Path, pipegen: Callable[..., Result]) -> None:
        """Each branch updates to something else; the lock merges line by line, and both bases are there."""
        self.git(root, "init", "--quiet", "--initial-branch=main")
        self.git(root, "add", "--all")
        self.git(root, "commit", "--quiet", "--message", "x")
        edit(root / "README.md", "# shop", "# Shop, mine")
        self.git(root, "commit", "--quiet", "--all", "--message", "mine")
        self.git(root, "checkout", "--quiet", "-b", "newer", "HEAD^")
        assert pipegen("update", "--to", "1.1")[0] == 0
        self.git(root, "add", "--all")
        self.git(root, "commit", "--quiet", "--message", "newer")
        self.git(root, "merge", "--quiet", "--no-edit", "main")
        assert pipegen("update")[0] == 0
        assert (root / "README.md").read_text() == "# Shop, mine\n"
        assert pipegen("diff")[1].count("+++") == 1


def test_two_at_once(root: Path, pipegen: Callable[..., Result]) -> None:
    with transaction.held(root, "a test"):
        code, _, err = pipegen("update", "--to", "1.1")
    assert code == 1
    assert str(os.getpid()) in err
    assert "a test" in err


def test_a_spec_that_is_saved_while_the_update_renders_is_not_written_over(
    root: Path, pipegen: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    def progress(terminal: Terminal, text: str) -> None:
        if text == "rendering":
            with (root / "pipegen.yml").open("a") as file:
                file.write("# mine, saved meanwhile\n")

    monkeypatch.setattr(Terminal, "progress", progress)
    before = tree(root)
    code, _, err = pipegen("update", "--set", "owner=kim")
    assert code == 1
    assert "`pipegen.yml` was edited meanwhile" in err
    after = tree(root)
    assert after.pop("pipegen.yml")[1].endswith(b"# mine, saved meanwhile\n")
    assert {p: c for p, c in after.items() if "journal" not in p} == {
        p: c for p, c in before.items() if p != "pipegen.yml"
    }


def test_an_interrupted_update_is_said_by_those_that_only_read(
    root: Path, pipegen: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transaction, "interrupted", lambda _: "an update was killed here")
    assert "an update was killed here" in pipegen("status")[1]
    assert "an update was killed here" in pipegen("update", "--check", "--to", "1.1")[2]


def test_files_change_places(
    root: Path, here: Path, catalogs: dict[str, Blueprint], pipegen: Callable[..., Result]
) -> None:
    """On disk, a file moves, another takes its place, and a third goes where a folder was."""
    files = {**NEW, "scripts/tool.sh": "#!/bin/sh\n# another one\n", "docs": "a file now\n"}
    del files["docs/page.md"]
    catalogs["1.1"] = _made(files, "1.1.0", moves={"scripts/tool.sh": "bin/tool.sh"})
    code, _, err = pipegen("update", "--to", "1.1")
    assert code == 0, err
    assert (
        run(
            [
                "new",
                "other",
                "--answers",
                "shop/pipegen.yml",
                "-C",
                str(here),
                "--set",
                "name=shop",
                "--dir",
                "other",
                "--no-git",
            ]
        )
        == 0
    )
    assert {p: c for p, c in tree(root).items() if "journal" not in p} == tree(here / "other")
    code, _, err = pipegen("update", "--to", "1.0")
    assert code == 0, err
    assert (root / "docs/page.md").exists()


def test_a_target_that_appears_while_a_file_is_moved_costs_no_edit(
    root: Path, pipegen: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(root / "scripts/tool.sh", "#!/bin/sh\n", "#!/bin/sh\n# my edit\n")
    apply = transaction.apply

    def raced(where: Path, planned: Transaction) -> tuple[str, ...]:
        (root / "bin").mkdir()
        (root / "bin/tool.sh").write_text("somebody else's\n")
        return apply(where, planned)

    monkeypatch.setattr(transaction, "apply", raced)
    assert pipegen("update", "--to", "1.1")[0] == 5
    monkeypatch.undo()
    assert (root / "bin/tool.sh").read_text() == "somebody else's\n"
    assert "# my edit" in (root / "scripts/tool.sh").read_text()
    pipegen("update", "--continue", "-C", str(root))
    assert "# my edit" in (root / "scripts/tool.sh").read_text()


def test_a_renamed_question_carries_its_answer(
    root: Path, catalogs: dict[str, Blueprint], pipegen: Callable[..., Result]
) -> None:
    for version, asked in (
        ("1.0", {"id": "colour", "ask": "Which?"}),
        ("1.1", {"id": "color", "ask": "Which?", "was": "colour"}),
    ):
        page = {"README.md": f"<%= answers.{asked['id']} | md %>\n"}
        catalogs[version] = _made({**FILES, **page}, f"{version}.0", questions=[{**asked, "default": "red"}])
    assert pipegen("update", "--set", "answers.project.colour=blue")[0] == 0
    assert (root / "README.md").read_text() == "blue\n"
    code, _, err = pipegen("update", "--to", "1.1")
    assert code == 0, err
    assert "answers: {project: {color: blue}}" in (root / "pipegen.yml").read_text()
    assert (root / "README.md").read_text() == "blue\n"


def test_what_says_its_own_value_is_told_where_one_is_set_above_it(root: Path, pipegen: Callable[..., Result]) -> None:
    edit(root / "pipegen.yml", "orders: {}", "orders: {freshness: 2h}")
    code, _, err = pipegen("update", "--set", "freshness=4h")
    assert code == 0, err
    assert "note: exports.orders does not follow, it says its own `freshness: 2h`" in err
