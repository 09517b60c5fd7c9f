"""Judges projects that get another version, by an edit or as its side effect: the distance, and the names that dependants miss."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import Enum
from fnmatch import fnmatchcase

from msgspec import Struct
from packaging.utils import NormalizedName

from wheelcheck.imports.uses import Reading
from wheelcheck.model.code import ImportKind, ImportUse, ModuleNames, ModuleState
from wheelcheck.model.distribution import Distribution
from wheelcheck.model.repair import Edit, Ground, Risk
from wheelcheck.model.resolution import Pin
from wheelcheck.repairs.import_grounds import more_places, native_code, read_imports
from wheelcheck.repairs.repair_case import Distance, RepairCase, are_years_between, declared_start, distance_of
from wheelcheck.texts.words import folded

_SHOWN = 3
_OLD_DAYS = 2 * 365.25
_NAMES_SHOWN = 5
_MISSING_SHOWN = 3
_ALL = "*"
_LABEL = re.compile(r"==\s*[^\s,+]+\+([A-Za-z0-9.]+)")


def judge_override(case: RepairCase, edit: Edit, project: NormalizedName) -> Iterator[Ground]:
    """The distance between declared and chosen, and whether the imported names are still there."""
    if (chosen := case.chosen(project)) is None:
        return
    start = declared_start(case, edit, project, chosen.version)
    if start is None:
        text = f"{project} {chosen.version}: how far that is from what was declared is not known"
        yield Ground(risk=Risk.MEDIUM, text=text)
    elif start != chosen.version:
        distance = distance_of(case, project, start, chosen.version)
        yield Ground(risk=distance.risk, text=_move_text(project, distance))
    yield from judge_label(case, edit, chosen)
    yield from judge_names(case, project, chosen)


def judge_pin(case: RepairCase, edit: Edit, project: NormalizedName) -> Iterator[Ground]:
    """The distance alone, one step milder: the user may change their own line, and no metadata forbids it."""
    if (chosen := case.chosen(project)) is None:
        return
    start = declared_start(case, edit, project, chosen.version)
    if start is not None and start != chosen.version:
        distance = distance_of(case, project, start, chosen.version)
        yield Ground(risk=distance.own_risk, text=_move_text(project, distance))
    yield from judge_label(case, edit, chosen)
    yield from judge_company(case, project, chosen)


def judge_company(case: RepairCase, project: NormalizedName, chosen: Pin) -> Iterator[Ground]:
    """At most one ground: what *chosen* now takes along, of which it admits releases of years after its own."""
    own = case.released(project, chosen.version)
    late: list[str] = []
    for child in dict.fromkeys(edge.child for edge in case.after.edges if edge.parent == project):
        pin, natural = case.chosen(child), case.natural(child)
        if pin is None or (natural is not None and natural.version == pin.version):
            continue
        released = case.released(child, pin.version)
        if are_years_between(own, released):
            late.append(f"{child} {pin.version} ({str(released)[:10]})")
    if late:
        what = f"{project} {chosen.version} ({str(own)[:10]})"
        text = f"{what} was released years before what it brings: {folded(late, _SHOWN)}"
        yield Ground(risk=Risk.MEDIUM, text=text)


def judge_label(case: RepairCase, edit: Edit, chosen: Pin) -> Iterator[Ground]:
    """A ground where a build with a local version was asked for, and *chosen* is another: what the label says is lost."""
    for label in dict.fromkeys(_LABEL.findall(edit.before)):
        if label == chosen.version.local:
            continue
        known = next((each for each in case.knowledge.labels if fnmatchcase(label, each.label)), None)
        lost = known.means if known is not None else "what that build has"
        text = f"loses {lost}: {chosen.name} {chosen.version} is not the build +{label} that was asked for"
        yield Ground(risk=Risk.MEDIUM if known is not None and known.works else Risk.HIGH, text=text)


def judge_constraint(case: RepairCase, edit: Edit, project: NormalizedName) -> Iterator[Ground]:
    """A version within every declared range, which its dependants therefore admit; whether it has what failed otherwise."""
    chosen, natural = case.chosen(project), case.natural(project)
    if chosen is None:
        yield Ground(risk=Risk.LOW, text=f"{project} {edit.after} is within what everyone declares")
        return
    instead = f" instead of {natural.version}" if natural is not None and natural.version != chosen.version else ""
    yield Ground(risk=Risk.LOW, text=f"{project} {chosen.version}{instead} is within what everyone declares")
    for dependant in case.dependants(project):
        if case.lacked(dependant.pin.name, project):
            yield from _judge_taken(case, read_imports(case, dependant, project), chosen)


def judge_addition(case: RepairCase, edit: Edit, project: NormalizedName) -> Iterator[Ground]:
    """A *project* that is asked for besides, for the sake of a module that it has; nothing else changes by it."""
    if (chosen := case.chosen(project)) is None:
        yield Ground(
            risk=Risk.MEDIUM, text=f"{edit.because}, and {project} was not chosen: whether it has that is not known"
        )
        return
    text = f"{edit.because}, which {chosen.name} {chosen.version} has and nobody asks for"
    yield Ground(risk=Risk.LOW, text=text)
    released = case.released(chosen.name, chosen.version)
    for user in filter(None, map(case.chosen, case.failing)):
        own = case.released(user.name, user.version)
        if are_years_between(own, released):
            late, early = f"{chosen.name} {chosen.version}", f"{user.name} {user.version} ({str(own)[:10]})"
            text = f"{late} ({str(released)[:10]}) was released years after {early}"
            yield Ground(risk=Risk.MEDIUM, text=text)


def judge_side_effects(case: RepairCase) -> Iterator[Ground]:
    """At most one ground: projects that no edit names and that end older by a major version or two years."""
    named = {edit.package for edit in case.edits}
    moved: list[tuple[NormalizedName, Distance]] = []
    for name, pin in sorted(case.after.pins.items()):
        natural = case.natural(name)
        if natural is None or name in named or pin.version >= natural.version:
            continue
        distance = distance_of(case, name, natural.version, pin.version)
        if _is_far_back(distance):
            moved.append((name, distance))
    if moved:
        moved.sort(key=lambda item: -item[1].risk.order)
        risk = Risk.MEDIUM if moved[0][1].risk is Risk.HIGH else Risk.LOW
        yield Ground(risk=risk, text=f"as a side effect, within what is declared, {_moves_words(moved)}")


def _is_far_back(distance: Distance) -> bool:
    years = distance.time is not None and abs(distance.time).days > _OLD_DAYS
    return years or (distance.step[0] == "major" and not distance.is_calendar)


def _moves_words(moved: Iterable[tuple[NormalizedName, Distance]]) -> str:
    texts = [f"{name} {each.before} → {each.after} ({each})" for name, each in moved]
    rest = len(texts) - _SHOWN
    more = f" and {rest} more projects" if rest > 1 else " and one more project" if rest == 1 else ""
    return f"{', '.join(texts[:_SHOWN])}{more}"


def _move_text(name: NormalizedName, distance: Distance) -> str:
    return f"{name} moves {distance.before} → {distance.after}: {distance}"


class _Taken(Struct, frozen=True, kw_only=True):
    """One thing taken: *name* of *module*, or the module itself where the name is empty."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}" if self.name else self.module


