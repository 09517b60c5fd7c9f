"""Each situation's proposals, whole, as they were recorded in ``recorded.txt``: no price, ground, count or sentence changes unseen.

``python -m tests.repairs.test_recorded`` records anew; the difference is then to be read like any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.repairs.questions import Situation
from tests.repairs.rare_situations import RARE
from tests.repairs.situations import SITUATIONS
from tests.repairs.test_import_repairs import IMPORTING
from wheelcheck.model.repair import Ground, Proposals, Repair
from wheelcheck.repairs.context import Limits

_RECORD = Path(__file__).with_name("recorded.txt")
_EVERY: Mapping[str, Situation] = {**SITUATIONS, **IMPORTING, **RARE}
_MANY = Limits(repairs=8)


def rendered(proposals: Proposals) -> Iterator[str]:
    """All that *proposals* say, line by line."""
    for repair in (*proposals.repairs, *proposals.failing):
        yield from _rendered_repair(repair)
    for each in proposals.unrepairable:
        yield f"✗ {each.package} {each.version}: {each.message}"
        yield from (f"    {path}" for path in each.paths)
    for suggestion in proposals.suggestions:
        yield f"? {' '.join(suggestion.edit.options)} ({suggestion.edit.because}): {suggestion.message}"
    yield f"{proposals.tried} tried, {'complete' if proposals.complete else proposals.unreached}{proposals.interrupted}"


def _rendered_repair(repair: Repair) -> Iterator[str]:
    verified = repair.verified
    yield f"{repair.id} {repair.risk.value}, {repair.cost}, {verified.packages} packages, {verified.status.value}"
    for edit in repair.edits:
        yield f"  {edit.line} ({edit.because}) {' '.join(edit.options)}"
    yield from (f"  {_rendered_ground(ground)}" for ground in repair.grounds)
    moves = [f"{each.name} {each.before} → {each.after}" for each in verified.changed]
    moves += [f"+ {name} {version}" for name, version in verified.added]
    moves += [f"- {name} {version}" for name, version in verified.removed]
    moves += [f"{name} is built" for name in verified.built_once]
    yield f"  gives {', '.join(moves) or 'the same'}"


def _rendered_ground(ground: Ground) -> str:
    fails = ", fails" if ground.fails is True else ""
    place = f" [{ground.file}:{ground.line} {ground.quote!r}{fails}]" if ground.file else fails
    return f"{ground.risk.value}: {ground.text}{place}"


def _record(situation: Situation) -> str:
    more = situation.proposals(_MANY)
    others = [f"{each.cost} {' '.join(each.options)}" for each in (*more.repairs, *more.failing)]
    return "\n".join((*rendered(situation.proposals()), f"of eight: {', '.join(others)}; {more.tried} tried"))


def _recorded() -> dict[str, str]:
    parts = _RECORD.read_text(encoding="utf-8").split("\n## ")[1:]
    return {name: text.strip("\n") for name, _, text in (part.partition("\n") for part in parts)}


@pytest.mark.parametrize("name", _EVERY)
def test_situation_has_the_proposals_that_were_recorded(name: str) -> None:
    assert _record(_EVERY[name]) == _recorded()[name]


def test_nothing_else_is_recorded() -> None:
    assert _recorded().keys() == _EVERY.keys()


if __name__ == "__main__":
    told = "".join(f"\n## {name}\n{_record(each)}\n" for name, each in _EVERY.items())
    _RECORD.write_text("Written by python -m tests.repairs.test_recorded.\n" + told, encoding="utf-8")
