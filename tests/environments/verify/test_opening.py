"""What may be named: folders, archives, layers, environments of every shape; and what is refused."""

from __future__ import annotations

import hashlib
import io
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.environments.verify.looking import look, messages
from tests.fakes.environments import FakeEnvironment, embeddable, site_packages
from tests.fakes.libraries import make_elf, make_macho, make_pe
from wheelcheck.environments.verify.opening import opened
from wheelcheck.environments.verify.subject import Subject
from wheelcheck.errors import InputUnreadable
from wheelcheck.model.environment import BundleArchive, RuntimeKind
from wheelcheck.model.inspection import ProblemKind
from wheelcheck.plans.manifests import render_manifest

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def subject_of(path: Path) -> Subject:
    with opened(str(path)) as subject:
        return subject


def zipped(folder: Path, archive: Path, *, only: str = "") -> Path:
    with zipfile.ZipFile(archive, "w") as made:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if path.is_file() and name.startswith(only):
                made.write(path, name)
    return archive


def tarred(members: dict[str, bytes | str], archive: Path) -> Path:
    """A tar.zst of *members*; a text is the target of a symbolic link."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as made:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            if isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
                made.addfile(info)
            else:
                info.size = len(content)
                made.addfile(info, io.BytesIO(content))
    archive.write_bytes(zstd.compress(plain.getvalue()))
    return archive


@pytest.fixture
def env(tmp_path: Path) -> FakeEnvironment:
    made = embeddable(tmp_path / "env")
    made.install("a")
    return made


def test_embeddable_python_is_known_without_running(env: FakeEnvironment) -> None:
    runtime = subject_of(env.root).runtime
    assert (runtime.kind, str(runtime.python), runtime.system, runtime.machine) == (
        RuntimeKind.EMBEDDABLE,
        "3.11",
        "windows",
        "amd64",
    )


def test_virtual_environment_of_posix_is_known(tmp_path: Path) -> None:
    made = FakeEnvironment(root=tmp_path / "venv", site="lib/python3.12/site-packages")
    made.write("pyvenv.cfg", "home = /usr/bin\ninclude-system-site-packages = true\nversion = 3.12.4\n")
    made.write("bin/python", make_elf(machine="aarch64", interpreter="/lib/ld-linux-aarch64.so.1"))
    made.install("a")
    subject = subject_of(made.root)
    assert (subject.runtime.kind, str(subject.runtime.python)) == (RuntimeKind.INSTALLATION, "3.12.4")
    assert (subject.runtime.system, subject.runtime.machine) == ("linux", "aarch64")
    assert (subject.home, subject.sees_host) == ("/usr/bin", True)


def test_virtual_environment_of_windows_is_known(tmp_path: Path) -> None:
    made = FakeEnvironment(root=tmp_path / "venv", site="Lib/site-packages")
    made.write("pyvenv.cfg", "home = C:\\Python311\nversion_info = 3.11.9.final.0\n")
    made.write("Scripts/python.exe", make_pe(machine="arm64"))
    made.install("a")
    subject = subject_of(made.root)
    assert (str(subject.runtime.python), subject.runtime.machine) == ("3.11.9", "arm64")
    assert subject.layout.executable == "Scripts/python.exe"


def test_relocatable_build_in_a_folder_of_its_own_is_found(tmp_path: Path) -> None:
    made = FakeEnvironment(root=tmp_path / "out/python", site="lib/python3.13t/site-packages")
    made.write("bin/python3.13t", make_macho(["/usr/lib/libSystem.B.dylib"]))
    made.install("a")
    subject = subject_of(tmp_path / "out")
    assert (subject.runtime.kind, subject.runtime.system, subject.runtime.machine) == (
        RuntimeKind.STANDALONE,
        "macos",
        "arm64",
    )
    assert subject.runtime.free_threaded


def test_conda_like_prefix_of_windows_is_known(tmp_path: Path) -> None:
    made = FakeEnvironment(root=tmp_path / "conda", site="Lib/site-packages")
    for name in ("python.exe", "python310.dll", "Library/bin/libssl-3.dll"):
        made.write(name, make_pe())
    made.write("conda-meta/history")
    made.install("a", {"a/_c.pyd": make_pe(["libssl-3.dll", "python310.dll"])}, tag="cp310-cp310-win_amd64")
    assert look(made.root).problems == ()


def test_plain_folder_tells_its_target_by_what_lies_in_it(tmp_path: Path) -> None:
    made = site_packages(tmp_path / "site")
    made.install("a", {"a/_c.cp311-win_arm64.pyd": make_pe(machine="arm64")}, tag="cp311-cp311-win_arm64")
    runtime = subject_of(made.root).runtime
    assert (runtime.kind, str(runtime.python), runtime.system, runtime.machine) == (
        RuntimeKind.NONE,
        "3.11",
        "windows",
        "arm64",
    )


def test_folder_of_pure_packages_is_for_any_system(tmp_path: Path) -> None:
    made = site_packages(tmp_path / "site")
    made.install("a")
    runtime = subject_of(made.root).runtime
    assert (runtime.python, runtime.system, runtime.machine) == (None, "", None)
    assert look(made.root).problems == ()


def test_zip_of_a_bundle_is_unpacked_and_removed_again(env: FakeEnvironment, tmp_path: Path) -> None:
    env.write("manifest.json", render_manifest(env.manifest("a")))
    archive = zipped(env.root, tmp_path / "bundle.zip")
    with opened(str(archive)) as subject:
        root = subject.root
        assert subject.manifest is not None
        assert root.is_dir()
    assert not root.exists()
    assert look(archive).problems == ()


def test_layers_are_checked_and_unpacked_over_each_other(env: FakeEnvironment, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    layers = [
        zipped(env.root, out / "base.zip", only="py"),
        zipped(env.root, out / "more.zip", only="vc"),
        zipped(env.root, out / "packages.zip", only="Lib"),
    ]
    archives = tuple(
        BundleArchive(
            filename=path.name,
            size=path.stat().st_size,
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            installed=1,
            layer=path.stem,
        )
        for path in layers
    )
    (out / "manifest.json").write_bytes(render_manifest(replace(env.manifest("a"), archives=archives)))
    for given in (out, out / "manifest.json", out / "packages.zip"):
        assert look(given).problems == (), given
    (out / "base.zip").write_bytes((out / "base.zip").read_bytes() + b"\0")
    (problem,) = look(out).problems
    assert problem.kind is ProblemKind.ARCHIVE_CHANGED
    (out / "base.zip").unlink()
    with pytest.raises(InputUnreadable, match=r"base\.zip"):
        look(out)


def test_tar_zst_with_inner_links_is_unpacked(tmp_path: Path) -> None:
    site = "python/lib/python3.11/site-packages"
    archive = tarred(
        {
            "python/bin/python3.11": make_elf(interpreter="/lib64/ld-linux-x86-64.so.2"),
            "python/bin/python3": "python3.11",
            f"{site}/a-1.0.dist-info/WHEEL": b"Tag: py3-none-any\n",
            f"{site}/a-1.0.dist-info/RECORD": b"",
        },
        tmp_path / "x.tar.zst",
    )
    inspection = look(archive)
    assert inspection.runtime.system == "linux"
    assert [each.name for each in inspection.distributions] == ["a"]


@pytest.mark.parametrize(
    "members",
    [
        {"../evil": b""},
        {"/etc/evil": b""},
        {"C:\\evil": b""},
        {"a/../../evil": b""},
        {"..\\evil": b""},
        {"link": "/etc"},
        {"link": "../../etc"},
        {"d": ".", "d/x": b""},
    ],
)
def test_archive_that_leads_out_is_refused_by_member(tmp_path: Path, members: dict[str, bytes | str]) -> None:
    (tmp_path / "in").mkdir()
    archive = tarred(members, tmp_path / "in" / "x.tar.zst")
    with pytest.raises(InputUnreadable, match="member"):
        look(archive)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04rubbish", b"\x28\xb5\x2f\xfdrubbish", b"\x1f\x8brubbish", b"PK\x05\x06"]
)
def test_damaged_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    archive = tmp_path / "x.zip"
    archive.write_bytes(content)
    with pytest.raises(InputUnreadable, match="not a readable archive"):
        look(archive)


def test_name_that_is_too_long_to_be_read_is_refused(tmp_path: Path) -> None:
    entry = tarfile.TarInfo("python/x")
    entry.type = tarfile.GNUTYPE_LONGNAME
    entry.size = 2**33
    archive = tmp_path / "x.tar.zst"
    archive.write_bytes(zstd.compress(entry.tobuf(tarfile.GNU_FORMAT) + bytes(1024)))
    with pytest.raises(InputUnreadable, match="cannot be unpacked: a name block of 8589934592 bytes"):
        look(archive)


def test_zip_with_encrypted_member_is_refused(env: FakeEnvironment, tmp_path: Path) -> None:
    archive = zipped(env.root, tmp_path / "x.zip")
    content = bytearray(archive.read_bytes())
    for place in range(len(content) - 4):
        if content[place : place + 4] == b"PK\x01\x02":
            content[place + 8] |= 1
    archive.write_bytes(content)
    with pytest.raises(InputUnreadable, match="encrypted"):
        look(archive)


@pytest.mark.parametrize("name", ["gone", "text.txt", "empty"])
def test_what_is_no_environment_is_refused_with_a_hint(tmp_path: Path, name: str) -> None:
    (tmp_path / "text.txt").write_text("hello")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputUnreadable) as refused:
        look(tmp_path / name)
    assert refused.value.hint
    assert name in str(refused.value)


def test_manifest_without_its_environment_is_refused(env: FakeEnvironment, tmp_path: Path) -> None:
    (tmp_path / "alone").mkdir()
    (tmp_path / "alone/manifest.json").write_bytes(render_manifest(env.manifest("a")))
    with pytest.raises(InputUnreadable, match="not here"):
        look(tmp_path / "alone")


def test_hostile_manifest_reads_nothing_outside(env: FakeEnvironment) -> None:
    content = render_manifest(env.manifest("a")).replace(b'"python3.dll"', b'"../../secret"')
    env.write("manifest.json", content)
    with pytest.raises(InputUnreadable, match="not a path inside the bundle"):
        look(env.root)


def test_file_names_of_every_kind_are_told(env: FakeEnvironment) -> None:
    env.write(f"{env.site}/\x1b[31mred.py")
    env.write(f"{env.site}/new\nline.py")
    assert look(env.root).errors == ()
    assert messages(look(env.root)) == []
