"""Judges how likely a repair is to break a running product, by one function for each kind of edit: see :data:`JUDGES`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.findings.compatibility import compatibility_met
from wheelcheck.findings.indexes import asked_label
from wheelcheck.model.finding import Severity
from wheelcheck.model.knowledge import Substitute
from wheelcheck.model.repair import Edit, EditKind, Ground, Risk
from wheelcheck.model.urls import masked
from wheelcheck.repairs.import_grounds import judge_dependants, judge_exclusion, judge_imports
from wheelcheck.repairs.repair_case import NAMES, RepairCase, built_for, distance_of, standard_since
from wheelcheck.repairs.version_grounds import (
    judge_addition,
    judge_constraint,
    judge_override,
    judge_pin,
    judge_side_effects,
)
from wheelcheck.targets.platforms import parse_platform
from wheelcheck.targets.pythons import parse_python
from wheelcheck.texts.words import counted, joined

_FLOOR = re.compile(r"(?P<kind>manylinux|musllinux|macosx)_(?P<major>\d+)_(?P<minor>\d+)_", re.ASCII)
# Of a move to win_amd64, by the machine before.
_TO_X64 = {
    "win32": "the 64-bit Python runs on every 64-bit Windows; 32-bit Windows is left out, and it loads no 32-bit DLL",
    "win_arm64": "Windows 11 on Arm runs the x64 Python by emulation, more slowly, and it loads no Arm64 DLL",
}
_LIBRARIES = {"manylinux": "glibc", "musllinux": "musl"}
# After macOS 15 came 26, numbered by year from then on.
_MACOS_LAST_COUNTED, _MACOS_FIRST_YEAR = 15, 26
_RISKS = {Severity.ERROR: Risk.HIGH, Severity.WARNING: Risk.MEDIUM}


def assess(case: RepairCase) -> tuple[Ground, ...]:
    """The grounds of a repair's risk, worst first, then in the order of its edits; side effects of all edits come last.

    Known failures that the repair does not remove are among them. Reads pages for dates, and the archives of dependants where
    an edit overrides or excludes. Raises ``IndexUnavailable`` where one cannot be had.
    """
    grounds = [ground for edit in case.edits for ground in _judged(case, edit)]
    grounds.extend(judge_side_effects(case))
    grounds.extend(judge_remaining(case))
    grounds.extend(judge_imports(case))
    return tuple(sorted(dict.fromkeys(grounds), key=lambda ground: -ground.risk.order))


def _judged(case: RepairCase, edit: Edit) -> Iterator[Ground]:
    if edit.package and edit.kind in JUDGES:
        yield from JUDGES[edit.kind](case, edit, edit.package)
    elif edit.kind in TARGET_JUDGES:
        yield from TARGET_JUDGES[edit.kind](case, edit)
    else:
        yield Ground(risk=Risk.MEDIUM, text=f"{edit.before} → {edit.after}: what that changes is not known")


def risk_of(grounds: Iterable[Ground]) -> Risk:
    """The worst of *grounds*; medium where there is none, for no evidence is no sign of safety."""
    return max((ground.risk for ground in grounds), key=lambda risk: risk.order, default=Risk.MEDIUM)


def judge_python(case: RepairCase, edit: Edit) -> Iterator[Ground]:
    """Another interpreter to ship: one minor is little, more may be noticed by the user's own code."""
    before, after = parse_python(edit.before), parse_python(edit.after)
    same = before.implementation == after.implementation and before.free_threaded == after.free_threaded
    risk = Risk.LOW if same and abs(before.minor - after.minor) <= 1 else Risk.MEDIUM
    life = case.knowledge.life_of(after.minor)
    until = f", and gets security fixes until {life.secure_until}" if life is not None else ""
    if life is not None and case.knowledge.has_ended(after.minor, case.day):
        risk, until = Risk.HIGH, f" to one that is past its end: no security fixes since {life.secure_until}"
    yield Ground(risk=risk, text=f"Python {before.word} → {after.word}: the interpreter you ship changes{until}")


