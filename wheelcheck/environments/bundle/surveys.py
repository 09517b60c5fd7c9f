"""Lists the files of a runtime, and reads the few that show its Python, system and machine; runs nothing."""

from __future__ import annotations

import io
import re
import struct
from typing import TYPE_CHECKING

from msgspec import Struct, field
from packaging.version import InvalidVersion, Version

from wheelcheck.environments.bundle.trees import iter_entries
from wheelcheck.model.systems import ELF_MACHINES

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

_DEEPEST = 3
_BINARY_NAME = re.compile(
    r"(?:python3\d+t?\.dll|python(?:3\.\d+t?)?\.exe|python3\.\d+t?|libpython3\.\d+t?\.(?:so(?:\.1\.0)?|dylib))"
)
_TEXT_NAME = re.compile(r"(?:python3\d+t?\._pth|pyvenv\.cfg|PYTHON\.json|patchlevel\.h)")
_LARGEST_TEXT = 8 * 1024**2


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


_PE_MACHINES = {0x8664: "amd64", 0xAA64: "arm64", 0x14C: "win32", 0x1C4: "win_arm32"}
_MACH_MACHINES = {0x01000007: "x86_64", 0x0100000C: "arm64"}
_MACH_MAGICS = (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xfe\xed\xfa\xcf", b"\xfe\xed\xfa\xce", b"\xca\xfe\xba\xbe")

_MOST_PARTS = 16


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
    if content.startswith(b"MZ"):
        return _pe_facts(content)
    if content.startswith(b"\x7fELF"):
        return _elf_facts(io.BytesIO(content))
    if content.startswith(_MACH_MAGICS):
        return _mach_facts(io.BytesIO(content))
    return None


def _pe_facts(content: bytes) -> BinaryFacts | None:
    import pefile  # type: ignore[import-untyped]

    try:
        image = pefile.PE(data=content, fast_load=True)
        image.parse_data_directories(directories=[pefile.DIRECTORY_ENTRY["IMAGE_DIRECTORY_ENTRY_RESOURCE"]])
    except pefile.PEFormatError:
        return None
    machine = _PE_MACHINES.get(image.FILE_HEADER.Machine, hex(image.FILE_HEADER.Machine))
    texts = [
        value
        for block in getattr(image, "FileInfo", [])
        for part in block
        if part.Key == b"StringFileInfo"
        for table in part.StringTable
        for key, value in table.entries.items()
        if key in {b"FileVersion", b"ProductVersion"}
    ]
    return BinaryFacts(system="windows", machine=machine, version=_version(b" ".join(texts)))


def _version(text: bytes) -> Version | None:
    found = re.search(r"3\.\d+\.\d+(?:(?:a|b|rc)\d+)?", text.decode("utf-8", "replace"))
    try:
        return Version(found[0]) if found else None
    except InvalidVersion:
        return None


def _elf_facts(stream: BinaryIO) -> BinaryFacts | None:
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile
    from elftools.elf.segments import InterpSegment

    try:
        image = ELFFile(stream)
        machine = ELF_MACHINES.get(image.header["e_machine"], str(image.header["e_machine"]))
        interpreters = [part.get_interp_name() for part in image.iter_segments() if isinstance(part, InterpSegment)]
    except ELFError:
        return None
    libc = ""
    if interpreters:
        libc = "musl" if "ld-musl" in interpreters[0] else "glibc"
    return BinaryFacts(system="elf", machine=machine, libc=libc)


def _mach_facts(stream: BinaryIO) -> BinaryFacts | None:
    from macholib.mach_o import (  # type: ignore[import-untyped]
        CPU_TYPE_NAMES,
        FAT_MAGIC,
        fat_arch,
        fat_header,
        mach_header,
    )

    magic = stream.read(4)
    stream.seek(0)
    try:
        if int.from_bytes(magic, "big") == FAT_MAGIC:
            count = fat_header.from_fileobj(stream, _endian_=">").nfat_arch
            # A Java class has the same magic number; no program has so many parts.
            types = [
                fat_arch.from_fileobj(stream, _endian_=">").cputype for _ in range(count if count < _MOST_PARTS else 0)
            ]
        else:
            types = [mach_header.from_fileobj(stream, _endian_=">" if magic.startswith(b"\xfe") else "<").cputype]
    except (ValueError, struct.error):
        return None
    machines = {_MACH_MACHINES.get(int(found), CPU_TYPE_NAMES.get(int(found), str(found))) for found in types}
    machine = "universal2" if machines >= {"x86_64", "arm64"} else min(machines, default="")
    return BinaryFacts(system="macos", machine=machine) if machine else None
