"""The table of export formats, which help shows without loading one of them.

To add a format, write a module like ``briefcase.py``, add a row to ``EXPORTERS``, and a test in which the tool itself accepts it;
``--to``, the help and the tables of the documentation follow.
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
    ``uses`` are the options that it heeds besides the plan (``name``, ``app-version``, ``entry``, ``bundle``, ``url``): others are
    refused, so that nobody believes that they did something.
    """

    name: str
    filename: str
    sentence: str
    renderer: str
    uses: frozenset[str] = frozenset()

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


_PROGRAM = frozenset({"name", "app-version", "entry"})
_BUNDLE = frozenset({"bundle", "url"})

EXPORTERS: tuple[Exporter, ...] = (
    Exporter(
        name="requirements",
        filename="requirements.lock.txt",
        sentence="Pinned requirements with hashes, for pip install --no-deps --require-hashes, and for uv.",
        renderer="requirements:render",
    ),
    Exporter(
        name="pylock",
        filename="pylock.toml",
        sentence="A lock file that standard tools read (PEP 751).",
        renderer="pylock:render",
    ),
    Exporter(
        name="pip-sh",
        filename="install.sh",
        sentence="A script for sh that runs pip phase by phase, with hashes, and stops at the first failure.",
        renderer="pip_scripts:render_sh",
    ),
    Exporter(
        name="pip-powershell",
        filename="install.ps1",
        sentence="The same script for PowerShell.",
        renderer="pip_scripts:render_powershell",
    ),
    Exporter(
        name="pip-cmd",
        filename="install.cmd",
        sentence="The same script for the command prompt of Windows.",
        renderer="pip_scripts:render_cmd",
    ),
    Exporter(
        name="dockerfile",
        filename="Dockerfile",
        sentence="The lines of a Dockerfile that install the plan's wheels, for targets with Linux.",
        renderer="pip_scripts:render_dockerfile",
    ),
    Exporter(
        name="github-actions",
        filename="bundle.yml",
        sentence="A workflow that bundles on a clean machine from this very plan, checks, zips and releases.",
        renderer="github_actions:render",
        uses=frozenset({"name"}),
    ),
    Exporter(
        name="electron-builder",
        filename="electron-builder.json",
        sentence="The extraResources of electron-builder that take a bundle along.",
        renderer="electron_builder:render",
        uses=frozenset({"bundle"}),
    ),
    Exporter(
        name="briefcase",
        filename="briefcase.toml",
        sentence="The requires of a Briefcase project, pinned to the plan.",
        renderer="briefcase:render",
        uses=frozenset({"name"}),
    ),
    Exporter(
        name="pyinstaller",
        filename="app.spec",
        sentence="A spec for PyInstaller that freezes the plan, and nothing else that is installed; needs --entry.",
        renderer="pyinstaller:render",
        uses=frozenset({"name", "entry", "bundle"}),
    ),
    Exporter(
        name="pynsist",
        filename="installer.cfg",
        sentence="The installer.cfg of pynsist, with the fetched wheels; needs --entry.",
        renderer="pynsist:render",
        uses=_PROGRAM,
    ),
    Exporter(
        name="nsis",
        filename="installer.nsi",
        sentence="A script for NSIS that installs a bundle, or downloads it and checks its hash; needs --bundle.",
        renderer="nsis:render",
        uses=_PROGRAM | _BUNDLE,
    ),
    Exporter(
        name="nsis-include",
        filename="wheelcheck.nsh",
        sentence="The same as macros, to be included in a script of your own.",
        renderer="nsis:render_include",
        uses=_BUNDLE,
    ),
    Exporter(
        name="cyclonedx",
        filename="bom.json",
        sentence="A software bill of materials (CycloneDX 1.6); needs the extra wheelcheck[cyclonedx].",
        renderer="cyclonedx:render",
        uses=frozenset({"name", "app-version"}),
    ),
)

OUT_OF_SCOPE = {
    "conda": "wheels are not conda packages, and constructor installs nothing else: bundle the plan and ship the folder",
    "constructor": "wheels are not conda packages, and constructor installs nothing else: bundle the plan and ship the folder",
}
"""Words that people try with ``--to``, and why there is no such format."""
