"""Finds the dependency files of a folder, and those that a change of files concerns; reads no requirement.

The names come from the tables of lock formats and of input formats: a lock is found before the project or the requirements that it
was made of. A file that only bounds or sets something (constraints, settings) leads to the dependency file of its folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct
from packaging.utils import canonicalize_name

from wheelcheck.locks.formats import LOCK_FORMATS, is_lock_name
from wheelcheck.requirements.formats import FORMATS
from wheelcheck.texts.files import is_file, is_folder, is_there, open_file, read_file, read_text
from wheelcheck.texts.toml import limit_met, table_at

_BOUNDS = r"constraints?([-_.][^/]*)?\.(txt|in)"
_SETTINGS = "wheelcheck.toml"
_PROJECT = "pyproject.toml"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LISTED = re.compile(r"""^\s*['"]?name['"]?\s*=\s*['"]([^'"]+)['"]""", re.MULTILINE)
_OLDER = frozenset({"setup.cfg", "setup.py"})
_COMPUTED = "computed"
# The words in names of requirements files: what ships comes first, what only work on the project needs last.
_SHIPPED_FIRST = (
    frozenset({"prod", "production", "deploy", "runtime", "release"}),
    frozenset({"main", "base", "core", "common", "default"}),
)
_UNRANKED = len(_SHIPPED_FIRST)
_FOR_WORK = frozenset({
    "dev", "develop", "development", "local", "test", "tests", "testing", "doc", "docs", "lint", "linting", "style", "ci", "build",
    "typing", "types", "mypy", "benchmark", "benchmarks", "bench", "optional", "extra", "extras", "minimum", "min", "constraints",
})  # fmt: skip
_NESTED = frozenset({"requirements", "constraints"})


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
    """The dependency files in *folder*: locks, then ``pyproject.toml``, then setuptools' older files, then requirements files.

    A ``pyproject.toml`` counts if it lists dependencies, groups, or has a Poetry table; one that is no TOML is unreadable. The
    older files count if they state dependencies; a ``setup.py`` that computes them only where nothing else is there. Of several
    requirements files those that ship come before those for work on the project; one that was compiled stands for its source.
    Links to files count, broken ones are unreadable. Costs one listing of the folder, and the reading of the project's files where
    no lock is there.
    """
    try:
        candidates = list(_candidates(folder))
    except OSError as problem:
        return Discovered(folder=folder, unreadable=((folder, problem.strerror or str(problem)),))
    unreadable: list[tuple[Path, str]] = []
    passed: list[Path] = []
    for position, path in enumerate(candidates):
        reason = _unreadable(path)
        if reason is None:
            reason = _no_dependencies(path) if path.name == _PROJECT else _nothing_stated(path)
        if reason is None:
            together = _read_with(path)
            others = (*passed, *(other for other in candidates[position + 1 :] if other.name not in together))
            return Discovered(folder=folder, taken=path, others=others, unreadable=tuple(unreadable))
        if reason == _COMPUTED:
            passed.append(path)
        elif reason:
            unreadable.append((path, reason))
    # Its reader says what keeps it from being read.
    return Discovered(folder=folder, taken=passed[0] if passed else None, unreadable=tuple(unreadable))


def _read_with(path: Path) -> frozenset[str]:
    """The files that are read together with *path*: setuptools' older files, and those that its table names."""
    if path.name in _OLDER:
        return _OLDER
    if path.name != _PROJECT:
        return frozenset()
    named = table_at(_document(path), "tool", "setuptools", "dynamic").values()
    files = [each.get("file") for each in named if isinstance(each, dict)]
    return frozenset(str(file) for each in files for file in (each if isinstance(each, list) else [each]))


def watched_paths() -> tuple[str, ...]:
    """Patterns of the paths, in any folder, that the pre-commit hook looks at."""
    locks = (pattern for each in LOCK_FORMATS for pattern in each.found)
    return (*(pattern for each in FORMATS for pattern in each.watched), *locks, _BOUNDS, re.escape(_SETTINGS))


def _candidates(folder: Path) -> Iterator[Path]:
    entries = {entry.name: entry for entry in folder.iterdir()}
    nested = entries.get("requirements")
    if nested is not None and is_folder(nested):
        entries |= {f"requirements/{entry.name}": entry for entry in nested.iterdir()}
    if folder.resolve().name == "requirements":
        entries |= {f"requirements/{name}": entry for name, entry in entries.items()}
    files = {name: entries[name] for name in sorted(entries) if not is_folder(entries[name])}
    formats = sorted(FORMATS, key=lambda each: each.is_last)
    for pattern in (pattern for found in (LOCK_FORMATS, formats) for each in found for pattern in each.found):
        found = [name for name in files if re.fullmatch(pattern, name)]
        for name in sorted(found, key=_rank):
            path = files.pop(name)
            if not (name.endswith(".in") and name.removesuffix(".in") + ".txt" in entries):
                yield path


def _rank(name: str) -> tuple[int, bool, str]:
    """Where the file *name* stands among requirements files: what ships, what many share, others, what only work on it needs."""
    words = set(re.split(r"[^a-z]+", name.lower()))
    ranks = (rank for rank, known in enumerate(_SHIPPED_FIRST) if words & known)
    return next(ranks, _UNRANKED) if not words & _FOR_WORK else len(_SHIPPED_FIRST) + 1, name.endswith(".in"), name


def _unreadable(path: Path) -> str | None:
    try:
        if not is_there(path):
            return "a broken link"
        if not is_file(path):
            # A pipe or a device: opening it may wait for ever.
            return "no regular file"
        with open_file(path) as stream:
            stream.read(1)
    except OSError as problem:
        return problem.strerror or str(problem)
    return None


def _nothing_stated(path: Path) -> str | None:
    """Likewise for YAML and setuptools' older files, ``_COMPUTED`` for a script that has to be run; others count always."""
    if path.suffix in (".yml", ".yaml"):
        return None if re.search(rb"(?m)^dependencies\s*:", read_file(path)) else ""
    if path.name not in _OLDER:
        return None
    import configparser

    from wheelcheck.texts.setuptools import NotStatic, parse_config, parse_script, stated_in_config

    try:
        text = read_text(path)
        stated = stated_in_config(parse_config(text)) if path.suffix == ".cfg" else parse_script(text)
    except NotStatic:
        return _COMPUTED
    except configparser.Error as problem:
        return f"no configuration file: {problem}".partition("\n")[0]
    except UnicodeDecodeError:
        return "not text in UTF-8"
    return None if stated.requires or stated.extras or stated.files else ""


def _no_dependencies(path: Path) -> str | None:
    """``None`` where the ``pyproject.toml`` *path* counts, empty where it says nothing of dependencies, else the fault of it."""
    document = _document(path)
    if isinstance(document, str):
        return document
    return None if any(_signs(document)) else ""


def _document(path: Path) -> Mapping[str, object] | str:
    """The TOML file *path*, or why it cannot be read."""
    import tomllib

    try:
        return tomllib.loads(read_text(path))
    except OSError as problem:
        return problem.strerror or str(problem)
    except UnicodeDecodeError:
        return "not text in UTF-8"
    except tomllib.TOMLDecodeError as problem:
        return f"not valid TOML: {problem}"
    except (ValueError, RecursionError) as problem:
        return f"cannot be read as TOML: {limit_met(problem)}"


def _signs(document: Mapping[str, object]) -> Iterator[bool]:
    project = table_at(document, "project")
    dynamic = project.get("dynamic")
    kinds = {"dependencies", "optional-dependencies"}
    yield bool(kinds & project.keys())
    yield isinstance(dynamic, list) and bool(kinds.intersection(map(str, dynamic)))
    yield bool(document.get("dependency-groups"))
    yield "poetry" in table_at(document, "tool")
    yield bool({"workspace", "dev-dependencies"} & table_at(document, "tool", "uv").keys())


class ChangedInputs(Struct, frozen=True, kw_only=True):
    """The inputs to check after a change, sorted by path, and the changed files that lead to none (``idle``)."""

    inputs: tuple[Path, ...] = ()
    idle: tuple[Path, ...] = ()


def inputs_of_change(files: Iterable[str]) -> ChangedInputs:
    """The inputs to check after the changed *files*.

    Where a lock and its ``pyproject.toml`` changed, the lock alone counts, as does ``X.txt`` beside ``X.in``: the one was made of
    the other. A ``pyproject.toml`` that asks for a project that no lock beside it lists counts too: that lock was made of another.
    One without dependencies counts for its ``[tool.wheelcheck]`` only. A file that is gone leads nowhere; a name that is not known
    is taken for an input. Costs a listing of the folder for each file that sets or bounds.
    """
    changed = [Path(file) for file in dict.fromkeys(files)]
    present = [path for path in changed if is_there(path)]
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
    if is_lock_name(path.name):
        yield path
    elif path.name == _SETTINGS or _is_bound(path):
        yield from _iter_discovered(path.parent)
    elif path.name == _PROJECT:
        locks = [other for other in beside if is_lock_name(other.name)]
        if locks:
            yield from locks
            if _asks_for_more(path, locks):
                yield path
        elif _no_dependencies(path) != "":
            yield path
        elif "wheelcheck" in table_at(_document(path), "tool"):
            yield from _iter_discovered(path.parent)
    elif path.name in _OLDER and _nothing_stated(path) in ("", _COMPUTED):
        pass
    elif path.suffix == ".in" and path.with_suffix(".txt") in beside:
        yield path.with_suffix(".txt")
    else:
        yield path


def _asks_for_more(path: Path, locks: Iterable[Path]) -> bool:
    """Whether the ``pyproject.toml`` *path* names a project that none of *locks* lists: they were made of another."""
    document = _document(path)
    try:
        # The words of a lock are looked at, not its format: its reader comes later.
        listed = [frozenset(map(canonicalize_name, _LISTED.findall(read_text(lock)))) for lock in locks]
    except (OSError, UnicodeDecodeError):
        return True  # its reader says so
    if isinstance(document, str):
        return True
    asked = table_at(document, "project").get("dependencies")
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
        several = found.others if found.taken.suffix in (".txt", ".in") else ()
        yield from (path for path in (found.taken, *several) if not _is_bound(path))


def _is_bound(path: Path) -> bool:
    return re.fullmatch(_BOUNDS, path.name, re.IGNORECASE) is not None
