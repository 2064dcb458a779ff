"""What happens when a task fails or a run is late: one JSON line in the log, and a message to each channel that is set.

A channel is set by an environment variable (see .env.example). Nothing here raises, and no address is ever logged.
"""

import asyncio
import json
import logging
import os
import smtplib
import urllib.request
from email.message import EmailMessage

log = logging.getLogger("notify")
TIMEOUT_SECONDS = 10


def task_failed(context):
    """Airflow calls this once, after a task's last retry."""
    instance = context["ti"]
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
    log.error("%s", json.dumps(alert, sort_keys=True))
    for variable, channel in CHANNELS.items():
        address = os.environ.get(variable)
        if not address:
            continue
        try:
            channel(address, alert)
        except Exception as error:  # it must not hide the failure that the alert is about
            log.error("%s: not sent: %s", variable, type(error).__name__)


def text(alert):
    where = "/".join(alert[part] for part in ("dag", "task") if alert.get(part))
    lines = [f"{alert['event']}: {where}"]
    lines += [f"{name}: {alert[name]}" for name in ("run", "reason", "runbook") if alert.get(name)]
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
    "ALERT_WEBHOOK_URL": webhook,
    "ALERT_SLACK_URL": slack,
    "ALERT_PAGERDUTY_KEY": pagerduty,
    "ALERT_EMAIL": email,
}
