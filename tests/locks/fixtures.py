"""The locks that the real tools wrote of the synthetic projects, and what is expected of them."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from wheelcheck.errors import InputUnreadable
from wheelcheck.locks.choosing import applicable
from wheelcheck.locks.formats import parse_lock
from wheelcheck.model.lock import Lock, LockedPackage
from wheelcheck.model.target import Target
from wheelcheck.targets.targets import parse_target

LOCKS = Path(__file__).parents[2] / "fixtures" / "locks"
PLATFORMS = ("win_amd64", "manylinux_2_28_x86_64", "macosx_13_0_arm64")
PYTHONS = ("3.11", "3.13")
EVERYWHERE = tuple((platform, python) for platform in PLATFORMS for python in PYTHONS)


@functools.cache
def content(name: str) -> bytes:
    return (LOCKS / name).read_bytes()


@functools.cache
def lock(name: str) -> Lock:
    return parse_lock(content(name), name)


@functools.cache
def target(platform: str, python: str) -> Target:
    return parse_target(platform, python)


def applied(
    name: str, platform: str, python: str, extras: tuple[str, ...] = (), groups: tuple[str, ...] = ()
) -> set[str]:
    """``name==version`` of what applies."""
    return {str(each) for each in applicable(lock(name), target(platform, python), extras=extras, groups=groups)}


def package(name: str, project: str, version: str = "") -> LockedPackage:
    (found,) = [
        each for each in lock(name).packages if each.name == project and (not version or str(each.version) == version)
    ]
    return found


def failure(text: str | bytes, path: str) -> InputUnreadable:
    """The error that reading *text* ends with."""
    with pytest.raises(InputUnreadable) as caught:
        parse_lock(text.encode() if isinstance(text, str) else text, path)
    return caught.value


def edited(name: str, old: str, new: str, count: int = 1) -> str:
    """The lock *name* with *old* replaced, which must be in it."""
    text = content(name).decode()
    assert old in text
    return text.replace(old, new, count)
