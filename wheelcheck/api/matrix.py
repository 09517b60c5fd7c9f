"""``matrix``: answers one input on platforms times Pythons, and looks for repairs of blocked cells; decides nothing about packages.

``MatrixRequest → Prepared → (Answer → Plan) for each cell → Matrix``. Pages, metadata and archives are fetched once for all cells.
A cell whose index fails is reported as failed; the others are answered all the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from wheelcheck.api.answering import Answer, answered, proposals_for
from wheelcheck.api.edges import open_store
from wheelcheck.api.preparing import Prepared, prepare
from wheelcheck.api.request import Request
from wheelcheck.api.targets import TargetWords, load_targets
from wheelcheck.errors import ArchiveRefused, IndexUnavailable, MetadataMalformed
from wheelcheck.model.repair import EditKind
from wheelcheck.ports import Reporter, SilentReporter

if TYPE_CHECKING:
    from wheelcheck.index.store import IndexStore
    from wheelcheck.model.answers import Cell, Matrix, Opening
    from wheelcheck.model.target import Target
    from wheelcheck.settings.loading import Settings

_REPAIRS = 3  # of which one is shown: the cheapest that stays in its cell
_EVERY = ("all",)
_LEAVING = frozenset({EditKind.PYTHON, EditKind.PLATFORM})  # another cell is no way to open this one


class MatrixRequest(Struct, frozen=True, kw_only=True):
    """One question to :func:`matrix`.

    *request* has everything that does not differ between cells; its ``repair_seconds`` are for the whole run. *targets* are the
    words for rows and columns; where neither they nor the settings say anything of platforms, or of Pythons, all known ones are
    meant.
    """

    request: Request
    targets: TargetWords = field(default_factory=TargetWords)


def matrix(
    asked: MatrixRequest, *, reporter: Reporter | None = None, clock: Callable[[], float] = time.monotonic
) -> Matrix:
    """Answer the inputs of *asked* for each of its cells, compare, and look for what would open the blocked ones.

    Blocked, undecided and failed cells are answers. Raises ``UsageProblem``, ``InputUnreadable`` and ``SettingsInvalid`` for what
    cannot be understood.
    """
    from wheelcheck.model.answers import Matrix
    from wheelcheck.plans.comparing import best_python, find_blockers

    reporter = reporter or SilentReporter()
    targets = matrix_targets(asked)
    first = targets[0]
    request = asked.request.changed(platform=first.platform, python=first.python, target_file=None)
    prepared = prepare(request, reporter)
    with open_store(prepared.index, reporter) as store:
        run = _Run(prepared, store, reporter)
        cells = tuple(
            run.cell(target, _Numbered(reporter, number, len(targets))) for number, target in enumerate(targets, 1)
        )
        # A lock is changed by the tool that made it.
        openings = run.openings(cells, clock) if prepared.repairs and prepared.read.lock is None else ()
    return Matrix(
        inputs=prepared.read.records,
        cells=cells,
        blockers=find_blockers(cells),
        best=best_python(cells),
        openings=openings,
    )


def matrix_targets(asked: MatrixRequest) -> tuple[Target, ...]:
    """The cells of *asked*, row by row; raises ``UsageProblem``, ``InputUnreadable`` and ``SettingsInvalid``."""
    from wheelcheck.settings.loading import load_settings

    settings = load_settings(Path(asked.request.folder), asked.request.environ)
    return load_targets(_completed(asked.targets, settings), settings, asked.request).targets


def _completed(words: TargetWords, settings: Settings) -> TargetWords:
    if words.files or (not words.platforms and not words.pythons and not words.sources and settings.targets):
        return words
    # Words complete the targets of a source that names only platforms or only Pythons.
    return replace(
        words,
        platforms=words.platforms or tuple(settings.platforms) or _EVERY,
        pythons=words.pythons or tuple(settings.pythons) or _EVERY,
    )


class _Run:
    """One run over several cells, which share the store and the time for repairs."""

    def __init__(self, prepared: Prepared, store: IndexStore, reporter: Reporter) -> None:
        from wheelcheck.knowledge.loading import load_repair_knowledge
        from wheelcheck.resolver.resolution_cache import ResolutionCache

        self._prepared = replace(prepared, repairs=min(prepared.repairs, _REPAIRS), target_is_named=True)
        self._store = store
        self._reporter = reporter
        self._answers: dict[tuple[str, str], Answer] = {}
        # Read before the index is asked, so that a malformed file of the user is refused at once.
        self._knowledge = load_repair_knowledge(prepared.knowledge_folders)
        self._resolution_cache = ResolutionCache(store)

    def cell(self, target: Target, reporter: Reporter) -> Cell:
        """The cell of *target*, with its plan or the failure of its index."""
        from wheelcheck.model.answers import Cell, CellStatus
        from wheelcheck.plans.making import plan as make_plan

        question = replace(self._prepared.question, target=target)
        prepared = replace(self._prepared, question=question)
        reporter.stage("resolving")
        try:
            answer = answered(prepared, self._store, reporter, knowledge=self._knowledge, cache=self._resolution_cache)
        except (IndexUnavailable, ArchiveRefused, MetadataMalformed) as error:
            return Cell(target=target, plan=None, failure=error.with_hint)
        plan = make_plan(answer.outcome, answer.findings, inputs=prepared.read.records, options=prepared.options)
        cell = Cell(target=target, plan=plan)
        if cell.status is CellStatus.BLOCKED:
            self._answers[target.platform, target.python] = answer
        return cell

    def openings(self, cells: Sequence[Cell], clock: Callable[[], float]) -> tuple[Opening, ...]:
        """One search for each group of *cells* with equal blockers, those that would open most first, until the time is up."""
        from wheelcheck.model.answers import Opening
        from wheelcheck.plans.comparing import blocked_alike

        end = clock() + self._prepared.repair_seconds
        groups = sorted(blocked_alike(cells), key=len, reverse=True)
        found: list[Opening] = []
        for number, group in enumerate(groups, 1):
            proved, *alike = (cell.target for cell in group)
            seconds = (end - clock()) / (len(groups) - number + 1)
            if seconds <= 0:
                found.append(Opening(proved=proved, repair=None, alike=tuple(alike), searched=False))
                continue
            self._reporter.stage(f"looking for what opens blocked targets: {number} of {len(groups)}")
            answer = self._answers[proved.platform, proved.python]
            bounded = replace(answer, prepared=replace(answer.prepared, repair_seconds=seconds))
            proposals = proposals_for(bounded, self._store, SilentReporter())
            if proposals is not None:
                found.append(
                    Opening(
                        proved=proved,
                        repair=next((each for each in proposals.repairs if not each.kinds & _LEAVING), None),
                        alike=tuple(alike),
                        searched=proposals.complete and not proposals.interrupted,
                    )
                )
        return tuple(found)


class _Numbered:
    """A reporter that says of each stage for which cell it is: ``target 3 of 40: resolving``."""

    def __init__(self, reporter: Reporter, number: int, total: int) -> None:
        self._reporter = reporter
        self._prefix = f"target {number} of {total}"
        self.pinned, self.fetching, self.fetched = reporter.pinned, reporter.fetching, reporter.fetched

    def stage(self, name: str) -> None:
        """A stage of the cell begins."""
        self._reporter.stage(f"{self._prefix}: {name}")
