"""The requirements export: what pip and uv will read."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from tests.fakes import samples
from tests.fakes.samples import availability, resolution, sha256, wheel_pin
from wheelcheck.errors import UsageProblem
from wheelcheck.export import listing
from wheelcheck.export.shipment import Shipment
from wheelcheck.model.distribution import Availability
from wheelcheck.model.plan import Options, Plan
from wheelcheck.model.resolution import Resolution
from wheelcheck.model.urls import default_index_url
from wheelcheck.plans.making import plan


def rendered_requirements(plan: Plan) -> str:
    return listing.render_requirements(Shipment(plan=plan))


def made(outcome: Resolution, options: Options = samples.OPTIONS) -> Plan:
    return plan(outcome, (), inputs=samples.INPUTS, options=options)


def test_whole_file_of_a_plan_that_builds_once() -> None:
    expected = Path(__file__).with_name("needs-build.txt")
    assert rendered_requirements(samples.needs_build_plan()) == expected.read_text(encoding="utf-8")


def test_every_package_has_a_line_with_its_own_hash() -> None:
    text = rendered_requirements(samples.installable_plan())
    digest = sha256("click-8.1.7-py3-none-any.whl")
    assert f"click==8.1.7 \\\n    --hash=sha256:{digest}\ncolorama==0.4.6 \\\n" in text


def test_all_accepted_hashes_are_given_and_others_left_out() -> None:
    at = structs.replace(
        availability("a-1-py3-none-any.whl"), hashes=(("md5", "0" * 32), ("sha512", "2" * 128), ("sha256", "1" * 64))
    )
    text = rendered_requirements(made(resolution((wheel_pin("a", "1", at=at),), {"": ["a"]})))
    assert text.endswith(f"a==1 \\\n    --hash=sha256:{'1' * 64} \\\n    --hash=sha512:{'2' * 128}\n")


def test_missing_hash_is_refused_with_the_package_named() -> None:
    at = structs.replace(availability("a-1-py3-none-any.whl"), hashes=(("md5", "0" * 32),))
    with pytest.raises(UsageProblem, match=r"^a: the index gives no usable hash for a-1-py3-none-any\.whl"):
        rendered_requirements(made(resolution((wheel_pin("a", "1", at=at),), {"": ["a"]})))


def test_blocked_plan_is_refused_with_its_blockers_named() -> None:
    with pytest.raises(UsageProblem, match=r"blocked cannot be executed: av 11\.0\.0$"):
        rendered_requirements(samples.blocked_plan())


def test_undecided_plan_is_refused_too() -> None:
    with pytest.raises(UsageProblem, match="undecided cannot be executed"):
        rendered_requirements(samples.undecided_plan())


def test_empty_plan_is_a_file_without_pins() -> None:
    text = rendered_requirements(samples.empty_plan())
    assert "==" not in text
    assert text.endswith("\n")


def test_default_index_is_not_named() -> None:
    default = default_index_url()
    assert len(default) > 10
    at = availability("a-1-py3-none-any.whl", index=default)
    options = Options(sdist="pure", exclude_newer=None, indexes=(default,))
    text = rendered_requirements(made(resolution((wheel_pin("a", "1", at=at),), {"": ["a"]}), options))
    assert "index-url" not in text


def test_other_indexes_and_folders_are_named_without_credentials() -> None:
    options = Options(
        sdist="pure",
        exclude_newer=None,
        indexes=("https://me:secret@index.example/simple/", "https://extra.example/simple/"),
        find_links=("file:///wheels",),
    )
    at = availability("a-1-py3-none-any.whl", index="https://pinned.example/simple/")
    local = availability("b-1-py3-none-any.whl", index="file:///wheels")
    first = availability("c-1-py3-none-any.whl", index="https://index.example/simple/")
    extra = availability("d-1-py3-none-any.whl", index="https://extra.example/simple/")
    pins = (
        wheel_pin("a", "1", at=at),
        wheel_pin("b", "1", at=local),
        wheel_pin("c", "1", at=first),
        wheel_pin("d", "1", at=extra),
    )
    text = rendered_requirements(made(resolution(pins, {"": ["a", "b", "c", "d"]}), options))
    assert "secret" not in text
    assert (
        "--index-url https://index.example/simple/\n"
        "--extra-index-url https://extra.example/simple/\n"
        "--extra-index-url https://pinned.example/simple/\n"
        "--find-links file:///wheels\n"
    ) in text


def test_index_that_no_file_comes_from_is_not_named() -> None:
    options = Options(
        sdist="pure",
        exclude_newer=None,
        indexes=("https://index.example/simple/", "file:///my/own/mirror"),
        find_links=("file:///wheels",),
    )
    at = availability("a-1-py3-none-any.whl", index="https://index.example/simple/")
    text = rendered_requirements(made(resolution((wheel_pin("a", "1", at=at),), {"": ["a"]}), options))
    assert "--index-url https://index.example/simple/" in text
    assert "file:///" not in text


def test_direct_url_is_given_with_its_hash() -> None:
    url = "https://files.example/tool-1-py3-none-any.whl"
    at = Availability(url=url, hashes=(("sha256", "0" * 64),))
    text = rendered_requirements(made(resolution((wheel_pin("tool", "1", at=at),), {"": [f"tool @ {url}"]})))
    assert f"\ntool @ {url} \\\n    --hash=sha256:{'0' * 64}\n" in text


def test_local_version_is_pinned_as_it_is() -> None:
    assert "\ntorch==2.1.0+cpu \\\n" in rendered_requirements(samples.needs_build_plan())
