"""What signals do: the program ends at once, or in order. Imports little, for it comes before all else.

It is in order where files are written or processes are started, which would outlive it. Ctrl-C, SIGTERM (a cancelled job of CI, a
container) and SIGHUP (a closed terminal, which Windows lacks) are alike. One that the caller ignores (``nohup``) stays ignored.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
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
        stack.callback(setattr, sys, "unraisablehook", sys.unraisablehook)
        sys.unraisablehook = _raised_again
        yield


def _end(number: int, frame: object) -> NoReturn:  # noqa: ARG001 - as above
    for each in _ENDINGS:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def _raised_again(swallowed: Any) -> None:  # noqa: ANN401 - the type is known to type checkers alone
    if not isinstance(swallowed.exc_value, KeyboardInterrupt):
        sys.__unraisablehook__(swallowed)
        return
    import _thread

    signal.signal(signal.SIGINT, _end)
    timer = threading.Timer(_AGAIN, _thread.interrupt_main)
    timer.daemon = True
    timer.start()
