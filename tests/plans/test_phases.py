"""The steps of a builder where packages state what the plan does not give them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace
from packaging.utils import canonicalize_name

from tests.fakes import samples
from tests.fakes.samples import named, resolution, sdist_pin, wheel_pin
from wheelcheck.model.plan import BuilderPhase, Options
from wheelcheck.model.resolution import Pin
from wheelcheck.plans.making import plan, unmet_requirements


def stating(pin: Pin, *requires: str) -> Pin:
    """*pin* whose own metadata states *requires*."""
    return replace(pin, metadata=replace(pin.metadata, requires=requires))


def phases(
    pins: Sequence[Pin], edges: Mapping[str, Sequence[str]], options: Options = samples.OPTIONS
) -> tuple[BuilderPhase, ...]:
    return plan(resolution(pins, edges), (), inputs=samples.INPUTS, options=options).phases


def test_package_whose_pin_was_overridden_stands_in_a_second_install_step_and_says_why() -> None:
    build, together, apart = samples.fixed_plan().phases
    assert build.kind == "build-once"
    assert (together.kind, apart.kind) == ("install", "install")
    assert named("audiocraft")[0] not in together.packages
    assert apart.packages == named("audiocraft")
    assert together.no_deps
    assert apart.no_deps
    assert together.reason is None
    assert apart.reason == "by their own metadata audiocraft 1.3.0 asks for av==11.0.0, which the override replaced"


def test_every_package_is_installed_once() -> None:
    _, together, apart = samples.fixed_plan().phases
    installed = (*together.packages, *apart.packages)
    assert sorted(installed) == [package.name for package in samples.fixed_plan().packages]


def test_package_that_lost_a_dependency_by_exclusion_stands_apart() -> None:
    pins = (stating(wheel_pin("app", "1"), "av>=9"), wheel_pin("click", "8"))
    together, apart = phases(pins, {"": ["app", "click"]}, replace(samples.OPTIONS, excludes=("av",)))
    assert together.packages == named("click")
    assert apart.packages == named("app")
    assert apart.reason == "by their own metadata app 1 asks for av>=9, which was excluded"


def test_those_that_stand_apart_come_in_the_order_of_their_needs() -> None:
    pins = (
        stating(wheel_pin("a", "1"), "b", "numpy<2"),
        stating(wheel_pin("b", "1"), "c", "numpy<2"),
        stating(wheel_pin("c", "1"), "numpy<2; python_version >= '3'"),
        wheel_pin("numpy", "2.3"),
    )
    edges = {"": ["a"], "a": ["b", "numpy"], "b": ["c", "numpy"], "c": ["numpy"]}
    together, apart = phases(pins, edges)
    assert together.packages == named("numpy")
    assert apart.packages == named("c", "b", "a")
    assert "c 1 asks for numpy<2, while the plan has 2.3; b 1 asks" in (apart.reason or "")


def test_plan_of_nothing_but_unmet_requirements_has_one_install_step() -> None:
    (only,) = phases((stating(wheel_pin("app", "1"), "gone"),), {"": ["app"]})
    assert only.packages == named("app")
    assert only.reason is not None
    assert only.reason.endswith("which the plan lacks")


def test_what_stands_apart_is_still_built_first_where_it_comes_as_source() -> None:
    kinds = [phase.kind for phase in phases((stating(sdist_pin("app", "1"), "gone"),), {"": ["app"]})]
    assert kinds == ["build-once", "install"]


def test_marker_that_does_not_hold_on_the_target_promises_nothing() -> None:
    pin = stating(wheel_pin("app", "1"), "uvloop; sys_platform == 'linux'", "colorama; sys_platform == 'win32'")
    broken = unmet_requirements({pin.name: pin}, samples.WINDOWS)
    assert [str(requirement.name) for requirement in broken[pin.name]] == ["colorama"]


def test_only_the_extras_that_were_asked_for_promise_something() -> None:
    requires = ("httptools; extra == 'standard'", "wsproto; extra == 'other'", "app[standard]; extra == 'all'")
    bare, extra = (stating(wheel_pin("app", "1", extras=extras), *requires) for extras in ((), ("all", "standard")))
    assert unmet_requirements({bare.name: bare}, samples.WINDOWS) == {}
    (unmet,) = unmet_requirements({extra.name: extra}, samples.WINDOWS)[canonicalize_name("app")]
    assert unmet.name == "httptools"


def test_pre_release_and_local_version_within_the_bound_keep_the_promise() -> None:
    pins = {
        pin.name: pin
        for pin in (
            stating(wheel_pin("app", "1"), "torch==2.1.0", "tool>=1"),
            wheel_pin("torch", "2.1.0+cpu"),
            wheel_pin("tool", "2.0rc1"),
        )
    }
    assert unmet_requirements(pins, samples.WINDOWS) == {}
