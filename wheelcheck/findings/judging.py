"""The verdict on each finding, by severity, codes, allowances and baseline; resolves and fetches nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from wheelcheck.findings.allowances import SOURCE_CODES, covering, is_expired
from wheelcheck.findings.fingerprints import fingerprint
from wheelcheck.model.check import Allowance, GatePolicy, Judged, Verdict
from wheelcheck.model.finding import Code, Finding, Severity
from wheelcheck.model.requirement import Origin
from wheelcheck.model.target import Target

_BY_SEVERITY = {Severity.ERROR: Verdict.FAILS, Severity.WARNING: Verdict.WARNS, Severity.INFO: Verdict.NOTED}
_ORDER = {verdict: position for position, verdict in enumerate(Verdict)}


def judge(
    findings: Iterable[Finding],
    *,
    policy: GatePolicy,
    target: Target,
    origins: Callable[[Finding], Origin | None],
) -> tuple[Judged, ...]:
    """Every one of *findings* on *target* with its verdict under *policy*, failing ones first, then as findings are ordered.

    Errors fail, warnings warn. Of the prefixes in ``fail_on`` and ``warn_only`` that a code starts with, the longest counts, of
    two as long the one in ``warn_only``; ``warn_only`` raises no information to a warning. What an allowance that has not expired
    covers is allowed; what else would fail or warn and is in the baseline is known. Information stays noted, but for source
    archives and codes that an allowance names. *origins* says where the user wrote what leads to a finding.
    """
    judged = (_judged(finding, policy, target, origins(finding)) for finding in findings)
    return tuple(sorted(judged, key=_sort_key))


def _sort_key(judged: Judged) -> tuple[int, tuple[int, int, str, str, str], str, str]:
    finding = judged.finding
    return (_ORDER[judged.verdict], finding.sort_key, str(finding.version or ""), str(judged.origin or ""))


def _judged(finding: Finding, policy: GatePolicy, target: Target, origin: Origin | None) -> Judged:
    name = fingerprint(finding, target)
    verdict = _alone(finding, policy)
    allowance = covering(finding, policy, target)
    if verdict is Verdict.NOTED and not _is_meant(allowance, finding.code):
        allowance = None
    if allowance is not None and not is_expired(allowance, policy.today):
        verdict = Verdict.ALLOWED
    elif verdict is not Verdict.NOTED and name in policy.baseline:
        verdict = Verdict.KNOWN
    return Judged(finding=finding, verdict=verdict, origin=origin, allowance=allowance, fingerprint=name)


def _is_meant(allowance: Allowance | None, code: Code) -> bool:
    # What stands beside an error, such as other versions that have a wheel, is no decision of anybody's.
    return allowance is not None and (bool(allowance.codes) or code in SOURCE_CODES)


def _alone(finding: Finding, policy: GatePolicy) -> Verdict:
    """The verdict without allowances and baseline."""
    verdict = _BY_SEVERITY[finding.severity]
    failing = _longest(policy.fail_on, finding.code)
    warning = _longest(policy.warn_only, finding.code)
    if failing > warning:
        return Verdict.FAILS
    if warning and (failing or verdict is Verdict.FAILS):
        return Verdict.WARNS
    return verdict


def _longest(prefixes: Iterable[str], code: Code) -> int:
    return max((len(prefix) for prefix in prefixes if code.number.startswith(prefix)), default=0)
