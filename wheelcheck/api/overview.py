"""``overview``: the first answer on a project, whose input and targets are found where nobody names them.

``Request, TargetWords → MatrixRequest → Overview``. The input is that of the folder; the targets are those of the settings, else of
the project's Dockerfile, of its workflows, of ``requires-python``, else all platforms with the running Python. ``matrix`` answers.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from wheelcheck.api.matrix import MatrixRequest, matrix
from wheelcheck.api.request import with_files
from wheelcheck.api.targets import TargetWords, day_asked
from wheelcheck.errors import InputUnreadable
from wheelcheck.ports import Reporter, SilentReporter
from wheelcheck.settings.loading import load_settings
from wheelcheck.texts.files import is_file
from wheelcheck.texts.words import folded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wheelcheck.api.request import Request
    from wheelcheck.model.answers import Matrix
    from wheelcheck.model.target import NamedTargets
    from wheelcheck.settings.loading import Settings

_WORKFLOWS = ".github/workflows"
_NAMED = 5  # so many extras and groups are named
_PROJECTS = ("pyproject.toml", "setup.cfg", "setup.py")
_DOCKERFILES = ("Dockerfile", "Containerfile")


class Overview(Struct, frozen=True, kw_only=True):
    """The grid of a project; *inputs* are what was read, *found* tells in sentences what was found, and where.

    *unasked* are the extras and groups of the project, of which none was chosen.
    """

    matrix: Matrix
    inputs: tuple[str, ...]
    found: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()


def overview(request: Request, words: TargetWords, *, reporter: Reporter | None = None, today: str = "") -> Overview:
    """Answer the inputs of *request*, or those of its folder, on the targets of *words*, or those that the project names.

    Raises ``UsageProblem``, ``InputUnreadable`` and ``SettingsInvalid`` as :func:`matrix` does.
    """
    reporter = reporter or SilentReporter()
    request, notes = with_files(request if request.inputs else request.changed((request.folder,)))
    settings = load_settings(Path(request.folder), request.environ)
    searched = _Project(request, settings, today)
    words, where = searched.completed(words)
    answer = matrix(MatrixRequest(request=request, targets=words, today=today), reporter=reporter)
    found = (*(note.removeprefix(f"{request.folder}: ") for note in notes), *((where,) if where else ()))
    unasked = _unasked(request)
    if unasked:
        found = (*found, f"without extras and groups, of which the project has {folded(unasked, _NAMED)}")
    return Overview(
        matrix=replace(answer, notes=()), inputs=request.inputs, found=(*found, *answer.notes), unasked=unasked
    )


def _unasked(request: Request) -> tuple[str, ...]:
    from wheelcheck.api.matrix import has_choice, iter_project_parts

    projects = [each for each in request.inputs if Path(each).name in _PROJECTS]
    if has_choice(request):
        return ()
    return tuple(dict.fromkeys(name for _, name in iter_project_parts(projects)))


class _Project:
    """The files beside the first input that is one, and what they say of targets."""

    def __init__(self, request: Request, settings: Settings, today: str) -> None:
        from wheelcheck.targets.targets import maintained_pythons

        self._settings = settings
        self._home = next((Path(text).parent for text in request.inputs if is_file(Path(text))), None)
        self._maintained = maintained_pythons(day_asked(request, settings, today))

    def completed(self, words: TargetWords) -> tuple[TargetWords, str]:
        """*words* with what they leave open, and a sentence on where that was found; platforms that nobody names are all."""
        settings = self._settings
        if words.files or words.sources or words.pythons or (settings.targets and not words.platforms):
            return words, ""
        if words.platforms or settings.platforms or settings.pythons:
            return self._with_pythons(words) if not settings.pythons else (words, "")
        sources = dict(self._iter_sources())
        if not sources:
            return self._with_pythons(words)
        found = replace(words, sources=tuple(sources))
        where = f"the targets are those of {' and '.join(sources)}"
        if all(each.python is not None for named in sources.values() for each in named.targets):
            return found, where
        found, pythons = self._with_pythons(found)
        return found, f"{where}; {pythons}"

    def _with_pythons(self, words: TargetWords) -> tuple[TargetWords, str]:
        from wheelcheck.targets.targets import host_target

        named = self._read(self._home / "pyproject.toml", is_project=True) if self._home is not None else None
        if named is not None:
            first = named.targets[0]
            pythons = tuple(each.python for each in named.targets if each.python is not None)
            return replace(words, pythons=pythons), f"the Pythons are those of requires-python ({first.origin})"
        python = ".".join(host_target().python.split(".")[:2]) + ("t" if host_target().python.endswith("t") else "")
        return replace(words, pythons=(python,)), f"no Python was named, so the running one was taken: {python}"

    def _iter_sources(self) -> Iterator[tuple[str, NamedTargets]]:
        """The files that name targets, of the first kind that does."""
        if self._home is None:
            return
        kinds = (
            [self._home / name for name in _DOCKERFILES],
            sorted((self._home / _WORKFLOWS).glob("*.y*ml")),
        )
        for paths in kinds:
            found = [(str(path), named) for path in paths if (named := self._read(path)) is not None]
            if found:
                yield from found
                return

    def _read(self, path: Path, *, is_project: bool = False) -> NamedTargets | None:
        """The targets that *path* names; ``None`` where it is not there or names none that can be read."""
        from wheelcheck.knowledge.systems import load_images
        from wheelcheck.targets.pythons import parse_requires_python
        from wheelcheck.targets.sources import TargetQuery, parse_targets

        parse = parse_requires_python if is_project else parse_targets
        try:
            text = path.read_text("utf-8-sig")
            named = parse(text, str(path), TargetQuery(known=load_images(), pythons=self._maintained))
        except (OSError, UnicodeDecodeError, InputUnreadable):
            return None
        return named if named.targets else None
