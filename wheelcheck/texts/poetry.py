"""Poetry's own dependency tables → requirements in PEP 508's words; opens no file that they name.

``TOML value → PoetryDependency → text``. A union of versions (``||``) becomes one specifier where its gaps can be excluded.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace
from packaging.utils import canonicalize_name
from packaging.version import Version

_CARET = re.compile(r"^\^\s*+v?(\d++(?:\.\d++)*+)(.*)$")
_TILDE = re.compile(r"^~(?!=)\s*+v?(\d++(?:\.\d++)*+)(.*)$")
_STAR = re.compile(r"^(?:==?|(!=))?\s*+v?(\d++(?:\.\d++)*+)(?:\.[*xX])++$")
_BARE = re.compile(r"^=?\s*v?(\d[^\s,]*)$")
_RANGE = re.compile(r"^<(\d+(?:\.\d+)*),>=(\d+(?:\.\d+)*)$")
_UNION = re.compile(r"\|\|?|(?<!\s)\s+or\s+")
_MOST_EXCLUDED = 20
_MOST_DIGITS = 100


class Inexpressible(Exception):
    """An entry that PEP 508 has no words for; the text of the exception says which part of it."""


class PoetryDependency(Struct, frozen=True, kw_only=True):
    """One entry of a table: *specifier* and *marker* as PEP 508 writes them, empty for none.

    *where* is a path, a URL or ``git+URL@REF``, empty for a project of an index; *source* is the name of the one index for it,
    *pre* whether its pre-releases are admitted.
    """

    name: str
    specifier: str
    extras: tuple[str, ...] = ()
    marker: str = ""
    optional: bool = False
    where: str = ""
    source: str = ""
    pre: bool = False

    def text(self, marker: str = "") -> str:
        """The requirement, under *marker* too."""
        bracket = f"[{','.join(self.extras)}]" if self.extras else ""
        base = f"{self.name}{bracket} @ {self.where}" if self.where else f"{self.name}{bracket}{self.specifier}"
        together = " and ".join(filter(None, (self.marker, marker)))
        return f"{base} ; {together}" if together else base


def poetry_specifier(text: str) -> str | None:
    """Poetry's version constraint *text* as a PEP 440 specifier set; ``None`` for what has no equivalent.

    >>> poetry_specifier("^1.2.3")
    '<2,>=1.2.3'
    >>> poetry_specifier("^1.2 || ^3")
    '!=2.*,<4,>=1.2'
    """
    try:
        return _specifier(text)
    except Inexpressible:
        return None


def _specifier(text: str) -> str:
    alternatives = [_intersection(part) for part in _UNION.split(text.strip())]
    return alternatives[0] if len(alternatives) == 1 else _united(alternatives)


def _intersection(text: str) -> str:
    parts = re.split(r",|(?<=[\d*xX])\s++(?=[<>=!~^])", text.strip())
    if any(len(number) > _MOST_DIGITS for number in re.findall(r"\d+", text)):
        raise Inexpressible("a version with a number of more than 100 digits")
    return ",".join(sorted({clause for part in parts for clause in _clauses(part.strip())}))


def _clauses(part: str) -> list[str]:
    if part in {"*", "x", "X", ""}:
        return []
    if matched := _CARET.match(part):
        return [f">={matched[1]}{matched[2]}", f"<{_above(_caret_position(matched[1]), matched[1])}"]
    if matched := _TILDE.match(part):
        return [f">={matched[1]}{matched[2]}", f"<{_above(min(1, matched[1].count('.')), matched[1])}"]
    if matched := _STAR.match(part):
        return [f"{matched[1] or '=='}{matched[2]}.*"]
    if matched := _BARE.match(part):
        return [f"=={matched[1]}"]
    if re.match(r"^(?:[<>]=?|!=|~=|===?)", part):
        return [part.replace(" ", "")]
    raise Inexpressible(f"the version constraint {part!r}")


def _caret_position(version: str) -> int:
    # The leftmost part that is not zero may not change; of all zeros, the last one written.
    numbers = [int(number) for number in version.split(".")]
    return next((position for position, number in enumerate(numbers) if number), len(numbers) - 1)


def _above(position: int, version: str) -> str:
    numbers = [int(number) for number in version.split(".")][: position + 1]
    numbers[-1] += 1
    return ".".join(str(number) for number in numbers)


def _united(alternatives: Sequence[str]) -> str:
    """One specifier for all of *alternatives*, each with a floor and a ceiling: what lies between two of them is excluded."""
    matched = [_RANGE.match(each) for each in alternatives]
    ranges = sorted((Version(each[2]), each[2], each[1]) for each in matched if each is not None)
    if len(ranges) < len(alternatives):
        raise Inexpressible(f"the union {' || '.join(alternatives)}")
    excluded = [
        clause for (_, _, ceiling), (_, floor, _) in itertools.pairwise(ranges) for clause in _between(ceiling, floor)
    ]
    highest = max((ceiling for _, _, ceiling in ranges), key=Version)
    return ",".join(sorted((*excluded, f"<{highest}", f">={ranges[0][1]}")))


def _between(ceiling: str, floor: str) -> list[str]:
    """Clauses that exclude the versions from *ceiling* up to *floor*, where a few can: 4 to 5.1 is 4.* and 5.0.*."""
    if Version(floor) <= Version(ceiling):
        return []
    above, below = [[int(number) for number in text.split(".")] for text in (ceiling, floor)]
    at = len(above) - 1
    spans = {place: range(above[at] if place == at else 0, below[place]) for place in range(at, len(below))}
    if above[:at] != below[:at] or sum(span.stop - span.start for span in spans.values()) > _MOST_EXCLUDED:
        raise Inexpressible(f"the gap from {ceiling} to {floor}")
    return [f"!={'.'.join(map(str, (*below[:place], number)))}.*" for place, span in spans.items() for number in span]


def parse_dependency(name: str, wanted: object) -> tuple[PoetryDependency, ...]:
    """The entry *wanted* at the key *name* of a dependency table, of which a list has several. Raises :class:`Inexpressible`."""
    return tuple(_parsed(name, each) for each in (wanted if isinstance(wanted, list) else [wanted]))


def _parsed(name: str, wanted: object) -> PoetryDependency:
    details = {"version": wanted} if isinstance(wanted, str) else wanted
    if not isinstance(details, Mapping):
        raise Inexpressible("a value that is neither a string nor a table")
    where, extras = _where(details), details.get("extras")
    version = details.get("version", "*" if where or "source" in details else None)
    if not isinstance(version, str):
        raise Inexpressible("an entry without a version")
    source = details.get("source")
    return PoetryDependency(
        name=name,
        specifier="" if where else _specifier(version),
        extras=tuple(map(str, extras)) if isinstance(extras, list) else (),
        marker=" and ".join(_iter_markers(details)),
        optional=details.get("optional") is True,
        where=where,
        source=source if isinstance(source, str) else "",
        pre=details.get("allow-prereleases") is True or details.get("allows-prereleases") is True,
    )


def _where(details: Mapping[str, object]) -> str:
    git = details.get("git")
    if isinstance(git, str):
        revision = next((str(details[key]) for key in ("rev", "tag", "branch") if key in details), "")
        folder = details.get("subdirectory")
        return f"git+{git}{f'@{revision}' if revision else ''}{f'#subdirectory={folder}' if folder else ''}"
    return next((str(details[key]) for key in ("path", "file", "url") if key in details), "")


def _iter_markers(details: Mapping[str, object]) -> Iterator[str]:
    python, own, platform = details.get("python"), details.get("markers"), details.get("platform")
    if isinstance(python, str):
        yield from _either([_python_marker(part) for part in _UNION.split(python)])
    if isinstance(own, str):
        yield f"({own})"
    if isinstance(platform, str):
        yield from _either([f'sys_platform == "{word.strip()}"' for word in _UNION.split(platform)])


def _either(alternatives: Sequence[str]) -> list[str]:
    if len(alternatives) == 1:
        return [each for each in alternatives if each]
    # An alternative that says nothing admits everything.
    return [f"({' or '.join(f'({each})' for each in alternatives)})"] if all(alternatives) else []


def _python_marker(text: str) -> str:
    found = []
    for clause in filter(None, _intersection(text).split(",")):
        matched = re.match(r"^([<>=!~]++)(.*)$", clause)
        if matched is None:
            raise Inexpressible(f"the Python {text!r}")
        variable = "python_full_version" if matched[2].removesuffix(".*").count(".") > 1 else "python_version"
        found.append(f'{variable} {matched[1]} "{matched[2]}"')
    return " and ".join(found)


def poetry_requirements(
    dependencies: Mapping[str, object], extras: Mapping[str, object], *, names_paths: bool = False
) -> tuple[tuple[str, ...], str | None] | None:
    """The requirements and the Requires-Python of ``[tool.poetry]``; ``None`` where some entry cannot be expressed.

    A path, a URL or a repository of an entry is none of the published metadata, so it counts as one that cannot be expressed. With
    *names_paths* the project is named without it: of a folder that another project requires, both are read.
    """
    in_extra = extras_by_member(extras)
    lines: list[str] = []
    requires_python: str | None = None
    for name, wanted in dependencies.items():
        if name.lower() == "python":
            requires_python = poetry_specifier(wanted) if isinstance(wanted, str) else None
            continue
        try:
            entries = parse_dependency(name, wanted)
        except (Inexpressible, ValueError):
            return None
        if any(entry.where for entry in entries) and not names_paths:
            return None
        for entry in (replace(entry, where="") for entry in entries):
            # Where it is optional and no extra asks for it, nothing ever installs it.
            conditions = [f'extra == "{extra}"' for extra in in_extra.get(canonicalize_name(name), [])]
            lines += [entry.text(condition) for condition in (conditions if entry.optional else [""])]
    return tuple(lines), requires_python


def extras_by_member(extras: Mapping[str, object]) -> Mapping[str, list[str]]:
    """The extras that each optional dependency belongs to, by its canonical name."""
    found: dict[str, list[str]] = {}
    for extra, members in extras.items():
        for member in members if isinstance(members, list) else []:
            found.setdefault(canonicalize_name(str(member)), []).append(extra)
    return found
