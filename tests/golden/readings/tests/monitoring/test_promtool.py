"""What Prometheus's own tool says of monitoring/prometheus/: the rules are valid, and fire when they should and only then.

Tested where promtool is: on the PATH for `make test`, or in its image for `make test-alerts`.
"""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "monitoring" / "prometheus"
RULES = [str(path.relative_to(ROOT)) for path in sorted((FOLDER / "rules").glob("*.yml"))]
TESTS = [str(path.relative_to(ROOT)) for path in sorted((FOLDER / "tests").glob("*.yml"))]


def tool(*words):
    command = ["sh", str(ROOT / "monitoring" / "tools.sh"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def missing():
    """Why promtool cannot be had, if so; `make test` loads no image."""
    found = tool("--which", "promtool")
    if found.returncode:
        return found.stderr.splitlines()[0]
    if found.stdout.startswith("image") and not os.environ.get("TEST_ALERTS"):
        return "promtool is not on the PATH: make test-alerts"
    return ""


@pytest.fixture(scope="module")
def promtool():
    why = missing()
    if why:
        pytest.skip(why)
    return lambda *words: tool("promtool", *words)


def test_promtool_takes_the_configuration(promtool):
    done = promtool("check", "config", "monitoring/prometheus/prometheus.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_takes_the_rules_and_finds_no_two_alike(promtool):
    done = promtool("check", "rules", "--lint-fatal", *RULES)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", TESTS)
def test_alerts_fire_when_they_should_and_only_then(promtool, path):
    done = promtool("test", "rules", path)
    assert done.returncode == 0, done.stdout + done.stderr
