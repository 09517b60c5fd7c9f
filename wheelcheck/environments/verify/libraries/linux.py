"""Where Linux looks for a library that another needs (RPATH, RUNPATH, the system's own), and which glibc it asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wheelcheck.environments.verify.libraries.binary import Need
from wheelcheck.environments.verify.libraries.judging import Case
from wheelcheck.environments.verify.subject import is_outside, joined
from wheelcheck.model.finding import Severity
from wheelcheck.model.inspection import Problem, ProblemKind

_ORIGINS = {True: "runtime that was built", False: "wheel"}
_VERSION = re.compile(r"([A-Z]+)_(\d+(?:\.\d+)*)")


def judge_linux(case: Case) -> Iterator[Problem]:
    """The libraries that the one of *case* needs and would not find, and symbol versions that the target is too old for."""
    for need in case.binary.needs:
        name = need.library.rpartition("/")[2]
        if _is_on_path(case, need) or case.system.has(name):
            continue
        if case.has_in_distribution(name) or _has_in_runtime(case, name):
            continue
        yield from case.elsewhere(Need(library=name, late=need.late), name)
    yield from _too_new(case)


def _is_on_path(case: Case, need: Need) -> bool:
    folder = joined(case.binary.path, "..")
    root = case.subject.root
    for each in case.binary.folders:
        expanded = re.sub(r"\$ORIGIN|\$\{ORIGIN\}", folder, each)
        if "$" in expanded or each == expanded:
            continue
        place = joined(expanded, need.library)
        if not is_outside(place) and (root / place).is_file():
            return True
    return False


def _has_in_runtime(case: Case, name: str) -> bool:
    return any(case.shelf.owner(path) is None and path.startswith("lib/") for path in case.shelf.find(name))


def _too_new(case: Case) -> Iterator[Problem]:
    """The newest version of each family that the floor does not have: one problem for each."""
    if not case.floor or case.subject.runtime.system != "linux":
        return
    ceilings = {**case.knowledge.ceiling(case.floor), "GLIBC": case.floor}
    newest: dict[str, tuple[tuple[int, ...], str]] = {}
    for library, version in case.binary.versions:
        matched = _VERSION.fullmatch(version)
        if matched is None or matched[1] not in ceilings or case.shelf.find(library):
            continue
        numbers = tuple(int(part) for part in matched[2].split("."))
        if numbers > ceilings[matched[1]] and numbers > newest.get(matched[1], ((), ""))[0]:
            newest[matched[1]] = numbers, library
    glibc = ".".join(map(str, case.floor))
    for family, (numbers, library) in newest.items():
        asked, there = ".".join(map(str, numbers)), ".".join(map(str, ceilings[family]))
        yield case.problem(
            ProblemKind.SYSTEM_TOO_OLD,
            Severity.ERROR,
            library,
            f"needs {family}_{asked} of {library}; a target with glibc {glibc} has {family}_{there}",
            f"take a {_ORIGINS[case.owner is None]} for an older glibc, or plan for a newer one (--platform manylinux_2_…)",
        )
