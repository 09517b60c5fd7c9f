"""What a person would have to write for the repairs that a plan applied: requirements and overrides, as text; writes nothing."""

from __future__ import annotations

from pathlib import Path

from wheelcheck.api.edges import read_stdin, text_fetcher
from wheelcheck.api.preparing import prepare
from wheelcheck.api.request import Request
from wheelcheck.errors import UsageProblem
from wheelcheck.model.plan import Plan
from wheelcheck.model.repair import Edit, EditKind
from wheelcheck.ports import SilentReporter


def repaired_requirements(request: Request, plan: Plan, *, folder: Path | None = None) -> str:
    """The requirements of *request* with the repairs that *plan* applied, and the replacements that *request* itself names.

    A file in the requirements format keeps its comments and order. What requirements cannot say (another Python, overrides) stands
    in comments at the end. *folder* is where the text will lie, the current one unless given. Reads the inputs again; raises what
    that raises.
    """
    from wheelcheck.requirements.inlining import rewritten_inputs
    from wheelcheck.requirements.rewriting import Rewriting
    from wheelcheck.settings.loading import load_settings
    from wheelcheck.targets.fitting import Compatibility

    reporter = SilentReporter()
    prepared = prepare(request, reporter)
    compatibility = Compatibility(plan.target)
    planned = {package.name for package in plan.packages}
    replacements = [
        Edit(kind=EditKind.SUBSTITUTE, package=each.name, after=str(each)) for each in prepared.replacements
    ]
    # A bound asks for its project where it stands among requirements, so one on what is no longer needed is left out.
    edits = [edit for edit in applied_edits(plan) if edit.kind is not EditKind.CONSTRAIN or edit.package in planned]
    settings = load_settings(Path(request.folder), request.environ)
    return rewritten_inputs(
        request.inputs,
        prepared.inputs,
        Rewriting(
            edits=(*replacements, *edits),
            repair=", ".join(plan.applied),
            applies=lambda marker: compatibility.evaluate(marker, "").holds,
        ),
        folder=folder or Path(),
        fetch_text=text_fetcher(request, settings, reporter),
        stdin=read_stdin,
        environ=request.environ,
    )


def repaired_overrides(request: Request, plan: Plan) -> str:
    """The overrides of *request* and of the repairs that *plan* applied, in uv's format; what is left out is among them."""
    from wheelcheck.requirements.rewriting import rewritten_overrides

    policy = prepare(request, SilentReporter()).question.policy
    return rewritten_overrides(applied_edits(plan), policy.overrides, policy.excludes, repair=", ".join(plan.applied))


def applied_edits(plan: Plan) -> tuple[Edit, ...]:
    """The edits of the repairs that are in *plan* already."""
    repairs = plan.proposals.repairs if plan.proposals is not None else ()
    return tuple(edit for repair in repairs if repair.id in plan.applied for edit in repair.edits)


def refuse_own_files(request: Request, outputs: tuple[str, ...]) -> None:
    """Raise ``UsageProblem`` where one of *outputs* is a file that *request* is read from, or another of *outputs*.

    Reads the inputs, and so raises what that raises.
    """
    places = [(output, Path(output).resolve()) for output in outputs]
    for position, (output, place) in enumerate(places):
        if place in [other for _, other in places[:position]]:
            raise UsageProblem("is to be written twice", address=output, hint="name a file of its own for each")
    own = {Path(file).resolve() for file in prepare(request, SilentReporter()).files}
    for output, place in places:
        if place in own:
            raise UsageProblem(
                "is one of the files that are read, which are never changed", address=output, hint="name another file"
            )
