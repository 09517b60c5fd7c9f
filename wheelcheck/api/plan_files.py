"""Reads the plan file that somebody names; understands nothing in it."""

from __future__ import annotations

import sys
from pathlib import Path

from wheelcheck.errors import InputUnreadable


def read_plan_file(path: str) -> bytes:
    """The bytes of the plan file *path*, ``-`` for standard input; raises ``InputUnreadable``."""
    if path == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputUnreadable(
            f"the plan could not be read: {error.strerror}",
            address=path,
            hint="make one with `wheelcheck plan … -o FILE`",
        ) from error
