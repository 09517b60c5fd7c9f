"""A question that crashes, hangs or eats memory ends its child process, and the next one is answered."""

from __future__ import annotations

import ctypes
import pickle
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from msgspec.structs import replace

from docs.transcripts import CATALOG
from tests.server.index_server import IndexServer
from tests.server.mode import Mode
from wheelcheck.api.request import Request
from wheelcheck.api.targets import TargetWords
from wheelcheck.errors import UsageProblem
from wheelcheck.survey.answering import Child, Died, Limits, parse_answer
from wheelcheck.survey.questions import Asked, Asker, Question
from wheelcheck.survey.sources import SurveyInput
from wheelcheck.survey.tables import Answer

GOOD = "pixelbox\n"


@pytest.fixture
def server() -> Iterator[IndexServer]:
    with IndexServer(CATALOG) as server:
        yield server


def _question(url: str, text: str, tmp_path: Path) -> Question:
    request = Request(inputs=(), environ={}, folder=str(tmp_path), index_url=url, cache_dir=str(tmp_path / "cache"))
    targets = TargetWords(platforms=("linux",), pythons=("3.12",))
    with TemporaryDirectory() as scratch:
        asked = Asker(request, targets, version="1", day="2026-11-29", scratch=Path(scratch)).ask(
            SurveyInput(id="x", words=("requirements.txt",), text=text)
        )
    assert isinstance(asked, Asked)
    assert asked.question is not None
    return asked.question


class _Calls:
    """Calls *function* with *argument* in whichever process it is unpacked."""

    def __init__(self, function: Callable[[int], object], argument: int) -> None:
        self._call = (function, (argument,))

    def __reduce__(self) -> tuple[Callable[[int], object], tuple[int]]:
        return self._call


def _poison(good: Question, key: str, what: object) -> Question:
    """*good* with something packed in it that the child unpacks and nobody before."""
    return replace(good, key=key, prepared=pickle.dumps(what))


def _asked(child: Child, question: Question) -> Answer | str | Died:
    found = child.answer(question, 50)
    return found if isinstance(found, Died) else parse_answer(found)


@pytest.fixture
def child() -> Iterator[Child]:
    with Child(Limits(seconds=60)) as child:
        yield child


def test_answer_of_a_child_is_rows(server: IndexServer, tmp_path: Path, child: Child) -> None:
    answer = _asked(child, _question(server.simple_url, GOOD, tmp_path))
    assert isinstance(answer, Answer)
    assert [(row.platform, row.status) for row in answer.cells] == [("manylinux_2_28_x86_64", "installs")]


def test_question_that_hangs_is_ended_and_the_next_is_answered(server: IndexServer, tmp_path: Path) -> None:
    with Child(Limits(seconds=8)) as child:
        with IndexServer(CATALOG, mode=Mode(latency=20)) as slow:
            assert _asked(child, _question(slow.simple_url, GOOD, tmp_path / "slow")) == Died(
                reason="no answer within 8 s"
            )
        assert isinstance(_asked(child, _question(server.simple_url, GOOD, tmp_path)), Answer)


def test_bug_costs_its_own_question(server: IndexServer, tmp_path: Path, child: Child) -> None:
    good = _question(server.simple_url, GOOD, tmp_path)
    without = replace(pickle.loads(good.prepared), question=None)  # noqa: S301 - packed above
    found = _asked(child, _poison(good, good.key, without))
    assert isinstance(found, str)
    assert found.startswith("a bug in wheelcheck: TypeError")
    assert isinstance(_asked(child, good), Answer)


def test_child_that_is_killed_is_told_and_started_again(server: IndexServer, tmp_path: Path, child: Child) -> None:
    good = _question(server.simple_url, GOOD, tmp_path)
    assert isinstance(_asked(child, good), Answer)
    assert child._process is not None
    child._process.kill()
    child._process.wait()
    assert isinstance(_asked(child, good), Answer)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded by the system's own limit")
def test_question_that_needs_more_memory_than_it_may_have_is_told(server: IndexServer, tmp_path: Path) -> None:
    with Child(Limits(seconds=60, bytes=1 << 20)) as child:
        found = _asked(child, _question(server.simple_url, GOOD, tmp_path))
    assert isinstance(found, str | Died)
    assert "memory" in str(found) or "ended with status" in str(found)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded by the system's own limit")
def test_poison_costs_its_own_question_on_a_cluster_too(server: IndexServer, tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="the extra wheelcheck[survey] is not installed")
    from wheelcheck.survey.cluster import iter_answers, open_client

    good = _question(server.simple_url, GOOD, tmp_path)
    poisons = {
        "hangs": _Calls(time.sleep, 10_000),
        "takes 10 GB": _Calls(bytearray, 10 << 30),
        "crashes the interpreter": _Calls(ctypes.string_at, 0),
    }
    asked = [replace(good, key="first"), *(_poison(good, key, what) for key, what in poisons.items())]
    asked += [replace(good, key=f"good {number}") for number in range(8)]
    limits = Limits(seconds=15, bytes=2 << 30)
    with ExitStack() as stack:
        client = open_client(2, "", "", stack)
        found = {each.question: each.found for each in iter_answers(client, asked, limits)}
    assert len(found) == len(asked)
    assert {key for key, each in found.items() if isinstance(each, Answer)} == {
        "first", *(f"good {number}" for number in range(8)),
    }  # fmt: skip
    assert found["hangs"] == "no answer within 15 s, twice"
    assert found["takes 10 GB"] == "more memory was needed than one question may have"
    assert found["crashes the interpreter"] == "the process that answered ended with status -11, twice"


def test_worker_that_joins_later_gets_its_share_of_the_requests(server: IndexServer, tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="the extra wheelcheck[survey] is not installed")
    from wheelcheck.survey.cluster import iter_answers, open_client

    good = _question(server.simple_url, GOOD, tmp_path)
    workers: set[str] = set()

    def questions() -> Iterator[Question]:
        """As many as are needed until two workers have answered."""
        for number in range(20_000):
            if len(workers) == 2:
                return
            yield replace(good, key=str(number))

    with ExitStack() as stack:
        client = open_client(1, "", "", stack)
        for each in iter_answers(client, questions(), Limits(seconds=60, requests=2)):
            assert isinstance(each.found, Answer)
            if not workers:
                client.cluster.scale(2)
            workers.add(each.worker)
        assert len(workers) == 2
        with pytest.raises(UsageProblem, match="2 workers cannot keep to 1 open requests"):
            list(iter_answers(client, [good], Limits(requests=1)))
