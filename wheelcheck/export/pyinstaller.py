"""Renders a plan as a spec for PyInstaller; checks the environment before it freezes it.

PyInstaller freezes whatever is installed. The spec therefore looks first whether that is the plan, and leaves out what is not: in a
developer's environment the rest would be frozen too. Hidden imports are what was requested, what entry points name, and what the
program's own source imports by a name in a string.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

from wheelcheck.export.shipment import Shipment, one_line
from wheelcheck.model.plan import Plan
from wheelcheck.plans.documents import refuse_unexecutable

_LARGEST = 5


def render(shipment: Shipment) -> str:
    """The spec (Python) for *shipment*'s program, whose ``entry`` is a script or ``module:function``.

    It is run by ``pyinstaller FILE`` on the target, where the plan is installed. Raises ``UsageProblem`` without an entry and for
    a plan that cannot be executed.
    """
    plan = shipment.plan
    refuse_unexecutable(plan)
    shipment.refuse_unnameable()
    entry = shipment.required("--entry SCRIPT", shipment.entry, "pyinstaller")
    body = files("wheelcheck.export").joinpath("pyinstaller_spec.txt").read_text(encoding="utf-8")
    return "\n".join([*_iter_head(shipment, plan, entry), body])


def _iter_head(shipment: Shipment, plan: Plan, entry: str) -> Iterator[str]:
    yield "# -*- mode: python ; coding: utf-8 -*-"
    yield f"# Made by wheelcheck for {plan.target}, and for no other: export again when the plan changes."
    yield from (f"# {one_line(line)}" for line in _iter_sizes(shipment, plan))
    yield ""
    yield f"NAME = {shipment.title!r}"
    yield f"ENTRY = {entry!r}  # a script, or MODULE:FUNCTION; relative to this file"
    yield f"PYTHON = {(plan.target.python_full.major, plan.target.python_full.minor)!r}"
    yield f"SYSTEM = {plan.target.markers.get('sys_platform', '')!r}"
    yield f"MACHINE = {plan.target.markers.get('platform_machine', '').lower()!r}"
    yield "PLANNED = {"
    yield from (f"    {str(package.name)!r}: {str(package.version)!r}," for package in plan.packages)
    yield "}"
    yield f"REQUESTED = {tuple(str(package.name) for package in plan.packages if package.requested)!r}"
    yield f"DYNAMIC = {shipment.dynamic_imports!r}  # what the program imports by a name in a string"


def _iter_sizes(shipment: Shipment, plan: Plan) -> Iterator[str]:
    """The largest packages: by installed size where a bundle has it, else by download size."""
    if shipment.manifest is not None:
        sizes: dict[str, int] = {}
        for file in shipment.manifest.files:
            if file.owner is not None:
                sizes[file.owner] = sizes.get(file.owner, 0) + file.size
        what = "installed"
    else:
        sizes = {package.name: package.file.size for package in plan.packages if package.file and package.file.size}
        what = "to download"
    if not sizes:
        return
    largest = sorted(sizes, key=lambda name: (-sizes[name], name))[:_LARGEST]
    named = ", ".join(f"{name} {sizes[name] / 1e6:.1f} MB" for name in largest)
    yield f"Size: {sum(sizes.values()) / 1e6:.1f} MB {what}, most of it {named}."
    yield "PyInstaller leaves out what nothing imports; add a module that the program never needs to excludes below."
