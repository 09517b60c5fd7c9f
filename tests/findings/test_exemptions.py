"""What is said of source archives that somebody decided to live with."""

from __future__ import annotations

import pytest
from packaging.utils import canonicalize_name

from tests.fakes.projects import FakeProjects, sdist
from tests.resolver.test_passes import WHEELS, asked
from wheelcheck.findings.context import Diagnosis
from wheelcheck.findings.rules import diagnose
from wheelcheck.model.finding import Severity
from wheelcheck.model.resolution import Exemption, Policy
from wheelcheck.resolver.passes import resolve
from wheelcheck.resolver.question import Question
from wheelcheck.targets.targets import parse_target


@pytest.mark.parametrize(
    ("purity", "code", "severity"),
    [
        ("pure", "WC101", Severity.INFO),
        ("native", "WC102", Severity.WARNING),
        ("unknown", "WC103", Severity.WARNING),
    ],
)
def test_exempt_source_archive_has_its_ordinary_code_and_is_no_error(
    purity: str, code: str, severity: Severity
) -> None:
    projects = FakeProjects({"a": {"1": [sdist(purity=purity)]}})
    policy = Policy(allowed=WHEELS, exempt=(Exemption(name=canonicalize_name("a")),))
    question = Question(requirements=(asked("a"),), target=parse_target("win_amd64", "3.11"), policy=policy)
    (finding,) = (
        finding
        for finding in diagnose(Diagnosis(resolve(question, projects), projects, policy))
        if finding.code.number.startswith("WC1")
    )
    assert (finding.code.number, finding.severity) == (code, severity)
