"""Where Windows looks for a DLL that an extension module imports, and what it finds there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wheelcheck.environments.verify.libraries.binary import Need
from wheelcheck.environments.verify.libraries.judging import Case
from wheelcheck.environments.verify.subject import joined
from wheelcheck.model.finding import Severity
from wheelcheck.model.inspection import Problem, ProblemKind

_PYTHON = re.compile(r"python3(\d*)(t?)(_d)?\.dll")
_OF_CONDA = "Library/bin"
"""conda's Python looks here too."""


def judge_windows(case: Case) -> Iterator[Problem]:
    """The DLLs that the library of *case* imports and would not find.

    A ``.pyd`` finds DLLs in its own folder, beside python.exe and in folders that its package adds (``os.add_dll_directory``,
    ``*.libs``), which no reader of headers can tell: any place in the same distribution counts.
    """
    for need in case.binary.needs:
        name = need.library.lower()
        if matched := _PYTHON.fullmatch(name):
            yield from _python(case, need, matched)
        elif not case.system.has(name) and not _is_near(case, name):
            if case.system.brings(name) and not case.subject.has_own_python:
                continue
            if need.late and case.system.absence(case.binary.name.lower()) is not None:
                continue  # what a bundled part of the Visual C++ runtime would load for parts that nobody uses
            yield from case.elsewhere(need, name)


def _is_near(case: Case, name: str) -> bool:
    folder = joined(case.binary.path, "..")
    root = joined(case.subject.layout.executable or ".", "..")
    if not case.subject.layout.executable:
        root = "."
    for path in case.shelf.find(name):
        where = joined(path, "..")
        if where in (folder, root) or case.shelf.owner(path) == case.owner:
            return True
        if where == joined(root, _OF_CONDA):
            return True
    return False


def _python(case: Case, need: Need, matched: re.Match[str]) -> Iterator[Problem]:
    python = case.subject.runtime.python
    name = need.library.lower()
    if matched[3]:
        yield case.problem(
            ProblemKind.PYTHON_LIBRARY,
            Severity.ERROR,
            need.library,
            f"needs {need.library}, the debug build of Python",
            "take another wheel: this one was built for debugging",
        )
        return
    if matched[1] and python is not None and int(matched[1]) != python.minor:
        yield case.problem(
            ProblemKind.PYTHON_LIBRARY,
            Severity.ERROR,
            need.library,
            f"is for Python 3.{matched[1]} ({need.library}), the environment has {case.subject.python_minor}",
            "install the wheel for this Python",
        )
        return
    if matched[2] and not case.subject.runtime.free_threaded and python is not None:
        yield case.problem(
            ProblemKind.PYTHON_LIBRARY,
            Severity.ERROR,
            need.library,
            f"is for the free-threaded Python ({need.library}), the environment has the usual one",
            "install the wheel for this Python",
        )
        return
    if case.subject.has_own_python and not _is_near(case, name):
        yield case.problem(
            ProblemKind.PYTHON_LIBRARY,
            Severity.ERROR,
            need.library,
            f"needs {need.library}, which is not beside {case.subject.layout.executable}",
            f"copy {need.library} from the same release of Python beside {case.subject.layout.executable}",
        )
