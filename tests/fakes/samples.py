"""Sample values for tests that need no resolver: targets, pins, resolutions, findings and plans."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from tests.fakes import proposed
from wheelcheck.model.distribution import Availability, CoreMetadata, Installability, MetadataSource, Sdist, Wheel
from wheelcheck.model.finding import Code, Finding, Severity
from wheelcheck.model.plan import InputRecord, Options, Plan
from wheelcheck.model.repair import Proposals
from wheelcheck.model.requirement import CandidateOrigin, CommandLineOrigin, FileOrigin, Requirement
from wheelcheck.model.resolution import Clash, Conflict, Edge, Pin, Resolution
from wheelcheck.model.target import Target
from wheelcheck.plans.making import plan

INDEX = "https://index.example/simple/"
OPTIONS = Options(sdist="pure", exclude_newer="2026-11-01T00:00:00Z", indexes=(INDEX,))
INPUTS = (InputRecord(path="requirements.txt", sha256="ab" * 32),)
WINDOWS = Target(
    platform="win_amd64",
    python="3.11",
    implementation="cpython",
    python_full=Version("3.11.0"),
    patch_assumed=True,
    tags=(("cp311", "cp311", "win_amd64"), ("py3", "none", "win_amd64"), ("py3", "none", "any")),
    markers={
        "implementation_name": "cpython",
        "os_name": "nt",
        "platform_machine": "AMD64",
        "platform_python_implementation": "CPython",
        "platform_system": "Windows",
        "python_full_version": "3.11.0",
        "python_version": "3.11",
        "sys_platform": "win32",
    },
    unknowable=frozenset({"platform_release", "platform_version"}),
)


def sha256(text: str) -> str:
    """A SHA-256 that stands for the file called *text*."""
    return hashlib.sha256(text.encode()).hexdigest()


def wheel_pin(
    name: str, version: str, *, tag: str = "py3-none-any", extras: Iterable[str] = (), at: Availability | None = None
) -> Pin:
    """A pin on a wheel."""
    python, abi, platform = tag.split("-")
    filename = f"{name.replace('-', '_')}-{version}-{tag}.whl"
    return Pin(
        name=canonicalize_name(name),
        version=Version(version),
        extras=frozenset(canonicalize_name(extra) for extra in extras),
        distribution=Wheel(
            name=canonicalize_name(name),
            version=Version(version),
            filename=filename,
            tags=((python, abi, platform),),
            at=at or availability(filename),
        ),
        tag=(python, abi, platform),
        installability=Installability.WHEEL,
        metadata=CoreMetadata(name=canonicalize_name(name), version=Version(version)),
    )


def sdist_pin(
    name: str,
    version: str,
    *,
    installability: Installability = Installability.SDIST_PURE,
    at: Availability | None = None,
) -> Pin:
    """A pin on a source archive."""
    filename = f"{name.replace('-', '_')}-{version}.tar.gz"
    return Pin(
        name=canonicalize_name(name),
        version=Version(version),
        distribution=Sdist(
            name=canonicalize_name(name), version=Version(version), filename=filename, at=at or availability(filename)
        ),
        installability=installability,
        metadata=CoreMetadata(
            name=canonicalize_name(name), version=Version(version), source=MetadataSource.SDIST_STATIC
        ),
        evidence=("setup.py names no extension modules",),
    )


def availability(filename: str, *, index: str = INDEX) -> Availability:
    """What a good index says of *filename*."""
    return Availability(
        url=f"https://files.example/{filename.replace('+', '%2B')}",
        hashes=(("sha256", sha256(filename)),),
        size=1000 + len(filename),
        upload_time="2024-05-06T07:08:09.123456Z",
        requires_python=">=3.8",
        index=index,
    )


def resolution(pins: Iterable[Pin], requires: Mapping[str, Sequence[str]], *, target: Target = WINDOWS) -> Resolution:
    """A resolution of *pins*; *requires* maps ``""`` (the user) or a name to requirement texts."""
    by_name = {pin.name: pin for pin in sorted(pins, key=lambda pin: pin.name)}
    edges: list[Edge] = []
    for parent, texts in requires.items():
        for line, text in enumerate(texts, start=1):
            if parent:
                pin = by_name[canonicalize_name(parent)]
                requirement = Requirement.parse(text, CandidateOrigin(name=pin.name, version=pin.version))
                edges.append(Edge(parent=pin.name, child=requirement.name, requirement=requirement))
            else:
                requirement = Requirement.parse(text, FileOrigin(path="requirements.txt", line=line))
                edges.append(Edge(parent=None, child=requirement.name, requirement=requirement))
    return Resolution(target=target, pins=by_name, edges=tuple(edges))


def finding(
    code: Code,
    package: str | None,
    version: str | None,
    message: str,
    *,
    evidence: Sequence[str] = (),
    paths: Sequence[Sequence[str]] = (),
    nearest: str | None = None,
    severity: Severity | None = None,
) -> Finding:
    """A finding with the severity of its code."""
    return Finding(
        code=code,
        severity=severity or code.severity,
        package=canonicalize_name(package) if package else None,
        version=Version(version) if version else None,
        message=message,
        evidence=tuple(evidence),
        paths=tuple(tuple(path) for path in paths),
        nearest=Version(nearest) if nearest else None,
    )


AV = finding(
    Code.SOURCE_NATIVE,
    "av",
    "11.0.0",
    "av 11.0.0 has no wheel for win_amd64, and its source archive builds native code.",
    evidence=("setup.py passes ext_modules", "36 Cython sources (.pyx)"),
    paths=(("audiocraft==1.3.0", "av==11.0.0"),),
    nearest="12.0.0",
)
AV_ELSEWHERE = (
    finding(
        Code.OTHER_PLATFORMS,
        "av",
        "11.0.0",
        "av 11.0.0 has wheels for macosx x86_64, manylinux x86_64",
        severity=Severity.INFO,
    ),
    finding(
        Code.OTHER_VERSIONS,
        "av",
        "11.0.0",
        "av has a wheel for win_amd64, Python 3.11 in 12.0.0 (newer, 2024-03-17) and 10.0.0 (older, 2022-10-20)",
        evidence=("av==11.0.0 (audiocraft==1.3.0)",),
        nearest="12.0.0",
        severity=Severity.INFO,
    ),
)
_PURE = {"audiocraft": "1.3.0", "antlr4-python3-runtime": "4.9.3", "docopt": "0.6.2", "encodec": "0.1.1"}
_PURE_FINDINGS = tuple(
    finding(
        Code.SOURCE_PURE,
        name,
        version,
        f"{name} {version} has only a source archive, which is pure Python.",
        evidence=("setup.py names no extension modules",),
        paths=(("audiocraft==1.3.0",) if name == "audiocraft" else ("audiocraft==1.3.0", f"{name}=={version}"),),
    )
    for name, version in _PURE.items()
)


def audiocraft_pins(av: Pin | None = None) -> tuple[Pin, ...]:
    """The pins of a small audiocraft, with *av* (a native source archive unless given)."""
    native = sdist_pin("av", "11.0.0", installability=Installability.SDIST_NATIVE)
    return (
        *(sdist_pin(name, version) for name, version in _PURE.items()),
        av or native,
        wheel_pin("torch", "2.1.0+cpu", tag="cp311-cp311-win_amd64"),
        wheel_pin("numpy", "1.26.4", tag="cp311-cp311-win_amd64"),
        wheel_pin("omegaconf", "2.3.0"),
        wheel_pin("uvicorn", "0.30.0", extras=("standard",)),
    )


AUDIOCRAFT_EDGES = {
    "": ["audiocraft==1.3.0", "uvicorn[standard]>=0.29"],
    "audiocraft": ["av==11.0.0", "encodec", "torch==2.1.0", "numpy<2", "docopt", "omegaconf"],
    "encodec": ["torch", "numpy"],
    "omegaconf": ["antlr4-python3-runtime==4.9.*"],
}


def blocked_outcome() -> Conflict:
    """The policy alone stands in the way: ``av`` needs a compiler."""
    natural = resolution(audiocraft_pins(), AUDIOCRAFT_EDGES)
    return Conflict(target=WINDOWS, clashes=(), natural=natural, partial={})


def clash_outcome() -> Conflict:
    """The requirements themselves clash."""
    requirement = Requirement.parse("numpy<2", CommandLineOrigin(text="numpy<2"))
    clash = Clash(
        name=canonicalize_name("numpy"),
        requirements=(requirement,),
        paths=(("numpy<2",),),
        specifier=SpecifierSet("<2,>=2"),
    )
    return Conflict(target=WINDOWS, clashes=(clash,), partial={})


CLASH = finding(
    Code.CONFLICT,
    "numpy",
    None,
    "No version of numpy satisfies both numpy<2 (requirements.txt:1) and numpy>=2 (pandas 3.0.0).",
    evidence=("numpy<2 — asked by requirements.txt:1", "numpy>=2 — asked by pandas==3.0.0"),
    paths=(("numpy<2",), ("pandas==3.0.0", "numpy>=2")),
)


def blocked_plan(proposals: Proposals | None = None) -> Plan:
    """One native source archive, four pure ones, four wheels; with the repairs in *proposals*."""
    findings = (*_PURE_FINDINGS, AV, *AV_ELSEWHERE)
    return plan(blocked_outcome(), findings, inputs=INPUTS, options=OPTIONS, proposals=proposals)


def hopeless_plan() -> Plan:
    """Blocked where no repair helps, with a suggestion that nobody could verify and a search that was cut short."""
    torch = finding(
        Code.OTHER_PLATFORMS,
        "torch",
        "2.9.0",
        "torch 2.9.0 has wheels for manylinux x86_64, macosx arm64 and win amd64, and none for musllinux_1_2_x86_64.",
        paths=(("peft==0.13.0", "torch==2.9.0"),),
    )
    pins = (wheel_pin("peft", "0.13.0"), replace(wheel_pin("torch", "2.9.0"), distribution=None))
    musl = replace(WINDOWS, platform="musllinux_1_2_x86_64")
    natural = resolution(pins, {"": ["peft==0.13.0"], "peft": ["torch"]}, target=musl)
    outcome = Conflict(target=musl, clashes=(), natural=natural, partial={})
    return plan(outcome, (torch,), inputs=INPUTS, options=OPTIONS, proposals=proposed.NO_WAY)


def fixed_plan() -> Plan:
    """The blocked plan with its first repair applied; audiocraft's own metadata still asks for the av that was replaced."""
    audiocraft = sdist_pin("audiocraft", "1.3.0")
    stated = replace(audiocraft.metadata, requires=("av==11.0.0", "encodec", "torch==2.1.0"))
    pins = {pin.name: pin for pin in audiocraft_pins(wheel_pin("av", "12.0.0", tag="cp311-cp311-win_amd64"))}
    pins[audiocraft.name] = replace(audiocraft, metadata=stated)
    options = replace(OPTIONS, overrides=("av==12.0.0",))
    outcome = resolution(pins.values(), AUDIOCRAFT_EDGES)
    return plan(outcome, _PURE_FINDINGS, inputs=INPUTS, options=options, proposals=proposed.THREE_WAYS, applied=("R1",))