def judge_platform(case: RepairCase, edit: Edit) -> Iterator[Ground]:
    """A higher floor: the systems that are left out."""
    before, after = _tag_of(edit.before), _tag_of(edit.after)
    if after == "win_amd64" and before in _TO_X64:
        yield Ground(risk=Risk.MEDIUM, text=_TO_X64[before])
        return
    old, new = _FLOOR.match(before), _FLOOR.match(after)
    if old is not None and new is not None and (old["kind"], new["kind"]) == ("musllinux", "manylinux"):
        word, glibc = parse_python(case.after.target.python), f"glibc {new['major']}.{new['minor']}"
        image = f"{'pypy' if word.implementation == 'pypy' else 'python'}:3.{word.minor}"
        text = f"the image changes: one with {glibc} or newer, such as {image}-slim, in place of {image}-alpine"
        yield Ground(risk=Risk.MEDIUM, text=text)
        return
    if old is None or new is None or old["kind"] != new["kind"]:
        yield Ground(risk=Risk.MEDIUM, text=f"{before} → {after}: another platform than you asked for")
        return
    floors = tuple((int(found["major"]), int(found["minor"])) for found in (old, new))
    if new["kind"] == "macosx":
        lost = _macos_between(*floors)
        users = _enumerated(lost)
        text = f"needs macOS {_macos_word(floors[1])} or newer" + (f": users of {users} are left out" if lost else "")
        yield Ground(risk=Risk.LOW if len(lost) <= 1 else Risk.MEDIUM, text=text)
        return
    library = _LIBRARIES[new["kind"]]
    (_, first), (major, minor) = floors
    lost = [f"{major}.{each}" for each in range(first, minor)]
    text = f"needs {library} {major}.{minor} or newer" + (
        f": systems with {library} {_span(lost)} are left out" if lost else ""
    )
    yield Ground(risk=Risk.LOW if len(lost) <= 1 else Risk.MEDIUM, text=text)


def _tag_of(word: str) -> str:
    # A host's own tag need not be one that a person may ask for.
    return word if _FLOOR.match(word) else parse_platform(word).word


def _macos_between(old: tuple[int, int], new: tuple[int, int]) -> list[str]:
    found = []
    while old < new:
        found.append(_macos_word(old))
        major, minor = old
        if major == 10 and minor < 15:
            old = major, minor + 1
        else:
            old = (_MACOS_FIRST_YEAR if major == _MACOS_LAST_COUNTED else major + 1), 0
    return found


def _macos_word(floor: tuple[int, int]) -> str:
    return f"10.{floor[1]}" if floor[0] == 10 else str(floor[0])


def _enumerated(words: list[str]) -> str:
    return _span(words) if len(words) > 4 else joined(words)


def _span(words: list[str]) -> str:
    return f"{words[0]} to {words[-1]}" if len(words) > 1 else words[0]


def judge_substitute(case: RepairCase, edit: Edit, project: NormalizedName) -> Iterator[Ground]:
    """The same code under another name: the differences that the data file names, and the distance between the versions."""
    pair = (project, canonicalize_name(Requirement(edit.after).name))
    known = next((each for each in case.knowledge.substitutes if (each.project, each.replacement) == pair), None)
    if known is None:
        text = f"{pair[1]} stands in for {project}. In what they differ is not known"
        yield Ground(risk=Risk.MEDIUM, text=text)
        return
    # Code of the user's can change its import, that of other projects cannot.
    own = Risk.MEDIUM if case.is_asked_by_user(known.project) else Risk.HIGH
    text = f"{known.replacement} stands in for {known.project}. {known.differs}"
    yield Ground(risk=own if known.imported_as else Risk.LOW, text=text)
    if known.same_versions:
        yield from _other_version(case, known)


def _other_version(case: RepairCase, known: Substitute) -> Iterator[Ground]:
    """One ground where the replacement is not had in its project's version; as mild as another pin where the user asked for it."""
    natural, chosen = case.natural(known.project), case.chosen(known.replacement)
    if natural is None or chosen is None or natural.version.public == chosen.version.public:
        return
    distance = distance_of(case, known.replacement, natural.version, chosen.version)
    text = f"{known.project} {natural.version} becomes {known.replacement} {chosen.version}: {distance}"
    own = case.is_asked_by_user(known.project)
    yield Ground(risk=distance.own_risk if own else distance.risk, text=text)


def judge_index(case: RepairCase, edit: Edit, project: NormalizedName) -> Iterator[Ground]:
    """Another build of a *project*, from a vendor's index."""
    chosen, natural = case.chosen(project), case.natural(project)
    what = f"{project} {chosen.version if chosen is not None else ''}".strip()
    url = masked(edit.after)
    vendor = next((each.name for each in case.knowledge.indexes if each.url.rstrip("/") == url.rstrip("/")), "")
    same = chosen is not None and natural is not None and chosen.version.public == natural.version.public
    build = "another build of the same version" if same else "another build"
    where = f"{vendor} ({url})" if vendor else url
    bounds = [edge.requirement.specifier for edge in case.after.edges if edge.child == project]
    if chosen is not None and chosen.version.local and chosen.version.local in map(asked_label, bounds):
        yield Ground(risk=Risk.LOW, text=f"{what} comes from {where}: the very build that is asked for")
        return
    yield Ground(risk=Risk.MEDIUM, text=f"{what} comes from {where}: {build}")


