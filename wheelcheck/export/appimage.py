"""Renders a bundle as a script for sh that builds an AppImage of it with ``mksquashfs``."""

from __future__ import annotations

import re
import shlex

from wheelcheck.errors import UsageProblem
from wheelcheck.export.shipment import Shipment, filled
from wheelcheck.export.starting import sh_words, start_of

_MACHINES = {"x86_64": "x86_64", "aarch64": "aarch64", "armv7l": "armhf", "i686": "i686"}


def render(shipment: Shipment) -> str:
    """The script for *shipment*'s program: an AppDir, packed behind the runtime that AppImage publishes.

    Raises ``UsageProblem`` where :func:`start_of` does, for other targets than Linux with glibc on a machine that a runtime is
    published for, and for an icon that is neither PNG nor SVG.
    """
    start = start_of(shipment, "appimage", "linux")
    target = shipment.plan.target
    machine = _MACHINES.get(target.markers.get("platform_machine", ""), "")
    if "musl" in target.platform or not machine:
        raise UsageProblem(
            f"an AppImage is for Linux with glibc on {', '.join(_MACHINES)}, and the plan is for {target}"
        )
    suffix = shipment.icon.rpartition(".")[2].lower() if shipment.icon else "svg"
    if suffix not in ("png", "svg"):
        raise UsageProblem(f"--icon {shipment.icon!r}: an AppImage takes PNG and SVG")
    release = re.sub(r"[^A-Za-z0-9.+_-]", "-", shipment.release)
    words = sh_words(shipment, start)
    return filled(
        "appimage.txt",
        **{**words, "title": words["title"].replace(";", ",")},
        icon=shlex.quote(shipment.icon),
        suffix=suffix,
        machine=machine,
        file=shlex.quote(f"{start.name}-{release}-{machine}.AppImage"),
        release=release,
    )
