"""Situations whose proposals are recorded whole: at the borders of what is offered, several of a kind, and things in the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace
from packaging.utils import canonicalize_name

from tests.fakes.projects import FakeFile, sdist, wheel
from tests.repairs.questions import CommandLine, Index, Situation
from tests.repairs.situations import (
    CUDA,
    USERS,
    VENDOR,
    WIN,
    advisory,
    any_wheels,
    app,
    native,
    substitute,
    vendor,
)
from tests.repairs.test_import_repairs import IMPORTING
from tests.resolver.test_passes import asked
from wheelcheck.imports.suspects import LARGEST
from wheelcheck.knowledge.loading import load_repair_knowledge, load_standard_library
from wheelcheck.model.finding import Severity
from wheelcheck.model.knowledge import Advisory, BuildLabel, PythonLife, Remedy, RepairKnowledge, VendorIndex

_WIN39, _WIN310, _WIN312, _WIN313 = (f"cp{each}-cp{each}-win_amd64" for each in ("39", "310", "312", "313"))
_GLIBC_28 = "cp311-cp311-manylinux_2_28_x86_64"


def _line(*inputs: str, **others: str) -> CommandLine:
    return replace(CommandLine(inputs=inputs), **others)


def _on(day: str, tags: str = "py3-none-any", *requires: str) -> list[FakeFile]:
    return [wheel(tags, upload_time=f"{day}T00:00:00.000000Z", requires=requires)]


# Another Python

_PATCHES = {
    "1.0": [wheel(requires_python=">=3.11.6")],
    "0.9": [wheel(requires_python=">=3.11.4"), wheel(WIN, requires_python=">= 3.11.7,<3.13")],
}
PYTHONS = {
    "lowest-patch-release-of-the-wanted-version": Situation(
        line=_line("app==0.9", python="3.11.2"), index={"app": _PATCHES}
    ),
    "patch-releases-of-another-version-do-not-count": Situation(
        line=_line("app==1.0", python="3.11.2"), index={"app": _PATCHES}
    ),
    "patch-release-that-the-input-refuses": Situation(
        line=_line("app==0.9", python="3.11.2"), index={"app": _PATCHES}, requires_python=">=3.11,!=3.11.4"
    ),
    "patch-release-of-a-measured-target": Situation(
        line=_line("app==1.0", python="3.11.2"), index={"app": _PATCHES}, target_is_named=False
    ),
    "patch-release-of-a-free-threaded-python": Situation(
        line=_line("app", python="3.13t"), index={"app": {"1.0": [wheel(requires_python=">=3.13.4")]}}
    ),
    "patch-release-of-pypy": Situation(
        line=_line("app", python="pp3.11"), index={"app": {"1.0": [wheel(requires_python=">=3.11.20")]}}
    ),
    "input-refuses-this-patch-release": Situation(
        line=_line("app", python="3.11.6"), index={"app": any_wheels("1.0")}, requires_python=">=3.11.4,!=3.11.6"
    ),
    "input-asks-for-one-of-two-patch-releases": Situation(
        line=_line("app", python="3.11.4"), index={"app": any_wheels("1.0")}, requires_python=">=3.11.6,>=3.11.4"
    ),
    "free-threaded-python-without-a-wheel": Situation(
        line=_line("app", python="3.13t"), index={"app": app("av==1.0"), "av": {"1.0": [wheel(_WIN313)]}}
    ),
    "clash-on-newer-pythons-alone": Situation(
        line=_line("app", "lib>=2", python="3.12"),
        index={"app": app('lib<2; python_version >= "3.12"'), "lib": any_wheels("1.0", "2.0")},
    ),
    "clash-on-one-system-alone": Situation(
        line=_line("app", "lib>=2", python="3.12"),
        index={"app": app('lib<2; sys_platform == "win32"'), "lib": any_wheels("1.0", "2.0")},
    ),
    "ended-python-is-the-only-way": Situation(
        line=_line("app", python="3.11"),
        index={"app": app("av==1.0"), "av": {"1.0": [wheel(_WIN39), wheel(_WIN310)]}},
        knowledge=RepairKnowledge(
            pythons=tuple(
                PythonLife(minor=minor, secure_until=until, evidence=("https://peps.example/",))
                for minor, until in (("3.9", "2025-10-31"), ("3.10", "2026-10-31"))
            )
        ),
        day="2026-11-01",
    ),
    "archive-that-may-be-compiled-on-another-python": Situation(
        line=_line("app", sdist="any"),
        index={"app": app("av==1.0"), "av": {"1.0": [sdist(purity="native", requires_python=">=3.13")]}},
    ),
    "archive-that-may-not-be-compiled-on-another-python": Situation(
        line=_line("app"),
        index={"app": app("av==1.0"), "av": {"1.0": [sdist(purity="native", requires_python=">=3.13")]}},
    ),
    "users-project-that-another-bounds-on-another-python": Situation(
        line=_line("av", "app==1.0", python="3.12"),
        index={
            "av": {"1.0": [wheel(_WIN310), *native()], "2.0": [wheel(_WIN310), *native()]},
            "app": {"1.0": [wheel(requires=["av<2"])], "1.1": [wheel(requires=["av<2"])]},
        },
    ),
}

# Several platforms

PLATFORMS = {
    "lowest-of-several-floors": Situation(
        line=_line("app", platform="manylinux_2_17_x86_64"),
        index={
            "app": app("av==1.0", "low==1.0"),
            "av": {"1.0": [wheel("cp311-cp311-manylinux_2_31_x86_64"), wheel("cp311-cp311-manylinux_2_35_x86_64")]},
            "low": {"1.0": [wheel(_GLIBC_28)]},
        },
    ),
    "floor-for-what-the-user-alone-admits": Situation(
        line=_line("av>=1", "app==1.0", platform="manylinux_2_17_x86_64"),
        index={
            "av": {"1.0": native(), "2.0": [wheel(_GLIBC_28)]},
            "app": {"1.0": [wheel(requires=["av<2"])], "1.1": [wheel(requires=["av>=1"])]},
        },
    ),
    "floor-beside-another-python": Situation(
        line=_line("app", platform="manylinux_2_17_x86_64", python="3.12"),
        index={
            "app": app("av==1.0", "bv==1.0"),
            "av": {"1.0": [wheel("cp312-cp312-manylinux_2_28_x86_64")]},
            "bv": {"1.0": [wheel("cp311-cp311-manylinux_2_17_x86_64")]},
        },
    ),
}

# Other versions

_TWELVE = {
    f"{number}.0": [wheel(WIN, requires=["numpy>=2"] if 3 <= number <= 11 else ["numpy"])] for number in range(1, 15)
}
_PAIR = {
    "model": {
        "1.0": [wheel(requires=["core==1.0"])],
        "1.1": [wheel(requires=["core==1.1"])],
        "1.2": [wheel(requires=["core==1.3"])],
    },
    "core": {
        version: [wheel(f"cp{python}-cp{python}-win_amd64")]
        for version, python in (("1.0", "311"), ("1.1", "311"), ("1.2", "312"), ("1.3", "312"))
    },
}
VERSIONS = {
    "pair-that-moves-on-together": Situation(line=_line("model==1.1", python="3.12"), index=_PAIR),
    "pair-that-a-third-bounds": Situation(line=_line("app", python="3.12"), index={**_PAIR, "app": app("model==1.1")}),
    "pair-that-has-no-later-release": Situation(
        line=_line("model>=1.1", python="3.12"),
        index={
            "model": {"0.9": [wheel()], **{f"1.{n}": [wheel(requires=[f"core==1.{n}"])] for n in (1, 2)}},
            "core": {f"1.{n}": [wheel(WIN)] for n in (1, 2)},
        },
    ),
    "nearest-ten-versions-do-not-serve": Situation(
        line=_line("app"),
        index={
            "app": app("av==7.0", "numpy<2"),
            "av": {**_TWELVE, "7.0": native()},
            "numpy": any_wheels("1.0", "2.0"),
        },
    ),
    "newest-does-not-serve-either": Situation(
        line=_line("app"),
        index={
            "app": app("av==2.0", "numpy<2"),
            "av": {
                "1.0": [wheel(WIN, requires=["numpy>=2"])],
                "2.0": native(),
                "3.0": [wheel(WIN, requires=["numpy>=2"])],
            },
            "numpy": any_wheels("1.0", "2.0"),
        },
    ),
    "pure-wheel-beside-compiled-ones-comes-last": Situation(
        line=_line("app", python="3.13"),
        index={
            "app": app("sql==1.4"),
            "sql": {
                "1.4": native(),
                "2.0.0": [wheel(), wheel(WIN)],
                "2.0.36": [wheel(), wheel(_WIN313)],
            },
        },
    ),
    "override-that-stands-in-the-way-of-a-pin": Situation(
        line=replace(_line("av==1.0", "app"), overrides=("av==1.0",)),
        index={"app": app("av>=2"), "av": {"1.0": native(), "2.0": [wheel(WIN)]}},
    ),
    **{
        f"only-a-pre-release-has-a-wheel-and-{word}-by-its-bound": Situation(
            line=_line("app", "other"),
            index={
                "app": app(f"av{bound}", "base"),
                "av": {"1.0": native(), "2.0rc1": [wheel(WIN, requires=["base<2"])], "2.0": native()},
                "base": any_wheels("1.0", "2.0"),
                "other": app("base>=2"),
            },
        )
        for word, bound in (("is-not-admitted", ">=1"), ("is-admitted", ">=2.0rc1"))
    },
    "two-dependants-bound-it-and-one-goes": Situation(
        line=_line("one", "two"),
        index={
            "one": app("av<2"),
            "two": app("av<3"),
            "av": {"1.0": native(), "2.0": [wheel(WIN)], "3.0": [wheel(WIN)]},
        },
    ),
    "both-numbers-of-the-users-line-are-told": Situation(
        line=_line("av[fast]>=1", "av<2", "other"),
        index={"av": {"1.0": native(), "2.0": [wheel(WIN, extras=["fast"])]}, "other": any_wheels("1.0")},
    ),
    "project-above-that-the-user-pins-and-one-between": Situation(
        line=_line("top==2.0"),
        index={
            "top": {"1.0": [wheel()], "2.0": [wheel(requires=["middle==2.0"])], "3.0": [wheel(requires=["middle"])]},
            "middle": {"1.0": [wheel()], "2.0": [wheel(requires=["deep==1.0"])]},
            "deep": {"1.0": native()},
        },
    ),
    "what-the-user-names-is-bounded-by-two": Situation(
        line=_line("av", "one==1.0", "two"),
        index={
            "av": {"1.0": native(), "2.0": [wheel(WIN)]},
            "one": {"1.0": [wheel(requires=["av<2"])], "1.1": [wheel(requires=["av"])]},
            "two": app("three"),
            "three": {"1.0": [wheel(requires=["av<2"])], "0.9": [wheel()]},
        },
    ),
    "what-the-user-names-has-no-wheel-for-anybody": Situation(
        line=_line("av", "one==1.0"),
        index={
            "av": {"1.0": native(), "2.0": native()},
            "one": {"1.0": [wheel(requires=["av<2"])], "1.1": [wheel(requires=["av"])]},
        },
    ),
    "clash-of-three": Situation(
        line=_line("one", "two", "three"),
        index={
            "one": {"1.0": [wheel(requires=["lib<2"])]},
            "two": {"1.0": [wheel(requires=["lib>=2"])], "0.9": [wheel(requires=["lib>=3"])]},
            "three": app("lib>=1.5"),
            "lib": any_wheels("1.0", "1.5", "2.0", "2.5", "3.0"),
        },
    ),
    "clash-below-what-nobody-pins": Situation(
        line=_line("one", "two"),
        index={
            "one": app("middle"),
            "middle": app("lib<2"),
            "two": app("lib>=2"),
            "lib": any_wheels("1.0", "2.0"),
        },
    ),
    "only-a-release-of-years-before-serves": Situation(
        line=_line("auth==4.8"),
        index={
            "auth": {
                "1.1": _on("2012-04-01"),
                "2.0": _on("2022-04-02", "py3-none-any", "ldap"),
                "4.8": _on("2024-04-02", "py3-none-any", "ldap>=3"),
            },
            "ldap": {"3.4": native()},
        },
    ),
    "release-of-years-before-is-not-offered": Situation(
        line=_line("auth==4.8"),
        index={
            "auth": {
                "1.1": _on("2022-04-01"),
                "2.0": _on("2022-04-02"),
                "4.8": _on("2024-04-02", "py3-none-any", "ldap>=3"),
            },
            "ldap": {"3.4": native()},
        },
    ),
}

_LAYERS = {
    "app": {f"{number}.0": [wheel(requires=["av>=2"] if number == 1 else ["heavy"])] for number in range(1, 5)},
    "av": any_wheels("1.0"),
    "heavy": {"1.0": native()},
}
LAYERED = {
    f"{word}-newest-of-the-project-above-asks-for-what-can-be-had": Situation(
        line=_line("app"),
        index={
            **_LAYERS,
            "app": {version: files for version, files in _LAYERS["app"].items() if version <= f"{count}.0"},
        },
    )
    for count, word in ((2, "second"), (3, "third"), (4, "fourth"))
}

_CHAIN = [f"p{number}" for number in range(1, 10)]
_CHAINED = {
    name: {"1.0": [wheel()], "2.0": [wheel(requires=[f"{below}==2.0"])]}
    for name, below in zip(_CHAIN, [*_CHAIN[1:], "deep"], strict=True)
}
FAR_ABOVE = {
    "eighth-project-above-is-moved-and-the-ninth-is-not": Situation(
        line=_line("app"),
        index={
            "app": app("p1==2.0"),
            **{name: dict(list(files.items())[name not in ("p1", "p2") :]) for name, files in _CHAINED.items()},
            "deep": {"2.0": native()},
        },
    ),
}


def _below_the_newest(count: int) -> Situation:
    """The newest of a project needs *count* without a wheel, the one before a version that is not there."""
    return Situation(
        line=_line("app"),
        index={
            "app": {"1.0": [wheel(requires=["av>=2"])], "2.0": [wheel(requires=[f"part{n}" for n in range(count)])]},
            "av": any_wheels("1.0"),
            **{f"part{n}": {"1.0": native()} for n in range(count)},
        },
    )


# More than one at once

_PARTS = {f"part{number}": {"1.0": native(), "2.0": [wheel(WIN)]} for number in range(4)}


def _spnego(first: str, second: str, *, line: CommandLine | None = None) -> Situation:
    """A project that needs one more without a wheel since its release of the day *second*."""
    return Situation(
        line=line or _line("auth==1"),
        index={
            "auth": {"1": [wheel(requires=["spnego"])]},
            "spnego": {"0.1": _on(first, "py3-none-any", "gssapi"), "0.12": _on(second, WIN, "gssapi", "krb5")},
            "gssapi": {"1": native()},
            "krb5": {"1": native()},
        },
    )


TOGETHER = {
    "four-blockers-and-one-behind": Situation(
        line=_line("app"),
        index={
            "app": app(*(f"{name}==1.0" for name in _PARTS)),
            **_PARTS,
            "part3": {"1.0": native(), "2.0": [wheel(WIN, requires=["behind==1.0"])]},
            "behind": {"1.0": native(), "2.0": [wheel(WIN)]},
        },
    ),
    "one-python-for-three-and-one-that-stays": Situation(
        line=_line("app", python="3.12"),
        index={
            "app": app("one==1.0", "two==1.0", "three==1.0", "four==1.0"),
            **{name: {"1.0": [wheel(WIN)]} for name in ("one", "two", "three")},
            "four": {"1.0": native(), "2.0": [wheel(WIN), wheel(_WIN312)]},
        },
    ),
    "three-below-the-newest": _below_the_newest(3),
    "four-below-the-newest": _below_the_newest(4),
    "two-left-out-two-years-apart": _spnego("2023-01-01", "2025-01-01"),
    "two-left-out-less-than-two-years-apart": _spnego("2023-01-02", "2025-01-01"),
    "two-left-out-of-which-the-user-names-one": _spnego("2021-01-01", "2025-01-01", line=_line("auth==1", "krb5")),
    "left-out-beside-what-the-user-names": Situation(
        line=_line("auth==1", "krb5"),
        index={
            "auth": {"1": [wheel(requires=["spnego"])]},
            "spnego": {
                "0.1": _on("2021-01-01", "py3-none-any", "gssapi"),
                "0.12": _on("2025-01-01", "py3-none-any", "gssapi", "krb5>=1"),
            },
            "gssapi": {"1": native()},
            "krb5": {"0.9": [wheel()], "1": native()},
        },
    ),
    "extras-of-two-projects": Situation(
        line=_line("one[x,y]", "two[x]", "three[z]"),
        index={
            "one": {"1.0": [wheel(requires=['av==1.0; extra == "x"', 'web; extra == "y"'], extras=["x", "y"])]},
            "two": {"1.0": [wheel(requires=['av==1.0; extra == "x"'], extras=["x"])]},
            "three": {"1.0": [wheel(requires=['web; extra == "z"'], extras=["z"])]},
            "av": {"1.0": native()},
            "web": any_wheels("1.0"),
        },
    ),
    "extra-for-another-system": Situation(
        line=_line('web[fast]; sys_platform == "linux"', "app[media]"),
        index={
            "app": {"1.0": [wheel(requires=['av==1.0; extra == "media"', "web"], extras=["media"])]},
            "web": {"1.0": [wheel(requires=['av==1.0; extra == "fast"'], extras=["fast"])]},
            "av": {"1.0": native()},
        },
    ),
    "extra-that-is-named-by-another-extra": Situation(
        line=_line("app[basic,whole]"),
        index={
            "app": {
                "1.0": [
                    wheel(
                        requires=[
                            'av==1.0; extra == "media"',
                            'web; extra == "basic"',
                            'app[media]; extra == "whole"',
                            'zed[media]; extra == "basic"',
                        ],
                        extras=["media", "basic", "whole"],
                    )
                ]
            },
            "zed": {"1.0": [wheel(extras=["media"])]},
            "av": {"1.0": native()},
            "web": any_wheels("1.0"),
        },
    ),
    "extra-of-another-project-of-the-same-name": Situation(
        line=_line("app[basic,media]"),
        index={
            "app": {
                "1.0": [
                    wheel(
                        requires=['av==1.0; extra == "media"', 'zed[media]; extra == "basic"'],
                        extras=["media", "basic"],
                    )
                ]
            },
            "zed": {"1.0": [wheel(extras=["media"], requires=['web; extra == "media"'])]},
            "av": {"1.0": native()},
            "web": any_wheels("1.0"),
        },
    ),
    "hopeless-beside-two-that-can-be-repaired": Situation(
        line=_line("torch==1.0", "app", "rust==2"),
        index={
            "torch": {"1.0": [wheel("cp311-cp311-macosx_11_0_arm64")]},
            "rust": {"2": native()},
            "app": app("av==1.0", "bv==1.0"),
            "av": {"1.0": native(), "2.0": [wheel(WIN)]},
            "bv": {"1.0": native(), "2.0": [wheel(WIN)]},
        },
    ),
}

# The same code from elsewhere

_SEVERAL_STAND_IN = RepairKnowledge(
    substitutes=(
        *substitute("other", "other-binary").substitutes,
        *substitute("driver", "driver-binary").substitutes,
        *substitute("driver", "driver-free", same_versions=False).substitutes,
        *substitute("driver", "driver-gone").substitutes,
        *substitute("driver", "driver-else", same_api=False).substitutes,
    )
)
_DRIVERS = {
    "driver": {"1.0": native(), "2.0": native()},
    "driver-binary": {"1.5": [wheel(WIN)]},
    "driver-free": {"7.0": [wheel(WIN)]},
    "driver-else": {"1.0": [wheel(WIN)]},
    "other-binary": {"1.0": [wheel(WIN)]},
}
_TORCH = {"torch": {"1.0": [wheel("cp311-cp311-linux_riscv64")], "1.1": [wheel(WIN)]}}


def _several_vendors(*names: str, labels: tuple[str, ...] = (), platforms: tuple[str, ...] = ()) -> RepairKnowledge:
    return RepairKnowledge(
        indexes=tuple(
            VendorIndex(
                name=name,
                url=f"https://{name}.example/simple/",
                projects=frozenset({canonicalize_name("torch")}),
                labels=labels,
                platforms=platforms,
                message="The vendor publishes more wheels than the public index.",
                evidence=("https://vendor.example/",),
            )
            for name in names
        ),
        labels=(
            CUDA,
            BuildLabel(label="cpu", means="the smaller download", works=True, evidence=("https://notes.example/",)),
        ),
    )


_BUILDS = {f"https://{name}.example/simple/": {"torch": {"1.0+cpu": [wheel(WIN)]}} for name in ("one", "two")}

FROM_ELSEWHERE = {
    "several-that-stand-in": Situation(line=_line("driver==1.0"), index=_DRIVERS, knowledge=_SEVERAL_STAND_IN),
    "several-that-stand-in-below": Situation(
        line=_line("app"), index={**_DRIVERS, "app": app("driver>=1,<2")}, knowledge=_SEVERAL_STAND_IN
    ),
    "stands-in-by-an-archive-alone": Situation(
        line=_line("driver==1.0"),
        index={**_DRIVERS, "driver-binary": {"1.0": [sdist(purity="pure")]}},
        knowledge=substitute("driver", "driver-binary"),
    ),
    "stands-in-on-this-platform": Situation(
        line=_line("driver==1.0"),
        index=_DRIVERS,
        knowledge=substitute("driver", "driver-binary", platforms="win*"),
    ),
    "first-of-the-users-indexes-that-has-it": Situation(
        line=_line("torch==1.0"),
        index=_TORCH,
        elsewhere={USERS: {"torch": {"2.0": [wheel(WIN)]}}, VENDOR: {"torch": {"1.0": [wheel(WIN)]}}},
        indexes=("https://index.example/simple/", USERS, "https://user:secret@down.example/simple/"),
        knowledge=vendor("torch"),
    ),
    "users-index-with-a-secret": Situation(
        line=_line("app"),
        index={"app": app("torch==1.0"), **_TORCH},
        elsewhere={"https://user:secret@mirror.example/simple/": {"torch": {"1.0": [wheel(WIN)]}}},
        indexes=("https://user:secret@mirror.example/simple/",),
    ),
    "vendor-of-other-projects": Situation(
        line=_line("torch==1.0"),
        index=_TORCH,
        elsewhere={VENDOR: {"torch": {"1.0": [wheel(WIN)]}}},
        knowledge=vendor("vision"),
    ),
    "vendors-of-any-project": Situation(
        line=_line("torch==1.0"),
        index=_TORCH,
        elsewhere={VENDOR: {"torch": {"1.0": [wheel(WIN)]}}},
        knowledge=vendor(),
    ),
    "vendors-for-other-platforms": Situation(
        line=_line("torch==1.0+cpu"),
        index=_TORCH,
        elsewhere=_BUILDS,
        knowledge=_several_vendors("one", "two", labels=("cpu",), platforms=("macosx_*",)),
    ),
    "two-vendors-of-one-build": Situation(
        line=_line("torch==1.0+cpu"),
        index=_TORCH,
        elsewhere=_BUILDS,
        knowledge=_several_vendors("one", "two", labels=("cpu",)),
    ),
    "build-of-the-second-vendor": Situation(
        line=_line("torch==1.0+cpu"),
        index=_TORCH,
        elsewhere={**_BUILDS, "https://two.example/simple/": {}},
        knowledge=_several_vendors("two", "one", labels=("cpu",)),
    ),
    "build-of-a-label-that-no-vendor-names": Situation(
        line=_line("torch==1.0+cpu"), index=_TORCH, elsewhere=_BUILDS, knowledge=_several_vendors("one", "two")
    ),
    "lost-build-that-works-all-the-same": Situation(
        line=_line("torch==1.1+cpu"), index=_TORCH, knowledge=_several_vendors("one", labels=("cpu",))
    ),
    "ninth-vendor-is-not-asked": Situation(
        line=_line("torch==1.0"),
        index=_TORCH,
        elsewhere={
            f"https://v{number}.example/simple/": {"torch": {"1.0": [wheel(WIN)] if number > 7 else native()}}
            for number in range(1, 10)
        },
        knowledge=_several_vendors(*(f"v{number}" for number in range(1, 10))),
    ),
    "clash-that-no-vendor-mends": Situation(
        line=_line("torch>=2", "app"),
        index={**_TORCH, "app": app("torch<2")},
        elsewhere={VENDOR: {"torch": {"2.0": [wheel(WIN)]}}},
        knowledge=vendor("torch"),
    ),
    "version-that-is-on-the-users-other-index": Situation(
        line=_line("torch==9.0", "app"),
        index={**_TORCH, "app": any_wheels("1.0")},
        elsewhere={USERS: {"torch": {"9.0": [wheel(WIN)]}}},
        indexes=(USERS,),
    ),
}

# Remedies of advisories


def _advisories(*known: tuple[Sequence[str], Sequence[str]]) -> RepairKnowledge:
    """What says for each that its first list fails together, and that each bound of its second is a remedy."""
    return RepairKnowledge(
        advisories=tuple(
            Advisory(
                id=f"fails-{number}",
                when=tuple(map(asked, when)),
                message="it was built for the older interface",
                evidence=("https://notes.example/",),
                remedies=tuple(Remedy(kind="constrain", requirement=asked(text)) for text in remedies),
            )
            for number, (when, remedies) in enumerate(known)
        )
    )


_OLD_TORCH = {
    "torch": {"2.1": _on("2023-10-04", WIN, "numpy", "vision")},
    "numpy": {
        "1.0": _on("2023-06-01"),
        "1.5": _on("2023-10-04"),
        "1.6": _on("2023-10-05"),
        "2.0": _on("2024-06-16"),
    },
    "vision": {"0.1": _on("2023-06-01"), "0.2": _on("2024-06-01"), "0.3": _on("2024-07-01")},
}
_FAIL_2 = ("torch<2.3", "numpy>=2"), ("numpy<2",)
_FAIL_VISION = ("torch<2.3", "vision>=0.2"), ("vision<0.2",)

REMEDIED: dict[str, Situation] = {
    "two-advisories-at-once": Situation(
        line=_line("torch==2.1"), index=_OLD_TORCH, knowledge=_advisories(_FAIL_2, _FAIL_VISION)
    ),
    "remedy-that-meets-another-advisory": Situation(
        line=_line("torch==2.1"),
        index=_OLD_TORCH,
        knowledge=_advisories(_FAIL_2, (("numpy<2", "vision>=0.3"), ("vision<0.3",))),
    ),
    "second-remedy-where-the-first-does-not-resolve": Situation(
        line=_line("torch==2.1", "numpy>=2"),
        index=_OLD_TORCH,
        knowledge=_advisories((("torch<2.3", "vision>=0.2"), ("numpy<2", "vision<0.2"))),
    ),
    "one-of-two-remedies-resolves": Situation(
        line=_line("torch==2.1", "numpy>=2"), index=_OLD_TORCH, knowledge=_advisories(_FAIL_2, _FAIL_VISION)
    ),
    "two-remedies-of-one-project": Situation(
        line=_line("torch==2.1"),
        index=_OLD_TORCH,
        knowledge=_advisories(_FAIL_2, (("torch<2.3", "numpy>=1.6"), ("numpy<1.6",))),
    ),
    "day-of-two-pins": Situation(
        line=_line("torch==2.1", "vision==0.2"), index=_OLD_TORCH, knowledge=_advisories(_FAIL_2)
    ),
    "day-of-a-pin-is-not-before-that-of-the-user": Situation(
        line=_line("torch==2.1", exclude_newer="2023-10-04"),
        index=_OLD_TORCH,
        knowledge=_advisories((("torch<2.3", "numpy>=1.5"), ("numpy<1.5",))),
    ),
    "day-of-a-pin-is-before-that-of-the-user": Situation(
        line=_line("torch==2.1", exclude_newer="2023-10-05"),
        index=_OLD_TORCH,
        knowledge=_advisories((("torch<2.3", "numpy>=1.6"), ("numpy<1.6",))),
    ),
    "day-of-a-pin-that-has-none": Situation(
        line=_line("torch==2.1", "other==1.0"),
        index={**_OLD_TORCH, "other": {"1.0": [wheel(upload_time=None)]}},
        knowledge=_advisories(_FAIL_2),
    ),
    "no-pin-has-no-day": Situation(line=_line("torch==2.*"), index=_OLD_TORCH, knowledge=_advisories(_FAIL_2)),
    "remedy-of-what-was-moved-already": Situation(
        line=_line("app"),
        index={
            "app": app("av==1.0", "torch==2.1"),
            "av": {"1.0": native(), "2.0": [wheel(WIN)]},
            **_OLD_TORCH,
        },
        knowledge=_advisories((("torch<2.3", "av>=2"), ("av<2",)), _FAIL_2),
    ),
}

_FAILS = _advisories((("app", "vision>=0.2"), ("vision<0.2",)), (("vision<0.2", "numpy>=2"), ("numpy<2",)))
REMEDIED["remedy-of-an-error-meets-a-warning"] = Situation(
    line=_line("app"),
    index={**_OLD_TORCH, "app": app("vision", "numpy")},
    knowledge=RepairKnowledge(
        advisories=(replace(_FAILS.advisories[0], severity=Severity.ERROR), _FAILS.advisories[1])
    ),
)
REMEDIED["override-of-what-is-overridden-already"] = Situation(
    line=_line("app", "torch==2.1"),
    index={"app": app("av==1.0"), "av": {"1.0": native(), "2.0": [wheel(WIN)], "3.0": [wheel(WIN)]}, **_OLD_TORCH},
    knowledge=advisory("torch<2.3", "av>=2", overrides=("av>=3",)),
)
_BOTH_WAYS = {
    name: RepairKnowledge(substitutes=(*substitute(one, other).substitutes, *substitute(other, one).substitutes))
    for name, (one, other) in {"view": ("view", "view-bare"), "net": ("net", "net-bare")}.items()
}
OVERLAPPING_TWICE = {
    "two-pairs-of-one-module": Situation(
        line=_line("app", "view", "net-bare"),
        index={
            "app": app("view-bare", "net"),
            **{name: any_wheels("1.0") for name in ("view", "view-bare", "net", "net-bare")},
        },
        knowledge=RepairKnowledge(
            substitutes=tuple(each for known in _BOTH_WAYS.values() for each in known.substitutes)
        ),
        overlaps=(("view", "view-bare"), ("net", "net-bare")),
    ),
    "three-of-one-module": Situation(
        line=_line("app", "view"),
        index={
            "app": app("view-bare", "view-all"),
            **{f"view{end}": any_wheels("1.0") for end in ("", "-bare", "-all")},
        },
        knowledge=RepairKnowledge(
            substitutes=tuple(
                each
                for one, other in (("view", "view-bare"), ("view", "view-all"), ("view-bare", "view-all"))
                for known in (substitute(one, other), substitute(other, one))
                for each in known.substitutes
            )
        ),
        overlaps=(("view", "view-bare"), ("view", "view-all"), ("view-bare", "view-all")),
    ),
}

# What code imports, and what of it cannot be read


def code_of(**texts: str) -> Mapping[str, Mapping[str, str]]:
    """The one module of each wheel, by its project and version (``app_1_0``)."""
    found = {}
    for name, text in texts.items():
        project, _, version = name.partition("_")
        found[f"{project}-{version.replace('_', '.')}-py3-none-any.whl"] = {f"{project}.py": text}
    return found


def _importing(
    index: Index, *inputs: str, failing: Sequence[str] = (), python: str = "3.12", **texts: str
) -> Situation:
    return Situation(
        line=replace(CommandLine(inputs=inputs), python=python),
        index=index,
        code=code_of(**texts),
        library=load_standard_library(),
        failing=frozenset(failing),
        knowledge=RepairKnowledge(pythons=load_repair_knowledge().pythons),
    )


_TOOL = {"tool": {"1.0": native(), "1.1": [wheel()]}}
_LAZY = _importing(
    {
        "app": {"1.0": _on("2021-01-01", "py3-none-any", "old")},
        "old": {"1.0": _on("2021-01-01")},
        "own": {"1.0": native(), "1.1": [wheel()]},
    },
    *("app==1.0", "old==1.0", "own==1.0"),
    failing=["old"],
    app_1_0="def run():\n    import old\n",
    old_1_0="import fcntl\n",
    own_1_1="",
)
_OLD_DAY = "2017-01-01"


def _old_archives(**sizes: int | None) -> Situation:
    """Archives of so many bytes, older than the target's Python, which import what it lost and are imported by the app."""
    day = f"{_OLD_DAY}T00:00:00.000000Z"
    return replace(
        _importing(
            {
                "app": app("dlib", *sizes),
                "dlib": {"1.0": native()},
                "dlib-bin": {"1.0": [wheel()]},
                **{name: {"1.0": [wheel(_WIN312, upload_time=day, size=size)]} for name, size in sizes.items()},
            },
            "app",
        ),
        target_is_named=False,
        code={
            "app-1.0-py3-none-any.whl": {"app.py": f"import dlib, {', '.join(sizes)}\n"},
            "dlib_bin-1.0-py3-none-any.whl": {"dlib.py": ""},
            **{f"{name}-1.0-{_WIN312}.whl": {f"{name}.py": ""} for name in sizes},
        },
        knowledge=replace(substitute("dlib", "dlib-bin"), pythons=load_repair_knowledge().pythons),
    )


