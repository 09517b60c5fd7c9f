"""The situations that repairs are tried on, one index for each, by name; what is expected of them stands in the tests."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.fakes.projects import FakeFile, sdist, wheel
from tests.repairs.questions import CommandLine, Situation
from tests.resolver.test_passes import asked
from wheelcheck.knowledge.loading import load_standard_library
from wheelcheck.model.knowledge import (
    AbiBreak,
    Advisory,
    BuildLabel,
    OwnPlatform,
    Remedy,
    RepairKnowledge,
    Substitute,
    VendorIndex,
)
from wheelcheck.model.requirement import CommandLineOrigin, UnsupportedRequirement

WIN = "cp311-cp311-win_amd64"
VENDOR = "https://vendor.example/simple/"
USERS = "https://mirror.example/simple/"


def native() -> list[FakeFile]:
    """A version that needs a compiler."""
    return [sdist(purity="native")]


def app(*requires: str) -> Mapping[str, list[FakeFile]]:
    """One version of a pure project that asks for *requires*."""
    return {"1.0": [wheel(requires=requires)]}


def any_wheels(*versions: str) -> Mapping[str, list[FakeFile]]:
    """Versions that install anywhere."""
    return {version: [wheel()] for version in versions}


def _line(*inputs: str, **others: str) -> CommandLine:
    return replace(CommandLine(inputs=inputs), **others)


def substitute(
    project: str, replacement: str, *, same_versions: bool = True, same_api: bool = True, platforms: str = ""
) -> RepairKnowledge:
    """What says that *replacement* stands in for *project*."""
    known = Substitute(
        project=canonicalize_name(project),
        replacement=canonicalize_name(replacement),
        differs="it brings its own libraries",
        same_versions=same_versions,
        same_api=same_api,
        platforms=(platforms,) if platforms else (),
        evidence=("https://notes.example/",),
    )
    return RepairKnowledge(substitutes=(known,))


CUDA = BuildLabel(label="cu[0-9]*", means="CUDA", evidence=("https://notes.example/",))


def own_platform(project: str, *systems: str) -> RepairKnowledge:
    """What says that *project* is made for *systems* alone."""
    known = OwnPlatform(
        projects=(project,), systems=systems, why="It wraps what is there.", evidence=("https://a.example/",)
    )
    return RepairKnowledge(own_platforms=(known,))


def vendor(*projects: str, labels: tuple[str, ...] = ()) -> RepairKnowledge:
    """What says that the vendor's index has more wheels of *projects*, those with *labels* among them."""
    index = VendorIndex(
        name="vendor",
        url=VENDOR,
        projects=frozenset(map(canonicalize_name, projects)),
        labels=labels,
        message="The vendor publishes more wheels than the public index.",
        evidence=("https://vendor.example/",),
    )
    return RepairKnowledge(indexes=(index,), labels=(CUDA,))


def advisory(*when: str, remedies: tuple[str, ...] = (), overrides: tuple[str, ...] = ()) -> RepairKnowledge:
    """What says that *when* fail together, unless one of the *remedies* (bounds) or *overrides* is applied."""
    known = Advisory(
        id="fails-together",
        when=tuple(asked(text) for text in when),
        message="it was built for the older interface",
        evidence=("https://notes.example/",),
        remedies=(
            *(Remedy(kind="constrain", requirement=asked(text)) for text in remedies),
            *(Remedy(kind="override", requirement=asked(text)) for text in overrides),
        ),
    )
    return RepairKnowledge(advisories=(known,))


# One blocker, and versions of it

