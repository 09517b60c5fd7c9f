"""Questions drawn by seed, to small indexes with all that makes a choice hard, and their whole answers as lines."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from packaging.utils import canonicalize_name

from tests.fakes.projects import FakeFile, FakeProjects, sdist, wheel
from tests.resolver.test_passes import PURE, WHEELS, asked
from wheelcheck.model.distribution import Installability
from wheelcheck.model.requirement import Constraint
from wheelcheck.model.resolution import Conflict, Exemption, Pin, Policy, Resolution
from wheelcheck.resolver.question import Budget, Question
from wheelcheck.targets.targets import parse_target

TARGETS = (
    ("win_amd64", "3.11"),
    ("win_amd64", "3.12"),
    ("manylinux_2_28_x86_64", "3.11"),
    ("macosx_13_0_arm64", "3.12"),
)
_LINK = "https://files.example/{}-9.0{}"
_LOOSE = ("", "", "", ">=1", ">=2", "<5", "!=2", "!=3", "<=4", ">1")
_TIGHT = ("<3", "<=2", ">=3", ">=4", "==2", "==3", "~=3.0", "==2.*", ">=2rc1", "<1", "===1")
_MARKERS = (
    '; sys_platform == "win32"', '; sys_platform != "win32"', '; python_version < "3.12"', '; platform_release == "5"',
)  # fmt: skip
_TAGS = (
    "cp311-abi3-win_amd64",
    "cp312-cp312-win_amd64",
    "cp311-abi3-manylinux_2_17_x86_64",
    "cp311-abi3-macosx_11_0_arm64",
)
_DAYS = ("2020-01-01T00:00:00Z", "2024-01-01T00:00:00Z", "2025-06-01T00:00:00Z", None)


_NEAR = ((">=", -3), (">=", -1), ("<=", 1), ("<=", 3), ("==", 0), ("==", 1), ("<", -1), ("!=", 0))


class Drawn:
    """An index and a question to it, as *seed* gives them.

    A *deep* one has more versions, of which each bounds others near its own.
    """

    def __init__(self, seed: int, *, deep: bool = False) -> None:
        self._chance = Random(seed)  # noqa: S311 - not for secrets
        self._deep, self._at = deep, 0
        self._names = [f"p{number}" for number in range(self._chance.randint(4, 8))]
        self.index = {name: dict(self._versions()) for name in self._names}
        self._at = 0
        self.roots = [self._requirement(marked=0.1) for _ in range(self._chance.randint(1, 3) + deep)]
        self.constraints = [self._bound(name) for name in self._names if self._chance.random() < 0.1]
        self.policy = self._policy()

    def projects(self) -> FakeProjects:
        """The index anew, of which nothing was asked yet."""
        links = {
            _LINK.format(name, suffix): (f"{name}-9.0{suffix}", file)
            for name in self._names
            for suffix, file in (("-py3-none-any.whl", wheel(requires=["p0"])), (".tar.gz", sdist(purity="native")))
        }
        return FakeProjects(self.index, links=links)

    def question(self, target: int = 0, budget: Budget | None = None) -> Question:
        """The question for one of the targets."""
        return Question(
            requirements=tuple(map(asked, self.roots)),
            constraints=tuple(Constraint.from_requirement(asked(each)) for each in self.constraints),
            target=parse_target(*TARGETS[target]),
            policy=self.policy,
            budget=budget or Budget(),
        )

    def _versions(self) -> Iterator[tuple[str, list[FakeFile]]]:
        for version in range(1, self._chance.randint(12, 20) if self._deep else self._chance.randint(3, 6)):
            self._at = version
            yield f"{version}{self._chance.choice(('', '', '', 'rc1'))}", self._files()

    def _files(self) -> list[FakeFile]:
        chance = self._chance
        day, python = chance.choice(_DAYS[1:]), chance.choice((None, None, None, None, ">=3.12"))
        yanked = chance.choice((None,) * 7 + ("broken",))
        needs = [self._requirement(marked=0.2) for _ in range(chance.choice((0, 1, 1, 2, 3)))]
        needs += [f'{self._bound(chance.choice(self._names))}; extra == "x"'] if chance.random() < 0.3 else []
        kind = chance.choice(("any", "any", "any", "tags", "pure", "native", "unknown", "both"))
        found = []
        if kind == "any":
            found.append(wheel(requires=needs, extras=["x"], yanked=yanked, upload_time=day, requires_python=python))
        if kind in ("tags", "both"):
            tags = chance.sample(_TAGS, chance.randint(1, 3))
            found += [wheel(each, requires=needs, extras=["x"], yanked=yanked, upload_time=day) for each in tags]
        if kind in ("pure", "native", "unknown", "both"):
            purity = "unknown" if kind == "both" else kind
            stated = needs if chance.random() < 0.8 else None
            found.append(
                sdist(purity=purity, requires=stated, extras=["x"], upload_time=chance.choice(_DAYS), yanked=yanked)
            )
        return found

    def _bound(self, name: str) -> str:
        if self._deep:
            operator, distance = self._chance.choice(_NEAR)
            return f"{name}{operator}{max(self._at + distance, 1)}" if self._at else name
        bound = self._chance.choice((*_LOOSE, *_LOOSE, *_TIGHT))
        return f"{name}{bound}"

    def _requirement(self, marked: float) -> str:
        chance = self._chance
        if chance.random() < 0.02:
            name = chance.choice(self._names)
            return f"{name} @ {_LINK.format(name, chance.choice(('-py3-none-any.whl', '.tar.gz')))}"
        name = "absent" if chance.random() < 0.02 else chance.choice(self._names)
        text = self._bound(name)
        if chance.random() < 0.15:
            text = text.replace(name, f"{name}[x]", 1)
        return text + (chance.choice(_MARKERS) if chance.random() < marked else "")

    def _policy(self) -> Policy:
        chance, names = self._chance, [canonicalize_name(each) for each in self._names]

        def some(share: float) -> frozenset[str]:
            return frozenset(each for each in names if chance.random() < share)

        exempt = Exemption(name=names[0], specifier=asked("x<3").specifier, installabilities=frozenset(Installability))
        return Policy(
            allowed=chance.choice((WHEELS, PURE, PURE)),
            pre=chance.random() < 0.1,
            pre_of=frozenset(names[1:2]) if chance.random() < 0.1 else frozenset(),
            only_final=some(0.3) if chance.random() < 0.1 else frozenset(),
            prefer_binary=chance.random() < 0.1,
            exclude_newer="2025-01-01T00:00:00Z" if chance.random() < 0.1 else None,
            no_binary=some(0.2) if chance.random() < 0.1 else frozenset(),
            only_binary=some(0.2) if chance.random() < 0.1 else frozenset(),
            overrides=(asked(self._bound(names[-1])),) if chance.random() < 0.1 else (),
            excludes=frozenset(names[2:3]) if chance.random() < 0.1 else frozenset(),
            exempt=(exempt,) if chance.random() < 0.2 else (),
        )


def lines_of(outcome: Resolution | Conflict) -> list[str]:
    """All that an outcome says, but what the question says already."""
    if isinstance(outcome, Resolution):
        return [f"resolved in {outcome.rounds} rounds, effort {outcome.effort}", *_of_resolution(outcome)]
    words = f"{len(outcome.partial)} chosen, {outcome.rounds} rounds, effort {outcome.effort}"
    spent = ", the budget is spent" if outcome.budget_spent else ""
    lines = [f"conflict: {words}{spent}{', ' * bool(outcome.unnarrowed)}{outcome.unnarrowed}"]
    for clash in outcome.clashes:
        lines.append(f"  clash on {clash.name} ({clash.specifier}): {'; '.join(map(str, clash.requirements))}")
        lines += [f"    constraint {each}" for each in clash.constraints]
        lines += [f"    {' > '.join(path)}" for path in clash.paths]
    return lines + (["natural:", *_of_resolution(outcome.natural)] if outcome.natural is not None else [])


def _of_resolution(found: Resolution) -> Iterator[str]:
    yield from (f"  {_pin(pin)}" for pin in found.pins.values())
    yield from (f"  {edge.parent or 'you'} > {edge.child}: {edge.requirement}" for edge in found.edges)
    for pick in found.older:
        way = " > ".join(edge.child for edge in pick.way)
        lacking = "" if pick.lacking is None else f", lacking {pick.lacking.name} {pick.lacking.version}"
        days = f"{_day(pick.chosen_date)} for {_day(pick.natural_date)}"
        yield f"  older: {pick.name} {pick.chosen} for {pick.natural}, {days}, way [{way}]{lacking}"
    yield from (f"  absent: {name}" for name in found.absent)
    yield from (f"  unknowable: {' | '.join(each)}" for each in found.unknowable_markers)
    yield from (f"  refused: {name}: {reason}" for name, reason in found.refused)


def _pin(pin: Pin) -> str:
    extras = f"[{','.join(sorted(pin.extras))}]" if pin.extras else ""
    file = pin.distribution.filename if pin.distribution is not None else "no file"
    source, evidence = pin.metadata.source.value, f" ({'; '.join(pin.evidence)})" if pin.evidence else ""
    return f"{pin.name}{extras} {pin.version}: {file}, {pin.installability.value}, by {source}{evidence}"


def _day(moment: str | None) -> str:
    return moment[:10] if moment else "no day"


def cost_of(projects: FakeProjects) -> str:
    """How much was asked of an index, and how much of it ahead."""
    kinds = ("page", "metadata", "source")
    asked_ahead = ("prefetch_pages", "prefetch_metadata", "prefetch_sources")
    read = ", ".join(f"{kind} {projects.count_fetched(kind)}" for kind in kinds)
    return f"read: {read}; asked ahead: {', '.join(str(projects.count(each)) for each in asked_ahead)}"
