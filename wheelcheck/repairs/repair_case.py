"""The evidence for a judgement of risk: the edits, both resolutions, pages and code, and how far apart two versions are.

And the systems that a project is made for, by what is known of it or by all wheels that its page lists: ``ProjectPage →
sys_platform, …``. A project that is made for other systems or older Pythons than the target's is kept off it by a marker.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from msgspec import Struct
from packaging import requirements
from packaging.markers import Marker
from packaging.requirements import InvalidRequirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.imports.failing import Lack
from wheelcheck.model.distribution import Distribution, Installability, ProjectPage, Sdist, Wheel
from wheelcheck.model.knowledge import RepairKnowledge, StandardLibrary
from wheelcheck.model.repair import Edit, Risk
from wheelcheck.model.requirement import Requirement
from wheelcheck.model.resolution import Pin, Resolution
from wheelcheck.ports import Code, Projects
from wheelcheck.targets.fitting import Compatibility, stated_requirements
from wheelcheck.texts.words import counted

_CALENDAR = 1990  # a first number from here on is a year
_FAR = timedelta(days=3 * 365.25)
_NEAR = timedelta(days=365.25)
_DAYS_A_MONTH = 30.44
_YEARS = 2  # between two releases, after which the older was made for other neighbours
_STEPS = ("major", "minor", "patch")
_MANY = 20  # releases between two versions, in which much may have changed whatever their numbers say


class Dependant(Struct, frozen=True, kw_only=True):
    """A pin of the repaired resolution whose own metadata asks for a project, as it stands there, whatever edits made of it."""

    pin: Pin
    requirements: tuple[Requirement, ...]

    def admits(self, version: Version) -> bool:
        """Whether every one of its requirements admits *version*."""
        return all(each.specifier.contains(version, prereleases=True) for each in self.requirements)


class RepairCase(Struct, frozen=True, kw_only=True):
    """A set of edits with its proof.

    ``before`` is the natural resolution of the unrepaired question, ``None`` when the requirements clashed; ``after`` the one
    that proved the edits. *failing* are projects whose import fails otherwise, each with what it lacks then. *day* (ISO 8601) is
    the one asked about, empty where that does not matter.
    """

    edits: tuple[Edit, ...]
    before: Resolution | None
    after: Resolution
    projects: Projects
    code: Code
    knowledge: RepairKnowledge
    library: StandardLibrary | None = None
    failing: Mapping[NormalizedName, tuple[Lack, ...]] = {}
    day: str = ""

    def natural(self, name: NormalizedName) -> Pin | None:
        """The pin of *name* in the unrepaired resolution."""
        return self.before.pins.get(name) if self.before is not None else None

    def chosen(self, name: NormalizedName) -> Pin | None:
        """The pin of *name* in the repaired resolution."""
        return self.after.pins.get(name)

    def dependants(self, name: NormalizedName) -> Iterator[Dependant]:
        """Those of the repaired resolution that ask for *name* on the target, by name.

        Read from their metadata, since an override or an exclusion has replaced the edges; where that says nothing, the
        unrepaired resolution's edges do.
        """
        compatibility = Compatibility(self.after.target)
        for parent, pin in sorted(self.after.pins.items()):
            if parent == name:
                continue
            stated = stated_requirements(pin.metadata.requires, parent, pin.metadata.version or pin.version)
            asking = (each for each in stated if each.name == name and compatibility.holds(each.marker, pin.extras))
            found = tuple(asking) or self._edges(parent, name)
            if found:
                yield Dependant(pin=pin, requirements=found)

    def _edges(self, parent: NormalizedName, child: NormalizedName) -> tuple[Requirement, ...]:
        natural = self.natural(parent)
        if self.before is None or natural is None or natural.version != self.after.pins[parent].version:
            return ()
        return tuple(edge.requirement for edge in self.before.edges if (edge.parent, edge.child) == (parent, child))

    def lacked(self, name: NormalizedName, project: NormalizedName) -> bool:
        """Whether the import of *name* fails otherwise for what *project* has in other releases."""
        known = self.knowledge.import_names.get(project, frozenset())
        lacks = self.failing.get(name, ())
        return any(each.provider == project or each.module.partition(".")[0] in known for each in lacks)

    def is_asked_by_user(self, name: NormalizedName) -> bool:
        """Whether the user's own requirements named *name* before the repair."""
        edges = self.before.edges if self.before is not None else ()
        return any(edge.parent is None and edge.child == name for edge in edges)

    def released(self, name: NormalizedName, version: Version) -> str | None:
        """The time of the first upload of *version* (ISO 8601, UTC), ``None`` if not known."""
        pins = [pin for pin in (self.chosen(name), self.natural(name)) if pin is not None and pin.version == version]
        files: list[Distribution] = [pin.distribution for pin in pins if pin.distribution is not None]
        if (page := self.page(name)) is not None:
            files.extend(page.distributions.get(version, ()))
        return min((file.at.upload_time for file in files if file.at.upload_time), default=None)

    def page(self, name: NormalizedName) -> ProjectPage | None:
        """The page of *name*; ``None`` where a direct reference brought it: its name is no index's business."""
        pins = (self.chosen(name), self.natural(name))
        files = [pin.distribution for pin in pins if pin is not None and pin.distribution is not None]
        return None if files and not any(file.at.index for file in files) else self.projects.page(name)

    def telling_file(self, pin: Pin) -> Distribution | None:
        """A file of *pin*'s version whose modules are all to be seen; ``None`` where there is none.

        In a source archive that compiles, a module that is built later looks absent; a wheel for any platform shows it.
        """
        if isinstance(pin.distribution, Wheel) or pin.installability is Installability.SDIST_PURE:
            return pin.distribution
        page = self.page(pin.name)
        files = page.distributions.get(pin.version, ()) if page is not None else ()
        return next((file for file in files if isinstance(file, Wheel)), None)


