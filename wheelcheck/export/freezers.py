"""Renders the options of freezers other than PyInstaller: cx_Freeze's table, and the lines that Nuitka reads in a program.

Neither looks whether the environment is the plan: both freeze what their interpreter imports. Install the plan into a fresh one.
"""

from __future__ import annotations

from collections.abc import Iterator

from wheelcheck.errors import UsageProblem
from wheelcheck.export.shipment import Shipment, file_numbers, one_line
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
