"""The table of exporters in docs/builders.md is that of the program."""

from __future__ import annotations

import re
from pathlib import Path

import wheelcheck
from wheelcheck.export.formats import EXPORTERS

_PAGE = Path(wheelcheck.__file__).parents[1] / "docs" / "builders.md"


def test_table_of_exporters_is_the_programs_own() -> None:
    section = _PAGE.read_text(encoding="utf-8").partition("\n## Exporting\n")[2]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section.splitlines()
        if re.match(r"\| `[a-z]", line)
    ]
    told = {row[0].strip("`"): (row[1], frozenset(re.findall(r"`--([a-z-]+)`", row[2]))) for row in rows}
    assert told == {each.name: (each.sentence, each.uses) for each in EXPORTERS}
    assert [row[0].strip("`") for row in rows] == [each.name for each in EXPORTERS]
    assert all(row[3] for row in rows)
