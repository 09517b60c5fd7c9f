"""Renders a bundle as a script that makes a macOS application of it, of one machine or, with a second bundle, of both."""

from __future__ import annotations

import json
import re

from wheelcheck.export.shipment import Shipment, filled, one_line
from wheelcheck.export.starting import start_of


def render(shipment: Shipment) -> str:
    """The script (Python, standard library, any system) for *shipment*'s program: ``NAME.app`` and a script that signs it.

    Raises ``UsageProblem`` where :func:`start_of` does.
    """
    start = start_of(shipment, "macos-app", "darwin")
    shipment.refuse_unnameable()
    floor = re.match(r"macosx_(\d+)_(\d+)_", shipment.plan.target.platform)
    return filled(
        "macos_app.txt",
        target=str(shipment.plan.target),
        name=json.dumps(shipment.title),
        title=one_line(shipment.title).replace('"', "'").replace("\\", "/"),
        version=json.dumps(re.sub(r"[^0-9A-Za-z.-]", "-", shipment.release)),
        identifier=json.dumps("local." + re.sub(r"[^a-z0-9-]", "-", start.name)),
        floor=json.dumps(f"{floor[1]}.{floor[2]}" if floor else "11.0"),
        bundle=json.dumps(start.bundle),
        script=json.dumps(start.script),
        code=json.dumps(start.code),
        executable=json.dumps(start.executable),
        icon=json.dumps(shipment.icon),
    )
