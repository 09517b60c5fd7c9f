"""What nothing repairs, and why: a statement for each blocker, failing project or fault of the input. Searches nothing.

``Blocker | Finding | Importing, what was tried → Unrepairable``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from packaging.utils import NormalizedName

from wheelcheck.model.finding import Finding
from wheelcheck.model.knowledge import RepairKnowledge
from wheelcheck.model.repair import Unrepairable
from wheelcheck.model.resolution import Resolution
from wheelcheck.model.urls import masked
from wheelcheck.repairs.blockers import Blocker, TrialView
from wheelcheck.repairs.context import Blocked
from wheelcheck.repairs.import_grounds import Importing
from wheelcheck.repairs.trials import usable_versions


def iter_unrepairable(
    blocked: Blocked, view: TrialView, blockers: Iterable[Blocker], knowledge: RepairKnowledge
) -> Iterator[Unrepairable]:
    """One statement for each of *blockers*, none of which has a remedy; *view* is of the question as it was asked.

    A blocker of the question itself is described as it stands there, whatever version a trial ended at.
    """
    asked = {blocker.name: blocker for group in view.blocking_groups() for blocker in group}
    for blocker in (asked.get(each.name, each) for each in blockers):
        yield Unrepairable(
            package=blocker.name,
            version=blocker.version,
            message=_with_places(_unrepairable_sentence(blocked, view, blocker), view, blocker, knowledge),
            paths=blocker.paths,
        )


def iter_exhausted(view: TrialView, trials: int, knowledge: RepairKnowledge, *, fails: bool) -> Iterator[Unrepairable]:
    """One statement for each blocker of a question for which all that could be changed was tried, in vain.

    *fails* says that there were answers, whose imports fail.
    """
    answer = "an answer that can be imported" if fails else "an answer"
    for blocker in (each for group in view.blocking_groups() for each in group):
        bounds = [f"{each} ({each.origin})" for each in view.diagnosis.constraints if each.name == blocker.name]
        yours = f"; no repair goes past your constraint {' and '.join(bounds)}: loosen it yourself" if bounds else ""
        yield Unrepairable(
            package=blocker.name,
            version=blocker.version,
            message=_with_places(_effort(blocker.name, answer, trials) + yours, view, blocker, knowledge),
            paths=blocker.paths,
        )


def iter_failing(resolution: Resolution, broken: Importing, trials: int) -> Iterator[Unrepairable]:
    """One statement for each project of *resolution* that fails when it is imported and that nothing mends."""
    for name in sorted(broken.failing):
        yield Unrepairable(
            package=name,
            version=resolution.pins[name].version,
            message=_effort(name, "an answer that can be imported", trials),
        )


def iter_unrepairable_inputs(findings: Iterable[Finding]) -> Iterator[Unrepairable]:
    """One statement for each of *findings*, which lie in the input itself."""
    for finding in findings:
        yield Unrepairable(
            package=finding.package,
            version=finding.version,
            message=f"{finding.message}; {finding.code.cure[0].lower()}{finding.code.cure[1:]}",
            paths=finding.paths,
        )


def _effort(name: NormalizedName, answer: str, trials: int) -> str:
    if not trials:
        return f"no change that could help {name} is known: nothing leads to {answer}"
    return f"none of the changes that could help {name} leads to {answer}, after {trials} trial{'s' if trials != 1 else ''}"


def _with_places(sentence: str, view: TrialView, blocker: Blocker, knowledge: RepairKnowledge) -> str:
    """*sentence*, and where *blocker* is had outside of indexes."""
    return "; ".join((sentence, *knowledge.places_of(blocker.name, view.diagnosis.target.platform)))


def _unrepairable_sentence(blocked: Blocked, view: TrialView, blocker: Blocker) -> str:
    target = view.diagnosis.target
    asked = "you ask for it yourself" if blocker.is_wanted_by_user else "nothing else can be changed about it"
    url = next((asker.requirement.url for asker in blocker.askers if asker.requirement.url is not None), None)
    if url is not None:
        return f"{blocker.name} is to come from {masked(url)}, which cannot be used on {target}, and {asked}"
    project = view.diagnosis.project(blocker.name)
    if not project.versions:
        return f"no index has a usable file of {blocker.name}, and {asked}"
    if blocker.is_clash:
        return f"no version of {blocker.name} can satisfy everybody on {target}, and {asked}"
    if any(project.release(version).has_wheel for version in usable_versions(project)):
        return f"no version of {blocker.name} that is asked for has a usable file on {target}, and {asked}"
    where = f"{target.platform} on Python {target.python}{_other_pythons(blocked)}"
    return (
        f"no version of {blocker.name} has a wheel for {where}, and {asked}; "
        "a wheel that you build yourself can be given with --find-links"
    )


def _other_pythons(blocked: Blocked) -> str:
    """Which Pythons were looked at besides the target's own."""
    if not blocked.target_is_named:
        return ""
    return " or another near it that the input admits" if blocked.input_bounds else " or near it"
