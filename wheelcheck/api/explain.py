"""``explain``: the log of a failed installation → what failed in it, why there is no wheel, and the repairs of each.

``bytes → FailureLog → (Failure → Request → Plan) for each → Explanation``. Each distribution is planned alone, as ``plan`` would,
on the target that the log tells, or for which the index has just the versions that the log lists. One whose index fails is
reported as failed, and the others are answered all the same.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from msgspec.structs import replace

from wheelcheck.api.edges import open_store
from wheelcheck.api.plan import plan_in
from wheelcheck.api.preparing import Prepared, prepare
from wheelcheck.api.request import Request, refuse_empty
from wheelcheck.errors import ArchiveRefused, IndexUnavailable, InputUnreadable, MetadataMalformed, UsageProblem
from wheelcheck.index.store import IndexStore
from wheelcheck.model.failure import Explained, Explanation, Failure, FailureKind, FailureLog
from wheelcheck.model.target import Target
from wheelcheck.ports import Reporter, SilentReporter
from wheelcheck.settings.loading import Settings, load_settings
from wheelcheck.texts.files import open_file

_PARTS = ("platform", "python")


def explain(
    path: str, request: Request, *, reporter: Reporter | None = None, clock: Callable[[], float] = time.monotonic
) -> Explanation:
    """Read the log at *path*, ``-`` for standard input, and answer each distribution that failed in it.

    *request* says where to look and replaces what the log tells of the target; its inputs are not looked at, and its
    ``repair_seconds`` are for the whole run. Raises ``InputUnreadable`` for a log that cannot be read, and ``UsageProblem`` and
    ``SettingsInvalid`` for options and settings.
    """
    reporter = reporter or SilentReporter()
    refuse_empty(request)
    reporter.stage("reading")
    log = load_log(path)
    asking = _Asking(request, reporter)
    prepared = [asking.prepared(failure) for failure in log.failures]
    questions = [question for _, question in prepared if question is not None]
    if not questions:
        return Explanation(path=path, log=log, explained=tuple(answer for answer, _ in prepared))
    end = clock() + questions[0].repair_seconds
    explained: list[Explained] = []
    with open_store(questions[0].index, reporter) as store:
        for number, (answer, question) in enumerate(prepared):
            if question is None:
                explained.append(answer)
                continue
            seconds = max(end - clock(), 0.0) / (len(prepared) - number)
            try:
                answer, question = asking.inferred(answer, question, store)
                plan = plan_in(store, replace(question, repair_seconds=seconds), reporter)
                explained.append(replace(answer, plan=plan))
            except (IndexUnavailable, ArchiveRefused, MetadataMalformed) as error:
                explained.append(replace(answer, problem=error.with_hint, has_index_failed=True))
    return Explanation(path=path, log=log, explained=tuple(explained))


def load_log(path: str) -> FailureLog:
    """The failures in the log at *path*, ``-`` for standard input; raises ``InputUnreadable``."""
    if path == "-":
        return _parsed(sys.stdin.buffer, path)
    try:
        with open_file(Path(path)) as stream:
            return _parsed(stream, path)
    except OSError as error:
        raise InputUnreadable(
            f"cannot be read: {error.strerror}",
            address=path,
            hint="name the file with the output, or - for standard input",
        ) from error


def _parsed(stream: BinaryIO, path: str) -> FailureLog:
    from wheelcheck.knowledge.systems import load_build_failures, load_images
    from wheelcheck.logs.reading import parse_log
    from wheelcheck.logs.stream import Tables

    return parse_log(stream, path, Tables(images=load_images(), builds=load_build_failures()))


class _Asking:
    """Makes the questions of one run, by what its *request* and the settings say."""

    def __init__(self, request: Request, reporter: Reporter) -> None:
        self._request = request
        self._reporter = reporter
        self._names_target = request.options["target_file"] is not None

    @cached_property
    def _settings(self) -> Settings:
        return load_settings(Path(self._request.folder), self._request.environ)

    def prepared(self, failure: Failure) -> tuple[Explained, Prepared | None]:
        """The question that stands for *failure*, with the answer so far; ``None`` where there is none to ask."""
        from wheelcheck.targets.targets import parse_target

        if failure.is_local:
            what = f"{failure.name} is a folder of your own and on no index: mend its build, or what that requires."
            return Explained(failure=failure, problem=what), None
        settings, options, told = self._settings, self._request.options, failure.target
        platform, python = options["platform"], options["python"]
        if not self._names_target:
            platform, python = platform or told.platform, python or told.python
        # What failed to build is not to be built again.
        sdist = options["sdist"] or ("deny" if failure.kind is FailureKind.BUILD else "pure")
        if (platform, python) != (options["platform"], options["python"]):
            try:
                parse_target(platform, python)
            except UsageProblem as error:
                problem = f"The target in the log is not known: {error.with_hint}"
                return Explained(failure=failure, problem=problem), None
        # A file or folder of the requirement's name must not be taken for it.
        text = failure.requirement
        asked = f"{text}>=0" if text == failure.name and Path(text).exists() else text
        question = self._request.changed(inputs=(asked,), platform=platform, python=python, sdist=sdist)
        prepared = prepare(question, self._reporter, settings=settings)
        given = {
            "platform": platform or settings.platforms or settings.targets,
            "python": python or settings.pythons or settings.targets,
        }
        assumed = () if self._names_target else tuple(name for name, words in given.items() if not words)
        return Explained(failure=failure, target=prepared.question.target, assumed=assumed), prepared

    def inferred(self, answer: Explained, prepared: Prepared, store: IndexStore) -> tuple[Explained, Prepared]:
        """*answer* and *prepared* for another target, where only that one has just the versions that the installer lists."""
        from wheelcheck.findings.versions import has_wheel, offers_just

        failure, target = answer.failure, answer.target
        built = failure.version if failure.kind is FailureKind.BUILD and answer.assumed else None
        if target is None or (failure.offered is None and built is None):
            return answer, prepared
        page = store.page(failure.name)
        if not failure.offered:
            common = tuple(self._alike(target, answer, maintained=True))
            empty = (
                each
                for each in common
                if (offers_just(page, frozenset(), each) if built is None else not has_wheel(page, built, each))
            )
            return replace(answer, common=common, empty=tuple(empty)), prepared
        offered = frozenset(failure.offered)
        other = next((each for each in self._alike(target, answer) if offers_just(page, offered, each)), target)
        changed = {name: getattr(other, name) for name in _PARTS if getattr(other, name) != getattr(target, name)}
        if not changed:
            return answer, prepared
        again, question = self.prepared(replace(failure, target=replace(failure.target, **changed)))
        if question is None:
            return answer, prepared
        assumed = tuple(name for name in answer.assumed if name not in changed)
        return replace(answer, target=again.target, assumed=assumed, inferred=tuple(changed)), question

    def _alike(self, target: Target, answer: Explained, *, maintained: bool = False) -> Iterator[Target]:
        """*target*, and those that the log may mean instead: with the Pythons near its own first, then on other platforms."""
        from wheelcheck.api.targets import day_asked
        from wheelcheck.knowledge.loading import load_pythons
        from wheelcheck.targets.targets import PLATFORMS, parse_target

        yield target
        if self._names_target:
            return
        day, minor = day_asked(self._request, self._settings), target.python_full.minor
        known = [
            each for each in load_pythons() if each.released <= day and (each.secure_until >= day or not maintained)
        ]
        near = sorted((each.minor for each in known), key=lambda each: abs(int(each.partition(".")[2]) - minor))
        pythons = dict.fromkeys((target.python, *(near if self._request.options["python"] is None else ())))
        platforms = dict.fromkeys((target.platform, *((*PLATFORMS, "win32") if "platform" in answer.assumed else ())))
        yield from (parse_target(platform, python) for platform in platforms for python in pythons)
