"""What holds for every format: the same bytes, text that can be written, nothing that drives a terminal, no secrets."""

from __future__ import annotations

import json
import re

import pytest

from tests.fakes import checks, samples
from wheelcheck.model.check import Verdict
from wheelcheck.model.finding import Code
from wheelcheck.report.formats import formats_of

FORMATS = formats_of("check")
EVERY = checks.every_check()


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("word", EVERY)
def test_the_same_answer_gives_the_same_bytes(name: str, word: str) -> None:
    render = FORMATS[name].render
    first = render(EVERY[word])
    assert first == render(checks.every_check()[word])
    assert not first or first.endswith("\n")
    assert "\r" not in first


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("text", checks.HOSTILE_TEXTS)
def test_hostile_text_can_be_written_and_drives_nothing(name: str, text: str) -> None:
    written = FORMATS[name].render(checks.hostile(text))
    written.encode()
    control = set(written) & {chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))} - {"\n"}
    assert not control
    if name != "json":
        assert not re.search("[\u202a-\u202e\u2028\ufffe]", written)


@pytest.mark.parametrize("name", FORMATS)
def test_credentials_are_never_written(name: str) -> None:
    written = FORMATS[name].render(checks.hostile("https://user:secret@index.example/simple/", project="av"))
    assert "secret" not in written


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("json", "github", "gitlab")])
def test_every_target_without_an_answer_is_named_with_its_reason(name: str) -> None:
    written = FORMATS[name].render(checks.index_failed()).replace("\\_", "_")
    assert "manylinux_2_28_x86_64" in written
    # Lines of the terminal's text are wrapped.
    assert "503 Service Unavailable" in " ".join(written.split())


def test_formats_are_named_after_their_word() -> None:
    assert list(FORMATS) == ["text", "json", "sarif", "github", "junit", "gitlab", "markdown", "html"]
    assert all(row.sentence.endswith(".") and row.filename for row in FORMATS.values())


def test_what_several_targets_share_is_told_once() -> None:
    shared = json.loads(FORMATS["json"].render(checks.shared()))["findings"]
    [native] = [finding for finding in shared if finding["code"] == "WC102"]
    assert [f"{target['platform']}/{target['python']}" for target in native["targets"]] == [
        "win_amd64/3.11",
        "win_amd64/3.12",
        "musllinux_1_2_x86_64/3.11",
    ]
    assert native["message"] == "av 11.0.0 has no wheel for these targets, and its source archive builds native code."


def test_two_findings_of_one_project_on_one_target_are_both_told() -> None:
    first = samples.finding(Code.EXTRA_UNKNOWN, "peft", "0.13.0", "peft 0.13.0 has no extra a.")
    second = samples.finding(Code.EXTRA_UNKNOWN, "peft", "0.13.0", "peft 0.13.0 has no extra b.")
    findings = [checks.judged(each, Verdict.FAILS) for each in (first, second)]
    targets = [
        checks.checked(target, samples.installable_plan(), findings) for target in (checks.WINDOWS, checks.LINUX)
    ]
    told = json.loads(FORMATS["json"].render(checks.answer(*targets)))["findings"]
    assert [(each["message"][-2:], len(each["targets"])) for each in told] == [("a.", 2), ("b.", 2)]


def test_a_shared_message_names_no_single_target() -> None:
    newer = (checks.WINDOWS, checks.WINDOWS_312)
    targets = [
        checks.checked(
            target,
            samples.blocked_plan(),
            [
                checks.judged(
                    samples.finding(
                        Code.OTHER_PYTHONS,
                        "torch",
                        "2.1.0",
                        f"torch 2.1.0 has wheels for win_amd64 only for Python 3.1, not for Python {target.python}",
                    ),
                    Verdict.FAILS,
                )
            ],
        )
        for target in newer
    ]
    [told] = json.loads(FORMATS["json"].render(checks.answer(*targets)))["findings"]
    assert told["message"] == "torch 2.1.0 has wheels for win_amd64 only for Python 3.1, not for these Pythons"


def test_what_an_undecided_target_met_is_no_failure() -> None:
    told = json.loads(FORMATS["json"].render(checks.undecided()))
    assert told["exit_status"] == 4
    assert told["counts"]["fails"] == 0
    assert [each["verdict"] for each in told["findings"]] == ["warns", "noted"]
