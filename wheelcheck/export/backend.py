"""Renders what an Electron or Tauri program takes along: the bundle among its resources, and the code that runs the backend."""

from __future__ import annotations

import json

from wheelcheck.errors import UsageProblem
from wheelcheck.export.shipment import Shipment, filled, one_line
from wheelcheck.export.starting import Start, start_of
from wheelcheck.plans.documents import refuse_unexecutable

_SYSTEMS = {"linux": "unknown-linux", "darwin": "apple-darwin", "win32": "pc-windows-msvc"}
_MACHINES = {
    "x86_64": "x86_64",
    "amd64": "x86_64",
    "aarch64": "aarch64",
    "arm64": "aarch64",
    "i686": "i686",
    "x86": "i686",
    "armv7l": "armv7",
}


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
    from wheelcheck.export.electron_builder import render

    render(shipment)  # what it refuses is refused here
    return (
        json.dumps({"packagerConfig": {"asar": True, "extraResource": [shipment.bundle or "bundle"]}}, indent=2) + "\n"
    )


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
