"""Where the code of dependants imports a project, read through the port ``Code``, and what breaks there without the project."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import islice

from msgspec import UNSET, Struct
from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.errors import IndexUnavailable
from wheelcheck.imports.failing import (
    FailureSurvey,
    Lack,
    Surroundings,
    find_failures,
    import_target,
    read_suspects,
)
from wheelcheck.imports.suspects import LARGEST, Suspects, is_read, unseen_projects
from wheelcheck.imports.uses import Reading, read_import_names, read_uses
from wheelcheck.model.code import ImportKind, ImportUse
from wheelcheck.model.distribution import Distribution
from wheelcheck.model.repair import Edit, EditKind, Ground, Risk
from wheelcheck.repairs.repair_case import Dependant, RepairCase
from wheelcheck.texts.words import counted

_TAKEN_AWAY = frozenset({EditKind.EXCLUDE, EditKind.MARKER})
_ARCHIVES_READ = 8
_BESIDES = 512 * 1024  # bytes of old files that are read although nothing about them is changed
_LONGEST = 80  # characters of a statement within a sentence; the ground quotes it whole


def read_imports(case: RepairCase, dependant: Dependant, project: NormalizedName) -> Reading:
    """Read where *dependant* imports *project*; raises ``IndexUnavailable`` where its archive cannot be had."""
    pin, target = dependant.pin, import_target(case.after.target)
    return read_uses(pin.name, pin.distribution, import_names(case, project), target, case.code)


def import_names(case: RepairCase, project: NormalizedName) -> frozenset[str]:
    """The names by which *project* is imported, told by the files of its versions before and after the repair.

    A source archive that compiles does not show the modules that are compiled; a wheel of its release for any platform does.
    """
    pins = [pin for pin in (case.chosen(project), case.natural(project)) if pin is not None]
    pairs = ((pin.distribution, case.telling_file(pin)) for pin in pins)
    files = dict.fromkeys(file for pair in pairs for file in pair if file is not None)
    telling = case.telling_file(pins[-1]) if pins else None
    known = case.knowledge.import_names.get(project, frozenset())
    return read_import_names(project, tuple(files), telling, known, tuple(case.after.pins), case.code)


def more_places(uses: Collection[ImportUse]) -> str:
    """`` (and 4 more places)`` where *uses* holds more than the one that is shown."""
    rest = len({(use.file, use.line) for use in uses}) - 1
    return f" (and {counted(rest, 'more place')})" if rest > 0 else ""


def judge_exclusion(case: RepairCase, edit: Edit, project: NormalizedName) -> Iterator[Ground]:  # noqa: ARG001 - see JUDGES
    """What imports a *project* that is left out; the user's own code is not looked into."""
    if case.is_asked_by_user(project):
        yield Ground(risk=Risk.HIGH, text=f"you ask for {project} yourself: your own code was not looked into")
    yield from judge_dependants(case, project)


def judge_dependants(case: RepairCase, project: NormalizedName) -> Iterator[Ground]:
    """One ground for each dependant of a *project* that is gone and each kind of import in its code."""
    for dependant in case.dependants(project):
        yield from _judge_left_out(read_imports(case, dependant, project), project)


class Importing(Struct, frozen=True, kw_only=True):
    """The import of a repaired answer: the *failing* projects, each with what it lacks of others.

    *is_undecided* says that something could not be read, so that nothing else is known to work.
    """

    failing: Mapping[NormalizedName, tuple[Lack, ...]]
    is_undecided: bool = False


