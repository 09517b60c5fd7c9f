"""Tells whether a Python parses a source; raises no false alarm where the running Python is older than the one asked about."""

from __future__ import annotations

import io
import re
import sys
import tokenize

from wheelcheck.model.code import parse_tree

# What is Python 2 alone, so that no newer grammar will admit it; PEP 758 admits exceptions without parentheses again since 3.14.
_PYTHON_2 = re.compile(
    r"Missing parentheses in call to '(?:print|exec)'|leading zeros in decimal|inconsistent use of tabs"
)


def why_unparsable(content: bytes, minor: int) -> tuple[int, str] | None:
    """Line and words of the first error that Python 3.*minor* finds in *content*; ``None`` where it parses, or may.

    The parser of the running Python judges for itself and for older ones. Of the grammar of a newer one it knows only what no
    Python 3 has.
    """
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        text = content.decode(encoding)
    except (SyntaxError, ValueError, LookupError):
        return None  # whoever reads the module says so
    try:
        parse_tree(text, minor=min(minor, sys.version_info.minor))
    except SyntaxError as error:
        if error.lineno is None:
            return None  # the parser gave up, which proves nothing
        if minor > sys.version_info.minor and not _PYTHON_2.search(error.msg):
            return None
        return error.lineno, error.msg
    return None
