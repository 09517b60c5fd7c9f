"""Measures wheelcheck beside uv, nab, pip and pex on the same work, in one run: ``python -m tests.benchmarks``; tests nothing.

Nothing here is part of the default test run but ``test_harness.py``, which times nothing.
"""
