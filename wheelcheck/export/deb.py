"""Renders a bundle as a script for sh that builds a Debian package of it with ``dpkg-deb``."""

from __future__ import annotations

import re
import shlex

from packaging.version import InvalidVersion, Version

from wheelcheck.errors import UsageProblem
from wheelcheck.export.shipment import Shipment, filled, one_line
from wheelcheck.export.starting import sh_words, start_of

_ARCHITECTURES = {
    "x86_64": "amd64",
    "aarch64": "arm64",
    "armv7l": "armhf",
    "i686": "i386",
    "ppc64le": "ppc64el",
    "s390x": "s390x",
}
_GLIBC = re.compile(r"manylinux_(\d+)_(\d+)_")


def render(shipment: Shipment) -> str:
    """The script for *shipment*'s program: ``/opt/NAME`` with the environment, ``/usr/bin/NAME`` that starts it.

    Raises ``UsageProblem`` without a bundle or an entry, for a bundle in archives or without a runtime, for other targets than
    Linux with glibc, for a name or version that Debian does not take, and for a plan that cannot be executed.
    """
    plan = shipment.plan
    start = start_of(shipment, "deb", "linux")
    architecture = _ARCHITECTURES.get(plan.target.markers.get("platform_machine", ""), "")
    if "musl" in plan.target.platform or not architecture:
        raise UsageProblem(f"a Debian package is for Linux with glibc, and the plan is for {plan.target}")
    version = _version(shipment.release)
    return filled(
        "deb.txt",
        **sh_words(shipment, start),
        file=shlex.quote(f"{start.name}_{version}_{architecture}.deb"),
        version=version,
        architecture=architecture,
        publisher=_maintainer(shipment),
        depends=_depends(plan.target.platform),
        count=str(len(plan.packages)),
    )


def _version(text: str) -> str:
    """*text* as Debian orders versions: a pre-release (``1.0rc1``) is ``1.0~rc1``, which comes before ``1.0``."""
    try:
        version = Version(text)
        text = str(version).replace("rc", "~rc").replace(".dev", "~dev") if version.is_prerelease else text
    except InvalidVersion:
        pass
    if not re.fullmatch(r"[0-9][A-Za-z0-9.+~-]*", text):
        raise UsageProblem(f"--app-version {text!r} is no version of a Debian package", hint="begin it with a digit")
    return text


def _maintainer(shipment: Shipment) -> str:
    text = re.sub(r"[$`\\]", "", one_line(shipment.publisher or shipment.title))
    return text if re.search(r"<[^<>@ ]+@[^<>@ ]+>", text) else f"{text} <nobody@localhost>"


def _depends(platform: str) -> str:
    found = _GLIBC.match(platform)
    return f"libc6 (>= {found[1]}.{found[2]})" if found else "libc6"
