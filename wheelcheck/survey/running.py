"""Runs a survey: reads the inputs, sends each distinct question once to Dask's workers, keeps what comes, says what it means.

``SurveyRequest → Survey``. The engine is ``dask.distributed``: a ``LocalCluster`` of its own, or a scheduler that is there. Each
worker asks a child process (:mod:`wheelcheck.survey.answering`), so that a poisonous question costs its own cells. Where
a worker dies, Dask asks another one; after three deaths the question has failed. Where a child dies, the question is asked once
more.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from wheelcheck.api.request import Request
from wheelcheck.api.targets import TargetWords
from wheelcheck.errors import DiskFailure, UsageProblem
from wheelcheck.model.requirement import IndexOptions
from wheelcheck.settings.loading import load_settings
from wheelcheck.survey.answering import Child, Died, Limits
from wheelcheck.survey.questions import Asked, Question, ask
from wheelcheck.survey.rows import Answer, FailureRow, InputRow, Row, TimingRow
from wheelcheck.survey.sources import Sources, fetch_project_names, load_sources
from wheelcheck.survey.summary import Summary, summarize
from wheelcheck.survey.tables import Dataset, refuse_without_engine

if TYPE_CHECKING:
    from distributed import Client, Future

_DEATHS = 3
_PART = 100  # questions
_PART_SECONDS = 30.0
_AGAIN = "-again"
_AHEAD = 4  # questions sent to each worker before it asks for more


class SurveyRequest(Struct, frozen=True, kw_only=True):
    """One survey: *sources* and files of *projects* on *targets*, into the folder *out*; with *all_projects* what the index lists.

    *request* has what all inputs share. *workers* is how many processes a cluster of its own has; *scheduler* is the address of one
    that is there, *scheduler_file* the file in which it stands. *limits* hold for one question, its ``requests`` for the cluster.
    With *retry_failed* questions that failed are asked again.
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


class Progress(Struct, frozen=True, kw_only=True):
    """How far a survey is: *done* of *total* distinct questions since *seconds*; *dashboard* is the address of Dask's."""

    done: int
    total: int
    seconds: float
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
            sources = load_sources(
                asked.sources,
                asked.projects,
                scratch=Path(scratch),
                environ=asked.request.environ,
                listed=_listed(asked.request) if asked.all_projects else (),
            )
            dataset.open()
            with FileLock(dataset.folder / ".lock", blocking=False):
                return _surveyed(asked, sources, dataset, tell)
    except Timeout:
        raise DiskFailure(
            "another survey writes here", address=asked.out, hint="wait for it, or name another folder"
        ) from None
    except OSError as error:
        raise DiskFailure(
            f"cannot be written: {error.strerror or error}", address=asked.out, hint="run it again: it continues"
        ) from error


def _surveyed(asked: SurveyRequest, sources: Sources, dataset: Dataset, tell: Callable[[Progress], None]) -> Survey:
    own = _own_version()
    read = [ask(each, asked.request, asked.targets, own) for each in sources.inputs]
    understood = [each for each in read if isinstance(each, Asked)]
    questions = {each.question.key: each.question for each in understood}
    before = {row["question"] for row in dataset.read("cells")}
    failed = {row["question"] for row in dataset.read("failures")} - before
    settled = before if asked.retry_failed else before | failed
    open_questions = [question for key, question in questions.items() if key not in settled]
    if open_questions:
        _run(asked, open_questions, dataset, tell)
    inputs = [InputRow(id=each.id, question=each.question.key if isinstance(each, Asked) else "") for each in read]
    places = [place for each in understood for place in each.places]
    unread = [each for each in read if isinstance(each, FailureRow)]
    dataset.finish({"inputs": inputs, "places": places, "failures": unread}, frozenset(questions))
    answered = {row["question"] for row in dataset.read("cells")}
    unanswered = {row["question"]: row["reason"] for row in dataset.read("failures")}
    return Survey(
        sources=sources,
        failures=(
            *unread,
            *(
                FailureRow(id="", question=key, reason=unanswered.get(key, ""))
                for key in questions
                if key not in answered
            ),
        ),
        questions=len(questions),
        answered_before=len(questions) - len(open_questions),
        summary=summarize(dataset.folder),
    )


def _listed(request: Request) -> list[str]:
    """The projects that the index of *request* lists."""
    from wheelcheck.api.edges import index_config

    settings = load_settings(Path(request.folder), request.environ)
    return fetch_project_names(index_config(request, settings, IndexOptions()))


def _own_version() -> str:
    try:
        return version("wheelcheck")
    except PackageNotFoundError:
        return ""


def _run(
    asked: SurveyRequest, questions: Sequence[Question], dataset: Dataset, tell: Callable[[Progress], None]
) -> None:
    """Have *questions* answered, and keep each part as soon as it is full or old enough."""
    began = kept_at = time.monotonic()
    rows: dict[str, list[Row]] = {}
    with ExitStack() as stack:
        limits = _with_store(asked, dataset, stack)
        client = _client(asked, stack)
        for done, (question, found, timing) in enumerate(_iter_answers(client, questions, limits), 1):
            if isinstance(found, Answer):
                for table in ("cells", "findings", "packages", "repairs"):
                    rows.setdefault(table, []).extend(getattr(found, table))
                rows.setdefault("timings", []).append(timing)
            else:
                rows.setdefault("failures", []).append(FailureRow(id="", question=question, reason=found))
            now = time.monotonic()
            if done % _PART == 0 or now - kept_at > _PART_SECONDS or done == len(questions):
                dataset.add(question, rows)
                rows, kept_at = {}, now
            tell(Progress(done=done, total=len(questions), seconds=now - began, dashboard=client.dashboard_link or ""))


