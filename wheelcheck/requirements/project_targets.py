"""The targets that a project, a lock or an environment of conda says it is for; reads no requirement, and of a lock no package.

``inputs → Environments``, before anything else is read: what is asked for differs between targets.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from packaging.markers import Marker
from packaging.specifiers import SpecifierSet

from wheelcheck.errors import InputUnreadable
from wheelcheck.model.distribution import as_specifier
from wheelcheck.model.target import Target
from wheelcheck.requirements.uv_settings import environment_markers
from wheelcheck.requirements.uv_sources import load_workspace
from wheelcheck.targets.fitting import Compatibility
from wheelcheck.targets.pythons import admitted_pythons
from wheelcheck.targets.targets import PLATFORMS, parse_target
from wheelcheck.texts.files import is_file
from wheelcheck.texts.poetry import poetry_specifier
from wheelcheck.texts.sources import Reader, Source
from wheelcheck.texts.toml import Table, requires_python_of

_CHOOSING = frozenset({"uv", "poetry", "pdm"})


def load_environments(inputs: Sequence[str]) -> Environments | None:
    """The targets that the projects and locks among *inputs* are for, where a tool that chooses the Python reads them.

    ``None`` where there is none; what cannot be read is not told here. Raises ``InputUnreadable`` for a value that is no marker.
    """
    found: Environments | None = None
    for text in inputs:
        path = Path(text)
        of_file = _FILES.get(path.name) or _BY_SUFFIX.get(path.suffix)
        if of_file is None or not is_file(path):
            continue
        reader = Reader(fetch_text=None, stdin=None)
        try:
            source = reader.file(path, text)
        except InputUnreadable:
            return None  # whoever reads the inputs says so
        found = of_file(source, reader) or found
    return found


def _of_project(source: Source, reader: Reader) -> Environments | None:
    try:
        document = Table.of_toml(source.text, source.place)
        workspace = load_workspace(source, document, reader)
    except InputUnreadable:
        return None
    backend = str(document.within("build-system").values.get("build-backend", ""))
    # The backends are called after their tools: uv_build, poetry.core.masonry.api, pdm.backend.
    if workspace is None and not {*document.within("tool").values, re.split(r"[._]", backend)[0]} & _CHOOSING:
        return None
    uv = (workspace.document if workspace is not None else document).within("tool", "uv")
    bounds = admitted_pythons(document)
    return Environments(
        supported=environment_markers(uv, "environments"),
        required=environment_markers(uv, "required-environments"),
        bounds=bounds[0] if bounds is not None else (),
    )


def _of_head(source: Source, reader: Reader) -> Environments | None:  # noqa: ARG001 - one shape for the table
    """What stands above the packages of a lock of uv, PDM or PEP 751."""
    try:
        head = Table.of_toml(source.text.partition("\n[[package")[0], source.place)
    except InputUnreadable:
        return None
    targets = head.within("metadata").values.get("targets", [])
    pythons = (
        [each.get("requires_python") for each in targets if isinstance(each, dict)] if isinstance(targets, list) else []
    )
    pythons.append(head.values.get("requires-python"))
    return Environments(
        supported=(*environment_markers(head, "supported-markers"), *environment_markers(head, "environments")),
        required=environment_markers(head, "required-markers"),
        bounds=tuple(requires_python_of(each, head.origin) for each in pythons if isinstance(each, str)),
    )


def _of_poetry_lock(source: Source, reader: Reader) -> Environments | None:  # noqa: ARG001 - one shape for the table
    """What Poetry writes behind the packages."""
    try:
        metadata = Table.of_toml(source.text.rpartition("\n[metadata]\n")[2], source.place)
    except InputUnreadable:
        return None
    python = metadata.values.get("python-versions")
    text = poetry_specifier(python) if isinstance(python, str) else None
    if text is None:
        return Environments(bounds=())
    bound = as_specifier(text)
    return Environments(bounds=(bound,)) if bound is not None else None


def _of_conda(source: Source, reader: Reader) -> Environments | None:  # noqa: ARG001 - one shape for the table
    """The Python that conda puts into the environment."""
    from wheelcheck.requirements.conda_environment import environment_pythons

    try:
        return Environments(bounds=environment_pythons(source))
    except InputUnreadable:
        return None


def _of_script(source: Source, reader: Reader) -> Environments | None:  # noqa: ARG001 - one shape for the table
    """What a script with metadata (PEP 723) asks of the Python that runs it, which whoever runs it chooses."""
    from wheelcheck.requirements.script import script_table

    try:
        table = script_table(source)
        bound = table.values.get("requires-python")
        return Environments(bounds=(requires_python_of(bound, table.origin),)) if isinstance(bound, str) else None
    except InputUnreadable:
        return None


_FILES: Mapping[str, Callable[[Source, Reader], Environments | None]] = {
    "pyproject.toml": _of_project,
    "uv.lock": _of_head,
    "pdm.lock": _of_head,
    "pylock.toml": _of_head,
    "poetry.lock": _of_poetry_lock,
}
_BY_SUFFIX: Mapping[str, Callable[[Source, Reader], Environments | None]] = {
    ".yml": _of_conda,
    ".yaml": _of_conda,
    ".py": _of_script,
    ".pyw": _of_script,
}


class Environments(Struct, frozen=True, kw_only=True):
    """One of *supported* has to hold on a target, unless there are none; each of *required* has one.

    One of *bounds* has to admit its Python, unless there are none.
    """

    supported: tuple[Marker, ...] = ()
    required: tuple[Marker, ...] = ()
    bounds: tuple[SpecifierSet, ...] = ()

    def admits(self, target: Target) -> bool:
        """Whether the project is for *target*, so far as markers say so."""
        return not self.supported or any(Compatibility(target).holds(marker) for marker in self.supported)

    def python(self, known: Sequence[str]) -> str | None:
        """The first of *known* that the project is for; ``None`` where it is for the running one, or for none of them."""
        return next((word for word in (None, *known) if self._is_for(parse_target(None, word))), None)

    def targets(self, pythons: Sequence[str], known: Sequence[str]) -> tuple[Target, ...]:
        """One target for each marker that no earlier one is for, those required first: on this machine's platform if it can be.

        The Python is each of *pythons*; without them the running one, or the first of *known* that the project admits. Where
        there are no markers, that Python is all that is chosen.
        """
        if not (self.required or self.supported):
            return () if pythons else tuple(itertools.islice(self._candidates([None, *known]), 1))
        found: list[Target] = []
        for marker in (*self.required, *self.supported):
            if any(Compatibility(each).holds(marker) for each in found):
                continue
            for words in [[python] for python in pythons] if pythons else [[None, *known]]:
                target = next((each for each in self._candidates(words) if Compatibility(each).holds(marker)), None)
                if target is not None:
                    found.append(target)
        return tuple(found)

    def _candidates(self, pythons: Sequence[str | None]) -> Iterator[Target]:
        for python in pythons:
            for platform in (None, *PLATFORMS):
                target = parse_target(platform, python)
                if self.admits(target) and self._is_for(target):
                    yield target

    def _is_for(self, target: Target) -> bool:
        """Whether the bounds admit the Python of *target*."""
        return not self.bounds or any(each.contains(target.python_full, prereleases=True) for each in self.bounds)
