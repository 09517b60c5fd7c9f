"""Renders a program with its environment as an installer for Windows, of NSIS, Inno Setup or pynsist.

NSIS and Inno Setup install a bundle, for one user without elevation or for all users, from inside the installer or downloaded;
nothing that its manifest does not name. pynsist resolves nothing, but would take any wheel that a pattern finds: its wheels are
those that ``wheelcheck fetch PLAN -d wheels`` left beside the file, each by its name. Names that Windows cannot give to a file are
refused.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

from wheelcheck.errors import UsageProblem
from wheelcheck.export.shipment import (
    Shipment,
    fetch_options,
    file_name_of,
    file_numbers,
    filled,
    is_file_name,
    one_line,
    refuse_unhashed,
    with_mark,
)
from wheelcheck.model.distribution import Installability
from wheelcheck.model.plan import Plan, PlannedPackage
from wheelcheck.model.urls import masked
from wheelcheck.plans.documents import refuse_unexecutable

_SCOPES = {
    "user": {"level": "user", "folder": "$LOCALAPPDATA\\Programs", "context": "current", "view": ""},
    "machine": {"level": "admin", "folder": "$PROGRAMFILES64", "context": "all", "view": "  SetRegView 64\n"},
}
_ICONS = ("MUI_ICON", "MUI_UNICON")
_PLAIN = re.compile(r"[^$\"'`{}%\\/:*?<>|\x00-\x1f\x7f]+")


def render_nsis(shipment: Shipment) -> str:
    """The script for *shipment*'s program, built by ``makensis FILE``: environment, program, shortcut and uninstaller.

    With an ``entry`` the script (or ``module:function``) that starts the program is installed beside the environment and gets a
    shortcut, with the program's icon where it has one. Raises ``UsageProblem`` as :func:`render_nsis_include` does.
    """
    shipment.refuse_unnameable()
    name, version, script = _escaped(shipment.title), _escaped(shipment.release), _script(shipment)
    scope = _SCOPES[shipment.scope or "user"]
    return with_mark(
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
            icon="".join(f'!define {word} "{_place(shipment.icon)}"\n' for word in _ICONS if shipment.icon),
            shown="$INSTDIR\\" + (_escaped(file_name_of(shipment.icon)) if shipment.icon else "uninstall.exe"),
            **scope,
            include=_include(shipment, "nsis"),
            program="".join(f"  {line}\n" for line in _iter_program(shipment)),
            delete="".join(
                f'  Delete "$INSTDIR\\{_escaped(each)}"\n' for each in (script, file_name_of(shipment.icon)) if each
            ),
        )
    )


def render_nsis_include(shipment: Shipment) -> str:
    """Two macros for the script of *shipment*'s program: ``WHEELCHECK_INSTALL`` and ``WHEELCHECK_UNINSTALL``.

    A bundle that is a folder is packed into the installer; one in archives lies beside the installer, or is downloaded from ``url``
    while installing, and every hash is checked before anything is unpacked. Either way the environment is in
    ``$INSTDIR/python``, and appears whole. Raises ``UsageProblem`` without a bundle, for other targets than Windows, and for
    a plan that cannot be executed.
    """
    return with_mark(_include(shipment, "nsis-include"))


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
        address = url and f"{url}/{quote(archive.filename)}"
        words = (address, archive.filename, archive.sha256, f"{archive.size / 1e6:.0f}")
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


def _literal(path: str) -> str:
    """*path* between double quotes where makensis itself opens a file, which knows no escapes but those of quotes."""
    return _escaped(path).replace("$$", "$")


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
    script, (_, code) = _script(shipment), shipment.start
    if script:
        yield f'File "{_place(shipment.entry)}"'
        start = f'$\\"$INSTDIR\\{_escaped(script)}$\\"'
    else:
        start = f'-c $\\"{code}$\\"'
    python = "$INSTDIR\\python\\" + _escaped(shipment.executable.replace("/", "\\"))
    icon = f' "$INSTDIR\\{_escaped(file_name_of(shipment.icon))}"' if shipment.icon else ""
    yield f'CreateShortcut "$SMPROGRAMS\\{_escaped(shipment.title)}.lnk" "{python}" "{start}"{icon}'


def _script(shipment: Shipment) -> str:
    """The file name of the program's script; empty for ``module:function`` and without an entry."""
    name = file_name_of(shipment.start[0])
    if shipment.start[0] and not is_file_name(name):
        raise UsageProblem(f"--entry {shipment.entry!r} names no file that Windows can have", hint="give a script")
    return name


