"""``tool.uv.sources`` and ``tool.uv.workspace``: what stands in the place of a requirement, and which projects are the user's own.

A member is known by its static metadata and never looked up on an index. As in uv, a source of the project itself comes before
one of the workspace, and relative paths start at the file that has them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace
from packaging.markers import InvalidMarker, Marker
from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.errors import InputUnreadable
from wheelcheck.model.requirement import FileOrigin, Requirement, UnsupportedRequirement
from wheelcheck.requirements.lines import WrittenRequirement
from wheelcheck.requirements.requirement import parse_written
from wheelcheck.texts.files import is_file, is_there, read_file
from wheelcheck.texts.places import LineUnreadable, file_url, project_of_folder
from wheelcheck.texts.sources import Reader, Source
from wheelcheck.texts.toml import Table

_OPPOSITES = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "in": "not in", "not in": "in"}
_WHERE = ("workspace", "path", "git", "url", "index")


class Workspace(Struct, frozen=True, kw_only=True):
    """A workspace of uv: the source and document of its root, and the folder of each member, by the member's name."""

    root: Source
    document: Table
    members: Mapping[NormalizedName, Path]


class UvSource(Struct, frozen=True, kw_only=True):
    """One entry of ``tool.uv.sources``: a *kind* of ``_WHERE`` with its *value*, and when it counts.

    *table* is where it stands, *folder* where its relative paths start, *key* its name there.
    """

    kind: str
    value: str
    suffix: str
    marker: Marker | None
    extra: NormalizedName | None
    group: NormalizedName | None
    table: Table
    key: str
    folder: Path | None

    @property
    def line(self) -> int:
        """The line of its key."""
        return self.table.line_of(self.key)

    @property
    def origin(self) -> FileOrigin:
        """Where it stands."""
        return FileOrigin(path=self.table.path, line=self.line)

    def failure(self, fact: str, hint: str = "") -> InputUnreadable:
        """The error that *fact* is true of this source."""
        return InputUnreadable(f"{self.table.name_of(self.key)}: {fact}", address=str(self.origin), hint=hint)


class Lowered(Struct, frozen=True, kw_only=True):
    """What stands in the place of a requirement: requirements, and the names of indexes with the marker of each."""

    requirements: tuple[Requirement | UnsupportedRequirement, ...]
    indexes: tuple[UvSource, ...] = ()


def load_workspace(source: Source, document: Table, reader: Reader) -> Workspace | None:
    """The workspace that the project of *document* is in: its own, else that of the nearest folder above that has one.

    Raises ``InputUnreadable`` for a ``pyproject.toml`` that is malformed.
    """
    if source.folder is None:
        return None
    if "workspace" in document.within("tool", "uv").values:
        return _workspace(source, document)
    own = source.folder.absolute()
    for depth, folder in enumerate(own.parents, start=1):
        path = folder / "pyproject.toml"
        if not is_file(path) or b"workspace" not in read_file(path):
            continue
        place = os.path.normpath(Path(source.place).parent / "/".join([os.pardir] * depth) / "pyproject.toml")
        above = _toml(path, place)
        if "workspace" in above.within("tool", "uv").values:
            found = _workspace(replace(source, place=place, folder=folder, text=above.document), above)
            if own not in {member.absolute() for member in found.members.values()}:
                return None
            reader.file(path, place)
            return found
    return None


def _workspace(source: Source, document: Table) -> Workspace:
    table = document.within("tool", "uv").table("workspace")
    excluded, root = table.texts("exclude"), source.folder or Path()
    members: dict[NormalizedName, Path] = {}
    for pattern in ("", *table.texts("members")):
        for folder in _folders(root, pattern, table):
            relative = folder.relative_to(root).as_posix()
            if not is_file(folder / "pyproject.toml") or any(fnmatchcase(relative, each) for each in excluded):
                continue
            name = project_of_folder(folder)
            if name is not None:
                members[name] = folder
            else:
                place = (Path(source.place).parent / relative / "pyproject.toml").as_posix()
                _toml(folder / "pyproject.toml", place)
    return Workspace(root=source, document=document, members=members)


