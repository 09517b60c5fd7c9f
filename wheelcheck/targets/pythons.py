"""Python words (``3.11``, ``3.13t``, ``pp3.11``) → versions and ABI; versions as other files write them → such words.

``requires-python`` of a ``pyproject.toml`` gives one target for each Python that it admits; no dependency is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from wheelcheck.errors import InputUnreadable, UsageProblem
from wheelcheck.model.requirement import FileOrigin
from wheelcheck.model.target import NamedTarget, NamedTargets
from wheelcheck.texts.toml import Table, parse_specifier, requires_python_of

if TYPE_CHECKING:
    from wheelcheck.targets.sources import TargetQuery

_OLDEST_MINOR = 6
_NEWEST_MINOR = 20  # a sanity bound, not a list of releases
_FIRST_FREE_THREADED = 13
_PYPY_ABI = "pp73"  # every PyPy of the 7.3 line, the only one that supports Python 3.7 and newer

_WORD = re.compile(
    r"(?P<impl>cp|cpython[-@]?|py|python[-@]?|pp|pypy[-@]?)?3\.?(?P<minor>\d{1,2})(?:\.(?P<patch>\d+))?(?P<free>t|\+freethreaded)?"
)

# Compiled where a workflow or an image names a version.
_VERSION = (
    r"(?P<major>\d+)(?:\.(?P<minor>\d{1,4}))?(?:\.(?P<patch>\d{1,4}))?"
    r"(?P<pre>[-.]?(?:a|b|rc|alpha|beta)\.?\d*|-dev)?(?P<free>t|\+freethreaded)?"
)
_PYPY = r"(?:pypy-?|pp)(?P<version>3\.\d+)(?:\.\d+)?(?:-[\w.-]+)?"


class PythonWord(Struct, frozen=True, kw_only=True):
    """One Python: ``interpreter`` and ``abi`` are tags (``cp311``, ``cp313t``), ``full`` is compared with Requires-Python.

    ``patch_assumed`` says that the patch level was not given and ``.0`` was taken, as uv and pip do.
    """

    word: str
    implementation: str
    minor: int
    full: Version
    interpreter: str
    abi: str
    free_threaded: bool = False
    patch_assumed: bool = False


def parse_python(word: str) -> PythonWord:
    """Understand *word*; raise ``UsageProblem`` with examples when it is none.

    ``3.11`` alone means 3.11.0: a file that requires ``>=3.11.5`` is then refused, and a finding says so.
    """
    matched = _WORD.fullmatch(word.strip().lower())
    if matched is None:
        raise UsageProblem(
            f"--python {word!r} is no Python version", hint="write 3.11, 3.11.9, 3.13t (free-threaded) or pp3.11 (PyPy)"
        )
    minor, patch = int(matched["minor"]), matched["patch"]
    if not _OLDEST_MINOR <= minor <= _NEWEST_MINOR:
        raise UsageProblem(
            f"--python {word!r}: Python 3.{minor} is outside 3.{_OLDEST_MINOR} to 3.{_NEWEST_MINOR}",
            hint="write a minor version such as 3.11",
        )
    is_pypy = (matched["impl"] or "").startswith(("pp", "pypy"))
    free = matched["free"] is not None
    if free and (is_pypy or minor < _FIRST_FREE_THREADED):
        raise UsageProblem(
            f"--python {word!r}: free-threaded builds exist for CPython 3.{_FIRST_FREE_THREADED} and newer only",
            hint=f"write 3.{max(minor, _FIRST_FREE_THREADED)}t",
        )
    number = f"3.{minor}" + (f".{patch}" if patch is not None else "")
    return PythonWord(
        word=("pp" if is_pypy else "") + number + ("t" if free else ""),
        implementation="pypy" if is_pypy else "cpython",
        minor=minor,
        full=Version(f"3.{minor}.{patch or 0}"),
        interpreter=f"pp3{minor}" if is_pypy else f"cp3{minor}",
        abi=_abi(minor, is_pypy=is_pypy, free=free),
        free_threaded=free,
        patch_assumed=patch is None,
    )


def _abi(minor: int, *, is_pypy: bool, free: bool) -> str:
    if is_pypy:
        return f"pypy3{minor}_{_PYPY_ABI}"
    if minor < 8:
        return f"cp3{minor}m"  # the "m" of pymalloc went with Python 3.8
    return f"cp3{minor}" + ("t" if free else "")


def split_target(text: str) -> tuple[str, str]:
    """The platform and the Python of ``win_amd64/3.11``; the Python is empty where the last part is a machine (``linux/arm64``)."""
    platform, slash, python = text.strip().rpartition("/")
    is_machine = not set("*?[3") & set(python) or python == "386"
    return (text.strip(), "") if not slash or is_machine else (platform, python)


class WrittenPython(Struct, frozen=True, kw_only=True):
    """A Python version as written: *word* is for :func:`parse_python`, ``None`` where no minor version is said.

    ``remark`` names the part of the text that the word lacks; empty where it has all.
    """

    word: str | None
    version: str = ""
    remark: str = ""


def parse_python_version(text: str) -> WrittenPython | None:
    """Understand *text* as one version: ``3.11``, ``3.11.9``, ``3``, ``3.13t``, ``3.15-dev``, ``pypy3.10-7.3.12``.

    ``None`` for a text that is no version of a Python 3 with wheels: ranges, ``system``, ``2.7``, ``3.5``.
    """
    pypy = re.fullmatch(_PYPY, text, re.ASCII)
    matched = re.fullmatch(_VERSION, pypy["version"] if pypy else text, re.ASCII)
    if matched is None or matched["major"] != "3":
        return None
    minor = matched["minor"]
    if minor is None:
        return WrittenPython(word=None, remark="names no minor version of Python")
    if int(minor) < _OLDEST_MINOR:
        return None
    number = f"3.{int(minor)}"
    if matched["pre"]:
        # A pre-release meets no Requires-Python of its release: the question is about the release.
        return WrittenPython(
            word=number + ("t" if matched["free"] else ""), version=number, remark="a pre-release, taken as its release"
        )
    if matched["patch"] is not None:
        number += f".{int(matched['patch'])}"
    prefix, suffix = ("pp" if pypy else ""), ("t" if matched["free"] else "")
    return WrittenPython(word=f"{prefix}{number}{suffix}", version=number)


_MOST_PATCHES = 50
_MINOR = re.compile(r"3\.\d+")
_CARET_OR_TILDE = re.compile(r"([\^~])\s*(\d+(?:\.\d+)*)")


def parse_requires_python(text: str, path: str, query: TargetQuery) -> NamedTargets:
    """Each Python of *query* (``3.11``; words of other implementations are left out) that the ``pyproject.toml`` *text* admits.

    Where the first patch releases are excluded (``>=3.11.5``), the target is the first that is not. Without ``requires-python``
    Poetry's ``python`` is taken. Raises ``InputUnreadable`` where neither is there, or none of these Pythons is admitted.
    """
    admitted = admitted_pythons(Table.of_toml(text, path))
    if admitted is None:
        raise InputUnreadable(
            "says no requires-python",
            address=path,
            hint='write requires-python = ">=3.11" in [project], or give --python',
        )
    bounds, origin, said = admitted
    minors = [word for word in dict.fromkeys(query.pythons) if _MINOR.fullmatch(word)]
    found = tuple(
        NamedTarget(platform=None, python=word, origin=origin)
        for minor in minors
        if (word := first_admitted(minor, bounds)) is not None
    )
    if not found:
        raise InputUnreadable(
            f"{said} admits no Python that is supported", address=str(origin), hint=f"supported are {', '.join(minors)}"
        )
    return NamedTargets(targets=found)


def admitted_pythons(document: Table) -> tuple[tuple[SpecifierSet, ...], FileOrigin, str] | None:
    """The version bounds in *document*, of which one has to hold, where they stand, and the words; ``None`` without any."""
    project, poetry = document.within("project"), document.within("tool", "poetry", "dependencies")
    written = project.optional_text("requires-python")
    if written is not None:
        origin = project.origin_of(written, "requires-python")
        return (requires_python_of(written, origin),), origin, f'requires-python = "{written}"'
    python = poetry.values.get("python")
    if not isinstance(python, str):
        return None
    origin = poetry.origin_of(python, "python")
    return _poetry_bounds(python, origin), origin, f'python = "{python}"'


def first_admitted(minor: str, bounds: Sequence[SpecifierSet]) -> str | None:
    """The word for the oldest release of *minor* (``3.11``) that one of *bounds* admits; ``3.11`` alone for its first."""
    for patch in range(_MOST_PATCHES):
        if any(bound.contains(f"{minor}.{patch}") for bound in bounds):
            return f"{minor}.{patch}" if patch else minor
    return None


def _poetry_bounds(text: str, origin: FileOrigin) -> tuple[SpecifierSet, ...]:
    try:
        return tuple(parse_specifier(",".join(_clauses(part))) for part in re.split(r"\|\|?", text))
    except ValueError:
        raise InputUnreadable(
            f"python is no version constraint: {text!r}", address=str(origin), hint='for example "^3.11"'
        ) from None


def _clauses(text: str) -> Iterator[str]:
    for word in re.sub(r"([<>=!~^]=?)\s+", r"\1", text.strip()).replace(",", " ").split():
        matched = _CARET_OR_TILDE.fullmatch(word)
        if matched is not None:
            release = Version(matched[2]).release
            # Python's major is never 0, so ^ keeps the major; ~ keeps the minor where one is said.
            kept = release[:1] if matched[1] == "^" or len(release) == 1 else release[:2]
            yield f">={matched[2]}"
            yield f"<{'.'.join(map(str, (*kept[:-1], kept[-1] + 1)))}"
        elif word == "*":
            yield ">=3"
        elif word[0].isdigit():
            yield f"=={word}"
        else:
            yield word
