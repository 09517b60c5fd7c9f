"""Understands one requirement as pip does: PEP 508, a URL, a local archive or folder; one that cannot be planned is a value too.

Fetches nothing: the name comes from the text, the file name or the static metadata of a local folder.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from msgspec import Struct
from msgspec.structs import replace
from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelcheck.model.requirement import (
    FileOrigin,
    HashPin,
    Origin,
    Requirement,
    UnsupportedKind,
    UnsupportedRequirement,
)
from wheelcheck.model.urls import masked_within
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

_VCS = re.compile(r"^(git|hg|svn|bzr)\+|^git@|^git://|^ssh://", re.IGNORECASE)
_NAMED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*@\s*(\S.*)$", re.DOTALL)
_WITH_EXTRAS = re.compile(r"^(.+?)\s*\[([^\]]*)\]$", re.DOTALL)
_HASH_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
_WEAK_HASHES = frozenset({"md5", "sha1", "sha224"})

_HINTS: dict[UnsupportedKind, str] = {
    "editable": "build a wheel of it and name the file, or leave it out here and install it afterwards",
    "vcs": "build a wheel of it once and name the file or its URL, or ask for a released version",
    "folder-dynamic": "build a wheel of it (python -m build --wheel) and name that file",
    "archive-unreadable": "write NAME @ URL",
    "conda": "",
    "elsewhere": "list what is installed without paths: pip list --format=freeze",
}

_NO_FILE_HINT = (
    "write the path from the current folder or from that of this file; a project has no separator in its name"
)
_MARKER_HINT = """write a variable, an operator and a quoted value: name ; sys_platform == "win32" """.strip()
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
    (_NAME_START + r"\s+v?\d", "an operator such as == is missing between name and version"),
    (_NAME_START + r"(\s+[\w.-]+)+$", "one requirement per line"),
)


class WrittenRequirement(Struct, frozen=True, kw_only=True):
    """One requirement to understand: its *text*, the text to show (*written*), its *origin*, and where local paths start.

    As in pip, a relative path starts at the current folder; where nothing is there, at *folder*, that of the file. *known* is the
    name and version that a comment tells of a folder on another machine.
    """

    text: str
    written: str = ""
    origin: Origin
    folder: Path | None = None
    hashes: tuple[HashPin, ...] = ()
    known: str = ""

    @property
    def shown(self) -> str:
        """The text for messages, without credentials."""
        return masked_within(self.written or self.text)


def parse_written(asked: WrittenRequirement) -> Requirement | UnsupportedRequirement:
    """Understand *asked*; raises ``LineUnreadable`` where it is no requirement or its file is not there."""
    text = asked.text.strip()
    if _VCS.match(text):
        return _vcs(asked, text)
    named = _NAMED.match(text)
    if named is not None:
        return _named(asked, named)
    target, marker_text = _split_marker(text)
    if has_scheme(target) and ("://" in target or target.lower().startswith("file:")):
        return _direct(asked, target, _marker(marker_text))
    if "://" not in target and (looks_like_path(target) or is_archive_name(_split_extras(target)[0])):
        return _local(asked, target, _marker(marker_text))
    return _pep508(asked, text)


def parse_editable(asked: WrittenRequirement) -> Requirement | UnsupportedRequirement:
    """The project that ``-e`` asks for: that of a folder on this machine, else named as far as its text says."""
    text = asked.text.strip()
    named = _NAMED.match(text)
    target, marker_text = _split_marker(text)
    if _VCS.match(text) or named is not None:
        return parse_written(asked)
    if has_scheme(target) and not target.lower().startswith("file:"):
        return _unsupported(asked, "editable", _egg(target), _marker(marker_text))
    found = (
        _direct(asked, target, _marker(marker_text))
        if has_scheme(target)
        else _local(asked, target, _marker(marker_text))
    )
    if isinstance(found, Requirement):
        if not found.local:
            raise LineUnreadable(f"-e takes a folder, and {target} is none", "leave -e out")
        return replace(found, local="editable")
    return found


def parse_hash(text: str) -> HashPin:
    """Read the value of ``--hash``; raises ``LineUnreadable`` for an algorithm that pip refuses or a digest that is none."""
    algorithm, _, digest = text.strip().partition(":")
    algorithm, digest = algorithm.lower(), digest.lower()
    if algorithm not in _HASH_LENGTHS:
        raise LineUnreadable(f"--hash of an unusable kind: {algorithm!r}", f"use {', '.join(_HASH_LENGTHS)}")
    if not re.fullmatch(rf"[0-9a-f]{{{_HASH_LENGTHS[algorithm]}}}", digest):
        raise LineUnreadable(
            f"--hash is not a {algorithm} digest in hex: {digest[:80]!r}", "write the hashes again: pip hash FILE"
        )
    return HashPin(algorithm=algorithm, digest=digest)


def looks_like_path(text: str) -> bool:
    """Whether *text* reads as a path rather than a name: it has a separator or begins with a dot."""
    return "/" in text or "\\" in text or text.startswith(".")


def _named(asked: WrittenRequirement, named: re.Match[str]) -> Requirement | UnsupportedRequirement:
    """``name[extras] @ where``, where *where* may be a path too, which pip takes and PEP 508 does not."""
    name = canonicalize_name(named[1])
    extras = _extras((named[2] or "[]")[1:-1])
    where, marker_text = _split_marker(named[3])
    if _VCS.match(where):
        return _vcs(asked, named[3], name, extras)
    if "://" in where and not where.lower().startswith("file:"):
        return _reference(asked, name, extras, where, _marker(marker_text))
    path, _, fragment = where.partition("#")
    place = _Place(path=local_path_of(path), is_url=has_scheme(where), name=name, extras=extras, fragment=fragment)
    return _at_place(asked, place, _marker(marker_text))


def _vcs(
    asked: WrittenRequirement,
    text: str,
    name: NormalizedName | None = None,
    extras: frozenset[NormalizedName] = frozenset(),
) -> UnsupportedRequirement:
    """A repository; a release of its project may be judged in its place, that of the revision where this is a version's tag."""
    where, marker_text = _split_marker(text)
    marker = _marker(marker_text)
    revision = re.search(r"@[vV]?(\d+(?:\.\w+)+)(?:#|$)", where)
    return _unsupported(
        asked,
        "vcs",
        name or _egg(where),
        marker,
        extras | _egg_extras(where),
        _version(revision[1]) if revision else None,
    )


