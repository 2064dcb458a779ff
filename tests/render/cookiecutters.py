"""Cookiecutter templates for tests, rendered by pipegen and by cookiecutter itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from cookiecutter.main import cookiecutter

from pipegen.render import cookiecutter as renderer
from pipegen.render import cookiecutter_child
from pipegen.render.cookiecutter import Asked, Rendered, render
from pipegen.render.cookiecutter_chosen import Chosen, chosen
from pipegen.render.cookiecutter_process import Limits, result_of
from pipegen.render.cookiecutter_source import read

SEED = "0123456789abcdef" * 2
TIME = "2026-11-25T09:30:00+01:00"
TOP = "{{cookiecutter.slug}}"
Tree = dict[str, tuple[int, bytes]]


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox without its process, which takes most of the time of a small render."""

    def here(
        request: Callable[[], Mapping[str, Any]], limits: Limits, origin: str, code: object = ()
    ) -> dict[str, Any]:
        answer = json.loads(json.dumps(cookiecutter_child.answer(json.loads(json.dumps(request())))))
        return result_of(answer, limits, origin)

    monkeypatch.setattr(renderer, "confined", here)


def template(folder: Path, config: Mapping[str, Any], files: Mapping[str, str | bytes], top: str = TOP) -> Path:
    """Write a template; a path of ``files`` is below ``top``, or of the repository where it begins with ``/``."""
    (folder / "cookiecutter.json").parent.mkdir(parents=True, exist_ok=True)
    (folder / "cookiecutter.json").write_text(
        json.dumps(config if "slug" in config else {**config, "slug": "made"}, indent=1)
    )
    (folder / top).mkdir(exist_ok=True)
    for path, content in files.items():
        file = folder / path[1:] if path.startswith("/") else folder / top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def asked(answers: Mapping[str, Any] | None = None, **more: Any) -> Asked:
    return Asked(**{"answers": answers or {}, "seed": SEED, "time": TIME, "name": "tpl", **more})


def picked(folder: Path, answers: Mapping[str, Any] | None = None) -> Chosen:
    return chosen(read(folder, "tpl"), (answers or {}).get("template"))


def ours(
    folder: Path,
    answers: Mapping[str, Any] | None = None,
    *,
    trust: bool = False,
    limits: Limits = Limits(),
    **more: Any,
) -> Rendered:
    return render(picked(folder, answers), asked(answers, **more), trust=trust, limits=limits)


def files(rendered: Rendered) -> Tree:
    return {file.path: (file.mode, file.content) for file in rendered.tree}


def theirs(folder: Path, output: Path, answers: Mapping[str, Any] | None = None, defaults: Any = None) -> Tree:
    """What cookiecutter itself writes."""
    kept = str(output / "replay")
    output.mkdir(exist_ok=True)
    config = {"replay_dir": kept, "cookiecutters_dir": kept, "default_context": defaults or {}}
    made = Path(
        cookiecutter(
            str(folder),
            no_input=True,
            extra_context=dict(answers or {}),
            output_dir=str(output / "out"),
            default_config=config,
        )
    )
    return {
        file.relative_to(made).as_posix(): (file.stat().st_mode & 0o777, file.read_bytes())
        for file in made.rglob("*")
        if file.is_file()
    }
