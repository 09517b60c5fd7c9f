"""The targets near a target: other Python minors, higher platform floors; judges no file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wheelcheck.model.target import Target
from wheelcheck.targets.pythons import parse_python
from wheelcheck.targets.targets import parse_target

# The minors that an installer ships today: 3.9 is the last that many older wheels were built for, 3.14 has had a year of them.
_MINORS = range(9, 15)
_PER_MINOR = 2
_COST_OF_PYTHON = 10
_COST_OF_PLATFORM = 15
# The floors for which wheels are built (PEP 600's names of distributions), and the releases of macOS.
_GLIBC = (17, 24, 26, 27, 28, 31, 34, 35, 39)
_MACOS = (11, 12, 13, 14, 15, 26)


def iter_other_pythons(target: Target) -> Iterator[tuple[Target, int]]:
    """Targets that differ from *target* in the Python minor alone, nearest first, each with what the switch costs.

    A free-threaded target may become the ordinary build of its minor. PyPy stays PyPy. A patch level is not carried over: nobody
    knows which the other minor would have.
    """
    word = parse_python(target.python)
    prefix = "pp" if word.implementation == "pypy" else ""
    if word.free_threaded:
        yield parse_target(target.platform, f"3.{word.minor}"), _COST_OF_PYTHON
    minors = sorted((minor for minor in _MINORS if minor != word.minor), key=lambda m: (abs(m - word.minor), -m))
    for minor in minors:
        distance = abs(minor - word.minor) + word.free_threaded
        yield parse_target(target.platform, f"{prefix}3.{minor}"), _COST_OF_PYTHON + _PER_MINOR * (distance - 1)


def iter_other_platforms(target: Target) -> Iterator[tuple[Target, int]]:
    """Targets with a higher floor of the same family on the same machine, lowest first, each with what it costs."""
    for pattern, floors, form in (
        (r"manylinux_2_(\d+)_(\w+)", _GLIBC, "manylinux_2_{}_{}"),
        (r"macosx_(\d+)_\d+_(\w+)", _MACOS, "macosx_{}_0_{}"),
    ):
        matched = re.fullmatch(pattern, target.platform, re.ASCII)
        if matched is None:
            continue
        higher = [floor for floor in floors if floor > int(matched[1])]
        for step, floor in enumerate(higher):
            yield parse_target(form.format(floor, matched[2]), target.python), _COST_OF_PLATFORM + step
