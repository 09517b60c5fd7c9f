"""The facts read of a source tree, and the verdicts that its rules give; judges nothing itself."""

from __future__ import annotations

import contextlib
import tomllib
from collections.abc import Mapping

from msgspec import Struct, field
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.archives.core_metadata import FileIdentity, Headers
from wheelcheck.archives.source_tree import SourceTree
from wheelcheck.model.judgement import Purity
from wheelcheck.model.knowledge import BackendKind, NativeKnowledge
from wheelcheck.texts.setup_values import ScriptReading
from wheelcheck.texts.toml import table_at
from wheelcheck.texts.words import folded

Table = Mapping[str, object]
_LEGACY = "setuptools.build_meta:__legacy__"  # the backend where none is declared (PEP 517)
SHOWN = 3  # sentences of one kind that a verdict shows


class ProjectTable(Struct, frozen=True, kw_only=True):
    """``pyproject.toml`` as far as it is one; all empty where the file is missing or is no TOML (``broken`` says so).

    ``build_requires`` are the canonical names in ``[build-system] requires``.
    """

    present: bool = False
    broken: str = ""
    backend: str = ""
    backend_path: tuple[str, ...] = ()
    build_requires: frozenset[NormalizedName] = frozenset()
    document: Table = field(default_factory=dict)

    def table(self, *keys: str) -> Table:
        """The table at *keys*, an empty one where there is none."""
        return table_at(self.document, *keys)

    def value(self, *keys: str) -> object:
        """The value at *keys*, or ``None``."""
        return self.table(*keys[:-1]).get(keys[-1])


def parse_project_table(tree: SourceTree) -> ProjectTable:
    """The tree's ``pyproject.toml``."""
    text = tree.text("pyproject.toml")
    if text is None:
        return ProjectTable(backend=_LEGACY)
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as problem:
        return ProjectTable(present=True, broken=str(problem), backend=_LEGACY)
    system = document.get("build-system")
    system = system if isinstance(system, dict) else {}
    backend = system.get("build-backend")
    return ProjectTable(
        present=True,
        backend=backend if isinstance(backend, str) else _LEGACY,
        backend_path=tuple(text_items(system.get("backend-path"))),
        build_requires=frozenset(_names(text_items(system.get("requires")))),
        document=document,
    )


def text_items(value: object) -> list[str]:
    """The strings in *value*, if it is a list."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _names(requirements: list[str]) -> list[NormalizedName]:
    names = []
    for text in requirements:
        with contextlib.suppress(InvalidRequirement):
            names.append(canonicalize_name(Requirement(text).name))
    return names


class SourceFacts(Struct, frozen=True, kw_only=True):
    """Everything that was read of a source tree; the rules of purity and of metadata judge it.

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


class Verdict(Struct, frozen=True, kw_only=True):
    """A purity and the sentences it stands on, strongest first."""

    purity: Purity
    evidence: tuple[str, ...]


def compiled_sources(facts: SourceFacts) -> tuple[str, ...]:
    """Paths of compiled-language sources that a build may use; those in folders of tests, documents or examples are left out."""
    suffixes = tuple(facts.knowledge.suffixes)
    return tuple(
        path
        for path in facts.tree.paths
        if path.lower().endswith(suffixes)
        and not any(part.lower() in facts.knowledge.ignored_folders for part in path.split("/")[:-1])
    )


def shown_sources(facts: SourceFacts) -> tuple[str, ...]:
    """A sentence that names the first compiled-language sources, or nothing."""
    sources = compiled_sources(facts)
    return (f"compiled-language sources: {folded(sources, SHOWN)}",) if sources else ()


def native(facts: SourceFacts, *evidence: str) -> Verdict:
    """Native on *evidence*, and on the compiled-language sources."""
    return Verdict(purity=Purity.NATIVE, evidence=(*evidence, *shown_sources(facts)))


def pure(*evidence: str) -> Verdict:
    """Pure on *evidence*."""
    return Verdict(purity=Purity.PURE, evidence=evidence)


def in_doubt(facts: SourceFacts, doubt: str) -> Verdict:
    """For a tree that cannot be understood: native where there is something to compile, unknown otherwise."""
    purity = Purity.NATIVE if compiled_sources(facts) else Purity.UNKNOWN
    return Verdict(purity=purity, evidence=(doubt, *shown_sources(facts)))
