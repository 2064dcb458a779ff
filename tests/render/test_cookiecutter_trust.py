"""With ``--trust`` cookiecutter itself renders, hooks and extensions and all, and leaves nothing behind."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from pipegen.core.errors import BlueprintError
from pipegen.core.tree import MODE_LINK
from tests.render.cookiecutters import TOP, files, ours, template, theirs

PRE = "import pathlib\npathlib.Path('pre.txt').write_text('before {{ cookiecutter.slug }}')\nprint('the hook says this')\n"
POST = "#!/bin/sh\nset -e\necho 'after {{ cookiecutter.slug }}' > post.txt\nrm gone.txt\nchmod +x run.sh\n"
MORE = "ln -s post.txt link\nmkdir .git\necho x > .git/x\n"
PROMPT = """import json, pathlib
file = pathlib.Path('cookiecutter.json')
file.write_text(json.dumps({**json.loads(file.read_text()), 'year': '1815'}))
"""
EXTENSION = (
    "from jinja2.ext import Extension\n\nclass Shout(Extension):\n    def __init__(self, environment):\n"
    "        super().__init__(environment)\n        environment.filters['shout'] = lambda text: text.upper() + '!'\n"
)


@pytest.fixture(autouse=True)
def left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home and a folder for temporary files of its own: what is left in them was left behind."""
    folder = tmp_path / "left"
    for name, variable in (("home", "HOME"), ("tmp", "TMPDIR")):
        (folder / name).mkdir(parents=True)
        monkeypatch.setenv(variable, str(folder / name))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


def nothing_left(folder: Path) -> bool:
    return not [path for path in folder.rglob("*") if path.is_file()] and not list((folder / "tmp").iterdir())


def hooked(tmp_path: Path) -> Path:
    contents: dict[str, str | bytes] = {
        "/hooks/pre_gen_project.py": PRE, "/hooks/post_gen_project.sh": POST + MORE, "/hooks/pre_prompt.py": PROMPT, "/local.py": EXTENSION,
        "gone.txt": "x", "run.sh": "#!/bin/sh\n", "picture.png": b"\x89PNG\x00",
        "{{cookiecutter.slug}}/shout.txt": "{{ cookiecutter.slug|shout }} {{ cookiecutter.year }}\r\n",
    }  # fmt: skip
    folder = template(tmp_path / "tpl", {"slug": "made", "year": "1900", "_extensions": ["local.Shout"]}, contents)
    (folder / "hooks/post_gen_project.sh").chmod(0o755)
    return folder


def test_hooks_and_extensions_run_as_cookiecutter_runs_them(
    tmp_path: Path, left: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = hooked(tmp_path)
    made = ours(folder, {"slug": "said"}, trust=True)
    found = files(made)
    assert nothing_left(left)
    out, err = capfd.readouterr()
    assert out == ""  # stdout is for data
    assert "the hook says this" in err
    assert found.pop("link") == (MODE_LINK, b"post.txt")
    assert found["said/shout.txt"][1] == b"SAID! 1815\r\n"
    assert found["run.sh"][0] == 0o755
    assert set(found) == {"pre.txt", "post.txt", "run.sh", "said/shout.txt", "picture.png"}
    (folder / "hooks/post_gen_project.sh").write_text(
        POST.replace("ln -s post.txt link\nmkdir .git\necho x > .git/x\n", "")
    )
    assert found == theirs(folder, tmp_path / "theirs", {"slug": "said"})


def test_files_know_their_template(tmp_path: Path) -> None:
    made = ours(hooked(tmp_path), trust=True)
    assert {file.path: file.id for file in made.tree}["made/shout.txt"] == "template:{{cookiecutter.slug}}/shout.txt"
    assert {file.path: file.id for file in made.tree}["post.txt"] == "template:post.txt"


@pytest.mark.parametrize("hook", ["pre_prompt.py", "pre_gen_project.py", "post_gen_project.py"])
def test_a_hook_that_fails_is_an_error_that_leaves_nothing(hook: str, tmp_path: Path, left: Path) -> None:
    folder = template(
        tmp_path / "tpl", {}, {"x": "1", f"/hooks/{hook}": "import sys\nprint('why', file=sys.stderr)\nsys.exit(3)\n"}
    )
    with pytest.raises(BlueprintError, match=r"cookiecutter could not render `tpl`: FailedHookException: .*[Ff]ailed"):
        ours(folder, trust=True)
    assert nothing_left(left)


def test_a_template_that_fails_is_an_error_that_leaves_nothing(tmp_path: Path, left: Path) -> None:
    with pytest.raises(BlueprintError, match="UndefinedVariableInTemplate"):
        ours(template(tmp_path / "tpl", {}, {"x": "{{ cookiecutter.nope }}"}), trust=True)
    with pytest.raises(BlueprintError, match=r"No module named 'nowhere'"):
        ours(template(tmp_path / "b", {"_extensions": ["nowhere.Bad"]}, {"x": "1"}), trust=True)
    with pytest.raises(BlueprintError, match="cookiecutter ended with exit code 7"):
        ours(
            template(tmp_path / "c", {"_extensions": ["bad.Bad"]}, {"x": "1", "/bad.py": "import os; os._exit(7)"}),
            trust=True,
        )
    assert nothing_left(left)


def test_what_the_template_draws_is_the_same_at_every_render(tmp_path: Path) -> None:
    folder = template(
        tmp_path / "tpl",
        {"token": "{{ random_ascii_string(8) }}"},
        {"a": "{{ uuid4() }} {{ cookiecutter.token }} {% now 'utc' %}"},
    )
    made = ours(folder, trust=True)
    assert made.drew == {"seed", "now"}
    assert files(made) == files(ours(folder, trust=True))
    assert files(made)["a"][1].endswith(b" 2026-11-25")
    assert files(made) != files(ours(folder, trust=True, seed="ee" * 16))


def test_a_path_of_the_machine_in_the_output_is_told(tmp_path: Path) -> None:
    folder = template(tmp_path / "tpl", {}, {"where.txt": "{{ cookiecutter._output_dir }}", "x": "1"})
    assert [note.split(":")[0] for note in ours(folder, trust=True).notes] == ["`where.txt`"]


def test_a_symlink_of_a_hook_that_leads_out_is_refused(tmp_path: Path, left: Path) -> None:
    folder = template(
        tmp_path / "tpl",
        {},
        {"x": "1", "/hooks/post_gen_project.py": "import os\nos.symlink('/etc/hostname', 'link')\n"},
    )
    with pytest.raises(BlueprintError, match="the symlink `link` leads out of the project, to `/etc/hostname`"):
        ours(folder, trust=True)
    assert nothing_left(left)


def test_a_nested_template_can_be_chosen(tmp_path: Path) -> None:
    folder = template(tmp_path / "tpl", {"slug": "", "templates": {"a": {"path": "a"}, "b": {"path": "b"}}}, {})
    (folder / TOP).rmdir()
    for name in "ab":
        template(folder / name, {}, {"x": name})
    assert files(ours(folder, trust=True))["x"][1] == b"a"
    assert files(ours(folder, {"template": "b"}, trust=True))["x"][1] == b"b"