def judge_imports(case: RepairCase) -> Iterator[Ground]:
    """What fails when the projects that the repair moves, or those that ask for an edited project, are imported after it.

    What could not be had is no sign that it works.
    """
    survey, unread = _survey(case)
    for found in survey.found:
        first = found.each[0]
        if _is_left_alone(case, found.package):
            asking = " and ".join(dependant.pin.name for dependant in case.dependants(found.package))
            text = f"{found.message}; {asking} can be imported without it, so that only your own code may meet this"
            yield Ground(risk=Risk.MEDIUM, text=text)
            continue
        yield Ground(
            risk=Risk.HIGH,
            text=found.message,
            file=first.module.file,
            line=first.line,
            quote=first.statement or None,
            fails=True,
        )
    if survey.unavailable or unread:
        names = " and ".join(sorted(survey.unavailable | unread))
        yield Ground(
            risk=Risk.MEDIUM, text=f"whether all can be imported is not known: the code of {names} was not read"
        )


def importing(case: RepairCase) -> Importing:
    """What fails when the answer is imported after the repair; what cannot be had leaves it undecided."""
    gone = [edit.package for edit in case.edits if edit.kind in _TAKEN_AWAY and edit.package is not None]
    failing: dict[NormalizedName, tuple[Lack, ...]] = {}
    is_undecided = False
    for dependant, project in [(each, name) for name in gone for each in case.dependants(name)]:
        try:
            if read_imports(case, dependant, project).fails_at_once:
                failing[dependant.pin.name] = ()
        except IndexUnavailable:
            is_undecided = True
    survey, _ = _survey(case)
    for found in survey.found:
        if _is_left_alone(case, found.package):
            continue
        lacks = tuple(each.lack for each in found.each if each.lack is not None)
        failing[found.package] = failing.get(found.package, ()) + lacks
    return Importing(failing=failing, is_undecided=is_undecided or bool(survey.unavailable))


def _is_left_alone(case: RepairCase, name: NormalizedName) -> bool:
    """Whether *name*, which fails as it did before the repair, is imported by none of those that ask for it when they are imported.

    A list of all that is installed elsewhere names helpers that are of no use on this system, and are not imported there.
    """
    before, after = case.natural(name), case.chosen(name)
    if before is None or after is None or before.version != after.version:
        return False
    try:
        readings = [read_imports(case, dependant, name) for dependant in case.dependants(name)]
    except IndexUnavailable:
        return False
    return bool(readings) and not any(reading.unread or reading.fails_at_once for reading in readings)


def _survey(case: RepairCase) -> tuple[FailureSurvey, frozenset[NormalizedName]]:
    """What fails when the answer is imported, and what of it is imported, old enough to fail, and too large to be read."""
    if case.library is None:
        return FailureSurvey(found=()), frozenset()
    edited = [edit.package for edit in case.edits if edit.package is not None]
    moved = [name for name in edited if name in case.after.pins]
    # A bound moves a project within what everybody declares, who may be many.
    passed = [edit.package for edit in case.edits if edit.package is not None and edit.kind is not EditKind.CONSTRAIN]
    near = [dependant.pin.name for name in passed for dependant in case.dependants(name)]
    known = sorted(case.failing & case.after.pins.keys())
    old = _old(case, case.after.target.python_full.minor)
    # What the repair brings in or moves is read as a plan of it would be; and who asks for what a bound keeps.
    bounded = [dependant.pin.name for name in edited if name not in passed for dependant in case.dependants(name)]
    brought = [name for name in old if name in bounded or _is_brought(case, name)]
    unseen = unseen_projects(case.after)
    read: dict[NormalizedName, Distribution] = {}
    chosen = (*islice(dict.fromkeys((*moved, *near)), _ARCHIVES_READ), *brought[:_ARCHIVES_READ])
    for name in (*known, *chosen, *_older(case)):
        file = case.after.pins[name].distribution
        if name not in unseen and file is not None and is_read(file):
            read[name] = file
    suspects = Suspects(read=read, compared={}, unseen=unseen)
    around = Surroundings(target=import_target(case.after.target), library=case.library)
    reads = read_suspects(suspects, around.target, case.code)
    survey = find_failures(case.after.files, suspects, around, case.code, reads)
    imported = {
        canonicalize_name(each.module.partition(".")[0])
        for one in reads.values()
        for module in one.modules
        for each in module.imports
    }
    return survey, frozenset(name for name in old if name in imported and name not in read)


