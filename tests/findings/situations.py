"""Small indexes on which pins lack a wheel or requirements cannot be met, with all that is said, for ``test_situations.py``."""

from __future__ import annotations

from collections.abc import Callable

from packaging.utils import canonicalize_name

from tests.fakes.projects import FakeProjects, sdist, wheel
from tests.findings.telling import EVERYTHING, LINUX, WIN, diagnosed, hashed
from tests.resolver.test_passes import PURE, WHEELS, asked
from wheelcheck.model.requirement import (
    FileOrigin,
    ToolSetting,
    UnsupportedRequirement,
)
from wheelcheck.model.resolution import Policy
from wheelcheck.resolver.question import Budget

# Pins without a usable wheel


def wheels_for_many_others() -> list[str]:
    tags = (
        "cp39-cp39-win_amd64", "cp310-cp310-win_amd64", "cp313-cp313t-win_amd64", "pp310-pypy310_pp73-win_amd64",
        "pp39-pypy39_pp73-win_amd64", "cp27-cp27m-win_amd64", "jy3-none-any", "cp311-cp311-macosx_10_9_x86_64",
        "cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64", "cp311-cp311-manylinux1_i686", "cp311-cp311-musllinux_1_1_x86_64",
        "cp311-cp311-linux_armv6l", "cp311-cp311-win32", "cp311-cp311-win_arm64", "cp311-cp311-ios_13_0_arm64_iphoneos",
        "cp311-cp311-android_21_arm64_v8a", "cp311-cp311-freebsd_13_amd64",
    )  # fmt: skip
    files = [*map(wheel, tags), sdist(purity="native")]
    return diagnosed(FakeProjects({"a": {"1": files}}), "a")


def wheels_for_one_other() -> list[str]:
    found: list[str] = []
    for tags in ("cp3-none-win_amd64", "cp312-cp312-win_amd64", "pp39-pypy39_pp73-win_amd64", LINUX, "cp310-none-any"):
        found += diagnosed(FakeProjects({"a": {"1": [wheel(tags)]}}), "a")
    return found


def other_versions() -> list[str]:
    there = {1: None, 3: None, 4: "broken", 9: None}
    versions = {
        str(number): [
            wheel(WIN, upload_time=f"20{10 + number}-02-03T00:00:00Z", yanked=there[number])
            if number in there
            else sdist(purity="unknown")
        ]
        for number in range(1, 10)
    }
    projects = FakeProjects({"app": {"1": [wheel(requires=["b==5"])]}, "b": {**versions, "8rc1": [wheel()]}})
    undated = FakeProjects({"b": {"1": [wheel(WIN, upload_time=None)], "2": [sdist(purity="native")]}})
    return [*diagnosed(projects, "app"), *diagnosed(undated, "b==2")]


def sources_by_policy() -> list[str]:
    found: list[str] = []
    for allowed in (WHEELS, PURE, EVERYTHING):
        for kind in ("pure", "optional", "native", "unknown"):
            found += diagnosed(FakeProjects({"a": {"1": [sdist(purity=kind)]}}), "a", policy=Policy(allowed=allowed))
    return found


def floors() -> list[str]:
    found: list[str] = []
    for platform, *tags in (
        ("manylinux_2_17_x86_64", "manylinux_2_39_x86_64", "manylinux_2_28_x86_64", "manylinux_2_31_aarch64"),
        ("manylinux_2_5_x86_64", "manylinux2010_x86_64", "musllinux_1_2_x86_64"),
        ("musllinux_1_1_x86_64", "musllinux_1_2_x86_64", "manylinux_2_28_x86_64"),
        ("macosx_11_0_arm64", "macosx_14_0_arm64", "macosx_13_3_universal2", "macosx_12_0_x86_64"),
        ("macosx_11_0_arm64", "macosx_12_0_x86_64"),
        ("macosx_11_0_arm64", "macosx_10_9_arm64", "macosx_14_0_arm64"),
    ):
        wheels = [wheel(f"cp311-cp311-{tag}") for tag in tags]
        for files in (wheels, [*wheels, sdist(purity="native")], [*wheels, sdist(purity="unknown")]):
            found += diagnosed(FakeProjects({"a": {"1": files}}), "a", platform=platform)[:1]
    late = wheel("cp311-cp311-manylinux_2_17_x86_64", requires_python=">=3.12")
    projects = FakeProjects({"a": {"1": [late, wheel(WIN), sdist(purity="native")]}})
    return [*found, *diagnosed(projects, "a", platform="manylinux_2_28_x86_64")]


