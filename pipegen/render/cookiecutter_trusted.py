"""The process in which cookiecutter itself renders a template that somebody vouches for: its hooks and its extensions run.

Two things differ from a run of cookiecutter by hand. What the template itself draws at random, and its clock, are repeatable (a
hook's own cannot be). And which template made which file is noted, where cookiecutter says it.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

from cookiecutter import extensions as own
from cookiecutter import generate
from cookiecutter.main import cookiecutter

from pipegen.render.cookiecutter_draws import Draws, extensions


def main() -> None:
    """Read a request, let cookiecutter render, and write what came of it to the file that the request names."""
    request = json.loads(sys.stdin.buffer.read())
    logging.disable()  # what it would log is in the error
    answer: dict[str, Any]
    try:
        answer = _run(request)
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    Path(request["answer"]).write_text(json.dumps(answer), encoding="utf-8")


def _run(request: dict[str, Any]) -> dict[str, Any]:
    draws = Draws(request["seed"], request["time"])
    for name, extension in extensions(draws).items():
        setattr(own, name, extension)  # cookiecutter finds them by name
    templates: dict[str, str] = {}
    _note(templates, draws)
    project = cookiecutter(
        request["template"], no_input=True, extra_context=request["answers"], output_dir=request["output"],
        default_config={"replay_dir": request["output"], "cookiecutters_dir": request["output"], "default_context": {}},
    )  # fmt: skip
    return {"project": str(project), "templates": templates, "drew": sorted(draws.drew)}


def _note(templates: dict[str, str], draws: Draws) -> None:
    """Note the template of each file that cookiecutter renders, and tell the draws in which one they are."""
    original = generate.generate_file

    def noting(project_dir: str, infile: str, context: dict[str, Any], env: Any, *more: Any, **options: Any) -> None:
        draws.where = infile
        original(project_dir, infile, context, env, *more, **options)
        draws.where = f"path {infile}"
        templates[os.path.normpath(env.from_string(infile).render(**context))] = infile

    generate.generate_file = noting
