"""Inspects an environment: files, plan, libraries, contamination, imports, in that order; changes nothing."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field
from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.environments.verify.contamination import find_contamination
from wheelcheck.environments.verify.files import compare_files
from wheelcheck.environments.verify.imports import ImportOptions, ImportsTried, tried_imports
from wheelcheck.environments.verify.libraries import judge_libraries
from wheelcheck.environments.verify.library_index import LibraryIndex, read_library_index
from wheelcheck.environments.verify.planned import compare_plan, find_doubles, floor_of, judge_tags, target_of
from wheelcheck.environments.verify.subject import Installed, Subject, owners, read_installed
from wheelcheck.model.finding import Severity
from wheelcheck.model.inspection import InspectedDistribution, Inspection, Problem, ProblemKind
from wheelcheck.model.systems import LibraryKnowledge
from wheelcheck.plans.documents import ExecutablePlan
from wheelcheck.ports import Reporter

_ORDER = {kind: place for place, kind in enumerate(ProblemKind)}
_SEVERITIES = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


class InspectionOptions(Struct, frozen=True, kw_only=True):
    """The plan to compare with, how imports are tried, and the environment variables of the user (``environ``)."""

    plan: ExecutablePlan | None = None
    imports: ImportOptions
    environ: Mapping[str, str] = field(default_factory=dict)


def inspect(
    subject: Subject, knowledge: LibraryKnowledge, options: InspectionOptions, reporter: Reporter
) -> Inspection:
    """Inspect *subject*; reads every file once, and starts a process for each distribution where its Python runs here.

    Raises ``UsageProblem`` for a runner that cannot be started.
    """
    plan = options.plan
    installed = read_installed(subject)
    target, platform = target_of(subject, plan.plan if plan is not None else None)
    reporter.stage("checking files")
    problems = [*subject.problems, *compare_files(subject, installed)]
    if plan is not None:
        problems += compare_plan(subject, installed, plan.plan, plan.digest)
    elif subject.manifest is not None:
        problems += _against_packages(subject, installed)
    problems += [*judge_tags(subject, installed, target), *find_doubles(installed)]
    reporter.stage("reading libraries")
    index = read_library_index(subject, owners(subject, installed))
    requires = {each.name: each.requires for each in installed}
    problems += judge_libraries(subject, index, knowledge, floor_of(platform), requires)
    problems += find_contamination(subject, installed, options.environ)
    reporter.stage("importing")
    tried = tried_imports(
        subject, installed, options.imports, knowledge, lambda name: reporter.stage(f"importing {name}")
    )
    problems += tried.problems
    return Inspection(
        subject=subject.given,
        root=subject.root,
        runtime=subject.runtime,
        layout=subject.layout,
        compared=_compared(subject, installed, plan),
        target=platform,
        distributions=tuple(_inspected(each, index, tried) for each in installed),
        problems=tuple(sorted(dict.fromkeys(problems), key=_place)),
        no_imports=tried.reason,
    )


def _against_packages(subject: Subject, installed: tuple[Installed, ...]) -> list[Problem]:
    """Problems for the packages of the manifest that are not installed."""
    manifest = subject.manifest
    there = {each.name for each in installed}
    return [
        Problem(
            kind=ProblemKind.PACKAGE_MISSING,
            severity=Severity.ERROR,
            distribution=package.name,
            message=f"{package.name} {package.version} is in the manifest and not installed",
            remedy="make the bundle again",
        )
        for package in (manifest.packages if manifest is not None else ())
        if canonicalize_name(package.name) not in there
    ]


def _inspected(each: Installed, index: LibraryIndex, tried: ImportsTried) -> InspectedDistribution:
    return InspectedDistribution(
        name=each.name,
        version=each.version,
        files=len(each.files or ()),
        libraries=sum(index.owner(binary.path) == each.name for binary in index.binaries),
        imports=tried.trials.get(each.name, ()),
    )


def _compared(subject: Subject, installed: tuple[Installed, ...], plan: ExecutablePlan | None) -> tuple[str, ...]:
    words = ["RECORD"] if any(each.files is not None for each in installed) else []
    words += ["manifest"] if subject.manifest is not None else []
    return (*words, "plan") if plan is not None else tuple(words)


def _place(problem: Problem) -> tuple[int, int, NormalizedName | str, str, str]:
    return (
        _SEVERITIES[problem.severity],
        _ORDER[problem.kind],
        problem.distribution or "",
        problem.file or "",
        problem.library or "",
    )
