"""Finds imports that fail: modules that nobody brings or Python no longer has, names that are not there, unparsable files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress

from msgspec import Struct
from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.errors import IndexUnavailable
from wheelcheck.imports.suspects import Suspects
from wheelcheck.model.code import ImportTarget, ImportTime, ModuleNames, ModuleState, OuterImport, ReachedModule
from wheelcheck.model.distribution import Distribution, Wheel
from wheelcheck.model.finding import Code, Finding
from wheelcheck.model.knowledge import StandardLibrary
from wheelcheck.model.resolution import Pin
from wheelcheck.model.target import Target
from wheelcheck.ports import Code as CodeOfArchives

_OS_NAMES = {"win32": "nt"}
_SHOWN = 3


class Failure(Struct, frozen=True, kw_only=True):
    """A proof that importing ``module`` fails: *place* is ``file:line`` in the archive, *reason* a clause that explains it.

    *statement* is the import there, empty where another thing fails.
    """

    code: Code
    module: ReachedModule
    place: str
    statement: str = ""
    reason: str


def import_target(target: Target) -> ImportTarget:
    """What code can learn of *target* when it is imported."""
    sys_platform = target.markers.get("sys_platform", "")
    return ImportTarget(
        minor=target.python_full.minor,
        sys_platform=sys_platform,
        os_name=_OS_NAMES.get(sys_platform, "posix"),
        platform_system=target.markers.get("platform_system", ""),
        implementation=target.implementation,
    )


def find_failing_imports(
    pins: Mapping[NormalizedName, Pin],
    suspects: Suspects,
    target: Target,
    library: StandardLibrary,
    code: CodeOfArchives,
    paths: Callable[[NormalizedName], tuple[tuple[str, ...], ...]],
) -> Iterator[Finding]:
    """A finding for each of *suspects* and each way in which its import fails on *target*, in the order of their names.

    *pins* are the whole resolution, whose archives are asked for what a suspect imports; *paths* tells who requires a project.
    Asks for archives of the index; one that cannot be had proves nothing. Raises nothing of its own.
    """
    facts = import_target(target)
    files = {name: pin.distribution for name, pin in pins.items() if pin.distribution is not None}
    judge = _Judge(_Providers(files, code), library, facts)
    if suspects.more:
        yield Finding.of(
            Code.IMPORTS_UNREAD,
            message=f"{suspects.more} more wheels that are older than Python 3.{facts.minor} were not read for imports that fail",
        )
    reads = dict(_read(suspects, facts, code))
    judge.learn(each for read in reads.values() for module in read.modules for each in module.imports)
    for name, read in reads.items():
        version = pins[name].version
        failures = list(judge.failures(name, read))
        for kind in dict.fromkeys(each.code for each in failures):
            mine = [each for each in failures if each.code is kind]
            first = mine[0]
            yield Finding.of(
                kind,
                package=name,
                version=version,
                message=f"{name} {version}: `import {first.module.entry}` fails on Python 3.{facts.minor}, {first.reason}",
                evidence=tuple(
                    dict.fromkeys(f"{each.place} has `{each.statement}`" for each in mine if each.statement)
                )[:_SHOWN],
                paths=paths(name),
            )


def _read(
    suspects: Suspects, target: ImportTarget, code: CodeOfArchives
) -> Iterator[tuple[NormalizedName, ImportTime]]:
    try:
        yield from zip(suspects.read, code.import_times(tuple(suspects.read.values()), target), strict=True)
    except IndexUnavailable:
        # One that cannot be had proves nothing, and hides no other.
        for name, file in suspects.read.items():
            with suppress(IndexUnavailable):
                yield name, code.import_times((file,), target)[0]


class _Providers:
    """The modules of the *files* of a resolution, read through *code*; what many imports ask for is fetched at once."""

    def __init__(self, files: Mapping[NormalizedName, Distribution], code: CodeOfArchives) -> None:
        self._files = files
        self._code = code
        self._tops: dict[NormalizedName, frozenset[str]] = {}
        self.is_incomplete = False
        """Whether some archive could not be had."""
        self._modules: dict[NormalizedName, Mapping[str, ModuleNames]] = {}

    def of(self, top: str) -> list[NormalizedName]:
        """The projects that bring the top-level module *top*: first asked are those of its name, then all."""
        alike = [name for name in self._files if name == canonicalize_name(top)]
        return self._bringing(alike, top) or self._bringing(list(self._files), top)

    def _bringing(self, names: list[NormalizedName], top: str) -> list[NormalizedName]:
        asked = [name for name in names if name not in self._tops]
        if asked:
            try:
                self._tops |= zip(asked, self._code.top_modules([self._files[name] for name in asked]), strict=True)
            except IndexUnavailable:
                self._tops |= {name: self._top_modules(name) for name in asked}
        return [name for name in names if top in self._tops[name]]

    def _top_modules(self, name: NormalizedName) -> frozenset[str]:
        try:
            return self._code.import_names(self._files[name])
        except IndexUnavailable:
            self.is_incomplete = True
            return frozenset()

    def has_unknown(self) -> bool:
        """Whether some archive of the resolution may bring modules that were not seen: one that could not be read."""
        unread = [name for name, file in self._files.items() if not self._tops[name] and file.filename[-4:] != ".whl"]
        return bool(unread) or self.is_incomplete

    def learn(self, wanted: Mapping[NormalizedName, frozenset[str]]) -> None:
        """Read what the modules *wanted* of each project bind; of an archive that cannot be had nothing is known.

        Only wheels for any platform are read: others are large, and their names mostly come from compiled modules.
        """
        wanted = {name: modules for name, modules in wanted.items() if _is_pure(self._files[name])}
        try:
            answers = self._code.definitions_of([(self._files[name], modules) for name, modules in wanted.items()])
        except IndexUnavailable:
            return
        self._modules |= {
            name: {each.module: each for each in answer} for name, answer in zip(wanted, answers, strict=True)
        }

    def names_of(self, provider: NormalizedName, module: str) -> ModuleNames:
        """What *module*, which was learnt, binds in the archive of *provider*."""
        unread = ModuleNames(module=module, state=ModuleState.UNREAD, open_ended=True)
        return self._modules.get(provider, {}).get(module, unread)


class _Judge:
    def __init__(self, providers: _Providers, library: StandardLibrary, target: ImportTarget) -> None:
        self._providers = providers
        self._library = library
        self._target = target

    def learn(self, imports: Iterable[OuterImport]) -> None:
        """Read all that judging *imports* will ask of other projects."""
        wanted: dict[NormalizedName, set[str]] = {}
        for each in imports:
            for one in (each, *each.instead):
                top = one.module.partition(".")[0]
                providers = [] if not one.names or self._library.had(top) else self._providers.of(top)
                if len(providers) == 1:
                    wanted.setdefault(providers[0], set()).update(_asked(one))
        self._providers.learn({name: frozenset(modules) for name, modules in sorted(wanted.items())})

    def failures(self, name: NormalizedName, read: ImportTime) -> Iterator[Failure]:
        """What fails in *read*, of the module by which *name* is imported."""
        entries = {module.entry for module in read.modules}
        meant = {entry for entry in entries if canonicalize_name(entry) == name} or {
            entry for entry in entries if not entry.startswith("_")
        }
        # What puts its own folders on sys.path brings modules that no list of files shows as importable.
        extended = {module.entry for module in read.modules if module.extends_path}
        for module in read.modules:
            if module.entry not in meant:
                continue
            place = f"{module.file}:{module.line}"
            if module.broken:
                reason = f"which cannot parse {place}: {module.broken}"
                yield Failure(code=Code.UNPARSABLE, module=module, place=place, reason=reason)
            if module.unmade:
                reason = f"where {module.unmade}: {place} imports it"
                yield Failure(code=Code.GONE_FROM_PYTHON, module=module, place=place, reason=reason)
            for each in module.imports:
                found = self._judge(each)
                if found is not None and each.instead:
                    found = next(filter(None, map(self._judge, each.instead)), None)
                if found is None or (found[0] is Code.MODULE_ABSENT and module.entry in extended):
                    continue
                place = f"{module.file}:{each.line}"
                reason = f"{found[1]}: {place} has `{_short(each.statement)}`"
                yield Failure(code=found[0], module=module, place=place, statement=each.statement, reason=reason)

    def _judge(self, each: OuterImport) -> tuple[Code, str] | None:
        """The code and the clause for *each* import that fails; ``None`` where it works, or nothing is proved."""
        top = each.module.partition(".")[0]
        library = self._library
        if library.had(top):
            return self._judge_standard(each, top)
        if top.startswith("_") or (top in library.bundled and self._target.minor <= library.bundled[top]):
            return None
        providers = self._providers.of(top)
        if not providers:
            if self._providers.has_unknown():
                return None
            return Code.MODULE_ABSENT, f"as no project of this plan brings the module `{top}`"
        return self._judge_provided(each, providers[0]) if len(providers) == 1 else None

    def _judge_standard(self, each: OuterImport, top: str) -> tuple[Code, str] | None:
        library, minor = self._library, self._target.minor
        stands_in = library.stands_in.get(top)
        if not library.has(each.module, minor):
            if self._providers.of(top) or (stands_in is not None and self._providers.of(stands_in)):
                return None
            if self._providers.is_incomplete:
                return None
            last = library.last_minor(each.module)
            when = f"since Python 3.{last + 1}" if last is not None and last < minor else f"before Python 3.{minor + 1}"
            return Code.GONE_FROM_PYTHON, f"whose standard library has no `{each.module}` {when}"
        if library.is_elsewhere(top, self._target.sys_platform):
            return Code.GONE_FROM_PYTHON, f"as `{top}` is not there on {self._target.platform_system}"
        gone = [name for name in each.names if library.lacks(each.module, name, minor)]
        if gone:
            return Code.GONE_FROM_PYTHON, f"whose `{each.module}` has no `{gone[0]}` any more"
        return None

    def _judge_provided(self, each: OuterImport, provider: NormalizedName) -> tuple[Code, str] | None:
        if not each.names:
            return None
        module = self._providers.names_of(provider, each.module)
        if module.state is not ModuleState.READ or module.open_ended:
            return None
        missing = [
            name
            for name in each.names
            if name not in module.names
            and self._providers.names_of(provider, f"{each.module}.{name}").state is ModuleState.ABSENT
        ]
        if not missing:
            return None
        return Code.NAME_ABSENT, f"as {provider}'s `{each.module}` has no `{missing[0]}`"


def _is_pure(file: Distribution) -> bool:
    return isinstance(file, Wheel) and file.is_any


def _asked(each: OuterImport) -> list[str]:
    """The modules that *each* may take its names from: its own, and those below it."""
    return [each.module, *(f"{each.module}.{name}" for name in each.names)]


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:78]} …"
