"""The Python modules in an archive, by the paths of its files, and their sources, read one by one as they are asked for."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from typing import BinaryIO, Literal, Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from wheelcheck.archives.source_tree import Limits, SourceTree
from wheelcheck.archives.wheels import opened_zip
from wheelcheck.errors import ArchiveRefused
from wheelcheck.model.code import TopModules

Kind = Literal["wheel", "sdist"]

SOURCE_LIMIT = 1024**2
"""Bytes of one Python file that is parsed; a longer one is generated data, whose tree would take a hundred times that."""
READ_LIMIT = 4 * SOURCE_LIMIT
_PATH_FILE_LIMIT = 64 * 1024
_COMPILED = (".so", ".pyd")
# Folders and files that lie beside the packages of a source tree and are not installed, by the habits of build tools.
_BESIDE = frozenset({
    "asv_bench", "bench", "benchmark", "benchmarks", "bin", "bootstrap", "build", "ci", "conftest", "dist", "doc", "docs",
    "dodo", "etc", "example", "examples", "extern", "external", "ez_setup", "fabfile", "maint", "manage", "notebooks",
    "noxfile", "pavement", "release", "requirements", "run_tests", "runtests", "script", "scripts", "setup", "setupbase",
    "site_scons", "stubs", "task", "tasks", "test", "testing", "tests", "third_party", "thirdparty", "tool", "tools",
    "typings", "vendor", "versioneer", "website", "wheelhouse",
})  # fmt: skip
_CODE = (".py", ".egg-info/top_level.txt")
_ROOTS = ("", "src", "lib", "python")


class ModuleMap(Struct, frozen=True):
    """``sources`` maps a dotted module to its Python file, a package to its ``__init__.py``, a folder without one to nothing.

    ``compiled`` are the modules that exist as machine code or byte-code only, ``packages`` those that may have submodules.
    ``files`` maps each Python file back to its module. ``native`` are the modules of machine code, which Python prefers.
    """

    sources: Mapping[str, str]
    compiled: frozenset[str]
    packages: frozenset[str]
    files: Mapping[str, str] = field(default_factory=dict)
    native: frozenset[str] = frozenset()

    @property
    def tops(self) -> frozenset[str]:
        """The top-level names."""
        return frozenset(name for name in (*self.sources, *self.compiled) if "." not in name)

    @property
    def top_modules(self) -> TopModules:
        """The top-level names, and the modules to import first: packages and modules that are in no package."""
        whole = {name for name in (*self.sources, *self.compiled) if self.sources.get(name) or name in self.compiled}
        first = {name for name in whole if not any(above in whole for above in packages_above(name))}
        return TopModules(names=self.tops, shallowest=frozenset(first), native=self.native)

    def package_of(self, module: str) -> str:
        """The package from which the relative imports of *module* count."""
        return module if module in self.packages else module.rpartition(".")[0]

    def knows(self, module: str) -> bool:
        """Whether the archive has *module* in whatever form."""
        return module in self.sources or module in self.compiled

    def submodules(self, package: str) -> frozenset[str]:
        """The last names of the modules directly in *package*."""
        start = f"{package}."
        cut = len(start)
        return frozenset(
            name[cut:]
            for name in (*self.sources, *self.compiled)
            if name.startswith(start) and "." not in name[cut:] and package in self.packages
        )


def packages_above(module: str) -> list[str]:
    """The packages that importing *module* imports before it: ``a`` and ``a.b`` for ``a.b.c``."""
    parts = module.split(".")
    return [".".join(parts[:depth]) for depth in range(1, len(parts))]


def map_modules(
    paths: Iterable[str], kind: Kind, top_level: frozenset[str] = frozenset(), *, folders: frozenset[str] = frozenset()
) -> ModuleMap:
    """The modules among the members *paths*, relative to the archive's root.

    In a wheel ``.data/purelib`` and ``.data/platlib`` lie over the root, and the rest of ``.data`` holds no modules. In a
    source archive the packages are in the root or in ``src``; *top_level* (of its egg-info) names them where it is there.
    What lies in *folders* of a wheel is importable from there as well, by its path files.
    """
    if kind == "wheel":
        places = _wheel_places(paths)
        return _mapped(places + [place for folder in sorted(folders) for place in _inside(places, f"{folder}/")])
    listed = list(paths)
    return _mapped(_source_places(listed, top_level))


def _inside(places: list[tuple[str, str]], top: str) -> list[tuple[str, str]]:
    """*places* relative to the folder *top*, without the folders in it that are no packages: they hold no importable modules."""
    found = [(path, inner[len(top) :]) for path, inner in places if inner.startswith(top)]
    whole = {inner.partition("/")[0] for _, inner in found if inner.count("/") == 1 and inner.endswith("/__init__.py")}
    return [(path, inner) for path, inner in found if "/" not in inner or inner.partition("/")[0] in whole]


def path_files(paths: Iterable[str]) -> list[str]:
    """The path files among a wheel's members: ``*.pth`` in its root."""
    return [path for path, inner in _wheel_places(path for path in paths if path.endswith(".pth")) if "/" not in inner]


