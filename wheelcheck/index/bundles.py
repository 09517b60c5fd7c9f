"""Which CA bundle the environment names; reads no certificate."""

from __future__ import annotations

import os
from pathlib import Path

_VARIABLES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_DIR")


def bundle_named_by_environment() -> Path | None:
    """The file or folder that the first variable with an existing one names."""
    for variable in _VARIABLES:
        named = os.environ.get(variable)
        # SSL_CERT_DIR may be a list of folders; the library's own default reads it then.
        if named and Path(named).exists():
            return Path(named)
    return None
