"""Answers what the modules of a resolution have, by reading its archives as far as imports ask for them; judges nothing."""

from __future__ import annotations

from collections.abc import Mapping

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelcheck.errors import IndexUnavailable
from wheelcheck.model.code import ImportTarget, ModuleNames, ModuleState, ReachedModule, TopModules
from wheelcheck.model.distribution import Distribution, Sdist, Wheel
from wheelcheck.ports import Code as CodeOfArchives

_FOLLOWED = 24  # so many modules that others alone import are followed,
_FOLLOWED_BYTES = 1024**2  # of wheels up to this size


class Providers:
    """The modules of the *files* of a resolution, read through *code*; what many imports ask for is fetched at once."""

    def __init__(
        self, files: Mapping[NormalizedName, Distribution], code: CodeOfArchives, *, is_incomplete: bool
    ) -> None:
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
