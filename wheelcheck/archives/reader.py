"""The ports ``Archives`` and ``Code``: archives, and distributions installed in a folder, read without running anything in them.

``InstalledFiles → modules, imports, definitions``. Fetches nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from wheelcheck.archives.source_tree import Limits, read_folder

# Each reader is imported when the first archive of its kind comes: what the cache answers is not read again.
if TYPE_CHECKING:
    from wheelcheck.archives.core_metadata import FileIdentity
    from wheelcheck.archives.modules import ModuleMap, SourceTexts, WheelCode
    from wheelcheck.archives.source_tree import SourceTree
    from wheelcheck.model.code import (
        CodePlaces,
        ImportSurvey,
        ImportTarget,
        ImportTime,
        InstalledFiles,
        ModuleNames,
        TopModules,
    )
    from wheelcheck.model.distribution import CoreMetadata, Distribution, Judgement, MetadataSource
    from wheelcheck.model.knowledge import NativeKnowledge


class ArchiveReader:
    """Reads archives within *limits*; may be shared by threads.

    *knowledge* gives the evidence table; it is called for each source archive, so it should remember its answer. Files are
    seekable. Exceptions that a file raises pass through, so that a file of which parts are missing can say which. What is no
    readable archive raises ``ArchiveRefused``.
    """

    def __init__(self, *, knowledge: Callable[[], NativeKnowledge], limits: Limits | None = None) -> None:
        self._knowledge = knowledge
        self._limits = limits or Limits()

    def wheel_metadata(self, file: BinaryIO, filename: str) -> CoreMetadata:
        """The dependency fields in the wheel *file*; also raises ``MetadataMalformed``."""
        from wheelcheck.archives.wheels import read_wheel_metadata

        return read_wheel_metadata(file, filename, self._limits)

    def core_metadata(self, content: bytes, filename: str, source: MetadataSource) -> CoreMetadata:
        """The dependency fields in *content*, a METADATA file of *filename*; about 50 µs. Raises ``MetadataMalformed``."""
        from wheelcheck.archives.core_metadata import parse_core_metadata

        return parse_core_metadata(content, filename, source)

    def judge_sdist(self, file: BinaryIO, filename: str) -> Judgement:
        """Metadata and purity of the source archive *file*; a refusal names the member that is broken, hostile or too large."""
        from wheelcheck.archives.core_metadata import parse_identity
        from wheelcheck.archives.source_judging import unpack

        return self._judge(unpack(file, filename, self._limits), parse_identity(filename))

    def judge_folder(self, folder: Path) -> Judgement:
        """Likewise for an unpacked source tree, whose name and version come from its own files."""
        from wheelcheck.archives.core_metadata import FileIdentity

        return self._judge(read_folder(folder, self._limits), FileIdentity(readings=()))

    def code_places(self, file: BinaryIO, filename: str, modules: frozenset[str] | None) -> CodePlaces:
        """Where in the wheel *file* the sources of *modules* lie, of all its modules for ``None``."""
        from wheelcheck.archives.modules import SourceTexts
        from wheelcheck.model.code import CodePlaces

        with self._code(file, filename) as code:
            if isinstance(code, SourceTexts):
                return CodePlaces(files=0, size=0, spans=())
            sources = code.modules.sources
            asked = code.modules.files if modules is None else [sources.get(module, "") for module in modules]
            paths = [path for path in asked if path]
            return CodePlaces(files=len(paths), size=code.compressed_size(paths), spans=code.extents(paths))

    def top_modules(self, file: BinaryIO, filename: str) -> TopModules:
        """The top-level modules that the archive *file* makes importable, by its files."""
        with self._code(file, filename) as code:
            return code.modules.top_modules

    def imports(self, file: BinaryIO, filename: str, names: frozenset[str], target: ImportTarget) -> ImportSurvey:
        """Where the Python files in the archive *file* import one of *names* on *target*."""
        from wheelcheck.archives.import_uses import survey_imports

        with self._code(file, filename) as code:
            return survey_imports(code, names, target)

    def definitions(self, file: BinaryIO, filename: str, modules: frozenset[str]) -> tuple[ModuleNames, ...]:
        """What each of *modules* binds in the archive *file*, in the order of their names."""
        from wheelcheck.archives.definitions import define_modules

        with self._code(file, filename) as code:
            return define_modules(code, modules)

    def contents(self, file: BinaryIO, filename: str) -> dict[str, str]:
        """The files of the wheel *file* that are installed into ``site-packages``, each with its size and checksum; else none."""
        from wheelcheck.archives.modules import SourceTexts

        with self._code(file, filename) as code:
            return {} if isinstance(code, SourceTexts) else code.contents()

    def import_time(
        self, file: BinaryIO, filename: str, target: ImportTarget, modules: frozenset[str] = frozenset()
    ) -> ImportTime:
        """What the import of the top-level modules in the archive *file*, or of *modules*, carries out on *target*."""
        from wheelcheck.archives.import_time import read_import_time

        with self._code(file, filename) as code:
            return read_import_time(code, target, modules)

    @contextmanager
    def _code(self, file: BinaryIO, filename: str) -> Iterator[SourceTexts | WheelCode]:
        from wheelcheck.archives.modules import opened_wheel, source_archive_code

        if filename.endswith(".whl"):
            with opened_wheel(file, filename, self._limits) as code:
                yield code
        else:
            yield source_archive_code(file, filename, self._limits)

    def _judge(self, tree: SourceTree, identity: FileIdentity) -> Judgement:
        # Most runs meet no source archive: neither the judges nor the evidence table is loaded before the first.
        from wheelcheck.archives.source_judging import judge_tree

        return judge_tree(tree, identity, self._knowledge())


class _FolderCode:
    """The Python files of one distribution under *root*; a file that cannot be read counts as too long to read."""

    def __init__(self, filename: str, root: Path, installed: InstalledFiles) -> None:
        from wheelcheck.archives.modules import map_modules, path_files, path_folders

        self.filename = filename
        self._root = root
        self._places = installed.places
        texts = ((self.source(path) or b"").decode("utf-8", "replace") for path in path_files(self._places))
        self.added = frozenset(self._spelt(folder) for text in texts for folder in path_folders(text))
        self.modules: ModuleMap = map_modules(installed.places, "wheel", folders=self.added)

    def source(self, path: str) -> bytes | None:
        """The file that is installed at *path* of ``site-packages``."""
        from wheelcheck.archives.modules import READ_LIMIT

        file = self._root / self._places[path]
        try:
            if not file.is_file():
                return None  # a pipe would never end
            with file.open("rb") as stream:
                content = stream.read(READ_LIMIT + 1)
        except OSError:
            return None
        return content if len(content) <= READ_LIMIT else None

    def _spelt(self, folder: str) -> str:
        """*folder* as the files spell it: Windows minds no case (``Pythonwin`` is ``pythonwin``)."""
        lowered = f"{folder.lower()}/"
        return next((path[: len(folder)] for path in self._places if path.lower().startswith(lowered)), folder)


class InstalledCode:
    """The port ``Code``: *installed* are the files of each distribution under *root*, by its file name. Fetches nothing."""

    def __init__(self, root: Path, installed: Mapping[str, InstalledFiles]) -> None:
        self._root = root
        self._installed = installed
        self._opened: dict[str, _FolderCode] = {}
        self._times: dict[tuple[str, ImportTarget, frozenset[str]], ImportTime] = {}

    def top_modules(self, distributions: Sequence[Distribution]) -> tuple[TopModules, ...]:
        """The modules of each of *distributions*; in folders that path files add, those that top_level.txt names, if any."""
        return tuple(self._top_modules(each.filename) for each in distributions)

    def _top_modules(self, filename: str) -> TopModules:
        from wheelcheck.archives.modules import map_modules
        from wheelcheck.model.code import TopModules

        installed, code = self._installed[filename], self._code(filename)
        if not installed.places:
            return TopModules(
                shallowest=frozenset(filter(str.isidentifier, installed.top_level)), unread=installed.unread
            )
        found = code.modules.top_modules
        folders = {folder.replace("/", ".") for folder in code.added}
        own = map_modules(installed.places, "wheel").top_modules.shallowest
        first = {name for name in own if not any(name.startswith(f"{folder}.") for folder in folders)}
        added = {name for name in found.shallowest - own if "." not in name}
        first |= {name for name in added if name in installed.top_level or not installed.top_level}
        # A module in a folder that a path file adds is known by its name there.
        native = {name for name in found.native if not any(name.startswith(f"{folder}.") for folder in folders)}
        return TopModules(
            names=found.names, shallowest=frozenset(first), native=frozenset(native), unread=installed.unread
        )

    def imports(self, distribution: Distribution, names: frozenset[str], target: ImportTarget) -> ImportSurvey:
        """Where the code of *distribution* imports one of *names* on *target*."""
        from wheelcheck.archives.import_uses import survey_imports

        return survey_imports(self._code(distribution.filename), names, target)

    def definitions(self, distribution: Distribution, modules: frozenset[str]) -> tuple[ModuleNames, ...]:
        """What each of *modules* binds in *distribution*."""
        from wheelcheck.archives.definitions import define_modules
        from wheelcheck.model.code import ModuleNames, ModuleState

        if self._installed[distribution.filename].unread:
            return tuple(
                ModuleNames(module=module, state=ModuleState.UNREAD, open_ended=True) for module in sorted(modules)
            )
        return define_modules(self._code(distribution.filename), modules)

    def definitions_of(
        self, asked: Sequence[tuple[Distribution, frozenset[str]]]
    ) -> tuple[tuple[ModuleNames, ...], ...]:
        """As :meth:`definitions` for each distribution and its modules."""
        return tuple(self.definitions(each, modules) for each, modules in asked)

    def contents(self, distributions: Sequence[Distribution]) -> tuple[Mapping[str, str], ...]:
        """The files of each of *distributions*, with the word that tells contents apart."""
        return tuple(self._installed[each.filename].contents for each in distributions)

    def import_times(
        self, distributions: Sequence[Distribution], target: ImportTarget, modules: frozenset[str] = frozenset()
    ) -> tuple[ImportTime, ...]:
        """What the import of each of *distributions* carries out on *target*."""
        from wheelcheck.archives.import_time import read_import_time

        for each in distributions:
            key = each.filename, target, modules
            if key not in self._times:
                self._times[key] = read_import_time(self._code(each.filename), target, modules)
        return tuple(self._times[each.filename, target, modules] for each in distributions)

    def _code(self, filename: str) -> _FolderCode:
        if filename not in self._opened:
            self._opened[filename] = _FolderCode(filename, self._root, self._installed[filename])
        return self._opened[filename]
