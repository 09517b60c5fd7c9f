"""Makes text of packages, indexes and files safe to quote in a report: one line, no control characters, no credentials.

Markdown, which three reports write, is escaped here too; whatever else a single format escapes is in the module of that format.
"""

from __future__ import annotations

import posixpath
import re
from urllib.parse import quote

from msgspec import structs
from packaging.utils import NormalizedName

from wheelcheck.model.finding import Code, Finding
from wheelcheck.model.repair import Edit
from wheelcheck.model.requirement import FileOrigin
from wheelcheck.model.urls import masked_within

# Besides control characters: direction marks, line separators, lone surrogates and what no XML document may hold.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]+")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
LONGEST = 2000
"""No text of a package needs more characters than this in a report for people."""

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#~$])")
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"})
_MENTION = re.compile(r"@(?=\w)")
_LEADING = re.compile(r"^(\s*)([-+=]|\d+\.)(?=\s|$|-|=)")
_TICKS = re.compile(r"`+")


def flat(text: str) -> str:
    """*text* on one line, without characters that are unsafe in a terminal, a browser or XML; cut at ``LONGEST``."""
    line = _UNPRINTABLE.sub(" ", masked_within(text)).replace("\N{NO-BREAK SPACE}", " ")
    return line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + "…"


def flat_finding(finding: Finding) -> Finding:
    """*finding* with each of its texts made :func:`flat`."""
    return structs.replace(
        finding,
        package=NormalizedName(flat(finding.package)) if finding.package is not None else None,
        message=flat(finding.message),
        evidence=tuple(flat(text) for text in finding.evidence),
        paths=tuple(tuple(flat(step) for step in path) for path in finding.paths),
    )


def flat_edit(edit: Edit) -> Edit:
    """*edit* with each of its texts made :func:`flat`, but for its options."""
    return structs.replace(
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
    # A backslash is a separator on Windows, and practically never part of a name elsewhere.
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


def escaped(text: str) -> str:
    """*text* on one line with the special characters of Markdown and HTML escaped; an ``@`` in it notifies nobody."""
    line = _SPECIAL.sub(r"\\\1", flat(text)).translate(_HTML)
    line = _LEADING.sub(lambda found: f"{found[1]}{found[2][:-1]}\\{found[2][-1]}", line)
    # GitHub looks for names after it has undone the escapes, but a comment keeps the two apart.
    return _MENTION.sub("@<!-- -->", line)


def linked_code(code: Code) -> str:
    """The number of *code* as a Markdown link to the page that explains it."""
    return f"[{code.number}]({code.address})"


def code_span(text: str) -> str:
    """*text* as inline code; not for a table, where a bar ends even code."""
    line = flat(text).strip() or " "
    ticks = "`" * (1 + max((len(run) for run in _TICKS.findall(line)), default=0))
    # A space beside the fence belongs to the fence, where the text itself begins or ends with a tick.
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def code_block(text: str) -> str:
    """*text*, one line, as a fenced block of shell code."""
    line = flat(text)
    fence = "`" * max(3, 1 + max((len(run) for run in _TICKS.findall(line)), default=0))
    return f"{fence}sh\n{line}\n{fence}"
