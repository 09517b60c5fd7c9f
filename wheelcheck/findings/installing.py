"""Rules on pins without a usable wheel: why they have none, and where wheels do exist (the one hundreds)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec import UNSET, UnsetType
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.findings.context import Diagnosis
from wheelcheck.model.distribution import BUILT_ANYWHERE, FROM_SOURCE, Installability, Wheel
from wheelcheck.model.finding import Code, Finding, Severity
from wheelcheck.model.resolution import Pin
from wheelcheck.model.target import Fit, Refusal, RefusalReason, Target
from wheelcheck.texts.words import folded

_NAMED = 6
_NAMED_FLOORS = {"manylinux1": "2_5", "manylinux2010": "2_12", "manylinux2014": "2_17"}
_BUILDING = frozenset({Code.SOURCE_NATIVE, Code.SOURCE_UNKNOWN})
_TRIED_ONE_BY_ONE = 3
_INTERPRETER = re.compile(r"(cp|py|pp)(\d)(\d*)")


def find_offenders(diagnosis: Diagnosis) -> Iterator[Finding]:
    """One finding for each pin without a usable wheel, and beside it where wheels do exist."""
    for name, pin in diagnosis.pins.items():
        if pin.installability is Installability.WHEEL:
            continue
        allowed = diagnosis.policy.allows(name, pin.version, pin.installability)
        code = Code.HIDDEN_BY_OPTION if not allowed and hidden_wheels(diagnosis, pin) else _code(diagnosis, pin)
        severity = _severity(pin, code, allowed=allowed)
        # Other versions and files do not help where a hash does not fit, or where the file itself was named.
        chosen_by_hand = code in (Code.HASH_ABSENT, Code.HIDDEN_BY_OPTION) or diagnosis.direct(name) is not None
        either = (None, None) if allowed or chosen_by_hand else nearest_with_wheel(diagnosis, name, pin.version)
        nearest = nearer_of(diagnosis, name, pin.version, either)
        yield Finding(
            code=code,
            severity=severity,
            package=name,
            version=pin.version,
            message=_sentence(diagnosis, pin, code),
            evidence=pin.evidence,
            paths=diagnosis.paths(name),
            nearest=nearest,
            elsewhere=_elsewhere_of(diagnosis, pin, code),
        )
        if not allowed and not chosen_by_hand:
            yield from _elsewhere(diagnosis, pin, code)
            yield from _other_versions(diagnosis, pin, either, nearest)
            if code in _BUILDING:
                yield from _build_needs(diagnosis, pin)


def _severity(pin: Pin, code: Code, *, allowed: bool) -> Severity:
    if not allowed:
        return Severity.ERROR
    return code.severity if pin.installability in BUILT_ANYWHERE else Severity.WARNING


def _code(diagnosis: Diagnosis, pin: Pin) -> Code:
    match pin.installability:
        case Installability.SDIST_PURE:
            return Code.SOURCE_PURE
        case Installability.SDIST_OPTIONAL:
            return Code.SOURCE_OPTIONAL
        case Installability.SDIST_NATIVE:
            return Code.SOURCE_NATIVE
        case Installability.SDIST_UNKNOWN:
            return Code.SOURCE_UNKNOWN
        case _:
            return _code_of_missing(diagnosis, pin)


def _code_of_missing(diagnosis: Diagnosis, pin: Pin) -> Code:
    refusals = _refusals(diagnosis, pin)
    reasons = {refusal.reason for refusal in refusals}
    if (reasons and reasons <= {RefusalReason.HASH}) or diagnosis.has_refused_hash(pin.name):
        return Code.HASH_ABSENT
    if _hidden(diagnosis, refusals):
        return Code.HIDDEN_BY_OPTION
    if RefusalReason.REQUIRES_PYTHON in reasons or any("requires-python" in line.lower() for line in pin.evidence):
        return Code.REQUIRES_PYTHON
    pythons, platforms = _elsewhere_words(diagnosis, refusals)
    if pythons:
        return Code.OTHER_PYTHONS
    return Code.OTHER_PLATFORMS if platforms else Code.NOTHING_FOR_TARGET


def _hidden(diagnosis: Diagnosis, refusals: Iterable[Refusal]) -> tuple[Refusal, ...]:
    """Those of *refusals* that nothing but an option of the user makes."""
    policy = (refusal for refusal in refusals if refusal.reason is RefusalReason.POLICY)
    return tuple(each for each in policy if isinstance(diagnosis.compatibility.judge(each.distribution), Fit))


def hidden_wheels(diagnosis: Diagnosis, pin: Pin) -> tuple[Refusal, ...]:
    """The wheels of *pin*, which has but a source archive, that its target could use if an option of the user did not hide them."""
    return _hidden(diagnosis, _refusals(diagnosis, pin)) if pin.installability in FROM_SOURCE else ()


def _refusals(diagnosis: Diagnosis, pin: Pin) -> tuple[Refusal, ...]:
    named = diagnosis.direct(pin.name)
    if named is not None:
        answer = diagnosis.compatibility.judge(named)
        return (answer,) if isinstance(answer, Refusal) else ()
    project = diagnosis.project(pin.name)
    return project.release(pin.version).refusals if pin.version in project.page.distributions else ()


def _sentence(diagnosis: Diagnosis, pin: Pin, code: Code) -> str:
    what, target = f"{pin.name} {pin.version}", diagnosis.target
    refusals = _refusals(diagnosis, pin)
    pythons, platforms = _elsewhere_words(diagnosis, refusals)
    floor = _floor_words(diagnosis.target, refusals)
    match code:
        case Code.SOURCE_NATIVE | Code.SOURCE_UNKNOWN | Code.OTHER_PLATFORMS if floor:
            source = {Code.SOURCE_NATIVE: "its source needs a compiler"}.get(code, "")
            return f"{what} has wheels that need {floor}, and none for {target}" + (f"; {source}" if source else "")
        case Code.SOURCE_PURE:
            return f"{what} is released as source only, pure Python: build it once into a py3-none-any wheel"
        case Code.SOURCE_OPTIONAL:
            return f"{what} has no wheel for {target}; without a compiler its source builds a py3-none-any wheel, a part left out"
        case Code.SOURCE_NATIVE:
            return f"{what} has no wheel for {target}, and its source needs a compiler"
        case Code.SOURCE_UNKNOWN:
            return f"{what} has no wheel for {target}, and its source does not show whether it needs a compiler"
        case Code.OTHER_PYTHONS:
            return f"{what} has wheels for {target.platform} only for {_pythons_joined(pythons)}, not for Python {target.python}"
        case Code.OTHER_PLATFORMS:
            return f"{what} has wheels only for {_joined(platforms)}, none for {target.platform}"
        case Code.REQUIRES_PYTHON:
            bounds = sorted({refusal.fact for refusal in refusals if refusal.reason is RefusalReason.REQUIRES_PYTHON})
            stated = " or ".join(bounds) or pin.metadata.requires_python or "of another version"
            return f"{what} requires Python {stated}; the target has {target.python_full}"
        case Code.HIDDEN_BY_OPTION if pin.installability in FROM_SOURCE:
            return (
                f"{what} has a wheel for {target}, hidden by your own --no-binary, and only its source archive is left"
            )
        case Code.HIDDEN_BY_OPTION:
            hidden = _hidden(diagnosis, refusals)
            kinds = "wheels" if isinstance(hidden[0].distribution, Wheel) else "source archives"
            return f"{what} has only {kinds}, hidden by your own {hidden[0].fact}"
        case Code.HASH_ABSENT if diagnosis.hashes.clash(pin.name):
            return f"the lines on {pin.name} ask for hashes that have nothing in common, so no file of {what} has a hash of each"
        case Code.HASH_ABSENT:
            return f"{what} has no file with a hash that the requirements name"
        case _:
            return f"{what} has no file at all for {target}"


def _elsewhere_words(diagnosis: Diagnosis, refusals: Iterable[Refusal]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """For which Pythons there are wheels on the target's platform, and for which other platforms."""
    own_platforms = {tag[2] for tag in diagnosis.target.tags}
    pythons: set[tuple[str, int, str]] = set()
    platforms: set[str] = set()
    for refusal in refusals:
        wheel = refusal.distribution
        if not isinstance(wheel, Wheel):
            continue
        for python, abi, platform in wheel.tags:
            if platform in own_platforms:
                pythons.add(_python_word(python, abi))
            else:
                platforms.add(_family(platform))
    return tuple(_python_words(pythons)), tuple(sorted(platforms))


