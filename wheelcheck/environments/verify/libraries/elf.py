"""Reads what an ELF library needs: libraries, symbol versions, run paths; looks at no symbol."""

from __future__ import annotations

import errno
import struct
from pathlib import Path
from typing import TYPE_CHECKING

from wheelcheck.environments.verify.libraries.binary import Binary, BinaryUnreadable, Need
from wheelcheck.model.machines import ELF_MACHINES

if TYPE_CHECKING:
    from elftools.elf.elffile import ELFFile

_BROKEN = (
    AssertionError,
    AttributeError,
    IndexError,
    KeyError,
    OverflowError,
    TypeError,
    UnicodeError,
    ValueError,
    struct.error,
)


def read_elf(file: Path, path: str) -> Binary:
    """Read *file*, called *path* in the answer; raises ``BinaryUnreadable`` where it is damaged."""
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        with file.open("rb") as stream:
            return _read(ELFFile(stream), path)
    except ELFError as problem:
        raise BinaryUnreadable(str(problem) or "not an ELF file") from problem
    except OSError as problem:
        if problem.errno != errno.EINVAL:
            raise
        # An offset beyond what a file can have, which the system refuses to go to.
        raise BinaryUnreadable("its tables are damaged (an offset beyond the file)") from problem
    except _BROKEN as problem:
        raise BinaryUnreadable(f"its tables are damaged ({type(problem).__name__})") from problem


def _read(image: ELFFile, path: str) -> Binary:
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
        versions=_versions(image),
        interpreter=interpreter,
    )


def _versions(image: ELFFile) -> tuple[tuple[str, str], ...]:
    from elftools.elf.gnuversions import GNUVerNeedSection

    found: dict[tuple[str, str], None] = {}
    for section in image.iter_sections():
        if isinstance(section, GNUVerNeedSection):
            for needed, versions in section.iter_versions():
                for version in versions:
                    found[str(needed.name), str(version.name)] = None
    return tuple(found)
