"""Reads what a Mach-O library loads, from where, and the oldest macOS that it is for; looks at no symbol."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING

from wheelcheck.environments.verify.libraries.binary import Binary, BinaryUnreadable, Need

if TYPE_CHECKING:
    from macholib.MachO import MachOHeader  # type: ignore[import-untyped]

_MACHINES = {0x01000007: "x86_64", 0x0100000C: "arm64", 7: "i386", 0x01000012: "ppc64", 18: "ppc"}
_LOAD, _WEAK, _REEXPORT, _UPWARD, _LAZY = 0xC, 0x80000018, 0x8000001F, 0x80000023, 0x20
_RPATH, _MINIMUM, _BUILD = 0x8000001C, 0x24, 0x32
_BROKEN = (
    AssertionError,
    AttributeError,
    IndexError,
    KeyError,
    OverflowError,
    OSError,
    TypeError,
    UnicodeError,
    ValueError,
    struct.error,
)


def read_macho(file: Path, path: str, machine: str | None) -> Binary:
    """Read *file*, called *path* in the answer; of a universal file, the part for *machine*, or the first.

    Raises ``BinaryUnreadable`` where it is damaged.
    """
    from macholib.MachO import MachO

    try:
        headers = list(MachO(str(file), allow_unknown_load_commands=True).headers)
        machines = tuple(_machine(header) for header in headers)
        wanted = machines.index(machine) if machine in machines else 0
        return _read(headers[wanted], path, machines)
    except _BROKEN as problem:
        raise BinaryUnreadable(f"its load commands are damaged ({type(problem).__name__})") from problem


def _machine(header: MachOHeader) -> str:
    kind = int(header.header.cputype) & 0xFFFFFFFF
    return _MACHINES.get(kind, f"machine {kind:#x}")


def _read(header: MachOHeader, path: str, machines: tuple[str, ...]) -> Binary:
    needs: list[Need] = []
    folders: list[str] = []
    system: tuple[int, ...] = ()
    for load, command, data in header.commands:
        match int(load.cmd) & 0xFFFFFFFF:
            case kind if kind in (_LOAD, _WEAK, _REEXPORT, _UPWARD, _LAZY):
                needs.append(Need(library=_text(data), late=kind in (_WEAK, _LAZY)))
            case kind if kind == _RPATH:
                folders.append(_text(data))
            case kind if kind == _MINIMUM:
                system = _release(int(command.version))
            case kind if kind == _BUILD:
                system = _release(int(command.minos))
    return Binary(path=path, form="macho", machines=machines, needs=tuple(needs), folders=tuple(folders), system=system)


def _text(data: bytes) -> str:
    return bytes(data).rstrip(b"\0").decode("utf-8", "backslashreplace")


def _release(packed: int) -> tuple[int, ...]:
    return packed >> 16, packed >> 8 & 0xFF
