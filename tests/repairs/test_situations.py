"""One situation, one expectation: which repairs are shown, in which order, and what they were proved to give."""

from __future__ import annotations

import itertools

import pytest
from msgspec.structs import replace

from tests.fakes.projects import wheel
from tests.repairs.questions import CommandLine, Situation, commands, the_one, with_command
from tests.repairs.situations import (
    ADVISED,
    BESIDES,
    CODE,
    ELSEWHERE,
    MARKED,
    OVERLAPPING,
    SEVERAL,
    SINGLE,
    UNCOVERED,
    VENDOR,
    WIN,
    app,
    native,
    substitute,
    vendor,
)
from wheelcheck.model.distribution import Status
from wheelcheck.model.knowledge import RepairKnowledge
from wheelcheck.model.repair import EditKind, Repair, Risk
from wheelcheck.repairs.context import Limits


def moves(repair: Repair) -> dict[str, tuple[str, str]]:
    return {str(move.name): (str(move.before), str(move.after)) for move in repair.verified.changed}


def names(pairs: tuple[tuple[object, object], ...]) -> list[str]:
    return [f"{name} {version}" for name, version in pairs]


# One blocker


def test_pinned_version_without_a_wheel_is_overridden_to_the_older_one_that_has_it() -> None:
    proposals = SINGLE["older-wheel"].proposals()
    assert commands(proposals) == ["--override av==1.0", "--exclude av"]
    first = proposals.repairs[0]
    assert [edit.line for edit in first.edits] == ["override av: ==2.0 → ==1.0"]
    assert [edit.because for edit in first.edits] == ["app 1.0"]
    assert moves(first) == {"av": ("2.0", "1.0")}
    assert (first.verified.status, first.verified.packages) == (Status.INSTALLABLE, 2)


def test_pinned_version_without_a_wheel_is_overridden_to_the_newer_one_that_has_it() -> None:
    assert commands(SINGLE["newer-wheel"].proposals())[0] == "--override av==2.0"


def test_nearest_version_with_a_wheel_wins_over_farther_ones() -> None:
    proposals = SINGLE["both-wheels"].proposals()
    assert commands(proposals) == ["--override av==4.0", "--exclude av"]
    assert moves(proposals.repairs[0]) == {"av": ("3.0", "4.0")}


def test_nearest_version_that_does_not_serve_gives_way_to_the_next() -> None:
    assert commands(SINGLE["nearest-does-not-serve"].proposals())[0] == "--override av==1.0"


def test_users_own_pin_is_replaced_with_its_extras_kept() -> None:
    repair = the_one(SINGLE["own-pin"].proposals())
    assert [edit.line for edit in repair.edits] == ["pin av: ==1.0 → ==2.0"]
    assert repair.options == ("--replace", "av[fast]==2.0")


def test_users_own_pin_keeps_its_marker_when_it_is_replaced() -> None:
    repair = the_one(SINGLE["own-pin-with-marker"].proposals())
    assert repair.options == ("--replace", "av==2.0")
    assert repair.verified.packages == 2


def test_clash_of_the_users_pin_with_a_dependants_offers_to_change_either() -> None:
    proposals = SINGLE["own-pin-and-a-dependants"].proposals()
    assert commands(proposals) == ["--replace av==2.0", "--override av==1.0"]
    assert all(repair.verified.status is Status.INSTALLABLE for repair in proposals.repairs)


def test_range_without_a_wheel_is_left_on_its_nearer_side() -> None:
    repair = SINGLE["range-without-wheel"].proposals().repairs[0]
    assert repair.options == ("--override", "av==4.0")
    assert moves(repair) == {"av": ("3.0", "4.0")}


def test_pre_releases_and_yanked_versions_are_not_proposed_where_a_final_version_serves() -> None:
    assert commands(SINGLE["pre-release-and-yanked"].proposals()) == [
        "--override av==1.0",
        "--exclude av",
    ]


def test_project_that_was_withdrawn_as_a_whole_is_pinned() -> None:
    proposals = SINGLE["withdrawn-as-a-whole"].proposals()
    assert commands(proposals) == ["--replace lib==2.0"]
    (repair,) = proposals.repairs
    assert repair.risk is Risk.MEDIUM
    assert [ground.text for ground in repair.grounds] == ["lib 2.0 was withdrawn by its maintainers"]


