"""A question to a small index, and all the findings of its answer as lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName

from tests.fakes.projects import FakeProjects
from tests.resolver.test_passes import PURE, asked
from wheelcheck.findings.context import Diagnosis
from wheelcheck.findings.rules import diagnose
from wheelcheck.knowledge.loading import load_marker_values
from wheelcheck.model.distribution import (
    Installability,
    ProjectPage,
)
from wheelcheck.model.finding import Finding
from wheelcheck.model.knowledge import RepairKnowledge
from wheelcheck.model.requirement import (
    CommandLineOrigin,
    Constraint,
    FileOrigin,
    HashPin,
    Requirement,
    ToolSetting,
    UnsupportedRequirement,
)
from wheelcheck.model.resolution import Conflict, Policy, Resolution
from wheelcheck.resolver.passes import resolve
from wheelcheck.resolver.question import Budget, Question
from wheelcheck.targets.targets import parse_target

WIN, LINUX, MAC = "cp311-cp311-win_amd64", "cp311-cp311-manylinux_2_17_x86_64", "cp311-cp311-macosx_11_0_arm64"
OURS = "https://acme.example/simple/"
EVERYTHING = frozenset(Installability)


def told(found: Iterable[Finding]) -> list[str]:
    """All that findings say, each in a few lines."""
    lines: list[str] = []
    for each in found:
        about = " ".join(str(word) for word in (each.package, each.version) if word is not None)
        lines.append(f"{each.code.number} {each.severity.value} [{about}] {each.message}")
        lines += [f"    evidence: {text}" for text in each.evidence]
        lines += [f"    path: {' > '.join(path)}" for path in each.paths]
        lines += [f"    nearest: {each.nearest}"] if each.nearest is not None else []
        lines += [f"    elsewhere: {', '.join(each.elsewhere)}"] if isinstance(each.elsewhere, tuple) else []
    return lines


def diagnosed(
    projects: FakeProjects,
    *requirements: str | Requirement,
    platform: str = "win_amd64",
    python: str = "3.11",
    constraints: Sequence[str] = (),
    policy: Policy | None = None,
    knowledge: RepairKnowledge | None = None,
    budget: Budget | None = None,
    settings: tuple[ToolSetting, ...] = (),
    unsupported: tuple[UnsupportedRequirement, ...] = (),
    bounds: Sequence[str] = (),
    require_hashes: bool = False,
    changed: Callable[[Resolution | Conflict], Resolution | Conflict] = lambda outcome: outcome,
) -> list[str]:
    """What is said of the answer to *requirements*; *changed* makes another of it that no small index leads to."""
    question = Question(
        requirements=tuple(asked(each) if isinstance(each, str) else each for each in requirements),
        constraints=tuple(Constraint.from_requirement(asked(each)) for each in constraints),
        target=parse_target(platform, python),
        policy=policy or Policy(allowed=PURE),
        budget=budget or Budget(),
        unsupported=unsupported,
    )
    outcome = changed(resolve(question, projects))
    origin = FileOrigin(path="pyproject.toml", line=4)
    return told(
        diagnose(
            Diagnosis(
                outcome,
                projects,
                question.policy,
                input_bounds=tuple((SpecifierSet(each), origin) for each in bounds),
                require_hashes=require_hashes,
                constraints=question.constraints,
                tool_settings=settings,
                knowledge=knowledge,
                requirements=question.requirements,
                marker_values=load_marker_values(),
            )
        )
    )


class Pages(FakeProjects):
    """An index whose pages are *changed* before they are read."""

    changes: Callable[[ProjectPage], ProjectPage] = staticmethod(lambda page: page)

    def _build_page(self, name: NormalizedName) -> ProjectPage:
        return self.changes(super()._build_page(name))


def pages(projects: dict[str, dict[str, list[object]]], changes: Callable[[ProjectPage], ProjectPage]) -> Pages:
    found = Pages(projects)  # type: ignore[arg-type]
    found.changes = changes
    return found


def hashed(text: str, *digests: str) -> Requirement:
    return Requirement.parse(
        text,
        CommandLineOrigin(text=text),
        hashes=tuple(HashPin(algorithm="sha256", digest=digest * 64) for digest in digests),
    )
