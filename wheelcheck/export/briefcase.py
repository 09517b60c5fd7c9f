"""Renders a plan as the ``requires`` of a Briefcase project; refuses plans that Briefcase cannot install.

Briefcase hands ``requires`` to pip, which resolves again and checks no hash: with every version pinned there is nothing left to
choose, but what is built from source must be built beforehand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wheelcheck.errors import UsageProblem
from wheelcheck.export.shipment import Shipment, fetch_options, pinned, safe_address
from wheelcheck.model.plan import Plan
from wheelcheck.model.urls import is_default_index
from wheelcheck.plans.documents import refuse_unexecutable

_PLATFORMS = {"win32": "windows", "darwin": "macOS", "linux": "linux"}


def render(shipment: Shipment) -> str:
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