def test_dependency_that_was_withdrawn_as_a_whole_is_pinned_by_an_override() -> None:
    assert commands(SINGLE["withdrawn-dependency"].proposals())[0] == "--override lib==1.0"


def test_pre_release_is_pinned_where_no_final_version_has_a_wheel() -> None:
    proposals = SINGLE["only-a-pre-release-of-your-own"].proposals()
    assert commands(proposals) == ["--replace lib==2.0rc2"]
    (repair,) = proposals.repairs
    assert repair.risk is Risk.MEDIUM
    assert [ground.text for ground in repair.grounds] == [
        "lib 2.0rc2 is a pre-release",
        "lib moves 2.0 → 2.0rc2: a pre-release of it",
    ]


def test_pre_release_of_a_dependency_is_pinned_by_an_override() -> None:
    assert commands(SINGLE["only-a-pre-release-of-a-dependency"].proposals())[0] == "--override lib==2.0rc1"


def test_policy_that_denies_source_archives_is_repaired_by_a_version_with_a_wheel() -> None:
    assert commands(SINGLE["deny-pure"].proposals())[0] == "--override av==2.0"


# Several blockers


def test_one_python_switch_repairs_two_blockers() -> None:
    proposals = SEVERAL["one-python-for-two"].proposals()
    assert commands(proposals) == [
        "--python 3.11",
        "--python 3.12 --exclude one",
        "--exclude one --exclude two",
    ]
    assert [edit.line for edit in proposals.repairs[0].edits] == ["python: 3.13 → 3.11"]
    assert proposals.repairs[0].verified.packages == 3


def test_one_dropped_extra_repairs_two_blockers_and_keeps_the_other_extra() -> None:
    proposals = SEVERAL["one-extra-for-two"].proposals()
    assert commands(proposals) == [
        "--replace app[web]==1.0",
        "--exclude one --exclude two",
    ]
    assert names(proposals.repairs[0].verified.removed) == ["one 1.0", "two 1.0"]


def test_another_version_of_what_the_user_pins_repairs_two_blockers_below_it() -> None:
    proposals = SEVERAL["one-pin-above-for-two"].proposals()
    assert commands(proposals) == ["--replace app==1.0", "--exclude one --exclude two"]
    first = proposals.repairs[0].verified
    assert (names(first.added), names(first.removed)) == (
        ["old 1.0"],
        ["one 1.0", "two 1.0"],
    )


def test_two_blockers_need_a_pair_of_edits_and_neither_alone_is_shown() -> None:
    proposals = SEVERAL["minimal-only-as-a-pair"].proposals()
    assert commands(proposals)[0] == "--override one==2.0 --override two==2.0"
    assert all(len(repair.edits) == 2 for repair in proposals.repairs)


def test_edit_that_uncovers_the_next_blocker_is_continued() -> None:
    proposals = SEVERAL["chain"].proposals()
    assert commands(proposals) == [
        "--override one==2.0 --override two==2.0",
        "--exclude one",
        "--override one==2.0 --exclude two",
    ]
    assert [edit.because for edit in proposals.repairs[0].edits] == [
        "app 1.0",
        "one 2.0",
    ]


def test_five_blockers_are_repaired_in_one_go_and_what_was_not_tried_is_said() -> None:
    proposals = SEVERAL["five-blockers"].proposals()
    assert commands(proposals)[0] == " ".join(f"--override part{number}==2.0" for number in range(5))
    assert not proposals.complete
    assert proposals.unreached


def test_of_many_ways_for_each_of_many_blockers_the_first_is_taken_for_all_at_once() -> None:
    """Seven projects that five vendors have alike: 78,125 sets of changes, which cannot be tried one after the other."""
    names = [f"part{number}" for number in range(7)]
    vendors = [f"https://v{number}.example/simple/" for number in range(5)]
    has = {name: {"1.0": [wheel(WIN)]} for name in names}
    known = replace(vendor().indexes[0], labels=())
    behind = {"part3": {"1.0": [wheel(WIN, requires=["behind==1.0"])]}}
    situation = Situation(
        line=CommandLine(inputs=("app",)),
        index={
            "app": app(*(f"{name}==1.0" for name in names)),
            **{name: {"1.0": native()} for name in names},
            "behind": {"1.0": native(), "2.0": [wheel(WIN)]},
        },
        elsewhere=dict.fromkeys(vendors, has | behind),
        knowledge=RepairKnowledge(indexes=tuple(replace(known, url=url) for url in vendors)),
    )
    repair = the_one(situation.proposals(Limits(repairs=1)))
    assert repair.options == (
        *(word for name in names for word in ("--source", f"{name}={vendors[0]}")),
        *("--override", "behind==2.0"),
    )


