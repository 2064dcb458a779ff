"""Who is told of what: Alertmanager's file for every choice of channels, by amtool."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipegen.core.errors import SpecError
from tests.monitoring.servers import program
from tests.monitoring.shop import CHANNELS, PATH, made, named

pytestmark = pytest.mark.monitoring

RULES = (
    Path(__file__).parents[2] / "blueprints" / "monitoring" / "1.0.0" / "files" / "monitoring" / "prometheus" / "rules"
)
ON_CALL = ("none", "working-hours", "always")


CHOICES = [
    (channels, on_call)
    for count in range(len(CHANNELS) + 1)
    for channels in itertools.combinations(CHANNELS, count)
    for on_call in ON_CALL
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[tuple[str, ...], str], Path]:
    """A repository for every choice of channels and of who can be called."""
    return {
        (channels, on_call): made(tmp_path_factory.mktemp("shop"), on_call=on_call, **named(*channels))
        for channels, on_call in CHOICES
    }


def read(repository: Path, path: Path = PATH) -> Any:
    return yaml.safe_load((repository / path).read_text(encoding="utf-8"))


def amtool(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program("amtool"), *words], capture_output=True, text=True, check=False)


def test_every_choice_gives_a_valid_file(files: Mapping[Any, Path]) -> None:
    done = amtool("check-config", *(str(folder / PATH) for folder in files.values()))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("SUCCESS") == 2 * len(CHOICES) == 96  # the file, and its templates
    assert "FAILED" not in done.stdout
    assert "WARN" not in done.stdout.upper() + done.stderr.upper()


@pytest.mark.parametrize(("channels", "on_call"), CHOICES)
def test_pages_and_tickets_take_their_channels(
    files: Mapping[Any, Path], channels: tuple[str, ...], on_call: str
) -> None:
    config = read(files[channels, on_call])
    found = {one["name"]: {key.removesuffix("_configs") for key in one if key != "name"} for one in config["receivers"]}
    quiet = {name for name in channels if name != "pagerduty"}
    hours = "pagerduty" in channels and on_call == "working-hours"
    wanted = {"ticket": quiet, "page": quiet if hours else set(channels)}
    assert found == ({**wanted, "page-in-working-hours": {"pagerduty"}} if hours else wanted)
    ours = config["route"]["routes"][0]["routes"]
    assert [route["receiver"] for route in ours] == (["page-in-working-hours"] if hours else []) + ["page"]
    assert [route.get("active_time_intervals") for route in ours] == ([["working hours"]] if hours else []) + [None]
    assert "time_intervals" in config if hours else "time_intervals" not in config


@pytest.mark.parametrize(("channels", "on_call"), CHOICES)
def test_no_secret_is_in_it_and_compose_makes_each_that_is_read(
    files: Mapping[Any, Path], channels: tuple[str, ...], on_call: str
) -> None:
    text = (files[channels, on_call] / PATH).read_text(encoding="utf-8")
    variables = {
        "slack": ("alert_slack_url", "ALERT_SLACK_URL"),
        "pagerduty": ("alert_pagerduty_key", "ALERT_PAGERDUTY_KEY"),
        "webhook": ("alert_webhook_url", "SHOP_HOOK"),
    }
    wanted = dict(variables[name] for name in channels if name in variables)
    assert {name for name, _ in variables.values() if f"/run/secrets/{name}" in text} == set(wanted)
    compose = read(files[channels, on_call], Path("deploy", "compose.yaml"))
    assert {name: one["environment"] for name, one in compose.get("secrets", {}).items()} == wanted
    assert compose["services"]["alertmanager"].get("secrets", []) == list(wanted)
    example = (files[channels, on_call] / ".env.example").read_text(encoding="utf-8")
    assert all(f"\n{variable}=\n" in example for variable in wanted.values())
    others = {variable for name, variable in variables.values()} - {*wanted.values(), "SHOP_HOOK"}
    assert all(f"\n# {variable}=\n" in example for variable in others)


def test_a_user_of_the_mail_server_has_a_password_and_tls(tmp_path: Path) -> None:
    user = {"answers.monitoring.smtp_user": "alerts", "answers.monitoring.smtp": "mail.example.com:587"}
    repository = made(tmp_path, **named("email"), **user)
    assert read(repository)["global"] == {
        "smtp_smarthost": "mail.example.com:587",
        "smtp_from": "alerts@localhost",
        "smtp_auth_username": "alerts",
        "smtp_auth_password_file": "/run/secrets/smtp_password",
    }
    compose = read(repository, Path("deploy", "compose.yaml"))
    assert compose["secrets"] == {"smtp_password": {"environment": "SMTP_PASSWORD"}}
    assert "\nSMTP_PASSWORD=\n" in (repository / ".env.example").read_text(encoding="utf-8")
    assert amtool("check-config", str(repository / PATH)).returncode == 0


@pytest.mark.parametrize(
    ("question", "answer", "says"),
    [
        ("working_hours", "17:00-09:00", "start time"),
        ("working_days", "monday:fryday", "fryday"),
        ("time_zone", "Europe/Atlantis", "Europe/Atlantis"),
    ],
)
def test_an_answer_that_cannot_be_is_told_by_amtool(tmp_path: Path, question: str, answer: str, says: str) -> None:
    said = {"on_call": "working-hours", f"answers.monitoring.{question}": answer}
    repository = made(tmp_path, **named("email", "pagerduty"), **said)
    done = amtool("check-config", str(repository / PATH))
    assert done.returncode == 1
    assert says in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("working_hours", "nine to five"),
        ("working_days", "Mon-Fri"),
        ("time_zone", "CET+1h ?"),
        ("smtp", "mail.example.com"),
    ],
)
def test_an_answer_that_has_another_form_is_refused(tmp_path: Path, question: str, answer: str) -> None:
    with pytest.raises(SpecError, match="does not fit; for example"):
        made(tmp_path, **{f"answers.monitoring.{question}": answer})


def test_any_name_of_an_owner_is_matched(tmp_path: Path) -> None:
    owner = 'Zoë\'s "data" \\ team {x}, [y] {{ z }} #1'
    repository = made(tmp_path, owner=owner, on_call="always", **named("slack", "pagerduty"))
    labels = {"pipeline": "shop", "owner": owner, "severity": "page"}
    words = (f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in labels.items())
    done = amtool("config", "routes", "test", f"--config.file={repository / PATH}", "--verify.receivers=page", *words)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_tools_are_of_the_versions_that_compose_runs(tmp_path: Path) -> None:
    repository = made(tmp_path)
    services = read(repository, Path("deploy", "compose.yaml"))["services"]
    script = (repository / "monitoring" / "tools.sh").read_text(encoding="utf-8")
    assert all(f"image={services[name]['image']}\n" in script for name in ("prometheus", "alertmanager"))


def _command(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("commands", "code", "says"),
    [
        ({"amtool": 'echo "amtool, version 0.27.0 (branch: x)"'}, 0, "amtool, version 0.27.0"),
        ({"amtool": 'echo "amtool, version  (branch: , revision: unknown)"'}, 0, "amtool, version"),
        ({"docker": 'echo "docker $*"'}, 0, "--entrypoint /bin/amtool prom/alertmanager:v0.28.1 check-config x.yml"),
        ({"amtool": 'echo "amtool, version 0.25.0"', "docker": 'echo "docker $*"'}, 0, ":/repository:ro"),
        ({"amtool": 'echo "amtool, version 0.25.0"', "docker": "exit 1"}, 1, "on the PATH is 0.25.0."),
        ({}, 1, "apt-get install prometheus-alertmanager"),
    ],
)
def test_the_tools_are_found_or_said_to_be_missing(
    tmp_path: Path, commands: dict[str, str], code: int, says: str
) -> None:
    repository = made(tmp_path / "shop")
    folder = tmp_path / "bin"
    folder.mkdir()
    for needed in ("sh", "awk", "sed", "dirname", "id"):
        found = next(p for p in map(Path, ("/usr/bin", "/bin")) if (p / needed).exists()) / needed
        (folder / needed).symlink_to(found)
    for name, script in commands.items():
        _command(folder, name, script)
    done = subprocess.run(
        ["sh", str(repository / "monitoring" / "tools.sh"), "amtool", "check-config", "x.yml"],
        env={"PATH": str(folder)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, says in done.stdout + done.stderr) == (code, True), done.stdout + done.stderr


def test_what_silences_and_is_silenced_are_alerts_that_there_are(tmp_path: Path) -> None:
    known = {
        name for path in RULES.glob("*.yml") for name in re.findall(r"- alert: (\w+)", path.read_text(encoding="utf-8"))
    }
    matchers = [
        re.fullmatch(r'alertname=~?"(.*)"', matcher)
        for rule in read(made(tmp_path))["inhibit_rules"]
        for matcher in (*rule["source_matchers"], *rule["target_matchers"])
    ]
    said = {name for found in matchers if found for name in found[1].split("|")}
    assert len(said) > 10
    assert {name for name in said if not any(re.fullmatch(name, one) for one in known)} == set()
