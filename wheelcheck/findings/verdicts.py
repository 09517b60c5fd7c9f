"""The verdict on each finding, by severity, codes, allowances and baseline, and the comparison of two judged answers.

A finding has a name (its fingerprint) by which it stays known: in the baseline file, and from one answer to the other. Each finding
of a baseline stands on its own line, in the order of the fingerprints, so that changes to the file read well in review.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from wheelcheck.errors import InputUnreadable
from wheelcheck.model.check import (
    VERDICTS,
    Allowance,
    ChangeKind,
    CheckedTarget,
    ComparedFinding,
    ComparedRelease,
    DownloadSize,
    FindingState,
    GatePolicy,
    Judged,
    PackageChange,
    TargetDifference,
    Verdict,
)
from wheelcheck.model.distribution import Installability
from wheelcheck.model.document import render_line
from wheelcheck.model.finding import Code, Finding
from wheelcheck.model.plan import PlannedPackage
from wheelcheck.model.requirement import Origin
from wheelcheck.model.resolution import Exemption
from wheelcheck.model.target import Target

_ORDER = {verdict: position for position, verdict in enumerate(Verdict)}
_JUDGED_AS = {
    Code.SOURCE_PURE: Installability.SDIST_PURE,
    Code.SOURCE_OPTIONAL: Installability.SDIST_OPTIONAL,
    Code.SOURCE_NATIVE: Installability.SDIST_NATIVE,
    Code.SOURCE_UNKNOWN: Installability.SDIST_UNKNOWN,
}
SOURCE_CODES = frozenset(_JUDGED_AS)
_UNSAID = ("WC1",)
"""The codes of an allowance that names none: no usable wheel. It covers no changed or hostile file besides."""
_PATCH = re.compile(r"(?<!\d)((?:pp)?\d++\.\d++)\.\d+")


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
    # A finding beside an error, such as other versions that have a wheel, is not what the allowance decides on.
    return allowance is not None and (bool(allowance.codes) or code in SOURCE_CODES)


def _alone(finding: Finding, policy: GatePolicy) -> Verdict:
    """The verdict without allowances and baseline."""
    verdict = VERDICTS[finding.severity]
    failing = _longest(policy.fail_on, finding.code)
    warning = _longest(policy.warn_only, finding.code)
    if failing > warning:
        return Verdict.FAILS
    if warning and (failing or verdict is Verdict.FAILS):
        return Verdict.WARNS
    return verdict


def _longest(prefixes: Iterable[str], code: Code) -> int:
    return max((len(prefix) for prefix in prefixes if code.number.startswith(prefix)), default=0)


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
        # A finding without a version cannot be said to lie within bounds.
        return not allowance.specifier
    return allowance.specifier.contains(finding.version, prereleases=True)


def _is_for(allowance: Allowance, target: Target) -> bool:
    words = {target.platform, target_word(target), f"{target.platform}/{target.python}"}
    return not allowance.targets or any(fnmatchcase(word, each) for each in allowance.targets for word in words)


def exemptions(policy: GatePolicy, target: Target) -> tuple[Exemption, ...]:
    """The exemptions from the policy on source archives that the allowances give on *target*.

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


def fingerprint(finding: Finding, target: Target) -> str:
    """The name of *finding* on *target* for people and programs, such as ``WC102:av:win_amd64:3.11``.

    Code, project, platform and Python minor: a new release of the project, another patch release of Python or another way to
    the project do not make it a new finding. Two findings of one code about one project share it. Where no project is named, the
    first eight hex digits of the sentence's SHA-256 stand for it, after a ``#``.
    """
    about = finding.package or "#" + hashlib.sha256(finding.message.encode()).hexdigest()[:8]
    return f"{finding.code.number}:{about}:{target.platform}:{minor_word(target)}"


def target_word(target: Target) -> str:
    """*target* as settings and baselines write it: ``win_amd64/3.11``."""
    return f"{target.platform}/{minor_word(target)}"


