"""Laws of the gate, for findings, allowances and baselines of any shape."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tests.fakes.samples import WINDOWS, finding
from wheelcheck.findings.verdicts import (
    exemptions,
    expired_allowances,
    known_findings,
    parse_baseline,
    render_baseline,
    unused_allowances,
)
from wheelcheck.findings.verdicts import judge as judge_findings
from wheelcheck.model.check import Allowance, CheckedTarget, GatePolicy, Judged, Verdict
from wheelcheck.model.finding import Code, Finding, Severity
from wheelcheck.model.requirement import FileOrigin
from wheelcheck.model.target import Target

law = settings(max_examples=150)
TODAY, PAST, LATER = "2026-11-21", "2026-11-20", "2026-11-21"

names = st.sampled_from(["a", "b", "c"])
versions = st.sampled_from(["1.0", "2.0rc1", "2.0+cpu"])
codes = st.sampled_from(list(Code))
prefixes = st.lists(st.sampled_from(["WC", "WC1", "WC2", "WC10", "WC102", "WC107", "WC201", "WC5"]), max_size=3).map(
    tuple
)
targets = st.sampled_from(
    [WINDOWS, replace(WINDOWS, python="3.12.4"), replace(WINDOWS, platform="manylinux_2_28_x86_64", python="3.13t")]
)


@st.composite
def finding_of(draw: st.DrawFn) -> Finding:
    package = draw(st.none() | names)
    version = draw(st.none() | versions) if package is not None else None
    return finding(
        draw(codes), package, version, draw(st.text(max_size=3)), severity=draw(st.none() | st.sampled_from(Severity))
    )


@st.composite
def allowance_of(draw: st.DrawFn) -> Allowance:
    return Allowance(
        package=canonicalize_name(draw(names)),
        reason="known",
        expires=draw(st.sampled_from([PAST, LATER])),
        specifier=SpecifierSet(draw(st.sampled_from(["", "<2", "==2.0", ">=1"]))),
        targets=draw(st.lists(st.sampled_from(["win_amd64", "*/3.12", "many*"]), max_size=2).map(tuple)),
        codes=draw(prefixes),
        origin=FileOrigin(path="wheelcheck.toml", line=draw(st.integers(1, 9))),
    )


findings = st.lists(finding_of(), max_size=6).map(tuple)
allowances = st.lists(allowance_of(), max_size=4).map(tuple)
policies = st.builds(
    lambda **fields: GatePolicy(**fields),  # Hypothesis would ask a Struct for types that only checkers import
    fail_on=prefixes,
    warn_only=prefixes,
    allowances=allowances,
    baseline=st.frozensets(st.sampled_from(["WC102:a:win_amd64:3.11", "WC201:b:win_amd64:3.12"])),
    today=st.just(TODAY),
)


def judge(found: Iterable[Finding], policy: GatePolicy, target: Target) -> tuple[Judged, ...]:
    return judge_findings(found, policy=policy, target=target, origins=lambda _: None)


def failing(judged: Iterable[Judged]) -> list[Finding]:
    return [each.finding for each in judged if each.verdict is Verdict.FAILS]


@law
@given(findings, policies, targets)
def test_every_finding_gets_one_verdict_and_nothing_is_lost(
    found: tuple[Finding, ...], policy: GatePolicy, target: Target
) -> None:
    judged = judge(found, policy, target)
    assert sorted(map(repr, found)) == sorted(repr(each.finding) for each in judged)


@law
@given(findings, policies, targets, st.randoms())
def test_order_of_the_findings_does_not_matter(
    found: tuple[Finding, ...], policy: GatePolicy, target: Target, random: Random
) -> None:
    mixed = random.sample(found, len(found))
    once, again = judge(found, policy, target), judge(mixed, policy, target)
    assert [(each.verdict, each.fingerprint) for each in once] == [(each.verdict, each.fingerprint) for each in again]


@law
@given(findings, policies, targets, allowance_of(), st.integers(0, 4))
def test_one_more_allowance_never_makes_anything_fail(
    found: tuple[Finding, ...], policy: GatePolicy, target: Target, more: Allowance, at: int
) -> None:
    wider = replace(policy, allowances=(*policy.allowances[:at], more, *policy.allowances[at:]))
    before = failing(judge(found, policy, target))
    assert all(each in before for each in failing(judge(found, wider, target)))
    assert set(exemptions(policy, target)) <= set(exemptions(wider, target))


@law
@given(findings, policies, targets, st.frozensets(st.text(max_size=5), max_size=3))
def test_baseline_never_adds_failures(
    found: tuple[Finding, ...], policy: GatePolicy, target: Target, more: frozenset[str]
) -> None:
    without = failing(judge(found, replace(policy, baseline=frozenset()), target))
    judged = judge(found, policy, target)
    assert all(each in without for each in failing(judged))
    wider = replace(policy, baseline=policy.baseline | more | {each.fingerprint for each in judged[:2]})
    assert all(each in failing(judged) for each in failing(judge(found, wider, target)))


@law
@given(findings, policies, st.lists(targets, min_size=1, max_size=3))
def test_everything_passes_in_its_own_baseline(
    found: tuple[Finding, ...], policy: GatePolicy, asked: list[Target]
) -> None:
    decided = tuple(each for each in found if each.code is not Code.BUDGET_SPENT)
    checked = [CheckedTarget(target=target, plan=None, judged=judge(decided, policy, target)) for target in asked]
    content = render_baseline(known_findings(checked))
    known = replace(policy, baseline=parse_baseline(content, "baseline.json"))
    again = [replace(each, judged=judge(decided, known, each.target)) for each in checked]
    assert not any(failing(each.judged) for each in again)
    assert render_baseline(known_findings(again)) == content


@law
@given(findings, policies, targets)
def test_expired_allowance_is_as_good_as_none_but_for_the_note(
    found: tuple[Finding, ...], policy: GatePolicy, target: Target
) -> None:
    past = replace(policy, allowances=tuple(replace(each, expires=PAST) for each in policy.allowances))
    none = replace(policy, allowances=())
    judged = judge(found, past, target)
    assert [replace(each, allowance=None) for each in judged] == list(judge(found, none, target))
    assert exemptions(past, target) == ()


@law
@given(findings, policies, targets)
def test_every_allowance_is_used_or_told_as_unused(
    found: tuple[Finding, ...], policy: GatePolicy, target: Target
) -> None:
    judged = judge(found, policy, target)
    unused, expired = unused_allowances(policy, judged), expired_allowances(policy, judged)
    carried = {each.allowance for each in judged}
    assert all((each in unused) != (each in carried) for each in policy.allowances)
    assert set(expired) <= carried
    # What covers nothing can be taken away.
    kept = replace(policy, allowances=tuple(each for each in policy.allowances if each not in unused))
    assert judge(found, kept, target) == judged
