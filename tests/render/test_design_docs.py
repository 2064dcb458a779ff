"""The pages that say why a pipeline is as it is: architecture, decision records, schedule, and design.html for stakeholders."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pipegen.core.blueprint import Blueprint
from pipegen.core.design.decision import Alternative, Decision, Figure, Flip, OpenQuestion, PriceTier, Record, Sizing
from pipegen.core.design.model import Design
from pipegen.core.design.pages import pages
from pipegen.render.renderer import render
from pipegen.store.blueprints import BlueprintStore
from tests.render.designs import decided, design, extract, source, table
from tests.render.test_hostile import texts

VOID = {"meta", "link", "br", "hr", "img", "input", "col", "wbr"}
ORDER = ["Status", "Context", "Decision", "Because", "Alternatives", "When to look again"]


@cache
def project() -> Blueprint:
    store = BlueprintStore()
    return store.find("project", store.versions()["project"][-1]).load()


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("compiled")


def docs(made: Design, consumers: Sequence[str] = (), cache: Path | None = None) -> dict[str, str]:
    """The text of every Markdown and HTML file of the `project` blueprint, by path."""
    tree = render([project()], made, context={"pages": pages(made, consumers)}, cache=cache)
    return {file.path: file.content.decode() for file in tree if file.path.endswith((".md", ".html"))}


class Page(HTMLParser):
    """A page, read: its tags in order, texts, attributes; it refuses one that is not well formed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open and self._open[-1] == tag, f"</{tag}> closes {self._open[-1:]}"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self.texts.append((self._open[-1] if self._open else "", data))

    def text(self, tag: str = "") -> str:
        """What a reader sees, all of it or that of one tag, blanks squeezed."""
        seen = "".join(t for at, t in self.texts if at != "style" and (not tag or at == tag))
        return " ".join(seen.split())


def cells(markdown: str) -> list[list[str]]:
    """The rows of all tables, each as the texts of its cells."""
    rows: list[list[str]] = []
    for token in MarkdownIt("gfm-like", {"linkify": False}).parse(markdown):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and rows and token.level >= 4:
            rows[-1].append("".join(child.content for child in token.children or []))
    return rows


def headings(markdown: str) -> list[str]:
    return re.findall(r"^## (.+)$", markdown, re.MULTILINE)


# The page for stakeholders


def test_the_page_needs_nothing_but_itself() -> None:
    text = docs(decided())["docs/design.html"]
    page = Page(text)
    assert not {"script", "link", "img", "iframe", "object", "base", "form"} & set(page.tags)
    targets = [value for _, name, value in page.attributes if name in ("href", "src", "action", "srcset")]
    assert all(re.fullmatch(r"#[a-z]+|[\w./-]+\.md", target) for target in targets), targets
    assert "url(" not in text and "@import" not in text and "//" not in text.replace("<!--", "")
    assert ("meta", "content", "default-src 'none'; style-src 'unsafe-inline'") in page.attributes


def test_the_page_is_for_readers_of_every_kind() -> None:
    text = docs(decided())["docs/design.html"]
    page = Page(text)
    assert ("html", "lang", "en") in page.attributes
    assert ("meta", "content", "width=device-width, initial-scale=1") in page.attributes
    for needed in ("prefers-color-scheme: dark", "@media print", ":focus-visible", "prefers-reduced-motion"):
        assert needed in text
    levels = [int(tag[1]) for tag in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels)), levels
    assert {"header", "nav", "main", "footer"} <= set(page.tags)
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    labels = [value for _, name, value in page.attributes if name == "aria-labelledby"]
    links = [value[1:] for _, name, value in page.attributes if name == "href" and value.startswith("#")]
    assert set(labels + links) <= set(ids)


def test_the_page_tells_the_whole_design() -> None:
    page = Page(docs(decided(), ("dashboards",))["docs/design.html"])
    text = page.text()
    for said in (
        "shop_files",
        "files, 2 tables",
        "2 full",
        "every 30 min",
        "at most 1h old when it is read",
        "dashboards",
        "In batches, in small batches, or as a stream?",
        "more runs than the freshness asks for",
        "flips to frequent-batch below 1h",
        "A person chose watermark for shop_files.customers: the DBA rebuilds updated_at every Sunday",
        "and 3 more",
        "60 min - 30 min interval - 3 min run - 15 min retries",
        "1,440 min a month",
        "who is on call, at night",
        "as asked for",
        "a demand is missed",
        "not built yet",
        "120 EUR",
        "How much is new or changed in a day?",
        "select count(*) from orders where updated_at > current_date - 1",
    ):
        assert said in text, said
    assert page.text("title") == "shop: design of the pipeline"


def test_money_is_told_only_where_there_are_prices() -> None:
    free = tuple(replace(tier, money="") for tier in decided().prices)
    assert "Cost" in Page(docs(decided())["docs/design.html"]).text("th")
    assert "Cost" not in Page(docs(decided(prices=free))["docs/design.html"]).text("th")


