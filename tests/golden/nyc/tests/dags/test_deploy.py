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
