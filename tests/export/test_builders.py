"""The formats of other builders, each accepted by its own tool; a tool that is not installed skips its tests."""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from msgspec import structs
from packaging.version import Version

import wheelcheck
from tests.export.test_pip_scripts import CATALOG, render
from tests.fakes import samples
from tests.fakes.samples import resolution, wheel_pin
from tests.server.index_server import IndexServer
from wheelcheck.errors import UsageProblem
from wheelcheck.export.formats import EXPORTERS, Exporter
from wheelcheck.export.shipment import Shipment
from wheelcheck.model.environment import Layout, Manifest, Runtime, RuntimeKind
from wheelcheck.model.plan import Plan
from wheelcheck.model.target import TargetName
from wheelcheck.plans.making import plan
from wheelcheck.targets.targets import parse_target


def program(name: str) -> str:
    """The *name*d program, beside the interpreter or on the path; skips the test where there is none."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: pip install -e '.[builders,hooks]'")
    return found


def exporter(form: str) -> Exporter:
    return next(each for each in EXPORTERS if each.name == form)


def planned_for(platform: str, python: str = "3.11") -> Plan:
    target = parse_target(platform, python)
    return plan(
        resolution((wheel_pin("click", "8.1.7"),), {"": ["click"]}, target=target),
        (),
        inputs=samples.INPUTS,
        options=samples.OPTIONS,
    )


def bundled(archives: tuple[str, ...] = ()) -> Manifest:
    from wheelcheck.model.environment import BundleArchive

    return Manifest(
        name="demo",
        version="1.2",
        plan_digest="sha256:" + "0" * 64,
        target=TargetName(platform="win_amd64", python="3.11"),
        runtime=Runtime(kind=RuntimeKind.EMBEDDABLE, python=Version("3.11.9"), system="windows", machine="amd64"),
        layout=Layout(executable="python.exe", site_packages=".", scripts="bin", headers="include", data="."),
        packages=(),
        files=(),
        archives=tuple(BundleArchive(filename=name, size=1, sha256="0" * 64, installed=1) for name in archives),
    )


def test_hadolint_accepts_the_dockerfile(tmp_path: Path) -> None:
    hadolint = program("hadolint")
    path = tmp_path / "Dockerfile"
    path.write_text("FROM python:3.11-slim\n" + render("dockerfile", planned_for("linux")), encoding="utf-8")
    # DL3042 asks for --no-cache-dir, which is there, before the word that it expects.
    command = [hadolint, "--failure-threshold", "warning", "--ignore", "DL3042", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout
    broken = tmp_path / "Broken"
    broken.write_text(path.read_text(encoding="utf-8").replace("RUN mkdir", "RUNS mkdir"), encoding="utf-8")
    assert subprocess.run([hadolint, str(broken)], capture_output=True, timeout=60, check=False).returncode != 0


def test_commands_of_the_dockerfile_install_the_plan(tmp_path: Path) -> None:
    with IndexServer(CATALOG) as server:
        made = wheelcheck.plan("app", index_url=server.simple_url, no_cache=True, sdist="any")
        text = render("dockerfile", made)
        # What BuildKit hands to sh: the instruction without its first word, here-documents included.
        runs = re.split(r"^RUN ", text, flags=re.MULTILINE)[1:]
        work = tmp_path / "work"
        for run in runs:
            script = run.replace("/tmp/wheelcheck", str(work))  # noqa: S108
            script = script.replace("python3", sys.executable)
            script = script.replace(" install ", f" install --target {tmp_path / 'site'} ", 1)
            environ = {**os.environ, "PIP_CONFIG_FILE": os.devnull}
            done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False, env=environ)
            assert done.returncode == 0, done.stderr
    assert (tmp_path / "site" / "pure" / "__init__.py").exists()
    assert not work.exists()


def test_dockerfile_is_refused_for_windows() -> None:
    with pytest.raises(UsageProblem, match="a container of Linux runs nothing of it"):
        render("dockerfile", samples.installable_plan())


@pytest.mark.parametrize("platform", ["win_amd64", "win_arm64", "linux", "linux-arm64", "macos", "macos-x86_64"])
def test_actionlint_accepts_the_workflow(tmp_path: Path, platform: str) -> None:
    actionlint = program("actionlint")
    path = tmp_path / ".github" / "workflows" / "bundle.yml"
    path.parent.mkdir(parents=True)
    shipment = Shipment(
        plan=planned_for(platform), plan_path="a folder/plan.json", plan_sha256="0" * 64, name="it's: a #name"
    )
    path.write_text(exporter("github-actions").render(shipment), encoding="utf-8")
    command = [actionlint, "-no-color", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    path.write_text(path.read_text(encoding="utf-8").replace("runs-on:", "run-on:"), encoding="utf-8")
    assert subprocess.run(command, capture_output=True, timeout=60, check=False, cwd=tmp_path).returncode == 1


def test_workflow_names_the_hash_of_the_plan_file_and_what_may_be_built() -> None:
    made = samples.needs_build_plan()
    text = exporter("github-actions").render(Shipment(plan=made, plan_sha256="f" * 64))
    assert f'PLAN_SHA256: "{"f" * 64}"' in text
    assert "--allow-build antlr4-python3-runtime,docopt,encodec,audiocraft" in text


def test_workflow_is_refused_where_no_hosted_machine_is_the_target() -> None:
    with pytest.raises(UsageProblem, match="no hosted machine is"):
        render("github-actions", planned_for("alpine"))


def test_briefcase_reads_the_requires(tmp_path: Path) -> None:
    config = pytest.importorskip("briefcase.config", reason="pip install -e '.[builders]'")
    text = exporter("briefcase").render(Shipment(plan=samples.installable_plan(), name="demo"))
    head = (
        '[tool.briefcase]\nproject_name = "Demo"\nbundle = "org.example"\nversion = "1.0"\n'
        'license = "MIT"\nlicense-files = ["LICENSE"]\n'
        '[tool.briefcase.app.demo]\ndescription = "x"\nsources = ["demo"]\n'
    )
    path = tmp_path / "pyproject.toml"
    path.write_text(head + text, encoding="utf-8")
    (tmp_path / "LICENSE").write_text("MIT\n", encoding="utf-8")
    _, apps = config.parse_config(path, platform="windows", output_format="app", console=None)
    assert apps["demo"]["requires"] == ["click==8.1.7", "colorama==0.4.6"]


def test_briefcase_is_refused_where_packages_stand_apart() -> None:
    made = samples.installable_plan()
    phase = structs.replace(made.phases[0], reason="by their own metadata click asks for a<2")
    with pytest.raises(UsageProblem, match="pip would refuse click"):
        render("briefcase", structs.replace(made, phases=(phase,)))


def test_briefcase_tables_are_toml_with_every_pin() -> None:
    text = render("briefcase", samples.needs_build_plan())
    app = tomllib.loads(text)["tool"]["briefcase"]["app"]["app"]["windows"]
    assert len(app["requires"]) == len(samples.needs_build_plan().packages)
    assert app["requirement_installer_args"] == ["--index-url=https://index.example/simple/"]


@pytest.mark.parametrize("archives", [(), ("demo.zip",)], ids=["folder", "archive"])
def test_makensis_builds_a_script_of_ones_own_with_the_include(tmp_path: Path, archives: tuple[str, ...]) -> None:
    makensis = program("makensis")
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "python.exe").write_bytes(b"MZ")
    shipment = Shipment(
        plan=planned_for("win_amd64"), bundle="bundle", url="https://files.example/d", manifest=bundled(archives)
    )
    (tmp_path / "wheelcheck.nsh").write_text(exporter("nsis-include").render(shipment), encoding="utf-8")
    (tmp_path / "own.nsi").write_text(
        'Unicode true\nName "Own"\nOutFile "own.exe"\nInstallDir "$TEMP\\own"\nRequestExecutionLevel user\n'
        '!include "wheelcheck.nsh"\n!include "wheelcheck.nsh"\n'
        'Section\n  !insertmacro WHEELCHECK_INSTALL\n  WriteUninstaller "$INSTDIR\\u.exe"\nSectionEnd\n'
        'Section "Uninstall"\n  !insertmacro WHEELCHECK_UNINSTALL\nSectionEnd\n',
        encoding="utf-8",
    )
    command = [makensis, "-WX", "own.nsi"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "own.exe").exists()


def test_electron_builder_takes_the_bundle_along_on_its_own_system() -> None:
    shipment = Shipment(plan=samples.installable_plan(), bundle="out/bundle", manifest=bundled())
    table = json.loads(exporter("electron-builder").render(shipment))
    assert table["win"]["extraResources"] == [{"from": "out/bundle", "to": "python", "filter": ["**/*"]}]
    assert list(table) == ["win"]


def test_electron_builder_is_refused_archives() -> None:
    shipment = Shipment(plan=samples.installable_plan(), bundle="out", manifest=bundled(("demo.zip",)))
    with pytest.raises(UsageProblem, match="takes a folder along"):
        exporter("electron-builder").render(shipment)


@pytest.mark.live
@pytest.mark.parametrize("platform", ["win_amd64", "macos", "linux"])
def test_electron_builder_itself_validates_the_configuration(tmp_path: Path, platform: str) -> None:
    """The configuration is held to the validator that electron-builder runs; building would need Electron's own binaries."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("npm is not installed")
    quiet = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
    subprocess.run([npm, "install", *quiet, "app-builder-lib@26"], cwd=tmp_path, check=True, timeout=300)
    script = (
        "const {validateConfiguration} = require('app-builder-lib/out/util/config/config');"
        "const {DebugLogger} = require('builder-util');"
        "validateConfiguration(JSON.parse(process.argv[1]), new DebugLogger(false)).then(() => console.log('valid'),"
        " problem => {console.log(problem.message); process.exit(1)});"
    )

    def validated(text: str) -> subprocess.CompletedProcess[str]:
        command = [node, "-e", script, text]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)

    text = render("electron-builder", planned_for(platform))
    assert validated(text).stdout == "valid\n"
    assert validated(text.replace("extraResources", "moreResources")).returncode == 1


