"""Hands arrivals to listeners one after the other on the caller's thread; starts no thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable


class Deliveries:
    """A queue that the outermost delivery empties.

    A listener reads ahead, which makes more arrive: queued, a chain of a thousand projects does not nest.
    """

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()
        self._delivering = False

    def deliver(self, delivery: Callable[[], None]) -> None:
        """Call *delivery* now, or after those that are under way."""
        self._waiting.append(delivery)
        if self._delivering:
            return
        self._delivering = True
        try:
            while self._waiting:
                self._waiting.popleft()()
        finally:
            self._delivering = False
