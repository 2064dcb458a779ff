"""What is deployed fits together: volumes that are there, and variables that .env.example names."""

import re

import yaml

from dags import steps

ENV_EXAMPLE = (steps.ROOT / ".env.example").read_text(encoding="utf-8")
KNOWN = set(re.findall(r"^(?:# )?([A-Za-z_][A-Za-z0-9_]*)=", ENV_EXAMPLE, re.MULTILINE))
TEXT = (steps.ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8")


def test_volumes_are_declared():
    compose = yaml.safe_load(TEXT)
    used = {
        volume.split(":")[0]
        for service in compose["services"].values()
        for volume in service.get("volumes", [])
        if isinstance(volume, str)
    }
    assert used == set(compose["volumes"])


def test_variables_are_in_the_example():
    assert set(re.findall(r"\$\{(\w+)", TEXT)) <= KNOWN
