"""Words for why files do not fit: the tags and bounds of many files in one short phrase; judges no file."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from wheelcheck.model.distribution import Wheel
from wheelcheck.model.target import Refusal, RefusalReason, Target

_CPYTHON = re.compile(r"cp3(\d+)")
_FAMILY = re.compile(r"(manylinux|musllinux|macosx|linux|win|ios|android)")
_FLOORED = re.compile(r"(manylinux|musllinux|macosx)\d*_\d+(?:_\d+)?_(\w+)|(?:manylinux1|manylinux20\d\d|linux)_(\w+)")
_NAMED = 3
_ORDER = {reason: position for position, reason in enumerate(RefusalReason)}


def telling_reason(refusals: Collection[Refusal], target: Target) -> RefusalReason | None:
    """The reason among *refusals* that tells most: a bound on Python, then that of the wheel which came furthest; or ``None``."""
    nearest = max(
        refusals,
        key=lambda refusal: (
            # Tags are checked first, so a release for other Pythons shows this by its source archive alone.
            refusal.reason is RefusalReason.REQUIRES_PYTHON,
            isinstance(refusal.distribution, Wheel),
            _ORDER[refusal.reason],
        ),
        default=None,
    )
    if nearest is None:
        return None
    # "cp310-none" fails by its ABI on a newer Python, and is a wheel of another Python to a reader.
    own = target.tags[0][0]
    if nearest.reason is RefusalReason.ABI_TAG and not any(tag[0] == own for tag in _tags(refusals)):
        return RefusalReason.PYTHON_TAG
    return nearest.reason


def refusal_phrase(reason: RefusalReason, refusals: Collection[Refusal], target: Target) -> str:
    """Why none of *refusals* fits *target*, in one phrase; *reason* is that of the nearest.

    Such as: wheels for cp38 to cp311 on manylinux and macosx only (platform tag).
    """
    facts = [refusal.fact for refusal in refusals if refusal.reason is reason]
    match reason:
        case RefusalReason.PLATFORM_TAG:
            pythons, platforms = _pythons(refusals), _platforms(refusals, target)
            return f"wheels for {pythons} on {platforms} only ({reason.value})"
        case RefusalReason.PYTHON_TAG:
            own = {tag[2] for tag in target.tags}
            here = [each for each in refusals if own.intersection(tag[2] for tag in _tags([each]))]
            return f"wheels for {_pythons(here or refusals)} only ({reason.value})"
        case RefusalReason.ABI_TAG:
            return f"wheels for {_joined(sorted(set(facts)))} only ({reason.value})"
        case RefusalReason.REQUIRES_PYTHON:
            return f"requires Python {_joined(dict.fromkeys(facts), ' or ')}"
        case RefusalReason.UPLOAD_DATE:
            return "uploaded after the day of --exclude-newer, or at an unknown time"
        case RefusalReason.HASH:
            return "no file with a hash that the requirements name"
        case RefusalReason.POLICY:
            return "only files that --only-binary or --no-binary forbids"
        case RefusalReason.QUARANTINED | RefusalReason.YANKED | RefusalReason.PRE_RELEASE:
            return str(reason.value)


def _tags(refusals: Iterable[Refusal]) -> set[tuple[str, str, str]]:
    return {tag for each in refusals if isinstance(each.distribution, Wheel) for tag in each.distribution.tags}


def _pythons(refusals: Iterable[Refusal]) -> str:
    """The first and the last CPython; other implementations are named only where there is nothing for CPython."""
    found = {tag[0] for tag in _tags(refusals)}
    minors = sorted(int(matched[1]) for each in found if (matched := _CPYTHON.fullmatch(each)))
    if not minors:
        return _joined(sorted(found))
    return f"cp3{minors[0]}" + (f"–cp3{minors[-1]}" if len(minors) > 1 else "")  # noqa: RUF001 - a range


def _platforms(refusals: Iterable[Refusal], target: Target) -> str:
    """Families of platforms; the target's own is told more closely, since something in it does not fit."""
    own, machine = _family(target.platform), _machine(target.platform)
    words: set[str] = set()
    for platform in {tag[2] for tag in _tags(refusals)}:
        family = _family(platform)
        if family != own or family == "win":
            words.add(platform if family == "win" else family)
        elif _machine(platform) != machine:
            words.add(f"{family} {_machine(platform)}")
        else:
            words.add(platform)
    return _joined(sorted(words))


def _family(platform: str) -> str:
    matched = _FAMILY.match(platform)
    return matched[1] if matched else platform


def _machine(platform: str) -> str:
    matched = _FLOORED.fullmatch(platform)
    return (matched[2] or matched[3]) if matched else platform


def is_floor_of(platform: str, target: Target) -> bool:
    """Whether *platform* is a tag for machines like *target*, of which it can only be too new."""
    return _family(platform) == _family(target.platform) and _machine(platform) == _machine(target.platform)


def _joined(words: Iterable[str], last: str = " and ") -> str:
    words = list(words)
    if len(words) > _NAMED + 1:
        return f"{', '.join(words[:_NAMED])} and {len(words) - _NAMED} more"
    return last.join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
