"""monitoring/alertmanager.yml is valid, and sends every alert to those whom it is for.

What amtool says is tested where it is: on the PATH for `make test`, or in its image for `make test-alerts`.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PATH = "monitoring/alertmanager.yml"
CONFIG = yaml.safe_load((ROOT / PATH).read_text(encoding="utf-8"))

OURS = {
    "pipeline": "music",
    "owner": "data-team",
}
PAGE = ["page"]
ROUTES = [
    ({**OURS, "severity": "page"}, PAGE),
    ({**OURS, "severity": "ticket"}, ["ticket"]),
    ({**OURS, "severity": "page", "alertname": "RowsLost", "source": "any"}, PAGE),
    ({**OURS}, ["ticket"]),
    ({**OURS, "pipeline": "another", "severity": "page"}, ["ticket"]),
    ({**OURS, "owner": "others", "severity": "page"}, ["ticket"]),
    ({}, ["ticket"]),
]


def tool(*words):
    command = ["sh", str(ROOT / "monitoring" / "tools.sh"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def missing():
    """Why amtool cannot be had, if so; `make test` loads no image."""
    found = tool("--which", "amtool")
    if found.returncode:
        return found.stderr.splitlines()[0]
    if found.stdout.startswith("image") and not os.environ.get("TEST_ALERTS"):
        return "amtool is not on the PATH: make test-alerts"
    return ""


@pytest.fixture(scope="module")
def amtool():
    why = missing()
    if why:
        pytest.skip(why)
    return lambda *words: tool("amtool", *words)


def test_amtool_takes_it(amtool):
    done = amtool("check-config", PATH)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("labels", "receivers"), ROUTES)
def test_an_alert_goes_to_whom_it_is_for(amtool, labels, receivers):
    wanted = f"--verify.receivers={','.join(receivers)}"
    alert = [f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in labels.items()]
    done = amtool("config", "routes", "test", f"--config.file={PATH}", wanted, *alert)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_receiver_of_a_route_is_there():
    def named(route):
        return {route["receiver"]}.union(*(named(inner) for inner in route.get("routes", [])))

    assert named(CONFIG["route"]) == {receiver["name"] for receiver in CONFIG["receivers"]}


def test_secrets_of_compose_are_those_that_are_read():
    compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
    settings = [CONFIG.get("global", {})]
    for receiver in CONFIG["receivers"]:
        settings += [one for found in receiver.values() if isinstance(found, list) for one in found]
    read = {Path(one[key]).name for one in settings for key in one if key.endswith("_file")}
    assert read == set(compose["services"]["alertmanager"].get("secrets", []))
    assert read <= set(compose.get("secrets", {}))
