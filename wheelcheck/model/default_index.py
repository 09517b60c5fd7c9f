"""The index that installers ask when nobody names one, as the build hook in ``hatch_build.py`` wrote it down."""

from __future__ import annotations

import functools
from importlib import import_module


@functools.cache
def default_index_url() -> str:
    """The ``PYPI_SIMPLE_ENDPOINT`` that pypi-simple publishes; empty in a checkout that was never installed."""
    try:
        generated = import_module("wheelcheck.model._default_index")
    except ModuleNotFoundError:
        return ""
    return str(generated.DEFAULT_INDEX_URL)


def is_default_index(url: str) -> bool:
    """Whether *url* is that index, whatever its trailing slash."""
    return url.rstrip("/") == default_index_url().rstrip("/")
