"""Renders what an Electron or Tauri program takes along: its bundle, the code that runs the backend, and the code that installs it.

Code is a template for each language; what is written into it is text in the quotes of the language: those of JSON mean the same to
JavaScript and Python.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from wheelcheck.errors import UsageProblem
from wheelcheck.export.shipment import Shipment, Start, file_name_of, filled, one_line, start_of, with_mark
from wheelcheck.model.urls import masked
from wheelcheck.plans.documents import refuse_unexecutable

_SYSTEMS = {"linux": "unknown-linux", "darwin": "apple-darwin", "win32": "pc-windows-msvc"}
_MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64", "i686": "i686", "x86": "i686",
             "armv7l": "armv7"}  # fmt: skip


def render_node(shipment: Shipment) -> str:
    """An ES module for Node 18 and newer that starts *shipment*'s program from its bundle, waits for it, and stops it.

    Without a bundle and an entry it is for a frozen program, whose place it is told. Raises ``UsageProblem`` where
    :func:`start_of` does.
    """
    refuse_unexecutable(shipment.plan)
    start = Start(name="", bundle="", executable="")
    if shipment.bundle or shipment.entry:
        start = start_of(shipment, "backend-node", "linux", "darwin", "win32")
    return filled(
        "backend_node.txt",
        name=one_line(shipment.title),
        bundle=json.dumps(start.bundle),
        executable=json.dumps(start.executable),
        script=json.dumps(start.filename),
        entry=json.dumps(start.script),
        code=json.dumps(start.code),
    )


def render_forge(shipment: Shipment) -> str:
    """The part of Electron Forge's configuration (JSON) that puts *shipment*'s bundle into the program's resources.

    The environment, or the frozen program, lands in ``process.resourcesPath`` under the name of its folder. Raises
    ``UsageProblem`` for a bundle in archives, and for targets that Electron does not run on.
    """
    render_builder(shipment)  # what it refuses is refused here
    table = {"packagerConfig": {"asar": True, "extraResource": [shipment.bundle or "bundle"]}}
    return json.dumps(table, indent=2) + "\n"


def render_tauri(shipment: Shipment) -> str:
    """The script (Node) that lays a frozen program where Tauri looks for a sidecar of the plan's target, and declares it.

    Raises ``UsageProblem`` for a target that Tauri has no name for, and for a name that is none of a file.
    """
    refuse_unexecutable(shipment.plan)
    target = shipment.plan.target
    system = _SYSTEMS.get(target.markers.get("sys_platform", ""), "")
    machine = _MACHINES.get(target.markers.get("platform_machine", "").lower(), "")
    if not system or not machine:
        raise UsageProblem(f"Tauri has no name for {target}")
    shipment.refuse_unnameable()
    if system == "unknown-linux":
        system += ("-musl" if "musl" in target.platform else "-gnu") + ("eabihf" if machine == "armv7" else "")
    return filled(
        "backend_tauri.txt",
        target=str(target),
        name=json.dumps(shipment.title),
        triple=json.dumps(f"{machine}-{system}"),
        suffix=json.dumps(".exe" if "windows" in system else ""),
    )


_BUILDER_SYSTEMS = {"win32": "win", "darwin": "mac", "linux": "linux"}
_INSTALLERS = {"win": "nsis", "mac": "dmg", "linux": "AppImage"}
_ARCHITECTURES = {"amd64": "x64", "x86_64": "x64", "arm64": "arm64", "aarch64": "arm64", "x86": "ia32"}


def render_builder(shipment: Shipment) -> str:
    """The part of electron-builder's configuration (JSON) that puts *shipment*'s bundle into the program's resources.

    The environment lands in ``process.resourcesPath + "/python"``, a frozen program under the name of its folder; neither is
    packed into app.asar, from which no library can be loaded. Without a bundle the folder is called ``bundle``.
    Raises ``UsageProblem`` for a plan that cannot be executed, and for targets that Electron does not run on.
    """
    plan = shipment.plan
    refuse_unexecutable(plan)
    markers = plan.target.markers
    system = _BUILDER_SYSTEMS.get(markers.get("sys_platform", ""), "")
    architecture = _ARCHITECTURES.get(markers.get("platform_machine", "").lower(), "")
    if not system or not architecture or "musllinux" in plan.target.platform:
        raise UsageProblem(f"Electron does not run on {plan.target.platform}")
    if shipment.manifest is not None and shipment.manifest.archives:
        raise UsageProblem(
            "the bundle is in archives, and electron-builder takes a folder along",
            address=shipment.bundle,
            hint="bundle without --archive: the installer compresses it anyway",
        )
    is_frozen = bool(shipment.bundle) and shipment.manifest is None
    place = file_name_of(shipment.bundle) if is_frozen else "python"
    resource = {"from": shipment.bundle or "bundle", "to": place, "filter": ["**/*"]}
    # Only under its own system: a build for another one could not run the environment.
    target = {"target": _INSTALLERS[system], "arch": [architecture]}
    return json.dumps({system: {"extraResources": [resource], "target": [target]}}, indent=2) + "\n"


def render_first_run_node(shipment: Shipment) -> str:
    """An ES module with types in its comments, without dependencies, for Node 18 and newer."""
    return _rendered(shipment, "first-run-node", "first_run_node.txt")


def render_first_run_python(shipment: Shipment) -> str:
    """A module of Python 3.8 and newer that imports the standard library alone."""
    return _rendered(shipment, "first-run-python", "first_run_python.txt")


def render_first_run_powershell(shipment: Shipment) -> str:
    """Functions for PowerShell 5.1 and newer, on Windows."""

    def quoted(text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    return with_mark(_rendered(shipment, "first-run-powershell", "first_run_powershell.txt", quoted))


def _rendered(shipment: Shipment, form: str, template: str, quoted: Callable[[str], str] = json.dumps) -> str:
    url = shipment.required("--url URL", shipment.url, form)
    if not url.startswith(("https://", "http://")) or masked(url) != url:
        raise UsageProblem(
            f"--url {masked(url)!r} is no address of a public host", hint="give an https URL without a password"
        )
    return filled(template, name=one_line(shipment.title), url=quoted(url), key=quoted(shipment.public_key))
