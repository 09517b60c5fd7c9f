"""The ``Code`` port over distributions that are installed in one folder: ``InstalledFiles → modules, imports, definitions``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from wheelcheck.archives.definitions import define_modules
from wheelcheck.archives.import_time import read_import_time
from wheelcheck.archives.import_uses import survey_imports
from wheelcheck.archives.modules import READ_LIMIT, ModuleMap, map_modules, path_files, path_folders
from wheelcheck.model.code import (
    ImportSurvey,
    ImportTarget,
    ImportTime,
    InstalledFiles,
    ModuleNames,
    ModuleState,
    TopModules,
)
from wheelcheck.model.distribution import Distribution


class _FolderCode:
    """The Python files of one distribution under *root*; a file that cannot be read counts as too long to read."""

    def __init__(self, filename: str, root: Path, installed: InstalledFiles) -> None:
        self.filename = filename
        self._root = root
        self._places = installed.places
        self.added = frozenset(self._spelt(folder) for folder in self._path_folders())
        self.modules: ModuleMap = map_modules(installed.places, "wheel", folders=self.added)

    def source(self, path: str) -> bytes | None:
        """The file that is installed at *path* of ``site-packages``."""
        file = self._root / self._places[path]
        try:
            if not file.is_file():
                return None  # a pipe would never end
            with file.open("rb") as stream:
                content = stream.read(READ_LIMIT + 1)
        except OSError:
            return None
        return content if len(content) <= READ_LIMIT else None

    def _path_folders(self) -> set[str]:
        texts = ((self.source(path) or b"").decode("utf-8", "replace") for path in path_files(self._places))
        return {folder for text in texts for folder in path_folders(text)}

    def _spelt(self, folder: str) -> str:
        """*folder* as the files spell it: Windows minds no case (``Pythonwin`` is ``pythonwin``)."""
        lowered = f"{folder.lower()}/"
        return next((path[: len(folder)] for path in self._places if path.lower().startswith(lowered)), folder)


class InstalledCode:
    """The port ``Code``: *installed* are the files of each distribution under *root*, by its file name. Fetches nothing."""

    def __init__(self, root: Path, installed: Mapping[str, InstalledFiles]) -> None:
        self._root = root
        self._installed = installed
        self._opened: dict[str, _FolderCode] = {}
        self._times: dict[tuple[str, ImportTarget, frozenset[str]], ImportTime] = {}

    def top_modules(self, distributions: Sequence[Distribution]) -> tuple[TopModules, ...]:
        """The modules of each of *distributions*; in folders that path files add, those that top_level.txt names, if any."""
        return tuple(self._top_modules(each.filename) for each in distributions)

    def _top_modules(self, filename: str) -> TopModules:
        installed, code = self._installed[filename], self._code(filename)
        if not installed.places:
            return TopModules(
                shallowest=frozenset(filter(str.isidentifier, installed.top_level)), unread=installed.unread
            )
        found = code.modules.top_modules
        folders = {folder.replace("/", ".") for folder in code.added}
        own = map_modules(installed.places, "wheel").top_modules.shallowest
        first = {name for name in own if not any(name.startswith(f"{folder}.") for folder in folders)}
        added = {name for name in found.shallowest - own if "." not in name}
        first |= {name for name in added if name in installed.top_level or not installed.top_level}
        # A module in a folder that a path file adds is known by its name there.
        native = {name for name in found.native if not any(name.startswith(f"{folder}.") for folder in folders)}
        return TopModules(
            names=found.names, shallowest=frozenset(first), native=frozenset(native), unread=installed.unread
        )

    def imports(self, distribution: Distribution, names: frozenset[str], target: ImportTarget) -> ImportSurvey:
        """Where the code of *distribution* imports one of *names* on *target*."""
        return survey_imports(self._code(distribution.filename), names, target)

    def definitions(self, distribution: Distribution, modules: frozenset[str]) -> tuple[ModuleNames, ...]:
        """What each of *modules* binds in *distribution*."""
        if self._installed[distribution.filename].unread:
            return tuple(
                ModuleNames(module=module, state=ModuleState.UNREAD, open_ended=True) for module in sorted(modules)
            )
        return define_modules(self._code(distribution.filename), modules)

    def definitions_of(
        self, asked: Sequence[tuple[Distribution, frozenset[str]]]
    ) -> tuple[tuple[ModuleNames, ...], ...]:
        """As :meth:`definitions` for each distribution and its modules."""
        return tuple(self.definitions(each, modules) for each, modules in asked)

    def contents(self, distributions: Sequence[Distribution]) -> tuple[Mapping[str, str], ...]:
        """The files of each of *distributions*, with the word that tells contents apart."""
        return tuple(self._installed[each.filename].contents for each in distributions)

    def import_times(
        self, distributions: Sequence[Distribution], target: ImportTarget, modules: frozenset[str] = frozenset()
    ) -> tuple[ImportTime, ...]:
        """What the import of each of *distributions* carries out on *target*."""
        for each in distributions:
            key = each.filename, target, modules
            if key not in self._times:
                self._times[key] = read_import_time(self._code(each.filename), target, modules)
        return tuple(self._times[each.filename, target, modules] for each in distributions)

    def _code(self, filename: str) -> _FolderCode:
        if filename not in self._opened:
            self._opened[filename] = _FolderCode(filename, self._root, self._installed[filename])
        return self._opened[filename]
