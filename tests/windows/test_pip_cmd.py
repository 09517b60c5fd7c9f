"""The script for the command prompt, carried out by a command prompt, with the pip that Python itself brings."""

from __future__ import annotations

import ensurepip
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import wheelcheck
from tests.export.test_pip_scripts import CATALOG, render
from tests.server.index_server import IndexServer
from tests.windows.conftest import Windows


@pytest.fixture
def python(windows: Windows, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A folder on the drive of Windows with a runtime that has pip."""
    folder = windows.drive / f"pip {request.node.name[:30]}"
    shutil.copytree(windows.root / "embed311", folder)
    (pip,) = (Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl")
    with zipfile.ZipFile(pip) as wheel:
        wheel.extractall(folder / "Lib" / "site-packages")
    (folder / "python311._pth").write_text("python311.zip\n.\nLib\\site-packages\nimport site\n", encoding="ascii")
    yield folder
    shutil.rmtree(folder)


def run_script(windows: Windows, python: Path, script: str, *arguments: str) -> tuple[int, str]:
    """The exit status of *script*, and all that it printed."""
    where = f"C:\\{python.name}"
    (python / "install.cmd").write_text(script, encoding="ascii", newline="")
    start = f'@set "PYTHON={where}\\python.exe"\r\n@set PIP_CONFIG_FILE=nul\r\n@set PIP_NO_CACHE_DIR=1\r\n'
    # Without `call`, after which the status would be lost here; so this is the last line.
    (python / "start.bat").write_text(
        f'{start}@"{where}\\install.cmd" {" ".join(arguments)}\r\n', encoding="ascii", newline=""
    )
    done = windows.run("cmd", "/c", f"{where}\\start.bat", timeout=300)
    return done.returncode, done.stdout + done.stderr


def test_command_prompt_script_builds_once_and_installs_the_planned_versions(windows: Windows, python: Path) -> None:
    with IndexServer(CATALOG) as server:
        plan = wheelcheck.plan(
            "app",
            "tool<2",
            platform="win_amd64",
            python="3.11",
            index_url=server.simple_url,
            no_cache=True,
            sdist="any",
        )
        status, text = run_script(windows, python, render("pip-cmd", plan), "--target", f'"C:\\{python.name}\\site"')
    assert status == 0, text
    assert {path.name for path in (python / "site").glob("*.dist-info")} == {
        "app-1.0.dist-info", "tool-1.0.dist-info", "pure-0.5.dist-info"
    }  # fmt: skip


def test_command_prompt_script_stops_at_the_first_failure(windows: Windows, python: Path) -> None:
    with IndexServer(CATALOG) as server:
        plan = wheelcheck.plan("tool", platform="win_amd64", python="3.11", index_url=server.simple_url, no_cache=True)
        script = render("pip-cmd", plan)
        digest = script.partition("--hash=sha256:")[2][:64]
        target = f'"C:\\{python.name}\\site"'
        status, text = run_script(windows, python, script.replace(digest, "0" * 64), "--target", target)
    assert status == 1, text
    assert "DO NOT MATCH THE HASHES" in text
    assert not (python / "site").exists()


def test_command_prompt_script_refuses_another_interpreter(windows: Windows, python: Path) -> None:
    with IndexServer(CATALOG) as server:
        plan = wheelcheck.plan("tool", platform="win_amd64", python="3.12", index_url=server.simple_url, no_cache=True)
        status, text = run_script(windows, python, render("pip-cmd", plan))
    assert status == 2, text
    assert "is not Python 3.12 for win_amd64" in text