SINGLE = {
    "older-wheel": Situation(
        line=_line("app"),
        index={"app": app("av==2.0"), "av": {"1.0": [wheel(WIN)], "2.0": native()}},
    ),
    "newer-wheel": Situation(
        line=_line("app"),
        index={"app": app("av==1.0"), "av": {"1.0": native(), "2.0": [wheel(WIN)]}},
    ),
    "both-wheels": Situation(
        line=_line("app"),
        index={
            "app": app("av==3.0"),
            "av": {
                "1.0": [wheel(WIN)],
                "2.0": native(),
                "3.0": native(),
                "4.0": [wheel(WIN)],
                "5.0": [wheel(WIN)],
            },
        },
    ),
    "own-pin": Situation(
        line=_line("av[fast]==1.0"),
        index={"av": {"1.0": native(), "2.0": [wheel(WIN, extras=["fast"])]}},
    ),
    "own-pin-with-marker": Situation(
        line=_line('av==1.0; sys_platform == "win32"', "other"),
        index={
            "av": {"1.0": native(), "2.0": [wheel(WIN)]},
            "other": any_wheels("1.0"),
        },
    ),
    "own-pin-and-a-dependants": Situation(
        line=_line("app", "av==1.0"),
        index={"app": app("av==2.0"), "av": any_wheels("1.0", "2.0", "3.0")},
    ),
    "range-without-wheel": Situation(
        line=_line("app"),
        index={
            "app": app("av>=2,<4"),
            "av": {
                "1.0": [wheel(WIN)],
                "2.0": native(),
                "3.0": native(),
                "4.0": [wheel(WIN)],
            },
        },
    ),
    "pre-release-and-yanked": Situation(
        line=_line("app"),
        index={
            "app": app("av==2.0"),
            "av": {
                "1.0": [wheel(WIN)],
                "1.5": [wheel(WIN, yanked="broken")],
                "2.0": native(),
                "2.1rc1": [wheel(WIN)],
            },
        },
    ),
    "withdrawn-as-a-whole": Situation(
        line=_line("lib"),
        index={"lib": {"1.0": [wheel(yanked="broken")], "2.0": [wheel(yanked="")]}},
    ),
    "withdrawn-dependency": Situation(
        line=_line("app"),
        index={"app": app("lib"), "lib": {"1.0": [wheel(yanked="broken")]}},
    ),
    "only-a-pre-release-of-your-own": Situation(
        line=_line("lib"),
        index={"lib": {"1.0": native(), "2.0rc1": [wheel()], "2.0rc2": [wheel()], "2.0": native()}},
    ),
    "only-a-pre-release-of-a-dependency": Situation(
        line=_line("app"),
        index={"app": app("lib"), "lib": {"1.0": native(), "2.0rc1": [wheel()]}},
    ),
    "deny-pure": Situation(
        line=_line("app", sdist="deny"),
        index={
            "app": app("av==1.0"),
            "av": {"1.0": [sdist(purity="pure")], "2.0": [wheel()]},
        },
    ),
    "nearest-does-not-serve": Situation(
        line=_line("app"),
        index={
            "app": app("av==2.0", "numpy<2"),
            "av": {
                "1.0": [wheel(WIN)],
                "2.0": native(),
                "3.0": [wheel(WIN, requires=["numpy>=2"])],
            },
            "numpy": any_wheels("1.0", "2.0"),
        },
    ),
}

# Several blockers

