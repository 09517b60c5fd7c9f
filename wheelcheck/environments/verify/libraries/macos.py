"""Where macOS looks for a library (@rpath, @loader_path, the system's own), and which release it is for."""

from __future__ import annotations

from collections.abc import Iterator

from wheelcheck.environments.verify.libraries.binary import Need
from wheelcheck.environments.verify.libraries.judging import Case
from wheelcheck.environments.verify.subject import is_outside, joined
from wheelcheck.model.finding import Severity
from wheelcheck.model.inspection import Problem, ProblemKind


def judge_macos(case: Case) -> Iterator[Problem]:
    """The libraries that the one of *case* loads and would not find, and a release of macOS newer than the target's."""
    for need in case.binary.needs:
        if case.system.has(need.library) or need.late:
            continue
        if any(_is_there(case, place) for place in _places(case, need.library)):
            continue
        name = need.library.rpartition("/")[2]
        if not need.library.startswith("/"):
            if case.has_in_distribution(name) or _has_in_runtime(case, name):
                continue
            yield from case.elsewhere(need, name)
        else:
            yield _absolute(case, need)
    if case.floor and case.binary.system > case.floor:
        asked, there = ".".join(map(str, case.binary.system)), ".".join(map(str, case.floor))
        yield case.problem(
            ProblemKind.SYSTEM_TOO_OLD,
            # The loader of macOS does not hold libraries to it: what fails is a function that the older release does not have.
            Severity.WARNING,
            f"macOS {asked}",
            f"was built for macOS {asked} and newer, the target is macOS {there}",
            "take a wheel for an older macOS, or plan for a newer one (--platform macosx_…)",
        )


def _places(case: Case, library: str) -> Iterator[str]:
    head, _, rest = library.partition("/")
    if head == "@rpath":
        for folder in case.binary.folders:
            expanded = _expanded(case, folder)
            if expanded is not None:
                yield joined(expanded, rest)
    elif (expanded := _expanded(case, library)) is not None:
        yield expanded


def _expanded(case: Case, path: str) -> str | None:
    """*path* relative to the root; ``None`` where it is not relative to the library or the program."""
    head, _, rest = path.partition("/")
    if head == "@loader_path":
        return joined(case.binary.path, "..", rest)
    if head == "@executable_path" and case.subject.layout.executable:
        return joined(case.subject.layout.executable, "..", rest)
    return None


def _is_there(case: Case, place: str) -> bool:
    return not is_outside(place) and (case.subject.root / place).is_file()


def _has_in_runtime(case: Case, name: str) -> bool:
    return any(case.shelf.owner(path) is None and path.startswith("lib/") for path in case.shelf.find(name))


def _absolute(case: Case, need: Need) -> Problem:
    absence = case.system.absence(need.library)
    owner = absence.owner if absence is not None else "the machine that it was built on"
    remedy = absence.remedy if absence is not None else "take another wheel: this one is not self-contained"
    return case.problem(
        ProblemKind.LIBRARY_MISSING,
        Severity.ERROR,
        need.library,
        f"loads {need.library}, a path that comes with {owner}",
        remedy,
    )
