"""Targets from words, checked against what real platforms have."""

from __future__ import annotations

import json
import sys

import pytest
from packaging import tags
from packaging.markers import Marker, default_environment
from packaging.utils import canonicalize_name

from wheelcheck.errors import InputUnreadable, UsageProblem
from wheelcheck.model.distribution import Availability, Distribution, LinkSkip, parse_link
from wheelcheck.model.target import Fit, Refusal, RefusalReason, Target
from wheelcheck.targets.fitting import Compatibility, fits
from wheelcheck.targets.pythons import split_target
from wheelcheck.targets.targets import PLATFORMS, host_target, parse_target, parse_target_file, render_target_file


def file(filename: str, *, requires_python: str | None = None) -> Distribution:
    name = canonicalize_name(filename.split("-")[0])
    found = parse_link(
        filename, name, Availability(url=f"https://index.example/{filename}", requires_python=requires_python)
    )
    assert not isinstance(found, LinkSkip), found
    return found


def judged(filename: str, target: Target) -> Fit | Refusal:
    return Compatibility(target).judge(file(filename))


def runs(filename: str, platform: str, python: str = "3.11") -> bool:
    return isinstance(judged(filename, parse_target(platform, python)), Fit)


def test_host_target_has_the_tags_and_markers_of_the_running_interpreter() -> None:
    host = host_target()
    assert host.tags == tuple((tag.interpreter, tag.abi, tag.platform) for tag in tags.sys_tags())
    assert dict(host.markers) == {key: value for key, value in default_environment().items() if key != "extra"}


@pytest.mark.skipif(sys.platform != "linux" or sys.implementation.name != "cpython", reason="compares the Linux ladder")
def test_linux_ladder_agrees_with_packaging_for_the_running_interpreter() -> None:
    host = host_target()
    word = next((tag[2] for tag in host.tags if tag[2].startswith(("manylinux_", "musllinux_"))), None)
    if word is None:
        pytest.skip("the running interpreter supports no manylinux or musllinux")
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert parse_target(word, python).tags == host.tags


@pytest.mark.parametrize("python", ["3.8", "3.13t", "3.14"])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_tags_of_words_are_those_that_packaging_gives_for_these_platforms(platform: str, python: str) -> None:
    target = parse_target(platform, python)
    platforms = list(dict.fromkeys(tag[2] for tag in target.tags if tag[2] != "any"))
    minor = target.python_full.minor
    interpreter, abi = f"cp3{minor}", f"cp3{minor}{'t' if python.endswith('t') else ''}"
    expected = [
        *tags.cpython_tags((3, minor), [abi], platforms),
        *tags.compatible_tags((3, minor), interpreter, platforms),
    ]
    assert target.tags == tuple(dict.fromkeys((tag.interpreter, tag.abi, tag.platform) for tag in expected))


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        (
            "win_amd64",
            {"os_name": "nt", "sys_platform": "win32", "platform_system": "Windows", "platform_machine": "AMD64"},
        ),
        (
            "win_arm64",
            {"os_name": "nt", "sys_platform": "win32", "platform_system": "Windows", "platform_machine": "ARM64"},
        ),
        ("win32", {"os_name": "nt", "sys_platform": "win32", "platform_system": "Windows", "platform_machine": "x86"}),
        (
            "macos",
            {"os_name": "posix", "sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"},
        ),
        (
            "alpine-arm64",
            {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux", "platform_machine": "aarch64"},
        ),
    ],
)
def test_platform_markers_are_those_of_the_real_platform(platform: str, expected: dict[str, str]) -> None:
    markers = parse_target(platform, "3.12").markers
    assert {name: markers[name] for name in expected} == expected
    assert markers["python_version"] == "3.12"
    assert "platform_release" not in markers


