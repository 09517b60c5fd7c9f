"""The edits that a repair is made of, one class for each kind, and the words that say them on a command line.

``Change, State → State`` and ``Change → Edit``. To add a kind: name it in ``model.repair.EditKind``, write its class
here, and give it a row in ``remedies.REMEDIES`` (when it is tried) and in ``risk.JUDGES`` (what it may break).

Costs follow the promise that an edit breaks. They are whole numbers; only their order and their sums
count.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import ClassVar, Self

from msgspec import Struct
from msgspec.structs import replace
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model.knowledge import Substitute
from wheelcheck.model.repair import Edit, EditKind
from wheelcheck.model.requirement import CommandLineOrigin, Constraint, Requirement, replaced
from wheelcheck.model.urls import masked
from wheelcheck.repairs.context import Difference, State
from wheelcheck.targets.targets import parse_target

Key = tuple[str, str, str]
Keys = frozenset[Key]


class Change(Struct, frozen=True, kw_only=True):
    """One edit under consideration: why it is made, and how much of a promise it breaks."""

    kind: ClassVar[EditKind]
    because: str = ""
    cost: int

    @property
    def package(self) -> NormalizedName | None:
        """The project that is changed, ``None`` where it is the target or the day."""
        return None

    @property
    def slot(self) -> str:
        """The part of the question that it takes up: of two changes with the same slot only one can be made."""
        return self.package or self.kind.value

    @property
    def word(self) -> str:
        """Distinguishes it from others of its kind in its slot; empty where there can be only one."""
        return ""

    @property
    def moved(self) -> tuple[str, str]:
        """The text before the change and after it, as a person would write both; empty where there is none."""
        return "", ""

    @property
    def reason(self) -> str:
        """The project, or the fact, that makes the change necessary."""
        return self.because

    def applied(self, state: State) -> State:
        """*state* with the change made."""
        raise NotImplementedError

    def edit(self, asked: State) -> Edit:
        """The change as a person reads it, with the words that make it to *asked*."""
        before, after = self.moved
        return Edit(
            kind=self.kind,
            package=self.package,
            before=before,
            after=after,
            because=self.reason,
            options=Difference.between(asked, self.applied(asked)).words,
        )


class ProjectChange(Change, frozen=True, kw_only=True):
    """A change to the project *name*."""

    name: NormalizedName

    @property
    def package(self) -> NormalizedName:
        return self.name


def key_of(change: Change) -> Key:
    """The identity of *change* for the search, whatever version it will be settled on."""
    return (change.kind.value, change.slot, change.word)


class Constrained(Change, frozen=True, kw_only=True):
    """The project of *bound* is kept within it, which lies within all declared bounds; any number of bounds may stand together."""

    kind = EditKind.CONSTRAIN
    cost: int = 5
    bound: Requirement

    @property
    def package(self) -> NormalizedName:
        return self.bound.name

    @property
    def slot(self) -> str:
        return f"constraint {self.bound}"

    @property
    def moved(self) -> tuple[str, str]:
        return "", str(self.bound.specifier)

    def applied(self, state: State) -> State:
        bound = _asked(f"{self.bound.name}{self.bound.specifier}", "-c")
        constraints = (*state.question.constraints, Constraint.from_requirement(bound))
        return state.with_question(constraints=constraints)


class Added(Change, frozen=True, kw_only=True):
    """What *wanted* says is asked for besides, since the code of another project imports it and nobody declares it."""

    kind = EditKind.ADD
    cost: int = 7
    wanted: Requirement

    @property
    def package(self) -> NormalizedName:
        return self.wanted.name

    @property
    def moved(self) -> tuple[str, str]:
        return "", str(self.wanted)

    def applied(self, state: State) -> State:
        return state.with_question(requirements=(*state.question.requirements, _asked(str(self.wanted), "")))


class SettingChange(Change, frozen=True, kw_only=True):
    """An option of the run is *value* instead of *before*."""

    value: str
    before: str

    @property
    def word(self) -> str:
        return self.value

    @property
    def moved(self) -> tuple[str, str]:
        return self.before, self.value


class OnPython(SettingChange, frozen=True, kw_only=True):
    """The target runs another Python, in a word such as ``3.11``."""

    kind = EditKind.PYTHON

    def applied(self, state: State) -> State:
        return state.with_question(target=parse_target(state.question.target.platform, self.value))


class OnPlatform(SettingChange, frozen=True, kw_only=True):
    """The target has another floor (glibc, macOS) of the same family and machine."""

    kind = EditKind.PLATFORM

    def applied(self, state: State) -> State:
        return state.with_question(target=parse_target(self.value, state.question.target.python))


class Substituted(Change, frozen=True, kw_only=True):
    """*substitute* stands in for its project everywhere; *specifier* bounds the replacement as its project was bounded."""

    kind = EditKind.SUBSTITUTE
    substitute: Substitute
    specifier: SpecifierSet

    @property
    def package(self) -> NormalizedName:
        return self.substitute.project

    @property
    def word(self) -> str:
        return self.substitute.replacement

    @property
    def moved(self) -> tuple[str, str]:
        return str(self.specifier), f"{self.substitute.replacement}{self.specifier}"

    def applied(self, state: State) -> State:
        added = _asked(self.moved[1], "")
        asking = state.with_question(requirements=(*state.question.requirements, added))
        return _excluding(asking, self.substitute.project)


class FromIndex(ProjectChange, frozen=True, kw_only=True):
    """*name* comes from the index at *url* and no other."""

    kind = EditKind.INDEX
    cost: int = 25
    url: str

    @property
    def word(self) -> str:
        return self.url

    @property
    def moved(self) -> tuple[str, str]:
        return "", masked(self.url)

    def applied(self, state: State) -> State:
        return replace(state, sources={**state.sources, self.name: self.url})


class Marked(ProjectChange, frozen=True, kw_only=True):
    """*name* is asked for, as *declared*, where *marker* holds alone, which it does not on the target.

    The user's own line says so; where others ask too (*by_override*), an override does, in place of all that is asked.
    """

    kind = EditKind.MARKER
    cost: int = 30
    declared: str
    marker: str
    by_override: bool = False

    @property
    def moved(self) -> tuple[str, str]:
        return self.declared, f"{self.declared}; {self.marker}"

    def applied(self, state: State) -> State:
        return _overriding(state, self.moved[1]) if self.by_override else _replacing(state, self.moved[1])


class VersionChange(ProjectChange, frozen=True, kw_only=True):
    """A change to another version of *name*; until it is settled any version may be taken.

    *candidates* are the versions to try, nearest to what was asked for first.
    """

    candidates: tuple[Version, ...]
    version: Version | None = None

    def settled(self, version: Version | None) -> Self:
        """The same change, to *version* and no other; with ``None`` to any."""
        return replace(self, version=version)

    def later_than(self, version: Version, count: int) -> Self:
        """The same change without *version*, those before it and the next *count* - 1 after it as candidates, but for the last."""
        passed = sorted(each for each in self.candidates if each > version)[:-1][: count - 1]
        candidates = tuple(each for each in self.candidates if each > version and each not in passed)
        return replace(self, candidates=candidates, version=None)

    def may_be(self, version: Version) -> bool:
        """Whether *version* is one to try; where none are listed, any is."""
        return not self.candidates or version in self.candidates

    @property
    def bound_text(self) -> str:
        """The version that the change is settled on, as a bound."""
        return f"=={self.version}" if self.version is not None else ""


class Repinned(VersionChange, frozen=True, kw_only=True):
    """The user's own requirements on a project, which read *declared*, take another version; *extras* are kept.

    The requirements of other projects stay.
    """

    kind = EditKind.PIN
    cost: int = 40
    extras: frozenset[NormalizedName] = frozenset()
    declared: str = ""

    @property
    def moved(self) -> tuple[str, str]:
        return self.declared, self.bound_text

    def applied(self, state: State) -> State:
        return _replacing(state, f"{with_extras(self.name, self.extras)}{self.bound_text}")


class AsOf(SettingChange, frozen=True, kw_only=True):
    """Nothing uploaded after a day (ISO 8601) counts; the day itself does, as for ``--exclude-newer``."""

    kind = EditKind.DATE
    cost: int = 50

    @property
    def cutoff(self) -> str:
        """The first instant that no longer counts."""
        return f"{(date.fromisoformat(self.value) + timedelta(days=1)).isoformat()}T00:00:00Z"

    def applied(self, state: State) -> State:
        return state.with_policy(exclude_newer=self.cutoff)


class WithoutExtras(ProjectChange, frozen=True, kw_only=True):
    """The user's requirements on *name* lose the extras *dropped* and keep *kept*; *specifier* is theirs."""

    kind = EditKind.EXTRA
    cost: int = 60
    dropped: frozenset[NormalizedName]
    kept: frozenset[NormalizedName]
    specifier: SpecifierSet

    @property
    def word(self) -> str:
        return ",".join(sorted(self.dropped))

    @property
    def moved(self) -> tuple[str, str]:
        before, after = (with_extras(self.name, each) for each in (self.kept | self.dropped, self.kept))
        return f"{before}{self.specifier}", f"{after}{self.specifier}"

    def applied(self, state: State) -> State:
        return _replacing(state, self.moved[1])


