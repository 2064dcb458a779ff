"""An update of a repository that one plain cookiecutter template renders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipegen.app import generate, template
from pipegen.app.render_update import Progress, Rendering
from pipegen.core.lock import Lock
from pipegen.core.spec import template as template_spec
from pipegen.store import workspace, yaml_file
from pipegen.store.spec_edit import Put, Remove, edited


@dataclass(frozen=True)
class FromTemplate:
    """The inputs of a template's repository as they are to be, read."""

    prepared: template.Prepared
    trust: bool

    @property
    def input(self) -> str:
        """The digest of all that the render depends on."""
        return self.prepared.input

    def render(
        self, lock: Lock, before: Mapping[str, bytes] | None, accept: frozenset[str], progress: Progress
    ) -> Rendering:
        """Render anew; a template decides nothing, so that ``before`` and ``accept`` do not matter.

        Raises:
            BlueprintError: the template runs code and nobody vouches for it, or it does not render.
        """
        progress("rendering")
        made = template.rendered(self.prepared, trust=self.trust, before=lock)
        records = {**generate.standing_records(), generate.SCHEMA_PATH: template_spec.schema_text().encode()}
        changes = tuple(Put(change.parts, change.value) for change in made.changes)
        return Rendering(made.tree, made.lock, records, notes=made.notes, changes=changes)


def read_template(
    root: Path, raw: bytes, *, sets: Sequence[tuple[str, Any]], to: str | None, trust: bool, cwd: Path
) -> tuple[bytes, FromTemplate]:
    """pipegen.yml with what was asked put into it, and the template that it names, fetched again.

    Raises:
        SpecError: everything that is wrong with pipegen.yml, or with what was asked.
        BlueprintError: the template cannot be fetched or read.
        UsageError: ``to`` is neither a path nor a ref.
    """
    document = yaml_file.parse(raw, workspace.SPEC_FILE)
    made = template.prepared(document.values, root, document.locate, to=to, cwd=cwd, refresh=True)
    changes = [*made.changes, *(template.assigned(made, sets) if sets else ())]
    if not changes:
        return raw, FromTemplate(made, trust)
    text = edited(raw, [Remove(c.parts) if c.value is None else Put(c.parts, c.value) for c in changes])
    document = yaml_file.parse(text, workspace.SPEC_FILE)
    again = template.prepared(document.values, root, document.locate, cwd=cwd, known=made)
    return text, FromTemplate(replace(again, notes=tuple(dict.fromkeys((*made.notes, *again.notes)))), trust)
