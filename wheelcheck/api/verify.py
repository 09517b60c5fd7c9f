"""``verify``: opens a bundle or environment, reads the plan and the knowledge of libraries, and inspects it with them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from wheelcheck.ports import Reporter, SilentReporter

if TYPE_CHECKING:
    from wheelcheck.environments.verify.imports import ImportOptions
    from wheelcheck.model.inspection import Inspection
    from wheelcheck.plans.documents import ExecutablePlan


def verify(path: str, imports: ImportOptions, *, plan: str = "", reporter: Reporter | None = None) -> Inspection:
    """Look at the bundle or environment at *path*: files, the plan in the file *plan* (empty for none), libraries and imports.

    Problems are an answer, not errors. Raises ``InputUnreadable`` where there is no environment or the plan cannot be read,
    ``UsageProblem`` for a runner that cannot be started, ``OSError`` where the disk fails.
    """
    from wheelcheck.archives.installed import InstalledCode
    from wheelcheck.environments.verify.inspecting import InspectionOptions, inspect
    from wheelcheck.environments.verify.opening import opened
    from wheelcheck.knowledge.loading import load_standard_library
    from wheelcheck.knowledge.systems import load_system_libraries

    reporter = reporter or SilentReporter()
    options = InspectionOptions(
        plan=_plan(plan),
        imports=imports,
        open_code=InstalledCode,
        library=load_standard_library(),
        environ=os.environ,
    )
    reporter.stage("opening")
    with opened(path) as subject:
        return inspect(subject, load_system_libraries(), options, reporter)


def _plan(path: str) -> ExecutablePlan | None:
    if not path:
        return None
    from wheelcheck.api.edges import read_plan_file
    from wheelcheck.plans.documents import parse_executable

    return parse_executable(read_plan_file(path), path)
