"""Fetches each thing once: the first caller starts it, all callers share its future. Does not know what is fetched."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from wheelcheck.errors import IndexUnavailable, note_reading
from wheelcheck.index.loop_thread import LoopThread

T = TypeVar("T")
S = TypeVar("S")

# Windows cannot interrupt an endless wait with Ctrl-C, so waiting is done in bounded steps.
_STEP = 0.5


class Future(Generic[T]):
    """A value or an error that is set once; every waiter gets it."""

    __slots__ = ("_error", "_is_set", "_value")

    def __init__(self) -> None:
        self._is_set = threading.Event()
        self._value: list[T] = []
        self._error: BaseException | None = None

    def settle(self, value: T) -> None:
        """Set the value."""
        self._value.append(value)
        self._is_set.set()

    def fail(self, error: BaseException) -> None:
        """Set the error instead."""
        self._error = error
        self._is_set.set()

    @property
    def is_open(self) -> bool:
        """Whether neither is set yet."""
        return not self._is_set.is_set()

    @property
    def answer(self) -> T | None:
        """The value; ``None`` while it is open or if it failed."""
        return self._value[0] if self._value else None

    def wait(self, meanwhile: Callable[[], None] | None = None) -> T:
        """Wait for the value; raises the error that was set instead, or what *meanwhile* raises, which is called now and then."""
        while not self._is_set.wait(_STEP):
            if meanwhile is not None:
                meanwhile()
        if self._error is not None:
            raise self._error
        return self._value[0]


class Deliveries:
    """Calls listeners one at a time, whichever threads deliver; the first of them makes the calls of all.

    A listener reads ahead, which may deliver again at once. The queue keeps a chain of a thousand projects from nesting.
    An error of a listener is kept, and raised by :meth:`raise_kept` to the next caller.
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
        """Raise the kept error of a listener, once."""
        kept, self._kept = self._kept, None
        if kept is not None:
            raise kept


class OnceMap(Generic[S, T]):
    """Futures of one kind by key, each for the answer to one subject.

    *at_hand* answers on the caller's thread, or returns ``None`` if the network is needed; then *fetch* runs on *thread*.
    *arrived* is called with every answer, on the thread that has it.
    """

    def __init__(
        self,
        thread: LoopThread,
        at_hand: Callable[[S], T | None],
        fetch: Callable[[S], Awaitable[T]],
        arrived: Callable[[S, T], None] | None = None,
    ) -> None:
        self._thread = thread
        self._at_hand = at_hand
        self._fetch = fetch
        self._arrived = arrived
        self._guard = threading.Lock()
        self._futures: dict[Hashable, Future[T]] = {}

    def begin(self, key: Hashable, subject: S) -> Future[T]:
        """The future for *key*, started with *subject* by the first caller; never raises the errors of fetching."""
        with self._guard:
            known = self._futures.get(key)
            if known is not None:
                return known
            future = self._futures[key] = Future()
        try:
            answer = self._at_hand(subject)
        except Exception as error:  # kept for the waiting caller; a prefetch must not raise
            note_reading(error, _name(subject))
            future.fail(error)
            return future
        except BaseException:
            with self._guard:
                del self._futures[key]
            future.fail(_ended())
            raise
        if answer is not None:
            self._settle(future, subject, answer)
        elif not self._thread.submit(self._run(future, subject)):
            future.fail(_ended())
        return future

    def again(self, key: Hashable, subject: S) -> None:
        """Start like :meth:`begin`; an answer that is there already is delivered again, because a new listener has not seen it."""
        with self._guard:
            known = self._futures.get(key)
        if known is None:
            self.begin(key, subject)
        elif self._arrived is not None and (answer := known.answer) is not None:
            self._arrived(subject, answer)

    async def _run(self, future: Future[T], subject: S) -> None:
        try:
            answer = await self._fetch(subject)
        except Exception as error:  # kept for the waiting caller
            note_reading(error, _name(subject))
            future.fail(error)
        except BaseException:
            future.fail(_ended())
            raise
        else:
            self._settle(future, subject, answer)
        finally:
            if future.is_open:
                future.fail(_ended())

    def _settle(self, future: Future[T], subject: S, answer: T) -> None:
        future.settle(answer)
        if self._arrived is not None:
            self._arrived(subject, answer)

    def fail_open(self) -> None:
        """Fail every open future."""
        with self._guard:
            futures = tuple(self._futures.values())
        for future in futures:
            if future.is_open:
                future.fail(_ended())


def _name(subject: object) -> str:
    parts = subject if isinstance(subject, tuple) else (subject,)
    return " ".join(str(getattr(part, "filename", part)) for part in parts)


def _ended() -> IndexUnavailable:
    return IndexUnavailable("the run ended before the answer came")
