"""Reads ``.python-version`` as pyenv and uv write it: one Python a line, and now and then its platform; finds no interpreter."""

from __future__ import annotations

import re

from wheelcheck.errors import InputUnreadable
from wheelcheck.model.requirement import FileOrigin
from wheelcheck.model.target import NamedTarget, NamedTargets, TargetNote
from wheelcheck.targets.platforms import machine_of, platform_of
from wheelcheck.targets.pythons import parse_python_version
from wheelcheck.targets.sources import TargetQuery

# uv's keys: implementation-version-system-machine-library.
_KEY = re.compile(
    r"(?P<implementation>cpython|pypy|graalpy|pyodide)[-@]?(?P<version>3[\w.+]*)"
    r"-(?P<system>linux|macos|windows)-(?P<machine>\w+)(?:-(?P<library>gnu|musl|gnueabihf|musleabihf|none))?"
)
_PREFIX = re.compile(r"(?:cpython|python|cp)[-@]?(?=3)|(?<=pypy)@")
# The floors of the bare words of --platform: the file tells the kind of machine, not its age.
_FLOORS = {
    "gnu": "manylinux_2_28",
    "gnueabihf": "manylinux_2_28",
    "musl": "musllinux_1_2",
    "musleabihf": "musllinux_1_2",
}
_SYSTEM_FLOORS = {"windows": "win", "macos": "macosx_13_0", "linux": "manylinux_2_28"}


def parse_python_version_file(text: str, path: str, query: TargetQuery) -> NamedTargets:  # noqa: ARG001 - one shape for the table
    """One target for each version in *text*, a ``.python-version`` or ``.python-versions`` file.

    A word that is no version of CPython or PyPy (``system``, a conda, a range) is noted and passed over; raises ``InputUnreadable``
    where nothing is left.
    """
    targets: list[NamedTarget] = []
    notes: list[TargetNote] = []
    for number, line in enumerate(text.splitlines(), start=1):
        # pyenv takes several versions on a line too.
        for word in line.partition("#")[0].split():
            origin = FileOrigin(path=path, line=number)
            target = _target(word, origin)
            if target is None:
                notes.append(TargetNote(origin=origin, reason=f"{word!r} is no version of CPython or PyPy 3"))
            else:
                targets.append(target)
    if not targets:
        said = "; ".join(note.reason for note in notes) or "says no version"
        address = str(notes[0].origin) if notes else path
        raise InputUnreadable(said, address=address, hint="write a version such as 3.11, or give --python")
    return NamedTargets.gathered(targets, notes)


def _target(word: str, origin: FileOrigin) -> NamedTarget | None:
    key = _KEY.fullmatch(word.lower())
    if key is None:
        version = parse_python_version(_PREFIX.sub("", word.lower()))
        platform = None
    else:
        named = f"pypy{key['version']}" if key["implementation"] == "pypy" else key["version"]
        version = parse_python_version(named) if key["implementation"] in ("cpython", "pypy") else None
        platform = _platform(key["system"], key["machine"], key["library"])
    if version is None:
        return None
    assumed = f"{word} is {version.remark}" if version.remark and version.word else ""
    return NamedTarget(platform=platform, python=version.word, origin=origin, assumed=assumed)


def _platform(system: str, machine: str, library: str | None) -> str:
    floor = _FLOORS.get(library or "", _SYSTEM_FLOORS[system]) if system == "linux" else _SYSTEM_FLOORS[system]
    return platform_of(floor, "armv7l" if machine == "armv7" else machine_of(machine))