def test_parts_that_have_nothing_to_say_are_not_there() -> None:
    page = Page(docs(design())["docs/design.html"])
    assert [value for _, name, value in page.attributes if name == "id" and "-" not in value] == ["flow"]
    assert "whoever queries the warehouse" in page.text()


def shaped(text: str) -> Design:
    """The decided design with a text wherever one comes from people, databases or rules."""
    flip = Flip(text, text, text, ((text, text),))
    one = Decision(
        f"{text}.extract", text, (text,), text, f"{text} (H)", (Alternative(text, text),), None, True, (flip,), text
    )
    made = decided()
    return replace(
        made,
        pipeline=replace(made.pipeline, description=text, owner=text),
        sources=tuple(replace(s, name=text) for s in made.sources),
        decisions=(one,),
        records=(Record("0005-extract", 5, text, text, (one, replace(one, id=f"{text}.b.extract")), 1),),
        sizing=(Sizing(text, (Figure("slack_seconds", text, 1, "s", text, text),)), Sizing("", ())),
        prices=(PriceTier(text, text, 1, 1, 1, text, text, True, True, True),),
        open_questions=(OpenQuestion(text, text, (text,), text),),
    )


@cache
def ordinary() -> dict[str, str]:
    return docs(shaped("x"))


@given(texts.filter(lambda text: text.strip() and "`" not in text))
@settings(deadline=None, max_examples=40)
def test_no_text_becomes_markup(compiled: Path, text: str) -> None:
    made = docs(shaped(text), cache=compiled)
    page = Page(made["docs/design.html"])
    assert page.tags == Page(ordinary()["docs/design.html"]).tags
    assert " ".join(text.split()) in page.text()
    for path in (
        "docs/architecture.md",
        "docs/schedule.md",
        "docs/decisions/0005-extract.md",
        "docs/decisions/README.md",
    ):
        assert [len(row) for row in cells(made[path])] == [len(row) for row in cells(ordinary()[path])], path
        assert headings(made[path]) == headings(ordinary()[path]), path


@given(st.text(alphabet="`ab |<*", min_size=1, max_size=12).filter(str.strip))
@settings(deadline=None, max_examples=40)
def test_backticks_make_code_and_nothing_else(compiled: Path, text: str) -> None:
    made = docs(shaped(text), cache=compiled)
    extra = [tag for tag in Page(made["docs/design.html"]).tags if tag != "code"]
    assert extra == [tag for tag in Page(ordinary()["docs/design.html"]).tags if tag != "code"]
    path = "docs/decisions/0005-extract.md"
    assert [len(row) for row in cells(made[path])] == [len(row) for row in cells(ordinary()[path])]


# Decision records


def test_there_is_one_file_a_record_and_an_index() -> None:
    made = docs(decided())
    records = sorted(path for path in made if path.startswith("docs/decisions/"))
    assert records == ["docs/decisions/0001-mode.md", "docs/decisions/0005-extract.md", "docs/decisions/README.md"]
    assert "[5. How each table is read](0005-extract.md)" in made["docs/decisions/README.md"]
    assert "(docs/decisions/README.md)" in made["README.md"]


def test_a_design_without_records_has_no_folder_for_them() -> None:
    made = docs(design())
    assert not [path for path in made if path.startswith("docs/decisions/")]
    assert "docs/decisions" not in made["README.md"]


def test_a_record_has_the_usual_form() -> None:
    made = docs(decided())
    text = made["docs/decisions/0005-extract.md"]
    assert text.startswith("# 5. How each table is read\n\n## Status\n\nAccepted. One choice was made by a person.\n")
    assert headings(text) == ORDER
    rows = cells(text)
    assert ["shop_files.orders", "3,214,000 rows, read in about 54 s; deletes: soft"] in rows
    assert ["shop_files.customers", "watermark"] in rows
    assert "3 more are not listed here" in text
    assert "chose `watermark` for shop_files.customers: the DBA rebuilds updated_at every Sunday" in text
    assert "\n\n\n" not in text


def test_what_was_not_chosen_and_when_it_flips_stand_with_the_command_that_tries_it() -> None:
    rows = cells(docs(decided())["docs/decisions/0005-extract.md"])
    assert ["cdc", "shop_files.orders", "a log to watch, for deletes that nobody asked for"] in rows
    [command] = [row[2] for row in rows if row[1:2] == ["flips to cdc below a freshness of 5m"]]
    assert shlex.split(command) == ["pipegen", "plan", "--set", "defaults.freshness=4m59s"]
    assert ["shop_files.orders", "flips to watermark above 72 M rows, now 3.2 M", "-"] in rows