def _floor_words(target: Target, refusals: Iterable[Refusal]) -> str:
    """The lowest floor of the wheels that their floor alone keeps from *target*: ``macOS 12.0 or newer``; empty without any."""
    own = floor_of(target.platform)
    if own is None:
        return ""
    interpreters = {tag[:2] for tag in target.tags}
    found = {
        floor[1]
        for refusal in refusals
        if isinstance(refusal.distribution, Wheel)
        for python, abi, platform in refusal.distribution.tags
        if (python, abi) in interpreters and (floor := floor_of(platform)) is not None
        # A universal wheel runs on each machine of a Mac.
        if floor[0] == own[0] and floor[2] in (own[2], "universal2") and floor[1] > own[1]
    }
    library = {"manylinux": "glibc", "musllinux": "musl", "macosx": "macOS"}[own[0]]
    return f"{library} {'.'.join(map(str, min(found)))} or newer" if found else ""


def floor_of(platform: str) -> tuple[str, tuple[int, int], str] | None:
    """Kind, floor and machine of a platform tag: ``("manylinux", (2, 17), "x86_64")``; the old names have theirs (PEP 600)."""
    for name, floor in _NAMED_FLOORS.items():
        platform = (
            platform.replace(f"{name}_", f"manylinux_{floor}_", 1) if platform.startswith(f"{name}_") else platform
        )
    matched = re.fullmatch(r"(manylinux|musllinux|macosx)_(\d+)_(\d+)_(\w+)", platform, re.ASCII)
    return (matched[1], (int(matched[2]), int(matched[3])), matched[4]) if matched is not None else None


