"""The bytes of a log → its lines as the installer wrote them, and the distributions that a line names.

Colours, progress, and what builders and CI write before a line are left out. A log is read as a stream, and of an endless line only
the beginning is kept, so memory is bounded however large the log is. ``Signs`` find the rows of a table that may mean something in
a line by plain texts, before any pattern is tried.
"""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import BinaryIO, Generic, NamedTuple, TypeVar

from msgspec import Struct
from msgspec.structs import replace
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name, parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

from wheelcheck.errors import InputUnreadable
from wheelcheck.model.distribution import as_specifier, as_version

_Row = TypeVar("_Row")


class SignTable(Generic[_Row]):
    """Rows behind their signs: one of the signs of a row is in every line in which the row finds something.

    Most lines of a log hold no sign. Looking for a hundred texts takes some microseconds, trying as many patterns far longer.
    """

    def __init__(self, rows: Iterable[tuple[Sequence[str], _Row]]) -> None:
        self.rows: tuple[_Row, ...] = ()
        self._by_sign: dict[str, list[int]] = {}
        for number, (signs, row) in enumerate(rows):
            self.rows = (*self.rows, row)
            for sign in signs:
                self._by_sign.setdefault(sign, []).append(number)
        self.signs: tuple[str, ...] = tuple(self._by_sign)

    def matching(self, text: str) -> Sequence[_Row]:
        """The rows with a sign in *text*, in their order."""
        present = [sign for sign in self.signs if sign in text]
        if not present:
            return ()
        numbers = sorted({number for sign in present for number in self._by_sign[sign]})
        return [self.rows[number] for number in numbers]


def least(signs: Iterable[str]) -> tuple[str, ...]:
    """*signs* without those that hold another, which need not be looked for."""
    every = set(signs)
    return tuple(sorted(sign for sign in every if not any(other != sign and other in sign for other in every)))


LONGEST = 8_000
"""Characters of a line that are read; what the patterns look for stands nearer to its beginning."""

_HEAD = 8_192
_BOMS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_MAGIC = {
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x8b": "a gzip file",
    b"\x28\xb5\x2f\xfd": "a zstd file",
    b"\x7fELF": "a program",
}
_MOST_UNREADABLE = 0.1
"""The share of bytes that no text has, beyond which a file is binary."""

# Colours and cursor movements (ECMA-48), titles and links (OSC), and what is left of them where a log viewer ate the escape.
_ESCAPES = re.compile(
    r"\x1b\[[0-?]{0,40}[ -/]{0,4}[@-~]|\x1b\][^\x07\x1b]{0,400}(?:\x07|\x1b\\)|\x1b[@-Z\\^_=>78]|\ufeff"
)
_MOVES = re.compile(r"\x1b\[\d{0,4}[A-HJK]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")
_STAMP = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"

PREFIXES = (
    ("a job and a step of GitHub Actions (gh run view --log)", rf"(?P<job>[^\t]{{1,200}}\t[^\t]{{1,200}})\t(?={_STAMP} )"),
    ("GitLab with its stream", rf"{_STAMP} [0-9a-f]{{2}}[OE][ +]"),
    ("a timestamp", rf"\[?{_STAMP}\]?(?: |$)"),
    ("a time of day", r"\[?\d\d:\d\d:\d\d(?:\.\d{1,6})?\](?: |$)|\d\d:\d\d:\d\d(?:\.\d{1,6})? {1,2}(?=\S)"),
    ("AWS CodeBuild", r"\[Container\] \d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})? "),
    ("Google Cloud Build", r"Step #\d{1,4}(?: - \"[^\"]{1,100}\")?: "),
    ("BuildKit", r"(?P<step>#\d{1,5}) (?:\d{1,6}\.\d{1,3} )?"),
    ("BuildKit's summary", r"\d{1,6}\.\d{2,3} (?=\S| )"),
    ("BuildKit in a terminal", r" ?=> (?:=> )?(?:# )?"),
    ("docker compose", r"[\w.-]{1,60} {1,20}\| "),
    ("git push to a builder", r"remote: (?:-----> )?"),
    ("a section of GitLab", r"section_(?:start|end):\d{1,12}:[\w.-]{1,200}(?:\[[^\]]{0,100}\])?"),
    ("a command of GitHub Actions", r"##\[[a-z]{3,10}\]|::(?:error|warning|group)[^:]{0,200}::"),
    ("nox and tox", r"nox > |[\w.-]{1,40}: (?=(?:install_deps|commands\[|exit |FAIL))"),
)  # fmt: skip
"""What builders and CI write before a line of the installer: who writes it, and the pattern. The groups tell streams apart."""

_PREFIX = re.compile("|".join(f"(?:{pattern})" for _, pattern in PREFIXES))
_MOST_PREFIXES = 5
# A box that Poetry and others draw before each line.
_BAR = re.compile(r" {0,8}\| ?(?=\S|$| {2})")


