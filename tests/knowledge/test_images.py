"""The table of images that ships is whole, and a broken one is refused by name."""

from __future__ import annotations

import pytest

from wheelcheck.errors import SettingsInvalid
from wheelcheck.knowledge.systems import load_images, parse_images
from wheelcheck.targets.targets import parse_target

SYSTEM = '[[system]]\nname = "debian"\nimages = ["debian"]\nlatest = "12"\nevidence = ["https://example.com/"]\n'
RELEASES = 'releases = [{words = ["12", "bookworm"], floor = "manylinux_2_36"}]\n'


def test_every_floor_and_runner_is_a_platform() -> None:
    known = load_images()
    for system in known.systems:
        for release in system.releases:
            parse_target("win_amd64" if release.floor == "win" else f"{release.floor}_x86_64", "3.11")
    for platform in known.runners.values():
        parse_target(platform, "3.11")
    for ending, floor in known.wheel_builds.images.items():
        parse_target(f"{floor}_{ending.partition('_')[2]}", "3.11")


def test_a_release_is_found_by_a_longer_number_but_not_by_a_shorter_one() -> None:
    debian = next(system for system in load_images().systems if system.name == "debian")
    assert debian.release("12.5") == debian.release("bookworm")
    ubuntu = next(system for system in load_images().systems if system.name == "ubuntu")
    assert ubuntu.release("24") is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[system]\n", "not valid TOML"),
        ("[[weather]]\n", "unknown key weather"),
        (SYSTEM.replace("12", "11") + RELEASES, "system[0].latest is none of the releases"),
        (SYSTEM + RELEASES.replace("manylinux_2_36", "glibc"), "not a floor"),
        (SYSTEM + RELEASES.replace("floor", "flor"), "flor"),
        (
            SYSTEM + RELEASES + '[[image]]\nimages = ["x"]\nevidence = ["https://example.com/"]\n'
            'bases = [{python = ">=3", base = "debian 8"}]\n',
            "'debian 8', which is no system and release",
        ),
        (
            '[[image]]\nimages = ["x"]\nimplementation = "jython"\nevidence = ["https://example.com/"]\n',
            "use cpython or pypy",
        ),
        ("[cibuildwheel]\nimage = 3\n", "unknown key cibuildwheel.image"),
    ],
)
def test_a_broken_table_is_refused_by_name(text: str, says: str) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        parse_images(text, "mine.toml")
    assert says in str(refused.value)
    assert "mine.toml" in str(refused.value)
