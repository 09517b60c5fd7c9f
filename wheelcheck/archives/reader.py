"""The ``Archives`` port: wheels and source archives read without running anything in them; fetches nothing."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from wheelcheck.archives.core_metadata import parse_core_metadata
from wheelcheck.archives.filenames import FileIdentity, parse_identity
from wheelcheck.archives.folders import read_folder
from wheelcheck.archives.limits import Limits
from wheelcheck.archives.project_table import parse_project_table
from wheelcheck.archives.purity import is_avoidable, judge_purity
from wheelcheck.archives.setup_expressions import ScriptReading
from wheelcheck.archives.setup_script import read_script
from wheelcheck.archives.setup_values import Environ
from wheelcheck.archives.static_metadata import SourceFacts, find_metadata, read_pkg_info
from wheelcheck.archives.tree import SourceTree
from wheelcheck.archives.unpack import unpack
from wheelcheck.archives.wheels import read_wheel_metadata
from wheelcheck.model import CoreMetadata, Judgement, MetadataSource
from wheelcheck.model.knowledge import NativeKnowledge


class ArchiveReader:
    """Reads archives with the evidence table *knowledge* and within *limits*; holds no state and may be shared by threads."""

    def __init__(self, *, knowledge: NativeKnowledge, limits: Limits | None = None) -> None:
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
        return self._judge(unpack(file, filename, self._limits), parse_identity(filename))

    def judge_folder(self, folder: Path) -> Judgement:
        """Likewise for an unpacked source tree, whose name and version come from its own files."""
        return self._judge(read_folder(folder, self._limits), FileIdentity(readings=()))

    def _judge(self, tree: SourceTree, identity: FileIdentity) -> Judgement:
        facts = SourceFacts(
            tree=tree,
            identity=identity,
            project=parse_project_table(tree),
            script=self._script(tree, Environ()),
            switched_script=self._script(tree, Environ("1")),
            knowledge=self._knowledge,
            headers=read_pkg_info(tree),
        )
        verdict = judge_purity(facts)
        metadata, why_not = find_metadata(facts)
        evidence = (*verdict.evidence, why_not) if why_not else verdict.evidence
        return Judgement(
            purity=verdict.purity, evidence=evidence, metadata=metadata, avoidable=is_avoidable(facts, verdict)
        )

    def _script(self, tree: SourceTree, environ: Environ) -> ScriptReading | None:
        text = tree.text("setup.py")
        if text is None:
            return None
        try:
            return read_script("setup.py", text, self._knowledge, tree.text, environ)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
