"""A question as edits have changed it, and the difference from the one that was asked, as options of the command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from packaging.utils import NormalizedName

from wheelcheck.model.requirement import Constraint, Requirement
from wheelcheck.model.urls import masked
from wheelcheck.resolver.passes import Question


class State(Struct, frozen=True, kw_only=True):
    """A question as edited so far; ``sources`` are the indexes that certain projects are to come from."""

    question: Question
    sources: Mapping[NormalizedName, str] = {}

    def with_question(self, **fields: Any) -> State:  # noqa: ANN401 - fields of the question, of whatever type
        """The same with other *fields* of the question."""
        return replace(self, question=replace(self.question, **fields))

    def with_policy(self, **fields: Any) -> State:  # noqa: ANN401 - fields of the policy
        """The same with other *fields* of the question's policy."""
        return self.with_question(policy=replace(self.question.policy, **fields))


class Difference(Struct, frozen=True, kw_only=True):
    """The difference that edits make to a question: a field for each option of the command line, empty where it is not needed."""

    inputs: tuple[Requirement, ...]
    overrides: tuple[Requirement, ...]
    replacements: tuple[Requirement, ...]
    excludes: tuple[NormalizedName, ...]
    constraints: tuple[Constraint, ...]
    sources: Mapping[NormalizedName, str]
    python: str
    platform: str
    exclude_newer: str

    @classmethod
    def between(cls, asked: State, repaired: State) -> Difference:
        """The difference that edits have made from *asked* to *repaired*."""
        before, after = asked.question, repaired.question
        pairs = zip(before.requirements, after.requirements, strict=False)
        changed = {new.name: new for old, new in pairs if (old, old.text) != (new, new.text)}
        same_day = before.policy.exclude_newer == after.policy.exclude_newer
        return cls(
            inputs=after.requirements[len(before.requirements) :],
            overrides=tuple(each for each in after.policy.overrides if each not in before.policy.overrides),
            replacements=tuple(changed.values()),
            excludes=tuple(sorted(after.policy.excludes - before.policy.excludes)),
            constraints=after.constraints[len(before.constraints) :],
            sources={name: url for name, url in repaired.sources.items() if asked.sources.get(name) != url},
            python="" if before.target.python == after.target.python else after.target.python,
            platform="" if before.target.platform == after.target.platform else after.target.platform,
            exclude_newer="" if same_day else _last_day(after.policy.exclude_newer or ""),
        )

    @property
    def words(self) -> tuple[str, ...]:
        """The words that, added to the command line that asked, make the difference."""
        return tuple(self._iter_words())

    def _iter_words(self) -> Iterator[str]:
        yield from map(str, self.inputs)
        texts: tuple[tuple[str, tuple[str, ...]], ...] = (
            ("--override", tuple(map(str, self.overrides))),
            ("--replace", tuple(map(str, self.replacements))),
            ("--exclude", self.excludes),
            ("-c", tuple(map(str, self.constraints))),
            ("--source", tuple(f"{name}={masked(url)}" for name, url in self.sources.items())),
            ("--python", (self.python,)),
            ("--platform", (self.platform,)),
            ("--exclude-newer", (self.exclude_newer,)),
        )
        for option, values in texts:
            for value in filter(None, values):
                yield from (option, value)


def _last_day(cutoff: str) -> str:
    """The last day before *cutoff*, a midnight as :class:`AsOf` makes it."""
    return (date.fromisoformat(cutoff[:10]) - timedelta(days=1)).isoformat()