@pytest.mark.parametrize(
    ("alias", "word"),
    [
        ("windows", "win_amd64"),
        ("linux", "manylinux_2_28_x86_64"),
        ("linux-arm64", "manylinux_2_28_aarch64"),
        ("alpine", "musllinux_1_2_x86_64"),
        ("macos", "macosx_13_0_arm64"),
        ("manylinux2014_x86_64", "manylinux_2_17_x86_64"),
        ("Win-AMD64", "win_amd64"),
        ("x86_64-unknown-linux-gnu", "manylinux_2_28_x86_64"),
        # People's words for macOS, and what Node, conda, Docker and Debian call machines.
        *(
            (word, "macosx_13_0_arm64")
            for word in ("mac", "osx", "darwin", "Darwin-arm64", "osx-arm64", "mac-arm", "macos/arm64")
        ),
        *((word, "macosx_13_0_x86_64") for word in ("osx-64", "darwin-x64", "macos-intel", "mac-amd64")),
        *(
            (word, "win_amd64")
            for word in ("win64", "win-64", "win32-x64", "windows/amd64", "windows-11", "win10", "Windows-2022")
        ),
        *((word, "win_arm64") for word in ("win-arm64", "windows-arm", "windows-11-arm", "windows-11-arm64")),
        *((word, "win32") for word in ("win32", "windows-x86", "windows32", "win32-ia32")),
        *(
            (word, "manylinux_2_28_x86_64")
            for word in ("linux64", "linux/amd64", "linux-x64", "linux_x86_64", "x86_64-linux-gnu")
        ),
        *(
            (word, "manylinux_2_28_aarch64")
            for word in ("linux/arm64", "linux/arm64/v8", "aarch64", "linux-aarch64", "glibc-arm64")
        ),
        *((word, "manylinux_2_31_armv7l") for word in ("armv7l", "linux/arm/v7", "linux-armhf", "linux_armv7l")),
        *((word, "linux_armv6l") for word in ("armv6l", "linux_armv6l", "linux/arm/v6", "raspberry-pi-zero")),
        *(
            (word, "musllinux_1_2_x86_64")
            for word in ("musl", "alpine-amd64", "alpine-3.19", "alpine:3.22", "x86_64-alpine-linux-musl")
        ),
        *((word, "musllinux_1_2_aarch64") for word in ("alpine/arm64", "musl-aarch64", "alpine3.20-arm64")),
        # Machines of CI, boards and distributions, which are data.
        *(
            ("macos-14", "macosx_14_0_arm64"),
            ("macos-13", "macosx_13_0_x86_64"),
            ("macos-15-intel", "macosx_15_0_x86_64"),
        ),
        *(("manylinux_2_28", "manylinux_2_28_x86_64"), ("manylinux2014", "manylinux_2_17_x86_64")),
        *(("musllinux_1_2", "musllinux_1_2_x86_64"), ("manylinux_2_28-arm64", "manylinux_2_28_aarch64")),
        *(("ubuntu-22.04", "manylinux_2_35_x86_64"), ("ubuntu-24.04-arm", "manylinux_2_39_aarch64")),
        *(("ubuntu-22.04-arm64", "manylinux_2_35_aarch64"), ("windows-latest", "win_amd64")),
        *(
            ("bookworm", "manylinux_2_36_x86_64"),
            ("debian12", "manylinux_2_36_x86_64"),
            ("rhel-9", "manylinux_2_34_x86_64"),
        ),
        *(("debian", "manylinux_2_41_x86_64"), ("amazonlinux-2023-arm64", "manylinux_2_34_aarch64")),
        *(("raspberry-pi", "manylinux_2_36_aarch64"), ("raspberry-pi-32", "manylinux_2_36_armv7l")),
        # Releases of macOS, phones, tags as sysconfig writes them, a floor with the machine first.
        *(
            ("macos-10.15", "macosx_10_15_x86_64"),
            ("macos-12-arm64", "macosx_12_0_arm64"),
            ("mac-26", "macosx_26_0_arm64"),
        ),
        *(("macosx-11.0-arm64", "macosx_11_0_arm64"), ("macosx_11_0_universal2", "macosx_11_0_universal2")),
        *(("aarch64-manylinux_2_34", "manylinux_2_34_aarch64"), ("x86_64-musllinux_1_1", "musllinux_1_1_x86_64")),
        *(("manylinux_2_28_arm64", "manylinux_2_28_aarch64"), ("macosx_14_0_aarch64", "macosx_14_0_arm64")),
        *(
            ("android", "android_24_arm64_v8a"),
            ("android-34-x86_64", "android_34_x86_64"),
            ("ios-17", "ios_17_0_arm64_iphoneos"),
        ),
    ],
)
def test_aliases_name_their_tag(alias: str, word: str) -> None:
    assert parse_target(alias, "3.11").platform == word


