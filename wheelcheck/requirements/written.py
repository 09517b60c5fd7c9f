"""One requirement as it was written, and the parts of its text: hashes, marker, extras; knows no file and no project."""

from __future__ import annotations

import re
from pathlib import Path

from msgspec import Struct
from packaging.markers import InvalidMarker, Marker
from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.model.requirement import HashPin, Origin
from wheelcheck.model.urls import masked_within
from wheelcheck.texts.places import LineUnreadable, project_name

HASH_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
_MARKER_HINT = """write a variable, an operator and a quoted value: name ; sys_platform == "win32" """.strip()


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


def parse_hash(text: str) -> HashPin:
    """Read the value of ``--hash``; raises ``LineUnreadable`` for an algorithm that pip refuses or a digest that is none."""
    algorithm, _, digest = text.strip().partition(":")
    algorithm, digest = algorithm.lower(), digest.lower()
    if algorithm not in HASH_LENGTHS:
        raise LineUnreadable(f"--hash of an unusable kind: {algorithm!r}", f"use {', '.join(HASH_LENGTHS)}")
    if not re.fullmatch(rf"[0-9a-f]{{{HASH_LENGTHS[algorithm]}}}", digest):
        raise LineUnreadable(
            f"--hash is not a {algorithm} digest in hex: {digest[:80]!r}", "write the hashes again: pip hash FILE"
        )
    return HashPin(algorithm=algorithm, digest=digest)


def looks_like_path(text: str) -> bool:
    """Whether *text* reads as a path rather than a name: it has a separator or begins with a dot."""
    return "/" in text or "\\" in text or text.startswith(".")


def split_marker(text: str) -> tuple[str, str]:
    """Split ``target ; marker``; in a URL only a semicolon with a blank next to it begins a marker (PEP 508)."""
    target, *marker = re.split(r"\s+;|;\s+" if "://" in text else ";", text, maxsplit=1)
    return target.strip(), marker[0].strip() if marker else ""


def parse_marker_text(text: str) -> Marker | None:
    """*text* as a marker, ``None`` for an empty one. Raises ``LineUnreadable``."""
    if not text:
        return None
    try:
        return Marker(text)
    except InvalidMarker as problem:
        reason = str(problem).partition("\n")[0]
        raise LineUnreadable(f"no environment marker: {text!r} ({reason})", _MARKER_HINT) from None


def split_extras(text: str) -> tuple[str, str]:
    """Split ``target[extras]``; the second part is empty without brackets."""
    head, _, extras = text.removesuffix("]").rpartition("[")
    return (head.rstrip(), extras) if head and text.endswith("]") and "]" not in extras else (text, "")


def parse_extras(text: str) -> frozenset[NormalizedName]:
    """The extras between the commas of *text*. Raises ``LineUnreadable``."""
    names = [word.strip() for word in text.split(",") if word.strip()]
    for name in names:
        if project_name(name) is None:
            raise LineUnreadable(f"no extra is named {name!r}", "write names between commas: name[one,two]")
    return frozenset(canonicalize_name(name) for name in names)
