"""Loads what is known of systems: ``images.toml``, ``system_libraries.toml``, ``build_failures.toml`` and ``runtimes.txt``.

The last has the Pythons that can be moved: lines as ``sha256sum`` writes them, understood by the names of the files. Publishers
name these after version, system and machine, and keep them in a folder for each release.
"""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

from packaging.version import Version

from wheelcheck.knowledge import kinds
from wheelcheck.knowledge.kinds import Table
from wheelcheck.knowledge.loading import load_own, load_shipped
from wheelcheck.model.environment import KnownRuntime, RuntimeKind
from wheelcheck.model.systems import (
    AbsentLibrary,
    BuildFailureKnowledge,
    ImageKnowledge,
    ImportExemption,
    KnownCause,
    KnownHeader,
    KnownImage,
    LibraryKnowledge,
    SymbolCeiling,
    System,
    SystemKnowledge,
    SystemRelease,
    WheelBuilds,
)

_IMAGES_FILE = "images.toml"
_IMAGES_TABLES = ("system", "image", "runner", "cibuildwheel")
_IMAGE_SYSTEM = ("name", "images", "latest", "releases", "evidence")
_IMAGE = ("images", "implementation", "prefix", "python", "bases", "evidence")
_CIBUILDWHEEL = ("images", "archs", "all_archs", "macos_floors", "optional_free_threaded", "evidence")
_floor = kinds.matching(
    r"manylinux_2_\d+|musllinux_1_\d+|win", "not a floor such as manylinux_2_36, musllinux_1_2 or win"
)


@functools.cache
def load_images() -> ImageKnowledge:
    """The table that ships with wheelcheck; read once for the process, about 3 ms."""
    return parse_images(load_shipped(_IMAGES_FILE), _IMAGES_FILE)


def parse_images(text: str, address: str) -> ImageKnowledge:
    """Understand *text* (TOML in the shape of ``images.toml``); *address* names it in messages.

    Raises ``SettingsInvalid`` for text that is no TOML, unknown keys, values of the wrong kind, and releases that are not listed.
    """
    document = Table.of_document(text, address, _IMAGES_TABLES)
    systems = tuple(_image_system(table) for table in document.tables("system", _IMAGE_SYSTEM))
    return ImageKnowledge(
        systems=systems,
        images=tuple(_image(table, systems) for table in document.tables("image", _IMAGE)),
        runners={
            label: table.one("platform", kinds.word)
            for table in document.tables("runner", ("labels", "platform"))
            for label in table.some("labels", kinds.word)
        },
        wheel_builds=_wheel_builds(document.table("cibuildwheel", _CIBUILDWHEEL)),
    )


def _image_system(table: Table) -> System:
    table.some("evidence", kinds.link)
    system = System(
        name=table.one("name", kinds.word),
        images=table.some("images", kinds.word),
        latest=table.one("latest", kinds.word),
        releases=tuple(
            SystemRelease(words=each.some("words", kinds.word), floor=each.one("floor", _floor))
            for each in table.tables("releases", ("words", "floor"))
        ),
    )
    if system.release(system.latest) is None:
        raise table.problem("latest", "is none of the releases")
    return system


def _image(table: Table, systems: tuple[System, ...]) -> KnownImage:
    table.some("evidence", kinds.link)
    bases = tuple(
        (each.one("python", kinds.pythons), each.one("base", kinds.word))
        for each in table.tables("bases", ("python", "base"))
    )
    for _, base in bases:
        name, _, word = base.partition(" ")
        if not any(system.name == name and system.release(word) for system in systems):
            raise table.problem("bases", f"names {base!r}, which is no system and release of this file")
    return KnownImage(
        images=table.some("images", kinds.word),
        implementation=table.one("implementation", _implementation) if "implementation" in table else "cpython",
        prefix=table.one("prefix", str) if "prefix" in table else None,
        python=table.one("python", kinds.word) if "python" in table else None,
        bases=bases,
    )


def _wheel_builds(table: Table) -> WheelBuilds:
    images = table.table("images")
    return WheelBuilds(
        images={key: images.one(key, kinds.word) for key in images.keys},
        archs=_lists(table.table("archs")),
        all_archs=_lists(table.table("all_archs")),
        macos_floors=tuple(
            (each.one("machine", kinds.word), each.one("python", kinds.pythons), each.one("floor", kinds.word))
            for each in table.tables("macos_floors", ("machine", "python", "floor"))
        ),
        optional_free_threaded=frozenset(table.each("optional_free_threaded", kinds.word)),
    )


def _lists(table: Table) -> Mapping[str, tuple[str, ...]]:
    return {key: table.some(key, kinds.word) for key in table.keys}


def _implementation(text: str) -> Literal["cpython", "pypy"]:
    match text:
        case "cpython":
            return "cpython"
        case "pypy":
            return "pypy"
        case _:
            raise ValueError("use cpython or pypy")


