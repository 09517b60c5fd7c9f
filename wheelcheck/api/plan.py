"""``plan``: answers one request for one target and makes its plan, repairs included; ``why``: explains a project in the answer.

``Request → Prepared → Resolution | Conflict → Findings → Proposals → Plan``. A repair that is to be applied is planned by its
proof: the repaired question and the resolution that was found for it.

A repair can be made in the user's own files: ``Prepared, Repair → FileChange``, as bytes and as a patch. What was written is
planned again, and taken back where it does not give what the repair gave.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace
from packaging.utils import InvalidName, NormalizedName, canonicalize_name
from packaging.version import Version

from wheelcheck.api.answering import (
    answered,
    diagnosis_of,
    installability_by_siblings,
    proved_proposals,
    repaired,
    resolved,
    with_stand_ins,
)
from wheelcheck.api.edges import Stores, open_store, text_fetcher
from wheelcheck.api.preparing import Prepared, asked_for, prepare
from wheelcheck.api.reading import PLANNING, InputMode
from wheelcheck.api.request import Request
from wheelcheck.errors import UsageProblem, WheelcheckError, did_you_mean
from wheelcheck.model.plan import Plan
from wheelcheck.ports import Reporter, SilentReporter
from wheelcheck.settings.loading import load_settings
from wheelcheck.texts.files import is_file, is_there

if TYPE_CHECKING:
    from wheelcheck.api.targets import TargetWords
    from wheelcheck.index.store import IndexStore
    from wheelcheck.model.answers import Matrix, Why
    from wheelcheck.model.check import Check
    from wheelcheck.model.repair import Edit, Proposals, Repair
    from wheelcheck.model.target import Target
    from wheelcheck.report.html.page import Patch
    from wheelcheck.requirements.in_place import FileChange

Write = Callable[[bytes, str], None]


def plan(request: Request, *, reporter: Reporter | None = None) -> Plan:
    """Resolve the inputs of *request* for its target and plan the installation; look for repairs where it is blocked.

    With ``fix`` the cheapest repair at or under that risk, or the one with that id, is applied and its plan given; where
    there is none under that risk, the plan is that of what was asked. Blocked and undecided are answers, not errors. Raises
    ``InputUnreadable`` and ``UsageProblem`` for what cannot be understood (the id of a repair that does not exist among it),
    ``IndexUnavailable`` (and its children) where the index, a file host or a hash fails.
    """
    reporter = reporter or SilentReporter()
    return plan_of(prepare(request, reporter), reporter)


def plan_of(prepared: Prepared, reporter: Reporter) -> Plan:
    """The plan of a request that is *prepared*, as :func:`plan` makes it."""
    with open_store(prepared.index, reporter) as store:
        return plan_in(store, prepared, reporter)


def plan_in(store: IndexStore, prepared: Prepared, reporter: Reporter) -> Plan:
    """As :func:`plan_of`, in a *store* that others use too."""
    from wheelcheck.plans.making import plan as make_plan

    answer = answered(prepared, store, reporter)
    # A lock is changed by the tool that made it, so the repairs are those of the requirements behind it.
    proved = proved_proposals(answer, store, reporter) if prepared.read.lock is None else None
    proposals = proved.proposals if proved is not None else None
    repair = _chosen(prepared.fix, proposals)
    if proved is not None and repair is not None:
        answer = repaired(answer, proved.proofs[repair.id], store, reporter)
    return make_plan(
        answer.outcome,
        answer.findings,
        inputs=prepared.read.records,
        options=answer.prepared.options,
        proposals=proposals,
        applied=() if repair is None else (repair.id,),
    )


def _chosen(fix: str | None, proposals: Proposals | None) -> Repair | None:
    """The repair that *fix* names by id or admits by risk; ``None`` where none is wanted or admitted."""
    if fix is None:
        return None
    from wheelcheck.model.repair import Risk

    repairs = proposals.repairs if proposals is not None else ()
    if fix in [risk.value for risk in Risk]:
        most = Risk(fix).order
        return next((repair for repair in repairs if repair.risk.order <= most), None)
    for repair in repairs:
        if repair.id == fix:
            return repair
    known = ", ".join(repair.id for repair in repairs)
    raise UsageProblem(
        f"there is no repair {fix}",
        address="--fix",
        hint=f"there are {known}" if known else "none was found; see the plan without --fix",
    )


def repaired_requirements(prepared: Prepared, plan: Plan, *, folder: Path | None = None) -> str:
    """The requirements of a request with the repairs that *plan* applied, and the replacements that the request itself names.

    A file in the requirements format keeps its comments and order. What requirements cannot say (another Python, overrides) stands
    in comments at the end. *folder* is where the text will lie, the current one unless given. The texts of the inputs are read
    again for that; raises what that raises.
    """
    from wheelcheck.model.repair import Edit, EditKind
    from wheelcheck.requirements.rewriting import Rewriting, rewritten_inputs
    from wheelcheck.targets.fitting import Compatibility

    request = prepared.request
    planned = {package.name for package in plan.packages}
    replacements = [
        Edit(kind=EditKind.SUBSTITUTE, package=each.name, after=str(each)) for each in prepared.read.replacements
    ]
    # A constraint written among requirements would ask for its project, so those of projects that are not planned are left out.
    edits = [edit for edit in applied_edits(plan) if edit.kind is not EditKind.CONSTRAIN or edit.package in planned]
    unsupported = tuple(
        # What no index has of conda's packages is no line for pip.
        replace(each, stand_in=None)
        if each.kind == "conda" and each.stand_in is not None and each.stand_in.name not in planned
        else each
        for each in prepared.read.inputs.unsupported
    )
    return rewritten_inputs(
        request.inputs,
        replace(prepared.read.inputs, unsupported=unsupported),
        Rewriting(
            edits=(*replacements, *edits),
            repair=", ".join(plan.applied),
            applies=Compatibility(plan.target).holds,
        ),
        folder=folder or Path(),
        fetch_text=text_fetcher(request, prepared.settings, SilentReporter()),
        stdin=request.stdin.text,
        environ=request.environ,
    )


def repaired_overrides(prepared: Prepared, plan: Plan) -> str:
    """The overrides of a request and of the repairs that *plan* applied, in uv's format; what is left out is among them."""
    from wheelcheck.requirements.rewriting import rewritten_overrides

    policy = prepared.question.policy
    return rewritten_overrides(applied_edits(plan), policy.overrides, policy.excludes, repair=", ".join(plan.applied))


