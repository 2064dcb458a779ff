"""The work that is timed, each kind in a process of its own: ``python -m benchmarks.tasks KIND …`` prints its seconds as JSON."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

COLUMNS = 15
VARIABLES = {f"value_{i}": f"word_{i}" for i in range(10)}


def template_text(number: int, opening: str, closing: str) -> str:
    """A distinct template of some 40 lines with ten values in it, in the delimiters given."""
    lines = [f'"""File {number}."""', ""]
    for i in range(10):
        lines += [
            f"setting_{number}_{i} = '{opening} value_{i} {closing}'",
            f"# line {i} of file {number}",
            f"other_{i} = {number}",
            "",
        ]
    return "\n".join(lines) + "\n"


def measured(tables: int) -> Any:
    """A measured SQLite source of that many tables."""
    from pipegen.core.measured import Measured

    columns: dict[str, Any] = {"id": {"type": "bigint", "nullable": False}, "updated_at": {"type": "timestamp"}}
    columns |= {f"column_{i}": {"type": ("text", "bigint", "decimal(18,2)")[i % 3]} for i in range(COLUMNS - 2)}
    one = {"rows": {"value": 1000}, "key": {"columns": ["id"], "how": "primary key"}, "columns": columns}
    return Measured.model_validate(
        {"server": {"kind": "sqlite"}, "tables": {f"table_{i:04}": one for i in range(tables)}}
    )


def generate(target: Path, tables: int) -> Callable[[], object]:
    """The whole line: answers, spec, design, render, plan, write."""
    from pipegen.app import generate as use_case
    from pipegen.app.answers import Given

    facts = {"erp": measured(int(tables))}
    given = Given(
        name="bench", flags={"source": ["erp=sqlite:///erp.db"], "table": ["*"]}, cwd=target, directory=target / "out"
    )
    return lambda: use_case.apply(use_case.generate(given, measured=facts), use_git=False)


def pipegen_templates(target: Path, folder: Path) -> Callable[[], object]:
    """Read and render a blueprint of a thousand templates, and write the result."""
    from pipegen.core.plan import plan_new
    from pipegen.render.renderer import render
    from pipegen.store import blueprints, workspace

    design = _empty_design()

    def go() -> None:
        tree = render([blueprints.load_source(str(folder))], design, context=VARIABLES)
        workspace.write_new(target / "out", plan_new(".", tree, {}, {}, design))

    return go


def _empty_design() -> Any:
    from pipegen.core.design.architect import design
    from pipegen.core.spec.load import load

    spec = load({"name": "bench", "sources": {"erp": {"kind": "sqlite", "path": "erp.db"}}})
    return design(spec, {"erp": measured(1)})


def bare_jinja(target: Path, folder: Path) -> Callable[[], object]:
    """The bare loop: read, compile, render, write each file."""
    import jinja2

    def go() -> None:
        environment = jinja2.Environment(
            undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False,
            variable_start_string="<%=", variable_end_string="%>", block_start_string="<%", block_end_string="%>",
            comment_start_string="<%#", comment_end_string="%>",
        )  # fmt: skip
        for source in sorted(p for p in folder.rglob("*") if p.is_file()):
            path = target / "out" / source.relative_to(folder)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(environment.from_string(source.read_text()).render(VARIABLES))

    return go


def cookiecutter(target: Path, folder: Path) -> Callable[[], object]:
    from cookiecutter.main import cookiecutter as run

    return lambda: run(str(folder), no_input=True, output_dir=str(target), default_config=True)


def copier(target: Path, folder: Path) -> Callable[[], object]:
    from copier import run_copy  # type: ignore[import-not-found]

    return lambda: run_copy(str(folder), str(target / "out"), data=VARIABLES, quiet=True, defaults=True)


TASKS: dict[str, Callable[..., Callable[[], object]]] = {
    "generate": generate, "pipegen": pipegen_templates, "bare": bare_jinja, "cookiecutter": cookiecutter, "copier": copier,
}  # fmt: skip


def main() -> None:
    kind, target, argument, cache = sys.argv[1:5]
    folder = Path(target)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ["XDG_CACHE_HOME"] = cache
    go = TASKS[kind](folder, int(argument) if kind == "generate" else Path(argument))
    start = time.perf_counter()
    go()
    seconds = time.perf_counter() - start
    files = sum(1 for p in folder.rglob("*") if p.is_file())
    print(json.dumps({"seconds": seconds, "files": files}))


if __name__ == "__main__":
    main()
