"""Finds the dependency files of a folder and says which one counts; reads no requirement, and looks into no other folder."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

_LOCKS = (
    re.compile(r"pylock\.toml"),
    re.compile(r"pylock\.[^.]+\.toml"),
    re.compile(r"uv\.lock"),
    re.compile(r"poetry\.lock"),
    re.compile(r"pdm\.lock"),
    re.compile(r"Pipfile\.lock"),
)
_REQUIREMENTS = re.compile(r"requirements.*\.txt", re.IGNORECASE)


class Discovered(Struct, frozen=True, kw_only=True):
    """The dependency files of *folder* in the order in which they count; ``taken`` is the first of them, ``None`` for none.

    ``others`` are those passed over. ``unreadable`` are files that would have gone before ``taken`` but cannot be read, with the
    reason: that is an error to tell, and no ground to take a lesser file silently.
    """

    folder: Path
    taken: Path | None = None
    others: tuple[Path, ...] = ()
    unreadable: tuple[tuple[Path, str], ...] = ()


def discover(folder: Path) -> Discovered:
    """The dependency files in *folder*: locks, then ``pyproject.toml``, then ``requirements*.txt`` and ``requirements/*.txt``.

    Among locks the order is pylock.toml, pylock.*.toml, uv.lock, poetry.lock, pdm.lock, Pipfile.lock. A ``pyproject.toml`` counts
    if it lists dependencies, groups, or has a Poetry table; one that is no TOML is unreadable. ``requirements.txt`` goes before
    its kin. Links to files count, broken ones are unreadable. Costs one listing of the folder, and the reading of
    ``pyproject.toml`` where no lock is there.
    """
    try:
        candidates = list(_candidates(folder))
    except OSError as problem:
        return Discovered(folder=folder, unreadable=((folder, problem.strerror or str(problem)),))
    unreadable: list[tuple[Path, str]] = []
    for position, path in enumerate(candidates):
        reason = _unreadable(path)
        if reason is None and path.name == "pyproject.toml":
            reason = _no_dependencies(path)
        if reason is None:
            return Discovered(
                folder=folder, taken=path, others=tuple(candidates[position + 1 :]), unreadable=tuple(unreadable)
            )
        if reason:
            unreadable.append((path, reason))
    return Discovered(folder=folder, unreadable=tuple(unreadable))


def _candidates(folder: Path) -> Iterator[Path]:
    entries = {entry.name: entry for entry in sorted(folder.iterdir()) if not _is_folder(entry)}
    for pattern in _LOCKS:
        yield from (entry for name, entry in entries.items() if pattern.fullmatch(name))
    if "pyproject.toml" in entries:
        yield entries["pyproject.toml"]
    yield from sorted((entry for entry in entries.values() if _REQUIREMENTS.fullmatch(entry.name)), key=_plain_first)
    nested = folder / "requirements"
    if _is_folder(nested):
        yield from sorted(entry for entry in nested.iterdir() if entry.suffix == ".txt" and not _is_folder(entry))


def _plain_first(path: Path) -> tuple[bool, str]:
    return path.name.lower() != "requirements.txt", path.name


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _unreadable(path: Path) -> str | None:
    try:
        if not path.exists():
            return "a broken link"
        if not path.is_file():
            # A pipe or a device: opening it may wait for ever.
            return "no regular file"
        with path.open("rb") as stream:
            stream.read(1)
    except OSError as problem:
        return problem.strerror or str(problem)
    return None


def lists_dependencies(path: Path) -> bool:
    """Whether the ``pyproject.toml`` *path* says anything of dependencies; one that cannot be read may, and is to be told of."""
    return _no_dependencies(path) != ""


def _no_dependencies(path: Path) -> str | None:
    """``None`` where the ``pyproject.toml`` *path* counts, empty where it says nothing of dependencies, else what ails it."""
    try:
        document = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as problem:
        return problem.strerror or str(problem)
    except UnicodeDecodeError:
        return "not text in UTF-8"
    except tomllib.TOMLDecodeError as problem:
        return f"not valid TOML: {problem}"
    return None if any(_signs(document)) else ""


def _signs(document: dict[str, object]) -> Iterator[bool]:
    project, tool = document.get("project"), document.get("tool")
    if isinstance(project, dict):
        dynamic = project.get("dynamic")
        yield "dependencies" in project or "optional-dependencies" in project
        yield isinstance(dynamic, list) and bool(
            {"dependencies", "optional-dependencies"}.intersection(map(str, dynamic))
        )
    yield bool(document.get("dependency-groups"))
    yield isinstance(tool, dict) and "poetry" in tool
