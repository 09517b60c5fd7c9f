"""Renders a bundle as a script for sh that builds a Debian package of it with ``dpkg-deb``."""

from __future__ import annotations

import re
import shlex

from packaging.version import InvalidVersion, Version

from wheelcheck.errors import UsageProblem
from wheelcheck.export.shipment import Shipment, file_name_of, filled, one_line
from wheelcheck.plans.documents import refuse_unexecutable

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
    refuse_unexecutable(plan)
    architecture = _ARCHITECTURES.get(plan.target.markers.get("platform_machine", ""), "")
    if plan.target.markers.get("sys_platform") != "linux" or "musl" in plan.target.platform or not architecture:
        raise UsageProblem(f"a Debian package is for Linux with glibc, and the plan is for {plan.target}")
    bundle = shipment.required("--bundle DIR", shipment.bundle, "deb")
    entry = shipment.required("--entry SCRIPT", shipment.entry, "deb")
    if shipment.manifest is not None and shipment.manifest.archives:
        raise UsageProblem(
            "the bundle is in archives", address=bundle, hint="bundle without --archive: dpkg-deb compresses"
        )
    package = re.sub(r"[^a-z0-9.+-]+", "-", shipment.title.lower()).strip("-.+")
    if len(package) < 2:
        raise UsageProblem(
            f"--name {shipment.title!r} makes no name of a Debian package", hint="give two letters or digits"
        )
    module, _, function = entry.partition(":")
    is_module = bool(function) and all(each.isidentifier() for each in [*module.split("."), function])
    script = file_name_of(entry)
    start = f"-c {shlex.quote(f'import sys; from {module} import {function}; sys.exit({function}())')}"
    return filled(
        "deb.txt",
        target=str(plan.target),
        digest=shipment.digest,
        bundle=shlex.quote(bundle),
        entry=shlex.quote("" if is_module else entry),
        copy="" if is_module else f'cp "$entry" "$root/opt/{package}/"{shlex.quote(script)}\n',
        start=start if is_module else f'"$here/../../opt/{package}/"{shlex.quote(script)}',
        file=shlex.quote(f"{package}_{_version(shipment.release)}_{architecture}.deb"),
        package=package,
        version=_version(shipment.release),
        architecture=architecture,
        publisher=_maintainer(shipment),
        depends=_depends(plan.target.platform),
        executable=_executable(shipment),
        name=re.sub(r"[$`\\]", "", one_line(shipment.title)),
        count=str(len(plan.packages)),
    )


def _executable(shipment: Shipment) -> str:
    name = shipment.executable if shipment.manifest is not None else "bin/python3"
    if not re.fullmatch(r"[\w./+-]+", name):
        raise UsageProblem(f"{name!r} is no interpreter of a bundle for Linux", address=shipment.bundle)
    return name


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
