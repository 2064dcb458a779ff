"""``make report`` in a generated repository: the page is drawn from what real runs wrote down, with the plots of its own environment."""

from __future__ import annotations

import re
import subprocess
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests import engines, golden_trees

pytestmark = pytest.mark.monitoring

MOST_BYTES = 2_000_000
# Two loads a day for sixty days; none for three of them, one table lost rows, one load could not reach the source.
HISTORY = """
from ingest import ledger
with ledger.open_warehouse() as db:
    days = "(SELECT now() - k * INTERVAL '12 hours' AS moment, k FROM generate_series(1, 120) AS g(k)) AS g"
    db.execute(f'''INSERT INTO ops.loads SELECT 'r' || k, l.source, l."table", 'full', g.moment, NULL, NULL, 1.5, 1, 1000 - k,
        990 - k, 10, 0, 0 FROM ops.loads AS l CROSS JOIN {days} WHERE k NOT BETWEEN 20 AND 25''')
    db.execute('''INSERT INTO ops.reconciliation SELECT run_id, now(), 'source -> raw', source, "table", 'whole table', 10, 7, '{}',
        false FROM ops.loads WHERE "table" = 'orders' AND run_id = 'r1' ''')
    db.execute('''INSERT INTO ops.failures SELECT 'broken', source, "table", now(), 'load', 'source_down' FROM ops.loads
        WHERE "table" = 'customers' AND run_id = 'r1' ''')
"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("report") / "shop"
    golden_trees.write(golden_trees.planned("shop"), root, with_base=False)
    engines.give_environments(root)
    return root


class Page(HTMLParser):
    """What a page links to, its plots' descriptions, and whether each element is closed."""

    def __init__(self, text: str):
        super().__init__()
        self.links: list[str] = []
        self.described: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.links += [value for name in ("href", "src", "xlink:href") if (value := values.get(name))]
        if values.get("role") == "img":
            self.described.append(values.get("aria-label") or "")
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def reported(root: Path) -> str:
    done = engines.make(root, "report")
    assert done.returncode == 0, engines.output(done)
    assert "wrote data/demo-report.html" in done.stdout
    return (root / "data" / "demo-report.html").read_text(encoding="utf-8")


def check_alone(text: str, root: Path) -> Page:
    """The page is whole, opens from disk, and asks for nothing but the runbooks that are there."""
    page = Page(text)
    assert page.open == []
    for link in page.links:
        assert link.startswith("#") or (root / "data" / link).is_file(), link
    assert not re.search(r"<script|<link|<img|url\(|@import|xlink", text)
    assert len(text.encode()) < MOST_BYTES
    return page


def plots(text: str) -> list[ET.Element]:
    return [ET.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", text, re.DOTALL)]


def test_a_warehouse_with_no_run_has_a_page(repository: Path) -> None:
    text = reported(repository)
    check_alone(text, repository)
    assert "Nothing has been loaded yet" in text


def test_a_run_and_then_a_history_are_plotted(repository: Path) -> None:
    done = engines.make(repository, "demo")
    assert done.returncode == 0, engines.output(done)
    text = reported(repository)
    check_alone(text, repository)
    assert "All is well" in text
    written = subprocess.run(
        ["sh", "scripts/env.sh", "demo", "python", "-c", HISTORY],
        cwd=repository, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert written.returncode == 0, written.stderr
    text = reported(repository)
    page = check_alone(text, repository)
    for said in (
        "The source cannot be reached",
        "Rows differ from one hop to the next",
        "The budget for late data is spent",
    ):
        assert said in text
    assert "../runbooks/reconciliation.md" in page.links
    drawn = plots(text)
    assert len(drawn) == len(page.described) > 20 and all(page.described)
    late = text.split('id="freshness"')[1].split('id="volumes"')[0]
    first = plots(late)[0]
    assert len(first.findall(".//path[@fill='var(--bad)']")) >= 2, "the days with no load are above the line"
    assert len(first.findall(".//path[@fill='var(--ok)']")) >= 50
    assert not re.search(r'(?:fill|stroke)="#', text), "colours are the page's own"


def test_a_warehouse_that_cannot_be_asked_is_told_and_leaves_the_page_as_it_was(repository: Path) -> None:
    before = reported(repository)
    warehouse = repository / "data" / "demo.duckdb"
    aside = warehouse.rename(warehouse.with_suffix(".aside"))
    warehouse.write_bytes(b"not a warehouse" * 100)
    try:
        done = engines.make(repository, "report")
    finally:
        aside.replace(warehouse)
    assert done.returncode != 0 and "report: " in done.stderr, engines.output(done)
    assert (repository / "data" / "demo-report.html").read_text(encoding="utf-8") == before