class Distance(Struct, frozen=True, kw_only=True):
    """The way from one version to another, in either direction.

    ``time`` is negative where the second was released earlier, ``None`` if not known; ``between`` counts the releases between them.
    """

    before: Version
    after: Version
    time: timedelta | None
    between: int = 0

    @property
    def is_calendar(self) -> bool:
        """Whether both versions are numbered by year, so that only time tells."""
        return min(_release(self.before)[0], _release(self.after)[0]) >= _CALENDAR

    @property
    def is_renumbered(self) -> bool:
        """Whether the project has begun to number its versions otherwise: by year, or in another epoch."""
        by_year = [_release(version)[0] >= _CALENDAR for version in (self.before, self.after)]
        return self.before.epoch != self.after.epoch or by_year[0] is not by_year[1]

    @property
    def step(self) -> tuple[str, int]:
        """The first number that differs and by how much: ``major``, ``minor``, ``patch``, empty where the release is the same."""
        if self.is_renumbered:
            return "major", 2  # the numbers cannot be compared
        for name, old, new in zip(_STEPS, _release(self.before), _release(self.after), strict=False):
            if old != new:
                return name, abs(new - old)
        return ("", 0) if self.before.release == self.after.release else ("patch", 1)

    @property
    def risk(self) -> Risk:
        """How much may be different: by numbers, releases between, and years; the numbers of calendar versions do not count."""
        step, count = ("", 0) if self.is_calendar else self.step
        if self._takes(_FAR) or (step == "major" and count > 1):
            return Risk.HIGH
        # Before 1.0 the second number is the one that breaks promises.
        unstable = step == "minor" and 0 in (_release(self.before)[0], _release(self.after)[0])
        return Risk.MEDIUM if self._is_wide or unstable or (self.is_calendar and self.time is None) else Risk.LOW

    @property
    def own_risk(self) -> Risk:
        """The same where the line that changes is the user's own: a step milder, but never low for what is wide."""
        return Risk.MEDIUM if self._is_wide or self.risk is Risk.HIGH else Risk.LOW

    @property
    def _is_wide(self) -> bool:
        major = self.step[0] == "major" and not self.is_calendar
        return major or self.between >= _MANY or self._takes(_NEAR)

    @property
    def _is_pre_release_of_it(self) -> bool:
        return self.after.is_prerelease and self.after.base_version == self.before.public

    def _takes(self, time: timedelta) -> bool:
        return self.time is not None and abs(self.time) > time

    def __str__(self) -> str:
        way = "newer" if self.after > self.before else "older"
        step = self._step_words()
        if self.between >= _MANY and step and self.before.public != self.after.public:
            step = f"{step} and {self.between} releases between"
        span = span_words(abs(self.time)) if self.time is not None else ""
        if self.before.public == self.after.public or self._is_pre_release_of_it:
            return step
        if self.time is None or not span:
            return f"{step} {way}".strip()
        if (self.time > timedelta()) == (way == "newer"):
            return f"{step}, {span} {way}" if step else f"{span} {way}"
        # A fix of an old line can be younger than a newer line's release.
        return f"{step} {way}, released {span} {'later' if way == 'older' else 'earlier'}".strip()

    def _step_words(self) -> str:
        step, count = self.step
        if self.is_calendar:
            return ""
        if not step:
            if self.before.public == self.after.public:
                return "another build of the same version"
            return "a pre-release of it" if self._is_pre_release_of_it else "the same release"
        if self.is_renumbered:
            return "another numbering of versions"
        return f"one {step} version" if count == 1 else f"{count} {step} versions"


