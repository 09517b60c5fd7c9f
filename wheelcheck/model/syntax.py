"""Python source to a syntax tree, and statements back to their text; runs nothing and warns of nothing.

Every parse of the project goes through this module, because CPython 3.11 cannot do two at once.
"""

from __future__ import annotations

import ast
import gc
import io
import threading
import tokenize
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct

_GUARD = threading.Lock()


class ParsedModule(Struct, frozen=True):
    """A module's tree, and its lines as the UTF-8 bytes that the tree's columns count."""

    tree: ast.Module
    lines: tuple[bytes, ...]

    def text_of(self, node: ast.stmt | ast.expr) -> str:
        """The source of *node* on one line."""
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        taken = list(self.lines[first : last + 1])
        if not taken:
            return ""
        taken[-1] = taken[-1][: node.end_col_offset]
        taken[0] = taken[0][node.col_offset :]
        return b" ".join(b" ".join(taken).split()).decode("utf-8", "replace")


def parse_tree(source: str | bytes) -> ast.Module:
    """The syntax tree of *source*; raises ``SyntaxError``, also for NUL bytes, unknown encodings and sources that break parsers."""
    try:
        with _alone(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes in the source of others are not ours to report
            return ast.parse(source)
    except (ValueError, LookupError, RecursionError, MemoryError) as error:
        raise SyntaxError(str(error) or type(error).__name__) from error


def parse_source(content: bytes) -> ParsedModule | None:
    """The module that *content* is; ``None`` for what is no Python 3 source. About 1 ms for each 100 lines."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        text = content.decode(encoding)
        tree = parse_tree(text)
    except (SyntaxError, ValueError, LookupError):
        return None  # ValueError is an undecodable byte
    normal = text.replace("\r\n", "\n").replace("\r", "\n")
    return ParsedModule(tree, tuple(normal.encode("utf-8", "replace").split(b"\n")))


@contextmanager
def _alone() -> Iterator[None]:
    """No other thread parses meanwhile.

    CPython 3.11 counts the depth of all trees that it makes in one place, and raises ``SystemError`` where a second one is begun
    before the first is done. The lock keeps our threads apart. Other code parses too, such as the program that uses this library. A
    thread cannot be interrupted while it makes a tree, unless the garbage collector runs Python code then; so the collector is
    paused. The filters of warnings, which belong to the whole process, need the lock as well.
    """
    with _GUARD:
        is_collecting = gc.isenabled()
        gc.disable()
        try:
            yield
        finally:
            if is_collecting:
                gc.enable()
