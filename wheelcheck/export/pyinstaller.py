"""Renders a plan as a spec for PyInstaller; checks the environment before it freezes it.

PyInstaller freezes whatever is installed. The spec therefore looks first whether that is the plan, and leaves out what is not: in a
developer's environment the rest would be frozen too. Hidden imports are what was requested, what entry points name, and what the
program's own source imports by a name in a string.
"""

from __future__ import annotations

from collections.abc import Iterator

from wheelcheck.export.shipment import Shipment, filled, one_line
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
