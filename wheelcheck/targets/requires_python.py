"""Reads ``requires-python`` of a ``pyproject.toml`` as one target for each Python that it admits; asks for no dependency."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from wheelcheck.errors import InputUnreadable
from wheelcheck.model.requirement import FileOrigin
from wheelcheck.model.target import NamedTarget, NamedTargets
from wheelcheck.targets.sources import TargetQuery
from wheelcheck.texts.toml import Table, parse_specifier, requires_python_of

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
