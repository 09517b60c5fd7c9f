"""What is to be resolved, and when to give up; apart from the search, which a lock does not need."""

from __future__ import annotations

import time
from collections.abc import Callable

from msgspec import Struct

from wheelcheck.model.requirement import Constraint, Requirement, UnsupportedRequirement
from wheelcheck.model.resolution import Policy
from wheelcheck.model.target import Target


class Budget(Struct, frozen=True, kw_only=True):
    """When to give up: *seconds* of the *clock* for all passes together, and *rounds* of the solver, or versions read, for each.

    The third pass looks for the fewest blockers with *blocker_rounds* in all; 0 does without it.
    """

    seconds: float = 120.0
    rounds: int = 200_000
    blocker_rounds: int = 4_000
    clock: Callable[[], float] = time.monotonic


class Question(Struct, frozen=True, kw_only=True):
    """What is to be resolved, for one target."""

    requirements: tuple[Requirement, ...]
    constraints: tuple[Constraint, ...] = ()
    unsupported: tuple[UnsupportedRequirement, ...] = ()
    target: Target
    policy: Policy
    budget: Budget = Budget()
