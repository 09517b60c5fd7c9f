"""Renders a bundle as an NSIS script, for one user without elevation or for all users, or as an include for a script of one's own.

Nothing is installed that the bundle's manifest does not name. Names that Windows cannot give to a file are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

from wheelcheck.errors import UsageProblem
from wheelcheck.export.shipment import Shipment, file_name_of, file_numbers, filled, is_file_name
from wheelcheck.model.urls import masked
from wheelcheck.plans.documents import refuse_unexecutable

_SCOPES = {
    "user": {"level": "user", "folder": "$LOCALAPPDATA\\Programs", "context": "current", "view": ""},
    "machine": {"level": "admin", "folder": "$PROGRAMFILES64", "context": "all", "view": "  SetRegView 64\n"},
}
_PLAIN = re.compile(r"[^$\"'`{}%\\/:*?<>|\x00-\x1f\x7f]+")


def render(shipment: Shipment) -> str:
    """The script for *shipment*'s program, built by ``makensis FILE``: environment, program, shortcut and uninstaller.

    With an ``entry`` the script (or ``module:function``) that starts the program is installed beside the environment and gets a
    shortcut, with the program's icon where it has one. Raises ``UsageProblem`` as :func:`render_include` does.
    """
    shipment.refuse_unnameable()
    name, version, script = _escaped(shipment.title), _escaped(shipment.release), _script(shipment)
    scope = _SCOPES[shipment.scope or "user"]
    return _marked(
        filled(
            "nsis_script.txt",
            name=name,
            version=version,
            # An ampersand would underline the letter behind it.
            plain_name=name.replace("&", "&&"),
            plain_version=version.replace("&", "&&"),
            file_name=_literal(shipment.title),
            file_version=_literal(shipment.release),
            numbers=file_numbers(shipment.release),
            publisher=_escaped(shipment.publisher or shipment.title),
            file_publisher=_literal(shipment.publisher or shipment.title),
            icon=_icon(shipment),
            shown="$INSTDIR\\" + (_escaped(file_name_of(shipment.icon)) if shipment.icon else "uninstall.exe"),
            **scope,
            include=_include(shipment, "nsis"),
            program="".join(f"  {line}\n" for line in _iter_program(shipment)),
            delete="".join(
                f'  Delete "$INSTDIR\\{_escaped(each)}"\n' for each in (script, file_name_of(shipment.icon)) if each
            ),
        )
    )


def render_include(shipment: Shipment) -> str:
    """Two macros for the script of *shipment*'s program: ``WHEELCHECK_INSTALL`` and ``WHEELCHECK_UNINSTALL``.

    A bundle that is a folder is packed into the installer; one in archives lies beside the installer, or is downloaded from ``url``
    while installing, and every hash is checked before anything is unpacked. Either way the environment is in
    ``$INSTDIR/python``, and appears whole. Raises ``UsageProblem`` without a bundle, for other targets than Windows, and for
    a plan that cannot be executed.
    """
    return _marked(_include(shipment, "nsis-include"))


def _include(shipment: Shipment, form: str) -> str:
    """The include, which a whole script holds too; *form* is the format that messages name."""
    plan = shipment.plan
    refuse_unexecutable(plan)
    if plan.target.markers.get("sys_platform") != "win32":
        raise UsageProblem(f"NSIS makes installers for Windows, and the plan is for {plan.target}")
    shipment.required("--bundle DIR", shipment.bundle, form)
    is_downloaded = shipment.manifest is not None and bool(shipment.manifest.archives)
    return filled(
        "nsis_include.txt",
        # makensis goes to the folder of the script that it is given, and opens other files from there.
        folder="." if form == "nsis" else "${__FILEDIR__}",
        target=str(plan.target),
        digest=shipment.digest,
        download=filled("nsis_download.txt") if is_downloaded else "",
        content="\n".join(_iter_content(shipment)),
    )


def _iter_content(shipment: Shipment) -> Iterator[str]:
    manifest = shipment.manifest
    if manifest is None or not manifest.archives:
        folder = "" if re.match(r"/|[A-Za-z]:", shipment.bundle) else "${WHEELCHECK_FOLDER}\\"
        yield f'  File /r "{folder}{_place(shipment.bundle)}\\*.*"'
        return
    url = address_of(shipment.url) if shipment.url else ""
    for archive in manifest.archives:
        if not archive.filename.endswith(".zip"):
            raise UsageProblem(
                f"{archive.filename}: the tar.exe of Windows 10 reads no zstd", hint="bundle with --archive zip"
            )
        if not _PLAIN.fullmatch(archive.filename):
            raise UsageProblem(
                f"{archive.filename!r} is no name of an archive", hint="bundle again with another --name"
            )
        words = (
            url and f"{url}/{quote(archive.filename)}",
            archive.filename,
            archive.sha256,
            f"{archive.size / 1e6:.0f}",
        )
        yield "  !insertmacro WheelcheckArchive " + " ".join(f'"{_escaped(word)}"' for word in words)


def address_of(url: str) -> str:
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


def _marked(script: str) -> str:
    """*script* with a byte order mark where it needs one: makensis on Windows reads others in the machine's own code page."""
    return script if script.isascii() else f"\ufeff{script}"


def _literal(path: str) -> str:
    """*path* between double quotes where makensis itself opens a file, which knows no escapes but those of quotes."""
    return _escaped(path).replace("$$", "$")


def _icon(shipment: Shipment) -> str:
    if not shipment.icon:
        return ""
    place = _place(shipment.icon)
    return f'!define MUI_ICON "{place}"\n!define MUI_UNICON "{place}"\n'


def _place(path: str) -> str:
    """*path* where makensis opens it, from the folder of its script; with ``/`` makensis on Windows finds nothing.

    A name on other systems may hold a backslash, but makensis reads that as a separator there too.
    """
    return _literal(path).replace("/", "\\")


def _escaped(text: str) -> str:
    """*text* for a string in double quotes of an NSIS script.

    Raises ``UsageProblem`` for control characters, and for ``${``, which NSIS reads as a name even behind another ``$``.
    """
    if any(not character.isprintable() for character in text) or "${" in text:
        raise UsageProblem(f"{text!r} has a control character or ${{, which an NSIS script cannot hold")
    return text.replace("$", "$$").replace('"', '$\\"')


def _iter_program(shipment: Shipment) -> Iterator[str]:
    if shipment.icon:
        yield f'File "{_place(shipment.icon)}"'
    if not shipment.entry:
        return
    script = _script(shipment)
    if script:
        yield f'File "{_place(shipment.entry)}"'
        start = f'$\\"$INSTDIR\\{_escaped(script)}$\\"'
    else:
        module, _, function = shipment.entry.partition(":")
        start = f'-c $\\"import sys; from {module} import {function}; sys.exit({function}())$\\"'
    python = "$INSTDIR\\python\\" + _escaped(shipment.executable.replace("/", "\\"))
    icon = f' "$INSTDIR\\{_escaped(file_name_of(shipment.icon))}"' if shipment.icon else ""
    yield f'CreateShortcut "$SMPROGRAMS\\{_escaped(shipment.title)}.lnk" "{python}" "{start}"{icon}'


def _script(shipment: Shipment) -> str:
    """The file name of the program's script; empty for ``module:function`` and without an entry."""
    module, _, function = shipment.entry.partition(":")
    if function and all(part.isidentifier() for part in [*module.split("."), function]):
        return ""
    if not shipment.entry:
        return ""
    name = file_name_of(shipment.entry)
    if not is_file_name(name):
        raise UsageProblem(f"--entry {shipment.entry!r} names no file that Windows can have", hint="give a script")
    return name
