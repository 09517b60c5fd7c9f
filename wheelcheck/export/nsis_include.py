"""Renders a bundle as an include for an NSIS script; refuses to install what its manifest does not name."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

from wheelcheck.errors import UsageProblem
from wheelcheck.export.shipment import Shipment
from wheelcheck.plan.executing import refuse_unexecutable


def render(shipment: Shipment) -> str:
    """Two macros for the script of *shipment*'s program: ``WHEELCHECK_INSTALL`` and ``WHEELCHECK_UNINSTALL``.

    A bundle that is a folder is packed into the installer; one in archives is downloaded from ``url`` while installing, unless it
    lies beside the installer, and every hash is checked before anything is unpacked. Either way the environment is in
    ``$INSTDIR/python``, and appears whole. Raises ``UsageProblem`` without a bundle, for other targets than Windows, for archives
    without a URL, and for a plan that cannot be executed.
    """
    return "\n".join([*iter_include(shipment), ""])


def iter_include(shipment: Shipment) -> Iterator[str]:
    """The lines of the include, for those who put them into a whole script."""
    plan = shipment.plan
    refuse_unexecutable(plan)
    if plan.target.markers.get("sys_platform") != "win32":
        raise UsageProblem(f"NSIS makes installers for Windows, and the plan is for {plan.target}")
    shipment.required("--bundle DIR", shipment.bundle, "nsis")
    yield f"; Made by wheelcheck for {plan.target}, from the plan {shipment.digest}."
    yield '!include "LogicLib.nsh"'
    yield "!ifndef WHEELCHECK_INCLUDED"
    yield "!define WHEELCHECK_INCLUDED"
    yield _part("nsis_include.txt")
    if shipment.manifest is not None and shipment.manifest.archives:
        yield _part("nsis_download.txt")
    yield ""
    yield "!macro WHEELCHECK_INSTALL"
    yield "  !insertmacro WheelcheckBegin"
    yield from _iter_content(shipment)
    yield "  !insertmacro WheelcheckEnd"
    yield "!macroend"
    yield "!endif"


def _part(filename: str) -> str:
    return files("wheelcheck.export").joinpath(filename).read_text(encoding="utf-8").rstrip("\n")


def _iter_content(shipment: Shipment) -> Iterator[str]:
    manifest = shipment.manifest
    if manifest is None or not manifest.archives:
        yield f'  File /r "{escaped(shipment.bundle)}/*.*"'
        return
    url = shipment.required("--url URL, since the bundle is in archives", shipment.url, "nsis")
    for archive in manifest.archives:
        if not archive.filename.endswith(".zip"):
            raise UsageProblem(
                f"{archive.filename}: the tar.exe of Windows 10 reads no zstd", hint="bundle with --archive zip"
            )
        words = (f"{url}/{archive.filename}", archive.filename, archive.sha256, f"{archive.size / 1e6:.0f}")
        yield "  !insertmacro WheelcheckArchive " + " ".join(f'"{escaped(word)}"' for word in words)


def escaped(text: str) -> str:
    """*text* for a string in double quotes of an NSIS script."""
    if any(ord(character) < 32 for character in text):
        raise UsageProblem(f"{text!r} has a control character, which an NSIS script cannot hold")
    return text.replace("$", "$$").replace('"', '$\\"')