@pytest.mark.parametrize(
    "word",
    ["win_amd46", "manylinux_2_28_vax", "macosx_10_9_arm64", "manylinux_3_1_x86_64", "macosx_12_0_ppc", ""],
)
def test_bad_platform_word_is_refused_with_near_ones(word: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        parse_target(word, "3.11")
    assert "win_amd64" in caught.value.hint or "macosx" in caught.value.hint or "manylinux" in caught.value.hint


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("ubntu-22.04", "ubuntu-22.04"),
        ("windws", "windows"),
        ("macosx_13_0_amr64", "macosx_13_0_arm64"),
        ("apline", "alpine"),
    ],
)
def test_misspelt_platform_is_refused_with_the_word_that_was_meant(word: str, meant: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        parse_target(word, "3.11")
    assert meant in caught.value.hint.partition(";")[0]


@pytest.mark.parametrize("word", ["arm64", "x86_64", "amd64"])
def test_machine_of_several_systems_is_refused_with_one_word_for_each(word: str) -> None:
    with pytest.raises(UsageProblem, match="no system") as caught:
        parse_target(word, "3.11")
    assert caught.value.hint.startswith(f"near it: linux-{word}, macos-{word}, windows-{word};")
    assert {
        parse_target(f"{system}-{word}", "3.11").platform.partition("_")[0] for system in ("linux", "macos", "windows")
    } == {
        "manylinux",
        "macosx",
        "win",
    }


@pytest.mark.parametrize(
    ("word", "system", "platform_system", "machine"),
    [
        ("ios_13_0_arm64_iphoneos", "ios", "iOS", "arm64"),
        ("ios_13_0_x86_64_iphonesimulator", "ios", "iOS", "x86_64"),
        ("android_24_arm64_v8a", "android", "Android", "aarch64"),
        ("android_21_armeabi_v7a", "android", "Android", "armv7l"),
        ("pyodide_2025_0_wasm32", "emscripten", "Emscripten", "wasm32"),
        ("emscripten_3_1_58_wasm32", "emscripten", "Emscripten", "wasm32"),
    ],
)
def test_markers_of_phones_and_browsers_are_those_of_their_peps(
    word: str, system: str, platform_system: str, machine: str
) -> None:
    markers = parse_target(word, "3.13").markers
    assert (markers["os_name"], markers["sys_platform"]) == ("posix", system)
    assert (markers["platform_system"], markers["platform_machine"]) == (platform_system, machine)


@pytest.mark.parametrize(("python", "year"), [("3.12", 2024), ("3.13", 2025), ("3.14", 2026)])
def test_pyodide_alone_is_the_platform_of_its_python(python: str, year: int) -> None:
    target = parse_target("pyodide", python)
    assert target == parse_target(f"wasm32-pyodide{year}", python)
    minor = python.partition(".")[2]
    for name in ("pyodide", "pyemscripten"):
        assert isinstance(judged(f"a-1-cp3{minor}-cp3{minor}-{name}_{year}_0_wasm32.whl", target), Fit)
    assert not isinstance(judged(f"a-1-cp3{minor}-cp3{minor}-pyodide_{year + 1}_0_wasm32.whl", target), Fit)


def test_universal2_takes_wheels_for_both_machines_only_and_knows_no_machine() -> None:
    target = parse_target("macosx_11_0_universal2", "3.12")
    assert isinstance(judged("a-1-cp312-cp312-macosx_10_9_universal2.whl", target), Fit)
    for machine in ("arm64", "x86_64"):
        assert isinstance(judged(f"a-1-cp312-cp312-macosx_11_0_{machine}.whl", target), Refusal)
    assert "platform_machine" in Compatibility(target).evaluate(Marker("platform_machine == 'arm64'")).unknowable


@pytest.mark.parametrize("word", ["2.7", "three", "3.11.x.y", "3.12t", "4.0", "3.99", "pp3.13t"])
def test_bad_python_word_is_refused(word: str) -> None:
    with pytest.raises(UsageProblem):
        parse_target("win_amd64", word)


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ("3.11", "3.11"), ("cp311", "3.11"), ("python3.12", "3.12"), ("cpython@3.13", "3.13"), ("cpython-3.13.1", "3.13.1"),
        ("3.13+freethreaded", "3.13t"), ("cp315t", "3.15t"), ("pypy@3.10", "pp3.10"), ("PP311", "pp3.11"),
    ],
)  # fmt: skip
def test_pythons_are_understood_as_uv_and_wheels_write_them(written: str, word: str) -> None:
    assert parse_target("linux", written).python == word


