"""Mode: batch, frequent batch, micro-batch, a stream of Spark or of Flink, by the freshness that is wanted."""

from __future__ import annotations

from pipegen.core import units
from pipegen.core.design import calibration as c
from pipegen.core.design.decision import Alternative
from pipegen.core.design.inputs import DATABASES, EVENTS, Inputs, SourceInputs
from pipegen.core.design.told import Told, Trouble, unknown

MODES = ("batch", "frequent-batch", "micro-batch", "spark-streaming", "flink")
BATCHES = ("batch", "frequent-batch")
STREAMS = ("spark-streaming", "flink")


def faster(one: str, other: str) -> bool:
    """Whether one mode is faster than another."""
    return MODES.index(one) > MODES.index(other)


def by_freshness(freshness: int, state: float = 0.0) -> str:
    """The mode that a freshness in seconds asks for; a value at a limit belongs to the slower side.

    ``state``: bytes that joins and windows over event time hold; where there are many, Flink holds them.
    """
    if freshness >= c.FREQUENT_BATCH_BELOW.value:
        return "batch"
    if freshness >= c.MICRO_BATCH_BELOW.value:
        return "frequent-batch"
    if state > c.LARGE_STATE.value:
        return "flink"
    if freshness >= c.STREAM_BELOW.value:
        return "micro-batch"
    return "spark-streaming" if freshness >= c.FLINK_BELOW.value else "flink"


def fastest(s: SourceInputs) -> tuple[str, str]:
    """The fastest mode that a source can be read in, and why not faster."""
    if s.kind in EVENTS:
        return "flink", ""
    if s.kind in ("files", "sample"):
        return "frequent-batch", "the source arrives as files"
    if s.kind == "rest":
        return ("flink", "") if s.webhooks else ("frequent-batch", "the API is polled, and offers no webhooks")
    if s.kind not in DATABASES:
        return "frequent-batch", f"a source of kind `{s.kind}` has no change log"
    if not s.log:
        return "frequent-batch", f"the change log of `{s.name}` cannot be read: {s.log_lacks}"
    keyless = next((t for t in s.tables if not t.key and not t.immutable), None)
    if keyless is not None:
        return "frequent-batch", f"`{keyless.address}` has no key to merge changes by"
    return "flink", ""


def at_night(wanted: str, p: Inputs) -> str:
    """The mode that people can run: a stream wants somebody who is called at night, unless something acts on it."""
    return "micro-batch" if wanted in STREAMS and p.on_call != "always" and not p.acts else wanted


def choose(s: SourceInputs, p: Inputs, freshness: int) -> str:
    if s.delivered is not None:  # once a day, however fresh it must be then
        return "batch"
    wanted = at_night(by_freshness(freshness, s.state), p)
    most = fastest(s)[0]
    return most if faster(wanted, most) else wanted


def problem(s: SourceInputs, p: Inputs, freshness: int, choice: str) -> Trouble | None:
    if choice not in MODES:
        return unknown(f"{s.name}.mode", choice, MODES)
    most, why = fastest(s)
    if faster(choice, most):
        return f"`{choice}` cannot be: {why}", f"the fastest that works: `{most}`"
    wanted = choose(s, p, freshness)
    if faster(wanted, choice):
        return (
            f"`{choice}` cannot keep freshness {units.duration_text(freshness)}",
            f"the slowest that works: `{wanted}`",
        )
    return None


_TOO_SLOW = {
    "batch": "its runs lie too far apart for freshness {f}",
    "frequent-batch": "a scheduler starts no run often enough for freshness {f}",
    "micro-batch": "its batches take longer than freshness {f} leaves",
    "spark-streaming": "its triggers come too seldom for freshness {f}",
}
_TOO_MUCH = {
    "frequent-batch": "more runs than freshness {f} asks for",
    "micro-batch": "it is a change log and frequent merges to run, for a freshness that batches keep",
    "spark-streaming": "it is a stream to run by day and night, for a freshness that needs none",
    "flink": "it is a cluster with state to keep, for a freshness that needs none",
}


def _against(s: SourceInputs, p: Inputs, freshness: int, choice: str, other: str, fits: bool) -> str:
    """What speaks against the next slower or faster mode."""
    f = units.duration_text(freshness)
    most, why = fastest(s)
    asked = by_freshness(freshness, s.state)
    if faster(other, most):
        return why.replace("`", "")
    if choice in BATCHES and other in BATCHES and not fits and faster(other, choice):
        return f"no run of it fits freshness {f} either"
    if faster(other, choice):
        asleep = other in STREAMS and faster(asked, at_night(asked, p))
        return f"nobody can run it at night: on call: {p.on_call}" if asleep else _TOO_MUCH[other].format(f=f)
    if other in BATCHES and not faster(choose(s, p, freshness), other):
        return f"no run of it fits freshness {f}"
    if s.state > c.LARGE_STATE.value and choice == "flink":
        return f"it does not hold {s.state / 1e9:,.0f} GB of event-time state"
    return _TOO_SLOW[other].format(f=f)


def tell(s: SourceInputs, p: Inputs, freshness: int, choice: str, fits: bool) -> Told:
    """Why; ``fits``: the runs of this mode fit the freshness."""
    f = units.duration_text(freshness)
    because = [f"freshness {f}"]
    asked = by_freshness(freshness, s.state)
    if s.state > c.LARGE_STATE.value and asked == "flink":
        because.append(f"{s.state / 1e9:,.0f} GB of event-time state")
    if asked != at_night(asked, p):
        because.append(f"on call: {p.on_call}, so nobody can run a stream at night")
    most, why = fastest(s)
    if faster(at_night(asked, p), most):
        because.append(why)
    if faster(choice, choose(s, p, freshness)):
        because.append("runs of a batch do not fit the freshness")
    if asked in STREAMS and p.acts:
        because.append("something acts on the result")
    if not fits:
        because.append("the freshness is missed")
    index = MODES.index(choice)
    near = [MODES[i] for i in (index - 1, index + 1) if 0 <= i < len(MODES)]
    source = c.FREQUENT_BATCH_BELOW.source if choice in BATCHES else c.MICRO_BATCH_BELOW.source
    against = tuple(Alternative(m, _against(s, p, freshness, choice, m, fits)) for m in near)
    return Told(tuple(because), against, f"mode.{choice}", source)