def _folders(root: Path, pattern: str, table: Table) -> list[Path]:
    parts = Path(pattern).parts
    # uv refuses it on every Python, which does so itself before 3.13 only.
    fault = "** stands for whole folders" if any("**" in part and part != "**" for part in parts) else ""
    if not fault:
        try:
            return sorted(root.glob(pattern)) if parts else [root]
        except (NotImplementedError, ValueError) as problem:
            fault = str(problem)
    text = f"{table.name_of('members')}: {pattern!r} is no pattern of folders: {fault}"
    raise table.failure(text, "write it from this file's folder: packages/*", line=table.line_of("members"))


def _toml(path: Path, place: str) -> Table:
    return Table.of_toml(Reader(fetch_text=None, stdin=None).file(path, place).text, place)


class UvSources:
    """The sources that count for one project: its own, and those of the *workspace* where it has none for a name."""

    def __init__(self, source: Source, document: Table, workspace: Workspace | None) -> None:
        self.workspace = workspace
        self._entries: dict[NormalizedName, tuple[UvSource, ...]] = {}
        shared = [(workspace.root, workspace.document)] if workspace is not None else []
        for place, table in (*shared, (source, document)):
            uv = table.table_or_empty("tool").table_or_empty("uv")
            if uv.values.get("no-sources") is True:
                self._entries = {}
                continue
            ignored = set(map(canonicalize_name, uv.texts("no-sources-package")))
            sources = uv.table_or_empty("sources")
            read = {canonicalize_name(name): _entries(sources, name, place.folder) for name in sources.values}
            self._entries.update({name: entries for name, entries in read.items() if name not in ignored})

    def lowered(
        self, requirement: Requirement, extra: NormalizedName | None = None, group: NormalizedName | None = None
    ) -> Lowered:
        """What stands for *requirement*, asked for by *extra* or *group* of the project, by neither for its own dependencies.

        Raises ``InputUnreadable`` for a source that is not there.
        """
        entries = [
            each
            for each in self._entries.get(requirement.name, ())
            if each.extra in (None, extra) and each.group in (None, group)
        ]
        if requirement.url is not None or not entries:
            self._refuse_forgotten(requirement)
            return Lowered(requirements=(requirement,))
        indexes = tuple(each for each in entries if each.kind == "index")
        elsewhere = [each for each in entries if each.kind != "index"]
        rest = _outside(requirement, elsewhere)
        replaced = [self._replaced(requirement, each) for each in elsewhere]
        return Lowered(requirements=(*replaced, *rest), indexes=indexes)

    def _refuse_forgotten(self, requirement: Requirement) -> None:
        """Refuse a requirement on a member that does not say so, as uv does: a project of that name on an index is another's."""
        members = self.workspace.members if self.workspace is not None else {}
        if requirement.url is None and requirement.name in members:
            raise InputUnreadable(
                f"{requirement.name} is a member of the workspace, and tool.uv.sources does not say so",
                address=str(requirement.origin),
                hint=f"write {requirement.name} = {{ workspace = true }} in [tool.uv.sources]",
            )

    def _replaced(self, requirement: Requirement, source: UvSource) -> Requirement | UnsupportedRequirement:
        extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
        marker = joined_markers(requirement.marker, source.marker)
        written = WrittenRequirement(
            text=f"{requirement.name}{extras} @ {self._where(source)}" + (f" ; {marker}" if marker else ""),
            origin=requirement.origin,
            folder=source.folder,
        )
        try:
            return parse_written(written)
        except LineUnreadable as problem:
            raise source.failure(problem.message, problem.hint) from None

    def _where(self, source: UvSource) -> str:
        if source.kind == "git":
            return f"git+{source.value}{source.suffix}"
        if source.kind == "url":
            return f"{source.value}{source.suffix}"
        if source.kind == "workspace":
            return file_url(self._member(source)) + source.suffix
        return _beside(source)

    def _member(self, source: UvSource) -> Path:
        members = self.workspace.members if self.workspace is not None else {}
        name = canonicalize_name(source.key)
        if name not in members:
            known = f"its members are {', '.join(sorted(members))}" if members else "there is no workspace here"
            raise source.failure(f"{source.key} is no member of the workspace", f"{known}; add it, or give its path")
        return members[name]


