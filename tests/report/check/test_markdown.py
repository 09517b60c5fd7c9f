"""The pull-request comment: what a forge makes of it."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt

from tests.fakes import checks
from wheelcheck.model.check import Check
from wheelcheck.model.finding import Code
from wheelcheck.report.check.text import LIMIT, MARK, render_markdown

EVERY = checks.every_check()


def shown(check: Check) -> str:
    """The comment as HTML."""
    return str(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(render_markdown(check)))


@pytest.mark.parametrize("word", EVERY)
def test_comment_begins_with_its_mark_and_verdict_and_stays_short(word: str) -> None:
    text = render_markdown(EVERY[word])
    assert text.startswith(f"{MARK}\n\n### ")
    assert len(text) < LIMIT
    assert text.count("<details>") == text.count("</details>")


@pytest.mark.parametrize("word", EVERY)
def test_table_has_a_row_for_each_target(word: str) -> None:
    html = shown(EVERY[word])
    assert html.count("<tr>") == 1 + len(EVERY[word].targets)
    assert html.count("<table>") == 1


def test_what_fails_is_told_with_its_line_its_page_and_the_repair_to_copy() -> None:
    html = shown(checks.shared())
    assert f'(<a href="{Code.SOURCE_NATIVE.address}">WC102</a>)' in html
    assert "<code>requirements.txt:3</code>" in html
    assert '<pre><code class="language-sh">--override av==12.0.0\n</code></pre>' in html
    assert "❌ wheelcheck: Fails on 3 of 4 targets: 1 finding" in html


def test_the_rest_is_folded() -> None:
    assert "<details><summary>Warnings (1)</summary>" in shown(checks.failing())
    assert "We build it ourselves, see the wiki., until 2026-12-31" in shown(checks.allowed())


def test_what_finds_no_room_is_counted() -> None:
    text = render_markdown(checks.crowded(2000))
    assert len(text) < LIMIT
    left_out = re.search(r"_(\d+) more are left out here", text)
    assert left_out is not None
    assert text.count("\n**compiled-project-") + int(left_out[1]) >= 1000


@pytest.mark.parametrize("text", checks.HOSTILE_TEXTS)
def test_hostile_text_is_neither_markup_nor_mention_nor_cell(text: str) -> None:
    html = shown(checks.hostile(text))
    assert not re.search(r"<(script|img|em|del)\b", html)
    assert html.count("<a ") == len(re.findall(checks.OUR_LINK, html))
    assert html.count("<details>") == html.count("</details>") == 2
    assert html.count("<td>") == 6
    assert html.count("<h3>") == 1
    assert not re.search(r"@everyone", re.sub(r"<code.*?</code>", "", html, flags=re.DOTALL))
