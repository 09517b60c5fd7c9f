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


def test_work_that_cannot_be_cancelled_holds_nobody_beyond_the_time_that_it_is_given() -> None:
    running, released, ended = threading.Event(), threading.Event(), threading.Event()

    async def work() -> None:
        running.set()
        released.wait()

    thread = LoopThread(lambda: None, nothing, ended.set)
    thread.submit(work())
    thread.start()
    assert running.wait(10)
    assert not thread.close(0.1)
    released.set()
    assert ended.wait(10)
    assert thread.close(10)
