"""What breaks when a project is left out: where those that ask for it import it, with file and line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wheelcheck.model.code import ImportKind, ImportUse
from wheelcheck.model.repair import Edit, Ground, Risk
from wheelcheck.repairs.risk.case import RepairCase
from wheelcheck.repairs.risk.imports import Reading, more_places, read_imports

_LONGEST = 80  # characters of a statement within a sentence; the ground quotes it whole


def judge_exclusion(case: RepairCase, edit: Edit) -> Iterator[Ground]:
    """One ground for each dependant that stays and each kind of import in its code; the user's own code is not looked into."""
    project = edit.package
    if project is None:
        return
    if case.is_asked_by_user(project):
        yield Ground(risk=Risk.HIGH, text=f"you ask for {project} yourself: your own code was not looked into")
    for dependant in case.dependants(project):
        yield from _judge_dependant(read_imports(case, dependant, project), project)


def _judge_dependant(reading: Reading, project: str) -> Iterator[Ground]:
    name = reading.dependant.pin.name
    for kind, (risk, says) in _KINDS.items():
        if uses := reading.of_kind(kind):
            first = uses[0]
            entries = ", ".join(f"`import {module}`" for module in reading.entries(first))
            what = says.format(entries=entries, module=first.importer, project=project)
            text = f"{name} {what}: {first.file}:{first.line} has `{_one_line(first)}`{more_places(uses)}"
            yield Ground(risk=risk, text=text, file=first.file, line=first.line, quote=first.statement)
    if reading.unread and not reading.of_kind(ImportKind.UNCONDITIONAL):
        # Nothing is proved of code that nobody read.
        if reading.is_partial:
            text = f"not all of {name}'s code was read: {reading.unread}; they may import {project} as well"
            yield Ground(risk=Risk.MEDIUM, text=text)
        else:
            text = f"whether {name} imports {project} is not known, its code was not read: {reading.unread}"
            yield Ground(risk=Risk.HIGH, text=text)
    elif not reading.uses:
        yield Ground(risk=Risk.LOW, text=f"{name}'s code does not import {project}")


def _one_line(use: ImportUse) -> str:
    text = " ".join(use.statement.split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST].rpartition(' ')[0]} …"


# A fallback is what its author meant to happen; whether all works without is not shown by it, since the metadata ask for it.
_KINDS: Mapping[ImportKind, tuple[Risk, str]] = {
    ImportKind.UNCONDITIONAL: (Risk.HIGH, "will fail on {entries}"),
    ImportKind.IN_FUNCTION: (Risk.MEDIUM, "fails when `{module}` calls {project}"),
    ImportKind.GUARDED: (Risk.MEDIUM, "falls back when {project} is missing"),
    ImportKind.TYPE_CHECKING: (Risk.LOW, "needs {project} for type checking only"),
}
