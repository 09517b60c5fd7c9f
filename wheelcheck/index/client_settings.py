"""Opens the HTTP client with the proxy and the certificates that configuration and environment name. Sends nothing."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import BuilderError, DetailedPyreqwestError, PyreqwestError
from pyreqwest.proxy import ProxyBuilder

from wheelcheck.errors import SettingsInvalid
from wheelcheck.index.config import IndexConfig
from wheelcheck.model.urls import masked_within
from wheelcheck.texts.files import read_file

CERTIFICATE_HINT = "name the CA bundle with SSL_CERT_FILE or pip's cert, or the host as a trusted host"
"""What to do about a certificate that is not accepted."""

_STREAM_WINDOW = 4 * 1024**2  # bytes in flight: the default of 64 KiB would slow a large file down on a long way
_CONNECTION_WINDOW = 16 * 1024**2
_FRAME = 1024**2  # bytes: fewer and larger chunks than by the default of 16 KiB
_BUNDLE_VARIABLES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_DIR")
_CERTIFICATE = b"-----BEGIN CERTIFICATE-----"


def open_client(config: IndexConfig, *, is_trusted: bool) -> Client:
    """Open a client with the proxy and certificates of *config*; one for *is_trusted* hosts checks no certificate. Takes 5 ms.

    Raises ``SettingsInvalid`` for what cannot be read.
    """
    timeout = timedelta(seconds=config.timeout)
    builder = (
        ClientBuilder()
        .user_agent(config.user_agent)
        .follow_redirects(False)
        .gzip(False)
        .deflate(False)
        .brotli(False)
        .zstd(False)
        .http2(True)
        .http2_initial_stream_window_size(_STREAM_WINDOW)
        .http2_initial_connection_window_size(_CONNECTION_WINDOW)
        .http2_max_frame_size(_FRAME)
        .connect_timeout(timeout)
        .read_timeout(timeout)
        .danger_accept_invalid_certs(is_trusted)
    )
    for proxy in _proxies(config.proxy):
        builder = builder.proxy(proxy)
    bundle = config.ca_bundle or _bundle_named_by_environment()
    hint = "name a file of PEM certificates"
    for content in () if bundle is None else _certificates(bundle, hint):
        builder = builder.add_root_certificate_pem(content)
    if config.client_cert is not None:
        builder = _with_client_certificate(builder, config.client_cert)
    try:
        return builder.build()
    except BuilderError as problem:
        if bundle is None:
            raise SettingsInvalid(
                f"the certificates of this system cannot be read: {causes(problem)[-1]}", hint=CERTIFICATE_HINT
            ) from problem
        raise SettingsInvalid(
            f"the CA bundle cannot be read: {causes(problem)[-1]}", address=str(bundle), hint=hint
        ) from problem


def _certificates(bundle: Path, hint: str) -> list[bytes]:
    """The PEM files that *bundle* names; files of a folder that hold no certificate are skipped, as OpenSSL does."""
    try:
        files = sorted(bundle.iterdir()) if bundle.is_dir() else [bundle]
        contents = [read_file(file) for file in files if not bundle.is_dir() or file.is_file()]
    except OSError as problem:
        raise SettingsInvalid(f"the CA bundle cannot be read: {problem}", address=str(bundle), hint=hint) from problem
    found = [content for content in contents if _CERTIFICATE in content]
    if not found and not bundle.is_dir():
        raise SettingsInvalid(
            "the CA bundle cannot be read: it holds no certificate in PEM", address=str(bundle), hint=hint
        )
    return found


def _with_client_certificate(builder: ClientBuilder, file: Path) -> ClientBuilder:
    try:
        return builder.identity_pem(read_file(file))
    except (OSError, ValueError) as problem:
        raise SettingsInvalid(
            f"the client certificate cannot be read: {problem}",
            address=str(file),
            hint="name a PEM file with certificate and key",
        ) from problem


def _bundle_named_by_environment() -> Path | None:
    for variable in _BUNDLE_VARIABLES:
        named = os.environ.get(variable)
        # SSL_CERT_DIR may be a list of folders; then the library reads it by itself.
        if named and Path(named).exists():
            return Path(named)
    return None


def _proxies(explicit: str | None) -> list[ProxyBuilder]:
    """The proxies that pyreqwest does not find by itself in the environment: the *explicit* one, or the system's setting."""
    if explicit is not None:
        return [_proxy("all", explicit)]
    if sys.platform not in ("win32", "darwin"):
        return []
    if any(name.lower() in ("http_proxy", "https_proxy", "all_proxy") for name in os.environ):
        return []
    from urllib.request import getproxies

    excluded = os.environ.get("NO_PROXY") or os.environ.get("no_proxy")
    return [
        _proxy(scheme, proxy).no_proxy(excluded)
        for scheme, proxy in getproxies().items()
        if scheme in ("http", "https")
    ]


def _proxy(kind: str, url: str) -> ProxyBuilder:
    make = {"all": ProxyBuilder.all, "http": ProxyBuilder.http, "https": ProxyBuilder.https}[kind]
    try:
        return make(url)
    except (ValueError, PyreqwestError) as problem:
        raise SettingsInvalid(
            f"the proxy's URL cannot be read: {masked_within(causes(problem)[-1])}", hint="give http://host:port"
        ) from problem


def causes(problem: Exception) -> list[str]:
    """The messages of *problem*, from the most general to the most special."""
    found = problem.details["causes"] if isinstance(problem, DetailedPyreqwestError) else None
    return [cause["message"] for cause in found or ()] or [str(problem)]
