"""The ``Archives`` port: wheels and source archives read without running anything in them; fetches nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from wheelcheck.archives.core_metadata import parse_core_metadata
from wheelcheck.archives.filenames import FileIdentity, parse_identity
from wheelcheck.archives.limits import Limits
from wheelcheck.archives.tree import SourceTree
from wheelcheck.archives.wheels import read_wheel_metadata
from wheelcheck.model import CoreMetadata, Judgement, MetadataSource
from wheelcheck.model.knowledge import NativeKnowledge


class ArchiveReader:
    """Reads archives within *limits*; may be shared by threads.

    *knowledge* gives the evidence table; it is called for each source archive, so it should remember its answer.
    """

    def __init__(self, *, knowledge: Callable[[], NativeKnowledge], limits: Limits | None = None) -> None:
        self._knowledge = knowledge
        self._limits = limits or Limits()

    def wheel_metadata(self, file: BinaryIO, filename: str) -> CoreMetadata:
        """The dependency fields in the wheel *file* (seekable); reads the zip's end, its directory and one member.

        Exceptions that *file* raises pass through. Raises ``ArchiveRefused`` and ``MetadataMalformed``.
        """
        return read_wheel_metadata(file, filename, self._limits)

    def core_metadata(self, content: bytes, filename: str, source: MetadataSource) -> CoreMetadata:
        """The dependency fields in *content*, a METADATA file of *filename*; about 50 µs.

        Raises ``MetadataMalformed`` when it is unreadable or speaks of another project or version than *filename*.
        """
        return parse_core_metadata(content, filename, source)

    def judge_sdist(self, file: BinaryIO, filename: str) -> Judgement:
        """Metadata and purity of the source archive *file* (seekable), one pass over its members.

        Raises ``ArchiveRefused``, naming the member, for archives that are broken, hostile or beyond the limits.
        """
        from wheelcheck.archives.unpack import unpack

        return self._judge(unpack(file, filename, self._limits), parse_identity(filename))

    def judge_folder(self, folder: Path) -> Judgement:
        """Likewise for an unpacked source tree, whose name and version come from its own files."""
        from wheelcheck.archives.folders import read_folder

        return self._judge(read_folder(folder, self._limits), FileIdentity(readings=()))

    def _judge(self, tree: SourceTree, identity: FileIdentity) -> Judgement:
        # Most runs meet no source archive: neither the judges nor the evidence table is loaded before the first.
        from wheelcheck.archives.judging import judge_tree

        return judge_tree(tree, identity, self._knowledge())
