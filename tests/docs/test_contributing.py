"""CONTRIBUTING.md sends people to places that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PROSE = re.sub(r"^```.*?^```$", "", TEXT, flags=re.MULTILINE | re.DOTALL)
EXAMPLES = {"export/homebrew.py", "report/check/teamcity.py", "requirements/pipfile.py", "mine.toml", "*.toml"}
"""What the text says to write, or calls a file of the reader's own."""


def places() -> list[str]:
    """Every file and folder of this repository that the text names."""
    words = dict.fromkeys(re.findall(r"`([^`\s]+(?:\.(?:py|toml|md|yaml|txt)|/))`", PROSE))
    return [word for word in words if word not in EXAMPLES and not word.startswith("knowledge/*")]


def names() -> list[tuple[str, str]]:
    """Every table, class and function that the text names with its module: ``EXPORTERS``, ``export/formats.py``."""
    return sorted(set(re.findall(r"`(\w+)`(?:, | \(| in )`([\w/]+\.py)`", PROSE)))


@pytest.mark.parametrize("place", places())
def test_every_place_exists(place: str) -> None:
    name = place.rstrip("/")
    near = [ROOT / name, ROOT / "wheelcheck" / name, ROOT / "wheelcheck" / "knowledge" / name]
    assert any(path.exists() for path in near) or ("/" not in name and any((ROOT / "wheelcheck").rglob(name)))


@pytest.mark.parametrize("place", sorted(each for each in EXAMPLES if "/" in each))
def test_examples_of_what_to_add_are_not_there_yet(place: str) -> None:
    assert not (ROOT / "wheelcheck" / place).exists()


@pytest.mark.parametrize(("name", "module"), names())
def test_every_name_is_defined_in_its_module(name: str, module: str) -> None:
    text = (ROOT / "wheelcheck" / module).read_text(encoding="utf-8")
    assert re.search(rf"^(?:class |def )?{name}\b", text, re.MULTILINE)


def test_every_room_is_listed_with_a_sentence() -> None:
    rooms = {path.parent.name for path in (ROOT / "wheelcheck").glob("*/__init__.py")}
    rows = dict(re.findall(r"^\| `(\w+)/` \| (.+?) \|$", TEXT, re.MULTILINE))
    assert rooms == set(rows)
    assert all(sentence.endswith((".", "?")) for sentence in rows.values())


def test_no_module_is_longer_than_it_may_be() -> None:
    [most] = re.findall(r"never more than (\d+); functions", TEXT)
    lines = {
        str(path): len(path.read_text(encoding="utf-8").splitlines()) for path in (ROOT / "wheelcheck").rglob("*.py")
    }
    assert {name: count for name, count in lines.items() if count > int(most)} == {}
