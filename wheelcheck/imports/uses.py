"""What the modules of a resolution have, and where the code of one project imports another one; judges no risk.

Archives are read as far as imports ask for them. ``Distribution, names, ImportTarget → Reading``, of the same reading of statements
as what fails on the target.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct
from msgspec.structs import replace
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelcheck.errors import IndexUnavailable
from wheelcheck.model.code import (
    ImportKind,
    ImportSurvey,
    ImportTarget,
    ImportUse,
    ModuleNames,
    ModuleState,
    ReachedModule,
    TopModules,
)
from wheelcheck.model.distribution import Distribution, Sdist, Wheel
from wheelcheck.ports import Code

_TESTS = frozenset({"tests", "conftest"})
_MODULES_SHOWN = 4
_THERE = (ModuleState.READ, ModuleState.COMPILED, ModuleState.UNREAD)
_DEEPEST = 4  # parts of a dotted name; namespaces are not nested deeper than google.cloud.<project>


class Reading(Struct, frozen=True, kw_only=True):
    """The part of the code of *importer* that was read: its ``uses`` of a project, without those in tests.

    ``unread`` says why all or a part was not read, empty where it was. ``is_named_alike``: one of its modules has its name.
    ``native``: its modules of machine code, where its Python code uses nothing of the project; what they import is not read.
    """

    importer: NormalizedName
    uses: tuple[ImportUse, ...] = ()
    survey: ImportSurvey | None = None
    unread: str = ""
    is_named_alike: bool = True
    native: tuple[str, ...] = ()

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
    own = code.top_modules((file,))[0]
    uses = tuple(use for use in survey.uses if _is_installed(use, own.names) and not _is_test(use, survey))
    alike = any(canonicalize_name(top) == importer for top in own.names)
    native = () if uses else tuple(sorted(own.native, key=_length))
    return Reading(
        importer=importer, uses=uses, survey=survey, unread=survey.unread, is_named_alike=alike, native=native
    )


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


_FOLLOWED = 24  # so many modules that others alone import are followed,
_FOLLOWED_BYTES = 4 * 1024**2  # of wheels up to this size


class Providers:
    """The modules of the *files* of a resolution, read through *code*; what many imports ask for is fetched at once."""

    def __init__(self, files: Mapping[NormalizedName, Distribution], code: Code, *, is_incomplete: bool) -> None:
        self._files = files
        self._code = code
        self._tops: dict[NormalizedName, frozenset[str]] = {}
        self.is_unseen = is_incomplete
        """Whether there are projects of which not even the names are known."""
        self.is_incomplete = is_incomplete
        """Whether modules may be there that were not seen: some archive could not be had, or not be read."""
        self.unavailable: set[NormalizedName] = set()
        self._modules: dict[NormalizedName, Mapping[str, ModuleNames]] = {}
        self._followed: dict[tuple[NormalizedName, str], list[ReachedModule]] = {}
        self._import_times: dict[NormalizedName, Mapping[str, ReachedModule]] = {}

    def of(self, top: str) -> list[NormalizedName]:
        """The projects that bring the top-level module *top*: first asked are those of its name, then all."""
        alike = [name for name in self._files if name == canonicalize_name(top)]
        return self._bringing(alike, top) or self._bringing(list(self._files), top)

    def _bringing(self, names: list[NormalizedName], top: str) -> list[NormalizedName]:
        asked = [name for name in names if name not in self._tops]
        if asked:
            try:
                told = self._code.top_modules([self._files[name] for name in asked])
            except IndexUnavailable:
                told = tuple(map(self._top_modules, asked))
            for name, tops in zip(asked, told, strict=True):
                self._tops[name] = tops.names
                # A source archive without modules may make them when it is built.
                is_silent = not tops.names and not isinstance(self._files[name], Wheel)
                self.is_incomplete |= bool(tops.unread) or is_silent
        return [name for name in names if top in self._tops[name]]

    def _top_modules(self, name: NormalizedName) -> TopModules:
        try:
            return self._code.top_modules([self._files[name]])[0]
        except IndexUnavailable as problem:
            self.unavailable.add(name)
            return TopModules(unread=problem.message)

    def version_of(self, name: str) -> Version | None:
        """The version of the project *name* in the resolution; ``None`` where it is not there."""
        file = self._files.get(canonicalize_name(name))
        return file.version if file is not None else None

    def is_source(self, name: NormalizedName) -> bool:
        """Whether the file of *name* is a source archive."""
        return isinstance(self._files.get(name), Sdist)

    def is_compiled(self, name: NormalizedName) -> bool:
        """Whether the file of *name* is a wheel for one platform."""
        file = self._files.get(name)
        return isinstance(file, Wheel) and not file.is_any

    def may_hold(self, name: NormalizedName, top: str) -> bool:
        """Whether *name* has a module *top* in one of its folders, or cannot be asked."""
        file = self._files[name]
        if not isinstance(file, Wheel):
            return True
        try:
            [held] = self._code.contents((file,))
        except IndexUnavailable:
            return True
        return any(f"/{top}/" in f"/{path}" or f"/{path}".endswith(f"/{top}.py") for path in held)

    def has_fixed_modules(self, name: NormalizedName, module: str, target: ImportTarget) -> bool:
        """Whether the modules of *name* in *module*'s package are just its files: nothing that it imports puts others in place."""
        reached = self._reached(name, target)
        parents = [module.rsplit(".", up)[0] for up in range(1, module.count(".") + 1)]
        if not parents or any(each.makes_modules for each in reached.values()):
            return False
        if parents[0] not in reached:
            self.learn({name: frozenset(parents)})
        # A package that is itself absent has no say: what it is in has.
        there = (
            each for each in parents if self.names_of(name, each).state is not ModuleState.ABSENT or each in reached
        )
        return next(there, None) in reached

    def has_importers(self, name: NormalizedName, target: ImportTarget) -> bool:
        """Whether the import of *name* may put importers in place, which fill modules otherwise than their files show."""
        return any(each.adds_importers for each in self._reached(name, target).values())

    def run_by(self, name: NormalizedName, module: str, target: ImportTarget) -> list[ReachedModule]:
        """What the import of *module*, a submodule of *name*, carries out besides what the import of *name* itself does.

        Nothing of large wheels, and of many modules: each costs an archive.
        """
        file = self._files[name]
        place = name, module
        if not isinstance(file, Wheel) or not file.is_any or (file.at.size or 0) > _FOLLOWED_BYTES:
            return []
        if place not in self._followed and len(self._followed) < _FOLLOWED:
            reached = self._reached(name, target)
            more: tuple[ReachedModule, ...] = ()
            if reached and module not in reached:
                try:
                    (read,) = self._code.import_times((file,), target, frozenset({module}))
                    more = read.modules
                except IndexUnavailable:
                    self.unavailable.add(name)
            self._followed[place] = [each for each in more if each.module not in reached]
        return self._followed.get(place, [])

    def _reached(self, name: NormalizedName, target: ImportTarget) -> Mapping[str, ReachedModule]:
        if name not in self._import_times:
            try:
                (read,) = self._code.import_times((self._files[name],), target)
            except IndexUnavailable:
                self.unavailable.add(name)
                return {}
            self._import_times[name] = {} if read.unread else {each.module: each for each in read.modules}
        return self._import_times[name]

    def learn(self, wanted: Mapping[NormalizedName, frozenset[str]]) -> None:
        """Read what the modules *wanted* of each project bind; of an archive that cannot be had nothing is known.

        Of a wheel of any size this costs its directory, which its top-level modules were read from, and the modules asked for.
        """
        wanted = {name: modules for name, modules in wanted.items() if isinstance(self._files[name], Wheel)}
        try:
            answers = self._code.definitions_of([(self._files[name], modules) for name, modules in wanted.items()])
        except IndexUnavailable:
            if len(wanted) > 1:
                for name, modules in wanted.items():
                    self.learn({name: modules})
            else:
                self.unavailable.update(wanted)
            return
        for name, answer in zip(wanted, answers, strict=True):
            self._modules[name] = {**self._modules.get(name, {}), **{each.module: each for each in answer}}

    def names_of(self, provider: NormalizedName, module: str) -> ModuleNames:
        """What *module*, which was learnt, binds in the archive of *provider*."""
        unread = ModuleNames(module=module, state=ModuleState.UNREAD, open_ended=True)
        return self._modules.get(provider, {}).get(module, unread)
