"""A log → ``FailureLog``: every distribution that failed, once, with its causes and the target of its run.

``bytes → iter_raw → cleaned → Stream.take → FailureLog``. Lines of several jobs or build steps are told apart, each with a stream
of its own. A line that holds none of the signs of the tables is passed over, so a large log costs little more than reading it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import BinaryIO

from msgspec.structs import replace

from wheelcheck.logs.lines import LogLine, cleaned, iter_raw, least, open_text, unbarred
from wheelcheck.logs.messages import ERROR_SIGNS
from wheelcheck.logs.messages import TABLE as MESSAGES
from wheelcheck.logs.stream import SIGNS, Draft, Stream, Tables
from wheelcheck.logs.target_hints import TABLE as HINTS
from wheelcheck.logs.target_hints import combined
from wheelcheck.model.failure import Failure, FailureKind, FailureLog, LoggedTarget, Trouble

_MOST_STREAMS = 1_000
_ELSEWHERE = 4  # what another step of the job tells of the target counts so many times less
_DOCKER_STEP = re.compile(
    r"^\[(?:(?P<platform>(?:linux|windows)/[\w/]{1,40}) )?(?:(?P<stage>[A-Za-z][\w.-]{0,100}) )?\d{1,4}/\d{1,4}\] "
)
_STEP_SIGNS = ("] RUN ", "] FROM ")


def parse_log(stream: BinaryIO, path: str, tables: Tables) -> FailureLog:
    """Read the whole log in *stream*, called *path* in messages, by the *tables* of what is known.

    Takes time in proportion to its length, and memory for what failed alone. Raises ``InputUnreadable`` for a file that is no text.
    """
    log = _Log(tables)
    # One of these texts is in every line that means something.
    signs = least((*MESSAGES.signs, *HINTS.signs, *tables.causes.signs, *ERROR_SIGNS, *SIGNS, *_STEP_SIGNS))
    number = 0
    text = open_text(stream, path)
    try:
        for number, raw in iter_raw(text):
            if log.is_in_sentence or any(map(raw.__contains__, signs)):
                for line in cleaned(number, raw):
                    log.take(line)
    finally:
        text.detach()  # the stream stays open: it is the caller's
    return log.finished(number)


class _Log:
    """A log while it is read: its streams by job and by step, or by stage where the steps of one run in one container."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._streams: dict[tuple[str, str], Stream] = {}
        self._stages: dict[tuple[str, str], str] = {}
        self._last: Stream | None = None

    @property
    def is_in_sentence(self) -> bool:
        """Whether the next line may go on with a sentence, though it holds no sign."""
        return self._last is not None and self._last.is_in_sentence

    def take(self, line: LogLine) -> None:
        """Read one line."""
        if line.step and (found := _DOCKER_STEP.match(line.text)) and len(self._stages) < _MOST_STREAMS:
            self._stages[line.job, line.step] = f"{found['platform'] or ''} {found['stage'] or ''}"
        key = line.job, self._stages.get((line.job, line.step), line.step)
        stream = self._streams.get(key)
        if stream is None:
            # Beyond all reason, the rest is read as one.
            key = key if len(self._streams) < _MOST_STREAMS else ("", "")
            stream = self._streams.setdefault(key, Stream(self._tables))
            platform = key[1].partition(" ")[0]
            if "/" in platform:
                stream.look_for_hints(f"--platform={platform}", line.number)
        self._last = stream
        stream.take(unbarred(line.text), line.number)

    def finished(self, lines: int) -> FailureLog:
        """All that was read."""
        streams = list(self._streams.values())
        for stream in streams:
            stream.end()
        troubles = {kind: quote for stream in reversed(streams) for kind, quote in stream.troubles.items()}
        return FailureLog(
            lines=lines,
            tools=tuple(dict.fromkeys(tool for stream in streams for tool in stream.tools if tool != "the system")),
            failures=_without_repeats(sorted(self._failures(), key=lambda failure: failure.quote.line)),
            troubles=tuple(Trouble(kind=kind, quote=quote) for kind, quote in troubles.items()),
            unknown=tuple(quote for stream in streams for quote in stream.unknown)[:5],
            places=tuple(dict.fromkeys(place for stream in streams for place in stream.places)),
            has_succeeded=any(stream.has_succeeded for stream in streams),
        )

    def _failures(self) -> Iterable[Failure]:
        for key, stream in self._streams.items():
            if stream.failed:
                target = self._target(key)
                yield from (_failure(stream, draft, target) for draft in stream.failed.values())

    def _target(self, key: tuple[str, str]) -> LoggedTarget:
        elsewhere = (
            replace(hint, weight=hint.weight // _ELSEWHERE)
            for (job, step), stream in self._streams.items()
            for hint in stream.hints.values()
            if (job, step) != key and job in ("", key[0])
        )
        return combined([*self._streams[key].hints.values(), *elsewhere])


def _failure(stream: Stream, draft: Draft, target: LoggedTarget) -> Failure:
    return Failure(
        name=draft.named.name,
        kind=draft.kind,
        tool=draft.tool,
        quote=draft.quote,
        version=stream.version_of(draft),
        specifier=draft.named.specifier,
        by=draft.named.by,
        is_local=draft.named.is_local,
        causes=tuple(draft.causes),
        target=target,
        offered=draft.named.offered,
        refused=draft.named.refused if draft.kind is FailureKind.NO_MATCH else "",
    )


def _without_repeats(failures: Iterable[Failure]) -> tuple[Failure, ...]:
    """*failures* without those that a summary of the same run repeats, whose lines tell less of version and target."""
    kept: list[Failure] = []
    for failure in failures:
        alike = [each for each in kept if each.name == failure.name and failure.version in (None, each.version)]
        words = failure.target.platform, failure.target.python
        if not any(words in ((each.target.platform, each.target.python), (None, None)) for each in alike):
            kept.append(failure)
    return tuple(kept)
