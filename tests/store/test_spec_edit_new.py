"""An edited pipegen.yml that nobody laid out otherwise is, byte for byte, what a new one would be."""

from __future__ import annotations

from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipegen.core.errors import SpecError
from pipegen.core.spec import write
from pipegen.core.spec.load import load
from pipegen.core.spec.model import PipelineSpec
from pipegen.store.spec_edit import Edit, Put, Remove, Rename, edited, with_edits
from tests.core.specs import MART, REAL_NAME, RULE, SOURCE, SPEC, TABLE, TEXT

NEW: dict[tuple[str, ...], st.SearchStrategy[Any]] = {
    ("description",): TEXT,
    ("owner",): st.sampled_from(["data-team", "Team: Ä"]),
    ("catalog",): st.sampled_from(["1.0", "1.1", "next"]),
    ("defaults", "freshness"): st.sampled_from(["5m", "90s"]),
    ("defaults", "most_deleted"): st.just("3%"),
    ("defaults", "schema_contract", "new_column"): st.just("freeze"),
    ("sources", "added"): SOURCE,
    ("marts",): st.dictionaries(st.just("m"), MART, max_size=1),
    ("marts", "added"): MART,
    ("destination", "kind"): st.sampled_from(["duckdb", "postgres"]),
    ("alerts", "email"): st.just(["b@example.com"]),
    ("alerts", "slack"): st.just("#other"),
    ("slo", "window"): st.just("7d"),
    ("ci",): st.just("none"),
    ("overrides", "a.b.extract"): st.fixed_dictionaries({"choice": TEXT, "because": TEXT}),
    ("answers", "dbt", "threads"): st.integers(1, 20),
    ("answers", "dlt"): st.just({"a": "x" * 60, "b": "y" * 60}),
}
OF_SOURCE: dict[str, st.SearchStrategy[Any]] = {
    "freshness": st.just("3h"), "volume": st.just("9M rows/day"), "peak": st.just("9x"), "was": REAL_NAME, "tables": st.just({"t": {}}),
}  # fmt: skip
OF_TABLE: dict[str, st.SearchStrategy[Any]] = {
    "key": st.lists(REAL_NAME, max_size=2), "watermark": REAL_NAME, "freshness": st.just("3h"), "was": REAL_NAME,
    "rules": st.lists(RULE, min_size=1, max_size=2), "columns": st.just({"email": "mask"}), "description": TEXT,
}  # fmt: skip


def loaded(data: dict[str, Any]) -> PipelineSpec:
    try:
        return load(data)
    except SpecError:
        assume(False)
        raise


@st.composite
def edits(draw: st.DrawFn, values: dict[str, Any]) -> Edit:
    """An edit that update, add or rename may make."""
    source = draw(st.sampled_from(list(values["sources"])))
    tables = list(values["sources"][source].get("tables") or {})
    choices = [st.sampled_from(list(NEW)).flatmap(lambda at: NEW[at].map(lambda value: Put(at, value)))]
    choices += [
        st.sampled_from(list(OF_SOURCE)).flatmap(
            lambda key: OF_SOURCE[key].map(lambda value: Put(("sources", source, key), value))
        ),
        TABLE.map(lambda value: Put(("sources", source, "tables", "added"), value)),
        st.just(Rename(("sources", source), "renamed")),
    ]
    if tables:
        at = ("sources", source, "tables", draw(st.sampled_from(tables)))
        choices += [
            st.sampled_from(list(OF_TABLE)).flatmap(
                lambda key: OF_TABLE[key].map(lambda value: Put((*at, key), value))
            ),
            st.sampled_from(["renamed", "x" * 110]).map(lambda name: Rename(at, name)),
            *(st.just(Remove((*at, key))) for key in values["sources"][source]["tables"][at[-1]]),
        ]
    choices += [
        st.just(Put(("marts", mart, "from"), ["x"] if said["kind"] == "custom" else "x"))
        for mart, said in (values.get("marts") or {}).items()
    ]
    choices += [st.just(Rename(("overrides", key), "a.b.write")) for key in values.get("overrides", ())]
    return draw(st.one_of(choices))


def said(values: Any, parts: tuple[str, ...]) -> Any:
    """A value as a new file says it; what it does not say is no edit for this test."""
    for part in parts:
        assume(part in values)
        values = values[part]
    return values


@settings(max_examples=400)
@given(SPEC, st.data())
def test_an_edited_file_is_what_a_new_one_would_be(data: dict[str, Any], draw: st.DataObject) -> None:
    before = loaded(data)
    values = write.plain(before)
    change = draw.draw(edits(values))
    after = loaded(with_edits(values, [change]))
    if isinstance(change, Put):
        change = Put(change.parts, said(write.plain(after), change.parts))
    assume(with_edits(values, [change]) == write.plain(after))
    text, wanted = write.text(before), write.text(after)
    made = edited(text.encode(), [change]).decode()
    if len(wanted.splitlines()) < len(made.splitlines()):  # it would fit on one line now, and is left as it stood
        return
    assert made == wanted, (change, text)
