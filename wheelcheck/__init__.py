"""Tells which dependencies have no prebuilt wheel on a target, and what a builder must install.

>>> import wheelcheck
>>> plan = wheelcheck.plan("requirements.txt", platform="win_amd64", python="3.11")  # doctest: +SKIP
>>> [finding.message for finding in plan.errors]  # doctest: +SKIP
>>> wheelcheck.check("uv.lock", platforms=("win_amd64",), pythons=("3.11", "3.13")).exit_status  # doctest: +SKIP

Everything is imported when it is first used, so that the command line starts at once.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Unpack

    from wheelcheck.api.request import Request
    from wheelcheck.errors import WheelcheckError
    from wheelcheck.model.check import Allowance, Check, CheckedTarget, Judged, Verdict
    from wheelcheck.model.distribution import Installability, Status
    from wheelcheck.model.finding import Code, Finding, Severity
    from wheelcheck.model.plan import Plan, PlannedFile, PlannedPackage
    from wheelcheck.model.repair import Edit, Proposals, Repair, Risk
    from wheelcheck.model.requirement import FileOrigin
    from wheelcheck.model.target import Target
    from wheelcheck.options import CheckOptions, RequestOptions
    from wheelcheck.ports import Reporter

__all__ = [
    "Allowance",
    "Check",
    "CheckedTarget",
    "Code",
    "Edit",
    "FileOrigin",
    "Finding",
    "Installability",
    "Judged",
    "Plan",
    "PlannedFile",
    "PlannedPackage",
    "Proposals",
    "Repair",
    "Reporter",
    "Request",
    "Risk",
    "Severity",
    "Status",
    "Target",
    "Verdict",
    "WheelcheckError",
    "check",
    "plan",
]

_HOMES = {
    "Allowance": "model.check",
    "Check": "model.check",
    "CheckedTarget": "model.check",
    "Code": "model.finding",
    "Edit": "model.repair",
    "FileOrigin": "model.requirement",
    "Finding": "model.finding",
    "Installability": "model.distribution",
    "Judged": "model.check",
    "Plan": "model.plan",
    "PlannedFile": "model.plan",
    "PlannedPackage": "model.plan",
    "Proposals": "model.repair",
    "Repair": "model.repair",
    "Reporter": "ports",
    "Request": "api.request",
    "Risk": "model.repair",
    "Severity": "model.finding",
    "Status": "model.distribution",
    "Target": "model.target",
    "Verdict": "model.check",
    "WheelcheckError": "errors",
}


def plan(*inputs: str, reporter: Reporter | None = None, **options: Unpack[RequestOptions]) -> Plan:
    """Resolve *inputs* for one target and plan the installation.

    *inputs* are what the command line takes: requirements files, a pyproject.toml, a script, requirements. *options* are those of
    :class:`wheelcheck.options.RequestOptions`, named like the command line's; without ``platform`` and ``python`` the target is
    the running interpreter. *reporter* receives the progress.

    A blocked or undecided plan is an answer: see ``plan.status``, ``plan.findings`` and the repairs in ``plan.proposals``;
    with ``fix`` the plan is the repaired one, and ``plan.applied`` says by what. Raises children of
    :class:`WheelcheckError` for inputs that cannot be understood and for indexes that fail.
    """
    from wheelcheck.api.plan import plan as make_plan
    from wheelcheck.api.request import Request

    return make_plan(Request(inputs=inputs, **options), reporter=reporter)


def check(*inputs: str, reporter: Reporter | None = None, **options: Unpack[CheckOptions]) -> Check:
    """Judge *inputs* on any number of targets, against the policy of the options and of ``[tool.wheelcheck]``: the gate.

    *inputs* are what the command line takes; without any the dependency file of ``folder`` is taken, a lock first. *options* are
    those of :class:`wheelcheck.options.CheckOptions`; targets are ``platforms`` times ``pythons``, else those of the settings,
    else the running interpreter. ``today`` (ISO 8601) stands in for the day that allowances are held against. *reporter* receives
    the progress.

    What fails is an answer: see ``exit_status``, and ``passes`` and ``judged`` of each of its ``targets``. So is an index that
    fails during the run: see ``failure`` of the targets that needed it. Raises children of :class:`WheelcheckError` for
    inputs and settings that cannot be understood.
    """
    from wheelcheck.api.check import check as judge
    from wheelcheck.api.check import check_request

    return judge(check_request(inputs, options), reporter=reporter)


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(importlib.import_module(f"wheelcheck.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
