"""What one shared library says of itself, whatever its format; the readers of each format are loaded on demand."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from msgspec import Struct

_MACHO = (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xfe\xed\xfa\xcf", b"\xfe\xed\xfa\xce", b"\xca\xfe\xba\xbe")
_SUFFIXES = (".pyd", ".dll", ".so", ".dylib")


class BinaryUnreadable(Exception):  # not a WheelcheckError: it is answered with a problem, never shown as it is
    """A file that is called a library and cannot be read as one; the text says why."""


class Need(Struct, frozen=True, kw_only=True):
    """A library that is needed, as the file spells it; ``late`` where it is only loaded when first used, or may be absent."""

    library: str
    late: bool = False


class Binary(Struct, frozen=True, kw_only=True):
    """One library at ``path`` (relative to the environment's root, with ``/``).

    ``machines`` are spelt as in wheel tags (``amd64``, ``x86_64``). ``folders`` are its run paths, as written. ``versions`` pairs
    a needed library with a symbol version (``libc.so.6``, ``GLIBC_2.28``). ``system`` is the oldest macOS that it is for.
    ``interpreter`` is the program loader of an ELF executable.
    """

    path: str
    form: Literal["pe", "elf", "macho"]
    machines: tuple[str, ...]
    needs: tuple[Need, ...] = ()
    folders: tuple[str, ...] = ()
    versions: tuple[tuple[str, str], ...] = ()
    system: tuple[int, ...] = ()
    interpreter: str = ""

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
    with file.open("rb") as stream:
        start = stream.read(4)
    if start.startswith(b"MZ"):
        from wheelcheck.environments.verify.libraries.pe import read_pe

        return read_pe(file, path)
    if start == b"\x7fELF":
        from wheelcheck.environments.verify.libraries.elf import read_elf

        return read_elf(file, path)
    if start in _MACHO:
        from wheelcheck.environments.verify.libraries.macho import read_macho

        return read_macho(file, path, machine)
    return None
