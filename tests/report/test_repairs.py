"""Repairs in the summary: what a person reads, and that what they copy says what the repair says."""

from __future__ import annotations

import re
import shlex

import pytest
from msgspec import structs
from packaging.utils import canonicalize_name

from tests.fakes import proposed, samples
from wheelcheck.model.finding import Code, Finding
from wheelcheck.model.plan import Plan
from wheelcheck.model.repair import Edit, EditKind, Ground, Proposals, Repair, Risk
from wheelcheck.report.commands import repaired_command
from wheelcheck.report.summary import render_summary
from wheelcheck.report.wording import change

PLANS = samples.every_plan()
ASKED = ("wheelcheck", "plan", "my reqs.txt", "--platform", "win_amd64", "--python", "3.11")


def commands(text: str) -> list[list[str]]:
    """Every command of a summary, as a shell would split it."""
    lines = text.replace(" \\\n", " ").splitlines()
    return [shlex.split(line) for line in lines if line.lstrip().startswith("wheelcheck ")]


def repair(*options: str, kind: EditKind = EditKind.OVERRIDE) -> Repair:
    edit = Edit(kind=kind, package=canonicalize_name("av"), options=options)
    return structs.replace(proposed.OVERRIDE, edits=(edit,))


@pytest.mark.parametrize("width", [60, 80, 120])
def test_each_repair_has_the_command_that_applies_it(width: int) -> None:
    found = commands(render_summary(PLANS["three-ways"], width=width, encoding="utf-8", asked=ASKED))
    for each in proposed.THREE_WAYS.repairs:
        assert list(repaired_command(ASKED, each)) in found


def test_heading_counts_the_ways_and_names_the_target() -> None:
    assert "  3 repairs make this installable on win_amd64, Python 3.11\n" in render_summary(
        PLANS["three-ways"], width=80
    )
    one = samples.blocked_plan(Proposals(repairs=(proposed.OVERRIDE,)))
    assert "  1 repair makes this installable on" in render_summary(one, width=80)
    assert "  1 repair ends the warnings\n" in render_summary(PLANS["warned"], width=80)


def test_a_repair_is_shown_with_its_change_risk_outcome_and_quoted_code() -> None:
    text = render_summary(PLANS["three-ways"], width=120)
    assert "R1  medium risk  override av: 11.0.0 -> 12.0.0 (audiocraft 1.3.0 pins ==11.0.0)\n" in text
    assert "R3  high risk  leave av 11.0.0 out" in text
    assert "9 packages, 4 of them built once from source" in text
    assert "audiocraft/data/audio.py:18: import av\n" in text


def test_worst_reason_comes_first_and_brief_shows_three() -> None:
    brief, full = (render_summary(PLANS["three-ways"], width=200, detail=detail) for detail in ("brief", "full"))
    assert brief.index("will fail on") < brief.index("inside a function") < brief.index("Nothing else in the plan")
    assert "and 1 more; -v shows them" in brief
    assert "was read whole" not in brief
    assert "was read whole" in full


def test_full_summary_dates_the_moves() -> None:
    text = render_summary(PLANS["three-ways"], width=120, detail="full")
    assert "av 11.0.0 (2023-10-22) -> 12.0.0 (2024-03-17)" in text


def test_proved_repair_takes_the_place_of_the_guess() -> None:
    text = render_summary(PLANS["three-ways"], width=120)
    assert "see whether it fits" not in text
    assert any(words[-3:] == ["--fix=R1", "-o", "plan.json"] for words in commands(text))
    assert "see whether it fits" in render_summary(PLANS["blocked"], width=120)
    searched_in_vain = render_summary(samples.blocked_plan(Proposals()), width=120)
    assert "--override" not in searched_in_vain
    assert "No repair was found that makes this installable" in searched_in_vain


def test_what_resolves_and_then_fails_stands_apart_with_its_file_and_line_and_no_command() -> None:
    text = render_summary(samples.blocked_plan(proposed.IN_VAIN), width=120)
    assert "No repair was found that makes this installable" in text
    after = text.partition("No repair, for it resolves and then fails when it is imported:\n")[2]
    assert after.startswith("    x leave av 11.0.0 out (only audiocraft 1.3.0 wants it)\n")
    assert "audiocraft/data/audio.py:18: import av" in after
    assert "--exclude av" not in text
    assert "inside a function" not in text
    assert "resolves and then fails" not in render_summary(PLANS["three-ways"], width=120)