_LIBRARIES_FILE = "system_libraries.toml"
_SYSTEMS = ("windows", "linux", "musl", "macos")
_LIBRARY_SYSTEM = ("present", "with_python", "absent", "ceiling", "evidence")
_ABSENT = (
    "libraries",
    "owner",
    "remedy",
    "bundled",
    "accelerator",
    "unobtainable",
    "needed_by",
    "brought_by",
    "used_for",
)
_FAMILIES = ("GLIBCXX", "CXXABI", "GCC")
_release = kinds.parsed_by(lambda text: tuple(map(int, text.split("."))), "not a release such as 2.28")


@functools.cache
def load_system_libraries() -> LibraryKnowledge:
    """The table that ships with wheelcheck; read once for the process, about 4 ms."""
    return parse_system_libraries(load_shipped(_LIBRARIES_FILE), _LIBRARIES_FILE)


@functools.cache
def load_needed_parts() -> tuple[AbsentLibrary, ...]:
    """What Windows gets from installers and is known to be needed by projects.

    Only the entries that name some are read as TOML: about 1 ms, where the whole file takes 12.
    """
    entries = re.split(r"\n(?=\[)", load_shipped(_LIBRARIES_FILE))
    needed = (each for each in entries if each.startswith("[[windows.absent]]") and "\nneeded_by = " in each)
    windows = Table.of_document("\n".join(needed), _LIBRARIES_FILE, ("windows",)).table("windows", ("absent",))
    return tuple(map(_absent_library, windows.tables("absent", _ABSENT)))


def parse_system_libraries(text: str, address: str) -> LibraryKnowledge:
    """Understand *text* (TOML in the shape of ``system_libraries.toml``); *address* names it in messages.

    Raises ``SettingsInvalid`` for text that is no TOML, unknown keys and values of the wrong kind.
    """
    document = Table.of_document(text, address, (*_SYSTEMS, "imports"))
    systems = {name: document.table(name, _LIBRARY_SYSTEM) for name in _SYSTEMS if name in document}
    return LibraryKnowledge(
        systems={name: _library_system(table, case=name != "windows") for name, table in systems.items()},
        ceilings=tuple(
            SymbolCeiling(
                glibc=each.one("glibc", _release), families={family: each.one(family, _release) for family in _FAMILIES}
            )
            for table in systems.values()
            for each in table.tables("ceiling", ("glibc", *_FAMILIES))
        ),
        exemptions=tuple(
            ImportExemption(
                project=each.one("project", kinds.project),
                modules=frozenset(each.some("modules", kinds.word)),
                reason=each.one("reason", kinds.sentence),
            )
            for each in document.tables("imports", ("project", "modules", "reason"))
        ),
    )


def _library_system(table: Table, *, case: bool) -> SystemKnowledge:
    table.some("evidence", kinds.link)
    return SystemKnowledge(
        present=table.some("present", kinds.word),
        with_python=table.each("with_python", kinds.word),
        absent=tuple(map(_absent_library, table.tables("absent", _ABSENT))),
        case=case,
    )


def _absent_library(table: Table) -> AbsentLibrary:
    return AbsentLibrary(
        patterns=table.some("libraries", kinds.word),
        owner=table.one("owner", kinds.sentence),
        remedy=table.one("remedy", kinds.sentence),
        bundled=table.truth("bundled") is True,
        accelerator=table.truth("accelerator") is True,
        unobtainable=table.truth("unobtainable") is True,
        needed_by=table.each("needed_by", kinds.requirement),
        brought_by=frozenset(table.each("brought_by", kinds.project)),
        used_for=table.one("used_for", kinds.sentence) if "used_for" in table else "",
    )


_BUILDS_FILE = "build_failures.toml"
_CAUSE = ("id", "signs", "patterns", "message", "packages", "evidence")
_HEADER = ("file", "library", "packages", "evidence")
_PACKAGES = ("debian", "fedora", "alpine", "macos", "windows")


def _pattern(text: str) -> re.Pattern[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)  # "[[" may mean something else some day
            return re.compile(text)
    except (re.error, RecursionError, OverflowError, FutureWarning) as problem:
        raise ValueError("not a regular expression") from problem


@functools.cache
def load_build_failures() -> BuildFailureKnowledge:
    """The table that ships with wheelcheck; read once for the process, about 6 ms."""
    return parse_build_failures(load_shipped(_BUILDS_FILE), _BUILDS_FILE)


