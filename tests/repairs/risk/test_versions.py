"""Grounds of other versions, at their borders: what a pin takes along, what moves besides, lost builds, lists that are cut."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from tests.fakes.projects import FakeProjects, wheel
from tests.repairs.risk.cases import CannedCode, described, edit, judged, module, overridden, survey, texts, use
from tests.repairs.risk.test_overrides import AV, NAMES
from tests.repairs.situations import CUDA
from tests.resolver.test_passes import answer
from wheelcheck.model.code import ImportKind, ModuleState
from wheelcheck.model.knowledge import RepairKnowledge
from wheelcheck.model.repair import EditKind

WIN = "cp311-cp311-win_amd64"


def company(own: str | None, brought: Sequence[str | None]) -> list[str]:
    """What is said of a pin of the day *own* that brings projects of the days *brought*."""
    names = [f"lib{number}" for number in range(len(brought))]
    projects = FakeProjects(
        {
            "app": {"2": [wheel()], "1": [wheel(requires=names, upload_time=own)]},
            **{name: {"1": [wheel(upload_time=day)]} for name, day in zip(names, brought, strict=True)},
        }
    )
    edits = [edit(EditKind.PIN, "app", "==2", "==1")]
    found = texts(judged(projects, edits, before=answer(projects, "app==2"), after=answer(projects, "app==1")))
    return [text for _, text in found if "released years before" in text]


DAY = "2020-03-01T12:00:00Z"


@pytest.mark.parametrize(
    ("own", "brought", "is_told"),
    [
        (DAY, "2022-03-01T12:00:00Z", True),
        (DAY, "2022-03-01T11:59:59Z", False),
        (DAY, "2030-03-01T12:00:00Z", True),
        (DAY, "2019-03-01T12:00:00Z", False),
        (DAY, None, False),
        (None, "2022-03-01T12:00:00Z", False),
    ],
)
def test_pin_is_older_than_what_it_brings_by_two_years(own: str | None, brought: str | None, is_told: bool) -> None:
    told = [f"app 1 (2020-03-01) was released years before what it brings: lib0 1 ({str(brought)[:10]})"]
    assert company(own, [brought]) == (told if is_told else [])


@pytest.mark.parametrize(
    ("count", "ending"),
    [
        (3, "lib0 1 (2024-01-01), lib1 1 (2024-01-01), lib2 1 (2024-01-01)"),
        (4, "lib2 1 (2024-01-01) and 1 more"),
        (6, "lib2 1 (2024-01-01) and 3 more"),
    ],
)
def test_three_of_what_a_pin_brings_are_named(count: int, ending: str) -> None:
    [told] = company(DAY, ["2024-01-01T00:00:00Z"] * count)
    assert told.endswith(ending)


def test_what_was_chosen_before_as_well_is_not_brought() -> None:
    projects = FakeProjects(
        {
            "app": {"2": [wheel(requires=["lib"])], "1": [wheel(requires=["lib"], upload_time=DAY)]},
            "lib": {"1": [wheel(upload_time="2024-01-01T00:00:00Z")], "2": [wheel(upload_time="2025-01-01T00:00:00Z")]},
        }
    )
    edits = [edit(EditKind.PIN, "app", "==2", "==1")]

    def told(before: str, after: str) -> bool:
        outcomes = answer(projects, "app==2", f"lib=={before}"), answer(projects, "app==1", f"lib=={after}")
        found = texts(judged(projects, edits, before=outcomes[0], after=outcomes[1]))
        return any("released years before" in text for _, text in found)

    assert [told("1", "1"), told("2", "2"), told("1", "2"), told("2", "1")] == [False, False, True, True]


# What moves besides


def besides(moves: Sequence[tuple[str, str, str | None, str | None]]) -> list[tuple[str, str]]:
    """What is said of projects that move from one version to another, each with its days."""
    names = [f"lib{number}" for number in range(len(moves))]
    projects = FakeProjects(
        {
            "app": {
                "2": [wheel(requires=[f"{name}=={move[0]}" for name, move in zip(names, moves, strict=True)])],
                "1": [wheel(requires=[f"{name}=={move[1]}" for name, move in zip(names, moves, strict=True)])],
            },
            **{
                name: {before: [wheel(upload_time=first)], after: [wheel(upload_time=second)]}
                for name, (before, after, first, second) in zip(names, moves, strict=True)
            },
        }
    )
    edits = [edit(EditKind.PIN, "app", "==2", "==1")]
    found = texts(judged(projects, edits, before=answer(projects, "app==2"), after=answer(projects, "app==1")))
    start = "as a side effect, within what is declared, "
    return [(risk, text.removeprefix(start)) for risk, text in found if text.startswith(start)]


@pytest.mark.parametrize(
    ("move", "told"),
    [
        (("2.0", "1.0", None, None), [("low", "lib0 2.0 → 1.0 (one major version older)")]),
        (("3.0", "1.0", None, None), [("medium", "lib0 3.0 → 1.0 (2 major versions older)")]),
        (("1.0", "2.0", None, None), []),
        (("1.5", "1.2", None, None), []),
        (("1.5", "1.2", "2024-01-01T00:00:00Z", "2022-01-01T00:00:00Z"), []),
        (
            ("1.5", "1.2", "2024-01-01T00:00:00Z", "2021-12-31T00:00:00Z"),
            [("low", "lib0 1.5 → 1.2 (3 minor versions, 2 years older)")],
        ),
        (("2024.1", "2023.1", None, None), []),
        (
            ("2024.1", "2021.1", "2024-01-01T00:00:00Z", "2021-01-01T00:00:00Z"),
            [("low", "lib0 2024.1 → 2021.1 (3 years older)")],
        ),
    ],
)
def test_project_that_ends_far_older_is_a_side_effect(
    move: tuple[str, str, str | None, str | None], told: list[tuple[str, str]]
) -> None:
    assert besides([move]) == told


@pytest.mark.parametrize(
    ("count", "ending"),
    [(3, "lib2 2.0 → 1.0 (one major version older)"), (4, " and one more project"), (5, " and 2 more projects")],
)
def test_three_side_effects_are_named(count: int, ending: str) -> None:
    [(_, told)] = besides([("2.0", "1.0", None, None)] * count)
    assert told.endswith(ending)
    assert told.count("→") == 3


def test_worst_side_effect_is_named_first() -> None:
    [(risk, told)] = besides([("2.0", "1.0", None, None), ("9.0", "1.0", None, None)])
    assert risk == "medium"
    assert told.startswith("lib1 9.0 → 1.0")


# Lost builds


@pytest.mark.parametrize(
    ("before", "lost"),
    [
        ("==1.0+cu124", ("high", "loses CUDA: lib 1.0 is not the build +cu124 that was asked for")),
        ("==1.0+odd", ("high", "loses what that build has: lib 1.0 is not the build +odd that was asked for")),
        ("==1.0+cpu", ("medium", "loses little: lib 1.0 is not the build +cpu that was asked for")),
        ("==1.0", None),
        ("<2,==1.0+cu124", ("high", "loses CUDA: lib 1.0 is not the build +cu124 that was asked for")),
    ],
)
@pytest.mark.parametrize("kind", [EditKind.PIN, EditKind.OVERRIDE])
def test_build_that_was_asked_for_and_is_another_then_is_lost(
    kind: EditKind, before: str, lost: tuple[str, str] | None
) -> None:
    projects = FakeProjects({"lib": {"1.0": [wheel()]}})
    same = answer(projects, "lib==1.0")
    cpu = replace(CUDA, label="cpu", means="little", works=True)
    knowledge = RepairKnowledge(labels=(CUDA, cpu))
    found = texts(judged(projects, [edit(kind, "lib", before, "==1.0")], before=same, after=same, knowledge=knowledge))
    assert [each for each in found if each[1].startswith("loses")] == ([lost] if lost else [])


def test_build_that_was_asked_for_and_is_had_is_not_lost() -> None:
    projects = FakeProjects({"lib": {"1.0+cu124": [wheel()]}})
    same = answer(projects, "lib==1.0+cu124")
    found = texts(judged(projects, [edit(EditKind.PIN, "lib", "==1.0+cu124", "==1.0")], before=same, after=same))
    assert not any(text.startswith("loses") for _, text in found)


# What a dependant takes


def taken(
    *statements: str, kind: ImportKind = ImportKind.UNCONDITIONAL, state: ModuleState = ModuleState.READ
) -> list[tuple[str, str]]:
    uses = [use(statement, line=line, kind=kind) for line, statement in enumerate(statements, 1)]
    offered = {
        "av==12.0.0": described(module("av", *(f"has{number}" for number in range(9)), "__version__", state=state))
    }
    code = CannedCode(names=NAMES, surveys={"audio": survey(*uses)}, modules=offered)
    return texts(overridden(AV, code, before="==11.0.0", after="==12.0.0"))[-2:]


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (1, "av.has0: it is in av 12.0.0"),
        (2, "av.has0, av.has1: all are in av 12.0.0"),
        (5, "av.has0, av.has1, av.has2, av.has3, av.has4: all are in av 12.0.0"),
        (6, "av.has0, av.has1, av.has2, av.has3, av.has4 and 1 more: all are in av 12.0.0"),
        (8, "av.has0, av.has1, av.has2, av.has3, av.has4 and 3 more: all are in av 12.0.0"),
    ],
)
def test_five_names_are_listed(count: int, words: str) -> None:
    statement = f"from av import {', '.join(f'has{number}' for number in range(count))}"
    assert taken(statement)[-1] == ("low", f"audio imports {words}")


@pytest.mark.parametrize(
    ("name", "risk"),
    [
        ("__name__", "low"),
        ("__version__", "low"),
        ("__gone", "high"),
        ("gone__", "high"),
        ("has1", "low"),
        ("gone", "high"),
    ],
)
def test_names_of_every_module_are_there(name: str, risk: str) -> None:
    found = [each for each in taken(f"from av import {name}") if f"av.{name}" in each[1]]
    assert [each[0] for each in found] == [risk]


@pytest.mark.parametrize(
    ("kind", "risk"),
    [
        (ImportKind.UNCONDITIONAL, "high"),
        (ImportKind.IN_FUNCTION, "high"),
        (ImportKind.CONDITIONAL, "medium"),
        (ImportKind.GUARDED, "low"),
        (ImportKind.TYPE_CHECKING, "low"),
    ],
)
def test_missing_name_is_as_bad_as_its_import_is_certain(kind: ImportKind, risk: str) -> None:
    found = [each for each in taken("from av import gone", kind=kind) if "av.gone" in each[1]]
    said = "" if kind is ImportKind.UNCONDITIONAL else f", {kind.value}"
    assert found == [(risk, f"audio/data.py:1 takes av.gone, which av 12.0.0 does not have{said}")]


def test_one_of_several_places_is_told_with_the_number_of_the_others() -> None:
    found = taken("from av import gone", "from av import gone")
    assert any(text.endswith("does not have (and 1 more place)") for _, text in found)
    found = taken(*["from av import gone"] * 4)
    assert any(text.endswith("does not have (and 3 more places)") for _, text in found)
