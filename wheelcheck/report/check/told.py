"""Brings the findings of many targets together: what is the same on several is told once, worst first; judges none again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model.check import Allowance, Check, CheckedTarget, Judged, Verdict
from wheelcheck.model.finding import Code, Finding
from wheelcheck.model.repair import Repair
from wheelcheck.model.requirement import FileOrigin, Origin
from wheelcheck.model.target import Target
from wheelcheck.report.findings import companions
from wheelcheck.values import dataclass

_ORDER = tuple(Verdict)
_SHOWN_TARGETS = 12
_Swap = tuple[str, str]
_TARGET: _Swap = ("{target}", "these targets")
_PLATFORM: _Swap = ("{target.platform}", "these platforms")
_PYTHON: _Swap = ("Python {target.python}", "these Pythons")
_SWAPS = ((_TARGET,), (_PYTHON,), (_PLATFORM,), (_PLATFORM, _PYTHON))
_Key = tuple[Verdict, Code, NormalizedName | None, Version | None]
_Sighting = tuple[CheckedTarget, Judged]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvedRepair:
    """A repair with the targets for which it was proved to be the cheapest."""

    repair: Repair
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A finding that several targets share, told once.

    ``finding`` is that of the first target with ``message`` in words that hold on all ``targets``. ``origins`` are all places
    where the user wrote what leads to it, ``beside`` the notes on where wheels are. ``repairs`` are the cheapest way out of each of
    these targets, empty where nothing fails or none was proved.
    """

    finding: Finding
    verdict: Verdict
    message: str
    targets: tuple[Target, ...]
    origins: tuple[Origin, ...]
    allowance: Allowance | None
    fingerprints: tuple[str, ...]
    beside: tuple[Finding, ...] = ()
    repairs: tuple[ProvedRepair, ...] = ()

    @property
    def fingerprint(self) -> str:
        """One name for all of it: that of its first target by name, which stays when others come before it in the run."""
        return min(self.fingerprints)

    @property
    def places(self) -> tuple[FileOrigin, ...]:
        """The files and lines among its origins."""
        return tuple(origin for origin in self.origins if isinstance(origin, FileOrigin))

    @property
    def subject(self) -> str:
        """What it is about, for a heading: ``av 11.0.0``, a name alone, or what its code says."""
        if self.finding.package is None:
            return self.finding.code.title
        return f"{self.finding.package} {self.finding.version}" if self.finding.version else self.finding.package


def tell(check: Check) -> tuple[Told, ...]:
    """The findings of *check*, each once with its targets: by verdict (failing first), then as findings are ordered.

    Two are the same when code, package, version and verdict are; what names no package, or stands more than once on one target
    (for two extras of a project), must also say the same but for the target's own name.
    """
    groups: dict[_Key, list[_Sighting]] = {}
    for checked in check.targets:
        for judged in checked.judged:
            finding = judged.finding
            key = (_counting(checked, judged), finding.code, finding.package, finding.version)
            groups.setdefault(key, []).append((checked, judged))
    told = [_told(verdict, same) for (verdict, *_), every in groups.items() for same in _parted(every)]
    return tuple(sorted(told, key=lambda each: (_ORDER.index(each.verdict), each.finding.sort_key)))


def _counting(checked: CheckedTarget, judged: Judged) -> Verdict:
    """The verdict, without failing on a target that is undecided: what a search met that ended early proves nothing."""
    if judged.verdict is not Verdict.FAILS or checked.is_decided:
        return judged.verdict
    return Verdict.NOTED if judged.finding.code is Code.BUDGET_SPENT else Verdict.WARNS


def _parted(sightings: Sequence[_Sighting]) -> list[list[_Sighting]]:
    targets = {id(checked) for checked, _ in sightings}
    if len(targets) == len(sightings) and sightings[0][1].finding.package is not None:
        return [list(sightings)]
    parts: dict[str, list[_Sighting]] = {}
    for checked, judged in sightings:
        parts.setdefault(_swapped(judged.finding.message, checked.target, (_TARGET,)), []).append((checked, judged))
    return list(parts.values())


