"""The targets of a run with several: words on the command line, files that name them, settings; judges no file.

``TargetWords, Settings → Target, …``, each once, in the order in which they were named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wheelcheck.errors import InputUnreadable, UsageProblem

if TYPE_CHECKING:
    from wheelcheck.model import Target
    from wheelcheck.model.named_target import NamedTarget, NamedTargets
    from wheelcheck.pipeline.request import Request
    from wheelcheck.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetWords:
    """How targets are named: *platforms* times *pythons* (``all`` stands for the known ones), target *files*, and *sources*.

    *sources* are files in which targets stand already: a Dockerfile, ``.python-version``, ``pyproject.toml``, a workflow.
    """

    platforms: tuple[str, ...] = ()
    pythons: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


def load_targets(words: TargetWords, settings: Settings, request: Request) -> tuple[Target, ...]:
    """The targets of *words*; where these say nothing, those of *settings*; where these neither, the running interpreter.

    A source that names only platforms or only Pythons is multiplied by what *words* say of the other. Raises ``UsageProblem`` and
    ``InputUnreadable``.
    """
    from wheelcheck.compat import parse_target, parse_target_file

    named = _named(words, settings)
    targets: dict[tuple[str, str], Target] = {}
    for platform, python in named:
        target = parse_target(platform, python)
        targets.setdefault((target.platform, target.python), target)
    for path in words.files or ((request.target_file,) if request.target_file is not None else ()):
        target = parse_target_file(_text(path), path)
        targets.setdefault((target.platform, target.python), target)
    if not targets:
        target = parse_target(None, None)
        return (target,)
    return tuple(targets.values())


def _named(words: TargetWords, settings: Settings) -> list[tuple[str | None, str | None]]:
    from wheelcheck.compat.known import PLATFORMS, PYTHONS, expanded

    platforms, pythons = expanded(words.platforms, PLATFORMS), expanded(words.pythons, PYTHONS)
    found: list[tuple[str | None, str | None]] = []
    for each in _iter_sourced(words.sources):
        found.extend(
            _product((each.platform,) if each.platform else platforms, (each.python,) if each.python else pythons)
        )
    if words.sources:
        return found
    if platforms or pythons:
        return list(
            _product(
                platforms or expanded(settings.platforms, PLATFORMS), pythons or expanded(settings.pythons, PYTHONS)
            )
        )
    if words.files:
        return []
    found.extend(_pair(text) for text in settings.targets)
    if settings.platforms or settings.pythons:
        found.extend(_product(expanded(settings.platforms, PLATFORMS), expanded(settings.pythons, PYTHONS)))
    return found


def _product(platforms: Iterable[str], pythons: Iterable[str]) -> Iterator[tuple[str | None, str | None]]:
    some: tuple[str | None, ...] = tuple(pythons) or (None,)
    for platform in tuple(platforms) or (None,):
        for python in some:
            yield platform, python


def _pair(text: str) -> tuple[str, str]:
    platform, _, python = text.partition("/")
    return platform, python


def _iter_sourced(paths: Iterable[str]) -> Iterator[NamedTarget]:
    for path in paths:
        found = _read(path)
        if not found.targets:
            notes = "; ".join(map(str, found.notes))
            raise UsageProblem(
                f"{path} names no target{f': {notes}' if notes else ''}", hint="give --platform and --python"
            )
        yield from found.targets


def _read(path: str) -> NamedTargets:
    """What the file *path* says of targets; what kind of file it is, its name tells, and of a project's its content."""
    from wheelcheck.compat.known import PYTHONS
    from wheelcheck.inputs.targets.reading import TargetAsk, TargetSource, parse_targets, source_of
    from wheelcheck.knowledge.images import load_images

    text = _text(path)
    source = source_of(Path(path))
    if source is None and path.endswith(".toml"):
        builds = "[tool.cibuildwheel" in text
        source = TargetSource.CIBUILDWHEEL if builds else TargetSource.REQUIRES_PYTHON
    elif source is None and path.endswith((".yml", ".yaml")):
        source = TargetSource.GITHUB_ACTIONS
    ask = TargetAsk(known=load_images(), pythons=PYTHONS)
    return parse_targets(text, path, source or TargetSource.DOCKERFILE, ask)


def _text(path: str) -> str:
    try:
        return Path(path).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InputUnreadable(f"cannot be read: {reason}", address=path) from error
