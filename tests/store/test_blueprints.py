"""Blueprints are found and read."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pipegen.core.errors import BlueprintError
from pipegen.store import blueprints
from pipegen.store.blueprints import (
    BlueprintStore,
    bundled_folder,
    catalog_digest,
    find_in,
    ignored_by_git,
    load_source,
)
from pipegen.store.manifests import ManifestError
from tests.store.remotes import bare, commit, git

MANIFEST = "name: one\nversion: 1.0.0\nsummary: A test.\n"


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


@pytest.fixture
def one(tmp_path: Path) -> Path:
    files = {"blueprint.yml": MANIFEST, "CHANGELOG.md": "x\n", "files/a/b.py": "x\n", "files/run.sh": "x\n"}
    folder = write(tmp_path / "one" / "1.0.0", {**files})
    (folder / "files/run.sh").chmod(0o755)
    return folder


@pytest.fixture
def store(one: Path) -> BlueprintStore:
    root = one.parent.parent
    write(root, {"catalog.yml": 'catalogs:\n  next: {one: 1.0.0}\n  "1.10": {one: 1.0.0}\n  "1.9": {one: 1.0.0}\n'})
    return BlueprintStore(root)


class TestLoad:
    def test_what_is_in_it(self, one: Path) -> None:
        loaded = find_in(one, "one").load()
        assert (loaded.name, loaded.version) == ("one", "1.0.0")
        assert dict(loaded.files) == {"a/b.py": b"x\n", "run.sh": b"x\n"}
        assert dict(loaded.modes) == {"a/b.py": 0o644, "run.sh": 0o755}
        assert dict(loaded.pieces) == {"CHANGELOG.md": b"x\n"}

    def test_the_digest_is_of_paths_modes_and_bytes(self, one: Path, tmp_path: Path) -> None:
        digest = find_in(one, "one").load().digest
        assert digest.startswith("sha256:")
        copy = Path(shutil.copytree(one, tmp_path / "copy"))
        os.utime(copy / "files/a/b.py", (0, 0))
        (copy / "files/a/b.py").chmod(0o600)
        write(copy, {"__pycache__/x.pyc": b"\0", "files/__pycache__/y.pyc": b"\0", "files/.DS_Store": b"\0"})
        assert find_in(copy, "copy").load().digest == digest
        changes = (
            lambda: (copy / "files/a/b.py").chmod(0o755),
            lambda: (copy / "files/a/b.py").write_text("y\n"),
            lambda: (copy / "files/a/b.py").rename(copy / "files/a/c.py"),
            lambda: (copy / "CHANGELOG.md").write_text("y\n"),
            lambda: (copy / "blueprint.yml").write_text(MANIFEST + "\n"),
        )
        seen = {digest}
        for change in changes:
            change()
            seen.add(find_in(copy, "copy").load().digest)
        assert len(seen) == len(changes) + 1

    def test_a_manifest_is_read_with_no_file_beside_it(self, one: Path) -> None:
        shutil.rmtree(one / "files")
        assert find_in(one, "one").manifest.summary == "A test."

    def test_symlinks_are_refused(self, one: Path) -> None:
        (one / "files/link.py").symlink_to("/etc/passwd")
        with pytest.raises(BlueprintError, match=r"one/files/link\.py is a symlink"):
            find_in(one, "one").load()

    def test_a_linked_folder_is_refused(self, one: Path, tmp_path: Path) -> None:
        (one / "files/link").symlink_to(tmp_path)
        with pytest.raises(BlueprintError, match="is a symlink"):
            find_in(one, "one").load()

    def test_a_pipe_is_refused(self, one: Path) -> None:
        os.mkfifo(one / "files/pipe")
        with pytest.raises(BlueprintError, match="not a regular file"):
            find_in(one, "one").load()

    @pytest.mark.parametrize("name", ["con", "a?b", "a "])
    def test_unsafe_names_are_refused(self, one: Path, name: str) -> None:
        write(one, {f"files/{name}": ""})
        with pytest.raises(BlueprintError, match="cannot be a path of a repository"):
            find_in(one, "one").load()


class TestManifests:
    def problems(self, text: str, one: Path) -> list[str]:
        write(one, {"blueprint.yml": text})
        with pytest.raises(ManifestError) as caught:
            find_in(one, "one")
        return [f"{problem} ({problem.hint})" if problem.hint else str(problem) for problem in caught.value.problems()]

    def test_every_problem_at_its_line(self, one: Path) -> None:
        text = "name: One\nversion: 1.0\nsumary: x\nfiles:\n  a.py: {ownership: mine, modes: 1}\nrequires: {b: 2}\n"
        assert self.problems(text, one) == [
            "one/blueprint.yml:1: `name`: string should match pattern '^[a-z][a-z0-9_-]{0,39}$'",
            "one/blueprint.yml:2: `version`: input should be a valid string",
            "one/blueprint.yml:1: `summary` is missing",
            "one/blueprint.yml:6: `requires.b`: input should be a valid string",
            "one/blueprint.yml:5: `files.a.py.ownership`: input should be 'merged' or 'once'",
            "one/blueprint.yml:5: `files.a.py.modes` is not a field (did you mean `mode`?)",
            "one/blueprint.yml:3: `sumary` is not a field (did you mean `summary`?)",
        ]

    def test_contributions_too(self, one: Path) -> None:
        text = (
            MANIFEST
            + "contributes:\n  make:\n    - {target: a, help: x}\n    - {targt: b, help: x}\n  reqirements: {}\n"
        )
        assert self.problems(text, one) == [
            "one/blueprint.yml:7: `contributes.make.1.target` is missing",
            "one/blueprint.yml:7: `contributes.make.1.targt` is not a field (did you mean `target`?)",
            "one/blueprint.yml:8: `contributes.reqirements` is not a field (did you mean `requirements`?)",
        ]

    @pytest.mark.parametrize(
        ("text", "line"),
        [("name: [\n", 2), ("a: b: c\n", 1), ("name: x\nname: y\n", 2), ("- a\n", 1), ("\tname: x\n", 1)],
    )
    def test_what_is_no_yaml(self, one: Path, text: str, line: int) -> None:
        (problem,) = self.problems(text, one)
        assert problem.startswith(f"one/blueprint.yml:{line}: ")

    @pytest.mark.parametrize("wanted", ["1.0", ">1.0 <2", "~=1", ""])
    def test_ranges(self, one: Path, wanted: str) -> None:
        assert "is not a version range" in self.problems(MANIFEST + f'requires: {{a: "{wanted}"}}\n', one)[0]

    def test_moves_stay_inside(self, one: Path) -> None:
        assert "cannot be a path" in self.problems(MANIFEST + 'moves: {"a/": "../b/"}\n', one)[0]

    def test_a_missing_one(self, tmp_path: Path) -> None:
        with pytest.raises(BlueprintError, match=r"there is no x/blueprint\.yml"):
            find_in(tmp_path, "x")

    def test_one_that_is_not_text(self, one: Path) -> None:
        write(one, {"blueprint.yml": b"\xff\xfe"})
        with pytest.raises(BlueprintError, match="cannot be read"):
            find_in(one, "one")


class TestCatalog:
    def test_versions_are_in_their_own_order(self, store: BlueprintStore) -> None:
        assert list(store.catalogs()) == ["1.9", "1.10", "next"]
        assert store.newest() == "1.10"

    def test_a_version_that_is_not_there(self, store: BlueprintStore) -> None:
        with pytest.raises(BlueprintError, match=r"there is no catalog `2\.0`") as caught:
            store.load("2.0")
        assert caught.value.hint == "catalogs here: 1.9, 1.10, next"

    def test_load(self, store: BlueprintStore) -> None:
        assert [blueprint.origin for blueprint in store.load("next")] == ["one/1.0.0"]

    def test_a_blueprint_that_is_not_there(self, store: BlueprintStore) -> None:
        write(store.folder, {"catalog.yml": "catalogs: {next: {two: 1.0.0}}\n"})
        with pytest.raises(BlueprintError, match=r"there is no blueprint two/1\.0\.0"):
            store.load("next")

    def test_a_blueprint_in_a_folder_of_another_name(self, store: BlueprintStore) -> None:
        shutil.copytree(store.folder / "one/1.0.0", store.folder / "one/2.0.0")
        with pytest.raises(BlueprintError, match=r"it says one 1\.0\.0, but the folder is one/2\.0\.0"):
            store.find("one", "2.0.0")

    def test_a_catalog_that_is_wrong(self, store: BlueprintStore) -> None:
        write(store.folder, {"catalog.yml": "catalogs:\n  next: {one: 1.0}\n"})
        with pytest.raises(ManifestError, match=r"^catalog\.yml:2: "):
            store.catalogs()

    def test_a_digest_of_a_release(self, store: BlueprintStore) -> None:
        digest = catalog_digest({blueprint.name: blueprint.digest for blueprint in store.load("next")})
        write(store.folder, {"catalog.yml": f'catalogs: {{"1.0": {{one: 1.0.0, digest: "{digest}"}}}}\n'})
        catalog = store.catalog("1.0")
        assert (catalog.blueprints, catalog.digest) == ({"one": "1.0.0"}, digest)


class TestSource:
    def test_a_local_folder(self, one: Path) -> None:
        assert load_source(f"{one}/").name == "one"

    def test_a_git_repository_at_a_ref(self, one: Path, tmp_path: Path) -> None:
        work = tmp_path / "work"
        shutil.copytree(one, work)
        commit(work, {"files/a.txt": "first\n"})
        git(work, "tag", "v1")
        commit(work, {"files/a.txt": "second\n"})
        source = f"file://{bare(tmp_path / 'one.git', work)}"
        assert load_source(source, "v1").files["a.txt"] == b"first\n"
        assert load_source(source).files["a.txt"] == b"second\n"
        assert load_source(source).origin == source

    def test_one_that_cannot_be_reached_again_is_told(self, one: Path, tmp_path: Path) -> None:
        work = tmp_path / "work"
        shutil.copytree(one, work)
        commit(work, {"files/a.txt": "first\n"})
        remote = bare(tmp_path / "one.git", work)
        told: list[str] = []
        load_source(f"file://{remote}", refresh=True, tell=told.append)
        assert told == []
        shutil.rmtree(remote)
        load_source(f"file://{remote}", refresh=True, tell=told.append)
        assert len(told) == 1

    def test_a_cookiecutter_template_stands_alone(self, tmp_path: Path) -> None:
        write(tmp_path, {"cookiecutter.json": "{}"})
        with pytest.raises(BlueprintError, match="plain cookiecutter template, which stands alone"):
            load_source(str(tmp_path))

    def test_a_missing_folder(self, tmp_path: Path) -> None:
        with pytest.raises(BlueprintError, match="there is no folder"):
            load_source(str(tmp_path / "x"))


class TestBundled:
    def test_in_a_checkout_they_are_beside_the_package(self) -> None:
        assert bundled_folder() == Path(blueprints.__file__).parents[2] / "blueprints"

    def test_in_a_wheel_they_are_inside_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write(tmp_path, {"pipegen/blueprints/catalog.yml": "", "pipegen/store/blueprints.py": ""})
        monkeypatch.setattr(blueprints, "__file__", str(tmp_path / "pipegen/store/blueprints.py"))
        bundled_folder.cache_clear()
        try:
            assert bundled_folder() == tmp_path / "pipegen/blueprints"
        finally:
            bundled_folder.cache_clear()

    def test_every_one_loads_and_none_is_ignored_by_git(self) -> None:
        store = BlueprintStore()
        for name, versions in store.versions().items():
            for version in versions:
                found = store.find(name, version)
                assert found.load().files
                assert ignored_by_git(found.folder) == []


def test_files_that_git_ignores(one: Path) -> None:
    assert ignored_by_git(one) == []
    root = one.parent.parent
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    write(root, {".gitignore": "run.sh\n"})
    assert ignored_by_git(one) == ["files/run.sh"]
