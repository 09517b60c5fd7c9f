"""Renders the code with which a program installs and updates its environment from a folder of ``wheelcheck publish``.

The code is a template for each language; address and key are all that is written into it. Both are text in quotes of JSON, which
JavaScript and Python read alike.
"""

from __future__ import annotations

import json

from wheelcheck.errors import UsageProblem
from wheelcheck.export.shipment import Shipment, filled, one_line
from wheelcheck.model.urls import masked


def render_node(shipment: Shipment) -> str:
    """An ES module with types in its comments, without dependencies, for Node 18 and newer."""
    return _rendered(shipment, "first-run-node", "first_run_node.txt")


def render_python(shipment: Shipment) -> str:
    """A module of Python 3.8 and newer that imports the standard library alone."""
    return _rendered(shipment, "first-run-python", "first_run_python.txt")


def _rendered(shipment: Shipment, form: str, template: str) -> str:
    url = shipment.required("--url URL", shipment.url, form)
    if not url.startswith(("https://", "http://")) or masked(url) != url:
        raise UsageProblem(
            f"--url {masked(url)!r} is no address of a public host", hint="give an https URL without a password"
        )
    # Not JSON's own escapes for what is no ASCII: they mean the same in both languages.
    return filled(template, name=one_line(shipment.title), url=json.dumps(url), key=json.dumps(shipment.public_key))
