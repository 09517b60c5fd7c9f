"""Runs a survey: reads the inputs, has each distinct question answered once, keeps what comes, says what it means.

``SurveyRequest → Survey``. Inputs are read while questions are answered (:mod:`wheelcheck.survey.cluster`), and a question is
packed, sent and forgotten: the client keeps the keys and the places of its inputs.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from wheelcheck.api.edges import index_config
from wheelcheck.api.request import Request
from wheelcheck.api.targets import TargetWords, day_asked
from wheelcheck.errors import DiskFailure
from wheelcheck.model.requirement import IndexOptions
from wheelcheck.model.urls import masked_within
from wheelcheck.settings.loading import load_settings
from wheelcheck.survey.answering import Limits
from wheelcheck.survey.cluster import Answered, iter_answers, open_client, own_version
from wheelcheck.survey.questions import Asker, Question
from wheelcheck.survey.sources import Sources, SurveyInput, fetch_project_names, load_sources
from wheelcheck.survey.summary import Summary, summarize
from wheelcheck.survey.tables import (
    Answer,
    Dataset,
    FailureRow,
    InputRow,
    PlaceRow,
    Row,
    RunRow,
    TimingRow,
    refuse_without_engine,
)

_PART = 100  # questions
_PART_SECONDS = 30.0
_ANSWERLESS = ("cache_dir", "no_cache", "refresh", "offline")
"""Options that change no answer."""


class SurveyRequest(Struct, frozen=True, kw_only=True):
    """One survey: *sources* and files of *projects* on *targets*, into the folder *out*; with *all_projects* what the index lists.

    *request* has what all inputs share. *workers* is how many processes a cluster of its own has; *scheduler* is the address of one
    that is there, *scheduler_file* the file in which it stands. *limits* hold for one question, its ``requests`` for the cluster.
    With *retry_failed* questions that failed are asked again. *today*, ISO 8601, stands for the day of the clock.
    """

    sources: tuple[str, ...]
    projects: tuple[str, ...] = ()
    all_projects: bool = False
    out: str
    request: Request
    targets: TargetWords = field(default_factory=TargetWords)
    workers: int = 1
    scheduler: str = ""
    scheduler_file: str = ""
    limits: Limits = field(default_factory=Limits)
    retry_failed: bool = False
    today: str = ""


class Progress(Struct, frozen=True, kw_only=True):
    """How far a survey is: *questions* and *cells* answered since *seconds*, and *read* of *inputs*.

    *slowest* are the seconds of the slowest answer and whose it was, *dashboard* is the address of Dask's.
    """

    read: int
    inputs: int
    questions: int
    cells: int
    seconds: float
    slowest: tuple[float, str] = (0.0, "")
    dashboard: str = ""


class Survey(Struct, frozen=True, kw_only=True):
    """What a survey came to: the *sources*, the failures of inputs, and the *summary*; the tables are in its folder."""

    sources: Sources
    failures: tuple[FailureRow, ...]
    questions: int
    answered_before: int
    summary: Summary

    @property
    def is_whole(self) -> bool:
        """Whether every row of every source was taken and answered."""
        return not self.sources.faults and not self.failures


def survey(asked: SurveyRequest, tell: Callable[[Progress], None] = lambda _: None) -> Survey:
    """Answer every input of *asked*, and write the tables; what was answered before in that folder is not asked again.

    Raises ``UsageProblem`` for a cluster that cannot be used, ``InputUnreadable`` for a source that is not there, ``DiskFailure``
    where the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    refuse_without_engine()
    dataset = Dataset(Path(asked.out))
    try:
        with tempfile.TemporaryDirectory(prefix="wheelcheck-survey-") as scratch:
            listed = _listed(asked.request) if asked.all_projects else ()
            environ = asked.request.environ
            sources = load_sources(asked.sources, asked.projects, scratch=Path(scratch), environ=environ, listed=listed)
            dataset.open()
            with FileLock(dataset.folder / ".lock", blocking=False):
                return _surveyed(asked, sources, Path(scratch), dataset, tell)
    except Timeout:
        hint = "wait for it, or name another folder"
        raise DiskFailure("another survey writes here", address=asked.out, hint=hint) from None
    except OSError as error:
        fact = f"cannot be written: {error.strerror or error}"
        raise DiskFailure(fact, address=asked.out, hint="run it again: it continues") from error


def _surveyed(
    asked: SurveyRequest, sources: Sources, scratch: Path, dataset: Dataset, tell: Callable[[Progress], None]
) -> Survey:
    settings = load_settings(Path(asked.request.folder), asked.request.environ)
    today = day_asked(asked.request, settings, asked.today or datetime.now(UTC).date().isoformat())
    day = dataset.day_of(today, is_continued=asked.retry_failed)
    settled = {*dataset.questions("cells")}
    if asked.retry_failed:
        settled -= dataset.questions("cells", status="failed").keys()
    else:
        settled |= dataset.questions("failures").keys()
    asker = Asker(asked.request, asked.targets, version=own_version(), day=day, scratch=scratch)
    reading = _Reading(sources.inputs, asker, settled)
    questions = reading.iter_open()
    first = next(questions, None)
    if first is not None:
        _run(asked, reading, chain([first], questions), dataset, tell)
    urls = index_config(asked.request, settings, IndexOptions()).index_urls
    run = RunRow(version=own_version(), day=day, index=" ".join(map(masked_within, urls)), options=_options(asked))
    tables: dict[str, Sequence[Row]] = {
        "inputs": reading.inputs,
        "places": reading.places,
        "failures": reading.unread,
        "run": [run],
    }
    dataset.finish(tables, frozenset(reading.first))
    unanswered = frozenset(reading.first) - dataset.questions("cells").keys()
    return Survey(
        sources=sources,
        failures=(*reading.unread, *dataset.failures(unanswered)),
        questions=len(reading.first),
        answered_before=len(reading.first) - reading.opened,
        summary=summarize(dataset.folder),
    )


