"""Looks at an environment as the program does, without its command line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from wheelcheck.archives.reader import InstalledCode
from wheelcheck.environments.verify.imports import ImportOptions
from wheelcheck.environments.verify.inspecting import InspectionOptions, inspect
from wheelcheck.environments.verify.opening import opened
from wheelcheck.knowledge.loading import load_standard_library
from wheelcheck.knowledge.systems import load_system_libraries
from wheelcheck.model.finding import Severity
from wheelcheck.model.inspection import Inspection, Problem, ProblemKind
from wheelcheck.plans.documents import ExecutablePlan
from wheelcheck.ports import SilentReporter

NO_IMPORTS = ImportOptions(wanted=False)


def look(
    path: Path,
    *,
    plan: ExecutablePlan | None = None,
    imports: ImportOptions = NO_IMPORTS,
    environ: Mapping[str, str] | None = None,
) -> Inspection:
    """The whole inspection of *path*; imports are left out unless asked for."""
    options = InspectionOptions(
        plan=plan,
        imports=imports,
        open_code=InstalledCode,
        library=load_standard_library(),
        environ=environ or {},
    )
    with opened(str(path)) as subject:
        return inspect(subject, load_system_libraries(), options, SilentReporter())


def of_kind(inspection: Inspection, kind: ProblemKind) -> tuple[Problem, ...]:
    """The problems of *kind*."""
    return tuple(problem for problem in inspection.problems if problem.kind is kind)


def messages(inspection: Inspection, severity: Severity = Severity.ERROR) -> list[str]:
    """What the problems of *severity* say."""
    return [problem.message for problem in inspection.of_severity(severity)]
