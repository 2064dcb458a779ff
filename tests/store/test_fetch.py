from __future__ import annotations

import stat
import subprocess
import zipfile
from pathlib import Path

import pytest

from pipegen.core.errors import BlueprintError
from pipegen.store import fetch_url, fetch_zip
from pipegen.store.fetch import cached, fetch
from pipegen.store.fetch_url import is_remote, name_of, place, recorded, without_secret
from tests.store.remotes import bare, commit, git, served


@pytest.fixture(autouse=True)
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache, a home and a cookiecutter config of its own."""
    folder = tmp_path / "mine"
    (folder / "home").mkdir(parents=True)
    (folder / "cookiecutterrc").write_text("{}\n")
    monkeypatch.setenv("HOME", str(folder / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    monkeypatch.setenv("COOKIECUTTER_CONFIG", str(folder / "cookiecutterrc"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(folder / "gitconfig"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return folder


def configured(mine: Path, text: str) -> None:
    (mine / "cookiecutterrc").write_text(text)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A repository with a tag, a branch, and a newer commit."""
    folder = tmp_path / "work"
    commit(folder, {"cookiecutter.json": '{"v": 1}', "run.sh": "#!/bin/sh\n"})
    git(folder, "tag", "v1")
    git(folder, "branch", "old")
    commit(folder, {"cookiecutter.json": '{"v": 2}'})
    return folder


@pytest.fixture
def remote(tmp_path: Path, work: Path) -> Path:
    return bare(tmp_path / "remote" / "tpl.git", work)


def version(source: str, ref: str | None = None, *, refresh: bool = False) -> str:
    return (fetch(source, ref, refresh=refresh).folder / "cookiecutter.json").read_text()[6]


class TestFolder:
    def test_a_folder_is_itself(self, tmp_path: Path) -> None:
        assert fetch(str(tmp_path)).folder == tmp_path
        assert fetch(str(tmp_path)).commit is None
        assert cached(str(tmp_path)) == fetch(str(tmp_path))

    def test_what_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(BlueprintError, match="there is no folder"):
            fetch(str(tmp_path / "x"))

    def test_a_work_tree_is_itself_and_has_refs(self, work: Path) -> None:
        (work / "cookiecutter.json").write_text('{"v": 3}')
        assert version(str(work)) == "3"
        assert version(str(work), "v1") == "1"
        assert version(str(work), "main") == "2"

    def test_a_folder_that_is_no_repository_has_no_ref(self, tmp_path: Path) -> None:
        with pytest.raises(BlueprintError, match="is no git repository, so it has no `v1`"):
            fetch(str(tmp_path), "v1")


