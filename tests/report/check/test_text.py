"""The answer for a terminal: golden files, widths, ASCII, and what must be on the screen."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from packaging.version import Version

from tests.fakes import checks, proposed, samples
from tests.report.check.scenes import GOLDEN, SCENES, Scene
from wheelcheck.model.check import CheckedTarget, Verdict
from wheelcheck.model.finding import Code
from wheelcheck.model.repair import Proposals
from wheelcheck.model.target import Target
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
    text = render_text(checks.failing(), width=100)
    assert "av 11.0.0  audiocraft 1.3.0, requirements.txt:3  12.0.0 newer" in text
    assert "--override av==12.0.0\n" in text
    assert "Warnings (1): torch 2.1.0" in text


def test_stale_allowances_are_named_with_their_line() -> None:
    assert "The allowance for left-behind covers nothing" in render_text(checks.allowed())
    late = render_text(checks.expired(), width=120)
    assert "expired after 2026-10-31 (pyproject.toml:41)" in late


def test_four_hundred_findings_fit_on_a_screen() -> None:
    assert len(render_text(checks.crowded()).splitlines()) < 50
    assert len(render_text(checks.crowded(), detail="full").splitlines()) > 400


def _lacking(target: Target, *nearest: tuple[str, str | None, tuple[str, ...]]) -> CheckedTarget:
    found = (
        (name, samples.finding(Code.OTHER_PYTHONS, name, "2.0", f"{name} is missing on {target}"), version, pythons)
        for name, version, pythons in nearest
    )
    findings = [
        replace(
            finding,
            paths=(("app==1.0", f"{name}==2.0"), ("app==1.0", "lib==1.0", f"{name}==2.0")),
            nearest=Version(version) if version else None,
            elsewhere=pythons,
        )
        for name, finding, version, pythons in found
    ]
    return checks.checked(
        target, samples.blocked_plan(), [checks.judged(each, Verdict.FAILS, origin=None) for each in findings]
    )


def test_projects_without_a_wheel_have_a_row_each_and_the_targets_stand_once_above_those_that_share_them() -> None:
    both = ("both", "2.1", ("3.8", "3.9", "3.10"))
    check = checks.answer(
        _lacking(checks.WINDOWS, both, ("near", "1.9", ("3.9",))),
        _lacking(checks.MUSL, ("both", "3.0", ("3.9", "3.10", "3.12")), ("far", None, ())),
    )
    lines = render_text(check).splitlines()
    head = next(number for number, line in enumerate(lines) if line.startswith("  What blocks"))
    assert [" ".join(line.split()) for line in lines[head : head + 9]] == [
        "What blocks wanted by nearest has wheels for",
        "✗ Wheels only for other Pythons (3) WC105",
        "on every target",
        "both 2.0 app 1.0 +1 2.1 to 3.0 Python 3.9, 3.10",
        "on musllinux_1_2_x86_64",
        "far 2.0 app 1.0 +1 none",
        "on win_amd64",
        "near 2.0 app 1.0 +1 1.9 older Python 3.9",
        "",
    ]
    assert "both is missing on these targets" in " ".join(render_text(check, detail="full").split())


def test_targets_of_all_rows_are_not_said_where_they_are_all_that_was_asked() -> None:
    rows = (("a", "2.1", ("3.9",)), ("b", "2.1", ("3.9",)))
    text = render_text(checks.answer(_lacking(checks.WINDOWS, *rows), _lacking(checks.WINDOWS_312, *rows)))
    assert "on every target" not in text
    assert "win_amd64/3.11,3.12: fails: 2 findings\n" in text


def test_repair_of_two_targets_whose_reasons_name_them_is_one() -> None:
    edit = proposed.OVERRIDE.edits[0]

    def on(target: Target) -> CheckedTarget:
        told = replace(proposed.OVERRIDE, edits=(replace(edit, because=f"av 11.0.0 has no usable file on {target}"),))
        blocked = samples.blocked_plan(Proposals(repairs=(told,)))
        return checks.checked(target, blocked, [checks.judged(checks.av_on(target), Verdict.FAILS)])

    text = render_text(checks.answer(on(checks.WINDOWS), on(checks.WINDOWS_312)))
    assert text.count("Nearest repair") == 1
    assert "Nearest repair on every target\n" in text
    assert "Python 3.11)" not in text


def test_note_on_how_a_project_is_shipped_is_shown_where_all_passes() -> None:
    note = samples.finding(Code.ADVISORY, "pywin32", "312", "pywin32 312: finds its modules by a .pth")
    other = samples.finding(Code.METADATA_RECORDED, "a", "1.0", "a is as recorded")
    places = (checks.WINDOWS, checks.WINDOWS_312)
    noted = [checks.judged(each, Verdict.NOTED) for each in (note, other)]
    text = render_text(checks.answer(*(checks.checked(each, samples.installable_plan(), noted) for each in places)))
    assert (
        "\n\n  • pywin32 312: finds its modules by a .pth (on win_amd64 with\n    Python 3.11, 3.12)  WC501\n" in text
    )
    assert "as recorded" not in text
