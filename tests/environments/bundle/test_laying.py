"""An interpreter that was built for one folder finds its library from any."""

from __future__ import annotations

import io
import struct

import pytest
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile

from wheelcheck.environments.bundle.assembling import relocated

BUILT = "/home/builder/python/lib"


def linked(search: str, tag: int = 29) -> bytes:
    """An ELF file whose dynamic section says where to look for libraries (29 is DT_RUNPATH, 15 DT_RPATH)."""
    strings = b"\0" + search.encode() + b"\0libpython3.12.so.1.0\0"
    names = b"\0.dynstr\0.dynamic\0.shstrtab\0"
    dynamic = struct.pack("<QQQQ", tag, 1, 0, 0)
    at_strings, at_names = 64, 64 + len(strings)
    at_dynamic = at_names + len(names)
    sections = bytes(64)
    for name, kind, offset, size, link in (
        (1, 3, at_strings, len(strings), 0),
        (9, 6, at_dynamic, len(dynamic), 1),
        (18, 3, at_names, len(names), 0),
    ):
        entry = 16 if kind == 6 else 0
        sections += struct.pack("<IIQQQQIIQQ", name, kind, 0, 0, offset, size, link, 0, 1, entry)
    header = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHHHHH", 3, 62, 1, 0, 0, at_dynamic + len(dynamic), 0, 64, 0, 0, 64, 4, 3
    )
    return header + strings + names + dynamic + sections


def search_path(content: bytes) -> str:
    for section in ELFFile(io.BytesIO(content)).iter_sections():
        if isinstance(section, DynamicSection):
            for tag in section.iter_tags():
                found = getattr(tag, "runpath", "") or getattr(tag, "rpath", "")
                if found:
                    return str(found)
    return ""


@pytest.mark.parametrize("tag", [15, 29])
@pytest.mark.parametrize(
    ("path", "relative"),
    [
        ("bin/python3.12", "$ORIGIN/../lib"),
        ("lib/libpython3.12.so.1.0", "$ORIGIN"),
        ("lib/python3.12/lib-dynload/_ssl.so", "$ORIGIN/../.."),
    ],
)
def test_absolute_search_path_becomes_relative_to_the_file(path: str, relative: str, tag: int) -> None:
    content = linked(BUILT, tag)
    changed = relocated(path, content)

    assert search_path(changed) == relative
    assert len(changed) == len(content)
    assert BUILT.encode() not in changed


def test_relative_search_path_stays() -> None:
    content = linked("$ORIGIN/../lib")

    assert relocated("bin/python3.12", content) == content


def test_search_path_that_leaves_no_room_stays() -> None:
    assert search_path(relocated("bin/python3.12", linked("/opt"))) == "/opt"


@pytest.mark.parametrize("content", [b"\x7fELF", b"\x7fELF\x02\x01\x01" + bytes(100), b"#!/bin/sh\n"])
def test_what_cannot_be_read_stays(content: bytes) -> None:
    assert relocated("bin/python3.12", content) == content


def test_files_of_packages_are_left_alone() -> None:
    content = linked(BUILT)

    assert relocated("lib/python3.12/site-packages/a/b.so", content) == content


def test_command_of_the_interpreter_finds_it_beside_itself() -> None:
    changed = relocated("bin/pydoc3.12", b"#!/home/builder/python/bin/python3.12\nimport pydoc\n").decode()

    assert "/home/builder" not in changed
    assert changed.startswith("#!/bin/sh\n")
    assert '/python3.12" "$0" "$@"' in changed
    assert changed.endswith("\nimport pydoc\n")


@pytest.mark.parametrize("content", [b"#!/bin/sh\nexec x\n", b"#!/usr/bin/env python3.12\n", b"\x7fELF"])
def test_command_that_finds_its_interpreter_anyway_stays(content: bytes) -> None:
    assert relocated("bin/python3-config", content) == content
