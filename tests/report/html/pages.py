"""Sample pages for the tests: each answer that is told as a page, hostile and large ones among them."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.fakes import checks, matrices, proposed, samples
from tests.fakes.checks import HOSTILE_TEXTS
from wheelcheck.model.answers import Matrix
from wheelcheck.model.check import (
    ChangeKind,
    ComparedFinding,
    ComparedRelease,
    Difference,
    DownloadSize,
    FindingState,
    PackageChange,
    Side,
    TargetDifference,
)
from wheelcheck.model.distribution import Installability
from wheelcheck.model.environment import Layout, Runtime, RuntimeKind
from wheelcheck.model.finding import Code, Severity
from wheelcheck.model.inspection import (
    ImportTrial,
    InspectedDistribution,
    Inspection,
    Problem,
    ProblemKind,
    TrialOutcome,
)
from wheelcheck.model.plan import Plan
from wheelcheck.report.formats import formats_of
from wheelcheck.report.html.page import Patch

PATCH = "--- a/requirements.txt\n+++ b/requirements.txt\n@@ -1 +1 @@\n-av==11.0.0\n+av==12.0.0  # <b>é</b>\n"
PLATFORMS = (
    "win_amd64", "win_arm64", "macosx_13_0_arm64", "macosx_13_0_x86_64", "manylinux_2_28_x86_64", "manylinux_2_28_aarch64",
    "musllinux_1_2_x86_64",
)  # fmt: skip
PYTHONS = ("3.11", "3.12", "3.13", "3.13t", "3.14", "3.14t", "3.10", "3.15")


def rendered(command: str, answer: object) -> str:
    """*answer* of *command* as a page of a fixed day, with a patch for its first repair."""
    patches = {proposed.OVERRIDE.edits: Patch(text=PATCH), proposed.EXCLUDE.edits: Patch(refused="nothing says it")}
    return formats_of(command)["html"].render(answer, today="2026-11-28", patches=patches)


def difference() -> Difference:
    """One package moved and a new finding on one of two targets, the other as it was."""
    release = ComparedRelease(version=Version("11.0.0"), installability=Installability.WHEEL, size=27_000_000)
    moved = PackageChange(
        kind=ChangeKind.UPGRADED,
        name=canonicalize_name("av"),
        before=release,
        after=replace(release, version=Version("12.0.0"), upload_time="2024-03-17T18:40:11Z"),
    )
    [before, after] = checks.failing().targets
    return Difference(
        old=Side(name="requirements.txt", kind="resolved", revision="1a2b3c4d"),
        new=Side(name="requirements.txt", kind="resolved", inputs=samples.INPUTS),
        targets=(
            TargetDifference(
                target=before.target,
                before=replace(before, judged=()),
                after=before,
                changes=(moved,),
                findings=tuple(ComparedFinding(state=FindingState.NEW, judged=each) for each in before.judged),
                size_before=DownloadSize(size=27_000_000, files=1),
                size_after=DownloadSize(size=28_000_000, files=1),
            ),
            TargetDifference(target=after.target, before=after, after=after),
        ),
    )


def inspection() -> Inspection:
    """An environment with one library missing and one import that failed."""
    torch = canonicalize_name("torch")
    return Inspection(
        subject="dist",
        root=Path("dist"),
        runtime=Runtime(kind=RuntimeKind.EMBEDDABLE, python=Version("3.11.9"), system="windows", machine="amd64"),
        layout=Layout(
            executable="python.exe", site_packages="site-packages", scripts="Scripts", headers="Include", data="."
        ),
        compared=("RECORD", "manifest"),
        target="win_amd64",
        distributions=(
            InspectedDistribution(
                name=torch,
                version="2.1.0",
                files=12,
                libraries=3,
                imports=(ImportTrial(module="torch", outcome=TrialOutcome.FAILED, detail="ImportError"),),
            ),
        ),
        problems=(
            Problem.of(
                ProblemKind.LIBRARY_MISSING, Severity.ERROR, "torch.dll needs x.dll", "Ship it.", distribution=torch
            ),
            Problem.of(ProblemKind.NOT_ISOLATED, Severity.WARNING, "the user's folder is read"),
        ),
    )


def large(projects: int = 300) -> Matrix:
    """*projects* on 56 cells, of which half are blocked by one of 12 projects, each version and file another by platform."""
    plain = samples.installable_plan()
    first = plain.packages[0]
    file = first.file
    assert file is not None

    def plan(number: int) -> Plan:
        packages = tuple(
            replace(
                first,
                name=canonicalize_name(f"some-project-{each:03}"),
                version=Version(f"1.{each}.{number % 3 if each % 5 == 0 else 0}"),
                required_by=(canonicalize_name(f"some-project-{each // 3:03}"),),
                file=replace(file, size=1000 * (projects - each) + 10 * number),
            )
            for each in range(projects)
        )
        if number % 2 == 0:
            return replace(plain, packages=packages)
        name = f"blocker-{number % 12:02}"
        path = ("some-project-000==1.0.0", f"some-project-{number:03}==1.{number}.0", f"{name}==2.0")
        blocking = samples.finding(Code.SOURCE_NATIVE, name, "2.0", f"{name} 2.0 has no wheel.", paths=(path,))
        return replace(samples.blocked_plan(), packages=packages, findings=(blocking,))

    targets = [(platform, python) for platform in PLATFORMS for python in PYTHONS]
    return matrices.compared(*(matrices.cell(*target, plan(number)) for number, target in enumerate(targets)))


def every_page() -> dict[str, str]:
    """One page of each kind of answer, by a word for it."""
    return {
        "plan": rendered("plan", samples.blocked_plan(proposed.THREE_WAYS)),
        "plan-good": rendered("plan", samples.needs_build_plan()),
        "plan-hopeless": rendered("plan", samples.hopeless_plan()),
        "check": rendered("check", checks.shared()),
        "check-allowed": rendered("check", checks.allowed()),
        "matrix": rendered("matrix", matrices.mixed()),
        "diff": rendered("diff", difference()),
        "verify": rendered("verify", inspection()),
    }


def hostile_page() -> str:
    """Every hostile text at once, wherever a package, an index or a file could put it."""
    return rendered("check", checks.hostile(" ".join(HOSTILE_TEXTS)))
