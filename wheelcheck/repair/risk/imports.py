"""Where a dependant's code imports a project: the statements that count, read through the port ``Code``; no verdicts here."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from packaging.utils import NormalizedName

from wheelcheck.model import ImportKind, ImportSurvey, ImportUse
from wheelcheck.repair.risk.case import Dependant, RepairCase

_TESTS = frozenset({"tests", "conftest"})
_MODULES_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read of one dependant's code: ``uses`` of a project in what it installs, tests left aside.

    ``unread`` says why all or a part was not read, empty where it was.
    """

    dependant: Dependant
    uses: tuple[ImportUse, ...] = ()
    survey: ImportSurvey | None = None
    unread: str = ""

    def of_kind(self, kind: ImportKind) -> tuple[ImportUse, ...]:
        """The uses of one kind, the one that a person meets first at the front."""
        return tuple(sorted((use for use in self.uses if use.kind is kind), key=self._nearness))

    def entries(self, use: ImportUse) -> tuple[str, ...]:
        """The shortest public modules whose import runs *use*'s module, three at most; the top-level package stands for all."""
        reaching = self.survey.reaching(use.importer) if self.survey is not None else ()
        ordered = sorted(reaching, key=_length) or [use.importer]
        # A module of one part that is no package of its own runs beside others, so only the use's own package stands for all.
        top = use.importer.partition(".")[0]
        return (top,) if top in ordered else tuple(ordered[:_MODULES_SHOWN])

    def _nearness(self, use: ImportUse) -> tuple[int, str, str, int]:
        entry = self.entries(use)[0]
        return (*_length(entry), use.file, use.line)


def read_imports(case: RepairCase, dependant: Dependant, project: NormalizedName) -> Reading:
    """Read where *dependant* imports *project*; raises ``IndexUnavailable`` where its archive cannot be had."""
    distribution = dependant.pin.distribution
    if distribution is None:
        return Reading(dependant=dependant, unread="it has no file for this target")
    survey = case.code.imports(distribution, import_names(case, project))
    own = case.code.import_names(distribution) if survey.uses else frozenset[str]()
    uses = tuple(use for use in survey.uses if _is_installed(use, own) and not _is_test(use, survey))
    return Reading(dependant=dependant, uses=uses, survey=survey, unread=survey.unread)


def import_names(case: RepairCase, project: NormalizedName) -> frozenset[str]:
    """The top-level names by which *project* is imported: what its archives say, else what is known, else its own name."""
    pins = (case.chosen(project), case.natural(project))
    files = dict.fromkeys(pin.distribution for pin in pins if pin is not None and pin.distribution is not None)
    told = frozenset(name for file in files for name in case.code.import_names(file))
    return told or case.knowledge.import_names.get(project) or frozenset({project.replace("-", "_")})


def more_places(uses: Collection[ImportUse]) -> str:
    """`` (and 4 more places)`` where *uses* holds more than the one that is shown."""
    rest = len({(use.file, use.line) for use in uses}) - 1
    return f" (and {rest} more place{'s' if rest > 1 else ''})" if rest > 0 else ""


def _is_installed(use: ImportUse, own: frozenset[str]) -> bool:
    # A source archive also holds setup scripts, examples and tests that nobody gets to import.
    return not own or use.importer.partition(".")[0] in own


def _is_test(use: ImportUse, survey: ImportSurvey) -> bool:
    return _names_tests(use.importer) and all(_names_tests(module) for module in survey.reaching(use.importer))


def _names_tests(module: str) -> bool:
    return any(part in _TESTS or part.startswith("test_") for part in module.split("."))


def _length(module: str) -> tuple[int, str]:
    return module.count("."), module
