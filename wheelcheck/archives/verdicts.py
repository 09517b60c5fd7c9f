"""What a verdict on a source tree is made of, whichever backend it is about; gives none itself."""

from __future__ import annotations

from wheelcheck.archives.source_facts import SourceFacts
from wheelcheck.model.judgement import Purity
from wheelcheck.values import dataclass

SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A purity and the sentences it stands on, strongest first."""

    purity: Purity
    evidence: tuple[str, ...]


def compiled_sources(facts: SourceFacts) -> tuple[str, ...]:
    """Paths of compiled-language sources that a build may use: none in folders of tests, documents or examples."""
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
    if not sources:
        return ()
    more = f" and {len(sources) - SHOWN} more" if len(sources) > SHOWN else ""
    return (f"compiled-language sources: {', '.join(sources[:SHOWN])}{more}",)


def native(facts: SourceFacts, *evidence: str) -> Verdict:
    """Native on *evidence*, and on the sources that lie there."""
    return Verdict(purity=Purity.NATIVE, evidence=(*evidence, *shown_sources(facts)))


def lean(facts: SourceFacts, doubt: str) -> Verdict:
    """For a tree that cannot be understood: native where there is something to compile, unknown otherwise."""
    purity = Purity.NATIVE if compiled_sources(facts) else Purity.UNKNOWN
    return Verdict(purity=purity, evidence=(doubt, *shown_sources(facts)))
