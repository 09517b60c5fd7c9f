"""Fetches each thing once, on one background thread: the first caller starts it, all callers share its future. Knows no HTTP."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from typing import TYPE_CHECKING, Generic, TypeVar

from wheelcheck.errors import IndexUnavailable, note_reading

if TYPE_CHECKING:
    import asyncio


Work = Coroutine[object, None, None]


class LoopThread:
    """Runs coroutines that were submitted from any thread, until closed.

    *at_start* runs before the loop, *at_end* on it as the last coroutine, *at_death* after it, even if it failed, so that waiting
    callers can be told. The thread itself imports asyncio, so that the import overlaps with what the caller does next.
    """

    def __init__(
        self, at_start: Callable[[], None], at_end: Callable[[], Awaitable[None]], at_death: Callable[[], None]
    ) -> None:
        self._at_start = at_start
        self._at_end = at_end
        self._at_death = at_death
        self._guard = threading.Lock()
        self._early: list[Work] = []
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._serving = threading.Event()
        self._closed = False

    @property
    def is_current(self) -> bool:
        """Whether the caller runs on this thread."""
        return self._thread is threading.current_thread()

    @property
    def is_started(self) -> bool:
        """Whether it runs, or ran."""
        return self._thread is not None

    @property
    def is_serving(self) -> bool:
        """Whether what is submitted runs at once: the thread has started and imported what it needs."""
        return self._serving.is_set()

    def wait_until_serving(self) -> None:
        """Wait, if it was started, until what was submitted before has begun; the caller leaves it the interpreter for that."""
        while self._thread is not None and not self._serving.wait(_STEP):
            pass

    def start(self) -> None:
        """Start the thread if it does not run yet; what was submitted before runs first."""
        with self._guard:
            if self._thread is None and not self._closed:
                # A daemon: an interrupted run must not wait for it at interpreter exit.
                self._thread = threading.Thread(target=self._run, name="wheelcheck index", daemon=True)
                self._thread.start()

    def submit(self, work: Work) -> bool:
        """Run *work* as soon as the thread is started; returns false and closes the coroutine if the thread was closed.

        Does not start the thread: a prefetch must not make a run with a full cache import the HTTP client.
        """
        if self._loop is not None and self.is_current and not self._closed:
            self._spawn(work)
            return True
        with self._guard:
            if self._closed:
                work.close()
                return False
            if self._loop is None:
                self._early.append(work)
            else:
                self._loop.call_soon_threadsafe(self._spawn, work)
        return True

    def close(self, patience: float = 10) -> bool:
        """Cancel what runs, end the loop and join the thread; whether it ended within *patience* seconds.

        What cannot be cancelled, such as the reading of a page with 200,000 links, must not hold a run beyond its time.
        """
        with self._guard:
            was_closed, self._closed = self._closed, True
            if not was_closed and self._loop is not None and self._stop is not None:
                self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread is not None:
            self._thread.join(patience)
            return not self._thread.is_alive()
        self._close_early()
        return True

    def _spawn(self, work: Work) -> None:
        import asyncio

        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _run(self) -> None:
        try:
            import asyncio

            self._at_start()
            with asyncio.Runner() as runner:
                runner.run(self._serve())
        finally:
            with self._guard:
                self._closed = True
            self._serving.set()
            self._close_early()
            self._at_death()

    def _close_early(self) -> None:
        with self._guard:
            early, self._early = self._early, []
        for work in early:
            work.close()

    async def _serve(self) -> None:
        import asyncio

        self._stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        with self._guard:
            self._loop = loop
            early, self._early = self._early, []
            if self._closed:
                self._stop.set()
        for work in early:
            self._spawn(work)
        loop.call_soon(self._serving.set)
        try:
            await self._stop.wait()
            # Tasks may start others while they end, so this repeats until none is left.
            while self._tasks:
                tasks = tuple(self._tasks)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                # From Python 3.12 on, gathering tasks that have all ended gives the loop no turn in which they would be discarded.
                self._tasks.difference_update(tasks)
        finally:
            await self._at_end()


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
