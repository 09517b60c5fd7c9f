"""Words one told finding for formats that show plain text: why, who wants it, where, and the way out; draws nothing."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from wheelcheck.model.check import Verdict
from wheelcheck.model.repair import Repair
from wheelcheck.model.target import Target
from wheelcheck.model.urls import masked_within
from wheelcheck.report.check.told import ProvedRepair, Told, listed_targets
from wheelcheck.report.quoting import flat
from wheelcheck.report.wording import changes

_EVIDENCE = 3


def headline(told: Told) -> str:
    """The finding in one sentence, with its targets: ``av 11.0.0 has no wheel … (on win_amd64 with Python 3.11)``."""
    if says_its_target(told):
        return flat(told.message)
    return flat(f"{told.message} (on {listed_targets(told.targets)})")


def says_its_target(told: Told) -> bool:
    """Whether the message names the one target itself, so that nothing is to be added."""
    return len(told.targets) == 1 and str(told.targets[0]) in told.message


def iter_details(told: Told) -> Iterator[tuple[str, str]]:
    """A label and a line each: the reasons, who wants it, where wheels are, the repairs, the allowance."""
    for text in told.finding.evidence[:_EVIDENCE]:
        yield "because", flat(text)
    if told.finding.paths:
        yield "wanted by", wanted_by(told)
    for origin in told.origins:
        yield "written in", flat(str(origin))
    for note in told.beside:
        yield "elsewhere", flat(note.message)
    if told.finding.nearest is not None and not told.beside:
        yield "nearest", flat(f"{told.finding.package} {told.finding.nearest} has a wheel")
    for proved in told.repairs:
        yield "repair", repair_line(proved, told.targets)
    if (covered := allowance_line(told)) is not None:
        yield covered


def wanted_by(told: Told) -> str:
    """The shortest way by which it is wanted, and how many more there are."""
    ordered = sorted(told.finding.paths, key=len)
    way = " → ".join(ordered[0])
    more = len(ordered) - 1
    return flat(f"{way} (and {more} more {'ways' if more > 1 else 'way'})" if more else way)


def options_line(repair: Repair) -> str:
    """The options of *repair* as typed into a POSIX shell."""
    return flat(shlex.join(masked_within(word) for word in repair.options))


def repair_line(proved: ProvedRepair, among: tuple[Target, ...] = ()) -> str:
    """The change, its risk and its options in a line; its targets where they are not all of *among*."""
    repair = proved.repair
    where = f", on {listed_targets(proved.targets)}" if len(proved.targets) < len(among) else ""
    line = flat(f"{changes(repair)} (proved, {repair.risk.value} risk{where})")
    return f"{line}: {options_line(repair)}" if repair.options else line


def allowance_line(told: Told) -> tuple[str, str] | None:
    """That somebody allowed it, and why; or that the allowance counts no longer."""
    allowance = told.allowance
    if allowance is None:
        return None
    if told.verdict is Verdict.ALLOWED:
        return "allowed", flat(f"until {allowance.expires} ({allowance.origin}): {allowance.reason}")
    return "expired", flat(f"its allowance ended after {allowance.expires} ({allowance.origin}): {allowance.reason}")
