"""``matrix``: one input on platforms times Pythons; ``wheels``: which versions within a requirement have wheels on which targets.

``MatrixRequest → Prepared → (Answer → Plan) for each cell → Matrix``. Pages, metadata and archives are fetched once for all cells.
A cell whose index fails is reported as failed; the others are answered all the same. ``--each-extra`` gives the grid of a project
without extras, and with each extra and group alone: ``(Prepared → Matrix) for each → ExtraRow, …``. ``wheels`` resolves nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from functools import partial, reduce
from operator import and_
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from wheelcheck.api.answering import Answer, installability_by_siblings
from wheelcheck.api.edges import Stores, index_config, open_store
from wheelcheck.api.preparing import Prepared, asked_for, cutoff_of, prepare
from wheelcheck.api.reading import PLANNING, load_lock
from wheelcheck.api.request import Request, completed, refuse_empty
from wheelcheck.api.several_targets import TargetAnswers
from wheelcheck.api.targets import LoadedTargets, TargetWords, day_asked, load_targets
from wheelcheck.errors import ArchiveRefused, IndexUnavailable, MetadataMalformed, UsageProblem
from wheelcheck.model.answers import ExtraRow
from wheelcheck.model.distribution import Installability
from wheelcheck.model.requirement import IndexOptions
from wheelcheck.model.resolution import Policy
from wheelcheck.model.target import Target
from wheelcheck.ports import Reporter, SilentReporter
from wheelcheck.settings.loading import load_settings
from wheelcheck.texts.files import is_file

if TYPE_CHECKING:
    from wheelcheck.model.answers import Cell, Matrix, Opening, Wheels
    from wheelcheck.model.requirement import Requirement
    from wheelcheck.settings.loading import Settings


_REPAIRS = 3  # of which one is shown: the cheapest that leads to no other cell of the grid
_EVERY = ("all",)
_VERSIONS = 10


class MatrixRequest(Struct, frozen=True, kw_only=True):
    """One question to :func:`matrix`.

    *request* has everything that does not differ between cells; its ``repair_seconds`` are for the whole run. *targets* are the
    words for rows and columns; where neither they nor the settings say anything of platforms, or of Pythons, all are meant: of
    Pythons those that are maintained on the day asked about, which is *today* (ISO 8601) where the request names none.
    """

    request: Request
    targets: TargetWords = field(default_factory=TargetWords)
    today: str = ""


def matrix(
    asked: MatrixRequest, *, reporter: Reporter | None = None, clock: Callable[[], float] = time.monotonic
) -> Matrix:
    """Answer the inputs of *asked* for each of its cells, compare, and look for what would open the blocked ones.

    Blocked, undecided and failed cells are answers. Raises ``UsageProblem``, ``InputUnreadable`` and ``SettingsInvalid`` for what
    cannot be understood.
    """
    reporter = reporter or SilentReporter()
    named = matrix_targets(asked)
    return answer_grid(prepare_grid(asked.request, named.targets, reporter), named, reporter, clock)


def prepare_grid(
    request: Request, targets: Sequence[Target], reporter: Reporter, settings: Settings | None = None
) -> Prepared:
    """*request* understood for a grid of *targets*, which share all but the target; raises as :func:`prepare` does."""
    request = request.changed(platform=targets[0].platform, python=targets[0].python, target_file=None)
    # A grid has many cells, each of which would read the wheels for its own Python: they are read where that is asked for.
    return replace(prepare(request, reporter, settings=settings), imports=request.options["imports"] or "none")


def answer_grid(
    prepared: Prepared,
    named: LoadedTargets,
    reporter: Reporter,
    clock: Callable[[], float] = time.monotonic,
    stores: Stores | None = None,
) -> Matrix:
    """Answer *prepared* for each of the targets *named*, compare, and look for what would open the blocked ones.

    *stores* are those of a caller that asks about many inputs, and stay open. Raises ``UsageProblem`` where the project supports
    none of the Pythons.
    """
    from wheelcheck.model.answers import Matrix
    from wheelcheck.plans.comparing import best_python, find_blockers

    targets = named.targets
    asked_of = [_admitted(target, prepared) for target in targets]
    excluded = [each.failure for each in asked_of if not isinstance(each, Target)]
    if len(excluded) == len(asked_of):
        raise UsageProblem(
            f"the project supports none of the Pythons that were asked for: {excluded[0]}", hint="give another --python"
        )
    with Stores(reporter) if stores is None else nullcontext(stores) as opened:
        run = _Run(prepared, opened, reporter, [each for each in asked_of if isinstance(each, Target)])
        cells = tuple(
            run.cell(each, _Numbered(reporter, number, len(targets))) if isinstance(each, Target) else each
            for number, each in enumerate(asked_of, 1)
        )
        openings = run.openings(cells, clock)
    return Matrix(
        inputs=prepared.read.records,
        cells=cells,
        blockers=find_blockers(cells),
        best=best_python(cells),
        openings=openings,
        notes=named.notes,
    )


def _admitted(target: Target, prepared: Prepared) -> Target | Cell:
    """*target*, with the first patch release that the project's ``requires-python`` admits; a cell where it admits none."""
    from wheelcheck.model.answers import Cell
    from wheelcheck.targets.pythons import first_admitted
    from wheelcheck.targets.targets import parse_target

    bounds = prepared.read.pythons
    excluding = [each for each in bounds if not each[0].contains(target.python_full, prereleases=True)]
    if not excluding:
        return target
    minor = f"3.{target.python_full.minor}"
    all_bounds = reduce(and_, (bound for bound, _ in bounds))
    word = first_admitted(minor, (all_bounds,)) if target.patch_assumed else None
    if word is not None:
        return parse_target(target.platform, target.python.replace(minor, word))
    return Cell(
        target=target, plan=None, failure=f"{excluding[0][1]} requires Python {excluding[0][0]}", is_supported=False
    )