def test_search_that_ran_out_of_time_says_how_to_lengthen_it_and_one_that_ran_out_of_trials_does_not() -> None:
    situation = SEVERAL["five-blockers"]
    ticks = itertools.count()
    by_clock = situation.proposals(Limits(seconds=20, clock=lambda: float(next(ticks))))
    assert by_clock.unreached.endswith("; a longer --repair-seconds lets it continue")
    by_count = situation.proposals(Limits(trials=3))
    assert by_count.unreached.startswith("the search ended before every set")
    assert "--repair-seconds" not in by_count.unreached


def test_excluded_project_takes_along_what_only_it_needs() -> None:
    repair = the_one(SEVERAL["drags-three-along"].proposals())
    assert repair.options == ("--exclude", "heavy")
    assert names(repair.verified.removed) == [
        "heavy 1.0",
        "one 1.0",
        "three 1.0",
        "two 1.0",
    ]
    assert repair.verified.packages == 2  # what others need too stays


def test_another_version_of_the_project_between_repairs_before_anything_is_left_out() -> None:
    proposals = SEVERAL["pin-above-a-bound"].proposals()
    assert commands(proposals) == [
        "--override middle==1.0",
        "--exclude deep",
        "--exclude middle",
    ]
    assert names(proposals.repairs[0].verified.removed) == ["deep 1.0"]


# What the newest versions do not show


def test_older_version_of_the_users_own_is_repaired_where_the_newest_cannot_be() -> None:
    """The natural pick is a native archive; the version before it has a wheel and is blocked by what it asks for."""
    proposals = UNCOVERED["older-version-is-blocked-below"].proposals()
    assert commands(proposals) == ["--override av==2.0", "--exclude av"]
    assert moves(proposals.repairs[0]) == {"app": ("2.0", "1.0")}
    assert not proposals.unrepairable


def test_override_takes_the_place_of_a_pin_that_runs_into_anothers_bound() -> None:
    assert commands(UNCOVERED["pin-runs-into-anothers-bound"].proposals()) == [
        "--override app==2.0",
        "--replace app==2.0 --exclude plugin",
    ]


def test_another_candidate_of_a_pin_is_looked_at_where_the_nearest_is_blocked_below() -> None:
    assert commands(UNCOVERED["another-candidate-of-the-pin"].proposals())[0] == (
        "--replace app==1.0 --override av==1.0"
    )


def test_what_blocks_the_nearest_version_is_repaired_though_the_newest_has_no_file() -> None:
    assert commands(UNCOVERED["nearest-and-newest-differ"].proposals())[0] == "--replace app==1.0 --override av==1.0"


def test_older_version_within_what_is_declared_is_repaired_where_that_is_cheaper() -> None:
    proposals = UNCOVERED["older-version-asks-for-what-can-be-had"].proposals()
    assert commands(proposals) == ["--override av==1.0", "--exclude av", "--exclude no-such-project"]


def test_bound_of_a_project_that_is_wanted_only_below_does_not_hide_a_way() -> None:
    proposals = UNCOVERED["bound-from-below-counts-only-with-its-asker"].proposals()
    assert commands(proposals)[0] == "--override base==1.0"


def test_project_that_bounds_the_users_own_can_be_left_out() -> None:
    """The user asks for any version of app; the plugin alone insists on the one without a wheel."""
    assert "--exclude plugin" in commands(UNCOVERED["bound-on-the-users-own"].proposals())


def test_bound_on_what_the_user_asks_for_in_any_version_can_be_overridden() -> None:
    assert commands(UNCOVERED["bound-above-on-the-users-own"].proposals())[0] == "--override base==1.0"


def test_set_of_edits_that_is_reached_with_less_left_is_tried() -> None:
    proposals = UNCOVERED["same-edits-with-less-left"].proposals()
    assert commands(proposals)[0] == "--replace app==1.0 --replace base==2.0 --exclude heavy"


