"""``PLATFORM/PYTHON`` words of the settings, checked and brought to one spelling; makes no tags."""

from __future__ import annotations

from wheelcheck.errors import SettingsInvalid, UsageProblem

_WILDCARDS = frozenset("*?[")


def target_pair(text: str, key: str, address: str) -> str:
    """*text* as ``win_amd64/3.11``; raises ``SettingsInvalid`` for what is no platform and Python, naming *key*."""
    platform, slash, python = text.partition("/")
    if not slash or _WILDCARDS & set(text):
        raise SettingsInvalid(
            f"{key}: {text!r} is not PLATFORM/PYTHON", address=address, hint='write, for example, "win_amd64/3.11"'
        )
    return target_pattern(f"{platform}/{python}", key, address)


def target_pattern(text: str, key: str, address: str) -> str:
    """*text*, a platform or ``PLATFORM/PYTHON``, with aliases such as ``windows`` replaced; halves with wildcards stay.

    Raises ``SettingsInvalid`` for a half that means nothing, naming *key*.
    """
    from wheelcheck.targets.platforms import parse_platform
    from wheelcheck.targets.pythons import parse_python

    platform, slash, python = text.strip().partition("/")
    try:
        if not _WILDCARDS & set(platform):
            # A word of the manylinux or macOS ladder stays as it was written: the tag that the target is asked for.
            platform = parse_platform(platform).word
        if slash and not _WILDCARDS & set(python):
            python = parse_python(python).word
    except UsageProblem as problem:
        said = problem.message.removeprefix("--platform ").removeprefix("--python ")
        raise SettingsInvalid(f"{key}: {said}", address=address, hint=problem.hint) from None
    return f"{platform}{slash}{python}"