SEVERAL = {
    "one-python-for-two": Situation(
        line=_line("app", python="3.13"),
        index={
            "app": app("one==1.0", "two==1.0"),
            "one": {"1.0": [wheel("cp311-cp311-win_amd64"), sdist(purity="native")]},
            "two": {"1.0": [wheel("cp311-cp311-win_amd64"), wheel("cp312-cp312-win_amd64")]},
        },
    ),
    "one-extra-for-two": Situation(
        line=_line("app[media,web]==1.0"),
        index={
            "app": {
                "1.0": [
                    wheel(
                        requires=[
                            'one==1.0; extra == "media"',
                            'two==1.0; extra == "media"',
                            'three; extra == "web"',
                        ],
                        extras=["media", "web"],
                    )
                ]
            },
            "one": {"1.0": native()},
            "two": {"1.0": native()},
            "three": any_wheels("1.0"),
        },
    ),
    "one-pin-above-for-two": Situation(
        line=_line("app==2.0"),
        index={
            "app": {
                "1.0": [wheel(requires=["old"])],
                "2.0": [wheel(requires=["one==1.0", "two==1.0"])],
            },
            "one": {"1.0": native()},
            "two": {"1.0": native()},
            "old": any_wheels("1.0"),
        },
    ),
    "minimal-only-as-a-pair": Situation(
        line=_line("app"),
        index={
            "app": app("one==1.0", "two==1.0"),
            "one": {"1.0": native(), "2.0": [wheel(WIN)]},
            "two": {"1.0": native(), "2.0": [wheel(WIN)]},
        },
    ),
    "chain": Situation(
        line=_line("app"),
        index={
            "app": app("one==1.0"),
            "one": {"1.0": native(), "2.0": [wheel(WIN, requires=["two==1.0"])]},
            "two": {"1.0": native(), "2.0": [wheel(WIN)]},
        },
    ),
    "five-blockers": Situation(
        line=_line("app"),
        index={
            "app": app(*(f"part{number}==1.0" for number in range(5))),
            **{f"part{number}": {"1.0": native(), "2.0": [wheel(WIN)]} for number in range(5)},
        },
    ),
    "drags-three-along": Situation(
        line=_line("app"),
        index={
            "app": app("heavy==1.0", "shared"),
            "heavy": {"1.0": [sdist(purity="native", requires=["one", "two", "shared"])]},
            "one": app("three"),
            "two": any_wheels("1.0"),
            "three": any_wheels("1.0"),
            "shared": any_wheels("1.0"),
        },
    ),
    "pin-above-a-bound": Situation(
        line=_line("app"),
        index={
            "app": app("middle==2.0"),
            "middle": {"1.0": [wheel()], "2.0": [wheel(requires=["deep==1.0"])]},
            "deep": {"1.0": native()},
        },
    ),
}

# What the newest versions do not show; each was once found by the laws in tests/property/test_repair_laws.py

UNCOVERED = {
    "older-version-is-blocked-below": Situation(
        line=_line("app"),
        index={
            "app": {"1.0": [wheel(WIN, requires=["av<2"])], "2.0": native()},
            "av": {"1.0": native(), "2.0": [wheel(WIN)]},
        },
    ),
    "pin-runs-into-anothers-bound": Situation(
        line=_line("app<2"),
        index={"app": {"2.0": [wheel(requires=["plugin"])]}, "plugin": {"1.0": [wheel(requires=["app<2"])]}},
    ),
    "another-candidate-of-the-pin": Situation(
        line=_line("app>=3"),
        index={
            "app": {"1.0": [wheel(requires=["av>=2"])], "2.0": [wheel(requires=["heavy"])]},
            "av": any_wheels("1.0"),
            "heavy": {"1.0": native()},
        },
    ),
    "older-version-asks-for-what-can-be-had": Situation(
        line=_line("app"),
        index={
            "app": {"1.0": [wheel(requires=["av>=2"])], "2.0": [wheel(requires=["no-such-project"])]},
            "av": any_wheels("1.0"),
        },
    ),
    "bound-from-below-counts-only-with-its-asker": Situation(
        line=_line("app", "base"),
        index={
            "app": {
                "1.0": [wheel(requires=["av", "plugin"])],
                "2.0": [wheel(requires=["base>=2"])],
            },
            "av": app("no-such-project"),
            "base": any_wheels("1.0"),
            "plugin": {"1.0": [wheel(requires=["app<2"])]},
        },
    ),
    "same-edits-with-less-left": Situation(
        line=_line("app==2.0", "base<2"),
        index={
            "app": {"1.0": [wheel()], "2.0": [wheel(requires=["gone>=3", "base"])], "3.0": [wheel(requires=["gone"])]},
            "base": {"2.0": [wheel(requires=["heavy"])]},
            "heavy": {"1.0": native()},
        },
    ),
    "bound-on-the-users-own": Situation(
        line=_line("app"),
        index={
            "app": {"1.0": [wheel(requires=["plugin"])], "2.0": native()},
            "plugin": {"1.0": [wheel(requires=["app==2.0", "no-such-project"])]},
        },
    ),
    "bound-above-on-the-users-own": Situation(
        line=_line("app", "base"),
        index={
            "app": app("base>=2"),
            "base": {"1.0": [wheel()], "2.0": [wheel(requires=["heavy"])]},
            "heavy": {"1.0": native()},
        },
    ),
    "nearest-and-newest-differ": Situation(
        line=_line("app==2.0"),
        index={
            "app": {"1.0": [wheel(WIN, requires=["av>=2"])], "2.0": native(), "3.0": native()},
            "av": {"1.0": [wheel(WIN)], "2.0": native()},
        },
    ),
}

