"""The table of export formats, which help shows without loading one of them.

To add a format, write a function like ``render_briefcase`` in ``applications.py``, add a row to ``EXPORTERS``, and a test in which
the tool itself accepts it; ``--to``, the help and the tables of the documentation follow.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from wheelcheck.export.shipment import Shipment


class Exporter(NamedTuple):
    """One format: the word for ``--to``, the file name to suggest, and a sentence for people.

    ``renderer`` is the function that renders it, as ``module:function`` within this room; it takes a ``Shipment`` and returns text.
    ``uses`` are the options that it heeds besides the plan (those of ``OPTIONS`` in ``api/export.py``): others are
    refused, so that nobody believes that they did something. With ``is_beside`` the paths in the text are relative to its file,
    else to the folder of the project; ``scans`` says that it wants the imports that the program makes by a name in a string, and
    ``takes_frozen`` that its ``bundle`` may be a folder that PyInstaller made as well.
    """

    name: str
    filename: str
    renderer: str
    sentence: str
    uses: frozenset[str] = frozenset()
    is_beside: bool = False
    scans: bool = False
    takes_frozen: bool = False

    def render(self, shipment: Shipment) -> str:
        """Render *shipment* as text.

        Raises ``UsageProblem`` for a plan that cannot be executed, that lacks what the format needs, or that has texts that no
        script should hold.
        """
        from wheelcheck.export.shipment import refuse_hostile

        refuse_hostile(shipment.plan)
        module, _, function = self.renderer.partition(":")
        render: Callable[[Shipment], str] = getattr(import_module(f"wheelcheck.export.{module}"), function)
        return render(shipment)


_NAME = frozenset({"name"})
_PROGRAM = frozenset({"name", "app-version", "entry"})
_BUNDLE = frozenset({"bundle", "url"})
_LOOKS = frozenset({"icon", "publisher", "scope"})

EXPORTERS: tuple[Exporter, ...] = (
    Exporter("requirements", "requirements.lock.txt", "listing:render_requirements",
             "Pinned requirements with hashes, for pip install --no-deps --require-hashes, and for uv."),
    Exporter("pylock", "pylock.toml", "listing:render_pylock",
             "A lock file that standard tools read (PEP 751)."),
    Exporter("pip-sh", "install.sh", "pip_scripts:render_sh",
             "A script for sh that runs pip phase by phase, with hashes, and stops at the first failure."),
    Exporter("pip-powershell", "install.ps1", "pip_scripts:render_powershell",
             "The same script for PowerShell."),
    Exporter("pip-cmd", "install.cmd", "pip_scripts:render_cmd",
             "The same script for the command prompt of Windows."),
    Exporter("dockerfile", "Dockerfile", "pip_scripts:render_dockerfile",
             "The lines of a Dockerfile that install the plan's wheels, for targets with Linux."),
    Exporter("github-actions", "bundle.yml", "pip_scripts:render_github_actions",
             "A workflow that bundles on a clean machine from this very plan, checks, zips and releases.", _NAME),
    Exporter("electron-builder", "electron-builder.json", "applications:render_builder",
             "The extraResources of electron-builder that take a bundle or a frozen program along.", _BUNDLE - {"url"},
             takes_frozen=True),
    Exporter("electron-forge", "forge.config.json", "applications:render_forge",
             "The extraResource of Electron Forge that takes a bundle or a frozen program along.", _BUNDLE - {"url"},
             takes_frozen=True),
    Exporter("tauri", "tauri-sidecar.mjs", "applications:render_tauri",
             "A script for Node that lays a frozen program where Tauri looks for a sidecar of the target.", _NAME),
    Exporter("backend-node", "backend.mjs", "applications:render_node",
             "An ES module that starts the program of a bundle, or a frozen one, waits for its health address and stops it.",
             _NAME | {"entry", "bundle"}, is_beside=True),
    Exporter("briefcase", "briefcase.toml", "applications:render_briefcase",
             "The requires of a Briefcase project, pinned to the plan.", _NAME),
    Exporter("pyinstaller", "app.spec", "applications:render_pyinstaller",
             "A spec for PyInstaller that freezes the plan, and nothing else that is installed; needs --entry.",
             _NAME | {"entry", "bundle"}, is_beside=True, scans=True),
    Exporter("cx-freeze", "cxfreeze.toml", "applications:render_cx_freeze",
             "The tables of a pyproject.toml with which cx_Freeze freezes the program; needs --entry.",
             _NAME | {"entry"}, is_beside=True, scans=True),
    Exporter("nuitka", "nuitka.txt", "applications:render_nuitka",
             "The comments at the top of the program from which Nuitka takes its options; needs --entry.",
             _NAME | {"entry"}, is_beside=True, scans=True),
    Exporter("pynsist", "installer.cfg", "windows_installers:render_pynsist",
             "The installer.cfg of pynsist, with the fetched wheels; needs --entry.", _PROGRAM, is_beside=True),
    Exporter("nsis", "installer.nsi", "windows_installers:render_nsis",
             "A script for NSIS that installs a bundle, or downloads it and checks its hash; needs --bundle.",
             _PROGRAM | _BUNDLE | _LOOKS, is_beside=True),
    Exporter("nsis-include", "wheelcheck.nsh", "windows_installers:render_nsis_include",
             "The same as macros, to be included in a script of your own.", _BUNDLE, is_beside=True),
    Exporter("inno-setup", "installer.iss", "windows_installers:render_inno_setup",
             "A script for Inno Setup that installs a bundle, or downloads it; needs --bundle.",
             _PROGRAM | _BUNDLE | _LOOKS, is_beside=True),
    Exporter("deb", "build-deb.sh", "packages:render_deb",
             "A script for sh that builds a Debian package of a bundle; needs --bundle and --entry.",
             _PROGRAM | {"bundle", "publisher"}, is_beside=True),
    Exporter("oci", "build-oci.py", "packages:render_oci",
             "A script that makes a container image (OCI tar) of a bundle without a daemon; needs --bundle and --entry.",
             _PROGRAM | {"bundle"}, is_beside=True),
    Exporter("container-dockerfile", "bundle.Dockerfile", "packages:render_dockerfile",
             "A Dockerfile for an image without a shell that holds a bundle; needs --bundle and --entry.",
             (_PROGRAM - {"app-version"}) | {"bundle"}, is_beside=True),
    Exporter("appimage", "build-appimage.sh", "packages:render_appimage",
             "A script for sh that builds an AppImage of a bundle; needs --bundle and --entry.",
             _PROGRAM | {"bundle", "icon"}, is_beside=True),
    Exporter("flatpak", "python3-modules.json", "packages:render_flatpak",
             "The modules of a Flatpak manifest that install the plan with the SDK's pip."),
    Exporter("macos-app", "build-app.py", "packages:render_macos_app",
             "A script that makes a macOS application of a bundle, or of two for both machines; needs --bundle and --entry.",
             _PROGRAM | {"bundle", "icon"}, is_beside=True),
    Exporter("first-run-node", "first-run.mjs", "applications:render_first_run_node",
             "An ES module that installs and updates a published bundle; needs --url.", _NAME | {"url", "public-key"}),
    Exporter("first-run-python", "first_run.py", "applications:render_first_run_python",
             "The same for Python, with its standard library alone; needs --url.", _NAME | {"url", "public-key"}),
    Exporter("first-run-powershell", "first-run.ps1", "applications:render_first_run_powershell",
             "The same for PowerShell 5.1 and newer, on Windows; needs --url.", _NAME | {"url", "public-key"}),
    Exporter("cyclonedx", "bom.json", "listing:render_cyclonedx",
             "A software bill of materials (CycloneDX 1.6); needs the extra wheelcheck[cyclonedx].", _NAME | {"app-version"}),
)  # fmt: skip

OUT_OF_SCOPE = {
    "conda": "wheels are not conda packages, and constructor installs nothing else: bundle the plan and ship the folder",
    "constructor": "wheels are not conda packages, and constructor installs nothing else: bundle the plan and ship the folder",
}
"""Words that people try with ``--to``, and why there is no such format."""