def files_kept_out() -> list[str]:
    both = FakeProjects({"a": {"1": [wheel(), sdist(purity="pure")], "2": [wheel()]}})
    late = FakeProjects({"a": {"1": [wheel(requires_python=">=3.12"), wheel(LINUX, requires_python=">=3.13")]}})
    return [
        *diagnosed(both, "a==2", policy=Policy(allowed=PURE, no_binary=frozenset({"a"}))),
        *diagnosed(
            FakeProjects({"a": {"1": [sdist(purity="pure")]}}),
            "a",
            policy=Policy(allowed=PURE, only_binary=frozenset({":all:"})),
        ),
        *diagnosed(late, "a"),
        *diagnosed(both, hashed("a==1", "0")),
        *diagnosed(both, hashed("a==1", "0"), hashed("a==1", "1")),
        *diagnosed(both, "a==1", require_hashes=True),
    ]


# Requirements


def clashes() -> list[str]:
    first, second = "https://other.example/c-1-py3-none-any.whl", "https://files.example/c-2-py3-none-any.whl"
    links = {first: ("c-1-py3-none-any.whl", wheel()), second: ("c-2-py3-none-any.whl", wheel())}
    there = {str(number): [wheel()] for number in range(1, 6)}
    projects = FakeProjects(
        {
            "a": {"1": [wheel(requires=["c<2"])]},
            "b": {"1": [wheel(requires=["a", "c>=3,!=4"])]},
            "c": there,
            "local": {"1+cpu": [wheel()], "1+cu118": [wheel()], "2+cpu": [wheel()]},
            "empty": {},
            "late": {"1": [wheel(upload_time="2026-12-01T00:00:00Z")]},
            "d": {"1": [wheel(requires=["c>=9"])]},
            "e": {"1": [wheel(requires=["d"])], "2": [wheel(requires=["d"])]},
        },
        links=links,
    )
    late = Policy(allowed=PURE, exclude_newer="2026-11-01T00:00:00Z")
    return [
        *diagnosed(projects, "a", "b"),
        *diagnosed(projects, "c>6"),
        *diagnosed(projects, "c>2", constraints=["c<2", "c!=1"]),
        *diagnosed(projects, f"c @ {first}", f"c @ {second}"),
        *diagnosed(projects, f"c @ {first}", "c>=2"),
        *diagnosed(projects, "local==1+rocm"),
        *diagnosed(projects, "local==7+rocm"),
        *diagnosed(projects, "empty>1"),
        *diagnosed(projects, "late", policy=late),
        *diagnosed(projects, "e", "c"),
    ]


def withdrawn() -> list[str]:
    every = {"1": [wheel(yanked="leaks")], "2": [wheel(yanked="")], "3rc1": [wheel(yanked="early")]}
    projects = FakeProjects({"a": every, "b": {"1rc1": [wheel(yanked="bad")]}})
    return [
        *diagnosed(projects, "a"),
        *diagnosed(projects, "a>2"),
        *diagnosed(projects, "b"),
        *diagnosed(projects, "a==2"),
        *diagnosed(projects, "a==1"),
    ]


def search_that_ended_early() -> list[str]:
    chain = {f"p{number}": {"1": [wheel(requires=[f"p{number + 1}"] if number < 9 else [])]} for number in range(10)}
    blocked = FakeProjects({"a": {"1": [sdist(purity="native")]}, "b": {"1": [sdist(purity="native")]}})
    return [
        *diagnosed(FakeProjects(chain), "p0", budget=Budget(rounds=4)),
        *diagnosed(blocked, "a", "b", budget=Budget(blocker_rounds=0)),
    ]