def minor_word(target: Target) -> str:
    """The target's Python without its patch release: ``3.11``, ``3.13t``, ``pp3.10``."""
    return _PATCH.sub(r"\1", target.python)


def compare(before: CheckedTarget | None, after: CheckedTarget | None, target: Target) -> TargetDifference:
    """The changes on *target* from *before* to *after*; ``None`` is a side that asks for nothing.

    Findings are the same when they share a fingerprint on *target*, so that a new release with the old fault is no new finding,
    nor one that was found for another target. Where a side is undecided nothing is compared.
    """
    if any(side is not None and not side.is_decided for side in (before, after)):
        return TargetDifference(target=target, before=before, after=after)
    packages_before, packages_after = _packages(before), _packages(after)
    return TargetDifference(
        target=target,
        before=before,
        after=after,
        changes=tuple(_iter_changes(packages_before, packages_after)),
        findings=tuple(_iter_compared(before, after, target)),
        size_before=_download(packages_before),
        size_after=_download(packages_after),
    )


def _packages(side: CheckedTarget | None) -> tuple[PlannedPackage, ...]:
    return side.plan.packages if side is not None and side.plan is not None else ()


def _download(packages: Iterable[PlannedPackage]) -> DownloadSize:
    files = [package.file for package in packages if package.file is not None]
    known = [file.size for file in files if file.size is not None]
    return DownloadSize(size=sum(known), files=len(files), unknown=len(files) - len(known))


def _iter_changes(before: Iterable[PlannedPackage], after: Iterable[PlannedPackage]) -> Iterator[PackageChange]:
    """The changes in the order of the names; the same file under the same version is none."""
    # A lock may hold several versions of a project for one target by mistake; the plan's own findings name it.
    old = {package.name: ComparedRelease.of(package) for package in before}
    new = {package.name: ComparedRelease.of(package) for package in after}
    for name in sorted(old.keys() | new.keys()):
        was, is_now = old.get(name), new.get(name)
        kind = _kind(was, is_now)
        if kind is not None:
            yield PackageChange(kind=kind, name=name, before=was, after=is_now)


def _kind(before: ComparedRelease | None, after: ComparedRelease | None) -> ChangeKind | None:
    if before is None:
        return ChangeKind.ADDED
    if after is None:
        return ChangeKind.REMOVED
    if before.version != after.version:
        return ChangeKind.UPGRADED if after.version > before.version else ChangeKind.DOWNGRADED
    if (before.filename, before.installability) != (after.filename, after.installability):
        return ChangeKind.RESUPPLIED
    return None


def _iter_compared(
    before: CheckedTarget | None, after: CheckedTarget | None, target: Target
) -> Iterator[ComparedFinding]:
    """The findings of both sides: those of *after* in their order, then those that are gone."""
    old = before.judged if before is not None else ()
    new = after.judged if after is not None else ()
    names_before = [fingerprint(judged.finding, target) for judged in old]
    failing_before = {
        name for name, judged in zip(names_before, old, strict=True) if judged.verdict in (Verdict.FAILS, Verdict.KNOWN)
    }
    names_after = [fingerprint(judged.finding, target) for judged in new]
    known = set(names_before)
    for name, judged in zip(names_after, new, strict=True):
        stays = name in known and (judged.verdict is not Verdict.FAILS or name in failing_before)
        yield ComparedFinding(state=FindingState.STAYS if stays else FindingState.NEW, judged=judged)
    present = set(names_after)
    gone = (judged for name, judged in zip(names_before, old, strict=True) if name not in present)
    yield from (ComparedFinding(state=FindingState.GONE, judged=judged) for judged in gone)


SCHEMA_NAME = "wheelcheck.baseline/1"
_SCHEMA = re.compile(r"wheelcheck\.baseline/(\d{1,9})", re.ASCII)
_AGAIN = "write it anew with --write-baseline"


