"""Finds imports that fail: modules that nobody brings or Python no longer has, names that are not there, unparsable files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress

from msgspec import Struct
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelcheck.errors import IndexUnavailable
from wheelcheck.imports.suspects import Suspects
from wheelcheck.imports.uses import Providers
from wheelcheck.model.code import (
    DistributionCheck,
    ImportTarget,
    ImportTime,
    ModuleState,
    OuterImport,
    ReachedModule,
)
from wheelcheck.model.distribution import Distribution
from wheelcheck.model.finding import Code, Finding
from wheelcheck.model.knowledge import StandardLibrary
from wheelcheck.model.target import Target
from wheelcheck.ports import Code as CodeOfArchives

_OS_NAMES = {"win32": "nt"}
_SHOWN = 3


class Lack(Struct, frozen=True, kw_only=True):
    """The cause of a failing import as a *code* and a clause: *names* of *module* (none: the module) are not there.

    Or else *requirement* is what the code asks of the metadata of *provider*, or of a distribution that is not there.

    *provider* is the project that has the module in other versions, ``None`` where no project of the resolution does.
    """

    code: Code
    reason: str
    provider: NormalizedName | None = None
    module: str
    names: tuple[str, ...] = ()
    requirement: str = ""


class Failure(Struct, frozen=True, kw_only=True):
    """A proof that importing ``module`` fails: *line* is that in its file, *reason* a clause that explains it.

    *statement* is the import there and *lack* what it lacks, empty where another thing fails. *remedy* is what to do, where the
    code does not say it all.
    """

    code: Code
    module: ReachedModule
    line: int
    statement: str = ""
    lack: Lack | None = None
    reason: str
    remedy: str = ""

    @property
    def place(self) -> str:
        """``file:line`` in the archive."""
        return f"{self.module.file}:{self.line}"


class Failures(Struct, frozen=True, kw_only=True):
    """The ways of one *code* in which the import of *package* fails; the first stands for all in *message*."""

    package: NormalizedName
    version: Version
    code: Code
    each: tuple[Failure, ...]
    message: str


class FailureSurvey(Struct, frozen=True, kw_only=True):
    """All that was *found*; the archives of the *unavailable* projects could not be had, so that there may be more.

    *relying* fail in those environments alone that do not bring a module by themselves.
    """

    found: tuple[Failures, ...]
    relying: tuple[Failures, ...] = ()
    unavailable: frozenset[NormalizedName] = frozenset()


class Surroundings(Struct, frozen=True, kw_only=True):
    """What imports meet besides the archives: the *target* and its standard *library*.

    *lacking* are the modules that the runtime leaves out of its standard library, *runtime* what that is called. *whole* is how a
    sentence names all that could bring a module.
    """

    target: ImportTarget
    library: StandardLibrary
    lacking: frozenset[str] = frozenset()
    runtime: str = ""
    whole: str = "project of this plan"


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
    files: Mapping[NormalizedName, Distribution],
    suspects: Suspects,
    surroundings: Surroundings,
    code: CodeOfArchives,
    paths: Callable[[NormalizedName], tuple[tuple[str, ...], ...]],
) -> Iterator[Finding]:
    """A finding for each of *suspects* and each way in which its import fails, in the order of their names.

    *files* are those of the whole resolution, which are asked for what a suspect imports; *paths* tells who requires a project.
    Asks for archives of the index; one that cannot be had proves nothing. Raises nothing of its own.
    """
    if suspects.more:
        older = f"{suspects.more} more wheels that are older than Python 3.{surroundings.target.minor}"
        yield Finding.of(Code.IMPORTS_UNREAD, message=f"{older} were not read for imports that fail")
    reads = read_suspects(suspects, surroundings.target, code)
    unread = {name: read.unread for name, read in reads.items() if read.unread}
    if unread:
        words = "; ".join(f"{name} {files[name].version}: {reason}" for name, reason in [*unread.items()][:_SHOWN])
        more = f", and {len(unread) - _SHOWN} more projects" if len(unread) > _SHOWN else ""
        yield Finding.of(Code.IMPORTS_UNREAD, message=f"not all imports were read: {words}{more}")
    survey = find_failures(files, suspects, surroundings, code, reads)
    for found in (*survey.found, *survey.relying):
        quoted = (f"{each.place} has `{each.statement}`" for each in found.each if each.statement)
        yield Finding.of(
            found.code,
            package=found.package,
            version=found.version,
            message=found.message,
            evidence=tuple(dict.fromkeys(quoted))[:_SHOWN],
            paths=paths(found.package),
        )


def find_failures(
    files: Mapping[NormalizedName, Distribution],
    suspects: Suspects,
    surroundings: Surroundings,
    code: CodeOfArchives,
    reads: Mapping[NormalizedName, ImportTime],
) -> FailureSurvey:
    """As :func:`find_failing_imports`, of what was *reads* of the suspects."""
    providers = Providers(files, code, is_incomplete=bool(suspects.unseen))
    judge = _Judge(providers, surroundings)
    judge.learn(each for read in reads.values() for module in read.modules for each in module.imports)
    found: list[Failures] = []
    relying: list[Failures] = []
    for name, read in reads.items():
        version = files[name].version
        failures = list(judge.failures(name, read))
        for kind in dict.fromkeys(each.code for each in failures):
            mine = tuple(each for each in failures if each.code is kind)
            entry, python = mine[0].module.entry, f"Python 3.{surroundings.target.minor}"
            is_relying = kind is Code.LEFT_TO_ENVIRONMENT
            outcome = "needs the environment's own" if is_relying else f"fails on {python},"
            message = f"{name} {version}: `import {entry}` {outcome} {mine[0].reason}"
            kept = relying if is_relying else found
            kept.append(Failures(package=name, version=version, code=kind, each=mine, message=message))
    unavailable = frozenset(suspects.read.keys() - reads.keys()) | providers.unavailable
    return FailureSurvey(found=tuple(found), relying=tuple(relying), unavailable=unavailable)


def read_suspects(suspects: Suspects, target: ImportTarget, code: CodeOfArchives) -> dict[NormalizedName, ImportTime]:
    """What the import of each of *suspects* carries out; one that cannot be had is left out, and hides no other."""
    try:
        return dict(zip(suspects.read, code.import_times(tuple(suspects.read.values()), target), strict=True))
    except IndexUnavailable:
        found = {}
        for name, file in suspects.read.items():
            with suppress(IndexUnavailable):
                found[name] = code.import_times((file,), target)[0]
        return found


class _Judge:
    def __init__(self, providers: Providers, surroundings: Surroundings) -> None:
        self._providers = providers
        self._around = surroundings
        self._library, self._target = surroundings.library, surroundings.target

    def learn(self, imports: Iterable[OuterImport]) -> None:
        """Read all that judging *imports* will ask of other projects."""
        wanted: dict[NormalizedName, set[str]] = {}
        for each in imports:
            for one in (each, *each.instead):
                top = one.module.partition(".")[0]
                is_telling = bool(one.names) or "." in one.module
                providers = self._providers.of(top) if is_telling and not self._library.had(top) else []
                if len(providers) == 1:
                    wanted.setdefault(providers[0], set()).update(_asked(one))
        self._providers.learn({name: frozenset(modules) for name, modules in sorted(wanted.items())})

    def failures(self, name: NormalizedName, read: ImportTime) -> Iterator[Failure]:
        """What fails in *read*, of the module by which *name* is imported."""
        entries = {module.entry for module in read.modules}
        meant = {entry for entry in entries if canonicalize_name(entry) == name}
        # Of a source archive it is not sure that other modules are installed.
        if not meant and not self._providers.is_source(name):
            meant = {entry for entry in entries if not entry.startswith("_")}
        # What puts its own folders on sys.path brings modules that no list of files shows as importable.
        extended = {module.entry for module in read.modules if module.extends_path}
        for module in read.modules:
            if module.entry not in meant:
                continue
            place = f"{module.file}:{module.line}"
            if module.broken:
                reason = f"which cannot parse {place}: {module.broken}"
                yield Failure(code=Code.UNPARSABLE, module=module, line=module.line, reason=reason)
            if module.unmade:
                reason = f"where {module.unmade}: {place} imports it"
                yield Failure(code=Code.GONE_FROM_PYTHON, module=module, line=module.line, reason=reason)
            for check in module.checks:
                lack = self._refused(check)
                if lack is not None:
                    yield _lacking(module, check, lack, _quoted(module, check))
            for each in module.imports:
                lack = self._judge(each)
                if lack is not None and each.instead:
                    lack = next(filter(None, map(self._judge, each.instead)), None)
                if lack is None and module.entry not in extended and (further := self._further(each, module)):
                    yield further
                if lack is None or (
                    lack.code is Code.MODULE_ABSENT and module.entry in extended and self._may_be_added(name, lack)
                ):
                    continue
                yield _lacking(module, each, lack, _quoted(module, each), remedy=self._remedy(each, lack.code))

    def _may_be_added(self, name: NormalizedName, lack: Lack) -> bool:
        """Whether a folder that *name* puts on sys.path may bring the module: what is installed hides it, but for a copy of it."""
        return lack.provider is None or self._providers.may_hold(name, lack.module.partition(".")[0])

    def _further(self, each: OuterImport, module: ReachedModule) -> Failure | None:
        """What fails in a submodule of another project that *each*, in *module*, imports and that project itself does not."""
        top = each.module.partition(".")[0]
        providers = [] if each.instead or self._library.had(top) else self._providers.of(top)
        if len(providers) != 1:
            return None
        for name in filter(lambda asked: "." in asked, _asked(each)):
            if self._providers.names_of(providers[0], name).state is not ModuleState.READ:
                continue
            run = self._providers.run_by(providers[0], name, self._target)
            self.learn(inner for reached in run for inner in reached.imports)
            for reached in run:
                for inner in reached.imports:
                    lack = None if inner.instead or reached.extends_path else self._judge(inner)
                    if lack is not None:
                        where = f"{_quoted(reached, inner)}, which {module.file}:{each.line} imports"
                        return _lacking(module, each, lack, where)
        return None

    def _refused(self, check: DistributionCheck) -> Lack | None:
        """The distribution that *check* refuses: it has another version, or there is none of that name."""
        with suppress(InvalidRequirement):
            asked = Requirement(check.requirement)
            name, version = canonicalize_name(asked.name), self._providers.version_of(asked.name)
            if asked.marker is not None or asked.url is not None:
                return None
            if check.is_of_compiled and not self._providers.is_compiled(name):
                return None
            if version is not None and not asked.specifier.contains(version, prereleases=True):
                reason = f"which refuses {name} {version}, as it is not {asked.specifier}"
                return Lack(code=Code.REFUSED, reason=reason, provider=name, module="", requirement=check.requirement)
            is_brought = self._is_brought_along(name)
            if version is None and check.is_sure and not self._providers.is_unseen and not is_brought:
                reason = f"which looks for a distribution named {asked.name}, and no {self._around.whole} has that name"
                return Lack(code=Code.REFUSED, reason=reason, module="", requirement=check.requirement)
        return None

    def _judge(self, each: OuterImport) -> Lack | None:
        """What *each* import fails for; ``None`` where it works, or nothing is proved."""
        top = each.module.partition(".")[0]
        library = self._library
        if library.had(top):
            return self._judge_standard(each, top)
        if top.startswith("_"):
            return None
        providers = self._providers.of(top)
        if not providers:
            if self._providers.is_incomplete:
                return None
            if self._is_brought_along(top):
                reason = f"`{top}`, which no {self._around.whole} brings ({library.modules_of.get(top, top)} would)"
                return Lack(code=Code.LEFT_TO_ENVIRONMENT, reason=reason, module=each.module)
            reason = f"as no {self._around.whole} brings the module `{top}`"
            return Lack(code=Code.MODULE_ABSENT, reason=reason, module=each.module)
        return self._judge_provided(each, providers[0]) if len(providers) == 1 else None

    def _is_brought_along(self, module: str) -> bool:
        """Whether environments bring *module*, or the distribution of that name, by themselves: not where the plan replaces it."""
        brought_by = self._library.modules_of.get(module)
        # Names of modules need not be names of projects: `foo_`.
        owner = Requirement(brought_by).name if brought_by is not None else module
        until = self._library.bundled.get(owner, 0)
        return self._target.minor <= until and self._providers.version_of(owner) is None

    def _judge_standard(self, each: OuterImport, top: str) -> Lack | None:
        reason = self._why_not_standard(each, top)
        return Lack(code=Code.GONE_FROM_PYTHON, reason=reason, module=each.module) if reason else None

    def _why_not_standard(self, each: OuterImport, top: str) -> str:
        library, minor = self._library, self._target.minor
        stands_in = library.stands_in.get(top)
        if not library.has(each.module, minor):
            if each.is_attribute:
                return ""  # the import of the module says so, unless code forgives that
            if self._providers.of(top) or (stands_in is not None and self._providers.of(stands_in)):
                return ""
            if self._providers.is_incomplete:
                return ""
            last = library.last_minor(each.module)
            when = f"since Python 3.{last + 1}" if last is not None and last < minor else f"before Python 3.{minor + 1}"
            return f"whose standard library has no `{each.module}` {when}"
        if top in self._around.lacking and not self._providers.of(top):
            return f"as {self._around.runtime} has no `{top}`"
        if library.is_elsewhere(top, self._target.sys_platform):
            return f"as `{top}` is not there on {self._target.platform_system}"
        gone = [name for name in each.names if library.lacks(each.module, name, minor)]
        return f"whose `{each.module}` has no `{gone[0]}` any more" if gone else ""

    def _remedy(self, each: OuterImport, code: Code) -> str:
        top = each.module.partition(".")[0]
        if code is not Code.GONE_FROM_PYTHON or top not in self._around.lacking:
            return ""
        return f"take a runtime with {top}: a standalone build or a full installation of Python"

    def _judge_provided(self, each: OuterImport, provider: NormalizedName) -> Lack | None:
        module = self._providers.names_of(provider, each.module)
        if module.state is ModuleState.ABSENT and self._providers.has_fixed_modules(
            provider, each.module, self._target
        ):
            reason = f"as {provider} has no module `{each.module}`"
            return Lack(code=Code.MODULE_ABSENT, reason=reason, provider=provider, module=each.module)
        if not each.names or module.state is not ModuleState.READ or module.open_ended:
            return None
        missing = tuple(
            name
            for name in each.names
            if name not in module.names
            and self._providers.names_of(provider, f"{each.module}.{name}").state is ModuleState.ABSENT
        )
        if not missing or self._providers.has_importers(provider, self._target):
            return None
        reason = f"as {provider}'s `{each.module}` has no `{missing[0]}`"
        return Lack(code=Code.NAME_ABSENT, reason=reason, provider=provider, module=each.module, names=missing)


def _asked(each: OuterImport) -> list[str]:
    """The modules that *each* may take its names from: its own, and those below it."""
    return [each.module, *(f"{each.module}.{name}" for name in each.names)]


def _lacking(
    module: ReachedModule, each: OuterImport | DistributionCheck, lack: Lack, where: str, *, remedy: str = ""
) -> Failure:
    """The failure of *each* in *module* for *lack*, which stands *where*: that may be in a module that it runs."""
    return Failure(
        code=lack.code,
        module=module,
        line=each.line,
        statement=each.statement,
        lack=lack,
        reason=f"{lack.reason}: {where}",
        remedy=remedy,
    )


def _quoted(module: ReachedModule, each: OuterImport | DistributionCheck) -> str:
    return f"{module.file}:{each.line} has `{_short(each.statement)}`"


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:78]} …"