def _direct(asked: WrittenRequirement, target: str, marker: Marker | None) -> Requirement | UnsupportedRequirement:
    """A bare URL, with pip's ``#egg=``."""
    if target.lower().startswith("file:"):
        url, extras_text = _split_extras(target)
        path, _, fragment = url.partition("#")
        extras = _extras(extras_text) | _egg_extras(url)
        place = _Place(path=local_path_of(path), is_url=True, name=_egg(url), extras=extras, fragment=fragment)
        return _at_place(asked, place, marker)
    url, extras_text = (target, "") if "#" in target else _split_extras(target)
    filename = url_path(url).rpartition("/")[2]
    name = (project_of_archive(filename) if is_archive_name(filename) else None) or _egg(url)
    if name is None:
        return _unsupported(asked, "archive-unreadable", None, marker)
    return _reference(asked, name, _extras(extras_text) | _egg_extras(url), url, marker)


class _Place(Struct, frozen=True, kw_only=True):
    """A path that a requirement names, and what its text says besides; *is_url* where it was written as a ``file:`` URL."""

    path: Path
    is_url: bool = False
    name: NormalizedName | None = None
    extras: frozenset[NormalizedName] = frozenset()
    fragment: str = ""


def _local(asked: WrittenRequirement, target: str, marker: Marker | None) -> Requirement | UnsupportedRequirement:
    """A local archive or folder by its path, which may hold brackets itself: extras are split off only where needed."""
    text, fragment, extras_text = target, "", ""
    if not _found(local_path_of(target), asked.folder).exists():
        target, _, fragment = target.partition("#")
        text, extras_text = _split_extras(target)
    name = _egg(f"#{fragment}")
    place = _Place(path=local_path_of(text), name=name, extras=_extras(extras_text), fragment=fragment)
    return _at_place(asked, place, marker)


def _at_place(asked: WrittenRequirement, place: _Place, marker: Marker | None) -> Requirement | UnsupportedRequirement:
    """The archive or folder at *place*; where it is on another machine, what its name says."""
    path, name = _found(place.path, asked.folder), place.name
    if not path.exists():
        return _elsewhere(asked, place, marker)
    is_folder = path.is_dir()
    if is_folder:
        name = name or project_of_folder(path)
        if name is None:
            return _unsupported(asked, "folder-dynamic", None, marker)
    elif not is_archive_name(path.name) and name is None:
        raise LineUnreadable(
            f"neither a wheel, nor a source archive, nor a folder: {place.path}",
            "include a list of requirements with -r",
        )
    else:
        name = project_of_archive(path.name) or name
        if name is None:
            return _unsupported(asked, "archive-unreadable", None, marker)
    url = file_url(path) + (f"#{place.fragment}" if place.fragment else "")
    found = _reference(asked, place.name or name, place.extras, url, marker)
    return replace(found, local="folder") if is_folder and isinstance(found, Requirement) else found


