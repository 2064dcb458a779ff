"""What people are told, when, and what is left out because another alert explains it: by Alertmanager itself."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.monitoring.alertmanager import Alertmanager, alertmanager, eventually
from tests.monitoring.shop import CHANNELS

pytestmark = pytest.mark.monitoring


def alert(name: str, severity: str = "ticket", **labels: str) -> dict[str, str]:
    return {"alertname": name, "severity": severity, "source": "s", "dag_id": "d", **labels}


FRESHNESS = ("FreshnessBurning", "FreshnessMissed", "FreshnessBudgetSpent")
OF_A_SOURCE = (*FRESHNESS, "SourceStandsStill", "VolumeDrop", "RunMissing")
CAUSES = ("SourceDown", "MassDelete", "RowsLost", "MissingRows", "CheckFailed")
NO_AIRFLOW, NO_RUNS = (alert("MetricsLost", job=job) for job in ("airflow", "pushgateway"))
ELSEWHERE = {"source": "t", "dag_id": "e"}
#: One alert that is there, another, and whether the first silences it.
PAIRS: list[tuple[dict[str, str], dict[str, str], bool]] = [
    *((alert("SourceDown", "page"), alert(name, s), True) for name in OF_A_SOURCE for s in ("page", "ticket")),
    *((alert("SourceDown", "page"), alert(name, "page", **ELSEWHERE), False) for name in OF_A_SOURCE),
    *((alert("SourceDown"), alert(name), True) for name in OF_A_SOURCE),
    *((alert("SourceDown"), alert(name, "page"), False) for name in OF_A_SOURCE),
    (alert("SourceDown", "page"), alert("SourceDown"), True),
    (alert("SourceDown", "page"), alert("SourceDown", **ELSEWHERE), False),
    (alert("SourceDown", "page"), alert("RowsLost", "page"), False),
    *((alert(name), alert("RunFailed"), True) for name in CAUSES),
    *((alert(name), alert("RunFailed", **ELSEWHERE), False) for name in CAUSES),
    (alert("SchemaDrift", load="stopped"), alert("RunFailed"), True),
    (alert("SchemaDrift", load="stopped"), alert("RunFailed", **ELSEWHERE), False),
    (alert("SchemaDrift", load="let_through"), alert("RunFailed"), False),
    (alert("RowsLost"), alert("RunFailed", "page"), False),
    (alert("DiskFilling"), alert("RunFailed", **ELSEWHERE), True),
    (alert("DiskFilling"), alert("RunFailed", "page"), False),
    (alert("DiskFilling"), alert("FreshnessMissed"), False),
    *((alert("SchedulerDown"), alert(name, **ELSEWHERE), True) for name in ("RunMissing", "CallbackDead")),
    *((alert("SchedulerDown"), alert(name, "page"), False) for name in ("RunMissing", "FreshnessMissed")),
    *((NO_AIRFLOW, alert(name, **ELSEWHERE), True) for name in ("SchedulerDown", "CallbackDead")),
    *((NO_AIRFLOW, alert(name), False) for name in ("RunMissing", "RunFailed", "SourceDown", *FRESHNESS)),
    (NO_AIRFLOW, alert("SchedulerDown", "page"), False),
    (NO_RUNS, alert("RunMissing", **ELSEWHERE), True),
    (NO_RUNS, alert("RunFailed", task_id="observe"), True),
    (NO_RUNS, alert("RunFailed", task_id="load"), False),
    *((NO_RUNS, alert(name), False) for name in ("SchedulerDown", "CallbackDead", "SourceDown", *FRESHNESS)),
    (alert("RunFailed"), alert("RunSlow"), False),
]


def _of_pipelines(
    pairs: Sequence[tuple[dict[str, str], dict[str, str], bool]],
) -> Iterator[tuple[list[dict[str, str]], set[str]]]:
    """Each pair in a pipeline of its own, with the second one once more in another: what is posted, and who is silenced."""
    for number, (first, second, silenced) in enumerate(pairs):
        name = f"{number} {first['alertname']} {first['severity']}, {second['alertname']} {second['severity']}"
        yield (
            [
                {**first, "pipeline": f"p{number}", "case": f"{name}: the first"},
                {**second, "pipeline": f"p{number}", "case": name},
                {**second, "pipeline": f"q{number}", "case": f"{name}: of another pipeline"},
            ],
            {name} if silenced else set(),
        )


def test_an_alert_that_explains_others_silences_them(tmp_path: Path) -> None:
    last = (alert("SourceDown", "page"), alert("VolumeDrop"), True)  # with it all others are known as well
    posted, wanted = zip(*_of_pipelines([*PAIRS, last]), strict=True)
    silenced = set().union(*wanted)
    with alertmanager(tmp_path) as running:
        running.post(*itertools.chain.from_iterable(posted))
        eventually(lambda: wanted[-1] <= running.silenced(), running.silenced)
        assert running.silenced() == silenced


def test_each_channel_is_told_what_it_is_and_what_to_do(tmp_path: Path) -> None:
    ours = {"pipeline": "shop", "owner": "data-team"}
    down = {**alert("SourceDown", "page", source="shop_db"), **ours}
    late = {**alert("FreshnessMissed", "page", source="shop_db", table="orders"), **ours}
    lost = {**alert("RowsLost", "ticket", source="shop_db", table="orders"), **ours}
    texts = {
        "summary": "shop_db cannot be reached",
        "description": "The newest attempt failed.",
        "command": "make query SQL='select 1 < 2'",
        "runbook": "runbooks/source-down.md",
    }
    with alertmanager(tmp_path, on_call="always") as running:
        running.post(late, down, texts=texts)
        running.post(lost, texts=texts)
        page, ticket = "Page: SourceDown of shop, source shop_db", "Ticket: RowsLost of shop, source shop_db"
        wanted = {
            "slack": {page, ticket},
            "email": {page, ticket},
            "webhook": {"firing SourceDown", "firing RowsLost"},
            "pagerduty": {f"trigger {page}"},
        }
        eventually(lambda: {name: set(t) for name, t in running.told().items()} == wanted, running.told)
        _says_it_all(running, list(texts.values()))
        running.post(down, resolved=True, texts=texts)
        running.post(lost, resolved=True, texts=texts)
        eventually(lambda: "resolve" in " ".join(running.told()["pagerduty"]), running.told)
        resolved = {"Resolved: SourceDown of shop, source shop_db", "Resolved: RowsLost of shop, source shop_db"}
        eventually(lambda: resolved <= set(running.told()["slack"]) & set(running.told()["email"]), running.told)
        eventually(lambda: "resolved SourceDown" in running.told()["webhook"], running.told)
        # What was silenced is told as soon as what silenced it is over.
        late_title = "Page: FreshnessMissed of shop, source shop_db"
        eventually(lambda: late_title in running.told()["slack"], running.told)
        assert "RowsLost" not in " ".join(running.told()["pagerduty"])


def _says_it_all(running: Alertmanager, texts: list[str]) -> None:
    slack = next(b["attachments"][0]["text"] for _, path, b in running.hooks.bodies if path == "slack")
    assert "\ndag_id: d, source: shop_db" in slack
    call = next(b["payload"]["custom_details"] for _, path, b in running.hooks.bodies if path == "pagerduty")
    mail = running.mails.messages[0]
    [part] = mail.iter_parts()
    assert part.get_content_type() == "text/plain"
    for text in texts:
        assert text in slack
        assert text in call["firing"]
        assert text in part.get_content()
    assert call["runbook"] == texts[-1]
    assert mail["To"] == ", ".join(CHANNELS["email"])


def test_outside_of_working_hours_pagerduty_alone_waits(tmp_path: Path) -> None:
    far = time.strftime("%A", time.gmtime(time.time() + 3 * 86_400)).lower()
    page = {**alert("RowsLost", "page"), "pipeline": "shop", "owner": "data-team"}
    ticket = {**alert("RunSlow"), "pipeline": "shop", "owner": "data-team"}
    hours = {"answers.monitoring.working_hours": "00:00-24:00", "answers.monitoring.time_zone": "UTC"}
    for days, called in (("sunday:saturday", True), (far, False)):
        folder = tmp_path / str(called)
        said = {**hours, "answers.monitoring.working_days": days}
        with alertmanager(folder, on_call="working-hours", **said) as running:
            running.post(page)
            eventually(lambda: len(running.told()["webhook"]) == 1, running.told)
            running.post(ticket)  # it comes after all that was to come of the page
            eventually(lambda: len(running.told()["webhook"]) == 2, running.told)
            assert bool(running.told()["pagerduty"]) == called, running.told()


def test_of_many_alerts_the_first_ten_are_told(tmp_path: Path) -> None:
    ours = {"pipeline": "shop", "owner": "data-team"}
    many = [{**alert("SchemaDrift"), **ours, "table": f"t{number:02}"} for number in range(12)]
    with alertmanager(tmp_path) as running:
        running.post(*many, texts={"summary": "a column is new", "runbook": "runbooks/schema-drift.md"})
        eventually(lambda: len(running.told()["slack"]) > 0, running.told)
        text = next(b["attachments"][0]["text"] for _, path, b in running.hooks.bodies if path == "slack")
    assert text.count("a column is new") == 10
    assert "These are the first 10 of 12.\n\nRunbook: runbooks/schema-drift.md" in text
