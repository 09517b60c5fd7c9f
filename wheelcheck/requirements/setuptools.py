"""Reads a project that states its dependencies in ``setup.cfg`` and ``setup.py``: both files count, whichever was named.

Of a script, literal values count and the files that it reads its requirements from. What else it computes is an error with its
line, since nothing is run; extras that it computes are none.
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import PureWindowsPath

from msgspec import Struct
from packaging.utils import canonicalize_name

from wheelcheck.errors import InputUnreadable
from wheelcheck.model.requirement import FileOrigin
from wheelcheck.requirements.tool_tables import Declared, DeclaredTables
from wheelcheck.texts.files import is_file
from wheelcheck.texts.setuptools import NotStatic, StatedProject, parse_config, parse_script, stated_in_config
from wheelcheck.texts.sources import Reader, Source
from wheelcheck.texts.toml import Table

CONFIG, SCRIPT = "setup.cfg", "setup.py"


class SetupFiles(Struct, frozen=True, kw_only=True):
    """What both files state together: *name*, *own* dependencies and extras with their places, and requirements *files*.

    ``document`` has ``project.requires-python``, as a ``pyproject.toml`` would.
    """

    name: str | None
    own: DeclaredTables
    files: Mapping[str, tuple[str, ...]]
    document: Table


class _Lines(Table):
    """A table made of a text that is no TOML: values are looked up as they are written."""

    __slots__ = ()

    def origin_of(self, value: str, *keys: str) -> FileOrigin:  # noqa: ARG002 - neither file has tables
        return _origin(value, [Source(place=self.path, text=self.document)])


def read_setup(source: Source, reader: Reader) -> SetupFiles:
    """The project of *source*, one of the two files, with the other one beside it.

    Raises ``InputUnreadable`` with the line for a script that computes what is asked for.
    """
    sources = {source.place.replace("\\", "/").rpartition("/")[2]: source, **_beside(source, reader)}
    config, script = _config(sources.get(CONFIG)), _script(sources.get(SCRIPT), reader, is_needed=CONFIG not in sources)
    stated = script.over(config)
    bounding = sources[SCRIPT if script.requires_python else CONFIG] if stated.requires_python else source
    bounds = {"project": {"requires-python": stated.requires_python}} if stated.requires_python else {}

    def listed(lines: Sequence[str]) -> tuple[Declared, ...]:
        return tuple(Declared(text=line, origin=_origin(line, list(sources.values()))) for line in lines)

    return SetupFiles(
        name=stated.name,
        own=DeclaredTables(
            dependencies=listed(stated.requires or ()),
            extras={canonicalize_name(extra): listed(lines) for extra, lines in (stated.extras or {}).items()},
        ),
        files=stated.files,
        document=_Lines(bounds, path=bounding.place, text=bounding.text),
    )


def _origin(value: str, sources: Sequence[Source]) -> FileOrigin:
    """Where *value* stands, without the marker that the name of its extra adds."""
    written = re.split(r";\s*\(", value, maxsplit=1)[0].rstrip()
    stands = re.compile(rf"""(?:^|['"=;]|\s){re.escape(written)}\s*(?:$|['";,\]\\])""")
    for source in sources:
        # Only lines that hold it are looked at, since there may be thousands of values and of lines.
        place = source.text.find(written)
        while 0 <= place < len(source.text):
            start, end = source.text.rfind("\n", 0, place) + 1, source.text.find("\n", place)
            line = source.text[start : end if end >= 0 else None].rstrip("\r")
            if stands.search(line) and not line.lstrip().startswith("#"):
                return FileOrigin(path=source.place, line=source.text.count("\n", 0, start) + 1)
            place = source.text.find(written, end + 1) if end >= 0 else -1
    return FileOrigin(path=sources[0].place)


def _beside(source: Source, reader: Reader) -> dict[str, Source]:
    other = SCRIPT if source.place.endswith(CONFIG) else CONFIG
    if source.folder is None or not is_file(source.folder / other):
        return {}
    return {other: reader.nested(other, source, 0)}


def _config(source: Source | None) -> StatedProject:
    try:
        return stated_in_config(parse_config(source.text)) if source is not None else StatedProject()
    except configparser.Error as problem:
        line = getattr(problem, "lineno", 0) or next((number for number, _ in getattr(problem, "errors", ())), 0)
        fact = (
            "a line outside of any section"
            if isinstance(problem, configparser.MissingSectionHeaderError)
            else "a line without a value"
        )
        raise InputUnreadable(f"no configuration file: {fact}", address=source.at(line) if source else "") from None


def _file_text(source: Source, reader: Reader, path: str) -> str | None:
    """The text of the file that the script *source* opens by *path*, ``None`` where the project has none there."""
    parts = PureWindowsPath(path)  # which knows the separators and drives of every system
    is_inside = not parts.drive and not parts.root and ".." not in parts.parts
    if source.folder is None or not is_inside or not is_file(source.folder / path):
        return None
    try:
        return reader.nested(path, source, 0).text
    except InputUnreadable:
        return None


def _script(source: Source | None, reader: Reader, *, is_needed: bool) -> StatedProject:
    try:
        return parse_script(source.text, partial(_file_text, source, reader)) if source is not None else StatedProject()
    except NotStatic as problem:
        if not is_needed and not problem.line:
            return StatedProject()
        raise InputUnreadable(
            problem.reason,
            address=source.at(problem.line) if source else "",
            hint="name the requirements file that lists them, or build a wheel of the project and name that",
        ) from None
