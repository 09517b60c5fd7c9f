"""Every repair's printed command, run again from nothing, gives the outcome that the repair shows.

The words are understood twice: by the small interpreter of these tests, which shares no code with the edits, and by the
pipeline, as a person's own command line would be.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from tests.repairs.questions import CommandLine, Elsewhere, commands
from tests.repairs.situations import SITUATIONS, VENDOR
from wheelcheck.api.preparing import prepare
from wheelcheck.api.request import Request
from wheelcheck.model.distribution import Installability, Status
from wheelcheck.model.repair import Edit, EditKind, Repair
from wheelcheck.model.resolution import Conflict, Resolution
from wheelcheck.ports import SilentReporter
from wheelcheck.repairs.context import WithSources
from wheelcheck.resolver.passes import resolve

Shown = tuple[str, int, list[str], dict[str, tuple[str, str]], dict[str, str], dict[str, str]]

# No pipeline understands these on a command line of strings: an editable path, and hashes.
WRITTEN = {name: each for name, each in SITUATIONS.items() if not each.line.unsupported and not each.line.hashes}


def shown_by(repair: Repair) -> Shown:
    """What *repair* says that its edits give."""
    verified = repair.verified
    return (
        verified.status.value,
        verified.packages,
        [str(name) for name in verified.built_once],
        {str(move.name): (str(move.before), str(move.after)) for move in verified.changed},
        {str(name): str(version) for name, version in verified.added},
        {str(name): str(version) for name, version in verified.removed},
    )


def given_by(before: Resolution | Conflict, after: Resolution | Conflict) -> Shown:
    """The same of two resolutions, worked out here once more."""
    assert isinstance(after, Resolution), f"the command does not even resolve: {after.clashes or after.natural}"
    natural = before if isinstance(before, Resolution) else before.natural
    old = {str(name): str(pin.version) for name, pin in natural.pins.items()} if natural is not None else {}
    new = {str(name): str(pin.version) for name, pin in after.pins.items()}
    built = sorted(str(name) for name, pin in after.pins.items() if pin.installability is not Installability.WHEEL)
    return (
        (Status.NEEDS_BUILD if built else Status.INSTALLABLE).value,
        len(new),
        built,
        {name: (old[name], new[name]) for name in old.keys() & new.keys() if old[name] != new[name]},
        {name: version for name, version in new.items() if name not in old} if natural is not None else {},
        {name: version for name, version in old.items() if name not in new},
    )


def as_request(line: CommandLine, folder: Path) -> Request:
    """A command line as the pipeline takes it."""
    return Request(
        inputs=line.inputs,
        platform=line.platform,
        python=line.python,
        constraints=line.constraints,
        overrides=line.overrides,
        excludes=line.excludes,
        replacements=line.replacements,
        sources=line.sources,
        exclude_newer=line.exclude_newer,
        sdist="deny" if line.sdist == "deny" else "pure",
        index_url="https://index.example/simple/",
        no_cache=True,
        folder=str(folder),
        environ={},
    )


@pytest.mark.parametrize("name", SITUATIONS)
def test_command_of_every_repair_gives_again_what_the_repair_shows(name: str) -> None:
    situation = SITUATIONS[name]
    before = situation.answer_with(())
    for repair in situation.proposals().repairs:
        assert given_by(before, situation.answer_with(repair.options)) == shown_by(repair), repair.options


@pytest.mark.parametrize("name", WRITTEN)
def test_pipeline_understands_the_command_of_every_repair_as_it_was_proved(name: str, tmp_path: Path) -> None:
    situation = WRITTEN[name]
    before = situation.answer_with(())
    for repair in situation.proposals().repairs:
        prepared = prepare(as_request(situation.line.with_words(repair.options), tmp_path), SilentReporter())
        fake = situation.projects()
        sources = WithSources(fake, Elsewhere(fake, situation.elsewhere), prepared.index.project_indexes)
        assert given_by(before, resolve(prepared.question, sources)) == shown_by(repair), repair.options


@pytest.mark.parametrize("name", WRITTEN)
def test_command_of_every_repair_asks_the_very_question_that_was_proved(name: str, tmp_path: Path) -> None:
    situation = WRITTEN[name]
    asked = prepare(as_request(situation.line, tmp_path), SilentReporter())
    proved = situation.proved(question=asked.question)
    for repair in proved.proposals.repairs:
        proof = proved.proofs[repair.id]
        again = prepare(as_request(situation.line.with_words(repair.options), tmp_path), SilentReporter())
        assert proof.question == again.question
        line = situation.line
        assert line.with_words(proof.difference.words) == line.with_words(repair.options)
        assert {**asked.index.project_indexes, **proof.difference.sources} == again.index.project_indexes


@pytest.mark.parametrize("name", SITUATIONS)
def test_proof_of_every_repair_is_the_resolution_that_the_repair_shows(name: str) -> None:
    situation = SITUATIONS[name]
    before = situation.answer_with(())
    proved = situation.proved()
    assert list(proved.proofs) == [repair.id for repair in proved.proposals.repairs]
    for repair in proved.proposals.repairs:
        assert given_by(before, proved.proofs[repair.id].resolution) == shown_by(repair), repair.options


@pytest.mark.parametrize("name", SITUATIONS)
def test_same_question_has_the_same_proposals(name: str) -> None:
    assert SITUATIONS[name].proposals() == SITUATIONS[name].proposals()


@pytest.mark.parametrize("name", SITUATIONS)
def test_no_repair_contains_another_and_the_cheapest_comes_first(name: str) -> None:
    repairs = SITUATIONS[name].proposals().repairs
    made = [frozenset((edit.kind, edit.package, edit.after) for edit in repair.edits) for repair in repairs]
    assert not [(one, other) for one in made for other in made if one < other], commands(SITUATIONS[name].proposals())
    assert [repair.cost for repair in repairs] == sorted(repair.cost for repair in repairs)
    assert [repair.id for repair in repairs] == [f"R{number}" for number in range(1, len(repairs) + 1)]
    assert all(repair.risk.order == max(ground.risk.order for ground in repair.grounds) for repair in repairs)


def test_the_tests_words_are_all_the_kinds_of_edit_there_are() -> None:
    kinds = {edit.kind for each in SITUATIONS.values() for repair in each.proposals().repairs for edit in repair.edits}
    assert kinds == set(EditKind)


def test_repair_whose_command_says_something_else_is_found_out() -> None:
    """The comparison itself: a command that overrides to another version than was proved must not pass."""
    situation = SITUATIONS["both-wheels"]
    (repair, *_) = situation.proposals().repairs
    other = Edit(
        kind=EditKind.OVERRIDE,
        package=canonicalize_name("av"),
        options=("--override", "av==5.0"),
    )
    assert given_by(situation.answer_with(()), situation.answer_with(other.options)) != shown_by(repair)


def test_vendors_wheel_is_taken_from_the_vendors_index_by_the_command() -> None:
    situation = SITUATIONS["vendors-index"]
    outcome = situation.answer_with(("--source", f"torch={VENDOR}"))
    assert isinstance(outcome, Resolution)
    assert {str(name): str(pin.version) for name, pin in outcome.pins.items()} == {
        "app": "1.0",
        "torch": "1.0",
    }
