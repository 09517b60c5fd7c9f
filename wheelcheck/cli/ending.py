"""Lets a run that writes a lot end in order when it is told to end, not only when its user presses Ctrl-C; starts nothing."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

# What a closed terminal and a cancelled job (CI, containers, service managers) send; Windows has no SIGHUP.
_ENDINGS = tuple(number for name in ("SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None)


@contextmanager
def ending_in_order() -> Iterator[None]:
    """Turn a request to end into ``KeyboardInterrupt``, once; a signal that the caller ignores (``nohup``) stays ignored.

    Outside of the main thread, where Python takes no signals, this changes nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with contextlib.ExitStack() as stack:
        for number in _ENDINGS:
            former = signal.getsignal(number)
            if former is not signal.SIG_IGN:
                signal.signal(number, _end)
                stack.callback(signal.signal, number, former)
        yield


def _end(number: int, frame: object) -> NoReturn:  # noqa: ARG001 - what Python calls it with
    # The second one must not end the tidying up after the first.
    for each in _ENDINGS:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt
