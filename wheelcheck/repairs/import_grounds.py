"""Where the code of dependants imports a project, read through the port ``Code``, and what breaks there without the project."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from msgspec import UNSET, Struct
from msgspec.structs import replace
from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.imports.failing import Surroundings, find_failures, import_target, read_suspects
from wheelcheck.imports.suspects import LARGEST, Suspects, unseen_projects
from wheelcheck.model.code import ImportKind, ImportSurvey, ImportUse, ModuleNames, ModuleState
from wheelcheck.model.distribution import Distribution, Wheel
from wheelcheck.model.repair import Edit, EditKind, Ground, Risk
from wheelcheck.ports import Code
from wheelcheck.repairs.repair_case import Dependant, RepairCase

_TAKEN_AWAY = frozenset({EditKind.EXCLUDE, EditKind.MARKER})
_TESTS = frozenset({"tests", "conftest"})
_MODULES_SHOWN = 4
_ARCHIVES_READ = 8
_THERE = (ModuleState.READ, ModuleState.COMPILED, ModuleState.UNREAD)
_DEEPEST = 4  # parts of a dotted name; namespaces are not nested deeper than google.cloud.<project>
_LONGEST = 80  # characters of a statement within a sentence; the ground quotes it whole


class Reading(Struct, frozen=True, kw_only=True):
    """The part of one dependant's code that was read: its ``uses`` of a project, without those in tests.

    ``unread`` says why all or a part was not read, empty where it was. ``is_named_alike`` says that one of its
    modules has its name.
    """

    dependant: Dependant
    uses: tuple[ImportUse, ...] = ()
    survey: ImportSurvey | None = None
    unread: str = ""
    is_named_alike: bool = True

    @property
    def is_partial(self) -> bool:
        """Whether something was read, although not all."""
        return bool(self.unread and self.survey is not None and (self.survey.uses or self.survey.inner))

    def of_kind(self, kind: ImportKind) -> tuple[ImportUse, ...]:
        """The uses of one kind, the one that a person meets first at the front."""
        return tuple(sorted((use for use in self.uses if use.kind is kind), key=self._nearness))

    def entries(self, use: ImportUse) -> tuple[str, ...]:
        """The shortest public modules whose import runs *use*'s module, four at most.

        Where the top-level package runs it, everything below fails with it: named then are those that lead there by themselves.
        """
        if self.survey is None:
            return (use.importer,)
        ordered = sorted(self.survey.reaching(use.importer), key=_length) or [use.importer]
        # A module of one part that is no package of its own runs beside others, so only the use's own package stands for all.
        top = use.importer.partition(".")[0]
        if top in ordered:
            inner = {module: imported - {top} for module, imported in self.survey.inner.items() if module != top}
            alone = replace(self.survey, inner=inner).reaching(use.importer)
            ordered = [top, *sorted((module for module in alone if module.startswith(f"{top}.")), key=_length)]
        return tuple(ordered[:_MODULES_SHOWN])

    def _nearness(self, use: ImportUse) -> tuple[int, int, str, str, int]:
        entry = self.entries(use)[0]
        return (*_length(entry), use.file, use.line)


def read_imports(case: RepairCase, dependant: Dependant, project: NormalizedName) -> Reading:
    """Read where *dependant* imports *project*; raises ``IndexUnavailable`` where its archive cannot be had."""
    distribution = dependant.pin.distribution
    if distribution is None:
        return Reading(dependant=dependant, unread="it has no file for this target")
    survey = case.code.imports(distribution, import_names(case, project))
    own = case.code.top_modules((distribution,))[0].names if survey.uses else frozenset[str]()
    uses = tuple(use for use in survey.uses if _is_installed(use, own) and not _is_test(use, survey))
    alike = any(canonicalize_name(top) == distribution.name for top in own)
    return Reading(dependant=dependant, uses=uses, survey=survey, unread=survey.unread, is_named_alike=alike)


def import_names(case: RepairCase, project: NormalizedName) -> frozenset[str]:
    """The names by which *project* is imported: those in its archives, else those that are known, else its own name.

    Top-level names, or dotted ones where the top level is a namespace that is shared with other projects (``google``).
    """
    pins = [pin for pin in (case.chosen(project), case.natural(project)) if pin is not None]
    # A source archive that compiles does not show the modules that are compiled; a wheel of its release for any platform does.
    files = dict.fromkeys(
        file for pin in pins for file in (pin.distribution, case.telling_file(pin)) if file is not None
    )
    told = frozenset(name for each in case.code.top_modules(tuple(files)) for name in each.names)
    known = case.knowledge.import_names.get(project, frozenset())
    if not told:
        return known or frozenset({project.replace("-", "_")})
    found = {inner for name in told for inner in _below(name, known) or {name}}
    file = case.telling_file(pins[-1])
    shared = {name for name in found if _is_shared(case, project, name)} if file is not None else set()
    if file is not None and shared:
        found = (found - shared) | _own_part(case.code, file, frozenset(shared))
    return frozenset(found)


def _below(top: str, known: Collection[str]) -> set[str]:
    return {name for name in known if name.startswith(f"{top}.")}


def _is_shared(case: RepairCase, project: NormalizedName, name: str) -> bool:
    # Projects that share a namespace carry its name in their own (google-auth, zope-event); asking their archives would cost.
    return any(name.lower() in other.split("-") for other in case.after.pins if other != project)


def _own_part(code: Code, file: Distribution, shared: frozenset[str]) -> set[str]:
    """*shared* names, each replaced by what *file* itself has below it, as long as there is nothing but modules."""
    found: set[str] = set()
    waiting = dict.fromkeys(shared, 1)
    while waiting:
        offered = code.definitions(file, frozenset(waiting))
        inner = {f"{each.module}.{name}" for each in offered for name in each.names if _may_be_namespace(each)}
        modules = {each.module for each in code.definitions(file, frozenset(inner)) if each.state in _THERE}
        following: dict[str, int] = {}
        for each in offered:
            below = {f"{each.module}.{name}" for name in each.names}
            if _may_be_namespace(each) and below <= modules and waiting[each.module] < _DEEPEST:
                following |= dict.fromkeys(below, waiting[each.module] + 1)
            else:
                found.add(each.module)
        waiting = following
    return found


def _may_be_namespace(module: ModuleNames) -> bool:
    return module.state is ModuleState.READ and bool(module.names) and not module.open_ended


def more_places(uses: Collection[ImportUse]) -> str:
    """`` (and 4 more places)`` where *uses* holds more than the one that is shown."""
    rest = len({(use.file, use.line) for use in uses}) - 1
    return f" (and {rest} more place{'s' if rest > 1 else ''})" if rest > 0 else ""


def _is_installed(use: ImportUse, own: frozenset[str]) -> bool:
    # A source archive also holds setup scripts, examples and tests, which are not installed.
    return not own or use.importer.partition(".")[0] in own


def _is_test(use: ImportUse, survey: ImportSurvey) -> bool:
    return _names_tests(use.importer) and all(_names_tests(module) for module in survey.reaching(use.importer))


def _names_tests(module: str) -> bool:
    return any(part in _TESTS or part.startswith("test_") for part in module.split("."))


def _length(module: str) -> tuple[int, int, str]:
    return module.count("."), len(module), module


def judge_exclusion(case: RepairCase, edit: Edit) -> Iterator[Ground]:
    """What imports a project that is left out; the user's own code is not looked into."""
    if edit.package is None:
        return
    if case.is_asked_by_user(edit.package):
        yield Ground(risk=Risk.HIGH, text=f"you ask for {edit.package} yourself: your own code was not looked into")
    yield from judge_dependants(case, edit.package)


