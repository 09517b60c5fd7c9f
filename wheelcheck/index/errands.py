"""Does each errand once: the first who asks starts it, everyone else shares its promise; knows not what is fetched."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from wheelcheck.errors import IndexUnavailable, note_reading
from wheelcheck.index.loop_thread import LoopThread
from wheelcheck.index.promises import Promise

S = TypeVar("S")
T = TypeVar("T")


class Errands(Generic[S, T]):
    """Errands of one kind, from a subject to an answer.

    *at_hand* answers on the caller's thread, ``None`` where the network is needed; *fetch* then runs on *thread*.
    *arrived* is told of every answer, on whichever thread brought it.
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
        self._promises: dict[Hashable, Promise[T]] = {}

    def begin(self, key: Hashable, subject: S) -> Promise[T]:
        """The promise for *key*, started with *subject* if nobody did; never raises what the errand meets."""
        with self._guard:
            known = self._promises.get(key)
            if known is not None:
                return known
            promise = self._promises[key] = Promise()
        try:
            answer = self._at_hand(subject)
        except Exception as error:  # kept for whoever asks; a prefetch must not raise
            note_reading(error, _name(subject))
            promise.fail(error)
            return promise
        except BaseException:
            with self._guard:
                del self._promises[key]
            promise.fail(_ended())
            raise
        if answer is not None:
            self._bring(promise, subject, answer)
        elif not self._thread.submit(self._run(promise, subject)):
            promise.fail(_ended())
        return promise

    def again(self, key: Hashable, subject: S) -> None:
        """Begin as :meth:`begin` does; of an answer that is there already, tell once more: who listens now may not have heard."""
        with self._guard:
            known = self._promises.get(key)
        if known is None:
            self.begin(key, subject)
        elif self._arrived is not None and (answer := known.answer) is not None:
            self._arrived(subject, answer)

    async def _run(self, promise: Promise[T], subject: S) -> None:
        try:
            answer = await self._fetch(subject)
        except Exception as error:  # kept for whoever asks
            note_reading(error, _name(subject))
            promise.fail(error)
        except BaseException:
            promise.fail(_ended())
            raise
        else:
            self._bring(promise, subject, answer)
        finally:
            if promise.is_open:
                promise.fail(_ended())

    def _bring(self, promise: Promise[T], subject: S, answer: T) -> None:
        promise.settle(answer)
        if self._arrived is not None:
            self._arrived(subject, answer)

    def fail_open(self) -> None:
        """Fail what nobody will bring any more."""
        with self._guard:
            promises = tuple(self._promises.values())
        for promise in promises:
            if promise.is_open:
                promise.fail(_ended())


def _name(subject: object) -> str:
    parts = subject if isinstance(subject, tuple) else (subject,)
    return " ".join(str(getattr(part, "filename", part)) for part in parts)


def _ended() -> IndexUnavailable:
    return IndexUnavailable("the run ended before the answer came")
