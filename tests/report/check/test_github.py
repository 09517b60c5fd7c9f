"""GitHub's annotations: read back as the runner reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from tests.fakes import checks
from wheelcheck.model.check import Check
from wheelcheck.report.check.services import render_github

EVERY = checks.every_check()
_COMMAND = re.compile(r"::(?P<name>error|warning|notice) (?P<properties>[^\n]*?)::(?P<data>[^\n]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """A command as the runner understands it."""

    name: str
    properties: dict[str, str]
    message: str


def read(check: Check) -> list[Annotation]:
    """Every line as a command: properties are parted at commas, and escapes undone afterwards."""
    found = []
    for line in render_github(check).splitlines():
        matched = _COMMAND.fullmatch(line)
        assert matched is not None, line
        pairs = dict(part.split("=", 1) for part in matched["properties"].split(","))
        found.append(
            Annotation(
                name=matched["name"],
                properties={key: plain(value) for key, value in pairs.items()},
                message=plain(matched["data"]),
            )
        )
    return found


def plain(text: str) -> str:
    for escape, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escape, character)
    return text


def test_a_finding_is_an_error_at_its_line() -> None:
    first, second = read(checks.failing())
    assert first.name == "error"
    assert first.properties == {"file": "requirements.txt", "line": "3", "title": "WC102 av 11.0.0"}
    assert first.message.startswith("av 11.0.0 has no wheel for win_amd64, Python 3.11")
    assert "--override av==12.0.0" in first.message
    assert (second.name, second.properties) == ("warning", {"title": "WC501 torch 2.1.0"})


def test_every_place_has_its_own_annotation() -> None:
    assert [each.properties.get("line") for each in read(checks.locked())] == ["98", "120", None, None]
    assert read(checks.locked())[2].properties["file"] == "locks/Pipfile.lock"


@pytest.mark.parametrize("word", EVERY)
def test_errors_come_before_warnings(word: str) -> None:
    names = [each.name for each in read(EVERY[word])]
    assert names == sorted(names, key=("error", "warning", "notice").index)


def test_what_is_allowed_or_known_is_no_annotation() -> None:
    assert [each.properties["title"] for each in read(checks.allowed())] == ["Allowance unused"]
    assert [each.properties["title"] for each in read(checks.known())] == ["WC101 docopt 0.6.2"]
    assert render_github(checks.passing()) == ""


@pytest.mark.parametrize("text", checks.HOSTILE_TEXTS)
def test_hostile_text_neither_ends_a_command_nor_begins_one(text: str) -> None:
    found = read(checks.hostile(text))
    assert [each.name for each in found] == ["error", "error", "warning", "warning", "notice"]
    assert all(set(each.properties) <= {"file", "line", "title"} for each in found)
    assert all("forged" not in each.properties.get("name", "") for each in found)


def test_percent_signs_survive() -> None:
    found = read(checks.hostile("50%0A: a, b"))
    assert found[1].properties["title"] == "WC102 50%0A: a, b 1.0"