def test_search_that_was_cut_short_is_not_told_as_a_proof() -> None:
    text = render_summary(PLANS["hopeless"], width=120)
    assert "No repair was found" not in text
    assert "was found before the search ended" in text
    assert "The search stopped after 20 s" in text


def test_hopeless_part_is_named_with_its_reason_and_its_way() -> None:
    text = render_summary(PLANS["hopeless"], width=120)
    assert "x No repair for torch 2.9.0\n" in text
    assert "wanted by  peft 0.13.0 -> torch 2.9.0 (and 1 more way)" in text
    assert "x No repair either for xformers, a requirement without a name\n" in text


def test_suggestion_is_labelled_as_not_verified() -> None:
    text = render_summary(PLANS["hopeless"], width=120)
    assert "not verified: take torch from https://download.example/whl/cpu" in text
    assert any("--source" in words for words in commands(text))


def test_index_that_went_away_is_said() -> None:
    gone = "The index stopped answering; there may be more repairs."
    assert gone in render_summary(samples.blocked_plan(Proposals(interrupted=gone)), width=120)


def test_applied_repair_is_said_at_the_top_and_not_offered_again() -> None:
    text = render_summary(PLANS["fixed"], width=120)
    second, third = text.splitlines()[1:3]
    assert second == ""
    assert third.startswith("  R1 is applied: override av: 11.0.0 -> 12.0.0")
    assert "changes    av 11.0.0 (2023-10-22) -> 12.0.0 (2024-03-17)" in text
    assert "R1  medium" not in text
    assert "Other repairs: R2" in text
    full = render_summary(PLANS["fixed"], width=120, detail="full")
    assert "  2 other repairs make this installable" in full
    assert "R1  medium" not in full


def test_applied_repair_that_the_plan_does_not_describe_is_still_named() -> None:
    plan = structs.replace(PLANS["fixed"], proposals=None)
    assert "  R1 is applied\n" in render_summary(plan, width=80)


def test_advisories_are_told_in_brief_up_to_three_with_their_remedy() -> None:
    findings = tuple(
        samples.finding(
            Code.ADVISORY,
            name,
            "1.0",
            f"{name} fails with numpy 2.",
            evidence=("remedy: constrain numpy<2", "https://x.example"),
        )
        for name in ("one", "two", "three", "four", "five")
    )
    text = render_summary(structs.replace(PLANS["warned"], findings=findings, proposals=None), width=80)
    assert [f"{name} fails" in text for name in ("one", "two", "three", "four", "five")] == [True] * 3 + [False] * 2
    assert "also four 1.0, five 1.0" in text
    assert text.count("remedy     constrain numpy<2") == 1
    full = render_summary(structs.replace(PLANS["warned"], findings=findings), width=80, detail="full")
    assert full.count("remedy     constrain numpy<2") == 5


def test_single_valued_option_is_replaced_rather_than_repeated() -> None:
    asked = ("wheelcheck", "plan", "a.txt", "--python=3.13", "--exclude-newer", "2026-11-01", "--pre")
    fixed = repaired_command(asked, repair("--python", "3.11", "--exclude-newer", "2023-10-05"))
    assert fixed == ("wheelcheck", "plan", "a.txt", "--pre", "--python", "3.11", "--exclude-newer", "2023-10-05")


def test_override_of_the_same_project_is_replaced_and_others_stay() -> None:
    asked = ("wheelcheck", "plan", "a.txt", "--override", "AV == 11.0", "--override", "numpy<2", "-c", "bounds.txt")
    fixed = repaired_command(asked, repair("--override", "av==12.0.0"))
    assert fixed == (*asked[:3], "--override", "numpy<2", "-c", "bounds.txt", "--override", "av==12.0.0")


