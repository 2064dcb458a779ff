"""An installed wheel works with no checkout, in an empty environment, and gives the same bytes as the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import trees

ROOT = Path(__file__).parents[2]
UV = ROOT / ".venv" / "uv" / "bin" / "uv"

pytestmark = pytest.mark.real


def _uv(*words: str, cwd: Path) -> None:
    done = subprocess.run([str(UV), *words], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_wheel_in_an_empty_environment(tmp_path: Path) -> None:
    _uv("build", "--quiet", "--wheel", "--out-dir", str(tmp_path / "dist"), str(ROOT), cwd=tmp_path)
    [wheel] = (tmp_path / "dist").glob("*.whl")
    assert wheel.name.startswith("pipegen_cli-")
    _uv("venv", "--quiet", "--python", sys.executable, str(tmp_path / "env"), cwd=tmp_path)
    _uv("pip", "install", "--quiet", "--python", str(tmp_path / "env" / "bin" / "python"), str(wheel), cwd=tmp_path)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home")}
    for command, folder in (
        ([str(tmp_path / "env" / "bin" / "pipegen")], tmp_path / "installed"),
        ([sys.executable, "-m", "pipegen"], tmp_path / "checkout"),
    ):
        folder.mkdir()
        done = subprocess.run(
            [*command, "new", "shop", "--source", "sample:", "--no-git"],
            cwd=folder, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert trees.read(tmp_path / "installed" / "shop") == trees.read(tmp_path / "checkout" / "shop")