def _beside(source: UvSource) -> str:
    """The path of *source* as a URL; where nothing is there, as it is written."""
    if source.folder is None:
        raise source.failure("a path, in a file that has no folder", "name the pyproject.toml by its path")
    path = source.folder / source.value
    return file_url(path) + source.suffix if is_there(path) else source.value


def joined_markers(first: Marker | None, second: Marker | None) -> Marker | None:
    """The marker that holds where both do."""
    if first is None or second is None:
        return first or second
    return Marker(f"({first}) and ({second})")


def under(requirement: Requirement, marker: Marker | None) -> Requirement:
    """*requirement* where *marker* holds too, in its text as well."""
    if marker is None:
        return requirement
    both = joined_markers(requirement.marker, marker)
    # In a URL only a semicolon behind a blank begins a marker.
    plain = requirement.text.partition(" ;" if requirement.url is not None else ";")[0].rstrip()
    return replace(requirement, marker=both, text=f"{plain} ; {both}")


def _outside(requirement: Requirement, sources: Sequence[UvSource]) -> tuple[Requirement, ...]:
    """*requirement* where the marker of none of *sources* holds."""
    left = requirement
    for source in sources:
        if source.marker is None:
            return ()
        try:
            outside = Marker(negated(source.marker))
        except KeyError as operator:
            raise source.failure(f"a marker with {operator} has no opposite", "write it with <, >=, == or !=") from None
        left = under(left, outside)
    return (left,)


def negated(marker: Marker) -> str:
    """The text of the marker that holds where *marker* does not. Raises ``KeyError`` for an operator that has no opposite."""
    return _opposite(marker._markers)


def _opposite(node: object) -> str:
    if isinstance(node, tuple):
        left, operator, right = node
        return f"{left.serialize()} {_OPPOSITES[operator.value]} {right.serialize()}"
    alternatives: list[list[object]] = [[]]
    for each in node if isinstance(node, list) else []:
        if each == "or":
            alternatives.append([])
        elif each != "and":
            alternatives[-1].append(each)
    return " and ".join(f"({' or '.join(map(_opposite, terms))})" for terms in alternatives)


def _entries(sources: Table, name: str, folder: Path | None) -> tuple[UvSource, ...]:
    value = sources.values[name]
    listed = value if isinstance(value, list) else [value]
    tables = [each for each in listed if isinstance(each, dict)]
    if not listed or len(tables) < len(listed):
        raise sources.wrong(name, "a table, or a list of tables")
    return tuple(each for entry in tables for each in _iter_source(sources, name, entry, folder))


def _iter_source(sources: Table, name: str, entry: Mapping[str, object], folder: Path | None) -> Iterator[UvSource]:
    kind = next((each for each in _WHERE if each in entry), None)
    if kind is None:
        raise sources.failure(f"{sources.name_of(name)} names none of {', '.join(_WHERE)}", line=sources.line_of(name))
    value = entry[kind]
    if kind == "workspace" and value is False:
        return
    if not isinstance(value, str) and value is not True:
        raise sources.failure(f"{sources.name_of(name)}.{kind} must be a string", line=sources.line_of(name))
    revision = next((str(entry[key]) for key in ("rev", "tag", "branch") if key in entry), "")
    inner = f"#subdirectory={entry['subdirectory']}" if entry.get("subdirectory") else ""
    yield UvSource(
        kind=kind,
        value=str(value),
        suffix=(f"@{revision}" if revision and kind == "git" else "") + inner,
        marker=_marker(sources, name, entry.get("marker")),
        extra=_name(entry.get("extra")),
        group=_name(entry.get("group")),
        table=sources,
        key=name,
        folder=folder,
    )


def _name(value: object) -> NormalizedName | None:
    return canonicalize_name(value) if isinstance(value, str) else None


def _marker(sources: Table, name: str, value: object) -> Marker | None:
    try:
        return Marker(value) if isinstance(value, str) else None
    except InvalidMarker:
        raise sources.failure(
            f"{sources.name_of(name)}: no environment marker: {value!r}", line=sources.line_of(name)
        ) from None
