"""Expands the matrix of a GitHub Actions job into its combinations, as far as it is literal; knows nothing of Python."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Iterator
from typing import NamedTuple

from wheelcheck.errors import InputUnreadable
from wheelcheck.texts.yaml import Mapping, Scalar, Sequence, YamlNode

Values = dict[str, YamlNode]

_MOST_JOBS = 256
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_QUOTED = re.compile(r"\s*'([^']*)'\s*")
_FROM_JSON = re.compile(r"\s*fromJSON\(\s*'((?:[^']|'')*)'\s*\)\s*", re.DOTALL | re.IGNORECASE)
_PATH = re.compile(r"\s*([A-Za-z_][\w-]*)((?:\.[A-Za-z_][\w-]*|\['[^']+'\])+)\s*")
_STEP = re.compile(r"\.([A-Za-z_][\w-]*)|\['([^']+)'\]")


class NotLiteral(NamedTuple):
    """A value that only a run of the workflow knows: its *text* and *line*."""

    text: str
    line: int


def expand_matrix(matrix: YamlNode | None, path: str) -> tuple[tuple[Values, ...], tuple[NotLiteral, ...]]:
    """The combinations of *matrix*, and its parts that are no literals; one empty combination without a matrix.

    An axis that is no literal stays one value, its expression. Raises ``InputUnreadable`` for more combinations than GitHub starts.
    Source: GitHub's workflow syntax, ``jobs.<job_id>.strategy.matrix``.
    """
    if matrix is None:
        return ({},), ()
    literal = resolved(matrix, {})
    if isinstance(literal, NotLiteral):
        return ({},), (literal,)
    if not isinstance(literal, Mapping):
        return ({},), ()
    unknown: list[NotLiteral] = []
    axes = {
        key: tuple(_choices(node, unknown))
        for key, node in literal.entries.items()
        if key not in ("include", "exclude")
    }
    count = math.prod(len(choices) for choices in axes.values())
    if count > _MOST_JOBS:
        raise InputUnreadable(
            f"a matrix of {count} jobs, more than the {_MOST_JOBS} that GitHub starts", address=f"{path}:{literal.line}"
        )
    combinations = (
        [dict(zip(axes, chosen, strict=True)) for chosen in itertools.product(*axes.values())] if axes else []
    )
    excluded = tuple(_tables(literal.entries.get("exclude"), unknown))
    kept = [each for each in combinations if not any(_agrees(each, entry) for entry in excluded)]
    return tuple(_included(kept, tuple(_tables(literal.entries.get("include"), unknown)))), tuple(unknown)


def resolved(node: YamlNode, contexts: dict[str, YamlNode]) -> YamlNode | NotLiteral:
    """*node* with its expressions replaced from *contexts* (``matrix``, ``env``); any other is not literal."""
    if not isinstance(node, Scalar) or "${{" not in node.text:
        return node
    whole = _EXPRESSION.fullmatch(node.text.strip())
    if whole is not None:
        found = _value_of(whole[1], contexts, node.line)
        if found is None or (isinstance(found, Scalar) and "${{" in found.text):
            return NotLiteral(node.text.strip(), node.line)
        return found
    parts = _EXPRESSION.split(node.text)
    for position in range(1, len(parts), 2):
        part = _value_of(parts[position], contexts, node.line)
        if not isinstance(part, Scalar) or "${{" in part.text:
            return NotLiteral(node.text.strip(), node.line)
        parts[position] = part.text
    return Scalar("".join(parts), node.line)


def _value_of(expression: str, contexts: dict[str, YamlNode], line: int) -> YamlNode | None:
    """The value of *expression*: a literal, a path, or the first of several with ``||`` that is not false; else ``None``."""
    found: YamlNode | None = None
    for term in expression.split("||"):
        found = _term(term, contexts, line)
        if not isinstance(found, Scalar) or found.text not in ("", "false", "0"):
            return found
    return found


def _term(expression: str, contexts: dict[str, YamlNode], line: int) -> YamlNode | None:
    quoted = _QUOTED.fullmatch(expression)
    if quoted is not None:
        return Scalar(quoted[1], line)
    as_json = _FROM_JSON.fullmatch(expression)
    if as_json is not None:
        return _from_json(as_json[1].replace("''", "'"), line)
    path = _PATH.fullmatch(expression)
    found = contexts.get(path[1]) if path is not None else None
    if path is None or found is None:
        return None
    for dotted, bracketed in _STEP.findall(path[2]):
        if isinstance(found, Scalar):
            return None
        # A key that a combination lacks is the empty string to GitHub.
        found = found.entries.get(dotted or bracketed, Scalar("", line, "null")) if isinstance(found, Mapping) else None
    return found


class _Number(str):
    """A JSON number with a point, as written."""

    __slots__ = ()


def _from_json(text: str, line: int) -> YamlNode | None:
    try:
        return _node(json.loads(text, parse_float=_Number), line)
    except (ValueError, RecursionError):
        return None


def _node(value: object, line: int) -> YamlNode:
    if isinstance(value, dict):
        return Mapping({str(key): _node(each, line) for key, each in value.items()}, line)
    if isinstance(value, list):
        return Sequence(tuple(_node(each, line) for each in value), line)
    if isinstance(value, _Number):
        return Scalar(str(value), line, "float")
    if isinstance(value, bool):
        return Scalar(str(value).lower(), line, "bool")
    return Scalar("" if value is None else str(value), line, "int" if isinstance(value, int) else "str")


def _choices(node: YamlNode, unknown: list[NotLiteral]) -> Iterator[YamlNode]:
    literal = resolved(node, {})
    if isinstance(literal, NotLiteral):
        unknown.append(literal)
        yield node
    elif isinstance(literal, Sequence):
        yield from literal.items
    else:
        yield literal


def _tables(node: YamlNode | None, unknown: list[NotLiteral]) -> Iterator[Values]:
    literal = resolved(node, {}) if node is not None else None
    if isinstance(literal, NotLiteral):
        unknown.append(literal)
    elif isinstance(literal, Sequence):
        yield from (dict(item.entries) for item in literal.items if isinstance(item, Mapping))


def _included(combinations: list[Values], entries: tuple[Values, ...]) -> Iterator[Values]:
    extended = [dict(combination) for combination in combinations]
    added: list[Values] = []
    for entry in entries:
        joined = False
        for original, combination in zip(combinations, extended, strict=True):
            # An entry joins each combination of which it would change no value of the matrix itself.
            if _agrees(original, {key: value for key, value in entry.items() if key in original}):
                combination.update(entry)
                joined = True
        if not joined:
            added.append(entry)
    yield from extended
    yield from added


def _agrees(combination: Values, wanted: Values) -> bool:
    return all(key in combination and _plain(combination[key]) == _plain(value) for key, value in wanted.items())


def _plain(node: YamlNode) -> object:
    match node:
        case Scalar(text=text, kind="float"):
            return _float(text)
        case Scalar(text=text):
            return text
        case Sequence(items=items):
            return [_plain(item) for item in items]
        case Mapping(entries=entries):
            return {key: _plain(value) for key, value in entries.items()}


def _float(text: str) -> str:
    try:
        return repr(float(text))
    except ValueError:
        return text