# Unrepairable

UNREPAIRABLE = {
    "nothing-for-the-platform": Situation(
        line=_line("torch", platform="musllinux_1_2_x86_64"),
        index={"torch": {f"{minor}.0": [wheel("cp311-cp311-macosx_11_0_arm64"), *native()] for minor in range(1, 9)}},
    ),
    "nothing-for-the-platform-and-bounded-by-another": Situation(
        line=_line("torch", "app", platform="musllinux_1_2_x86_64"),
        index={
            "torch": {f"{minor}.0": [wheel("cp311-cp311-macosx_11_0_arm64"), *native()] for minor in range(1, 9)},
            "app": {"1.0": [wheel()], "2.0": [wheel(requires=["torch>=2"])]},
        },
    ),
    "one-unrepairable-one-not": Situation(
        line=_line("torch", "app"),
        index={
            "torch": {"1.0": [wheel("cp311-cp311-manylinux_2_28_x86_64")]},
            "app": app("av==1.0"),
            "av": {"1.0": native(), "2.0": [wheel(WIN)]},
        },
    ),
    "absent-project": Situation(line=_line("no-such-project"), index={}),
    "editable": Situation(
        line=replace(
            _line("app"),
            unsupported=(
                UnsupportedRequirement(
                    kind="editable",
                    text="-e .",
                    origin=CommandLineOrigin(text="-e ."),
                    hint="build a wheel",
                ),
            ),
        ),
        index={"app": app("av==1.0"), "av": {"1.0": native(), "2.0": [wheel(WIN)]}},
    ),
    "native-at-a-url": Situation(
        line=_line("av @ https://files.example/av-1.0.tar.gz"),
        index={"av": any_wheels("2.0")},
        links={
            "https://files.example/av-1.0.tar.gz": (
                "av-1.0.tar.gz",
                sdist(purity="native"),
            )
        },
    ),
}

# The target

TARGETS = {
    "python-that-breaks-something-else": Situation(
        line=_line("app", "new", python="3.13"),
        index={
            "app": app("old==1.0"),
            "old": {
                "1.0": [wheel("cp311-cp311-win_amd64")],
                "2.0": [wheel("cp313-cp313-win_amd64")],
            },
            "new": {"1.0": [wheel("cp313-cp313-win_amd64")]},
        },
    ),
    "glibc-floor": Situation(
        line=_line("app", platform="manylinux_2_17_x86_64"),
        index={
            "app": app("av==1.0"),
            "av": {"1.0": [wheel("cp311-cp311-manylinux_2_28_x86_64")]},
        },
    ),
    "32-bit": Situation(
        line=_line("app", platform="win32"), index={"app": app("av==1.0"), "av": {"1.0": [wheel(WIN)]}}
    ),
    "windows-on-arm": Situation(
        line=_line("app", platform="win_arm64"), index={"app": app("av==1.0"), "av": {"1.0": [wheel(WIN)]}}
    ),
    "musl": Situation(
        line=_line("app", platform="musllinux_1_2_aarch64"),
        index={
            "app": app("av==1.0", "low==1.0"),
            "av": {"1.0": [wheel("cp311-cp311-manylinux_2_36_aarch64")]},
            "low": {"1.0": [wheel("cp311-cp311-manylinux_2_17_aarch64")]},
        },
    ),
    "macos-floor": Situation(
        line=_line("app", platform="macosx_11_0_arm64"),
        index={
            "app": app("av==1.0"),
            "av": {"1.0": [wheel("cp311-cp311-macosx_13_0_arm64")]},
        },
    ),
    "target-from-a-file": Situation(
        line=_line("app", platform="manylinux_2_17_x86_64", python="3.13"),
        index={
            "app": app("av==1.0"),
            "av": {"1.0": [wheel("cp311-cp311-manylinux_2_28_x86_64")]},
        },
        target_is_named=False,
    ),
    "patch-release": Situation(
        line=_line("app"),
        index={"app": {"1.0": [wheel(requires_python=">=3.11.4,!=3.11.6")]}},
    ),
    "input-asks-for-a-patch-release": Situation(
        line=_line("app", python="3.11.2"), index={"app": any_wheels("1.0")}, requires_python=">=3.11.5"
    ),
    "input-excludes-python": Situation(
        line=_line("app", python="3.9"),
        index={"app": any_wheels("1.0")},
        requires_python=">=3.11",
    ),
    "input-bounds-the-switch": Situation(
        line=_line("av==1.0", python="3.13"),
        index={"av": {"1.0": [wheel("cp311-cp311-win_amd64")]}},
        requires_python=">=3.12",
    ),
}

