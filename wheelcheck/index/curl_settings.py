"""What libcurl is told of certificates and proxies, by configuration and environment; connects to nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pycurl

from wheelcheck.errors import SettingsInvalid
from wheelcheck.index.bundles import bundle_named_by_environment
from wheelcheck.index.config import IndexConfig

Options = Mapping[int, str | int]


def tls_options(config: IndexConfig) -> Options:
    """Which certificates to trust and to show, as options of an easy handle.

    Raises ``SettingsInvalid`` for a bundle or client certificate that is not there.
    """
    options: dict[int, str | int] = {}
    bundle = config.ca_bundle or bundle_named_by_environment()
    if bundle is None:
        options.update(_system_options())
    else:
        _reject_unreadable(bundle, "CA bundle", "name a file of PEM certificates")
        options.update(_bundle_options(bundle))
    if config.client_cert is not None:
        _reject_unreadable(config.client_cert, "client certificate", "name a PEM file with certificate and key")
        options[pycurl.SSLCERT] = options[pycurl.SSLKEY] = str(config.client_cert)
    return options


def _bundle_options(bundle: Path) -> Options:
    if bundle.is_dir():
        return {pycurl.CAPATH: str(bundle), pycurl.PROXY_CAPATH: str(bundle)}
    return {pycurl.CAINFO: str(bundle), pycurl.PROXY_CAINFO: str(bundle)}


def _system_options() -> Options:
    if sys.platform in ("win32", "darwin"):
        return {pycurl.SSL_OPTIONS: pycurl.SSLOPT_NATIVE_CA, pycurl.PROXY_SSL_OPTIONS: pycurl.SSLOPT_NATIVE_CA}
    # A libcurl from a wheel looks where its builder's system had certificates; Python knows where this one has them.
    import ssl

    paths = ssl.get_default_verify_paths()
    place = paths.cafile or paths.capath
    return {} if place is None else _bundle_options(Path(place))


def _reject_unreadable(path: Path, what: str, hint: str) -> None:
    try:
        if not path.is_dir():
            path.open("rb").close()
    except OSError as problem:
        raise SettingsInvalid(f"the {what} cannot be read: {problem}", address=str(path), hint=hint) from problem


def proxies_by_scheme(explicit: str | None) -> Mapping[str, str]:
    """The proxies that libcurl does not find by itself in the environment: the *explicit* one, or the system's setting."""
    if explicit is not None:
        return {"http": explicit, "https": explicit}
    named = {name for name in os.environ if name.lower() in ("http_proxy", "https_proxy", "all_proxy")}
    if "HTTP_PROXY" in named and "http_proxy" not in named and "REQUEST_METHOD" not in os.environ:
        # libcurl reads this one in small letters only, as a web server would let its clients set the other.
        return {"http": os.environ["HTTP_PROXY"]}
    if named or sys.platform not in ("win32", "darwin"):
        return {}
    from urllib.request import getproxies

    return {scheme: proxy for scheme, proxy in getproxies().items() if scheme in ("http", "https")}
