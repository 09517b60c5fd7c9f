"""Orders the steps of a builder: what is built once, what is installed, and what must stand apart; refuses to drop a package."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.model.judgement import Installability
from wheelcheck.model.plan import BuilderPhase, Options, PlannedPackage
from wheelcheck.model.requirement import Requirement
from wheelcheck.model.resolution import Pin
from wheelcheck.model.target import Target
from wheelcheck.targets.fitting import Compatibility, stated_for, stated_requirements

_BUILT = frozenset({Installability.SDIST_PURE, Installability.SDIST_NATIVE, Installability.SDIST_UNKNOWN})

_NAME = re.compile(r"[\w.-]+")

_Links = Mapping[NormalizedName, frozenset[NormalizedName]]


def builder_phases(
    packages: Sequence[PlannedPackage], pins: Mapping[NormalizedName, Pin], target: Target, options: Options
) -> tuple[BuilderPhase, ...]:
    """The steps that install *packages*, which stand for *pins*, on *target*.

    Source archives are built once first. Everything is installed without resolving; packages that state a requirement which the
    plan does not meet (*options* overrode or excluded it) come in a last step of their own, in the order of their needs: an
    installer that did resolve would refuse exactly those. Takes time linear in what the pins state.
    """
    if not packages:
        return ()
    broken = broken_promises(pins, target)
    apart = _ordered(broken, _requires(packages))
    together = tuple(package.name for package in packages if package.name not in broken)
    to_build = build_order(packages)
    phases = [
        BuilderPhase(kind="build-once", packages=to_build),
        BuilderPhase(kind="install", packages=together),
        BuilderPhase(kind="install", packages=apart, reason=_reason(apart, broken, pins, options)),
    ]
    return tuple(phase for phase in phases if phase.packages)


def broken_promises(
    pins: Mapping[NormalizedName, Pin], target: Target
) -> dict[NormalizedName, tuple[Requirement, ...]]:
    """What each of *pins* states for *target* and its extras, and the others do not meet: not there, or at another version.

    A version that a pre-release rule alone would keep out meets a requirement: it was chosen knowingly.
    """
    compatibility = Compatibility(target)
    found: dict[NormalizedName, tuple[Requirement, ...]] = {}
    for name, pin in pins.items():
        unmet = tuple(
            requirement
            for requirement in _iter_stated(pin, compatibility)
            if requirement.name != name and not _is_met(requirement, pins)
        )
        if unmet:
            found[name] = unmet
    return found


def _iter_stated(pin: Pin, compatibility: Compatibility) -> Iterator[Requirement]:
    texts = pin.metadata.requires
    stated = stated_requirements(texts, pin.name, pin.version)
    for requirement in stated if pin.extras else stated_for(texts, pin.name, pin.version, ""):
        marker = requirement.marker
        if marker is None or any(compatibility.evaluate(marker, extra).holds for extra in ("", *sorted(pin.extras))):
            yield requirement


def _is_met(requirement: Requirement, pins: Mapping[NormalizedName, Pin]) -> bool:
    pin = pins.get(requirement.name)
    return pin is not None and requirement.specifier.contains(pin.version, prereleases=True)


def _reason(
    apart: Sequence[NormalizedName],
    broken: Mapping[NormalizedName, tuple[Requirement, ...]],
    pins: Mapping[NormalizedName, Pin],
    options: Options,
) -> str | None:
    """A sentence on why the packages *apart* stand apart: what their own metadata asks for, and what became of it."""
    overridden = {_named(text) for text in options.overrides}

    def fate(requirement: Requirement) -> str:
        name = requirement.name
        if name in overridden:
            return "which the override replaced"
        if name in options.excludes:
            return "which was excluded"
        return f"while the plan has {pins[name].version}" if name in pins else "which the plan lacks"

    clauses = [
        f"{name} {pins[name].version} asks for {_short(requirement)}, {fate(requirement)}"
        for name in apart
        for requirement in broken[name]
    ]
    return f"by their own metadata {'; '.join(clauses)}" if clauses else None


def _short(requirement: Requirement) -> str:
    """*requirement* without its marker, which holds anyway."""
    return str(requirement).partition(";")[0].strip()


def _named(text: str) -> NormalizedName:
    """The project of the requirement *text*."""
    found = _NAME.match(text.strip())
    return canonicalize_name(found[0] if found else text)


def build_order(packages: Sequence[PlannedPackage]) -> tuple[NormalizedName, ...]:
    """The *packages* that come as source archives, each after those it needs (also through wheels), then by name.

    A cycle is entered at its first name. Costs one walk of the graph for each source archive, of which plans have few.
    """
    built = {package.name for package in packages if package.installability in _BUILT}
    return _ordered(built, _requires(packages))


def _requires(packages: Sequence[PlannedPackage]) -> _Links:
    return {package.name: frozenset(package.requires) for package in packages}


def _ordered(
    names: Mapping[NormalizedName, object] | set[NormalizedName], requires: _Links
) -> tuple[NormalizedName, ...]:
    """*names*, each after those of them that it needs, then by name."""
    waiting = set(names)
    needs = {name: _reachable(name, requires) & waiting - {name} for name in waiting}
    order: list[NormalizedName] = []
    while waiting:
        # Names in a cycle wait for each other and for nothing else, so they have the fewest waits once their turn comes.
        following = min(waiting, key=lambda name: (len(needs[name] & waiting), name))
        waiting.remove(following)
        order.append(following)
    return tuple(order)


def _reachable(start: NormalizedName, requires: _Links) -> frozenset[NormalizedName]:
    seen: set[NormalizedName] = set()
    waiting = [start]
    while waiting:
        for name in requires.get(waiting.pop(), frozenset()):
            if name not in seen:
                seen.add(name)
                waiting.append(name)
    return frozenset(seen)
