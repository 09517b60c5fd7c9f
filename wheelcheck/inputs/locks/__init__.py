"""Lock files as they are: text → ``Lock`` → the packages that apply on a target; resolves nothing and asks no index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelcheck.doors import opening

if TYPE_CHECKING:
    from wheelcheck.inputs.locks.choosing import applicable, uncovered
    from wheelcheck.inputs.locks.formats import is_lock, parse_lock

__all__ = ["applicable", "is_lock", "parse_lock", "uncovered"]

# Whether a file is a lock is asked of every input; what applies of one, only of locks.
_PLACES = {
    "choosing": (
        "applicable",
        "uncovered",
    ),
    "formats": (
        "is_lock",
        "parse_lock",
    ),
}

if not TYPE_CHECKING:  # a checker that sees it would take every misspelt name for an object
    __getattr__ = opening(__name__, _PLACES)
