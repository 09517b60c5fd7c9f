"""Lock files as they are: text → ``Lock`` → the packages that apply on a target; resolves nothing and asks no index."""

from wheelcheck.inputs.locks.choosing import applicable, uncovered
from wheelcheck.inputs.locks.formats import is_lock, parse_lock

__all__ = ["applicable", "is_lock", "parse_lock", "uncovered"]
