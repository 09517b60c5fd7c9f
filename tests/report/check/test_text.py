"""The answer for a terminal: golden files, widths, ASCII, and what must be on the screen."""

from __future__ import annotations

import pytest

from tests.fakes import checks
from tests.report.check.scenes import GOLDEN, SCENES, Scene
from wheelcheck.report.check.text import render_text

EVERY = checks.every_check()


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_words_are_those_of_the_golden_file(scene: Scene) -> None:
    assert scene.content == scene.path.read_text(encoding="utf-8")


def test_every_golden_file_is_compared() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {scene.name for scene in SCENES}


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("word", EVERY)
def test_no_line_is_wider_than_the_terminal(word: str, width: int) -> None:
    assert max(len(line) for line in render_text(EVERY[word], width=width).splitlines()) <= width


@pytest.mark.parametrize("word", EVERY)
def test_an_ascii_stream_gets_ascii(word: str) -> None:
    assert render_text(EVERY[word], encoding="ascii").isascii()


def test_verdict_is_the_last_line() -> None:
    last = {word: render_text(check).splitlines()[-1] for word, check in EVERY.items()}
    assert last["passing"] == "Passes on all 2 targets"
    assert last["shared"] == "Fails on 3 of 4 targets: 1 finding"
    assert last["undecided"] == "Undecided on 1 of 2 targets: the search ended before it had an answer"
    assert last["index-failed"] == "Undecided on 1 of 2 targets: the index failed"


def test_what_fails_is_told_with_its_line_and_the_option_that_mends_it() -> None:
    text = render_text(checks.failing())
    assert "written in requirements.txt:3" in text
    assert "--override av==12.0.0\n" in text
    assert "Warnings (1): torch 2.1.0" in text


def test_stale_allowances_are_named_with_their_line() -> None:
    assert "The allowance for left-behind covers nothing" in render_text(checks.allowed())
    late = render_text(checks.expired(), width=120)
    assert "expired after 2026-10-31 (pyproject.toml:41)" in late


def test_four_hundred_findings_fit_on_a_screen() -> None:
    assert len(render_text(checks.crowded()).splitlines()) < 50
    assert len(render_text(checks.crowded(), detail="full").splitlines()) > 400
