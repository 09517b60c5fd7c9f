"""Renders a bundle as a script for Inno Setup 6.3 and newer: for one user or for all, inside the installer or downloaded."""

from __future__ import annotations

import uuid
from urllib.parse import quote

from wheelcheck.errors import UsageProblem
from wheelcheck.export.nsis import address_of
from wheelcheck.export.shipment import Shipment, file_name_of, file_numbers, filled
from wheelcheck.plans.documents import refuse_unexecutable

_ARCHITECTURES = {"win_amd64": "x64compatible", "win_arm64": "arm64", "win32": "x86compatible"}
_PRIVILEGES = {"": "lowest", "user": "lowest", "machine": "admin"}


def render(shipment: Shipment) -> str:
    """The script for *shipment*'s program, built by ``iscc FILE``: environment, program, shortcut and uninstaller.

    A bundle that is a folder is packed into the installer; the archives of one with ``url`` are downloaded, each hash checked.
    Raises ``UsageProblem`` without a bundle, for other targets than Windows, for names that the script cannot hold, and for a plan
    that cannot be executed.
    """
    plan = shipment.plan
    refuse_unexecutable(plan)
    architecture = _ARCHITECTURES.get(plan.target.platform)
    if architecture is None:
        raise UsageProblem(f"Inno Setup makes installers for Windows, and the plan is for {plan.target}")
    shipment.refuse_unnameable()
    shipment.required("--bundle DIR", shipment.bundle, "inno-setup")
    archives = shipment.manifest.archives if shipment.manifest is not None else ()
    is_inside = not archives
    icon = f"SetupIconFile={_path(shipment.icon)}\n" if shipment.icon else ""
    text = filled(
        "inno_setup.txt",
        target=str(plan.target),
        digest=shipment.digest,
        # The same program keeps its entry among the installed ones, whatever its version.
        id=str(uuid.uuid5(uuid.NAMESPACE_URL, f"wheelcheck:{shipment.title}")).upper(),
        name=_text(shipment.title),
        version=_text(shipment.release),
        publisher=_text(shipment.publisher or shipment.title),
        numbers=file_numbers(shipment.release),
        privileges=_PRIVILEGES[shipment.scope],
        architecture=architecture,
        architecture64="" if plan.target.platform == "win32" else architecture,
        file=f"{_text(shipment.title)}-{_text(shipment.release)}-setup",
        shown="{app}\\" + _text(file_name_of(shipment.icon)) if shipment.icon else "{app}\\python\\python.exe",
        icon=icon,
        files="\n".join(_files(shipment, is_inside=is_inside)),
        start=_start(shipment),
        code="" if is_inside else _download(shipment),
    )
    # Inno Setup reads a script without the mark in the code page of the machine.
    return text if text.isascii() else f"\ufeff{text}"


def _files(shipment: Shipment, *, is_inside: bool) -> list[str]:
    lines = []
    if is_inside:
        flags = "ignoreversion recursesubdirs createallsubdirs"
        lines.append(f'Source: "{_path(shipment.bundle)}\\*"; DestDir: "{{app}}\\python"; Flags: {flags}')
    own = [each for each in (_script(shipment), shipment.icon) if each]
    return lines + [f'Source: "{_path(each)}"; DestDir: "{{app}}"; Flags: ignoreversion' for each in own]


def _script(shipment: Shipment) -> str:
    module, _, function = shipment.entry.partition(":")
    return "" if function and all(each.isidentifier() for each in [*module.split("."), function]) else shipment.entry


def _start(shipment: Shipment) -> str:
    if not shipment.entry:
        return ""
    script, (module, _, function) = _script(shipment), shipment.entry.partition(":")
    start = f'"{{app}}\\{_text(file_name_of(script))}"'
    if not script:
        start = f'-c "import sys; from {module} import {function}; sys.exit({function}())"'
    python = "{app}\\python\\" + _text(shipment.executable).replace("/", "\\")
    icon = f'; IconFilename: "{{app}}\\{_text(file_name_of(shipment.icon))}"' if shipment.icon else ""
    words = start.replace('"', '""')
    name = f"{{autoprograms}}\\{_text(shipment.title)}"
    return f'[Icons]\nName: "{name}"; Filename: "{python}"; Parameters: "{words}"{icon}\n\n'


def _download(shipment: Shipment) -> str:
    url = address_of(shipment.required("--url URL, since the bundle is in archives", shipment.url, "inno-setup"))
    url = url.replace("'", "%27")
    archives = shipment.manifest.archives if shipment.manifest is not None else ()
    for archive in archives:
        if not archive.filename.endswith(".zip") or "'" in archive.filename or '"' in archive.filename:
            raise UsageProblem(
                f"{archive.filename} cannot be unpacked on every Windows", hint="bundle with --archive zip"
            )
    adds = [f"  Page.Add('{url}/{quote(each.filename)}', '{each.filename}', '{each.sha256}');" for each in archives]
    return filled(
        "inno_setup_code.txt",
        add="\n".join(adds),
        unpack=" and ".join(f"Unpacked('{each.filename}')" for each in archives),
    )


def _path(path: str) -> str:
    return _text(path).replace("/", "\\")


def _text(text: str) -> str:
    """*text* where the script takes it as it is; raises ``UsageProblem`` for what its preprocessor or its constants would read."""
    if not text.isprintable() or any(mark in text for mark in '{}"'):
        raise UsageProblem(
            f"{text!r} has a brace, a quote or a control character, which a script of Inno Setup cannot hold"
        )
    return text
