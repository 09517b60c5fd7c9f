"""Renders the part of electron-builder's configuration that ships an environment, or a frozen program, with an application."""

from __future__ import annotations

import json

from wheelcheck.errors import UsageProblem
from wheelcheck.export.shipment import Shipment, file_name_of
from wheelcheck.plans.documents import refuse_unexecutable

_SYSTEMS = {"win32": "win", "darwin": "mac", "linux": "linux"}
_INSTALLERS = {"win": "nsis", "mac": "dmg", "linux": "AppImage"}
_ARCHITECTURES = {"amd64": "x64", "x86_64": "x64", "arm64": "arm64", "aarch64": "arm64", "x86": "ia32"}


def render(shipment: Shipment) -> str:
    """The part of electron-builder's configuration (JSON) that puts *shipment*'s bundle into the program's resources.

    The environment lands in ``process.resourcesPath + "/python"``, a frozen program under the name of its folder; neither is
    packed into app.asar, from which no library can be loaded. Without a bundle the folder is called ``bundle``.
    Raises ``UsageProblem`` for a plan that cannot be executed, and for targets that Electron does not run on.
    """
    plan = shipment.plan
    refuse_unexecutable(plan)
    markers = plan.target.markers
    system = _SYSTEMS.get(markers.get("sys_platform", ""), "")
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
    table = {
        system: {"extraResources": [resource], "target": [{"target": _INSTALLERS[system], "arch": [architecture]}]}
    }
    return json.dumps(table, indent=2) + "\n"
