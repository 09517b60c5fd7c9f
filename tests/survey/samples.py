"""Tables of a survey, written from a few words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from wheelcheck.survey.tables import CellRow, FindingRow, InputRow, PackageRow, PlaceRow, RepairRow

WINDOWS = ("win_amd64", "3.14")
Outcome = tuple[str, Mapping[str, tuple[str, str]]]
"""The status, and of each project its version and ``error``, ``wheel`` or ``pure-sdist``."""


def write_survey(
    folder: Path,
    outcomes: Mapping[str, Outcome],
    targets: tuple[tuple[str, str], ...] = (WINDOWS,),
    message: str = "m",
    repaired: Collection[str] = (),
) -> Path:
    """A finished survey in *folder*: each input of *outcomes* comes out the same on all *targets*, and asks in ``r.txt``.

    Those *repaired* have a repair on each.
    """
    from wheelcheck.survey.tables import Dataset

    cells, findings, packages, repairs = [], [], [], []
    keys = {name: f"{folder.name}-{number}" for number, name in enumerate(outcomes)}
    for name, (status, projects) in outcomes.items():
        for platform, python in targets:
            where = {"question": keys[name], "platform": platform, "python": python}
            cells.append(CellRow(**where, status=status, failure="", packages=len(projects), size=None, digest=None))
            if name in repaired:
                repairs.append(RepairRow(**where, risk="low", edits="av: 11 -> 12", options="-c av==12", proved=True))
            for project, (version, kind) in projects.items():
                of = where | {"version": version}
                if kind == "error":
                    findings.append(
                        FindingRow(**of, code="WC102", severity=kind, package=project, root=project, message=message)
                    )
                else:
                    packages.append(
                        PackageRow(**of, name=project, requested=True, installability=kind, filename=None, size=1)
                    )
    dataset = Dataset(folder)
    dataset.open()
    dataset.add({"cells": cells, "findings": findings, "packages": packages, "repairs": repairs})
    asked = [InputRow(id=name, question=keys[name]) for name in outcomes]
    places = [
        PlaceRow(id=name, name=project, file="r.txt", line=number)
        for name, (_, projects) in outcomes.items()
        for number, project in enumerate(projects, 1)
    ]
    dataset.finish({"inputs": asked, "places": places}, frozenset(keys.values()))
    return folder
