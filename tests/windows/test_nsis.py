"""The installers made of the nsis export: compiled, run silently, and what they installed is run."""

from __future__ import annotations

import functools
import http.server
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock
from installer.scripts import Script

from tests.cli.programs import Shell, open_shell
from tests.fakes.archives import make_wheel
from tests.server.index_server import IndexServer
from tests.windows.conftest import Windows

CATALOG = {
    "front": [
        make_wheel("front", "1.0", files={"front/__init__.py": "NAME = 'front'\n", "front/a b.txt": "x"}),
        make_wheel("front", "2.0", files={"front/__init__.py": "NAME = 'front 2'\n", "front/new.txt": "y"}),
    ]
}
_PROGRAM = "import front, sys\nprint('started', front.NAME, sys.version_info[:2], sys.flags.isolated)\n"
_TAR = '''
import sys, zipfile

def main():
    """tar.exe of Windows, for `-xf ARCHIVE -C FOLDER` alone."""
    assert sys.argv[1] == "-xf" and sys.argv[3] == "-C", sys.argv
    zipfile.ZipFile(sys.argv[2]).extractall(sys.argv[4])
'''


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return open_shell(tmp_path, monkeypatch, capsys)


@pytest.fixture
def installed(windows: Windows, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A folder on the drive of Windows that is not there yet, with a blank in its name; removed afterwards."""
    folder = windows.drive / f"in {request.node.name[:40]}"
    shutil.rmtree(folder, ignore_errors=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def bundled(shell: Shell, windows: Windows, *options: str, release: str = "1.0") -> None:
    """``plan.json`` and the bundle ``out`` of front in *release* in the shell's folder."""
    with IndexServer(CATALOG) as server:
        words = ["plan", f"front=={release}", "--platform", "win_amd64", "--python", "3.11", "-q", "-o", "plan.json"]
        assert shell.run(*words, "-i", server.simple_url).status == 0
        done = shell.run(
            "bundle", "plan.json", "--runtime", str(windows.archive), "-o", "out", "-i", server.simple_url, *options
        )
    assert done.status == 0, done.err


def installer(shell: Shell, windows: Windows, *options: str, wait: int = 20) -> Path:
    """The compiled installer of ``out``; it waits *wait* half seconds for a program that runs."""
    shell.write("app.py", _PROGRAM)
    words = ("--bundle", "out", "--name", "De mo", "--app-version", "1.2", "--entry", "app.py")
    exported = shell.run("export", "plan.json", "--to", "nsis", *words, *options, "-o", "demo.nsi")
    assert exported.status == 0, exported.err
    done = windows.makensis(shell.folder / "demo.nsi", f"-DWHEELCHECK_WAIT={wait}")
    assert done.returncode == 0, done.stdout
    return shell.folder / "De mo-1.2-setup.exe"


def install(windows: Windows, setup: Path, folder: Path) -> int:
    """Run *setup* silently for *folder* and answer its exit status."""
    return silently(windows, setup.parent, f'"{setup.name}" /S /D=C:\\{folder.name}')


def silently(windows: Windows, folder: Path, command: str) -> int:
    """Run *command* in *folder*: a path with a blank must be the last word, unquoted, which only a batch file can say."""
    batch = folder / "silently.bat"
    batch.write_text(f'@cd /d "%~dp0"\r\n@{command}\r\n@exit %errorlevel%\r\n', encoding="ascii")
    return windows.run("cmd", "/c", "Z:" + str(batch).replace("/", "\\")).returncode


def started(windows: Windows, folder: Path) -> str:
    done = windows.run(folder / "python" / "python.exe", "-B", f"C:\\{folder.name}\\app.py")
    return done.stdout.strip()


def test_installer_with_the_bundle_inside_installs_every_file_and_the_program_starts(
    shell: Shell, windows: Windows, installed: Path
) -> None:
    bundled(shell, windows)
    install(windows, installer(shell, windows), installed)
    assert started(windows, installed) == "started front (3, 11) 1"
    out = shell.folder / "out"
    expected = {path.relative_to(out): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    found = installed / "python"
    assert {path.relative_to(found): path.read_bytes() for path in found.rglob("*") if path.is_file()} == expected
    assert (installed / "uninstall.exe").exists()


def test_installer_downloads_the_bundle_and_checks_its_hash(shell: Shell, windows: Windows, installed: Path) -> None:
    bundled(shell, windows, "--archive", "zip")
    with published(shell.folder / "out") as url, tar_exe(windows):
        install(windows, installer(shell, windows, "--url", url), installed)
        assert started(windows, installed) == "started front (3, 11) 1"
        assert not (installed / "python.new").exists()


def test_installer_refuses_an_archive_that_is_not_the_one_released(
    shell: Shell, windows: Windows, installed: Path
) -> None:
    bundled(shell, windows, "--archive", "zip")
    with published(shell.folder / "out") as url, tar_exe(windows):
        setup = installer(shell, windows, "--url", url)
        (archive,) = (shell.folder / "out").glob("*.zip")
        archive.write_bytes(archive.read_bytes() + b"\0")
        install(windows, setup, installed)
    assert not installed.exists()


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below *folder* with its content, by path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextmanager
def running(windows: Windows, folder: Path) -> Iterator[None]:
    """The installed Python runs, until the block ends."""
    words = [windows.runner, str(folder / "python" / "python.exe"), "-B", "-c", "print('runs', flush=True); input()"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        try:
            assert program.stdout.readline().strip() == b"runs"
            yield
            assert program.poll() is None
        finally:
            program.stdin.write(b"\n")
            program.stdin.close()
            program.wait(60)


def test_installer_touches_nothing_while_the_program_runs_and_replaces_all_of_it_afterwards(
    shell: Shell, windows: Windows, installed: Path
) -> None:
    bundled(shell, windows)
    assert install(windows, installer(shell, windows), installed) == 0
    before = contents(installed)
    shutil.rmtree(shell.folder / "out")
    bundled(shell, windows, release="2.0")
    setup = installer(shell, windows)
    assert "is in use. Nothing was changed. Close the program" in (shell.folder / "demo.nsi").read_text(
        encoding="utf-8"
    )
    with running(windows, installed):
        assert install(windows, setup, installed) == 2
        assert contents(installed) == before
    assert install(windows, setup, installed) == 0
    assert contents(installed / "python") == contents(shell.folder / "out")
    assert {path.name for path in installed.iterdir()} == {"python", "app.py", "uninstall.exe"}


def test_installer_that_cannot_move_the_old_environment_aside_leaves_it_as_it_is(
    shell: Shell, windows: Windows, installed: Path
) -> None:
    bundled(shell, windows)
    setup = installer(shell, windows)
    assert install(windows, setup, installed) == 0
    # A file is no folder: neither is it removed as one, nor can a folder take its name.
    (installed / "python.old").write_bytes(b"")
    before = contents(installed)
    assert install(windows, setup, installed) == 2
    assert contents(installed) == before


def test_installer_brings_back_what_a_run_that_was_ended_had_moved_aside(
    shell: Shell, windows: Windows, installed: Path
) -> None:
    bundled(shell, windows)
    setup = installer(shell, windows)
    assert install(windows, setup, installed) == 0
    (installed / "python").rename(installed / "python.old")
    before = contents(installed / "python.old")
    # This one stops before the new environment is whole, because its archive was altered.
    shutil.rmtree(shell.folder / "out")
    bundled(shell, windows, "--archive", "zip")
    with published(shell.folder / "out") as url, tar_exe(windows):
        setup = installer(shell, windows, "--url", url)
        (archive,) = (shell.folder / "out").glob("*.zip")
        archive.write_bytes(archive.read_bytes() + b"\0")
        assert install(windows, setup, installed) == 2
    assert contents(installed / "python") == before
    assert not (installed / "python.old").exists()


def test_uninstaller_removes_nothing_while_the_program_runs(shell: Shell, windows: Windows, installed: Path) -> None:
    bundled(shell, windows)
    assert install(windows, installer(shell, windows), installed) == 0
    before = contents(installed)
    # With _? it runs where it lies and is waited for; so it cannot remove itself.
    command = f'"C:\\{installed.name}\\uninstall.exe" /S _?=C:\\{installed.name}'
    with running(windows, installed):
        assert silently(windows, shell.folder, command) == 2
        assert contents(installed) == before
    assert silently(windows, shell.folder, command) == 0
    assert contents(installed).keys() <= {"uninstall.exe"}


@contextmanager
def published(folder: Path) -> Iterator[str]:
    """The URL of *folder* on a loopback server."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def tar_exe(windows: Windows) -> Iterator[None]:
    """A stand-in for the tar.exe that is part of Windows and that Wine lacks: the real Windows Python unpacks.

    One test at a time: all share the system's folder.
    """
    place, runtime = windows.drive / "windows/system32/tar.exe", windows.drive / "tar runtime"
    with FileLock(windows.root / "tar.lock"):
        shutil.copytree(windows.root / "embed311", runtime, dirs_exist_ok=True)
        (runtime / "standin.py").write_text(_TAR, encoding="utf-8")
        _, content = Script("tar", "standin", "main", "console").generate("C:\\tar runtime\\python.exe", "win-amd64")
        place.write_bytes(content)
        try:
            yield
        finally:
            place.unlink()
            shutil.rmtree(runtime)


def test_installer_takes_the_archive_that_lies_beside_it(shell: Shell, windows: Windows, installed: Path) -> None:
    bundled(shell, windows, "--archive", "zip")
    setup = installer(shell, windows)
    with tar_exe(windows):
        assert install(windows, setup, installed) == 2
        (archive,) = (shell.folder / "out").glob("*.zip")
        shutil.copy2(archive, setup.parent)
        assert install(windows, setup, installed) == 0
    assert started(windows, installed) == "started front (3, 11) 1"


def test_installer_without_windows_waits_for_a_program_that_ends(
    shell: Shell, windows: Windows, installed: Path
) -> None:
    bundled(shell, windows)
    # A program that is emulated on a busy machine needs long to end.
    setup = installer(shell, windows, wait=240)
    assert install(windows, setup, installed) == 0
    words = [windows.runner, str(installed / "python" / "python.exe"), "-B", "-c"]
    words.append("import time; print('runs', flush=True); time.sleep(4)")
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        assert program.stdout.readline().strip() == b"runs"
        assert install(windows, setup, installed) == 0
        assert program.wait(60) == 0
