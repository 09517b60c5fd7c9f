"""Loads what is known beyond metadata: shipped files, then the user's own folders; understands no key itself.

The understanding is imported when it is needed: most runs need none of it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pkgutil import get_data
from typing import TYPE_CHECKING, cast

from wheelcheck.errors import SettingsInvalid
from wheelcheck.texts.files import read_text

if TYPE_CHECKING:
    from pathlib import Path

    from packaging.utils import NormalizedName

    from wheelcheck.model.knowledge import (
        CondaKnowledge,
        MarkerValues,
        NativeKnowledge,
        PythonLife,
        RepairKnowledge,
        StandardLibrary,
    )

_BUILDS = "build_needs.toml"
SHIPPED = (
    "advisories.toml",
    "abi_breaks.toml",
    "substitutes.toml",
    "own_platforms.toml",
    "elsewhere.toml",
    "indexes.toml",
    "import_names.toml",
    "pythons.toml",
    _BUILDS,
)
"""The files of this room that hold it, by what each is about."""

_FILES = ("advisories.toml", "abi_breaks.toml")
_CONCERNED = re.compile(r"^(?:when = \[(.*?)\]|project = (.*)|projects = \[(.*?)\])$", re.MULTILINE)
_PYTHONS = re.compile(
    r'^minor = "(.+)"\n(?:released = "(.+)"\n)?secure_until = "(.+)"\n(free_threaded = true)?', re.MULTILINE
)
_PROJECT = re.compile(r'"([a-z0-9-]+)')


def load_shipped(file: str) -> str:
    """The text of a *file* of this room; works where the package is an archive, too."""
    content = get_data(__package__, file)
    if content is None:  # pragma: no cover - a loader without files cannot have loaded this
        raise FileNotFoundError(file)
    return content.decode("utf-8")


@functools.cache
def load_native() -> NativeKnowledge:
    """The evidence for pure and native source archives that ships with wheelcheck; read once for the process, about 2 ms."""
    from wheelcheck.knowledge.compatibility import parse_native

    file = "native.toml"
    return parse_native(load_shipped(file), file)


@functools.cache
def load_pythons() -> tuple[PythonLife, ...]:
    """Every Python minor that ships with wheelcheck, oldest first, without evidence; searched in the text likewise."""
    from wheelcheck.model.knowledge import PythonLife

    rows = _PYTHONS.findall(load_shipped("pythons.toml"))
    return tuple(
        PythonLife(minor=minor, released=released, secure_until=until, free_threaded=bool(free), evidence=())
        for minor, released, until, free in rows
    )


@functools.cache
def load_conda() -> CondaKnowledge:
    """Which projects conda packages are; read once for the process, about 2 ms."""
    from packaging.utils import canonicalize_name

    from wheelcheck.model.knowledge import CondaKnowledge
    from wheelcheck.texts.toml import Table

    document = Table.of_toml(load_shipped("conda.toml"), "conda.toml")
    projects, others = document.table("projects"), document.table("no_projects")
    return CondaKnowledge(
        projects={
            canonicalize_name(name): canonicalize_name(projects.table(name).text("project")) for name in projects.values
        },
        no_projects={canonicalize_name(name): others.text(name) for name in others.values},
    )


@functools.cache
def load_standard_library() -> StandardLibrary:
    """What each Python has in its standard library, as ``standard_library.toml`` says it; read once for the process, about 3 ms."""
    import tomllib

    from wheelcheck.model.knowledge import StandardLibrary

    table = tomllib.loads(load_shipped("standard_library.toml"))
    modules, around = table["modules"], table["around"]
    spans = {name: span.partition("-") for name, span in modules.items() if name != "always"}
    return StandardLibrary(
        always=frozenset(modules["always"]),
        spans={name: (_minor(since), _minor(until)) for name, (since, _, until) in spans.items()},
        gone=table["names"],
        windows=frozenset(table["platforms"]["windows"]),
        posix=frozenset(table["platforms"]["posix"]),
        stands_in=around["stands_in"],
        bundled=around["bundled"],
        brought=around["brought"],
        modules_of=around["modules_of"],
        not_embeddable=frozenset(table["platforms"]["not_embeddable"]),
    )


def load_bundled(minor: int) -> Mapping[str, tuple[str, ...]]:
    """The projects that a new environment of Python 3.*minor* brings by itself, each from its oldest to its newest version."""
    library = load_standard_library()
    known = {name: library.brought.get(name, {}).get(str(minor), "0-99999") for name in library.bundled}
    return {name: tuple(known[name].split("-")) for name, until in library.bundled.items() if minor <= until}


def _minor(text: str) -> int | None:
    return int(text) if text else None


def find_release_day(minor: str) -> str | None:
    """The day on which the Python *minor* (``3.12``) was released; its text is searched, since reading it takes 3 ms."""
    rows = _PYTHONS.findall(load_shipped("pythons.toml"))
    return next((released for known, released, *_ in rows if known == minor and released), None)


def load_absent_statuses(host: str) -> frozenset[int]:
    """The statuses, besides 404, with which an index on *host* is known to say that it has no such project; searched likewise."""
    rows = re.findall(r'^host = "(.+)"\nabsent_statuses = \[(.+)\]$', load_shipped("indexes.toml"), re.MULTILINE)
    known = next((statuses for name, statuses in rows if f".{host}".endswith(f".{name}")), "")
    return frozenset(map(int, re.findall(r"\d+", known)))


def load_variants() -> frozenset[str]:
    """Words by which the names of projects differ that bring the same modules, such as ``gpu``; searched in the text likewise."""
    found = re.search(r"^variants = \[(.*)\]$", load_shipped("standard_library.toml"), re.MULTILINE)
    return frozenset(re.findall(r'"([a-z]+)"', found[1])) if found is not None else frozenset()


@functools.cache
def load_marker_values() -> dict[str, MarkerValues]:
    """What marker variables can be, by variable; read once for the process, about 2 ms."""
    import tomllib

    from wheelcheck.model.knowledge import MarkerValues

    tables = tomllib.loads(load_shipped("markers.toml"))
    return {
        variable: MarkerValues(known=frozenset(table.get("known", ())), meant=table.get("meant", {}))
        for variable, table in tables.items()
    }


@functools.cache
def load_well_known() -> tuple[NormalizedName, ...]:
    """The names of well-known projects, those that are installed most first; read once for the process, under 1 ms."""
    return tuple(cast("list[NormalizedName]", load_shipped("well_known.txt").splitlines()[1:]))


@functools.cache
def load_importing() -> dict[str, NormalizedName]:
    """The project that a module is imported from, by the module in lower case: of several the one that is installed most."""
    rows = re.findall(r'^"([a-z0-9-]+)" = \[(.*)\]$', load_shipped("import_names.toml"), re.MULTILINE)
    standing = {name: place for place, name in enumerate(load_well_known())}
    rows.sort(key=lambda row: standing.get(row[0], len(standing)), reverse=True)
    return {module.lower(): project for project, modules in rows for module in re.findall(r'"([\w.]+)"', modules)}


def load_advice(
    projects: Collection[NormalizedName], building: Collection[NormalizedName] = ()
) -> RepairKnowledge | None:
    """The shipped advisories and ABI breaks that can apply where *projects* are chosen, and what builds of *building* need.

    ``None`` without any. An advisory can where all projects that it names are chosen, a break where the project is that broke. The
    rest of the files is searched as text: about 0.2 ms, where reading them as TOML takes 60. The targets of a run ask mostly about
    the same projects, so what was found is kept for the process.
    """
    return _advice(frozenset(projects), frozenset(building))


@functools.lru_cache(maxsize=64)
def _advice(projects: frozenset[NormalizedName], building: frozenset[NormalizedName]) -> RepairKnowledge | None:
    texts = {file: _concerning(projects, load_shipped(file)) for file in _FILES}
    if building:
        texts[_BUILDS] = _concerning(building, load_shipped(_BUILDS))
    if not any(texts.values()):
        return None
    from wheelcheck.knowledge.compatibility import joined, parse_repair_knowledge

    return joined(parse_repair_knowledge(text, file) for file, text in texts.items())


def _concerning(projects: Collection[NormalizedName], text: str) -> str:
    entries = text.split("\n[[")[1:]
    return "".join(f"[[{entry}\n" for entry in entries if _concerns(entry, projects))


def _concerns(entry: str, projects: Collection[NormalizedName]) -> bool:
    """Whether *entry* may say something of *projects*; also where its text is not as usual, and TOML has to tell."""
    found = _CONCERNED.search(entry)
    if found is None:
        return True
    named = frozenset(_PROJECT.findall(found[0]))
    return not named.isdisjoint(projects) if found[3] is not None else named.issubset(projects)


def may_need_parts(projects: Collection[NormalizedName]) -> bool:
    """Whether one of *projects* may need what Windows gets from installers: the text alone is searched, which takes 0.1 ms."""
    rows = re.findall(r"^needed_by = \[(.*?)\]$", load_shipped("system_libraries.toml"), re.MULTILINE | re.DOTALL)
    return any(name in projects for row in rows for name in _PROJECT.findall(row))


def load_repair_knowledge(folders: Sequence[Path] = ()) -> RepairKnowledge:
    """What ships with wheelcheck, joined with every ``*.toml`` of *folders*, in the order of their names.

    An entry of the user replaces the shipped one (or that of an earlier folder) with the same advisory ``id``, index ``name``,
    ABI break (project and release), substituted project, or project of import names. Costs about 60 ms the first time; the
    shipped part is kept for the process. Raises ``SettingsInvalid`` for a folder or file that cannot be read or understood.
    """
    from wheelcheck.knowledge.compatibility import joined, parse_repair_knowledge

    files = [path for folder in folders for path in _files(folder)]
    return joined((_shipped(), *(parse_repair_knowledge(load_own(path), str(path)) for path in files)))


def load_own_knowledge(folders: Sequence[Path]) -> RepairKnowledge | None:
    """As :func:`load_repair_knowledge` where there are *folders*, whose malformed files are refused at once; else ``None``."""
    return load_repair_knowledge(folders) if folders else None


@functools.cache
def _shipped() -> RepairKnowledge:
    from wheelcheck.knowledge.compatibility import joined, parse_repair_knowledge

    return joined(parse_repair_knowledge(load_shipped(file), file) for file in SHIPPED)


def _files(folder: Path) -> Iterable[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".toml")
    except OSError as problem:
        raise SettingsInvalid(
            f"not a folder that can be read: {problem.strerror}",
            address=str(folder),
            hint="give a folder with files such as advisories.toml",
        ) from problem


def load_own(path: Path) -> str:
    """The text of a user's own file; raises ``SettingsInvalid``."""
    try:
        return read_text(path)
    except OSError as problem:
        raise SettingsInvalid(f"cannot be read: {problem.strerror}", address=str(path)) from problem
    except UnicodeDecodeError as problem:
        raise SettingsInvalid("is not UTF-8", address=str(path), hint="files of knowledge are UTF-8") from problem
