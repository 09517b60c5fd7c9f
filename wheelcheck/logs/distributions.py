"""How a log names a distribution: ``Collecting foo>=1 (from bar)``, ``foo-1.0.tar.gz``, ``./app`` → ``Named``."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import (
    NormalizedName,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from wheelcheck.model.distribution import as_specifier, as_version


class Named(Struct, frozen=True, kw_only=True):
    """A distribution as a line names it: *text* for people, *version* and *specifier* where the line tells them.

    *is_local* says that it is a folder. *offered* are the versions that pip could use, by its own words; ``None`` where it does not
    say.
    """

    name: NormalizedName
    text: str
    version: Version | None = None
    specifier: str = ""
    by: str = ""
    is_local: bool = False
    offered: tuple[Version, ...] | None = None


def specifier_of(bounds: str) -> str:
    """The bounds that Poetry writes (``>=2.3,<3.0``) as a specifier; empty for any version and for alternatives."""
    return str(as_specifier(bounds) or "")


def of_file(name: str) -> Named | None:
    """The distribution of a file *name*, ``None`` where the name is not understood."""
    try:
        if name.endswith(".whl"):
            project, version, _, _ = parse_wheel_filename(name)
        else:
            project, version = parse_sdist_filename(name)
    except ValueError:
        found = re.fullmatch(r"([A-Za-z0-9][\w.-]*?)-(\d[\w.!+]*)\.(?:tar\.(?:gz|bz2|xz)|tgz|zip)", name)
        told = as_version(found[2]) if found is not None else None
        if found is None or told is None:
            return None
        project, version = canonicalize_name(found[1]), told
    return Named(name=project, text=f"{project}=={version}", version=version, specifier=f"=={version}")


def of_requirement(text: str) -> Named | None:
    """The distribution that *text* asks for: a requirement, a file, or a folder, whose last part is taken for its name."""
    text = text.strip()
    last = re.split(r"[\\/]", text.partition("#")[0].rstrip("\\/"))[-1]
    if last.endswith((".whl", ".tar.gz", ".zip", ".tgz", ".tar.bz2")):
        return of_file(last)
    if text.startswith((".", "/", "file:", "git+")) or re.match(r"[A-Za-z]:\\", text):
        stem = re.split(r"[@.]git|@", last)[0]
        # A name that only a folder tells may be another than that of its project; it is not looked for on an index.
        return (
            Named(name=canonicalize_name(stem or "."), text=text[:200], is_local=True)
            if re.match(r"[A-Za-z0-9]", stem)
            else None
        )
    try:
        parsed = Requirement(text.partition(";")[0].strip())
    except InvalidRequirement:
        return None
    only = next(iter(parsed.specifier)) if len(parsed.specifier) == 1 else None
    pinned = (
        as_version(only.version)
        if only is not None and only.operator in ("==", "===") and "*" not in only.version
        else None
    )
    return Named(
        name=canonicalize_name(parsed.name),
        text=str(parsed),
        version=pinned,
        specifier=str(parsed.specifier),
        is_local=(parsed.url or "").startswith("file:"),
    )


def parse_installed(text: str) -> frozenset[NormalizedName]:
    """The projects that ``Successfully installed foo-1.0 bar-2`` lists."""
    return frozenset(canonicalize_name(word.rpartition("-")[0]) for word in text.split() if "-" in word)


def iter_named(found: re.Match[str]) -> Iterator[Named]:
    """The distributions that the groups of a message name; those of a pattern are explained in ``messages.py``."""
    groups = {name: text for name, text in found.groupdict().items() if text}
    by = groups.get("by", "").strip()
    if "names" in groups:
        for name in re.split(r", ?| ", groups["names"]):
            yield Named(name=canonicalize_name(name), text=name)
    elif "file" in groups:
        named = of_file(groups["file"])
        if named is not None:
            yield named
    elif "requirement" in groups:
        named = of_requirement(groups["requirement"])
        if named is not None:
            listed = groups.get("versions", "")
            yield replace(named, by=by, offered=_offered(listed, is_whole="whole" in groups) if listed else None)
    elif "name" in groups:
        yield _named(groups, by)


def _offered(text: str, *, is_whole: bool) -> tuple[Version, ...] | None:
    """The versions that pip lists, oldest first: those before the place where somebody has cut or shortened the list.

    None of them for the word ``none``, and ``None`` where no version can be read.
    """
    if text.strip() == "none":
        return ()
    words = text.split(",")
    versions = itertools.takewhile(bool, (as_version(word.strip()) for word in words))
    return tuple(filter(None, versions))[: None if is_whole else len(words) - 1] or None


def _named(groups: Mapping[str, str], by: str) -> Named:
    version = as_version(groups.get("version") or groups.get("bounds", ""))
    place = groups.get("place", "").lstrip(" @")
    return Named(
        name=canonicalize_name(groups["name"]),
        text=f"{groups['name']}=={version}" if version is not None else groups["name"],
        version=version,
        specifier=f"=={version}" if version is not None else specifier_of(groups.get("bounds", "")),
        is_local="editable" in groups or place.startswith(("file:", "/", ".")),
        by=by,
    )
