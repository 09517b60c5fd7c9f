"""File names as indexes hold them: understood where possible, skipped with a reason where not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement as PackagingRequirement
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from wheelcheck.model.distribution import Availability, Distribution, LinkSkip, Sdist, Wheel, parse_link
from wheelcheck.model.requirement import CommandLineOrigin, Requirement


def understood(filename: str, project: str) -> Distribution | LinkSkip:
    return parse_link(filename, canonicalize_name(project), Availability(url=f"https://index.example/{filename}"))


def test_compressed_tag_set_is_expanded() -> None:
    wheel = understood("six-1.0-py2.py3-none-any.whl", "six")
    assert isinstance(wheel, Wheel)
    assert wheel.tags == (("py2", "none", "any"), ("py3", "none", "any"))


def test_build_tag_is_read_as_number_and_rest() -> None:
    wheel = understood("a-1.0-12abc-py3-none-any.whl", "a")
    assert isinstance(wheel, Wheel)
    assert wheel.build == (12, "abc")


def test_six_part_name_that_is_no_build_tag_is_a_variant() -> None:
    assert understood("torch-2.9.0-cp311-cp311-win_amd64-cu129.whl", "torch") is LinkSkip.VARIANT_WHEEL
    assert understood("torch-2.9.0-1-cp311-cp311-win_amd64-cu129.whl", "torch") is LinkSkip.VARIANT_WHEEL


def test_odd_old_names_with_dashes_are_split_where_the_project_ends() -> None:
    sdist = understood("pybbox-0.0.5-alpha.zip", "pybbox")
    assert isinstance(sdist, Sdist)
    assert sdist.version == Version("0.0.5a0")
    dashed = understood("zope-event-1.0.tar.gz", "zope.event")
    assert isinstance(dashed, Sdist)
    assert dashed.version == Version("1.0")


def test_un_normalised_names_belong_to_their_project() -> None:
    wheel = understood("Flask_Cors-4.0-py3-none-any.whl", "flask-cors")
    assert isinstance(wheel, Wheel)
    assert wheel.name == "flask-cors"


@pytest.mark.parametrize(
    ("filename", "reason"),
    [
        ("a-2004d.tar.gz", LinkSkip.LEGACY_VERSION),
        ("a-1.0-beta-final-py3-none-any.whl", LinkSkip.VARIANT_WHEEL),
        ("a-1_dev_r20-py3-none-any.whl", LinkSkip.LEGACY_VERSION),
        ("b-1.0.tar.gz", LinkSkip.OTHER_PROJECT),
        ("b-1.0-py3-none-any.whl", LinkSkip.OTHER_PROJECT),
        ("a-1.0-py3.whl", LinkSkip.BAD_WHEEL_NAME),
        ("a-1.0.exe", LinkSkip.UNKNOWN_KIND),
        ("a-1.0-py2.7.egg", LinkSkip.UNKNOWN_KIND),
        ("a-1.0.tar.gz.asc", LinkSkip.UNKNOWN_KIND),
    ],
)
def test_legacy_and_foreign_files_are_skipped_with_a_reason(filename: str, reason: LinkSkip) -> None:
    assert understood(filename, "a") is reason


def test_local_version_in_a_wheel_name_is_kept() -> None:
    wheel = understood("torch-2.1.0+cpu-cp311-cp311-win_amd64.whl", "torch")
    assert isinstance(wheel, Wheel)
    assert str(wheel.version) == "2.1.0+cpu"


names = st.from_regex(r"[a-z](_?[a-z0-9]){0,8}", fullmatch=True)
versions = st.from_regex(
    r"([0-9]{1,2}!)?[0-9]{1,3}(\.[0-9]{1,3}){0,3}(a[0-9]|b[0-9]|rc[0-9])?(\.post[0-9])?(\.dev[0-9])?(\+[a-z0-9]{1,4})?",
    fullmatch=True,
)
tags = st.sampled_from(
    ["py3-none-any", "py2.py3-none-any", "cp311-cp311-win_amd64", "cp38-abi3-macosx_10_9_universal2"]
)
builds = st.sampled_from(["", "1-", "20b-"])


@given(names, versions, builds, tags)
def test_wheel_names_are_read_as_packaging_reads_them(name: str, version: str, build: str, tag: str) -> None:
    filename = f"{name}-{version}-{build}{tag}.whl"
    expected_name, expected_version, expected_build, expected_tags = parse_wheel_filename(filename)
    wheel = understood(filename, name)
    assert isinstance(wheel, Wheel)
    assert (wheel.name, wheel.version, wheel.build or ()) == (expected_name, expected_version, expected_build)
    assert {"-".join(tag) for tag in wheel.tags} == {str(tag) for tag in expected_tags}


def test_a_requirement_does_not_change_when_packagings_object_does() -> None:
    text = "a[x]>=1"
    ours = Requirement.parse(text, CommandLineOrigin(text=text))
    theirs = PackagingRequirement(text)
    theirs.extras.add("y")
    assert Requirement.parse(text, CommandLineOrigin(text=text)) == ours
    assert ours.extras == {"x"}