def _elsewhere_of(diagnosis: Diagnosis, pin: Pin, code: Code) -> tuple[str, ...] | UnsetType:
    if code not in (Code.OTHER_PYTHONS, Code.OTHER_PLATFORMS):
        return UNSET
    pythons, platforms = _elsewhere_words(diagnosis, _refusals(diagnosis, pin))
    return pythons if code is Code.OTHER_PYTHONS else platforms


def _joined(words: Sequence[str]) -> str:
    return folded(words, _NAMED if len(words) > _NAMED + 1 else len(words))


def _pythons_joined(words: Iterable[str]) -> str:
    """``Python 3.10, 3.11, 3.13t, PyPy 3.10, 3.11``: each implementation is named once."""
    found: list[str] = []
    last = "no"
    for word in words:
        implementation, _, number = word.rpartition(" ")
        same = implementation == last
        found.append(number if same else f"{implementation or 'Python'} {number}" if number[:1].isdigit() else word)
        last = implementation
    return ", ".join(found)


def _python_words(pythons: set[tuple[str, int, str]]) -> Iterator[str]:
    """``3.10``, ``3.13t``, ``PyPy 3.10``, CPython's first; the words of interpreters that are not known last, as they are."""
    for implementation, minor, suffix in sorted(pythons, key=lambda each: (each[0] != "Python", not each[0], each)):
        number = f"3.{minor}{suffix}" if minor >= 0 else suffix
        yield f"PyPy {number}" if implementation == "PyPy" else number


def _python_word(python: str, abi: str) -> tuple[str, int, str]:
    matched = _INTERPRETER.fullmatch(python)
    if matched is None:
        return ("", -1, python)
    implementation = "PyPy" if matched[1] == "pp" else "Python"
    if matched[2] != "3":
        return (implementation, -1, matched[2])
    suffix = "t" if abi.startswith("cp") and abi.endswith("t") else ""
    return (implementation, int(matched[3]), suffix) if matched[3] else (implementation, -1, "3")


