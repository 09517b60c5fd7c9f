"""Tells which project of a resolution brings a module, asking only as many archives as the answer takes."""

from __future__ import annotations

from collections.abc import Mapping

from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.errors import IndexUnavailable
from wheelcheck.model.code import ModuleNames, ModuleState
from wheelcheck.model.distribution import Distribution
from wheelcheck.ports import Code


class Providers:
    """The modules of the *files* of a resolution, read through *code*."""

    def __init__(self, files: Mapping[NormalizedName, Distribution], code: Code) -> None:
        self._files = files
        self._code = code
        self._tops: dict[NormalizedName, frozenset[str]] = {}

    def of(self, top: str) -> list[NormalizedName]:
        """The projects that bring the top-level module *top*: first asked are those of its name, then all."""
        alike = [name for name in self._files if name == canonicalize_name(top)]
        found = [name for name in alike if top in self._tops_of(name)]
        return found or [name for name in self._files if top in self._tops_of(name)]

    def _tops_of(self, name: NormalizedName) -> frozenset[str]:
        if name not in self._tops:
            self._tops[name] = self._code.import_names(self._files[name])
        return self._tops[name]

    def has_unknown(self) -> bool:
        """Whether some archive of the resolution may bring modules that were not seen: one that could not be read."""
        return any(not self._tops_of(name) and not _is_wheel(file) for name, file in self._files.items())

    def names_of(self, provider: NormalizedName, modules: frozenset[str]) -> Mapping[str, ModuleNames]:
        """What *modules* bind in the archive of *provider*; unread ones where it cannot be had."""
        try:
            return {each.module: each for each in self._code.definitions(self._files[provider], modules)}
        except IndexUnavailable:
            return {name: ModuleNames(module=name, state=ModuleState.UNREAD, open_ended=True) for name in modules}


def _is_wheel(file: Distribution) -> bool:
    return file.filename.endswith(".whl")
