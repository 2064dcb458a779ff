"""Which kinds of source a set of blueprints can load: an older catalog renders nothing that reads a newer kind.

What no blueprint of any catalog reads is the architect's to refuse, with the nearest designs.
"""

from __future__ import annotations

from collections.abc import Iterable

from pipegen.core.blueprint import Manifest
from pipegen.core.errors import Problem, SpecError
from pipegen.core.spec.load import Locate, where
from pipegen.core.spec.model import PipelineSpec

BEFORE_SAID = frozenset({"files", "postgres", "sample", "sqlite"})
"""What blueprints of every catalog read: those released before a manifest could say it, too."""


def refuse_unread(spec: PipelineSpec, manifests: Iterable[Manifest], locate: Locate) -> None:
    """Refuse sources of a kind that is built, and that no blueprint of the spec's catalog reads.

    Raises:
        SpecError: with every one of them.
    """
    said = BEFORE_SAID.union(*(manifest.reads for manifest in manifests))
    unread = {name: source for name, source in spec.sources.items() if source.kind not in said}
    if not unread:
        return
    from pipegen.core.design.built import KINDS  # with the design, which a run with nothing to do has no use for

    problems = [
        Problem(
            f"source `{name}` is of kind `{source.kind}`, which the blueprints of catalog {spec.catalog} do not read",
            where(("sources", name, "kind"), locate),
            "`pipegen blueprints list` shows the catalogs; leave `catalog` out for the newest",
        )
        for name, source in unread.items()
        if source.kind in KINDS
    ]
    if problems:
        raise SpecError(problems)
