"""What a runtime is, is found out without running it; one that is not the plan's is refused with both facts."""

from __future__ import annotations

import gzip
import io
import lzma
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from packaging.version import Version

from tests.fakes import runtimes
from tests.fakes.archives import make_zip
from wheelcheck.environments.bundle.runtimes import keeps_of_prefix, plain_source, recognise_runtime, refuse_mismatch
from wheelcheck.errors import ArchiveRefused, InputUnreadable, UsageProblem
from wheelcheck.model.environment import RuntimeKind
from wheelcheck.targets.targets import parse_target

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MUSL = "/lib/ld-musl-x86_64.so.1"
INTEL, APPLE = 0x01000007, 0x0100000C


def saved(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_embeddable_zip_is_recognised(tmp_path: Path) -> None:
    source = recognise_runtime(saved(tmp_path / "embed.zip", make_zip(runtimes.embeddable())))

    runtime = source.runtime
    assert (runtime.kind, runtime.system, runtime.machine) == (RuntimeKind.EMBEDDABLE, "windows", "amd64")
    assert runtime.python == Version("3.11")
    assert (source.layout.executable, source.layout.site_packages) == ("python.exe", "Lib/site-packages")


def test_embeddable_folder_is_recognised_with_its_machine(tmp_path: Path) -> None:
    folder = runtimes.lay_down(runtimes.embeddable(machine=runtimes.ARM64), tmp_path)

    assert recognise_runtime(folder).runtime.machine == "arm64"


def test_free_threaded_embeddable_is_told_by_the_name_of_its_library(tmp_path: Path) -> None:
    runtime = recognise_runtime(runtimes.lay_down(runtimes.embeddable(python="313t"), tmp_path)).runtime

    assert (runtime.python, runtime.free_threaded) == (Version("3.13"), True)


@pytest.mark.parametrize(
    ("suffix", "compress"), [("tar.gz", gzip.compress), ("tar.xz", lzma.compress), ("tar.zst", zstd.compress)]
)
def test_standalone_archives_are_recognised(tmp_path: Path, suffix: str, compress: object) -> None:
    assert callable(compress)
    content = compress(runtimes.tarred(runtimes.unix_prefix(runtimes.elf())))
    source = recognise_runtime(saved(tmp_path / f"python.{suffix}", content))

    assert source.prefix == "python/"
    assert source.runtime.kind is RuntimeKind.STANDALONE
    assert (source.runtime.python, source.runtime.system, source.runtime.machine) == (
        Version("3.12.1"),
        "linux",
        "x86_64",
    )
    assert source.layout.site_packages == "lib/python3.12/site-packages"


def test_standalone_build_for_windows_is_recognised(tmp_path: Path) -> None:
    content = gzip.compress(runtimes.tarred(runtimes.windows_prefix()))
    runtime = recognise_runtime(saved(tmp_path / "python.tar.gz", content)).runtime

    assert (runtime.kind, runtime.python, runtime.system) == (RuntimeKind.STANDALONE, Version("3.11.9"), "windows")


def test_full_standalone_archive_has_its_prefix_deeper(tmp_path: Path) -> None:
    content = zstd.compress(runtimes.tarred(runtimes.unix_prefix(runtimes.elf()), top="python/install/"))

    assert recognise_runtime(saved(tmp_path / "full.tar.zst", content)).prefix == "python/install/"


@pytest.mark.parametrize(
    ("executable", "system", "machine"),
    [
        (runtimes.elf(loader=MUSL), "musl", "x86_64"),
        (runtimes.elf(runtimes.AARCH64, "/lib/ld-linux-aarch64.so.1"), "linux", "aarch64"),
        (runtimes.elf(loader=""), "linux", "x86_64"),
        (runtimes.mach(APPLE), "macos", "arm64"),
        (runtimes.mach(INTEL), "macos", "x86_64"),
        (runtimes.mach(INTEL, APPLE), "macos", "universal2"),
    ],
)
def test_system_and_machine_are_read_from_the_executable(
    tmp_path: Path, executable: bytes, system: str, machine: str
) -> None:
    runtime = recognise_runtime(runtimes.lay_down(runtimes.unix_prefix(executable), tmp_path)).runtime

    assert (runtime.kind, runtime.system, runtime.machine) == (RuntimeKind.INSTALLATION, system, machine)


def test_free_threaded_build_is_told_by_its_name(tmp_path: Path) -> None:
    files = runtimes.unix_prefix(runtimes.elf(), python="3.13.0", threads="t")

    assert recognise_runtime(runtimes.lay_down(files, tmp_path)).runtime.free_threaded


def test_what_was_looked_for_is_said_where_nothing_is_recognised(tmp_path: Path) -> None:
    with pytest.raises(InputUnreadable, match=r"looked for python3XY\._pth .* bin/python3\.X"):
        recognise_runtime(saved(tmp_path / "some.zip", make_zip({"readme.txt": b""})))


@pytest.mark.parametrize(
    "content", [b"", b"nothing", b"\x1f\x8bbroken", b"PK\x03\x04broken", b"\x28\xb5\x2f\xfdbroken"]
)
def test_what_is_no_archive_is_named(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputUnreadable) as caught:
        recognise_runtime(saved(tmp_path / "python.bin", content))
    assert "python.bin" in str(caught.value)


def test_missing_runtime_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputUnreadable, match="no such file or folder"):
        recognise_runtime(tmp_path / "none")


