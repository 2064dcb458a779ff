"""An alert is logged, is sent where it should be, is measured, and never stands in the way."""

import asyncio
import http.server
import json
import logging
import threading
from types import SimpleNamespace

import pytest

from monitoring import notify

WEBHOOK = "ALERT_WEBHOOK_URL"


@pytest.fixture
def context():
    task = SimpleNamespace(retries=3)
    names = {"dag_id": "a_dag", "task_id": "a_task", "run_id": "a_run"}
    instance = SimpleNamespace(**names, try_number=4, max_tries=3, task=task)
    return {"ti": instance, "exception": RuntimeError("it broke")}


@pytest.fixture(autouse=True)
def no_channels(monkeypatch):
    for variable in [*notify.CHANNELS, "ALERTMANAGER_URL"]:
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def sent(monkeypatch):
    """What is posted to a channel that is set."""
    found = []
    monkeypatch.setattr(notify, "post", lambda url, body: found.append((url, json.dumps(body))))
    monkeypatch.setenv(WEBHOOK, "https://example.com/hook")
    return found


@pytest.fixture
def measured(monkeypatch):
    """What is handed to Airflow's metrics."""
    found = []

    def keep(name, *value, tags):
        found.append((name, *value, tags))

    monkeypatch.setattr(notify.stats, "gauge", keep)
    monkeypatch.setattr(notify.stats, "incr", keep)
    return found


@pytest.fixture
def alertmanager():
    """A server that says that it is well, where it is asked that."""

    class Healthy(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/-/healthy" else 404)
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Healthy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


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
def test_what_is_sent_names_the_task(variable, context, sent, monkeypatch):
    monkeypatch.delenv(WEBHOOK)
    monkeypatch.setenv(variable, "https://example.com/hook")
    notify.task_failed(context)
    ((url, body),) = sent
    assert url == "https://example.com/hook" and "a_task" in body


def test_what_happens_is_measured(context, sent, measured):
    task = {"dag_id": "a_dag", "task_id": "a_task"}
    notify.task_failed(context)
    told = {"event": "task_failed", "outcome": "sent", "dag_id": "a_dag"}
    assert measured == [("pipeline.task_failed", 1, task), ("pipeline.notified", told)]
    notify.task_succeeded(context)
    assert measured[2:] == [("pipeline.task_failed", 0, task), ("pipeline.retried", 3, task)]


def test_what_was_tried_before_it_was_cleared_is_no_retry(context, measured):
    # It failed four times, then was cleared.
    context["ti"].try_number, context["ti"].max_tries = 5, 7
    notify.task_succeeded(context)
    assert [name for name, *_ in measured] == ["pipeline.task_failed"]


def test_a_task_that_was_killed_is_marked_by_its_run(context, sent, measured):
    """Its own callback cannot run. The run's says nothing to people: the task's does."""
    notify.run_failed(context)
    notify.run_failed({"reason": "no task is known"})
    (mark,) = measured
    assert mark == ("pipeline.task_failed", 1, {"dag_id": "a_dag", "task_id": "a_task"})
    assert sent == []


def test_alertmanager_tells_people_while_it_answers(
    context, sent, measured, alertmanager, monkeypatch
):
    monkeypatch.setenv("ALERTMANAGER_URL", alertmanager)
    notify.task_failed(context)
    assert sent == [] and measured[-1][-1]["outcome"] == "alertmanager"


def test_people_are_told_directly_while_alertmanager_does_not_answer(
    context, sent, measured, monkeypatch, caplog
):
    monkeypatch.setenv("ALERTMANAGER_URL", "http://127.0.0.1:9/s3cret")
    notify.task_failed(context)
    ((_, body),) = sent
    assert "Alertmanager did not answer" in body and measured[-1][-1]["outcome"] == "sent"
    assert "s3cret" not in caplog.text


def test_metrics_that_break_hold_up_nothing(context, sent, monkeypatch):
    monkeypatch.setattr(notify.stats, "gauge", None)
    monkeypatch.setattr(notify.stats, "incr", None)
    notify.task_failed(context)
    notify.task_succeeded(context)
    assert len(sent) == 1


def test_a_channel_that_is_down_neither_raises_nor_shows_its_address(
    context, measured, monkeypatch, caplog
):
    caplog.set_level(logging.ERROR)
    monkeypatch.setenv(WEBHOOK, "http://127.0.0.1:9/s3cret")
    monkeypatch.setenv("ALERT_EMAIL", "nobody@example.com")
    monkeypatch.setenv("SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("SMTP_PORT", "9")
    notify.task_failed(context)
    assert len(caplog.records) == 3 and measured[-1][-1]["outcome"] == "failed"
    assert "s3cret" not in caplog.text
