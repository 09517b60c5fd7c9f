"""``[tool.cibuildwheel]``: which builds are selected, and where their wheels run."""

from __future__ import annotations

import pytest

from wheelcheck.errors import InputUnreadable
from wheelcheck.knowledge.systems import load_images
from wheelcheck.model.target import NamedTargets
from wheelcheck.targets.cibuildwheel import parse_cibuildwheel
from wheelcheck.targets.sources import TargetQuery
from wheelcheck.targets.targets import parse_target

PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14", "3.13t", "3.14t", "pp3.11")


def read(text: str) -> NamedTargets:
    return parse_cibuildwheel(text, "pyproject.toml", TargetQuery(known=load_images(), pythons=PYTHONS))


def builds(text: str) -> list[str]:
    found = read(text).targets
    for target in found:
        parse_target(target.platform, target.python)
    return [f"{target.python} {target.platform}" for target in found]


def test_without_choices_every_supported_python_is_built_for_the_usual_machines() -> None:
    found = builds("[tool.cibuildwheel]\nbuild-verbosity = 1\n")
    platforms = ["manylinux_2_28_x86_64", "musllinux_1_2_x86_64", "macosx_11_0_arm64", "win_amd64"]
    # PyPy, and free-threading while it was an experiment, have to be enabled.
    pythons = ["3.10", "3.11", "3.12", "3.13", "3.14", "3.14t"]
    assert found == [f"{python} {platform}" for platform in platforms for python in pythons]


def test_patterns_with_globs_and_braces_select_and_skip() -> None:
    assert builds(
        """
        [tool.cibuildwheel]
        build = ["cp31{1,2}-*", "cp313-win_amd64"]
        skip = "*-musllinux_* cp312-macosx_*"
        """
    ) == [
        "3.11 manylinux_2_28_x86_64",
        "3.12 manylinux_2_28_x86_64",
        "3.11 macosx_11_0_arm64",
        "3.11 win_amd64",
        "3.12 win_amd64",
        "3.13 win_amd64",
    ]


def test_a_platform_table_overrules_the_general_one() -> None:
    assert builds(
        """
        [tool.cibuildwheel]
        build = "cp312-*"
        skip = "*musllinux*"
        [tool.cibuildwheel.linux]
        build = "cp311-*"
        skip = ""
        archs = ["x86_64", "aarch64"]
        manylinux-x86_64-image = "manylinux2014"
        manylinux-aarch64-image = "quay.io/pypa/manylinux_2_34_aarch64:2025.11.1-1"
        musllinux-aarch64-image = "musllinux_1_1"
        [tool.cibuildwheel.macos]
        archs = "x86_64 arm64"
        [tool.cibuildwheel.windows]
        archs = "auto, auto32, ARM64"
        """
    ) == [
        "3.11 manylinux2014_x86_64",
        "3.11 musllinux_1_2_x86_64",
        "3.11 manylinux_2_34_aarch64",
        "3.11 musllinux_1_1_aarch64",
        "3.12 macosx_10_13_x86_64",
        "3.12 macosx_11_0_arm64",
        "3.12 win_amd64",
        "3.12 win32",
        "3.12 win_arm64",
    ]


@pytest.mark.parametrize(
    ("environment", "floors"),
    [
        ('environment = "CFLAGS=-g MACOSX_DEPLOYMENT_TARGET=10.15"', ["macosx_10_15_x86_64", "macosx_11_0_arm64"]),
        ('environment = { MACOSX_DEPLOYMENT_TARGET = "12.3" }', ["macosx_12_0_x86_64", "macosx_12_0_arm64"]),
        ('environment = { MACOSX_DEPLOYMENT_TARGET = "$FROM_CI" }', ["macosx_10_9_x86_64", "macosx_11_0_arm64"]),
    ],
)
def test_universal_wheels_are_for_both_machines_from_the_deployment_target_on(
    environment: str, floors: list[str]
) -> None:
    text = f'[tool.cibuildwheel]\nbuild = "cp311-macosx*"\n[tool.cibuildwheel.macos]\narchs = "universal2"\n{environment}\n'
    assert builds(text) == [f"3.11 {floor}" for floor in floors]