# The same code under another name, from elsewhere, or less of it


def test_users_own_project_is_substituted_in_the_same_version() -> None:
    repair = the_one(ELSEWHERE["substitute-for-the-users-own"].proposals())
    assert repair.options == ("driver-binary==1.0", "--exclude", "driver")
    assert (names(repair.verified.added), names(repair.verified.removed)) == (
        ["driver-binary 1.0"],
        ["driver 1.0"],
    )
    assert repair.risk is Risk.LOW


def test_transitive_project_is_substituted_within_the_bounds_on_it() -> None:
    proposals = ELSEWHERE["substitute-for-a-transitive"].proposals()
    assert commands(proposals)[1:] == ["--exclude driver"]
    assert [edit.kind for edit in proposals.repairs[0].edits] == [EditKind.SUBSTITUTE]
    assert names(proposals.repairs[0].verified.added) == ["driver-binary 1.0"]


def test_build_with_a_local_version_comes_from_the_vendor_before_anything_else() -> None:
    proposals = ELSEWHERE["local-build-at-the-vendor"].proposals()
    first, *others = proposals.repairs
    assert first.options == ("--source", f"torch={VENDOR}")
    assert first.risk is Risk.LOW
    assert "the very build that is asked for" in first.grounds[0].text
    assert [repair.risk for repair in others] == [Risk.HIGH]
    assert not proposals.suggestions


@pytest.mark.parametrize("name", ["local-build-out-of-reach", "local-build-that-the-vendor-lacks"])
def test_plain_build_of_the_same_version_says_what_the_local_one_had(name: str) -> None:
    proposals = ELSEWHERE[name].proposals()
    repair = the_one(proposals)
    assert repair.options == ("--replace", "torch==2.5.1")
    assert repair.risk is Risk.HIGH
    assert repair.grounds[0].text == "loses CUDA: torch 2.5.1 is not the build +cu124 that was asked for"


def test_vendor_out_of_reach_is_suggested_beside_a_repair_that_loses_its_build() -> None:
    (suggestion,) = ELSEWHERE["local-build-out-of-reach"].proposals().suggestions
    assert suggestion.edit.options == ("--source", f"torch={VENDOR}")
    assert "nothing is proved" in suggestion.message
    assert not ELSEWHERE["local-build-that-the-vendor-lacks"].proposals().suggestions


def test_substitute_that_counts_its_own_versions_is_not_bounded() -> None:
    repair = the_one(ELSEWHERE["substitute-with-other-versions"].proposals())
    assert repair.options == ("driver-binary", "--exclude", "driver")
    assert names(repair.verified.added) == ["driver-binary 3.0"]


def test_substitute_without_the_pinned_version_is_offered_in_any() -> None:
    repair = the_one(ELSEWHERE["substitute-without-that-version"].proposals())
    assert names(repair.verified.added) == ["driver-binary 3.0"]


def test_substitute_that_was_built_again_keeps_the_version() -> None:
    repair = the_one(ELSEWHERE["substitute-that-was-built-again"].proposals())
    assert repair.options == ("driver-binary==1.0.*", "--exclude", "driver")
    assert names(repair.verified.added) == ["driver-binary 1.0.post7"]


def test_other_code_for_the_same_purpose_is_named_and_is_no_repair() -> None:
    proposals = ELSEWHERE["other-code-for-the-same"].proposals()
    assert not proposals.repairs
    (suggestion,) = proposals.suggestions
    assert suggestion.edit.after == "driver-binary==1.0"
    assert "yours has to change" in suggestion.message


def test_substitute_for_other_platforms_is_not_offered() -> None:
    assert not ELSEWHERE["substitute-for-other-platforms"].proposals().repairs


# Projects that install the same files


def test_of_two_that_install_the_same_files_the_one_that_the_user_names_is_kept_first() -> None:
    """The kind of opencv-python beside the opencv-python-headless that another project brings."""
    proposals = OVERLAPPING["two-of-one-module"].proposals()
    assert commands(proposals) == ["view --exclude view-bare", "view-bare --exclude view"]
    first, second = proposals.repairs
    assert names(first.verified.removed) == ["view-bare 1.0"]
    assert names(second.verified.removed) == ["view 1.0"]
    assert [edit.because for edit in first.edits] == ["view and view-bare install the same files"]


