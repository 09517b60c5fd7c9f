"""Projects that get another version, by an edit or as its side effect: how far that is, and what their dependants take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from packaging.utils import NormalizedName

from wheelcheck.model.repair import Edit, Ground, Risk
from wheelcheck.repairs.risk.case import RepairCase
from wheelcheck.repairs.risk.distance import MILDER, Distance, declared_start, distance_of
from wheelcheck.repairs.risk.names import judge_names

_SHOWN = 3
_OLD_DAYS = 2 * 365.25


def judge_override(case: RepairCase, edit: Edit) -> Iterator[Ground]:
    """The distance between declared and chosen, and whether what is imported is still there."""
    if edit.package is None or (chosen := case.chosen(edit.package)) is None:
        return
    start = declared_start(case, edit, edit.package, chosen.version)
    if start is None:
        text = f"{edit.package} {chosen.version}: how far that is from what was declared is not known"
        yield Ground(risk=Risk.MEDIUM, text=text)
    elif start != chosen.version:
        distance = distance_of(case, edit.package, start, chosen.version)
        yield Ground(risk=distance.risk, text=_move_text(edit.package, distance))
    yield from judge_names(case, edit.package, chosen)


def judge_pin(case: RepairCase, edit: Edit) -> Iterator[Ground]:
    """The distance alone, one step milder: the user's line is the user's to change, and nobody's metadata forbids it."""
    if edit.package is None or (chosen := case.chosen(edit.package)) is None:
        return
    start = declared_start(case, edit, edit.package, chosen.version)
    if start is not None and start != chosen.version:
        distance = distance_of(case, edit.package, start, chosen.version)
        yield Ground(risk=MILDER[distance.risk], text=_move_text(edit.package, distance))


def judge_constraint(case: RepairCase, edit: Edit) -> Iterator[Ground]:
    """A version within every declared range: what its dependants say they live with."""
    if edit.package is None:
        return
    chosen, natural = case.chosen(edit.package), case.natural(edit.package)
    what = f"{edit.package} {chosen.version if chosen is not None else edit.after}".strip()
    instead = (
        f" instead of {natural.version}"
        if natural is not None and chosen is not None and natural.version != chosen.version
        else ""
    )
    yield Ground(risk=Risk.LOW, text=f"{what}{instead} is within what everyone declares")


def judge_side_effects(case: RepairCase) -> Iterator[Ground]:
    """At most one ground: projects that no edit names and that end older by a major version or two years."""
    named = {edit.package for edit in case.edits}
    moved: list[tuple[NormalizedName, Distance]] = []
    for name, pin in sorted(case.after.pins.items()):
        natural = case.natural(name)
        if natural is None or name in named or pin.version >= natural.version:
            continue
        distance = distance_of(case, name, natural.version, pin.version)
        if _is_far_back(distance):
            moved.append((name, distance))
    if moved:
        moved.sort(key=lambda item: -item[1].risk.order)
        risk = Risk.MEDIUM if moved[0][1].risk is Risk.HIGH else Risk.LOW
        yield Ground(risk=risk, text=f"as a side effect, within what is declared, {_listed(moved)}")


def _is_far_back(distance: Distance) -> bool:
    years = distance.time is not None and abs(distance.time).days > _OLD_DAYS
    return years or (distance.step[0] == "major" and not distance.is_calendar)


def _listed(moved: Iterable[tuple[NormalizedName, Distance]]) -> str:
    texts = [f"{name} {each.before} → {each.after} ({each})" for name, each in moved]
    rest = len(texts) - _SHOWN
    more = f" and {rest} more projects" if rest > 1 else " and one more project" if rest == 1 else ""
    return f"{', '.join(texts[:_SHOWN])}{more}"


def _move_text(name: NormalizedName, distance: Distance) -> str:
    return f"{name} moves {distance.before} → {distance.after}: {distance}"
