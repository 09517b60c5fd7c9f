"""Renders a workflow for GitHub Actions that bundles a plan on a clean machine; refuses targets that no hosted machine is."""

from __future__ import annotations

import json
import re

from wheelcheck.errors import UsageProblem
from wheelcheck.export.shipment import Shipment, fetch_options, filled, refuse_unhashed
from wheelcheck.model.plan import Plan

_RUNNERS = {
    ("win32", "amd64"): ("windows-2025", "x64"),
    ("win32", "arm64"): ("windows-11-arm", "arm64"),
    ("win32", "x86"): ("windows-2025", "x86"),
    ("linux", "x86_64"): ("ubuntu-22.04", "x64"),
    ("linux", "aarch64"): ("ubuntu-22.04-arm", "arm64"),
    ("darwin", "arm64"): ("macos-15", "arm64"),
    ("darwin", "x86_64"): ("macos-15-intel", "x64"),
}
"""The hosted machine and setup-python's architecture for ``sys_platform`` and ``platform_machine``."""
_FLOOR = """\
# The Python that setup-python brings runs on Ubuntu 22.04 (glibc 2.35) and newer, and so will the bundle: plan with
# --platform manylinux_2_35_…, or let RUNTIME below name one that was built for older systems.
"""


def render(shipment: Shipment) -> str:
    """The workflow for *shipment*'s plan, which lies at ``plan_path`` in the repository; a tag makes a release of it.

    The hash of the plan file is in the workflow, so that another plan needs another workflow, and a review. Raises ``UsageProblem``
    for targets that no hosted machine is, for a plan that cannot be executed, and for files without a hash.
    """
    plan = shipment.plan
    refuse_unhashed(plan)
    machine, architecture = _runner(plan)
    series = f"{plan.target.python_full.major}.{plan.target.python_full.minor}"
    free_threaded = "t" if any(tag[1].endswith("t") for tag in plan.target.tags[:1]) else ""
    return filled(
        "github_actions.txt",
        target=str(plan.target),
        title=_quoted(f"bundle {shipment.title}"),
        plan=_quoted(shipment.plan_path),
        plan_sha256=_quoted(shipment.plan_sha256),
        name=_quoted(_file_name(shipment)),
        floor=_FLOOR if plan.target.markers.get("sys_platform") == "linux" else "",
        machine=machine,
        architecture=architecture,
        python=f"{series}{free_threaded}",
        fetch_options=fetch_options(plan),
    )


def _runner(plan: Plan) -> tuple[str, str]:
    markers = plan.target.markers
    found = _RUNNERS.get((markers.get("sys_platform", ""), markers.get("platform_machine", "").lower()))
    if found is None or "musllinux" in plan.target.platform or plan.target.implementation != "cpython":
        raise UsageProblem(
            f"no hosted machine is {plan.target}",
            hint="use --to dockerfile for Alpine, or run `wheelcheck bundle` in a workflow of your own",
        )
    return found


def _file_name(shipment: Shipment) -> str:
    """The program's name as files may be called that ``wheelcheck bundle`` makes."""
    name = re.sub(r"[^A-Za-z0-9._+-]+", "-", shipment.title).strip("-._+")
    if not name:
        raise UsageProblem(
            f"--name {shipment.title!r} has no letter or digit that the name of a file can have",
            hint="give a name in ASCII",
        )
    return name


def _quoted(text: str) -> str:
    """*text* as a YAML scalar in double quotes, as JSON writes it, but for surrogate pairs and unprintable characters."""
    if "${{" in text:
        raise UsageProblem(
            f"{text!r} holds ${{{{, which GitHub would evaluate", hint="use another name, or another path for the plan"
        )
    written = json.dumps(text, ensure_ascii=False)
    escapes = ((each, f"\\u{ord(each):04x}" if ord(each) <= 0xFFFF else f"\\U{ord(each):08x}") for each in written)
    return "".join(each if each.isprintable() else escape for each, escape in escapes)
