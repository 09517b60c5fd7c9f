"""Which blockers no edit can touch, and why, in a sentence each; searches for nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from wheelcheck.model.finding import Finding
from wheelcheck.model.repair import Hopeless
from wheelcheck.model.urls import masked
from wheelcheck.repairs.blockers import Blocker, View
from wheelcheck.repairs.versions import usable_versions
from wheelcheck.repairs.world import Blocked


def iter_hopeless(blocked: Blocked, view: View, blockers: Iterable[Blocker]) -> Iterator[Hopeless]:
    """One statement for each of *blockers*, none of which has a remedy; *view* is of the question as it was asked.

    A blocker that stands in the question itself is told as it stands there, whatever version a trial ended at.
    """
    asked = {blocker.name: blocker for group in view.troubles() for blocker in group}
    for blocker in (asked.get(each.name, each) for each in blockers):
        yield Hopeless(
            package=blocker.name,
            version=blocker.version,
            message=_sentence(blocked, view, blocker),
            paths=blocker.paths,
        )


def iter_exhausted(view: View, trials: int) -> Iterator[Hopeless]:
    """One statement for each blocker of a question for which all that could be changed was tried, in vain."""
    for blocker in (each for group in view.troubles() for each in group):
        tried = f"after {trials} trial{'s' if trials != 1 else ''}" if trials else "with nothing to try"
        yield Hopeless(
            package=blocker.name,
            version=blocker.version,
            message=f"none of the changes that could help {blocker.name} leads to an answer, {tried}",
            paths=blocker.paths,
        )


def iter_irreparable(findings: Iterable[Finding]) -> Iterator[Hopeless]:
    """One statement for each of *findings*, which lie in the input itself."""
    for finding in findings:
        yield Hopeless(
            package=finding.package,
            version=finding.version,
            message=f"{finding.message}; {finding.code.cure[0].lower()}{finding.code.cure[1:]}",
            paths=finding.paths,
        )


def _sentence(blocked: Blocked, view: View, blocker: Blocker) -> str:
    target = view.diagnosis.target
    asked = "you ask for it yourself" if blocker.is_wanted_by_user else "nothing else can be changed about it"
    url = next((asker.requirement.url for asker in blocker.askers if asker.requirement.url is not None), None)
    if url is not None:
        return f"{blocker.name} is to come from {masked(url)}, which cannot be used on {target}, and {asked}"
    shelf = view.diagnosis.shelf(blocker.name)
    if not shelf.versions:
        return f"no index has a usable file of {blocker.name}, and {asked}"
    if blocker.is_clash:
        return f"no version of {blocker.name} can satisfy every requirement on {target}, and {asked}"
    if any(shelf.release(version).has_wheel for version in usable_versions(shelf)):
        return f"no version of {blocker.name} that is asked for has a usable file on {target}, and {asked}"
    where = f"{target.platform} on Python {target.python}{_others(blocked)}"
    return (
        f"no version of {blocker.name} has a wheel for {where}, and {asked}; "
        "a wheel that you build yourself can be given with --find-links"
    )


def _others(blocked: Blocked) -> str:
    """Which Pythons were looked at besides the target's own."""
    if not blocked.target_is_named:
        return ""
    return " or another near it that the input admits" if blocked.input_bounds else " or near it"
