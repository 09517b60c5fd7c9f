"""Archives whose bytes depend on nothing but their files."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest

from tests.environments.bundle.laid import lay
from wheelcheck.environments.bundle.archiving import FORMATS, source_date_epoch
from wheelcheck.errors import UsageProblem
from wheelcheck.model.environment import Environment, EnvironmentFile

_LARGE = bytes(range(251)) * 20_000 + os.urandom(3_000_000)
_REPOSITORY = Path(__file__).parents[3]
_WRITE = """
import sys
from pathlib import Path
from wheelcheck.environments.bundle.archiving import FORMATS
from wheelcheck.model.environment import EnvironmentFile
root, archive, suffix = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
files = [
    EnvironmentFile(
        path=path.relative_to(root).as_posix(), size=path.stat().st_size, sha256="", executable=path.suffix == ".exe"
    )
    for path in root.rglob("*") if path.is_file()
]
FORMATS[suffix](files, root, archive, None)
"""


def _environment(root: Path) -> Environment:
    return lay(
        root,
        {
            "demo": {
                "demo/__init__.py": "",
                "demo/é/naïve.txt": "x",
                "demo/" + "deep/" * 50 + "x.py": "x",
                "demo/large.bin": _LARGE,
            }
        },
        runtime={"python.exe": b"MZ", "python311.zip": b"PK"},
        executable=frozenset({"python.exe"}),
    )


def _read_tar(archive: Path) -> tarfile.TarFile:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return tarfile.open(fileobj=zstd.open(archive, "rb"), mode="r|")


@pytest.mark.parametrize("suffix", FORMATS)
def test_bytes_are_the_same_in_other_folders_time_zones_masks_and_homes(tmp_path: Path, suffix: str) -> None:
    written = []
    for number, (zone, mask, locale) in enumerate((("UTC", 0o022, "C"), ("Pacific/Kiritimati", 0o077, "C.UTF-8"))):
        folder = tmp_path / f"place{number}" / ("deeper" * number)
        folder.mkdir(parents=True)
        _environment(folder / "root")
        os.utime(folder / "root" / "python.exe", (number * 1e8, number * 1e8))
        archive = folder / f"out.{suffix}"
        subprocess.run(
            [sys.executable, "-c", _WRITE, str(folder / "root"), str(archive), suffix],
            cwd=folder,
            env={
                **{name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ},
                "PYTHONPATH": str(_REPOSITORY),
                "TZ": zone,
                "HOME": str(folder),
                "LC_ALL": locale,
                "PYTHONHASHSEED": str(number),
            },
            umask=mask if os.name == "posix" else -1,
            check=True,
            timeout=60,
        )
        written.append(archive.read_bytes())
    assert written[0] == written[1]


def test_zip_holds_every_file_with_fixed_modes_and_moment(tmp_path: Path) -> None:
    environment = _environment(tmp_path / "root")
    archive = tmp_path / "out.zip"
    FORMATS["zip"](environment.files, environment.root, archive, None)
    with zipfile.ZipFile(archive) as read:
        assert read.testzip() is None
        assert read.namelist() == sorted(file.path for file in environment.files)
        for file in environment.files:
            info = read.getinfo(file.path)
            assert read.read(info) == (environment.root / file.path).read_bytes()
            assert info.external_attr >> 16 == (0o100755 if file.path == "python.exe" else 0o100644)
            assert (info.date_time, info.extra, info.create_system) == ((1980, 1, 1, 0, 0, 0), b"", 3)


def test_tar_holds_every_file_with_fixed_modes_and_moment(tmp_path: Path) -> None:
    environment = _environment(tmp_path / "root")
    archive = tmp_path / "out.tar.zst"
    FORMATS["tar.zst"](environment.files, environment.root, archive, None)
    with _read_tar(archive) as read:
        names = []
        for member in read:
            names.append(member.name)
            extracted = read.extractfile(member)
            assert extracted is not None
            assert extracted.read() == (environment.root / member.name).read_bytes()
            assert member.mode == (0o755 if member.name == "python.exe" else 0o644)
            assert (member.mtime, member.uid, member.gid, member.uname, member.gname) == (0, 0, 0, "", "")
    assert names == sorted(file.path for file in environment.files)


def test_links_of_a_runtime_stay_links(tmp_path: Path) -> None:
    link = EnvironmentFile(path="bin/python", size=0, sha256="", link="python3.11")
    for suffix, form in FORMATS.items():
        form([link], tmp_path, tmp_path / f"out.{suffix}", None)
    with zipfile.ZipFile(tmp_path / "out.zip") as read:
        assert read.read("bin/python") == b"python3.11"
        assert read.getinfo("bin/python").external_attr >> 16 == 0o120777
    with _read_tar(tmp_path / "out.tar.zst") as tar:
        member = tar.next()
        assert member is not None
        assert (member.issym(), member.linkname) == (True, "python3.11")


def test_moment_is_that_of_source_date_epoch(tmp_path: Path) -> None:
    environment = lay(tmp_path / "root", {"demo": {"demo.py": ""}})
    for suffix, form in FORMATS.items():
        form(environment.files, environment.root, tmp_path / f"out.{suffix}", 1_700_000_000)
    with zipfile.ZipFile(tmp_path / "out.zip") as read:
        assert {info.date_time for info in read.infolist()} == {(2023, 11, 14, 22, 13, 20)}
    with _read_tar(tmp_path / "out.tar.zst") as tar:
        assert {member.mtime for member in tar} == {1_700_000_000}


@pytest.mark.parametrize("moment", [0, 1, 99_999_999_999])
def test_moment_that_zip_cannot_tell_is_the_nearest(tmp_path: Path, moment: int) -> None:
    environment = lay(tmp_path / "root", {"demo": {"demo.py": ""}})
    FORMATS["zip"](environment.files, environment.root, tmp_path / "out.zip", moment)
    with zipfile.ZipFile(tmp_path / "out.zip") as read:
        assert {info.date_time[0] for info in read.infolist()} == {1980 if moment < 2 else 2107}


def test_parallel_compression_costs_next_to_nothing_in_size(tmp_path: Path) -> None:
    environment = lay(
        tmp_path / "root", {"demo": {"demo/large.py": b"def example(argument): return argument\n" * 200_000}}
    )
    FORMATS["zip"](environment.files, environment.root, tmp_path / "out.zip", None)
    whole = zlib.compress((environment.root / "Lib/site-packages/demo/large.py").read_bytes(), 6)
    assert (tmp_path / "out.zip").stat().st_size < len(whole) + 3_000


def test_source_date_epoch_is_read_and_nonsense_refused() -> None:
    assert source_date_epoch({}) is None
    assert source_date_epoch({"SOURCE_DATE_EPOCH": ""}) is None
    assert source_date_epoch({"SOURCE_DATE_EPOCH": "1700000000"}) == 1_700_000_000
    for nonsense in ("yesterday", "-1", "1.5", "\N{ARABIC-INDIC DIGIT ONE}"):
        with pytest.raises(UsageProblem, match="SOURCE_DATE_EPOCH"):
            source_date_epoch({"SOURCE_DATE_EPOCH": nonsense})
