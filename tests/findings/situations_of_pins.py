"""Small indexes on which something is to be said of chosen versions, with all that is said, for ``test_situations.py``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace
from packaging.utils import canonicalize_name

from tests.fakes.projects import INDEX, FakeProjects, sdist, wheel
from tests.findings.telling import EVERYTHING, LINUX, OURS, WIN, diagnosed, hashed, pages
from tests.resolver.test_passes import PURE, WHEELS
from wheelcheck.knowledge.compatibility import parse_repair_knowledge
from wheelcheck.model.distribution import (
    CoreMetadata,
    Judgement,
    LinkSkip,
    MetadataSource,
    ProjectPage,
    Sdist,
    Wheel,
)
from wheelcheck.model.resolution import Conflict, Policy, Resolution

# Chosen versions


def chosen_versions() -> list[str]:
    projects = FakeProjects(
        {
            "old": {
                "1": [wheel(upload_time="2023-12-31T00:00:00Z")],
                "2": [wheel(upload_time="2026-01-01T00:00:00Z")],
                "3": [wheel(upload_time="2026-06-01T00:00:00Z", yanked="bad")],
            },
            "newer": {
                "1": [wheel(upload_time="2024-01-02T00:00:00Z")],
                "2": [wheel(upload_time="2026-01-01T00:00:00Z")],
            },
            "after": {"1": [wheel(upload_time=None)], "2": [wheel()]},
            "early": {"1a1": [wheel()]},
            "late": {"1": [wheel()], "2": [wheel(requires_python=">=3.11.4")], "3": [wheel(requires_python=">=3.12")]},
            "app": {"1": [wheel(requires=["old<2", "early"])]},
        }
    )
    every = ("app", "old", "newer<2", "after<2", "late")
    return [*diagnosed(projects, *every), *diagnosed(projects, "early", policy=Policy(allowed=PURE, pre=True))]


def older_picks() -> list[str]:
    links = {"https://files.example/dep-2.0.tar.gz": ("dep-2.0.tar.gz", sdist(purity="native"))}
    extra = wheel(requires=["sound>=1; extra == 'audio'"], extras=["audio"])
    projects = FakeProjects(
        {
            "own": {"1": [wheel(upload_time=None)], "2": [sdist(purity="unknown")]},
            "kind": {"1": [wheel()], "2": [sdist(purity="native")]},
            "none": {"1": [wheel()], "2": [wheel(LINUX)]},
            "x": {"1": [wheel()], "2": [extra]},
            "sound": {"1.1": [sdist(purity="native")]},
            "app": {"1": [wheel(requires=["low<2"])], "2": [wheel(requires=["mid", "low>=2"])]},
            "mid": {"1": [wheel(requires=["nowhere"])]},
            "low": {"1": [wheel()], "2": [wheel()]},
            "far": {
                "2": [wheel(requires=["dep @ https://files.example/dep-2.0.tar.gz"])],
                "1": [wheel(requires=["dep"])],
            },
            "dep": {"1": [wheel()]},
            "hid": {"1": [sdist(purity="pure")], "2": [wheel(WIN), sdist(purity="native")]},
        },
        links=links,
    )
    builds = """
    [[build]]
    projects = ["sound"]
    needs = "PortAudio"
    windows = "the Build Tools"
    evidence = ["https://docs.example/sound"]
    """
    known = parse_repair_knowledge(builds, "mine.toml")
    hidden = Policy(allowed=PURE, no_binary=frozenset({"hid"}))
    return [
        *diagnosed(projects, "own", "kind", "none", policy=Policy(allowed=WHEELS)),
        *diagnosed(projects, "x[audio]", knowledge=known),
        *diagnosed(projects, "app"),
        *diagnosed(projects, "far"),
        *diagnosed(projects, "hid", policy=hidden),
    ]


def projects_that_are_not_there() -> list[str]:
    def changes(page: ProjectPage) -> ProjectPage:
        match page.name:
            case "skipped":
                return replace(page, skipped=((LinkSkip.LEGACY_VERSION, 3), (LinkSkip.UNKNOWN_KIND, 2)))
            case "silent":
                return replace(page, unasked=((OURS, "timed out"), ("https://b.example/", "refused")))
            case "reviewed":
                return replace(page, state_reason="malware")
            case _:
                return page

    states = dict.fromkeys(("kept", "skipped"), "archived") | dict.fromkeys(("reviewed", "bad"), "quarantined")
    described: dict[str, dict[str, list[object]]] = {
        "app": {"1": [wheel(requires=["kept", "skipped", "reviewed", "silent", "reqeusts", "pstuil"])]},
        "kept": {}, "skipped": {}, "reviewed": {}, "requests": {"2": [wheel()]}, "bad": {"1": [wheel()]},
    }  # fmt: skip
    projects = pages(described, changes)
    projects.states = states  # type: ignore[assignment]
    return [
        *diagnosed(projects, "app", "bad"),
        *diagnosed(projects, "bad>1", "nowhere", 'else; sys_platform == "linux"'),
    ]


class Gaps(FakeProjects):
    """An index whose metadata have gaps, by the project's name."""

    def metadata(self, wheel: Wheel) -> CoreMetadata:
        found = super().metadata(wheel)
        if wheel.name == "unverified":
            return replace(found, source=MetadataSource.UNKNOWN, evidence="timed out")
        return replace(found, malformed=("numpy (>=1", "=")) if wheel.name == "malformed" else found

    def source(self, sdist: Sdist) -> Judgement:
        found = super().source(sdist)
        if sdist.name != "recorded" or found.metadata is None:
            return found
        return replace(found, metadata=replace(found.metadata, source=MetadataSource.SDIST_RECORDED))


