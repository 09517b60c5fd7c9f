"""What nobody foresaw is told as a bug, with an exit status that no answer has."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import click
import pytest
from packaging.utils import canonicalize_name

from tests.fakes.archives import make_sdist
from tests.server import IndexServer
from wheelcheck.archives.reader import ArchiveReader
from wheelcheck.cli.main import run
from wheelcheck.errors import UsageProblem, reading
from wheelcheck.index.config import IndexConfig
from wheelcheck.index.store import IndexStore
from wheelcheck.knowledge.loading import load_native
from wheelcheck.model.distribution import Judgement, Sdist


class Breaking(ArchiveReader):
    """Archives that cannot judge a source archive."""

    def judge_sdist(self, file: BinaryIO, filename: str) -> Judgement:
        raise SystemError("recursion depth mismatch")


def told(capsys: pytest.CaptureFixture[str], work: Callable[[], object]) -> str:
    """The one line of a command that does *work*, which must end as a bug."""

    @click.command
    def command() -> None:
        work()

    assert run([], command) == 70
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: this is a bug in wheelcheck and no answer: ")
    assert err.count("\n") == 1
    assert "Please report this line" in err
    return err


def test_archive_that_breaks_the_one_who_judges_it_in_a_thread_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with IndexServer({"s": [make_sdist("s", "1.0")]}) as server:

        def work() -> None:
            with IndexStore(
                IndexConfig(index_urls=(server.simple_url,), cache_dir=None), Breaking(knowledge=load_native)
            ) as store:
                page = store.page(canonicalize_name("s"))
                (sdist,) = (each for found in page.distributions.values() for each in found)
                assert isinstance(sdist, Sdist)
                store.source(sdist)

        line = told(capsys, work)
    assert "SystemError: recursion depth mismatch at " in line
    assert "while reading s-1.0.tar.gz" in line


def test_the_nearest_name_of_what_was_read_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        with reading("a bundle"), reading("a-1.0-py3-none-any.whl"):
            raise AssertionError

    assert " while reading a-1.0-py3-none-any.whl. " in told(capsys, work)


def test_thread_that_died_is_a_bug_whatever_the_status_is(capsys: pytest.CaptureFixture[str]) -> None:
    def die() -> None:
        raise KeyError("lost")

    def work() -> int:
        thread = threading.Thread(target=die)
        thread.start()
        thread.join()
        return 1

    assert "KeyError: 'lost'" in told(capsys, work)


def test_secrets_and_line_ends_in_what_was_raised_are_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        raise ValueError("at https://user:hunter2@index.example/simple/\nand more" + "x" * 5000)

    line = told(capsys, work)
    assert "hunter2" not in line
    assert "index.example/simple/ and more" in line
    assert len(line) < 700


def test_traceback_is_printed_on_demand(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    @click.command
    def command() -> None:
        raise ValueError("no")

    assert run([], command) == 70
    assert "Traceback" not in capsys.readouterr().err
    for words, value in ((["--traceback"], ""), ([], "1")):
        monkeypatch.setenv("WHEELCHECK_TRACEBACK", value)
        assert run(words, command) == 70
        assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_error_that_was_foreseen_has_no_note() -> None:
    with pytest.raises(UsageProblem) as caught, reading("a"):
        raise UsageProblem("no")
    assert not hasattr(caught.value, "__notes__")
