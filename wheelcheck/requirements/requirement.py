"""Understands one requirement as pip does: PEP 508, a URL, a local archive, folder or repository; fetches nothing.

What is here becomes a direct reference, whose name comes from the text, the file name or the static metadata of a local folder.
What is elsewhere is named so, and a requirement that cannot be planned is a value too.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from msgspec import Struct
from msgspec.structs import replace
from packaging.markers import Marker
from packaging.requirements import InvalidRequirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelcheck.model.distribution import as_version
from wheelcheck.model.requirement import FileOrigin, Requirement, UnsupportedKind, UnsupportedRequirement
from wheelcheck.requirements.lines import (
    HASH_LENGTHS,
    WrittenRequirement,
    looks_like_path,
    parse_extras,
    parse_hash,
    parse_marker_text,
    split_extras,
    split_marker,
)
from wheelcheck.texts.files import is_file, is_folder, is_there
from wheelcheck.texts.places import (
    LineUnreadable,
    file_url,
    has_scheme,
    is_absolute_anywhere,
    is_archive_name,
    local_path_of,
    near_names,
    project_name,
    project_of_archive,
    project_of_folder,
    release_of_archive,
    url_path,
)
from wheelcheck.texts.toml import LONG_NUMBER

VCS = re.compile(r"^(git|hg|svn|bzr)\+|^git@|^git://|^ssh://", re.IGNORECASE)
_WEAK_HASHES = frozenset({"md5", "sha1", "sha224"})
_HINTS: dict[UnsupportedKind, str] = {
    "editable": "build a wheel of it and name the file, or leave it out here and install it afterwards",
    "vcs": "build a wheel of it once and name the file or its URL, or ask for a released version",
    "folder-dynamic": "build a wheel of it (python -m build --wheel) and name that file",
    "archive-unreadable": "write NAME @ URL",
    "conda": "",
    "elsewhere": "list what is installed without paths: pip list --format=freeze",
    "missing": "bring it to where the path leads (from the current folder or from that of this file), or correct the path",
}
_NAMELESS_HINT = "write NAME @ before it, so that the release of that name on the index is judged"
_PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg")
_NO_FILE_HINT = (
    "write the path from the current folder or from that of this file; a project has no separator in its name"
)


def parse_named(asked: WrittenRequirement, named: re.Match[str]) -> Requirement | UnsupportedRequirement:
    """``name[extras] @ where``, where *where* may be a path too, which pip takes and PEP 508 does not."""
    name = canonicalize_name(named[1])
    extras = parse_extras((named[2] or "[]")[1:-1])
    where, marker_text = split_marker(named[3])
    if VCS.match(where):
        return parse_vcs(asked, named[3], name, extras)
    if "://" in where and not where.lower().startswith("file:"):
        return _reference(asked, name, extras, where, parse_marker_text(marker_text))
    path, _, fragment = where.partition("#")
    place = _Place(path=local_path_of(path), name=name, extras=extras, fragment=fragment)
    return _at_place(asked, place, parse_marker_text(marker_text))


def parse_vcs(
    asked: WrittenRequirement,
    text: str,
    name: NormalizedName | None = None,
    extras: frozenset[NormalizedName] = frozenset(),
) -> UnsupportedRequirement:
    """A repository; a release of its project may be judged in its place, that of the revision where this is a version's tag."""
    where, marker_text = split_marker(text)
    marker = parse_marker_text(marker_text)
    revision = re.search(r"@[vV]?(\d+(?:\.\w+)+)(?:#|$)", where)
    return unsupported(
        asked,
        "vcs",
        name or egg_of(where),
        marker,
        extras | _egg_extras(where),
        as_version(revision[1]) if revision else None,
    )


