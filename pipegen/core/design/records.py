"""The decision records: one a question of the decision model, numbered for ever, for the questions that matter in a design."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pipegen.core.design.decision import Decision, Record

MOST_TOLD = 20
# Decisions of no one source or table.
WHOLE = ("pipeline.transform", "destination.engine", "pipeline.alerts", "pipeline.executor")


@dataclass(frozen=True)
class Question:
    """A question of the decision model."""

    number: int
    name: str
    title: str
    asks: str


QUESTIONS = (
    Question(1, "mode", "Batch, micro-batch or stream", "How fresh must the data be, and what keeps it so?"),
    Question(2, "schedule", "Schedule", "When does a run start, so that its result is in time even after retries?"),
    Question(
        3, "direction", "Push or pull", "Who moves first: does the pipeline ask the source, or does the source send?"
    ),
    Question(4, "transform", "ETL or ELT", "Are rows transformed before they land, or after?"),
    Question(5, "extract", "How tables are read", "What does a run read of each table?"),
    Question(
        6,
        "overlap",
        "Watermark safety",
        "How far before the mark does a run read again, so that late commits are not lost?",
    ),
    Question(7, "write", "How tables are written", "How do rows land, so that a second run changes nothing?"),
    Question(8, "history", "History", "Are earlier versions of a row kept?"),
    Question(9, "lookback", "Lookback", "How many batches does an incremental model compute again for late rows?"),
    Question(10, "partitioning", "Partitioning", "How are landed tables laid out?"),
    Question(11, "engine", "Engine", "What computes the transformations?"),
    Question(12, "topic_partitions", "Topic partitions", "How many partitions does a topic have?"),
    Question(13, "log_retention", "Log retention", "How long is kept what was sent and not yet read?"),
    Question(14, "parallelism", "Parallelism", "How many tables load side by side?"),
    Question(15, "retries", "Retries", "How often is a failed task tried again?"),
    Question(16, "alerts", "Alerts", "What wakes somebody, and what is a ticket?"),
    Question(17, "executor", "Executor", "Where do tasks run?"),
)
BY_NAME = {question.name: question for question in QUESTIONS}

# Recorded in every repository; the others where they differ from what everybody would expect.
ALWAYS = ("mode", "schedule", "transform", "extract", "write", "engine", "alerts")
EXPECTED = {
    "direction": "pull",
    "history": "none",
    "partitioning": "none",
    "executor": "LocalExecutor",
    "parallelism": "1",
}
WHERE_THERE = ("overlap", "lookback", "topic_partitions", "log_retention")


def question_of(id: str) -> str:
    """The question that a decision answers: ``extract`` of ``shop.orders.extract``."""
    return id.rpartition(".")[2]


def matters(decision: Decision) -> bool:
    """Whether a decision is worth a record."""
    name = question_of(decision.id)
    expected = EXPECTED.get(name)
    differs = expected is not None and decision.choice != expected
    return name in ALWAYS or name in WHERE_THERE or differs or decision.overridden


def records(decisions: Iterable[Decision], finish: Callable[[Decision], Decision]) -> tuple[Record, ...]:
    """The records of a design; ``finish`` adds the flips of a decision that is told."""
    by_question: dict[str, list[Decision]] = {}
    for decision in decisions:
        by_question.setdefault(question_of(decision.id), []).append(decision)
    found = []
    for question in QUESTIONS:
        its = by_question.get(question.name, [])
        if not any(matters(d) for d in its):
            continue
        first = sorted(its, key=lambda d: not (d.overridden or matters(d)))[:MOST_TOLD]
        told = tuple(finish(d) for d in its if d in first)
        id = f"{question.number:04}-{question.name.replace('_', '-')}"
        found.append(Record(id, question.number, question.title, question.asks, told, len(its) - len(told)))
    return tuple(found)