# The same code from elsewhere, or less of it

_EXTRAS = {
    "app": {
        "1.0": [
            wheel(
                requires=[
                    'av==1.0; extra == "media"',
                    'web; extra == "web"',
                    'app[media,web]; extra == "all"',
                ],
                extras=["media", "web", "all"],
            )
        ]
    },
    "av": {"1.0": native()},
    "web": any_wheels("1.0"),
}
_DRIVER = {
    "driver": {"1.0": native(), "2.0": native()},
    "driver-binary": {"1.0": [wheel(WIN)], "2.0": [wheel(WIN)], "3.0": [wheel(WIN)]},
}

ELSEWHERE = {
    "substitute-for-the-users-own": Situation(
        line=_line("driver==1.0"),
        index=_DRIVER,
        knowledge=substitute("driver", "driver-binary"),
    ),
    "substitute-for-a-transitive": Situation(
        line=_line("app"),
        index={"app": app("driver>=1,<2"), **_DRIVER},
        knowledge=substitute("driver", "driver-binary"),
    ),
    "substitute-with-other-versions": Situation(
        line=_line("driver==1.0"),
        index=_DRIVER,
        knowledge=substitute("driver", "driver-binary", same_versions=False),
    ),
    "substitute-without-that-version": Situation(
        line=_line("driver==0.5"),
        index={**_DRIVER, "driver": {"0.5": native()}},
        knowledge=substitute("driver", "driver-binary"),
    ),
    "substitute-that-was-built-again": Situation(
        line=_line("driver==1.0"),
        index={**_DRIVER, "driver-binary": {"1.0.post7": [wheel(WIN)], "2.0": [wheel(WIN)]}},
        knowledge=substitute("driver", "driver-binary"),
    ),
    "other-code-for-the-same": Situation(
        line=_line("driver==1.0"), index=_DRIVER, knowledge=substitute("driver", "driver-binary", same_api=False)
    ),
    "substitute-for-other-platforms": Situation(
        line=_line("driver==1.0"),
        index=_DRIVER,
        knowledge=substitute("driver", "driver-binary", platforms="musllinux_*"),
    ),
    "extra": Situation(line=_line("app[media,web]"), index=_EXTRAS),
    "extra-in-all": Situation(line=_line("app[all]==1.0"), index=_EXTRAS),
    "extra-that-another-asks-for-too": Situation(
        line=_line("app[web]", "other"),
        index={
            "app": {"1.0": [wheel(requires=["lib", 'lib[fast]; extra == "web"'], extras=["web"])]},
            "other": app("lib[fast]"),
            "lib": {"1.0": [wheel(requires=['av==1.0; extra == "fast"'], extras=["fast"])]},
            "av": {"1.0": native()},
        },
    ),
    "vendors-index": Situation(
        line=_line("app"),
        index={
            "app": app("torch==1.0"),
            "torch": {"1.0": [wheel("cp311-cp311-manylinux_2_28_x86_64")]},
        },
        elsewhere={VENDOR: {"torch": {"1.0": [wheel(WIN)]}}},
        knowledge=vendor("torch"),
    ),
    "vendors-index-out-of-reach": Situation(
        line=_line("app"),
        index={
            "app": app("torch==1.0"),
            "torch": {"1.0": native(), "2.0": [wheel("cp311-cp311-linux_riscv64")]},
        },
        knowledge=vendor("torch"),
    ),
    "vendors-index-is-the-last-hope": Situation(
        line=_line("torch==1.0"),
        index={"torch": {"1.0": [wheel("cp311-cp311-linux_riscv64")]}},
        knowledge=vendor("torch"),
    ),
    "local-build-at-the-vendor": Situation(
        line=_line("torch==2.5.1+cu124"),
        index={"torch": any_wheels("2.5.1", "2.6.0", "2.15.0")},
        elsewhere={VENDOR: {"torch": {"2.5.1+cu124": [wheel(WIN)]}}},
        knowledge=vendor("torch", labels=("cu124",)),
    ),
    "local-build-out-of-reach": Situation(
        line=_line("torch==2.5.1+cu124"),
        index={"torch": any_wheels("2.5.1", "2.6.0", "2.15.0")},
        knowledge=vendor("torch", labels=("cu124",)),
    ),
    "local-build-that-the-vendor-lacks": Situation(
        line=_line("torch==2.5.1+cu124"),
        index={"torch": any_wheels("2.5.1", "2.6.0", "2.15.0")},
        elsewhere={VENDOR: {"torch": {"2.4.0+cu124": [wheel(WIN)]}}},
        knowledge=vendor("torch", labels=("cu124",)),
    ),
    "users-second-index": Situation(
        line=_line("torch==1.0"),
        index={"torch": {"1.0": native()}},
        elsewhere={USERS: {"torch": {"1.0": [wheel(WIN)]}}},
        indexes=("https://index.example/simple/", USERS),
    ),
}

