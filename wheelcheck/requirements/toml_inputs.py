"""The inputs whose requirements stand in TOML: projects and scripts, and which extras and groups are asked of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from packaging.utils import NormalizedName

from wheelcheck.errors import InputUnreadable, UsageProblem
from wheelcheck.requirements.collecting import Collector
from wheelcheck.requirements.requirements_file import RequirementsReader
from wheelcheck.texts.sources import Reader, Source

if TYPE_CHECKING:
    from wheelcheck.requirements.pyproject import Pyproject

Chosen = Literal["extras", "groups"]


class TomlInputs:
    """Keeps the projects among the inputs until all are known: an extra may belong to any of them.

    The reading modules are imported when the first such input is met.
    """

    def __init__(self, reader: Reader, collector: Collector, requirements: RequirementsReader) -> None:
        self._reader = reader
        self._collector = collector
        self._requirements = requirements
        self._projects: list[Pyproject] = []

    def takes(self, source: Source) -> bool:
        """Whether *source* is one of these: by its name, or a script without suffix by its block."""
        name = _name(source)
        if name == "setup.py" or re.fullmatch(r"pylock(\..+)?\.toml", name):
            return False
        if name.endswith((".toml", ".py", ".pyw")):
            return True
        if "." in name or "/// script" not in source.text:
            return False
        from wheelcheck.requirements.script import has_script_block

        return has_script_block(source.text)

    def add(self, source: Source) -> None:
        """Read *source*; a script is collected at once, a project with :meth:`collect`. Raises ``InputUnreadable``."""
        if _name(source).endswith(".toml"):
            from wheelcheck.requirements.pyproject import parse_pyproject

            self._projects.append(parse_pyproject(source))
            return
        from wheelcheck.requirements.script import collect_script

        collect_script(source, self._collector)

    def collect(self, extras: frozenset[NormalizedName], groups: Sequence[NormalizedName]) -> None:
        """Ask for the dependencies of every project, of *extras* and of *groups*, each from the projects that have it.

        Raises ``InputUnreadable`` for one that no project has, ``UsageProblem`` where there is no project at all.
        """
        self._require_known("extras", sorted(extras))
        self._require_known("groups", groups)
        for project in self._projects:
            self._collect(project, extras, groups)

    def _collect(self, project: Pyproject, extras: frozenset[NormalizedName], groups: Sequence[NormalizedName]) -> None:
        from wheelcheck.requirements.pyproject import collect_dependencies, collect_group

        present = [group for group in groups if group in project.groups]
        if not project.has_project and not present:
            raise _without_project(project)
        collect_dependencies(project, extras, self._collector)
        if "dependencies" in project.dynamic:
            self._collect_files(project, "", "dependencies")
        if "optional-dependencies" in project.dynamic:
            for extra in sorted(extras):
                self._collect_files(project, extra, "optional-dependencies")
        for group in present:
            collect_group(project, group, self._collector)

    def _collect_files(self, project: Pyproject, key: str, field: str) -> None:
        line = project.positions.header("project", "dynamic")
        if key not in project.files:
            raise InputUnreadable(
                f"the {field} are dynamic: only its build backend can tell them",
                address=project.source.at(line),
                hint="name the requirements file they come from, or a wheel of the project",
            )
        for name in project.files[key]:
            self._requirements.require(self._reader.nested(name, project.source, line))

    def _require_known(self, kind: Chosen, wanted: Sequence[NormalizedName]) -> None:
        option = "--extra" if kind == "extras" else "--group"
        if wanted and not self._projects:
            raise UsageProblem(f"{option} {wanted[0]} needs a pyproject.toml among the inputs", address=option)
        known = {name: None for project in self._projects for name in _declared(project, kind)}
        for name in wanted:
            if name not in known:
                places = ", ".join(project.source.place for project in self._projects)
                raise InputUnreadable(
                    f"no {'extra' if kind == 'extras' else 'dependency group'} {name!r}",
                    address=places,
                    hint=_nearest(name, list(known), kind),
                )


def _declared(project: Pyproject, kind: Chosen) -> list[str]:
    if kind == "groups":
        return list(project.groups)
    from_files = [key for key in project.files if key] if "optional-dependencies" in project.dynamic else []
    return [*project.extras, *from_files]


def _nearest(name: str, known: list[str], kind: Chosen) -> str:
    from difflib import get_close_matches

    if not known:
        return f"it declares no {'extras' if kind == 'extras' else 'dependency groups'}"
    near = get_close_matches(name, known, n=3)
    return f"did you mean {' or '.join(near)}?" if near else f"it has {', '.join(sorted(known))}"


def _without_project(project: Pyproject) -> InputUnreadable:
    place = project.source.place
    if project.poetry:
        return InputUnreadable(
            "only [tool.poetry], no [project] table (PEP 621)",
            address=place,
            hint="write the dependencies as requirements first: poetry export -o requirements.txt",
        )
    if project.groups:
        names: Mapping[str, object] = dict.fromkeys(sorted(project.groups))
        return InputUnreadable(
            "no [project] table; choose among its dependency groups",
            address=place,
            hint=f"--group {' or --group '.join(names)}",
        )
    return InputUnreadable(
        "no [project] table (PEP 621)", address=place, hint="name the file that lists the dependencies"
    )


def _name(source: Source) -> str:
    from urllib.parse import urlsplit

    path = urlsplit(source.url).path if source.url is not None else source.place
    return path.replace("\\", "/").rpartition("/")[2]