class _Presence(Enum):
    THERE = "there"
    GONE = "gone"
    UNKNOWN = "unknown"


def judge_names(case: RepairCase, project: NormalizedName, chosen: Pin) -> Iterator[Ground]:
    """Grounds for each dependant whose declared requirement does not admit the *chosen* version of *project*."""
    for dependant in case.dependants(project):
        if not dependant.admits(chosen.version):
            yield from _judge_taken(case, read_imports(case, dependant, project), chosen)


def _judge_taken(case: RepairCase, reading: Reading, chosen: Pin) -> Iterator[Ground]:
    name, version = reading.importer, f"{chosen.name} {chosen.version}"
    if reading.unread and not reading.is_partial:
        text = f"{name}'s code was not read, so what it takes from {chosen.name} is not known: {reading.unread}"
        yield Ground(risk=Risk.MEDIUM, text=text)
    taken = _taken_by(reading.uses)
    distribution = case.telling_file(chosen)
    offered = _offered(case, distribution, taken) if distribution is not None else {}
    verdicts = {each: _presence(each, offered) for each in taken}
    gone = [each for each, verdict in verdicts.items() if verdict is _Presence.GONE]
    gone = _drop_foreign(case, gone, chosen)
    unknown = [each for each, verdict in verdicts.items() if verdict is _Presence.UNKNOWN]
    there = [each for each, verdict in verdicts.items() if verdict is _Presence.THERE]
    for each in gone[:_MISSING_SHOWN]:
        yield _missing_ground(each, taken[each], version)
    if rest := gone[_MISSING_SHOWN:]:
        worst = max((_missing_risk(each, taken[each]) for each in rest), key=lambda risk: risk.order)
        yield Ground(risk=worst, text=f"{name} takes {_taken_words(rest)} as well, which {version} does not have")
    if unknown:
        text = f"{name} takes {_taken_words(unknown)}: {_why_unknown(unknown, offered, version)}"
        yield _at(taken[unknown[0]][0], Risk.MEDIUM, text)
    if there and not gone:
        verb = "all are" if len(there) > 1 else "it is"
        yield _at(taken[there[0]][0], Risk.LOW, f"{name} imports {_taken_words(there)}: {verb} in {version}")
    if reading.is_partial:
        # The uses that were found show how the dependant takes it; a file that is no Python 3 would not run anyway.
        text = f"not all of {name}'s code was read: {reading.unread}; they may take more from {chosen.name}"
        yield Ground(risk=Risk.LOW if reading.uses else Risk.MEDIUM, text=text)
    if reading.native and not reading.unread:
        yield Ground(risk=Risk.MEDIUM, text=native_code(reading, chosen.name))
    elif not (there or gone or unknown or reading.unread):
        yield Ground(risk=Risk.LOW, text=f"{name}'s code does not import {chosen.name}")