def _old_pins(failing: str, size: int | None = None) -> Situation:
    """Nine pins that are older than the target's Python, of which *failing* imports what that lost."""
    names = [f"old{number}" for number in range(9)]
    code = {f"{name}_1_0": "import imp\n" if name == failing else "" for name in names}
    asked = _importing(
        {**_TOOL, **{name: {"1.0": [wheel(upload_time=f"{_OLD_DAY}T00:00:00Z", size=size)]} for name in names}},
        *("tool==1.0", *(f"{name}==1.0" for name in names)),
        tool_1_1="",
        **code,
    )
    return replace(asked, target_is_named=False)


IMPORTED = {
    "what-is-not-imported-at-once-of-code-that-cannot-be-had": replace(
        _LAZY, code_failing=frozenset({"app-1.0-py3-none-any.whl"})
    ),
    "what-fails-in-two-places": _importing(
        {
            **_TOOL,
            "app": {"1.0": [wheel(requires=["tool"])]},
        },
        *("app==1.0", "tool==1.0"),
        app_1_0="from tool import first\nfrom tool import second\n",
        tool_1_1="",
    ),
    "what-fails-before-and-after": _importing(
        {**_TOOL, "app": {"1.0": [wheel(requires=["tool"])], "1.1": [wheel(requires=["tool"])]}},
        *("app==1.0", "tool==1.0"),
        failing=["app"],
        app_1_0="import imp, tool\n",
        app_1_1="import tool\n",
        tool_1_1="",
    ),
    "later-release-that-fails-too": _importing(
        {"app": {f"1.{number}": _on("2023-06-01") for number in range(6)}},
        "app==1.0",
        failing=["app"],
        **{f"app_1_{number}": "import imp\n" if number < 3 else "" for number in range(6)},
    ),
    "fails-on-a-low-floor": replace(
        _importing(
            {"app": {"1.0": _on("2023-06-01")}}, "app==1.0", failing=["app"], python="3.12", app_1_0="import imp\n"
        ),
        line=_line("app==1.0", platform="manylinux_2_17_x86_64", python="3.12"),
        indexes=(USERS,),
        elsewhere={USERS: {"app": {"1.0": _on("2023-06-01")}}},
    ),
    "guarded-use-of-what-goes": replace(
        _importing(
            {"app": app("av==1.0"), "av": {"1.0": native()}},
            "app",
            app_1_0="def run():\n    import av\n    return av.open\n",
        ),
        library=None,
    ),
    "two-kinds-of-use-of-what-goes": replace(
        _importing(
            {"app": app("av==1.0"), "web": app("av==1.0"), "av": {"1.0": native()}},
            *("app", "web"),
            app_1_0="try:\n    import av\nexcept ImportError:\n    av = None\ndef run():\n    import av.codec\n",
            web_1_0="from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import av\n",
        ),
        library=None,
    ),
    "later-version-that-does-not-resolve": _importing(
        {
            "tool": {
                "1.0": native(),
                "1.1": [wheel()],
                "1.2": [wheel(requires=["no-such-project"])],
            }
        },
        "tool==1.0",
        tool_1_1="import imp\n",
        tool_1_2="",
    ),
    **{
        f"version-of-{word}-bytes-than-is-read": replace(
            _importing({"tool": {"1.0": native(), "1.1": [wheel(_WIN312, size=size)]}}, "tool==1.0"),
            code={f"tool-1.1-{_WIN312}.whl": {"tool.py": "import imp\n"}},
            target_is_named=False,
        )
        for word, size in (("no-more", LARGEST), ("more", LARGEST + 1))
    },
    "name-that-is-gone-from-python": _importing(
        {"app": {"1.0": _on("2019-06-01")}},
        "app==1.0",
        failing=["app"],
        python="3.10",
        app_1_0="from collections import Mapping\n",
    ),
    "two-names-of-one-module-of-which-one-went": _importing(
        {
            "app": {"1.0": _on("2023-06-01", "py3-none-any", "lib")},
            "lib": {f"{n}.0": _on(f"202{n}-01-01") for n in range(1, 6)},
        },
        "app==1.0",
        failing=["app"],
        app_1_0="from lib import first, second\n",
        **{f"lib_{n}_0": "def first(): ...\n" + ("def second(): ...\n" if n < 4 else "") for n in range(1, 6)},
    ),
    "archives-of-newer-releases-cannot-be-had": replace(
        IMPORTING["name-that-newer-releases-lost"], code_failing=frozenset({"lib-2.2-py3-none-any.whl"})
    ),
    "archive-of-the-dependant-cannot-be-had": replace(
        IMPORTING["name-that-newer-releases-lost"], code_failing=frozenset({"app-1.0-py3-none-any.whl"})
    ),
    "eighth-old-pin-fails": _old_pins("old7"),
    "ninth-old-pin-is-not-read": _old_pins("old8"),
    "ninth-old-pin-of-few-bytes-is-read": _old_pins("old8", 1000),
    "old-archive-of-a-size-that-is-not-known": _old_archives(big=None),
    "old-archives-that-are-just-read": _old_archives(big=512 * 1024 - 1000, small=1000),
    "old-archives-of-which-one-is-not-read": _old_archives(big=512 * 1024 - 1000, small=1001),
    "old-archive-that-is-read-and-larger-ones": _old_archives(big=LARGEST + 1, huge=LARGEST + 2, small=1),
}

RARE: Mapping[str, Situation] = {
    **PYTHONS,
    **PLATFORMS,
    **VERSIONS,
    **LAYERED,
    **FAR_ABOVE,
    **TOGETHER,
    **FROM_ELSEWHERE,
    **REMEDIED,
    **OVERLAPPING_TWICE,
    **IMPORTED,
}
