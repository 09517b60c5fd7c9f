"""Gathers what the readers of formats find into one ``InputSet``, in the order of the text; judges nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from wheelcheck.errors import InputUnreadable, did_you_mean
from wheelcheck.model.requirement import (
    Constraint,
    FileOrigin,
    IndexOptions,
    IndexSource,
    InputSet,
    Installer,
    Origin,
    Requirement,
    ToolSetting,
    ToolSettings,
    UnsupportedRequirement,
)
from wheelcheck.model.urls import masked_within
from wheelcheck.requirements.lines import WrittenRequirement
from wheelcheck.requirements.requirement import parse_written
from wheelcheck.texts.places import LineUnreadable
from wheelcheck.texts.sources import Reader, Source
from wheelcheck.texts.toml import Table, requires_python_of

Asked = Requirement | UnsupportedRequirement
OPPOSITES = {
    "--only-binary": "--no-binary",
    "--no-binary": "--only-binary",
    "--all-releases": "--only-final",
    "--only-final": "--all-releases",
}
"""Options that name projects, each with the one that takes them away."""


class Collector:
    """The requirements, constraints and index options of one run so far; *reader* opens its files, *environ* fills ``${NAME}``.

    Of options that are opposites the later word on a project wins, as pip has it. ``included`` are the requirements files
    that were read, each with whether it asks or bounds.
    """

    def __init__(self, reader: Reader, environ: Mapping[str, str]) -> None:
        self.reader = reader
        self.environ = environ
        self.included: set[tuple[str, str]] = set()
        self.problems: list[InputUnreadable] = []
        self.requirements: list[Requirement] = []
        self.constraints: list[Constraint] = []
        self.unsupported: list[UnsupportedRequirement] = []
        self.requires_python: list[tuple[SpecifierSet, Origin]] = []
        self.options = IndexOptions()
        self.tools = ToolSettings()
        self._named: dict[str, set[str]] = {option: set() for option in OPPOSITES}

    def require(self, requirement: Requirement | UnsupportedRequirement) -> None:
        """Ask for *requirement*."""
        if isinstance(requirement, UnsupportedRequirement):
            self.unsupported.append(requirement)
        else:
            self.requirements.append(requirement)

    def constrain(self, requirement: Requirement | UnsupportedRequirement) -> None:
        """Take the bound of *requirement*, which is not thereby asked for; of what cannot be planned, that of its release."""
        bound = requirement.stand_in if isinstance(requirement, UnsupportedRequirement) else requirement
        if bound is not None:
            self.constraints.append(Constraint.from_requirement(bound))
        elif isinstance(requirement, UnsupportedRequirement):
            self.unsupported.append(requirement)

    def add_options(self, options: IndexOptions) -> None:
        """Join with *options* from a later line."""
        self.options = self.options.merged(options)

    def tell(self, table: Table, key: str, **said: Any) -> None:  # noqa: ANN401 - the fields of the value
        """Keep that *key* of another tool's *table* was seen; *said* are the further fields of the :class:`ToolSetting`."""
        setting = ToolSetting(
            key=table.name_of(key),
            value=tuple(map(masked_within, _words_of(table.values[key]))),
            origin=FileOrigin(path=table.path, line=table.line_of(key)),
            **said,
        )
        self.tools = self.tools.joined(ToolSettings(settings=(setting,)))

    def read_as(self, installer: Installer) -> None:
        """Read several indexes as *installer* does, unless an earlier input named another."""
        if self.options.installer is None:
            self.add_options(IndexOptions(installer=installer))

    def assign(self, source: IndexSource, key: str) -> None:
        """Look for a project on the one index that *source* names, as another tool says at *key*.

        Raises ``InputUnreadable`` where no such index is described.
        """
        names = [each.name for each in self.options.indexes if each.name]
        if source.index not in names:
            raise InputUnreadable(
                f"{key}: no index is called {source.index}",
                address=str(source.origin),
                hint=did_you_mean(source.index, names, "describe it beside, with its name and url"),
            )
        self.add_options(IndexOptions(sources=(source,)))

    def bound_python(self, table: Table) -> None:
        """Take the bound of ``requires-python`` in *table*, where it has one."""
        text = table.optional_text("requires-python")
        if text is not None:
            origin = table.origin_of(text, "requires-python")
            self.requires_python.append((requires_python_of(text, origin), origin))

    def follow(self, option: str, words: str) -> None:
        """Follow one *option* of comma-separated projects, ``:all:`` or ``:none:``, which takes them from its opposite."""
        _follow(words, self._named[option], self._named[OPPOSITES[option]])

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Keep an ``InputUnreadable`` from within for :meth:`collected`, so that the rest is read too."""
        try:
            yield
        except InputUnreadable as problem:
            self.problems.append(problem)

    def collected(self) -> InputSet:
        """Everything so far, with the files that were read. Raises ``InputUnreadable`` for all places that could not be read."""
        if self.problems:
            first, *further = self.problems
            first.further = tuple(further)
            raise first
        named = {option: frozenset(names) for option, names in self._named.items()}
        kinds = IndexOptions(
            only_binary=named["--only-binary"],
            no_binary=named["--no-binary"],
            all_releases=named["--all-releases"],
            only_final=named["--only-final"],
        )
        return InputSet(
            requirements=tuple(self.requirements),
            constraints=tuple(self.constraints),
            unsupported=tuple(self.unsupported),
            options=self.options.merged(kinds),
            files=tuple(dict.fromkeys(self.reader.files)),
            requires_python=tuple(self.requires_python),
            tools=self.tools,
        )


def _follow(words: str, named: set[str], other: set[str]) -> None:
    rest = [part.strip() for part in words.split(",")]
    while ":all:" in rest:
        other.clear()
        named.clear()
        named.add(":all:")
        rest = rest[rest.index(":all:") + 1 :]
        if ":none:" not in rest:
            # Names after :all: say nothing new.
            return
    for word in rest:
        if word == ":none:":
            named.clear()
        elif not word or word.startswith((":", "-")):
            raise LineUnreadable(f"neither a project nor :all: nor :none: but {word!r}", "write names between commas")
        else:
            other.discard(canonicalize_name(word))
            named.add(canonicalize_name(word))


def _words_of(value: object) -> tuple[str, ...]:
    """A value of TOML in words, one for each item of a list or table."""
    if isinstance(value, dict):
        return tuple(f"{key} = {'***' if key == 'password' else _word(each)}" for key, each in value.items())
    return tuple(map(_word, value)) if isinstance(value, list) else (_word(value),)


def _word(value: object) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(_words_of(value))} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_word, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def understood(
    text: str, origin: FileOrigin, source: Source, *, parse: Callable[[WrittenRequirement], Asked] = parse_written
) -> Asked:
    """The requirement *text* of a TOML list, read by *parse*. Raises ``InputUnreadable`` at *origin*."""
    written = "" if parse is parse_written else f"-e {text}"
    try:
        return parse(WrittenRequirement(text=text, written=written, origin=origin, folder=source.folder))
    except LineUnreadable as problem:
        raise InputUnreadable(masked_within(problem.message), address=str(origin), hint=problem.hint) from None