def parse_build_failures(text: str, address: str) -> BuildFailureKnowledge:
    """Understand *text* (TOML in the shape of ``build_failures.toml``); *address* names it in messages.

    Raises ``SettingsInvalid`` for text that is no TOML, unknown keys and values of the wrong kind.
    """
    document = Table.of_document(text, address, ("cause", "header"))
    return BuildFailureKnowledge(
        causes=tuple(_cause(table) for table in document.tables("cause", _CAUSE)),
        headers={
            table.one("file", kinds.word): KnownHeader(
                library=table.one("library", kinds.sentence), packages=_install_names(table)
            )
            for table in document.tables("header", _HEADER)
        },
    )


def _cause(table: Table) -> KnownCause:
    table.some("evidence", kinds.link)
    message = table.one("message", kinds.sentence)
    patterns = table.some("patterns", _pattern)
    if any("what" not in pattern.groupindex for pattern in patterns):
        raise table.problem("patterns", "has one without a group (?P<what>…), which names the missing part")
    return KnownCause(
        id=table.one("id", kinds.identifier),
        signs=table.some("signs", str),
        patterns=patterns,
        message=message,
        packages=_install_names(table),
    )


def _install_names(table: Table) -> dict[str, str]:
    packages = table.table("packages", _PACKAGES)
    return {system: packages.one(system, kinds.word) for system in packages.keys}


RUNTIMES_FILE = "runtimes.txt"
_LINE = re.compile(r"([0-9a-f]{64}) [ *](\S+)")
_EMBEDDABLE = re.compile(r"python-(?P<python>3\.\d+\.\d+)-embed(?:dable)?-(?P<machine>amd64|arm64|win32)\.zip")
_STANDALONE = re.compile(
    r"cpython-(?P<python>3\.\d+\.\d+)\+(?P<release>\d{8})-(?P<machine>x86_64|aarch64|i686)-(?P<system>pc-windows-msvc"
    r"|apple-darwin|unknown-linux-gnu|unknown-linux-musl)-(?P<free>freethreaded-)?install_only_stripped\.tar\.gz"
)
_RUNTIME_SYSTEMS = {
    "pc-windows-msvc": "windows", "apple-darwin": "macos", "unknown-linux-gnu": "linux", "unknown-linux-musl": "musl",
}  # fmt: skip
_WINDOWS_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "i686": "win32"}
_ADDRESSES = {
    RuntimeKind.EMBEDDABLE: "https://www.python.org/ftp/python",
    RuntimeKind.STANDALONE: "https://github.com/astral-sh/python-build-standalone/releases/download",
}


def load_runtimes(folders: Iterable[Path] = ()) -> tuple[KnownRuntime, ...]:
    """What ships with wheelcheck, and ``runtimes.txt`` of *folders*: a row of the user replaces the shipped one for that purpose.

    Raises ``SettingsInvalid`` for a file that cannot be read; costs about 1 ms.
    """
    found = {each.purpose: each for each in parse_runtimes(load_shipped(RUNTIMES_FILE))}
    for path in (folder / RUNTIMES_FILE for folder in folders):
        if path.exists():
            found |= {each.purpose: each for each in newest(parse_runtimes(load_own(path)))}
    return tuple(found.values())


def parse_runtimes(text: str) -> Iterator[KnownRuntime]:
    """The runtimes among the lines of *text*; others, such as debug builds, other machines and comments, are passed over."""
    for line in text.splitlines():
        found = _LINE.fullmatch(line.strip())
        if found and (runtime := _known(found[2], found[1])) is not None:
            yield runtime


def _known(filename: str, sha256: str) -> KnownRuntime | None:
    if found := _EMBEDDABLE.fullmatch(filename):
        kind, system, machine, folder, is_free = (
            RuntimeKind.EMBEDDABLE,
            "windows",
            found["machine"],
            found["python"],
            False,
        )
    elif found := _STANDALONE.fullmatch(filename):
        kind, system, folder, is_free = (
            RuntimeKind.STANDALONE,
            _RUNTIME_SYSTEMS[found["system"]],
            found["release"],
            bool(found["free"]),
        )
        machine = _WINDOWS_MACHINES[found["machine"]] if system == "windows" else found["machine"]
        machine = "arm64" if (system, machine) == ("macos", "aarch64") else machine
    else:
        return None
    return KnownRuntime(
        filename=filename,
        sha256=sha256,
        kind=kind,
        python=Version(found["python"]),
        system=system,
        machine=machine,
        address=f"{_ADDRESSES[kind]}/{folder}",
        free_threaded=is_free,
    )


def newest(runtimes: Iterable[KnownRuntime]) -> list[KnownRuntime]:
    """Of *runtimes* for the same purpose the newest one, by version, then release; of several that are as new, the first."""
    best: dict[tuple[object, ...], KnownRuntime] = {}
    for each in runtimes:
        other = best.get(each.purpose)
        if other is None or (each.python, each.address) > (other.python, other.address):
            best[each.purpose] = each
    return sorted(
        best.values(), key=lambda each: (each.kind.value, each.python, each.system, each.machine, each.filename)
    )
