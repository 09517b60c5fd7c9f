"""TLS for the test index: a certificate for loopback that nobody trusts unless told, so that CA options can be tested.

``tls/ca.pem`` is an authority of the tests, which issued ``tls/cert.pem``; both are valid until 2120, and the key protects nothing.
"""

from __future__ import annotations

import ssl
from pathlib import Path

CA_FILE = Path(__file__).parent / "tls" / "ca.pem"
"""What ``SSL_CERT_FILE``, ``REQUESTS_CA_BUNDLE`` or ``PIP_CERT`` must name for a client to trust the server."""

SELF_SIGNED_FILE = CA_FILE.with_name("self_signed.pem")


def server_context() -> ssl.SSLContext:
    """The context to pass as ``IndexServer(tls=…)``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CA_FILE.with_name("cert.pem"), CA_FILE.with_name("key.pem"))
    return context


def strict_context() -> ssl.SSLContext:
    """A context that wants a certificate of the client, one that ``ca.pem`` issued."""
    context = server_context()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(CA_FILE)
    return context


def authority_context() -> ssl.SSLContext:
    """A context whose certificate is an authority's own, as ``openssl req -x509`` makes them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(SELF_SIGNED_FILE)
    return context
