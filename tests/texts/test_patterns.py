"""Every regular expression of the program takes linear time on its worst: texts that are made from its own tree."""

from __future__ import annotations

import ast
import importlib
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from re import _constants as kinds  # type: ignore[attr-defined]  # it has no other name
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest
from msgspec import Struct

import wheelcheck

_ROOT = Path(wheelcheck.__file__).parent
_ANYWHERE = frozenset({"search", "finditer", "findall", "sub", "subn", "split"})
_METHODS = _ANYWHERE | {"match", "fullmatch"}
_SMALL, _LARGE, _MANY = 24, 1_000, 4_000
_QUICK = 0.02
"""Seconds of the processor within which :data:`_MANY` letters are read by what is linear, however slow the machine."""
_ENDS = ("", "\0", "!", "\n", "a", " ")


class Use(Struct, frozen=True, kw_only=True):
    """One pattern, where it stands, and the methods by which it is asked."""

    place: str
    pattern: re.Pattern[str]
    methods: frozenset[str]


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(_ROOT.rglob("*.py")):
        name = ".".join(("wheelcheck", *path.relative_to(_ROOT).with_suffix("").parts)).removesuffix(".__init__")
        if not name.endswith("__main__"):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def _uses() -> list[Use]:
    """The patterns that modules hold, by the calls on their names, and those written where they are used."""
    found: list[Use] = []
    for module, tree in _modules():
        called: dict[str, set[str]] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS:
                owner = ast.unparse(node.func.value)
                called.setdefault(owner, set()).add(node.func.attr)
                if owner == "re" and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
                    pattern = re.compile(node.args[0].value)
                    found.append(
                        Use(place=f"{module}:{node.lineno}", pattern=pattern, methods=frozenset({node.func.attr}))
                    )
        if "re.compile" not in ast.unparse(tree):
            continue
        for name, value in vars(importlib.import_module(module)).items():
            if isinstance(value, re.Pattern):
                text = value.pattern if isinstance(value.pattern, str) else value.pattern.decode("latin-1")
                pattern = re.compile(text, value.flags & ~re.ASCII if text is not value.pattern else value.flags)
                # One that is only passed on by its name is taken as looked for anywhere.
                found.append(
                    Use(place=f"{module}.{name}", pattern=pattern, methods=frozenset(called.get(name, {"search"})))
                )
    return found


USES = _uses()


def _sample(tree: Sequence[tuple[Any, Any]]) -> str:
    """A short text that the parsed pattern *tree* takes, near enough."""
    return "".join(_one(kind, value) for kind, value in tree)


def _one(kind: Any, value: Any) -> str:  # noqa: ANN401 - what the parser of the standard library has
    match kind:
        case kinds.LITERAL:
            return chr(value)
        case kinds.NOT_LITERAL:
            return "a" if value != ord("a") else "b"
        case kinds.IN:
            return _of_set(value)
        case kinds.ANY:
            return "a"
        case kinds.CATEGORY:
            return _category(value)
        case kinds.SUBPATTERN:
            return _sample(value[3])
        case kinds.BRANCH:
            return _sample(value[1][0])
        case kinds.MAX_REPEAT | kinds.MIN_REPEAT | kinds.POSSESSIVE_REPEAT:
            return _sample(value[2]) * int(max(value[0], 1))
        case kinds.ATOMIC_GROUP:
            return _sample(value)
        case _:
            return ""


def _of_set(members: Sequence[tuple[Any, Any]]) -> str:
    if members[0][0] is kinds.NEGATE:
        refused = {chr(value) for kind, value in members[1:] if kind is kinds.LITERAL}
        ranges = [value for kind, value in members[1:] if kind is kinds.RANGE]
        categories = [_category(value) for kind, value in members[1:] if kind is kinds.CATEGORY]
        return next(
            each
            for each in "a1 -_.:/é\0"
            if each not in refused
            and each not in categories
            and not any(low <= ord(each) <= high for low, high in ranges)
        )
    kind, value = members[0]
    return chr(value[0]) if kind is kinds.RANGE else _one(kind, value)


def _category(value: Any) -> str:  # noqa: ANN401
    return {
        kinds.CATEGORY_DIGIT: "1",
        kinds.CATEGORY_SPACE: " ",
        kinds.CATEGORY_NOT_SPACE: "a",
        kinds.CATEGORY_NOT_DIGIT: "a",
    }.get(value, "a")


def _pumps(tree: Sequence[tuple[Any, Any]], before: str) -> Iterator[tuple[str, str]]:
    """Of each repetition in *tree* what may stand before it, and what it repeats, in several spellings."""
    for kind, value in tree:
        if kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT, kinds.POSSESSIVE_REPEAT):
            if value[1] > _SMALL:
                yield before, _sample(value[2])
                inner = list(value[2])
                if len(inner) == 1 and inner[0][0] is kinds.BRANCH:
                    yield from ((before, _sample(each)) for each in inner[0][1][1])
                if len(inner) == 1 and inner[0][0] is kinds.IN and inner[0][1][0][0] is not kinds.NEGATE:
                    yield from ((before, _of_set([each])) for each in inner[0][1])
            yield from _pumps(value[2], before)
        elif kind is kinds.SUBPATTERN:
            yield from _pumps(value[3], before)
        elif kind is kinds.BRANCH:
            for each in value[1]:
                yield from _pumps(each, before)
        elif kind in (kinds.ASSERT, kinds.ASSERT_NOT):
            yield from _pumps(value[1], before)
        before += _one(kind, value)


def _attacks(pattern: re.Pattern[str]) -> Iterator[tuple[str, str, str]]:
    tree = parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE)
    pumps = {(start, pump) for start, pump in _pumps(tree, "") if pump}
    whole = _sample(tree)
    for start, pump in sorted({*pumps, *(("", pump) for _, pump in pumps), *((("", whole),) if whole else ())}):
        for end in _ENDS:
            yield start, pump, end


def _seconds(use: Use, text: str) -> float:
    least = 9.0
    for _ in range(4):
        began = time.thread_time()
        for method in use.methods:
            if method in _ANYWHERE:
                use.pattern.sub("", text)
            else:
                getattr(use.pattern, method)(text)
        least = min(least, time.thread_time() - began)
        if least < _QUICK:
            break
    return least


def worst(use: Use) -> str:
    """The text on which *use* takes more than linear time, as words; empty where none was found."""
    for start, pump, end in _attacks(use.pattern):
        for small, large in ((_SMALL // 3, _SMALL), (_LARGE, _MANY)):
            if (taken := _seconds(use, start + pump * (large // len(pump)) + end)) < _QUICK:
                continue
            ratio = taken / _seconds(use, start + pump * (small // len(pump)) + end)
            if ratio > 8:
                times = f"{ratio:.0f} times as long for {large // small} times the text ({taken:.2f} s)"
                return f"{start!r} + {pump!r} * n + {end!r}: {times}"
    return ""


@pytest.mark.parametrize("use", USES, ids=lambda use: use.place)
def test_pattern_is_linear_on_its_worst(use: Use) -> None:
    assert worst(use) == ""
