"""The front door of the library: ``wheelcheck.plan``, ``wheelcheck.check`` and what they are given."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import get_type_hints

import pytest

import wheelcheck
from tests.fakes.archives import make_sdist, make_wheel
from tests.server import IndexServer, Mode
from wheelcheck.api.preparing import cutoff_of
from wheelcheck.options import CheckOptions, RequestOptions

CATALOG = {"a": [make_wheel("a", "1.0", requires=["b"])], "b": [make_wheel("b", "1.0")], "s": [make_sdist("s", "1.0")]}
ENVIRON = {"PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "0"}


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def test_plan_is_a_value() -> None:
    with IndexServer(CATALOG) as server:
        plan = wheelcheck.plan(
            "a", platform="win_amd64", python="3.11", index_url=server.simple_url, no_cache=True, environ=ENVIRON
        )
    assert isinstance(plan, wheelcheck.Plan)
    assert plan.status is wheelcheck.Status.INSTALLABLE
    assert [(package.name, str(package.version)) for package in plan.packages] == [("a", "1.0"), ("b", "1.0")]
    assert plan.errors == ()


def test_a_process_may_plan_any_number_of_times() -> None:
    # In a process of its own, because the tests have imported the HTTP client long before.
    program = """
import sys, wheelcheck
for _ in range(5):
    wheelcheck.plan("a", platform="win_amd64", python="3.11", index_url=sys.argv[1], no_cache=True)
