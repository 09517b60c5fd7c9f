"""Answers one kind of question about the code in archives: from the cache, the local disk, or the network; reads none itself."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Generic, TypeVar

import msgspec
from msgspec import Struct

from wheelcheck.errors import ArchiveRefused, IndexUnavailable
from wheelcheck.index.code_records import Question
from wheelcheck.index.config import USER_AGENT
from wheelcheck.index.locations import local_path
from wheelcheck.index.statistics import RequestKind
from wheelcheck.index.surroundings import Surroundings
from wheelcheck.model.distribution import Distribution

if TYPE_CHECKING:
    from wheelcheck.index.code_archives import CodeArchives

T = TypeVar("T")

# The rules of reading are part of the program, so another release reads anew; raise the number when they change before.
_READER = f"1:{USER_AGENT}"


class Subject(Struct, frozen=True):
    """An archive, and the names or modules that are asked for."""

    distribution: Distribution
    asked: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """The same for the same file and the same question."""
        at = self.distribution.at
        return f"{at.sha256 or at.url}:{' '.join(sorted(self.asked))}"


class CodeFetching:
    """The archives that all questions share; made when the first needs the network, as a warm run never does."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._made: CodeArchives | None = None

    def archives(self) -> CodeArchives:
        """Them; to be called on the loop's thread."""
        if self._made is None:
            from wheelcheck.index.code_archives import CodeArchives

            self._made = CodeArchives(self._around)
        return self._made

    def close(self) -> None:
        """Let go of every file."""
        if self._made is not None:
            self._made.close()


class CodeAnswers(Generic[T]):
    """Answers to *question*; cached by the file's hash, by what was asked and by who read."""

    def __init__(self, question: Question[T], around: Surroundings, fetching: CodeFetching) -> None:
        self._question = question
        self._around = around
        self._fetching = fetching

    def at_hand(self, subject: Subject) -> T | None:
        """What the cache or the local disk has; ``None`` where the network is needed. Raises ``OfflineMiss``."""
        cached = self._remembered(subject)
        if cached is not None:
            self._around.tally.hit(RequestKind.FILE)
            return cached
        distribution = subject.distribution
        path = local_path(distribution.at.url)
        if path is not None:
            return self._local(path, subject)
        self._around.reject_offline(f"the code of {distribution.filename}", distribution.at.url)
        return None

    async def fetch(self, subject: Subject) -> T:
        """Fetch what is needed and read it; an archive that is refused is a value. Raises ``IndexUnavailable``."""
        question = self._question
        ask = partial(_ask, question, self._around, subject.asked)
        try:
            needs = question.needs(subject.asked)
            answer = await self._fetching.archives().read(subject.distribution, needs, ask)
        except ArchiveRefused as refusal:
            answer = self._refused(subject, refusal)
        self._around.store("code", self._key(subject), question.pack(answer))
        return answer

    def _local(self, path: Path, subject: Subject) -> T:
        if path.is_dir():
            return self._question.unread(subject.distribution.filename, subject.asked, "it is a folder, not an archive")
        try:
            with path.open("rb") as file:
                return _ask(self._question, self._around, subject.asked, file, subject.distribution.filename)
        except OSError as problem:
            raise IndexUnavailable(f"cannot be read: {problem.strerror or problem}", address=str(path)) from problem
        except ArchiveRefused as refusal:
            return self._refused(subject, refusal)

    def _refused(self, subject: Subject, refusal: ArchiveRefused) -> T:
        return self._question.unread(subject.distribution.filename, subject.asked, refusal.message)

    def _remembered(self, subject: Subject) -> T | None:
        key = self._key(subject)
        content = self._around.stored("code", key)
        if content is None:
            return None
        try:
            return self._question.unpack(content)
        except (msgspec.DecodeError, ValueError):
            self._around.forget("code", key)
            return None

    def _key(self, subject: Subject) -> str:
        # Hundreds of modules may be asked for at once; a key is not the place to list them.
        digest = hashlib.sha256(subject.key.encode()).hexdigest()
        return f"{_READER}:{self._question.word}:{digest}"


def _ask(question: Question[T], around: Surroundings, asked: frozenset[str], file: BinaryIO, filename: str) -> T:
    return question.ask(around.archives, file, filename, asked)
