"""What no edit repairs is named with its reason, before anything is tried in vain."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from packaging.utils import NormalizedName, canonicalize_name

from tests.fakes.projects import FakeProjects, wheel
from tests.repairs.questions import CommandLine, Situation, commands
from tests.repairs.situations import ELSEWHERE, HASHED, TARGETS, UNREPAIRABLE, VENDOR, WIN, native, vendor
from wheelcheck.model.distribution import ProjectPage
from wheelcheck.model.knowledge import Elsewhere, RepairKnowledge
from wheelcheck.model.repair import Risk
from wheelcheck.model.resolution import Resolution


def test_users_own_project_without_any_wheel_is_unrepairable_and_nothing_is_tried() -> None:
    proposals = UNREPAIRABLE["nothing-for-the-platform"].proposals()
    assert not proposals.repairs
    assert proposals.tried == 0
    assert proposals.complete
    (unrepairable,) = proposals.unrepairable
    assert (str(unrepairable.package), str(unrepairable.version)) == ("torch", "8.0")
    assert "no version of torch has a wheel for musllinux_1_2_x86_64" in unrepairable.message
    assert "you ask for it yourself" in unrepairable.message
    assert unrepairable.paths == (("torch",),)


def test_bound_of_another_is_no_way_out_for_what_nobody_can_have() -> None:
    proposals = UNREPAIRABLE["nothing-for-the-platform-and-bounded-by-another"].proposals()
    assert [str(each.package) for each in proposals.unrepairable] == ["torch"]
    assert proposals.complete
    assert not proposals.repairs


def test_one_unrepairable_blocker_is_said_and_the_rest_is_repaired_and_proved_without_it() -> None:
    situation = UNREPAIRABLE["one-unrepairable-one-not"]
    proposals = situation.proposals()
    assert [str(each.package) for each in proposals.unrepairable] == ["torch"]
    assert commands(proposals)
    for repair in proposals.repairs:
        assert "--exclude torch" in " ".join(repair.options)
        assert isinstance(situation.answer_with(repair.options), Resolution)
        # What the user asked for is not there, which no mild risk may hide, nor --fix take.
        assert repair.risk is Risk.HIGH


def test_wheel_hidden_by_the_user_is_told_and_the_rest_is_repaired() -> None:
    """The kind of GPT-SoVITS: ``--no-binary=opencc`` beside what other changes repair."""
    situation = Situation(
        line=CommandLine(inputs=("cc", "solid==1.0"), no_binary=frozenset({"cc"})),
        index={"cc": {"1.0": [wheel(WIN), *native()]}, "solid": {"1.0": native(), "1.1": [wheel(WIN)]}},
    )
    proposals = situation.proposals()
    (told,) = proposals.unrepairable
    assert told.message == (
        "cc 1.0 has a wheel for win_amd64, Python 3.11, which your own --no-binary hides: --only-binary cc takes that back"
    )
    assert commands(proposals) == ["--replace solid==1.1 --exclude cc"]


def test_what_nobody_can_have_is_given_up_where_it_stands_behind_a_clash_and_the_rest_is_repaired() -> None:
    """The pages alone do not tell that the archive of driver 2 is native: the search learns it behind two clashes."""
    situation = Situation(
        line=CommandLine(inputs=("driver==1", "app")),
        index={
            "app": {"1": [wheel(requires=["driver==2", "core>=2"])]},
            "driver": {"1": [wheel("cp311-cp311-manylinux_2_28_x86_64")], "2": native()},
            "core": {"1": [wheel()]},
        },
    )
    proposals = situation.proposals()
    assert [str(each.package) for each in proposals.unrepairable] == ["driver"]
    assert commands(proposals) == ["--override core==1 --exclude driver", "--exclude core --exclude driver"]


def test_misspelt_line_does_not_hide_the_repair_of_another() -> None:
    situation = Situation(
        line=CommandLine(inputs=("pstuil", "driver==1.0", "fine")),
        index={"driver": {"1.0": native(), "1.1": [wheel(WIN)]}, "fine": {"1.0": [wheel(WIN)]}},
    )
    proposals = situation.proposals()
    assert [str(each.package) for each in proposals.unrepairable] == ["pstuil"]
    assert commands(proposals) == ["--replace driver==1.1 --exclude pstuil"]


def test_nothing_is_proposed_where_all_but_the_hopeless_part_installs_as_it_is() -> None:
    situation = Situation(line=CommandLine(inputs=("pstuil", "fine")), index={"fine": {"1.0": [wheel(WIN)]}})
    proposals = situation.proposals()
    assert [str(each.package) for each in proposals.unrepairable] == ["pstuil"]
    assert (proposals.repairs, proposals.tried) == ((), 0)


def test_project_that_no_index_knows_is_unrepairable() -> None:
    (unrepairable,) = UNREPAIRABLE["absent-project"].proposals().unrepairable
    assert str(unrepairable.package) == "no-such-project"
    assert unrepairable.version is None


def test_editable_requirement_is_unrepairable_and_says_what_to_do_and_the_rest_is_repaired() -> None:
    situation = UNREPAIRABLE["editable"]
    proposals = situation.proposals()
    (unrepairable,) = proposals.unrepairable
    assert unrepairable.package is None
    assert "editable" in unrepairable.message
    assert commands(proposals)[0] == "--override av==2.0"
    answer = situation.answer_with(proposals.repairs[0].options)
    assert isinstance(answer, Resolution)
    assert [each.text for each in answer.unsupported] == ["-e ."]


def test_nothing_is_tried_where_all_but_what_no_index_has_can_be_installed() -> None:
    situation = UNREPAIRABLE["editable"]
    proposals = replace(situation, index={"app": {"1.0": [wheel()]}}).proposals()
    assert (len(proposals.unrepairable), proposals.repairs, proposals.tried) == (1, (), 0)


def test_hash_that_no_file_has_is_unrepairable_and_no_other_version_is_tried() -> None:
    proposals = HASHED["hashes-required"].proposals()
    (unrepairable,) = proposals.unrepairable
    assert "hash" in unrepairable.message
    assert (proposals.repairs, proposals.tried) == ((), 0)


def test_native_archive_that_the_user_names_by_url_is_unrepairable() -> None:
    proposals = UNREPAIRABLE["native-at-a-url"].proposals()
    assert [str(each.package) for each in proposals.unrepairable] == ["av"]
    assert "https://files.example/av-1.0.tar.gz" in proposals.unrepairable[0].message


def test_unrepairable_blocker_is_spoken_of_as_the_user_asked_for_it() -> None:
    """Trials with other versions end at the same blocker; what is told is the user's own question."""
    (unrepairable,) = ELSEWHERE["substitute-for-other-platforms"].proposals().unrepairable
    assert (str(unrepairable.package), str(unrepairable.version)) == ("driver", "1.0")
    assert unrepairable.paths == (("driver==1.0",),)


