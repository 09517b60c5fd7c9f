"""Settings that hold for every test."""

from __future__ import annotations

import os
import signal
import threading

import pytest
from hypothesis import HealthCheck, settings

# How fast examples are drawn and run says nothing of the code under test: it depends on what else the machine does. A law that
# names health checks of its own replaces this list, so it names `too_slow` again.
_quick = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
# The verdict on a change must not depend on luck, so the same examples are drawn in each run. New ones are drawn with
# HYPOTHESIS_PROFILE=new, and by python -m tests.fuzz.
settings.register_profile("wheelcheck", _quick, derandomize=True)
settings.register_profile("new", _quick)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "wheelcheck"))

# A shell that runs the tests in the background lets them ignore Ctrl-C, and nohup the end of the terminal; so would every program
# that they start and interrupt.
if threading.current_thread() is threading.main_thread():
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_configure(config: pytest.Config) -> None:
    """Keep further indexes of this machine's pip and uv out of the answers; live tests go by the way to the index that it names."""
    if config.getoption("markexpr") != "live":
        os.environ["PIP_CONFIG_FILE"] = os.devnull
        os.environ.pop("PIP_EXTRA_INDEX_URL", None)
        os.environ["UV_NO_CONFIG"] = "1"
