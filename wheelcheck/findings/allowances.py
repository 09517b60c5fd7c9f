"""Which allowance covers which finding, and which cover none; gives no verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from wheelcheck.findings.fingerprints import target_word
from wheelcheck.model.check import Allowance, GatePolicy, Judged
from wheelcheck.model.finding import Code, Finding
from wheelcheck.model.judgement import Installability
from wheelcheck.model.resolution import Exemption
from wheelcheck.model.target import Target

_JUDGED_AS = {
    Code.SOURCE_PURE: Installability.SDIST_PURE,
    Code.SOURCE_NATIVE: Installability.SDIST_NATIVE,
    Code.SOURCE_UNKNOWN: Installability.SDIST_UNKNOWN,
}
SOURCE_CODES = frozenset(_JUDGED_AS)
_UNSAID = ("WC1",)
"""What an allowance covers that names no codes: no usable wheel. Whoever allows that allows no changed or hostile file with it."""


def is_expired(allowance: Allowance, today: str) -> bool:
    """Whether the last day of *allowance* is past on *today* (ISO 8601; of an instant its day counts)."""
    return today[:10] > allowance.expires[:10]


def covering(finding: Finding, policy: GatePolicy, target: Target) -> Allowance | None:
    """The first allowance that covers *finding* on *target*; one that has expired only where no other does."""
    found = [each for each in policy.allowances if _is_about(each, finding) and _is_for(each, target)]
    return min(found, key=lambda each: is_expired(each, policy.today), default=None)


def has_code(codes: Iterable[str], code: Code) -> bool:
    """Whether one of *codes* is the number of *code* or begins it."""
    return any(code.number.startswith(prefix) for prefix in codes)


def _is_about(allowance: Allowance, finding: Finding) -> bool:
    if allowance.package != finding.package or not has_code(allowance.codes or _UNSAID, finding.code):
        return False
    if finding.version is None:
        # Of a finding about no version nobody knows whether it lies within bounds.
        return not allowance.specifier
    return allowance.specifier.contains(finding.version, prereleases=True)


def _is_for(allowance: Allowance, target: Target) -> bool:
    words = {target.platform, target_word(target), f"{target.platform}/{target.python}"}
    return not allowance.targets or any(fnmatchcase(word, each) for each in allowance.targets for word in words)


def exemptions(policy: GatePolicy, target: Target) -> tuple[Exemption, ...]:
    """What the allowances that count on *target* exempt from the policy on source archives.

    Without it the wheel-aware pass would take another version, or blame the one that is allowed.
    """
    return tuple(_iter_exemptions(policy, target))


def _iter_exemptions(policy: GatePolicy, target: Target) -> Iterator[Exemption]:
    for allowance in policy.allowances:
        if is_expired(allowance, policy.today) or not _is_for(allowance, target):
            continue
        judged = [
            installability for code, installability in _JUDGED_AS.items() if has_code(allowance.codes or _UNSAID, code)
        ]
        if judged:
            yield Exemption(name=allowance.package, specifier=allowance.specifier, installabilities=frozenset(judged))


def unused_allowances(policy: GatePolicy, judged: Iterable[Judged]) -> tuple[Allowance, ...]:
    """The allowances of *policy* that none of *judged*, the findings of all targets of a run, is covered by."""
    used = _carried(judged)
    return tuple(each for each in policy.allowances if each not in used)


def expired_allowances(policy: GatePolicy, judged: Iterable[Judged]) -> tuple[Allowance, ...]:
    """The allowances of *policy* past their last day that would have covered one of *judged*."""
    used = _carried(judged)
    return tuple(each for each in policy.allowances if each in used and is_expired(each, policy.today))


def _carried(judged: Iterable[Judged]) -> frozenset[Allowance]:
    return frozenset(each.allowance for each in judged if each.allowance is not None)
