"""Understands one requirement as pip does: PEP 508, a URL, a local archive or folder; one that cannot be planned is a value too."""

from __future__ import annotations

import re

from msgspec.structs import replace
from packaging.requirements import InvalidRequirement

from wheelcheck.model.requirement import Requirement, UnsupportedRequirement
from wheelcheck.requirements.references import (
    VCS,
    egg_of,
    parse_direct,
    parse_local,
    parse_named,
    parse_vcs,
    unsupported,
)
from wheelcheck.requirements.written import (
    WrittenRequirement,
    looks_like_path,
    parse_marker_text,
    split_extras,
    split_marker,
)
from wheelcheck.texts.places import LineUnreadable, has_scheme, is_archive_name
from wheelcheck.texts.toml import LONG_NUMBER

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
