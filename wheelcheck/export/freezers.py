"""Renders the options of freezers other than PyInstaller: cx_Freeze's table, and the lines that Nuitka reads in a program.

Neither looks whether the environment is the plan: both freeze what their interpreter imports. Install the plan into a fresh one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wheelcheck.errors import UsageProblem
from wheelcheck.export.shipment import Shipment, fetch_options, file_numbers, filled, one_line, pinned, safe_address
from wheelcheck.model.plan import Plan
from wheelcheck.model.urls import is_default_index
from wheelcheck.plans.documents import refuse_unexecutable


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