def test_newer_pythons_have_a_newer_floor_on_intel() -> None:
    text = '[tool.cibuildwheel]\nbuild = "cp31?-macosx_x86_64"\nenvironment = "MACOSX_DEPLOYMENT_TARGET=10.12"\n'
    floors = {
        target.python: target.platform for target in read(text).targets if target.platform and "x86" in target.platform
    }
    assert floors == {
        "3.10": "macosx_10_12_x86_64",
        "3.11": "macosx_10_12_x86_64",
        "3.12": "macosx_10_13_x86_64",
        "3.13": "macosx_10_13_x86_64",
        "3.14": "macosx_10_15_x86_64",
    }


def test_overrides_change_the_image_of_what_they_select() -> None:
    assert builds(
        """
        [tool.cibuildwheel]
        build = "cp31{0,1}-manylinux*"
        [[tool.cibuildwheel.overrides]]
        select = "cp310-*"
        manylinux-x86_64-image = "manylinux2014"
        """
    ) == ["3.10 manylinux2014_x86_64", "3.11 manylinux_2_28_x86_64"]


def test_what_a_pattern_spells_out_counts_beyond_the_usual() -> None:
    text = '[tool.cibuildwheel]\nbuild = "cp39-manylinux_s390x cp311-win_arm64 pp39-manylinux_x86_64"\nenable = ["pypy-eol"]\n'
    assert builds(text) == ["pp3.9 manylinux_2_28_x86_64", "3.9 manylinux_2_28_s390x", "3.11 win_arm64"]


@pytest.mark.parametrize(
    "option", ['enable = ["cpython-freethreading"]', 'enable = "all"', "free-threaded-support = true"]
)
def test_experimental_free_threading_is_built_when_enabled(option: str) -> None:
    text = f'[tool.cibuildwheel]\nbuild = "cp313*-win_amd64"\n{option}\n'
    assert builds(text) == ["3.13 win_amd64", "3.13t win_amd64"]
    assert builds(text.replace(option, "")) == ["3.13 win_amd64"]


def test_requires_python_limits_the_builds() -> None:
    text = '[project]\nname = "x"\nrequires-python = ">=3.12.4,<3.14"\n[tool.cibuildwheel]\nbuild = "*-win_amd64"\n'
    assert builds(text) == ["3.12.4 win_amd64", "3.13 win_amd64"]


def test_each_target_tells_where_it_stands() -> None:
    target, *_ = read('[project]\nname = "x"\n\n[tool.cibuildwheel]\nbuild = "cp311-*"\n').targets
    assert str(target.origin) == "pyproject.toml:4"


def test_what_is_not_understood_is_noted() -> None:
    found = read(
        """
        [tool.cibuildwheel]
        build = ["cp311-*", "cp313-pyodide_wasm32"]
        [tool.cibuildwheel.linux]
        archs = ["x86_64", "mips"]
        manylinux-x86_64-image = "ghcr.io/example/builder:7"
        """
    )
    assert [note.reason for note in found.notes] == [
        "linux: 'mips' is no architecture that wheelcheck knows",
        "manylinux_x86_64: the image 'ghcr.io/example/builder:7' does not say its C library",
        "build = 'cp313-pyodide_wasm32' names no build that wheelcheck knows",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[project]\nname = 'x'\n", "has no [tool.cibuildwheel]"),
        ("[tool.cibuildwheel]\nskip = '*'\n", "selects no build"),
        ("[tool.cibuildwheel]\nbuild = 'gp*'\n", "selects no build"),
        ("[tool\n", "not valid TOML"),
    ],
)
def test_what_builds_nothing_is_refused(text: str, says: str) -> None:
    with pytest.raises(InputUnreadable) as refused:
        read(text)
    assert says in refused.value.message
