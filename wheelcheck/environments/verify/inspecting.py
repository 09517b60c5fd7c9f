"""Inspects an environment, and compares its packages with plan, manifest and target; changes nothing."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct, field
from packaging.utils import canonicalize_name

from wheelcheck.environments.verify.files import compare_files, find_contamination
from wheelcheck.environments.verify.imports import ImportOptions, ImportsTried, modules_to_try, tried_imports
from wheelcheck.environments.verify.libraries import judge_libraries
from wheelcheck.environments.verify.library_index import LibraryIndex, read_library_index
from wheelcheck.environments.verify.locating import WINDOWS_PLATFORMS, system_of
from wheelcheck.environments.verify.reading import (
    find_failing_code,
    find_unmet_libraries,
    installed_archives,
    surroundings_of,
)
from wheelcheck.environments.verify.subject import Installed, Subject, owners, read_installed
from wheelcheck.errors import UsageProblem
from wheelcheck.model.code import InstalledFiles
from wheelcheck.model.distribution import as_version
from wheelcheck.model.environment import BundledPackage
from wheelcheck.model.finding import Severity
from wheelcheck.model.inspection import InspectedDistribution, Inspection, Problem, ProblemKind
from wheelcheck.model.knowledge import StandardLibrary
from wheelcheck.model.plan import Plan, PlannedPackage
from wheelcheck.model.systems import LibraryKnowledge
from wheelcheck.model.target import Target
from wheelcheck.plans.documents import ExecutablePlan
from wheelcheck.ports import Code, Reporter
from wheelcheck.targets.targets import parse_target

_ORDER = {kind: place for place, kind in enumerate(ProblemKind)}
_SEVERITIES = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
_FETCH_AGAIN = "make the bundle again from this plan, or install what it has (wheelcheck export --to pip-sh)"
# Floors beyond any there is, because only system and machine matter here.
_ANY_AGE = {"linux": "manylinux_2_60_{}", "musl": "musllinux_1_9_{}", "macos": "macosx_30_0_{}"}


class InspectionOptions(Struct, frozen=True, kw_only=True):
    """The plan to compare with, how imports are tried, and the environment variables of the user (``environ``).

    ``open_code`` gives the code of installed files, ``library`` is the standard library of each Python.
    """

    plan: ExecutablePlan | None = None
    imports: ImportOptions
    open_code: Callable[[Path, Mapping[str, InstalledFiles]], Code]
    library: StandardLibrary
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
    problems = [*subject.problems, *compare_files(subject, installed), *_compare_packages(subject, installed, plan)]
    problems += [*judge_tags(subject, installed, target), *find_doubles(installed)]
    reporter.stage("reading libraries")
    index = read_library_index(subject, owners(subject, installed))
    requires = {each.name: each.requires for each in installed}
    problems += judge_libraries(subject, index, knowledge, floor_of(platform), requires)
    problems += find_contamination(subject, installed, options.environ)
    unseen = _why_more_is_there(subject, problems)
    archives = installed_archives(subject, installed, options.open_code, unseen)
    reporter.stage("importing")
    modules = modules_to_try(archives)
    tried = tried_imports(subject, modules, options.imports, knowledge, reporter.stage)
    problems += tried.problems
    if target is not None:
        reporter.stage("reading imports")
        problems += find_failing_code(archives, surroundings_of(subject, target, options.library), tried.imported)
        # macOS looks in places that no list of files shows.
        system = knowledge.systems.get(subject.runtime.system) if subject.runtime.system != "macos" else None
        if system is not None:
            problems += find_unmet_libraries(archives, target, tried.imported, index, system)
    return Inspection(
        subject=subject.given,
        root=subject.root,
        runtime=subject.runtime,
        layout=subject.layout,
        compared=_compared(subject, installed, plan),
        target=platform,
        distributions=tuple(_inspected(each, index, tried, len(modules[each.name].native)) for each in installed),
        problems=tuple(sorted(dict.fromkeys(problems), key=_place)),
        no_imports=tried.reason,
    )


def _why_more_is_there(subject: Subject, problems: Iterable[Problem]) -> str:
    """Why modules may be importable that do not lie in the environment; empty where there are none."""
    if subject.sees_host:
        return "it shows the host's packages too"
    outside = (ProblemKind.EDITABLE, ProblemKind.OUTSIDE_PATH)
    return next((problem.message for problem in problems if problem.kind in outside), "")


def _compare_packages(
    subject: Subject, installed: tuple[Installed, ...], plan: ExecutablePlan | None
) -> Iterator[Problem]:
    """What *plan* has otherwise; without one, what the manifest of the bundle has and is not there."""
    if plan is not None:
        yield from compare_plan(subject, installed, plan.plan, plan.digest)
        return
    there = {each.name for each in installed}
    for package in subject.manifest.packages if subject.manifest is not None else ():
        if canonicalize_name(package.name) not in there:
            yield _missing(package, "manifest", "make the bundle again")


def _missing(package: BundledPackage | PlannedPackage, place: str, remedy: str) -> Problem:
    message = f"{package.name} {package.version} is in the {place} and not installed"
    return Problem.of(ProblemKind.PACKAGE_MISSING, Severity.ERROR, message, remedy, distribution=package.name)


def _inspected(each: Installed, index: LibraryIndex, tried: ImportsTried, native: int) -> InspectedDistribution:
    return InspectedDistribution(
        name=each.name,
        version=each.version,
        files=len(each.files or ()),
        libraries=sum(index.owner(binary.path) == each.name for binary in index.binaries),
        imports=tried.trials.get(each.name, ()),
        native_modules=native,
        native_loaded=tried.loaded.get(each.name, 0),
    )


def _compared(subject: Subject, installed: tuple[Installed, ...], plan: ExecutablePlan | None) -> tuple[str, ...]:
    words = ["RECORD"] if any(each.files is not None for each in installed) else []
    words += ["manifest"] if subject.manifest is not None else []
    return (*words, "plan") if plan is not None else tuple(words)


def _place(problem: Problem) -> tuple[int, int, str, str, str]:
    rank = _SEVERITIES[problem.severity], _ORDER[problem.kind]
    return (*rank, problem.distribution or "", problem.file or "", problem.library or "")


def compare_plan(subject: Subject, installed: tuple[Installed, ...], plan: Plan, digest: str) -> Iterator[Problem]:
    """Yield the differences between *subject* and *plan*, whose digest is *digest*."""
    made_from = subject.manifest.plan_digest if subject.manifest is not None else ""
    if made_from and digest and made_from != digest:
        made, given = (each[: len("sha256:") + 12] for each in (made_from, digest))
        message = f"the bundle was made from the plan {made}, the one given is {given}"
        remedy = "give the plan that it was made from, or make the bundle again"
        yield Problem.of(ProblemKind.PLAN_DIFFERS, Severity.ERROR, message, remedy)
    yield from _runtime(subject, plan.target)
    found = {each.name: each for each in installed}
    for package in plan.packages:
        there = found.pop(package.name, None)
        if there is None:
            yield _missing(package, "plan", _FETCH_AGAIN)
        elif as_version(there.version) != package.version:
            message = f"{package.name} is installed in {there.version}, the plan has {package.version}"
            kind, name = ProblemKind.PACKAGE_VERSION, package.name
            yield Problem.of(kind, Severity.ERROR, message, _FETCH_AGAIN, distribution=name, file=there.info)
    for each in found.values():
        message = f"{each.name} {each.version} is installed and not in the plan"
        remedy, kind = "remove it, or add it to the requirements and plan again", ProblemKind.PACKAGE_EXTRA
        yield Problem.of(kind, Severity.WARNING, message, remedy, distribution=each.name, file=each.info)


def judge_tags(subject: Subject, installed: tuple[Installed, ...], target: Target | None) -> Iterator[Problem]:
    """Yield a problem for every distribution whose wheel is not for *target*, by the tags in WHEEL."""
    if target is None:
        return
    for each in installed:
        if each.tags and not any(tag in target.rank for tag in each.tags):
            words = ", ".join("-".join(tag) for tag in each.tags[:3])
            fact = f"the wheel of {each.name} {each.version} is for {words}"
            message, file = f"{fact}; the environment is {_words(subject, target)}", f"{each.info}/WHEEL"
            remedy = "install the wheel for this environment; `wheelcheck plan` with its platform and Python picks it"
            kind, severity = ProblemKind.TAG_UNFIT, Severity.ERROR
            yield Problem.of(kind, severity, message, remedy, distribution=each.name, file=file)


def find_doubles(installed: tuple[Installed, ...]) -> Iterator[Problem]:
    """Yield a problem for every distribution that is installed twice, as when one was unpacked over another."""
    for first, second in itertools.pairwise(installed):
        if first.name == second.name:
            message = f"{second.name} is installed twice: {first.info} and {second.info}"
            remedy = "remove both and install one of them again: their files lie over each other"
            kind, name = ProblemKind.PACKAGE_VERSION, second.name
            yield Problem.of(kind, Severity.ERROR, message, remedy, distribution=name, file=second.info)


def target_of(subject: Subject, plan: Plan | None) -> tuple[Target | None, str]:
    """The target that wheels have to fit, and the platform whose floor counts (empty where no floor is known)."""
    if plan is not None:
        return plan.target, plan.target.platform
    runtime, manifest = subject.runtime, subject.manifest
    with contextlib.suppress(UsageProblem):
        if manifest is not None:
            target = parse_target(manifest.target.platform, manifest.target.python)
            return target, target.platform
        if runtime.python is not None and runtime.machine is not None and "pypy" not in subject.layout.site_packages:
            machine, word = runtime.machine, _ANY_AGE.get(runtime.system, "").format(runtime.machine)
            if runtime.system == "windows":
                word = WINDOWS_PLATFORMS.get(machine, "")
            return parse_target(word, subject.python_minor + "t" * runtime.free_threaded), ""
    return None, ""


def floor_of(platform: str) -> tuple[int, ...]:
    """The release in a platform tag (``manylinux_2_28_x86_64`` → 2, 28); empty where it has none."""
    matched = re.match(r"(?:manylinux|musllinux|macosx)_(\d+)_(\d+)_", platform)
    return (int(matched[1]), int(matched[2])) if matched else ()


def _runtime(subject: Subject, target: Target) -> Iterator[Problem]:
    system, machine = system_of(target.platform)
    runtime = subject.runtime
    facts = []
    planned = f"{target.python_full.major}.{target.python_full.minor}"
    if subject.python_minor and subject.python_minor != planned:
        facts.append((f"Python {planned}", f"Python {subject.python_minor}"))
    if runtime.system and system and runtime.system != system:
        facts.append((system, runtime.system))
    elif runtime.machine and machine:
        # A machine may have several words: x86 is win32.
        one, other = (WINDOWS_PLATFORMS.get(word, word) for word in (machine, runtime.machine))
        facts += [(machine, runtime.machine)] if one != other else []
    for wanted, there in facts:
        message = f"the plan is for {wanted}, the environment is {there}"
        remedy = "take the runtime that the plan is for, or plan for this one"
        yield Problem.of(ProblemKind.RUNTIME_DIFFERS, Severity.ERROR, message, remedy)


def _words(subject: Subject, target: Target) -> str:
    runtime = subject.runtime
    system = " ".join(word for word in (runtime.system, runtime.machine or "") if word)
    return f"{system}, Python {subject.python_minor}" if system and subject.python_minor else str(target)