def test_a_heuristic_is_explained_where_there_is_one() -> None:
    sourced = (replace(extract("shop_files.orders"), source="DuckDB's published runs"),)
    record = replace(decided().records[1], decisions=sourced, more=0)
    without = docs(decided(records=(record,)))["docs/decisions/0005-extract.md"]
    assert "(H)" not in without
    assert ["extract.full", "shop_files.orders", "DuckDB's published runs"] in cells(without)
    with_one = docs(decided())["docs/decisions/0005-extract.md"]
    assert "(H) marks a heuristic" in with_one
    assert ["extract.full", "shop_files.orders", "experience (H)"] in cells(with_one)


def test_a_choice_that_is_the_same_for_all_stands_once() -> None:
    same = tuple(extract(f"shop_files.{name}") for name in ("orders", "customers"))
    record = replace(decided().records[1], decisions=same)
    assert ["all of these", "full"] in cells(docs(decided(records=(record,)))["docs/decisions/0005-extract.md"])


def test_a_record_that_nothing_would_change_says_so() -> None:
    alone = (replace(extract("shop_files.orders"), flips=(), alternatives=()),)
    text = docs(decided(records=(replace(decided().records[1], decisions=alone),)))["docs/decisions/0005-extract.md"]
    assert headings(text) == [heading for heading in ORDER if heading != "Alternatives"]
    assert "Nothing that is watched here would change it." in text


# Architecture and schedule


def two_sources(**changes: Any) -> Design:
    files = source("shop_files", (table("orders"), table("events", load="append")))
    crm = source("crm", (table("people", "crm"),), kind="sqlite", schedule="0 6 * * *", freshness="1d")
    return replace(decided(), sources=(files, crm), **changes)


def test_the_diagram_has_sources_schedules_freshness_engines_and_readers() -> None:
    text = docs(two_sources(), ("dashboards", "reports"))["docs/architecture.md"]
    diagram = text.split("```mermaid\n", 1)[1].split("```", 1)[0]
    for line in (
        'source_shop_files[("shop_files<br/>files, 2 tables")]',
        'source_shop_files -->|"every 30 min: 1 full, 1 append<br/>at most 1h old when it is read"| raw_shop_files',
        'source_crm[("crm<br/>SQLite, 1 table")]',
        'source_crm -->|"daily at 06:00: 1 full<br/>at most 1d old when it is read"| raw_crm',
        'subgraph shop_crm["shop_crm: dlt"]',
        'subgraph shop_transform["shop_transform: dbt on DuckDB"]',
        'check_marts --> reads_dashboards(["dashboards"])',
        'check_marts --> reads_reports(["reports"])',
    ):
        assert f"    {line}\n" in diagram, line
    assert "reads_" not in docs(two_sources())["docs/architecture.md"]


def test_sizing_stands_with_its_arithmetic() -> None:
    rows = cells(docs(decided())["docs/architecture.md"])
    assert ["shop_files", "rows a run", "12,400 rows", "118,000 rows/day x 2.5 h / 24 h"] in rows
    assert ["the whole", "compute", "1,440 min a month", "48 runs/day x 1 min x 30 days"] in rows


def test_choices_point_at_their_records() -> None:
    made = docs(decided())
    rows = cells(made["docs/architecture.md"])
    assert [
        "extract",
        "full",
        "shop_files.orders",
        "3,214,000 rows, read in about 54 s; deletes: soft",
        "0005-extract",
    ] in rows
    assert ["engine", "duckdb", "the whole pipeline", "a run scans at most 100 GB", ""] in rows
    links = re.findall(r"\]\((decisions/[^)]+)\)", made["docs/architecture.md"])
    assert links and {f"docs/{link}" for link in links} <= made.keys()


def test_what_is_not_known_is_asked() -> None:
    text = docs(decided())["docs/architecture.md"]
    assert "How much is new or changed in a day? (`sources.shop_files.volume`)" in text
    assert "Not known yet" not in docs(decided(open_questions=()))["docs/architecture.md"]


def test_the_schedule_says_the_time_to_spare_and_draws_a_day() -> None:
    text = docs(two_sources())["docs/schedule.md"]
    slack = "60 min - 30 min interval - 3 min run - 15 min retries"
    assert ["shop_files", "1h", "every 30 min", "12 min", slack] in cells(text)
    assert ["crm", "1d", "daily at 06:00", "-", "-"] in cells(text)
    day = text.split("```text\n", 1)[1].split("```", 1)[0].splitlines()
    assert [line.split()[0] for line in day] == ["UTC", "shop_shop_files", "shop_crm"]
    assert "A day" not in headings(docs(design((source(schedule="continuous"),)))["docs/schedule.md"])


@pytest.mark.parametrize("made", [design(), decided(), two_sources()], ids=["bare", "decided", "two sources"])
def test_links_between_the_pages_lead_somewhere(made: Design) -> None:
    files = docs(made)
    for path in (p for p in files if p.startswith("docs/")):
        folder = path.rsplit("/", 1)[0]
        found = re.findall(r'(?:\]\(|href=")([\w./-]+\.(?:md|html))[)"]', files[path])
        inside = [f"{folder}/{link}" for link in found if not link.startswith("../")]
        assert set(inside) <= files.keys(), path
