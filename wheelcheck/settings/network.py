"""How to reach the network, from pip's configuration and the variables that other tools obey too; opens no connection."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from wheelcheck.errors import UsageProblem
from wheelcheck.settings.pip_configuration import PipConfiguration

BUNDLE_VARIABLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE")


class NetworkSettings(Struct, frozen=True, kw_only=True):
    """Certificates, proxy and patience; ``None`` leaves a value to whoever connects.

    ``ca_bundle`` is a PEM file or a folder of them, ``client_cert`` a PEM file with certificate and key. ``timeout`` is in
    seconds for one connect or read, ``retries`` how often a failed request is tried again.
    """

    ca_bundle: Path | None = None
    client_cert: Path | None = None
    proxy: str | None = None
    trusted_hosts: tuple[str, ...] = ()
    timeout: float | None = None
    retries: int | None = None


def network_settings(environ: Mapping[str, str], pip: PipConfiguration) -> NetworkSettings:
    """The network's share of *pip* and *environ*; pip's word on certificates wins, then the first variable that is set.

    The proxy variables (``HTTPS_PROXY``, ``NO_PROXY``, …) are left to the HTTP client. Raises ``UsageProblem`` naming the
    variable or file that points to a certificate file which is not there.
    """
    bundle, said_by = pip.cert, pip.cert_said_by
    for variable in BUNDLE_VARIABLES:
        if not bundle:
            bundle, said_by = environ.get(variable), variable
    return NetworkSettings(
        ca_bundle=_present(bundle, said_by),
        client_cert=_present(pip.client_cert, pip.client_cert_said_by),
        proxy=pip.proxy,
        trusted_hosts=pip.trusted_hosts,
        timeout=pip.timeout,
        retries=pip.retries,
    )


def _present(text: str | None, said_by: str) -> Path | None:
    if not text:
        return None
    path = Path(os.path.expanduser(text))  # noqa: PTH111 - Path.expanduser raises for an unknown user
    if not path.exists():
        raise UsageProblem(
            f"names a certificate file that is not there: {path}", address=said_by, hint=f"correct or unset {said_by}"
        )
    return path
