"""An alert that a blueprint contributes: refused where nobody could know that it works."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from pipegen.core.contributions import Alert

GOOD: dict[str, Any] = {
    "name": "SlotFull",
    "severity": "page",
    "summary": "A slot is full",
    "expr": "slot_bytes > 5",
    "runbook": "runbooks/slot-full.md",
    "fires": [{"series": "slot_bytes", "values": "6x20"}],
    "quiet": [{"series": "slot_bytes", "values": "5x20"}],
}


def test_an_alert_waits_and_is_looked_at_after_a_while() -> None:
    alert = Alert.model_validate(GOOD)
    assert (alert.wait, alert.at) == ("5m", "30m")


@pytest.mark.parametrize("missing", ["fires", "quiet", "runbook", "expr", "summary", "severity"])
def test_without_one_of_these_it_is_refused(missing: str) -> None:
    with pytest.raises(ValidationError, match=missing):
        Alert.model_validate({key: value for key, value in GOOD.items() if key != missing})


@pytest.mark.parametrize(
    ("key", "value"),
    [("fires", []), ("quiet", []), ("severity", "info"), ("expr", ""), ("name", "slot_full"), ("name", "Slot full")],
)
def test_what_could_not_be_tested_or_told_is_refused(key: str, value: Any) -> None:
    with pytest.raises(ValidationError, match=key):
        Alert.model_validate({**GOOD, key: value})
