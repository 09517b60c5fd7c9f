"""Reads YAML into plain nodes that keep the text of a value and its line; makes no numbers or dates, and runs no tag."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from wheelcheck.errors import InputUnreadable

if TYPE_CHECKING:
    from ruamel.yaml.nodes import Node
    from ruamel.yaml.scanner import Scanner

_DEEPEST = 60
_HINT = "correct the line: a YAML reader or linter shows the same"


class Scalar(Struct, frozen=True):
    """A single value as its text; ``kind`` is what YAML makes of it: ``str``, ``float``, ``int``, ``bool``, ``null`` or another."""

    text: str
    line: int
    kind: str = "str"


class Sequence(Struct, frozen=True):
    """A list."""

    items: tuple[YamlNode, ...]
    line: int


class Mapping(Struct, frozen=True):
    """A table; a key that is given twice has its last value."""

    entries: dict[str, YamlNode]
    line: int

    def get(self, *keys: str) -> YamlNode | None:
        """What stands under *keys*, one in the other; ``None`` where that ends early."""
        found: YamlNode | None = self
        for key in keys:
            found = found.entries.get(key) if isinstance(found, Mapping) else None
        return found

    def text(self, *keys: str) -> Scalar | None:
        """The single value under *keys*, or ``None``."""
        found = self.get(*keys)
        return found if isinstance(found, Scalar) else None


YamlNode = Scalar | Sequence | Mapping


def parse_yaml(text: str, path: str) -> YamlNode | None:
    """The one document in *text*, ``None`` for an empty one. Raises ``InputUnreadable`` with the line.

    Costs 60 ms for the library, imported here, and some 0.2 ms for a line.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        # Composing resolves no tag to an object, unlike loading. An anchor may be set again (YAML 1.2).
        reader = YAML(typ="safe", pure=True)
        reader.Scanner = _bounded_scanner()
        reader.composer.warn_double_anchors = False
        node = reader.compose(text)
    except MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        line = mark.line + 1 if mark is not None else 0
        raise InputUnreadable(
            f"not valid YAML: {problem.problem or problem.context}",
            address=f"{path}:{line}" if line else path,
            hint=_HINT,
        ) from None
    except (YAMLError, ValueError, RecursionError) as problem:
        raise InputUnreadable(
            f"not valid YAML: {str(problem).partition(chr(10))[0]}", address=path, hint=_HINT
        ) from None
    return _Walk(path).plain(node, 0) if node is not None else None


@functools.cache
def _bounded_scanner() -> type[Scanner]:
    """A scanner that ends at too many open brackets: for each token, the library looks at all that are open."""
    from ruamel.yaml.scanner import Scanner, ScannerError

    class BoundedScanner(Scanner):
        def fetch_flow_collection_start(self, TokenClass: Any, to_push: str) -> None:  # noqa: N803, ANN401 - the library's
            if self.flow_level >= _DEEPEST:
                raise ScannerError(None, None, "nested too deeply", self.reader.get_mark())
            super().fetch_flow_collection_start(TokenClass, to_push)

    return BoundedScanner


class _Walk:
    """Turns composed nodes into ours; what an alias repeats is made once, so that nested aliases do not multiply."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._made: dict[Node, YamlNode] = {}

    def plain(self, node: Node, depth: int) -> YamlNode:
        if depth > _DEEPEST:
            raise InputUnreadable("nested too deeply", address=self._path)
        made = self._made.get(node)
        if made is None:
            made = self._made[node] = self._made_of(node, depth)
        return made

    def _made_of(self, node: Node, depth: int) -> YamlNode:
        from ruamel.yaml.nodes import MappingNode, SequenceNode

        line = node.start_mark.line + 1
        if isinstance(node, SequenceNode):
            return Sequence(items=tuple(self.plain(each, depth + 1) for each in node.value), line=line)
        if isinstance(node, MappingNode):
            return Mapping(
                entries={str(key.value): self.plain(value, depth + 1) for key, value in node.value}, line=line
            )
        return Scalar(text=str(node.value), line=line, kind=str(node.tag).rpartition(":")[2])