def path_folders(text: str) -> set[str]:
    """The folders that the lines of a path file name; its lines of code are not run."""
    lines = (line.strip().replace("\\", "/").strip("/") for line in text.splitlines())
    return {line for line in lines if line and not line.startswith(("#", "import ", "import\t", ".."))}


def _wheel_places(paths: Iterable[str]) -> list[tuple[str, str]]:
    places = []
    for path in paths:
        first, _, rest = path.partition("/")
        if first.endswith(".dist-info"):
            continue
        if first.endswith(".data"):
            scheme, _, inner = rest.partition("/")
            if scheme in ("purelib", "platlib"):
                places.append((path, inner))
            continue
        places.append((path, path))
    return places


def _source_places(paths: list[str], top_level: frozenset[str]) -> list[tuple[str, str]]:
    roots = [*_ROOTS]
    for path in paths:
        folder, _, name = path.rpartition("/")
        parent, _, info = folder.rpartition("/")
        if info.endswith(".egg-info") and name in ("SOURCES.txt", "top_level.txt", "PKG-INFO") and parent not in roots:
            roots.append(parent)
    found: dict[str, list[tuple[str, str]]] = {}
    for path in paths:
        if not path.endswith((".py", *_COMPILED)):
            continue
        for root in roots:
            inner = path[len(root) + 1 :] if root else path
            if not root or path.startswith(f"{root}/"):
                found.setdefault(root, []).append((path, inner))
    if top_level:
        return _named(found, roots, top_level)
    for root in ("src", *(root for root in roots if root not in _ROOTS), "", "lib", "python"):
        places = [place for place in found.get(root, ()) if _first(place[1]) not in _BESIDE]
        # In the root a folder without __init__.py is hardly a package; in src it is a namespace.
        if root == "":
            whole = {_first(inner) for _, inner in places if inner.count("/") == 1 and inner.endswith("/__init__.py")}
            places = [place for place in places if "/" not in place[1] or _first(place[1]) in whole]
        if places:
            return places
    return []


def _named(
    found: Mapping[str, list[tuple[str, str]]], roots: list[str], top_level: frozenset[str]
) -> list[tuple[str, str]]:
    places: list[tuple[str, str]] = []
    missing = set(top_level)
    for root in roots:
        mine = [place for place in found.get(root, ()) if _first(place[1]) in missing]
        missing -= {_first(inner) for _, inner in mine}
        places += mine
    return places


def _first(inner: str) -> str:
    return inner.partition("/")[0].partition(".")[0]


def _mapped(places: Iterable[tuple[str, str]]) -> ModuleMap:
    sources: dict[str, str] = {}
    compiled: set[str] = set()
    binary: set[str] = set()
    packages: set[str] = set()
    for path, inner in places:
        *folders, filename = inner.split("/")
        stem, dot, suffix = filename.partition(".")
        is_source = dot + suffix == ".py"
        if not (is_source or filename.endswith(_COMPILED) or suffix == "pyc"):
            continue
        if not stem.isidentifier() or not all(folder.isidentifier() for folder in folders):
            continue
        if not is_source and stem.startswith("lib") and filename.endswith(".so"):
            continue  # a shared library that a module loads, not a module
        for depth in range(1, len(folders) + 1):
            package = ".".join(folders[:depth])
            packages.add(package)
            sources.setdefault(package, "")
        module = ".".join(folders if stem == "__init__" else [*folders, stem])
        if not module:
            continue
        if is_source:
            if stem == "__init__" or not sources.get(module):
                sources[module] = path
        else:
            compiled.add(module)
            if suffix != "pyc":
                binary.add(module)
    # A module that is there as source, too, is read; a package of machine code has no source file.
    for module in compiled & sources.keys():
        if sources[module]:
            compiled.discard(module)
        else:
            del sources[module]
    files = {path: module for module, path in sources.items() if path}
    return ModuleMap(sources, frozenset(compiled), frozenset(packages), files, frozenset(binary))