def gaps() -> list[str]:
    projects = Gaps(
        {
            "unverified": {"1": [wheel()]},
            "malformed": {"1": [wheel()]},
            "recorded": {"1": [sdist(purity="pure")]},
            "unknown": {"1": [sdist(purity="pure", requires=None)]},
            "lent": {"1": [wheel(LINUX, requires=["malformed"]), sdist(purity="native", requires=None)]},
        }
    )
    found = diagnosed(projects, *projects.projects, policy=Policy(allowed=EVERYTHING))
    name = canonicalize_name("lent")
    times = FakeProjects({each: {"1": [wheel(upload_time=None)], "0": [wheel()]} for each in "abcd"})

    def refused(outcome: Resolution | Conflict) -> Resolution | Conflict:
        assert isinstance(outcome, Resolution)
        return replace(outcome, refused=((name, "a path leads out of it"),))

    found += diagnosed(projects, "lent", policy=Policy(allowed=EVERYTHING), changed=refused)
    for asked_for in ("a", "ab", "abc", "abcd"):
        found += diagnosed(times, *asked_for, policy=Policy(allowed=PURE, exclude_newer="2026-11-01T00:00:00Z"))
    of_one = Policy(allowed=PURE, exclude_newer_of=((canonicalize_name("a"), "2026-11-01T00:00:00Z"),))
    return [*found, *diagnosed(times, "a", "b", policy=of_one), *diagnosed(times, "a==1", policy=of_one)]


# What is known of versions, and several indexes


def known_faults() -> list[str]:
    known = parse_repair_knowledge(
        """
        [[advisory]]
        id = "three"
        when = ["x<2", "y>=2", "z"]
        message = "they fail."
        evidence = ["https://docs.example/three"]

        [[advisory]]
        id = "alone"
        when = ["x<3"]
        unless = ["shim"]
        severity = "info"
        platforms = ["win*", "macosx*"]
        python = ">=3.11"
        message = "it is slow."
        evidence = ["https://docs.example/alone"]
        remedies = [{ constrain = "x>=3" }]

        [[abi_break]]
        project = "y"
        release = "2.0.0"
        date = "2024-06-16"
        message = "Older extensions do not load."
        evidence = ["https://docs.example/y"]

        [[abi_break]]
        project = "q"
        release = "1.5.0"
        date = "2025-01-01"
        message = "It changed."
        evidence = ["https://docs.example/q"]
        """,
        "mine.toml",
    )
    old, young = "2023-10-04T17:00:00Z", "2025-03-04T00:00:00Z"
    projects = FakeProjects(
        {
            "x": {"1": [wheel(WIN, upload_time=old)]},
            "y": {"2.0.0": [wheel(WIN)], "1.9": [wheel(WIN)]},
            "z": {"1": [wheel(WIN, requires=["y>=1"], upload_time=old)]},
            "w": {"1": [wheel(WIN, requires=["y<=2.0.0", "q"], upload_time=old)]},
            "v": {"1": [wheel(WIN, requires=["y~=2.0", "q<1.5"], upload_time=old)]},
            "u": {"1": [wheel(WIN, requires=["y!=3", "q"], upload_time=young)]},
            "q": {"1.5.0": [wheel(WIN)], "1.4": [wheel(WIN)]},
            "shim": {"1": [wheel()]},
        }
    )
    found: list[str] = []
    for requirements in (("x", "y", "z"), ("x", "y", "z", "shim"), ("y<2", "z", "x"), ("w", "v"), ("w", "u")):
        found += ["--", *diagnosed(projects, *requirements, knowledge=known)]
    linux = FakeProjects({"x": {"1": [wheel()]}})
    for platform, python in (("win_amd64", "3.11"), ("win_amd64", "3.10"), ("linux", "3.11"), ("macos", "3.12")):
        found += ["--", *diagnosed(linux, "x", knowledge=known, platform=platform, python=python)]
    return found


