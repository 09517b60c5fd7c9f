"""Renders a bundle as a whole NSIS script, for one user and without elevation; refuses names that Windows has no file for."""

from __future__ import annotations

from collections.abc import Iterator

from wheelcheck.errors import UsageProblem
from wheelcheck.export.nsis_include import escaped, iter_include, literal, marked
from wheelcheck.export.shipment import Shipment, is_file_name


def render(shipment: Shipment) -> str:
    """The script for *shipment*'s program, built by ``makensis FILE``: environment, program, shortcut and uninstaller.

    With an ``entry`` the script (or ``module:function``) that starts the program is installed beside the environment and gets a
    shortcut. Raises ``UsageProblem`` as :func:`wheelcheck.export.nsis_include.render` does.
    """
    shipment.refuse_unnameable()
    return marked(
        "\n".join([*_iter_head(shipment), *iter_include(shipment, "nsis"), "", *_iter_sections(shipment), ""])
    )


def _iter_head(shipment: Shipment) -> Iterator[str]:
    name, version = escaped(shipment.title), escaped(shipment.release)
    yield "Unicode true"
    yield "ManifestDPIAware true"
    yield "ManifestSupportedOS all"
    # An ampersand would underline the letter behind it.
    yield f'Name "{name} {version}" "{name.replace("&", "&&")} {version.replace("&", "&&")}"'
    yield f'OutFile "{literal(shipment.title)}-{literal(shipment.release)}-setup.exe"'
    yield "RequestExecutionLevel user"
    yield f'InstallDir "$LOCALAPPDATA\\Programs\\{name}"'
    yield f'!define UNINSTALL_KEY "Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\{name}"'
    yield "SetCompressor /SOLID lzma"
    yield "ShowInstDetails show"
    yield "Page directory"
    yield "Page instfiles"
    yield "UninstPage uninstConfirm"
    yield "UninstPage instfiles"
    yield ""


def _iter_sections(shipment: Shipment) -> Iterator[str]:
    name, version = escaped(shipment.title), escaped(shipment.release)
    yield 'Section "Install"'
    yield "  !insertmacro WHEELCHECK_INSTALL"
    yield from _iter_program(shipment)
    yield '  WriteUninstaller "$INSTDIR\\uninstall.exe"'
    yield f'  WriteRegStr HKCU "${{UNINSTALL_KEY}}" "DisplayName" "{name}"'
    yield f'  WriteRegStr HKCU "${{UNINSTALL_KEY}}" "DisplayVersion" "{version}"'
    yield '  WriteRegStr HKCU "${UNINSTALL_KEY}" "UninstallString" \'"$INSTDIR\\uninstall.exe"\''
    yield '  WriteRegStr HKCU "${UNINSTALL_KEY}" "InstallLocation" "$INSTDIR"'
    yield "SectionEnd"
    yield ""
    yield 'Section "Uninstall"'
    yield "  !insertmacro WHEELCHECK_UNINSTALL"
    script = _script(shipment)
    if script:
        yield f'  Delete "$INSTDIR\\{escaped(script)}"'
    yield f'  Delete "$SMPROGRAMS\\{name}.lnk"'
    yield '  Delete "$INSTDIR\\uninstall.exe"'
    yield '  RMDir "$INSTDIR"'
    yield '  DeleteRegKey HKCU "${UNINSTALL_KEY}"'
    yield "SectionEnd"


def _iter_program(shipment: Shipment) -> Iterator[str]:
    if not shipment.entry:
        return
    script = _script(shipment)
    if script:
        yield f'  File "{literal(shipment.entry)}"'
        start = f'$\\"$INSTDIR\\{escaped(script)}$\\"'
    else:
        module, _, function = shipment.entry.partition(":")
        start = f'-c $\\"import sys; from {module} import {function}; sys.exit({function}())$\\"'
    executable = shipment.manifest.layout.executable if shipment.manifest is not None else ""
    python = "$INSTDIR\\python\\" + escaped((executable or "python.exe").replace("/", "\\"))
    yield f'  CreateShortcut "$SMPROGRAMS\\{escaped(shipment.title)}.lnk" "{python}" "{start}"'


def _script(shipment: Shipment) -> str:
    """The file name of the program's script; empty for ``module:function`` and without an entry."""
    module, _, function = shipment.entry.partition(":")
    if function and all(part.isidentifier() for part in [*module.split("."), function]):
        return ""
    if not shipment.entry:
        return ""
    name = shipment.entry.replace("\\", "/").rpartition("/")[2]
    if not is_file_name(name):
        raise UsageProblem(f"--entry {shipment.entry!r} names no file that Windows can have", hint="give a script")
    return name