def _family(platform: str) -> str:
    """``manylinux_2_17_x86_64`` and ``manylinux2014_x86_64`` are one family to a reader: ``manylinux x86_64``."""
    matched = re.fullmatch(
        r"(manylinux|musllinux|macosx|linux|ios|android|pyodide|pyemscripten)[0-9]*(?:_\d+_\d+|_\d+)?_(\w+)", platform
    )
    return f"{matched[1]} {matched[2]}" if matched else platform


def _elsewhere(diagnosis: Diagnosis, pin: Pin, main: Code) -> Iterator[Finding]:
    pythons, platforms = _elsewhere_words(diagnosis, _refusals(diagnosis, pin))
    what = f"{pin.name} {pin.version}"
    sentences = (
        (
            Code.OTHER_PYTHONS,
            pythons,
            f"{what} has wheels for {diagnosis.target.platform} for {_pythons_joined(pythons)}",
        ),
        (Code.OTHER_PLATFORMS, platforms, f"{what} has wheels for {_joined(platforms)}"),
    )
    for code, words, sentence in sentences:
        if words and code is not main:
            yield Finding(
                code=code,
                severity=Severity.INFO,
                package=pin.name,
                version=pin.version,
                message=sentence,
                elsewhere=words,
            )


def _other_versions(
    diagnosis: Diagnosis, pin: Pin, either: tuple[Version | None, Version | None], nearest: Version | None
) -> Iterator[Finding]:
    older, newer = either
    if nearest is None:
        yield Finding(
            code=Code.OTHER_VERSIONS,
            severity=Severity.INFO,
            package=pin.name,
            version=pin.version,
            message=f"no version of {pin.name} has a wheel for {diagnosis.target}",
        )
        return
    project = diagnosis.project(pin.name)
    sides = [
        f"{version} ({side}{_dated(project.release(version).upload_time)})"
        for version, side in ((newer, "newer"), (older, "older"))
        if version is not None
    ]
    yield Finding(
        code=Code.OTHER_VERSIONS,
        severity=Severity.INFO,
        package=pin.name,
        version=pin.version,
        message=f"{pin.name} has a wheel for {diagnosis.target} in {' and '.join(sides)}",
        evidence=diagnosis.asked_by(pin.name),
        nearest=nearest,
    )


def _build_needs(diagnosis: Diagnosis, pin: Pin) -> Iterator[Finding]:
    known, sentence = diagnosis.build_needs_of(pin.name)
    if known is not None:
        yield Finding.of(
            Code.BUILD_NEEDS, package=pin.name, version=pin.version, message=sentence, evidence=known.evidence
        )


def _dated(upload_time: str | None) -> str:
    return f", {upload_time[:10]}" if upload_time else ""


def nearest_with_wheel(
    diagnosis: Diagnosis, name: NormalizedName, version: Version
) -> tuple[Version | None, Version | None]:
    """The nearest versions older and newer than *version* with a usable wheel; withdrawn ones and pre-releases are left out.

    Judges no version beyond these: a page may list hundreds, each with dozens of files. Where the nearest few have none, often
    no version has, and the kinds of wheels on the page tell that at once.
    """
    project = diagnosis.project(name)
    tried = 0

    def is_usable(each: Version) -> bool:
        nonlocal tried
        if each.is_prerelease and not version.is_prerelease:
            return False
        tried += 1
        if tried > _TRIED_ONE_BY_ONE and each not in project.runnable:
            return False
        release = project.release(each)
        return release.has_wheel and release.yanked is None

    older = (each for each in project.versions if each < version and is_usable(each))
    newer = (each for each in reversed(project.versions) if each > version and is_usable(each))
    return next(older, None), next(newer, None)


def nearer_of(
    diagnosis: Diagnosis, name: NormalizedName, version: Version, either: tuple[Version | None, Version | None]
) -> Version | None:
    """Of the older and the newer one in *either*, that which the fewest releases lie between; of two as near, the newer."""
    older, newer = either
    if older is None or newer is None:
        return newer or older
    order = {each: position for position, each in enumerate(diagnosis.project(name).versions)}
    at = order.get(version, 0)
    return newer if at - order[newer] <= order[older] - at else older