def several_indexes() -> list[str]:
    mirror, folder = "https://mirror.example/simple/", "file:///srv/wheels/"

    def placed(*places: tuple[str, ...]) -> Callable[[ProjectPage], ProjectPage]:
        def changes(page: ProjectPage) -> ProjectPage:
            there = {
                version: tuple(
                    replace(file, at=replace(file.at, index=index))
                    for file in files
                    for index in (places[int(version.public) - 1])
                )
                for version, files in page.distributions.items()
            }
            indexes = dict.fromkeys(file.at.index for files in there.values() for file in files)
            facts: dict[str, dict[str, Any]] = {
                "acme-tool": {"unasked": ((OURS, "status 403"),), "refused": (OURS,)},
                "tool": {"unasked": ((OURS, "status 401"), (mirror, "timed out")), "refused": (OURS,)},
                "other": {"unlisted": (OURS,)},
            }
            return replace(page, distributions=there, indexes=tuple(indexes), **facts.get(page.name, {}))

        return changes

    two: dict[str, dict[str, list[object]]] = {"a": {"1": [wheel()], "2": [wheel()], "3": [wheel()]}}
    found: list[str] = []
    for places in (
        ((INDEX,), (OURS,), (INDEX,)),
        ((INDEX, mirror), (INDEX, OURS), (INDEX, OURS)),
        ((folder,), (INDEX,), (INDEX, folder)),
        ((INDEX,), (INDEX,), (OURS, folder)),
    ):
        for text in ("a", "a==3", "a===3", "a==2"):
            found += ["--", *diagnosed(pages(two, placed(*places)), text)]
        found += ["--", *diagnosed(pages(two, placed(*places)), hashed("a==3", "0"))]
    both: dict[str, dict[str, list[object]]] = {each: {"1": [wheel()]} for each in "abc"}
    found += diagnosed(pages(both, placed((INDEX, OURS))), hashed("a==1", "0"), "b", "c")
    more: dict[str, dict[str, list[object]]] = {each: {"1": [wheel()]} for each in ("acme-tool", "tool", "other")}
    for requirements in (("acme-tool", "tool"), ("tool", "other"), ("tool",)):
        found += ["--", *diagnosed(pages(more, placed((INDEX,))), *requirements)]
    many: dict[str, dict[str, list[object]]] = {f"p{number}": {"1": [wheel()]} for number in range(11)}
    for count in (5, 6, 7, 11):
        down = pages(many, lambda page: replace(page, unasked=((OURS, "timed out"),)))
        found += diagnosed(down, *sorted(many)[:count])
    return found


def ways_to_a_project() -> list[str]:
    names = [f"p{number}" for number in range(7)]
    projects = FakeProjects(
        {
            **{name: {"1": [wheel(requires=["n"])]} for name in names},
            "deep": {"1": [wheel(requires=["p0", "cycle"])]},
            "cycle": {"1": [wheel(requires=["n"])]},
            "n": {"1": [sdist(purity="native", requires=["cycle"])]},
        }
    )
    return diagnosed(projects, *names, "deep", 'n>=1; python_version > "3"', "n<2")


SITUATIONS: dict[str, Callable[[], list[str]]] = {
    "Chosen versions that are old, early or decided by a patch level": chosen_versions,
    "Older versions that were chosen, and why": older_picks,
    "Projects that no index has": projects_that_are_not_there,
    "Gaps in what is known": gaps,
    "Versions that are known to fail": known_faults,
    "Projects on several indexes, and indexes that fail or refuse": several_indexes,
    "Each way to a project, the shortest first": ways_to_a_project,
}
