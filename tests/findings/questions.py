"""Short ways to a policy, an allowance and a verdict, for the tests of this folder."""

from __future__ import annotations

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tests.fakes.samples import WINDOWS, finding
from wheelcheck.findings.verdicts import judge
from wheelcheck.model.check import Allowance, GatePolicy, Judged
from wheelcheck.model.finding import Code, Finding, Severity
from wheelcheck.model.requirement import FileOrigin
from wheelcheck.model.target import Target

TODAY = "2026-11-21"
AV = finding(Code.SOURCE_NATIVE, "av", "11.0.0", "av 11.0.0 has no wheel for win_amd64")
ORIGIN = FileOrigin(path="requirements.txt", line=3)


def about(
    code: Code, package: str | None = "av", version: str | None = "11.0.0", *, severity: Severity | None = None
) -> Finding:
    return finding(code, package, version, f"{code.title}: {package}", severity=severity)


def allowed(
    package: str = "av",
    versions: str = "",
    *,
    expires: str = "2027-01-31",
    targets: tuple[str, ...] = (),
    codes: tuple[str, ...] = (),
    line: int = 1,
) -> Allowance:
    return Allowance(
        package=canonicalize_name(package),
        specifier=SpecifierSet(versions),
        reason="built in our own index",
        expires=expires,
        targets=targets,
        codes=codes,
        origin=FileOrigin(path="wheelcheck.toml", line=line),
    )


def policy(
    *allowances: Allowance,
    fail_on: tuple[str, ...] = (),
    warn_only: tuple[str, ...] = (),
    baseline: tuple[str, ...] = (),
    today: str = TODAY,
) -> GatePolicy:
    return GatePolicy(
        allowances=allowances, fail_on=fail_on, warn_only=warn_only, baseline=frozenset(baseline), today=today
    )


def judged(*findings: Finding, by: GatePolicy | None = None, target: Target = WINDOWS) -> tuple[Judged, ...]:
    return judge(findings, policy=by or policy(), target=target, origins=lambda _: ORIGIN)


def verdict(found: Finding, by: GatePolicy | None = None, target: Target = WINDOWS) -> str:
    (one,) = judged(found, by=by, target=target)
    return one.verdict.value
