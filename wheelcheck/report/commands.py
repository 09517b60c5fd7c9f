"""Words the commands that a reader of a summary may want to run next; refuses to run any."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from wheelcheck.model import Code, InputRecord, Plan, Status

_EXPORT = ("wheelcheck", "export", "plan.json", "--to", "requirements", "-o", "requirements.lock.txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """A *command*, word by word and unquoted, and the *reason* to run it."""

    command: tuple[str, ...]
    reason: str

    def shell(self) -> str:
        """The command as it is typed into a POSIX shell."""
        return shlex.join(self.command)


def iter_next_steps(plan: Plan, asked: tuple[str, ...] = (), *, shown: str = "brief") -> Iterator[NextStep]:
    """What to do with *plan*, most useful first; at most three steps.

    *asked* is the command that made it, without what only says how to show it; where it is not known (a plan from a file, the
    library), the plan's own record of inputs and options stands in. *shown* is the detail that the reader has already.
    """
    if not plan.packages and not plan.findings:
        return
    again = asked or _again(plan)
    if plan.status in (Status.INSTALLABLE, Status.NEEDS_BUILD):
        yield NextStep(command=(*again, "-o", "plan.json"), reason="keep the plan")
        yield NextStep(command=_EXPORT, reason="then make what pip and uv install from it")
        return
    overridable = [finding for finding in plan.errors if finding.nearest is not None and finding.package is not None]
    # An override of some blockers is no way out while others stay.
    if overridable and len(overridable) == len(plan.errors):
        words = [f"{finding.package}=={finding.nearest}" for finding in overridable]
        options = [part for word in words for part in ("--override", word)]
        who = "the projects that want it" if len(words) == 1 else "the projects that want them"
        yield NextStep(command=(*again, *options), reason=f"see whether it fits; then test {who}")
    if shown != "full":
        yield NextStep(command=(*again, "-v"), reason="every finding with its evidence, and every project")
    if any(finding.code is Code.BUDGET_SPENT for finding in plan.errors):
        yield NextStep(command=(*again, "--max-seconds", "600"), reason="search longer")


def _again(plan: Plan) -> tuple[str, ...]:
    """The command that asks what *plan* answers."""
    # Nested files are among the inputs too; the first was named, and so was every requirement (which has no hash).
    first, *others = plan.inputs or (InputRecord(path="INPUT"),)
    asked = (first.path, *(record.path for record in others if not record.sha256))
    options = plan.options
    repeated = (
        *(("--sdist", options.sdist) if options.sdist != "pure" else ()),
        *(("--exclude-newer", options.exclude_newer) if options.exclude_newer else ()),
        *(("--pre",) if options.pre else ()),
        *(word for text in options.overrides for word in ("--override", text)),
        *(word for text in options.excludes for word in ("--exclude", text)),
    )
    return ("wheelcheck", "plan", *asked, "--platform", plan.target.platform, "--python", plan.target.python, *repeated)