def parse_direct(asked: WrittenRequirement, target: str, marker: Marker | None) -> Requirement | UnsupportedRequirement:
    """A bare URL, with pip's ``#egg=``."""
    if target.lower().startswith("file:"):
        url, extras_text = split_extras(target)
        path, _, fragment = url.partition("#")
        extras = parse_extras(extras_text) | _egg_extras(url)
        place = _Place(path=local_path_of(path), name=egg_of(url), extras=extras, fragment=fragment)
        return _at_place(asked, place, marker)
    url, extras_text = (target, "") if "#" in target else split_extras(target)
    filename = url_path(url).rpartition("/")[2]
    name = (project_of_archive(filename) if is_archive_name(filename) else None) or egg_of(url)
    if name is None:
        return unsupported(asked, "archive-unreadable", None, marker)
    return _reference(asked, name, parse_extras(extras_text) | _egg_extras(url), url, marker)


class _Place(Struct, frozen=True, kw_only=True):
    """A path that a requirement names, and what its text says besides."""

    path: Path
    name: NormalizedName | None = None
    extras: frozenset[NormalizedName] = frozenset()
    fragment: str = ""


def parse_local(asked: WrittenRequirement, target: str, marker: Marker | None) -> Requirement | UnsupportedRequirement:
    """A local archive or folder by its path, which may hold brackets itself: extras are split off only where needed."""
    text, fragment, extras_text = target, "", ""
    if not is_there(_found(local_path_of(target), asked.folder)):
        target, _, fragment = target.partition("#")
        text, extras_text = split_extras(target)
    name = egg_of(f"#{fragment}")
    place = _Place(path=local_path_of(text), name=name, extras=parse_extras(extras_text), fragment=fragment)
    return _at_place(asked, place, marker)


def _at_place(asked: WrittenRequirement, place: _Place, marker: Marker | None) -> Requirement | UnsupportedRequirement:
    """The archive or folder at *place*; where it is on another machine, what its name says."""
    path, name = _found(place.path, asked.folder), place.name
    if not is_there(path):
        return _elsewhere(asked, place, marker)
    if is_folder(path):
        if not _has_project(path):
            if isinstance(asked.origin, FileOrigin):
                return unsupported(asked, "missing", name, marker)
            raise LineUnreadable(
                f"the folder {place.path} holds no project: no {', '.join(_PROJECT_FILES)}", _NO_FILE_HINT
            )
        name = name or project_of_folder(path)
        if name is None:
            return unsupported(asked, "folder-dynamic", None, marker)
    elif not is_archive_name(path.name) and name is None:
        raise LineUnreadable(
            f"neither a wheel, nor a source archive, nor a folder: {place.path}",
            "include a list of requirements with -r",
        )
    else:
        name = project_of_archive(path.name) or name
        if name is None:
            return unsupported(asked, "archive-unreadable", None, marker)
    url = file_url(path) + (f"#{place.fragment}" if place.fragment else "")
    found = _reference(asked, place.name or name, place.extras, url, marker)
    return replace(found, local="folder") if is_folder(path) and isinstance(found, Requirement) else found


def _elsewhere(asked: WrittenRequirement, place: _Place, marker: Marker | None) -> UnsupportedRequirement:
    """A path of a file that leads to nothing here, so that the rest of the file is judged.

    An absolute one is what ``pip freeze`` writes of what was built on another machine. A relative one is a submodule that was not
    fetched, or a project whose list was copied alone. Raises ``LineUnreadable`` for a path on the command line, and for what is
    likely a mistake: a path that resembles what is there, or a line that does not say it is a path.
    """
    told, version = release_of_archive(place.path.name)
    if asked.known:
        known_name, _, known_version = asked.known.partition("==")
        told, version = project_name(known_name), as_version(known_version)
    name = place.name or told
    in_file, is_absolute = isinstance(asked.origin, FileOrigin), is_absolute_anywhere(place.path)
    is_plain = name is not None or asked.shown.startswith("-e")
    if in_file and is_absolute and is_plain:
        return unsupported(asked, "elsewhere", name, marker, place.extras, version)
    near = near_names(_found(place.path, asked.folder))
    if in_file and not is_absolute and not near and (is_plain or asked.shown.startswith(".")):
        return unsupported(asked, "missing", name, marker, place.extras, version)
    raise LineUnreadable(f"no such file: {place.path}", f"did you mean {' or '.join(near)}?" if near else _NO_FILE_HINT)


