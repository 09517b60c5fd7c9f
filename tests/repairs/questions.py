"""Questions as a person puts them on a command line, over indexes in memory; the words of a repair are applied here once more.

This is a second, small interpreter of the options that repairs print. It shares no code with the edits, so that a repair
whose words say something else than what was proved is found out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from msgspec import Struct, field
from msgspec.structs import replace
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from tests.fakes.code import FakeCode
from tests.fakes.projects import FakeFile, FakeProjects, Release
from tests.resolver.test_passes import PURE, WHEELS, asked
from wheelcheck.errors import IndexUnavailable
from wheelcheck.model.distribution import FROM_SOURCE, ProjectPage
from wheelcheck.model.knowledge import RepairKnowledge, StandardLibrary
from wheelcheck.model.repair import Proposals, Repair
from wheelcheck.model.requirement import CommandLineOrigin, Constraint, HashPin, Requirement, UnsupportedRequirement
from wheelcheck.model.resolution import Conflict, Policy, Resolution
from wheelcheck.ports import Projects
from wheelcheck.repairs.context import Blocked, Limits, RepairContext, WithSources
from wheelcheck.repairs.proof import ProvedProposals
from wheelcheck.repairs.proposing import propose
from wheelcheck.resolver.passes import resolve
from wheelcheck.resolver.question import Question
from wheelcheck.targets.targets import parse_target

Index = Mapping[str, Mapping[str, Release]]
_ALLOWED = {"pure": PURE, "deny": WHEELS, "any": FROM_SOURCE | WHEELS}
_SEVERAL = {
    "": "inputs",
    "--override": "overrides",
    "--exclude": "excludes",
    "--replace": "replacements",
    "--source": "sources",
    "-c": "constraints",
}
_ONE = {
    "--python": "python",
    "--platform": "platform",
    "--exclude-newer": "exclude_newer",
}


class CommandLine(Struct, frozen=True, kw_only=True):
    """What was asked, word by word; *hashes* go with the input of the same text."""

    inputs: tuple[str, ...]
    platform: str = "win_amd64"
    python: str = "3.11"
    constraints: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    replacements: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    exclude_newer: str | None = None
    sdist: str = "pure"
    unsupported: tuple[UnsupportedRequirement, ...] = ()
    hashes: Mapping[str, str] = field(default_factory=dict)
    no_binary: frozenset[str] = frozenset()

    def with_words(self, words: Sequence[str]) -> CommandLine:
        """The same with *words* added at its end."""
        said: dict[str, tuple[str, ...]] = {name: getattr(self, name) for name in _SEVERAL.values()}
        once: dict[str, str] = {}
        rest = iter(words)
        for word in rest:
            if word in _ONE:
                once[_ONE[word]] = next(rest)
            elif word in _SEVERAL:
                said[_SEVERAL[word]] += (next(rest),)
            else:
                assert not word.startswith("-"), f"{word} is no option that repairs print"
                said["inputs"] += (word,)
        return replace(
            self,
            inputs=said["inputs"],
            constraints=said["constraints"],
            overrides=said["overrides"],
            excludes=said["excludes"],
            replacements=said["replacements"],
            sources=said["sources"],
            platform=once.get("platform", self.platform),
            python=once.get("python", self.python),
            exclude_newer=once.get("exclude_newer", self.exclude_newer),
        )

    def question(self) -> Question:
        """What it means."""
        return Question(
            requirements=tuple(self._requirement(text) for text in self.inputs),
            constraints=tuple(Constraint.from_requirement(asked(text)) for text in self.constraints),
            unsupported=self.unsupported,
            target=parse_target(self.platform, self.python),
            policy=Policy(
                no_binary=self.no_binary,
                allowed=_ALLOWED[self.sdist],
                overrides=tuple({(each := asked(text)).name: each for text in self.overrides}.values()),
                excludes=frozenset(canonicalize_name(name) for name in self.excludes),
                exclude_newer=_cutoff(self.exclude_newer),
            ),
        )

    def _requirement(self, text: str) -> Requirement:
        pins = (HashPin(algorithm="sha256", digest=self.hashes[text]),) if text in self.hashes else ()
        own = Requirement.parse(text, CommandLineOrigin(text=text), hashes=pins)
        for written in self.replacements:
            by = asked(written)
            if by.name == own.name:
                marker = f"; {own.marker}" if own.marker is not None and by.marker is None else ""
                own = asked(f"{written}{marker}")
        return own


def _cutoff(day: str | None) -> str | None:
    return f"{date.fromisoformat(day) + timedelta(days=1)}T00:00:00Z" if day is not None else None


class Elsewhere(Struct):
    """The port ``OtherIndexes`` over ``{url: index}``; an address that is not described does not answer."""

    projects: FakeProjects
    indexes: Mapping[str, Index]
    asked: list[tuple[str, str]] = field(default_factory=list)

    def page_at(self, index_url: str, name: NormalizedName) -> ProjectPage:
        self.asked.append((index_url, name))
        if index_url not in self.indexes:
            raise IndexUnavailable("the index does not answer", address=index_url)
        there = FakeProjects(self.indexes[index_url])
        page = there.page(name)
        self.projects._files.update(there._files)
        return replace(page, index=index_url)


class Situation(Struct, frozen=True, kw_only=True):
    """A command line over an index, and what else the search may look at."""

    line: CommandLine
    index: Index
    elsewhere: Mapping[str, Index] = field(default_factory=dict)
    links: Mapping[str, tuple[str, FakeFile]] = field(default_factory=dict)
    code: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    code_failing: frozenset[str] = frozenset()
    knowledge: RepairKnowledge = field(default_factory=RepairKnowledge)
    indexes: tuple[str, ...] = ()
    library: StandardLibrary | None = None
    requires_python: str = ""
    overlaps: tuple[tuple[str, str], ...] = ()
    failing: frozenset[str] = frozenset()
    require_hashes: bool = False
    target_is_named: bool = True
    day: str = ""

    def projects(self) -> FakeProjects:
        """The index, with nothing fetched yet."""
        return FakeProjects(self.index, links=self.links)

    def blocked(self, projects: Projects, question: Question | None = None) -> Blocked:
        """The question with its outcome."""
        question = question or self.line.question()
        origin = CommandLineOrigin(text="pyproject.toml")
        return Blocked(
            question=question,
            outcome=resolve(question, projects),
            input_bounds=((SpecifierSet(self.requires_python), origin),) if self.requires_python else (),
            require_hashes=self.require_hashes,
            target_is_named=self.target_is_named,
            indexes=self.indexes,
            overlaps=tuple((canonicalize_name(one), canonicalize_name(other)) for one, other in self.overlaps),
            failing=frozenset(map(canonicalize_name, self.failing)),
            day=self.day,
        )

    def proposals(self, limits: Limits | None = None, projects: FakeProjects | None = None) -> Proposals:
        """What the search proposes, from nothing; *projects* may be given to be looked at afterwards."""
        return self.proved(limits, projects=projects).proposals

    def proved(
        self,
        limits: Limits | None = None,
        *,
        question: Question | None = None,
        projects: FakeProjects | None = None,
    ) -> ProvedProposals:
        """The same with proofs, of another form of the *question* where it is given."""
        fake = projects or self.projects()
        context = RepairContext(
            projects=fake,
            code=FakeCode(self.code, failing=self.code_failing),
            elsewhere=Elsewhere(fake, self.elsewhere),
            knowledge=self.knowledge,
            library=self.library,
        )
        return propose(self.blocked(fake, question), context, limits)

    def answer_with(self, words: Sequence[str]) -> Resolution | Conflict:
        """The outcome of the command line with *words* added, on an index with nothing fetched yet."""
        line = self.line.with_words(words)
        fake = self.projects()
        named = (source.partition("=") for source in line.sources)
        sources = {canonicalize_name(name): url for name, _, url in named}
        return resolve(line.question(), WithSources(fake, Elsewhere(fake, self.elsewhere), sources))


def commands(proposals: Proposals) -> list[str]:
    """The words of each repair, in the order in which they are shown."""
    return [" ".join(repair.options) for repair in proposals.repairs]


def the_one(proposals: Proposals) -> Repair:
    """The only repair there is."""
    assert len(proposals.repairs) == 1, commands(proposals)
    return proposals.repairs[0]


def with_command(proposals: Proposals, command: str) -> Repair:
    """The repair that *command* applies."""
    found = [repair for repair in proposals.repairs if " ".join(repair.options) == command]
    assert found, commands(proposals)
    return found[0]
