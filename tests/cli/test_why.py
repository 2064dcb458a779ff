"""``pipegen why`` at the terminal: what is printed, how wide, with which exit code; real blueprints and a plain template."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pipegen.cli.main import run
from tests.render.cookiecutters import TOP, template

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


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository that the README begins with, which no test writes to."""
    folder = tmp_path_factory.mktemp("shop") / "shop"
    assert run(["new", "shop", "--source", "sample:", "--yes", "--no-git", "--dir", str(folder)]) == 0
    return folder


@pytest.fixture
def in_shop(shop: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(shop)
    return shop


def line_with(path: Path, text: str) -> int:
    return next(number for number, line in enumerate(path.read_text().splitlines(), 1) if text in line)


def test_a_line_is_told_from_its_template_to_the_answer_behind_it(in_shop: Path, pipegen: Pipegen) -> None:
    number = line_with(in_shop / "dags/shop.py", "schedule=")
    code, out, err = pipegen("why", f"dags/shop.py:{number}")
    assert (code, err) == (0, "")
    told = [" ".join(line.split()) for line in out.splitlines()]
    assert told[0] == f"dags/shop.py:{number}"
    assert told[1].startswith('schedule=CronDataIntervalTimetable("')
    order = [
        "template airflow",
        "for source `shop`",
        "reads source.schedule = ",
        "decided shop.schedule: ",
        "said defaults.freshness: 1d",
    ]
    places = [next(i for i, line in enumerate(told) if line.startswith(start)) for start in order]
    assert places == sorted(places)
    said = line_with(in_shop / "pipegen.yml", "freshness: 1d")
    assert told[places[-1]] == f"said defaults.freshness: 1d pipegen.yml:{said}"
    assert "`dags/{source}.py:" in told[places[0]]


def test_the_document_is_alone_on_stdout(in_shop: Path, pipegen: Pipegen) -> None:
    number = line_with(in_shop / "dags/shop.py", "schedule=")
    code, out, err = pipegen("why", f"dags/shop.py:{number}", "--json")
    document = json.loads(out)
    assert (code, err, document["schema_version"], document["kind"]) == (0, "", 1, "rendered")
    assert document["blueprint"]["name"] == "airflow"
    assert document["for"] == {"source": "shop"}
    assert [d["id"] for d in document["decisions"]] == ["shop.schedule"]
    assert document["line"]["expressions"][0]["reads"] == "source.schedule"
    assert {"address": "defaults.freshness", "value": "1d"}.items() <= document["answers"][0].items()


@pytest.mark.parametrize(
    "path",
    [
        "dags/shop.py", "dags/shop.py:1", "Makefile:14", "README.md", "docs/architecture.md", "ingest/shop.json:30",
        "transform/models/marts/fct_orders.sql", "transform/models/marts/fct_orders.sql:3", "sample/custom.py", "pipegen.yml:8",
        "sources/shop.yml", ".pipegen/lock.json", "tests/dags/test_dags.py:1",
    ],
)  # fmt: skip
def test_every_answer_fits_80_columns(path: str, in_shop: Path, pipegen: Pipegen) -> None:
    code, out, _ = pipegen("why", path)
    assert code == 0
    assert out.splitlines()[0] == path
    assert max(map(len, out.splitlines())) <= 80
    assert 2 <= len(out.splitlines()) <= 30, "short"


def test_what_is_not_there_or_not_pipegens_is_exit_1_and_a_wrong_line_exit_2(in_shop: Path, pipegen: Pipegen) -> None:
    code, out, err = pipegen("why", "dags/shp.py")
    assert (code, out) == (1, "")
    assert (
        err
        == "error: `dags/shp.py` is not there, and nothing was rendered there\n\nhint: did you mean `dags/shop.py`?\n"
    )
    assert pipegen("why", "dags/shop.py:9999")[0] == 2
    assert pipegen("why", "dags")[0] == 2
    assert pipegen("why", "shop.py", "-C", "dags")[0] == 0


def test_a_template_is_named_with_the_variables_that_the_file_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pipegen: Pipegen
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COOKIECUTTER_CONFIG", str(tmp_path / "rc"))
    (tmp_path / "rc").write_text("{}\n")
    config = {"name": "My Project", "slug": "{{ cookiecutter.name|lower }}", "license": ["MIT", "BSD"], "year": "2026"}
    files = {"README.md": "# {{ cookiecutter.name }}, {{ cookiecutter['license'] }}\n", "plain.txt": "x\n"}
    folder = template(tmp_path / "tpl", config, files)
    assert pipegen("new", "orders", "--blueprint", "tpl", "--set", "name=Desk", "--no-git")[0] == 0
    root = tmp_path / "orders"
    assert (folder / TOP / "README.md").is_file()
    code, out, _ = pipegen("why", "README.md", "-C", str(root))
    assert code == 0
    told = [" ".join(line.split()) for line in out.splitlines()]
    said = line_with(root / "pipegen.yml", "name: Desk")
    assert told[1] == "template ../tpl: `README.md`"
    assert told[-2:] == [f"variables name: Desk pipegen.yml:{said}", "license: MIT the template's default"]
    assert "variables   none is named in it" in pipegen("why", "plain.txt", "-C", str(root))[1]
    code, out, _ = pipegen("why", "README.md:1", "-C", str(root))
    assert (code, "note        the lines of a plain template are not traced" in out) == (0, True)
    (root / "README.md").write_text("mine\n# Desk, MIT\n")
    assert "people wrote this line" in pipegen("why", "README.md:1", "-C", str(root))[1]
    document = json.loads(pipegen("why", "README.md:2", "-C", str(root), "--json")[1])
    assert (document["line"]["whose"], document["line"]["rendered"]) == ("pipegen", 1)
    assert [v["value"] for v in document["variables"]] == ["Desk", "MIT"]


def test_a_template_that_is_gone_is_told_with_all_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pipegen: Pipegen
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COOKIECUTTER_CONFIG", str(tmp_path / "rc"))
    (tmp_path / "rc").write_text("{}\n")
    folder = template(tmp_path / "tpl", {"name": "My Project"}, {"a.txt": "x\n"})
    assert pipegen("new", "orders", "--blueprint", "tpl", "--set", "name=Desk", "--no-git")[0] == 0
    folder.rename(tmp_path / "elsewhere")
    code, out, _ = pipegen("why", "a.txt", "-C", str(tmp_path / "orders"))
    assert (code, "name: Desk" in out, "the template is not on this machine" in out) == (0, True, True)
