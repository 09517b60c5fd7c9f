"""Spellings of a platform → its wheel platform tag → everything that runs there, and marker values; knows no Python version.

Spellings are those of Docker, uv, conda, Node, GitHub Actions and Linux distributions: ``platform_tag("linux/arm64")`` is
``manylinux_2_28_aarch64``. A spelling is a system with or without a machine, in either order, and the tables here are these words.
Releases of systems and labels of CI machines are data (``knowledge/images.toml``), read only for a word that needs them.

A tag names a *floor*: wheels for lower floors (older glibc, older macOS, lower API levels, universal binaries) are added by the
rules of PEP 600 and 656, PEP 425's macOS ladder, PEP 730 (iOS), PEP 738 (Android) and PEP 783 (Pyodide).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct
from packaging.tags import android_platforms, ios_platforms, mac_platforms

from wheelcheck.errors import UsageProblem

if TYPE_CHECKING:
    from wheelcheck.model.systems import ImageKnowledge


# Floors of the bare words. glibc 2.28 is what manylinux builds for today (RHEL 8, Debian 10, Ubuntu 18.10 and newer); macOS 13,
# iOS 13 and Android's API level 24 are what uv takes.
_FLOORS = {
    "linux": "manylinux_2_28",
    "alpine": "musllinux_1_2",
    "macos": "macosx_13_0",
    "windows": "win",
    "android": "android_24",
    "ios": "ios_13_0",
}
# The oldest glibc for which manylinux has images of these machines.
_LINUX_FLOORS = {"armv7l": "manylinux_2_31", "riscv64": "manylinux_2_39", "loongarch64": "manylinux_2_38"}
_SPELLINGS = {
    "linux": "linux gnu glibc linux-gnu linux-gnueabihf unknown-linux unknown-linux-gnu unknown-linux-gnueabihf manylinux",
    "alpine": "alpine alpine-linux musl musllinux linux-musl unknown-linux-musl alpine-linux-musl",
    "macos": "macos mac osx darwin macosx apple-darwin mac-os mac-os-x",
    "windows": "windows win pc-windows-msvc pc-windows-gnu windows-msvc uwp-windows-msvc",
    "android": "android linux-android",
    "ios": "ios iphone iphoneos apple-ios",
    "ios-simulator": "ios-simulator iphonesimulator apple-ios-simulator apple-ios-sim ios-sim",
}
_SYSTEMS = {word: system for system, words in _SPELLINGS.items() for word in words.split()}
_MACHINE_SPELLINGS = {
    "x86_64": "x86-64 amd64 x64 64 intel 64bit",
    "aarch64": "aarch64 arm64 arm64-v8 arm64v8 arm64-v8a silicon apple-silicon m1",
    "i686": "i686 i386 386 x86 32 ia32 32bit",
    "armv7l": "armv7l armv7 armv7-a arm-v7 arm32v7 armhf arm armeabi-v7a",
    "armv6l": "armv6l armv6 arm-v6 arm32v6",
    "ppc64le": "ppc64le powerpc64le",
    "s390x": "s390x",
    "riscv64": "riscv64 riscv64gc",
    "loongarch64": "loongarch64",
}
_MACHINES = {word: machine for machine, words in _MACHINE_SPELLINGS.items() for word in words.split()}
_LINUX_ALONE = ("aarch64", "armv7l", "armv7", "armhf", "armv6l", "armv6", "i686", "i386", "ppc64le", "s390x", "riscv64")
"""Machines whose name is said of Linux only; the others stand for several systems."""

# Where a system has its own words for machines: wheel tags (PEP 425, 730, 738).
_MACHINES_OF = {
    "win": {"x86_64": "amd64", "aarch64": "arm64", "i686": ""},
    "macosx": {"aarch64": "arm64"},
    "android": {"aarch64": "arm64_v8a", "armv7l": "armeabi_v7a", "i686": "x86"},
    "ios": {"aarch64": "arm64"},
}
_DEFAULT_MACHINES = {"macos": "aarch64", "android": "aarch64", "ios": "aarch64", "ios-simulator": "aarch64"}
_FLOOR = re.compile(r"manylinux(?:1|2010|2014|-2-\d+)|musllinux-1-\d+|macosx-\d+-\d+", re.ASCII)
_GLUED = re.compile(r"(win|windows|linux|osx|mac|macos|darwin)(32|64)")
_RELEASE = re.compile(r"[a-z]*[\d.]*")
_VERSIONED = re.compile(r"([a-z-]+?)-?(\d{1,9})(?:-(\d{1,9}))?(?:-\d+)*", re.ASCII)
_PYODIDE = re.compile(r"(?:wasm32-)?(?:pyodide|pyemscripten)-?(20\d\d)(?:-(\d+))?(?:-wasm32)?")
_PYODIDE_BARE = re.compile(r"(?:wasm32-(?:unknown-)?)?emscripten|pyodide|pyemscripten|wasm|wasm32")
_FIRST_PYODIDE = 12
_NEWEST_PYODIDE = 14


class _Split(NamedTuple):
    """A spelling taken apart: the *system* in words, and the machine in those of uname, empty where none is said."""

    system: str
    machine: str


def platform_tag(word: str, minor: int | None = None) -> str | None:
    """The wheel platform tag that *word* spells, ``None`` for a word that means nothing or more than one system.

    *minor* is the Python's, which decides what ``pyodide`` alone means.
    """
    text = re.sub(r"[\s_/.:]+", "-", word.strip().lower()).strip("-")
    text = _GLUED.sub(r"\1-\2", text) if _GLUED.fullmatch(text) and text != "win32" else text
    return _pyodide(text, minor) or _plain(text) or _known(text) or _versioned(text)


def spellings() -> tuple[str, ...]:
    """The words that a mistyped one is compared with."""
    known = _images()
    releases = (f"{system.name}-{release.words[0]}" for system in known.systems for release in system.releases)
    machines = (
        f"{system}-{machine}"
        for system in ("linux", "windows", "macos", "alpine")
        for machine in ("x86_64", "arm64", "x64", "intel")
    )
    return tuple(dict.fromkeys((*_SYSTEMS, *machines, *known.runners, *releases, *_LINUX_ALONE, "pyodide")))


def _pyodide(text: str, minor: int | None) -> str | None:
    """A platform of PEP 783: Pyodide has a new one for each Python minor, since 2024 for 3.12."""
    if _PYODIDE_BARE.fullmatch(text):
        newest = _NEWEST_PYODIDE if minor is None else max(minor, _FIRST_PYODIDE)
        return f"pyemscripten_{2024 + newest - _FIRST_PYODIDE}_0_wasm32"
    matched = _PYODIDE.fullmatch(text)
    return f"pyemscripten_{matched[1]}_{matched[2] or 0}_wasm32" if matched is not None else None


def _plain(text: str) -> str | None:
    """A system, a machine of Linux, or a floor, each with or without a machine."""
    if text in _LINUX_ALONE:
        return _tag_of("linux", _MACHINES[text])
    for system, machine in _splits(text):
        if system in _SYSTEMS:
            return _tag_of(_SYSTEMS[system], machine)
        if _FLOOR.fullmatch(system) and (machine or not system.startswith("macosx")):
            return platform_of(system.replace("-", "_"), machine or "x86_64")
        # Node's name for Windows, and a wheel tag where it stands alone.
        if machine and system == "win32":
            return _tag_of("windows", machine)
    return None


def _known(text: str) -> str | None:
    """A label of a CI machine, or a release of a system that images are made of: ``ubuntu-22.04``, ``bookworm``, ``alpine3.19``."""
    known = _images()
    for label, platform in known.runners.items():
        if re.sub(r"[_.]", "-", label) == text:
            return platform
    for words, machine in _splits(text):
        for system in known.systems:
            named = words.startswith(system.name)
            release = words.removeprefix(system.name).strip("-").replace("-", ".") if named else words
            if not _RELEASE.fullmatch(release) or (release[:1].isdigit() and not named):
                continue
            found = system.release(system.latest if named and release in ("", "latest") else release)
            if found is not None:
                return platform_of(found.floor, machine or "x86_64")
    return None


def _versioned(text: str) -> str | None:
    """A release of macOS, Windows, Android or iOS: ``macos-14``, ``windows-11-arm64``, ``android-34``."""
    for words, machine in _splits(text):
        matched = _VERSIONED.fullmatch(words)
        system = _SYSTEMS.get(matched[1], "") if matched is not None else ""
        if matched is None or system in ("", "linux", "alpine"):
            continue
        major, lesser = matched[2], matched[3] or "0"
        match system:
            case "windows":
                return _tag_of(system, machine)
            case "macos":
                return platform_of(f"macosx_{major}_{lesser}", machine or ("aarch64" if int(major) > 10 else "x86_64"))
            case "android":
                return _tag_of(system, machine, f"android_{major}")
            case _:
                return _tag_of(system, machine, f"ios_{major}_{lesser}")
    return None


def _splits(text: str) -> Iterator[_Split]:
    yield _Split(text, "")
    for spelling, machine in _MACHINES.items():
        if text.endswith(f"-{spelling}"):
            yield _Split(text[: -len(spelling) - 1], machine)
        if text.startswith(f"{spelling}-"):
            yield _Split(text[len(spelling) + 1 :], machine)


def _tag_of(system: str, machine: str, floor: str = "") -> str | None:
    machine = machine or _DEFAULT_MACHINES.get(system, "x86_64")
    if machine == "armv7l" and system in ("windows", "macos", "ios"):
        machine = "aarch64"  # "arm" where there is no other
    if system in ("ios", "ios-simulator"):
        sdk = "iphoneos" if system == "ios" else "iphonesimulator"
        return f"{platform_of(floor or _FLOORS['ios'], machine)}_{sdk}"
    if machine == "armv6l" and system == "linux":
        return "linux_armv6l"
    if system == "linux":
        return platform_of(_LINUX_FLOORS.get(machine, _FLOORS["linux"]), machine)
    return platform_of(floor or _FLOORS[system], machine)


def machine_of(word: str) -> str:
    """The machine in uname's words, from those of Docker, Windows or a wheel tag."""
    lowered = word.lower()
    return _MACHINES.get(re.sub(r"[_/]", "-", lowered), lowered)


def platform_of(floor: str, machine: str) -> str:
    """The platform tag of a *floor* (``manylinux_2_36``, ``win``, ``macosx_15_0``) on *machine* (uname's word)."""
    own = _MACHINES_OF.get(floor.partition("_")[0], {}).get(machine, machine)
    return f"{floor}_{own}" if own else "win32"


def _images() -> ImageKnowledge:
    from wheelcheck.knowledge.systems import load_images  # 3 ms, for a word that is no tag

    return load_images()


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
_SYSTEM_NAMES = {"linux": "Linux", "darwin": "Darwin", "android": "Android", "ios": "iOS", "emscripten": "Emscripten"}
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
    markers = {"os_name": "posix", "sys_platform": system, "platform_system": _SYSTEM_NAMES[system]}
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