def judge_marker(case: RepairCase, edit: Edit, project: NormalizedName) -> Iterator[Ground]:  # noqa: ARG001 - see JUDGES
    """Why *project* is kept off the target, and what there imports it: the user's own code is not looked into."""
    minor = case.after.target.python_full.minor
    standard = standard_since(project, case.library, minor)
    known = case.knowledge.own_platform_of(project)
    if standard is not None:
        text = f"Python 3.{minor} has `{standard[0]}` in its standard library, which {project} brings to older ones"
    elif known is not None:
        text = f"{project} is made for {_named(known.systems)}. {known.why}"
    else:
        built = built_for(case.projects.page(project))
        text = f"{project} has wheels for {_named(built)} alone, in {sum(built.values())} releases"
    yield Ground(risk=Risk.LOW if known is not None or standard is not None else Risk.MEDIUM, text=text)
    if case.is_asked_by_user(project):
        system = _named([case.after.target.markers["sys_platform"]])
        here = f"Python 3.{minor}" if standard is not None else system
        text = (
            f"you ask for {project} yourself: your own code, which was not looked into, has to do without it on {here}"
        )
        yield Ground(risk=Risk.MEDIUM, text=text)
    yield from judge_dependants(case, project)


def _named(systems: Iterable[str]) -> str:
    return _enumerated([NAMES.get(system, system) for system in systems])


def judge_date(case: RepairCase, edit: Edit) -> Iterator[Ground]:
    """All of an earlier day: how many projects are older for it."""
    natural = case.before.pins if case.before is not None else {}
    older = sum(1 for name, pin in case.after.pins.items() if name in natural and pin.version < natural[name].version)
    what = counted(older, "project gets an older version", "projects get older versions")
    told = f"{what}, without later security fixes" if older else "no later release, security fixes included"
    yield Ground(risk=Risk.MEDIUM, text=f"everything as of {edit.after[:10]}: {told}")


def judge_extra(case: RepairCase, edit: Edit, project: NormalizedName) -> Iterator[Ground]:  # noqa: ARG001 - see JUDGES
    """An extra that is dropped takes its features along."""
    names = sorted(Requirement(edit.before).extras - Requirement(edit.after).extras)
    word = "extras" if len(names) > 1 else "extra"
    yield Ground(risk=Risk.MEDIUM, text=f"features of the {word} {', '.join(names)} of {project} are gone")


def judge_remaining(case: RepairCase) -> Iterator[Ground]:
    """A ground for each warning about the chosen versions: a repair that installs and then fails must say so.

    So must one that pins what its maintainers withdrew, or never released as final, unless it was pinned before.
    """
    for name, pin in case.after.pins.items():
        reason = pin.distribution.at.yanked if pin.distribution is not None else None
        before = case.natural(name)
        if reason is not None and (before is None or before.version != pin.version):
            told = f": {reason}" if reason else ""
            yield Ground(risk=Risk.MEDIUM, text=f"{name} {pin.version} was withdrawn by its maintainers{told}")
        if pin.version.is_prerelease and not (before is not None and before.version.is_prerelease):
            yield Ground(risk=Risk.MEDIUM, text=f"{name} {pin.version} is a pre-release")
    for met in compatibility_met(case.after, case.knowledge):
        if met.severity in _RISKS:
            yield Ground(risk=_RISKS[met.severity], text=f"stays as it is: {met.message.removesuffix('.')}")


# Of edits of a project, which is their third argument, and of those of the target or the day.
JUDGES: Mapping[EditKind, Callable[[RepairCase, Edit, NormalizedName], Iterator[Ground]]] = {
    EditKind.CONSTRAIN: judge_constraint,
    EditKind.ADD: judge_addition,
    EditKind.SUBSTITUTE: judge_substitute,
    EditKind.INDEX: judge_index,
    EditKind.PIN: judge_pin,
    EditKind.MARKER: judge_marker,
    EditKind.EXTRA: judge_extra,
    EditKind.OVERRIDE: judge_override,
    EditKind.EXCLUDE: judge_exclusion,
}
TARGET_JUDGES: Mapping[EditKind, Callable[[RepairCase, Edit], Iterator[Ground]]] = {
    EditKind.PYTHON: judge_python,
    EditKind.PLATFORM: judge_platform,
    EditKind.DATE: judge_date,
}