def test_unrepairable_sentence_speaks_only_of_the_pythons_that_the_input_admits() -> None:
    proposals = TARGETS["input-bounds-the-switch"].proposals()
    assert commands(proposals) == []
    (unrepairable,) = proposals.unrepairable
    assert "or another near it that the input admits" in unrepairable.message


def test_place_outside_of_indexes_is_told_where_nothing_repairs() -> None:
    place = Elsewhere(
        project=canonicalize_name("torch"),
        says="The vendor attaches wheels to its releases.",
        platforms=("musllinux*",),
        evidence=("https://releases.example/torch",),
    )
    situation = replace(UNREPAIRABLE["nothing-for-the-platform"], knowledge=RepairKnowledge(elsewhere=(place,)))
    (hopeless,) = situation.proposals().unrepairable
    assert hopeless.message.endswith(
        "can be given with --find-links; The vendor attaches wheels to its releases (https://releases.example/torch)"
    )


class _OneIndexDown(FakeProjects):
    """An index of the user that was not asked for any project."""

    def page(self, name: NormalizedName) -> ProjectPage:
        return replace(super().page(name), unasked=((f"{VENDOR}cu121/", "timed out"),))


def test_index_of_the_user_that_did_not_answer_is_asked_again_and_said_to_be_out_of_reach() -> None:
    situation = Situation(
        line=CommandLine(inputs=("av==1.0",)), index={"av": {"1.0": native()}}, indexes=(f"{VENDOR}cu121/",)
    )
    (suggestion,) = situation.proposals(projects=_OneIndexDown(situation.index)).suggestions
    assert suggestion.edit.options == ("--source", f"av={VENDOR}cu121/")
    assert suggestion.message == "it could not be asked, so nothing is proved: the index does not answer"


@pytest.mark.parametrize(("served", "is_said"), [("torch", False), ("av", True)])
def test_an_index_that_did_not_answer_is_no_hope_for_what_its_vendor_does_not_serve(
    served: str, *, is_said: bool
) -> None:
    situation = Situation(
        line=CommandLine(inputs=("av==1.0",)), index={"av": {"1.0": native()}}, knowledge=vendor(served)
    )
    proposals = situation.proposals(projects=_OneIndexDown(situation.index))
    assert [str(each.package) for each in proposals.unrepairable] == ["av"]
    assert bool(proposals.suggestions) is is_said


def test_an_index_that_does_not_answer_is_suggested_once_for_all_that_it_may_have() -> None:
    anything = RepairKnowledge(indexes=vendor().indexes)
    situation = Situation(
        line=CommandLine(inputs=("av", "lib", "far")),
        index={name: {"1.0": native()} for name in ("av", "lib", "far")},
        knowledge=anything,
    )
    (suggestion,) = situation.proposals().suggestions
    assert suggestion.edit.options == ("--source", f"{suggestion.edit.package}={VENDOR}")
    others = {"av", "lib", "far"} - {suggestion.edit.package}
    assert {
        f"; the same holds for {', '.join(each)}" in suggestion.message
        for each in (sorted(others), sorted(others)[::-1])
    } == {True, False}


@pytest.mark.parametrize(
    ("words", "tried"),
    [
        (("av",), "no change that could help av is known: nothing leads to an answer; "),
        (("av==2.0",), "none of the changes "),
    ],
)
def test_constraint_that_no_repair_goes_past_is_named(words: tuple[str, ...], tried: str) -> None:
    situation = Situation(
        line=CommandLine(inputs=words, constraints=("av==1.0",)),
        index={"av": {"1.0": native(), "2.0": [wheel(WIN)]}},
    )
    (hopeless,) = situation.proposals().unrepairable
    assert hopeless.message.startswith(tried)
    assert "no repair goes past your constraint av==1.0 (" in hopeless.message
    assert hopeless.message.endswith("): loosen it yourself")