def judge_dependants(case: RepairCase, project: NormalizedName) -> Iterator[Ground]:
    """One ground for each dependant of a *project* that is gone and each kind of import in its code."""
    for dependant in case.dependants(project):
        yield from _judge_left_out(read_imports(case, dependant, project), project)


def judge_imports(case: RepairCase) -> Iterator[Ground]:
    """What fails when the projects that the repair moves, or those that ask for an edited project, are imported after it."""
    for _, ground in _iter_failing_imports(case):
        yield ground


def failing_projects(case: RepairCase) -> frozenset[NormalizedName]:
    """The projects whose import is proved to fail after the repair; raises ``IndexUnavailable``."""
    gone = [edit.package for edit in case.edits if edit.kind in _TAKEN_AWAY and edit.package is not None]
    without = {
        dependant.pin.name
        for project in gone
        for dependant in case.dependants(project)
        if _fails_at_once(read_imports(case, dependant, project))
    }
    return frozenset(without.union(name for name, _ in _iter_failing_imports(case)))


def _iter_failing_imports(case: RepairCase) -> Iterator[tuple[NormalizedName, Ground]]:
    if case.library is None:
        return
    # A bound moves a project within what everybody declares, who may be many.
    edited = [edit.package for edit in case.edits if edit.package is not None and edit.kind is not EditKind.CONSTRAIN]
    moved = [name for name in edited if name in case.after.pins]
    near = [dependant.pin.name for name in edited for dependant in case.dependants(name)]
    read: dict[NormalizedName, Distribution] = {}
    unseen = unseen_projects(case.after)
    for name in (*moved, *near):
        file = case.after.pins[name].distribution
        if (
            name not in unseen
            and isinstance(file, Wheel)
            and (file.at.size or 0) <= LARGEST
            and len(read) < _ARCHIVES_READ
        ):
            read[name] = file
    suspects = Suspects(read=read, compared={}, unseen=unseen)
    around = Surroundings(target=import_target(case.after.target), library=case.library)
    reads = read_suspects(suspects, around.target, case.code)
    for found in find_failures(case.after.files, suspects, around, case.code, reads):
        first = found.each[0]
        yield (
            found.package,
            Ground(
                risk=Risk.HIGH,
                text=found.message,
                file=first.module.file,
                line=first.line,
                quote=first.statement or None,
                fails=True,
            ),
        )


