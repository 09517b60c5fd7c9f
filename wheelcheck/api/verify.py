"""``verify``: opens a bundle or environment, reads the plan and the knowledge of libraries, and inspects it with them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct

from wheelcheck.ports import Reporter, SilentReporter

if TYPE_CHECKING:
    from wheelcheck.model.inspection import Inspection
    from wheelcheck.plans.documents import ExecutablePlan


class VerifyRequest(Struct, frozen=True, kw_only=True):
    """The question as a caller puts it: the ``path`` of a bundle or environment, and a plan's path (empty for none).

    ``imports`` says whether imports are tried, ``runner`` what runs the target's programs here (empty for nothing), ``timeout`` the
    seconds that each process has, ``skipped`` the modules and distributions that are left out.
    """

    path: str
    plan: str = ""
    imports: bool = True
    runner: str = ""
    timeout: float = 60.0
    skipped: tuple[str, ...] = ()


def verify(request: VerifyRequest, *, reporter: Reporter | None = None) -> Inspection:
    """Look at the bundle or environment of *request*: files, plan, libraries, contamination and imports.

    Problems are an answer, not errors. Raises ``InputUnreadable`` where there is no environment or the plan cannot be read,
    ``UsageProblem`` for a runner that cannot be started, ``OSError`` where the disk fails.
    """
    from wheelcheck.environments.verify.imports import ImportOptions
    from wheelcheck.environments.verify.inspecting import InspectionOptions, inspect
    from wheelcheck.environments.verify.opening import opened
    from wheelcheck.knowledge.systems import load_system_libraries

    reporter = reporter or SilentReporter()
    options = InspectionOptions(
        plan=_plan(request.plan),
        imports=ImportOptions(
            wanted=request.imports,
            runner=request.runner,
            timeout=request.timeout,
            skipped=frozenset(request.skipped),
        ),
        environ=os.environ,
    )
    reporter.stage("opening")
    with opened(request.path) as subject:
        return inspect(subject, load_system_libraries(), options, reporter)


def _plan(path: str) -> ExecutablePlan | None:
    if not path:
        return None
    from wheelcheck.api.edges import read_plan_file
    from wheelcheck.plans.documents import parse_executable

    return parse_executable(read_plan_file(path), path)
