"""TLS contexts for httpx2, by configuration and environment; each is loaded at most once, and only when a connection needs it."""

from __future__ import annotations

import ssl
from pathlib import Path

from wheelcheck.errors import SettingsInvalid
from wheelcheck.index.bundles import bundle_named_by_environment


def trusting_context(ca_bundle: Path | None, client_cert: Path | None) -> ssl.SSLContext:
    """A context that verifies servers against *ca_bundle*, else the environment's, else the client library's own; about 20 ms.

    Raises ``SettingsInvalid`` for a bundle or client certificate that cannot be read.
    """
    bundle = ca_bundle or bundle_named_by_environment()
    if bundle is None:
        import httpx2

        context = httpx2.create_ssl_context()
    else:
        try:
            is_folder = bundle.is_dir()
            context = ssl.create_default_context(
                cafile=None if is_folder else str(bundle), capath=str(bundle) if is_folder else None
            )
        except (OSError, ssl.SSLError) as problem:
            raise SettingsInvalid(
                f"the CA bundle cannot be read: {problem}", address=str(bundle), hint="name a file of PEM certificates"
            ) from problem
    return _with_client_cert(context, client_cert)


def blind_context(client_cert: Path | None) -> ssl.SSLContext:
    """A context that verifies nothing, for hosts that the user calls trusted."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return _with_client_cert(context, client_cert)


def _with_client_cert(context: ssl.SSLContext, client_cert: Path | None) -> ssl.SSLContext:
    if client_cert is not None:
        try:
            context.load_cert_chain(client_cert)
        except (OSError, ssl.SSLError) as problem:
            raise SettingsInvalid(
                f"the client certificate cannot be read: {problem}",
                address=str(client_cert),
                hint="name a PEM file with certificate and key",
            ) from problem
    return context
