"""What is asked of the hashes of files, as pip has it; reads and fetches no file itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec.structs import replace
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName

from wheelcheck.model.distribution import Distribution
from wheelcheck.model.requirement import Constraint, HashPin, Requirement
from wheelcheck.model.urls import hashes_in
from wheelcheck.targets.fitting import Compatibility


class HashRules:
    """What is asked of the hash of each project's files: one of each line's ``--hash`` (pip intersects those of several lines).

    ``lines`` are the specifiers of a project's lines with their hashes. A line says nothing of versions that it does not admit.
    *digest* hashes a file of this machine by an algorithm, and answers ``None`` for any other. A hash that neither the index
    announces nor *digest* knows is unknown, and not different.
    """

    def __init__(
        self,
        asked: Iterable[tuple[NormalizedName, SpecifierSet, Iterable[HashPin]]] = (),
        digest: Callable[[Distribution, str], str | None] = lambda _file, _algorithm: None,
    ) -> None:
        self.lines: dict[NormalizedName, tuple[tuple[SpecifierSet, frozenset[HashPin]], ...]] = {}
        for name, specifier, pins in asked:
            if line := frozenset(pins):
                self.lines[name] = (*self.lines.get(name, ()), (specifier, line))
        self._digest = digest

    @classmethod
    def of(
        cls,
        asked: Iterable[Requirement | Constraint],
        compatibility: Compatibility,
        digest: Callable[[Distribution, str], str | None],
    ) -> HashRules:
        """The rules of requirements and constraints; those whose marker does not hold on the target ask for nothing."""
        held = (each for each in asked if each.hashes and compatibility.holds(each.marker))
        return cls(((each.name, each.specifier, (*each.hashes, *_in_reference(each.url))) for each in held), digest)

    def clash(self, name: NormalizedName) -> bool:
        """Whether no file of *name* can have a hash of each line: of one algorithm they have none in common."""
        return _clash([line for _, line in self.lines.get(name, ())])

    def _on(self, file: Distribution) -> list[frozenset[HashPin]]:
        """The hashes of each line that admits the version of *file*."""
        lines = self.lines.get(file.name, ())
        return [line for specifier, line in lines if specifier.contains(file.version, prereleases=True)]

    def refuses(self, file: Distribution, *, hashing: bool) -> bool:
        """Whether *file* has none of the hashes that some line asks for; with *hashing* a file of this machine is read for it."""
        lines = self._on(file)
        return any(self._is_none_of(file, line, hashing) for line in lines) or (len(lines) > 1 and _clash(lines))

    def refuses_reference(self, file: Distribution, url: str) -> bool:
        """Whether *file*, which the reference *url* names, has another hash than its fragment or than the lines on its project."""
        known = dict(file.at.hashes)
        return self.refuses(file, hashing=True) or any(known.get(name, its) != its for name, its in hashes_in(url))

    def is_announced(self, file: Distribution) -> bool:
        """Whether the index itself tells a hash of *file* that some line asks for."""
        known = dict(file.at.hashes)
        return any(_announced(known, pin) for line in self._on(file) for pin in line)

    def vouched(self, file: Distribution) -> Distribution:
        """*file* with the hashes that the lines ask of it in algorithms which its index does not announce."""
        known = dict(file.at.hashes)
        open_lines = [line for line in self._on(file) if not any(_announced(known, pin) for pin in line)]
        if not open_lines:
            return file
        left = frozenset.intersection(*open_lines) or open_lines[0]
        pins = sorted((pin for pin in left if pin.algorithm not in known), key=lambda pin: (pin.algorithm, pin.digest))
        # Several may be of several files, in whatever algorithms; of a file of this machine they are those that it has.
        own = [(pin.algorithm, pin.digest) for pin in pins if self._digest(file, pin.algorithm) == pin.digest]
        asked = own or [(pin.algorithm, pin.digest) for pin in pins]
        if own or len(asked) == 1:
            return replace(file, at=replace(file.at, hashes=(*file.at.hashes, *asked)))
        return replace(file, at=replace(file.at, accepted=tuple(asked)))

    def _is_none_of(self, file: Distribution, line: frozenset[HashPin], hashing: bool) -> bool:
        known = dict(file.at.hashes)
        if any(_announced(known, pin) for pin in line):
            return False
        found = {
            pin: known.get(pin.algorithm) or (self._digest(file, pin.algorithm) if hashing else None) for pin in line
        }
        return None not in found.values() and not any(digest == pin.digest for pin, digest in found.items())


def _clash(lines: Iterable[frozenset[HashPin]]) -> bool:
    by_algorithm: dict[str, frozenset[HashPin]] = {}
    for line in lines:
        if len({pin.algorithm for pin in line}) == 1:
            algorithm = next(iter(line)).algorithm
            by_algorithm[algorithm] = by_algorithm.get(algorithm, line) & line
    return not all(by_algorithm.values())


def _in_reference(url: str | None) -> Iterable[HashPin]:
    """The hashes in the fragment of *url*, any of which serves beside those of its line's options."""
    return (HashPin(algorithm=name, digest=digest) for name, digest in hashes_in(url or ""))


def _announced(known: Mapping[str, str], pin: HashPin) -> bool:
    return known.get(pin.algorithm) == pin.digest
