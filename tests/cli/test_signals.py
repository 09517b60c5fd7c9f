"""Signals: "interrupted" and 130 at any moment since the first import, never swallowed, and nothing half-done is left."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

if sys.platform == "win32":
    pytest.skip("POSIX signals", allow_module_level=True)

from tests.fuzz.disturbing import disturb

_PROGRAM = """
import os, signal, sys
from wheelcheck.cli.signals import ending_in_order, leave_at_signals
leave_at_signals()
{}
"""
_SWALLOWED = """
class Swallowing:
    def __del__(self):
        os.kill(os.getpid(), signal.{number})
        for _ in range(100): pass
def work():
    thing = Swallowing()
    del thing
    for _ in iter(int, 1): pass
{call}
"""


def ended(code: str) -> tuple[int, str, str]:
    """Status and streams of a process that runs *code* behind the handlers of the program."""
    done = subprocess.run([sys.executable, "-c", _PROGRAM.format(code)], capture_output=True, timeout=30, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_signal_in_a_finaliser_or_a_callback_ends_the_process(number: str) -> None:
    assert ended(_SWALLOWED.format(number=number, call="work()")) == (130, "", "\ninterrupted\n")


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_signal_that_a_finaliser_swallows_comes_again_where_files_are_written(number: str) -> None:
    # Threads that change all the time bring the moments in which the second interruption could be lost, or come too late.
    call = "sys.setswitchinterval(1e-6)\ntry:\n    with ending_in_order(): work()\nexcept KeyboardInterrupt: print('in order')"
    status, out, _ = ended(_SWALLOWED.format(number=number, call=call))
    assert (status, out) == (0, "in order\n")


def test_signal_that_the_caller_ignores_stays_ignored() -> None:
    code = "signal.signal(signal.SIGHUP, signal.SIG_IGN)\nleave_at_signals()\nos.kill(os.getpid(), signal.SIGHUP)\nprint('there')"
    assert ended(code) == (0, "there\n", "")


def test_signal_that_comes_while_cleaning_up_does_not_interrupt_it() -> None:
    code = """
try:
    with ending_in_order():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            for _ in iter(int, 1): pass
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            print('cleaned', flush=True)
except KeyboardInterrupt:
    pass
os.kill(os.getpid(), signal.SIGINT)
for _ in iter(int, 1): pass
"""
    assert ended(code) == (130, "cleaned\n", "\ninterrupted\n")


def test_signals_at_random_moments_leave_nothing_half_done_and_the_next_run_whole() -> None:
    found = disturb(6, (signal.SIGINT, signal.SIGTERM), seed=time.time_ns())
    assert found.wrong == []


def test_kill_at_random_moments_leaves_what_the_next_run_is_whole_with() -> None:
    found = disturb(6, (signal.SIGKILL,), seed=time.time_ns())
    assert found.wrong == []
