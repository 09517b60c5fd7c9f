"""Verdicts: severity, the policy's codes, allowances, the baseline, and which of them wins."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.fakes.samples import WINDOWS
from tests.findings.questions import AV, ORIGIN, about, allowed, judged, policy, verdict
from wheelcheck.findings.verdicts import exemptions, expired_allowances, fingerprint, is_expired, unused_allowances
from wheelcheck.model.check import Verdict
from wheelcheck.model.distribution import Installability
from wheelcheck.model.finding import Code, Severity

OLDER = about(Code.OLDER_CHOSEN)  # a warning
PURE = about(Code.SOURCE_PURE)  # information
LINUX = replace(WINDOWS, platform="manylinux_2_28_x86_64", python="3.12")


@pytest.mark.parametrize(("severity", "word"), [*zip(Severity, ["fails", "warns", "noted"], strict=True)])
def test_severity_decides_where_nothing_else_does(severity: Severity, word: str) -> None:
    assert verdict(about(Code.OLDER_CHOSEN, severity=severity)) == word


@pytest.mark.parametrize(
    ("fail_on", "warn_only", "word"),
    [
        (("WC2",), (), "fails"),
        (("WC201",), (), "fails"),
        (("WC202",), (), "warns"),
        (("WC2",), ("WC201",), "warns"),
        (("WC201",), ("WC2",), "fails"),
        (("WC201",), ("WC201",), "warns"),
        (("WC", "WC201"), ("WC2", "WC20"), "fails"),
    ],
)
def test_longest_prefix_wins_and_of_two_as_long_warn_only(
    fail_on: tuple[str, ...], warn_only: tuple[str, ...], word: str
) -> None:
    assert verdict(OLDER, policy(fail_on=fail_on, warn_only=warn_only)) == word


def test_warn_only_wins_over_an_error_and_raises_no_information() -> None:
    assert verdict(AV, policy(warn_only=("WC1",))) == "warns"
    assert verdict(PURE, policy(warn_only=("WC1",))) == "noted"
    assert verdict(PURE, policy(warn_only=("WC101",), fail_on=("WC1",))) == "warns"
    assert verdict(PURE, policy(fail_on=("WC1",))) == "fails"


def test_allowance_covers_errors_warnings_and_what_fail_on_names() -> None:
    named = allowed(codes=("WC1", "WC2"))
    assert verdict(AV, policy(named)) == "allowed"
    assert verdict(OLDER, policy(named)) == "allowed"
    assert verdict(OLDER, policy(named, fail_on=("WC2",))) == "allowed"
    assert verdict(AV, policy(allowed("numpy"))) == "fails"


@pytest.mark.parametrize("code", Code)
def test_allowance_without_codes_covers_that_there_is_no_usable_wheel_and_nothing_else(code: Code) -> None:
    found = about(code, severity=Severity.ERROR)
    assert verdict(found, policy(allowed())) == ("allowed" if code.number.startswith("WC1") else "fails")
    assert verdict(found, policy(allowed(codes=("WC",)))) == "allowed"


def test_allowance_is_told_with_the_source_archive_that_it_exempted() -> None:
    assert verdict(PURE, policy(allowed())) == "allowed"


def test_information_beside_an_error_stays_noted_unless_the_allowance_names_its_code() -> None:
    beside = about(Code.OTHER_VERSIONS)
    assert verdict(beside, policy(allowed())) == "noted"
    assert verdict(beside, policy(allowed(codes=("WC107",)))) == "allowed"


@pytest.mark.parametrize(
    ("versions", "word"),
    [("", "allowed"), ("==11.0.0", "allowed"), ("<12", "allowed"), (">=12", "fails")],
)
def test_allowance_counts_for_its_versions(versions: str, word: str) -> None:
    assert verdict(AV, policy(allowed(versions=versions))) == word


def test_allowance_of_some_versions_does_not_cover_what_names_none() -> None:
    clash = about(Code.CONFLICT, version=None)
    assert verdict(clash, policy(allowed(versions="<12", codes=("WC2",)))) == "fails"
    assert verdict(clash, policy(allowed(codes=("WC2",)))) == "allowed"


def test_allowance_covers_local_versions_and_pre_releases_within_its_bounds() -> None:
    assert verdict(about(Code.SOURCE_NATIVE, version="2.6.0+cpu"), policy(allowed(versions="==2.6.0"))) == "allowed"
    assert verdict(about(Code.SOURCE_NATIVE, version="2.7.0rc1"), policy(allowed(versions=">=2.6"))) == "allowed"


@pytest.mark.parametrize(
    ("targets", "word"),
    [
        (("win_amd64",), "allowed"),
        (("win_amd64/3.11",), "allowed"),
        (("win_*",), "allowed"),
        (("*/3.11",), "allowed"),
        (("win_amd64/3.12",), "fails"),
        (("manylinux*", "macosx*"), "fails"),
        (("manylinux*", "win*"), "allowed"),
    ],
)
def test_allowance_counts_for_its_targets(targets: tuple[str, ...], word: str) -> None:
    assert verdict(AV, policy(allowed(targets=targets))) == word


def test_target_of_an_allowance_matches_the_minor_and_the_patch_release() -> None:
    patched = replace(WINDOWS, python="3.11.9")
    assert verdict(AV, policy(allowed(targets=("win_amd64/3.11",))), patched) == "allowed"
    assert verdict(AV, policy(allowed(targets=("win_amd64/3.11.9",))), patched) == "allowed"
    assert verdict(AV, policy(allowed(targets=("win_amd64/3.11.8",))), patched) == "fails"


def test_allowance_counts_on_its_last_day_and_not_on_the_next() -> None:
    last = allowed(expires="2026-10-01")
    assert not is_expired(last, "2026-10-01")
    assert is_expired(last, "2026-10-02")
    assert verdict(AV, policy(last, today="2026-10-01")) == "allowed"
    (one,) = judged(AV, by=policy(last, today="2026-10-02"))
    assert (one.verdict, one.allowance) == (Verdict.FAILS, last)


def test_standing_allowance_is_preferred_to_an_expired_one() -> None:
    old, new = allowed(expires="2026-01-01", line=1), allowed(line=5)
    by = policy(old, new)
    (one,) = judged(AV, by=by)
    assert (one.verdict, one.allowance) == (Verdict.ALLOWED, new)
    assert unused_allowances(by, [one]) == (old,)
    assert expired_allowances(by, [one]) == ()


def test_unused_and_expired_allowances_are_told_over_all_targets() -> None:
    here, there, gone, never = (
        allowed(targets=("win_amd64",), line=1),
        allowed(targets=("manylinux*",), line=2),
        allowed("encodec", expires="2026-01-01", line=3),
        allowed("numpy", line=4),
    )
    by = policy(here, there, gone, never)
    found = (*judged(AV, about(Code.SOURCE_NATIVE, "encodec"), by=by), *judged(AV, by=by, target=LINUX))
    assert unused_allowances(by, found) == (never,)
    assert expired_allowances(by, found) == (gone,)


def test_finding_of_the_baseline_is_known_however_it_would_be_judged() -> None:
    by = policy(baseline=(fingerprint(AV, WINDOWS), fingerprint(OLDER, WINDOWS), fingerprint(PURE, WINDOWS)))
    assert verdict(AV, by) == "known"
    assert verdict(OLDER, by) == "known"
    assert verdict(PURE, by) == "noted"
    assert verdict(AV, by, LINUX) == "fails"


def test_allowance_speaks_before_the_baseline_and_an_expired_one_does_not() -> None:
    known = (fingerprint(AV, WINDOWS),)
    assert verdict(AV, policy(allowed(), baseline=known)) == "allowed"
    assert verdict(AV, policy(allowed(expires="2026-01-01"), baseline=known)) == "known"


def test_verdicts_come_failing_first_and_always_in_the_same_order() -> None:
    found = [PURE, OLDER, about(Code.SOURCE_NATIVE, "b"), AV, about(Code.SOURCE_UNKNOWN, "c", "1")]
    by = policy(allowed("b"))
    there, back = judged(*found, by=by), judged(*reversed(found), by=by)
    assert there == back
    assert [(each.verdict.value, each.finding.package) for each in there] == [
        ("fails", "av"),
        ("fails", "c"),
        ("warns", "av"),
        ("allowed", "b"),
        ("noted", "av"),
    ]
    assert all(each.origin == ORIGIN for each in there)


def test_exemptions_are_those_of_standing_allowances_on_the_target() -> None:
    by = policy(
        allowed("av", "<12"),
        allowed("old", expires="2026-01-01"),
        allowed("other", targets=("macosx*",)),
        allowed("pure", codes=("WC101",)),
        allowed("newer", codes=("WC2",)),
    )
    found = {str(each.name): each for each in exemptions(by, WINDOWS)}
    assert sorted(found) == ["av", "pure"]
    assert str(found["av"].specifier) == "<12"
    assert found["pure"].installabilities == {Installability.SDIST_PURE}
    assert Installability.SDIST_NATIVE in found["av"].installabilities


def test_fingerprint_reads_well_and_forgets_versions_and_patch_releases() -> None:
    name = fingerprint(AV, WINDOWS)
    assert name == "WC102:av:win_amd64:3.11"
    assert fingerprint(replace(AV, version=None, message="else", paths=(("x",),)), WINDOWS) == name
    assert fingerprint(AV, replace(WINDOWS, python="3.11.9")) == name
    assert fingerprint(AV, replace(WINDOWS, python="3.13.1t")) == "WC102:av:win_amd64:3.13t"
    assert fingerprint(AV, replace(WINDOWS, python="pp3.10.14")) == "WC102:av:win_amd64:pp3.10"


def test_findings_about_no_project_are_told_apart_by_their_sentence() -> None:
    one, other = (replace(about(Code.UNSUPPORTED, None, None), message=text) for text in ("./a", "./b"))
    assert fingerprint(one, WINDOWS) != fingerprint(other, WINDOWS)
    assert fingerprint(one, WINDOWS).startswith("WC402:#")