def test_a_repair_of_something_else_leaves_one_of_two_that_install_the_same_files() -> None:
    """The kind of a Python switch after which opencv-python and opencv-python-headless are still both there."""
    repair = the_one(OVERLAPPING["two-of-one-module-behind-a-blocker"].proposals())
    assert repair.options == ("view", "--exclude", "view-bare", "--replace", "solid==1.1")


def test_of_two_that_install_the_same_files_none_is_left_out_where_nothing_says_that_the_other_serves() -> None:
    assert not OVERLAPPING["two-of-one-module-and-neither-is-known-to-serve"].proposals().repairs


# Projects that are made for other systems


def test_project_that_is_known_to_be_of_another_system_is_kept_off_by_a_marker() -> None:
    repair = the_one(MARKED["made-for-another-system"].proposals())
    assert repair.options == ("--replace", 'pty[full]>=2; sys_platform == "linux"')
    assert names(repair.verified.removed) == ["pty 2.0"]
    assert [(ground.risk, ground.text) for ground in repair.grounds] == [
        (
            Risk.MEDIUM,
            "you ask for pty yourself: your own code, which was not looked into, has to do without it on Windows",
        ),
        (Risk.LOW, "pty is made for Linux. It wraps what is there."),
    ]


def test_project_whose_wheels_were_always_of_one_other_system_is_kept_off_by_a_marker() -> None:
    repair = the_one(MARKED["wheels-for-one-other-system-alone"].proposals())
    assert repair.options == ("--replace", 'pty; sys_platform == "linux"')
    assert repair.risk is Risk.MEDIUM
    assert "pty has wheels for Linux alone, in 5 releases" in [ground.text for ground in repair.grounds]


def test_marker_joins_the_one_that_stands_there() -> None:
    repair = the_one(MARKED["made-for-another-system-and-marked-already"].proposals())
    assert repair.options == ("--replace", 'pty==2.0; python_version >= "3.9" and sys_platform != "win32"')


def test_marker_is_an_override_where_a_dependency_asks_too() -> None:
    repair = MARKED["made-for-another-system-and-asked-for-below"].proposals().repairs[0]
    assert repair.options == ("--override", 'pty<5,>=2; sys_platform == "linux"')
    assert "app's code does not import pty" in [ground.text for ground in repair.grounds]


@pytest.mark.parametrize(
    "name",
    [
        "wheels-for-two-other-systems",
        "wheels-for-another-system-in-few-releases",
        "wheels-for-another-system-beside-an-archive",
        "wheels-for-the-system-in-other-versions",
    ],
)
def test_project_that_may_run_on_the_target_is_not_kept_off_it(name: str) -> None:
    kinds = {edit.kind for repair in MARKED[name].proposals().repairs for edit in repair.edits}
    assert EditKind.MARKER not in kinds


def test_extra_that_alone_brings_the_blocker_in_is_dropped() -> None:
    proposals = ELSEWHERE["extra"].proposals()
    assert commands(proposals) == ["--replace app[web]", "--exclude av"]
    assert names(proposals.repairs[0].verified.removed) == ["av 1.0"]


def test_extra_that_names_the_others_is_dropped_with_them() -> None:
    proposals = ELSEWHERE["extra-in-all"].proposals()
    assert commands(proposals) == ["--replace app==1.0", "--exclude av"]
    assert names(proposals.repairs[0].verified.removed) == ["av 1.0", "web 1.0"]


def test_vendors_index_that_has_the_wheel_is_a_repair() -> None:
    proposals = ELSEWHERE["vendors-index"].proposals()
    assert commands(proposals) == [f"--source torch={VENDOR}", "--exclude torch"]
    assert not proposals.suggestions
    assert proposals.repairs[0].risk is not Risk.LOW  # another build of the same version


def test_vendors_index_out_of_reach_is_a_suggestion_and_never_a_repair() -> None:
    proposals = ELSEWHERE["vendors-index-is-the-last-hope"].proposals()
    assert not proposals.repairs
    (suggestion,) = proposals.suggestions
    assert suggestion.edit.options == ("--source", f"torch={VENDOR}")
    assert "does not answer" in suggestion.message


