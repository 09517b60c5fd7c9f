"""The readers of PE, ELF and Mach-O files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.fakes.libraries import make_elf, make_macho, make_pe, make_universal
from wheelcheck.environments.binaries import (
    Binary,
    BinaryUnreadable,
    Need,
    is_extension_name,
    is_library_name,
    read_binary,
)


def read(folder: Path, content: bytes, *, machine: str | None = None) -> Binary:
    file = folder / "x.so"
    file.write_bytes(content)
    found = read_binary(file, "a/x.so", machine)
    assert found is not None
    return found


def test_dll_tells_machine_and_imports_late_ones_apart(tmp_path: Path) -> None:
    found = read(tmp_path, make_pe(["KERNEL32.dll", "MSVCP140.dll"], late=["nvcuda.dll"], machine="arm64"))
    assert (found.form, found.machines) == ("pe", ("arm64",))
    assert found.needs == (
        Need(library="KERNEL32.dll"),
        Need(library="MSVCP140.dll"),
        Need(library="nvcuda.dll", late=True),
    )


def test_dll_without_imports_needs_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, make_pe()).needs == ()


def test_elf_tells_needs_run_paths_and_symbol_versions(tmp_path: Path) -> None:
    versions = {"libc.so.6": ["GLIBC_2.17", "GLIBC_2.34"], "libstdc++.so.6": ["GLIBCXX_3.4.30"]}
    found = read(
        tmp_path,
        make_elf(["libc.so.6", "libfoo.so.1"], runpath="$ORIGIN/../x.libs:/opt/lib", versions=versions),
    )
    assert (found.form, found.machines) == ("elf", ("x86_64",))
    assert [need.library for need in found.needs] == ["libc.so.6", "libfoo.so.1"]
    assert found.folders == ("$ORIGIN/../x.libs", "/opt/lib")
    assert found.versions == (
        ("libc.so.6", "GLIBC_2.17"),
        ("libc.so.6", "GLIBC_2.34"),
        ("libstdc++.so.6", "GLIBCXX_3.4.30"),
    )


def test_elf_whose_versions_lead_back_to_one_another_is_damaged(tmp_path: Path) -> None:
    whole = make_elf(["libc.so.6"], versions={"libc.so.6": ["GLIBC_2.17"]})
    # The one entry says that 65,535 others follow it, each 0 bytes behind the one before.
    content, found = re.subn(rb"(?s)\x01\x00\x01\x00(.{4}\x10\x00\x00\x00)", b"\x01\x00\xff\xff\\1", whole)
    assert found == 1
    with pytest.raises(BinaryUnreadable, match="do not end"):
        read(tmp_path, content)


def test_elf_program_tells_its_loader(tmp_path: Path) -> None:
    found = read(tmp_path, make_elf(machine="aarch64", interpreter="/lib/ld-musl-aarch64.so.1"))
    assert (found.machines, found.interpreter) == (("aarch64",), "/lib/ld-musl-aarch64.so.1")


def test_macho_tells_loads_run_paths_and_release(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        make_macho(
            ["@rpath/a.dylib", "/usr/lib/libSystem.B.dylib"], rpaths=["@loader_path"], weak=["b"], system=(13, 3)
        ),
    )
    assert (found.form, found.machines, found.system) == ("macho", ("arm64",), (13, 3))
    assert found.needs == (
        Need(library="@rpath/a.dylib"),
        Need(library="/usr/lib/libSystem.B.dylib"),
        Need(library="b", late=True),
    )
    assert found.folders == ("@loader_path",)


def test_universal_file_is_read_for_the_machine_asked(tmp_path: Path) -> None:
    content = make_universal(
        ("x86_64", make_macho(["intel"], machine="x86_64")), ("arm64", make_macho(["apple"], machine="arm64"))
    )
    assert read(tmp_path, content, machine="arm64").needs == (Need(library="apple"),)
    assert read(tmp_path, content, machine="x86_64").needs == (Need(library="intel"),)
    assert read(tmp_path, content).machines == ("x86_64", "arm64")


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh\n", b"INPUT(libfoo.so.1)\n", b"\0" * 100])
def test_what_is_no_library_is_passed_over(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x.so"
    file.write_bytes(content)
    assert read_binary(file, "x.so", None) is None


_SAMPLES = (
    make_pe(["a.dll"], late=["b.dll"]),
    make_elf(["a"], versions={"a": ["B_1"]}),
    make_macho(["a"], rpaths=["b"]),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@example(
    sample=_SAMPLES[1], length=644, changes=[(place, 255) for place in range(128, 144)]
)  # an offset that no file has
@example(sample=_SAMPLES[1], length=644, changes=[(133, 16), (418, 1), (135, 128)])
@given(
    sample=st.sampled_from(_SAMPLES),
    length=st.integers(4, 900),
    changes=st.lists(st.tuples(st.integers(4, 700), st.integers(0, 255)), max_size=6),
)
def test_damaged_libraries_are_read_or_refused(
    tmp_path: Path, sample: bytes, length: int, changes: list[tuple[int, int]]
) -> None:
    content = bytearray(sample[:length])
    for place, value in changes:
        if place < len(content):
            content[place] = value
    file = tmp_path / "x.so"
    file.write_bytes(content)
    try:
        read_binary(file, "x.so", None)
    except BinaryUnreadable as problem:
        assert str(problem)


@pytest.mark.parametrize("name", ["x.pyd", "X.DLL", "x.so", "libx.so.1.2.3", "x.cpython-311-darwin.so", "x.dylib"])
def test_libraries_are_known_by_their_names(name: str) -> None:
    assert is_library_name(name)


def test_extension_modules_are_what_python_imports() -> None:
    assert is_extension_name("x.cp311-win_amd64.pyd")
    assert is_extension_name("x.abi3.so")
    assert not is_extension_name("libx.so.1")
    assert not is_extension_name("x.dll")
