"""Every cell of a grid is what a plan of that target alone is; and how often things are done for all of them, counted exactly."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api.test_check import counting
from tests.fakes.archives import make_sdist, make_wheel
from tests.server import Flaky, IndexFile, IndexServer, Mode, index_file
from tests.server.catalog import Made
from wheelcheck.api.matrix import MatrixRequest, matrix
from wheelcheck.api.plan import plan
from wheelcheck.api.request import Request
from wheelcheck.api.targets import TargetWords
from wheelcheck.errors import IndexUnavailable
from wheelcheck.model.answers import Cell, CellStatus
from wheelcheck.model.plan import Plan
from wheelcheck.options import SdistPolicy
from wheelcheck.targets.targets import PLATFORMS

NATIVE = {
    "setup.py": "from setuptools import setup, Extension\nsetup(name='old', ext_modules=[Extension('n', ['n.c'])])\n"
}
CATALOG: dict[str, list[Made | IndexFile]] = {
    # What the grid asks for: markers of every kind, extras, bounds that move a pin, and one that makes the search go back.
    "app": [
        make_wheel(
            "app",
            "1.0",
            requires=[
                "compiled",
                "mover",
                "shifted",
                "shell[color]; sys_platform == 'win32'",
                "backport; python_version < '3.12'",
                "broken; platform_machine == 'ARM64' and python_full_version >= '3.14'",
                "back; python_version < '3.12'",
                "low<2",
                "old",
                "extra-of-nobody; extra == 'never'",
            ],
        )
    ],
    # Wheels for some targets only, which differ in what they need; a source archive for the others.
    "compiled": [
        make_wheel("compiled", "2.0", tags="cp312-cp312-win_amd64", requires=["only-there"]),
        make_wheel("compiled", "2.0", tags="cp312-cp312-manylinux_2_17_x86_64"),
        make_wheel("compiled", "2.0", tags="cp310-abi3-macosx_11_0_arm64", requires=["only-there"]),
        make_sdist("compiled", "2.0", files=NATIVE),
        make_wheel("compiled", "1.0"),
    ],
    "only-there": [make_wheel("only-there", "1.0")],
    # Chosen, then chosen anew when somebody bounds it; what its first choice asked for counts no longer.
    "shifted": [make_wheel("shifted", "2.0", requires=["gone"]), make_wheel("shifted", "1.0")],
    "gone": [make_wheel("gone", "1.0")],
    "mover": [
        make_wheel("mover", "1.1", requires=["shifted<2; python_version >= '3.11'"], requires_python=">=3.11"),
        make_wheel("mover", "1.0", requires=["shifted; platform_machine != 'arm64'"]),
    ],
    # The newest cannot be had beside low<2, so the solver has to go back.
    "back": [
        make_wheel("back", "3.0", requires=["low>=2"]),
        make_wheel("back", "2.0", requires=["low>=2; sys_platform != 'darwin'"]),
        make_wheel("back", "1.0"),
    ],
    "low": [make_wheel("low", "2.0"), make_wheel("low", "1.0")],
    "shell": [make_wheel("shell", "1.0", requires=["paint; extra == 'color'"], extras=["color"])],
    "paint": [make_wheel("paint", "1.0"), index_file(make_wheel("paint", "1.1"), yanked="wrong")],
    "backport": [make_wheel("backport", "1.0", requires_python="<3.12")],
    "old": [
        make_sdist("old", "2.0", files=NATIVE),
        make_wheel("old", "1.0", tags="py3-none-win_amd64.macosx_10_9_x86_64.manylinux_2_17_x86_64"),
    ],
    "broken": [make_wheel("broken", "1.0")],
}
FAILING = Mode(flaky=Flaky(first=100_000, how="500", on="/broken/"))
CPYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
EVERYWHERE = TargetWords(platforms=("all",), pythons=CPYTHONS)


def request(server: IndexServer, cache: Path, sdist: SdistPolicy) -> Request:
    return Request(
        inputs=("app",),
        index_url=server.simple_url,
        cache_dir=str(cache),
        repairs=0,
        sdist=sdist,
        environ={},
        folder=str(cache),
    )


def alone(cell: Cell, asked: Request) -> Plan | None:
    """What ``plan`` says of the target of *cell*; ``None`` where the index fails."""
    try:
        return plan(asked.changed(platform=cell.target.platform, python=cell.target.python))
    except IndexUnavailable:
        return None


@pytest.mark.parametrize(("sdist", "mode", "failing"), [("deny", Mode(), 0), ("pure", FAILING, 1), ("any", Mode(), 0)])
def test_every_cell_is_the_plan_of_its_target_alone(
    tmp_path: Path, sdist: SdistPolicy, mode: Mode, failing: int
) -> None:
    with IndexServer(CATALOG, mode=mode) as server:
        asked = request(server, tmp_path, sdist)
        found = matrix(MatrixRequest(request=asked, targets=EVERYWHERE))
        assert len(found.cells) == len(PLATFORMS) * len(CPYTHONS)
        for cell in found.cells:
            assert cell.plan == alone(cell, asked), cell.target
    assert sum(cell.plan is None for cell in found.cells) == failing
    assert (CellStatus.BLOCKED in {cell.status for cell in found.cells}) == (sdist != "any")
    # The grid has many different answers, or this test would say little.
    assert len({repr(cell.plan.packages) for cell in found.cells if cell.plan is not None}) >= 12


def test_what_does_not_depend_on_the_target_is_done_once_for_all_cells(tmp_path: Path) -> None:
    with IndexServer(CATALOG) as server:
        asked = MatrixRequest(request=request(server, tmp_path, "any"), targets=EVERYWHERE)
        matrix(asked)
        server.forget_requests()
        with counting() as calls:
            matrix(asked)
        assert server.requests == []
    assert calls["resolver.resolution_cache.ResolutionCache.resolve"] == len(PLATFORMS) * len(CPYTHONS)
    # Each outcome is searched for once; nothing is read ahead.
    assert calls["resolver.passes._Run.answer"] == 14
    assert calls["resolver.search.search"] == 14
    assert calls["resolver.prefetch.Lookahead.start"] == 0
    # Pages and what metadata states are read once; the run before this one, in the same process, has parsed its requirements.
    assert calls["index.page_versions.project_page"] == len(CATALOG)
    assert calls["model.requirement.Requirement.parse"] == 1
