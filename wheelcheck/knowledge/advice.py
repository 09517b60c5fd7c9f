"""Loads what ships about some projects alone, as most of it is about others; judges no version, and reads no file of the user's."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

from wheelcheck.knowledge.tables import load_shipped

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from wheelcheck.model.compatibility import RepairKnowledge

_FILES = ("advisories.toml", "abi_breaks.toml")
_CONCERNED = re.compile(r"^(?:when = \[(.*?)\]|project = (.*))$", re.MULTILINE)
_PROJECT = re.compile(r'"([a-z0-9-]+)')


def load_advice(projects: Collection[NormalizedName]) -> RepairKnowledge | None:
    """The shipped advisories and ABI breaks that can apply where *projects* are chosen, ``None`` where there are none.

    An advisory can where all projects that it names are chosen, a break where the project is that broke. The rest of the files is
    searched as text: about 0.2 ms, where reading them as TOML takes 20.
    """
    texts = {file: _concerning(projects, load_shipped(file)) for file in _FILES}
    if not any(texts.values()):
        return None
    from wheelcheck.knowledge.compatibility import parse_repair_knowledge
    from wheelcheck.model.compatibility import RepairKnowledge

    parsed = [parse_repair_knowledge(text, file) for file, text in texts.items()]
    return RepairKnowledge(
        advisories=tuple(entry for each in parsed for entry in each.advisories),
        abi_breaks=tuple(entry for each in parsed for entry in each.abi_breaks),
    )


def _concerning(projects: Collection[NormalizedName], text: str) -> str:
    entries = text.split("\n[[")[1:]
    return "".join(f"[[{entry}\n" for entry in entries if _named(entry).issubset(projects))


def _named(entry: str) -> frozenset[str]:
    """The projects without which *entry* says nothing; none where its text is not as usual, and TOML has to tell."""
    found = _CONCERNED.search(entry)
    return frozenset(_PROJECT.findall(found[0])) if found is not None else frozenset()
