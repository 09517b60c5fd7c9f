"""Runtime and wheels become an environment: everything in its place, nothing of this machine or this moment in it."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.environments.bundle.housed import house, linux, on_linux, on_windows, plain, rezipped, tree, windows
from tests.fakes import runtimes
from tests.fakes.archives import make_wheel
from wheelcheck.environments.binaries import binary_in
from wheelcheck.environments.bundle.assembling import assemble
from wheelcheck.environments.bundle.runtimes import recognise_runtime
from wheelcheck.errors import ArchiveRefused, DiskFailure, UsageProblem
from wheelcheck.model.environment import Environment
from wheelcheck.ports import SilentReporter
from wheelcheck.targets.targets import parse_target

TOOL = make_wheel(
    "tool",
    "1.0",
    files={
        "tool/__init__.py": "import sys\n\ndef main():\n    print('tool', *sys.argv[1:])\n    return 3\n",
        "tool.pth": "import tool\n",
        "tool-1.0.dist-info/entry_points.txt": "[console_scripts]\ntool = tool:main\n[gui_scripts]\ntoolw = tool:main\n",
        "tool-1.0.data/scripts/old-tool": "#!python -O\nimport tool\nprint('old', tool.__name__)\n",
        "tool-1.0.data/data/share/tool/a.txt": "data",
        "tool-1.0.data/headers/tool.h": "/* h */",
        "tool-1.0.data/purelib/pure.py": "",
        "tool-1.0.data/platlib/plat.py": "",
    },
)


def paths(environment: Environment) -> set[str]:
    return {file.path for file in environment.files if file.owner == "tool"}


def test_wheel_goes_where_windows_looks(tmp_path: Path) -> None:
    environment = on_windows(tmp_path, TOOL)

    assert paths(environment) == {
        "Include/tool/tool.h",
        "Lib/site-packages/plat.py",
        "Lib/site-packages/pure.py",
        "Lib/site-packages/tool.pth",
        "Lib/site-packages/tool/__init__.py",
        *(
            f"Lib/site-packages/tool-1.0.dist-info/{name}"
            for name in ("INSTALLER", "METADATA", "RECORD", "WHEEL", "entry_points.txt")
        ),
        "Scripts/old-tool",
        "Scripts/tool.exe",
        "Scripts/toolw.exe",
        "share/tool/a.txt",
    }
    assert environment.packages == (("tool", environment.packages[0][1]),)
    assert b"Lib\\site-packages\r\n" in (environment.root / "python311._pth").read_bytes()


def test_wheel_goes_where_linux_looks(tmp_path: Path) -> None:
    assert paths(on_linux(tmp_path, TOOL)) >= {
        "bin/tool",
        "bin/old-tool",
        "include/site/python3.12/tool/tool.h",
        "lib/python3.12/site-packages/tool/__init__.py",
        "share/tool/a.txt",
    }


def test_values_tell_what_lies_on_disk(tmp_path: Path) -> None:
    environment = on_linux(tmp_path, TOOL)
    found = tree(environment.root)

    assert [file.path for file in environment.files] == sorted(found)
    for file in environment.files:
        if file.link:
            assert (environment.root / file.path).readlink().as_posix() == file.link
            continue
        assert (file.size, file.sha256) == (len(found[file.path]), hashlib.sha256(found[file.path]).hexdigest())
        assert bool((environment.root / file.path).stat().st_mode & 0o111) == file.executable


@pytest.mark.parametrize("lay", [on_windows, on_linux])
def test_record_lists_every_file_as_it_is(tmp_path: Path, lay: object) -> None:
    assert callable(lay)
    environment: Environment = lay(tmp_path, TOOL)
    site_packages = environment.root / environment.layout.site_packages
    rows = list(csv.reader((site_packages / "tool-1.0.dist-info" / "RECORD").read_text().splitlines()))
    recorded = {(site_packages / row[0]).resolve().relative_to(environment.root.resolve()).as_posix() for row in rows}

    assert recorded == paths(environment)
    assert {row[0].rpartition("/")[2] for row in rows if not row[1]} == {"RECORD"}
    assert (site_packages / "tool-1.0.dist-info" / "INSTALLER").read_text() == "wheelcheck\n"


def test_launcher_finds_its_interpreter_from_its_own_folder(tmp_path: Path) -> None:
    root = on_windows(tmp_path, TOOL).root

    assert b"#!<launcher_dir>\\..\\python.exe\n" in (root / "Scripts" / "tool.exe").read_bytes()
    assert b"#!<launcher_dir>\\..\\pythonw.exe\n" in (root / "Scripts" / "toolw.exe").read_bytes()
    with zipfile.ZipFile(root / "Scripts" / "tool.exe") as launched:
        assert b"from tool import main" in launched.read("__main__.py")
        assert launched.infolist()[0].date_time == (1980, 1, 1, 0, 0, 0)


@pytest.mark.skipif(sys.platform == "win32", reason="these scripts need /bin/sh")
@pytest.mark.parametrize("script", ["tool", "old-tool"])
def test_script_runs_after_the_folder_moved_and_over_a_link(tmp_path: Path, script: str) -> None:
    root = on_linux(tmp_path, TOOL).root
    moved = root.rename(tmp_path / "moved to here")
    python = moved / "bin" / "python3.12"
    python.unlink()
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{moved}/lib/python3.12/site-packages" exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    link = tmp_path / "link"
    link.symlink_to(moved / "bin" / script)

    ran = subprocess.run([link, "a b"], capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.returncode) == (("tool a b\n", 3) if script == "tool" else ("old tool\n", 0))


@pytest.mark.skipif(sys.platform == "win32", reason="these scripts need a POSIX kernel")
def test_script_without_a_runtime_finds_its_packages(tmp_path: Path) -> None:
    root = plain(tmp_path, linux(), TOOL).root.rename(tmp_path / "moved")

    ran = subprocess.run(
        [sys.executable, "-I", root / "bin" / "tool", "x"], capture_output=True, text=True, check=False
    )
    assert (ran.stdout, ran.returncode) == ("tool x\n", 3)


def test_nothing_names_this_machine_or_moment(tmp_path: Path) -> None:
    one, other = on_linux(tmp_path / "one", TOOL), on_linux(tmp_path / "another place", TOOL)

    assert tree(one.root) == tree(other.root)
    assert one.files == other.files
    assert not any(os.fsencode(tmp_path) in content for content in tree(one.root).values())
    times = {path.lstat().st_mtime for path in (one.root, *one.root.rglob("*"))}
    assert times == {315_532_800.0}


def test_source_date_epoch_is_the_time_of_every_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    root = on_windows(tmp_path, TOOL).root

    assert {path.stat().st_mtime for path in root.rglob("*")} == {1_700_000_000.0}


def test_modes_do_not_depend_on_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        root = on_linux(tmp_path, TOOL).root
    finally:
        os.umask(before)

    assert (root / "bin" / "tool").stat().st_mode & 0o777 == 0o755
    assert (root / "share" / "tool" / "a.txt").stat().st_mode & 0o777 == 0o644
    assert (root / "share").stat().st_mode & 0o777 == 0o755


def test_byte_code_and_what_an_installer_said_elsewhere_are_not_taken_over(tmp_path: Path) -> None:
    wheel = make_wheel(
        "tool",
        "1.0",
        files={
            "tool/__pycache__/x.cpython-311.pyc": "",
            "tool-1.0.dist-info/INSTALLER": "pip",
            "tool-1.0.dist-info/REQUESTED": "",
            "tool-1.0.dist-info/direct_url.json": "{}",
        },
    )
    root = plain(tmp_path, linux(), wheel).root

    assert not list(root.rglob("__pycache__"))
    assert {path.name for path in (root / "tool-1.0.dist-info").iterdir()} == {
        "INSTALLER",
        "METADATA",
        "RECORD",
        "WHEEL",
    }
    assert (root / "tool-1.0.dist-info" / "INSTALLER").read_text() == "wheelcheck\n"


def test_installation_is_copied_clean(tmp_path: Path) -> None:
    environment = on_linux(tmp_path)
    runtime = {file.path for file in environment.files}

    assert runtime == {
        "bin/python3",
        "bin/python3.12",
        "include/python3.12/patchlevel.h",
        "lib/python3.12/_sysconfigdata__linux_x86_64-linux-gnu.py",
        "lib/python3.12/os.py",
        "lib/python3.12/site-packages/README.txt",
    }
    sysconfig = (environment.root / "lib/python3.12/_sysconfigdata__linux_x86_64-linux-gnu.py").read_text()
    assert "/home/builder" not in sysconfig
    assert "'LIBDIR': '/install/lib'" in sysconfig


def test_windows_installation_is_copied_clean(tmp_path: Path) -> None:
    runtime = recognise_runtime(runtimes.lay_down(runtimes.windows_prefix(), tmp_path / "python"))
    environment = assemble(runtime, house(tmp_path / "house", []), windows(), tmp_path / "env", SilentReporter())

    assert {file.path for file in environment.files} == {
        "DLLs/_ssl.pyd",
        "LICENSE.txt",
        "Lib/os.py",
        "Lib/site-packages/README.txt",
        "include/patchlevel.h",
        "python.exe",
        "python311.dll",
    }


def test_standalone_build_keeps_its_links_and_loses_its_packages(tmp_path: Path) -> None:
    archive = tmp_path / "python.tar.gz"
    links = {"bin/python3": "python3.12", "bin/gone": "nowhere", "share/current": "man"}
    import gzip

    archive.write_bytes(gzip.compress(runtimes.tarred(runtimes.unix_prefix(runtimes.elf()), links)))
    environment = assemble(
        recognise_runtime(archive), house(tmp_path / "house", []), linux(), tmp_path / "env", SilentReporter()
    )

    found = {file.path: file.link for file in environment.files}
    assert {path: link for path, link in found.items() if link} == {"bin/python3": "python3.12", "share/current": "man"}
    assert "lib/python3.12/test/test_os.py" in found
    assert not any("pip" in path for path in found)


def test_runtime_of_another_target_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    source = recognise_runtime(runtimes.lay_down(runtimes.embeddable(), tmp_path / "embed"))

    with pytest.raises(UsageProblem, match="the plan is for CPython"):
        assemble(source, house(tmp_path / "house", [TOOL]), linux(), tmp_path / "env", SilentReporter())
    assert not (tmp_path / "env").exists()


def test_member_without_a_hash_is_taken_with_a_warning(tmp_path: Path) -> None:
    name, content = make_wheel("tool", "1.0")
    record = (
        "tool/__init__.py,,\ntool-1.0.dist-info/METADATA,,\ntool-1.0.dist-info/WHEEL,,\ntool-1.0.dist-info/RECORD,,\n"
    )
    path = "tool-1.0.dist-info/RECORD"
    changed = rezipped(content, drop=path, add=[(zipfile.ZipInfo(path), record.encode())])

    warnings = plain(tmp_path, linux(), (name, changed)).warnings
    assert "tool-1.0-py3-none-any.whl: RECORD has no hash for 'tool/__init__.py' and 2 more" in warnings


def test_large_members_are_written_whole(tmp_path: Path) -> None:
    large = io.BytesIO(os.urandom(5_000_001)).getvalue()
    root = plain(tmp_path, linux(), make_wheel("tool", "1.0", files={"tool/large.bin": large})).root

    assert (root / "tool" / "large.bin").read_bytes() == large


def test_folder_that_cannot_be_made_is_a_failure_of_the_disk(tmp_path: Path) -> None:
    (tmp_path / "env").write_text("a file")

    with pytest.raises(UsageProblem, match="not an empty folder"):
        plain(tmp_path, linux(), TOOL)
    source = recognise_runtime(runtimes.lay_down(runtimes.embeddable(), tmp_path / "embed"))
    with pytest.raises(DiskFailure, match="cannot be written"):
        assemble(source, house(tmp_path / "house", [TOOL]), windows(), tmp_path / "env" / "below", SilentReporter())


def test_empty_folder_is_used_and_stays_after_a_failure(tmp_path: Path) -> None:
    (tmp_path / "env").mkdir()
    name, content = TOOL

    with pytest.raises(ArchiveRefused):
        plain(tmp_path, linux(), (name, content[: len(content) // 2]))
    assert not list((tmp_path / "env").iterdir())
    assert plain(tmp_path, linux(), TOOL).files


def test_launchers_are_those_of_the_machine(tmp_path: Path) -> None:
    launchers = set()
    for platform, machine in (("win_amd64", runtimes.AMD64), ("win_arm64", runtimes.ARM64)):
        runtime = recognise_runtime(runtimes.lay_down(runtimes.embeddable(machine=machine), tmp_path / platform))
        wheelhouse = house(tmp_path / "house", [TOOL])
        into = tmp_path / "env" / platform
        assemble(runtime, wheelhouse, parse_target(platform, "3.11"), into, SilentReporter())
        facts = binary_in((into / "Scripts" / "tool.exe").read_bytes())
        assert facts is not None
        launchers.add(facts.machine)

    assert launchers == {"amd64", "arm64"}
