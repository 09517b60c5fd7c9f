"""Turns signals that end a process into ``KeyboardInterrupt``, so that commands that write files clean up as at Ctrl-C."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

# A closed terminal sends SIGHUP (which Windows lacks), a cancelled job of CI or a container SIGTERM.
_ENDINGS = tuple(number for name in ("SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None)


@contextmanager
def ending_in_order() -> Iterator[None]:
    """Raise ``KeyboardInterrupt`` once at such a signal; one that the caller ignores (``nohup``) stays ignored.

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
    # A second signal must not interrupt the cleaning up after the first.
    for each in _ENDINGS:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt
