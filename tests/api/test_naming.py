"""What a bundle and its archives are called."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from tests.fakes import samples
from wheelcheck.api.bundle import bundle_name, bundle_version, target_words
from wheelcheck.errors import UsageProblem
from wheelcheck.targets.targets import parse_target


@pytest.mark.parametrize(
    ("platform", "python", "words"),
    [
        ("win_amd64", "3.11", "win_amd64-cp311"),
        ("win_arm64", "3.13t", "win_arm64-cp313t"),
        ("manylinux_2_28_x86_64", "3.12.4", "manylinux_2_28_x86_64-cp312"),
        ("macosx_12_0_arm64", "pp3.10", "macosx_12_0_arm64-pp310"),
    ],
)
def test_target_is_named_by_its_platform_and_abi(platform: str, python: str, words: str) -> None:
    assert target_words(parse_target(platform, python)) == words


def test_target_whose_platform_is_no_file_name_is_named_with_what_is(tmp_path: Path) -> None:
    target = structs.replace(samples.WINDOWS, platform="my machine/../x")
    assert target_words(target) == "my-machine-..-x-cp311"


@pytest.mark.parametrize("word", ["../x", "a/b", "a b", ".hidden", "-o", "x.", "é", "C:x", "a\nb"])
def test_word_that_no_file_name_may_hold_is_refused(word: str, tmp_path: Path) -> None:
    plan = samples.every_plan()["needs-build"]
    with pytest.raises(UsageProblem, match="cannot be part of a file name"):
        bundle_name(word, plan, tmp_path, tmp_path / "out")
    with pytest.raises(UsageProblem, match="cannot be part of a file name"):
        bundle_version(word, "sha256:0123")


def test_name_that_nobody_gives_is_the_folders_and_the_version_the_plans(tmp_path: Path) -> None:
    plan = samples.every_plan()["needs-build"]
    assert bundle_name("", plan, tmp_path, tmp_path / "My Product (new)") == "My-Product-new"
    assert bundle_name("", plan, tmp_path, tmp_path / "製品") == "bundle"
    assert bundle_version("", "sha256:0123456789abcdef") == "0123456789ab"
