"""The command itself, killed at random moments: the old tree, the new one, or one that the next run completes."""

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
    old = contents(whole)
    start = time.monotonic()
    assert pipegen(whole, "update", "--to", "next", "--accept-design").returncode == 0
    longest = time.monotonic() - start
    new = contents(whole)
    ends = set()
    for turn in range(ROUNDS):
        root = made("shop", "1.0", tmp_path / f"killed {turn}")
        edit(root)
        command = [sys.executable, "-m", "pipegen", "update", "--to", "next", "--accept-design"]
        process = subprocess.Popen(
            command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        time.sleep(random.Random(turn).uniform(0.4, 1.1) * longest)
        os.killpg(process.pid, signal.SIGKILL) if process.poll() is None else None
        process.wait()
        seen = contents(root)
        ends.add("old" if seen == old else "new" if seen == new else "between")
        assert pipegen(root, "status").returncode == 0
        again = pipegen(root, "update", "--to", "next", "--accept-design")
        assert again.returncode == 0, again.stderr
        assert contents(root) == new
    print(ends)