class Overridden(VersionChange, frozen=True, kw_only=True):
    """Every requirement on a project is replaced; *declared* is each bound with its author: ``("audiocraft 1.3.0", "==11.0.0")``.

    *because* is the reason where there is no such bound. *cost* depends on whether the project is itself the blocker or stands
    above it. *bound* limits the versions that may be taken until one is settled on.
    """

    kind = EditKind.OVERRIDE
    cost: int = 80
    declared: tuple[tuple[str, str], ...] = ()
    bound: SpecifierSet = SpecifierSet()

    @property
    def bound_text(self) -> str:
        return f"=={self.version}" if self.version is not None else str(self.bound)

    @property
    def moved(self) -> tuple[str, str]:
        return " and ".join(dict.fromkeys(bound for _, bound in self._passed())), self.bound_text

    @property
    def reason(self) -> str:
        return ", ".join(dict.fromkeys(who for who, _ in self._passed())) or self.because

    def _passed(self) -> list[tuple[str, str]]:
        """Which of the declared bounds it passes over, all of them where it is within each."""
        version = self.version
        passed = [
            each
            for each in self.declared
            if version is None or not SpecifierSet(each[1]).contains(version, prereleases=True)
        ]
        return passed or list(self.declared)

    def applied(self, state: State) -> State:
        return _overriding(state, f"{self.name}{self.bound_text}")


