"""The three kinds of question about code as errands; made when the first is asked, since a plan that installs asks none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelcheck.index.code_answers import CodeAnswers, CodeFetching, Subject
from wheelcheck.index.code_records import DEFINITIONS, IMPORT_NAMES, IMPORTS
from wheelcheck.index.errands import Errands

if TYPE_CHECKING:
    from wheelcheck.index.loop_thread import LoopThread
    from wheelcheck.index.promises import Promise
    from wheelcheck.index.surroundings import Surroundings
    from wheelcheck.model.code import ImportSurvey, ModuleNames
    from wheelcheck.model.distribution import Distribution


class CodeErrands:
    """Each question is asked once, and all share the archives that are fetched for them."""

    def __init__(self, thread: LoopThread, around: Surroundings) -> None:
        self._fetching = CodeFetching(around)
        names = CodeAnswers(IMPORT_NAMES, around, self._fetching)
        imports = CodeAnswers(IMPORTS, around, self._fetching)
        definitions = CodeAnswers(DEFINITIONS, around, self._fetching)
        self._names = Errands(thread, names.at_hand, names.fetch)
        self._imports = Errands(thread, imports.at_hand, imports.fetch)
        self._definitions = Errands(thread, definitions.at_hand, definitions.fetch)

    def import_names(self, distribution: Distribution) -> Promise[frozenset[str]]:
        """The top-level names that *distribution* makes importable."""
        subject = Subject(distribution)
        return self._names.begin(subject.key, subject)

    def imports(self, distribution: Distribution, names: frozenset[str]) -> Promise[ImportSurvey]:
        """Where its code imports one of *names*."""
        subject = Subject(distribution, names)
        return self._imports.begin(subject.key, subject)

    def definitions(self, distribution: Distribution, modules: frozenset[str]) -> Promise[tuple[ModuleNames, ...]]:
        """What each of *modules* binds in it."""
        subject = Subject(distribution, modules)
        return self._definitions.begin(subject.key, subject)

    def fail_open(self) -> None:
        """End what is under way without an answer."""
        for errands in (self._names, self._imports, self._definitions):
            errands.fail_open()

    def close(self) -> None:
        """Let go of every file."""
        self._fetching.close()
