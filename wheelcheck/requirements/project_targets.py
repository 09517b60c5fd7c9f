"""The targets that a project, a lock or an environment of conda says it is for; reads no requirement, and of a lock no package.

``inputs → Environments``, before anything else is read: what is asked for differs between targets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from wheelcheck.errors import InputUnreadable
from wheelcheck.model.distribution import as_specifier
from wheelcheck.requirements.uv_settings import environment_markers
from wheelcheck.requirements.uv_sources import load_workspace
from wheelcheck.targets.environments import Environments
from wheelcheck.targets.requires_python import admitted_pythons
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
