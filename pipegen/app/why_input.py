"""What the files are that nothing rendered and that are pipegen's all the same: the inputs, and the records in ``.pipegen/``."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pipegen.app.last_render import last_render
from pipegen.app.why_moved import Moved, moved
from pipegen.core.design.decision import Decision
from pipegen.core.errors import PipegenError, UsageError
from pipegen.core.lock import BASE_FOLDER, LOCK_PATH, Lock
from pipegen.core.spec.load import Address, dotted
from pipegen.core.spec.template import is_template_spec
from pipegen.store import workspace, yaml_file
from pipegen.store.worktree import Folder

_RECORDS = (
    (LOCK_PATH, "what was rendered last, from what, and every decision that was accepted"),
    (f"{BASE_FOLDER}/", "the files as they were rendered, which an update merges your edits against"),
    (".pipegen/schema.json", "the JSON Schema of pipegen.yml, for the editor"),
    (".pipegen/.gitignore", "which of pipegen's records are committed"),
    (".pipegen/conflicts/", "the versions of a file in conflict that lie aside; gone once it is resolved"),
    (".pipegen/", "what pipegen needs to complete an update, or to take it back"),
)


@dataclass(frozen=True)
class InputWhy:
    """An input or a record: what it is in a sentence, and of a line of an input the value there and what it bears on.

    ``following`` are the decisions that follow from one that a person took in this line.
    """

    kind: Literal["input", "measurement", "record"]
    says: str
    address: Address | None = None
    value: Any = None
    line: int | None = None
    decisions: tuple[Decision, ...] = ()
    following: tuple[Decision, ...] = ()

    def document(self) -> dict[str, Any]:
        line = None
        if self.line is not None and self.address is not None:
            line = {
                "number": self.line, "address": dotted(self.address), "value": self.value,
                "decisions": [{"id": d.id, "choice": d.choice} for d in self.decisions],
                "following": [{"id": d.id, "choice": d.choice} for d in self.following],
            }  # fmt: skip
        return {"kind": self.kind, "says": self.says, "line": line}


def what(root: Path, lock: Lock, path: str, line: int | None) -> InputWhy | None:
    """What an input or a record is; None for any other file.

    Raises:
        UsageError: a line that it does not have.
    """
    content = Folder(root).read(path)
    if content is None:
        return None
    for start, says in _RECORDS:
        if path == start or (start.endswith("/") and path.startswith(start)):
            return InputWhy("record", f"a record: {says}; written by pipegen alone")
    if path != workspace.SPEC_FILE and path not in lock.inputs:
        return None
    document = yaml_file.parse(content, path)
    found = _input(document, path)
    return found if line is None else _at(root, lock, found, document, content, line)


def _input(document: yaml_file.Document, path: str) -> InputWhy:
    if path != workspace.SPEC_FILE:
        name = path.removeprefix("sources/").removesuffix(".yml")
        says = f"an input: what the probe measured of source `{name}`; `pipegen update --probe` measures again"
        return InputWhy("measurement", says)
    if is_template_spec(document.values):
        says = "an input: the template, and the answers to its variables; edit it, then `pipegen update`"
    else:
        says = "an input: what people said of the pipeline; edit it, then `pipegen update`"
    return InputWhy("input", says)


def _at(root: Path, lock: Lock, found: InputWhy, document: yaml_file.Document, content: bytes, line: int) -> InputWhy:
    """The value on a line, and the decisions that it bears on."""
    count = len(content.splitlines())
    if not 1 <= line <= count:
        raise UsageError(f"`{document.name}` has no line {line}", hint=f"it has {count}")
    there = [address for address, at in document.lines.items() if at == line and address]
    if not there:
        return found
    address = min(there, key=len)  # `orders: {deletes: soft}` is the table
    value: Any = document.values
    for part in address:
        value = value[part]
    bears = Moved()
    if not is_template_spec(document.values):
        with suppress(PipegenError):  # edited since into what cannot be designed: what it is, is said all the same
            bears = moved(last_render(root, lock), document.name, address)
    return InputWhy(found.kind, found.says, address, value, line, bears.decisions, bears.following)
