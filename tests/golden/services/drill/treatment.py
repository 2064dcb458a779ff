"""What personal data must look like in the warehouse, by the plain description of it: a mask, or a keyed token."""

import hmac
from typing import Any

from drill.declared import Column

# The keys of the drill: the pipeline is given one of them in PIPELINE_TOKEN_KEY.
VARIABLE = "PIPELINE_TOKEN_KEY"
TOKEN_KEY = "drill: the first key of tokens"
NEXT_TOKEN_KEY = "drill: the key after a rotation"


def treated(column: Column, value: Any, key: str) -> Any:
    if value is None or not column.treatment:
        return value
    if column.treatment == "mask":
        return "***"
    digest = hmac.new(key.encode(), str(value).encode(), "sha256").hexdigest()
    return f"tok_{digest[:32]}"
