"""The baseline file: written for review, read with complaints that have an address."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from tests.fakes.samples import WINDOWS
from tests.findings.questions import AV, about, allowed, judged, policy
from wheelcheck.errors import InputUnreadable
from wheelcheck.findings.verdicts import KnownFinding, known_findings, parse_baseline, render_baseline
from wheelcheck.model.check import CheckedTarget, GatePolicy
from wheelcheck.model.finding import Code, Finding


def checked(*findings: Finding, by: GatePolicy | None = None) -> CheckedTarget:
    return CheckedTarget(target=WINDOWS, plan=None, judged=judged(*findings, by=by))


def refused(content: bytes) -> str:
    with pytest.raises(InputUnreadable) as caught:
        parse_baseline(content, "baseline.json")
    assert caught.value.address.startswith("baseline.json")
    assert caught.value.hint
    return str(caught.value)


def test_baseline_is_one_line_a_finding_in_order() -> None:
    content = render_baseline(known_findings([checked(about(Code.SOURCE_UNKNOWN, "zstd"), AV)]))
    assert content.decode() == (
        "{\n"
        '  "schema": "wheelcheck.baseline/1",\n'
        '  "findings": [\n'
        '    {"fingerprint": "WC102:av:win_amd64:3.11", "code": "WC102", "package": "av", "target": "win_amd64/3.11"},\n'
        '    {"fingerprint": "WC103:zstd:win_amd64:3.11", "code": "WC103", "package": "zstd", "target": "win_amd64/3.11"}\n'
        "  ]\n"
        "}\n"
    )
    assert parse_baseline(content, "b") == {"WC102:av:win_amd64:3.11", "WC103:zstd:win_amd64:3.11"}


def test_baseline_without_findings_is_read_back() -> None:
    content = render_baseline(())
    assert json.loads(content) == {"schema": "wheelcheck.baseline/1", "findings": []}
    assert parse_baseline(content, "b") == frozenset()


def test_baseline_keeps_what_fails_or_is_known_and_nothing_else() -> None:
    by = policy(allowed("encodec"), baseline=("WC103:zstd:win_amd64:3.11",))
    found = known_findings(
        [
            checked(
                AV,
                about(Code.SOURCE_NATIVE, "encodec"),
                about(Code.SOURCE_UNKNOWN, "zstd"),
                about(Code.OLDER_CHOSEN, "numpy"),
                about(Code.BUDGET_SPENT, None, None),
                by=by,
            )
        ]
    )
    assert [each.package for each in found] == ["av", "zstd"]


def test_same_findings_in_any_order_give_the_same_bytes() -> None:
    one = known_findings([checked(AV, about(Code.SOURCE_UNKNOWN, "zstd"))])
    assert render_baseline(one) == render_baseline(reversed((*one, *one)))


def test_hand_written_line_needs_its_fingerprint_only_and_keys_may_be_added() -> None:
    rows = [{"fingerprint": "WC102:av:win_amd64:3.11", "note": "ours"}]
    content = json.dumps({"schema": "wheelcheck.baseline/1", "findings": rows, "more": 1}).encode()
    assert parse_baseline(b"\xef\xbb\xbf" + content, "b") == {"WC102:av:win_amd64:3.11"}


def test_finding_without_a_project_has_no_package_key() -> None:
    known = KnownFinding(fingerprint="WC402:#0a:x:3.11", code="WC402", package="", target="x/3.11")
    assert b"package" not in render_baseline([known])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff\xfe", "not text in UTF-8"),
        (b'{\n"schema": ', "baseline.json:2: is not valid JSON"),
        (b"[" * 100_000, "is not"),
        (b"1" * 10_000, "is not"),
        (b"[]", "not an object"),
        (b"{}", "schema is missing"),
        (b'{"schema": 1}', "schema is not a string"),
        (b'{"schema": "wheelcheck.plan/1"}', "schema is 'wheelcheck.plan/1'"),
        (b'{"schema": "wheelcheck.baseline/2"}', "a newer wheelcheck wrote"),
        (b'{"schema": "wheelcheck.baseline/' + b"9" * 9999 + b'"}', "is not a baseline"),
        (b'{"schema": "wheelcheck.baseline/1"}', "findings is missing"),
        (b'{"schema": "wheelcheck.baseline/1", "findings": {}}', "findings is missing or not an array"),
        (b'{"schema": "wheelcheck.baseline/1", "findings": [{"fingerprint": "a"}, 3]}', "findings[1] is not an object"),
        (b'{"schema": "wheelcheck.baseline/1", "findings": [{"fingerprint": 3}]}', "findings[0].fingerprint is not"),
        (b'{"schema": "wheelcheck.baseline/1", "findings": [{"code": "WC102"}]}', "findings[0].fingerprint is not"),
    ],
)
def test_malformed_baseline_is_refused_with_file_and_key(content: bytes, told: str) -> None:
    assert told in refused(content)


def test_other_patch_release_of_the_target_gives_the_same_baseline() -> None:
    here = checked(AV)
    there = CheckedTarget(target=replace(WINDOWS, python="3.11.9"), plan=None, judged=here.judged)
    assert render_baseline(known_findings([here])) == render_baseline(known_findings([there]))