def test_patch_level_alone_is_assumed_to_be_zero() -> None:
    assumed, given = parse_target("win_amd64", "3.11"), parse_target("win_amd64", "3.11.9")
    assert (str(assumed.python_full), assumed.patch_assumed) == ("3.11.0", True)
    assert (str(given.python_full), given.patch_assumed) == ("3.11.9", False)
    assert Compatibility(assumed).patch_decides(">=3.11.5")
    assert not Compatibility(assumed).patch_decides(">=3.12")


def test_abi3_on_newer_cpython_but_never_on_free_threaded() -> None:
    assert runs("a-1-cp38-abi3-win_amd64.whl", "win_amd64", "3.13")
    assert not runs("a-1-cp38-abi3-win_amd64.whl", "win_amd64", "3.13t")
    assert not runs("a-1-cp312-abi3-win_amd64.whl", "win_amd64", "3.11")


def test_free_threaded_wheel_is_for_free_threaded_python_only() -> None:
    assert runs("a-1-cp313-cp313t-win_amd64.whl", "win_amd64", "3.13t")
    assert not runs("a-1-cp313-cp313t-win_amd64.whl", "win_amd64", "3.13")
    assert not runs("a-1-cp313-cp313-win_amd64.whl", "win_amd64", "3.13t")


def test_old_compressed_tag_sets() -> None:
    assert runs("a-1-py33.py34-none-any.whl", "win_amd64")
    assert runs("a-1-py2.py3-none-any.whl", "win_amd64")
    assert not runs("a-1-py2-none-any.whl", "win_amd64")


def test_macos_ladder_and_universal2() -> None:
    assert runs("a-1-cp311-cp311-macosx_11_0_arm64.whl", "macosx_13_0_arm64")
    assert runs("a-1-cp311-cp311-macosx_10_9_universal2.whl", "macosx_13_0_arm64")
    assert runs("a-1-cp311-cp311-macosx_10_9_x86_64.whl", "macosx_13_0_x86_64")
    assert runs("a-1-cp311-cp311-macosx_15_0_arm64.whl", "macosx_26_0_arm64")
    assert not runs("a-1-cp311-cp311-macosx_14_0_arm64.whl", "macosx_13_0_arm64")
    assert not runs("a-1-cp311-cp311-macosx_10_9_x86_64.whl", "macosx_13_0_arm64")


def test_manylinux_aliases_and_floors() -> None:
    assert runs("a-1-cp311-cp311-manylinux2014_x86_64.whl", "manylinux_2_17_x86_64")
    assert runs("a-1-cp311-cp311-manylinux1_x86_64.whl", "linux")
    assert not runs("a-1-cp311-cp311-manylinux_2_28_x86_64.whl", "manylinux_2_17_x86_64")
    assert not runs("a-1-cp311-cp311-manylinux_2_28_x86_64.whl", "musllinux_1_2_x86_64")


def test_musllinux_1_1_runs_on_1_2() -> None:
    assert runs("a-1-cp311-cp311-musllinux_1_1_x86_64.whl", "musllinux_1_2_x86_64")
    assert not runs("a-1-cp311-cp311-musllinux_1_2_x86_64.whl", "musllinux_1_1_x86_64")


def test_win_arm64_is_not_win_amd64() -> None:
    assert not runs("a-1-cp311-cp311-win_amd64.whl", "win_arm64")
    assert not runs("a-1-cp311-cp311-win32.whl", "win_amd64")


def test_pypy_takes_its_own_wheels_and_pure_ones() -> None:
    assert runs("a-1-pp311-pypy311_pp73-win_amd64.whl", "win_amd64", "pp3.11")
    assert runs("a-1-py3-none-any.whl", "win_amd64", "pp3.11")
    assert not runs("a-1-cp311-cp311-win_amd64.whl", "win_amd64", "pp3.11")


def test_higher_build_tag_wins_within_a_rank() -> None:
    names = ["a-1-1-py3-none-any.whl", "a-1-10-py3-none-any.whl", "a-1-2-py3-none-any.whl", "a-1-py3-none-any.whl"]
    best = fits([file(name) for name in names], parse_target("win_amd64", "3.11"))[0]
    assert best.distribution.filename == "a-1-10-py3-none-any.whl"


