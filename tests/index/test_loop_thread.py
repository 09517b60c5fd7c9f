"""The thread with the event loop ends whenever it is closed."""

from __future__ import annotations

import asyncio
import threading

from wheelcheck.index.once_map import LoopThread


async def nothing() -> None:
    return


def test_work_that_ends_just_as_the_thread_is_closed_does_not_keep_it() -> None:
    for _ in range(100):
        thread = LoopThread(lambda: None, nothing, lambda: None)
        running = threading.Event()

        async def work(thread: LoopThread = thread, running: threading.Event = running) -> None:
            running.set()
            while thread.submit(nothing()):
                await asyncio.sleep(0)
            # One turn later the loop is told to stop, and this task has ended and is not discarded yet.
            await asyncio.sleep(0)

        thread.submit(work())
        thread.start()
        assert running.wait(10)
        closing = threading.Thread(target=thread.close, daemon=True)
        closing.start()
        closing.join(10)
        assert not closing.is_alive()
