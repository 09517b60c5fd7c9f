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
        bundle_name(word, plan, tmp_path)
    with pytest.raises(UsageProblem, match="cannot be part of a file name"):
        bundle_version(word, "sha256:0123")


def test_name_that_nobody_gives_is_told_by_the_plan_and_so_is_the_version(tmp_path: Path) -> None:
    """The folder that is made has no say: archives would have other bytes, and layers other names, in another folder."""
    plan = samples.every_plan()["needs-build"]
    record = plan.inputs[0]
    for path, name in (("My Product (new)/r.txt", "My-Product-new"), ("a\\b\\r.txt", "b"), ("製品/r.txt", "bundle")):
        told = structs.replace(plan, inputs=(structs.replace(record, path=path),), packages=())
        assert bundle_name("", told, tmp_path) == name
    packages = tuple(structs.replace(each, requested=each == plan.packages[0]) for each in plan.packages)
    one = structs.replace(plan, inputs=(structs.replace(record, path="r.txt"),), packages=packages)
    assert bundle_name("", one, tmp_path) == plan.packages[0].name
    assert bundle_version("", "sha256:0123456789abcdef") == "0123456789ab"
