"""Repairs on the live index, as of one day: what each blocked scenario is offered, and that every command gives what it says."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from tests.live.done_lines import ASKED, Printed, again, iter_contradictions, run_plan

pytestmark = pytest.mark.live


@cache
def printed(name: str) -> Printed:
    """The plan of one question, asked once for all tests."""
    return run_plan(*ASKED[name].command, "--format", "json")


def blocked(name: str) -> dict[str, Any]:
    answer = printed(name)
    assert answer.status == 1, answer.err
    return answer.plan


def errors(plan: Mapping[str, Any]) -> dict[str, str]:
    return {finding["package"]: finding["code"] for finding in plan["findings"] if finding["severity"] == "error"}


def with_edit(plan: Mapping[str, Any], kind: str, package: str | None) -> list[dict[str, Any]]:
    return [
        repair
        for repair in plan["repairs"]
        if any(edit["kind"] == kind and edit["package"] == package for edit in repair["edits"])
    ]


def test_creatorcrafters_first_repair_overrides_av_with_the_nearest_version() -> None:
    first = blocked("creatorcrafter-3.11")["repairs"][0]
    edit = first["edits"][0]
    assert (edit["kind"], edit["package"]) == ("override", "av")
    assert edit["to"].startswith("==12.0.")
    assert first["verified"]["packages"] == 129
    assert first["verified"]["status"] == "needs-build"


def test_creatorcrafter_without_av_is_high_with_the_import_that_will_fail() -> None:
    plan = blocked("creatorcrafter-3.11")
    assert len(plan["repairs"]) == 3
    (repair,) = with_edit(plan, "exclude", "av")
    assert repair["risk"] == "high"
    (ground,) = [each for each in repair["grounds"] if each["risk"] == "high"]
    assert ground["file"] == "audiocraft/data/audio.py"
    assert ground["line"] > 0
    assert "will fail on" in ground["text"]
    # The package itself and three modules that lead to the import by themselves; what is below the package fails with it.
    assert "`import audiocraft`" in ground["text"]
    assert ground["text"].count("`import audiocraft") == 4


def test_numpy_2_under_torch_2_1_is_reported_and_the_fixed_plan_has_numpy_1() -> None:
    plan = blocked("creatorcrafter-3.11")
    assert any(finding["code"] == "WC501" and "numpy" in finding["message"] for finding in plan["findings"])
    fixed = run_plan(*ASKED["creatorcrafter-3.11"].command, "--fix=medium", "--format", "json")
    assert fixed.status == 0
    assert fixed.plan["status"] == "needs-build"
    assert fixed.plan["applied"] == ["R1"]
    versions = {package["name"]: package["version"] for package in fixed.plan["packages"]}
    assert versions["numpy"].startswith("1.")
    assert versions["torch"] == "2.1.0"
    assert not any(finding["code"] == "WC501" for finding in fixed.plan["findings"])


def test_creatorcrafter_on_3_13_is_repaired_by_an_older_python_and_av() -> None:
    plan = blocked("creatorcrafter-3.13")
    assert {"torch", "torchaudio", "torchvision", "torchtext", "xformers", "av"} <= errors(plan).keys()
    for edit in plan["repairs"][0]["edits"]:
        if edit["kind"] == "python":
            # Only what blocks the question itself is a reason to switch.
            named = edit["because"].partition(" have no")[0].replace(" and ", ", ").split(", ")
            assert set(named) <= errors(plan).keys()
    switched = [
        edit["to"]
        for repair in with_edit(plan, "override", "av")
        for edit in repair["edits"]
        if edit["kind"] == "python"
    ]
    assert {"3.11", "3.10"} & set(switched)


def test_handmade_clash_is_explained_by_both_bounds_and_repaired() -> None:
    plan = blocked("handmade")
    clash = next(finding for finding in plan["findings"] if finding["code"] == "WC204" and finding["package"] == "av")
    told = " ".join((clash["message"], *clash["evidence"]))
    assert "==16.0.1" in told
    assert "==11.0.0" in told
    assert plan["repairs"]


@pytest.mark.parametrize("platform", ["manylinux_2_28_x86_64", "macosx_13_0_arm64"])
def test_samai_takes_psycopg2_binary(platform: str) -> None:
    plan = blocked(f"samai-{platform}")
    (repair,) = with_edit(plan, "substitute", "psycopg2")
    assert repair["verified"]["status"] == "installable"
    assert "psycopg2-binary" in {each["name"] for each in repair["verified"]["added"]}
    assert repair["risk"] == "low"


@pytest.mark.parametrize("platform", ["musllinux_1_2_x86_64", "win_arm64"])
def test_peft_studio_is_hopeless_for_torch_and_says_so_soon(platform: str) -> None:
    plan = blocked(f"peft-studio-{platform}")
    assert plan["repairs"] == []
    assert "torch" in {each["package"] for each in plan["repair_search"]["hopeless"]}
    # The first run may have met a cold cache.
    assert run_plan(*ASKED[f"peft-studio-{platform}"].command).seconds < 10


def test_airflow_ends_in_time_with_every_blocker_of_the_newest_release() -> None:
    answer = printed("airflow")
    assert answer.seconds < 120
    assert answer.status in (1, 4), answer.err
    plan = answer.plan
    native = {package for package, code in errors(plan).items() if code == "WC102"}
    assert {"python-ldap", "pykerberos", "memray"} <= native
    # The newest release itself is what is judged, not an old one that happens to have fewer requirements.
    asked = next(package for package in plan["packages"] if package["name"] == "apache-airflow")
    assert int(asked["version"].partition(".")[0]) >= 3
    search = plan["repair_search"]
    assert plan["repairs"] or search["hopeless"] or search["unreached"]


@pytest.mark.parametrize("name", ASKED)
def test_printed_command_of_every_repair_gives_again_what_it_says(name: str) -> None:
    plan = printed(name).plan
    for repair in plan["repairs"]:
        assert list(iter_contradictions(plan, repair, again(ASKED[name].command, repair))) == [], repair["id"]