def test_vendors_index_out_of_reach_keeps_no_other_repair_from_being_shown() -> None:
    assert commands(ELSEWHERE["vendors-index-out-of-reach"].proposals()) == ["--exclude torch"]


def test_index_of_the_users_that_does_not_answer_keeps_none_after_it_from_being_tried() -> None:
    situation = ELSEWHERE["users-second-index"]
    broken = replace(situation, indexes=(situation.indexes[0], "https://broken.example/simple/", situation.indexes[1]))
    assert broken.proposals() == situation.proposals()


def test_users_second_index_is_tried_for_the_blocker() -> None:
    repair = the_one(ELSEWHERE["users-second-index"].proposals())
    assert repair.options == ("--source", "torch=https://mirror.example/simple/")


@pytest.mark.parametrize(
    ("count", "names"),
    [
        (2, "p0 and p1"),
        (5, "p0, p1, p2, p3 and p4"),
        (6, "p0, p1, p2, p3 and 2 more"),
        (9, "p0, p1, p2, p3 and 5 more"),
    ],
)
def test_python_that_several_projects_need_names_some_of_them(count: int, names: str) -> None:
    index = {f"p{number}": {"1.0": [wheel(WIN)]} for number in range(count)}
    repair = Situation(line=CommandLine(inputs=tuple(index), python="3.13"), index=index).proposals().repairs[0]
    assert repair.options == ("--python", "3.11")
    assert repair.edits[0].because == f"{names} have no usable file on win_amd64, Python 3.13"


@pytest.mark.parametrize("name", sorted(OVERLAPPING))
def test_what_stands_in_for_other_projects_changes_nothing_for_two_that_overlap(name: str) -> None:
    situation = OVERLAPPING[name]
    known = RepairKnowledge(substitutes=(*substitute("one", "two").substitutes, *situation.knowledge.substitutes))
    assert replace(situation, knowledge=known).proposals() == situation.proposals()


# What installs and then fails


def test_half_that_a_project_asks_for_is_no_second_name_of_it() -> None:
    """The kind of tensorflow and tensorflow-intel: without its half the one is empty."""
    proposals = OVERLAPPING["half-of-a-project-behind-a-blocker"].proposals()
    assert commands(proposals) == ["--replace solid==1.1"]


def test_advisory_on_what_installs_proposes_its_bound_and_the_day_of_the_old_pin() -> None:
    proposals = ADVISED["advisory-on-what-installs"].proposals()
    assert commands(proposals) == ["-c numpy<2", "--exclude-newer 2023-10-04"]
    assert all(moves(repair) == {"numpy": ("2.0", "1.0")} for repair in proposals.repairs)


def test_day_of_the_old_pin_stands_for_the_day_that_was_asked_for() -> None:
    situation = ADVISED["advisory-on-what-installs"]
    question = situation.line.question()
    cutoffs = {None: "", "2026-06-02T00:00:00Z": "2026-06-01", "2026-06-02T12:00:00Z": "2026-06-02"}
    for cutoff, before in cutoffs.items():
        policy = replace(question.policy, exclude_newer=cutoff)
        repairs = situation.proved(question=replace(question, policy=policy)).proposals.repairs
        (day,) = repairs[1].edits
        assert (day.kind, day.before, day.after) == (EditKind.DATE, before, "2023-10-04")


def test_abi_break_proposes_the_bound_below_it() -> None:
    assert commands(ADVISED["abi-break"].proposals())[0] == "-c numpy<2"


def test_advisorys_remedy_is_joined_to_the_repair_of_a_blocker() -> None:
    proposals = ADVISED["advisory-beside-a-blocker"].proposals()
    assert commands(proposals) == [
        "--override av==2.0 -c numpy<2",
        "--exclude av -c numpy<2",
    ]
    first = proposals.repairs[0]
    assert moves(first) == {"av": ("1.0", "2.0"), "numpy": ("2.0", "1.0")}
    assert [edit.because for edit in first.edits] == ["app 1.0", "torch 2.1"]


def test_advisory_whose_remedy_overrides_is_followed_to_the_letter() -> None:
    repair = the_one(ADVISED["advisory-by-override"].proposals())
    assert repair.options == ("--override", "vision<0.2")
    assert moves(repair) == {"vision": ("0.2", "0.1")}