def what_cannot_be_planned() -> list[str]:
    origin = FileOrigin(path="requirements.txt", line=7)
    stand_in, bare = asked("tree==2"), asked("tree")

    def stated(kind: str, text: str, **more: object) -> UnsupportedRequirement:
        return UnsupportedRequirement(kind=kind, text=text, origin=origin, **more)  # type: ignore[arg-type]

    tree = canonicalize_name("tree")
    every = (
        stated("vcs", "git+https://git.example/a", hint="name a release"),
        stated("editable", "-e ./b", name=tree),
        stated("elsewhere", "file:///home/me/c"),
        stated("tree", "./d", name=tree, stand_in=stand_in),
        stated("vcs", "git+https://git.example/tree", name=tree, stand_in=stand_in, is_judged=True),
        stated("vcs", "git+https://git.example/bare", name=tree, stand_in=bare, is_judged=True, hint="pin it"),
        *(stated("conda", f"libfoo{number}=1", hint="it is no Python") for number in range(14)),
        stated("conda", "gone=3", stand_in=asked("gone==3")),
        *(stated("conda", f"c{number}=1", stand_in=asked(f"c{number}==1"), is_judged=True) for number in range(13)),
    )
    return diagnosed(FakeProjects({"a": {"1": [wheel()]}}), "a", unsupported=every)


def settings_and_bounds() -> list[str]:
    origin = FileOrigin(path="pyproject.toml", line=9)
    settings = (
        ToolSetting(
            key="tool.uv.resolution", value=("lowest",), origin=origin, unheeded="versions differ", decides=True
        ),
        ToolSetting(key="tool.uv.link-mode", value=("copy", "x"), origin=origin, unheeded="nothing is linked"),
        ToolSetting(key="tool.uv.exclude-newer", value=("2026-01-01",), origin=origin),
    )
    projects = FakeProjects({"a": {"1": [wheel()]}})
    return diagnosed(projects, "a", settings=(*settings, *settings), bounds=[">=3.12", ">=3.10", "<3.11"])


def markers() -> list[str]:
    files = [wheel(requires=['b; platform_release >= "5"', 'c; platform_version == "1" and sys_platform == "win32"'])]
    projects = FakeProjects({"a": {"1": files}, "b": {"1": [wheel()]}, "c": {"1": [wheel()]}})
    return [
        *diagnosed(projects, "a", 'b; sys_platform == "Windows"', constraints=['c<2; os_name != "windows"']),
        *diagnosed(projects, "b", 'c; sys_platform == "Windows" or python_version == "3.8.1"'),
        *diagnosed(projects, "b", 'c; sys_platform == "Windows" and python_version >= "3.8"'),
        *diagnosed(projects, "b", 'c; (sys_platform == "beos" or sys_platform == "win32") and os_name != "Nt"'),
    ]


def extras() -> list[str]:
    files = [wheel(requires=["b; extra == 'old'", 'b; extra == "older"'], extras=["good", "fine"])]
    projects = FakeProjects(
        {"a": {"1": files}, "b": {"1": [wheel()]}, "n": {"1": [sdist(requires=None, purity="pure")]}}
    )
    return [
        *diagnosed(projects, "a[bad,worse,good,old,older]"),
        *diagnosed(projects, "b[x]"),
        *diagnosed(projects, "n[x]"),
    ]


SITUATIONS: dict[str, Callable[[], list[str]]] = {
    "Wheels for many other Pythons and platforms, and none for the target": wheels_for_many_others,
    "A single wheel, for another Python or platform": wheels_for_one_other,
    "The nearest versions that have a wheel": other_versions,
    "Source archives of each kind, by what the policy allows": sources_by_policy,
    "Wheels for newer systems": floors,
    "Files that options, hashes and Pythons keep out": files_kept_out,
    "Requirements that no version satisfies together": clashes,
    "Versions that were withdrawn": withdrawn,
    "A search that ended before it was through": search_that_ended_early,
    "What has no released file": what_cannot_be_planned,
    "Settings of other tools, and bounds on Python of the input": settings_and_bounds,
    "Markers that hold nowhere, everywhere, or by what nobody knows": markers,
    "Extras that there are and that there are not": extras,
}