def test_virtual_environment_is_refused_with_where_it_came_from(tmp_path: Path) -> None:
    folder = runtimes.lay_down(
        runtimes.unix_prefix(runtimes.elf()) | {"pyvenv.cfg": b"home = /usr/local/bin\n"}, tmp_path
    )

    with pytest.raises(InputUnreadable, match="a virtual environment") as caught:
        recognise_runtime(folder)
    assert "made from (/usr/local)" in caught.value.hint


def test_installation_whose_parts_lie_elsewhere_is_refused(tmp_path: Path) -> None:
    folder = runtimes.lay_down(runtimes.unix_prefix(runtimes.elf()), tmp_path / "python")
    (folder / "bin" / "python3").symlink_to("/usr/bin/python3")

    with pytest.raises(InputUnreadable, match="'bin/python3' is a link to /usr/bin/python3, outside"):
        recognise_runtime(folder)


def test_python_of_the_operating_system_is_refused(tmp_path: Path) -> None:
    files = runtimes.unix_prefix(runtimes.elf()) | {"lib/python3.12/EXTERNALLY-MANAGED": b""}

    with pytest.raises(InputUnreadable, match="an operating system's Python"):
        recognise_runtime(runtimes.lay_down(files, tmp_path))


def test_runtime_archive_that_climbs_out_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../python.exe", b"")

    with pytest.raises(ArchiveRefused, match=r"'\.\./python\.exe'.*climbs out"):
        recognise_runtime(saved(tmp_path / "evil.zip", buffer.getvalue()))


@pytest.mark.parametrize(
    ("platform", "python", "told"),
    [
        ("win_amd64", "3.12", r"the plan is for CPython 3\.12 \(cp312 wheels\), the runtime is 3\.11"),
        ("win_arm64", "3.11", r"the plan is for arm64 \(win_arm64\), the runtime is for amd64"),
        ("manylinux_2_28_x86_64", "3.11", "the plan is for Linux with glibc, the runtime is for Windows"),
        ("win_amd64", "pp3.11", r"the plan is for pypy 3\.11, the runtime is CPython 3\.11"),
    ],
)
def test_runtime_of_another_kind_than_planned_is_refused(tmp_path: Path, platform: str, python: str, told: str) -> None:
    source = recognise_runtime(runtimes.lay_down(runtimes.embeddable(), tmp_path))

    with pytest.raises(UsageProblem, match=told):
        refuse_mismatch(source, parse_target(platform, python))