_ARCHITECTURES = {"win_amd64": "x64compatible", "win_arm64": "arm64", "win32": "x86compatible"}
_PRIVILEGES = {"": "lowest", "user": "lowest", "machine": "admin"}


def render_inno_setup(shipment: Shipment) -> str:
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
    return with_mark(text)


def _files(shipment: Shipment, *, is_inside: bool) -> list[str]:
    lines = []
    if is_inside:
        flags = "ignoreversion recursesubdirs createallsubdirs"
        lines.append(f'Source: "{_path(shipment.bundle)}\\*"; DestDir: "{{app}}\\python"; Flags: {flags}')
    own = [each for each in (shipment.start[0], shipment.icon) if each]
    return lines + [f'Source: "{_path(each)}"; DestDir: "{{app}}"; Flags: ignoreversion' for each in own]


def _start(shipment: Shipment) -> str:
    if not shipment.entry:
        return ""
    script, code = shipment.start
    start = f'-c "{code}"' if code else f'"{{app}}\\{_text(file_name_of(script))}"'
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


_BITNESS = {"win_amd64": 64, "win32": 32}
_WHEELS = "wheels"


def render_pynsist(shipment: Shipment) -> str:
    """The configuration for *shipment*'s program, whose ``entry`` is ``module:function`` or a script.

    Raises ``UsageProblem`` without an entry, for other targets, and for a plan that cannot be executed.
    """
    plan = shipment.plan
    refuse_unhashed(plan)
    bitness = _BITNESS.get(plan.target.platform)
    if bitness is None or plan.target.implementation != "cpython":
        raise UsageProblem(
            f"pynsist makes installers for win_amd64 and win32 alone, and the plan is for {plan.target}",
            hint="use --to nsis for win_arm64",
        )
    entry = shipment.required("--entry MODULE:FUNCTION", shipment.entry, "pynsist")
    shipment.refuse_unnameable()
    return "\n".join([*_iter_lines(shipment, plan, entry, bitness), *map(_wheel, plan.packages)]) + "\n"


def _iter_lines(shipment: Shipment, plan: Plan, entry: str, bitness: int) -> Iterator[str]:
    fetch = f"wheelcheck fetch {shipment.plan_path} -d {_WHEELS}{fetch_options(plan)}"
    yield f"; Made by wheelcheck for {plan.target}. First: {one_line(fetch)}"
    yield "[Application]"
    yield f"name={_plain_line(shipment.title)}"
    yield f"version={_plain_line(shipment.release)}"
    yield f"{'entry_point' if ':' in entry else 'script'}={_plain_line(entry)}"
    yield ""
    yield "[Python]"
    if plan.target.patch_assumed:
        yield f"; Python {plan.target.python} was planned; this is its newest embeddable package that is known."
    yield f"version={shipment.builder_python}"
    yield f"bitness={bitness}"
    yield ""
    yield "[Include]"
    yield "local_wheels="


def _wheel(package: PlannedPackage) -> str:
    if package.installability is Installability.WHEEL and package.filename is not None:
        return f"    {_WHEELS}/{package.filename}"
    # Built once, into a wheel for every platform; its tag may still name Python 2 as well.
    return f"    {_WHEELS}/{package.name.replace('-', '_')}-{package.version}-py*-none-any.whl"


def _plain_line(text: str) -> str:
    # pynsist writes these into a script for NSIS between quotes, as they are.
    if not text.isprintable() or "$" in text or '"' in text:
        raise UsageProblem(f"{text!r} has a line break, quote or $, which the installer of pynsist cannot hold")
    return text
