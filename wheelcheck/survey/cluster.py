"""Has Dask's workers answer questions: each once, in batches, within a limit of requests that holds for all workers together.

``Question, … → Answered, …``, as they come. The engine is ``dask.distributed``: a ``LocalCluster`` of its own, or a scheduler that
is there. Each worker asks a child process (:mod:`wheelcheck.survey.answering`), so that a poisonous question costs its own cells.
Where a child dies, the question is asked once more. Where a worker dies, Dask asks another one; after three deaths the questions
of its batch are asked one by one, and the one that kills its worker again has failed.

Each worker has an equal share of the requests. One that joins later answers nothing until all that is being answered has ended;
then the shares are made anew.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from wheelcheck.errors import IndexUnavailable, UsageProblem
from wheelcheck.survey.answering import Child, Died, Limits, parse_answer
from wheelcheck.survey.questions import Question
from wheelcheck.survey.tables import Answer

if TYPE_CHECKING:
    from distributed import Client

_ENGINE = {
    "distributed.scheduler.allowed-failures": 3,
    # What Dask watches of itself takes 3 % of a processor in each process.
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "10s",
}
_AHEAD = 2  # batches that each worker has, so that it need not wait for the next one
_BATCH_SECONDS, _BATCH = 2.0, 50  # what a batch should take, and its most questions


class Answered(Struct, frozen=True, kw_only=True):
    """What came of a *question*, by its key: the answer or why there is none, after *seconds*, by the *worker* of this address."""

    question: str
    found: Answer | str
    seconds: float
    worker: str


def own_version() -> str:
    """The version of wheelcheck, empty where it is not installed."""
    try:
        return version("wheelcheck")
    except PackageNotFoundError:
        return ""


def open_client(workers: int, scheduler: str, scheduler_file: str, stack: ExitStack) -> Client:
    """A client of the *scheduler* at this address, or of a cluster of its own with *workers*, which ends with *stack*.

    Raises ``UsageProblem`` for a scheduler that does not answer, has no workers, or has workers of another version.
    """
    from distributed import Client, LocalCluster

    try:
        if scheduler or scheduler_file:
            where = {"scheduler_file": scheduler_file} if scheduler_file else {"address": scheduler}
            client = stack.enter_context(Client(**where, timeout=10))
            _refuse_other_versions(client)
            return client
        import dask

        stack.enter_context(dask.config.set(_ENGINE))
        settings = {"threads_per_worker": 1, "dashboard_address": ":0", "silence_logs": 40, "memory_limit": 0}
        cluster = stack.enter_context(LocalCluster(n_workers=workers, **settings))
        return stack.enter_context(Client(cluster))
    # A scheduler that asks for a certificate raises TypeError where there is none, a text that is no address ValueError.
    except (OSError, TimeoutError, TypeError, ValueError) as error:
        raise UsageProblem(
            f"no scheduler answers at {scheduler or scheduler_file}: {error}",
            hint="start one (dask scheduler); certificates for tls:// are set in Dask's configuration, distributed.comm.tls",
        ) from error


def _refuse_other_versions(client: Client) -> None:
    """Raise ``UsageProblem`` where a worker has no wheelcheck, or another Python or wheelcheck: their pickles may differ."""
    own, same = _versions(), "install the same on all machines"
    for address, theirs in client.run(_versions, on_error="return").items():
        if isinstance(theirs, Exception):
            raise UsageProblem(f"worker {address} cannot run wheelcheck: {theirs}", hint=same)
        if tuple(theirs) != own:
            (release, python), (ours, here) = theirs, own
            there = f"wheelcheck {release} on Python {python[0]}.{python[1]}"
            fact = f"worker {address} has {there}, and here it is {ours} on {here[0]}.{here[1]}"
            raise UsageProblem(fact, hint=same)
    if not client.scheduler_info()["workers"]:
        raise UsageProblem("the scheduler has no workers", hint="start some: dask worker ADDRESS --nthreads 1")


def _versions() -> tuple[str, tuple[int, int]]:
    return own_version(), sys.version_info[:2]


def iter_answers(client: Client, questions: Iterable[Question], limits: Limits) -> Iterator[Answered]:
    """What came of each of *questions*, as it comes; they are taken as they are needed, so that memory stays small.

    Raises ``UsageProblem`` where there are more workers than requests that may be open, ``IndexUnavailable`` where the scheduler is
    lost.
    """
    return iter(_Spreading(client, iter(questions), limits))


class _Spreading:
    """The questions that are on their way, and those that are to be asked again."""

    def __init__(self, client: Client, questions: Iterator[Question], limits: Limits) -> None:
        from distributed import as_completed

        self._client = client
        self._questions = questions
        self._limits = limits
        self._coming = as_completed()
        self._again: deque[tuple[Question, ...]] = deque()
        self._sent: dict[str, tuple[Question, ...]] = {}
        self._number = 0
        self._died: set[str] = set()
        self._answered, self._seconds = 0, 0.0
        self._share_out()

    def __iter__(self) -> Iterator[Answered]:
        self._fill()
        while self._sent:
            future = next(self._coming)
            batch = self._sent.pop(str(future.key))
            try:
                worker, outcomes = future.result()
            except Exception as error:  # a worker died with it, again and again; or a bug
                yield from self._lost(batch, error)
            else:
                if outcomes is None:
                    self._again.appendleft(batch)
                    self._is_shared_out = False
                else:
                    yield from self._of_batch(batch, outcomes, worker)
            future.release()
            if not self._is_shared_out and not self._sent:
                self._share_out()
            self._fill()

    def _share_out(self) -> None:
        """Give each worker that is there now its share of the requests."""
        self._workers = frozenset(self._client.scheduler_info(n_workers=-1)["workers"])
        if len(self._workers) > self._limits.requests:
            raise UsageProblem(
                f"{len(self._workers)} workers cannot keep to {self._limits.requests} open requests",
                hint="give a larger --requests; what was answered is kept",
            )
        self._is_shared_out = True

    def _fill(self) -> None:
        workers = max(1, len(self._workers))
        while self._is_shared_out and len(self._sent) < _AHEAD * workers and (batch := self._next()):
            self._number += 1
            key = f"wheelcheck-{self._number}-{batch[0].key}"
            self._sent[key] = batch
            said = batch, self._limits, self._limits.requests // workers, self._workers
            self._coming.add(self._client.submit(_on_worker, *said, key=key, pure=False))

    def _next(self) -> tuple[Question, ...]:
        """The questions of the next batch, about as many as are answered in the seconds that one should take."""
        if self._again:
            return self._again.popleft()
        count = int(_BATCH_SECONDS * self._answered / self._seconds) if self._seconds else 1
        return tuple(islice(self._questions, min(max(1, count), _BATCH)))

    def _of_batch(
        self, batch: tuple[Question, ...], outcomes: list[tuple[bytes | Died, float]], worker: str
    ) -> Iterator[Answered]:
        for question, (outcome, seconds) in zip(batch, outcomes, strict=True):
            self._answered += 1
            self._seconds += seconds
            if isinstance(outcome, Died) and question.key not in self._died:
                self._died.add(question.key)
                self._again.append((question,))
                continue
            found = f"{outcome.reason}, twice" if isinstance(outcome, Died) else parse_answer(outcome)
            yield Answered(question=question.key, found=found, seconds=seconds, worker=worker)

    def _lost(self, batch: tuple[Question, ...], error: Exception) -> Iterator[Answered]:
        from distributed.client import FutureCancelledError

        if isinstance(error, FutureCancelledError) or self._client.status != "running":
            raise IndexUnavailable("the scheduler is lost", hint="run it again: it continues") from error
        if len(batch) > 1:
            self._again.extend((question,) for question in batch)
            return
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        yield Answered(question=batch[0].key, found=reason, seconds=0.0, worker="")


def _on_worker(
    batch: tuple[Question, ...], limits: Limits, requests: int, known: frozenset[str]
) -> tuple[str, list[tuple[bytes | Died, float]] | None]:
    """What a worker runs: its child answers each question of *batch* with *requests* open at most.

    Returns the worker's address, and of each question the answer and the seconds; nothing where the worker is not *known*.
    """
    from distributed import get_worker

    worker: Any = get_worker()
    if worker.address not in known:
        return worker.address, None
    child = getattr(worker, "wheelcheck_child", None)
    if child is None:
        child = worker.wheelcheck_child = Child(limits)
    outcomes = []
    for question in batch:
        began = time.monotonic()
        outcomes.append((child.answer(question, requests), time.monotonic() - began))
    return worker.address, outcomes