def matrix_targets(asked: MatrixRequest) -> LoadedTargets:
    """The cells of *asked*, row by row; raises ``UsageProblem``, ``InputUnreadable`` and ``SettingsInvalid``."""
    settings = load_settings(Path(asked.request.folder), asked.request.environ)
    return load_targets(asked.targets, settings, asked.request, today=asked.today, otherwise=_EVERY)


class _Run:
    """One run over several cells, which share stores and the time for repairs."""

    def __init__(self, prepared: Prepared, stores: Stores, reporter: Reporter, targets: Sequence[Target]) -> None:
        from wheelcheck.knowledge.loading import load_own_knowledge

        self._prepared = replace(prepared, repairs=min(prepared.repairs, _REPAIRS), target_is_named=True)
        self._stores = stores
        self._reporter = reporter
        self._answers: dict[Target, Answer] = {}
        # Read before the index is asked, so that a malformed file of the user is refused at once.
        knowledge = load_own_knowledge(prepared.knowledge_folders)
        self._targets = TargetAnswers([asked_for(self._prepared, target) for target in targets], stores, knowledge)

    def cell(self, target: Target, reporter: Reporter) -> Cell:
        """The cell of *target*, with its plan or the failure of its index."""
        from wheelcheck.model.answers import Cell, CellStatus
        from wheelcheck.plans.making import plan as make_plan

        prepared = asked_for(self._prepared, target)
        reporter.stage("resolving")
        try:
            answer = self._targets.answered(prepared, reporter)
        except (IndexUnavailable, ArchiveRefused, MetadataMalformed) as error:
            return Cell(target=target, plan=None, failure=error.with_hint)
        plan = make_plan(answer.outcome, answer.findings, inputs=prepared.read.records, options=prepared.options)
        cell = Cell(target=target, plan=plan)
        if cell.status is CellStatus.UNDECIDED and plan.is_unverified:
            return Cell(target=target, plan=None, failure="; ".join(finding.message for finding in plan.errors))
        if cell.status is CellStatus.BLOCKED:
            self._answers[target] = answer
        return cell

    def openings(self, cells: Sequence[Cell], clock: Callable[[], float]) -> tuple[Opening, ...]:
        """What would open the blocked ones of *cells*; nothing of a lock, which is changed by the tool that made it."""
        if not self._answers or not self._prepared.repairs or self._prepared.read.lock is not None:
            return ()
        from wheelcheck.api.several_targets import find_openings

        return find_openings(cells, self._answers, self._stores, self._reporter, clock)


class _Numbered:
    """A reporter that says of each stage for which cell it is: ``target 3 of 40: resolving``."""

    def __init__(self, reporter: Reporter, number: int, total: int) -> None:
        self._reporter = reporter
        self._prefix = f"target {number} of {total}"
        self.pinned, self.fetching, self.fetched = reporter.pinned, reporter.fetching, reporter.fetched

    def stage(self, name: str) -> None:
        """A stage of the cell begins."""
        self._reporter.stage(f"{self._prefix}: {name}")


class WheelsRequest(Struct, frozen=True, kw_only=True):
    """One question to :func:`wheels`.

    *requirement* bounds the versions. *platforms* and *pythons* are words, ``all`` among them (as in :class:`MatrixRequest`, with
    *today*); empty is what the settings name, then every known platform and the running Python. *files* are target files, which
    stand alone where no words are given. *versions* is how many to show.
    *where* holds the fields that say where and
    how to look (index, cache, ``exclude_newer``, ``pre``); its inputs and its own target are not looked at.
    """

    requirement: str
    platforms: tuple[str, ...] = ()
    pythons: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    versions: int = _VERSIONS
    today: str = ""
    where: Request = field(default_factory=lambda: Request(inputs=()))


