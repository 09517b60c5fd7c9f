"""Makes what packages, indexes and files say safe to quote in a report: one line, no control characters, no credentials.

It refuses to know any format: what each of them escapes besides is its own module's business.
"""

from __future__ import annotations

import dataclasses
import posixpath
import re
from urllib.parse import quote

from packaging.utils import NormalizedName

from wheelcheck.model.finding import Finding
from wheelcheck.model.repair import Edit
from wheelcheck.model.requirement import FileOrigin
from wheelcheck.model.urls import masked_within

# Besides control characters: direction marks, line separators, lone surrogates and what no XML document may hold.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]+")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
LONGEST = 2000
"""No text of a package needs more characters than this in a report for people."""


def flat(text: str) -> str:
    """*text* on one line, without what a terminal, a browser or an XML reader could stumble over; cut at ``LONGEST``."""
    line = _UNPRINTABLE.sub(" ", masked_within(text)).replace("\N{NO-BREAK SPACE}", " ")
    return line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + "…"


def flat_finding(finding: Finding) -> Finding:
    """*finding* with every text of it made :func:`flat`, for what draws findings."""
    return dataclasses.replace(
        finding,
        package=NormalizedName(flat(finding.package)) if finding.package is not None else None,
        message=flat(finding.message),
        evidence=tuple(flat(text) for text in finding.evidence),
        paths=tuple(tuple(flat(step) for step in path) for path in finding.paths),
    )


def flat_edit(edit: Edit) -> Edit:
    """Likewise *edit*, without its options."""
    return dataclasses.replace(
        edit,
        package=NormalizedName(flat(edit.package)) if edit.package is not None else None,
        before=flat(edit.before),
        after=flat(edit.after),
        because=flat(edit.because),
    )


def repository_path(origin: FileOrigin) -> str:
    """The path of *origin* with forward slashes and nothing to fold (``./a/../b``); empty for standard input."""
    path = flat(origin.path)
    if path in ("", "-"):
        return ""
    if _URL.match(path):
        return path
    # A backslash is a separator in what was written on Windows, and nobody names files with it elsewhere.
    return posixpath.normpath(path.replace("\\", "/"))


def artifact_uri(path: str) -> tuple[str, bool]:
    """*path* (of :func:`repository_path`) as a percent-encoded URI, and whether it is relative."""
    if _URL.match(path):
        return quote(path, safe="/:?#[]@!$&'()*+,;=%~"), False
    if _DRIVE.match(path):
        return f"file:///{path[:2]}{quote(path[2:], safe='/~')}", False
    if path.startswith("/"):
        return "file://" + quote("/" + path.lstrip("/"), safe="/~"), False
    return quote(path, safe="/~"), True
