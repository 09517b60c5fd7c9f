"""What a runtime holds, by name, and the content of the few files that tell what it is; judges nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct, field

from wheelcheck.environments.bundle.binaries import BinaryFacts, binary_facts
from wheelcheck.environments.bundle.trees import iter_entries

if TYPE_CHECKING:
    from pathlib import Path

_DEEPEST = 3
_BINARY = re.compile(
    r"(?:python3\d+t?\.dll|python(?:3\.\d+t?)?\.exe|python3\.\d+t?|libpython3\.\d+t?\.(?:so(?:\.1\.0)?|dylib))"
)
_TEXT = re.compile(r"(?:python3\d+t?\._pth|pyvenv\.cfg|PYTHON\.json|patchlevel\.h)")
_LARGEST_TEXT = 8 * 1024**2


class Survey(Struct, frozen=True, kw_only=True):
    """The paths in a runtime, links with what they say, texts by path and what its binaries are for."""

    path: Path
    paths: frozenset[str]
    links: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    binaries: dict[str, BinaryFacts] = field(default_factory=dict)

    @property
    def is_folder(self) -> bool:
        """Whether it lies on disk as a folder, unpacked."""
        return self.path.is_dir()

    def matching(self, pattern: str) -> list[re.Match[str]]:
        """The paths that *pattern* matches in full, the shortest first."""
        compiled = re.compile(pattern)
        found = (compiled.fullmatch(path) for path in self.paths)
        return sorted(
            (match for match in found if match), key=lambda match: (match[0].count("/"), len(match[0]), match[0])
        )

    def text(self, name: str) -> str:
        """The text of the file *name*, empty where there is none."""
        return self.texts.get(name, "")


def survey_runtime(path: Path) -> Survey:
    """Go once through the archive or folder *path*; raises as ``iter_entries`` does."""
    paths: set[str] = set()
    links: dict[str, str] = {}
    texts: dict[str, str] = {}
    binaries: dict[str, BinaryFacts] = {}
    for entry in iter_entries(path):
        paths.add(entry.path)
        if entry.link:
            links[entry.path] = entry.link
            continue
        name = entry.path.rpartition("/")[2]
        if name == "patchlevel.h" or (entry.path.count("/") <= _DEEPEST and _TEXT.fullmatch(name)):
            if entry.size <= _LARGEST_TEXT:
                texts[entry.path] = entry.read().decode("utf-8", "replace")
        elif entry.path.count("/") <= _DEEPEST and _BINARY.fullmatch(name):
            facts = binary_facts(entry.read())
            if facts is not None:
                binaries[entry.path] = facts
    return Survey(path=path, paths=frozenset(paths), links=links, texts=texts, binaries=binaries)