def _with_store(asked: SurveyRequest, dataset: Dataset, stack: ExitStack) -> Limits:
    """The limits of *asked*, for a cluster of its own with a store beside the tables, which is removed once all are answered."""
    if asked.limits.store or asked.scheduler or asked.scheduler_file:
        return asked.limits
    store = dataset.folder / "store"
    stack.callback(shutil.rmtree, store, ignore_errors=True)
    return replace(asked.limits, store=str(store.absolute()))


def _client(asked: SurveyRequest, stack: ExitStack) -> Client:
    """A client of the scheduler that *asked* names, or of a cluster of its own, which ends with *stack*."""
    from distributed import Client, LocalCluster

    try:
        if asked.scheduler or asked.scheduler_file:
            where = {"scheduler_file": asked.scheduler_file} if asked.scheduler_file else {"address": asked.scheduler}
            client = stack.enter_context(Client(**where, timeout=10))
            _refuse_other_versions(client)
            return client
        import dask

        stack.enter_context(dask.config.set({"distributed.scheduler.allowed-failures": _DEATHS}))
        cluster = stack.enter_context(
            LocalCluster(
                n_workers=asked.workers, threads_per_worker=1, dashboard_address=":0", silence_logs=40, memory_limit=0
            )
        )
        return stack.enter_context(Client(cluster))
    # A scheduler that asks for a certificate raises TypeError where there is none, a text that is no address ValueError.
    except (OSError, TimeoutError, TypeError, ValueError) as error:
        address = asked.scheduler or asked.scheduler_file
        raise UsageProblem(
            f"no scheduler answers at {address}: {error}",
            hint="start one (dask scheduler); certificates for tls:// are set in Dask's configuration, distributed.comm.tls",
        ) from error


def _refuse_other_versions(client: Client) -> None:
    """Raise ``UsageProblem`` where a worker has another Python or wheelcheck than the client: their pickles may differ."""
    import sys

    own = (_own_version(), sys.version_info[:2])
    for address, theirs in client.run(_versions).items():
        if tuple(theirs) != own:
            raise UsageProblem(
                f"worker {address} has wheelcheck {theirs[0]} on Python {theirs[1][0]}.{theirs[1][1]}, and here it is"
                f" {own[0]} on {own[1][0]}.{own[1][1]}",
                hint="install the same on all machines",
            )
    if not client.scheduler_info()["workers"]:
        raise UsageProblem("the scheduler has no workers", hint="start some: dask worker ADDRESS --nthreads 1")


def _versions() -> tuple[str, tuple[int, int]]:
    import sys

    return _own_version(), sys.version_info[:2]


def _iter_answers(
    client: Client, questions: Sequence[Question], limits: Limits
) -> Iterator[tuple[str, Answer | str, TimingRow]]:
    """The answer of each question or why there is none, as they come; few are sent ahead, so that memory stays small."""
    from distributed import as_completed

    waiting = iter(questions)
    workers = max(1, len(client.scheduler_info(n_workers=-1)["workers"]))
    if workers > limits.requests:
        raise UsageProblem(
            f"{workers} workers cannot keep to {limits.requests} open requests", hint="give a larger --requests"
        )
    shared = replace(limits, requests=limits.requests // workers)

    asked: dict[str, Question] = {}

    def sent(question: Question, again: str = "") -> Future[Any]:
        key = question.key + again
        asked[key] = question
        return client.submit(_on_worker, question, shared, key=key, pure=False)

    first = [sent(question) for _, question in zip(range(workers * _AHEAD), waiting, strict=False)]
    coming = as_completed(first)
    for future in coming:
        key = str(future.key)
        question = asked.pop(key)
        try:
            found, seconds, worker = future.result()
        except Exception as error:  # a worker that died or was lost: the question has failed, and the survey goes on
            found, seconds, worker = f"{type(error).__name__}: {error}".splitlines()[0], 0.0, ""
        future.release()
        if isinstance(found, Died):
            if not key.endswith(_AGAIN):
                coming.add(sent(question, _AGAIN))
                continue
            found = f"{found.reason}, twice"
        yield question.key, found, TimingRow(question=question.key, seconds=seconds, worker=worker)
        for following in waiting:
            coming.add(sent(following))
            break


def _on_worker(question: Question, limits: Limits) -> tuple[Answer | str | Died, float, str]:
    """What a worker runs: its child answers. Returns the answer, the seconds and the worker's address."""
    from distributed import get_worker

    worker: Any = get_worker()
    child = getattr(worker, "wheelcheck_child", None)
    if child is None:
        child = worker.wheelcheck_child = Child(limits)
    began = time.monotonic()
    return child.answer(question), time.monotonic() - began, worker.address