def test_what_was_asked_already_is_not_repeated() -> None:
    asked = ("wheelcheck", "plan", "a.txt", "--exclude", "av", "-c", "numpy<2")
    assert repaired_command(asked, repair("--exclude", "av", "-c", "numpy<2")) == asked
    assert repaired_command(("wheelcheck", "plan", "b"), repair("-c", "n<2", "-c", "n<2"))[3:] == ("-c", "n<2")


def test_repair_s_own_command_does_not_ask_for_fixing() -> None:
    asked = ("wheelcheck", "plan", "a.txt", "--fix=R2", "--fix")
    assert repaired_command(asked, repair("--exclude", "av")) == ("wheelcheck", "plan", "a.txt", "--exclude", "av")


def test_target_file_gives_way_to_both_words_of_the_repaired_target() -> None:
    asked = ("wheelcheck", "plan", "a.txt", "--target", "machine.json")
    fixed = repaired_command(asked, repair("--python", "3.10"), samples.WINDOWS)
    assert fixed == ("wheelcheck", "plan", "a.txt", "--platform", "win_amd64", "--python", "3.10")
    assert repaired_command(asked, repair("--exclude", "av"), samples.WINDOWS)[3:5] == ("--target", "machine.json")


def test_further_input_is_added_as_it_is() -> None:
    fixed = repaired_command(("wheelcheck", "plan", "a.txt"), repair("psycopg2-binary>=2", "--exclude", "psycopg2"))
    assert fixed == ("wheelcheck", "plan", "a.txt", "psycopg2-binary>=2", "--exclude", "psycopg2")


@pytest.mark.parametrize("kind", EditKind)
def test_every_kind_of_edit_has_its_words(kind: EditKind) -> None:
    edit = Edit(kind=kind, package=canonicalize_name("tool"), before="==1.0", after="==2.0", because="somebody 3.0")
    line = change(edit).replace("\N{NO-BREAK SPACE}", " ")
    assert "somebody 3.0" in line
    assert re.search(r"2\.0|tool", line)
    assert "  " not in line
    bare = change(Edit(kind=kind, package=canonicalize_name("tool")))
    assert bare == bare.strip()


def test_text_of_an_archive_cannot_drive_the_terminal() -> None:
    ground = structs.replace(proposed.OVERRIDE.grounds[0], quote="import av\x1b[2J\r", file="a\x07.py")
    evil = structs.replace(proposed.OVERRIDE, grounds=(ground,))
    text = render_summary(samples.blocked_plan(Proposals(repairs=(evil,))), width=80, color=True, encoding="utf-8")
    assert "\x1b[2J" not in text
    assert "\x07" not in text


def test_many_changes_are_counted_in_brief_and_listed_in_full() -> None:
    added = tuple((canonicalize_name(f"extra-{number}"), samples.wheel_pin("x", "1").version) for number in range(30))
    many = structs.replace(proposed.OVERRIDE, verified=structs.replace(proposed.OVERRIDE.verified, added=added))
    plan: Plan = samples.blocked_plan(Proposals(repairs=(many,)))
    assert "and 26 more" in render_summary(plan, width=80)
    assert "extra-29 1" in render_summary(plan, width=80, detail="full").replace("\n" + " " * 17, " ")


def test_finding_without_a_remedy_falls_back_on_the_cure_of_its_code() -> None:
    lone: Finding = samples.finding(Code.ABI_BREAK, "ext", "1.0", "ext may not load.")
    text = render_summary(structs.replace(PLANS["installable"], findings=(lone,)), width=120)
    assert "cure       Bound the dependency" in text


def test_reason_does_not_repeat_the_target_nor_the_project() -> None:
    why = f"av 11.0.0 has no usable file on {samples.WINDOWS}"
    left_out = Edit(kind=EditKind.EXCLUDE, package=canonicalize_name("av"), before="11.0.0", because=why)
    other = Edit(kind=EditKind.PYTHON, before="3.11", after="3.10", because=why)
    told = [change(edit, samples.WINDOWS).replace("\N{NO-BREAK SPACE}", " ") for edit in (left_out, other)]
    assert told == [
        "leave av 11.0.0 out (it has no usable file)",
        "Python 3.10 instead of 3.11 (av 11.0.0 has no usable file for 3.11)",
    ]