# Projects that install the same files

_BOTH = RepairKnowledge(
    substitutes=(*substitute("view", "view-bare").substitutes, *substitute("view-bare", "view").substitutes)
)
_VIEWS = {"view": any_wheels("1.0"), "view-bare": any_wheels("1.0", "2.0"), "app": app("view-bare<2")}

OVERLAPPING = {
    "two-of-one-module": Situation(
        line=_line("app", "view"), index=_VIEWS, knowledge=_BOTH, overlaps=(("view", "view-bare"),)
    ),
    "two-of-one-module-behind-a-blocker": Situation(
        line=_line("app", "view", "solid==1.0"),
        index={**_VIEWS, "solid": {"1.0": native(), "1.1": [wheel(WIN)]}},
        knowledge=_BOTH,
        library=load_standard_library(),
    ),
    "half-of-a-project-behind-a-blocker": Situation(
        line=_line("view", "solid==1.0"),
        index={
            "view": app("view-bare"),
            "view-bare": any_wheels("1.0"),
            "solid": {"1.0": native(), "1.1": [wheel(WIN)]},
        },
        knowledge=_BOTH,
        library=load_standard_library(),
    ),
    "two-of-one-module-and-neither-is-known-to-serve": Situation(
        line=_line("app", "view"), index=_VIEWS, overlaps=(("view", "view-bare"),)
    ),
}

# Projects that are made for other systems

_ON_LINUX = "cp311-cp311-manylinux_2_28_x86_64"
_ONLY_LINUX = {f"{number}.0": [wheel(_ON_LINUX)] for number in range(1, 6)}

