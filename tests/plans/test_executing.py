from __future__ import annotations

import json

import pytest

from tests.fakes import samples
from tests.plans.test_json import PLANS, document
from wheelcheck.errors import InputUnreadable, UsageProblem
from wheelcheck.plans.documents import parse_executable, render_plan


def test_plan_as_it_was_written_is_executable_and_has_its_digest() -> None:
    content = render_plan(PLANS["needs-build"])
    assert parse_executable(content, "plan.json").digest == json.loads(content)["digest"]


def test_edited_plan_is_refused_with_both_digests() -> None:
    content = document(PLANS["needs-build"])
    stated = content["digest"]
    packages = content["packages"]
    assert isinstance(packages, list)
    packages[0]["version"] = "99"
    with pytest.raises(InputUnreadable) as caught:
        parse_executable(json.dumps(content).encode(), "plan.json")
    assert caught.value.address == "plan.json"
    assert str(stated) in caught.value.message
    assert caught.value.message.count("sha256:") == 2


def test_another_layout_of_the_same_values_is_the_same_plan() -> None:
    content = document(PLANS["needs-build"])
    turned = dict(reversed(list(content.items())))
    assert parse_executable(json.dumps(turned, indent=7).encode(), "plan.json").digest == content["digest"]


def test_plan_without_a_digest_is_taken_as_it_is() -> None:
    content = document(PLANS["needs-build"])
    stated = content.pop("digest")
    assert parse_executable(json.dumps(content).encode(), "plan.json").digest == stated


def test_blocked_plan_is_refused_with_its_blockers() -> None:
    with pytest.raises(UsageProblem, match=r"plan\.json: a plan that is blocked cannot be executed: av 11\.0\.0"):
        parse_executable(render_plan(samples.blocked_plan()), "plan.json")
