"""Wheel platform tags → everything that runs there, and marker values; knows no Python version.

A word is a wheel platform tag (``manylinux_2_28_x86_64``) or what ``platform_words.py`` reads as one (``windows``). A tag names a
*floor*: wheels for lower floors (older glibc, older macOS, lower API levels, universal binaries) are added by the rules of PEP 600
and 656, PEP 425's macOS ladder, PEP 730 (iOS), PEP 738 (Android) and PEP 783 (Pyodide).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct
from packaging.tags import android_platforms, ios_platforms, mac_platforms

from wheelcheck.errors import UsageProblem
from wheelcheck.targets.platform_words import machine_of, platform_tag, spellings


class Platform(Struct, frozen=True, kw_only=True):
    """A platform: its *word* in reports, its platform *tags* best first, and the markers that it determines."""

    word: str
    tags: tuple[str, ...]
    markers: Mapping[str, str]


_LINUX_MACHINES = ("x86_64", "aarch64", "i686", "armv7l", "ppc64le", "s390x", "riscv64", "loongarch64")
# PEP 600: the legacy names of three glibc floors.
_LEGACY_MANYLINUX = {"1": 5, "2010": 12, "2014": 17}
_LEGACY_BY_FLOOR = {floor: f"manylinux{year}" for year, floor in _LEGACY_MANYLINUX.items()}
_OLDEST_GLIBC_MINOR = {"x86_64": 5, "i686": 5}  # the others started with manylinux2014, glibc 2.17
_NEWEST_GLIBC_MINOR = 60  # a sanity bound: tags beyond it are a slip of the finger
_NEWEST_MUSL_MINOR = 9

_WINDOWS_MACHINES = {"win32": "x86", "win_amd64": "AMD64", "win_arm64": "ARM64"}
_ANDROID_MACHINES = {"arm64_v8a": "aarch64", "armeabi_v7a": "armv7l", "x86": "i686", "x86_64": "x86_64"}
_SYSTEMS = {"linux": "Linux", "darwin": "Darwin", "android": "Android", "ios": "iOS", "emscripten": "Emscripten"}
"""What ``platform.system()`` says, by ``sys.platform``."""
_ALONE = ("x86_64", "amd64", "x64", "arm64")
_SHOWN = (
    "win_amd64", "win_arm64", "win32", "manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_aarch64",
    "musllinux_1_2_x86_64", "musllinux_1_2_aarch64", "macosx_13_0_arm64", "macosx_13_0_x86_64", "ios_13_0_arm64_iphoneos",
    "android_24_arm64_v8a", "pyemscripten_2026_0_wasm32",
)  # fmt: skip


def parse_platform(word: str, minor: int | None = None) -> Platform:
    """Understand *word*, a wheel platform tag or a spelling; case and ``-``/``_`` do not matter where that is unambiguous.

    *minor* is that of the Python, which decides what ``pyodide`` alone stands for. Raises ``UsageProblem`` with the nearest good
    words.
    """
    found = _tagged(word, re.sub(r"[-.\s]+", "_", word.strip().lower()))
    if found is None and (tag := platform_tag(word, minor)) is not None:
        found = _tagged(word, tag)
    if found is None:
        raise _unknown(word)
    return found


def _tagged(word: str, tag: str) -> Platform | None:
    """The platform of *tag*, ``None`` for a text of another shape; *word* is what was asked for."""
    if tag in _WINDOWS_MACHINES:
        markers = {"os_name": "nt", "sys_platform": "win32", "platform_system": "Windows"}
        return Platform(word=tag, tags=(tag,), markers={**markers, "platform_machine": _WINDOWS_MACHINES[tag]})
    if tag == "linux_armv6l":
        # Neither PEP 600 nor 656 covers it: what runs there was built there, or by piwheels.
        return Platform(word=tag, tags=(tag,), markers=_posix("linux", "armv6l"))
    for shape, understand in _SHAPES.items():
        # Compiled for the word that is given: of these systems, a run mostly has one.
        if matched := re.fullmatch(shape, tag, re.ASCII):
            return understand(word, *matched.groups())
    return None


def _unknown(word: str, reason: str = "") -> UsageProblem:
    import difflib

    text = word.strip().lower()
    if text in _ALONE and not reason:
        reason, good = "names a machine and no system", [f"{system}-{text}" for system in ("linux", "macos", "windows")]
    else:
        good = difflib.get_close_matches(text, (*_SHOWN, *spellings()), n=3, cutoff=0.5) or list(_SHOWN[:4])
    return UsageProblem(
        f"--platform {word!r} {reason or 'is no platform that wheelcheck knows'}",
        hint=f"near it: {', '.join(good)}; any wheel platform tag is taken, and windows, linux, macos, alpine[-arm64]",
    )


def _manylinux(word: str, minor: str | int, spelt: str) -> Platform:
    machine = machine_of(spelt)
    if machine not in _LINUX_MACHINES:
        raise _unknown(word, f"names a machine {machine!r} that has no manylinux wheels")
    oldest, floor = _OLDEST_GLIBC_MINOR.get(machine, 17), int(minor)
    if not oldest <= floor <= _NEWEST_GLIBC_MINOR:
        raise _unknown(word, f"needs a glibc between 2.{oldest} and 2.{_NEWEST_GLIBC_MINOR} for {machine}")
    return Platform(
        word=f"manylinux_2_{floor}_{machine}",
        tags=tuple(_manylinux_ladder(floor, oldest, machine)),
        markers=_posix("linux", machine),
    )


def _legacy_manylinux(word: str, year: str, machine: str) -> Platform:
    return _manylinux(word, _LEGACY_MANYLINUX[year], machine)


def _manylinux_ladder(minor: int, oldest: int, machine: str) -> Iterator[str]:
    # PEP 600: a machine with glibc 2.N runs everything built for 2.N and older, nearest first; the legacy names stand
    # beside their floors. The plain linux tag (built on this very machine) comes first, as packaging has it.
    yield f"linux_{machine}"
    for floor in range(minor, oldest - 1, -1):
        yield f"manylinux_2_{floor}_{machine}"
        if legacy := _LEGACY_BY_FLOOR.get(floor):
            yield f"{legacy}_{machine}"


def _musllinux(word: str, minor: str, spelt: str) -> Platform:
    machine = machine_of(spelt)
    if machine not in _LINUX_MACHINES:
        raise _unknown(word, f"names a machine {machine!r} that has no musllinux wheels")
    if int(minor) > _NEWEST_MUSL_MINOR:
        raise _unknown(word, f"needs a musl between 1.0 and 1.{_NEWEST_MUSL_MINOR}")
    # PEP 656: musl 1.N runs builds for 1.N and older.
    ladder = tuple(f"musllinux_1_{floor}_{machine}" for floor in range(int(minor), -1, -1))
    return Platform(word=ladder[0], tags=(f"linux_{machine}", *ladder), markers=_posix("linux", machine))


def _macosx(word: str, written_major: str, written_minor: str, machine: str) -> Platform:
    major, minor = int(written_major), int(written_minor)
    if machine == "arm64" and major < 11:
        raise _unknown(word, "is impossible: arm64 came with macOS 11")
    if not 10 <= major <= 30:
        raise _unknown(word, "needs a macOS release between 10 and 30")
    # From macOS 11 on, only the major release counts in tags.
    version = (major, minor) if major == 10 else (major, 0)
    markers = _posix("darwin", machine)
    if machine == "universal2":
        # One environment for both machines: only wheels that have both will do, and no marker can tell which it is.
        del markers["platform_machine"]
    return Platform(
        word=f"macosx_{version[0]}_{version[1]}_{machine}",
        tags=tuple(mac_platforms(version, machine)),
        markers=markers,
    )


def _ios(word: str, major: str, minor: str, machine: str, sdk: str) -> Platform:
    if not 12 <= int(major) <= 40 or (machine, sdk) == ("x86_64", "iphoneos"):
        raise _unknown(word, "needs an iOS from 12 on, and arm64 where it is no simulator")
    tags = tuple(ios_platforms((int(major), int(minor)), f"{machine}_{sdk}"))
    return Platform(word=tags[0], tags=tags, markers=_posix("ios", machine))


def _android(word: str, level: str, abi: str) -> Platform:
    # PEP 738 starts with level 21, wheels of the time before with 16.
    if not 16 <= int(level) <= 60:
        raise _unknown(word, "needs an API level between 16 and 60")
    tags = tuple(android_platforms(int(level), abi))
    return Platform(word=tags[0], tags=tags, markers=_posix("android", _ANDROID_MACHINES[abi]))


def _emscripten(word: str, name: str, version: str) -> Platform:  # noqa: ARG001 - one shape for the table
    # Pyodide's wheels had its own name before PEP 783 gave the same platform another.
    names = ("emscripten",) if name == "emscripten" else ("pyemscripten", "pyodide")
    tags = tuple(f"{each}_{version}_wasm32" for each in names)
    return Platform(word=tags[0], tags=tags, markers=_posix("emscripten", "wasm32"))


def _posix(system: str, machine: str) -> dict[str, str]:
    markers = {"os_name": "posix", "sys_platform": system, "platform_system": _SYSTEMS[system]}
    return {**markers, "platform_machine": machine}


_SHAPES: Mapping[str, Callable[..., Platform]] = {
    r"manylinux_2_(\d+)_(\w+)": _manylinux,
    r"manylinux(1|2010|2014)_(\w+)": _legacy_manylinux,
    r"musllinux_1_(\d+)_(\w+)": _musllinux,
    r"macosx_(\d+)_(\d+)_(arm64|x86_64|universal2)": _macosx,
    r"ios_(\d+)_(\d+)_(arm64|x86_64)_(iphoneos|iphonesimulator)": _ios,
    rf"android_(\d+)_({'|'.join(_ANDROID_MACHINES)})": _android,
    r"(pyemscripten|pyodide)_(\d+_\d+)_wasm32": _emscripten,
    r"(emscripten)_(\d+_\d+_\d+)_wasm32": _emscripten,
}
