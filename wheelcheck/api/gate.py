"""What ``check`` and ``diff`` have in common: the question to a gate, its policy, and a prepared question under that policy."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from wheelcheck.api.request import Request
from wheelcheck.api.targets import TargetWords
from wheelcheck.errors import InputUnreadable

if TYPE_CHECKING:
    from wheelcheck.api.preparing import Prepared
    from wheelcheck.model.check import GatePolicy
    from wheelcheck.model.target import Target
    from wheelcheck.settings.loading import Settings


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
    from wheelcheck.findings.baseline import parse_baseline

    if path is None:
        return frozenset()
    try:
        return parse_baseline(Path(path).read_bytes(), path)
    except OSError as error:
        is_next = next_baseline is not None and Path(path).resolve() == Path(next_baseline).resolve()
        if isinstance(error, FileNotFoundError) and is_next:
            return frozenset()
        raise InputUnreadable(f"cannot be read: {error.strerror}", address=path, hint=hint) from error


def on_target(prepared: Prepared, policy: GatePolicy, target: Target) -> Prepared:
    """*prepared* asked for *target*, where what *policy* allows may be chosen."""
    from wheelcheck.findings.verdicts import exemptions

    question = prepared.question
    allowed = replace(question.policy, exempt=exemptions(policy, target))
    return replace(prepared, question=replace(question, target=target, policy=allowed))
