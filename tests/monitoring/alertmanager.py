"""The real Alertmanager with a repository's file, and those whom it tells: web addresses and a mail server of the tests' own."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.monitoring.mail import Mailbox, mailbox
from tests.monitoring.receiver import Receiver, receiver
from tests.monitoring.servers import Processes, get, processes, rewritten, run_alertmanager
from tests.monitoring.shop import CHANNELS, PATH, made, named
from tests.ports import free_port

ARRIVES_SECONDS = 30


class Alertmanager:
    """A running Alertmanager with a repository's file, and those whom it tells."""

    def __init__(self, port: int, hooks: Receiver, mails: Mailbox) -> None:
        self.url = f"http://127.0.0.1:{port}/api/v2/alerts"
        self.hooks, self.mails = hooks, mails

    def post(self, *alerts: Mapping[str, str], texts: Mapping[str, str] | None = None, resolved: bool = False) -> None:
        ends = {"endsAt": "2020-01-01T00:00:01Z"} if resolved else {}
        body = [{"labels": alert, "annotations": dict(texts or {}), **ends} for alert in alerts]
        request = urllib.request.Request(
            self.url, data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
        )
        urllib.request.urlopen(request, timeout=10).close()

    def silenced(self) -> set[str]:
        """The alerts that another one silences, by their label `case`."""
        return {one["labels"]["case"] for one in get(self.url) if one["status"]["inhibitedBy"]}

    def told(self) -> dict[str, list[str]]:
        """What came by each channel, each time with the title."""
        bodies = [(path, body) for _, path, body in list(self.hooks.bodies)]
        return {
            "slack": [body["attachments"][0]["title"] for path, body in bodies if path == "slack"],
            "webhook": [f"{b['status']} {b['groupLabels']['alertname']}" for p, b in bodies if p == "hook"],
            "pagerduty": [
                f"{body['event_action']} {body['payload']['summary']}" if "payload" in body else body["event_action"]
                for path, body in bodies
                if path == "pagerduty"
            ],
            "email": self.mails.subjects(),
        }


@contextmanager
def alertmanager(folder: Path, **said: Any) -> Iterator[Alertmanager]:
    """The real one, with the file of a repository: its addresses are the tests' own, and it waits a second for a group."""
    with receiver() as hooks, mailbox() as mails, processes(folder / "processes") as started:
        mail = {"answers.monitoring.smtp": f"127.0.0.1:{mails.port}"}
        repository = made(folder / "shop", **named(*CHANNELS), **mail, **said)
        port = free_port()
        _start(started, repository, hooks, port)
        yield Alertmanager(port, hooks, mails)


def _start(started: Processes, repository: Path, hooks: Receiver, port: int) -> None:
    secrets = {
        "alert_slack_url": hooks.url("slack"),
        "alert_webhook_url": hooks.url("hook"),
        "alert_pagerduty_key": "k",
    }
    for name, value in secrets.items():
        (started.folder / name).write_text(value)

    def here(path: str) -> str:
        return path.replace("/run/secrets", str(started.folder))

    config = rewritten(
        repository / PATH,
        {
            "route.group_wait": lambda _: "1s",
            "route.group_interval": lambda _: "1s",
            "receivers.*_file": here,
            "templates.0": lambda name: str(repository / PATH.parent / name),
        },
        started.folder / "alertmanager.yml",
    )
    values = yaml.safe_load(config.read_text(encoding="utf-8"))
    values["global"]["pagerduty_url"] = hooks.url("pagerduty")  # PagerDuty's own address stands in no file
    config.write_text(yaml.safe_dump(values), encoding="utf-8")
    run_alertmanager(started, config, port)


def eventually(holds: Callable[[], bool], what: Callable[[], object]) -> None:
    end = time.monotonic() + ARRIVES_SECONDS
    while not holds():
        assert time.monotonic() < end, what()
        time.sleep(0.2)
