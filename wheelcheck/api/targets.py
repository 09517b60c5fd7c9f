"""Finds the targets of a run with several, from words, files and settings, and the policy that judges their findings.

``TargetWords, Settings → Target, …``, each once, in the order in which they were named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from wheelcheck.api.request import Request, completed
from wheelcheck.errors import InputUnreadable, UsageProblem
from wheelcheck.texts.files import read_file, read_text

if TYPE_CHECKING:
    from wheelcheck.model.check import GatePolicy
    from wheelcheck.model.target import NamedTargets, Target, TargetName
    from wheelcheck.options import TargetOptions
    from wheelcheck.settings.loading import Settings


class TargetWords(Struct, frozen=True, kw_only=True):
    """How targets are named: *platforms* times *pythons* (``all`` stands for the known ones), target *files*, and *sources*.

    *sources* are files in which targets stand already: a Dockerfile, ``.python-version``, ``pyproject.toml``, a workflow.
    """

    platforms: tuple[str, ...] = ()
    pythons: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    @classmethod
    def taken_from(cls, options: dict[str, Any]) -> TargetWords:
        """Take the words for targets out of *options*, which are named as in the table of options."""
        return cls(
            platforms=tuple(options.pop("platforms", ())),
            pythons=tuple(options.pop("pythons", ())),
            files=tuple(options.pop("target_files", ())),
            sources=tuple(options.pop("targets_from", ())),
        )

    @property
    def of_one(self) -> TargetOptions | None:
        """The options of a request that name the same target, where at most one is named; ``None`` where several are."""
        platforms, pythons = (
            [word for text in texts for word in text.split(",")] for texts in (self.platforms, self.pythons)
        )
        several = len(platforms) > 1 or len(pythons) > 1 or len(self.files) + bool(platforms or pythons) > 1
        if several or self.sources or "all" in (*platforms, *pythons):
            return None
        first = ((*words, None)[0] for words in (platforms, pythons, self.files))
        return dict(zip(("platform", "python", "target_file"), first, strict=True))  # type: ignore[return-value]


class LoadedTargets(Struct, frozen=True, kw_only=True):
    """The targets, each once, in the order in which they were named; ``notes`` name what was skipped in the files read."""

    targets: tuple[Target, ...]
    notes: tuple[str, ...] = ()


def day_asked(request: Request, settings: Settings, today: str = "") -> str:
    """The day, ISO 8601, that the question is about: that of ``exclude_newer``, else *today*, else the day of the clock.

    Raises ``UsageProblem`` for a span that no calendar has.
    """
    cutoff = completed(request, settings)["exclude_newer"]
    if cutoff:
        from wheelcheck.texts.moments import HINT, day_of

        try:
            return day_of(cutoff)
        except (ValueError, OverflowError) as error:
            raise UsageProblem(f"--exclude-newer {cutoff!r} is no date", hint=HINT) from error
    return today[:10] or datetime.now(UTC).date().isoformat()


class _Every(Struct, frozen=True, kw_only=True):
    """What ``all`` stands for among *pythons*, those *known*, and the words that stand for what nothing names."""

    pythons: tuple[str, ...]
    known: tuple[str, ...]
    otherwise: tuple[str, ...]


def load_targets(
    words: TargetWords, settings: Settings, request: Request, *, today: str = "", otherwise: tuple[str, ...] = ()
) -> LoadedTargets:
    """The targets of *words*; where these say nothing, those of *settings*; where these neither, the running interpreter.

    ``all`` Pythons are those that are maintained on the day that *request* asks about, which is *today* where it names none.
    *otherwise* stands for platforms and for Pythons that nothing names, in place of the running interpreter's.

    A source that names only platforms or only Pythons is multiplied by what *words* say of the other, else the settings; words that
    complete no source name further targets. Raises ``UsageProblem`` and ``InputUnreadable``.
    """
    from wheelcheck.targets.targets import (
        host_target,
        maintained_pythons,
        parse_target,
        parse_target_file,
        pythons_by_choice,
    )

    _refuse_empty(words)
    day = day_asked(request, settings, today)
    every = _Every(pythons=maintained_pythons(day), known=pythons_by_choice(day), otherwise=otherwise)
    sources = [_sourced(path, every.pythons) for path in words.sources]
    files = words.files or ((request.options["target_file"],) if request.options["target_file"] is not None else ())
    chosen = None
    if (words.platforms or settings.platforms) and not (
        words.pythons or words.sources or files or settings.pythons or otherwise
    ):
        chosen = _python_of_inputs(request, every)
        settings = replace(settings, pythons=(chosen,)) if chosen is not None else settings
    pairs = _named(words, files, sources, settings, every)
    found = [parse_target(platform, python) for platform, python in pairs]
    own: list[Target] = []
    if not (words.platforms or files or sources or settings.platforms or settings.targets):
        own = _of_environments(request, found, every, words.pythons or settings.pythons)
        found = own or found
    found += [parse_target_file(_text(path), path) for path in files]
    targets: dict[TargetName, Target] = {}
    for target in found or [parse_target(None, None)]:
        targets.setdefault(target.name, target)
    notes = [f"no target was taken from {note}" for source in sources for note in source.notes]
    notes += [f"{each.origin}: {each.assumed}" for source in sources for each in source.targets if each.assumed]
    notes += _iter_borrowed(words, sources, settings)
    if chosen is not None:
        notes.append(f"no Python was named, so one that the input is for was taken: {chosen}")
    if own and not otherwise and own != [host_target()]:
        named = ", ".join(f"{target.platform}/{target.python}" for target in own)
        notes.append(f"no platform was named, so what the input is for was taken: {named}")
    return LoadedTargets(targets=tuple(targets.values()), notes=tuple(dict.fromkeys(notes)))


def _python_of_inputs(request: Request, every: _Every) -> str | None:
    """The Python that the inputs say they are for; ``None`` where the running one will do, or they say nothing."""
    from wheelcheck.requirements.project_targets import load_environments

    environments = load_environments(request.inputs)
    return environments.python(every.known) if environments is not None else None


def _of_environments(request: Request, found: list[Target], every: _Every, pythons: tuple[str, ...]) -> list[Target]:
    """The targets that the inputs say they are for; of many that are *found*, those that they admit. None if they say nothing."""
    from wheelcheck.requirements.project_targets import load_environments
    from wheelcheck.targets.targets import expanded

    environments = load_environments(request.inputs)
    if environments is None:
        return []
    if every.otherwise:
        return [target for target in found if environments.admits(target)]
    return list(environments.targets(expanded(pythons, every.pythons), every.known))


def _iter_borrowed(words: TargetWords, sources: Sequence[NamedTargets], settings: Settings) -> Iterator[str]:
    """Notes on targets that were completed from the running interpreter, which is seldom intended."""
    from wheelcheck.targets.targets import host_target

    for source in sources:
        for each in source.targets:
            if each.platform is None and not (words.platforms or settings.platforms):
                yield f"{each.origin} names no platform, so this machine's was taken: {host_target().platform}"
                break
            if each.python is None and not (words.pythons or settings.pythons):
                yield f"{each.origin} names no Python, so the running one was taken: {host_target().python}"
                break


def has_words(target: Target) -> bool:
    """Whether the words of *target* say everything of it, so that a command line can name it and others like it."""
    from wheelcheck.targets.targets import host_target, parse_target

    try:
        return target in (parse_target(target.platform, target.python), host_target())
    except UsageProblem:
        return False


def _refuse_empty(words: TargetWords) -> None:
    for option, values in (
        ("--platform", words.platforms),
        ("--python", words.pythons),
        ("--target", words.files),
        ("--targets-from", words.sources),
    ):
        if any(not value.strip(" ,") for value in values):
            raise UsageProblem(
                f"{option} is empty", hint="give it a value, or leave the option out; is a variable unset?"
            )


def _named(
    words: TargetWords,
    files: tuple[str, ...],
    sources: Sequence[NamedTargets],
    settings: Settings,
    every: _Every,
) -> list[tuple[str | None, str | None]]:
    """Platform and Python of each target that has words, ``None`` for that of the running interpreter."""
    from wheelcheck.targets.targets import PLATFORMS, expanded

    platforms, pythons = expanded(words.platforms, PLATFORMS), expanded(words.pythons, every.pythons)
    others = (
        platforms or expanded(settings.platforms or every.otherwise, PLATFORMS),
        pythons or expanded(settings.pythons or every.otherwise, every.pythons),
    )
    found = [
        pair
        for source in sources
        for each in source.targets
        for pair in _product(
            (each.platform,) if each.platform else others[0], (each.python,) if each.python else others[1]
        )
    ]
    # Words that complete no source name further targets.
    completed = [each for source in sources for each in source.targets]
    if completed and not (
        (platforms and all(each.platform for each in completed)) or (pythons and all(each.python for each in completed))
    ):
        return found
    if platforms or pythons:
        return [*found, *_product(*others)]
    if files:
        return found
    pairs = (text.partition("/") for text in settings.targets)
    found.extend((platform, python) for platform, _, python in pairs)
    if settings.platforms or settings.pythons or (every.otherwise and not found):
        found.extend(_product(*others))
    return found


def _product(platforms: Iterable[str], pythons: Iterable[str]) -> Iterator[tuple[str | None, str | None]]:
    some: tuple[str | None, ...] = tuple(pythons) or (None,)
    for platform in tuple(platforms) or (None,):
        for python in some:
            yield platform, python


def _sourced(path: str, maintained: tuple[str, ...]) -> NamedTargets:
    """The targets in the file *path*, whose kind its name tells; for a project file, its content."""
    from wheelcheck.knowledge.systems import load_images
    from wheelcheck.targets.sources import TargetQuery, parse_targets

    found = parse_targets(_text(path), path, TargetQuery(known=load_images(), pythons=maintained))
    if not found.targets:
        notes = "; ".join(map(str, found.notes))
        raise UsageProblem(
            f"{path} names no target{f': {notes}' if notes else ''}", hint="give --platform and --python"
        )
    return found


def _text(path: str) -> str:
    try:
        return read_text(Path(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InputUnreadable(
            f"cannot be read: {reason}",
            address=path,
            hint="name a Dockerfile, a workflow, or give --platform and --python",
        ) from error


class GateRequest(Struct, frozen=True, kw_only=True):
    """A question whose findings are judged; what is empty is taken from the settings, then the default.

    *request* has everything that does not differ between targets; *targets* are the words for these. *fail_on* and *warn_only*
    are codes or their beginnings. *baseline* is a file of findings that were there before. *today* is the day that allowances are
    held against, ISO 8601.
    """

    request: Request
    targets: TargetWords = field(default_factory=TargetWords)
    fail_on: tuple[str, ...] = ()
    warn_only: tuple[str, ...] = ()
    baseline: str | None = None
    today: str = ""


def gate_policy(asked: GateRequest, settings: Settings, *, hint: str, next_baseline: str | None = None) -> GatePolicy:
    """The policy of *asked* and of *settings*; a baseline that is first written as *next_baseline* need not exist yet.

    Raises ``InputUnreadable`` with *hint* for a baseline that cannot be read.
    """
    from wheelcheck.model.check import GatePolicy

    return GatePolicy(
        fail_on=asked.fail_on or settings.fail_on,
        warn_only=asked.warn_only or settings.warn_only,
        allowances=settings.allowances,
        baseline=_known_findings(asked.baseline or settings.baseline, next_baseline, hint),
        today=asked.today or datetime.now(UTC).date().isoformat(),
    )


def _known_findings(path: str | None, next_baseline: str | None, hint: str) -> frozenset[str]:
    from wheelcheck.findings.verdicts import parse_baseline

    if path is None:
        return frozenset()
    try:
        return parse_baseline(read_file(Path(path)), path)
    except OSError as error:
        is_next = next_baseline is not None and Path(path).resolve() == Path(next_baseline).resolve()
        if isinstance(error, FileNotFoundError) and is_next:
            return frozenset()
        raise InputUnreadable(f"cannot be read: {error.strerror}", address=path, hint=hint) from error
