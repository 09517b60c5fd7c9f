"""Composes the stages: the library's front door, and what the command line calls.

``Request → parse → resolve → diagnose → plan``. Each stage is one function of its room. :mod:`request` is the question as a
caller puts it, :mod:`preparing` understands it, :mod:`edges` opens index, archives and knowledge for the core. Nothing is decided
about packages here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelcheck.pipeline.edges import open_store
from wheelcheck.pipeline.preparing import Prepared, parse_cutoff, prepare
from wheelcheck.pipeline.request import Request, RequestOptions, SdistPolicy
from wheelcheck.ports import Reporter, SilentReporter

if TYPE_CHECKING:
    from wheelcheck.model import Plan

__all__ = ["Prepared", "Request", "RequestOptions", "SdistPolicy", "parse_cutoff", "plan", "prepare"]


def plan(request: Request, *, reporter: Reporter | None = None) -> Plan:
    """Resolve the inputs of *request* for its target and plan the installation.

    Blocked and undecided are answers, not errors. Raises ``InputUnreadable`` and ``UsageProblem`` for what cannot be understood,
    ``IndexUnavailable`` (and its children) where the index, a file host or a hash fails.
    """
    from wheelcheck.diagnose import Diagnosis, diagnose
    from wheelcheck.plan import plan as make_plan
    from wheelcheck.resolve import resolve

    reporter = reporter or SilentReporter()
    prepared = prepare(request, reporter)
    with open_store(prepared.index, reporter) as projects:
        outcome = resolve(prepared.question, projects, reporter)
        reporter.stage("explaining")
        findings = diagnose(
            Diagnosis(
                outcome,
                projects,
                prepared.question.policy,
                input_bounds=prepared.inputs.requires_python,
                require_hashes=prepared.require_hashes,
                constraints=prepared.question.constraints,
            )
        )
    return make_plan(outcome, findings, inputs=prepared.records, options=prepared.options)
