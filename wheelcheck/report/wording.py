"""Edits, moves, blockers and lists of targets in words, a line each; makes text of packages, indexes and files safe to quote.

Safe is one line without control characters and credentials. Markdown, which three reports write, is escaped here too; whatever
else a single format escapes is in the module of that format.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence, Set
from urllib.parse import quote

from msgspec import structs
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelcheck.model.answers import Blocker, Matrix
from wheelcheck.model.distribution import Status
from wheelcheck.model.finding import Code, Finding
from wheelcheck.model.repair import Edit, EditKind, Repair, Verification
from wheelcheck.model.requirement import FileOrigin
from wheelcheck.model.target import Target
from wheelcheck.model.urls import masked_within
from wheelcheck.report.page import glued
from wheelcheck.texts.words import counted, grouped, joined

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


_OF_THE_TARGET = frozenset({EditKind.PYTHON, EditKind.PLATFORM})
_OTHER_PYTHONS = {"win32": "the 64-bit Python", "win_arm64": "the x64 Python"}
_SHOWN_PLATFORMS = 12
EVERY_TARGET = "every target"
_Pairs = Set[tuple[str, str]]


def change(edit: Edit, target: Target | None = None) -> str:
    """The change of *edit* in words: ``override av: 11.0.0 → 12.0.0 (audiocraft 1.3.0 pins ==11.0.0)``.

    The reason does not name *target*, which the reader knows already.
    """
    why, there = _why(edit), f" on {target}"
    if why.endswith(there):
        why = why.removesuffix(there) + (f" for {edit.before}" if edit.kind in _OF_THE_TARGET and edit.before else "")
    return f"{bare_change(edit)} ({why})" if why else bare_change(edit)


def changes(repair: Repair) -> str:
    """All edits of *repair* without their reasons: ``Python 3.11 instead of 3.13 and override av: 11.0.0 → 12.0.0``."""
    return " and ".join(bare_change(edit) for edit in repair.edits)


def bare_change(edit: Edit) -> str:
    """The change of *edit* without its reason: ``override av: 11.0.0 → 12.0.0``."""
    name, before, after = edit.package or "", _version(edit.before), _version(edit.after)
    if edit.before and before == edit.before:
        after = edit.after  # a range becomes a pin, and both are shown as they are
    if not after and edit.kind is not EditKind.EXCLUDE:
        return edit.line
    match edit.kind:
        case EditKind.PYTHON:
            return glued(f"Python {after}") + (f" instead of {before}" if before else "")
        case EditKind.PLATFORM if after == "win_amd64" and before in _OTHER_PYTHONS:
            return f"{_OTHER_PYTHONS[before]} ({after}) instead of {before}"
        case EditKind.PLATFORM if after.startswith("manylinux") and before.startswith("musllinux"):
            return f"an image with glibc ({after}) instead of one with musl"
        case EditKind.PLATFORM:
            return f"platform {after}" + (f" instead of {before}" if before else "")
        case EditKind.SUBSTITUTE:
            return f"take {glued(after)} instead of {name}"
        case EditKind.ADD:
            return f"ask for {glued(after)} as well"
        case EditKind.INDEX:
            return f"take {name} from {after}"
        case EditKind.MARKER:
            return f"ask for {name} only where {after.partition('; ')[2] or after}"
        case EditKind.DATE:
            return f"everything as of {after}"
        case EditKind.EXTRA:
            return f"ask for {glued(after)} instead of {glued(before)}"
        case EditKind.EXCLUDE:
            return f"leave {glued(f'{name} {before}'.strip())} out"
        case EditKind.CONSTRAIN:
            return f"keep {name} at {after}"
        case EditKind.PIN:
            return f"ask for {name}: {_arrow(before, after)}" if before else glued(f"ask for {name} {after}")
        case EditKind.OVERRIDE:
            return f"override {name}: {_arrow(before, after)}"


def _why(edit: Edit) -> str:
    because = edit.because
    if edit.kind is EditKind.OVERRIDE and because and edit.before:
        several = "," in because or because == "you"
        if edit.before.startswith("==") and "," not in edit.before:
            return f"{because} {'pin' if several else 'pins'} {edit.before}"
        return f"{because} {'ask' if several else 'asks'} for {edit.before}"
    name, _, version = because.partition(" ")
    if because and not version:
        return "its requirements clash" if because == edit.package else f"because of {because}"
    if not version or " " in version:
        itself = f"{edit.package} {_version(edit.before)} "
        return f"it {because.removeprefix(itself)}" if because.startswith(itself) else because
    # A name and a version alone are the requirer.
    return f"instead of {version}" if name == edit.package else f"for {glued(because)}"


def _arrow(before: str, after: str) -> str:
    return glued(f"{before} → {after}" if before else f"→ {after}")


def _version(text: str) -> str:
    """An exact pin as the version alone, anything else as it is."""
    return text.removeprefix("==") if text.count("=") == 2 else text


def gain(verified: Verification) -> str:
    """The proved outcome in numbers: ``129 packages from wheels`` or ``129 packages, 5 of them built once from source``."""
    if not verified.packages:
        return "nothing is left to install"
    total = counted(verified.packages, "package")
    if verified.status is Status.NEEDS_BUILD and verified.built_once:
        return f"{total}, {len(verified.built_once)} of them built once from source"
    return f"{total}, all from wheels" if verified.packages > 1 else f"{total} from a wheel"


def iter_moves(verified: Verification) -> Iterator[str]:
    """Each project that has another version than in the natural resolution: ``av 11.0.0 → 12.0.0``."""
    for move in verified.changed:
        yield f"{move.name} {move.before} → {move.after}"


def iter_dated_moves(verified: Verification) -> Iterator[str]:
    """As :func:`iter_moves`, each version with its day: ``av 11.0.0 (2023-10-22) → 12.0.0 (2024-03-17)``."""
    for move in verified.changed:
        before, after = _dated(move.before, move.before_date), _dated(move.after, move.after_date)
        yield f"{move.name} {before} → {after}"


def _dated(version: Version, instant: str | None) -> str:
    return f"{version} ({instant[:10]})" if instant else str(version)


def iter_releases(releases: Iterable[tuple[NormalizedName, Version]]) -> Iterator[str]:
    """Each project with its version: ``cffi 2.0``."""
    for name, version in releases:
        yield f"{name} {version}"


def blocker_name(blocker: Blocker) -> str:
    """``torch 2.15.0``; the oldest and the newest of several versions; the message of a blocker without a project."""
    if blocker.package is None:
        return blocker.findings[0].message
    if not blocker.versions:
        return blocker.package
    first, last = blocker.versions[0], blocker.versions[-1]
    return f"{blocker.package} {first}" if first == last else f"{blocker.package} {first} to {last}"


def spanned(pythons: Sequence[str]) -> str:
    """*pythons* with neighbours as a span: ``3.8 to 3.11, 3.13t``."""
    spans: list[list[str]] = []
    for word in pythons:
        if spans and _minor(word) == _minor(spans[-1][-1]) + 1 > 1:
            spans[-1].append(word)
        else:
            spans.append([word])
    words = [part for span in spans for part in ([f"{span[0]} to {span[-1]}"] if len(span) > 2 else span)]
    return ", ".join(words)


def _minor(word: str) -> int:
    """11 of ``3.11``; a number that has no neighbour for any other word."""
    minor = word.removeprefix("3.")
    return int(minor) if minor.isdigit() and minor != word else -9


def listed_targets(targets: Sequence[Target]) -> str:
    """*targets* by platforms with the same Pythons: ``win_amd64, win_arm64 with Python 3.11, 3.12; macosx_13_0_x86_64 with …``."""
    platforms = grouped(targets, lambda target: target.platform)
    shown = list(platforms)[:_SHOWN_PLATFORMS]
    alike = grouped(shown, lambda platform: tuple(target.python for target in platforms[platform]))
    text = "; ".join(f"{', '.join(names)} with Python {spanned(words)}" for words, names in alike.items())
    more = len(targets) - sum(len(platforms[platform]) for platform in shown)
    return f"{text}; and {more} more" if more > 0 else text


def listed_cells(matrix: Matrix, targets: Iterable[Target]) -> str:
    """*targets* by rows and columns of *matrix* that the project supports, as :func:`listed_among` lists them."""
    return listed_among([cell.target for cell in matrix.cells if cell.is_supported], targets)


def listed_among(asked: Sequence[Target], targets: Iterable[Target]) -> str:
    """*targets* of those *asked* by platform and Python: ``win_arm64 (all Pythons), macosx_13_0_x86_64 (3.13, 3.14)``.

    All of several are ``EVERY_TARGET``. Whole platforms come first, then whole Pythons, then what is left of each platform; of most
    platforms only those are named that are not meant.
    """
    named = {(target.platform, target.python) for target in targets}
    every = {(target.platform, target.python) for target in asked}
    all_platforms = tuple(dict.fromkeys(target.platform for target in asked))
    all_pythons = tuple(dict.fromkeys(target.python for target in asked))
    several = len(all_pythons) > 1
    if named == every and len(every) > 1:
        return EVERY_TARGET
    rows = [platform for platform in all_platforms if _is_whole(named, every, 0, platform)]
    left = {cell for cell in named if cell[0] not in rows}
    columns = [
        python
        for python in all_pythons
        if _is_whole(named, every, 1, python) and sum(cell[1] == python for cell in left) > 1
    ]
    left = {cell for cell in left if cell[1] not in columns}
    rest = grouped(all_platforms, lambda each: tuple(python for python in all_pythons if (each, python) in left))

    def words(platforms: Sequence[str], pythons: Sequence[str]) -> str:
        """*platforms*, or "every platform but" the few that are not named with all of *pythons*."""
        others = [each for each in all_platforms if {(each, python) for python in pythons} & every - named]
        is_most = len(platforms) > 2 * len(others)
        return f"every platform but {joined(others)}" if others and is_most else joined(platforms)

    parts = [words(rows, all_pythons) + (" (all Pythons)" if several else "")] if rows else []
    if columns:
        parts.append("every platform" + (f" ({spanned(columns)})" if several else ""))
    parts += [f"{words(platforms, pythons)} ({spanned(pythons)})" for pythons, platforms in rest.items() if pythons]
    return ", ".join(parts)


def _is_whole(named: _Pairs, asked: _Pairs, side: int, word: str) -> bool:
    """Whether all cells of the row (side 0) or column (1) *word* are named; a single cell is whole as a column only."""
    line = {cell for cell in asked if cell[side] == word}
    return line <= named and (len(line) > 1 or len({cell[1 - side] for cell in asked}) == 1)
