"""Versions and machines as people write them → the words that ``compat`` takes; knows no file format."""

from __future__ import annotations

import re

from msgspec import Struct

from wheelcheck.model.named_target import NamedTarget

_OLDEST_MINOR = 6
_VERSION = re.compile(
    r"(?P<major>\d+)(?:\.(?P<minor>\d+))?(?:\.(?P<patch>\d+))?"
    r"(?P<pre>[-.]?(?:a|b|rc|alpha|beta)\.?\d*|-dev)?(?P<free>t|\+freethreaded)?",
    re.ASCII,
)
_PYPY = re.compile(r"(?:pypy-?|pp)(?P<version>3\.\d+)(?:\.\d+)?(?:-[\w.-]+)?", re.ASCII)

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
_MACHINES_OF = {
    "win": {"x86_64": "amd64", "aarch64": "arm64", "i686": ""},
    "macosx": {"aarch64": "arm64"},
}


class WrittenPython(Struct, frozen=True, kw_only=True):
    """A Python version as written: *word* is what ``compat`` takes, ``None`` where no minor version is said.

    ``remark`` says what of the text is not in the word; empty where it says all.
    """

    word: str | None
    version: str = ""
    remark: str = ""


def parse_python_version(text: str) -> WrittenPython | None:
    """Understand *text* as one version: ``3.11``, ``3.11.9``, ``3``, ``3.13t``, ``3.15-dev``, ``pypy3.10-7.3.12``.

    ``None`` for what is no version of a Python 3 with wheels: ranges, ``system``, ``2.7``, ``3.5``.
    """
    pypy = _PYPY.fullmatch(text)
    matched = _VERSION.fullmatch(pypy["version"] if pypy else text)
    if matched is None or matched["major"] != "3":
        return None
    minor = matched["minor"]
    if minor is None:
        return WrittenPython(word=None, remark="names no minor version of Python")
    if int(minor) < _OLDEST_MINOR:
        return None
    number = f"3.{int(minor)}"
    if matched["pre"]:
        # A pre-release meets no Requires-Python of its release: what is asked is how things are once it is out.
        return WrittenPython(
            word=number + ("t" if matched["free"] else ""), version=number, remark="a pre-release, taken as its release"
        )
    if matched["patch"] is not None:
        number += f".{int(matched['patch'])}"
    prefix, suffix = ("pp" if pypy else ""), ("t" if matched["free"] else "")
    return WrittenPython(word=f"{prefix}{number}{suffix}", version=number)


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


def each_once(targets: list[NamedTarget]) -> tuple[NamedTarget, ...]:
    """*targets* without those whose platform and Python an earlier one has."""
    found: dict[tuple[str | None, str | None], NamedTarget] = {}
    for target in targets:
        found.setdefault((target.platform, target.python), target)
    return tuple(found.values())
