"""Answers questions about the code in archives: from the cache, the local disk, or the network. Reads no code itself."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Generic, TypeVar

import msgspec
from msgspec import Struct

from wheelcheck.errors import ArchiveRefused, IndexUnavailable
from wheelcheck.index.config import USER_AGENT, local_path
from wheelcheck.index.exchange import RequestKind
from wheelcheck.index.fetch_context import FetchContext, decoder, encode
from wheelcheck.index.once_map import Future, OnceMap
from wheelcheck.model.code import ImportSurvey, ImportTarget, ImportTime, ModuleNames, ModuleState, TopModules
from wheelcheck.model.distribution import Distribution
from wheelcheck.ports import Archives
from wheelcheck.texts.files import open_file

if TYPE_CHECKING:
    from wheelcheck.index.code_archives import CodeArchives
    from wheelcheck.index.once_map import LoopThread

T = TypeVar("T")


class Question(Struct, Generic[T], frozen=True, kw_only=True):
    """A kind of question. *ask* reads an open archive (file, file name, the names or modules asked for).

    *unread* answers for an archive that could not be read (file name, what was asked for, the reason); *decode* reads a cached
    answer. *needs* are the modules whose sources it will read: all for ``None``.
    """

    word: str
    ask: Callable[[Archives, BinaryIO, str, frozenset[str]], T]
    unread: Callable[[str, frozenset[str], str], T]
    decode: Callable[[bytes | memoryview], T]
    needs: Callable[[frozenset[str]], frozenset[str] | None]


TOP_MODULES: Question[TopModules] = Question(
    word="top modules",
    ask=lambda archives, file, filename, _: archives.top_modules(file, filename),
    unread=lambda _filename, _asked, reason: TopModules(unread=reason),
    decode=decoder(TopModules),
    needs=lambda _: frozenset(),
)
IMPORTS: Question[ImportSurvey] = Question(
    word="imports",
    ask=lambda archives, file, filename, names: archives.imports(file, filename, *_names_and_target(names)),
    unread=lambda filename, _, reason: ImportSurvey(filename=filename, unread=reason),
    decode=decoder(ImportSurvey),
    needs=lambda _: None,
)
DEFINITIONS: Question[tuple[ModuleNames, ...]] = Question(
    word="definitions",
    ask=lambda archives, file, filename, modules: archives.definitions(file, filename, modules),
    unread=lambda _, modules, _reason: tuple(
        ModuleNames(module=module, state=ModuleState.UNREAD, open_ended=True) for module in sorted(modules)
    ),
    decode=decoder(tuple[ModuleNames, ...]),
    needs=lambda modules: modules,
)
FILES: Question[dict[str, str]] = Question(
    word="files",
    ask=lambda archives, file, filename, _: archives.contents(file, filename),
    unread=lambda _filename, _asked, _reason: {},
    decode=decoder(dict[str, str]),
    needs=lambda _: frozenset(),
)
IMPORT_TIME: Question[ImportTime] = Question(
    word="import time",
    ask=lambda archives, file, filename, asked: archives.import_time(file, filename, *_target_and_modules(asked)),
    unread=lambda filename, _, reason: ImportTime(filename=filename, unread=reason),
    decode=decoder(ImportTime),
    needs=lambda _: None,
)


def _words(target: ImportTarget) -> str:
    return msgspec.json.encode(target).decode()


def _names_and_target(asked: frozenset[str]) -> tuple[frozenset[str], ImportTarget]:
    (target,) = (word for word in asked if word.startswith("{"))
    return asked - {target}, _target(frozenset({target}))


def _target_and_modules(asked: frozenset[str]) -> tuple[ImportTarget, frozenset[str]]:
    modules, target = _names_and_target(asked)
    return target, modules


def _target(asked: frozenset[str]) -> ImportTarget:
    """The target that a subject asks about, which stands in its key as JSON."""
    return msgspec.json.decode(*asked, type=ImportTarget)


# The rules for reading code belong to the program, so every release reads again; raise the number if they change before one.
_READER = f"24:{USER_AGENT}"


class Subject(Struct, frozen=True):
    """An archive, and the names or modules that are asked for."""

    distribution: Distribution
    asked: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """Identifies the file and the names asked for."""
        at = self.distribution.at
        return f"{at.sha256 or at.url}:{' '.join(sorted(self.asked))}"


class CodeAnswers(Generic[T]):
    """Answers to *question*, cached by the file's hash, the names asked for and the version of the reader.

    *archives* returns the archives that all questions share; it is called on the loop's thread, once the network is needed.
    """

    def __init__(self, question: Question[T], context: FetchContext, archives: Callable[[], CodeArchives]) -> None:
        self._question = question
        self._context = context
        self._archives = archives

    def at_hand(self, subject: Subject) -> T | None:
        """What the cache or the local disk has; ``None`` where the network is needed. Raises ``OfflineMiss``."""
        cached = self._context.load("code", self._key(subject), self._question.decode)
        if cached is not None:
            self._context.tally.hit(RequestKind.FILE)
            return cached
        distribution = subject.distribution
        path = local_path(distribution.at.url)
        if path is not None:
            return self._local(path, subject)
        self._context.reject_offline(f"the code of {distribution.filename}", distribution.at.url)
        return None

    async def fetch(self, subject: Subject) -> T:
        """Fetch what is needed and read it; an archive that is refused is a value. Raises ``IndexUnavailable``."""
        try:
            needs = self._question.needs(subject.asked)
            answer = await self._archives().read(subject.distribution, needs, partial(self._ask, subject.asked))
        except ArchiveRefused as refusal:
            answer = self._refused(subject, refusal)
        self._context.store("code", self._key(subject), encode(answer))
        return answer

    def _local(self, path: Path, subject: Subject) -> T:
        if path.is_dir():
            return self._question.unread(subject.distribution.filename, subject.asked, "it is a folder, not an archive")
        try:
            with open_file(path) as file:
                return self._ask(subject.asked, file, subject.distribution.filename)
        except OSError as problem:
            raise IndexUnavailable(f"cannot be read: {problem.strerror or problem}", address=str(path)) from problem
        except ArchiveRefused as refusal:
            return self._refused(subject, refusal)

    def _ask(self, asked: frozenset[str], file: BinaryIO, filename: str) -> T:
        return self._question.ask(self._context.archives, file, filename, asked)

    def _refused(self, subject: Subject, refusal: ArchiveRefused) -> T:
        return self._question.unread(subject.distribution.filename, subject.asked, refusal.message)

    def _key(self, subject: Subject) -> str:
        # Hundreds of modules may be asked for at once, so the key holds their digest.
        digest = hashlib.sha256(subject.key.encode()).hexdigest()
        return f"{_READER}:{self._question.word}:{digest}"


class CodeQuestions:
    """Answers each question once; all questions share the archives that are fetched for them. Created for the first question."""

    def __init__(self, thread: LoopThread, context: FetchContext) -> None:
        self._context = context
        self._made: CodeArchives | None = None
        tops = CodeAnswers(TOP_MODULES, context, self._archives)
        imports = CodeAnswers(IMPORTS, context, self._archives)
        definitions = CodeAnswers(DEFINITIONS, context, self._archives)
        files = CodeAnswers(FILES, context, self._archives)
        import_times = CodeAnswers(IMPORT_TIME, context, self._archives)
        self._tops = OnceMap(thread, tops.at_hand, tops.fetch)
        self._imports = OnceMap(thread, imports.at_hand, imports.fetch)
        self._definitions = OnceMap(thread, definitions.at_hand, definitions.fetch)
        self._files = OnceMap(thread, files.at_hand, files.fetch)
        self._import_times = OnceMap(thread, import_times.at_hand, import_times.fetch)

    def top_modules(self, distribution: Distribution) -> Future[TopModules]:
        """The top-level modules that *distribution* makes importable."""
        subject = Subject(distribution)
        return self._tops.begin(subject.key, subject)

    def imports(self, distribution: Distribution, names: frozenset[str], target: ImportTarget) -> Future[ImportSurvey]:
        """The places where its code imports one of *names* on *target*."""
        subject = Subject(distribution, names | {_words(target)})
        return self._imports.begin(subject.key, subject)

    def definitions(self, distribution: Distribution, modules: frozenset[str]) -> Future[tuple[ModuleNames, ...]]:
        """The names that each of *modules* binds."""
        subject = Subject(distribution, modules)
        return self._definitions.begin(subject.key, subject)

    def files(self, distribution: Distribution) -> Future[dict[str, str]]:
        """The files that it installs, each with a word for its content."""
        subject = Subject(distribution)
        return self._files.begin(subject.key, subject)

    def import_time(
        self, distribution: Distribution, target: ImportTarget, modules: frozenset[str]
    ) -> Future[ImportTime]:
        """What its import, or that of its *modules*, carries out on *target*."""
        subject = Subject(distribution, modules | {_words(target)})
        return self._import_times.begin(subject.key, subject)

    def fail_open(self) -> None:
        """Fail every question that has no answer yet."""
        for questions in (self._tops, self._imports, self._definitions, self._files, self._import_times):
            questions.fail_open()

    def close(self) -> None:
        """Close every file."""
        if self._made is not None:
            self._made.close()

    def _archives(self) -> CodeArchives:
        # Made when the network is needed first: a warm run loads no asyncio.
        if self._made is None:
            from wheelcheck.index.code_archives import CodeArchives

            self._made = CodeArchives(self._context)
        return self._made