def test_remedy_that_does_not_resolve_is_not_shown() -> None:
    proposals = ADVISED["advisory-without-a-way"].proposals()
    assert not proposals.repairs
    assert not proposals.unrepairable  # it installs: the advisory stays a finding


# What the user said besides


def test_repair_stays_within_the_users_constraints() -> None:
    assert commands(BESIDES["constraint-in-the-way"].proposals()) == [
        "--override av==0.9",
        "--exclude av",
    ]


def test_constraint_that_admits_no_wheel_leaves_only_the_exclusion() -> None:
    assert commands(BESIDES["constraint-admits-nothing"].proposals()) == ["--exclude av"]


def test_override_that_was_given_gives_way_to_another_on_the_same_project() -> None:
    assert commands(BESIDES["override-given"].proposals())[0] == "--override av==2.0"


def test_override_of_another_project_stays() -> None:
    repair = BESIDES["override-of-another-given"].proposals().repairs[0]
    assert (repair.options, repair.verified.packages) == (("--override", "av==2.0"), 3)


def test_exclusion_that_was_given_stays() -> None:
    repair = BESIDES["exclusion-given"].proposals().repairs[0]
    assert (repair.options, repair.verified.packages) == (("--override", "av==2.0"), 2)


def test_version_uploaded_after_the_users_day_is_not_proposed() -> None:
    assert commands(BESIDES["date-given"].proposals()) == [
        "--override av==0.9",
        "--exclude av",
    ]


def test_native_archive_that_a_dependant_names_by_url_can_only_be_left_out() -> None:
    assert commands(BESIDES["native-at-a-url-below"].proposals()) == ["--exclude av"]


# What the dependants' code imports


def test_override_that_breaks_an_imported_name_is_high_and_quotes_the_line() -> None:
    first = CODE["imported-name-is-gone"].proposals().repairs[0]
    assert first.options == ("--override", "av==2.0")
    assert first.risk is Risk.HIGH
    ground = next(ground for ground in first.grounds if ground.risk is Risk.HIGH)
    assert (ground.file, ground.line) == ("app/audio.py", 1)
    assert "removed_name" in ground.text


def test_override_that_keeps_the_imported_name_is_not_high() -> None:
    assert CODE["imported-name-is-there"].proposals().repairs[0].risk is Risk.MEDIUM


def test_exclusion_with_an_unguarded_import_is_no_repair_and_says_what_will_fail() -> None:
    proposals = CODE["unguarded-import"].proposals()
    assert not proposals.repairs
    (failing,) = proposals.failing
    assert (failing.id, failing.options, failing.risk) == ("F1", ("--exclude", "av"), Risk.HIGH)
    ground = failing.grounds[0]
    assert ground.fails is True
    assert "will fail on `import app`" in ground.text
    assert (ground.file, ground.line) == ("app/audio.py", 1)
    assert [each.package for each in proposals.unrepairable] == ["av"]
    assert "leads to an answer that can be imported" in proposals.unrepairable[0].message


def test_exclusion_with_a_guarded_import_is_not_high() -> None:
    repair = the_one(CODE["guarded-import"].proposals())
    assert repair.risk is Risk.MEDIUM
    assert "falls back" in repair.grounds[0].text


def test_repairs_at_or_below_a_risk_can_be_told_apart() -> None:
    """What ``--fix=low`` must not take: everything here is worse than low."""
    risks = {with_command(CODE["imported-name-is-gone"].proposals(), word).risk for word in _MEDIA_COMMANDS}
    assert Risk.LOW not in risks


_MEDIA_COMMANDS = ("--override av==2.0", "--exclude av")


def test_what_is_left_out_is_named_in_the_version_that_would_have_been_installed() -> None:
    index = {
        "app": app("y==2.0", "x"),
        "y": {"1.0": [wheel(requires=["x==1.0"])], "2.0": native()},
        "x": {"1.0": native(), "2.0": [wheel()]},
    }
    proposals = Situation(line=CommandLine(inputs=("app",)), index=index).proposals(Limits(repairs=8))
    edits = [edit for repair in proposals.repairs for edit in repair.edits if edit.kind is EditKind.EXCLUDE]
    assert ("x", "2.0") in [(edit.package, edit.before) for edit in edits]
    assert ("x", "1.0") not in [(edit.package, edit.before) for edit in edits]
