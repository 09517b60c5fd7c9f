"""The installers made of the nsis export: compiled, run silently, and what they installed is run."""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from installer.scripts import Script

from tests.cli.programs import Shell, open_shell
from tests.fakes.archives import make_wheel
from tests.server.index_server import IndexServer
from tests.windows.conftest import Windows

CATALOG = {"front": [make_wheel("front", "1.0", files={"front/__init__.py": "NAME = 'front'\n", "front/a b.txt": "x"})]}
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


def bundled(shell: Shell, windows: Windows, *options: str) -> None:
    """``plan.json`` and the bundle ``out`` in the shell's folder."""
    with IndexServer(CATALOG) as server:
        words = ["plan", "front", "--platform", "win_amd64", "--python", "3.11", "-q", "-o", "plan.json"]
        assert shell.run(*words, "-i", server.simple_url).status == 0
        done = shell.run(
            "bundle", "plan.json", "--runtime", str(windows.archive), "-o", "out", "-i", server.simple_url, *options
        )
    assert done.status == 0, done.err


def installer(shell: Shell, windows: Windows, *options: str) -> Path:
    """The compiled installer of ``out``."""
    shell.write("app.py", _PROGRAM)
    words = ("--bundle", "out", "--name", "De mo", "--app-version", "1.2", "--entry", "app.py")
    exported = shell.run("export", "plan.json", "--to", "nsis", *words, *options, "-o", "demo.nsi")
    assert exported.status == 0, exported.err
    done = windows.makensis(shell.folder / "demo.nsi")
    assert done.returncode == 0, done.stdout
    return shell.folder / "De mo-1.2-setup.exe"


def install(windows: Windows, setup: Path, folder: Path) -> None:
    """Run *setup* silently for *folder*: a path with a blank must be the last word, unquoted, which only a batch file can say."""
    batch = setup.with_name("install.bat")
    batch.write_text(f'@cd /d "%~dp0"\r\n@"{setup.name}" /S /D=C:\\{folder.name}\r\n', encoding="ascii")
    windows.run("cmd", "/c", "Z:" + str(batch).replace("/", "\\"))


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
    """A stand-in for the tar.exe that is part of Windows and that Wine lacks: the real Windows Python unpacks."""
    place, runtime = windows.drive / "windows/system32/tar.exe", windows.drive / "tar runtime"
    shutil.copytree(windows.root / "embed311", runtime, dirs_exist_ok=True)
    (runtime / "standin.py").write_text(_TAR, encoding="utf-8")
    _, content = Script("tar", "standin", "main", "console").generate("C:\\tar runtime\\python.exe", "win-amd64")
    place.write_bytes(content)
    try:
        yield
    finally:
        place.unlink()
        shutil.rmtree(runtime)
