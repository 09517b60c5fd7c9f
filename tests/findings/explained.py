"""Small indexes on which a project is explained, versions are laid out by targets, locks disagree and answers are compared.

For ``test_situations.py``, as ``situations.py`` is.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec.structs import replace
from packaging.markers import Marker
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.fakes import checks, samples
from tests.fakes.locked import INDEX, listed, lock_of, locked
from tests.fakes.projects import FakeProjects, sdist, wheel
from tests.findings.questions import about, allowed, policy
from tests.findings.telling import LINUX, MAC, WIN, told
from tests.findings.test_versions import wheels as laid_out
from tests.findings.test_why import why
from tests.resolver.test_passes import WHEELS
from wheelcheck.findings.asked import find_disagreements, find_unjudged, silent_lock
from wheelcheck.findings.context import Diagnosis
from wheelcheck.findings.verdicts import compare, fingerprint, judge
from wheelcheck.findings.why import UserRequirements, asker, explain, near_names
from wheelcheck.model.answers import Outcome, Standing, Why
from wheelcheck.model.distribution import Installability
from wheelcheck.model.finding import Code, Severity
from wheelcheck.model.lock import Lock, LockedDependency, LockKind
from wheelcheck.model.plan import PlannedPackage
from wheelcheck.model.requirement import CommandLineOrigin, FileOrigin
from wheelcheck.model.resolution import Policy
from wheelcheck.resolver.locked import LockedResolver
from wheelcheck.resolver.question import Budget
from wheelcheck.targets.fitting import Compatibility
from wheelcheck.targets.targets import parse_target

ROOT = FileOrigin(path="some.lock", line=2)


def _rows(found: object, depth: int = 0) -> list[str]:
    """A value of ours in lines, without what is empty and the target."""
    lines: list[str] = []
    for key, value in msgspec.structs.asdict(found).items():  # type: ignore[arg-type]
        if value in ((), "", None, False) or key == "target":
            continue
        if isinstance(value, tuple) and isinstance(value[0], tuple):
            lines += [f"{'  ' * depth}{key}: {' > '.join(map(_line, each))}" for each in value]
        elif isinstance(value, tuple) and isinstance(value[0], msgspec.Struct):
            lines += [f"{'  ' * depth}{key}: {_line(each)}" for each in value]
        else:
            lines.append(f"{'  ' * depth}{key}: {_word(value)}")
    return lines


def _line(found: object) -> str:
    if not isinstance(found, msgspec.Struct):
        return _word(found)
    there = msgspec.structs.asdict(found).items()
    return ", ".join(f"{key} {_word(value)}" for key, value in there if value not in ((), "", None, False))


def _word(value: object) -> str:
    if isinstance(value, (Standing, Outcome, Installability)):
        return str(value.value)
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _several(*found: Why) -> list[str]:
    return [line for each in found for line in ("--", *_rows(each))]


# Why a project is there


def project_that_is_there() -> list[str]:
    projects = FakeProjects(
        {
            "a": {"1": [wheel(requires=["c<4", "b; sys_platform == 'win32'"])]},
            "b": {"1": [wheel(requires=["c!=2", "d[x]>=1"])]},
            "d": {"1": [wheel(requires=["c>1; extra == 'x'"], extras=["x"])], "2": [wheel(requires=["c<3"])]},
            "c": {
                "6": [wheel(upload_time="2025-06-01T00:00:00Z")],
                "5": [wheel(requires_python=">=3.12"), sdist(requires_python=">=3.12")],
                "4": [wheel(), sdist(purity="pure")],
                "3": [wheel(WIN, upload_time="2023-05-06T07:08:09Z"), wheel(LINUX), sdist(purity="native")],
                "2": [wheel(LINUX), sdist(purity="native")],
                "1": [wheel(upload_time=None)],
                "3rc1": [wheel()],
                "0.9": [wheel(yanked="bad")],
                "0.8": [wheel(LINUX)],
            },
        }
    )
    return _several(
        why(projects, "c", "a", "c>=1", constraints=["c<6", "c!=9; sys_platform == 'linux'"]),
        why(projects, "d", "a"),
        why(projects, "d", "d[x]", "a", "b", overrides=["c<3"]),
        why(projects, "c", "c<3,>1", platform="manylinux_2_28_x86_64"),
        why(projects, "c", "c<3,>1"),
    )


def project_that_is_blocked_or_clashes() -> list[str]:
    projects = FakeProjects(
        {
            "a": {"1": [wheel(requires=["n"])]},
            "n": {"1": [sdist(purity="native")], "2": [sdist(purity="unknown")], "0.1": [wheel("cp39-cp39-win_amd64")]},
            "l": {"1": [wheel(requires=["m<2"])]},
            "r": {"1": [wheel(requires=["l"])]},
            "m": {"1": [wheel()], "2": [wheel()]},
            "old": {"1": [wheel(requires_python="<3")]},
        }
    )
    return _several(
        why(projects, "n", "a"),
        why(projects, "a", "a"),
        why(projects, "m", "r", "m>=2", constraints=["m<9"]),
        why(projects, "r", "r", "m>=2"),
        why(projects, "m", "r[x]==1", "m>=2"),
        why(projects, "old", "old"),
        why(projects, "old", "old>5"),
        why(projects, "a", "a", budget=Budget(rounds=1)),
    )


def project_that_is_not_there() -> list[str]:
    needs = ["b; sys_platform == 'linux'", "b; extra == 'x' or extra == 'y'", 'b; "z" == extra', "c"]
    projects = FakeProjects(
        {"a": {"1": [wheel(requires=needs, extras=["x", "y", "z"])]}, "b": {"1": [wheel()]}, "c": {"1": [wheel()]}}
    )
    near = {each: {"1": [wheel()]} for each in ("a-b", "ab-c", "abd", "abcd", "xx-abc", "abc-d", "abc-e", "zzz")}
    return _several(
        why(projects, "b", "a", "b; sys_platform == 'linux'", constraints=["b<9"]),
        why(projects, "c", "a", excludes=["c"]),
        why(FakeProjects(near), "abc", *near),
    )


def versions_and_their_standing() -> list[str]:
    """Each standing of a version, and how ranges are joined."""
    mixed = FakeProjects(
        {
            "app": {"1": [wheel(requires=["a<5", "a!=3"])]},
            "b1": {"1": [wheel(requires=["a<5"])]},
            "b2": {"1": [wheel(requires=["a<5"])]},
            "b3": {"1": [wheel(requires=["a<5"])]},
            "a": {
                **{f"7.{minor}": [wheel()] for minor in range(3)},
                "6": [sdist(purity="pure")],
                "5": [sdist(purity="unknown")],
                "4.5": [sdist(purity="native"), wheel(MAC)],
                "4.4": [wheel("cp310-cp310-win_amd64"), sdist(purity="unknown")],
                "4.3": [wheel("cp312-cp312-win_amd64")],
                "4.2": [wheel()],
                "4.1": [sdist(purity="optional")],
                "4.0": [sdist(purity="native")],
                "3": [wheel()],
                "2.9": [wheel(LINUX), wheel(MAC), wheel("cp38-cp38-win_amd64"), wheel("cp39-cp39-win_amd64")],
                "2.8": [wheel("cp311-cp311d-win_amd64"), wheel("cp311-cp311dm-win_amd64")],
                "2.7": [wheel("cp311-cp311-win32"), wheel("cp311-cp311-musllinux_1_2_x86_64")],
                "2.6": [wheel(requires_python=">=3.12"), wheel(MAC, requires_python=">=3.13")],
                "2.5": [wheel("pp310-pypy310_pp73-win_amd64"), wheel("jy27-none-any")],
            },
        }
    )
    threads = FakeProjects(
        {"a": {"1": [wheel()], "2": [wheel("cp313-cp313-win_amd64")], "3": [wheel("cp314-cp314-win_amd64")]}}
    )
    of_extra = FakeProjects(
        {
            "a": {
                "1": [wheel(extras=["x"])],
                "2": [wheel(requires=["d<1", "c>=2; extra == 'y'", "c>=2; extra == 'x'"], extras=["x", "y"])],
            },
            "b": {"1": [wheel(requires=["c<2"])]},
            "c": {"1": [wheel()], "2": [wheel()]},
        }
    )
    apart = FakeProjects(
        {
            "a": {str(number): [wheel(requires=[f"c>={number}"])] for number in (1, 2, 3)},
            "b": {"1": [wheel(requires=["c<2"])]},
            "c": {str(number): [wheel()] for number in (1, 2, 3)},
        }
    )
    newer = ("manylinux_2_39_x86_64", "manylinux_2_31_aarch64", "linux_armv7l")
    floors = FakeProjects({"a": {"1": [wheel()], "2": [wheel(f"cp311-cp311-{each}") for each in newer]}})
    late, early = "2026-11-02T00:00:00Z", "2026-01-02T00:00:00Z"
    days = FakeProjects(
        {
            "a": {
                "1": [wheel(upload_time=early)],
                "2": [wheel(upload_time=late)],
                "3rc1": [wheel(upload_time=early)],
                "4": [wheel(upload_time=None), sdist(upload_time=None)],
            }
        }
    )
    comb = FakeProjects({"a": {f"1.{number}": [wheel() if number % 2 else wheel(LINUX)] for number in range(30)}})
    return _several(
        why(mixed, "a", "app", "b1", "b2", "b3"),
        why(mixed, "a", "app", allowed=WHEELS),
        why(mixed, "a", "a", allowed=frozenset(Installability)),
        why(threads, "a", "a", python="3.13t"),
        why(apart, "a", "a", "b"),
        why(of_extra, "a", "a[x]", "b"),
        why(floors, "a", "a", platform="manylinux_2_28_x86_64"),
        why(days, "a", "a", exclude_newer="2026-11-01T00:00:00Z"),
        why(comb, "a", "a<1.20,!=1.3"),
    )


def locked_project() -> list[str]:
    """A lock instead of requirements: who depends on what, and why it is not on this target."""

    def edge(name: str, **more: object) -> LockedDependency:
        return LockedDependency(name=canonicalize_name(name), **more)  # type: ignore[arg-type]

    windows = parse_target("win_amd64", "3.11")
    own = listed("some-1.0-py3-none-any.whl")
    packages = (
        replace(
            locked("root", "1.0", listed("root-1.0-py3-none-any.whl"), line=3),
            dependencies=(edge("some"), edge("gone", marker=Marker('sys_platform == "linux"'))),
        ),
        replace(
            locked("some", "1.0", own, line=9),
            dependencies=(
                edge("gone", for_extra=canonicalize_name("speed")),
                edge("gone", for_group=canonicalize_name("dev")),
                edge("gone"),
            ),
        ),
    )
    away = replace(locked("away", "2.0", line=20), dependencies=(edge("gone"), edge("lone")))
    member = replace(locked("member", "2.0", line=30), dependencies=(edge("lone"),), is_own=True)
    gone = locked("gone", "3.0", line=40)
    lock = Lock(kind=LockKind.PYLOCK, path="some.lock", packages=(*packages, away, member, gone))
    projects = FakeProjects(
        {"some": {"1.0": [wheel()], "2.0": [wheel()], "0.5": [wheel()]}, "root": {"1.0": [wheel()]}}
    )
    allowed_all = Policy(allowed=frozenset(Installability))
    outcome = LockedResolver(lock_of(*packages), packages, allowed_all, projects, Compatibility(windows)).resolution()
    asked = UserRequirements(requirements=(), lock=lock)
    return _several(
        *(
            explain(Diagnosis(outcome, projects, allowed_all), canonicalize_name(name), asked, projects, lambda _: None)
            for name in ("some", "gone", "lone", "away", "nowhere")
        )
    )


def lock_beside_the_index() -> list[str]:
    windows = parse_target("win_amd64", "3.11")
    names = [f"some-1.0-cp3{minor}-cp3{minor}-win_amd64.whl" for minor in range(7, 13)]
    there = FakeProjects(
        {
            "some": {
                "1.0": [wheel(name.removeprefix("some-1.0-").removesuffix(".whl")) for name in names],
                "2.0": [wheel(yanked="")],
            }
        }
    )
    found: list[str] = []
    for changed in (1, 3, 4, 6):
        files = [listed(name, sha256="0" * 64 if place < changed else None) for place, name in enumerate(names)]
        found += _disagreeing(there, locked("some", "1.0", *files, line=changed))
    gone = listed("some-1.0-py3-none-any.whl")
    for index in (INDEX.rstrip("/"), "https://other.example/simple", ""):
        found += _disagreeing(there, locked("some", "1.0", gone, index=index))
    found += _disagreeing(there, locked("nowhere", "1.0", listed("nowhere-1.0-py3-none-any.whl")))
    found += _disagreeing(there, locked("some", "2.0", listed("some-2.0-py3-none-any.whl")))
    found += told([silent_lock("uv.lock", "locked for Python <3.11 only", windows)])
    for count in (0, 3):
        found += told(find_unjudged(Lock(kind=LockKind.PIXI, path="pixi.lock", conda=count)))
    return found


def _disagreeing(projects: FakeProjects, package: object) -> list[str]:
    packages = (package,)
    compatibility = Compatibility(parse_target("win_amd64", "3.11"))
    allowed_all = Policy(allowed=frozenset(Installability))
    resolution = LockedResolver(lock_of(*packages), packages, allowed_all, projects, compatibility).resolution()  # type: ignore[arg-type]
    return told(find_disagreements(packages, resolution, projects))  # type: ignore[arg-type]


# Versions by targets


def versions_by_targets() -> list[str]:
    floors = [wheel(f"cp311-cp311-{each}") for each in ("macosx_15_0_arm64", "macosx_14_0_arm64", "macosx_9_0_x86_64")]
    projects = FakeProjects(
        {
            "a": {
                "9.1": [
                    wheel(f"cp311-cp311-{each}")
                    for each in ("manylinux2014_i686", "manylinux2010_x86_64", "manylinux_2_28_x86_64")
                ],
                "9": [wheel(requires_python=">=3.12"), wheel(LINUX, requires_python=">=3.13")],
                "8": [*floors, sdist(purity="native", upload_time="2025-06-07T00:00:00Z")],
                "7": floors,
                "6": [wheel("cp39-abi3-win_amd64"), wheel("cp310-abi3-macosx_11_0_arm64"), wheel("py3-none-win_arm64")],
                "5": [wheel(), sdist()],
                "4": [wheel(WIN, yanked="bad"), sdist(yanked="bad", purity="pure")],
                "3": [sdist(purity="optional", upload_time=None)],
                "2": [wheel(WIN, yanked="")],
                "1": [wheel("cp27-cp27m-win_amd64")],
                "1rc1": [wheel()],
            }
        }
    )
    targets = (
        ("win_amd64", "3.11"),
        ("macosx_13_0_arm64", "3.11"),
        ("win_arm64", "3.12"),
        ("manylinux_2_5_x86_64", "3.11"),
    )
    found: list[str] = []
    for text, more in (("a", {}), ("a>=5", {"most": 2}), ("a", {"pre": True, "most": 10}), ("a>10", {})):
        answer = laid_out(projects, text, *targets, **more)  # type: ignore[arg-type]
        found.append(
            f"{answer.requirement}: {len(answer.rows)} of {answer.admitted} admitted, {answer.versions} there, "
            f"{answer.hidden} hidden, {answer.index}"
        )
        for row in answer.rows:
            cells = (f"{cell.kind.value} {cell.filename} {cell.fact}".rstrip() for cell in row.cells)
            found.append(f"  {row.version} ({row.date}): {' | '.join(cells)}")
    return found


# Verdicts and comparisons


def verdicts_in_order() -> list[str]:
    findings = [
        about(Code.SOURCE_NATIVE, "av", "9"),
        about(Code.SOURCE_NATIVE, "av", "10"),
        about(Code.SOURCE_NATIVE, "av", None),
        about(Code.OLDER_CHOSEN, "b"),
        about(Code.OLDER_CHOSEN, "a"),
        about(Code.CONFLICT, None, None),
        about(Code.SOURCE_PURE, "p"),
        about(Code.OTHER_VERSIONS, "av"),
        about(Code.SOURCE_NATIVE, "c"),
        about(Code.BUDGET_SPENT, None, None, severity=Severity.ERROR),
    ]
    origins = {"10": FileOrigin(path="b.txt", line=3), "9": FileOrigin(path="a.txt", line=1)}
    target = parse_target("win_amd64", "3.11")
    by = policy(
        allowed("c", expires="2026-11-21", line=1),
        allowed("p", codes=("WC3",), line=2),
        allowed("b", codes=("WC2",), expires="2026-11-20T23:00:00Z", line=3),
        fail_on=("WC201",),
        warn_only=("WC204", "WC2"),
        baseline=("WC201:a:win_amd64:3.11",),
        today="2026-11-21T10:00:00Z",
    )
    found = judge(findings, policy=by, target=target, origins=lambda each: origins.get(str(each.version)))
    return [
        f"{each.verdict.value} {each.fingerprint} {each.finding.version} {each.origin} "
        f"{each.allowance.origin.line if each.allowance is not None else '-'}"
        for each in found
    ] + [fingerprint(replace(findings[5], message="other"), target)]


def compared_answers() -> list[str]:
    plan = samples.installable_plan()
    click, colorama = plan.packages
    file = click.file
    assert file is not None

    def package(
        name: str, version: str, size: int | None = 0, installability: Installability = Installability.WHEEL
    ) -> PlannedPackage:
        there = None if size is None else replace(file, filename=f"{name}-{version}.whl", size=size or None)
        return replace(
            click, name=canonicalize_name(name), version=Version(version), file=there, installability=installability
        )

    before = (
        package("up", "1.9", 10),
        package("down", "2", 20),
        package("gone", "1", None),
        package("same", "1", 5),
        package("by", "1", 7),
    )
    after = (
        package("new", "1", 100), package("up", "1.10", 11), package("down", "1.9"), package("same", "1", 5),
        package("by", "1", 7, Installability.SDIST_PURE), colorama,
    )  # fmt: skip
    windows = checks.WINDOWS
    found = compare(
        checks.checked(windows, replace(plan, packages=before), ()),
        checks.checked(windows, replace(plan, packages=after), ()),
        windows,
    )
    lines = [
        f"{change.kind.value} {change.name} {change.before and change.before.version} {change.after and change.after.version}"
        for change in found.changes
    ]
    return [*lines, _line(found.size_before), _line(found.size_after)]


def words_for_people() -> list[str]:
    origins = (
        CommandLineOrigin(text="a"),
        CommandLineOrigin(text="a", option="--constraint"),
        FileOrigin(path="requirements.txt", line=3),
        FileOrigin(path="requirements.txt", line=0),
    )
    known = [
        canonicalize_name(each)
        for each in ("requests", "request", "requests-oauth", "reqests", "requestx", "my-requests", "a")
    ]
    return [
        *(asker(each) for each in origins),
        *(
            f"{name}: {', '.join(near_names(canonicalize_name(name), known))}"
            for name in ("requests", "req", "re", "o", "oauth", "b")
        ),
    ]


SITUATIONS: dict[str, Callable[[], list[str]]] = {
    "Why a project is there": project_that_is_there,
    "Why a project blocks or clashes": project_that_is_blocked_or_clashes,
    "Why a project is not there": project_that_is_not_there,
    "How the versions of a project stand": versions_and_their_standing,
    "Why a project of a lock is there or is not": locked_project,
    "Locks beside the index": lock_beside_the_index,
    "Versions by targets": versions_by_targets,
    "Verdicts, in their order": verdicts_in_order,
    "What changed from one answer to the other": compared_answers,
    "Askers, and names that are near": words_for_people,
}