def _taken_by(uses: Iterable[ImportUse]) -> dict[_Taken, list[ImportUse]]:
    found: dict[_Taken, list[ImportUse]] = {}
    for use in sorted(uses, key=lambda use: (use.module, use.file, use.line)):
        # Of "from a import b" the attributes, if any are known, belong to b.
        names = use.names or tuple(attribute.partition(".")[0] for attribute in use.attributes)
        for name in names or ("",):
            found.setdefault(_Taken(module=use.module, name=name), []).append(use)
        if not use.names and use.attributes and "." in use.module:
            found.setdefault(_Taken(module=use.module, name=""), []).append(use)
    return dict(sorted(found.items(), key=lambda item: (item[0].module, item[0].name)))


def _offered(case: RepairCase, distribution: Distribution, taken: Iterable[_Taken]) -> dict[str, ModuleNames]:
    modules = frozenset(each.module for each in taken)
    return {found.module: found for found in case.code.definitions(distribution, modules)} if modules else {}


def _presence(taken: _Taken, offered: dict[str, ModuleNames]) -> _Presence:
    module = offered.get(taken.module)
    if module is None or module.state is ModuleState.UNREAD:
        return _Presence.UNKNOWN
    if module.state is ModuleState.ABSENT:
        return _Presence.GONE
    if not taken.name:
        return _Presence.THERE
    if taken.name in module.names or _is_of_every_module(taken.name):
        return _Presence.THERE
    tells_all = module.state is ModuleState.READ and not module.open_ended and taken.name != _ALL
    return _Presence.GONE if tells_all else _Presence.UNKNOWN


def _is_of_every_module(name: str) -> bool:
    return name.startswith("__") and name.endswith("__") and name != "__version__"


def _drop_foreign(case: RepairCase, gone: list[_Taken], chosen: Pin) -> list[_Taken]:
    """Leave out the names that the declared version does not have either.

    It is some other project's (namespace packages are shared) or was tried in vain before. Reads the declared version's archive
    only where something is gone.
    """
    natural = case.natural(chosen.name)
    if not gone or natural is None or natural.version == chosen.version:
        return gone
    distribution = case.telling_file(natural)
    if distribution is None:
        return gone
    offered = _offered(case, distribution, gone)
    return [each for each in gone if _presence(each, offered) is not _Presence.GONE]


def _missing_ground(taken: _Taken, uses: list[ImportUse], version: str) -> Ground:
    use = max(uses, key=lambda use: _use_risk(taken, use).order)
    text = f"{use.file}:{use.line} takes {taken}, which {version} does not have{more_places(uses)}"
    if use.kind is not ImportKind.UNCONDITIONAL:
        text = f"{text}, {use.kind.value}"
    return _at(use, _missing_risk(taken, uses), text)


def _at(use: ImportUse, risk: Risk, text: str) -> Ground:
    return Ground(risk=risk, text=text, file=use.file, line=use.line, quote=use.statement)


def _missing_risk(taken: _Taken, uses: Iterable[ImportUse]) -> Risk:
    return max((_use_risk(taken, use) for use in uses), key=lambda risk: risk.order)


def _use_risk(taken: _Taken, use: ImportUse) -> Risk:
    if use.kind is ImportKind.TYPE_CHECKING:
        return Risk.LOW
    if use.kind is ImportKind.GUARDED:
        # The guard catches a failed import, not an attribute that is missing later.
        return Risk.LOW if taken.name in use.names or not taken.name else Risk.MEDIUM
    return Risk.MEDIUM if use.kind is ImportKind.CONDITIONAL else Risk.HIGH


def _why_unknown(unknown: list[_Taken], offered: dict[str, ModuleNames], version: str) -> str:
    states = {offered[each.module].state for each in unknown if each.module in offered}
    if ModuleState.COMPILED in states:
        modules = sorted(
            {each.module for each in unknown if each.module in offered}
            & {name for name, found in offered.items() if found.state is ModuleState.COMPILED}
        )
        return f"{', '.join(modules)} of {version} is compiled: not looked into"
    if all(each.name == _ALL for each in unknown):
        return "a star import does not tell which names it needs"
    if ModuleState.READ in states:
        return f"{version} makes its names at run time, so reading does not tell"
    return f"{version} was not read"


def _taken_words(taken: list[_Taken]) -> str:
    return folded([str(each) for each in taken], _NAMES_SHOWN)
