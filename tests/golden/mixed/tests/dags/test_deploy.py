"""What is deployed fits together: volumes that are there, and variables that .env.example names."""

import re

import yaml

from dags import steps

ENV_EXAMPLE = (steps.ROOT / ".env.example").read_text(encoding="utf-8")
KNOWN = set(re.findall(r"^(?:# )?([A-Za-z_][A-Za-z0-9_]*)=", ENV_EXAMPLE, re.MULTILINE))
VALUES = yaml.safe_load((steps.ROOT / "deploy" / "values.yaml").read_text(encoding="utf-8"))


def test_what_is_mounted_is_there():
    scheduler = VALUES["scheduler"]
    mounts = {mount["name"]: mount["mountPath"] for mount in scheduler.get("extraVolumeMounts", [])}
    assert mounts.keys() == {volume["name"] for volume in scheduler.get("extraVolumes", [])}
    for variable in VALUES.get("env", []):
        assert variable["value"].startswith(tuple(mounts.values())), variable


def test_variables_are_in_the_example():
    assert {variable["name"] for variable in VALUES.get("env", [])} <= KNOWN


def test_metrics_have_the_same_names_as_elsewhere():
    mapping = (steps.ROOT / "monitoring" / "statsd-mapping.yml").read_text(encoding="utf-8")
    assert VALUES["statsd"]["overrideMappings"] == yaml.safe_load(mapping)["mappings"]
