"""A prepared question answered on one target: resolved or taken from a lock, explained, repaired; makes no plan.

``Prepared → Answer → ProvedProposals``. Planning, checking and whatever else looks at targets go through here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace
from packaging.specifiers import SpecifierSet

from wheelcheck.api.preparing import Prepared
from wheelcheck.errors import OfflineMiss
from wheelcheck.model.distribution import FROM_SOURCE
from wheelcheck.model.finding import IMPORTS, Code, Finding, Severity
from wheelcheck.model.lock import Lock
from wheelcheck.model.requirement import Origin, UnsupportedRequirement
from wheelcheck.model.resolution import Conflict, Resolution
from wheelcheck.model.urls import masked, without_user
from wheelcheck.ports import Projects, Reporter

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from wheelcheck.findings.context import Diagnosis
    from wheelcheck.index.store import IndexStore
    from wheelcheck.model.distribution import Distribution, Installability
    from wheelcheck.model.knowledge import RepairKnowledge
    from wheelcheck.model.systems import AbsentLibrary
    from wheelcheck.repairs.proof import Proof, ProvedProposals
    from wheelcheck.resolver.question import Question
    from wheelcheck.resolver.resolution_cache import ResolutionCache


class Answer(Struct, frozen=True, kw_only=True):
    """The outcome of one prepared question with its findings, before a plan is made of it."""

    prepared: Prepared
    outcome: Resolution | Conflict
    findings: tuple[Finding, ...]
    knowledge: RepairKnowledge | None
    """All of it, where it was read already."""


def answered(
    prepared: Prepared,
    store: IndexStore,
    reporter: Reporter,
    *,
    knowledge: RepairKnowledge | None = None,
    cache: ResolutionCache | None = None,
) -> Answer:
    """Resolve *prepared*, or take its lock as it stands, and draw the findings from the outcome.

    *knowledge* is that of ``prepared.knowledge_folders`` where somebody has read it already; *cache* keeps resolutions for
    further targets, of which some may be alike.
    Raises ``IndexUnavailable``, ``SettingsInvalid`` for the user's knowledge files, ``InputUnreadable`` for a lock.
    """
    if knowledge is None:
        from wheelcheck.knowledge.loading import load_own_knowledge

        # Read before the index is asked, so that a malformed file of the user is refused at once.
        knowledge = load_own_knowledge(prepared.knowledge_folders)
    prepared = with_stand_ins(prepared, store)
    store.do_while_idle(_import_explaining if prepared.imports == "none" else partial(_begin_reading, prepared, store))
    outcome, disagreeing = resolved(prepared, store, reporter, cache)
    reporter.stage("explaining")
    findings = (*_explained(prepared, outcome, store, knowledge), *_failing_imports(prepared, outcome, store))
    return Answer(prepared=prepared, outcome=outcome, findings=(*disagreeing, *findings), knowledge=knowledge)


def _import_explaining() -> None:
    """Import what follows the resolution, while that waits for its first answers."""
    import wheelcheck.findings.rules
    import wheelcheck.plans.documents  # noqa: F401


def _begin_reading(prepared: Prepared, store: IndexStore) -> None:
    """The same with what reads the code of suspect wheels: most answers of an index have some. Those that come are read at once."""
    _import_explaining()
    import wheelcheck.archives.import_time
    import wheelcheck.index.code_answers  # noqa: F401
    from wheelcheck.imports.failing import import_target
    from wheelcheck.imports.suspects import is_old
    from wheelcheck.knowledge.loading import find_release_day, load_standard_library

    load_standard_library()
    target = prepared.question.target
    released = find_release_day(f"3.{target.python_full.minor}")
    store.read_early(partial(is_old, released=released), import_target(target))


def with_stand_ins(prepared: Prepared, projects: Projects) -> Prepared:
    """*prepared* with the releases that an index has in place of what cannot be planned: repositories, paths of another machine.

    Of a repository any release serves where the version of its tag was not released. What the target's markers keep out is left
    out. Costs one page for each; raises ``IndexUnavailable``.
    """
    question = prepared.question
    if not question.unsupported:
        return prepared
    from wheelcheck.targets.fitting import Compatibility

    compatibility = Compatibility(question.target)
    unsupported = [
        each for each in question.unsupported if each.marker is None or compatibility.evaluate(each.marker).holds
    ]
    projects.prefetch_pages(each.stand_in.name for each in unsupported if each.stand_in is not None)
    settled = tuple(_settled(each, projects) for each in unsupported)
    judged = tuple(each.stand_in for each in settled if each.is_judged and each.stand_in is not None)
    question = replace(question, requirements=(*question.requirements, *judged), unsupported=settled)
    return replace(prepared, question=question)


def _settled(unsupported: UnsupportedRequirement, projects: Projects) -> UnsupportedRequirement:
    """*unsupported* with the release that an index has in its place, if one has."""
    stand_in = unsupported.stand_in
    try:
        versions = projects.page(stand_in.name).distributions if stand_in is not None else {}
    except OfflineMiss:
        return replace(unsupported, stand_in=None, hint=f"offline, nothing is known of {unsupported.name}")
    if stand_in is None or not versions:
        return unsupported
    stand_in = replace(stand_in, marker=unsupported.marker)
    if not any(stand_in.specifier.contains(version, prereleases=True) for version in versions):
        if unsupported.kind != "vcs":
            return unsupported
        stand_in = replace(stand_in, specifier=SpecifierSet(), text=str(stand_in).partition("=")[0])
    return replace(unsupported, stand_in=stand_in, is_judged=True)


def _explained(
    prepared: Prepared, outcome: Resolution | Conflict, projects: Projects, knowledge: RepairKnowledge | None
) -> tuple[Finding, ...]:
    from wheelcheck.findings.rules import diagnose

    known = knowledge if knowledge is not None else _advice(outcome)
    return diagnose(diagnosis_of(prepared, outcome, projects, known))


def _failing_imports(prepared: Prepared, outcome: Resolution | Conflict, store: IndexStore) -> tuple[Finding, ...]:
    """What fails when it is imported, in the wheels of a resolution that ``prepared.imports`` has read."""
    target = prepared.question.target
    if prepared.imports == "none" or not isinstance(outcome, Resolution):
        return ()
    from wheelcheck.imports.suspects import choose_suspects
    from wheelcheck.knowledge.loading import find_release_day, load_variants

    released = find_release_day(f"3.{target.python_full.minor}")
    suspects = choose_suspects(outcome, prepared.imports, released, load_variants())
    if not (suspects.read or suspects.compared):
        return ()
    paths = diagnosis_of(prepared, outcome, store).paths
    found: list[Finding] = []
    if suspects.read:
        from wheelcheck.imports.failing import Surroundings, find_failing_imports, import_target
        from wheelcheck.knowledge.loading import load_standard_library

        around = Surroundings(target=import_target(target), library=load_standard_library())
        found += find_failing_imports(outcome.files, suspects, around, store, paths)
    if suspects.compared:
        from wheelcheck.imports.suspects import find_overlaps

        found += find_overlaps(suspects.compared, store, paths)
    return tuple(found)


def resolved(
    prepared: Prepared, store: IndexStore, reporter: Reporter, cache: ResolutionCache | None = None
) -> tuple[Resolution | Conflict, tuple[Finding, ...]]:
    """Resolve *prepared*, or take its lock as it stands and say where the index disagrees with it.

    Raises ``InputUnreadable`` and ``IndexUnavailable``.
    """
    question, lock = prepared.question, prepared.read.lock
    if lock is None:
        store.ask_first(partial(_iter_first_asked, question))
        from wheelcheck.resolver.passes import resolve

        solved = cache.resolve if cache is not None else partial(resolve, projects=store)
        return solved(question, reporter=reporter), ()
    from wheelcheck.findings.asked import find_disagreements, find_unjudged, silent_lock
    from wheelcheck.locks.choosing import applicable, uncovered
    from wheelcheck.resolver.locked import LockedResolver
    from wheelcheck.targets.fitting import Compatibility

    compatibility = Compatibility(question.target)
    locked = partial(LockedResolver, policy=question.policy, projects=store, compatibility=compatibility)
    reason = uncovered(lock, question.target, compatibility=compatibility)
    if reason:
        return locked(lock, ()).resolution(), (silent_lock(lock.path, reason, question.target),)
    read = prepared.read
    packages = applicable(lock, question.target, extras=read.extras, groups=read.groups, compatibility=compatibility)
    resolution = locked(lock, packages).resolution()
    disagreeing = find_disagreements(packages, resolution, store, map(without_user, prepared.index.index_urls))
    return resolution, (*disagreeing, *find_unjudged(lock))


def _iter_first_asked(question: Question) -> Iterator[NormalizedName]:
    """The projects that the user requires on the target: the resolver looks at the page of each."""
    from wheelcheck.resolver.requirement import Adjustments
    from wheelcheck.targets.fitting import Compatibility

    adjustments = Adjustments(Compatibility(question.target), question.policy, question.constraints)
    for stated in question.requirements:
        yield from (each.name for each in adjustments.iter_effective(stated) if each.url is None)


def diagnosis_of(
    prepared: Prepared, outcome: Resolution | Conflict, projects: Projects, knowledge: RepairKnowledge | None = None
) -> Diagnosis:
    """The view of *outcome* from which findings are drawn, with what *knowledge* says of its projects."""
    from wheelcheck.findings.context import Diagnosis
    from wheelcheck.knowledge.loading import load_marker_values

    # A lock's markers were written by a program, and its hashes stand in its edges.
    requirements = prepared.question.requirements if prepared.read.lock is None else ()
    has_markers = any(each.marker is not None for each in (*requirements, *prepared.question.constraints))
    return Diagnosis(
        outcome,
        projects,
        prepared.question.policy,
        input_bounds=prepared.read.inputs.requires_python,
        require_hashes=prepared.read.require_hashes,
        bundled=prepared.read.bundled(prepared.question.target),
        constraints=prepared.question.constraints,
        tool_settings=prepared.read.inputs.tools.settings,
        knowledge=knowledge,
        requirements=requirements,
        marker_values=load_marker_values() if requirements and has_markers else None,
        parts=_parts(outcome),
    )


def _parts(outcome: Resolution | Conflict) -> tuple[AbsentLibrary, ...]:
    if not isinstance(outcome, Resolution) or not outcome.target.platform.startswith("win"):
        return ()
    from wheelcheck.knowledge.loading import may_need_parts

    if not may_need_parts(outcome.pins.keys()):
        return ()
    from wheelcheck.knowledge.systems import load_needed_parts

    return load_needed_parts()


def _advice(outcome: Resolution | Conflict) -> RepairKnowledge | None:
    from wheelcheck.knowledge.loading import load_advice

    # The findings of a conflict are about the versions that the natural pass chose.
    chosen = outcome if isinstance(outcome, Resolution) else outcome.natural
    if chosen is None:
        return None
    lacking = [pick.lacking.name for pick in chosen.older if pick.lacking is not None]
    building = [name for name, pin in chosen.pins.items() if pin.installability in FROM_SOURCE]
    return load_advice(chosen.pins.keys(), [*building, *lacking])


def needs_repairs(answer: Answer) -> bool:
    """Whether repairs are wanted and something is in the way: an error, a conflict, an advisory."""
    repairable = (Code.ADVISORY, Code.ABI_BREAK)
    return bool(answer.prepared.repairs) and any(
        (finding.severity is Severity.ERROR and finding.code is not Code.FILE_UNVERIFIED)
        or (finding.code in repairable and finding.severity is Severity.WARNING)
        for finding in answer.findings
    )


def proved_proposals(
    answer: Answer, store: IndexStore, reporter: Reporter, *, rounds: int | None = None
) -> ProvedProposals | None:
    """The repairs of *answer* where :func:`needs_repairs` says so, else ``None``; with the proof of each, for :func:`repaired`.

    *rounds* bound the search where they are given.
    """
    if not needs_repairs(answer):
        return None
    prepared = answer.prepared
    from wheelcheck.knowledge.loading import load_repair_knowledge, load_standard_library
    from wheelcheck.repairs.context import Blocked, Limits, RepairContext
    from wheelcheck.repairs.proposing import propose

    knowledge = answer.knowledge or load_repair_knowledge(prepared.knowledge_folders)
    library = load_standard_library() if prepared.imports != "none" else None
    limits = Limits(repairs=prepared.repairs, seconds=prepared.repair_seconds)
    return propose(
        Blocked(
            question=prepared.question,
            outcome=answer.outcome,
            input_bounds=prepared.read.pythons,
            require_hashes=prepared.read.require_hashes,
            bundled=prepared.read.bundled(prepared.question.target),
            target_is_named=prepared.target_is_named,
            indexes=prepared.index.index_urls,
            overlaps=_overlaps(answer, store),
            failing=_failing(answer),
            day=(prepared.question.policy.exclude_newer or "")[:10] or datetime.now(UTC).date().isoformat(),
        ),
        RepairContext(projects=store, code=store, elsewhere=store, knowledge=knowledge, library=library),
        limits if rounds is None else replace(limits, rounds=rounds),
        reporter,
    )


def _failing(answer: Answer) -> frozenset[NormalizedName]:
    """The projects of *answer* whose import a finding proves to fail."""
    proofs = IMPORTS - {Code.SAME_FILE}
    return frozenset(
        each.package
        for each in answer.findings
        if each.code in proofs and each.severity is Severity.ERROR and each.package is not None
    )


def _overlaps(answer: Answer, store: IndexStore) -> tuple[tuple[NormalizedName, NormalizedName], ...]:
    """The projects of *answer* of which two install the same files, where a finding says that there are any."""
    if not isinstance(answer.outcome, Resolution) or all(each.code is not Code.SAME_FILE for each in answer.findings):
        return ()
    from wheelcheck.imports.suspects import choose_suspects, overlapping
    from wheelcheck.knowledge.loading import load_variants

    suspects = choose_suspects(answer.outcome, answer.prepared.imports, None, load_variants())
    return tuple(sorted(overlapping(suspects.compared, store)))


def repaired(answer: Answer, proof: Proof, store: IndexStore, reporter: Reporter) -> Answer:
    """*answer* with a repair applied: the question and the resolution of its *proof*, explained as every answer is.

    Nothing is resolved again, so that what is planned is what was proved; of the wheels the suspect ones are read.
    """
    prepared = answer.prepared
    policy = proof.question.policy
    replacements = {each.name: each for each in (*prepared.read.replacements, *proof.difference.replacements)}
    sources = {**prepared.index.project_indexes, **proof.difference.sources}
    options = replace(
        prepared.options,
        exclude_newer=policy.exclude_newer,
        constraints=tuple(map(str, proof.question.constraints)),
        overrides=tuple(map(str, policy.overrides)),
        excludes=tuple(sorted(policy.excludes)),
        replacements=tuple(map(str, replacements.values())),
        sources=tuple(f"{name}={masked(url)}" for name, url in sorted(sources.items())),
    )
    reporter.stage("explaining")
    prepared = replace(prepared, question=proof.question, options=options)
    findings = _explained(prepared, proof.resolution, proof.projects, answer.knowledge)
    failing = _failing_imports(prepared, proof.resolution, store)
    return replace(answer, prepared=prepared, outcome=proof.resolution, findings=(*findings, *failing))


def installability_by_siblings(files: tuple[Distribution, ...]) -> Installability | None:
    """The installability of a source archive as the wheels of its release (*files*) show it; ``None`` where they do not."""
    from wheelcheck.targets.project_view import purity_from_siblings

    purity = purity_from_siblings(files)
    return purity[0] if purity is not None else None


def origins_of(prepared: Prepared) -> Callable[[Finding], Origin | None]:
    """A function from a finding to the origin of the requirement that its shortest way begins with, ``None`` where none is known.

    For a lock it is the line of the package itself, which is the line that a bump changes.
    """
    if prepared.read.lock is not None:
        return _in_lock(prepared.read.lock)
    inputs = prepared.read.inputs
    stand_ins = (each.stand_in for each in inputs.unsupported if each.stand_in is not None)
    requirements = (*inputs.requirements, *stand_ins)
    by_text = {str(requirement): requirement.origin for requirement in reversed(requirements)}
    by_name = {requirement.name: requirement.origin for requirement in reversed(requirements)}
    unsupported = {each.name: each.origin for each in inputs.unsupported}

    def origin(finding: Finding) -> Origin | None:
        for path in sorted(finding.paths, key=lambda path: (len(path), path)):
            if path and path[0] in by_text:
                return by_text[path[0]]
        if finding.package in unsupported:
            return unsupported[finding.package]
        return by_name.get(finding.package) if finding.package is not None else None

    return origin


def _in_lock(lock: Lock) -> Callable[[Finding], Origin | None]:
    by_version = {(package.name, package.version): package.origin for package in reversed(lock.packages)}
    by_name = {package.name: package.origin for package in reversed(lock.packages)}

    def origin(finding: Finding) -> Origin | None:
        if finding.package is None:
            return None
        return by_version.get((finding.package, finding.version), by_name.get(finding.package))

    return origin
