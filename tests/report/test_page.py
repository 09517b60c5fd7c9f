"""How text is laid out, whatever it says."""

from __future__ import annotations

import pytest

from wheelcheck.report.page import sentence


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no version of av has a wheel", "No version of av has a wheel"),
        ("av 11.0.0 has no file", "av 11.0.0 has no file"),
        ("https://index.example/av/: answered 503", "https://index.example/av/: answered 503"),
        ("", ""),
    ],
)
def test_sentence_begins_with_a_capital_but_for_what_has_its_own_spelling(text: str, shown: str) -> None:
    assert sentence(text) == shown