def span_words(span: timedelta) -> str:
    """*span* as a person says it: days under two months, months under two years, then years; empty under a day."""
    for size, limit, word in ((1.0, 60.0, "day"), (_DAYS_A_MONTH, 730.5, "month")):
        if span.days < limit:
            count = round(span.days / size)
            return counted(count, word) if count else ""
    return f"{span.days / 365.25:.1f} years".replace(".0 ", " ")


def are_years_between(earlier: str | None, later: str | None) -> bool:
    """Whether two years or more lie between two times (ISO 8601), of which either may not be known."""
    return bool(earlier and later) and f"{int(str(earlier)[:4]) + _YEARS}{str(earlier)[4:]}" <= str(later)


def distance_of(case: RepairCase, name: NormalizedName, before: Version, after: Version) -> Distance:
    """The distance between two versions of *name*; reads the project's page for the dates."""
    first, second = case.released(name, before), case.released(name, after)
    time = _instant(second) - _instant(first) if first and second else None
    page = case.page(name)
    listed = page.distributions if page is not None else ()
    between = sum(min(before, after) < each < max(before, after) and not each.is_prerelease for each in listed)
    return Distance(before=before, after=after, time=time, between=between)


def declared_start(case: RepairCase, edit: Edit, name: NormalizedName, chosen: Version) -> Version | None:
    """The version that the edit moves away from.

    The natural pin's where the declared bound admits it; else the nearest to *chosen* of the releases on the page that it
    admits, or of the versions that it names. ``None`` where there are none.
    """
    declared = specifier_of(edit.before)
    natural = case.natural(name)
    if natural is not None and natural.version != chosen and declared.contains(natural.version, prereleases=True):
        return natural.version
    page = case.page(name)
    listed = page.distributions if page is not None else ()
    admitted = [version for version in listed if declared.contains(version, prereleases=True)] if declared else []
    return _nearest_to(admitted, chosen) or _nearest_to(_named(declared), chosen)


def specifier_of(text: str) -> SpecifierSet:
    """The bound in *text*: ``==1.0``, ``av==1.0`` or ``1.0``; empty where there is none."""
    with suppress(ValueError):
        return SpecifierSet(f"=={Version(text)}")  # before what follows, as a version may be the name of a project
    with suppress(InvalidSpecifier):
        return SpecifierSet(text)
    with suppress(InvalidRequirement):
        return requirements.Requirement(text).specifier
    return SpecifierSet()


