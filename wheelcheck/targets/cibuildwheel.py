"""Reads ``[tool.cibuildwheel]`` as the targets whose wheels it builds; runs nothing, and sees no environment variable of a CI.

``archs = "auto"`` depends on the machine that builds: the usual ones are taken, besides each one that a ``build``
pattern spells out. Pyodide, Android, iOS and GraalPy are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from msgspec import Struct
from packaging.specifiers import SpecifierSet

from wheelcheck.errors import InputUnreadable
from wheelcheck.model.requirement import FileOrigin
from wheelcheck.model.systems import WheelBuilds
from wheelcheck.model.target import NamedTarget, NamedTargets, TargetNote
from wheelcheck.targets.pythons import admitted_pythons, first_admitted
from wheelcheck.targets.sources import TargetQuery
from wheelcheck.texts.toml import Table, table_at

_SYSTEMS = ("linux", "macos", "windows")
_WINDOWS = {"AMD64": "win_amd64", "x86": "win32", "ARM64": "win_arm64"}
_AUTO_32 = {"linux": ("i686",), "windows": ("x86",)}
_PYPY_PLATFORMS = ("manylinux_x86_64", "manylinux_i686", "manylinux_aarch64", "macosx_", "win_amd64")
_PYTHON = re.compile(r"(?P<pypy>pp)?3\.(?P<minor>\d+)(?P<free>t?)")
_TAG = re.compile(r"(cp|pp)3(\d+)(t?)")
_IMAGE = re.compile(r"(manylinux_\d+_\d+|manylinux(?:1|2010|2014)|musllinux_\d+_\d+)(?=_|$|:|@)")
_DEPLOYMENT = re.compile(r"MACOSX_DEPLOYMENT_TARGET=[\"']?(\d+)(?:\.(\d+))?")


class _Build(Struct, frozen=True, kw_only=True):
    """One build identifier, ``cp311-manylinux_x86_64``, taken apart; ``python`` is ``3.11``, ``3.13t`` or ``pp3.10``."""

    python: str
    system: str
    arch: str
    platform: str

    @property
    def identifier(self) -> str:
        return f"{self.tag}-{self.platform}"

    @property
    def tag(self) -> str:
        return ("" if self.is_pypy else "cp") + self.python.replace(".", "")

    @property
    def is_pypy(self) -> bool:
        return self.python.startswith("pp")

    @property
    def minor(self) -> str:
        return self.python.removeprefix("pp").removesuffix("t")


def parse_cibuildwheel(text: str, path: str, query: TargetQuery) -> NamedTargets:
    """The targets that the ``pyproject.toml`` *text* has wheels built for, in the order of systems and Pythons.

    The Pythons of *query* count, and those that a ``build`` pattern spells out (``cp38-*``); its ``known`` has cibuildwheel's
    defaults. ``requires-python`` limits them. Raises ``InputUnreadable`` without the table, and where it selects
    nothing.
    """
    document = Table.of_toml(text, path)
    table = document.within("tool", "cibuildwheel").values
    if not table:
        raise InputUnreadable("has no [tool.cibuildwheel]", address=path, hint="give --platform and --python")
    config = _Config(table, query.known.wheel_builds, FileOrigin(path=path, line=_line(document)))
    admitted = admitted_pythons(document)
    targets: list[NamedTarget] = []
    for build in config.builds(query.pythons):
        bounds = admitted[0] if admitted is not None else (SpecifierSet(),)
        admitted_word = first_admitted(build.minor, bounds)
        if admitted_word is not None:
            targets += config.targets(build, build.python.replace(build.minor, admitted_word))
    if not targets:
        raise InputUnreadable(
            "[tool.cibuildwheel] selects no build that wheelcheck knows",
            address=str(config.origin),
            hint="give --platform and --python",
        )
    return NamedTargets.gathered(targets, config.notes)


class _Config:
    """The table with its defaults; gathers notes while it is asked."""

    def __init__(self, table: Mapping[str, object], defaults: WheelBuilds, origin: FileOrigin) -> None:
        self.origin = origin
        self.notes: list[TargetNote] = []
        self._table = table
        self._defaults = defaults

    def builds(self, pythons: tuple[str, ...]) -> Iterator[_Build]:
        """The builds that are selected, of *pythons* and those that patterns spell out."""
        unmatched: dict[str, None] = {}
        matched: set[str] = set()
        for system in _SYSTEMS:
            patterns = _patterns(self._option(system, "build", "*"))
            skipped = _patterns(self._option(system, "skip", ""))
            archs = self._archs(system, patterns)
            for build in _universe(system, self._defaults, _with_spelled(pythons, patterns)):
                hits = [pattern for pattern in patterns if fnmatchcase(build.identifier, pattern)]
                matched.update(hits)
                skips = any(fnmatchcase(build.identifier, pattern) for pattern in skipped)
                if hits and not skips and build.arch in archs and self._is_enabled(build):
                    yield build
            unmatched.update(dict.fromkeys(patterns))
        for pattern in unmatched:
            if pattern not in matched:
                self._note(f"build = {pattern!r} names no build that wheelcheck knows")

    def targets(self, build: _Build, python: str) -> Iterator[NamedTarget]:
        """The target of *build*; two for universal2, none where its image is not understood."""
        if build.system == "windows":
            yield self._target(build.platform, python)
        elif build.system == "macos":
            for machine in ("x86_64", "arm64") if build.arch == "universal2" else (build.arch,):
                major, minor = self._macos_floor(build, machine)
                # From macOS 11 on, only the major release counts in tags.
                floor = f"macosx_{major}_{minor if major == 10 else 0}"
                yield self._target(f"{floor}_{machine}", python)
        else:
            image = self._image(build)
            named = _IMAGE.search(image)
            if named is None:
                self._note(f"{build.platform}: the image {image!r} does not say its C library")
            else:
                yield self._target(f"{named[1]}_{build.arch}", python)

    def _target(self, platform: str, python: str) -> NamedTarget:
        return NamedTarget(platform=platform, python=python, origin=self.origin)

    def _option(self, system: str, key: str, default: object) -> object:
        return table_at(self._table, system).get(key, self._table.get(key, default))

    def _archs(self, system: str, patterns: tuple[str, ...]) -> set[str]:
        found: set[str] = set()
        every = self._defaults.all_archs.get(system, ())
        for word in _words(self._option(system, "archs", "auto")):
            match word:
                case "auto" | "auto64" | "native":
                    found.update(self._defaults.archs.get(system, ()))
                    found.update(arch for arch in every if _spelled(system, arch, patterns))
                case "auto32":
                    found.update(_AUTO_32.get(system, ()))
                case "all":
                    found.update(every)
                case _ if word in every:
                    found.add(word)
                case _:
                    self._note(f"{system}: {word!r} is no architecture that wheelcheck knows")
        return found

    def _is_enabled(self, build: _Build) -> bool:
        enabled = _words(self._table.get("enable", []))
        if "all" in enabled:
            return True
        if build.is_pypy:
            return "pypy" in enabled or "pypy-eol" in enabled
        if build.python.endswith("t") and build.minor in self._defaults.optional_free_threaded:
            return "cpython-freethreading" in enabled or self._table.get("free-threaded-support") is True
        return True

    def _image(self, build: _Build) -> str:
        library = build.platform.partition("_")[0]
        key = f"{library}-{'pypy_' if build.is_pypy else ''}{build.arch}-image"
        found = self._option("linux", key, self._defaults.images.get(build.platform, ""))
        for override in self._overrides(build):
            found = override.get(key, found)
        return str(found)

    def _macos_floor(self, build: _Build, machine: str) -> tuple[int, int]:
        rows = self._defaults.macos_floors
        lowest = next((row[2] for row in rows if row[0] == machine and row[1].contains(build.minor)), "11.0")
        environments = [self._option("macos", "environment", "")]
        environments += [override.get("environment", "") for override in self._overrides(build)]
        asked = [found for each in environments if (found := _deployment(each)) is not None]
        # A lower floor than the default is raised to it, as cibuildwheel does.
        return max(_version(lowest), *asked[-1:]) if asked else _version(lowest)

    def _overrides(self, build: _Build) -> Iterator[Mapping[str, object]]:
        listed = self._table.get("overrides", [])
        for override in listed if isinstance(listed, list) else []:
            if isinstance(override, dict) and any(
                fnmatchcase(build.identifier, pattern) for pattern in _patterns(override.get("select", ""))
            ):
                yield override

    def _note(self, reason: str) -> None:
        self.notes.append(TargetNote(origin=self.origin, reason=reason))


def _universe(system: str, defaults: WheelBuilds, pythons: tuple[str, ...]) -> Iterator[_Build]:
    for arch in defaults.all_archs.get(system, ()):
        for platform in _platforms(system, arch):
            for python in pythons:
                build = _Build(python=python, system=system, arch=arch, platform=platform)
                if not build.is_pypy or (platform.startswith(_PYPY_PLATFORMS) and arch != "universal2"):
                    yield build


def _platforms(system: str, arch: str) -> tuple[str, ...]:
    match system:
        case "linux":
            return f"manylinux_{arch}", f"musllinux_{arch}"
        case "macos":
            return (f"macosx_{arch}",)
        case _:
            return (_WINDOWS[arch],) if arch in _WINDOWS else ()


def _with_spelled(pythons: tuple[str, ...], patterns: tuple[str, ...]) -> tuple[str, ...]:
    known = [word for word in pythons if _PYTHON.fullmatch(word)]
    for pattern in patterns:
        tag = _TAG.fullmatch(pattern.partition("-")[0])
        if tag is not None:
            known.append(f"{'pp' if tag[1] == 'pp' else ''}3.{tag[2]}{tag[3]}")
    return tuple(dict.fromkeys(known))


def _spelled(system: str, arch: str, patterns: tuple[str, ...]) -> bool:
    ends = {f"_{arch}"} if system != "windows" else {_WINDOWS.get(arch, "")}
    return any(pattern.endswith(end) for pattern in patterns for end in ends)


def _patterns(value: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for word in _listed(value) for each in _expanded(word)))


def _listed(value: object) -> list[str]:
    texts = value if isinstance(value, list) else [value]
    return [word for text in texts for word in str(text).split()]


def _words(value: object) -> list[str]:
    return [word for text in _listed(value) for word in text.split(",") if word]


def _expanded(pattern: str) -> Iterator[str]:
    """*pattern* with its innermost braces written out: ``cp3{9,10}-*`` is two patterns."""
    braces = re.search(r"\{([^{}]*)\}", pattern)
    if braces is None:
        yield pattern
        return
    for choice in braces[1].split(","):
        yield from _expanded(pattern[: braces.start()] + choice + pattern[braces.end() :])


def _deployment(environment: object) -> tuple[int, int] | None:
    if isinstance(environment, dict):
        value = environment.get("MACOSX_DEPLOYMENT_TARGET")
        return _version(str(value)) if value is not None and re.fullmatch(r"\d+(\.\d+)*", str(value)) else None
    matched = _DEPLOYMENT.search(str(environment))
    return (int(matched[1]), int(matched[2] or 0)) if matched else None


def _version(text: str) -> tuple[int, int]:
    major, _, rest = text.partition(".")
    return int(major), int(rest.partition(".")[0] or 0)


def _line(document: Table) -> int:
    places = (("tool", "cibuildwheel"), *(("tool", "cibuildwheel", each) for each in _SYSTEMS))
    return next((line for keys in places if (line := document.line_of(*keys))), 0)