class _Reading:
    """What has been read of the inputs: their rows, those that could not be read, and the first to ask each question."""

    def __init__(self, inputs: tuple[SurveyInput, ...], asker: Asker, settled: set[str]) -> None:
        self._given = inputs
        self.total = len(inputs)
        self._asker = asker
        self._settled = settled
        self.inputs: list[InputRow] = []
        self.places: list[PlaceRow] = []
        self.unread: list[FailureRow] = []
        self.first: dict[str, str] = {}
        self.opened = 0

    def iter_open(self) -> Iterator[Question]:
        """Each question that is not settled yet, once, as soon as the first input that asks it is read."""
        for each in self._given:
            asked = self._asker.ask(each)
            if isinstance(asked, FailureRow):
                self.unread.append(asked)
                self.inputs.append(InputRow(id=each.id, question=""))
                continue
            self.inputs.append(InputRow(id=each.id, question=asked.key))
            self.places.extend(asked.places)
            if asked.key not in self.first:
                self.first[asked.key] = each.id
                if asked.key not in self._settled and asked.question is not None:
                    self.opened += 1
                    yield asked.question


def _options(asked: SurveyRequest) -> str:
    """The options of *asked* that can change an answer, as JSON without secrets."""
    defaults: Mapping[str, object] = dict(Request(inputs=()).options)
    given = {
        name: value
        for name, value in asked.request.options.items()
        if value != defaults[name] and value is not False and name not in _ANSWERLESS
    }
    words = {name: value for name in asked.targets.__struct_fields__ if (value := getattr(asked.targets, name))}
    return masked_within(json.dumps(words | given, sort_keys=True, default=str))


def _listed(request: Request) -> list[str]:
    """The projects that the index of *request* lists."""
    settings = load_settings(Path(request.folder), request.environ)
    return fetch_project_names(index_config(request, settings, IndexOptions()))


def _run(
    asked: SurveyRequest,
    reading: _Reading,
    questions: Iterator[Question],
    dataset: Dataset,
    tell: Callable[[Progress], None],
) -> None:
    """Have *questions* answered, and keep each part as soon as it is full or old enough, and at the end."""
    began = kept_at = time.monotonic()
    rows: dict[str, list[Row]] = {}
    done = cells = kept = 0
    slowest = (0.0, "")
    with ExitStack() as stack:
        limits = _with_store(asked, dataset, stack)
        client = open_client(asked.workers, asked.scheduler, asked.scheduler_file, stack)
        try:
            for each in iter_answers(client, questions, limits):
                done += 1
                cells += _keep(rows, each)
                now = time.monotonic()
                if done - kept == _PART or now - kept_at > _PART_SECONDS:
                    dataset.add(rows)
                    rows, kept, kept_at = {}, done, now
                slowest = max(slowest, (each.seconds, reading.first[each.question]))
                tell(
                    Progress(
                        read=len(reading.inputs),
                        inputs=reading.total,
                        questions=done,
                        cells=cells,
                        seconds=now - began,
                        slowest=slowest,
                        dashboard=client.dashboard_link or "",
                    )
                )
        finally:
            if rows:
                dataset.add(rows)


def _keep(rows: dict[str, list[Row]], each: Answered) -> int:
    """Put what came into *rows*, by table; the number of cells."""
    if not isinstance(each.found, Answer):
        rows.setdefault("failures", []).append(FailureRow(id="", question=each.question, reason=each.found))
        return 0
    for table in ("cells", "findings", "packages", "repairs"):
        rows.setdefault(table, []).extend(getattr(each.found, table))
    rows.setdefault("timings", []).append(TimingRow(question=each.question, seconds=each.seconds, worker=each.worker))
    return len(each.found.cells)


def _with_store(asked: SurveyRequest, dataset: Dataset, stack: ExitStack) -> Limits:
    """The limits of *asked*, for a cluster of its own with a store beside the tables, which is removed once all are answered.

    Raises ``UsageProblem`` for a store that cannot be used from here.
    """
    if asked.limits.store:
        from wheelcheck.index.shared_store import SharedStore

        SharedStore(asked.limits.store)
    if asked.limits.store or asked.scheduler or asked.scheduler_file:
        return asked.limits
    store = dataset.folder / "store"
    stack.callback(shutil.rmtree, store, ignore_errors=True)
    return replace(asked.limits, store=str(store.absolute()))
