"""``pipegen new NAME --blueprint TEMPLATE``, with no source."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipegen.cli.main import run
from tests.render.cookiecutters import TOP, template
from tests.small import tree
from tests.store.remotes import bare, commit, git, served

Result = tuple[int, str, str]
Pipegen = Callable[..., Result]


@pytest.fixture
def pipegen(capfd: pytest.CaptureFixture[str]) -> Pipegen:
    def call(*words: str) -> Result:
        capfd.readouterr()
        code = run(words)
        out, err = capfd.readouterr()
        return code, out, err

    return call


@pytest.fixture(autouse=True)
def mine(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cookiecutter config, a home and a cache of its own."""
    (tmp_path / "rc").write_text("{}\n")
    monkeypatch.setenv("COOKIECUTTER_CONFIG", str(tmp_path / "rc"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def tpl(here: Path) -> Path:
    config = {"name": "My Project", "slug": "{{ cookiecutter.name|slugify }}", "license": ["MIT", "BSD"]}
    contents = {
        "README.md": "# {{ cookiecutter.name }}, {{ cookiecutter.license }}\n",
        "{{cookiecutter.slug}}/run.sh": "#!/bin/sh\n",
    }
    folder = template(here / "tpl", config, contents)
    (folder / TOP / "{{cookiecutter.slug}}/run.sh").chmod(0o755)
    (folder / TOP / "link.md").symlink_to("README.md")
    return folder


def equivalent(err: str) -> list[str]:
    words = shlex.split(err.split("The same again, with nothing asked:\n")[1].splitlines()[0])
    assert words[0] == "pipegen"
    return words[1:]


def test_new_writes_the_project_and_says_what_to_do_next(here: Path, tpl: Path, pipegen: Pipegen) -> None:
    code, out, err = pipegen("new", "orders", "--blueprint", "tpl", "--set", "name=Order Desk")
    assert (code, out) == (0, ""), err
    written = tree(here / "orders")
    assert written["README.md"] == (0o644, b"# Order Desk, MIT\n")
    assert written["order-desk/run.sh"][0] == 0o755
    assert (here / "orders/link.md").readlink() == Path("README.md")
    assert {"pipegen.yml", ".pipegen/lock.json", ".pipegen/schema.json", ".pipegen/.gitignore"} <= set(written)
    assert (here / "orders/.git").is_dir()
    assert "cd orders" in err
    assert "pipegen update" in err
    assert "make demo" not in err
    shutil.move(here / "orders", here / "first")
    assert pipegen(*equivalent(err))[0] == 0
    assert tree(here / "orders") == written


def test_where_it_is_written(here: Path, tpl: Path, pipegen: Pipegen) -> None:
    code, _, err = pipegen("new", "orders", "--blueprint", "../tpl", "--dir", "deep/er", "--no-git", "-C", "exports")
    assert code == 0, err
    assert (here / "exports/deep/er/README.md").exists()
    assert not (here / "exports/deep/er/.git").exists()
    assert "source: ../../../tpl " in (here / "exports/deep/er/pipegen.yml").read_text()
    before = tree(here / "exports/deep/er")
    shutil.rmtree(here / "exports/deep")
    assert pipegen(*equivalent(err))[0] == 0
    assert tree(here / "exports/deep/er") == before


@pytest.mark.parametrize("flag", ["--dry-run", "--diff", "--json"])
def test_what_shows_the_plan(flag: str, here: Path, tpl: Path, pipegen: Pipegen) -> None:
    more = ["--dry-run"] if flag == "--json" else []
    code, out, err = pipegen("new", "orders", "--blueprint", "tpl", flag, *more)
    assert code == 0, err
    assert not (here / "orders").exists()
    if flag == "--json":
        document = json.loads(out)
        assert document["applied"] is False
        assert {action["path"] for action in document["plan"] if action["blueprint"] == "template"} == {
            "README.md", "link.md", "my-project/run.sh",
        }  # fmt: skip
        assert document["equivalent"] == "pipegen new orders --blueprint tpl"
    else:
        assert ("+# My Project, MIT" if flag == "--diff" else "  + README.md") in out
        assert "Plan: 8 to add" in out


def test_json_applies(here: Path, tpl: Path, pipegen: Pipegen) -> None:
    code, out, _ = pipegen("new", "orders", "--blueprint", "tpl", "--json")
    assert code == 0
    assert json.loads(out)["applied"] is True
    assert (here / "orders/README.md").exists()


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["orders", "--set", "nam=x"], 2, "did you mean `name`?"),
        (["orders", "--set", "license=GPL"], 2, "`GPL` is not one of `MIT`, `BSD`"),
        (["orders", "--set", "license"], 2, "is not KEY=VALUE"),
        ([], 2, "NAME: the name of the repository"),
        (["orders", "--freshness", "1h"], 2, "`--freshness` is of pipelines"),
        (["orders", "--blueprint", "nowhere"], 1, "there is no folder"),
        (["orders", "--blueprint", "--upload-pack=x"], 1, "cannot be the source of a blueprint"),
        (["exports"], 1, "is not empty"),
    ],
)
def test_what_goes_wrong(words: list[str], code: int, message: str, here: Path, tpl: Path, pipegen: Pipegen) -> None:
    blueprint = [] if "--blueprint" in words else ["--blueprint", "tpl"]
    got, out, err = pipegen("new", *words, *blueprint)
    assert (got, out) == (code, ""), err
    assert message in err
    assert not (here / "orders").exists()


