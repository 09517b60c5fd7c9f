"""What a judgement of risk may look at: the edits, both resolutions, and the ports to pages and code; judges nothing itself."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from packaging.requirements import InvalidRequirement
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model.compatibility import RepairKnowledge
from wheelcheck.model.distribution import Distribution, ProjectPage, Wheel
from wheelcheck.model.judgement import Installability
from wheelcheck.model.repair import Edit
from wheelcheck.model.requirement import CandidateOrigin, Requirement
from wheelcheck.model.resolution import Pin, Resolution
from wheelcheck.ports import Code, Projects
from wheelcheck.targets.fitting import Compatibility


class Dependant(Struct, frozen=True, kw_only=True):
    """A pin of the repaired resolution whose own metadata asks for a project, as it stands there, whatever edits made of it."""

    pin: Pin
    requirements: tuple[Requirement, ...]

    def admits(self, version: Version) -> bool:
        """Whether every one of its requirements admits *version*."""
        return all(each.specifier.contains(version, prereleases=True) for each in self.requirements)

    def __str__(self) -> str:
        return f"{self.pin.name} {self.pin.version}"


class RepairCase(Struct, frozen=True, kw_only=True):
    """A set of edits with its proof.

    ``before`` is the natural resolution of the unrepaired question, ``None`` when the requirements clashed; ``after`` the one
    that proved the edits.
    """

    edits: tuple[Edit, ...]
    before: Resolution | None
    after: Resolution
    projects: Projects
    code: Code
    knowledge: RepairKnowledge

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
            found = tuple(_iter_requirements(pin, name, compatibility)) or self._edges(parent, name)
            if found:
                yield Dependant(pin=pin, requirements=found)

    def _edges(self, parent: NormalizedName, child: NormalizedName) -> tuple[Requirement, ...]:
        natural = self.natural(parent)
        if self.before is None or natural is None or natural.version != self.after.pins[parent].version:
            return ()
        return tuple(edge.requirement for edge in self.before.edges if (edge.parent, edge.child) == (parent, child))

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


def _iter_requirements(pin: Pin, name: NormalizedName, compatibility: Compatibility) -> Iterator[Requirement]:
    version = pin.metadata.version or pin.version
    for text in pin.metadata.requires:
        try:
            found = Requirement.parse(text, CandidateOrigin(name=pin.name, version=version))
        except InvalidRequirement:
            continue
        marker = found.marker
        if found.name == name and (
            marker is None or any(compatibility.evaluate(marker, extra).holds for extra in ("", *sorted(pin.extras)))
        ):
            yield found
