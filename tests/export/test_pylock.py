"""The PEP 751 export, read back by ``packaging.pylock``."""

from __future__ import annotations

import tomllib
from importlib.util import find_spec

import pytest
from msgspec import structs
from packaging.pylock import Pylock
from packaging.tags import Tag

from tests.fakes import samples
from tests.fakes.samples import availability, resolution, sdist_pin, wheel_pin
from wheelcheck.errors import UsageProblem
from wheelcheck.export import listing
from wheelcheck.export.formats import EXPORTERS
from wheelcheck.export.shipment import Shipment
from wheelcheck.model.distribution import Availability
from wheelcheck.model.plan import Options, Plan
from wheelcheck.model.resolution import Pin, Resolution
from wheelcheck.plans.making import plan


def rendered_pylock(plan: Plan) -> str:
    return listing.render_pylock(Shipment(plan=plan))


def made(outcome: Resolution, options: Options = samples.OPTIONS) -> Plan:
    return plan(outcome, (), inputs=samples.INPUTS, options=options)


def read(text: str) -> Pylock:
    lock = Pylock.from_dict(tomllib.loads(text))
    lock.validate()
    return lock


def alone(pin: Pin, *, text: str | None = None) -> Plan:
    return made(resolution((pin,), {"": [text or pin.name]}))


@pytest.mark.parametrize("word", ["needs-build", "installable", "empty"])
def test_lock_is_valid_and_holds_every_package(word: str) -> None:
    made = samples.every_plan()[word]
    lock = read(rendered_pylock(made))
    assert str(lock.lock_version) == "1.0"
    assert lock.created_by == "wheelcheck"
    assert [(package.name, package.version) for package in lock.packages] == [
        (package.name, package.version) for package in made.packages
    ]


def test_file_hash_size_and_upload_time_are_kept() -> None:
    lock = read(rendered_pylock(samples.needs_build_plan()))
    planned = {package.name: package.file for package in samples.needs_build_plan().packages}
    for package in lock.packages:
        (listed,) = [package.sdist] if package.sdist is not None else (package.wheels or ())
        file = planned[package.name]
        assert file is not None
        assert (listed.name, listed.url, listed.size) == (file.filename, file.url, file.size)
        assert dict(listed.hashes) == {"sha256": file.sha256}
        assert listed.upload_time is not None
        assert listed.upload_time.isoformat() == "2024-05-06T07:08:09.123456+00:00"
        assert package.index == samples.INDEX


def test_lock_is_for_the_target_and_never_the_host() -> None:
    lock = read(rendered_pylock(samples.installable_plan()))
    assert lock.environments is not None
    (marker,) = lock.environments
    windows = dict(samples.WINDOWS.markers)
    assert marker.evaluate(windows)
    assert not marker.evaluate({**windows, "sys_platform": "linux"})
    assert not marker.evaluate({**windows, "platform_machine": "ARM64"})
    assert str(lock.requires_python) == "==3.11.*"


def test_selecting_for_the_target_gives_the_planned_files() -> None:
    made = samples.needs_build_plan()
    environment = {**samples.WINDOWS.markers, "platform_release": "", "platform_version": ""}
    tags = [Tag(*tag) for tag in samples.WINDOWS.tags]
    chosen = read(rendered_pylock(made)).select(environment=environment, tags=tags)  # type: ignore[arg-type]
    assert {package.name for package, _ in chosen} == {package.name for package in made.packages}


def test_given_patch_level_is_required_of_the_interpreter() -> None:
    target = structs.replace(samples.WINDOWS, python="3.11.9", python_full=type(samples.WINDOWS.python_full)("3.11.9"))
    outcome = resolution((wheel_pin("a", "1"),), {"": ["a"]}, target=target)
    requires = read(rendered_pylock(made(outcome))).requires_python
    assert requires is not None
    assert "3.11.9" in requires
    assert "3.11.8" not in requires
    assert "3.12.0" not in requires


def test_odd_old_names_are_locked_by_url() -> None:
    """A name such as pybbox-0.0.5-alpha.zip is no standard sdist name, so PEP 751's ``sdist`` cannot hold it."""
    at = availability("pybbox-0.0.5-alpha.zip")
    pin = sdist_pin("pybbox", "0.0.5a0", at=at)
    assert pin.distribution is not None
    pin = structs.replace(pin, distribution=structs.replace(pin.distribution, filename="pybbox-0.0.5-alpha.zip"))
    (package,) = read(rendered_pylock(alone(pin))).packages
    assert package.archive is not None
    assert package.archive.url == at.url


def test_malformed_requires_python_is_not_carried_on() -> None:
    at = structs.replace(availability("a-1-py3-none-any.whl"), requires_python="3.x or so")
    (package,) = read(rendered_pylock(alone(wheel_pin("a", "1", at=at)))).packages
    assert package.requires_python is None


def test_direct_url_is_an_archive() -> None:
    at = Availability(url="https://user:secret@files.example/a-1-py3-none-any.whl", hashes=(("sha256", "0" * 64),))
    text = rendered_pylock(alone(wheel_pin("a", "1", at=at), text=f"a @ {at.url}"))
    (package,) = read(text).packages
    assert package.is_direct
    assert "secret" not in text


def test_percent_2b_in_urls_is_left_alone() -> None:
    assert "torch-2.1.0%2Bcpu-cp311-cp311-win_amd64.whl" in rendered_pylock(samples.needs_build_plan())


@pytest.mark.parametrize("exporter", EXPORTERS, ids=lambda exporter: exporter.name)
def test_every_exporter_refuses_a_blocked_plan(exporter: object) -> None:
    render = next(row.render for row in EXPORTERS if row is exporter)
    with pytest.raises(UsageProblem, match=r"av 11|a container of Linux runs nothing|needs --"):
        render(Shipment(plan=samples.blocked_plan()))


def test_missing_hash_is_refused_with_the_package_named() -> None:
    at = Availability(url="https://files.example/a-1-py3-none-any.whl", index=samples.INDEX)
    with pytest.raises(UsageProblem, match=r"^a: the index gives no usable hash"):
        rendered_pylock(alone(wheel_pin("a", "1", at=at)))


def test_exporters_are_told_apart_by_name_and_file() -> None:
    assert len({exporter.name for exporter in EXPORTERS}) == len({exporter.filename for exporter in EXPORTERS})
    assert all(find_spec(f"wheelcheck.export.{exporter.renderer.partition(':')[0]}") for exporter in EXPORTERS)
