"""Takes the lists of requirements of one project, each requirement as its own tool would have it; chooses no list.

``Declared → Requirement → what stands in its place``: the project's own extras are replaced by their content, those with a source
(uv) or a table of their own (Poetry) by what that says. What such a local project requires of other local projects joins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace
from packaging.markers import Marker
from packaging.utils import NormalizedName

from wheelcheck.errors import InputUnreadable
from wheelcheck.model.requirement import IndexSource, Requirement, ToolSettings, UnsupportedRequirement
from wheelcheck.requirements.collecting import Collector, understood
from wheelcheck.requirements.requirement import parse_editable
from wheelcheck.requirements.tool_tables import Declared
from wheelcheck.requirements.uv_sources import UvSources, joined_markers, under
from wheelcheck.texts.poetry import PoetryDependency
from wheelcheck.texts.sources import Source


class Scope(Struct, frozen=True, kw_only=True):
    """Which list is taken: that of *extra*, of *group*, or the project's own; *marker* is the condition of all of it.

    Of a project that another one requires (*is_required*), whose metadata will be read, only what lies elsewhere is taken.
    """

    extra: NormalizedName | None = None
    group: NormalizedName | None = None
    marker: Marker | None = None
    is_required: bool = False


class WalkedProject(Struct, frozen=True, kw_only=True):
    """The project whose lists are taken: its *source*, *name* and *extras*, the *sources* of uv and what Poetry *added*."""

    source: Source
    name: NormalizedName | None
    extras: Mapping[NormalizedName, tuple[Declared, ...]] = field(default_factory=dict)
    sources: UvSources
    added: Mapping[NormalizedName, tuple[PoetryDependency, ...]] = field(default_factory=dict)


class Walk:
    """Takes lists of requirements, replacing the project's own extras by their content, each once per marker.

    *follow* is called for each requirement on a folder of this machine.
    """

    def __init__(self, project: WalkedProject, collector: Collector, follow: Callable[[Requirement], None]) -> None:
        self._project = project
        self._collector = collector
        self._follow = follow
        self._visited: set[tuple[NormalizedName, str]] = set()
        self._way: list[NormalizedName] = []

    def take(self, listed: Sequence[Declared], scope: Scope) -> None:
        """Ask for each of *listed*; one that is none, or an own extra that there is not, becomes a problem of the collector."""
        for each in listed:
            with self._collector.noting():
                self._take(each, scope)

    def _take(self, each: Declared, scope: Scope) -> None:
        requirement = self._understood(each)
        if isinstance(requirement, UnsupportedRequirement):
            marker = joined_markers(requirement.marker, scope.marker)
            self._collector.require(replace(requirement, marker=marker))
            return
        requirement = under(requirement, scope.marker)
        if requirement.name == self._project.name and requirement.url is None:
            self._take_own(requirement, each, scope)
        else:
            self._require(requirement, each, scope)

    def take_extra(self, scope: Scope) -> None:
        """Ask for what the extra of *scope* lists, unless that was done under its marker."""
        extra = scope.extra
        # An extra that asks for itself by way of others adds nothing but narrower markers, without end.
        if extra is None or extra in self._way or (extra, str(scope.marker)) in self._visited:
            return
        self._visited.add((extra, str(scope.marker)))
        self._way.append(extra)
        self.take(self._project.extras[extra], scope)
        self._way.pop()

    def _understood(self, each: Declared) -> Requirement | UnsupportedRequirement:
        if each.text.startswith("-e "):
            text = each.text.removeprefix("-e ").strip()
            return understood(text, each.origin, self._project.source, parse=parse_editable)
        return understood(each.text, each.origin, self._project.source)

    def _take_own(self, requirement: Requirement, each: Declared, scope: Scope) -> None:
        for extra in sorted(requirement.extras):
            if extra not in self._project.extras:
                raise InputUnreadable(f"{each.text!r} asks for an extra that is not declared", address=str(each.origin))
            self.take_extra(replace(scope, extra=extra, group=None, marker=requirement.marker))

    def _require(self, requirement: Requirement, each: Declared, scope: Scope) -> None:
        entries = self._project.added.get(requirement.name, ())
        for entry in entries:
            self._add_to(requirement, entry, each)
        if each.pre or any(entry.pre for entry in entries):
            self._collector.tools = self._collector.tools.joined(ToolSettings(pre_of=frozenset({requirement.name})))
        if each.index:
            self._assign(requirement, each.index, None, each)
        if any(entry.where for entry in entries):
            return
        lowered = self._project.sources.lowered(requirement, scope.extra, scope.group)
        for source in lowered.indexes:
            place = Declared(text=each.text, origin=source.origin, key=source.table.name_of(source.key))
            self._assign(requirement, source.value, source.marker, place)
        for lowly in lowered.requirements:
            if not scope.is_required or isinstance(lowly, UnsupportedRequirement) or lowly.url is not None:
                self._ask_for(lowly)

    def _ask_for(self, requirement: Requirement | UnsupportedRequirement) -> None:
        self._collector.require(requirement)
        if isinstance(requirement, Requirement) and requirement.local:
            self._follow(requirement)

    def _assign(self, requirement: Requirement, index: str, marker: Marker | None, each: Declared) -> None:
        both = joined_markers(requirement.marker, marker)
        source = IndexSource(project=requirement.name, index=index, marker=both, origin=each.origin)
        self._collector.assign(source, each.key)

    def _add_to(self, requirement: Requirement, entry: PoetryDependency, each: Declared) -> None:
        """Join what Poetry's own table says of *requirement*, which ``[project]`` lists."""
        marker = Marker(entry.marker) if entry.marker else None
        if entry.source:
            self._assign(requirement, entry.source, marker, replace(each, key=f"tool.poetry.dependencies.{entry.name}"))
        if entry.where:
            elsewhere = self._understood(Declared(text=entry.text(), origin=each.origin))
            if isinstance(elsewhere, Requirement):
                marker = joined_markers(requirement.marker, elsewhere.marker)
                elsewhere = replace(elsewhere, marker=marker, extras=elsewhere.extras | requirement.extras)
            self._ask_for(elsewhere)
        elif entry.specifier:
            bound = understood(entry.text(), each.origin, self._project.source)
            self._collector.constrain(bound)
