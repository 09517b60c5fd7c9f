"""What signals do: the program ends at once, or in order. Imports little, for it comes before all else.

It is in order where files are written or processes are started, which would outlive it. Ctrl-C, SIGTERM (a cancelled job of CI, a
container) and SIGHUP (a closed terminal, which Windows lacks) are alike. One that the caller ignores (``nohup``) stays ignored.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

INTERRUPTED = 130
_ENDINGS = tuple(
    number for name in ("SIGINT", "SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None
)
_AGAIN = 0.005
"""Seconds until an interruption that was swallowed comes again."""


def leave_at_signals() -> None:
    """Have the process end at once at any such signal: with a line on stderr, its exit status, and nothing on stdout.

    Nothing is raised, because code that Python calls in between (of an import, of a finaliser) swallows what is raised in it.
    """
    for number in _ENDINGS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _leave)


def _leave(number: int, frame: object) -> NoReturn:  # noqa: ARG001 - what Python calls it with
    with contextlib.suppress(OSError):
        # The blank line ends the terminal's own "^C", or a line of progress.
        os.write(2, b"\ninterrupted\n")
    os._exit(INTERRUPTED)


@contextmanager
def ending_in_order() -> Iterator[None]:
    """Raise ``KeyboardInterrupt`` once at such a signal, and ignore further ones: what writes files or starts processes cleans up.

    Outside of the main thread, where Python takes no signals, this changes nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with contextlib.ExitStack() as stack:
        for number in _ENDINGS:
            former = signal.getsignal(number)
            if former not in (signal.SIG_IGN, _end):
                stack.callback(signal.signal, number, former)
                signal.signal(number, _end)
        repeating: list[threading.Thread] = []
        stack.callback(setattr, sys, "unraisablehook", sys.unraisablehook)
        sys.unraisablehook = functools.partial(_raise_again, repeating)
        # It has ended before the former handlers come back, which would leave at once.
        stack.callback(_wait_for, repeating)
        yield


def _end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - as above
    while frame is not None:
        if frame.f_code is _raise_again.__code__:
            return  # what is raised there would be swallowed too: it comes again
        frame = frame.f_back
    for each in _ENDINGS:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def _raise_again(repeating: list[threading.Thread], swallowed: Any) -> None:  # noqa: ANN401 - the type is known to type checkers alone
    if not isinstance(swallowed.exc_value, KeyboardInterrupt):
        sys.__unraisablehook__(swallowed)
        return
    signal.signal(signal.SIGINT, _end)
    repeating.append(threading.Thread(target=_interrupt_main, daemon=True))
    repeating[-1].start()


def _interrupt_main() -> None:
    import _thread

    time.sleep(_AGAIN)
    while signal.getsignal(signal.SIGINT) is _end:
        _thread.interrupt_main()
        time.sleep(_AGAIN)


def _wait_for(threads: list[threading.Thread]) -> None:
    for each in threads:
        each.join()