def test_bound_says_for_whose_sake_it_is() -> None:
    edit = Edit(kind=EditKind.CONSTRAIN, package=canonicalize_name("numpy"), after="<2", because="torch 2.1.0")
    assert change(edit).replace("\N{NO-BREAK SPACE}", " ") == "keep numpy at <2 (for torch 2.1.0)"
    assert change(structs.replace(edit, because="numpy 2.3")).endswith("(instead of 2.3)")


def test_project_alone_is_told_as_a_reason() -> None:
    pin = structs.replace(proposed.OVERRIDE.edits[0], kind=EditKind.PIN, because="pyav")
    assert change(pin).endswith("(because of pyav)")


def test_clash_on_the_project_itself_is_told_as_one() -> None:
    pin = structs.replace(proposed.OVERRIDE.edits[0], kind=EditKind.PIN, because="av")
    assert change(pin).endswith("(its requirements clash)")


def test_users_own_bound_is_told_in_the_second_person() -> None:
    override = structs.replace(proposed.OVERRIDE.edits[0], because="you")
    assert "(you pin ==11.0.0)" in change(override).replace("\N{NO-BREAK SPACE}", " ")


def test_reason_of_a_change_is_told_once_where_several_ways_make_it() -> None:
    both = structs.replace(proposed.OVERRIDE, id="R2")
    text = render_summary(samples.blocked_plan(Proposals(repairs=(proposed.OVERRIDE, both))), width=120)
    assert text.count("audiocraft 1.3.0 pins ==11.0.0") == 1
    assert text.count("override av: 11.0.0 -> 12.0.0") == 2


def test_reasons_of_less_weight_than_the_risk_are_told_apart() -> None:
    grounds = tuple(Ground(risk=risk, text=f"it is {risk.value}") for risk in (Risk.HIGH, Risk.MEDIUM, Risk.LOW))
    text = render_summary(
        samples.blocked_plan(Proposals(repairs=(structs.replace(proposed.EXCLUDE, risk=Risk.HIGH, grounds=grounds),))),
        width=120,
    )
    assert "because    - it is high\n      also       - it is medium\n                 - it is low\n" in text


def test_next_step_takes_the_first_way_that_is_no_high_risk() -> None:
    risky = structs.replace(proposed.OVERRIDE, id="R1", risk=Risk.HIGH)
    milder = structs.replace(proposed.EXCLUDE, id="R2", risk=Risk.LOW)
    text = render_summary(samples.blocked_plan(Proposals(repairs=(risky, milder))), width=80)
    assert "# apply R2 and keep its plan; --fix=R1 takes another\n" in text


def test_what_was_not_tried_is_an_aside_where_there_are_ways() -> None:
    asides = Proposals(unreached="the search ended after 8 trials", complete=False)
    found = structs.replace(asides, repairs=(proposed.OVERRIDE,))
    told = "The search ended after 8 trials\n"
    assert f"  ! {told}" in render_summary(samples.blocked_plan(asides), width=120)
    assert f"\n  {told}" in render_summary(samples.blocked_plan(found), width=120)


def test_several_who_pin_are_told_in_the_plural() -> None:
    edit = structs.replace(proposed.OVERRIDE.edits[0], before="==1.0 and <2", because="a 1, b 2")
    assert change(edit).endswith("(a 1, b 2 pin ==1.0 and <2)")


def test_code_that_the_reason_quotes_is_not_quoted_twice() -> None:
    text = "it will fail on `import a`: a/b.py:22 has `import av`"
    ground = structs.replace(proposed.EXCLUDE.grounds[0], text=text, file="a/b.py", line=22, quote="import av")
    plan = samples.blocked_plan(Proposals(repairs=(structs.replace(proposed.EXCLUDE, grounds=(ground,)),)))
    assert render_summary(plan, width=120).count("a/b.py:22") == 1


def test_high_risk_is_said_again_where_it_is_applied() -> None:
    text = render_summary(samples.blocked_plan(Proposals(repairs=(proposed.EXCLUDE,))), width=120)
    assert "apply R3 (high risk: read why)" in text
