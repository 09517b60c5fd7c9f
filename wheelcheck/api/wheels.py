"""``wheels``: which versions within a requirement have wheels, on which targets; resolves nothing."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from wheelcheck.api.answering import installability_by_siblings
from wheelcheck.api.edges import index_config, open_store
from wheelcheck.api.preparing import parse_cutoff
from wheelcheck.api.request import Request, completed, refuse_empty
from wheelcheck.errors import UsageProblem
from wheelcheck.model.judgement import Installability
from wheelcheck.model.requirement import IndexOptions
from wheelcheck.ports import Reporter, SilentReporter

if TYPE_CHECKING:
    from wheelcheck.model.answers import Wheels
    from wheelcheck.model.requirement import Requirement
    from wheelcheck.model.resolution import Policy
    from wheelcheck.model.target import Target
    from wheelcheck.settings.loading import Settings

_VERSIONS = 10


class WheelsRequest(Struct, frozen=True, kw_only=True):
    """One question to :func:`wheels`.

    *requirement* bounds the versions. *platforms* and *pythons* are words, ``all`` among them; empty is what the settings name,
    then every known platform and the running Python. *versions* is how many to show. *where* holds the fields that say where and
    how to look (index, cache, ``exclude_newer``, ``pre``); its inputs and its own target are not looked at.
    """

    requirement: str
    platforms: tuple[str, ...] = ()
    pythons: tuple[str, ...] = ()
    versions: int = _VERSIONS
    where: Request = field(default_factory=lambda: Request(inputs=()))


def wheels(request: WheelsRequest, *, reporter: Reporter | None = None) -> Wheels:
    """The versions within a requirement and what each target has of them.

    Costs one page, and reads a source archive only of a version that is shown, where a target has nothing else and the release's
    wheels do not tell what it is. Raises ``UsageProblem`` for words that mean nothing and ``IndexUnavailable``.
    """
    from wheelcheck.findings.versions import Judging, read_purity, table
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
        judging = Judging(policy=policy, told=installability_by_siblings, read=partial(read_purity, store))
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
