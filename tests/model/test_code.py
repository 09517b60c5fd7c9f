"""Source to syntax trees: what is refused, and that threads are kept apart."""

from __future__ import annotations

import ast
import gc
import inspect
import sys
import threading
from collections.abc import Iterator

import pytest

from wheelcheck.model.code import parse_source, parse_tree

LONG = inspect.getsource(inspect)


@pytest.mark.parametrize(
    "source",
    ["x = (", "x = 1\0", b"# coding: no-such-thing\n", b"x = '\xff'", "(" * 5000, "-" * 100_000 + "1", "\ud800"],
    ids=["cut", "NUL", "encoding", "bytes", "nested", "deep", "surrogate"],
)
def test_what_is_no_source_is_a_syntax_error(source: str | bytes) -> None:
    with pytest.raises(SyntaxError):
        parse_tree(source)
    assert parse_source(source if isinstance(source, bytes) else source.encode("utf-8", "surrogatepass")) is None


def test_the_source_of_others_warns_of_nothing() -> None:
    assert parse_tree(r"x = '\d'").body  # a warning would be an error here
    assert gc.isenabled()


def nothing_much() -> None:
    sum(range(200))


def parse() -> None:
    ast.literal_eval("'x'")


@pytest.fixture(params=[nothing_much, parse])
def restless(request: pytest.FixtureRequest) -> Iterator[None]:
    """Threads are interrupted as often as can be: the garbage collector runs all the time, and runs Python code."""

    def collecting(phase: str, info: dict[str, int]) -> None:
        request.param()

    interval, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(1e-5)
    gc.set_threshold(50, 5, 5)
    gc.callbacks.append(collecting)
    yield
    gc.callbacks.remove(collecting)
    gc.set_threshold(*thresholds)
    sys.setswitchinterval(interval)


def test_threads_do_not_disturb_each_other_and_the_collector_disturbs_none(restless: None) -> None:
    failed: list[SystemError] = []

    def parse_many() -> None:
        for _ in range(15):
            try:
                parse_tree(LONG)
            except SystemError as problem:
                failed.append(problem)

    threads = [threading.Thread(target=parse_many) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert gc.isenabled()
