"""What ships about projects is found whether or not the plan is blocked: both answers speak of what was chosen."""

from __future__ import annotations

import pytest

import wheelcheck
from tests.fakes.archives import make_sdist, make_wheel
from tests.server.index_server import IndexServer

NATIVE = {
    "setup.py": "from setuptools import Extension, setup\nsetup(ext_modules=[Extension('n', ['n.c'])])\n",
    "n.c": "",
}
CATALOG = {
    "torch": [make_wheel("torch", "2.1.0", requires=["numpy"])],
    "numpy": [make_wheel("numpy", "2.1.0")],
    "native": [make_sdist("native", "1.0", files=NATIVE)],
}


@pytest.mark.parametrize(("inputs", "status"), [(("torch",), "installable"), (("torch", "native"), "blocked")])
def test_versions_known_to_fail_together_are_told(inputs: tuple[str, ...], status: str) -> None:
    with IndexServer(CATALOG) as server:
        plan = wheelcheck.plan(*inputs, index_url=server.simple_url, no_cache=True, repairs=0)
    assert plan.status.value == status
    assert [finding.package for finding in plan.findings if finding.code.number == "WC501"] == ["torch"]
