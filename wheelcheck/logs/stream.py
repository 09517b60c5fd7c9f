"""The messages of one run of an installer, in their order → what failed in it, and why.

An installer names a distribution at one line (``Collecting foo``) and fails at another (``metadata-generation-failed``), and what a
build says stands before or after the line that names it. So a stream keeps what is at hand. It knows its own job or step alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct, field
from msgspec.structs import replace
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelcheck.logs.lines import LONGEST, Named, SignTable, iter_named, of_file, parse_installed
from wheelcheck.logs.messages import ERROR_LINE, TABLE, Meaning, Message
from wheelcheck.logs.target_hints import IN_WORDS, Hint, iter_hints
from wheelcheck.model.failure import BuildCause, FailureKind, LogQuote, TroubleKind
from wheelcheck.model.systems import BuildFailureKnowledge, ImageKnowledge, KnownCause
from wheelcheck.model.urls import masked

_MOST_HINTED = 5_000  # lines that are looked at for hints: a compiler repeats itself a thousand times
_MOST_UNKNOWN = 5
_MOST_CAUSES = 3
_MOST_PLACES = 20
_QUOTE = 300  # characters
_SENTENCE_LINES = 60
_NAMES_FOLLOW = 8  # lines after which a list of names is no longer waited for
_NESTED = "build-requirement"
_PARALLEL = "poetry"  # installs several at once, and reports a failure after the output of its build

_BOX = re.compile(
    r"^(?P<indent>\s*)(?P<frame>\S{1,9} )?(?:\[\d{1,6} lines? of output\]|Complete output \(\d{1,6} lines?\):)\s*$"
)
_BOX_ENDS = re.compile(r"^\s*(?:\[end of output\]|-{30,})\s*$")
_FRAME = ("│", "╰", "[")
# Where uv begins a report, and a sentence that it may wrap over several lines; what goes on is indented.
_REPORT = re.compile(r"^\s{0,2}(?:error: (?:Failed|No solution|Distribution|Request|Could not)|[\u00d7x] )")
_SENTENCE = re.compile(
    r"^\s*(?:[\u00d7x] (?:No solution|Failed)|[├╰]─▶ |[|`]-+> |(?:cause|hint|help): |Because |And because )"
)
_NO_SENTENCE = re.compile(r"\s*[\u00d7│├╰]|\s{0,2}\S|\s*\[std")
_LISTED = re.compile(r"^\s*\S{1,9}> (?P<names>[A-Za-z0-9][\w.-]*(?:, [A-Za-z0-9][\w.-]*)*)(?: from .{1,400})?$")
SIGNS = (
    "of output", "Complete output", "----------", "cause: ", "hint: ", "help: ", "Because ", "because ", "─▶", "|-> ", "`-> ",
    "─> ",
)  # fmt: skip
"""Texts of which one is in every line that these patterns find."""


class Draft(Struct, kw_only=True):
    """A failure while its log is read."""

    named: Named
    kind: FailureKind
    tool: str
    quote: LogQuote
    causes: list[BuildCause] = field(default_factory=list)


class Tables:
    """The knowledge that lines are read with: images, headers, and the causes of failed builds behind their signs."""

    def __init__(self, images: ImageKnowledge, builds: BuildFailureKnowledge) -> None:
        self.images = images
        self.headers = builds.headers
        self.causes: SignTable[KnownCause] = SignTable((cause.signs, cause) for cause in builds.causes)


class Stream:
    """Reads one run; ``failed``, ``troubles``, ``unknown``, ``tools``, ``hints``, ``places`` and others hold what it told."""

    def __init__(self, tables: Tables) -> None:
        self.failed: dict[NormalizedName, Draft] = {}
        self.troubles: dict[TroubleKind, LogQuote] = {}
        self.unknown: list[LogQuote] = []
        self.tools: dict[str, None] = {}
        self.hints: dict[tuple[object, ...], Hint] = {}
        self.places: dict[str, None] = {}
        self.has_succeeded = False
        self.is_in_sentence = False
        self._tables = tables
        self._hinted = 0
        self._sentence: list[str] = []
        self._sentence_line = 0
        self._subject: Named | None = None
        self._spoken: dict[NormalizedName, Named] = {}
        self._versions: dict[NormalizedName, Version] = {}
        self._askers: dict[NormalizedName, str] = {}
        self._has_folder = False
        self._open: Draft | None = None
        self._reported: Draft | None = None
        self._pending: list[BuildCause] = []
        self._box: int | None = None
        self._box_subject: Named | None = None
        self._names_follow = 0
        self._unreached: LogQuote | None = None
        self._clash: LogQuote | None = None
        self._other_pythons = ""
        self._unnamed: LogQuote | None = None

    def take(self, text: str, line: int) -> None:
        """Read one line."""
        if self.is_in_sentence:
            if len(self._sentence) < _SENTENCE_LINES and not (_SENTENCE.match(text) or _NO_SENTENCE.match(text)):
                self._sentence.append(text.strip())
                self.look_for_hints(text, line)
                self._look_for_cause(text, line)
                return
            self._end_sentence()
        if self._box is None and _SENTENCE.match(text) and "of output" not in text:
            self._sentence, self._sentence_line, self.is_in_sentence = [text.strip()], line, True
            if _REPORT.match(text):
                self._reported = None
            return
        self._take(text, line)

    def end(self) -> None:
        """Read what is left at the end of the log."""
        if self.is_in_sentence:
            self._end_sentence()
        if self._clash is not None and not self.failed:
            self.troubles.setdefault(TroubleKind.CONFLICT, self._clash)
        if self._unnamed is not None and not self.failed and not self.has_succeeded:
            self.unknown.insert(0, self._unnamed)

    def look_for_hints(self, text: str, line: int) -> None:
        """Note what the line tells of the target."""
        self._hinted += 1
        if self._hinted > _MOST_HINTED:
            return
        for hint in iter_hints(text, line, self._tables.images):
            if hint.weight <= IN_WORDS and self._box is not None:
                continue
            parts = (hint.weight, hint.system, hint.family, hint.exact, hint.at_least, hint.machine, hint.python)
            self.hints.setdefault(parts, hint)

    def _end_sentence(self) -> None:
        self.is_in_sentence = False
        self._take(" ".join(self._sentence)[:LONGEST], self._sentence_line)

    def _take(self, text: str, line: int) -> None:
        if self._box is not None and self._has_left(self._box, text):
            self._box = None
        if _REPORT.match(text):
            self._reported = None
        self.look_for_hints(text, line)
        quote = LogQuote(line=line, text=text.strip()[:_QUOTE])
        is_known = False
        for row, found in _messages(text):
            is_known = True
            self.tools.setdefault(row.tool)
            of_uv = row.meaning is Meaning.FAILED and row.tool == "uv"
            is_nested = self._box is not None or (of_uv and self._is_beneath)
            if is_nested and (self._open is not None or row.meaning is not Meaning.TROUBLE):
                self._take_nested(row, found, quote)
            else:
                self._understand(row, found, quote)
        if self._names_follow:
            self._take_listed(text, quote)
        if self._box is None and (box := _BOX.match(text)):
            # Where the terminal has no frames, on Windows for one, what is in the box is not indented either.
            self._box, self._box_subject, is_known = len(box["indent"]) + (4 if box["frame"] else 0), None, True
        self._look_for_cause(text, line)
        if not is_known and len(self.unknown) < _MOST_UNKNOWN and ERROR_LINE.search(text):
            self.unknown.append(quote)

    @property
    def _is_beneath(self) -> bool:
        """Whether a report of uv goes on beneath the build of a distribution: what fails there is a part of that build."""
        return self._reported is not None and self._reported.kind is FailureKind.BUILD

    def _has_left(self, within: int, text: str) -> bool:
        """Whether the output of a build, indented by *within*, ended before or with the line *text*."""
        indent = len(text) - len(text.lstrip())
        if _BOX_ENDS.match(text):
            return indent <= within
        return bool(text.strip()) and indent < within and not text.lstrip().startswith(_FRAME)

    def _look_for_cause(self, text: str, line: int) -> None:
        causes = self._open.causes if self._open is not None else self._pending
        if len(causes) < _MOST_CAUSES and (cause := _cause(text, line, self._tables)) is not None:
            _add(causes, [cause])

    def _take_nested(self, row: Message, found: re.Match[str], quote: LogQuote) -> None:
        """A message within the output of a build is about what the build itself installs."""
        if row.meaning is Meaning.SUBJECT:
            self._box_subject = next(iter(iter_named(found)), None)
        if self._open is None or row.meaning not in (Meaning.FAILED, Meaning.SUBJECT_FAILED):
            return
        for named in iter_named(found) if row.meaning is Meaning.FAILED else (self._box_subject,):
            if named is not None and named.name != self._open.named.name:
                message = f"Its build requires {named.text}, which failed itself."
                _add(self._open.causes, [BuildCause(id=_NESTED, message=message, packages={}, quote=quote)])

    def _understand(self, row: Message, found: re.Match[str], quote: LogQuote) -> None:
        match row.meaning:
            case Meaning.SUBJECT:
                self._turn_to(next(iter(iter_named(found)), None), row.tool)
            case Meaning.FILE:
                self._take_file(of_file(found["file"]))
            case Meaning.FAILED | Meaning.FAILED_BEFORE | Meaning.LISTED:
                self._take_failed(row, found, quote)
            case Meaning.SUBJECT_FAILED if self._subject is not None:
                self._fail(self._subject, FailureKind.BUILD, row.tool, quote)
            case Meaning.SUBJECT_FAILED | Meaning.LISTED_NEXT:
                self._names_follow, self._open, self._pending = _NAMES_FOLLOW, None, []
                self._unnamed = self._unnamed or quote
            case Meaning.OTHER_PYTHONS:
                self._other_pythons = found["list"]
            case Meaning.UNREACHED:
                self._unreached = quote
            case Meaning.INDEXES:
                places = found["places"].split(",")[:_MOST_PLACES]
                self.places.update(dict.fromkeys(masked(place.strip()) for place in places))
            case Meaning.WANTED:
                self._note_asker(canonicalize_name(found["name"]), f"{found['asker']}=={found['asking']}")
            case Meaning.SUCCEEDED:
                self._succeed(found)
            case Meaning.TROUBLE if isinstance(row.kind, TroubleKind):
                self.troubles.setdefault(row.kind, quote)
            case Meaning.CLASH:
                self._clash = self._clash or quote
            case Meaning.DONE:
                self.has_succeeded = True

    def _turn_to(self, named: Named | None, tool: str) -> None:
        if named is None:
            return
        self._subject, self._open, self._unreached = named, None, None
        if tool != _PARALLEL:
            self._pending = []
        self._note(named)

    def _note(self, named: Named) -> None:
        """Keep what a line tells of a distribution, which the line that reports its failure may not repeat."""
        self._has_folder = self._has_folder or named.is_local
        self._spoken.setdefault(named.name, named)
        if named.version is not None:
            self._versions.setdefault(named.name, named.version)
        if named.by:
            self._askers.setdefault(named.name, named.by)

    def _note_asker(self, name: NormalizedName, by: str) -> None:
        self._askers.setdefault(name, by)
        if (draft := self.failed.get(name)) is not None and not draft.named.by:
            draft.named = replace(draft.named, by=by)

    def _take_file(self, named: Named | None) -> None:
        if named is not None and named.version is not None:
            self._spoken.setdefault(named.name, replace(named, specifier=""))
            self._versions[named.name] = named.version
            if self._subject is None or self._subject.name == named.name:
                self._subject = named

    def _take_failed(self, row: Message, found: re.Match[str], quote: LogQuote) -> None:
        kind = row.kind if isinstance(row.kind, FailureKind) else FailureKind.BUILD
        for named in iter_named(found):
            if row.meaning is not Meaning.LISTED or named.name in self._spoken:
                self._fail(named, kind, row.tool, quote)
        if row.tool == "uv":
            self._reported = self._open
        if row.meaning is Meaning.FAILED_BEFORE:
            self._open, self._pending = None, []

    def _take_listed(self, text: str, quote: LogQuote) -> None:
        self._names_follow -= 1
        if found := _LISTED.match(text):
            self._names_follow = 0
            for named in iter_named(found):
                self._fail(named, FailureKind.BUILD, "pip", quote)

    def _fail(self, named: Named, kind: FailureKind, tool: str, quote: LogQuote) -> None:
        if named.name not in self._spoken and self._has_folder:
            # A folder may have another name than its project, which pip does not say before it builds.
            named = replace(named, is_local=True)
        draft = self.failed.get(named.name)
        if draft is None and kind is FailureKind.NO_MATCH:
            if self._unreached is not None and not named.offered:
                self.troubles.setdefault(TroubleKind.NETWORK, self._unreached)
                return
            if named.version is not None and f"{named.version} Requires-Python" in self._other_pythons:
                kind = FailureKind.PYTHON
        self._note(named)
        if draft is None:
            draft = self.failed[named.name] = Draft(named=named, kind=kind, tool=tool, quote=quote)
        elif kind is FailureKind.NO_MATCH and draft.kind is not kind:
            return  # what was looked for in vain could not be built, or is for another Python
        known, told = draft.named, self._spoken[named.name]
        spoken = self._versions.get(named.name) if kind is FailureKind.BUILD else None
        draft.named = replace(
            known,
            version=known.version or named.version or spoken,
            specifier=known.specifier or named.specifier or told.specifier,
            by=known.by or named.by or self._askers.get(named.name, ""),
            is_local=known.is_local or named.is_local or told.is_local,
            offered=named.offered if known.offered is None else known.offered,
        )
        _add(draft.causes, self._pending)
        self._pending, self._open = [], draft

    def _succeed(self, found: re.Match[str]) -> None:
        listed = found.groupdict().get("installed")
        for name in parse_installed(listed) if listed else {named.name for named in iter_named(found)}:
            self.failed.pop(name, None)
        self.has_succeeded = True
        self._open, self._pending = None, []

    def version_of(self, draft: Draft) -> Version | None:
        """The version of a failure, which a line after it may have told."""
        told = self._versions.get(draft.named.name) if draft.kind is FailureKind.BUILD else None
        return draft.named.version or told


def _messages(text: str) -> Iterable[tuple[Message, re.Match[str]]]:
    """The messages in the line *text*: the first row that finds something, and of a sentence of uv all that name something."""
    for row, pattern in TABLE.matching(text):
        if found := list(pattern.finditer(text)):
            yield from ((row, each) for each in found)
            if row.tool != "uv" or row.meaning is not Meaning.FAILED:
                return


def _cause(text: str, line: int, tables: Tables) -> BuildCause | None:
    for known in tables.causes.matching(text):
        found = next((found for pattern in known.patterns if (found := pattern.search(text))), None)
        if found is None:
            continue
        header = tables.headers.get(found["what"])
        message = known.message.format(what=found["what"])
        if header:
            message = f"The header {found['what']} is missing: {header.library} is not installed for building."
        return BuildCause(
            id=known.id,
            message=message,
            packages=dict(header.packages if header is not None else known.packages),
            quote=LogQuote(line=line, text=text.strip()[:_QUOTE]),
        )
    return None


def _add(causes: list[BuildCause], more: Iterable[BuildCause]) -> None:
    """Add to *causes* those of *more* whose kind is not among them."""
    causes.extend(cause for cause in more if cause.id not in {each.id for each in causes})
