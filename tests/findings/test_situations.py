"""All that is said of small indexes stands in ``situations.md``; ``python -m tests.findings.test_situations`` writes it.

What changes there is what a user reads, so a difference is read before it is committed.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.findings import explained, situations, situations_of_pins

WRITTEN = Path(__file__).with_name("situations.md")
SITUATIONS = situations.SITUATIONS | situations_of_pins.SITUATIONS | explained.SITUATIONS
_TITLE = "# What is said of small indexes\n\nWritten by `python -m tests.findings.test_situations`.\n"


def section(name: str) -> str:
    """What is said of one situation."""
    return f"## {name}\n\n```\n" + "\n".join(SITUATIONS[name]()) + "\n```\n"


@pytest.mark.parametrize("name", SITUATIONS)
def test_all_that_is_said_of_a_situation_is_what_was_written_down(name: str) -> None:
    written = re.split(r"(?m)^(?=## )", WRITTEN.read_text())
    assert section(name).strip() in [each.strip() for each in written]


def test_what_was_written_down_is_of_these_situations_alone() -> None:
    assert re.findall(r"(?m)^## (.+)$", WRITTEN.read_text()) == list(SITUATIONS)


if __name__ == "__main__":
    WRITTEN.write_text("\n".join([_TITLE, *map(section, SITUATIONS)]))