class Excluded(ProjectChange, frozen=True, kw_only=True):
    """*name* is taken out of every requirement list, and all that only it needs goes too; *version* would have been installed."""

    kind = EditKind.EXCLUDE
    cost: int = 200
    version: str = ""

    @property
    def moved(self) -> tuple[str, str]:
        return self.version, ""

    def applied(self, state: State) -> State:
        return _excluding(state, self.name)


def _asked(text: str, option: str) -> Requirement:
    """The requirement *text* as its *option* on the command line gives it."""
    return Requirement.parse(text, CommandLineOrigin(text=text, option=option))


def with_extras(name: NormalizedName, extras: frozenset[NormalizedName]) -> str:
    """*name* with *extras* in brackets, where there are any."""
    return f"{name}[{','.join(sorted(extras))}]" if extras else name


def _replacing(state: State, text: str) -> State:
    return state.with_question(requirements=replaced(state.question.requirements, _asked(text, "--replace")))


def _overriding(state: State, text: str) -> State:
    """*state* with the override *text*; one that was there on the same project gives way."""
    override = _asked(text, "--override")
    kept = tuple(each for each in state.question.policy.overrides if each.name != override.name)
    return state.with_policy(overrides=(*kept, override))


def _excluding(state: State, name: NormalizedName) -> State:
    return state.with_policy(excludes=state.question.policy.excludes | {name})