class KnownFinding(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a baseline; all but the fingerprint is there for readers. ``package`` is empty where none is named."""

    fingerprint: str
    code: str
    package: str = ""
    target: str


class _Line(Struct, frozen=True, kw_only=True):
    fingerprint: Annotated[str, Meta(min_length=1)]


class _Lines(Struct, frozen=True, kw_only=True):
    findings: tuple[_Line, ...]


def known_findings(checked: Iterable[CheckedTarget]) -> tuple[KnownFinding, ...]:
    """The findings for a baseline of *checked*: all that fail or are known already, but never a search that ended early."""
    found = {
        judged.fingerprint: KnownFinding(
            fingerprint=judged.fingerprint,
            code=judged.finding.code.number,
            package=judged.finding.package or "",
            target=target_word(each.target),
        )
        for each in checked
        for judged in each.judged
        if judged.verdict in (Verdict.FAILS, Verdict.KNOWN) and judged.finding.code is not Code.BUDGET_SPENT
    }
    return tuple(found[name] for name in sorted(found))


def render_baseline(known: Iterable[KnownFinding]) -> bytes:
    """The text of the baseline file that holds *known*: the same bytes whatever their order."""
    rows = {each.fingerprint: each for each in known}
    lines = ",\n".join("    " + render_line(rows[name]) for name in sorted(rows))
    findings = f"[\n{lines}\n  ]" if lines else "[]"
    return f'{{\n  "schema": "{SCHEMA_NAME}",\n  "findings": {findings}\n}}\n'.encode()


def parse_baseline(content: bytes, path: str) -> frozenset[str]:
    """The fingerprints in the baseline *content* of the file *path*; keys that it does not know are skipped.

    Raises ``InputUnreadable`` naming file and key.
    """
    try:
        document: object = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise InputUnreadable("is not text in UTF-8", address=path, hint=_AGAIN) from None
    except json.JSONDecodeError as problem:
        raise InputUnreadable(
            f"is not valid JSON: {problem.msg}", address=f"{path}:{problem.lineno}", hint=_AGAIN
        ) from None
    except (RecursionError, ValueError):
        raise InputUnreadable("is not JSON that a baseline could be", address=path, hint=_AGAIN) from None
    if not isinstance(document, dict):
        raise InputUnreadable("is not a baseline: not an object", address=path, hint=_AGAIN)
    _refuse_schema(document.get("schema"), path)
    try:
        return frozenset(line.fingerprint for line in msgspec.convert(document, _Lines).findings)
    except msgspec.ValidationError as problem:
        raise InputUnreadable(_complaint(str(problem)), address=path, hint=_AGAIN) from None
    except UnicodeEncodeError:
        raise InputUnreadable("has half a character (\\ud800 to \\udfff)", address=path, hint=_AGAIN) from None


def _refuse_schema(schema: object, path: str) -> None:
    if schema == SCHEMA_NAME:
        return
    version = _SCHEMA.fullmatch(schema) if isinstance(schema, str) else None
    if version is not None and int(version[1]) > 1:
        raise InputUnreadable(
            f"schema is {version[0]}, which a newer wheelcheck wrote; this one reads {SCHEMA_NAME}",
            address=path,
            hint="update wheelcheck, or write it anew with --write-baseline",
        )
    said = repr(schema) if isinstance(schema, str) else "missing" if schema is None else "not a string"
    raise InputUnreadable(f"is not a baseline: schema is {said}, not {SCHEMA_NAME!r}", address=path, hint=_AGAIN)


def _complaint(problem: str) -> str:
    """What is wrong, of a *problem* that names the place at its end, as ``$.findings[0].fingerprint``."""
    place = re.search(r"`\$\.(findings\[\d+\])(.*)`$", problem)
    if place is None:
        return "findings is missing or not an array"
    if place[2] or "missing required field" in problem:
        return f"{place[1]}.fingerprint is not a string that is not empty"
    return f"{place[1]} is not an object"