def test_a_template_with_code_needs_trust(here: Path, tpl: Path, pipegen: Pipegen) -> None:
    (tpl / "hooks").mkdir()
    (tpl / "hooks/post_gen_project.py").write_text("print('said by the hook')\nopen('hooked', 'w').write('x')\n")
    code, _, err = pipegen("new", "orders", "--blueprint", "tpl")
    assert code == 1
    assert "hooks/post_gen_project.py" in err
    assert "--trust" in err
    assert not (here / "orders").exists()
    code, out, err = pipegen("new", "orders", "--blueprint", "tpl", "--trust", "--json")
    assert code == 0, err
    assert json.loads(out)["applied"] is True
    assert "said by the hook" in err
    assert (here / "orders/hooked").read_text() == "x"
    (tpl / "hooks/post_gen_project.py").write_text("raise SystemExit(1)")
    assert pipegen("new", "other", "--blueprint", "tpl", "--trust")[0] == 1
    assert not [path for path in here.iterdir() if "other" in path.name]


def test_a_password_reaches_nothing(
    here: Path, tpl: Path, mine: Path, pipegen: Pipegen, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(tpl, {}, "one")
    git(tpl, "tag", "v1")
    bare(mine / "web/tpl.git", tpl)
    with served(mine / "web", "reader:s3cr3t") as host:
        code, out, err = pipegen(
            "new", "orders", "--blueprint", f"http://reader:s3cr3t@{host}/tpl.git#v1", "--debug", "-v"
        )
        assert code == 0, err
        said = out + err
        code, out, err = pipegen("new", "wrong", "--blueprint", f"http://reader:wr0ng@{host}/other.git", "--debug")
        assert code == 1
        said += out + err
        monkeypatch.setenv("PIPEGEN_BLUEPRINT", f"http://reader:s3cr3t@{host}/tpl.git")
        code, out, err = pipegen("new", "third", "--json")
        assert code == 0, err
        said += out + err
    assert f'source: "http://{host}/tpl.git"' in (here / "orders/pipegen.yml").read_text()
    assert "s3cr3t" not in said
    assert "wr0ng" not in said
    files = [path for path in [*here.rglob("*"), *(mine / "cache").rglob("*")] if path.is_file()]
    assert not [path for path in files if b"s3cr3t" in path.read_bytes() or b"wr0ng" in path.read_bytes()]


def test_a_blueprint_of_pipegens_alone_misses_a_source(here: Path, pipegen: Pipegen) -> None:
    assert pipegen("blueprints", "new", "audit")[0] == 0
    code, _, err = pipegen("new", "orders", "--blueprint", "audit")
    assert code == 2
    assert "--source" in err


def test_a_pipeline_with_a_blueprint_from_git(here: Path, mine: Path, pipegen: Pipegen) -> None:
    assert pipegen("blueprints", "new", "audit")[0] == 0
    commit(here / "audit", {}, "one")
    bare(mine / "web/audit.git", here / "audit")
    with served(mine / "web", "reader:s3cr3t") as host:
        source = f"http://reader:s3cr3t@{host}/audit.git"
        code, _, err = pipegen("new", "shop", "--source", "./exports/*.csv", "--blueprint", source)
    assert code == 0, err
    assert "s3cr3t" not in err
    assert not [path for path in (here / "shop").rglob("*") if path.is_file() and b"s3cr3t" in path.read_bytes()]
    assert f'source: "http://{host}/audit.git"' in (here / "shop/pipegen.yml").read_text()
    code, _, err = pipegen(
        "new", "b", "--source", "./exports/*.csv", "--blueprint", "tpl" if (here / "tpl").exists() else "exports"
    )
    assert code == 1


def test_a_pipeline_takes_no_plain_template(here: Path, tpl: Path, pipegen: Pipegen) -> None:
    code, _, err = pipegen("new", "shop", "--source", "./exports/*.csv", "--blueprint", "tpl")
    assert code == 1
    assert "which stands alone" in err
