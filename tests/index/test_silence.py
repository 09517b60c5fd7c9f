"""No wait is for ever: what is lost is asked again, what drips is given up, and who waits may end it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from tests.index.silent_server import PAGE, Manner, silent_server
from tests.index.stores import name, store
from wheelcheck.errors import IndexUnavailable
from wheelcheck.index.config import Credentials, IndexConfig
from wheelcheck.index.exchange import Reply, Request, RequestKind, Tally
from wheelcheck.index.transport import Transport
from wheelcheck.model.distribution import Installability
from wheelcheck.model.requirement import CommandLineOrigin, Requirement
from wheelcheck.model.resolution import Conflict, Policy
from wheelcheck.ports import SilentReporter
from wheelcheck.resolver.passes import resolve
from wheelcheck.resolver.question import Budget, Question
from wheelcheck.targets.targets import parse_target


def fetched(config: IndexConfig, *urls: str) -> list[Reply | IndexUnavailable]:
    """What a transport brings from *urls*, asked all at once."""

    async def one(transport: Transport, url: str) -> Reply | IndexUnavailable:
        try:
            return await transport.fetch(Request(url=url, kind=RequestKind.PAGE, what="a", limit=1024**2))
        except IndexUnavailable as problem:
            return problem

    async def work() -> list[Reply | IndexUnavailable]:
        transport = Transport(config, Credentials(()), Tally(), SilentReporter())
        try:
            return list(await asyncio.gather(*(one(transport, url) for url in urls)))
        finally:
            await transport.close()

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return runner.run(work())


def took(work: Callable[[], object]) -> float:
    start = time.monotonic()
    work()
    return time.monotonic() - start


@pytest.mark.parametrize("manner", ["silent", "stops", "slow-headers"])
def test_what_is_lost_while_all_is_still_is_asked_again_long_before_the_timeout(manner: Manner) -> None:
    config = IndexConfig(timeout=60, silence=1.0, retries=0)
    with silent_server(a=(1, manner)) as server:
        start = time.monotonic()
        (reply,) = fetched(config, f"{server.url}a/")
        assert isinstance(reply, Reply)
        assert reply.body == PAGE
        assert time.monotonic() - start < 20
        assert server.seen["/simple/a/"] == 2


def test_what_is_slow_is_waited_for_in_full_the_second_time() -> None:
    config = IndexConfig(timeout=0.8, silence=0.2, retries=1, backoff=0.01)
    with silent_server(a=(9, "silent")) as server:
        url = f"{server.url}a/"
        start = time.monotonic()
        (problem,) = fetched(config, url)
        assert isinstance(problem, IndexUnavailable)
        assert 1.6 < time.monotonic() - start < 20
        assert url in str(problem)
        assert "no answer in time (2 attempts)" in str(problem)
        assert server.seen["/simple/a/"] == 4


def test_what_drips_is_given_up_with_the_url_and_what_came() -> None:
    config = IndexConfig(timeout=0.5, silence=60, retries=0)
    with silent_server(a=(9, "drips")) as server:
        url = f"{server.url}a/"
        start = time.monotonic()
        (problem,) = fetched(config, url)
        assert time.monotonic() - start < 20
    assert isinstance(problem, IndexUnavailable)
    assert url in str(problem)
    assert "bytes received in" in str(problem)


def test_headers_that_drip_are_given_up() -> None:
    config = IndexConfig(timeout=0.5, silence=60, retries=0)
    with silent_server(a=(9, "slow-headers")) as server:
        start = time.monotonic()
        (problem,) = fetched(config, f"{server.url}a/")
        assert isinstance(problem, IndexUnavailable)
        assert time.monotonic() - start < 20


def test_a_slow_answer_is_not_asked_for_again_while_others_come() -> None:
    config = IndexConfig(timeout=1.5, silence=0.5, retries=0)

    async def work() -> tuple[Reply | IndexUnavailable, int]:
        transport = Transport(config, Credentials(()), Tally(), SilentReporter())

        async def ask(each: str) -> Reply | IndexUnavailable:
            try:
                return await transport.fetch(
                    Request(url=f"{server.url}{each}/", kind=RequestKind.PAGE, what="a", limit=1024**2)
                )
            except IndexUnavailable as problem:
                return problem

        try:
            slow = asyncio.ensure_future(ask("a"))
            while not slow.done():
                await asyncio.sleep(0.1)
                await ask("b")
            return await slow, server.seen["/simple/a/"]
        finally:
            await transport.close()

    with silent_server(a=(9, "silent")) as server, asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        answer, times = runner.run(work())
    assert isinstance(answer, IndexUnavailable)
    assert times == 1


def test_whoever_waits_may_end_it_and_ask_again() -> None:
    class Enough(Exception):
        pass

    def check() -> None:
        raise Enough

    with silent_server(a=(9, "silent")) as server, store(server.url, timeout=60) as projects:
        projects.while_waiting(check)

        def wait() -> None:
            with pytest.raises(Enough):
                projects.page(name("a"))

        assert took(wait) < 10
        projects.while_waiting(None)
        assert projects.page(name("b")).state == "active"


def test_a_resolution_ends_with_its_budget_though_an_answer_never_comes() -> None:
    with silent_server(a=(9, "silent")) as server, store(server.url, timeout=60) as projects:
        question = Question(
            requirements=(Requirement.parse("a", CommandLineOrigin(text="a")),),
            target=parse_target("win_amd64", "3.11"),
            policy=Policy(allowed=frozenset(Installability)),
            budget=Budget(seconds=1.0),
        )
        start = time.monotonic()
        outcome = resolve(question, projects)
        assert isinstance(outcome, Conflict)
        assert outcome.budget_spent
        assert time.monotonic() - start < 20