MARKED = {
    "made-for-another-system": Situation(
        line=_line("pty[full]>=2", "other"),
        index={"pty": {"2.0": [wheel(_ON_LINUX, extras=["full"])]}, "other": any_wheels("1.0")},
        knowledge=own_platform("pty", "linux"),
    ),
    "wheels-for-one-other-system-alone": Situation(
        line=_line("pty", "other"), index={"pty": _ONLY_LINUX, "other": any_wheels("1.0")}
    ),
    "made-for-another-system-and-marked-already": Situation(
        line=_line('pty==2.0; python_version >= "3.9"', "other"),
        index={"pty": {"2.0": [wheel(_ON_LINUX)]}, "other": any_wheels("1.0")},
        knowledge=own_platform("pty", "linux", "darwin"),
    ),
    "made-for-another-system-and-asked-for-below": Situation(
        line=_line("app", "pty>=2"),
        index={"app": app("pty<5"), "pty": _ONLY_LINUX},
        code={"app-1.0-py3-none-any.whl": {"app/__init__.py": "import sys\n"}},
    ),
    "wheels-for-two-other-systems": Situation(
        line=_line("pty", "other"),
        index={"pty": {**_ONLY_LINUX, "0.1": [wheel("cp311-cp311-macosx_11_0_arm64")]}, "other": any_wheels("1.0")},
    ),
    "wheels-for-another-system-beside-an-archive": Situation(
        line=_line("pty", "other"),
        index={"pty": {**_ONLY_LINUX, "6.0": [wheel(_ON_LINUX), *native()]}, "other": any_wheels("1.0")},
    ),
    "wheels-for-another-system-in-few-releases": Situation(
        line=_line("pty", "other"),
        index={"pty": dict(list(_ONLY_LINUX.items())[:4]), "other": any_wheels("1.0")},
    ),
    "wheels-for-the-system-in-other-versions": Situation(
        line=_line("pty==5.0", "other"),
        index={"pty": {**_ONLY_LINUX, "0.1": [wheel("cp39-cp39-win_amd64")]}, "other": any_wheels("1.0")},
        knowledge=own_platform("pty", "linux"),
    ),
}

# What installs and fails

_NUMPY = {
    "1.0": [wheel(WIN, upload_time="2023-06-01T00:00:00.000000Z")],
    "2.0": [wheel(WIN, upload_time="2024-06-16T00:00:00.000000Z")],
}
_TORCH = [wheel(WIN, requires=["numpy"], upload_time="2023-10-04T00:00:00.000000Z")]

ADVISED = {
    "advisory-on-what-installs": Situation(
        line=_line("torch==2.1"),
        index={"torch": {"2.1": _TORCH}, "numpy": _NUMPY},
        knowledge=advisory("torch<2.3", "numpy>=2", remedies=("numpy<2",)),
    ),
    "advisory-beside-a-blocker": Situation(
        line=_line("app", "torch==2.1"),
        index={
            "app": app("av==1.0"),
            "av": {"1.0": native(), "2.0": [wheel(WIN)]},
            "torch": {"2.1": _TORCH},
            "numpy": _NUMPY,
        },
        knowledge=advisory("torch<2.3", "numpy>=2", remedies=("numpy<2",)),
    ),
    "advisory-by-override": Situation(
        line=_line("torch==2.1", "vision"),
        index={
            "torch": {"2.1": [wheel(WIN)]},
            "vision": {"0.1": [wheel(WIN)], "0.2": [wheel(WIN)]},
        },
        knowledge=advisory("torch<2.3", "vision>=0.2", overrides=("vision<0.2",)),
    ),
    "abi-break": Situation(
        line=_line("torch==2.1"),
        index={"torch": {"2.1": _TORCH}, "numpy": _NUMPY},
        knowledge=RepairKnowledge(
            abi_breaks=(
                AbiBreak(
                    project=canonicalize_name("numpy"),
                    release=Version("2.0"),
                    date="2024-06-16",
                    message="the binary interface changed",
                    evidence=("https://notes.example/",),
                ),
            )
        ),
    ),
    "advisory-without-a-way": Situation(
        line=_line("torch==2.1", "numpy>=2"),
        index={"torch": {"2.1": _TORCH}, "numpy": _NUMPY},
        knowledge=advisory("torch<2.3", "numpy>=2", remedies=("numpy<2",)),
    ),
}

# What the user said besides

