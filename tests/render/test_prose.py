"""Prose filters, read back by the real parsers."""

from __future__ import annotations

import ast
import html.parser
import io
import tokenize

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pipegen.render import prose
from tests.render.test_quoting import AWKWARD, dbt_rendered

MARKUP = "\\`*_[]()<>|~{}#+-.!&$\"' \nab1:/@="
texts = st.one_of(st.sampled_from(AWKWARD), st.text(alphabet=MARKUP), st.text(st.characters(exclude_categories=["Cs"])))
relaxed = settings(deadline=None, max_examples=300)


def shown(markdown: str) -> str:
    """The text that a reader sees of one paragraph."""
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(markdown)
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"], tokens
    children = tokens[1].children or []
    assert {child.type for child in children} <= {"text", "code_inline", "text_special"}, children
    return "".join(child.content for child in children)


@given(texts)
@relaxed
def test_md_shows_the_text(value: str) -> None:
    wanted = prose.one_line(value, "md")
    if wanted.strip():
        assert shown(prose.md(value)) == wanted
        assert shown("before " + prose.md(value) + " after") == f"before {wanted} after"


@given(texts)
@relaxed
def test_md_keeps_to_its_cell(value: str) -> None:
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(
        f"| a | b |\n|---|---|\n| {prose.md(value)} | {prose.code(value)} |\n"
    )
    cells = [token for token in tokens if token.type == "td_open"]
    assert len(cells) == 2


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("shop_orders is 1.5 times (or so) a-b", "shop_orders is 1.5 times (or so) a-b"),
        ("*a* _b_ `c`", "\\*a\\* \\_b\\_ \\`c\\`"),
        ("# no", "\\# no"),
        ("1. no", "1\\. no"),
        ("a\nb", "a b"),
        ("a|b", "a\\|b"),
    ],
)
def test_md_escapes_only_where_it_must(value: str, text: str) -> None:
    assert prose.md(value) == text


@given(texts)
@relaxed
def test_code_shows_the_text(value: str) -> None:
    wanted = prose.one_line(value, "code")
    if wanted and "|" not in wanted:
        assert shown("x " + prose.code(value) + " y") == f"x {wanted} y"


@given(texts)
@relaxed
def test_html_shows_the_text(value: str) -> None:
    class Reader(html.parser.HTMLParser):
        text = ""
        tags: list[str] = []  # noqa: RUF012

        def handle_data(self, data: str) -> None:
            self.text += data

        def handle_starttag(self, tag: str, attrs: object) -> None:
            assert tag == "p"

    reader = Reader()
    reader.feed(f"<p>{prose.html(value)}</p>")
    reader.close()
    assert reader.text == value


@given(texts)
@relaxed
def test_a_sentence_shows_its_text_with_what_is_in_backticks_as_code(value: str) -> None:
    wanted = prose.one_line(value, "md_said")
    if not wanted:
        return
    seen = shown("x " + prose.md_said(value) + " y")
    if "|" not in wanted:
        assert "".join(seen.split()).replace("`", "") == "".join(f"x{wanted}y".split()).replace("`", "")
    without_code = prose.html_said(value).replace("<code>", "").replace("</code>", "")
    assert html.unescape(without_code).replace("`", "") == wanted.replace("`", "")


@pytest.mark.parametrize(
    ("value", "markdown", "page"),
    [
        ("flips to `cdc` above 5", "flips to `cdc` above 5", "flips to <code>cdc</code> above 5"),
        ("`a_b` <c> & d", "`a_b` \\<c\\> & d", "<code>a_b</code> &lt;c&gt; &amp; d"),
        ("one ` alone", "one \\` alone", "one ` alone"),
        ("`a|b`", "`a\\|b`", "<code>a|b</code>"),
        ("# no", "\\# no", "# no"),
    ],
)
def test_a_sentence(value: str, markdown: str, page: str) -> None:
    assert prose.md_said(value) == markdown
    assert prose.html_said(value) == page


@given(texts)
@relaxed
def test_a_comment_stays_a_comment(value: str) -> None:
    text = prose.comment(value)
    assert "\n" not in text and "\r" not in text
    source = f"x = 1  # {text}\ny = 2\n"
    assert len(ast.parse(source).body) == 2
    tokens = tokenize.tokenize(io.BytesIO(f"# {text}\nx = 1\n".encode()).readline)
    assert next(tokens).string == "utf-8"
    assert yaml.safe_load(f"x: 1  # {text}\ny: 2\n") == {"x": 1, "y": 2}
    assert dbt_rendered(f"select 1 -- {text}") == f"select 1 -- {text}"
    assert "*/" not in text and "-->" not in text
