"""Every question of ``pipegen new``, once: its flag, its environment variable, its key in the spec, its help.

The command line is built from this table, and so is the list of what is missing; a question is added here and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """One thing that people are asked.

    ``key`` is the dotted address in the spec that a plain answer is written to; None for answers that are taken apart
    first (``pipegen.app.answers``). ``repeat``: the flag may be given more than once, and the key holds a list.
    """

    flag: str
    key: str | None
    help: str
    example: str
    repeat: bool = False
    required: bool = False

    @property
    def name(self) -> str:
        """The name of the parameter: ``alert_email`` for ``--alert-email``."""
        return self.flag.removeprefix("--").replace("-", "_")

    @property
    def variable(self) -> str:
        """The environment variable that gives the same answer."""
        return f"PIPEGEN_{self.name.upper()}"


QUESTIONS: tuple[Question, ...] = (
    Question(
        "--source",
        None,
        "Where the data comes from: `URL`, or `NAME=URL`; a password in it is used and written nowhere.",
        "'./exports/*.csv'",
        True,
        True,
    ),
    Question(
        "--table",
        None,
        "A table to load: `T`, `SOURCE.T` or `SOURCE.SCHEMA.T`; all that are found, up to 20, by default.",
        "orders",
        True,
    ),
    Question("--freshness", "defaults.freshness", "p95 age of the data when it is read.", "1h"),
    Question("--lateness", "defaults.lateness", "How late a row may arrive and still count.", "2h"),
    Question("--deletes", "defaults.deletes", "Wanted effect of a delete: ignore, soft or hard.", "hard"),
    Question("--history", "defaults.history", "Earlier versions of a row: none, scd2, daily or every-change.", "none"),
    Question("--growth", "defaults.growth", "Expected growth of the volume.", "5%/month"),
    Question("--outage", "defaults.outage", "How long source or destination may be down with nothing lost.", "24h"),
    Question("--retention", "defaults.retention", "How long rows are kept at the destination.", "400d"),
    Question("--volume", None, "New and changed data of the sources.", "2M rows/day"),
    Question("--peak", None, "The busiest hour against the average.", "4x"),
    Question(
        "--mart",
        None,
        "What is to come out: fact:T, dimension:T, `aggregate:T by COLUMN`, custom:NAME.",
        "fact:orders",
        True,
    ),
    Question("--rule", None, "A business rule: `TABLE: EXPRESSION`.", "orders: total_amount >= 0", True),
    Question("--personal-data", None, "TABLE.COLUMN=mask|tokenise|drop|keep.", "customers.email=tokenise", True),
    Question(
        "--raw-personal-data",
        "raw_personal_data",
        "Whether personal data may land as it is: allowed or forbidden.",
        "forbidden",
    ),
    Question("--destination", "destination.kind", "Where the data goes: duckdb or postgres.", "duckdb"),
    Question(
        "--consumer",
        "consumers",
        "What reads the result: reports, dashboards, applications, or actions that follow at once.",
        "dashboards",
        True,
    ),
    Question("--description", "description", "What the pipeline is for.", "Orders of the web shop."),
    Question("--owner", "owner", "The team that owns it.", "data-team"),
    Question("--alert-email", "alerts.email", "Who is told by email.", "data@example.com", True),
    Question("--alert-slack", "alerts.slack", "The Slack channel that is told.", "#data-alerts"),
    Question("--alert-pagerduty", "alerts.pagerduty", "The PagerDuty service that is told.", "data-platform"),
    Question(
        "--alert-webhook", "alerts.webhook", "The environment variable that holds a webhook's URL.", "ALERT_WEBHOOK_URL"
    ),
    Question("--slo", "slo.freshness", "Share of the time in which the data is as fresh as asked.", "99%"),
    Question("--on-call", "on_call", "When somebody can be called: none, working-hours or always.", "working-hours"),
    Question("--ceiling", "ceiling", "What a month may cost at most, in the currency of `prices`.", "500"),
    Question("--ci", "ci", "Where the repository's tests run: github, gitlab or none.", "github"),
    Question("--deploy", "deploy", "How it is deployed: compose, kubernetes or none.", "compose"),
    Question("--catalog", "catalog", "The version of the blueprints.", "1.2"),
    Question("--override", None, "A decision taken by you: DECISION=CHOICE.", "shop.orders.extract=append", True),
    Question(
        "--blueprint",
        None,
        "A blueprint of your own, or a plain cookiecutter template: a folder, a zip, a git URL, gh:owner/name; `#REF` behind it.",
        "../blueprints/audit",
        True,
    ),
)

BY_NAME = {question.name: question for question in QUESTIONS}
