"""What happens when a task fails or a run is late: one JSON line in the log, and a message to each channel that is set.

A channel is set by an environment variable (see .env.example). Where an Alertmanager is set and answers, it tells people and
the channels here are silent. What happened is measured as well. Nothing here raises, and no address is ever logged.
"""

import asyncio
import json
import logging
import os
import smtplib
import urllib.request
from email.message import EmailMessage

from airflow.sdk.observability import stats

log = logging.getLogger("notify")
TIMEOUT_SECONDS = 10


def task_failed(context):
    """Airflow calls this once, after a task's last retry."""
    instance = context["ti"]
    mark(instance, failed=1)
    send(
        {
            "event": "task_failed",
            "severity": "error",
            "dag": instance.dag_id,
            "task": instance.task_id,
            "run": instance.run_id,
            "try": instance.try_number,
            "reason": str(context.get("exception", ""))[:300],
            "runbook": "runbooks/failed-run.md",
        }
    )


def task_succeeded(context):
    """Airflow calls this when a task succeeds: an alert that its last failure raised ends. Retries that it took are counted."""
    instance = context["ti"]
    mark(instance, failed=0)
    # A task that somebody has cleared begins anew: the tries before are not retries.
    retries = instance.try_number - (instance.max_tries - instance.task.retries + 1)
    if retries > 0:
        names = {"dag_id": instance.dag_id, "task_id": instance.task_id}
        measure(stats.incr, "pipeline.retried", retries, **names)


def run_failed(context):
    """Airflow's DAG processor calls this after a run failed. A task that was killed could not say so itself."""
    if context.get("ti"):
        mark(context["ti"], failed=1)


async def deadline_missed(context=None, **_):
    """Airflow's triggerer calls this when a run is not done in time."""
    run = (context or {}).get("dag_run") or {}
    alert = {
        "event": "deadline_missed",
        "severity": "error",
        "dag": run.get("dag_id"),
        "run": run.get("dag_run_id") or run.get("run_id"),
        "runbook": "runbooks/missed-deadline.md",
    }
    await asyncio.to_thread(send, alert)


def send(alert):
    """Log the alert, tell people, and count that it was done."""
    log.error("%s", json.dumps(alert, sort_keys=True))
    answers = alertmanager_answers()
    if answers is False:
        alert = {**alert, "note": "Alertmanager did not answer, so this comes directly."}
    tags = {"event": alert["event"], "dag_id": alert["dag"]}
    outcome = "alertmanager" if answers else tell(alert)
    measure(stats.incr, "pipeline.notified", **tags, outcome=outcome)


def alertmanager_answers():
    """Whether Alertmanager is there to tell people; None where none is set."""
    url = os.environ.get("ALERTMANAGER_URL")
    if not url:
        return None
    try:
        urllib.request.urlopen(url.rstrip("/") + "/-/healthy", timeout=TIMEOUT_SECONDS).close()
    except Exception as error:
        log.error("ALERTMANAGER_URL: no answer: %s", type(error).__name__)
        return False
    return True


def tell(alert):
    """Send the alert to each channel that is set; `failed` where one could not be reached, `logged` where none is set."""
    outcome = "sent" if any(map(os.environ.get, CHANNELS)) else "logged"
    for variable, channel in CHANNELS.items():
        address = os.environ.get(variable)
        if not address:
            continue
        try:
            channel(address, alert)
        except Exception as error:  # it must not hide the failure that the alert is about
            outcome = "failed"
            log.error("%s: not sent: %s", variable, type(error).__name__)
    return outcome


def mark(instance, failed):
    """Whether a task has failed and not succeeded since: Prometheus alerts for as long as this is 1."""
    names = {"dag_id": instance.dag_id, "task_id": instance.task_id}
    measure(stats.gauge, "pipeline.task_failed", failed, **names)


def measure(emit, name, *value, **tags):
    """Hand a measurement to Airflow's metrics, which go nowhere where they are not switched on."""
    try:
        emit(name, *value, tags=tags)
    except Exception as error:  # as in `tell`
        log.error("%s: not measured: %s", name, type(error).__name__)


def text(alert):
    where = "/".join(alert[part] for part in ("dag", "task") if alert.get(part))
    lines = [f"{alert['event']}: {where}"]
    details = ("run", "reason", "runbook", "note")
    lines += [f"{name}: {alert[name]}" for name in details if alert.get(name)]
    return "\n".join(lines)


def post(url, body):
    request = urllib.request.Request(
        url,
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS).close()


def webhook(url, alert):
    post(url, alert)


def slack(url, alert):
    post(url, {"text": text(alert)})


def pagerduty(key, alert):
    details = {
        "summary": text(alert).splitlines()[0],
        "source": alert["dag"] or "airflow",
        "severity": alert["severity"],
        "custom_details": alert,
    }
    body = {"routing_key": key, "event_action": "trigger", "payload": details}
    post("https://events.pagerduty.com/v2/enqueue", body)


def email(recipients, alert):
    host = os.environ.get("SMTP_HOST")
    if not host:
        return
    message = EmailMessage()
    message["Subject"] = text(alert).splitlines()[0]
    message["From"] = os.environ.get("SMTP_FROM", "airflow@localhost")
    message["To"] = recipients
    message.set_content(text(alert))
    port = int(os.environ.get("SMTP_PORT", "25"))
    with smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS) as server:
        if os.environ.get("SMTP_USER"):
            server.starttls()
            server.login(os.environ["SMTP_USER"], os.environ["SMTP_PASSWORD"])
        server.send_message(message)


CHANNELS = {
    <%= (alerts.webhook or "ALERT_WEBHOOK_URL") | py %>: webhook,
    "ALERT_SLACK_URL": slack,
    "ALERT_PAGERDUTY_KEY": pagerduty,
    "ALERT_EMAIL": email,
}
