"""Projects on several indexes get the answer that pip gives in pip's default, and that uv gives in each of uv's strategies."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from tests.fakes.peers import why_no_pip
from tests.indexes.answering import answers
from tests.indexes.situations import FAULTS, FAULTY, SITUATIONS, Situation, served
from tests.indexes.tools import FAILS, PIP, TABLE, UV, Ask, ask_pip, ask_uv, asked_of
from wheelcheck.options import IndexStrategy

EXPECTED: Mapping[str, Mapping[str, str]] = json.loads(TABLE.read_text())
ASKED = [("", SITUATIONS), *((fault, FAULTY) for fault in FAULTS)]


def expected(tool: str, fault: str) -> Mapping[str, str]:
    return EXPECTED[f"{tool} {fault}".rstrip()]


def of_pip(situations: tuple[Situation, ...]) -> list[Situation]:
    return [each for each in situations if not each.pinned_to]


def test_sixty_situations_and_more_are_compared() -> None:
    assert len({each.name for each in SITUATIONS}) == len(SITUATIONS) >= 60
    assert len(set(expected(PIP, "").values()) | {FAILS}) > 40
    assert {each.name for each in SITUATIONS} == set(expected("uv first-index", ""))


@pytest.mark.parametrize(("fault", "situations"), ASKED)
def test_what_pip_reads_is_answered_as_pip_does(fault: str, situations: tuple[Situation, ...]) -> None:
    with served(situations, fault) as indexes:
        assert answers(indexes, of_pip(situations), "pip") == expected(PIP, fault)


@pytest.mark.parametrize(("fault", "situations"), ASKED)
def test_what_uv_reads_is_answered_as_uv_does(fault: str, situations: tuple[Situation, ...]) -> None:
    with served(situations, fault) as indexes:
        assert answers(indexes, situations, "uv") == expected("uv first-index", fault)


BY_FINALS_FIRST = {"pre-release-on-extra": "1.0 main", "development-release": "1.0 main"}
BY_WHEELS_FIRST = {"wheel-on-main-source-on-extra": "2.0 main"}
BY_HASH = {"hash-of-main": "1.0 main", "hash-of-third": "1.0 third"}
DIFFERENT: Mapping[IndexStrategy, Mapping[str, str]] = {
    "unsafe-first-match": BY_FINALS_FIRST,
    "unsafe-best-match": {**BY_WHEELS_FIRST, **BY_HASH},
}
"""Where the answer is another one than uv's, on purpose.

Pre-releases are admitted by one rule, whichever index lists them; a wheel comes before the source archive of its version; of the
files of one version, the one with a hash that is asked for is taken.
"""


@pytest.mark.parametrize("strategy", DIFFERENT)
def test_a_strategy_that_is_named_means_what_uv_means(strategy: IndexStrategy) -> None:
    with served(SITUATIONS) as indexes:
        found = answers(indexes, SITUATIONS, "uv", strategy)
    own = {name: f"{name} {answer}" for name, answer in DIFFERENT[strategy].items()}
    assert found == {**expected(f"uv {strategy}", ""), **own}
    assert all(expected(f"uv {strategy}", "")[name] != answer for name, answer in own.items())


@pytest.mark.parametrize("strategy", DIFFERENT)
@pytest.mark.parametrize("fault", FAULTS)
def test_an_index_that_refuses_to_answer_is_passed_over_by_the_unsafe_strategies(
    strategy: IndexStrategy, fault: str
) -> None:
    with served(FAULTY, fault) as indexes:
        assert answers(indexes, FAULTY, "uv", strategy) == expected(f"uv {strategy}", fault)


def asked_again(tool: str, ask: Ask, fault: str, situations: tuple[Situation, ...]) -> None:
    frozen = expected(tool, fault)
    asked = [each for each in situations if each.name in frozen]
    failing = [name for name, answer in frozen.items() if answer == FAILS]
    with served(situations, fault) as indexes:
        assert asked_of(ask, indexes, asked, failing) == frozen


@pytest.mark.skipif(bool(why_no_pip()), reason=why_no_pip())
@pytest.mark.parametrize("fault", ["", "extra-down", "extra-403"])
def test_the_answers_of_pip_are_those_that_pip_gives(fault: str) -> None:
    asked_again(PIP, ask_pip, fault, FAULTY if fault else SITUATIONS)


@pytest.mark.skipif(UV is None, reason="uv is not here (extra: peers)")
@pytest.mark.parametrize("fault", ["", "extra-down", "extra-403"])
def test_the_answers_of_uv_are_those_that_uv_gives(fault: str) -> None:
    asked_again("uv first-index", ask_uv("first-index"), fault, FAULTY if fault else SITUATIONS)
