"""Turns poetry's own dependency table into PEP 508 texts; path, git and other unplannable entries are said to be unknown."""

from __future__ import annotations

import re
from collections.abc import Mapping

_CARET = re.compile(r"^\^\s*v?(\d+(?:\.\d+)*)(.*)$")
_TILDE = re.compile(r"^~(?!=)\s*v?(\d+(?:\.\d+)*)(.*)$")
_STAR = re.compile(r"^(?:==?)?\s*v?(\d+(?:\.\d+)*)\.\*$")
_BARE = re.compile(r"^=?\s*v?(\d[^\s,]*)$")
_UNPLANNABLE = ("path", "git", "url", "file", "develop")


def poetry_specifier(text: str) -> str | None:
    """Poetry's version constraint *text* as a PEP 440 specifier set; ``None`` for what has no equivalent (``||``).

    >>> poetry_specifier("^1.2.3")
    '<2,>=1.2.3'
    """
    if "||" in text or " or " in text:
        return None
    clauses: list[str] = []
    for part in re.split(r"\s*,\s*|(?<=[\d*])\s+(?=[<>=!~^])", text.strip()):
        clause = _clause(part.strip())
        if clause is None:
            return None
        clauses += clause
    return ",".join(sorted(set(clauses)))


def _clause(part: str) -> list[str] | None:
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
    return [part.replace(" ", "")] if re.match(r"^(?:[<>]=?|!=|~=|===?)", part) else None


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
        for variant in wanted if isinstance(wanted, list) else [wanted]:
            found = _lines(name, variant, in_extra.get(name.lower(), []))
            if found is None:
                return None
            lines += found
    return tuple(lines), requires_python


def _lines(name: str, wanted: object, extras: list[str]) -> list[str] | None:
    details: Mapping[str, object] = {"version": wanted} if isinstance(wanted, str) else _mapping(wanted)
    version = details.get("version")
    if not isinstance(version, str) or any(key in details for key in _UNPLANNABLE):
        return None
    specifier = poetry_specifier(version)
    if specifier is None:
        return None
    markers = _markers(details)
    if markers is None:
        return None
    own_extras = details.get("extras")
    bracket = f"[{','.join(str(item) for item in own_extras)}]" if isinstance(own_extras, list) and own_extras else ""
    base = f"{name}{bracket}{specifier}"
    if details.get("optional") and not extras:
        return []  # optional, and no extra asks for it: nothing ever installs it
    conditions = [f'extra == "{extra}"' for extra in extras] if extras and details.get("optional") else [""]
    lines = []
    for condition in conditions:
        together = " and ".join(part for part in (*markers, condition) if part)
        lines.append(f"{base} ; {together}" if together else base)
    return lines


def _markers(details: Mapping[str, object]) -> list[str] | None:
    markers: list[str] = []
    python = details.get("python")
    if isinstance(python, str):
        specifier = poetry_specifier(python)
        if specifier is None:
            return None
        for clause in filter(None, specifier.split(",")):
            matched = re.match(r"^([<>=!~]+)(.*)$", clause)
            if matched is None:
                return None
            variable = "python_full_version" if matched[2].count(".") > 1 else "python_version"
            markers.append(f'{variable} {matched[1]} "{matched[2]}"')
    own = details.get("markers")
    if isinstance(own, str):
        markers.append(f"({own})")
    platform = details.get("platform")
    if isinstance(platform, str):
        markers.append(f'sys_platform == "{platform}"')
    return markers


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
