"""Status, packages and phases of a plan."""

from __future__ import annotations

import pytest
from msgspec import structs

from tests.fakes import proposed, samples
from tests.fakes.samples import named, resolution, sdist_pin, wheel_pin
from wheelcheck.model.distribution import Availability, Installability, Status
from wheelcheck.model.finding import Code, Severity
from wheelcheck.model.plan import Plan
from wheelcheck.model.resolution import Resolution
from wheelcheck.plans.making import plan


def made(outcome: Resolution) -> Plan:
    return plan(outcome, (), inputs=samples.INPUTS, options=samples.OPTIONS)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("blocked", Status.BLOCKED),
        ("clash", Status.BLOCKED),
        ("crowded", Status.BLOCKED),
        ("empty", Status.INSTALLABLE),
        ("fixed", Status.NEEDS_BUILD),
        ("hopeless", Status.BLOCKED),
        ("installable", Status.INSTALLABLE),
        ("needs-build", Status.NEEDS_BUILD),
        ("three-ways", Status.BLOCKED),
        ("undecided", Status.UNDECIDED),
        ("warned", Status.INSTALLABLE),
    ],
)
def test_status_says_whether_the_plan_can_be_executed(word: str, status: Status) -> None:
    assert samples.every_plan()[word].status is status


def test_giving_up_is_never_reported_as_blocked() -> None:
    undecided = samples.undecided_plan()
    assert undecided.errors
    assert undecided.status is Status.UNDECIDED


def test_conflict_without_findings_is_still_blocked() -> None:
    outcome = samples.clash_outcome()
    assert plan(outcome, (), inputs=(), options=samples.OPTIONS).status is Status.BLOCKED


def test_blocked_plan_shows_every_package_of_the_natural_resolution() -> None:
    blocked = samples.blocked_plan()
    assert [package.name for package in blocked.packages] == sorted(pin.name for pin in samples.audiocraft_pins())


def test_plan_that_cannot_be_executed_has_no_phases() -> None:
    assert samples.blocked_plan().phases == ()
    assert samples.undecided_plan().phases == ()


def test_build_once_comes_first_and_install_takes_everything_without_dependencies() -> None:
    build, install = samples.needs_build_plan().phases
    assert (build.kind, install.kind) == ("build-once", "install")
    assert build.packages == named("antlr4-python3-runtime", "docopt", "encodec", "audiocraft")
    assert install.packages == tuple(package.name for package in samples.needs_build_plan().packages)
    assert install.no_deps


def test_build_order_looks_through_wheels_in_between() -> None:
    outcome = resolution(
        (sdist_pin("a", "1"), wheel_pin("b", "1"), sdist_pin("c", "1"), sdist_pin("b-free", "1")),
        {"": ["a", "b-free"], "a": ["b"], "b": ["c"]},
    )
    assert made(outcome).phases[0].packages == named("b-free", "c", "a")


def test_build_order_of_a_cycle_starts_at_its_first_name() -> None:
    outcome = resolution(
        (sdist_pin("x", "1"), sdist_pin("y", "1"), sdist_pin("a", "1")),
        {"": ["a"], "a": ["y"], "y": ["x"], "x": ["y"]},
    )
    assert made(outcome).phases[0].packages == named("x", "y", "a")


def test_native_source_that_the_policy_allows_is_built_too() -> None:
    outcome = resolution((sdist_pin("av", "11", installability=Installability.SDIST_NATIVE),), {"": ["av"]})
    assert made(outcome).status is Status.NEEDS_BUILD


def test_package_knows_who_requires_it_and_what_it_requires() -> None:
    packages = {package.name: package for package in samples.needs_build_plan().packages}
    numpy, encodec, uvicorn = (packages[name] for name in named("numpy", "encodec", "uvicorn"))
    assert numpy.required_by == named("audiocraft", "encodec")
    assert encodec.requires == named("numpy", "torch")
    assert uvicorn.requested
    assert not numpy.requested
    assert uvicorn.extras == named("standard")


def test_self_referential_extra_does_not_make_a_package_its_own_parent() -> None:
    outcome = resolution((wheel_pin("jax", "1"),), {"": ["jax[all]"], "jax": ["jax[cpu]"]})
    (package,) = made(outcome).packages
    assert package.required_by == ()
    assert package.requires == ()


def test_direct_reference_is_marked() -> None:
    at = Availability(url="https://user:secret@files.example/tool-1-py3-none-any.whl", hashes=(("sha256", "0" * 64),))
    outcome = resolution((wheel_pin("tool", "1", at=at),), {"": [f"tool @ {at.url}"]})
    (package,) = made(outcome).packages
    assert package.direct
    assert package.file is not None
    assert "secret" not in package.file.url


def test_proposals_and_what_is_applied_are_kept() -> None:
    fixed = samples.fixed_plan()
    assert fixed.proposals is proposed.THREE_WAYS
    assert fixed.applied == ("R1",)
    assert samples.blocked_plan().proposals is None


def test_findings_are_worst_first() -> None:
    findings = samples.blocked_plan().findings
    severities = [finding.severity for finding in findings]
    assert severities == sorted(severities, key=[*Severity].index)
    assert findings[0].code is Code.SOURCE_NATIVE


def test_of_findings_as_bad_the_one_nearest_to_the_user_comes_first() -> None:
    pure = [finding for finding in samples.blocked_plan().findings if finding.code is Code.SOURCE_PURE]
    assert [len(finding.paths[0]) for finding in pure] == sorted(len(finding.paths[0]) for finding in pure)
    assert len({len(finding.paths[0]) for finding in pure}) > 1


def test_version_without_any_file_blocks_even_if_nobody_said_so() -> None:
    pin = structs.replace(wheel_pin("gone", "1"), distribution=None, installability=Installability.MISSING)
    assert made(resolution((pin,), {"": ["gone"]})).status is Status.BLOCKED
