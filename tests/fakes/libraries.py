"""Shared libraries of a few hundred bytes for tests: the headers and tables that say what they need, and no code at all."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

_PE = {"amd64": 0x8664, "arm64": 0xAA64, "x86": 0x14C}
_ELF = {"x86_64": 62, "aarch64": 183}
_MACHO = {"x86_64": (0x01000007, 3), "arm64": (0x0100000C, 0)}
_RVA, _RAW = 0x1000, 0x200


def make_pe(imports: Sequence[str] = (), *, machine: str = "amd64", late: Sequence[str] = ()) -> bytes:
    """A DLL for Windows that imports the DLLs *imports* when it is loaded, and *late* when they are first used."""
    section = bytearray()
    names = {}
    for name in (*imports, *late):
        names[name] = _RVA + len(section)
        section += name.encode() + b"\0"
    section += b"\0" * (-len(section) % 16)
    thunks = _RVA + len(section)
    section += struct.pack("<QQ", 1 << 63 | 1, 0)
    at_once, import_size = _RVA + len(section), 20 * (len(imports) + 1)
    for name in imports:
        section += struct.pack("<5I", thunks, 0, 0, names[name], thunks)
    section += bytes(20)
    delayed, late_size = _RVA + len(section), 32 * (len(late) + 1)
    for name in late:
        section += struct.pack("<8I", 1, names[name], thunks, thunks, thunks, 0, 0, 0)
    section += bytes(32)
    size = len(section)
    section += bytes(-size % 0x200)
    directories = [(0, 0)] * 16
    if imports:
        directories[1] = at_once, import_size
    if late:
        directories[13] = delayed, late_size
    coff = struct.pack("<HHIIIHH", _PE[machine], 1, 0, 0, 0, 240, 0x2022)
    optional = struct.pack("<HBBIIIII", 0x20B, 14, 0, 0, len(section), 0, 0, _RVA)
    optional += struct.pack("<QII", 0x180000000, 0x1000, 0x200)
    optional += struct.pack("<HHHHHHIIIIHH", 6, 0, 0, 0, 6, 0, 0, 0x2000 + 0x1000 * (size // 0x1000), _RAW, 0, 2, 0x160)
    optional += struct.pack("<QQQQII", 0x100000, 0x1000, 0x100000, 0x1000, 0, 16)
    optional += b"".join(struct.pack("<II", *each) for each in directories)
    header = struct.pack("<8sIIIIIIHHI", b".rdata", size, _RVA, len(section), _RAW, 0, 0, 0, 0, 0x40000040)
    dos = b"MZ" + bytes(58) + struct.pack("<I", 0x40)
    head = dos + b"PE\0\0" + coff + optional + header
    return head + bytes(_RAW - len(head)) + bytes(section)


def make_elf(
    needs: Sequence[str] = (),
    *,
    machine: str = "x86_64",
    runpath: str = "",
    versions: Mapping[str, Sequence[str]] | None = None,
    interpreter: str = "",
) -> bytes:
    """A library for Linux that needs *needs*, looks in *runpath*, and asks *versions* of symbols of some of them."""
    strings = bytearray(b"\0")

    def text(word: str) -> int:
        place = len(strings)
        strings.extend(word.encode() + b"\0")
        return place

    dynamic = [(1, text(name)) for name in needs]
    if runpath:
        dynamic.append((29, text(runpath)))
    asked = {text(library): [text(each) for each in names] for library, names in (versions or {}).items()}
    section_names = b"\0.dynstr\0.gnu.version_r\0.shstrtab\0.dynamic\0"
    segments = 2 + bool(interpreter)
    start = 64 + 56 * segments
    interp = interpreter.encode() + b"\0" if interpreter else b""
    strtab = start + len(interp)
    needed = _verneed(asked)
    verneed = strtab + len(strings)
    table = verneed + len(needed)
    dynamic += [(5, strtab), (10, len(strings)), (0, 0)]
    content = b"".join(struct.pack("<QQ", *each) for each in dynamic)
    names_at = table + len(content)
    sections_at = names_at + len(section_names)
    end = sections_at + 64 * 5
    head = b"\x7fELF\x02\x01\x01" + bytes(9)
    head += struct.pack("<HHIQQQIHHHHHH", 3, _ELF[machine], 1, 0, 64, sections_at, 0, 64, 56, segments, 64, 5, 3)
    head += struct.pack("<IIQQQQQQ", 1, 4, 0, 0, 0, end, end, 0x1000)
    head += struct.pack("<IIQQQQQQ", 2, 4, table, table, table, len(content), len(content), 8)
    if interpreter:
        head += struct.pack("<IIQQQQQQ", 3, 4, start, start, start, len(interp), len(interp), 1)
    sections = bytes(64)
    sections += struct.pack("<IIQQQQIIQQ", 1, 3, 2, strtab, strtab, len(strings), 0, 0, 1, 0)
    sections += struct.pack("<IIQQQQIIQQ", 9, 0x6FFFFFFE, 2, verneed, verneed, len(needed), 1, len(asked), 8, 0)
    sections += struct.pack("<IIQQQQIIQQ", 24, 3, 0, 0, names_at, len(section_names), 0, 0, 1, 0)
    sections += struct.pack("<IIQQQQIIQQ", 34, 6, 2, table, table, len(content), 1, 0, 8, 16)
    return head + interp + bytes(strings) + needed + content + section_names + sections


def _verneed(asked: Mapping[int, Sequence[int]]) -> bytes:
    content = b""
    for number, (library, names) in enumerate(asked.items()):
        following = 0 if number == len(asked) - 1 else 16 + 16 * len(names)
        content += struct.pack("<HHIII", 1, len(names), library, 16, following)
        for place, name in enumerate(names):
            content += struct.pack("<IHHII", 0, 0, 2, name, 0 if place == len(names) - 1 else 16)
    return content


def make_macho(
    loads: Sequence[str] = (),
    *,
    machine: str = "arm64",
    rpaths: Sequence[str] = (),
    system: tuple[int, int] = (11, 0),
    weak: Sequence[str] = (),
) -> bytes:
    """A library for macOS that loads *loads* (*weak* ones only where they are), for macOS *system* and newer."""
    commands = [_command(0xC, name, 24) for name in loads] + [_command(0x80000018, name, 24) for name in weak]
    commands += [_command(0x8000001C, path, 12) for path in rpaths]
    release = system[0] << 16 | system[1] << 8
    commands.append(struct.pack("<6I", 0x32, 24, 1, release, release, 0))
    kind, kin = _MACHO[machine]
    content = b"".join(commands)
    return struct.pack("<8I", 0xFEEDFACF, kind, kin, 8, len(commands), len(content), 0, 0) + content


def make_universal(*parts: tuple[str, bytes]) -> bytes:
    """One file for several machines, of (machine, library) *parts*."""
    place = 4096
    head, content = struct.pack(">II", 0xCAFEBABE, len(parts)), b""
    for machine, part in parts:
        kind, kin = _MACHO[machine]
        head += struct.pack(">5I", kind, kin, place + len(content), len(part), 12)
        content += part + bytes(-len(part) % 4096)
    return head + bytes(place - len(head)) + content


def _command(kind: int, text: str, head: int) -> bytes:
    content = text.encode() + b"\0"
    content += bytes(-(head + len(content)) % 8)
    lead = struct.pack("<III", kind, head + len(content), head)
    return lead + bytes(head - len(lead)) + content
