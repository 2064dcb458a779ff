"""An alert is logged, is sent where it should be, and never stands in the way."""

import asyncio
import json
import logging
from types import SimpleNamespace

import pytest

from monitoring import notify

WEBHOOK = "ALERT_WEBHOOK_URL"


@pytest.fixture
def context():
    instance = SimpleNamespace(dag_id="a_dag", task_id="a_task", run_id="a_run", try_number=4)
    return {"ti": instance, "exception": RuntimeError("it broke")}


@pytest.fixture(autouse=True)
def no_channels(monkeypatch):
    for variable in notify.CHANNELS:
        monkeypatch.delenv(variable, raising=False)


def test_a_failed_task_is_one_line_of_json(context, caplog):
    caplog.set_level(logging.ERROR)
    notify.task_failed(context)
    (record,) = caplog.records
    alert = json.loads(record.message)
    assert alert["task"] == "a_task" and alert["reason"] == "it broke"
    assert alert["runbook"] == "runbooks/failed-run.md"


def test_a_missed_deadline_is_logged(caplog):
    caplog.set_level(logging.ERROR)
    asyncio.run(notify.deadline_missed(context={"dag_run": {"dag_id": "a_dag"}}))
    assert json.loads(caplog.records[0].message)["event"] == "deadline_missed"


@pytest.mark.parametrize("variable", [WEBHOOK, "ALERT_SLACK_URL"])
def test_what_is_sent_names_the_task(variable, context, monkeypatch):
    sent = []
    monkeypatch.setattr(notify, "post", lambda url, body: sent.append((url, json.dumps(body))))
    monkeypatch.setenv(variable, "https://example.com/hook")
    notify.task_failed(context)
    ((url, body),) = sent
    assert url == "https://example.com/hook" and "a_task" in body


def test_a_channel_that_is_down_neither_raises_nor_shows_its_address(context, monkeypatch, caplog):
    caplog.set_level(logging.ERROR)
    monkeypatch.setenv(WEBHOOK, "http://127.0.0.1:9/s3cret")
    monkeypatch.setenv("ALERT_EMAIL", "nobody@example.com")
    monkeypatch.setenv("SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("SMTP_PORT", "9")
    notify.task_failed(context)
    assert len(caplog.records) == 3
    assert "s3cret" not in caplog.text
