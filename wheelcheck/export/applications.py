"""Renders what makes an application of a program and its plan: Electron and Tauri around its bundle, freezers, and Briefcase.

Code is a template for each language; what is written into it is text in the quotes of the language: those of JSON mean the same to
JavaScript and Python. cx_Freeze and Nuitka do not look whether the environment is the plan, as the spec for PyInstaller does: they
freeze what their interpreter imports. Install the plan into a fresh one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from wheelcheck.errors import UsageProblem
from wheelcheck.export.shipment import (
    Shipment,
    Start,
    fetch_options,
    file_name_of,
    file_numbers,
    filled,
    one_line,
    pinned,
    safe_address,
    start_of,
    with_mark,
)
from wheelcheck.model.plan import Plan
from wheelcheck.model.urls import is_default_index, masked
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


def render_cx_freeze(shipment: Shipment) -> str:
    """The tables for the ``pyproject.toml`` of *shipment*'s program, whose entry is a script.

    Raises ``UsageProblem`` without a script, for a name that is none of a file, and for a plan that cannot be executed.
    """
    import tomli_w

    script = _script(shipment, "cx-freeze")
    table = {
        "executables": [{"script": script, "target_name": shipment.title}],
        "build_exe": {"includes": list(shipment.dynamic_imports)},
    }
    return "\n".join([*_head(shipment, "cxfreeze build_exe"), tomli_w.dumps({"tool": {"cxfreeze": table}})])


def render_nuitka(shipment: Shipment) -> str:
    """The comments for the top of *shipment*'s script, from which ``python -m nuitka SCRIPT`` takes its options.

    Metadata is left to Nuitka, which refuses that of a package that nothing imports. Raises ``UsageProblem`` as
    :func:`render_cx_freeze`.
    """
    script = _script(shipment, "nuitka")
    system = shipment.plan.target.markers.get("sys_platform", "")
    options = [
        "--mode=standalone",
        f"--output-filename={shipment.title}{'.exe' if system == 'win32' else ''}",
        *(f"--include-module={name}" for name in shipment.dynamic_imports),
    ]
    if system == "win32":
        numbers = file_numbers(shipment.release)
        options += [f"--product-name={shipment.title}", f"--file-version={numbers}", f"--product-version={numbers}"]
    lines = [*_head(shipment, f"python -m nuitka {script}"), *(f"# nuitka-project: {option}" for option in options)]
    return "\n".join(lines) + "\n"


def _script(shipment: Shipment, form: str) -> str:
    refuse_unexecutable(shipment.plan)
    shipment.refuse_unnameable()
    entry = shipment.required("--entry SCRIPT", shipment.entry, form)
    if not entry.endswith((".py", ".pyw")):
        raise UsageProblem(f"--to {form} freezes a script, and this is none: {entry!r}", hint="write one that calls it")
    return entry


def _head(shipment: Shipment, command: str) -> Iterator[str]:
    yield f"# Made by wheelcheck for {shipment.plan.target}, from the plan {shipment.digest}."
    yield "# Install the plan into a fresh environment first (wheelcheck export PLAN --to pip-sh), then, with its Python:"
    yield f"#   {one_line(command)}"


_LARGEST = 5


def render_pyinstaller(shipment: Shipment) -> str:
    """The spec (Python) for *shipment*'s program, whose ``entry`` is a script or ``module:function``.

    It is run by ``pyinstaller FILE`` on the target, where the plan is installed. Raises ``UsageProblem`` without an entry and for
    a plan that cannot be executed.
    """
    plan = shipment.plan
    refuse_unexecutable(plan)
    shipment.refuse_unnameable()
    entry = shipment.required("--entry SCRIPT", shipment.entry, "pyinstaller")
    target, packages = plan.target, plan.packages
    return filled(
        "pyinstaller_spec.txt",
        target=str(target),
        sizes="".join(f"# {one_line(line)}\n" for line in _iter_sizes(shipment, plan)),
        name=repr(shipment.title),
        entry=repr(entry),
        python=repr((target.python_full.major, target.python_full.minor)),
        system=repr(target.markers.get("sys_platform", "")),
        machine=repr(target.markers.get("platform_machine", "").lower()),
        planned="".join(f"    {str(package.name)!r}: {str(package.version)!r},\n" for package in packages),
        requested=repr(tuple(str(package.name) for package in packages if package.requested)),
        dynamic=repr(shipment.dynamic_imports),
    )


def _iter_sizes(shipment: Shipment, plan: Plan) -> Iterator[str]:
    """The largest packages: by installed size where a bundle has it, else by download size."""
    if shipment.manifest is not None:
        sizes: dict[str, int] = {}
        for file in shipment.manifest.files:
            if file.owner is not None:
                sizes[file.owner] = sizes.get(file.owner, 0) + file.size
        what = "installed"
    else:
        sizes = {package.name: package.size for package in plan.packages if package.size}
        what = "to download"
    if not sizes:
        return
    largest = sorted(sizes, key=lambda name: (-sizes[name], name))[:_LARGEST]
    named = ", ".join(f"{name} {sizes[name] / 1e6:.1f} MB" for name in largest)
    yield f"Size: {sum(sizes.values()) / 1e6:.1f} MB {what}, most of it {named}."
    yield "PyInstaller leaves out what nothing imports; add a module that the program never needs to excludes below."


_PLATFORMS = {"win32": "windows", "darwin": "macOS", "linux": "linux"}


def render_briefcase(shipment: Shipment) -> str:
    """The tables for the ``pyproject.toml`` of *shipment*'s program: ``requires`` for its platform, pinned.

    Raises ``UsageProblem`` for a plan that cannot be executed and for one that needs a phase of its own for some packages, because
    pip, called by Briefcase, would resolve again and refuse them.
    """
    import tomli_w

    plan = shipment.plan
    refuse_unexecutable(plan)
    _refuse_apart(plan)
    platform = _PLATFORMS.get(plan.target.markers.get("sys_platform", ""), "")
    if not platform:
        raise UsageProblem(f"Briefcase has no platform for {plan.target}")
    name = _name(shipment)
    asked: dict[str, object] = {"requires": [pinned(package) for package in plan.packages]}
    arguments = _installer_args(plan)
    if arguments:
        asked["requirement_installer_args"] = arguments
    table = {"tool": {"briefcase": {"app": {name: {platform: asked}}}}}
    return "\n".join([*_iter_header(plan), tomli_w.dumps(table)])


def _name(shipment: Shipment) -> str:
    """The program's name as Briefcase and PEP 508 want it."""
    name = re.sub(r"[^a-z0-9]+", "-", shipment.title.lower()).strip("-")
    if not name:
        raise UsageProblem(
            f"--name {shipment.title!r} has no letter or digit that Briefcase takes", hint="give a name in ASCII"
        )
    return name


def _iter_header(plan: Plan) -> Iterator[str]:
    yield f"# Made by wheelcheck for {plan.target}: into the pyproject.toml of a Briefcase project."
    yield f"# The support package must be Python {plan.target.python_full.major}.{plan.target.python_full.minor}."
    if plan.built_once:
        yield "# Build these once, and give their folder with --find-links in requirement_installer_args:"
        yield f"#   wheelcheck fetch PLAN -d wheels{fetch_options(plan)}"


def _installer_args(plan: Plan) -> list[str]:
    first, *rest = [safe_address(index) for index in plan.options.indexes] or [""]
    options = [f"--index-url={first}"] if first and not is_default_index(first) else []
    return [*options, *(f"--extra-index-url={index}" for index in rest)]


def _refuse_apart(plan: Plan) -> None:
    apart = [name for phase in plan.phases if phase.reason for name in phase.packages]
    if apart:
        raise UsageProblem(
            f"Briefcase lets pip resolve again, and pip would refuse {', '.join(apart)}: "
            + next(phase.reason for phase in plan.phases if phase.reason),
            hint="bundle the plan instead (wheelcheck bundle), or use --to pip-sh, which installs them apart",
        )
