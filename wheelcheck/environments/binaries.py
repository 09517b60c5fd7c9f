"""Reads from the headers of a library (ELF, Mach-O, PE) which machine it is for and what it needs; looks at no symbol."""

from __future__ import annotations

import errno
import mmap
import os
import re
import struct
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

from msgspec import Struct
from msgspec.structs import replace
from packaging.version import Version

from wheelcheck.model.distribution import as_version
from wheelcheck.model.systems import ELF_MACHINES
from wheelcheck.texts.files import open_file

if TYPE_CHECKING:
    from elftools.elf.elffile import ELFFile
    from macholib.MachO import MachOHeader  # type: ignore[import-untyped]

_MACHO = (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xfe\xed\xfa\xcf", b"\xfe\xed\xfa\xce", b"\xca\xfe\xba\xbe")
MAGIC = (b"\x7fELF", *_MACHO)
"""What a program for systems like Unix begins with."""
_SUFFIXES = (".pyd", ".dll", ".so", ".dylib")
# The libraries that read headers check much, yet a hostile file can still run them into these.
_MOST_READS, _BYTES_A_READ = 40_000, 64  # of a small file, and one more for so many bytes of a large one
_BROKEN = (AssertionError, AttributeError, LookupError, OverflowError, TypeError, ValueError, struct.error)
_MACHO_MACHINES = {0x01000007: "x86_64", 0x0100000C: "arm64", 7: "i386", 0x01000012: "ppc64", 18: "ppc"}
_LOAD, _WEAK, _REEXPORT, _UPWARD, _LAZY = 0xC, 0x80000018, 0x8000001F, 0x80000023, 0x20
_RPATH, _MINIMUM, _BUILD = 0x8000001C, 0x24, 0x32
_PE_MACHINES = {0x8664: "amd64", 0xAA64: "arm64", 0x14C: "x86", 0x1C4: "arm"}
_IMPORT, _DELAY_IMPORT = 1, 13
_WINDOWS_MACHINES = {"x86": "win32", "arm": "win_arm32"}


class BinaryUnreadable(Exception):  # not a WheelcheckError: it is answered with a problem, never shown as it is
    """A file with the name of a library that cannot be read as one; the text gives the reason."""


class Need(Struct, frozen=True, kw_only=True):
    """A needed library, as the file spells it; ``late`` where it is loaded only when first used, or may be absent."""

    library: str
    late: bool = False


class Binary(Struct, frozen=True, kw_only=True):
    """One library at ``path`` (relative to the environment's root, with ``/``).

    ``machines`` are spelt as in wheel tags (``amd64``, ``x86_64``). ``folders`` are its run paths, as written. ``versions`` pairs
    a needed library with a symbol version (``libc.so.6``, ``GLIBC_2.28``). ``system`` is the oldest macOS that it is for.
    ``interpreter`` is the program loader of an ELF executable. ``version`` is that of a Windows version resource, if it was read.
    """

    path: str
    form: Literal["pe", "elf", "macho"]
    machines: tuple[str, ...]
    needs: tuple[Need, ...] = ()
    folders: tuple[str, ...] = ()
    versions: tuple[tuple[str, str], ...] = ()
    system: tuple[int, ...] = ()
    interpreter: str = ""
    version: Version | None = None

    @property
    def machine(self) -> str:
        """Its machine as the platform tag of a wheel for it ends: ``universal2`` for both of macOS, ``win32`` for x86."""
        if {"x86_64", "arm64"} <= set(self.machines):
            return "universal2"
        machine = min(self.machines)
        return _WINDOWS_MACHINES.get(machine, machine) if self.form == "pe" else machine

    @property
    def name(self) -> str:
        """Its file name."""
        return self.path.rpartition("/")[2]


def is_library_name(name: str) -> bool:
    """Whether a file called *name* is a shared library by its name: ``x.pyd``, ``libx.so.1.2``, ``libx.dylib``."""
    lowered = name.lower()
    return lowered.endswith(_SUFFIXES) or ".so." in lowered


def is_extension_name(name: str) -> bool:
    """Whether Python would import a file called *name*: ``x.pyd``, ``x.cpython-311-darwin.so``, ``x.so``."""
    lowered = name.lower()
    return lowered.endswith((".pyd", ".so")) and not lowered.startswith("lib")


def read_binary(file: Path, path: str, machine: str | None) -> Binary | None:
    """Read *file*, called *path* in the answer; of several machines in one file, that for *machine*.

    Answers ``None`` for a file of no known format (a linker script, an empty placeholder). Reads headers and the tables of
    needed libraries: milliseconds, whatever the size. Raises ``BinaryUnreadable`` for a damaged file, ``OSError`` where it
    cannot be opened.
    """
    with open_file(file) as stream:
        start = stream.read(4)
    if start.startswith(b"MZ"):
        return read_pe(file, path)
    if start == b"\x7fELF":
        return read_elf(file, path)
    if start in _MACHO:
        return read_macho(file, path, machine)
    return None


def read_elf(file: Path, path: str) -> Binary:
    """Read *file*, called *path* in the answer; raises ``BinaryUnreadable`` where it is damaged."""
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        with open_file(file) as stream:
            return _elf(ELFFile(_BoundedReads(stream)), path)  # type: ignore[arg-type]  # it needs these three alone
    except ELFError as problem:
        raise BinaryUnreadable(str(problem) or "not an ELF file") from problem
    except OSError as problem:
        if problem.errno != errno.EINVAL:
            raise
        # An offset beyond what a file can have, which the system refuses to go to.
        raise BinaryUnreadable("its tables are damaged (an offset beyond the file)") from problem
    except _BROKEN as problem:
        raise BinaryUnreadable(f"its tables are damaged ({type(problem).__name__})") from problem


class _BoundedReads:
    """A stream that is read so often at most: tables may lead in circles, or tell of billions of entries."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.seek, self.tell = stream.seek, stream.tell
        self._left = _MOST_READS + stream.seek(0, os.SEEK_END) // _BYTES_A_READ
        stream.seek(0)

    def read(self, size: int = -1) -> bytes:
        self._left -= 1
        if self._left < 0:
            from elftools.common.exceptions import ELFError

            raise ELFError("its tables do not end")
        return self._stream.read(size)


def _elf(image: ELFFile, path: str) -> Binary:
    from elftools.elf.dynamic import DynamicSegment
    from elftools.elf.segments import InterpSegment

    machine = str(image["e_machine"])
    needs: dict[str, None] = {}
    folders: list[str] = []
    interpreter = ""
    for segment in image.iter_segments():
        if isinstance(segment, InterpSegment):
            interpreter = str(segment.get_interp_name())
        if not isinstance(segment, DynamicSegment):
            continue
        for tag in segment.iter_tags():
            match tag.entry.d_tag:
                case "DT_NEEDED":
                    needs[str(tag.needed)] = None  # type: ignore[attr-defined]  # it sets these at run time
                case "DT_RPATH":
                    folders += str(tag.rpath).split(":")  # type: ignore[attr-defined]  # it sets these at run time
                case "DT_RUNPATH":
                    folders += str(tag.runpath).split(":")  # type: ignore[attr-defined]  # it sets these at run time
    return Binary(
        path=path,
        form="elf",
        machines=(ELF_MACHINES.get(machine, machine.removeprefix("EM_").lower()),),
        needs=tuple(Need(library=name) for name in needs),
        folders=tuple(dict.fromkeys(folder for folder in folders if folder)),
        versions=_elf_versions(image),
        interpreter=interpreter,
    )


def _elf_versions(image: ELFFile) -> tuple[tuple[str, str], ...]:
    from elftools.elf.gnuversions import GNUVerNeedSection

    sections = (section for section in image.iter_sections() if isinstance(section, GNUVerNeedSection))
    found = (
        (needed, version) for each in sections for needed, versions in each.iter_versions() for version in versions
    )
    return tuple(dict.fromkeys((str(needed.name), str(version.name)) for needed, version in found))


def read_macho(file: Path, path: str, machine: str | None) -> Binary:
    """Read *file*, called *path* in the answer; of a universal file, the part for *machine*, or the first.

    Raises ``BinaryUnreadable`` where it is damaged.
    """
    from macholib.MachO import MachO

    try:
        headers = list(MachO(str(file), allow_unknown_load_commands=True).headers)
        kinds = (int(header.header.cputype) & 0xFFFFFFFF for header in headers)
        machines = tuple(_MACHO_MACHINES.get(kind, f"machine {kind:#x}") for kind in kinds)
        wanted = machines.index(machine) if machine in machines else 0
        return _macho(headers[wanted], path, machines)
    except (*_BROKEN, OSError) as problem:
        raise BinaryUnreadable(f"its load commands are damaged ({type(problem).__name__})") from problem


def _macho(header: MachOHeader, path: str, machines: tuple[str, ...]) -> Binary:
    needs: list[Need] = []
    folders: list[str] = []
    system: tuple[int, ...] = ()
    for load, command, data in header.commands:
        match int(load.cmd) & 0xFFFFFFFF:
            case kind if kind in (_LOAD, _WEAK, _REEXPORT, _UPWARD, _LAZY):
                needs.append(Need(library=_macho_text(data), late=kind in (_WEAK, _LAZY)))
            case kind if kind == _RPATH:
                folders.append(_macho_text(data))
            case kind if kind == _MINIMUM:
                system = _macho_release(int(command.version))
            case kind if kind == _BUILD:
                system = _macho_release(int(command.minos))
    return Binary(path=path, form="macho", machines=machines, needs=tuple(needs), folders=tuple(folders), system=system)


def _macho_text(data: bytes) -> str:
    return bytes(data).rstrip(b"\0").decode("utf-8", "backslashreplace")


def _macho_release(packed: int) -> tuple[int, ...]:
    return packed >> 16, packed >> 8 & 0xFF


def read_pe(file: Path, path: str) -> Binary:
    """Read *file*, called *path* in the answer; raises ``BinaryUnreadable`` where it is damaged.

    The file is mapped into memory, so that its size does not matter.
    """
    import pefile  # type: ignore[import-untyped]

    try:
        # Mapped here and not by pefile, which collects all garbage of the process whenever it closes a file.
        with open_file(file) as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            image = pefile.PE(data=content, fast_load=True)
            image.parse_data_directories([_IMPORT, _DELAY_IMPORT], import_dllnames_only=True)
            machine = int(image.FILE_HEADER.Machine)
            at_once = _pe_names(getattr(image, "DIRECTORY_ENTRY_IMPORT", None))
            late = _pe_names(getattr(image, "DIRECTORY_ENTRY_DELAY_IMPORT", None))
    except pefile.PEFormatError as problem:
        raise BinaryUnreadable(str(problem).strip("'\"")) from problem
    except _BROKEN as problem:
        raise BinaryUnreadable(f"its tables are damaged ({type(problem).__name__})") from problem
    return Binary(
        path=path,
        form="pe",
        machines=(_PE_MACHINES.get(machine, f"machine {machine:#x}"),),
        needs=(
            *(Need(library=name) for name in at_once),
            *(Need(library=name, late=True) for name in late if name not in at_once),
        ),
    )


def _pe_names(entries: object) -> tuple[str, ...]:
    if not isinstance(entries, list):
        return ()
    return tuple(dict.fromkeys(entry.dll.decode("ascii", "backslashreplace") for entry in entries if entry.dll))


def binary_in(content: bytes) -> Binary | None:
    """The executable or library in *content*, with the version that it states; ``None`` where it is none that can be read."""
    with tempfile.TemporaryDirectory(prefix="wheelcheck-", ignore_cleanup_errors=True) as folder:
        place = Path(folder) / "binary"
        place.write_bytes(content)
        try:
            binary = read_binary(place, "", None)
        except BinaryUnreadable:
            return None
    if binary is None or binary.form != "pe":
        return binary
    return replace(binary, version=_resource_version(content))


def _resource_version(content: bytes) -> Version | None:
    import pefile

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
    return as_version(found[0]) if found else None
