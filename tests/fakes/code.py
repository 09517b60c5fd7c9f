"""Archives' code in memory that implements the port ``Code``; refuses to fetch or unpack anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from wheelcheck.archives.definitions import define_modules
from wheelcheck.archives.import_time import read_import_time
from wheelcheck.archives.import_uses import survey_imports
from wheelcheck.archives.modules import Kind, SourceTexts, map_modules
from wheelcheck.errors import IndexUnavailable
from wheelcheck.model.code import ImportSurvey, ImportTarget, ImportTime, ModuleNames, ModuleState, TopModules
from wheelcheck.model.distribution import Distribution


@dataclass(slots=True)
class FakeCode:
    """The port ``Code`` over a description ``{file name: {member path: source text}}``, read by our own readers.

    Member paths are relative to the archive's root folder; a compiled member's text does not matter. An archive that is not
    described has no code at all. *unread* gives archives, by file name, the sentence why they were not read; *failing* are
    those that raise ``IndexUnavailable``. ``calls`` counts what was asked, by ``(method, file name)``.
    """

    archives: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)
    failing: frozenset[str] = frozenset()
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)

    def imports(self, distribution: Distribution, names: frozenset[str], target: ImportTarget) -> ImportSurvey:
        """Where the code of *distribution* imports one of *names* on *target*."""
        texts = self._asked("imports", distribution)
        reason = self.unread.get(distribution.filename)
        if reason is not None:
            return ImportSurvey(filename=distribution.filename, unread=reason)
        return survey_imports(texts, names, target)

    def definitions(self, distribution: Distribution, modules: frozenset[str]) -> tuple[ModuleNames, ...]:
        """What each of *modules* binds in *distribution*."""
        texts = self._asked("definitions", distribution)
        if distribution.filename in self.unread:
            return tuple(
                ModuleNames(module=module, state=ModuleState.UNREAD, open_ended=True) for module in sorted(modules)
            )
        return define_modules(texts, modules)

    def top_modules(self, distributions: Sequence[Distribution]) -> tuple[TopModules, ...]:
        """The top-level modules of each of *distributions*."""
        reasons = [self.unread.get(each.filename) for each in distributions]
        texts = [self._asked("top_modules", each) for each in distributions]
        return tuple(
            each.modules.top_modules if reason is None else TopModules(unread=reason)
            for each, reason in zip(texts, reasons, strict=True)
        )

    def definitions_of(
        self, asked: Sequence[tuple[Distribution, frozenset[str]]]
    ) -> tuple[tuple[ModuleNames, ...], ...]:
        """What the modules asked of each distribution bind."""
        return tuple(self.definitions(each, modules) for each, modules in asked)

    def contents(self, distributions: Sequence[Distribution]) -> tuple[Mapping[str, str], ...]:
        """The files of each of *distributions*, with their texts."""
        return tuple(self.archives.get(each.filename, {}) for each in distributions)

    def import_times(
        self, distributions: Sequence[Distribution], target: ImportTarget, modules: frozenset[str] = frozenset()
    ) -> tuple[ImportTime, ...]:
        """What the import of each of *distributions* carries out on *target*."""
        return tuple(
            ImportTime(filename=each.filename, unread=self.unread[each.filename])
            if each.filename in self.unread
            else read_import_time(self._asked("import_times", each), target, modules)
            for each in distributions
        )

    def _asked(self, method: str, distribution: Distribution) -> SourceTexts:
        filename = distribution.filename
        self.calls[method, filename] += 1
        if filename in self.failing:
            raise IndexUnavailable("the fake does not have it", address=distribution.at.url)
        contents = {path: text.encode() for path, text in self.archives.get(filename, {}).items()}
        kind: Kind = "wheel" if filename.endswith(".whl") else "sdist"
        top_level = next((text for path, text in contents.items() if path.endswith("/top_level.txt")), b"")
        names = frozenset(top_level.decode().split())
        return SourceTexts(filename, contents, map_modules(contents, kind, names))
