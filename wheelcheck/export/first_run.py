"""Renders the code with which a program installs and updates its environment from a folder of ``wheelcheck publish``.

The code is a template for each language; address and key are all that is written into it, as text in the quotes of the language:
those of JSON mean the same to JavaScript and Python.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from wheelcheck.errors import UsageProblem
from wheelcheck.export.shipment import Shipment, filled, one_line
from wheelcheck.model.urls import masked


def render_node(shipment: Shipment) -> str:
    """An ES module with types in its comments, without dependencies, for Node 18 and newer."""
    return _rendered(shipment, "first-run-node", "first_run_node.txt")


def render_python(shipment: Shipment) -> str:
    """A module of Python 3.8 and newer that imports the standard library alone."""
    return _rendered(shipment, "first-run-python", "first_run_python.txt")


def render_powershell(shipment: Shipment) -> str:
    """Functions for PowerShell 5.1 and newer, on Windows."""
    text = _rendered(
        shipment,
        "first-run-powershell",
        "first_run_powershell.txt",
        quoted=lambda text: "'" + text.replace("'", "''") + "'",
    )
    # PowerShell 5.1 reads a script without the mark in the code page of the machine.
    return text if text.isascii() else f"\ufeff{text}"


def _rendered(shipment: Shipment, form: str, template: str, quoted: Callable[[str], str] = json.dumps) -> str:
    url = shipment.required("--url URL", shipment.url, form)
    if not url.startswith(("https://", "http://")) or masked(url) != url:
        raise UsageProblem(
            f"--url {masked(url)!r} is no address of a public host", hint="give an https URL without a password"
        )
    return filled(template, name=one_line(shipment.title), url=quoted(url), key=quoted(shipment.public_key))
