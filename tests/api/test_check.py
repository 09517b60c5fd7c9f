"""What ``checking.check`` does once for all targets, counted exactly; and how it shares the time for repairs."""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

from fixtures.locks.catalog import CATALOG
from tests.fakes.archives import make_sdist, make_wheel
from tests.locks.fixtures import content
from tests.locks.fixtures import lock as lock_of
from tests.server import IndexProject, IndexServer, index_project
from wheelcheck.api.check import CheckRequest, check
from wheelcheck.api.request import Request
from wheelcheck.api.targets import TargetWords
from wheelcheck.model.check import Check

PLATFORMS = ("win_amd64", "win_arm64", "macosx_14_0_arm64", "linux", "linux-arm64", "alpine")
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
EVERYWHERE = TargetWords(platforms=PLATFORMS, pythons=PYTHONS)
KNOWLEDGE = '[[substitute]]\nproject = "x"\nsubstitute = "y"\nreason = "the same code"\n'
NATIVE = {
    "setup.py": "from setuptools import setup, Extension\nsetup(name='n', version='1.0', ext_modules=[Extension('n', ['n.c'])])\n",
    "n.c": "",
}


@contextmanager
def counting() -> Iterator[Counter[str]]:
    """Count the calls of our own functions on every thread, by ``module.function``."""
    calls: Counter[str] = Counter()

    def called(frame: FrameType, event: str, argument: object) -> None:
        if event == "call":
            module = frame.f_globals.get("__name__", "")
            if module.startswith("wheelcheck."):
                calls[f"{module.removeprefix('wheelcheck.')}.{frame.f_code.co_qualname}"] += 1

    threading.setprofile(called)
    sys.setprofile(called)
    try:
        yield calls
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def projects() -> list[IndexProject]:
    files: dict[str, list[tuple[str, bytes]]] = {}
    for each in CATALOG:
        files.setdefault(each.name, []).extend(each.files().items())
    return [index_project(name, *listed) for name, listed in files.items()]


def asked(
    folder: Path, server: IndexServer, *inputs: str, targets: TargetWords = EVERYWHERE, **more: object
) -> CheckRequest:
    request = Request(
        inputs=inputs,
        index_url=server.simple_url,
        cache_dir=str(folder / "cache"),
        folder=str(folder),
        environ={"PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "0"},
        **more,  # type: ignore[arg-type]
    )
    return CheckRequest(request=request, targets=targets, today="2026-11-21")


def test_a_lock_on_24_targets_is_read_once_with_all_that_it_needs(tmp_path: Path) -> None:
    lock = tmp_path / "uv.lock"
    lock.write_bytes(content("quay/uv.lock"))
    (tmp_path / "wheelcheck.toml").write_text('knowledge = "known"\n')
    (tmp_path / "known").mkdir()
    with IndexServer(projects()) as server:
        question = asked(tmp_path, server, str(lock), repairs=0)
        with counting() as calls:
            cold = check(question)
        locked = {each.name for target in cold.targets if target.plan for each in target.plan.packages}
        files = sum(len(project.files) for project in server.projects.values() if project.name in locked)
        assert {name: server.count_pages(name) for name in locked} == dict.fromkeys(locked, 1)
        assert server.count(suffix=".tar.gz") == 1
        assert server.count(suffix=".whl") == server.count_sidecars() == 0
        server.forget_requests()
        with counting() as warm_calls:
            warm = check(question)
        assert server.requests == []
    assert len(cold.targets) == 24
    assert [each.judged for each in warm.targets] == [each.judged for each in cold.targets]
    for counted in (calls, warm_calls):
        once = ("locks.formats.parse_lock", "settings.loading.load_settings", "api.preparing.prepare",
                "knowledge.loading.load_repair_knowledge", "settings.pip_configuration.load_pip_configuration")  # fmt: skip
        assert {name: counted[name] for name in once} == dict.fromkeys(once, 1)
    # Each file of the lock and of a page is understood once in all.
    listed = sum(len(package.files or ()) for package in lock_of("quay/uv.lock").packages)
    assert warm_calls["model.distribution.parse_link"] <= listed + files


def test_a_resolution_on_several_targets_asks_each_page_once(tmp_path: Path) -> None:
    catalog = {
        "a": [make_wheel("a", "1.0", requires=["b", "c; sys_platform == 'win32'"])],
        "b": [make_wheel("b", "1.0")],
        "c": [make_wheel("c", "1.0")],
    }
    with IndexServer(catalog) as server:
        check(asked(tmp_path, server, "a"))
        assert {name: server.count_pages(name) for name in catalog} == dict.fromkeys(catalog, 1)
        assert server.count_sidecars() == len(catalog)


def failing(folder: Path, server: IndexServer, **more: object) -> Check:
    targets = TargetWords(platforms=("win_amd64", "linux", "alpine"), pythons=("3.11", "3.12"))
    return check(asked(folder, server, "native==1.0", targets=targets, **more))


CATALOG_OF_REPAIRS = {"native": [make_sdist("native", "1.0", files=NATIVE), make_wheel("native", "2.0")]}


def test_each_failing_target_has_one_way_out_unless_more_are_asked_for(tmp_path: Path) -> None:
    with IndexServer(CATALOG_OF_REPAIRS) as server:
        found = failing(tmp_path, server)
    plans = [each.plan for each in found.targets]
    assert [len(plan.proposals.repairs) for plan in plans if plan and plan.proposals] == [1] * 6


@pytest.mark.parametrize("seconds", [0.0, 1e-9])
def test_time_for_repairs_is_that_of_the_whole_run(tmp_path: Path, seconds: float) -> None:
    with IndexServer(CATALOG_OF_REPAIRS) as server:
        found = failing(tmp_path, server, repair_seconds=seconds)
    plans = [each.plan for each in found.targets]
    assert all(plan and plan.proposals and not plan.proposals.complete for plan in plans)
    # That no repair was found in time changes no verdict.
    assert found.exit_status == 1


def test_index_that_fails_during_the_search_changes_no_verdict(tmp_path: Path) -> None:
    from tests.server import Flaky, Mode

    with IndexServer(CATALOG_OF_REPAIRS) as server:
        assert failing(tmp_path, server, repairs=0).exit_status == 1
        # The page is kept; the wheel that would be the repair cannot be fetched.
        server.mode = Mode(flaky=Flaky(first=1000, how="500", on="/files/"))
        found = failing(tmp_path, server)
    assert found.exit_status == 1
    assert all(each.plan is not None for each in found.targets)
