"""What another Python or another platform floor means to those who get the product; no archive is read for it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wheelcheck.model.repair import Edit, Ground, Risk
from wheelcheck.repairs.risk.case import RepairCase
from wheelcheck.targets.platforms import parse_platform
from wheelcheck.targets.pythons import parse_python

_FLOOR = re.compile(r"(?P<kind>manylinux|musllinux|macosx)_(?P<major>\d+)_(?P<minor>\d+)_", re.ASCII)
_LIBRARIES = {"manylinux": "glibc", "musllinux": "musl"}
# After macOS 15 came 26, numbered by year from then on.
_MACOS_LAST_COUNTED, _MACOS_FIRST_YEAR = 15, 26


def judge_python(case: RepairCase, edit: Edit) -> Iterator[Ground]:
    """Another interpreter to ship: one minor is little, more may be noticed by the user's own code."""
    before = parse_python(edit.before or case.after.target.python)
    after = parse_python(edit.after or case.after.target.python)
    same = before.implementation == after.implementation and before.free_threaded == after.free_threaded
    risk = Risk.LOW if same and abs(before.minor - after.minor) <= 1 else Risk.MEDIUM
    # Said as it stands in the calendar, not against today: the same question is to give the same plan.
    life = next((each for each in case.knowledge.pythons if each.minor == f"3.{after.minor}"), None)
    until = f", and gets security fixes until {life.secure_until}" if life is not None else ""
    yield Ground(risk=risk, text=f"Python {before.word} → {after.word}: the interpreter you ship changes{until}")


def judge_platform(case: RepairCase, edit: Edit) -> Iterator[Ground]:
    """A higher floor: who is left out."""
    before, after = (_tag_of(word or case.after.target.platform) for word in (edit.before, edit.after))
    old, new = _FLOOR.match(before), _FLOOR.match(after)
    if old is None or new is None or old["kind"] != new["kind"]:
        yield Ground(risk=Risk.MEDIUM, text=f"{before} → {after}: another platform than you asked for")
        return
    floors = tuple((int(found["major"]), int(found["minor"])) for found in (old, new))
    if new["kind"] == "macosx":
        lost = _macos_between(*floors)
        users = _enumerated(lost)
        text = f"needs macOS {_macos_word(floors[1])} or newer" + (f": users of {users} are left out" if lost else "")
        yield Ground(risk=Risk.LOW if len(lost) <= 1 else Risk.MEDIUM, text=text)
        return
    library = _LIBRARIES[new["kind"]]
    (_, first), (major, minor) = floors
    lost = [f"{major}.{each}" for each in range(first, minor)]
    text = f"needs {library} {major}.{minor} or newer" + (
        f": systems with {library} {_span(lost)} are left out" if lost else ""
    )
    yield Ground(risk=Risk.LOW if len(lost) <= 1 else Risk.MEDIUM, text=text)


def _tag_of(word: str) -> str:
    # A host's own tag need not be one that a person may ask for.
    return word if _FLOOR.match(word) else parse_platform(word).word


def _macos_between(old: tuple[int, int], new: tuple[int, int]) -> list[str]:
    found = [old]
    while (following := _next_macos(found[-1])) < new:
        found.append(following)
    return [_macos_word(each) for each in found if each < new]


def _next_macos(floor: tuple[int, int]) -> tuple[int, int]:
    major, minor = floor
    if major == 10:
        return (10, minor + 1) if minor < 15 else (11, 0)
    return (_MACOS_FIRST_YEAR if major == _MACOS_LAST_COUNTED else major + 1), 0


def _macos_word(floor: tuple[int, int]) -> str:
    return f"10.{floor[1]}" if floor[0] == 10 else str(floor[0])


def _enumerated(words: list[str]) -> str:
    if len(words) > 4:
        return _span(words)
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _span(words: list[str]) -> str:
    return f"{words[0]} to {words[-1]}" if len(words) > 1 else words[0]
