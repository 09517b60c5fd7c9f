"""Finds the inputs of a survey: folders, files, globs, tables of inputs, lists of projects. Reads no requirement.

``SOURCE words → SurveyInputs | faults``. A fault names its file and line, and the rest goes on.
"""

from __future__ import annotations

import csv
import glob
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from wheelcheck.errors import InputUnreadable
from wheelcheck.texts.files import read_text

_TABLES = (".csv", ".jsonl", ".ndjson", ".parquet")
_SKIPPED = frozenset({"node_modules", "site-packages", "venv", "__pycache__"})
_WAYS = ("path", "text", "requirement")
KINDS: Mapping[str, str] = {
    "requirements": "requirements.txt",
    "pyproject": "pyproject.toml",
    "script": "script.py",
    "conda": "environment.yml",
    "uv-lock": "uv.lock",
    "poetry-lock": "poetry.lock",
    "pdm-lock": "pdm.lock",
    "pylock": "pylock.toml",
}
"""What a row with a text may be, and the name of the file that such a text stands in."""


class SurveyInput(Struct, frozen=True, kw_only=True):
    """One input: *id* names it in the tables, *words* are what the command line takes, *targets* its own (``PLATFORM/PYTHON``).

    A *text* is the content of a file of the name ``words[0]``, which is nowhere on disk.
    """

    id: str
    words: tuple[str, ...]
    text: str | None = None
    targets: tuple[str, ...] = ()


class SourceFault(Struct, frozen=True, kw_only=True):
    """What could not be taken as an input: *place* is a file with its line, *reason* a sentence."""

    place: str
    reason: str


class Sources(Struct, frozen=True, kw_only=True):
    """All inputs, each id once, in the order found, and what is wrong with the rest."""

    inputs: tuple[SurveyInput, ...]
    faults: tuple[SourceFault, ...]


def load_sources(words: tuple[str, ...], projects: tuple[str, ...] = ()) -> Sources:
    """The inputs that *words* name, and one for each name in the files *projects*.

    Raises ``InputUnreadable`` for a word that names nothing at all.
    """
    inputs: dict[str, SurveyInput] = {}
    faults: list[SourceFault] = []
    for found in (*(each for word in words for each in _iter_source(word)), *_iter_projects(projects)):
        if isinstance(found, SourceFault):
            faults.append(found)
        elif found.id in inputs:
            faults.append(SourceFault(place=found.id, reason="this id is there twice; the first counts"))
        else:
            inputs[found.id] = found
    return Sources(inputs=tuple(inputs.values()), faults=tuple(faults))


def _iter_source(word: str) -> Iterator[SurveyInput | SourceFault]:
    # Path.glob refuses patterns that begin at the root.
    paths = [Path(path) for path in sorted(glob.glob(word, recursive=True))] if glob.has_magic(word) else [Path(word)]  # noqa: PTH207
    if not paths or not all(path.exists() for path in paths):
        raise InputUnreadable("there is no such file or folder", address=word, hint="name a folder, a file or a table")
    for path in paths:
        if path.is_dir():
            yield from _iter_folder(path, path)
        elif path.suffix in _TABLES:
            yield from _iter_table(path)
        else:
            yield SurveyInput(id=path.as_posix(), words=(str(path),))


def _iter_folder(top: Path, folder: Path) -> Iterator[SurveyInput]:
    """The dependency file of each folder below *top*, a lock preferred; what a project vendors is not looked at."""
    from wheelcheck.locks.discovery import discover

    taken = discover(folder).taken
    if taken is not None:
        yield SurveyInput(id=taken.relative_to(top).as_posix(), words=(str(taken),))
    for below in sorted(folder.iterdir()):
        if below.is_dir() and not below.is_symlink() and below.name not in _SKIPPED and not below.name.startswith("."):
            yield from _iter_folder(top, below)


def _iter_table(path: Path) -> Iterator[SurveyInput | SourceFault]:
    for line, row in _iter_rows(path):
        yield row if isinstance(row, SourceFault) else _input_of(row, f"{path}:{line}", path.parent)


def _iter_rows(path: Path) -> Iterator[tuple[int, dict[str, Any] | SourceFault]]:
    if path.suffix == ".parquet":
        import pyarrow.parquet as parquet

        yield from enumerate(parquet.read_table(path).to_pylist(), 1)
        return
    text = read_text(path)
    if path.suffix == ".csv":
        yield from enumerate(csv.DictReader(text.splitlines()), 2)
        return
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield number, SourceFault(place=f"{path}:{number}", reason=f"no JSON: {error}")
            continue
        yield number, row if isinstance(row, dict) else SourceFault(place=f"{path}:{number}", reason="no JSON object")


def _input_of(row: Mapping[str, Any], place: str, folder: Path) -> SurveyInput | SourceFault:
    """The input that a *row* of a table in *folder* describes: ``id``, one of path, text and requirement, ``kind``, ``targets``."""
    named = {name: str(row[name]) for name in ("id", "kind", *_WAYS) if row.get(name) not in (None, "")}
    ways = [name for name in _WAYS if name in named]
    if "id" not in named:
        return SourceFault(place=place, reason="the row has no id")
    if len(ways) != 1:
        return SourceFault(place=place, reason=f"the row has {' and '.join(ways) or 'no path, text or requirement'}")
    written = row.get("targets") or ()
    targets = tuple(written.replace(",", " ").split() if isinstance(written, str) else map(str, written))
    match ways[0]:
        case "path":
            return SurveyInput(id=named["id"], words=(str(folder / named["path"]),), targets=targets)
        case "requirement":
            return SurveyInput(id=named["id"], words=(named["requirement"],), targets=targets)
        case _:
            kind = named.get("kind", "requirements")
            if kind not in KINDS:
                return SourceFault(place=place, reason=f"there is no kind {kind!r}; kinds are {', '.join(KINDS)}")
            return SurveyInput(id=named["id"], words=(KINDS[kind],), text=named["text"], targets=targets)


def _iter_projects(files: tuple[str, ...]) -> Iterator[SurveyInput | SourceFault]:
    """One input for each project that *files* list: a name a line, or JSON, as lists of popular projects are published."""
    for name in files:
        path = Path(name)
        text = read_text(path)
        if path.suffix == ".json":
            try:
                content = json.loads(text)
                rows = content["rows"] if isinstance(content, dict) else content
                names = [row["project"] if isinstance(row, dict) else str(row) for row in rows]
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise InputUnreadable(
                    f"no list of projects: {error}",
                    address=name,
                    hint='write a JSON list of names, or {"rows": [{"project": NAME}]}',
                ) from error
        else:
            names = [line.split("#")[0].strip() for line in text.splitlines()]
        yield from (SurveyInput(id=each, words=(each,)) for each in names if each)