def applied_edits(plan: Plan) -> tuple[Edit, ...]:
    """The edits of the repairs that are in *plan* already."""
    return tuple(edit for repair in plan.repairs if repair.id in plan.applied for edit in repair.edits)


def why(request: Request, package: str, *, reporter: Reporter | None = None) -> Why:
    """Explain why the resolution of *request* has the project *package*, or why it has not.

    Costs what the resolution costs, and a metadata read for each group of versions that was passed over without a plain reason.
    Raises what :func:`~wheelcheck.api.plan` raises, and ``UsageProblem`` where *package* is no name.
    """
    from wheelcheck.api.targets import TargetWords

    (answer,) = why_each(request, package, TargetWords(), reporter=reporter)
    return answer


def why_each(
    request: Request, package: str, words: TargetWords, *, reporter: Reporter | None = None
) -> tuple[Why, ...]:
    """As :func:`why`, for each target that *words* name; where these name at most one, for that of *request* with it."""
    from wheelcheck.api.targets import load_targets

    name = _project_name(package, request.inputs)
    reporter = reporter or SilentReporter()
    one = words.of_one
    if one is not None:
        given = {key: value for key, value in one.items() if value is not None}
        prepared = prepare(request.changed(**given), reporter)  # type: ignore[arg-type]
        targets = [prepared.question.target]
    else:
        settings = load_settings(Path(request.folder), request.environ)
        targets = list(load_targets(words, settings, request).targets)
        first = request.changed(platform=targets[0].platform, python=targets[0].python, target_file=None)
        prepared = prepare(first, reporter)
    with Stores(reporter) as stores:
        return tuple(_why_on(asked_for(prepared, target), name, stores, reporter) for target in targets)


def _why_on(prepared: Prepared, name: NormalizedName, stores: Stores, reporter: Reporter) -> Why:
    from wheelcheck.findings.why import UserRequirements, explain

    store = stores.of(prepared.index)
    prepared = with_stand_ins(prepared, store)
    outcome, _ = resolved(prepared, store, reporter)
    reporter.stage("explaining")
    diagnosis = diagnosis_of(prepared, outcome, store)
    asked = UserRequirements(
        requirements=prepared.question.requirements,
        constraints=prepared.question.constraints,
        lock=prepared.read.lock,
    )
    return explain(diagnosis, name, asked, store, installability_by_siblings)


def names_in(plan: Plan, words: Iterable[str]) -> tuple[NormalizedName, ...]:
    """The projects of *plan* that *words* name; raises ``UsageProblem`` for one that is not in it."""
    known = [package.name for package in plan.packages]
    names = tuple(canonicalize_name(word) for word in words)
    for name in names:
        if name not in known:
            raise UsageProblem(
                f"{name} is not installed on {plan.target}",
                hint=did_you_mean(name, known, "`wheelcheck why NAME INPUT` tells why not"),
            )
    return names


def _project_name(text: str, inputs: tuple[str, ...]) -> NormalizedName:
    path = Path(text)
    # A folder may be called as the project that is meant: a bare word is not taken for one.
    if is_file(path) or ((text.startswith(".") or "/" in text) and is_there(path)):
        first = inputs[0] if inputs else "PACKAGE"
        raise UsageProblem(
            f"{text} is a file or folder, and PACKAGE comes first", hint=f"write wheelcheck why {first} {text}"
        )
    try:
        return canonicalize_name(text.strip(), validate=True)
    except InvalidName as error:
        raise UsageProblem(
            f"{text!r} is no name of a project", hint="give the name alone, without a version: wheelcheck why av INPUT"
        ) from error


