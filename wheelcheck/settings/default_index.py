"""The index that is asked when nobody names one; refuses to import the package that knows it."""

from __future__ import annotations

import functools
import re
from importlib.util import find_spec
from pathlib import Path

from wheelcheck.errors import SettingsInvalid

_CONSTANT = re.compile(r"""^PYPI_SIMPLE_ENDPOINT\b[^=\n]*=\s*["']([^"']+)["']""", re.MULTILINE)


@functools.cache
def default_index_url() -> str:
    """The ``PYPI_SIMPLE_ENDPOINT`` of pypi-simple, read from its source: importing it costs 0.4 s.

    Raises ``SettingsInvalid`` where the package is missing or has no such constant.
    """
    spec = find_spec("pypi_simple")
    if spec is not None and spec.origin is not None:
        found = _CONSTANT.search(Path(spec.origin).read_text(encoding="utf-8"))
        if found is not None:
            return found[1]
    raise SettingsInvalid("no default index is known: pypi-simple is missing or unusual", hint="give --index-url")
