"""Says which inputs a change of files puts to question: what a commit touched → what is to be checked; checks nothing itself.

A lock that changed is an input, and speaks for the project file that it was made of. A file that only bounds or sets something
(constraints, settings) leads to the dependency file of its folder.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct
from packaging.utils import canonicalize_name

from wheelcheck.requirements.discovery import discover, lists_dependencies

_LOCK = re.compile(r"pylock(\.[^.]+)?\.toml|uv\.lock|poetry\.lock|pdm(\..+)?\.lock|Pipfile\.lock|.+\.py\.lock")
_BOUNDS = re.compile(r"constraints?([-_.].*)?\.(txt|in)", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LISTED = re.compile(r"""^\s*['"]?name['"]?\s*=\s*['"]([^'"]+)['"]""", re.MULTILINE)
_SETTINGS = "wheelcheck.toml"
_PROJECT = "pyproject.toml"
_NESTED = frozenset({"requirements", "constraints"})


class ChangedInputs(Struct, frozen=True, kw_only=True):
    """The inputs that a change puts to question, sorted by path, and the changed files that lead to none (``idle``)."""

    inputs: tuple[Path, ...] = ()
    idle: tuple[Path, ...] = ()


def inputs_of_change(files: Iterable[str]) -> ChangedInputs:
    """What the changed *files* put to question.

    Where a lock and its ``pyproject.toml`` changed, the lock alone counts, as does ``X.txt`` beside ``X.in``: the one was made of
    the other. A ``pyproject.toml`` that asks for a project that no lock beside it lists counts too: that lock was made of another.
    One without dependencies counts for its ``[tool.wheelcheck]`` only. A file that is gone leads nowhere; a name that is not known
    is taken for an input. Costs a listing of the folder for each file that sets or bounds.
    """
    changed = [Path(file) for file in dict.fromkeys(files)]
    present = [path for path in changed if path.exists()]
    inputs: dict[Path, None] = {}
    idle = [path for path in changed if path not in present]
    for path in present:
        found = tuple(_iter_inputs(path, present))
        inputs.update(dict.fromkeys(found))
        if not found:
            idle.append(path)
    return ChangedInputs(inputs=tuple(sorted(inputs)), idle=tuple(idle))


def _iter_inputs(path: Path, present: list[Path]) -> Iterator[Path]:
    beside = [other for other in present if other.parent == path.parent]
    if _LOCK.fullmatch(path.name):
        yield path
    elif path.name == _SETTINGS or _BOUNDS.fullmatch(path.name):
        yield from _iter_discovered(path.parent)
    elif path.name == _PROJECT:
        locks = [other for other in beside if _LOCK.fullmatch(other.name)]
        if locks:
            yield from locks
            if _asks_for_more(path, locks):
                yield path
        elif lists_dependencies(path):
            yield path
        elif _has_settings(path):
            yield from _iter_discovered(path.parent)
    elif path.suffix == ".in" and path.with_suffix(".txt") in beside:
        yield path.with_suffix(".txt")
    else:
        yield path


def _asks_for_more(path: Path, locks: Iterable[Path]) -> bool:
    """Whether the ``pyproject.toml`` *path* names a project that none of *locks* lists: they were made of another."""
    try:
        project = tomllib.loads(path.read_text("utf-8-sig")).get("project")
        # The words of a lock are looked at, not its format, which whoever judges it reads.
        listed = [frozenset(map(canonicalize_name, _LISTED.findall(lock.read_text("utf-8-sig")))) for lock in locks]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return True  # whoever reads it says so
    asked = project.get("dependencies") if isinstance(project, dict) else None
    found = (_NAME.match(each) for each in (asked if isinstance(asked, list) else ()) if isinstance(each, str))
    names = {canonicalize_name(match[0]) for match in found if match is not None}
    return not any(names <= each for each in listed)


def _iter_discovered(folder: Path) -> Iterator[Path]:
    found = discover(folder)
    if not (found.taken or found.unreadable) and folder.name in _NESTED:
        found = discover(folder.parent)
    yield from (path for path, _ in found.unreadable)
    if found.taken is not None:
        # Several requirements files may lie there, none of which speaks for the others, and constraints, which ask for nothing.
        several = found.others if found.taken.suffix == ".txt" else ()
        yield from (path for path in (found.taken, *several) if not _BOUNDS.fullmatch(path.name))


def _has_settings(path: Path) -> bool:
    try:
        tool = tomllib.loads(path.read_text("utf-8-sig")).get("tool")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return False
    return isinstance(tool, dict) and "wheelcheck" in tool
