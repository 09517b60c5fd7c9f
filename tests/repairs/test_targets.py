"""Repairs that change the target: another Python, a higher floor of the platform."""

from __future__ import annotations

import pytest

from tests.fakes.code import FakeCode
from tests.repairs.questions import Elsewhere, commands
from tests.repairs.situations import TARGETS
from wheelcheck.model.repair import Risk
from wheelcheck.repairs.context import Blocked, Limits, RepairContext
from wheelcheck.repairs.proposing import propose
from wheelcheck.report.wording import changes
from wheelcheck.resolver.passes import resolve


def test_python_switch_that_breaks_something_else_is_not_shown() -> None:
    proposals = TARGETS["python-that-breaks-something-else"].proposals(Limits(repairs=10))
    assert commands(proposals)[:2] == ["--override old==2.0", "--exclude old"]
    assert not [each for each in commands(proposals) if "--python" in each]


def test_glibc_floor_is_raised_where_the_floor_alone_is_in_the_way() -> None:
    proposals = TARGETS["glibc-floor"].proposals()
    assert commands(proposals) == ["--platform manylinux_2_28_x86_64", "--exclude av"]
    assert [edit.line for edit in proposals.repairs[0].edits] == [
        "platform: manylinux_2_17_x86_64 → manylinux_2_28_x86_64"
    ]


@pytest.mark.parametrize(
    ("situation", "words"),
    [
        ("32-bit", "the 64-bit Python (win_amd64) instead of win32"),
        ("windows-on-arm", "the x64 Python (win_amd64) instead of win_arm64"),
    ],
)
def test_python_for_x64_is_proposed_where_windows_runs_it_too(situation: str, words: str) -> None:
    repair, *_ = TARGETS[situation].proposals().repairs
    assert repair.options == ("--platform", "win_amd64")
    assert changes(repair) == words
    assert repair.risk is Risk.MEDIUM
    assert "DLL" in repair.grounds[0].text


def test_image_with_glibc_is_proposed_for_one_with_musl_with_the_lowest_floor_that_serves() -> None:
    repair, *_ = TARGETS["musl"].proposals().repairs
    assert repair.options == ("--platform", "manylinux_2_36_aarch64")
    assert changes(repair) == "an image with glibc (manylinux_2_36_aarch64) instead of one with musl"
    assert [ground.text for ground in repair.grounds if "image" in ground.text] == [
        "the image changes: one with glibc 2.36 or newer, such as python:3.11-slim, in place of python:3.11-alpine"
    ]


@pytest.mark.parametrize(
    ("situation", "word"), [("patch-release", "3.11.4"), ("input-asks-for-a-patch-release", "3.11.5")]
)
def test_later_patch_release_is_proposed_before_another_minor(situation: str, word: str) -> None:
    repair, *others = TARGETS[situation].proposals().repairs
    assert repair.options == ("--python", word)
    assert repair.risk is Risk.LOW
    assert all(other.cost > repair.cost for other in others)


def test_macos_floor_is_raised_where_the_floor_alone_is_in_the_way() -> None:
    assert commands(TARGETS["macos-floor"].proposals()) == [
        "--platform macosx_13_0_arm64",
        "--exclude av",
    ]


def test_target_is_one_of_words_unless_it_is_said_to_be_measured() -> None:
    situation = TARGETS["glibc-floor"]
    projects = situation.projects()
    question = situation.line.question()
    blocked = Blocked(question=question, outcome=resolve(question, projects))
    context = RepairContext(projects=projects, code=FakeCode({}), elsewhere=Elsewhere(projects, {}))
    assert commands(propose(blocked, context).proposals)[0] == "--platform manylinux_2_28_x86_64"


def test_target_that_was_measured_on_a_machine_is_left_alone() -> None:
    assert commands(TARGETS["target-from-a-file"].proposals()) == ["--exclude av"]


def test_python_that_the_input_itself_excludes_is_switched_to_the_nearest_that_it_admits() -> None:
    assert commands(TARGETS["input-excludes-python"].proposals())[0] == "--python 3.11"
