"""The parts of a page that several answers share: grid, subjects, repair cards, packages, sizes, allowances and facts."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date

from msgspec import Struct

from wheelcheck.model.check import Allowance, CheckedTarget, Verdict
from wheelcheck.model.distribution import Installability
from wheelcheck.model.plan import InputRecord, Plan, PlannedPackage
from wheelcheck.model.repair import Edit, Repair
from wheelcheck.model.target import Target
from wheelcheck.model.urls import masked_within
from wheelcheck.report.commands import asked_command, repaired_command
from wheelcheck.report.grouping import FindingGroup
from wheelcheck.report.html.drawing import Way, draw_ways, squarified
from wheelcheck.report.html.page import (
    AllowanceRow,
    Card,
    Cells,
    Fact,
    Graph,
    Grid,
    GridCell,
    Package,
    Patch,
    Reason,
    Subject,
    Tile,
    Tone,
    Treemap,
)
from wheelcheck.report.page import sentence, size_text
from wheelcheck.report.verdicts import allowance_subject, iter_details
from wheelcheck.report.wording import change, gain, iter_dated_moves, iter_releases, listed_targets
from wheelcheck.texts.words import counted, folded, grouped

_SOON = 14  # days before its last day from which an allowance is shown as ending
_MOVES = 12
_WAYS = 400
_MAP_WIDTH, _MAP_HEIGHT, _TILES = 960.0, 300.0, 28
_LETTER, _LINE = 7.2, 18.0
_TONES: Mapping[Installability, Tone] = {
    Installability.WHEEL: "good",
    Installability.SDIST_PURE: "build",
    Installability.SDIST_OPTIONAL: "build",
}
_VERDICTS: Mapping[Verdict, Tone] = {Verdict.FAILS: "bad", Verdict.WARNS: "unsure"}
Patches = Mapping[tuple[Edit, ...], Patch]


class Telling(Struct, frozen=True, kw_only=True):
    """What a page is told besides its answer: the day (ISO 8601), the command that was *asked*, and the patches of repairs."""

    today: str
    asked: tuple[str, ...] = ()
    patches: Patches = {}


class Sheet(Struct, frozen=True, kw_only=True):
    """The targets of an answer in the order of their cells, each with its plan."""

    targets: tuple[CheckedTarget, ...]

    def cells(self, targets: Iterable[Target]) -> Cells:
        """The numbers of *targets*."""
        named = {each.name for each in targets}
        return tuple(number for number, each in enumerate(self.targets) if each.target.name in named)

    @property
    def plans(self) -> Iterator[tuple[Target, Plan]]:
        """The targets that have a plan."""
        return ((each.target, each.plan) for each in self.targets if each.plan is not None)


def grid_of(sheet: Sheet, told: Callable[[CheckedTarget], tuple[Tone, str, str]]) -> Grid:
    """The grid of *sheet*; *told* says tone, word and detail of a target."""
    platforms = dict.fromkeys(each.target.platform for each in sheet.targets)
    pythons = tuple(dict.fromkeys(each.target.python for each in sheet.targets))
    placed: dict[tuple[str, str], GridCell] = {}
    for number, each in enumerate(sheet.targets):
        tone, word, detail = told(each)
        place = each.target.platform, each.target.python
        placed[place] = GridCell(number=number, target=str(each.target), tone=tone, word=word, detail=detail)
    return Grid(
        pythons=pythons,
        rows=tuple((name, tuple(placed.get((name, python)) for python in pythons)) for name in platforms),
        legend=tuple(dict.fromkeys((cell.tone, cell.word) for cell in placed.values())),
    )


def facts_of(inputs: Sequence[InputRecord], sheet: Sheet, telling: Telling) -> tuple[Fact, ...]:
    """The inputs with their hashes, the day, the indexes, and as of when they were read."""
    facts = [
        Fact(label="input", text=each.path, more=f"sha256 {each.sha256}" if each.sha256 else "") for each in inputs
    ]
    facts.append(Fact(label="made on", text=telling.today))
    options = next((plan.options for _, plan in sheet.plans), None)
    if options is not None:
        facts += [Fact(label="index", text=url) for url in options.indexes]
        if options.exclude_newer:
            facts.append(Fact(label="files until", text=options.exclude_newer))
        facts.append(Fact(label="source archives", text=options.sdist))
    return tuple(facts)


def subjects_of(groups: Iterable[FindingGroup], sheet: Sheet, state: str) -> tuple[Subject, ...]:
    """The findings of *groups* by project, those of most targets first; *state* is the word for what they do (``blocks``)."""
    found = []
    for same in grouped(groups, lambda group: (group.finding.package, group.finding.package or group.message)).values():
        cells = sheet.cells(target for group in same for target in group.targets)
        versions = dict.fromkeys(str(group.finding.version) for group in same if group.finding.version is not None)
        name = same[0].finding.package
        found.append(
            Subject(
                name=" ".join((name, folded(tuple(versions), 2))).strip() if name else same[0].finding.code.title,
                tone=_VERDICTS.get(same[0].verdict, "none"),
                state=state,
                cells=cells,
                reach=len(cells),
                of=len(sheet.targets),
                reasons=tuple(_reason(group, sheet) for group in same),
            )
        )
    return tuple(sorted(found, key=lambda subject: -subject.reach))


def _reason(group: FindingGroup, sheet: Sheet) -> Reason:
    lines = [(label, text) for label, text in iter_details(group) if label != "repair"]
    if len(sheet.targets) > 1:
        lines.append(("on", listed_targets(group.targets)))
    code = group.finding.code
    return Reason(
        code=code.number,
        link=code.address,
        title=code.title,
        message=sentence(group.message),
        cells=sheet.cells(group.targets),
        lines=tuple(lines),
    )


def graph_of(groups: Iterable[FindingGroup], sheet: Sheet) -> Graph | None:
    """The ways to the projects of *groups*, those of most targets first."""
    ways: list[Way] = []
    for group in sorted(groups, key=lambda group: -len(group.targets)):
        cells = sheet.cells(group.targets)
        ways += [(path, cells) for path in group.finding.paths if len(ways) < _WAYS]
    return draw_ways(ways)


class Offer(Struct, frozen=True, kw_only=True):
    """A repair with the targets that it opens; the first of *targets* is the one on which it was proved, with its *plan*."""

    repair: Repair
    targets: tuple[Target, ...]
    plan: Plan
    id: str = ""
    proof: str = ""


def offers_of(sheet: Sheet) -> tuple[Offer, ...]:
    """The repairs that the plans of *sheet* have and did not apply, each once with all its targets; those of most first."""
    every = ((repair, target, plan) for target, plan in sheet.plans for repair in plan.repairs)
    pairs = [(repair, target, plan) for repair, target, plan in every if repair.id not in plan.applied]
    several = len(sheet.targets) > 1
    offers = [
        Offer(
            repair=same[0][0],
            targets=tuple(target for _, target, _ in same),
            plan=same[0][2],
            id="" if several else same[0][0].id,
            proof="Proved by resolving again" + (" on each of them" if len(same) > 1 else ""),
        )
        for same in grouped(pairs, lambda pair: pair[0].edits).values()
    ]
    return tuple(sorted(offers, key=lambda offer: -len(offer.targets)))


def card_of(offer: Offer, sheet: Sheet, telling: Telling) -> Card:
    """The card of *offer*, with the command and the patch that apply it."""
    repair, first = offer.repair, offer.targets[0]
    changes = [change(edit, first) for edit in repair.edits]
    verified = repair.verified
    command = repaired_command(asked_command(offer.plan, telling.asked), repair, first)
    moves = (("changes", iter_dated_moves(verified)), ("adds", iter_releases(verified.added)),
             ("drops", iter_releases(verified.removed)))  # fmt: skip
    facts = [("gives", gain(verified)), *((label, folded(tuple(texts), _MOVES)) for label, texts in moves)]
    return Card(
        id=offer.id,
        changes=(sentence(changes[0]), *changes[1:]),
        risk=repair.risk.value,
        opens=listed_targets(offer.targets),
        proof=offer.proof,
        cells=sheet.cells(offer.targets),
        command=shlex.join(masked_within(word) for word in command),
        facts=tuple((label, text) for label, text in facts if text),
        grounds=tuple(
            (ground.risk.value, ground.text, _quoted(ground.file, ground.line, ground.quote))
            for ground in sorted(repair.grounds, key=lambda ground: -ground.risk.order)
        ),
        patch=telling.patches.get(repair.edits, Patch()),
    )


def _quoted(file: str | None, line: int | None, quote: str | None) -> str:
    place = f"{file}:{line}" if file and line else file or ""
    return f"{place}: {quote}" if place and quote else place


def packages_of(sheet: Sheet) -> tuple[Package, ...]:
    """Every version that some target installs, by name."""
    plans = ((number, each.plan) for number, each in enumerate(sheet.targets) if each.plan is not None)
    every = ((number, package) for number, plan in plans for package in plan.packages)
    found = grouped(every, lambda pair: (pair[1].name, str(pair[1].version), pair[1].installability))
    return tuple(
        Package(
            name=name,
            version=version,
            kind=how.value,
            tone=_TONES.get(how, "bad"),
            wanted_by=_wanted(package for _, package in same),
            size=_size(package.size for _, package in same),
            cells=tuple(number for number, _ in same),
        )
        for (name, version, how), same in sorted(found.items(), key=lambda item: item[0][0])
    )


def _wanted(packages: Iterable[PlannedPackage]) -> str:
    names: dict[str, None] = {}
    for package in packages:
        names |= dict.fromkeys((*(("you",) if package.requested else ()), *package.required_by))
    return folded(tuple(names), 3) if names else ""


def _size(sizes: Iterable[int | None]) -> str:
    known = sorted(size for size in sizes if size is not None)
    if not known:
        return ""
    small, large = size_text(known[0]), size_text(known[-1])
    return small if small == large else f"{small} to {large}"


def treemaps_of(sheet: Sheet) -> tuple[Treemap, ...]:
    """What the targets download, drawn once for all that download the same."""
    drawn = []
    for number, each in enumerate(sheet.targets):
        packages = each.plan.packages if each.plan is not None else ()
        sizes: dict[str, int | None] = {package.name: package.size for package in packages if package.file is not None}
        if any(sizes.values()):
            drawn.append((number, str(each.target), sizes))
    return tuple(
        _treemap([target for _, target, _ in same], same[0][2], tuple(number for number, _, _ in same))
        for same in grouped(drawn, lambda item: tuple(sorted(item[2].items(), key=lambda pair: pair[0]))).values()
    )


def _treemap(targets: Sequence[str], sizes: Mapping[str, int | None], cells: Cells) -> Treemap:
    known = sorted(((name, size) for name, size in sizes.items() if size), key=lambda pair: (-pair[1], pair[0]))
    total, unknown = sum(size for _, size in known), len(sizes) - len(known)
    shown = dict(known[:_TILES])
    if rest := sum(size for _, size in known[_TILES:]):
        shown[f"{len(known) - _TILES} more"] = rest
    # The small ones together may be the largest.
    shown = dict(sorted(shown.items(), key=lambda pair: -pair[1]))
    tiles = []
    for name, (x, y, width, height) in squarified(shown, _MAP_WIDTH, _MAP_HEIGHT).items():
        size = size_text(shown[name])
        fits = height > _LINE and width > len(name) * _LETTER + 12
        tiles.append(
            Tile(
                x=round(x, 1),
                y=round(y, 1),
                width=round(width, 1),
                height=round(height, 1),
                label=name if fits else "",
                size=size if fits and height > 2 * _LINE + 4 and width > len(size) * _LETTER + 12 else "",
                title=f"{name}: {size}",
            )
        )
    heading = f"{size_text(total)} in {counted(len(known), 'file')} on {folded(targets, 2)}"
    if unknown:
        heading += f"; the index does not say the size of {counted(unknown, 'more file', 'more files')}"
    return Treemap(heading=heading, tiles=tuple(tiles), cells=cells)


def allowances_of(
    sheet: Sheet, expired: Iterable[Allowance], unused: Iterable[Allowance], telling: Telling
) -> tuple[AllowanceRow, ...]:
    """Every allowance with the days that it has left, those that end first before the others."""
    used = (judged.allowance for each in sheet.targets for judged in each.judged if judged.allowance is not None)
    idle = tuple(unused)
    rows = [_allowance(each, each in idle, telling.today) for each in dict.fromkeys((*expired, *used, *idle))]
    return tuple(row for _, row in sorted(rows, key=lambda pair: pair[0]))


def _allowance(allowance: Allowance, is_idle: bool, today: str) -> tuple[int, AllowanceRow]:
    days = (date.fromisoformat(allowance.expires) - date.fromisoformat(today)).days
    left = f"{counted(days, 'day')} left" if days > 0 else "last day" if days == 0 else f"ended {allowance.expires}"
    tone: Tone = "bad" if days < 0 else "unsure" if days <= _SOON else "good"
    row = AllowanceRow(
        subject=allowance_subject(allowance),
        left="covers nothing and can go" if is_idle else f"{left}, until {allowance.expires}" if days > 0 else left,
        tone="none" if is_idle else tone,
        reason=allowance.reason,
        place=str(allowance.origin),
    )
    return days, row
