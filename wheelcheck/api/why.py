"""``why``: the paths to a project in a resolution, and why no other version was chosen; looks for no repairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import InvalidName, NormalizedName, canonicalize_name

from wheelcheck.api.answering import diagnosis_of, installability_by_siblings, resolved
from wheelcheck.api.edges import open_store
from wheelcheck.api.preparing import prepare
from wheelcheck.errors import UsageProblem
from wheelcheck.ports import Reporter, SilentReporter

if TYPE_CHECKING:
    from wheelcheck.api.request import Request
    from wheelcheck.model.answers import Why


def why(request: Request, package: str, *, reporter: Reporter | None = None) -> Why:
    """Explain why the resolution of *request* has the project *package*, or why it has not.

    Costs what the resolution costs, and a metadata read for each group of versions that was passed over without a plain reason.
    Raises what :func:`~wheelcheck.api.plan` raises, and ``UsageProblem`` where *package* is no name.
    """
    from wheelcheck.findings.why import UserRequirements, explain

    name = _project_name(package)
    reporter = reporter or SilentReporter()
    prepared = prepare(request, reporter)
    with open_store(prepared.index, reporter) as store:
        outcome, _ = resolved(prepared, store, reporter)
        reporter.stage("explaining")
        diagnosis = diagnosis_of(prepared, outcome, store)
        asked = UserRequirements(
            requirements=prepared.read.inputs.requirements,
            constraints=prepared.question.constraints,
            lock=prepared.read.lock,
        )
        return explain(diagnosis, name, asked, store, installability_by_siblings)


def _project_name(text: str) -> NormalizedName:
    try:
        return canonicalize_name(text.strip(), validate=True)
    except InvalidName as error:
        raise UsageProblem(
            f"{text!r} is no name of a project", hint="give the name alone, without a version: wheelcheck why av INPUT"
        ) from error
