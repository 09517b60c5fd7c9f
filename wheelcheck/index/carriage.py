"""What it takes to carry one request to a server and its answer back, whichever library does it; tries nothing twice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

from wheelcheck.index.config import IndexConfig
from wheelcheck.index.exchange import Ask, Sink
from wheelcheck.values import dataclass

_SECRET = re.compile(r"//[^/@\s]+@")
REDIRECTS = 20
"""How many redirects in a row are followed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """An answer as it came. ``headers`` are in lower case; ``url`` is where redirects led; ``received`` counts bytes on the wire.

    ``is_cut``: the body was longer than the limit and is not whole.
    """

    status: int
    headers: Mapping[str, str]
    url: str
    received: int
    is_cut: bool


class CarriageFailed(Exception):
    """No answer came, or not all of it. *may_pass* tells whether another attempt makes sense; *hint* what to do, if known."""

    def __init__(self, cause: str, *, may_pass: bool, hint: str = "") -> None:
        # Proxies and redirects may have a password in their URL, which libraries repeat.
        self.cause = _SECRET.sub("//", cause)
        super().__init__(self.cause)
        self.may_pass = may_pass
        self.hint = hint


CERTIFICATE_HINT = "name the CA bundle with SSL_CERT_FILE or pip's cert, or the host as a trusted host"
PROXY_HINT = "give the proxy's user and password in its URL"
SCHEME_HINT = "give a URL with http, https or file"


class Carrier(Protocol):
    """Carries any number of requests at once, on the loop's thread."""

    async def carry(self, ask: Ask, headers: Mapping[str, str], sink: Sink) -> Carried:
        """Send *ask* with *headers*, follow redirects (``Authorization`` stays on its origin), pour the body into *sink*.

        Raises ``CarriageFailed``, and ``SettingsInvalid`` for certificates that cannot be read.
        """
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...


def open_carrier(config: IndexConfig) -> Carrier:
    """By libcurl where pycurl is installed, which does the work of a request in C: a fifth of the time; else by httpx2."""
    try:
        from wheelcheck.index.curl_carrier import CurlCarrier
    except ImportError:
        from wheelcheck.index.httpx_carrier import HttpxCarrier

        return HttpxCarrier(config)
    return CurlCarrier(config)
