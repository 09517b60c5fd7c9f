"""``matrix --each-extra``: the grid of a project without extras, and with each of its extras and dependency groups alone.

``MatrixRequest → names → (Prepared → Matrix) for each → ExtraRow, …``. All share their stores: pages and metadata are fetched once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from wheelcheck.api.edges import Stores
from wheelcheck.api.matrix import MatrixRequest, answer_grid, matrix_targets, prepare_grid
from wheelcheck.api.reading import PLANNING, load_lock
from wheelcheck.api.request import Request
from wheelcheck.errors import UsageProblem
from wheelcheck.model.answers import ExtraRow
from wheelcheck.ports import Reporter, SilentReporter
from wheelcheck.texts.files import is_file


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
