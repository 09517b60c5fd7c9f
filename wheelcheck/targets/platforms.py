"""Platform words → platform tags and marker values; knows no Python version.

A word is a wheel platform tag (``manylinux_2_28_x86_64``) or an alias (``windows``, ``alpine-arm64``). A tag names a *floor*:
wheels for lower floors (older glibc, older macOS, universal binaries) are added by the rules of PEP 600, PEP 656 and
PEP 425's macOS ladder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct
from packaging.tags import mac_platforms

from wheelcheck.errors import UsageProblem


class Platform(Struct, frozen=True, kw_only=True):
    """A platform: its *word* in reports, its platform *tags* best first, and the markers that it determines."""

    word: str
    tags: tuple[str, ...]
    markers: Mapping[str, str]


# Defaults of the bare words. glibc 2.28 is what manylinux builds for today (RHEL 8, Debian 10, Ubuntu 18.10 and newer);
# macOS 13 is the oldest release that its vendor supported in the last two years.
_LINUX_FLOOR = "manylinux_2_28"
_ALPINE_FLOOR = "musllinux_1_2"
_MACOS_FLOOR = "macosx_13_0"

_LINUX_MACHINES = ("x86_64", "aarch64", "i686", "armv7l", "ppc64le", "s390x", "riscv64", "loongarch64")
_MACHINE_WORDS = {
    "": "x86_64",
    "amd64": "x86_64",
    "x64": "x86_64",
    "arm64": "aarch64",
    "x86": "i686",
    "armhf": "armv7l",
} | {machine: machine for machine in _LINUX_MACHINES}

# PEP 600: the legacy names of three glibc floors.
_LEGACY_MANYLINUX = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}
_LEGACY_BY_FLOOR = {floor: name for name, floor in _LEGACY_MANYLINUX.items()}
_OLDEST_GLIBC_MINOR = {"x86_64": 5, "i686": 5}  # the others started with manylinux2014, glibc 2.17
_NEWEST_GLIBC_MINOR = 60  # a sanity bound: tags beyond it are a slip of the finger
_NEWEST_MUSL_MINOR = 9

_WINDOWS_MACHINES = {"win32": "x86", "win_amd64": "AMD64", "win_arm64": "ARM64"}

_WORDS = {
    "win_amd64": "windows win64 windows-amd64 windows-x86_64 windows-x64 x86_64-pc-windows-msvc",
    "win_arm64": "windows-arm64 aarch64-pc-windows-msvc",
    "win32": "windows-x86 i686-pc-windows-msvc",
    f"{_MACOS_FLOOR}_arm64": "macos macos-arm64 macos-aarch64 aarch64-apple-darwin",
    f"{_MACOS_FLOOR}_x86_64": "macos-x86_64 macos-intel x86_64-apple-darwin",
}
_ALIASES = {word: tag for tag, words in _WORDS.items() for word in words.split()}
for _word, _machine in _MACHINE_WORDS.items():
    _suffix = f"-{_word}" if _word else ""
    _ALIASES[f"linux{_suffix}"] = f"{_LINUX_FLOOR}_{_machine}"
    if _machine in ("x86_64", "aarch64", "i686", "armv7l", "ppc64le", "s390x"):
        _ALIASES[f"alpine{_suffix}"] = f"{_ALPINE_FLOOR}_{_machine}"
for _machine in ("x86_64", "aarch64"):
    _ALIASES[f"{_machine}-unknown-linux-gnu"] = f"{_LINUX_FLOOR}_{_machine}"
    _ALIASES[f"{_machine}-unknown-linux-musl"] = f"{_ALPINE_FLOOR}_{_machine}"
for _machine in _LINUX_MACHINES:
    _ALIASES[f"linux_{_machine}"] = f"{_LINUX_FLOOR}_{_machine}"

# Compiled for the word that is given: of four systems, a run mostly has one.
_MANYLINUX = r"manylinux_(\d+)_(\d+)_(\w+)"
_LEGACY = r"(manylinux1|manylinux2010|manylinux2014)_(\w+)"
_MUSLLINUX = r"musllinux_(\d+)_(\d+)_(\w+)"
_MACOSX = r"macosx_(\d+)_(\d+)_(\w+)"
_SHOWN = (
    "win_amd64", "win_arm64", "win32", "manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_aarch64",
    "musllinux_1_2_x86_64", "musllinux_1_2_aarch64", "macosx_13_0_arm64", "macosx_13_0_x86_64",
)  # fmt: skip

# Go's names, as Docker uses them; the names of uname and of wheel tags stand for themselves.
_MACHINES = {
    "amd64": "x86_64",
    "x86-64": "x86_64",
    "x64": "x86_64",
    "arm64": "aarch64",
    "arm64/v8": "aarch64",
    "arm/v7": "armv7l",
    "arm": "armv7l",
    "386": "i686",
    "x86": "i686",
}
_MACHINES_OF = {"win": {"x86_64": "amd64", "aarch64": "arm64", "i686": ""}, "macosx": {"aarch64": "arm64"}}


def parse_platform(word: str) -> Platform:
    """Understand *word*, a wheel platform tag or an alias; case and ``-``/``_`` do not matter where that is unambiguous.

    Raises ``UsageProblem`` with the nearest good words.
    """
    text = word.strip().lower()
    text = _ALIASES.get(text) or _ALIASES.get(text.replace("_", "-")) or text.replace("-", "_")
    if text in _WINDOWS_MACHINES:
        return Platform(word=text, tags=(text,), markers=_windows_markers(text))
    if matched := re.fullmatch(_LEGACY, text, re.ASCII):
        major, minor = _LEGACY_MANYLINUX[matched[1]]
        return _manylinux(word, major, minor, matched[2])
    if matched := re.fullmatch(_MANYLINUX, text, re.ASCII):
        return _manylinux(word, int(matched[1]), int(matched[2]), matched[3])
    if matched := re.fullmatch(_MUSLLINUX, text, re.ASCII):
        return _musllinux(word, int(matched[1]), int(matched[2]), matched[3])
    if matched := re.fullmatch(_MACOSX, text, re.ASCII):
        return _macosx(word, int(matched[1]), int(matched[2]), matched[3])
    raise _unknown(word)


def _unknown(word: str, reason: str = "") -> UsageProblem:
    import difflib

    good = difflib.get_close_matches(word.lower(), (*_SHOWN, *_ALIASES), n=3, cutoff=0.5) or list(_SHOWN[:4])
    return UsageProblem(
        f"--platform {word!r} {reason or 'is no platform that wheelcheck knows'}",
        hint=f"near it: {', '.join(good)}; any wheel platform tag is taken, and windows, linux, macos, alpine[-arm64]",
    )


def _manylinux(word: str, major: int, minor: int, machine: str) -> Platform:
    if machine not in _LINUX_MACHINES:
        raise _unknown(word, f"names a machine {machine!r} that has no manylinux wheels")
    oldest = _OLDEST_GLIBC_MINOR.get(machine, 17)
    if major != 2 or not oldest <= minor <= _NEWEST_GLIBC_MINOR:
        raise _unknown(word, f"needs a glibc between 2.{oldest} and 2.{_NEWEST_GLIBC_MINOR} for {machine}")
    return Platform(
        word=f"manylinux_2_{minor}_{machine}",
        tags=tuple(_manylinux_ladder(minor, oldest, machine)),
        markers=_linux_markers(machine),
    )


def _manylinux_ladder(minor: int, oldest: int, machine: str) -> Iterator[str]:
    # PEP 600: a machine with glibc 2.N runs everything built for 2.N and older, nearest first; the legacy names stand
    # beside their floors. The plain linux tag (built on this very machine) comes first, as packaging has it.
    yield f"linux_{machine}"
    for floor in range(minor, oldest - 1, -1):
        yield f"manylinux_2_{floor}_{machine}"
        if legacy := _LEGACY_BY_FLOOR.get((2, floor)):
            yield f"{legacy}_{machine}"


def _musllinux(word: str, major: int, minor: int, machine: str) -> Platform:
    if machine not in _LINUX_MACHINES:
        raise _unknown(word, f"names a machine {machine!r} that has no musllinux wheels")
    if major != 1 or minor > _NEWEST_MUSL_MINOR:
        raise _unknown(word, "needs a musl between 1.0 and 1.9")
    # PEP 656: musl 1.N runs builds for 1.N and older.
    ladder = tuple(f"musllinux_1_{floor}_{machine}" for floor in range(minor, -1, -1))
    return Platform(word=ladder[0], tags=(f"linux_{machine}", *ladder), markers=_linux_markers(machine))


def _macosx(word: str, major: int, minor: int, machine: str) -> Platform:
    if machine not in ("arm64", "x86_64"):
        raise _unknown(word, f"needs a real machine, arm64 or x86_64, not {machine!r}")
    if machine == "arm64" and major < 11:
        raise _unknown(word, "is impossible: arm64 came with macOS 11")
    if not 10 <= major <= 30:
        raise _unknown(word, "needs a macOS release between 10 and 30")
    # From macOS 11 on, only the major release counts in tags.
    version = (major, minor) if major == 10 else (major, 0)
    return Platform(
        word=f"macosx_{version[0]}_{version[1]}_{machine}",
        tags=tuple(mac_platforms(version, machine)),
        markers={
            "os_name": "posix",
            "sys_platform": "darwin",
            "platform_system": "Darwin",
            "platform_machine": machine,
        },
    )


def _windows_markers(word: str) -> Mapping[str, str]:
    return {
        "os_name": "nt",
        "sys_platform": "win32",
        "platform_system": "Windows",
        "platform_machine": _WINDOWS_MACHINES[word],
    }


def _linux_markers(machine: str) -> Mapping[str, str]:
    return {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux", "platform_machine": machine}


def machine_of(word: str) -> str:
    """The machine in uname's words, from those of Docker, Windows or a wheel tag."""
    lowered = word.lower()
    return _MACHINES.get(lowered, lowered)


def platform_of(floor: str, machine: str) -> str:
    """The platform tag of a *floor* (``manylinux_2_36``, ``win``, ``macosx_15_0``) on *machine* (uname's word)."""
    own = _MACHINES_OF.get(floor.partition("_")[0], {}).get(machine, machine)
    if floor == "win" and not own:
        return "win32"
    return f"{floor}_{own}"