def _reference(
    asked: WrittenRequirement, name: NormalizedName, extras: frozenset[NormalizedName], url: str, marker: Marker | None
) -> Requirement | UnsupportedRequirement:
    """A direct reference; of its fragment only the hashes are kept."""
    plain, _, fragment = url.partition("#")
    url_path(plain)
    kept = []
    for part in filter(None, fragment.split("&")):
        key, _, value = part.partition("=")
        if key == "subdirectory" and value.strip("/."):
            hint = "build a wheel of the project in that folder and name the file or its URL"
            return replace(unsupported(asked, "archive-unreadable", name, marker), hint=hint)
        if key in HASH_LENGTHS:
            pin = parse_hash(f"{key}:{value}")
            kept.append(f"{pin.algorithm}={pin.digest}")
        elif key in _WEAK_HASHES:
            raise LineUnreadable(f"a {key} hash proves nothing", f"use {', '.join(HASH_LENGTHS)}")
    return Requirement(
        name=name,
        specifier=SpecifierSet(),
        extras=extras,
        marker=marker,
        url=plain + (f"#{'&'.join(kept)}" if kept else ""),
        hashes=asked.hashes,
        origin=asked.origin,
        # The fragment is kept in its own fields.
        text=re.sub(r"#[^\s\[]+", "", asked.shown),
    )


def egg_of(url: str) -> NormalizedName | None:
    """The project that ``#egg=`` of *url* names, ``None`` without one."""
    found = re.search(r"[#&]egg=([^&\[;\s]+)", url)
    if found is None:
        return None
    # Old files write the version too (#egg=name-1.0), which pip's older releases took.
    return project_name(re.sub(r"-\d+(\.\d+)*$", "", re.split(r"[=<>!~]", unquote(found[1]))[0]))


def _egg_extras(url: str) -> frozenset[NormalizedName]:
    found = re.search(r"[#&]egg=[^&\[]*\[([^\]]*)\]", url)
    return parse_extras(unquote(found[1])) if found else frozenset()


def _found(path: Path, folder: Path | None) -> Path:
    """*path* from the current folder, as for pip and uv; where these find no project, from *folder* if there is one."""
    beside = folder / path if folder is not None else path
    is_missing = not is_there(path) or (is_folder(path) and not _has_project(path) and _has_project(beside))
    return beside if is_missing and is_there(beside) else path


def _has_project(folder: Path) -> bool:
    return any(is_file(folder / name) for name in _PROJECT_FILES)


def unsupported(
    asked: WrittenRequirement,
    kind: UnsupportedKind,
    name: NormalizedName | None,
    marker: Marker | None,
    extras: frozenset[NormalizedName] = frozenset(),
    version: Version | None = None,
) -> UnsupportedRequirement:
    """*asked* as what cannot be planned; with a *name*, its releases can stand in for a repository or a path of elsewhere.

    For a missing one that takes a *version* too: a folder beside the file is the user's own project, which no index has.
    """
    stand_in = None
    if name is not None and (kind in ("vcs", "elsewhere") or (kind == "missing" and version is not None)):
        bound = SpecifierSet(f"=={version}") if version is not None else SpecifierSet()
        brackets = f"[{','.join(sorted(extras))}]" if extras else ""
        stand_in = Requirement(
            name=name,
            specifier=bound,
            extras=extras,
            marker=marker,
            origin=asked.origin,
            text=f"{name}{brackets}{bound}",
        )
    return UnsupportedRequirement(
        kind=kind,
        text=asked.shown,
        name=name,
        origin=asked.origin,
        hint=_NAMELESS_HINT if kind == "vcs" and name is None else _HINTS[kind],
        marker=marker,
        stand_in=stand_in,
    )


