"""From an unpacked source tree to its judgement: reads its scripts and tables, then asks the judges; unpacks nothing.

Apart from ``reader`` so that a run which meets only wheels imports none of it.
"""

from __future__ import annotations

from wheelcheck.archives.filenames import FileIdentity
from wheelcheck.archives.project_table import parse_project_table
from wheelcheck.archives.purity import judge_purity, way_round
from wheelcheck.archives.setup_reading import ScriptReading
from wheelcheck.archives.setup_script import read_script
from wheelcheck.archives.setup_values import Environ
from wheelcheck.archives.source_facts import SourceFacts
from wheelcheck.archives.static_metadata import find_metadata, read_pkg_info
from wheelcheck.archives.tree import SourceTree
from wheelcheck.model.judgement import Judgement
from wheelcheck.model.knowledge import NativeKnowledge


def judge_tree(tree: SourceTree, identity: FileIdentity, knowledge: NativeKnowledge) -> Judgement:
    """Metadata and purity of *tree*, which calls itself *identity*; costs a few ms, most of it for ``setup.py``."""
    facts = SourceFacts(
        tree=tree,
        identity=identity,
        project=parse_project_table(tree),
        script=_script(tree, Environ(), knowledge),
        switched_script=_script(tree, Environ("1"), knowledge),
        knowledge=knowledge,
        headers=read_pkg_info(tree),
    )
    verdict = judge_purity(facts)
    metadata, why_not = find_metadata(facts)
    detour = way_round(facts, verdict)
    return Judgement(
        purity=verdict.purity,
        evidence=(*verdict.evidence, *filter(None, (detour, why_not))),
        metadata=metadata,
        avoidable=bool(detour),
    )


def _script(tree: SourceTree, environ: Environ, knowledge: NativeKnowledge) -> ScriptReading | None:
    text = tree.text("setup.py")
    if text is None:
        return None
    try:
        return read_script("setup.py", text, knowledge, tree.text, environ)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
