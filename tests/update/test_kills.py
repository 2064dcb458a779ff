"""The command itself, killed at random moments: what it left, the next run completes. Each step is killed in tests/store."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.update.repositories import contents, edit, made, pipegen

pytestmark = pytest.mark.update
ROUNDS = 25


def test_kills(tmp_path: Path) -> None:
    whole = made("shop", "1.0", tmp_path / "whole")
    edit(whole)
    start = time.monotonic()
    assert pipegen(whole, "update", "--to", "next", "--accept-design").returncode == 0
    longest = time.monotonic() - start
    new = contents(whole)
    for turn in range(ROUNDS):
        root = made("shop", "1.0", tmp_path / f"killed {turn}")
        edit(root)
        command = [sys.executable, "-m", "pipegen", "update", "--to", "next", "--accept-design"]
        process = subprocess.Popen(
            command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        time.sleep(random.Random(turn).uniform(0.4, 1.1) * longest)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        assert process.wait() in (0, -signal.SIGKILL)
        assert pipegen(root, "status").returncode == 0
        again = pipegen(root, "update", "--to", "next", "--accept-design")
        assert again.returncode == 0, again.stderr
        assert contents(root) == new