def changed_files(
    prepared: Prepared, edits: Sequence[Edit], repair: str, wanted: Iterable[NormalizedName]
) -> tuple[FileChange, ...]:
    """The files that the inputs of *prepared* were read from, as they are with *edits*, those of *repair*; writes none.

    *wanted* are the projects that others than the user ask for. Raises ``UsageProblem`` for what the files cannot say.
    """
    from wheelcheck.requirements.in_place import InPlace
    from wheelcheck.targets.fitting import Compatibility

    return InPlace(
        edits=edits,
        inputs=prepared.read.inputs,
        repair=repair,
        applies=Compatibility(prepared.question.target).holds,
        wanted=frozenset(wanted),
        environ=prepared.request.environ,
        digests=lambda name, version: _digests(prepared, name, version),
    ).changes()


def _digests(prepared: Prepared, name: NormalizedName, version: Version) -> Sequence[str]:
    """The SHA-256 hashes of all files of a release, in order; none where the index does not announce each."""
    with open_store(prepared.index, SilentReporter()) as store:
        hashes = [dict(file.at.hashes).get("sha256") for file in store.page(name).distributions.get(version, ())]
    return sorted({digest for digest in hashes if digest}) if all(hashes) else ()


def wanted_by_others(prepared: Prepared, reporter: Reporter) -> frozenset[NormalizedName]:
    """The projects that others than the user ask for where nothing is repaired; costs the resolution again, from the cache."""
    asked = plan_of(replace(prepared, fix=None, repairs=0, imports="none"), reporter)
    return frozenset(package.name for package in asked.packages if package.required_by)


def patches_of(
    request: Request, mode: InputMode, repairs: Iterable[tuple[Repair, Target, Plan]]
) -> Mapping[tuple[Edit, ...], Patch]:
    """The patch of the user's files for each of *repairs* by its edits, or why there is none; each with a target and its plan."""
    from wheelcheck.report.html.page import Patch
    from wheelcheck.requirements.in_place import render_patch

    found: dict[tuple[Edit, ...], Patch] = {}
    for repair, target, plan in repairs:
        if repair.edits in found:
            continue
        wanted = (package.name for package in plan.packages if package.required_by)
        try:
            prepared = prepare(request.changed(fix=None), SilentReporter(), mode, target=target)
            if prepared.read.lock is not None:
                found[repair.edits] = Patch(refused="a lock is changed by the tool that made it")
                continue
            changes = changed_files(prepared, repair.edits, repair.id, wanted)
            found[repair.edits] = Patch(text=render_patch(changes).decode("utf-8"))
        except UnicodeDecodeError:
            found[repair.edits] = Patch(refused="the file is not text in UTF-8")
        except WheelcheckError as error:
            found[repair.edits] = Patch(refused=str(error))
    return found


def patches_of_check(request: Request, mode: InputMode, check: Check) -> Mapping[tuple[Edit, ...], Patch]:
    """The patch for each repair that *check*, the answer to *request* in this *mode*, has found."""
    inputs = request.inputs or tuple(record.path for record in check.inputs[:1])
    plans = ((each.target, each.plan) for each in check.targets if each.plan is not None)
    repairs = ((repair, target, plan) for target, plan in plans for repair in plan.repairs)
    return patches_of(request.changed(inputs), mode, repairs)


def patches_of_matrix(request: Request, matrix: Matrix) -> Mapping[tuple[Edit, ...], Patch]:
    """The patch for each repair that opens cells of *matrix*, the answer to *request*."""
    plans = {cell.target.name: cell.plan for cell in matrix.cells}
    found = (
        (repair, opening.proved, plan)
        for opening in matrix.openings
        for repair in (opening.repair, *opening.others)
        if repair is not None and (plan := plans.get(opening.proved.name)) is not None
    )
    return patches_of(request, PLANNING, found)


def write_changes(
    changes: Sequence[FileChange], prepared: Prepared, plan: Plan, write: Write, reporter: Reporter
) -> None:
    """Write *changes* with *write*, and plan again what is there then: it has to be what *plan*, the repaired one, has.

    Where it is not, or a file cannot be written, the files are as they were. Raises ``UsageProblem`` then, and where a file was
    changed by somebody else in the meantime.
    """
    for change in changes:
        if Path(change.place).read_bytes() != change.before:
            raise UsageProblem("was changed while it was planned", address=change.place, hint="run the command again")
    try:
        for change in changes:
            write(change.after, change.place)
        _refuse_other_plan(prepared, plan, reporter)
    except BaseException:
        for change in changes:
            with contextlib.suppress(OSError):
                if Path(change.place).read_bytes() != change.before:
                    write(change.before, change.place)
        raise


def _refuse_other_plan(prepared: Prepared, plan: Plan, reporter: Reporter) -> None:
    request = prepared.request.changed(fix=None, repairs=0)
    again = plan_of(prepare(request, reporter, target=prepared.question.target), reporter)
    if _pins(again) != _pins(plan) or again.status is not plan.status:
        raise UsageProblem(
            "the files with the change written in them do not give what the repair gave, so they are as they were",
            hint="make it with the options that the plan prints",
        )


def _pins(plan: Plan) -> dict[NormalizedName, Version]:
    return {package.name: package.version for package in plan.packages}