def test_cyclonedx_validates_strictly_and_is_the_same_every_time() -> None:
    pytest.importorskip("cyclonedx", reason="pip install -e '.[builders]'")
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    shipment = Shipment(plan=samples.needs_build_plan(), digest="sha256:" + "1" * 64, name="demo", version="1.2")
    text = exporter("cyclonedx").render(shipment)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert text == exporter("cyclonedx").render(shipment)
    bom = json.loads(text)
    assert {component["name"] for component in bom["components"]} == {
        package.name for package in shipment.plan.packages
    }
    needs = {entry["ref"]: entry.get("dependsOn", []) for entry in bom["dependencies"]}
    assert "av==12.0.0" in needs["audiocraft==1.3.0"]


def icon() -> bytes:
    """An icon of one dot."""
    image = struct.pack("<IiiHHIIiiII", 40, 1, 2, 1, 32, 0, 8, 0, 0, 0, 0) + b"\0" * 8
    return struct.pack("<HHH", 0, 1, 1) + struct.pack("<BBBBHHII", 1, 1, 0, 0, 1, 32, len(image), 22) + image


@pytest.mark.parametrize("scope", ["user", "machine"])
def test_makensis_builds_an_installer_with_icon_publisher_and_version_and_signs_it(tmp_path: Path, scope: str) -> None:
    makensis = program("makensis")
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "python.exe").write_bytes(b"MZ")
    (tmp_path / "app.py").touch()
    (tmp_path / "demo.ico").write_bytes(icon())
    shipment = Shipment(
        plan=planned_for("win_amd64"), bundle="bundle", manifest=bundled(), name="De & mo", version="1.2rc3", entry="app.py",
        publisher='Uni "x" $y', icon="demo.ico", scope=scope,
    )  # fmt: skip
    text = exporter("nsis").render(shipment)
    (tmp_path / "demo.nsi").write_text(text, encoding="utf-8")
    signer = tmp_path / "sign"
    signer.write_text(f'#!/bin/sh\necho "$1" >> {tmp_path}/signed\n', encoding="utf-8")
    signer.chmod(0o755)
    command = [makensis, "-V2", "-WX", f"-DSIGN={signer}", "demo.nsi"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout
    assert len((tmp_path / "signed").read_text(encoding="utf-8").splitlines()) == 2  # the uninstaller too
    pefile = pytest.importorskip("pefile")
    with pefile.PE(str(tmp_path / "De & mo-1.2rc3-setup.exe")) as image:
        strings = image.FileInfo[0][0].StringTable[0].entries
        fixed = image.VS_FIXEDFILEINFO[0]
    assert strings[b"CompanyName"] == b'Uni "x" $y'
    assert strings[b"ProductVersion"] == b"1.2rc3"
    assert (fixed.ProductVersionMS, fixed.ProductVersionLS) == (1 << 16 | 2, 3 << 16)
    assert f"RequestExecutionLevel {'admin' if scope == 'machine' else 'user'}" in text