class SourceTexts:
    """Files in memory, as a source archive was unpacked, or as a test describes them."""

    def __init__(self, filename: str, contents: Mapping[str, bytes], modules: ModuleMap) -> None:
        self.filename = filename
        self.modules = modules
        self._contents = contents

    def source(self, path: str) -> bytes | None:
        """The file at *path*."""
        content = self._contents.get(path)
        return None if content is None or len(content) > READ_LIMIT else content


class WheelCode:
    """The Python files in an open wheel; only the members that are asked for are read.

    Exceptions of the file itself pass through, so that a file of which parts are missing can tell which.
    """

    def __init__(self, archive: zipfile.ZipFile, filename: str, limits: Limits) -> None:
        self.filename = filename
        self._archive = archive
        self._limits = limits
        entries = archive.infolist()
        if len(entries) > limits.members:
            raise ArchiveRefused(f"more than {limits.members} members", address=filename)
        self._entries = {each.filename: each for each in entries if not each.is_dir()}
        self._expanded = 0
        self.modules = map_modules(self._entries, "wheel", folders=self._path_folders())

    def _path_folders(self) -> frozenset[str]:
        """The folders that path files in the root put on ``sys.path`` beside it (``site``'s ``*.pth``)."""
        found: set[str] = set()
        for path in path_files(self._entries):
            text = (self._content(path, _PATH_FILE_LIMIT) or b"").decode("utf-8", "replace")
            found |= path_folders(text)
        return frozenset(found)

    def source(self, path: str) -> bytes | None:
        """The member *path*."""
        return self._content(path, READ_LIMIT)

    def _content(self, path: str, limit: int) -> bytes | None:
        entry = self._entries[path]
        if entry.file_size > limit:
            return None
        if entry.flag_bits & 1:
            raise ArchiveRefused(f"member {path!r}: encrypted", address=self.filename)
        # The size in the directory may lie, so no more than it may promise is taken out.
        with self._archive.open(entry) as stream:
            content = stream.read(limit + 1)
        self._expanded += len(content)
        if self._expanded > self._limits.kept:
            raise ArchiveRefused(
                f"the files to read are more than {self._limits.kept} bytes together", address=self.filename
            )
        return content if len(content) <= limit else None

    def extents(self, paths: Iterable[str]) -> tuple[tuple[int, int], ...]:
        """Where the members *paths* lie in the wheel, as start and stop, in order of place; their headers included."""
        starts = sorted(each.header_offset for each in self._archive.infolist())
        stops = dict(pairwise([*starts, self._archive.start_dir]))
        places = sorted(self._entries[path].header_offset for path in paths)
        return tuple((start, stops[start]) for start in places if stops[start] > start)

    def contents(self) -> dict[str, str]:
        """The files that are installed into ``site-packages``, by their paths there, each with its size and checksum."""
        places = _wheel_places(self._entries)
        return {inner: f"{self._entries[path].file_size}:{self._entries[path].CRC:08x}" for path, inner in places}

    def compressed_size(self, paths: Iterable[str]) -> int:
        """How many bytes the members *paths* are in the wheel."""
        return sum(self._entries[path].compress_size for path in paths)


class CodeFiles(Protocol):
    """The code of one distribution, as the readers of imports and definitions ask for it."""

    filename: str
    modules: ModuleMap

    def source(self, path: str) -> bytes | None:
        """The file at *path*, one of those that ``modules`` names; ``None`` where it is too long to be read."""


@contextmanager
def opened_wheel(file: BinaryIO, filename: str, limits: Limits) -> Iterator[WheelCode]:
    """The code of the wheel *file* (seekable); raises ``ArchiveRefused`` for what is no readable zip."""
    with opened_zip(file, filename) as archive:
        yield WheelCode(archive, filename, limits)


def source_archive_code(file: BinaryIO, filename: str, limits: Limits) -> SourceTexts:
    """The code of the source archive *file* (seekable), one pass over it; raises ``ArchiveRefused``."""
    from wheelcheck.archives.source_judging import unpack  # few source archives are read for their code

    scripts = limits.kept - limits.kept // 4
    tree = unpack(
        file, filename, replace(limits, script=READ_LIMIT, scripts=scripts), lambda path: path.endswith(_CODE)
    )
    return SourceTexts(filename, tree.contents, map_modules(tree.paths, "sdist", _top_level(tree)))


def _top_level(tree: SourceTree) -> frozenset[str]:
    path = tree.egg_info("top_level.txt")
    text = tree.text(path) if path is not None else None
    return frozenset((text or "").replace("/", ".").split())