def _judge_left_out(reading: Reading, project: str) -> Iterator[Ground]:
    name = reading.dependant.pin.name
    for kind, (risk, says) in _KINDS.items():
        if uses := reading.of_kind(kind):
            first = uses[0]
            entries = ", ".join(f"`import {module}`" for module in reading.entries(first))
            what = says.format(entries=entries, module=first.importer, project=project)
            text = f"{name} {what}: {first.file}:{first.line} has `{_one_line(first)}`{more_places(uses)}"
            fails = True if kind is ImportKind.UNCONDITIONAL and _fails_at_once(reading) else UNSET
            yield Ground(risk=risk, text=text, file=first.file, line=first.line, quote=first.statement, fails=fails)
    if reading.unread and not reading.of_kind(ImportKind.UNCONDITIONAL):
        # Nothing is proved of code that was not read.
        if reading.is_partial:
            text = f"not all of {name}'s code was read: {reading.unread}; they may import {project} as well"
            yield Ground(risk=Risk.MEDIUM, text=text)
        else:
            text = f"whether {name} imports {project} is not known, its code was not read: {reading.unread}"
            yield Ground(risk=Risk.HIGH, text=text)
    elif not reading.uses:
        yield Ground(risk=Risk.LOW, text=f"{name}'s code does not import {project}")


def _fails_at_once(reading: Reading) -> bool:
    """Whether the import of the module that the dependant is known by carries out an unconditional import, and so fails."""
    uses = reading.of_kind(ImportKind.UNCONDITIONAL)
    entries = reading.entries(uses[0]) if uses else ()
    return any(canonicalize_name(entry) == reading.dependant.pin.name for entry in entries) or (
        bool(entries) and "." not in entries[0] and not reading.is_named_alike
    )


def _one_line(use: ImportUse) -> str:
    text = " ".join(use.statement.split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST].rpartition(' ')[0]} …"


# The author meant the fallback to happen; whether all works without the project is not shown by it, since the metadata ask for it.
_KINDS: Mapping[ImportKind, tuple[Risk, str]] = {
    ImportKind.UNCONDITIONAL: (Risk.HIGH, "will fail on {entries}"),
    ImportKind.IN_FUNCTION: (Risk.MEDIUM, "fails when `{module}` calls {project}"),
    ImportKind.GUARDED: (Risk.MEDIUM, "falls back when {project} is missing"),
    ImportKind.TYPE_CHECKING: (Risk.LOW, "needs {project} for type checking only"),
}
