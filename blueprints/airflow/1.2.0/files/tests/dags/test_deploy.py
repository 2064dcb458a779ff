"""What is deployed fits together: volumes that are there, and variables that .env.example names."""

import re

import yaml

from dags import steps

ENV_EXAMPLE = (steps.ROOT / ".env.example").read_text(encoding="utf-8")
KNOWN = set(re.findall(r"^(?:# )?([A-Za-z_][A-Za-z0-9_]*)=", ENV_EXAMPLE, re.MULTILINE))
#% if deploy == "compose"
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
    secrets = yaml.safe_load(TEXT).get("secrets", {}).values()
    named = {secret["environment"] for secret in secrets}
    assert set(re.findall(r"\$\{(\w+)", TEXT)) | named <= KNOWN


def test_what_is_measured_and_told_goes_to_services_that_are_there():
    services = yaml.safe_load(TEXT)["services"]
    given = services["scheduler"]["environment"]
    # Alertmanager only where it has a channel: else the DAGs tell people themselves.
    urls = [given[name] for name in ("PUSHGATEWAY_URL", "ALERTMANAGER_URL") if name in given]
    hosts = [re.fullmatch(r"http://([a-z-]+):\d+", url).group(1) for url in urls]
    assert {*hosts, given["AIRFLOW__METRICS__STATSD_HOST"]} <= services.keys()
#% else
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
#% endif
