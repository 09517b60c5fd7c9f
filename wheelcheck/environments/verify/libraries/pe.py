"""Reads what a DLL or ``.pyd`` of Windows imports, at once or late; looks at no symbol."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

from wheelcheck.environments.verify.libraries.binary import Binary, BinaryUnreadable, Need

_MACHINES = {0x8664: "amd64", 0xAA64: "arm64", 0x14C: "x86", 0x1C4: "arm"}
_IMPORT, _DELAY_IMPORT = 1, 13
# pefile checks much, yet a hostile file can still run it into these.
_BROKEN = (AttributeError, IndexError, KeyError, OverflowError, TypeError, UnicodeError, ValueError, struct.error)


def read_pe(file: Path, path: str) -> Binary:
    """Read *file*, called *path* in the answer; raises ``BinaryUnreadable`` where it is damaged.

    The file is mapped into memory, so that its size does not matter.
    """
    import pefile  # type: ignore[import-untyped]

    try:
        # Mapped here and not by pefile, which collects all garbage of the process whenever it closes a file.
        with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            image = pefile.PE(data=content, fast_load=True)
            image.parse_data_directories([_IMPORT, _DELAY_IMPORT], import_dllnames_only=True)
            machine = int(image.FILE_HEADER.Machine)
            at_once = _names(getattr(image, "DIRECTORY_ENTRY_IMPORT", None))
            late = _names(getattr(image, "DIRECTORY_ENTRY_DELAY_IMPORT", None))
    except pefile.PEFormatError as problem:
        raise BinaryUnreadable(str(problem).strip("'\"")) from problem
    except _BROKEN as problem:
        raise BinaryUnreadable(f"its tables are damaged ({type(problem).__name__})") from problem
    return Binary(
        path=path,
        form="pe",
        machines=(_MACHINES.get(machine, f"machine {machine:#x}"),),
        needs=(
            *(Need(library=name) for name in at_once),
            *(Need(library=name, late=True) for name in late if name not in at_once),
        ),
    )


def _names(entries: object) -> tuple[str, ...]:
    if not isinstance(entries, list):
        return ()
    return tuple(dict.fromkeys(entry.dll.decode("ascii", "backslashreplace") for entry in entries if entry.dll))
