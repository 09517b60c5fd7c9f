"""The ``Archives`` port: wheels and source archives read without running anything in them; fetches nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from wheelcheck.archives.source_tree import Limits, read_folder

# Each reader is imported when the first archive of its kind comes: what the cache answers is not read again.
if TYPE_CHECKING:
    from wheelcheck.archives.core_metadata import FileIdentity
    from wheelcheck.archives.modules import SourceTexts, WheelCode
    from wheelcheck.archives.source_tree import SourceTree
    from wheelcheck.model.code import CodePlaces, ImportSurvey, ImportTarget, ImportTime, ModuleNames, TopModules
    from wheelcheck.model.distribution import CoreMetadata, MetadataSource
    from wheelcheck.model.judgement import Judgement
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
        from wheelcheck.archives.wheels import unpack

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