def test_runtime_with_another_c_library_is_refused(tmp_path: Path) -> None:
    source = recognise_runtime(runtimes.lay_down(runtimes.unix_prefix(runtimes.elf(loader=MUSL)), tmp_path))

    with pytest.raises(UsageProblem, match="Linux with glibc, the runtime is for Linux with musl"):
        refuse_mismatch(source, parse_target("manylinux_2_28_x86_64", "3.12"))
    refuse_mismatch(source, parse_target("musllinux_1_2_x86_64", "3.12"))


def test_plan_for_free_threads_needs_such_a_runtime(tmp_path: Path) -> None:
    source = recognise_runtime(runtimes.lay_down(runtimes.unix_prefix(runtimes.elf(), python="3.13.0"), tmp_path))

    with pytest.raises(
        UsageProblem, match=r"CPython 3\.13 free-threaded \(cp313t wheels\), the runtime is 3\.13\.0 with its GIL"
    ):
        refuse_mismatch(source, parse_target("manylinux_2_28_x86_64", "3.13t"))


def test_universal_runtime_serves_both_machines(tmp_path: Path) -> None:
    source = recognise_runtime(runtimes.lay_down(runtimes.unix_prefix(runtimes.mach(INTEL, APPLE)), tmp_path))

    refuse_mismatch(source, parse_target("macosx_12_0_arm64", "3.12"))
    refuse_mismatch(source, parse_target("macosx_12_0_x86_64", "3.12"))


def test_no_runtime_is_for_whatever_was_planned() -> None:
    target = parse_target("win_amd64", "3.11")
    source = plain_source(target)

    refuse_mismatch(source, target)
    assert (source.runtime.kind, source.runtime.system, source.layout.site_packages) == (
        RuntimeKind.NONE,
        "windows",
        ".",
    )


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("bin/python3.12", True),
        ("bin/python3-config", True),
        ("bin/pydoc3", True),
        ("bin/idle3.12", True),
        ("bin/2to3-3.12", True),
        ("bin/flask", False),
        ("bin/pip3", False),
        ("Scripts/flask.exe", False),
    ],
)
def test_commands_of_packages_that_were_installed_into_a_standalone_build_go(path: str, kept: bool) -> None:
    assert keeps_of_prefix(path) == kept


def test_name_in_a_runtime_that_is_too_long_to_be_read_is_refused(tmp_path: Path) -> None:
    entry = tarfile.TarInfo("python/x")
    entry.type = tarfile.GNUTYPE_LONGNAME
    entry.size = 2**33
    content = gzip.compress(entry.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    with pytest.raises(ArchiveRefused, match=r"python\.tar\.gz: a name block of 8589934592 bytes"):
        recognise_runtime(saved(tmp_path / "python.tar.gz", content))


def test_damaged_header_in_a_runtime_is_not_its_end(tmp_path: Path) -> None:
    whole = runtimes.tarred(runtimes.unix_prefix(runtimes.elf()))
    content = gzip.compress(whole.rstrip(b"\0") + bytes(-len(whole.rstrip(b"\0")) % 512) + b"\x01" * 512 + bytes(1024))
    with pytest.raises(InputUnreadable, match="not a readable archive"):
        recognise_runtime(saved(tmp_path / "python.tar.gz", content))


def test_device_in_a_runtime_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo("python.exe")
        entry.external_attr = 0o020666 << 16
        archive.writestr(entry, b"")
    with pytest.raises(ArchiveRefused, match=r"'python\.exe': neither a file nor a link"):
        recognise_runtime(saved(tmp_path / "embed.zip", buffer.getvalue()))


def test_encrypted_runtime_is_refused(tmp_path: Path) -> None:
    content = bytearray(make_zip(runtimes.embeddable()))
    for place in range(len(content) - 4):
        if content[place : place + 4] == b"PK\x01\x02":
            content[place + 8] |= 1
    with pytest.raises(ArchiveRefused, match="encrypted"):
        recognise_runtime(saved(tmp_path / "embed.zip", bytes(content)))
