"""Loads what is known beyond metadata, shipped files first, then the user's own folders; understands no key itself."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from wheelcheck.errors import SettingsInvalid
from wheelcheck.knowledge.advice import load_shipped
from wheelcheck.knowledge.compatibility import parse_repair_knowledge, place_of_break
from wheelcheck.model.compatibility import RepairKnowledge

SHIPPED = (
    "advisories.toml",
    "abi_breaks.toml",
    "substitutes.toml",
    "indexes.toml",
    "import_names.toml",
    "pythons.toml",
)
"""The files of this room that hold it, by what each is about."""

_Entry = TypeVar("_Entry")


def load_repair_knowledge(folders: Sequence[Path] = ()) -> RepairKnowledge:
    """What ships with wheelcheck, joined with every ``*.toml`` of *folders*, in the order of their names.

    An entry of the user replaces the shipped one (or that of an earlier folder) with the same advisory ``id``, index ``name``,
    ABI break (project and release), substituted project, or project of import names. Costs about 20 ms the first time; the
    shipped part is kept for the process. Raises ``SettingsInvalid`` for a folder or file that cannot be read or understood.
    """
    knowledge = _shipped()
    for folder in folders:
        for path in _files(folder):
            knowledge = _joined(knowledge, parse_repair_knowledge(_text(path), str(path)))
    return knowledge


@functools.cache
def _shipped() -> RepairKnowledge:
    knowledge = RepairKnowledge()
    for file in SHIPPED:
        knowledge = _joined(knowledge, parse_repair_knowledge(load_shipped(file), file))
    return knowledge


def _joined(known: RepairKnowledge, later: RepairKnowledge) -> RepairKnowledge:
    replaced = {entry.project for entry in later.substitutes}
    return RepairKnowledge(
        advisories=_by(lambda entry: entry.id, known.advisories, later.advisories),
        abi_breaks=_by(place_of_break, known.abi_breaks, later.abi_breaks),
        # One project may have several substitutes, which are one entry as far as replacing goes.
        substitutes=(*(entry for entry in known.substitutes if entry.project not in replaced), *later.substitutes),
        indexes=_by(lambda entry: entry.name, known.indexes, later.indexes),
        pythons=_by(lambda entry: entry.minor, known.pythons, later.pythons),
        import_names={**known.import_names, **later.import_names},
    )


def _by(place: Callable[[_Entry], str], known: tuple[_Entry, ...], later: tuple[_Entry, ...]) -> tuple[_Entry, ...]:
    return tuple({place(entry): entry for entry in (*known, *later)}.values())


def _files(folder: Path) -> Iterable[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".toml")
    except OSError as problem:
        raise SettingsInvalid(
            f"not a folder that can be read: {problem.strerror}",
            address=str(folder),
            hint="give a folder with files such as advisories.toml",
        ) from problem


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except OSError as problem:
        raise SettingsInvalid(f"cannot be read: {problem.strerror}", address=str(path)) from problem
    except UnicodeDecodeError as problem:
        raise SettingsInvalid("is not UTF-8", address=str(path), hint="TOML files are UTF-8") from problem
