"""Tells which dependencies have no prebuilt wheel on a target, and what a builder must install.

>>> import wheelcheck
>>> plan = wheelcheck.plan("requirements.txt", platform="win_amd64", python="3.11")  # doctest: +SKIP
>>> [finding.message for finding in plan.errors]  # doctest: +SKIP
>>> wheelcheck.check("uv.lock", platforms=("win_amd64",), pythons=("3.11", "3.13")).exit_status  # doctest: +SKIP

Everything is imported when it is first used, so that the command line starts at once.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Unpack

    from wheelcheck.errors import WheelcheckError
    from wheelcheck.model import (
        Allowance,
        Check,
        CheckedTarget,
        Code,
        Edit,
        FileOrigin,
        Finding,
        Installability,
        Judged,
        Plan,
        PlannedFile,
        PlannedPackage,
        Proposals,
        Repair,
        Risk,
        Severity,
        Status,
        Target,
        Verdict,
    )
    from wheelcheck.pipeline import Request, RequestOptions
    from wheelcheck.pipeline.check_options import CheckOptions
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

_HOMES = {"Request": "wheelcheck.pipeline", "Reporter": "wheelcheck.ports", "WheelcheckError": "wheelcheck.errors"}


def plan(*inputs: str, reporter: Reporter | None = None, **options: Unpack[RequestOptions]) -> Plan:
    """Resolve *inputs* for one target and plan the installation.

    *inputs* are what the command line takes: requirements files, a pyproject.toml, a script, requirements. *options* are the
    fields of :class:`Request`, named like the command line's options; without ``platform`` and ``python`` the target is the
    running interpreter. *reporter* is told of progress.

    A blocked or undecided plan is an answer: see ``plan.status``, ``plan.findings`` and the ways out in ``plan.proposals``;
    with ``fix`` the plan is the repaired one, and ``plan.applied`` says by what. Raises children of
    :class:`WheelcheckError` for inputs that cannot be understood and for indexes that fail.
    """
    from wheelcheck import pipeline

    return pipeline.plan(pipeline.Request(inputs=inputs, **options), reporter=reporter)


def check(*inputs: str, reporter: Reporter | None = None, **options: Unpack[CheckOptions]) -> Check:
    """Judge *inputs* on any number of targets, against the policy of the options and of ``[tool.wheelcheck]``: the gate.

    *inputs* are what the command line takes; without any the dependency file of ``folder`` is taken, a lock first. *options* are
    named like the command line's; targets are ``platforms`` times ``pythons``, else those of the settings, else the running
    interpreter. ``today`` (ISO 8601) stands in for the day that allowances are held against. *reporter* is told of progress.

    What fails is an answer: see ``exit_status``, and ``passes`` and ``judged`` of each of its ``targets``. So is an index that
    goes away in a run, which the ``failure`` of the targets that it hit tells. Raises children of :class:`WheelcheckError` for
    inputs and settings that cannot be understood.
    """
    from wheelcheck import pipeline
    from wheelcheck.pipeline.check_options import check_request

    return pipeline.check(check_request(inputs, options), reporter=reporter)


def __getattr__(name: str) -> object:
    if name in __all__:
        return getattr(importlib.import_module(_HOMES.get(name, "wheelcheck.model")), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class _FrontDoor(ModuleType):
    # The room wheelcheck/plan/ and the function plan() share a name, as the design has it. The import system binds a
    # submodule to its parent when it is first loaded; here the function stays, and `from wheelcheck.plan import …` works as ever.
    def __setattr__(self, name: str, value: object) -> None:
        if not (name == "plan" and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _FrontDoor
