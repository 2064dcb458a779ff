"""Point 34 of the experience: nothing is sent anywhere. A whole run over the bundled sample, in which no socket can be made."""

from __future__ import annotations

import ast
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipegen.probe.landed import connection

GUARD = """
import sys

def refuse(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname",
                 "urllib.Request", "ftplib.connect", "smtplib.connect", "http.client.connect", "webbrowser.open"):
        with open(TOLD, "a") as file:
            print(event, arguments, file=file)
        raise PermissionError(event)
    if event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system"):
        with open(RUN, "a") as file:
            print(arguments[0], file=file)

sys.addaudithook(refuse)
"""
"""An audit hook, which Python asks before any module of it connects, looks a host up or starts a program."""
RUNS = [
    ["new", "shop", "--source", "sample:"],
    ["status", "-C", "shop"],
    ["check", "--level", "static", "-C", "shop"],
    ["inspect", "sample:"],
    ["explain", "-C", "shop"],
    ["plan", "--set", "freshness=1h", "-C", "shop"],
    ["why", "README.md", "-C", "shop"],
    ["diff", "-C", "shop"],
    ["update", "--set", "freshness=1h", "-C", "shop"],
    ["update", "--probe", "-C", "shop"],
    ["rename", "customers", "clients", "-C", "shop"],
    ["blueprints", "list"],
    ["blueprints", "show", "dbt"],
    ["schema"],
    ["completion", "bash"],
    ["--version"],
]


@pytest.fixture
def guarded(tmp_path: Path) -> dict[str, str]:
    """An environment in which every Python process has the hook."""
    folder = tmp_path / "guard"
    folder.mkdir()
    places = f"TOLD = {str(tmp_path / 'told')!r}\nRUN = {str(tmp_path / 'run')!r}\n"
    (folder / "sitecustomize.py").write_text(places + GUARD)
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    here = str(Path(__file__).parents[2])
    return {**kept, "PYTHONPATH": os.pathsep.join([str(folder), here]), "HOME": str(tmp_path)}


def _run(words: list[str], cwd: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


def test_a_whole_run_over_the_sample_asks_for_no_host_and_no_connection(
    tmp_path: Path, guarded: dict[str, str]
) -> None:
    (tmp_path / "work").mkdir()
    for words in RUNS:
        done = _run(["-m", "pipegen", *words], tmp_path / "work", guarded)
        assert done.returncode == 0, (words, done.stderr)
    assert not (tmp_path / "told").exists(), (tmp_path / "told").read_text()
    programs = {Path(line).name for line in (tmp_path / "run").read_text().split("\n") if line}
    assert programs == {"git"}, "and no other program that could; git makes the repository"


def test_the_guard_would_tell(tmp_path: Path, guarded: dict[str, str]) -> None:
    for code in (
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import socket; socket.gethostbyname('localhost')",
    ):
        done = _run(["-c", code], tmp_path, guarded)
        assert done.returncode == 1 and "PermissionError" in done.stderr
    done = _run(["-m", "pipegen", "inspect", "postgresql://reader@localhost:9/shop"], tmp_path, guarded)
    assert done.returncode != 0
    assert len((tmp_path / "told").read_text().splitlines()) >= 3


def test_the_engine_that_has_its_own_sockets_may_not_fetch_extensions() -> None:
    """DuckDB's are none of Python's: each connection of the probe says that it is to fetch nothing by itself."""
    found = []
    for path in sorted((Path(__file__).parents[2] / "pipegen").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "duckdb.connect":
                [config] = [ast.unparse(k.value) for k in node.keywords if k.arg == "config"] or [""]
                found.append((path.name, config))
    shut = ("'autoinstall_known_extensions': 'false'", "'enable_external_access': 'false'")
    landed = inspect.getsource(connection)
    assert shut[0].replace("'", '"') in landed
    assert found and all(any(s in config for s in shut) or name == "landed.py" for name, config in found), found
