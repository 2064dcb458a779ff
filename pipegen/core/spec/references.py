"""What marts say of tables, kept true: where a table has another name now, or its bare name has become another's too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pipegen.core.spec import model as m

Tables = Mapping[str, Sequence[str]]
"""Names of tables, by the name of their source."""
Place = tuple[str, str]
"""A source and a table of it."""


def rewritten(
    marts: Mapping[str, m.MartSpec], before: Tables, after: Tables, moved: Mapping[Place, Place]
) -> dict[tuple[str, ...], str]:
    """The references that must be written otherwise to mean the same table, by their addresses.

    ``moved`` are the tables that have another place after. A bare name stays bare where it still means the one table. What
    means no table before stays as it is, for the design to say so.
    """
    old, new = _index(before), _index(after)
    found: dict[tuple[str, ...], str] = {}
    for name, mart in marts.items():
        marts_first = isinstance(mart, m.AggregateMart | m.CustomMart)
        own = old.get(mart.from_) if isinstance(mart, m.FactMart) else None
        own_after = moved.get(own, own) if own else None
        for address, text in _references(name, mart):
            if marts_first and text in marts:
                continue
            beside = own if address[2] == "dimensions" else None
            table = _meant(text, old, beside)
            if table is None:
                continue
            wanted = moved.get(table, table)
            forms = [text, _full(wanted)] if text == _full(table) else [text, wanted[1], _full(wanted)]
            beside = own_after if address[2] == "dimensions" else None
            right = (f for f in forms if _meant(f, new, beside) == wanted and not (marts_first and f in marts))
            written = next(right, _full(wanted))
            if written != text:
                found[address] = written
    return found


def _references(name: str, mart: m.MartSpec) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(mart, m.CustomMart):
        for i, text in enumerate(mart.from_):
            yield ("marts", name, "from", str(i)), text
        return
    yield ("marts", name, "from"), mart.from_
    if isinstance(mart, m.FactMart):
        for i, text in enumerate(mart.dimensions):
            yield ("marts", name, "dimensions", str(i)), text


def _index(tables: Tables) -> dict[str, Place | None]:
    """Tables by every name that a mart may call them by; None where several have it."""
    index: dict[str, Place | None] = {}
    for source, its in tables.items():
        for table in its:
            index[table] = None if table in index else (source, table)
            index[_full((source, table))] = (source, table)
    return index


def _meant(text: str, index: Mapping[str, Place | None], beside: Place | None) -> Place | None:
    """The table that a text means; a dimension's may be one of the same source as its fact."""
    found = index.get(text)
    return found or (index.get(f"{beside[0]}.{text}") if beside else None)


def _full(place: Place) -> str:
    return f"{place[0]}.{place[1]}"
