"""Lists the files of a runtime, and reads the few that show its Python, system and machine; runs nothing."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from msgspec import Struct, field
from packaging.version import InvalidVersion, Version

from wheelcheck.environments.binaries import BinaryUnreadable, read_binary
from wheelcheck.environments.bundle.trees import iter_entries

_DEEPEST = 3
_BINARY_NAME = re.compile(
    r"(?:python3\d+t?\.dll|python(?:3\.\d+t?)?\.exe|python3\.\d+t?|libpython3\.\d+t?\.(?:so(?:\.1\.0)?|dylib))"
)
_TEXT_NAME = re.compile(r"(?:python3\d+t?\._pth|pyvenv\.cfg|PYTHON\.json|patchlevel\.h)")
_LARGEST_TEXT = 8 * 1024**2
_WINDOWS_MACHINES = {"x86": "win32", "arm": "win_arm32"}


class Survey(Struct, frozen=True, kw_only=True):
    """The paths in a runtime, its links with their targets, and by path the texts and binaries that show what it is."""

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
        if name == "patchlevel.h" or (entry.path.count("/") <= _DEEPEST and _TEXT_NAME.fullmatch(name)):
            if entry.size <= _LARGEST_TEXT:
                texts[entry.path] = entry.read().decode("utf-8", "replace")
        elif entry.path.count("/") <= _DEEPEST and _BINARY_NAME.fullmatch(name):
            facts = binary_facts(entry.read())
            if facts is not None:
                binaries[entry.path] = facts
    return Survey(path=path, paths=frozenset(paths), links=links, texts=texts, binaries=binaries)


class BinaryFacts(Struct, frozen=True, kw_only=True):
    """The facts in the header of an executable or library; ``libc`` is ``glibc``, ``musl``, or empty where it cannot be known.

    ``system`` is ``windows``, ``elf`` or ``macos``; ``version`` is that of a Windows version resource.
    """

    system: str
    machine: str
    libc: str = ""
    version: Version | None = None


def binary_facts(content: bytes) -> BinaryFacts | None:
    """The facts in the header of the executable *content*; ``None`` where it is no known binary."""
    with tempfile.TemporaryDirectory(prefix="wheelcheck-", ignore_cleanup_errors=True) as folder:
        place = Path(folder) / "binary"
        place.write_bytes(content)
        try:
            binary = read_binary(place, "", None)
        except BinaryUnreadable:
            return None
    if binary is None:
        return None
    machine = "universal2" if {"x86_64", "arm64"} <= set(binary.machines) else min(binary.machines, default="")
    if binary.form == "pe":
        return BinaryFacts(
            system="windows", machine=_WINDOWS_MACHINES.get(machine, machine), version=_resource_version(content)
        )
    if binary.form == "macho":
        return BinaryFacts(system="macos", machine=machine) if machine else None
    libc = "musl" if "ld-musl" in binary.interpreter else "glibc" if binary.interpreter else ""
    return BinaryFacts(system="elf", machine=machine, libc=libc)


def _resource_version(content: bytes) -> Version | None:
    import pefile  # type: ignore[import-untyped]

    image = pefile.PE(data=content, fast_load=True)
    image.parse_data_directories(directories=[pefile.DIRECTORY_ENTRY["IMAGE_DIRECTORY_ENTRY_RESOURCE"]])
    texts = [
        value
        for block in getattr(image, "FileInfo", [])
        for part in block
        if part.Key == b"StringFileInfo"
        for table in part.StringTable
        for key, value in table.entries.items()
        if key in {b"FileVersion", b"ProductVersion"}
    ]
    found = re.search(r"3\.\d+\.\d+(?:(?:a|b|rc)\d+)?", b" ".join(texts).decode("utf-8", "replace"))
    try:
        return Version(found[0]) if found else None
    except InvalidVersion:
        return None
