"""The pages of runbooks/ of a generated repository, and a shell that runs their commands as a reader would paste them."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

TRIGGERED = "airflow dags trigger"
DAG, EXPORTS, TRANSFORM = "local_shop_db", "local_exports", "local_transform"
_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_SETTING = re.compile(r"^(?:[A-Z]+=\S+\s*)+(?:#.*)?$")
# Docker is not on the machine of the tests: what stands in for it takes the commands that the pages have, and checks that the file and
# the services are there.
_DOCKER = """\
#!{python}
import sys, yaml
word, *rest = sys.argv[1:]
assert word == "compose" and rest[:3] == ["--project-directory", ".", "-f"], sys.argv
services = yaml.safe_load(open(rest[3]))["services"]
command, *named = rest[4:]
if named[:1] == ["--tail"]:
    named = named[2:]
assert command in ("ps", "logs", "restart") and set(named) <= set(services), (command, named, sorted(services))
print(command, *(named or services))
"""


def commands(page: str) -> list[str]:
    """Every command of the `sh` blocks of a page, in order; lines that only set variables are left out."""
    lines = [line for block in _BLOCK.findall(page) for line in block.splitlines()]
    return [line for line in lines if line.strip() and not _SETTING.match(line)]


def variables(page: str) -> set[str]:
    """The names that lines of the `sh` blocks set for those after them."""
    lines = [line for block in _BLOCK.findall(page) for line in block.splitlines()]
    settings = [line.partition("#")[0].split() for line in lines if _SETTING.match(line)]
    return {word.partition("=")[0] for words in settings for word in words}


@dataclass
class Repository:
    """A generated repository with data in its production environment, and how its sources and its warehouse are broken."""

    root: Path
    database: Path
    files: Path
    environment: dict[str, str]
    # Answers that no page changes, by command: Airflow takes seconds for each.
    known: dict[str, subprocess.CompletedProcess[str]] = field(default_factory=dict)

    def sh(self, command: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", command], cwd=self.root, env=self.environment | more, capture_output=True, text=True,
            timeout=300, check=False,
        )  # fmt: skip

    def prod(self, command: str) -> str:
        """Run a command in the production environment, which must succeed."""
        done = self.sh(f"sh scripts/env.sh prod {command}")
        assert done.returncode == 0, said(done)
        return done.stdout

    def load(self, source: str) -> None:
        """What the source's DAG does, as the scheduler would after `dags trigger`."""
        self.prod(f"python -m ingest {source}")
        self.prod(f"python -m quality.reconcile {source}")

    def measured(self, dag: str, name: str, label: str = "") -> float:
        """What Prometheus would be told now of a DAG: the sum of a metric's values, of those with this label; 0 where there is none."""
        done = self.sh(f"sh scripts/env.sh prod python -m quality.observe {dag} --print")
        assert done.returncode == 0, said(done)
        lines = [line for line in done.stdout.splitlines() if line.startswith(f"{name}{{") and label in line]
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    def warehouse(self, statement: str) -> None:
        """Change the warehouse behind the pipeline's back."""
        code = "import duckdb, os; duckdb.connect(os.environ['WAREHOUSE_PATH']).execute(os.environ['STATEMENT'])"
        done = self.sh(f'sh scripts/env.sh prod python -c "{code}"', STATEMENT=statement)
        assert done.returncode == 0, said(done)

    def source(self, *statements: str) -> None:
        """Change the source's database."""
        with sqlite3.connect(self.database) as database:
            for statement in statements:
                database.execute(statement)
        database.close()

    def airflow(self, statement: str) -> None:
        """Change Airflow's own database, as runs do that this test does not wait for."""
        with sqlite3.connect(self.root / ".airflow" / "prod" / "airflow.db") as database:
            database.execute(statement)
        database.close()


@dataclass
class Page:
    """A page being followed: each of its commands must be run, in order."""

    name: str
    repository: Repository
    settings: Mapping[str, str]
    left: list[str]
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, part: str, *words: str, code: int = 0, known: bool = False, without: str = "") -> str:
        """Run the page's next command, of which ``part`` is a part: it ends with ``code`` and says all of ``words``.

        ``known``: the same command of another page has the same answer. ``without`` is not said.
        """
        assert self.left, f"{self.name}: no command is left, where `{part}` is expected"
        command = self.left.pop(0)
        assert part in command, f"{self.name}: the next command is\n{command}\nand not one with `{part}`"
        settings = " ".join(f"{name}={value}" for name, value in self.settings.items())
        whole, memory = f"{settings}\n{command}", self.repository.known
        key = re.sub(r"\$([A-Z]+)", lambda m: self.settings.get(m[1], m[0]), command.partition("     #")[0])
        done = memory.get(key) if known else None
        if done is None:
            done = memory[key] = self.repository.sh(whole, **self.environment)
        told = f"{self.name}: {command}\n{said(done)}"
        assert done.returncode == code, f"exit {code} was expected of {told}"
        text = done.stdout + done.stderr
        missing = [word for word in words if word not in text]
        assert not missing, f"{missing} was expected of {told}"
        assert not without or without not in text, f"{without!r} was not expected of {told}"
        return text


@contextmanager
def following(repository: Repository, name: str, **settings: str) -> Iterator[Page]:
    """A page of which every command is run within the block, with the variables that it asks to be set."""
    text = (repository.root / "runbooks" / f"{name}.md").read_text(encoding="utf-8")
    assert variables(text) == set(settings), (
        f"{name}: {variables(text)} are set by the page, {set(settings)} by its test"
    )
    page = Page(name, repository, settings, commands(text))
    yield page
    assert not page.left, f"{name}: nobody has run\n" + "\n".join(page.left)


def said(done: subprocess.CompletedProcess[str]) -> str:
    return f"exit {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"


def clean_environment(programs: Path) -> dict[str, str]:
    """What a reader's shell has, with pipegen and what stands in for Docker on the PATH."""
    programs.mkdir(parents=True)
    docker = programs / "docker"
    docker.write_text(_DOCKER.format(python=sys.executable))
    docker.chmod(0o755)
    (programs / "pipegen").symlink_to(Path(sys.executable).parent / "pipegen")
    left_out = ("VIRTUAL_ENV", "MAKEFLAGS", "MFLAGS", "PYTHONWARNINGS", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    return kept | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
