from __future__ import annotations

from pathlib import Path

import pytest

from pipegen.app.answers import Given
from pipegen.app.check import check, parse_problem
from pipegen.app.generate import apply, generate
from pipegen.app.repository import lock_of


@pytest.mark.parametrize(
    ("path", "content", "where", "says"),
    [
        ("a.py", b"x = (\n", "a.py:1", "does not parse"),
        ("a.py", b"x = 1\n\0", "a.py", "does not parse"),
        ("a.yml", b"a: 1\nb: [\n", "a.yml:3", "does not parse"),
        ("a.yaml", b"a: b: c\n", "a.yaml:1", "does not parse"),
        ("a.json", b'{\n"a": }\n', "a.json:2", "does not parse"),
        ("a.toml", b"a = 1\nb = \n", "a.toml:2", "does not parse"),
        ("a.toml", b"a = 1\na = 2\n", "a.toml", "does not parse"),
        ("a.sql", b"select \xff", "a.sql", "not UTF-8"),
        ("a.sql", b"select 1\n<<<<<<< yours\n", "a.sql:2", "conflict marker"),
        ("a.md", b"a\n>>>>>>> theirs\n", "a.md:2", "conflict marker"),
        ("a.json", b"[" * 100_000, "a.json", "does not parse"),
        ("a.py", b"(" * 10_000, "a.py", "does not parse"),
    ],
)
def test_a_broken_file_is_found_with_its_line(path: str, content: bytes, where: str, says: str) -> None:
    problem = parse_problem(path, content)
    assert problem is not None
    assert (problem.where or "").startswith(where)
    assert says in problem.message


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("a.py", b"x = 1\n"),
        ("a.py", b"x = '\\d'\n"),
        ("a.yml", b"a: 1\n---\nb: 2\n"),
        ("a.json", b"{}"),
        ("a.toml", b"a = 1\n"),
        ("a.sql", b"select {{ x }}"),
        ("a.png", b"\xff\xd8\0"),
        ("a.md", b"=======\n"),
        ("a.yml", b""),
        ("a.md", b"<<<<<<<< eight\n"),
    ],
)
def test_a_file_that_parses_is_fine(path: str, content: bytes) -> None:
    assert parse_problem(path, content) is None


@pytest.fixture
def root(here: Path) -> Path:
    apply(generate(Given(name="shop", flags={"source": ["exports/*.csv"]})), use_git=False)
    return here / "shop"


def test_a_fresh_repository_is_sound(root: Path) -> None:
    found = check(root, "static")
    assert (found.problems, found.commands, found.files) == ((), (), 9)
    assert found.document()["ok"] is True


def test_a_deleted_file_is_not_counted_as_checked(root: Path) -> None:
    (root / "dags/exports.py").unlink()
    assert check(root, "static").files == 8


def test_every_problem_is_found_at_once(root: Path) -> None:
    (root / "dags/exports.py").write_text("(")
    (root / "conf/settings.toml").write_text("=")
    spec = root / "pipegen.yml"
    spec.write_text(spec.read_text().replace("freshness: 1d", "freshness: 1m"))
    found = check(root, "parse")
    assert [(p.where or "").split(":")[0] for p in found.problems] == [
        "pipegen.yml",
        "conf/settings.toml",
        "dags/exports.py",
    ]
    assert found.commands == (), "what is broken already is not run"
    assert found.document()["ok"] is False


def test_later_levels_run_the_repositorys_own_commands_until_one_fails(root: Path) -> None:
    (root / "Makefile").write_text("lint:\n\t@touch linted\ntest-dags:\n\t@exit 3\ndemo:\n\t@touch ran\n")
    seen: list[str] = []
    found = check(root, "run", seen.append)
    assert found.commands == ("make lint", "make test-dags") == tuple(seen)
    assert "`make test-dags` failed with exit code" in found.problems[0].message
    assert (root / "linted").exists()
    assert not (root / "ran").exists()


def test_no_make_is_said(root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (problem,) = check(root, "parse").problems
    assert problem.message == "`make` is not installed"


def test_a_rendered_file_that_is_gone_is_a_problem(root: Path) -> None:
    gone = next(p for p, entry in sorted(lock_of(root).files.items()) if entry.ownership == "merged")
    (root / gone).unlink()
    assert ("is missing", gone) in [(p.message, p.where) for p in check(root, "static").problems]