def warned_plan() -> Plan:
    """Installs, and then fails when it is used; the repair bounds numpy."""
    advisory = finding(
        Code.ADVISORY,
        "torch",
        "2.1.0",
        "torch 2.1.0 was compiled for the NumPy 1 interface and fails with numpy 2.3.4 as soon as tensors become arrays.",
        evidence=("remedy: constrain numpy<2", "https://notes.example/numpy-2-migration"),
    )
    pins = (
        wheel_pin("torch", "2.1.0", tag="cp311-cp311-win_amd64"),
        wheel_pin("numpy", "2.3.4", tag="cp311-cp311-win_amd64"),
    )
    outcome = resolution(pins, {"": ["torch==2.1.0"], "torch": ["numpy"]})
    return plan(outcome, (advisory,), inputs=INPUTS, options=OPTIONS, proposals=proposed.MENDED_WARNING)


def needs_build_plan() -> Plan:
    """The same with an ``av`` that has a wheel."""
    outcome = resolution(audiocraft_pins(wheel_pin("av", "12.0.0", tag="cp311-cp311-win_amd64")), AUDIOCRAFT_EDGES)
    return plan(outcome, _PURE_FINDINGS, inputs=INPUTS, options=OPTIONS)


def installable_plan() -> Plan:
    """Two wheels and nothing to say about them."""
    outcome = resolution(
        (wheel_pin("click", "8.1.7"), wheel_pin("colorama", "0.4.6")),
        {"": ["click"], "click": ['colorama; sys_platform == "win32"']},
    )
    return plan(outcome, (), inputs=INPUTS, options=OPTIONS)


