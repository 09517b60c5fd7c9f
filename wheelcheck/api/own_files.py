"""The user's own files with a repair made in them: the changes, as bytes and as a patch, and their writing with a second look.

``Prepared, Repair → FileChange``. What was written is planned again, and taken back where it does not give what the repair gave.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.api.edges import open_store
from wheelcheck.api.plan import plan_of
from wheelcheck.api.preparing import Prepared, prepare
from wheelcheck.api.reading import PLANNING, InputMode
from wheelcheck.errors import UsageProblem, WheelcheckError
from wheelcheck.model.plan import Plan
from wheelcheck.model.repair import Edit, Repair
from wheelcheck.ports import Reporter, SilentReporter
from wheelcheck.requirements.in_place import FileChange, InPlace, render_patch

if TYPE_CHECKING:
    from wheelcheck.api.request import Request
    from wheelcheck.model.answers import Matrix
    from wheelcheck.model.check import Check
    from wheelcheck.model.target import Target
    from wheelcheck.report.html.page import Patch

Write = Callable[[bytes, str], None]


def changed_files(
    prepared: Prepared, edits: Sequence[Edit], repair: str, wanted: Iterable[NormalizedName]
) -> tuple[FileChange, ...]:
    """The files that the inputs of *prepared* were read from, as they are with *edits*, those of *repair*; writes none.

    *wanted* are the projects that others than the user ask for. Raises ``UsageProblem`` for what the files cannot say.
    """
    from wheelcheck.targets.fitting import Compatibility

    compatibility = Compatibility(prepared.question.target)
    return InPlace(
        edits=edits,
        inputs=prepared.read.inputs,
        repair=repair,
        applies=lambda marker: compatibility.evaluate(marker, "").holds,
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