class LogLine(NamedTuple):
    """A line of the log: its *number* from 1, the *job* and *step* of which it is (empty for none), its *text*."""

    number: int
    job: str
    step: str
    text: str


def open_text(stream: BinaryIO, path: str) -> io.TextIOWrapper:
    """*stream* as text: UTF-8, or UTF-16 as PowerShell writes it; raises ``InputUnreadable`` at *path* for what is no text."""
    buffered = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(_Raw(stream), 1 << 20)
    head = buffered.peek(_HEAD)[:_HEAD]
    encoding = _BOMS.get(head[:2], "")
    if not encoding:
        kind = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), "")
        unreadable = sum(byte < 7 or 13 < byte < 27 or 27 < byte < 32 for byte in head)
        unreadable += head.decode("utf-8", "replace").count("�")
        if kind or unreadable > _MOST_UNREADABLE * max(len(head), 40):
            hint = "give the output of pip, uv, poetry, pdm or docker as text"
            if kind:
                hint = "unpack it, and name the log in it"
            raise InputUnreadable(f"is {kind or 'a binary file'}, not the text of a log", address=path, hint=hint)
    return io.TextIOWrapper(buffered, encoding=encoding or "utf-8", errors="replace", newline="\n")


class _Raw(io.RawIOBase):
    """A raw stream over anything that can ``read``."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill *buffer*."""
        content = self._stream.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)


def iter_raw(text: io.TextIOWrapper) -> Iterator[tuple[int, str]]:
    """Each line with its number, without its end and without colours; of an endless one the beginning alone.

    A line that a progress bar draws again and again comes in several pieces, each of which ends where the drawing begins anew.
    """
    number, head, kept, is_new, is_endless = 0, "", "", True, False
    while piece := text.readline(LONGEST):
        if is_new:
            number, head = number + 1, ""
        else:
            piece = kept + piece
        is_first, is_new = is_new, piece.endswith("\n")
        start = piece.rfind("\r", 0, -2) + 1
        if is_endless and not start:
            is_endless = not is_new
            continue
        is_endless = not is_new and not start
        told, kept = (piece[:start], piece[start:]) if start and not is_new else (piece, "")
        yield number, head + _without_escapes(told).rstrip("\r\n")
        if is_first and not is_new:
            # What stands before the line counts for all of its pieces.
            head = "".join(_iter_prefixes(_without_escapes(told)))
    if kept:
        yield number, head + _without_escapes(kept)


def _without_escapes(text: str) -> str:
    """*text* without colours, which stand between words too and hide what is looked for; a moved cursor begins a line anew."""
    return _ESCAPES.sub("", _MOVES.sub("\r", text)) if "\x1b" in text or "\ufeff" in text else text


def _iter_prefixes(text: str) -> Iterator[str]:
    position = 0
    for _ in range(_MOST_PREFIXES):
        found = _PREFIX.match(text, position)
        if found is None or not found[0]:
            return
        position = found.end()
        yield found[0]


def cleaned(number: int, raw: str) -> Iterator[LogLine]:
    """The lines that a terminal showed for *raw* one after the other: a carriage return begins it again."""
    job, step = "", ""
    for part in raw.split("\r") if "\r" in raw else (raw,):
        text = part
        for _ in range(_MOST_PREFIXES):
            found = _PREFIX.match(text)
            if found is None or not found[0]:
                break
            job, step = found["job"] or job, found["step"] or step
            text = text[found.end() :]
        if text.strip():
            yield LogLine(number, job, step, _CONTROL.sub(" ", text).rstrip())


def unbarred(text: str) -> str:
    """*text* without the bar of a box before it."""
    return _BAR.sub("", text, count=1)


class Named(Struct, frozen=True, kw_only=True):
    """A distribution as a line names it: *text* for people, *version* and *specifier* where the line tells them.

    *is_local* says that it is a folder. *refused* is the wheel that the installer was given and could not use. *offered* are the
    versions that pip could use, by its own words; ``None`` where it does not say.
    """

    name: NormalizedName
    text: str
    version: Version | None = None
    specifier: str = ""
    by: str = ""
    is_local: bool = False
    offered: tuple[Version, ...] | None = None
    refused: str = ""


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
        is_name = re.match(r"[A-Za-z0-9]", stem) is not None
        return Named(name=canonicalize_name(stem), text=text[:200], is_local=True) if is_name else None
    try:
        parsed = Requirement(text.partition(";")[0].strip())
    except InvalidRequirement:
        return None
    only = next(iter(parsed.specifier)) if len(parsed.specifier) == 1 else None
    is_pin = only is not None and only.operator in ("==", "===") and "*" not in only.version
    pinned = as_version(only.version) if only is not None and is_pin else None
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
            yield replace(named, refused=groups["file"]) if groups["file"].endswith(".whl") else named
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