def clash_plan() -> Plan:
    """Blocked by requirements that clash."""
    return plan(clash_outcome(), (CLASH,), inputs=INPUTS, options=OPTIONS)


def undecided_plan() -> Plan:
    """A search that ended at its budget, with one pin in hand."""
    pin = wheel_pin("click", "8.1.7")
    outcome = Conflict(target=WINDOWS, clashes=(), partial={pin.name: pin}, budget_spent=True)
    spent = finding(Code.BUDGET_SPENT, None, None, "The search ended after 60 s with 1 project decided.")
    return plan(outcome, (spent, AV), inputs=INPUTS, options=OPTIONS)


def empty_plan() -> Plan:
    """Nothing was asked."""
    return plan(resolution((), {}), (), inputs=INPUTS, options=OPTIONS)


def crowded_plan() -> Plan:
    """More of everything than a screen holds: long names and versions, many offenders, warnings and notes."""
    names = [f"compiled-project-{number:02}" for number in range(1, 15)]
    pins = [sdist_pin(name, "2.1.0", installability=Installability.SDIST_NATIVE) for name in names]
    pins += [sdist_pin(f"pure-project-{number:02}", f"0.{number}") for number in range(1, 15)]
    pins += [wheel_pin(f"wheel-{number:02}", "2024.12.31.post1+local.build") for number in range(1, 31)]
    errors = [
        finding(
            Code.SOURCE_NATIVE,
            name,
            "2.1.0",
            f"{name} 2.1.0 has no wheel for win_amd64, and its source archive builds native code.",
            evidence=("pyproject.toml names the build backend maturin", "src/lib.rs is Rust"),
            paths=(("wheel-01[everything]>=2024", "wheel-02==2024.12.31.post1+local.build", f"{name}==2.1.0"),) * 3,
        )
        for name in names
    ]
    older = [
        finding(Code.OLDER_CHOSEN, f"wheel-{number:02}", "2024.12.31.post1+local.build", f"wheel-{number:02} is older.")
        for number in range(1, 13)
    ]
    unknown = finding(
        Code.METADATA_UNKNOWN, "pure-project-01", "0.1", "Nothing static tells what pure-project-01 0.1 needs."
    )
    recorded = [
        finding(
            Code.METADATA_RECORDED, f"pure-project-{number:02}", f"0.{number}", "As the maintainer's build recorded."
        )
        for number in range(2, 15)
    ]
    natural = resolution(pins, {"": ["wheel-01"], "wheel-01": [pin.name for pin in pins if pin.name != "wheel-01"]})
    outcome = Conflict(target=WINDOWS, clashes=(), natural=natural, partial={})
    return plan(outcome, (*errors, *older, unknown, *recorded), inputs=INPUTS, options=OPTIONS)


def every_plan() -> dict[str, Plan]:
    """One plan of each status and kind, by a word for it."""
    return {
        "blocked": blocked_plan(),
        "clash": clash_plan(),
        "crowded": crowded_plan(),
        "empty": empty_plan(),
        "fixed": fixed_plan(),
        "hopeless": hopeless_plan(),
        "installable": installable_plan(),
        "needs-build": needs_build_plan(),
        "three-ways": blocked_plan(proposed.THREE_WAYS),
        "undecided": undecided_plan(),
        "warned": warned_plan(),
    }


def named(*names: str) -> tuple[NormalizedName, ...]:
    """*names* as normalised names."""
    return tuple(canonicalize_name(name) for name in names)