class TestGit:
    @pytest.mark.parametrize("start", ["", "file://", "git+file://"])
    def test_a_repository_at_every_kind_of_ref(self, start: str, remote: Path, work: Path) -> None:
        source = f"{start}{remote}"
        full = git(work, "rev-parse", "v1")
        assert version(source) == "2"
        assert [version(source, ref) for ref in ("v1", "old", "main", full, full[:10])] == ["1", "1", "2", "1", "1"]
        assert fetch(source, "v1").commit == full
        assert fetch(source).commit == git(work, "rev-parse", "main")
        assert (fetch(source).folder / "run.sh").stat().st_mode & 0o777 == stat.S_IMODE(
            (work / "run.sh").stat().st_mode
        )

    def test_a_tag_is_before_a_branch(self, tmp_path: Path, work: Path) -> None:
        git(work, "branch", "same", "main")
        git(work, "tag", "same", "v1")
        assert version(str(bare(tmp_path / "same.git", work)), "same") == "1"

    def test_a_ref_that_is_not_there(self, remote: Path) -> None:
        for ref in ("v9", "HEAD~1", "v1^{tree}", "0123456", "refs/heads/main"):
            with pytest.raises(BlueprintError, match="has no tag, branch or commit"):
                fetch(str(remote), ref)

    def test_what_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(BlueprintError, match="there is no git repository"):
            fetch(f"file://{tmp_path}/none.git")
        git(tmp_path, "init", "--quiet", "--bare", "empty.git")
        with pytest.raises(BlueprintError, match="it has no commit"):
            fetch(str(tmp_path / "empty.git"))

    @pytest.mark.parametrize("odd", ["--upload-pack=touch canary", "-x", "", " x", "a\nb", "a\0b"])
    def test_what_a_program_could_take_for_an_option(self, odd: str, remote: Path, tmp_path: Path) -> None:
        with pytest.raises(BlueprintError, match="cannot be the source"):
            fetch(odd)
        with pytest.raises(BlueprintError, match="cannot be the ref"):
            fetch(str(remote), odd)

    def test_transports_that_run_programs(self, tmp_path: Path, mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        canary = tmp_path / "canary"
        for source in (f"ext::sh -c 'touch {canary}'", f"ext::touch% {canary}"):
            with pytest.raises(BlueprintError):
                fetch(source)
        with pytest.raises(BlueprintError, match="`ext://` is no place"):
            fetch(f"ext://sh -c 'touch {canary}'")
        (mine / "gitconfig").write_text(
            f'[url "ext::touch {canary} %S "]\n  insteadOf = https://example.invalid/\n[protocol]\n  allow = always\n'
        )
        with pytest.raises(BlueprintError):
            fetch("https://example.invalid/x.git")
        assert not canary.exists()
        subprocess.run(
            ["git", "clone", "https://example.invalid/x.git", "x"], cwd=tmp_path, check=False, capture_output=True
        )
        assert canary.exists()  # with git alone it does run

    def evil(self, mine: Path, work: Path, tmp_path: Path) -> tuple[Path, Path]:
        """A person's git config with programs in it, and a repository that has them run; and the canary that these write."""
        canary = tmp_path / "canary"
        for folder in ("hooks", "template/hooks"):
            hook = mine / folder / "post-checkout"
            hook.parent.mkdir(parents=True)
            hook.write_text(f"#!/bin/sh\ntouch {canary}\n")
            hook.chmod(0o755)
        (mine / "gitconfig").write_text(
            f"[core]\n  hooksPath = {mine}/hooks\n  attributesFile = {mine}/attributes\n  fsmonitor = touch {canary}\n"
            f"[init]\n  templateDir = {mine}/template\n[filter \"evil\"]\n  smudge = touch {canary}; cat\n  required = true\n"
        )  # fmt: skip
        (mine / "attributes").write_text("* filter=evil\n")
        commit(work, {".gitattributes": "*.json filter=evil\n*.sh filter=lfs\n"})
        return bare(tmp_path / "evil.git", work), canary

    def test_no_hook_and_no_filter_of_the_person_is_run(self, mine: Path, work: Path, tmp_path: Path) -> None:
        source, canary = self.evil(mine, work, tmp_path)
        assert version(str(source)) == "2"
        assert version(str(source), "v1") == "1"
        assert not canary.exists()

    def test_that_config_does_run_them_in_a_plain_clone(self, mine: Path, work: Path, tmp_path: Path) -> None:
        source, canary = self.evil(mine, work, tmp_path)
        subprocess.run(
            ["git", "clone", "--quiet", str(source), str(tmp_path / "clone")], check=True, capture_output=True
        )
        assert canary.exists()

    def test_submodules_stay_away(self, work: Path, tmp_path: Path) -> None:
        commit(tmp_path / "inner", {"x": "1"})
        git(work, "submodule", "--quiet", "add", str(tmp_path / "inner"), "inner")
        git(work, "commit", "--quiet", "--message", "with it")
        folder = fetch(str(bare(tmp_path / "with.git", work))).folder
        assert list((folder / "inner").iterdir()) == []

    def test_what_the_environment_says_to_git_is_left_out(
        self, remote: Path, work: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = git(work, "rev-parse", "HEAD")
        for name, value in (("GIT_DIR", ".git"), ("GIT_WORK_TREE", "."), ("GIT_INDEX_FILE", ".git/index")):
            monkeypatch.setenv(name, str(work / value))
        assert version(str(remote), "v1") == "1"
        assert (git(work, "rev-parse", "HEAD"), git(work, "status", "--short")) == (before, "")

    def test_without_git(self, remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "")
        with pytest.raises(BlueprintError, match="git is not installed"):
            fetch(str(remote))


class TestCache:
    def test_a_copy_is_used_until_a_refresh(self, remote: Path, work: Path) -> None:
        source = f"file://{remote}"
        assert cached(source) is None
        assert version(source) == "2"
        commit(work, {"cookiecutter.json": '{"v": 3}'})
        git(work, "push", "--quiet", source, "main")
        assert version(source) == "2"
        kept = cached(source)
        assert kept is not None
        assert kept.note is None
        assert version(source, refresh=True) == "3"
        assert version(source) == "3"

    def test_with_no_way_there_the_copy_is_used_and_it_is_said(self, remote: Path, work: Path) -> None:
        source, full = f"file://{remote}", git(work, "rev-parse", "v1")
        for ref in (None, full):
            fetch(source, ref)
        remote.rename(remote.with_name("gone.git"))
        again = fetch(source, refresh=True)
        assert (again.folder / "cookiecutter.json").read_text() == '{"v": 2}'
        assert "the copy that was fetched before is used" in (again.note or "")
        assert fetch(source, full, refresh=True).note is None  # a commit does not change: it is not asked for again
        with pytest.raises(BlueprintError, match="there is no git repository"):
            fetch(source, "v1", refresh=True)

    def test_a_ref_that_is_gone_is_an_error(self, remote: Path) -> None:
        fetch(str(remote), "v1")
        git(remote, "tag", "--delete", "v1")
        with pytest.raises(BlueprintError, match="has no tag, branch or commit `v1`"):
            fetch(str(remote), "v1", refresh=True)
        assert version(str(remote), "v1") == "1"

    def test_it_is_pipegens_own_and_nothing_else_is_touched(self, remote: Path, mine: Path) -> None:
        folder = fetch(str(remote)).folder
        assert folder.is_relative_to(mine / "cache/pipegen/sources")
        assert (mine / "cache/pipegen/sources").stat().st_mode & 0o077 == 0
        assert list((mine / "home").iterdir()) == []
        assert [p.name for p in (mine / "cache/pipegen/sources").iterdir() if p.name.startswith(".")] == []

    def test_without_a_cache_it_is_a_temporary_folder(
        self, remote: Path, mine: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PIPEGEN_NO_CACHE", "1")
        assert version(str(remote)) == "2"
        assert not (mine / "cache").exists()

    def test_a_cache_that_cannot_be_written(
        self, remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "file").write_text("")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
        with pytest.raises(BlueprintError, match="the cache of fetched blueprints cannot be written"):
            fetch(str(remote))


class TestAbbreviations:
    def test_those_of_everybody_stay_and_are_written_out_to_fetch(self) -> None:
        assert [recorded(source) for source in ("gh:acme/tpl", "gl:acme/tpl", "bb:acme/tpl")] == [
            "gh:acme/tpl",
            "gl:acme/tpl",
            "bb:acme/tpl",
        ]
        assert place("gh:acme/tpl").at == "https://github.com/acme/tpl.git"
        assert place("gl:acme/tpl").at == "https://gitlab.com/acme/tpl.git"
        assert (place("bb:acme/tpl").kind, place("bb:acme/tpl").at) == ("git", "https://bitbucket.org/acme/tpl")

    def test_those_of_the_person_are_written_out(self, mine: Path, remote: Path) -> None:
        configured(
            mine,
            f"abbreviations:\n  acme: file://{remote.parent}/{{0}}.git\n  one: file://{remote}\n  gh: https://git.example.com/{{0}}\n",
        )
        assert version("acme:tpl", "v1") == "1"
        assert version("one") == "2"
        assert recorded("acme:tpl") == f"file://{remote}"
        assert recorded("gh:a/b") == "https://git.example.com/a/b"

    @pytest.mark.parametrize("config", ["abbreviations: {acme: '{1}'}", "abbreviations: {acme: '{0.x}'}"])
    def test_one_that_cannot_be_written_out(self, mine: Path, config: str) -> None:
        configured(mine, config)
        with pytest.raises(BlueprintError, match="the abbreviation in `acme:x`"):
            fetch("acme:x")

    @pytest.mark.parametrize("config", ["- a\n", "a: b: c\n", "abbreviations: [\n"])
    def test_a_config_that_cannot_be_read(self, mine: Path, config: str) -> None:
        configured(mine, config)
        with pytest.raises(BlueprintError, match="your cookiecutter config cannot be read"):
            fetch("acme:x")

    def test_a_folder_with_such_a_name_is_a_folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "gh:x").mkdir()
        monkeypatch.chdir(tmp_path)
        assert fetch("gh:x").folder == Path("gh:x")


class TestPlaces:
    @pytest.mark.parametrize(
        ("source", "kind", "remote", "name"),
        [
            ("../tpl", "folder", False, "tpl"), ("tpl.zip", "zip", False, "tpl"), ("https://h/a/tpl.git", "git", True, "tpl"),
            ("https://h/a/tpl.zip", "zip", True, "tpl"), ("https://h/a/main.zip?x=1", "zip", True, "main"),
            ("git@h:a/tpl.git", "git", True, "tpl"),
            ("deploy@h.example:tpl", "git", True, "tpl"), ("ssh://git@h:22/a/tpl", "git", True, "tpl"),
            ("git://h/tpl/", "git", True, "tpl"),
            ("file:///srv/tpl.git", "git", True, "tpl"), ("gh:a/tpl", "git", True, "tpl"), ("/", "folder", False, "template"),
        ],
    )  # fmt: skip
    def test_what_a_source_is(self, source: str, kind: str, remote: bool, name: str) -> None:
        assert (place(source).kind, is_remote(source), name_of(source)) == (kind, remote, name)

    @pytest.mark.parametrize("source", ["ftp://h/x", "hg+https://h/x", "s3://b/x", "javascript://x"])
    def test_unknown_places(self, source: str) -> None:
        with pytest.raises(BlueprintError):
            fetch(source)


SECRET = "p%40ss-w0rd"
PLAIN = "p@ss-w0rd"


class TestSecrets:
    def test_a_password_is_used_and_written_nowhere(self, remote: Path, work: Path, mine: Path) -> None:
        with served(remote.parent, f"reader:{PLAIN}") as host:
            assert recorded(f"http://reader:{SECRET}@{host}/tpl.git") == f"http://{host}/tpl.git"
            made = fetch(f"http://{host}/tpl.git", "v1")
            assert made.commit == git(work, "rev-parse", "v1")
        for path in mine.rglob("*"):
            content = path.read_bytes() if path.is_file() else b""
            assert b"w0rd" not in content, path
            assert b"reader" not in content, path

    def test_a_refusal_says_nothing_of_it(self, remote: Path) -> None:
        with served(remote.parent, "reader:other") as host, pytest.raises(BlueprintError) as refused:
            fetch(f"http://reader:{SECRET}@{host}/tpl.git")
        assert "refuses access" in refused.value.message
        assert "w0rd" not in f"{refused.value.message}{refused.value.hint}"

    def test_with_no_password_nothing_is_asked(
        self, remote: Path, mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asks = tmp_path / "asks"
        asks.write_text(f"#!/bin/sh\ntouch {tmp_path}/asked\necho x\n")
        asks.chmod(0o755)
        for name in ("GIT_ASKPASS", "SSH_ASKPASS"):
            monkeypatch.setenv(name, str(asks))
        (mine / "gitconfig").write_text(f"[core]\n  askPass = {asks}\n")
        with served(remote.parent, "reader:other") as host, pytest.raises(BlueprintError, match="refuses access"):
            fetch(f"http://{host}/tpl.git")
        assert not (tmp_path / "asked").exists()

    def test_a_zip_with_a_password_or_a_token(self, tmp_path: Path, mine: Path) -> None:
        archive(tmp_path / "web/tpl.zip", {"tpl/cookiecutter.json": '{"v": 1}'})
        with served(tmp_path / "web", f"reader:{PLAIN}") as host:
            assert version(f"http://reader:{SECRET}@{host}/tpl.zip") == "1"
        with served(tmp_path / "web") as host:
            assert recorded(f"http://{host}/tpl.zip?token=s3cret") == f"http://{host}/tpl.zip"
            assert version(f"http://{host}/tpl.zip", refresh=True) == "1"
            with pytest.raises(BlueprintError) as refused:
                fetch(f"http://{host}/tpl.zip?token=wr0ng", refresh=False) and fetch(
                    f"http://{host}/other.zip?token=wr0ng"
                )
        assert "wr0ng" not in refused.value.message
        assert not any(b"s3cret" in path.read_bytes() for path in mine.rglob("*") if path.is_file())

    @pytest.mark.parametrize(
        ("source", "clean"),
        [
            ("https://user:word@h/x.git", "https://h/x.git"), ("https://ghp_token@h/x", "https://h/x"),
            ("git+https://u:w@h/x", "https://h/x"),
            ("ssh://git:word@h/x", "ssh://git@h/x"), ("ssh://git@h:22/x", "ssh://git@h:22/x"), ("git@h:x.git", "git@h:x.git"),
            ("https://h/x.zip?private_token=w", "https://h/x.zip"), ("https://h/x.zip?path=a", "https://h/x.zip?path=a"),
            ("gh:a/b", "gh:a/b"),
            ("https://u:w@[::1]:8080/x", "https://[::1]:8080/x"),
        ],
    )  # fmt: skip
    def test_what_is_recorded(self, source: str, clean: str) -> None:
        assert without_secret(source) == recorded(source) == clean
        assert without_secret(f"{source}#v1") == f"{clean}#v1"
        assert fetch_url.has_secret(source) == ("w" in source.replace("owner", "") or "ghp" in source)

    @pytest.mark.parametrize("source", ["https://user:pa/ss@h/x", "https://user:12/ss@h/x", "https://user:pa?ss@h/x"])
    def test_a_url_that_cannot_be_read_is_not_shown(self, source: str) -> None:
        with pytest.raises(BlueprintError) as refused:
            recorded(source)
        assert refused.value.message == "this URL of a blueprint cannot be read"


def archive(path: Path, files: dict[str, str], **kinds: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as opened:
        for name, text in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = kinds.get(name.replace(".", "_"), 0o100644) << 16
            opened.writestr(info, text, zipfile.ZIP_DEFLATED)
    return path


class TestZip:
    def test_one_folder_at_the_top_is_unwrapped(self, tmp_path: Path) -> None:
        files = {
            "tpl-main/": "",
            "tpl-main/cookiecutter.json": '{"v": 1}',
            "tpl-main/{{cookiecutter.a|lower}}/{% if x %}y{% endif %}.txt": "x",
        }
        folder = fetch(str(archive(tmp_path / "a.zip", files))).folder
        assert sorted(p.name for p in folder.iterdir()) == ["cookiecutter.json", "{{cookiecutter.a|lower}}"]
        flat = fetch(
            str(archive(tmp_path / "b.ZIP", {"cookiecutter.json": "{}", "x/y": "1", "run_sh": "1"}, run_sh=0o100755))
        ).folder
        assert sorted(p.name for p in flat.iterdir()) == ["cookiecutter.json", "run_sh", "x"]
        assert (flat / "run_sh").stat().st_mode & 0o777 == 0o755
        assert (flat / "cookiecutter.json").stat().st_mode & 0o777 == 0o644

    def test_an_edited_zip_is_another(self, tmp_path: Path) -> None:
        path = archive(tmp_path / "a.zip", {"cookiecutter.json": '{"v": 1}'})
        assert version(str(path)) == "1"
        archive(path, {"cookiecutter.json": '{"v": 2}'})
        assert version(str(path)) == version(f"file://{path}") == "2"

    @pytest.mark.parametrize(
        "name",
        [
            "../out", "a/../../out", "/etc/out", "C:/out", "C:out", "a\\..\\out", "..", "a//b", "./a", "con", "a/nul.txt", "a\x01b",
            "a.", "a<b",
            "{{ '/../' }}", "{{ a }}/../../../out", ".git/config",
        ],
    )  # fmt: skip
    def test_a_path_that_leads_out_or_cannot_be_written(self, name: str, tmp_path: Path) -> None:
        with pytest.raises(BlueprintError, match="which is not unpacked"):
            fetch(str(archive(tmp_path / "in" / "a.zip", {"ok": "1", name: "x"})))
        assert not (tmp_path / "out").exists()

    @pytest.mark.parametrize(
        "files", [{"A": "1", "a": "2"}, {"x/A": "1", "X/b": "2"}, {"a": "1", "a/b": "2"}, {"a/b": "1", "A": "2"}]
    )
    def test_two_names_that_are_one(self, files: dict[str, str], tmp_path: Path) -> None:
        with pytest.raises(BlueprintError, match=r"one name for many systems|one path twice"):
            fetch(str(archive(tmp_path / "a.zip", files)))

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    def test_one_name_twice(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as opened:
            opened.writestr("a", "1")
            opened.writestr("a", "2")
        with pytest.raises(BlueprintError, match="one path twice"):
            fetch(str(tmp_path / "a.zip"))

    @pytest.mark.parametrize("kind", [stat.S_IFLNK | 0o777, stat.S_IFIFO | 0o644, stat.S_IFCHR | 0o644])
    def test_symlinks_and_special_files(self, kind: int, tmp_path: Path) -> None:
        with pytest.raises(BlueprintError, match="it is a symlink, or another special file"):
            fetch(str(archive(tmp_path / "a.zip", {"link": "/etc/hostname"}, link=kind)))

    def test_what_would_fill_the_disk(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        bomb = archive(tmp_path / "bomb.zip", {"zeros": "\0" * 30_000_000})
        assert bomb.stat().st_size < 100_000
        with pytest.raises(BlueprintError, match="it is a zip bomb"):
            fetch(str(bomb))
        many = archive(tmp_path / "many.zip", {f"f{n}": "" for n in range(30)})
        monkeypatch.setattr(fetch_zip, "MOST_MEMBERS", 20)
        with pytest.raises(BlueprintError, match="would unpack to 30 files"):
            fetch(str(many))
        monkeypatch.setattr(fetch_zip, "MOST_MEMBERS", 40)
        monkeypatch.setattr(fetch_zip, "MOST_BYTES", 1_000_000)
        with pytest.raises(BlueprintError, match="would unpack to 1 files and 30 MB"):
            fetch(str(bomb))

    def test_what_is_larger_than_it_says(self, tmp_path: Path) -> None:
        path = archive(tmp_path / "a.zip", {"x": "\0" * 5000})
        raw = path.read_bytes()
        lying = raw.replace((5000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
        assert lying != raw
        path.write_bytes(lying)
        with pytest.raises(BlueprintError, match="is no zip that can be read"):
            fetch(str(path))

    def test_what_is_encrypted_or_broken(self, tmp_path: Path) -> None:
        path = archive(tmp_path / "a.zip", {"x": "1"})
        raw = bytearray(path.read_bytes())
        raw[raw.index(b"PK\x01\x02") + 8] |= 1
        (tmp_path / "locked.zip").write_bytes(raw)
        with pytest.raises(BlueprintError, match="it is encrypted"):
            fetch(str(tmp_path / "locked.zip"))
        (tmp_path / "broken.zip").write_bytes(path.read_bytes()[:30])
        with pytest.raises(BlueprintError, match="is no zip that can be read"):
            fetch(str(tmp_path / "broken.zip"))
        with pytest.raises(BlueprintError, match="there is no zip"):
            fetch(str(tmp_path / "none.zip"))

    def test_a_zip_has_no_ref(self, tmp_path: Path) -> None:
        with pytest.raises(BlueprintError, match="is a zip, so it has no `v1`"):
            fetch(str(tmp_path / "a.zip"), "v1")

    def test_a_remote_one(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        archive(tmp_path / "web/tpl.zip", {"tpl/cookiecutter.json": '{"v": 1}'})
        with served(tmp_path / "web") as host:
            source = f"http://{host}/tpl.zip"
            assert version(source) == "1"
            archive(tmp_path / "web/tpl.zip", {"tpl/cookiecutter.json": '{"v": 2}'})
            assert version(source) == "1"
            assert version(source, refresh=True) == "2"
            with pytest.raises(BlueprintError, match="answers 404"):
                fetch(f"http://{host}/other.zip")
            monkeypatch.setattr(fetch_zip, "MOST_BYTES", 50)
            with pytest.raises(BlueprintError, match="has more than"):
                fetch(source, refresh=True)
        again = fetch(source, refresh=True)
        assert "cannot be reached" in (again.note or "")
        with pytest.raises(BlueprintError, match="cannot be reached"):
            fetch(f"http://{host}/third.zip")


def test_nothing_of_an_archive_that_is_refused_stays(tmp_path: Path, mine: Path) -> None:
    with pytest.raises(BlueprintError):
        fetch(str(archive(tmp_path / "a.zip", {"ok": "1", "../out": "x"})))
    assert not list((mine / "cache/pipegen/sources").iterdir())
