"""Where the code of one project imports another one, and by which names that one is imported; judges no risk.

``Distribution, names, ImportTarget → Reading``, of the same reading of statements as what fails on the target.
"""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct
from msgspec.structs import replace
from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.model.code import ImportKind, ImportSurvey, ImportTarget, ImportUse, ModuleNames, ModuleState
from wheelcheck.model.distribution import Distribution
from wheelcheck.ports import Code

_TESTS = frozenset({"tests", "conftest"})
_MODULES_SHOWN = 4
_THERE = (ModuleState.READ, ModuleState.COMPILED, ModuleState.UNREAD)
_DEEPEST = 4  # parts of a dotted name; namespaces are not nested deeper than google.cloud.<project>


class Reading(Struct, frozen=True, kw_only=True):
    """The part of the code of *importer* that was read: its ``uses`` of a project, without those in tests.

    ``unread`` says why all or a part was not read, empty where it was. ``is_named_alike``: one of its modules has its name.
    """

    importer: NormalizedName
    uses: tuple[ImportUse, ...] = ()
    survey: ImportSurvey | None = None
    unread: str = ""
    is_named_alike: bool = True

    @property
    def is_partial(self) -> bool:
        """Whether something was read, although not all."""
        return bool(self.unread and self.survey is not None and (self.survey.uses or self.survey.inner))

    @property
    def fails_at_once(self) -> bool:
        """Whether the import of the module that the importer is known by carries out an unconditional import of the project."""
        uses = self.of_kind(ImportKind.UNCONDITIONAL)
        entries = self.entries(uses[0]) if uses else ()
        is_top = bool(entries) and "." not in entries[0] and not self.is_named_alike
        return is_top or any(canonicalize_name(entry) == self.importer for entry in entries)

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


def read_uses(
    importer: NormalizedName, file: Distribution | None, names: frozenset[str], target: ImportTarget, code: Code
) -> Reading:
    """Read where *importer* imports one of *names* on *target*; raises ``IndexUnavailable`` where its *file* cannot be had."""
    if file is None:
        return Reading(importer=importer, unread="it has no file for this target")
    survey = code.imports(file, names, target)
    own = code.top_modules((file,))[0].names if survey.uses else frozenset[str]()
    uses = tuple(use for use in survey.uses if _is_installed(use, own) and not _is_test(use, survey))
    alike = any(canonicalize_name(top) == importer for top in own)
    return Reading(importer=importer, uses=uses, survey=survey, unread=survey.unread, is_named_alike=alike)


def read_import_names(
    project: NormalizedName,
    files: Collection[Distribution],
    telling: Distribution | None,
    known: frozenset[str],
    others: Collection[NormalizedName],
    code: Code,
) -> frozenset[str]:
    """The names by which *project* is imported: those in its *files*, else those that are *known*, else its own name.

    Top-level names, or dotted ones where the top level is a namespace that is shared with one of *others* (``google``): then
    *telling*, a file that shows all of its modules, is looked into.
    """
    told = frozenset(name for each in code.top_modules(tuple(files)) for name in each.names)
    if not told:
        return known or frozenset({project.replace("-", "_")})
    found = {inner for name in told for inner in _below(name, known) or {name}}
    shared = {name for name in found if _is_shared(project, name, others)} if telling is not None else set()
    if telling is not None and shared:
        found = (found - shared) | _own_part(code, telling, frozenset(shared))
    return frozenset(found)


def _below(top: str, known: Collection[str]) -> set[str]:
    return {name for name in known if name.startswith(f"{top}.")}


def _is_shared(project: NormalizedName, name: str, others: Collection[NormalizedName]) -> bool:
    # Projects that share a namespace carry its name in their own (google-auth, zope-event); asking their archives would cost.
    return any(name.lower() in other.split("-") for other in others if other != project)


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


def _is_installed(use: ImportUse, own: frozenset[str]) -> bool:
    # A source archive also holds setup scripts, examples and tests, which are not installed.
    return not own or use.importer.partition(".")[0] in own


def _is_test(use: ImportUse, survey: ImportSurvey) -> bool:
    return _names_tests(use.importer) and all(_names_tests(module) for module in survey.reaching(use.importer))


def _names_tests(module: str) -> bool:
    return any(part in _TESTS or part.startswith("test_") for part in module.split("."))


def _length(module: str) -> tuple[int, int, str]:
    return module.count("."), len(module), module
