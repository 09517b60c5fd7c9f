"""Indexes that rebuild the public one's releases for a platform, as piwheels does for the 32-bit Raspberry Pi."""

from __future__ import annotations

import os

import pytest

import wheelcheck
from tests.fakes.archives import make_sdist, make_wheel
from tests.fakes.projects import sdist
from tests.indexes.test_cases import NATIVE
from tests.repairs.questions import CommandLine, Situation
from tests.server import IndexServer
from wheelcheck.knowledge.loading import load_repair_knowledge

PUBLIC = {
    "numpy": [make_sdist("numpy", "2.0", files=NATIVE), make_wheel("numpy", "2.0", tags="cp311-cp311-win_amd64")],
    "plain": [make_wheel("plain", "1.0", requires=["numpy"])],
}
REBUILT = {
    "numpy": [make_wheel("numpy", "2.0", tags=f"cp311-cp311-linux_{machine}") for machine in ("armv6l", "armv7l")]
}


@pytest.mark.parametrize(("platform", "machine"), [("linux_armv7l", "armv7l"), ("linux_armv6l", "armv6l")])
def test_wheels_of_a_rebuilding_index_are_taken_beside_the_public_ones(platform: str, machine: str) -> None:
    with IndexServer(PUBLIC) as public, IndexServer(REBUILT) as rebuilt:
        plan = wheelcheck.plan(
            "plain",
            platform=platform,
            python="3.11",
            index_url=public.simple_url,
            extra_index_urls=(rebuilt.simple_url,),
            no_cache=True,
            environ={"PIP_CONFIG_FILE": os.devnull},
        )
        taken = {package.name: (package.file.filename, package.file.index) for package in plan.packages if package.file}
        assert taken == {
            "numpy": (f"numpy-2.0-cp311-cp311-linux_{machine}.whl", rebuilt.simple_url),
            "plain": ("plain-1.0-py3-none-any.whl", public.simple_url),
        }
    assert plan.status.value == "installable"


@pytest.mark.parametrize(
    ("platform", "named"), [("linux_armv7l", True), ("linux_armv6l", True), ("manylinux_2_28_x86_64", False)]
)
def test_the_index_that_rebuilds_for_a_platform_is_named_where_a_wheel_is_missing_there(
    platform: str, named: bool
) -> None:
    situation = Situation(
        line=CommandLine(inputs=("numpy",), platform=platform, python="3.11"),
        index={"numpy": {"2.0": [sdist(purity="native")]}},
        knowledge=load_repair_knowledge(),
    )
    urls = {suggestion.edit.after for suggestion in situation.proposals().suggestions}
    assert any("piwheels" in url for url in urls) is named