def _is_brought(case: RepairCase, name: NormalizedName) -> bool:
    before = case.natural(name)
    return case.before is not None and (before is None or before.version != case.after.pins[name].version)


def _older(case: RepairCase) -> Iterator[NormalizedName]:
    """What is older than the target's Python, for a repair that leaves that as it is may not help.

    Of two Pythons, where the repair goes from one to the other, the newer counts: what was suspect stays so. First what the user
    asks for, then the rest, the smallest first, as far as it costs little to read.
    """
    sizes = _old(case, max(each.target.python_full.minor for each in (case.before, case.after) if each is not None))
    asked = list(filter(case.is_asked_by_user, sizes))[:_ARCHIVES_READ]
    yield from asked
    total = 0
    for name in sorted(sizes.keys() - set(asked), key=lambda name: (sizes[name], name)):
        total += sizes[name]
        if total > _BESIDES:
            return
        yield name


def _old(case: RepairCase, minor: int) -> dict[NormalizedName, int]:
    """The projects whose files are older than Python 3.*minor*, with the bytes of each."""
    life = case.knowledge.life_of(minor)
    return {
        name: pin.distribution.at.size or LARGEST
        for name, pin in sorted(case.after.pins.items())
        if life is not None
        and pin.distribution is not None
        and (pin.distribution.at.upload_time or "9") < life.released
    }


def _judge_left_out(reading: Reading, project: str) -> Iterator[Ground]:
    name = reading.importer
    for kind, (risk, says) in _KINDS.items():
        if uses := reading.of_kind(kind):
            first = uses[0]
            entries = ", ".join(f"`import {module}`" for module in reading.entries(first))
            what = says.format(entries=entries, module=first.importer, project=project)
            text = f"{name} {what}: {first.file}:{first.line} has `{_one_line(first)}`{more_places(uses)}"
            fails = True if kind is ImportKind.UNCONDITIONAL and reading.fails_at_once else UNSET
            yield Ground(risk=risk, text=text, file=first.file, line=first.line, quote=first.statement, fails=fails)
    if reading.unread and not reading.of_kind(ImportKind.UNCONDITIONAL):
        # Nothing is proved of code that was not read.
        if reading.is_partial:
            text = f"not all of {name}'s code was read: {reading.unread}; they may import {project} as well"
            yield Ground(risk=Risk.MEDIUM, text=text)
        else:
            text = f"whether {name} imports {project} is not known, its code was not read: {reading.unread}"
            yield Ground(risk=Risk.HIGH, text=text)
    elif reading.native:
        # Its author asks for the project, and no Python code of it does: so machine code is likely to.
        yield Ground(risk=Risk.HIGH, text=native_code(reading, project))
    elif not reading.uses:
        yield Ground(risk=Risk.LOW, text=f"{name}'s code does not import {project}")


def native_code(reading: Reading, project: str) -> str:
    """That only the machine code of *reading*'s importer may import *project*, which is not known."""
    modules = counted(len(reading.native), "compiled module")
    return (
        f"{reading.importer}'s Python code does not import {project}, but its {modules} may, such as {reading.native[0]}, "
        "which cannot be read"
    )


def _one_line(use: ImportUse) -> str:
    text = " ".join(use.statement.split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST].rpartition(' ')[0]} …"


# The author meant the fallback to happen; whether all works without the project is not shown by it, since the metadata ask for it.
_KINDS: Mapping[ImportKind, tuple[Risk, str]] = {
    ImportKind.UNCONDITIONAL: (Risk.HIGH, "will fail on {entries}"),
    ImportKind.IN_FUNCTION: (Risk.MEDIUM, "fails when `{module}` calls {project}"),
    ImportKind.GUARDED: (Risk.MEDIUM, "falls back when {project} is missing"),
    ImportKind.CONDITIONAL: (Risk.MEDIUM, "may import {project}, under a condition that is not known"),
    ImportKind.TYPE_CHECKING: (Risk.LOW, "needs {project} for type checking only"),
}
