"""What of a plan that others wrote is refused when it is read."""

from __future__ import annotations

import json

import pytest

from tests.fakes import samples
from wheelcheck.errors import InputUnreadable
from wheelcheck.plans.documents import parse_plan, render_plan


@pytest.mark.parametrize(("key", "value"), [("version", "99.9"), ("name", "another")])
def test_plan_whose_file_is_of_another_version_or_project_is_refused_with_its_place(key: str, value: str) -> None:
    document = json.loads(render_plan(samples.installable_plan()))
    document["packages"][0][key] = value
    with pytest.raises(InputUnreadable, match=f"/packages/0/file/filename .* is no wheel of .*{value}"):
        parse_plan(json.dumps(document).encode(), "plan.json")


def test_plan_whose_file_spells_its_version_otherwise_is_read() -> None:
    document = json.loads(render_plan(samples.installable_plan()))
    package = document["packages"][0]
    package["version"] = "1.0.post1"
    package["file"]["filename"] = f"{package['name']}-1.0_1-py3-none-any.whl"
    assert parse_plan(json.dumps(document).encode(), "plan.json").packages
