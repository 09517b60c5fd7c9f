"""One background thread with an event loop, started when a caller first waits for it. Knows nothing of HTTP."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING

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
        self._closed = False

    @property
    def is_current(self) -> bool:
        """Whether the caller runs on this thread."""
        return self._thread is threading.current_thread()

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

    def close(self) -> None:
        """Cancel what runs, end the loop and join the thread."""
        with self._guard:
            was_closed, self._closed = self._closed, True
            if not was_closed and self._loop is not None and self._stop is not None:
                self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread is not None:
            self._thread.join()
        else:
            self._close_early()

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
        with self._guard:
            self._loop = asyncio.get_running_loop()
            early, self._early = self._early, []
            if self._closed:
                self._stop.set()
        for work in early:
            self._spawn(work)
        try:
            await self._stop.wait()
            # Tasks may start others while they end, so this repeats until none is left.
            while self._tasks:
                tasks = tuple(self._tasks)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            await self._at_end()
