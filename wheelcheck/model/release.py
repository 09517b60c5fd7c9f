"""What ``publish`` lays out for the first run and the update of a program: ``latest.json``, and what it signs."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from wheelcheck.model.document import HEX_SHA256, Count, about
from wheelcheck.model.target import TargetName

LATEST = "latest.json"
"""The file that a program asks for first, and the only one whose content changes."""

_NAME = r"^(?!\.)[^/\\:\0]+$"


class ReleaseFile(Struct, frozen=True, kw_only=True):
    """A file that lies beside ``latest.json``."""

    filename: Annotated[str, about("Its name.", pattern=_NAME)]
    size: Annotated[Count, about("In bytes.")]
    sha256: Annotated[str, about("Its hash in hex.", pattern=HEX_SHA256)]


class ReleaseArchive(ReleaseFile, frozen=True, kw_only=True):
    """A zip of the bundle, with the list of its files.

    The list is a gzip of JSON: of each file its path, size, sha256, whether it may be run, what a symbolic link points to, and
    where its deflated bytes lie in the archive: an offset and their number. So a host that answers ranges gives single files.
    """

    files: Annotated[ReleaseFile, about("The list of the archive's files.")]


class Release(Struct, frozen=True, kw_only=True):
    """One version, as it is signed."""

    schema: Literal["wheelcheck.release/1"] = "wheelcheck.release/1"
    name: Annotated[str, about("What the bundle is called.")]
    version: Annotated[str, about("Its version, for people.")]
    sequence: Annotated[
        int, Meta(ge=1), about("Grows with each release; a program takes no smaller one unless it is told to.")
    ]
    target: Annotated[TargetName, about("The target of the plan.")]
    executable: Annotated[str, about("The interpreter, relative to the environment's folder; empty without a runtime.")]
    archives: Annotated[tuple[ReleaseArchive, ...], about("The archives that together are the environment.")]


class Latest(Struct, frozen=True, kw_only=True):
    """The content of ``latest.json``: the *payload* is a ``Release`` as JSON, kept as text so that its signed bytes are sure."""

    schema: Literal["wheelcheck.latest/1"] = "wheelcheck.latest/1"
    payload: Annotated[str, about("The release, as JSON.")]
    signature: Annotated[str, about("Ed25519 over the payload's UTF-8, base64; empty where it is not signed.")] = ""
