"""Grounds for what a repaired answer is known to fail on all the same."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.fakes.projects import FakeProjects, wheel
from tests.repairs.risk.cases import edit, judged, texts
from tests.repairs.situations import advisory
from tests.resolver.test_passes import answer
from wheelcheck.model.finding import Severity
from wheelcheck.model.knowledge import RepairKnowledge
from wheelcheck.model.repair import EditKind

PROJECTS = FakeProjects({"torch": {"2.1": [wheel()]}, "numpy": {"1.0": [wheel()], "2.0": [wheel()]}})


def remaining(knowledge: RepairKnowledge, numpy: str) -> list[tuple[str, str]]:
    after = answer(PROJECTS, "torch", numpy)
    found = judged(
        PROJECTS, [edit(EditKind.PYTHON, None, "3.12", "3.11")], before=after, after=after, knowledge=knowledge
    )
    return [each for each in texts(found) if each[1].startswith("stays")]


@pytest.mark.parametrize(
    ("severity", "risk"), [(Severity.ERROR, "high"), (Severity.WARNING, "medium"), (Severity.INFO, "")]
)
def test_advisory_that_a_repair_leaves_is_told_by_its_severity(severity: Severity, risk: str) -> None:
    [known] = advisory("torch<2.3", "numpy>=2").advisories
    knowledge = RepairKnowledge(advisories=(replace(known, severity=severity),))
    text = "stays as it is: torch 2.1 with numpy 2.0: it was built for the older interface"
    assert remaining(knowledge, "numpy") == ([(risk, text)] if risk else [])


def test_advisory_that_a_repair_took_away_is_not_told() -> None:
    assert not remaining(advisory("torch<2.3", "numpy>=2"), "numpy<2")
