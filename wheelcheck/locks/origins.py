"""Packages that are no file of an index: repositories, folders, archives at a URL; says what cannot be had as a file."""

from __future__ import annotations

from packaging.utils import NormalizedName

from wheelcheck.locks.files import filename_of
from wheelcheck.locks.tables import Table
from wheelcheck.model.distribution import Availability, LinkSkip, parse_link
from wheelcheck.model.requirement import UnsupportedKind, UnsupportedRequirement
from wheelcheck.model.urls import masked_within

_HINTS: dict[UnsupportedKind, str] = {
    "editable": "build a wheel of it and lock that file, or allow it",
    "vcs": "build a wheel of it once and lock that file or its URL, or a released version",
    "folder-dynamic": "build a wheel of it (python -m build --wheel) and lock that file",
    "archive-unreadable": "lock a wheel or a source archive named after its project and version",
}


def unsupported(kind: UnsupportedKind, where: str, name: NormalizedName, table: Table) -> UnsupportedRequirement:
    """The package *name* of *table*, which is a *kind* of thing at *where*."""
    shown = masked_within(where)
    return UnsupportedRequirement(
        kind=kind, text=f"{name} @ {shown}" if shown else str(name), name=name, origin=table.origin, hint=_HINTS[kind]
    )


def is_distribution_of(name: NormalizedName, url: str) -> bool:
    """Whether the file at *url* or path is named like a wheel or a source archive of *name*; ``main.zip`` is not."""
    return not isinstance(parse_link(filename_of(url), name, Availability(url="")), LinkSkip)