def wheels(request: WheelsRequest, *, reporter: Reporter | None = None) -> Wheels:
    """The versions within a requirement and what each target has of them.

    Costs one page, and reads a source archive only of a version that is shown, where a target has nothing else and the release's
    wheels do not tell what it is. Raises ``UsageProblem`` for words that mean nothing and ``IndexUnavailable``.
    """
    from wheelcheck.findings.versions import Judging, read_purity, table
    from wheelcheck.requirements.formats import parse_requirement

    reporter = reporter or SilentReporter()
    where = request.where
    refuse_empty(where)
    if request.versions < 1:
        raise UsageProblem(f"-n {request.versions} is no number of versions", hint="give 1 or more")
    if is_file(Path(request.requirement)):
        raise UsageProblem(
            f"{request.requirement} is a file, and wheels looks at one project",
            address="REQUIREMENT",
            hint=f"write wheelcheck matrix {request.requirement} for all of its requirements",
        )
    requirement = _bare(parse_requirement(request.requirement, "REQUIREMENT"))
    settings = load_settings(Path(where.folder), where.environ)
    targets = _targets(request, settings)
    policy = _policy(where, settings)
    with open_store(index_config(where, settings, IndexOptions()), reporter) as store:
        reporter.stage("looking")
        judging = Judging(policy=policy, told=installability_by_siblings, read=partial(read_purity, store))
        return table(store.page(requirement.name), requirement, targets, judging, most=request.versions)


def _bare(requirement: Requirement) -> Requirement:
    if requirement.url is not None:
        raise UsageProblem(
            f"{requirement} is one file, and not a project on an index",
            address="REQUIREMENT",
            hint=f"ask for {requirement.name}, or plan with it",
        )
    return requirement


def _targets(request: WheelsRequest, settings: Settings) -> tuple[Target, ...]:
    from wheelcheck.targets.targets import PLATFORMS, expanded, host_target, maintained_pythons, parse_target

    if request.files:
        words = TargetWords(platforms=request.platforms, pythons=request.pythons, files=request.files)
        return load_targets(words, settings, request.where, today=request.today).targets
    platforms = expanded(request.platforms or settings.platforms or PLATFORMS, PLATFORMS)
    maintained = maintained_pythons(day_asked(request.where, settings, request.today))
    pythons = expanded(request.pythons or settings.pythons, maintained) or (host_target().python,)
    found = (parse_target(platform, python) for python in pythons for platform in platforms)
    # Two words may mean one target: windows and win_amd64.
    return tuple({target.name: target for target in found}.values())


def _policy(where: Request, settings: Settings) -> Policy:
    options = completed(where, settings)
    cutoff = options["exclude_newer"]
    return Policy(
        allowed=frozenset(Installability),
        pre=bool(options["pre"]),
        exclude_newer=cutoff_of(cutoff) if cutoff is not None else None,
    )


def each_extra(asked: MatrixRequest, *, reporter: Reporter | None = None) -> tuple[ExtraRow, ...]:
    """The rows for the inputs of *asked*; no repairs are looked for.

    Raises ``UsageProblem`` where the inputs have neither extras nor groups, or some are chosen already, and what ``matrix`` raises.
    """
    reporter = reporter or SilentReporter()
    request = asked.request.changed(repairs=0)
    if has_choice(request):
        raise UsageProblem("--each-extra takes them one by one", hint="leave --extra, --group and their like out")
    parts = tuple(_iter_parts(asked))
    if not parts:
        raise UsageProblem(
            f"{', '.join(request.inputs)}: no extras and no dependency groups", hint="leave --each-extra out"
        )
    named = matrix_targets(replace(asked, request=request))
    rows = []
    with Stores(reporter) as stores:
        for kind, name in (("", ""), *parts):
            extras, groups = (((name,) if kind == each else ()) for each in ("extra", "group"))
            chosen = request.changed(extras=extras, groups=groups)
            prepared = prepare_grid(chosen, named.targets, reporter)
            rows.append(ExtraRow(kind=kind, name=name, matrix=answer_grid(prepared, named, reporter, stores=stores)))
    return tuple(rows)


def has_choice(request: Request) -> bool:
    """Whether *request* names extras or groups."""
    options = request.options
    return bool(options["extras"] or options["groups"] or options["all_extras"] or options["all_groups"])


def _iter_parts(asked: MatrixRequest) -> Iterator[tuple[str, str]]:
    """The extras, then the groups, of the lock or the projects among the inputs."""
    lock = load_lock(asked.request.inputs, PLANNING.locks)
    if lock is not None:
        yield from (("extra", name) for name in lock.lock.extras)
        yield from (("group", name) for name in lock.lock.groups if name not in lock.lock.extras)
        return
    yield from iter_project_parts(asked.request.inputs)


def iter_project_parts(inputs: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each extra (``extra``, name) and each dependency group (``group``, name) of the projects among *inputs*."""
    from wheelcheck.requirements.project_collection import choices_in

    for text in inputs:
        if text.endswith((".toml", ".cfg", ".py")) and is_file(Path(text)):
            extras, groups = choices_in(Path(text))
            yield from (("extra", name) for name in extras)
            yield from (("group", name) for name in groups)