def _nearest_to(versions: Iterable[Version], chosen: Version) -> Version | None:
    # The end of the range that faces the chosen version.
    ordered = sorted(versions)
    if not ordered:
        return None
    below = [version for version in ordered if version <= chosen]
    return below[-1] if below else ordered[0]


def _named(declared: SpecifierSet) -> list[Version]:
    found = []
    for each in declared:
        with suppress(ValueError):
            found.append(Version(each.version.removesuffix(".*")))
    return found


def _release(version: Version) -> tuple[int, int, int]:
    return version.major, version.minor, version.micro


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


NAMES = {"win32": "Windows", "darwin": "macOS", "linux": "Linux"}
_SYSTEMS = {"win": "win32", "macosx": "darwin", "linux": "linux", "manylinux": "linux", "musllinux": "linux"}
_OLDEST = 8  # the first minor of which the standard library is known
_ENOUGH = 5  # releases for one system alone; fewer may be an accident


def built_for(page: ProjectPage) -> Mapping[str, int]:
    """In how many releases there are wheels for each system; ``any`` is one for wheels that run everywhere."""
    found: dict[str, int] = {}
    for files in page.distributions.values():
        tags = (tag for file in files if isinstance(file, Wheel) for *_, tag in file.tags)
        for system in {_system_of(tag) for tag in tags}:
            found[system] = found.get(system, 0) + 1
    return found


def _system_of(tag: str) -> str:
    word = tag.partition("_")[0]
    return _SYSTEMS.get("win" if word.startswith("win") else word, word)


def systems_of(page: ProjectPage, knowledge: RepairKnowledge) -> tuple[str, ...]:
    """The systems that the project of *page* is made for, as values of ``sys_platform``; empty where nothing tells it.

    Wheels tell it where there is no source archive beside them, of which others could build their own.
    """
    known = knowledge.own_platform_of(page.name)
    if known is not None:
        return known.systems
    # The newest release mostly tells at once that others are served; a page may list thousands of files.
    newest = page.distributions[max(page.distributions)] if page.distributions else ()
    systems = {_system_of(tag) for file in newest if isinstance(file, Wheel) for *_, tag in file.tags}
    if len(systems) > 1 or any(isinstance(file, Sdist) for file in newest):
        return ()
    if any(isinstance(file, Sdist) for files in page.distributions.values() for file in files):
        return ()
    ((system, releases), *others) = built_for(page).items() or [("", 0)]
    return (system,) if system in NAMES and releases >= _ENOUGH and not others else ()


def standard_since(project: NormalizedName, library: StandardLibrary | None, minor: int) -> tuple[str, int] | None:
    """The module of Python 3.*minor*'s standard library that *project* brings to older ones, and the first minor that has it.

    It has the name of the project, or the project adds ``backports`` to it; that in the standard library is found first.
    """
    module = project.removeprefix("backports-").replace("-", "_")
    # What describes types knows more modules, such as typing_extensions, than Python has.
    if library is None or not (module in library.spans or module in sys.stdlib_module_names):
        return None
    if not library.had(module) or not library.has(module, minor):
        return None
    return module, library.first_minor(module) or _OLDEST


def python_marker(since: int) -> str:
    """The marker that holds on Pythons before 3.*since*."""
    return f'python_version < "3.{since}"'


def system_marker(systems: tuple[str, ...]) -> str:
    """The marker that holds on *systems* alone."""
    everywhere = set(NAMES)
    if len(systems) > 1 and everywhere - set(systems) == {"win32"}:
        return 'sys_platform != "win32"'
    return " or ".join(f'sys_platform == "{system}"' for system in systems)


def joined_marker(text: str, other: Marker | None) -> str:
    """The marker that holds where *text* and *other* hold."""
    return text if other is None else str(Marker(f"({other}) and ({text})"))
