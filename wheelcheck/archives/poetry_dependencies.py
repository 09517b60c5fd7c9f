"""Turns poetry's own dependency table into PEP 508 texts; path, git and other unplannable entries are said to be unknown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_CARET = re.compile(r"^\^\s*v?(\d+(?:\.\d+)*)(.*)$")
_TILDE = re.compile(r"^~(?!=)\s*v?(\d+(?:\.\d+)*)(.*)$")
_STAR = re.compile(r"^(?:==?)?\s*v?(\d+(?:\.\d+)*)\.\*$")
_BARE = re.compile(r"^=?\s*v?(\d[^\s,]*)$")
_UNPLANNABLE = ("path", "git", "url", "file", "develop")


class _Inexpressible(Exception):
    """An entry that PEP 508 has no words for."""


def poetry_specifier(text: str) -> str | None:
    """Poetry's version constraint *text* as a PEP 440 specifier set; ``None`` for what has no equivalent (``||``).

    >>> poetry_specifier("^1.2.3")
    '<2,>=1.2.3'
    """
    try:
        return _specifier(text)
    except _Inexpressible:
        return None


def _specifier(text: str) -> str:
    if "||" in text or " or " in text:
        raise _Inexpressible
    parts = re.split(r"\s*,\s*|(?<=[\d*])\s+(?=[<>=!~^])", text.strip())
    return ",".join(sorted({clause for part in parts for clause in _clauses(part.strip())}))


def _clauses(part: str) -> list[str]:
    if part in {"*", ""}:
        return []
    if matched := _CARET.match(part):
        return [f">={matched[1]}{matched[2]}", f"<{_above(_caret_position(matched[1]), matched[1])}"]
    if matched := _TILDE.match(part):
        return [f">={matched[1]}{matched[2]}", f"<{_above(min(1, matched[1].count('.')), matched[1])}"]
    if matched := _STAR.match(part):
        return [f"=={matched[1]}.*"]
    if matched := _BARE.match(part):
        return [f"=={matched[1]}"]
    if re.match(r"^(?:[<>]=?|!=|~=|===?)", part):
        return [part.replace(" ", "")]
    raise _Inexpressible


def _caret_position(version: str) -> int:
    # The leftmost part that is not zero may not change; of all zeros, the last one written.
    numbers = [int(number) for number in version.split(".")]
    return next((position for position, number in enumerate(numbers) if number), len(numbers) - 1)


def _above(position: int, version: str) -> str:
    numbers = [int(number) for number in version.split(".")][: position + 1]
    numbers[-1] += 1
    return ".".join(str(number) for number in numbers)


def poetry_requirements(
    dependencies: Mapping[str, object], extras: Mapping[str, object]
) -> tuple[tuple[str, ...], str | None] | None:
    """The requirements and the Requires-Python of ``[tool.poetry]``; ``None`` where some entry cannot be expressed."""
    in_extra: dict[str, list[str]] = {}
    for extra, members in extras.items():
        for member in members if isinstance(members, list) else []:
            in_extra.setdefault(str(member).lower(), []).append(extra)
    lines: list[str] = []
    requires_python: str | None = None
    for name, wanted in dependencies.items():
        if name.lower() == "python":
            requires_python = poetry_specifier(wanted) if isinstance(wanted, str) else None
            continue
        try:
            for variant in wanted if isinstance(wanted, list) else [wanted]:
                lines += _lines(name, variant, in_extra.get(name.lower(), []))
        except _Inexpressible:
            return None
    return tuple(lines), requires_python


def _lines(name: str, wanted: object, extras: list[str]) -> list[str]:
    details = {"version": wanted} if isinstance(wanted, str) else wanted
    if not isinstance(details, Mapping) or any(key in details for key in _UNPLANNABLE):
        raise _Inexpressible
    version, own_extras, optional = details.get("version"), details.get("extras"), details.get("optional")
    if not isinstance(version, str):
        raise _Inexpressible
    bracket = f"[{','.join(map(str, own_extras))}]" if isinstance(own_extras, list) and own_extras else ""
    base, markers = f"{name}{bracket}{_specifier(version)}", list(_iter_markers(details))
    # Where it is optional and no extra asks for it, nothing ever installs it.
    conditions = [[f'extra == "{extra}"'] for extra in extras] if optional else [[]]
    together = [" and ".join((*markers, *condition)) for condition in conditions]
    return [f"{base} ; {marker}" if marker else base for marker in together]


def _iter_markers(details: Mapping[str, object]) -> Iterator[str]:
    python, own, platform = details.get("python"), details.get("markers"), details.get("platform")
    for clause in filter(None, _specifier(python).split(",")) if isinstance(python, str) else ():
        matched = re.match(r"^([<>=!~]+)(.*)$", clause)
        if matched is None:
            raise _Inexpressible
        variable = "python_full_version" if matched[2].count(".") > 1 else "python_version"
        yield f'{variable} {matched[1]} "{matched[2]}"'
    if isinstance(own, str):
        yield f"({own})"
    if isinstance(platform, str):
        yield f'sys_platform == "{platform}"'