def _elsewhere(asked: WrittenRequirement, place: _Place, marker: Marker | None) -> UnsupportedRequirement:
    """An absolute path that is not here, as ``pip freeze`` writes it of what was built on another machine.

    Raises ``LineUnreadable`` for any other path, which is a mistake, and for one that tells no project.
    """
    told, version = release_of_archive(place.path.name)
    if asked.known:
        known_name, _, known_version = asked.known.partition("==")
        told, version = project_name(known_name), _version(known_version)
    name = place.name or told
    is_editable = asked.shown.startswith("-e")
    if isinstance(asked.origin, FileOrigin) and is_absolute_anywhere(place.path) and (name or is_editable):
        return _unsupported(asked, "elsewhere", name, marker, place.extras, version)
    near = near_names(_found(place.path, asked.folder))
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
            return replace(_unsupported(asked, "archive-unreadable", name, marker), hint=hint)
        if key in _HASH_LENGTHS:
            pin = parse_hash(f"{key}:{value}")
            kept.append(f"{pin.algorithm}={pin.digest}")
        elif key in _WEAK_HASHES:
            raise LineUnreadable(f"a {key} hash proves nothing", f"use {', '.join(_HASH_LENGTHS)}")
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


def _pep508(asked: WrittenRequirement, text: str) -> Requirement:
    try:
        # As in pip, a semicolon with nothing behind it is no marker: pip-compile and people leave it before --hash.
        requirement = Requirement.parse(re.sub(r"\s*;\s*$", "", text), asked.origin, hashes=asked.hashes)
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


def _split_marker(text: str) -> tuple[str, str]:
    """Split ``target ; marker``; in a URL only a semicolon with a blank next to it begins a marker (PEP 508)."""
    target, *marker = re.split(r"\s+;|;\s+" if "://" in text else ";", text, maxsplit=1)
    return target.strip(), marker[0].strip() if marker else ""


def _marker(text: str) -> Marker | None:
    if not text:
        return None
    try:
        return Marker(text)
    except InvalidMarker as problem:
        reason = str(problem).partition("\n")[0]
        raise LineUnreadable(f"no environment marker: {text!r} ({reason})", _MARKER_HINT) from None


def _split_extras(text: str) -> tuple[str, str]:
    matched = _WITH_EXTRAS.match(text)
    return (matched[1], matched[2]) if matched else (text, "")


def _extras(text: str) -> frozenset[NormalizedName]:
    names = [word.strip() for word in text.split(",") if word.strip()]
    for name in names:
        if project_name(name) is None:
            raise LineUnreadable(f"no extra is named {name!r}", "write names between commas: name[one,two]")
    return frozenset(canonicalize_name(name) for name in names)


def _egg(url: str) -> NormalizedName | None:
    found = re.search(r"[#&]egg=([^&\[;\s]+)", url)
    if found is None:
        return None
    # Old files write the version too (#egg=name-1.0), which pip's older releases took.
    return project_name(re.sub(r"-\d+(\.\d+)*$", "", re.split(r"[=<>!~]", unquote(found[1]))[0]))


def _egg_extras(url: str) -> frozenset[NormalizedName]:
    found = re.search(r"[#&]egg=[^&\[]*\[([^\]]*)\]", url)
    return _extras(unquote(found[1])) if found else frozenset()


def _found(path: Path, folder: Path | None) -> Path:
    beside = folder / path if folder is not None else path
    return beside if not path.exists() and beside.exists() else path


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def _unsupported(
    asked: WrittenRequirement,
    kind: UnsupportedKind,
    name: NormalizedName | None,
    marker: Marker | None,
    extras: frozenset[NormalizedName] = frozenset(),
    version: Version | None = None,
) -> UnsupportedRequirement:
    """*asked* as what cannot be planned; with a *name*, its releases can stand in for a repository or a path of elsewhere."""
    stand_in = None
    if name is not None and kind in ("vcs", "elsewhere"):
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
        hint=_HINTS[kind],
        marker=marker,
        stand_in=stand_in,
    )
