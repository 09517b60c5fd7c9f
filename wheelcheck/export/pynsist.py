"""Renders a plan as the ``installer.cfg`` of pynsist; refuses targets other than Windows on x86.

The wheels are those that ``wheelcheck fetch PLAN -d wheels`` left beside the file, each by its name: pynsist resolves nothing, but
it would take any wheel that a pattern finds.
"""

from __future__ import annotations

from collections.abc import Iterator

from wheelcheck.errors import UsageProblem
from wheelcheck.export.shipment import Shipment, fetch_options, one_line, refuse_unhashed
from wheelcheck.model.judgement import Installability
from wheelcheck.model.plan import Plan, PlannedPackage

_BITNESS = {"win_amd64": 64, "win32": 32}
_FOLDER = "wheels"


def render(shipment: Shipment) -> str:
    """The configuration for *shipment*'s program, whose ``entry`` is ``module:function`` or a script.

    Raises ``UsageProblem`` without an entry, for other targets, and for a plan that cannot be executed.
    """
    plan = shipment.plan
    refuse_unhashed(plan)
    bitness = _BITNESS.get(plan.target.platform)
    if bitness is None or plan.target.implementation != "cpython":
        raise UsageProblem(
            f"pynsist makes installers for win_amd64 and win32 alone, and the plan is for {plan.target}",
            hint="use --to nsis for win_arm64",
        )
    entry = shipment.required("--entry MODULE:FUNCTION", shipment.entry, "pynsist")
    shipment.refuse_unnameable()
    return "\n".join([*_iter_lines(shipment, plan, entry, bitness), *map(_wheel, plan.packages)]) + "\n"


def _iter_lines(shipment: Shipment, plan: Plan, entry: str, bitness: int) -> Iterator[str]:
    fetch = f"wheelcheck fetch {shipment.plan_path} -d {_FOLDER}{fetch_options(plan)}"
    yield f"; Made by wheelcheck for {plan.target}. First: {one_line(fetch)}"
    yield "[Application]"
    yield f"name={_line(shipment.title)}"
    yield f"version={_line(shipment.release)}"
    yield f"{'entry_point' if ':' in entry else 'script'}={_line(entry)}"
    yield ""
    yield "[Python]"
    if plan.target.patch_assumed:
        yield f"; Python {plan.target.python} was planned; this is its newest embeddable package that is known."
    yield f"version={shipment.builder_python}"
    yield f"bitness={bitness}"
    yield ""
    yield "[Include]"
    yield "local_wheels="


def _wheel(package: PlannedPackage) -> str:
    if package.installability is Installability.WHEEL and package.filename is not None:
        return f"    {_FOLDER}/{package.filename}"
    # Built once, into a wheel for every platform; its tag may still name Python 2 as well.
    return f"    {_FOLDER}/{package.name.replace('-', '_')}-{package.version}-py*-none-any.whl"


def _line(text: str) -> str:
    # pynsist writes these into a script for NSIS between quotes, as they are.
    if not text.isprintable() or "$" in text or '"' in text:
        raise UsageProblem(f"{text!r} has a line break, quote or $, which the installer of pynsist cannot hold")
    return text
