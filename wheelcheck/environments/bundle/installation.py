"""An installation as a person finds it on a disk: the parts of it that make an interpreter, without what grew there since."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wheelcheck.environments.bundle import standalone
from wheelcheck.environments.bundle.trees import leads_outside
from wheelcheck.errors import InputUnreadable
from wheelcheck.model.environment import RuntimeKind

if TYPE_CHECKING:
    from wheelcheck.environments.bundle.surveys import Survey
    from wheelcheck.model.environment import Layout, Runtime

_STANDALONE_HINT = "use a python-build-standalone archive or the embeddable package instead"
_WINDOWS_PARTS = re.compile(r"[^/]+\.(?:exe|dll|txt)|(?:DLLs|Lib|libs|[Ii]nclude|tcl)/.*")
_UNIX_PARTS = re.compile(
    r"bin/python(?:3(?:\.\d+t?)?)?|lib/python3\.\d+t?/.*|lib/libpython3[^/]*|lib/(?:tcl|tk|itcl|thread|tdbc)\d[^/]*/.*"
    r"|lib/lib(?:tcl|tk)\d[^/]*|include/python3\.\d+t?/.*"
)
_TEST_SUITES = re.compile(r"(?:^|/)(?:test|tests|idle_test)/")
# Makefile and static library of the build: only compiling against this interpreter needs them, and they name its builder's folders.
_BUILD_LEFTOVERS = re.compile(r"lib/python3\.\d+t?/config-3[^/]*/")


def recognise_installation(survey: Survey) -> tuple[str, Runtime, Layout] | None:
    """The prefix (empty), runtime and layout of an installation in a folder; ``None`` where there is none.

    Raises ``InputUnreadable`` for a virtual environment and for others that do not stand on their own, with what to use instead.
    """
    if not survey.is_folder:
        return None
    _refuse_dependents(survey)
    found = standalone.whole_prefix(survey, RuntimeKind.INSTALLATION)
    if found is None or found[0]:
        return None
    _, runtime, layout = found
    for path, link in sorted(survey.links.items()):
        if keeps(path) and leads_outside(path, link):
            raise InputUnreadable(
                f"{path!r} is a link to {link}, outside of this folder", address=str(survey.path), hint=_STANDALONE_HINT
            )
    return "", runtime, layout


def _refuse_dependents(survey: Survey) -> None:
    fact = hint = ""
    if "pyvenv.cfg" in survey.paths:
        home = re.search(r"^home\s*=\s*(.+)$", survey.text("pyvenv.cfg"), re.MULTILINE)
        fact = "a virtual environment: its interpreter and standard library lie elsewhere"
        hint = f"give the installation that it was made from ({_prefix(home[1])})" if home else _STANDALONE_HINT
    elif any(path.startswith("conda-meta/") for path in survey.paths):
        fact = "a conda environment: its libraries have its own path compiled in"
        hint = _STANDALONE_HINT
    elif survey.matching(r"lib/python3(?:\.\d+)?/(?:EXTERNALLY-MANAGED|dist-packages/.*)"):
        fact = (
            "an operating system's Python: its parts lie all over the system, and it does not look into site-packages"
        )
        hint = _STANDALONE_HINT
    if fact:
        raise InputUnreadable(fact, address=str(survey.path), hint=hint)


def _prefix(home: str) -> str:
    """The installation's folder: pyvenv.cfg names the one with its interpreter, which on Unix is ``bin`` in it."""
    return re.sub(r"(?<=.)/bin/?$", "", home.strip())


def keeps(path: str) -> bool:
    """Whether the file at *path*, relative to the prefix, is part of the interpreter: no packages, scripts, byte code or tests."""
    if not (_WINDOWS_PARTS.fullmatch(path) or _UNIX_PARTS.fullmatch(path)):
        return False
    return standalone.keeps(path) and not _TEST_SUITES.search(path) and not _BUILD_LEFTOVERS.match(path)
