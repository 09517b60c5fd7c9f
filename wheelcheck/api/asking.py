"""``why`` and ``wheels``: two questions that end in an answer instead of a plan; no repairs are searched for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field
from packaging.utils import InvalidName, NormalizedName, canonicalize_name

from wheelcheck.api.edges import index_config, open_store
from wheelcheck.api.preparing import Prepared, parse_cutoff, prepare
from wheelcheck.api.request import Request, completed, refuse_empty
from wheelcheck.errors import ArchiveRefused, UsageProblem
from wheelcheck.model.judgement import Installability
from wheelcheck.model.requirement import IndexOptions
from wheelcheck.ports import Reporter, SilentReporter

if TYPE_CHECKING:
    from wheelcheck.index.store import IndexStore
    from wheelcheck.model.answers import Wheels, Why
    from wheelcheck.model.distribution import Distribution, Sdist
    from wheelcheck.model.requirement import Requirement
    from wheelcheck.model.resolution import Conflict, Policy, Resolution
    from wheelcheck.model.target import Target
    from wheelcheck.ports import Projects
    from wheelcheck.settings.loading import Settings

DEFAULT_VERSIONS = 10


def why(request: Request, package: str, *, reporter: Reporter | None = None) -> Why:
    """Why the resolution of *request* has the project *package*, or has it not.

    Costs what the resolution costs, and a metadata read for each group of versions that was passed over without a plain reason.
    Raises what :func:`~wheelcheck.api.plan` raises, and ``UsageProblem`` where *package* is no name.
    """
    from wheelcheck.findings.context import Diagnosis
    from wheelcheck.findings.why import UserRequirements, explain

    name = _project_name(package)
    reporter = reporter or SilentReporter()
    prepared = prepare(request, reporter)
    with open_store(prepared.index, reporter) as store:
        outcome = _outcome(prepared, store, reporter)
        reporter.stage("explaining")
        diagnosis = Diagnosis(
            outcome,
            store,
            prepared.question.policy,
            input_bounds=prepared.inputs.requires_python,
            require_hashes=prepared.require_hashes,
            constraints=prepared.question.constraints,
        )
        asked = UserRequirements(
            requirements=prepared.inputs.requirements,
            constraints=prepared.question.constraints,
            lock=prepared.lock,
        )
        return explain(diagnosis, name, asked, store, _told_by_siblings)


def _outcome(prepared: Prepared, store: IndexStore, reporter: Reporter) -> Resolution | Conflict:
    """As for a plan, without its findings: resolved, or what the lock has."""
    from wheelcheck.api.locking import answer_of_lock
    from wheelcheck.resolver.passes import resolve
    from wheelcheck.targets.fitting import Compatibility

    if prepared.lock is None:
        return resolve(prepared.question, store, reporter)
    target = prepared.question.target
    return answer_of_lock(prepared.lock, prepared, target, store, Compatibility(target)).resolution


def _project_name(text: str) -> NormalizedName:
    try:
        return canonicalize_name(text.strip(), validate=True)
    except InvalidName as error:
        raise UsageProblem(
            f"{text!r} is no name of a project", hint="give the name alone, without a version: wheelcheck why av INPUT"
        ) from error


def _told_by_siblings(files: tuple[Distribution, ...]) -> Installability | None:
    from wheelcheck.resolver.candidate_source import purity_from_siblings

    told = purity_from_siblings(files)
    return told[0] if told is not None else None


class WheelsRequest(Struct, frozen=True, kw_only=True):
    """One question to :func:`wheels`.

    *requirement* bounds the versions. *platforms* and *pythons* are words, ``all`` among them; empty is what the settings name,
    then every known platform and the running Python. *versions* is how many to show. *where* holds the fields that say where and
    how to look (index, cache, ``exclude_newer``, ``pre``); its inputs and its own target are not looked at.
    """

    requirement: str
    platforms: tuple[str, ...] = ()
    pythons: tuple[str, ...] = ()
    versions: int = DEFAULT_VERSIONS
    where: Request = field(default_factory=lambda: Request(inputs=()))


def wheels(request: WheelsRequest, *, reporter: Reporter | None = None) -> Wheels:
    """What there is of the versions within a requirement, for many targets at once.

    Costs one page, and reads a source archive only of a version that is shown, where a target has nothing else and the release's
    wheels do not tell what it is. Raises ``UsageProblem`` for words that mean nothing and ``IndexUnavailable``.
    """
    from wheelcheck.findings.versions import Judging, table
    from wheelcheck.requirements.formats import parse_requirement
    from wheelcheck.settings.loading import load_settings

    reporter = reporter or SilentReporter()
    where = request.where
    refuse_empty(where)
    if request.versions < 1:
        raise UsageProblem(f"-n {request.versions} is no number of versions", hint="give 1 or more")
    requirement = _bare(parse_requirement(request.requirement, "REQUIREMENT"))
    settings = load_settings(Path(where.folder), where.environ)
    targets = _targets(request, settings)
    policy = _policy(where, settings)
    with open_store(index_config(where, settings, IndexOptions()), reporter) as store:
        reporter.stage("looking")
        judging = Judging(policy=policy, told=_told_by_siblings, read=lambda sdist: _read(store, sdist))
        return table(store.page(requirement.name), requirement, targets, judging, most=request.versions)


def _bare(requirement: Requirement) -> Requirement:
    if requirement.url is not None:
        raise UsageProblem(
            f"{requirement} is one file, and not a project on an index",
            address="REQUIREMENT",
            hint=f"ask for {requirement.name}, or plan with it",
        )
    return requirement


def _targets(request: WheelsRequest, settings: Settings) -> tuple[Target, ...]:
    from wheelcheck.targets.targets import PLATFORMS, PYTHONS, expanded, host_target, parse_target

    platforms = expanded(request.platforms or settings.platforms or PLATFORMS, PLATFORMS)
    pythons = expanded(request.pythons or settings.pythons, PYTHONS) or (host_target().python,)
    found = (parse_target(platform, python) for python in pythons for platform in platforms)
    # Two words may mean one target: windows and win_amd64.
    return tuple({(target.platform, target.python): target for target in found}.values())


def _policy(where: Request, settings: Settings) -> Policy:
    from wheelcheck.model.resolution import Policy

    options = completed(where, settings)
    cutoff = options["exclude_newer"]
    return Policy(
        allowed=frozenset(Installability),
        pre=bool(options["pre"]),
        exclude_newer=parse_cutoff(cutoff) if cutoff is not None else None,
    )


def _read(projects: Projects, sdist: Sdist) -> Installability:
    try:
        return projects.source(sdist).purity.installability
    except ArchiveRefused:
        return Installability.SDIST_UNKNOWN