def open_notes(told: Iterable[Told]) -> tuple[Told, ...]:
    """What is only noted, without the notes that are told beside a finding already."""
    told = tuple(told)
    beside = {(note.code, note.package, note.version) for each in told for note in each.beside}
    return tuple(
        each
        for each in told
        if each.verdict is Verdict.NOTED
        and (each.finding.code, each.finding.package, each.finding.version) not in beside
    )


def _told(verdict: Verdict, sightings: Sequence[_Sighting]) -> Told:
    checked, first = sightings[0]
    targets = {(each.target.platform, each.target.python): each for each, _ in sightings}
    return Told(
        finding=first.finding,
        verdict=verdict,
        message=_common_message(sightings),
        targets=tuple(each.target for each in targets.values()),
        origins=tuple(dict.fromkeys(judged.origin for _, judged in sightings if judged.origin is not None)),
        allowance=next((judged.allowance for _, judged in sightings if judged.allowance is not None), None),
        fingerprints=tuple(dict.fromkeys(judged.fingerprint for _, judged in sightings)),
        beside=companions(first.finding, (judged.finding for judged in checked.judged)),
        repairs=collect_repairs(targets.values()) if verdict is Verdict.FAILS else (),
    )


def _common_message(sightings: Sequence[_Sighting]) -> str:
    """The message of the first, with "these targets" or the like for its own where that makes all messages one."""
    first = sightings[0][1].finding.message
    if all(judged.finding.message == first for _, judged in sightings):
        return first
    for swaps in _SWAPS:
        said = {_swapped(judged.finding.message, checked.target, swaps) for checked, judged in sightings}
        if len(said) == 1:
            return said.pop()
    return first


def _swapped(message: str, target: Target, swaps: Sequence[_Swap]) -> str:
    for pattern, instead in swaps:
        words = pattern.format(target=target)
        # Not within a longer word: linux_x86_64 is no part of manylinux_x86_64, nor Python 3.1 of Python 3.11.
        message = re.sub(rf"(?<![\w.]){re.escape(words)}(?![\w]|\.\d)", instead, message)
    return message


def collect_repairs(targets: Iterable[CheckedTarget]) -> tuple[ProvedRepair, ...]:
    """The cheapest repair of each of *targets* that is not applied already, the same edits once with their targets."""
    found: dict[object, list[tuple[Repair, Target]]] = {}
    for checked in targets:
        plan = checked.plan
        if plan is None or plan.proposals is None:
            continue
        offered = [repair for repair in plan.proposals.repairs if repair.id not in plan.applied]
        if offered:
            found.setdefault(offered[0].edits, []).append((offered[0], checked.target))
    return tuple(
        ProvedRepair(repair=pairs[0][0], targets=tuple(target for _, target in pairs)) for pairs in found.values()
    )


def listed_targets(targets: Sequence[Target]) -> str:
    """*targets* by platform: ``win_amd64 with Python 3.11, 3.12; musllinux_1_2_x86_64 with Python 3.11``."""
    pythons: dict[str, list[str]] = {}
    for target in targets[:_SHOWN_TARGETS]:
        pythons.setdefault(target.platform, []).append(target.python)
    text = "; ".join(f"{platform} with Python {', '.join(words)}" for platform, words in pythons.items())
    more = len(targets) - _SHOWN_TARGETS
    return f"{text}; and {more} more" if more > 0 else text


def undecided_targets(check: Check) -> tuple[tuple[CheckedTarget, str], ...]:
    """The targets of which the gate does not know, each with a sentence on why."""
    return tuple((checked, why_undecided(checked)) for checked in check.targets if not checked.is_decided)


def why_undecided(checked: CheckedTarget) -> str:
    """Why there is no verdict on *checked*: what failed, or that the search ended."""
    if checked.plan is None:
        return checked.failure or "there is no plan"
    spent = [judged.finding.message for judged in checked.judged if judged.finding.code is Code.BUDGET_SPENT]
    return spent[0] if spent else "the search ended before it had an answer"


def fallback_place(check: Check) -> FileOrigin:
    """Where to point at for what nobody wrote in a file, in formats that ask for a file: the first one read."""
    for record in check.inputs:
        if record.sha256:
            return FileOrigin(path=record.path)
    return FileOrigin(path=check.inputs[0].path if check.inputs else "command line")