"""
    with IndexServer(CATALOG) as server:
        done = subprocess.run(
            [sys.executable, "-c", program, server.simple_url], env={**os.environ, **ENVIRON}, check=False
        )
    assert done.returncode == 0


def test_room_and_function_share_the_name_plan() -> None:
    from wheelcheck.plans.documents import render_plan

    assert callable(wheelcheck.plan)
    with IndexServer(CATALOG) as server:
        plan = wheelcheck.plan("s", index_url=server.simple_url, no_cache=True, environ=ENVIRON)
    assert render_plan(plan).endswith(b"}\n")
    assert callable(wheelcheck.plan)


def test_request_has_a_value_for_every_option() -> None:
    request = wheelcheck.Request(inputs=("a",), python="3.11")
    assert request.options.keys() == RequestOptions.__annotations__.keys() - {"folder", "environ"}
    assert RequestOptions.__required_keys__ == frozenset()
    given = {name: value for name, value in request.options.items() if value not in (None, (), False)}
    assert given == {"python": "3.11"}


def test_request_is_changed_in_what_is_named_alone() -> None:
    request = wheelcheck.Request(inputs=("a",), python="3.11", overrides=("b<2",), folder="there", environ={"A": "1"})
    changed = request.changed(("c",), python="3.12")
    assert (changed.inputs, changed.folder, changed.environ) == (("c",), "there", {"A": "1"})
    assert changed.options == {**request.options, "python": "3.12"}


def test_misspelt_option_of_a_request_is_refused() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'platforms'"):
        wheelcheck.Request(inputs=("a",), platforms=("win_amd64",))  # type: ignore[call-arg]


def test_check_is_a_value_with_a_verdict_for_each_target() -> None:
    with IndexServer(CATALOG) as server:
        check = wheelcheck.check(
            "s",
            platforms=("win_amd64", "linux"),
            pythons=("3.11",),
            index_url=server.simple_url,
            no_cache=True,
            environ=ENVIRON,
        )
    assert isinstance(check, wheelcheck.Check)
    assert check.exit_status == 1
    assert [(each.target.platform, each.passes) for each in check.targets] == [
        ("win_amd64", False),
        ("manylinux_2_28_x86_64", False),
    ]
    failing = [each.finding.code for each in check.targets[0].judged if each.verdict is wheelcheck.Verdict.FAILS]
    assert failing == [wheelcheck.Code.SOURCE_PURE]


def test_allowances_of_a_check_are_held_against_the_day_that_is_given(tmp_path: Path) -> None:
    (tmp_path / "wheelcheck.toml").write_text(
        '[[allow]]\npackage = "s"\nreason = "built by us"\nexpires = 2026-11-21\n', encoding="utf-8"
    )
    with IndexServer(CATALOG) as server:
        statuses = [
            wheelcheck.check("s", today=day, index_url=server.simple_url, no_cache=True, environ=ENVIRON).exit_status
            for day in ("2026-11-21", "2026-11-22")
        ]
    assert statuses == [0, 1]


def test_options_of_a_check_are_those_of_a_request_with_many_targets_for_one() -> None:
    own = {
        "platforms",
        "pythons",
        "target_files",
        "targets_from",
        "fail_on",
        "warn_only",
        "baseline",
        "relock",
        "today",
    }
    shared = {name: kind for name, kind in get_type_hints(CheckOptions).items() if name not in own}
    single = ("platform", "python", "target_file", "fix")
    assert shared == {name: kind for name, kind in get_type_hints(RequestOptions).items() if name not in single}
    assert own <= CheckOptions.__annotations__.keys()


def test_options_that_a_check_cannot_heed_are_refused() -> None:
    with pytest.raises(TypeError, match="'platform'; did you mean platforms="):
        wheelcheck.check("a", platform="win_amd64")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="pythons takes a tuple"):
        wheelcheck.check("a", pythons="3.11")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="fail_on takes a tuple"):
        wheelcheck.check("a", fail_on="WC2")  # type: ignore[arg-type]
    with pytest.raises(wheelcheck.WheelcheckError, match="unknown code 'WC9'"):
        wheelcheck.check("a", fail_on=("WC9",))


def test_every_exported_name_is_there_and_no_other() -> None:
    for name in wheelcheck.__all__:
        assert getattr(wheelcheck, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        wheelcheck.nonsense  # noqa: B018


def test_blocked_is_an_answer() -> None:
    with IndexServer({}) as server:
        plan = wheelcheck.plan("a", index_url=server.simple_url, no_cache=True, environ=ENVIRON)
    assert plan.status is wheelcheck.Status.BLOCKED
    assert [finding.code for finding in plan.errors] == [wheelcheck.Code.PROJECT_ABSENT]


def test_failing_index_is_an_error_with_address() -> None:
    with (
        IndexServer(CATALOG, mode=Mode(credentials=("x", "y"))) as server,
        pytest.raises(wheelcheck.WheelcheckError) as caught,
    ):
        wheelcheck.plan("a", index_url=server.simple_url, no_cache=True, environ=ENVIRON)
    assert caught.value.address == f"{server.simple_url}a/"
    assert caught.value.exit_status == 3


def test_reporter_is_told_of_stages_pins_and_requests() -> None:
    class Notes:
        def __init__(self) -> None:
            self.stages: list[str] = []
            self.pins: list[str] = []
            self.begun: list[str] = []
            self.ended: list[str] = []

        def stage(self, name: str) -> None:
            self.stages.append(name)

        def pinned(self, name: str, version: object, total: int) -> None:
            self.pins.append(f"{total} {name} {version}")

        def fetching(self, what: str) -> None:
            self.begun.append(what)

        def fetched(self, what: str) -> None:
            self.ended.append(what)

    notes = Notes()
    with IndexServer(CATALOG) as server:
        wheelcheck.plan("a", index_url=server.simple_url, no_cache=True, environ=ENVIRON, reporter=notes)
    assert notes.stages[0] == "reading"
    assert notes.stages[-1] == "explaining"
    assert notes.pins[-1] == "2 b 1.0"
    assert sorted(notes.begun) == sorted(notes.ended)
    assert {"a", "b"} <= set(notes.begun)


def test_settings_are_looked_for_in_the_folder_given(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    with IndexServer(CATALOG) as server:
        text = f'index-url = "{server.simple_url}"\nplatform = "macos"\npython = "3.12"\nexcludes = ["b"]\n'
        (tmp_path / "project" / "wheelcheck.toml").write_text(text)
        plan = wheelcheck.plan("a", folder=str(tmp_path / "project"), no_cache=True, environ=ENVIRON)
    assert plan.target.platform == "macosx_13_0_arm64"
    assert [package.name for package in plan.packages] == ["a"]


def test_standard_input_may_be_text_without_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("b\n"))
    with IndexServer(CATALOG) as server:
        plan = wheelcheck.plan("-", index_url=server.simple_url, no_cache=True, environ=ENVIRON)
    assert [package.name for package in plan.packages] == ["b"]


@pytest.mark.parametrize(
    "option",
    ["constraints", "overrides", "replacements", "excludes", "extras", "groups", "find_links", "sources", "knowledge"],
)
def test_single_word_where_several_belong_is_refused_by_name(option: str) -> None:
    with pytest.raises(TypeError, match=f"{option} .*tuple"):
        wheelcheck.plan("a", environ=ENVIRON, **{option: "b"})  # type: ignore[arg-type]


def test_fix_is_an_option_of_the_library_too() -> None:
    with IndexServer(CATALOG) as server, pytest.raises(wheelcheck.WheelcheckError, match="--fix=all") as caught:
        wheelcheck.plan("a", fix="all", index_url=server.simple_url, no_cache=True, environ=ENVIRON)
    assert caught.value.exit_status == 2


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-01", "2026-11-02T00:00:00Z"),
        ("2026-12-31", "2027-01-01T00:00:00Z"),
        ("2026-11-01T12:00:00Z", "2026-11-01T12:00:00Z"),
        ("2026-11-01T12:00:00", "2026-11-01T12:00:00Z"),
        ("2026-11-01T12:00:00.5+02:00", "2026-11-01T10:00:00.500000Z"),
    ],
)
def test_cutoff_is_the_first_instant_that_no_longer_counts(text: str, instant: str) -> None:
    assert cutoff_of(text) == instant


@pytest.mark.parametrize(
    "text", ["", "9999-12-31", "2026-13-01", "today", "2026-11-01T25:00:00Z", "0001-01-01T00:00:00+23:00"]
)
def test_cutoff_that_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(wheelcheck.WheelcheckError, match="is no date"):
        cutoff_of(text)


def test_plan_that_resolves_and_fails_when_it_is_imported_has_a_repair() -> None:
    catalog = {
        "app": [make_wheel("app", "1.0", requires=["lib"], files={"app/__init__.py": "from lib import quote\n"})],
        "lib": [
            make_wheel("lib", "2.0", files={"lib/__init__.py": "def quote(text): ...\n"}),
            make_wheel("lib", "3.0", files={"lib/__init__.py": ""}),
        ],
    }
    with IndexServer(catalog) as server:
        plan = wheelcheck.plan(
            "app",
            platform="win_amd64",
            python="3.11",
            index_url=server.simple_url,
            no_cache=True,
            imports="all",
            environ=ENVIRON,
        )
    assert [error.code.number for error in plan.errors] == ["WC604"]
    assert plan.proposals is not None
    assert [repair.options for repair in plan.proposals.repairs] == [("-c", "lib<3")]
