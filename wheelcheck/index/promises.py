"""An answer that one thread waits for and another brings; knows no event loop, so that a warm run imports none."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

# Windows cannot interrupt an endless wait with Ctrl-C, so waiting is done in bounded steps.
_STEP = 0.5


class Promise(Generic[T]):
    """A value or an error that comes once; every waiter gets it."""

    __slots__ = ("_came", "_error", "_value")

    def __init__(self) -> None:
        self._came = threading.Event()
        self._value: list[T] = []
        self._error: BaseException | None = None

    def settle(self, value: T) -> None:
        """Bring the value."""
        self._value.append(value)
        self._came.set()

    def fail(self, error: BaseException) -> None:
        """Bring the error instead."""
        self._error = error
        self._came.set()

    @property
    def is_open(self) -> bool:
        """Whether nothing came yet."""
        return not self._came.is_set()

    @property
    def answer(self) -> T | None:
        """The value, if it has come; ``None`` for what is open or failed."""
        return self._value[0] if self._value else None

    def wait(self, meanwhile: Callable[[], None] | None = None) -> T:
        """The value as soon as it is there; raises the error that came instead, or what *meanwhile* raises, called now and then."""
        while not self._came.wait(_STEP):
            if meanwhile is not None:
                meanwhile()
        if self._error is not None:
            raise self._error
        return self._value[0]


class Deliveries:
    """Calls listeners one at a time, whichever threads bring arrivals; the first bringer does the calling for all.

    A listener reads ahead, which may bring the next arrival at once: queued, a chain of a thousand projects does not nest.
    What a listener raises is kept and raised by :meth:`raise_kept` to the next who asks a question.
    """

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()
        self._guard = threading.Lock()
        self._delivering = False
        self._kept: Exception | None = None

    def deliver(self, delivery: Callable[[], None]) -> None:
        """Call *delivery* now, or leave it to the thread that is delivering already."""
        with self._guard:
            self._waiting.append(delivery)
            if self._delivering:
                return
            self._delivering = True
        while True:
            with self._guard:
                if not self._waiting:
                    self._delivering = False
                    return
                current = self._waiting.popleft()
            try:
                current()
            except Exception as error:  # whatever a listener raises must reach the caller, not end the fetching thread
                self._kept = self._kept or error
            except BaseException:
                with self._guard:
                    self._delivering = False
                raise

    def raise_kept(self) -> None:
        """Raise what a listener raised, once."""
        kept, self._kept = self._kept, None
        if kept is not None:
            raise kept
