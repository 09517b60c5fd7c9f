"""Renders a bundle as an include for an NSIS script; refuses to install what its manifest does not name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from urllib.parse import quote, urlsplit

from wheelcheck.errors import UsageProblem
from wheelcheck.export.shipment import Shipment
from wheelcheck.model.urls import masked
from wheelcheck.plans.executing import refuse_unexecutable

_PLAIN = re.compile(r"[^$\"'`{}%\\/:*?<>|\x00-\x1f\x7f]+")


def render(shipment: Shipment) -> str:
    """Two macros for the script of *shipment*'s program: ``WHEELCHECK_INSTALL`` and ``WHEELCHECK_UNINSTALL``.

    A bundle that is a folder is packed into the installer; one in archives is downloaded from ``url`` while installing, unless it
    lies beside the installer, and every hash is checked before anything is unpacked. Either way the environment is in
    ``$INSTDIR/python``, and appears whole. Raises ``UsageProblem`` without a bundle, for other targets than Windows, for archives
    without a URL, and for a plan that cannot be executed.
    """
    return marked("\n".join([*iter_include(shipment, "nsis-include"), ""]))


def iter_include(shipment: Shipment, form: str) -> Iterator[str]:
    """The lines of the include, for those who put them into a whole script; *form* is the format that messages name."""
    plan = shipment.plan
    refuse_unexecutable(plan)
    if plan.target.markers.get("sys_platform") != "win32":
        raise UsageProblem(f"NSIS makes installers for Windows, and the plan is for {plan.target}")
    shipment.required("--bundle DIR", shipment.bundle, form)
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
    yield from _iter_content(shipment, form)
    yield "  !insertmacro WheelcheckEnd"
    yield "!macroend"
    yield "!endif"


def _part(filename: str) -> str:
    return files("wheelcheck.export").joinpath(filename).read_text(encoding="utf-8").rstrip("\n")


def _iter_content(shipment: Shipment, form: str) -> Iterator[str]:
    manifest = shipment.manifest
    if manifest is None or not manifest.archives:
        yield f'  File /r "{literal(shipment.bundle)}/*.*"'
        return
    url = _address(shipment.required("--url URL, since the bundle is in archives", shipment.url, form))
    for archive in manifest.archives:
        if not archive.filename.endswith(".zip"):
            raise UsageProblem(
                f"{archive.filename}: the tar.exe of Windows 10 reads no zstd", hint="bundle with --archive zip"
            )
        if not _PLAIN.fullmatch(archive.filename):
            raise UsageProblem(
                f"{archive.filename!r} is no name of an archive", hint="bundle again with another --name"
            )
        words = (f"{url}/{quote(archive.filename)}", archive.filename, archive.sha256, f"{archive.size / 1e6:.0f}")
        yield "  !insertmacro WheelcheckArchive " + " ".join(f'"{escaped(word)}"' for word in words)


def _address(url: str) -> str:
    """*url* in characters that neither NSIS nor its System plugin reads as their own."""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise UsageProblem(
            f"--url {masked(url)!r} is no address that Windows can download from", hint="give an https URL"
        )
    if "@" in parts.netloc:
        raise UsageProblem(
            "--url has a user name or password in it, which everybody could read in the installer",
            hint="put the archives where no password is needed, or beside the installer",
        )
    return quote(url, safe="%/:=&?~#+!,;@()")


def marked(script: str) -> str:
    """*script* with a byte order mark where it needs one: makensis on Windows reads others in the machine's own code page."""
    return script if script.isascii() else f"\ufeff{script}"


def literal(path: str) -> str:
    """*path* between double quotes where makensis itself opens a file, which knows no escapes but those of quotes."""
    return escaped(path).replace("$$", "$")


def escaped(text: str) -> str:
    """*text* for a string in double quotes of an NSIS script.

    Raises ``UsageProblem`` for control characters, and for ``${``, which NSIS reads as a name even behind another ``$``.
    """
    if any(not character.isprintable() for character in text) or "${" in text:
        raise UsageProblem(f"{text!r} has a control character or ${{, which an NSIS script cannot hold")
    return text.replace("$", "$$").replace('"', '$\\"')
