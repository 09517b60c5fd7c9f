"""Everything that was read of a source tree, in one value; draws no conclusion from it."""

from __future__ import annotations

from wheelcheck.archives.core_metadata import Headers
from wheelcheck.archives.filenames import FileIdentity
from wheelcheck.archives.project_table import ProjectTable
from wheelcheck.archives.setup_reading import ScriptReading
from wheelcheck.archives.tree import SourceTree
from wheelcheck.model.knowledge import BackendKind, NativeKnowledge
from wheelcheck.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """Everything that was read of a source tree, for those who judge it.

    ``switched_script`` is ``setup.py`` read as if every environment variable that it asks for were set.
    """

    tree: SourceTree
    identity: FileIdentity
    project: ProjectTable
    script: ScriptReading | None
    switched_script: ScriptReading | None = None
    knowledge: NativeKnowledge
    headers: Headers | None = None

    @property
    def kind(self) -> BackendKind | None:
        """The kind of the declared build backend, ``None`` for one that is not known."""
        found = self.knowledge.backend(self.project.backend)
        return found[1] if found else None