_NAMED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*+)\s*+(\[[^\]]*\])?\s*+@\s*+(\S.*)$", re.DOTALL)
_COMMANDS = ("pip install", "pip3 install", "python -m pip", "uv pip", "uv add", "poetry add")
_NAME_START = r"^[\w.\[\],-]+"
_MISTAKES = (
    (r"^Package\s+Version\b", "this is the table of pip list; write it with: pip list --format=freeze"),
    (r"^[\[{]|^[\w-]+\s*=\s*[\"'\[{]", "this looks like TOML or JSON; is it a pyproject.toml under another name?"),
    (
        r"^(import|from|def|class)\s",
        "this looks like Python code; a script carries its requirements in a '# /// script' block (PEP 723)",
    ),
    (_NAME_START + r"\s*=\s*[\d*]", "a version is pinned with =="),
    (_NAME_START + r"\s*=[><!~]", "operators are ==, !=, <=, >=, <, >, ~= and ==="),
    (_NAME_START + r"\s*~=\s*\d+\s*(;|$)", "~= takes two numbers or more: ~=4.0 means >=4.0 and ==4.*"),
    (_NAME_START + r"\s*[<>=!~]=?\s*[\w.*]+\s+[<>=!~]", "bounds are separated by commas: name>=1.0,<2"),
    (r"[\"'].*[\"']$", "leave the quotes out"),
    (_NAME_START + r"\s+v?\d", "an operator such as == is missing between name and version"),
    (_NAME_START + r"(\s+[\w.-]+)+$", "one requirement per line"),
)


def parse_written(asked: WrittenRequirement) -> Requirement | UnsupportedRequirement:
    """Understand *asked*; raises ``LineUnreadable`` where it is no requirement or its file is not there."""
    text = asked.text.strip()
    if VCS.match(text):
        return parse_vcs(asked, text)
    named = _NAMED.match(text)
    if named is not None:
        return parse_named(asked, named)
    target, marker_text = split_marker(text)
    if has_scheme(target) and ("://" in target or target.lower().startswith("file:")):
        return parse_direct(asked, target, parse_marker_text(marker_text))
    if "://" not in target and (looks_like_path(target) or is_archive_name(split_extras(target)[0])):
        return parse_local(asked, target, parse_marker_text(marker_text))
    return _pep508(asked, text)


def parse_editable(asked: WrittenRequirement) -> Requirement | UnsupportedRequirement:
    """The project that ``-e`` asks for: that of a folder on this machine, else named as far as its text says."""
    text = asked.text.strip()
    target, marker_text = split_marker(text)
    if VCS.match(text) or _NAMED.match(text) or target.lower().startswith("file:"):
        found = parse_written(asked)
    elif has_scheme(target):
        return unsupported(asked, "editable", egg_of(target), parse_marker_text(marker_text))
    else:
        found = parse_local(asked, target, parse_marker_text(marker_text))
    if isinstance(found, UnsupportedRequirement):
        return found
    if not found.local:
        raise LineUnreadable(f"-e takes a folder, and {target} is none", "leave -e out")
    return replace(found, local="editable")


def _pep508(asked: WrittenRequirement, text: str) -> Requirement:
    if LONG_NUMBER.search(text):
        raise LineUnreadable("a number in it is too long", "write the version that is meant")
    try:
        # As in pip, a semicolon with nothing behind it is no marker: pip-compile and people leave it before --hash.
        requirement = Requirement.parse(text.rstrip().removesuffix(";"), asked.origin, hashes=asked.hashes)
    except InvalidRequirement as problem:
        message = str(problem).partition("\n")[0]
        raise LineUnreadable(f"no requirement: {asked.shown!r} ({message})", _hint_for(text)) from None
    return replace(requirement, text=asked.shown)


def _hint_for(text: str) -> str:
    """A guess at what the writer of *text* meant; only for messages."""
    if text.startswith(_COMMANDS):
        return "write only what follows the command, one requirement per line"
    for pattern, hint in _MISTAKES:
        if re.match(pattern, text):
            return hint
    return 'write a requirement such as "name>=1.0" (PEP 508), an option, or a path'
