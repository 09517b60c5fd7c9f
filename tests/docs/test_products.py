"""The pages of the products have a section for each part that the command carries out, and the report is made of them."""

from __future__ import annotations

import re

import pytest

from tests.live.peers import ROOT
from tests.live.products import PRODUCTS, page_of, report_of, sections_of

_PAGES = ROOT / "docs" / "products"


@pytest.mark.parametrize("product", PRODUCTS)
def test_page_is_what_the_command_makes_of_its_parts(product: str) -> None:
    page = _PAGES / f"{product}.md"
    sections = sections_of(page)
    assert list(sections) == list(PRODUCTS[product][1])
    assert page.read_text(encoding="utf-8") == page_of(product, sections)
    assert not re.search(r"Z:\\|/tmp/", page.read_text(encoding="utf-8")), "a path of the machine on which it was made"


def test_report_is_made_of_the_pages() -> None:
    assert (ROOT / "reports" / "products.md").read_text(encoding="utf-8") == report_of(_PAGES)
    assert {page.stem for page in _PAGES.glob("*.md")} == set(PRODUCTS)