def test_specific_wheel_ranks_before_pure_one_and_sdists_last() -> None:
    names = ["a-1.tar.gz", "a-1-py3-none-any.whl", "a-1-cp311-cp311-win_amd64.whl", "a-1-cp310-cp310-win_amd64.whl"]
    answers = fits([file(name) for name in names], parse_target("win_amd64", "3.11"))
    assert [answer.distribution.filename for answer in answers] == [names[2], names[1], names[0], names[3]]
    assert isinstance(answers[-1], Refusal)


def test_refusals_name_the_tag_that_decided() -> None:
    target = parse_target("win_amd64", "3.13t")
    reasons = {
        "a-1-cp39-cp39-win_amd64.whl": RefusalReason.PYTHON_TAG,
        "a-1-cp313-cp313-win_amd64.whl": RefusalReason.ABI_TAG,
        "a-1-cp313-cp313t-win32.whl": RefusalReason.PLATFORM_TAG,
    }
    for name, reason in reasons.items():
        answer = judged(name, target)
        assert isinstance(answer, Refusal)
        assert answer.reason is reason, name


def test_requires_python_that_is_no_specifier_bounds_nothing() -> None:
    answer = Compatibility(parse_target("win_amd64", "3.11")).judge(
        file("a-1-py3-none-any.whl", requires_python="banana")
    )
    assert isinstance(answer, Fit)


@pytest.mark.parametrize(
    ("platform", "marker", "holds", "is_certain"),
    [
        ("macosx_13_0_arm64", 'platform_release >= "22.0"', True, True),
        ("macosx_13_0_arm64", 'platform_release >= "22.1"', False, False),
        ("macosx_13_0_arm64", 'platform_release < "23"', True, False),
        ("macosx_10_15_x86_64", 'platform_release >= "19.0"', True, True),
        ("macosx_15_0_arm64", 'platform_release >= "24.0"', True, True),
        ("macosx_26_0_arm64", 'platform_release >= "25.0"', True, True),
        ("macosx_26_0_arm64", 'platform_release < "25.0"', False, True),
        ("macosx_12_0_arm64", 'platform_release == "22.1.0"', False, False),
        ("macosx_12_0_arm64", 'platform_release >= "22.0" and platform_release < "24.0"', False, False),
        ("manylinux_2_28_x86_64", 'platform_release >= "22.0"', False, False),
    ],
)
def test_the_oldest_macos_of_a_target_tells_the_oldest_kernel_and_what_holds_from_there_on_is_certain(
    platform: str, marker: str, *, holds: bool, is_certain: bool
) -> None:
    """The frameworks of pyobjc are asked for in this way: all of them were left out."""
    reading = Compatibility(parse_target(platform, "3.13")).evaluate(Marker(marker))
    assert (reading.holds, not reading.unknowable) == (holds, is_certain)


def test_markers_never_fall_back_to_the_host() -> None:
    reading = Compatibility(parse_target("win_amd64", "3.11")).evaluate(Marker('platform_release >= "1"'))
    assert not reading.holds
    assert reading.unknowable == {"platform_release"}


@pytest.mark.parametrize(
    ("platform", "python"), [("win_amd64", "3.11"), ("alpine", "3.13t"), (None, None), ("macos", "pp3.11")]
)
def test_target_file_reads_back_the_same(platform: str | None, python: str | None) -> None:
    target = parse_target(platform, python)
    again = parse_target_file(render_target_file(target), "t.json")
    assert (again.tags, again.markers, again.python_full) == (target.tags, target.markers, target.python_full)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"compatible_tags": ["x"], "marker_environment": {}}',
        json.dumps({"compatible_tags": ["a-b-c"]}),
    ],
)
def test_bad_target_file_is_named(content: str) -> None:
    with pytest.raises(InputUnreadable) as caught:
        parse_target_file(content, "my.json")
    assert "my.json" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("win_amd64/3.11", ("win_amd64", "3.11")),
        ("linux/arm64", ("linux/arm64", "")),
        ("linux/arm/v7/pp3.10", ("linux/arm/v7", "pp3.10")),
        ("linux/386", ("linux/386", "")),
        ("win_*/3.1?", ("win_*", "3.1?")),
        ("macos", ("macos", "")),
    ],
)
def test_target_in_one_word_is_split_at_its_python(text: str, parts: tuple[str, str]) -> None:
    assert split_target(text) == parts
