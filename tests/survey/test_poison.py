"""A question that crashes, hangs or eats memory ends its child process, and the next one is answered."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from docs.transcripts import CATALOG
from tests.server.index_server import IndexServer
from tests.server.mode import Mode
from wheelcheck.api.request import Request
from wheelcheck.api.targets import TargetWords
from wheelcheck.survey.answering import Child, Died, Limits
from wheelcheck.survey.questions import Asked, Question, ask
from wheelcheck.survey.rows import Answer
from wheelcheck.survey.sources import SurveyInput

GOOD = "pixelbox\n"


@pytest.fixture
def server() -> Iterator[IndexServer]:
    with IndexServer(CATALOG) as server:
        yield server


def _question(url: str, text: str, tmp_path: Path) -> Question:
    request = Request(inputs=(), environ={}, folder=str(tmp_path), index_url=url, cache_dir=str(tmp_path / "cache"))
    targets = TargetWords(platforms=("linux",), pythons=("3.12",))
    asked = ask(SurveyInput(id="x", words=("requirements.txt",), text=text), request, targets, "1")
    assert isinstance(asked, Asked)
    return asked.question


@pytest.fixture
def child() -> Iterator[Child]:
    with Child(Limits(seconds=60)) as child:
        yield child


def test_answer_of_a_child_is_rows(server: IndexServer, tmp_path: Path, child: Child) -> None:
    answer = child.answer(_question(server.simple_url, GOOD, tmp_path))
    assert isinstance(answer, Answer)
    assert [(row.platform, row.status) for row in answer.cells] == [("manylinux_2_28_x86_64", "installs")]


def test_question_that_hangs_is_ended_and_the_next_is_answered(server: IndexServer, tmp_path: Path) -> None:
    with Child(Limits(seconds=8)) as child:
        with IndexServer(CATALOG, mode=Mode(latency=20)) as slow:
            assert child.answer(_question(slow.simple_url, GOOD, tmp_path / "slow")) == Died(
                reason="no answer within 8 s"
            )
        assert isinstance(child.answer(_question(server.simple_url, GOOD, tmp_path)), Answer)


def test_bug_costs_its_own_question(server: IndexServer, tmp_path: Path, child: Child) -> None:
    good = _question(server.simple_url, GOOD, tmp_path)
    found = child.answer(replace(good, prepared=replace(good.prepared, question=None)))
    assert isinstance(found, str)
    assert found.startswith("a bug in wheelcheck: TypeError")
    assert isinstance(child.answer(good), Answer)


def test_child_that_is_killed_is_told_and_started_again(server: IndexServer, tmp_path: Path, child: Child) -> None:
    good = _question(server.simple_url, GOOD, tmp_path)
    assert isinstance(child.answer(good), Answer)
    assert child._process is not None
    child._process.kill()
    child._process.wait()
    assert isinstance(child.answer(good), Answer)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded by the system's own limit")
def test_question_that_needs_more_memory_than_it_may_have_is_told(server: IndexServer, tmp_path: Path) -> None:
    with Child(Limits(seconds=60, bytes=1 << 20)) as child:
        found = child.answer(_question(server.simple_url, GOOD, tmp_path))
    assert isinstance(found, str | Died)
    assert "memory" in str(found) or "ended with status" in str(found)
