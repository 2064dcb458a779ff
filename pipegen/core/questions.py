"""Every question of ``pipegen new``, once: its prompt, flag, environment variable, key in the spec, help and line in the docs.

The command line is built from this table, and so are the interview, the list of what is missing and docs/answers.md; a question
is added here and nowhere else. What is measured of a source, and so stands beside a question as its evidence, is
``pipegen.app.interview``'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipegen.core.prompting import Choice

DONT_KNOW = "don't know"
"""The answer of who does not know, where that is one."""

Asked = Literal["first", "more", "never"]


@dataclass(frozen=True)
class Question:
    """One thing that people are asked.

    ``key`` is the dotted address in the spec that a plain answer is written to; None for answers that are taken apart
    first (``pipegen.app.answers``). ``repeat``: the flag may be given more than once, and the key holds a list.

    ``title`` is the interview's prompt, and ends in a question mark. ``asked``: ``first`` in every interview, ``more`` where
    somebody wants to be asked more, ``never`` where only flags and files say it. ``unknown`` is what becomes of the answer that
    nobody knows it; empty where that is no answer.
    """

    flag: str
    key: str | None
    help: str
    example: str
    repeat: bool = False
    required: bool = False
    title: str = ""
    asked: Asked = "never"
    choices: tuple[Choice, ...] = ()
    unknown: str = ""

    @property
    def name(self) -> str:
        """The name of the parameter: ``alert_email`` for ``--alert-email``."""
        return self.flag.removeprefix("--").replace("-", "_")

    @property
    def variable(self) -> str:
        """The environment variable that gives the same answer."""
        return f"PIPEGEN_{self.name.upper()}"

    @property
    def kind(self) -> Literal["text", "one", "many"]:
        """How it is answered: by a text, or by one or many of its choices."""
        return "text" if not self.choices else "many" if self.repeat else "one"

    def about(self) -> str:
        """Its subject in a few words, as a review has it: ``alert email``."""
        return self.name.replace("_", " ")


@dataclass(frozen=True)
class Topic:
    """Questions that belong together, under the words that people know them by."""

    title: str
    questions: tuple[Question, ...]


NAME = Question(
    "NAME",
    "name",
    "The name of the pipeline: its folder, the prefix of its DAGs and its dbt project.",
    "shop",
    required=True,
    title="What is the pipeline called?",
    asked="first",
)
"""The one answer that is no flag: the argument of ``new``."""

_LATER = "no blueprint builds it yet"

_PLANNED = (
    ("snowflake", "Snowflake"), ("bigquery", "BigQuery"), ("redshift", "Redshift"), ("databricks", "Databricks"),
    ("clickhouse", "ClickHouse"), ("lake", "Files in a lake"),
)  # fmt: skip

TOPICS: tuple[Topic, ...] = (
    Topic("Where the data comes from", (
        Question(
            "--source", None, "Where the data comes from: `URL`, or `NAME=URL`; a password in it is used and written nowhere.",
            "'./exports/*.csv'", repeat=True, required=True, title="Where does the data come from?", asked="first",
        ),
        Question(
            "--table", None, "A table to load: `T`, `SOURCE.T` or `SOURCE.SCHEMA.T`; all that are found, up to 20, by default.",
            "orders", repeat=True, title="Which tables are loaded?", asked="first",
        ),
    )),
    Topic("What is to come out", (
        Question(
            "--mart", None, "What is to come out: fact:T, dimension:T, `aggregate:T by COLUMN`, custom:NAME.", "fact:orders",
            repeat=True, title="What is to come out?", asked="first",
        ),
        Question(
            "--rule", None, "A business rule: `TABLE: EXPRESSION`.", "orders: total_amount >= 0", repeat=True,
            title="What must be true of every row?", asked="more",
        ),
        Question(
            "--consumer", "consumers", "What reads the result: reports, dashboards, applications, or actions that follow at once.",
            "dashboards", repeat=True, title="What reads the result?", asked="more",
            choices=(
                Choice("reports", "reports", "people read them, once a day or less"),
                Choice("dashboards", "dashboards", "people look at them all day"),
                Choice("applications", "applications", "programs query it"),
                Choice("actions", "actions", "something is done at once because of a row"),
            ),
        ),
    )),
    Topic("What fresh means", (
        Question(
            "--freshness", "defaults.freshness", "p95 age of the data when it is read.", "1h",
            title="How old may the data be when it is read?", asked="first",
        ),
        Question(
            "--slo", "slo.freshness", "Share of the time in which the data is as fresh as asked.", "99%",
            title="In what share of the time must it be as fresh as that?", asked="more",
        ),
    )),
    Topic("How much", (
        Question(
            "--volume", None, "New and changed data of the sources.", "2M rows/day", title="How much is new or changed?",
            asked="first", unknown="the design is decided for very little and for very much, and asked again where the two differ",
        ),
        Question(
            "--peak", None, "The busiest hour against the average.", "4x",
            title="How much busier than the average is the busiest hour?", asked="more",
            unknown="no hour counts as busier than another",
        ),
        Question(
            "--growth", "defaults.growth", "Expected growth of the volume.", "5%/month", title="How fast does the volume grow?",
            asked="more", unknown="the default holds: pages say when a threshold would be crossed at it",
        ),
    )),
    Topic("What changes, goes, or comes late", (
        Question(
            "--deletes", "defaults.deletes", "Wanted effect of a delete: ignore, soft or hard.", "hard",
            title="What becomes of a row that the source deletes?", asked="more",
            choices=(
                Choice("hard", "hard", "it goes here too"),
                Choice("soft", "soft", "it stays, marked as deleted"),
                Choice("ignore", "ignore", "it stays as it was; nothing looks for deletes"),
            ),
        ),
        Question(
            "--lateness", "defaults.lateness", "How late a row may arrive and still count.", "2h",
            title="How late may a row arrive and still count?", asked="more", unknown="the default holds",
        ),
        Question(
            "--history", "defaults.history", "Earlier versions of a row: none, scd2, daily or every-change.", "none",
            title="Are earlier versions of a row kept?", asked="more",
            choices=(
                Choice("none", "none", "only the row as it is now"),
                Choice("scd2", "scd2", "a version for each change that a run sees, with from and to"),
                Choice("daily", "daily", "a dated copy of the table a day"),
                Choice("every-change", "every-change", "each change of the source's log", _LATER),
            ),
        ),
        Question(
            "--outage", "defaults.outage", "How long source or destination may be down with nothing lost.", "24h",
            title="How long may source or destination be down with nothing lost?", asked="more", unknown="the default holds",
        ),
        Question("--retention", "defaults.retention", "How long rows are kept at the destination.", "400d"),
    )),
    Topic("What is personal", (
        Question(
            "--personal-data", None, "TABLE.COLUMN=mask|tokenise|drop|keep.", "customers.email=tokenise", repeat=True,
            title="What becomes of personal data?", asked="first",
            choices=(
                Choice("tokenise", "tokenise", "a token in place of the value: joins and counts still work"),
                Choice("mask", "mask", "stars in place of the value"),
                Choice("drop", "drop", "the column is not loaded"),
                Choice("keep", "keep", "it lands as it is"),
            ),
        ),
        Question(
            "--raw-personal-data", "raw_personal_data", "Whether personal data may land as it is: allowed or forbidden.",
            "forbidden", title="May personal data land as it is?", asked="more",
            choices=(
                Choice("allowed", "allowed", "what is not treated lands"),
                Choice("forbidden", "forbidden", "each column that looks personal must be treated on the way in"),
            ),
        ),
    )),
    Topic("Where to", (
        Question(
            "--destination", "destination.kind", "Where the data goes: duckdb or postgres.", "duckdb",
            title="Where does the data go?", asked="first",
            choices=(
                Choice("duckdb", "DuckDB", "one file, nothing to install; one writer at a time"),
                Choice("postgres", "PostgreSQL", "a server of yours; WAREHOUSE_* variables say which"),
                *(Choice(kind, label, off=_LATER) for kind, label in _PLANNED),
            ),
        ),
    )),
    Topic("Who is called", (
        Question("--owner", "owner", "The team that owns it.", "data-team", title="Which team owns it?", asked="more"),
        Question(
            "--on-call", "on_call", "When somebody can be called: none, working-hours or always.", "working-hours",
            title="When can somebody be called?", asked="more",
            choices=(
                Choice("working-hours", "working hours", "what breaks at night waits for the morning"),
                Choice("always", "always", "nights too"),
                Choice("none", "never", "nobody is called"),
            ),
        ),
        Question(
            "--alert-email", "alerts.email", "Who is told by email.", "data@example.com", repeat=True,
            title="Who is told by email when it breaks?", asked="more",
        ),
        Question(
            "--alert-slack", "alerts.slack", "The Slack channel that is told.", "#data-alerts",
            title="Which Slack channel is told?", asked="more",
        ),
        Question(
            "--alert-pagerduty", "alerts.pagerduty", "The PagerDuty service that is told.", "data-platform",
            title="Which PagerDuty service is told?", asked="more",
        ),
        Question(
            "--alert-webhook", "alerts.webhook", "The environment variable that holds a webhook's URL.", "ALERT_WEBHOOK_URL",
            title="Which environment variable holds the URL of a webhook that is told?", asked="more",
        ),
    )),
    Topic("The repository itself", (
        Question(
            "--description", "description", "What the pipeline is for.", "Orders of the web shop.",
            title="What is the pipeline for?", asked="more",
        ),
        Question(
            "--ci", "ci", "Where the repository's tests run: github, gitlab or none.", "github",
            title="Where do the repository's tests run?", asked="more",
            choices=(
                Choice("github", "GitHub Actions"),
                Choice("gitlab", "GitLab CI"),
                Choice("none", "nowhere", "no file of a CI is written"),
            ),
        ),
        Question(
            "--deploy", "deploy", "How it is deployed: compose, kubernetes or none.", "compose", title="How is it deployed?",
            asked="more",
            choices=(
                Choice("compose", "Docker Compose"),
                Choice("kubernetes", "Kubernetes"),
                Choice("none", "not by pipegen"),
            ),
        ),
        Question("--ceiling", "ceiling", "What a month may cost at most, in the currency of `prices`.", "500"),
        Question("--catalog", "catalog", "The version of the blueprints.", "1.3"),
        Question("--override", None, "A decision taken by you: DECISION=CHOICE.", "shop.orders.extract=append", repeat=True),
        Question(
            "--blueprint", None,
            "A blueprint of your own, or a plain cookiecutter template: a folder, a zip, a git URL, gh:owner/name; `#REF` behind it.",
            "../blueprints/audit", repeat=True,
        ),
    )),
)  # fmt: skip

QUESTIONS: tuple[Question, ...] = tuple(question for topic in TOPICS for question in topic.questions)
"""Every question that is a flag, in the order in which people meet it."""

BY_NAME = {question.name: question for question in QUESTIONS}
