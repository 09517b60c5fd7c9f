"""Repair cases for the tests: real resolutions over indexes in memory, and code as a test describes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from packaging.utils import NormalizedName, canonicalize_name

from tests.fakes.projects import FakeProjects
from tests.resolver.test_passes import answer
from wheelcheck.errors import IndexUnavailable
from wheelcheck.model.code import (
    ImportKind,
    ImportSurvey,
    ImportTarget,
    ImportTime,
    ImportUse,
    ModuleNames,
    ModuleState,
    TopModules,
)
from wheelcheck.model.distribution import Distribution
from wheelcheck.model.knowledge import RepairKnowledge
from wheelcheck.model.repair import Edit, EditKind, Ground
from wheelcheck.model.resolution import Conflict, Resolution
from wheelcheck.repairs.repair_case import RepairCase
from wheelcheck.repairs.risk import assess


@dataclass(slots=True)
class CannedCode:
    """The port ``Code`` with answers given beforehand, by project, modules by ``name==version``; *failing* projects cannot be had.

    A project without a survey was read whole and imports nothing; a module that is not described is absent.
    """

    names: Mapping[str, frozenset[str]] = field(default_factory=dict)
    surveys: Mapping[str, ImportSurvey] = field(default_factory=dict)
    modules: Mapping[str, Mapping[str, ModuleNames]] = field(default_factory=dict)
    native: Mapping[str, frozenset[str]] = field(default_factory=dict)
    failing: frozenset[str] = frozenset()
    asked: list[tuple[str, frozenset[str]]] = field(default_factory=list)

    def imports(self, distribution: Distribution, names: frozenset[str], target: ImportTarget) -> ImportSurvey:
        if distribution.name in self.failing:
            raise IndexUnavailable("the file host does not answer", address=distribution.at.url)
        self.asked.append((distribution.name, names))
        return self.surveys.get(distribution.name, ImportSurvey(filename=distribution.filename))

    def definitions(self, distribution: Distribution, modules: frozenset[str]) -> tuple[ModuleNames, ...]:
        described = self.modules.get(f"{distribution.name}=={distribution.version}", {})
        absent = {name: ModuleNames(module=name, state=ModuleState.ABSENT) for name in modules}
        return tuple(described.get(name, absent[name]) for name in sorted(modules))

    def top_modules(self, distributions: Sequence[Distribution]) -> tuple[TopModules, ...]:
        return tuple(
            TopModules(names=self.names.get(each.name, frozenset()), native=self.native.get(each.name, frozenset()))
            for each in distributions
        )

    def definitions_of(
        self, asked: Sequence[tuple[Distribution, frozenset[str]]]
    ) -> tuple[tuple[ModuleNames, ...], ...]:
        return tuple(self.definitions(each, modules) for each, modules in asked)

    def contents(self, distributions: Sequence[Distribution]) -> tuple[Mapping[str, str], ...]:
        raise AssertionError(f"nothing asks for the files of {distributions}")

    def import_times(
        self, distributions: Sequence[Distribution], target: ImportTarget, modules: frozenset[str] = frozenset()
    ) -> tuple[ImportTime, ...]:
        raise AssertionError(f"nothing asks for the imports of {distributions} {modules} on {target}")


def module(name: str, *names: str, state: ModuleState = ModuleState.READ, open_ended: bool = False) -> ModuleNames:
    return ModuleNames(module=name, state=state, names=frozenset(names), open_ended=open_ended)


def described(*modules: ModuleNames) -> Mapping[str, ModuleNames]:
    return {each.module: each for each in modules}


def use(
    statement: str,
    *,
    file: str = "audio/data.py",
    line: int = 20,
    kind: ImportKind = ImportKind.UNCONDITIONAL,
    attributes: Sequence[str] = (),
) -> ImportUse:
    """The use that *statement* (``import a.b`` or ``from a import b, c``) is."""
    words = statement.split()
    names = tuple(name.strip() for name in statement.partition(" import ")[2].split(",")) if words[0] == "from" else ()
    return ImportUse(
        file=file,
        line=line,
        statement=statement,
        importer=file.removesuffix(".py").removesuffix("/__init__").replace("/", "."),
        module=words[1],
        names=names,
        attributes=tuple(attributes),
        kind=kind,
    )


def survey(*uses: ImportUse, inner: Mapping[str, Sequence[str]] | None = None, unread: str = "") -> ImportSurvey:
    return ImportSurvey(
        filename="audio-1.3.tar.gz",
        uses=uses,
        inner={name: frozenset(imported) for name, imported in (inner or {}).items()},
        unread=unread,
    )


def edit(kind: EditKind, package: str | None = None, before: str = "", after: str = "", because: str = "") -> Edit:
    name: NormalizedName | None = canonicalize_name(package) if package is not None else None
    return Edit(kind=kind, package=name, before=before, after=after, because=because)


def natural(outcome: Resolution | Conflict) -> Resolution | None:
    return outcome if isinstance(outcome, Resolution) else outcome.natural


def proved(outcome: Resolution | Conflict) -> Resolution:
    assert isinstance(outcome, Resolution), outcome
    return outcome


def judged(
    projects: FakeProjects,
    edits: Sequence[Edit],
    *,
    before: Resolution | Conflict,
    after: Resolution | Conflict,
    code: CannedCode | None = None,
    knowledge: RepairKnowledge | None = None,
) -> tuple[Ground, ...]:
    case = RepairCase(
        edits=tuple(edits),
        before=natural(before),
        after=proved(after),
        projects=projects,
        code=code or CannedCode(),
        knowledge=knowledge or RepairKnowledge(),
    )
    return assess(case)


def overridden(
    projects: FakeProjects, code: CannedCode | None = None, *, project: str = "av", before: str, after: str
) -> tuple[Ground, ...]:
    """The grounds of overriding *project* for ``audio``, which declares it."""
    edits = [edit(EditKind.OVERRIDE, project, before, after, because="audio 1.3")]
    return judged(
        projects,
        edits,
        before=answer(projects, "audio"),
        after=answer(projects, "audio", overrides=[f"{project}{after}"]),
        code=code,
    )


def excluded(
    projects: FakeProjects,
    code: CannedCode | None = None,
    *,
    project: str = "av",
    knowledge: RepairKnowledge | None = None,
) -> tuple[Ground, ...]:
    """The grounds of leaving *project* out of what ``audio`` asks for."""
    return judged(
        projects,
        [edit(EditKind.EXCLUDE, project)],
        before=answer(projects, "audio"),
        after=answer(projects, "audio", excludes=[project]),
        code=code,
        knowledge=knowledge,
    )


def texts(grounds: Sequence[Ground]) -> list[tuple[str, str]]:
    return [(ground.risk.value, ground.text) for ground in grounds]
