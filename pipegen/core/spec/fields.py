"""The fields of the spec: text that is checked on the way in.

Units stay text here, as people wrote them; the design reads them by ``pipegen.core.units``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

from pipegen.core import units
from pipegen.core.sql import expression_problem


def _checked(parse: Callable[[str], object]) -> Callable[[str], str]:
    def check(text: str) -> str:
        parse(text)
        return " ".join(text.split())

    return check


def _expression(text: str) -> str:
    problem = expression_problem(text)
    if problem:
        raise ValueError(f"this is not a SQL expression that can be tested: {problem}")
    return text.strip()


def _printable(text: str) -> str:
    bad = next((c for c in text if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t"), None)
    if bad:
        raise ValueError(f"it has the control character {ascii(bad)[1:-1]}")
    return text


def _env_name(text: str) -> str:
    if not re.fullmatch(ENV_NAME, text):
        raise ValueError("this must be the name of an environment variable, never the value: letters, digits and `_`")
    return text


def _text(check: Callable[[str], str], pattern: str, *examples: str) -> Any:
    """Checked text: what an editor can tell by a pattern is in the JSON Schema, the rest is told on loading."""
    return [AfterValidator(check), WithJsonSchema({"type": "string", "pattern": pattern, "examples": list(examples)})]


def none_for_empty(value: Any) -> Any:
    """An empty mapping says nothing."""
    return None if value == {} else value


def number_as_text(value: Any) -> Any:
    """A number as the text that it is written by."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


ENV_NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
_NUMBER = r"\d[\d_,]*(\.\d+)?"


Duration = Annotated[str, *_text(_checked(units.duration), r"^(\s*\d+(\.\d+)?\s*[smhdwSMHDW])+\s*$", "15m", "2h", "1d")]
Volume = Annotated[
    str, *_text(_checked(units.volume), rf"^\s*{_NUMBER}\s*[A-Za-z ]+/\s*[A-Za-z]+\s*$", "2M rows/day", "40 GB/day")
]
_BYTES = rf"^\s*{_NUMBER}\s*[kKmMgGtT]?[bB]\s*$"
Size = Annotated[str, *_text(_checked(units.size), rf"^\s*{_NUMBER}\s*[A-Za-z ]+\s*$", "3.2M rows", "40 GB")]
Bytes = Annotated[str, *_text(_checked(units.bytes_), _BYTES, "250 B", "40 GB")]
RequestRate = Annotated[
    str, *_text(_checked(units.request_rate), rf"^\s*{_NUMBER}\s*[A-Za-z ]+/\s*[A-Za-z]+\s*$", "100 requests/minute")
]
TimeOfDay = Annotated[str, *_text(_checked(units.time_of_day), r"^\s*([01]?\d|2[0-3]):[0-5]\d\s*$", "06:00")]
Factor = Annotated[str, *_text(_checked(units.factor), r"^\s*\d+(\.\d+)?\s*[xX]\s*$", "4x")]
Share = Annotated[str, *_text(_checked(units.share), r"^\s*\d+(\.\d+)?\s*%\s*$", "99%", "99.9%")]
Growth = Annotated[str, *_text(_checked(units.growth), r"^\s*-?\d+(\.\d+)?\s*%\s*/\s*[A-Za-z]+\s*$", "5%/month")]
Expression = Annotated[str, AfterValidator(_expression), Field(max_length=2000)]
EnvName = Annotated[str, *_text(_env_name, ENV_NAME, "ALERT_WEBHOOK_URL")]
Text = Annotated[str, Field(max_length=2000), AfterValidator(_printable)]
Name = Annotated[str, Field(min_length=1, max_length=200)]

Deletes = Literal["ignore", "soft", "hard"]
History = Literal["none", "scd2", "daily", "every-change"]
Treatment = Literal["mask", "tokenise", "drop", "keep"]
NewColumn = Literal["discard", "freeze"]
LostColumn = Literal["freeze", "discard"]
ChangedType = Literal["freeze", "discard_row"]


class Model(BaseModel):
    """Unknown keys are errors; nothing is changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
