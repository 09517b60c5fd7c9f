"""Answers to questions drawn by seed stay what they were: ``python -m tests.resolver.test_answers`` writes ``answers.txt``.

Whether they are right is what the laws in ``tests/property`` are about. Here an answer that another choice, order or count gives is
noticed: the plans of unaffected inputs keep their bytes.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.resolver.questions import TARGETS, Drawn, cost_of, lines_of
from wheelcheck.resolver.passes import resolve
from wheelcheck.resolver.resolution_cache import ResolutionCache, read_ahead

WRITTEN = Path(__file__).with_name("answers.txt")
SEEDS = range(300)
_DEEP = range(150, 300)


def said(seed: int) -> str:
    """The question of *seed*, its answer, what that cost, and what is taken over for other targets."""
    drawn = Drawn(seed, deep=seed in _DEEP)
    projects = drawn.projects()
    outcome = resolve(drawn.question(), projects)
    lines = [f"== {seed}: {', '.join(drawn.roots)}", *lines_of(outcome), cost_of(projects)]
    shared = drawn.projects()
    cache = ResolutionCache(shared)
    answers = []
    for target in range(len(TARGETS)):
        answers.append(lines_of(cache.resolve(drawn.question(target)))[0])
        if not target:
            read_ahead(outcome, [drawn.question(other) for other in range(1, len(TARGETS))], shared)
    lines.append(f"targets: {cache.searches} searched, {cache.hits} taken over; {cost_of(shared)}")
    return "\n".join([*lines, *(f"  {each}" for each in answers), ""])


@pytest.mark.parametrize("seed", SEEDS)
def test_answer_to_a_question_stays_what_it_was(seed: int) -> None:
    written = re.split(r"(?m)^(?=== )", WRITTEN.read_text())[1:]
    assert said(seed) == written[seed]


if __name__ == "__main__":
    found = list(map(said, SEEDS))
    WRITTEN.write_text("".join(found))
    print(f"{sum('resolved' in each.splitlines()[1] for each in found)} of {len(found)} resolve")
