"""Settings that hold for every test."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# How fast examples are drawn and run says nothing of the code under test: it depends on what else the machine does. A law that
# names health checks of its own replaces this list, so it names `too_slow` again.
settings.register_profile("wheelcheck", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("wheelcheck")
