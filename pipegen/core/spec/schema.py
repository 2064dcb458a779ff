"""JSON Schema of pipegen.yml, for editors and for ``pipegen schema``."""

from __future__ import annotations

import json
from typing import Any

from pipegen.core.spec.model import PipelineSpec

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def document() -> dict[str, Any]:
    """The JSON Schema as plain values."""
    schema = PipelineSpec.model_json_schema(by_alias=True)
    schema["title"] = "pipegen.yml"
    return {"$schema": DIALECT, **schema}


def text() -> str:
    """The JSON Schema as text, one spelling of it for ever."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"
