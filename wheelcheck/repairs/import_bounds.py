"""Finds bounds and additions under which imports hold that fail; proves nothing.

``TrialView, dependant, Lack, … → Change``. The dependant was made with a release in which the names stood: between that and the
chosen one lies the last that has them. A module that nobody brings has a project that is known for it, which can be asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelcheck.errors import IndexUnavailable
from wheelcheck.imports.failing import Lack
from wheelcheck.knowledge.loading import load_well_known
from wheelcheck.model.code import ModuleState
from wheelcheck.model.finding import Code as FindingCode
from wheelcheck.model.requirement import CandidateOrigin, CommandLineOrigin, Requirement
from wheelcheck.ports import Code
from wheelcheck.repairs.blockers import TrialView, joined_extras
from wheelcheck.repairs.context import RepairContext
from wheelcheck.repairs.edits import Added, Change, Constrained, Repinned
from wheelcheck.repairs.trials import usable_versions
from wheelcheck.targets.project_view import ProjectView, first_upload

_THERE = (ModuleState.READ, ModuleState.COMPILED)
_ADDABLE = frozenset({FindingCode.MODULE_ABSENT, FindingCode.GONE_FROM_PYTHON, FindingCode.REFUSED})
_ADDED = 2  # projects that bring one module, such as forks of each other


def iter_import_bounds(
    view: TrialView, dependant: NormalizedName, provider: NormalizedName, lacks: Sequence[Lack], code: Code
) -> Iterator[Change]:
    """The change that keeps *provider*, which has what all *lacks* name, at releases that have what *dependant* imports.

    A bound where everybody admits such a release; where the user asks for a newer one, that is asked for in its place.
    """
    pin, project = view.pins[provider], view.diagnosis.project(provider)
    user = view.pins[dependant]
    refusing = next((each.requirement for each in lacks if each.requirement), "")
    if refusing:
        bound = Requirement.parse(refusing, CandidateOrigin(name=user.name, version=user.version))
        yield Constrained(bound=bound, because=f"{user.name} {user.version}")
        return
    because = f"{user.name} {user.version} imports {_first(lacks)}"
    older = [version for version in usable_versions(project) if version < pin.version]
    declared = view.wanted(provider).specifier
    admitted = [version for version in older if declared.contains(version)]
    day = first_upload(view.diagnosis.page(dependant), user.version)
    newest = _newest_standing(project, admitted, day, lacks, code)
    if newest is not None:
        above = admitted[newest - 1] if newest else pin.version
        origin = CandidateOrigin(name=user.name, version=user.version)
        bound = Requirement.parse(f"{provider}<{_short(above)}", origin)
        yield Constrained(bound=bound, because=because)
        return
    asked = view.asked_by_user(provider)
    if not any(each.specifier for each in asked):
        return
    newest = _newest_standing(project, older, day, lacks, code)
    if newest is not None:
        yield Repinned(
            name=provider,
            candidates=tuple(older[newest:]),
            extras=joined_extras(asked),
            declared=" and ".join(dict.fromkeys(str(each.specifier) for each in asked)),
            because=because,
        )


def top_of(lack: Lack) -> str:
    """The top-level module that *lack* is about, or the distribution that the code looks for; empty for neither."""
    if lack.module or not lack.requirement:
        return lack.module.partition(".")[0]
    return Requirement.parse(lack.requirement, CommandLineOrigin(text=lack.requirement)).name


def iter_additions(view: TrialView, dependant: NormalizedName, lack: Lack, context: RepairContext) -> Iterator[Change]:
    """The changes that ask for a project that has the module of *lack*, which *dependant* imports and nobody brings.

    Such are the projects that are known to bring it, and a well-known one that is called so: a stranger's is never asked for.
    """
    top, user = top_of(lack), view.pins[dependant]
    if lack.code not in _ADDABLE or lack.provider is not None or not top:
        return
    stand_in = context.library.stands_in.get(top) if context.library is not None else None
    module = stand_in or top
    parts = (lack.module or top).split(".")
    above = {".".join(parts[:depth]) for depth in range(1, len(parts) + 1)} | {module}
    known = [name for name, modules in context.knowledge.import_names.items() if modules & above]
    alike = canonicalize_name(module)
    names = sorted(known, key=lambda name: (name != alike, len(name), name)) if lack.module else []
    if alike not in names and alike in load_well_known():
        names.append(alike)
    origin = CandidateOrigin(name=user.name, version=user.version)
    for name in [each for each in names if each not in view.pins][:_ADDED]:
        project = view.diagnosis.project(name)
        versions = usable_versions(project)
        sought = [Lack(code=lack.code, reason="", module=module)] if lack.module else []
        newest = _newest_standing(project, versions, None, sought, context.code)
        if newest is not None:
            bound = f"<{_short(versions[newest - 1])}" if newest else ""
            because = f"{user.name} {user.version} {'imports' if lack.module else 'looks for'} {top}"
            yield Added(wanted=Requirement.parse(f"{name}{bound}", origin), because=because)


def _newest_standing(
    project: ProjectView, versions: Sequence[Version], day: str | None, lacks: Sequence[Lack], code: Code
) -> int | None:
    """The place in *versions* (newest first) of the newest that has all of *lacks*; ``None`` where none is known to.

    The release that was the newest on *day* (of no day: the newest, then the oldest) is read first, then halves between it and the
    newest: a few archives in all.
    """
    if not versions:
        return None
    if day is None and _stands(project, versions[0], lacks, code):
        return 0
    times = (first_upload(project.page, version) for version in versions)
    known = (place for place, time in enumerate(times) if day and time and time <= day)
    has = next(known, len(versions) - 1)
    if not _stands(project, versions[has], lacks, code):
        return None
    lacking = -1
    while has - lacking > 1:
        between = (has + lacking) // 2
        if _stands(project, versions[between], lacks, code):
            has = between
        else:
            lacking = between
    return has


def _stands(project: ProjectView, version: Version, lacks: Sequence[Lack], code: Code) -> bool:
    fit = project.release(version).fit
    if fit is None:
        return False
    wanted = {each.module for each in lacks} | {f"{each.module}.{name}" for each in lacks for name in each.names}
    try:
        found = {each.module: each for each in code.definitions(fit.distribution, frozenset(wanted))}
    except IndexUnavailable:
        return False
    return all(
        found[each.module].state in _THERE
        and all(
            name in found[each.module].names or found[f"{each.module}.{name}"].state in _THERE for name in each.names
        )
        for each in lacks
    )


def _first(lacks: Sequence[Lack]) -> str:
    return ".".join((lacks[0].module, *lacks[0].names[:1]))


def _short(version: Version) -> str:
    """*version* as a person writes it in a bound: ``3`` for ``3.0.0``."""
    return str(version).removesuffix(".0").removesuffix(".0")
