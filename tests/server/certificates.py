"""TLS for the test index: a certificate for loopback that nobody trusts unless told, so that CA options can be tested.

``tls/cert.pem`` is its own authority, valid until 2120; its key protects nothing.
"""

from __future__ import annotations

import ssl
from pathlib import Path

CA_FILE = Path(__file__).parent / "tls" / "cert.pem"
"""What ``SSL_CERT_FILE``, ``REQUESTS_CA_BUNDLE`` or ``PIP_CERT`` must name for a client to trust the server."""


def server_context() -> ssl.SSLContext:
    """The context to pass as ``IndexServer(tls=…)``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CA_FILE, CA_FILE.with_name("key.pem"))
    return context
