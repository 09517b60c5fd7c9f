"""Renders a plan as ``python3-modules.json``, the modules of a Flatpak manifest that install its files with the SDK's pip.

flatpak-builder downloads each file by its address and hash, then runs the commands without a network.
"""

from __future__ import annotations

import json
import shlex

from wheelcheck.errors import UsageProblem
from wheelcheck.export.shipment import ReadyPackage, Shipment, iter_ready, safe_address
from wheelcheck.model.plan import PlannedPackage
from wheelcheck.plans.documents import refuse_unexecutable

_HASHES = ("sha256", "sha512")
_ARCHITECTURES = ("x86_64", "aarch64")
_PIP = (
    "pip3 install --no-index --no-deps --no-build-isolation --ignore-installed --no-warn-script-location "
    "--prefix=${FLATPAK_DEST}"
)


def render(shipment: Shipment) -> str:
    """The module (JSON) for the manifest of *shipment*'s program, to be named in its ``modules``.

    It first checks the SDK's Python, then installs all wheels at once, then builds each source with the build tools that the SDK
    or the plan has. Raises ``UsageProblem`` for a plan that cannot be executed, that lacks hashes, or that is for another
    system than Linux with glibc on a machine that Flatpak has runtimes for.
    """
    refuse_unexecutable(shipment.plan)
    target = shipment.plan.target
    machine = target.markers.get("platform_machine", "")
    if target.markers.get("sys_platform") != "linux" or "musl" in target.platform or machine not in _ARCHITECTURES:
        raise UsageProblem(
            f"Flatpak's runtimes are for Linux with glibc on {' and '.join(_ARCHITECTURES)}: not {target}"
        )
    ready = tuple(iter_ready(shipment.plan, _HASHES))
    wheels = [each for each in ready if each.file.filename.endswith(".whl")]
    sources = [each for each in ready if not each.file.filename.endswith(".whl")]
    minor = (target.python_full.major, target.python_full.minor)
    check = f"import sys; sys.exit(sys.version_info[:2] != {minor} and 'the plan is for Python {minor[0]}.{minor[1]}')"
    modules: list[dict[str, object]] = [
        {"name": "python3-check", "buildsystem": "simple", "build-commands": [f'python3 -c "{check}"']}
    ]
    if wheels:
        modules.append(_module("python3-wheels", wheels, machine))
    modules += [_module(f"python3-{each.package.name}", [each], machine) for each in sources]
    table = {"name": "python3-modules", "buildsystem": "simple", "build-commands": [], "modules": modules}
    return json.dumps(table, indent=2) + "\n"


def _module(name: str, packages: list[ReadyPackage], machine: str) -> dict[str, object]:
    files = " ".join(shlex.quote(f"./{each.file.filename}") for each in packages)
    return {
        "name": name,
        "buildsystem": "simple",
        "build-commands": [f"{_PIP} {files}"],
        "sources": [
            {
                "type": "file",
                "url": safe_address(each.file.url),
                each.hashes[0][0]: each.hashes[0][1],
                "dest-filename": each.file.filename,
                **({} if _is_for_all(each.package) else {"only-arches": [machine]}),
            }
            for each in packages
        ],
    }


def _is_for_all(package: PlannedPackage) -> bool:
    return (package.filename or "").endswith(("-any.whl", ".tar.gz", ".zip"))