BESIDES = {
    "constraint-in-the-way": Situation(
        line=replace(_line("app"), constraints=("av<2",)),
        index={
            "app": app("av==1.0"),
            "av": {"0.9": [wheel(WIN)], "1.0": native(), "2.0": [wheel(WIN)]},
        },
    ),
    "constraint-admits-nothing": Situation(
        line=replace(_line("app"), constraints=("av==1.0",)),
        index={"app": app("av>=1"), "av": {"1.0": native(), "2.0": [wheel(WIN)]}},
    ),
    "override-given": Situation(
        line=replace(_line("app"), overrides=("av==1.0",)),
        index={"app": app("av>=2"), "av": {"1.0": native(), "2.0": [wheel(WIN)]}},
    ),
    "override-of-another-given": Situation(
        line=replace(_line("app"), overrides=("base==1.0",)),
        index={
            "app": app("av==1.0", "base==2.0"),
            "av": {"1.0": native(), "2.0": [wheel(WIN)]},
            "base": {"1.0": [wheel()], "2.0": native()},
        },
    ),
    "exclusion-given": Situation(
        line=replace(_line("app"), excludes=("gone",)),
        index={
            "app": app("av==1.0", "gone"),
            "av": {"1.0": native(), "2.0": [wheel(WIN)]},
            "gone": {"1.0": native()},
        },
    ),
    "date-given": Situation(
        line=_line("app", exclude_newer="2026-02-01"),
        index={
            "app": app("av==1.0"),
            "av": {
                "0.9": [wheel(WIN)],
                "1.0": native(),
                "2.0": [wheel(WIN, upload_time="2026-03-01T00:00:00.000000Z")],
            },
        },
    ),
    "native-at-a-url-below": Situation(
        line=_line("app"),
        index={
            "app": app("av @ https://files.example/av-1.0.tar.gz"),
            "av": any_wheels("1.0", "2.0"),
        },
        links={
            "https://files.example/av-1.0.tar.gz": (
                "av-1.0.tar.gz",
                sdist(purity="native"),
            )
        },
    ),
}

# What code imports

_MEDIA = {"app": app("av==1.0"), "av": {"1.0": native(), "2.0": [wheel(WIN)]}}
_APP_WHEEL = "app-1.0-py3-none-any.whl"
_AV = {
    "av/__init__.py": "from av.container import open\n",
    "av/container.py": "def open(path):\n    return path\n",
}

CODE = {
    "module-that-nobody-brings": Situation(
        line=_line("app"),
        index={"app": app(), "six": any_wheels("1.0")},
        code={_APP_WHEEL: {"app/__init__.py": "import six\n"}, "six-1.0-py3-none-any.whl": {"six.py": ""}},
        library=load_standard_library(),
        failing=frozenset({"app"}),
    ),
    "imported-name-is-gone": Situation(
        line=_line("app"),
        index=_MEDIA,
        code={
            _APP_WHEEL: {
                "app/__init__.py": "",
                "app/audio.py": "from av import removed_name\n",
            },
            f"av-2.0-{WIN}.whl": _AV,
            "av-1.0.tar.gz": {
                **_AV,
                "av/__init__.py": "def removed_name():\n    return 1\n",
            },
        },
    ),
    "imported-name-is-there": Situation(
        line=_line("app"),
        index=_MEDIA,
        code={
            _APP_WHEEL: {
                "app/__init__.py": "",
                "app/audio.py": "from av import open\n",
            },
            f"av-2.0-{WIN}.whl": _AV,
            "av-1.0.tar.gz": _AV,
        },
    ),
    "unguarded-import": Situation(
        line=_line("app"),
        index={"app": app("av==1.0"), "av": {"1.0": native()}},
        code={
            _APP_WHEEL: {
                "app/__init__.py": "from app import audio\n",
                "app/audio.py": "import av\n",
            },
            "av-1.0.tar.gz": _AV,
        },
    ),
    "guarded-import": Situation(
        line=_line("app"),
        index={"app": app("av==1.0"), "av": {"1.0": native()}},
        code={
            _APP_WHEEL: {
                "app/__init__.py": "",
                "app/audio.py": "try:\n    import av\nexcept ImportError:\n    av = None\n",
            },
            "av-1.0.tar.gz": _AV,
        },
    ),
}

HASHED = {
    "hashes-required": Situation(
        line=replace(_line("av==1.0"), hashes={"av==1.0": "0" * 64}),
        index={"av": {"1.0": [wheel(WIN)], "2.0": [wheel(WIN)]}},
        require_hashes=True,
    ),
}

SITUATIONS: Mapping[str, Situation] = {
    **SINGLE,
    **SEVERAL,
    **UNCOVERED,
    **UNREPAIRABLE,
    **TARGETS,
    **ELSEWHERE,
    **MARKED,
    **OVERLAPPING,
    **ADVISED,
    **BESIDES,
    **CODE,
    **HASHED,
}
