"""The commands that a reader of a summary may want to run next, and the command of a repair, as words and as shell text."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator, Sequence

from msgspec import UNSET, Struct
from packaging.utils import canonicalize_name

from wheelcheck.model.answers import CellStatus, Matrix
from wheelcheck.model.check import Check, Verdict
from wheelcheck.model.distribution import Status
from wheelcheck.model.finding import Code
from wheelcheck.model.lock import LockKind
from wheelcheck.model.plan import InputRecord, Options, Plan
from wheelcheck.model.repair import Edit, Repair, Risk
from wheelcheck.model.target import Target
from wheelcheck.options import OPTIONS
from wheelcheck.report.page import Page
from wheelcheck.targets.targets import PLATFORMS

_PLAN = "plan.json"
_LOCKS = frozenset(kind.value for kind in LockKind)
_RUNTIMES = {"win": "the embeddable zip of its Python", "": "a standalone build of its Python"}
_NAMED_ANEW = frozenset(
    {"platform", "python", "target_file", "platforms", "pythons", "target_files", "targets_from", "requirement_files"}
)
_Part = tuple[str, ...]
"""Words of a command that belong together: an option with its value, an option that takes none, or an input."""

# Those of a plan come first in the table: --platform names one there, and several for a check.
_BY_FLAG = {flag: option for option in reversed(OPTIONS.values()) for flag in option.flags}
_PLAIN = re.compile(r"[\w+=:./\\~-]+")
# The first letter of what PowerShell ($name) and Command Prompt (%name%) take for a variable.
_NAME_BEGINS = re.compile(r"(?<=\$)\w|(?<=%)[^\W\d]\w*(?=%)")
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(?=$|[\s\[(<>=!~;@])")


class NextStep(Struct, frozen=True, kw_only=True):
    """A *command*, word by word and unquoted, and the *reason* to run it."""

    command: tuple[str, ...]
    reason: str


def iter_next_steps(
    plan: Plan, asked: tuple[str, ...] = (), *, shown: str = "brief", written: str = ""
) -> Iterator[NextStep]:
    """The next steps for *plan*, most useful first; at most three.

    *asked* is the command that made it, without the options that only say how to show it; where it is unknown (a plan from a file,
    the library), it is made from the plan's record of inputs and options. *shown* is the detail that the reader has already,
    *written* the file that the plan was written to, empty for none.
    """
    if not plan.packages and not plan.findings:
        return
    again = asked_command(plan, asked)
    if plan.status in (Status.INSTALLABLE, Status.NEEDS_BUILD):
        if not plan.packages:
            return
        if written:
            yield from _iter_uses(plan, written)
        else:
            yield NextStep(command=(*again, "-o", _PLAN), reason="keep the plan")
        then = "or" if written else "then"
        export = ("wheelcheck", "export", written or _PLAN, "--to", "requirements", "-o", "requirements.lock.txt")
        yield NextStep(command=export, reason=f"{then} make what pip and uv install from it")
        return
    if plan.proposals is not None:
        if not plan.applied:
            yield from _iter_fixes(plan.repairs, again, written or _PLAN)
    else:
        yield from _iter_guesses(plan, again)
    if shown != "full":
        yield NextStep(command=(*again, "-v"), reason="every finding with its evidence, and every project")
    if any(finding.code is Code.BUDGET_SPENT for finding in plan.errors):
        yield NextStep(command=(*again, "--max-seconds", "600"), reason="search longer")


def iter_steps_of_matrix(
    matrix: Matrix, inputs: Sequence[str], asked: Sequence[str], *, wider: bool = True, has_parts: bool = False
) -> Iterator[NextStep]:
    """The next steps after a grid: for its first blocker, or for the Python to ship; at most four.

    *asked* are the words of the command behind its name, of which the options that name targets are left out; *inputs* stand for
    those among them that are inputs. *wider* offers the grid of all targets; *has_parts* says that the project has extras or
    groups, of which none was chosen.
    """
    blocked = next((cell.target for cell in matrix.cells if cell.status is CellStatus.BLOCKED), None)
    worst = next((blocker for blocker in matrix.blockers if blocker.package is not None), None)
    if worst is not None:
        blocked = worst.targets[0]
        why = _again("why", (str(worst.package), *inputs), asked, blocked)
        yield NextStep(command=why, reason=f"who wants {worst.package}, and what there is of it")
    if blocked is not None:
        yield _whole(inputs, asked, blocked)
    elif matrix.good:
        cell = max(matrix.good, key=lambda each: matrix.best is not None and each.target.python == matrix.best.python)
        plan = (*_again("plan", inputs, asked, cell.target), "-o", _PLAN)
        yield NextStep(command=plan, reason="what a builder installs on one target, and whether its imports hold")
    if has_parts:
        each = _again("matrix", ("--each-extra", *inputs), asked)
        yield NextStep(command=each, reason="each extra and dependency group for itself")
    if wider and (len(matrix.pythons) == 1 or len(matrix.platforms) < len(PLATFORMS)):
        yield NextStep(command=_again("matrix", inputs, asked), reason="on every common platform and maintained Python")


def iter_steps_of_check(
    check: Check, inputs: Sequence[str], asked: Sequence[str], *, shown: str = "brief"
) -> Iterator[NextStep]:
    """The next steps where *check* of *inputs* fails, at most three; *asked* is its command, *shown* the detail of its report."""
    failing = [each for each in check.targets if each.is_decided and not each.passes]
    if not failing:
        return
    codes = {judged.finding.code for each in failing for judged in each.judged if judged.verdict is Verdict.FAILS}
    if codes <= {Code.SOURCE_PURE, Code.SOURCE_OPTIONAL}:
        yield NextStep(command=(*asked, "--sdist", "pure"), reason="pass what is built once, without a compiler")
    yield _whole(inputs, asked[2:], failing[0].target)
    if shown != "full":
        yield NextStep(command=(*asked, "-v"), reason="every finding with its evidence, and the line that leads to it")


def _whole(inputs: Sequence[str], asked: Sequence[str], target: Target) -> NextStep:
    # A lock is planned as it stands.
    is_lock = any(word.replace("\\", "/").rpartition("/")[2] in _LOCKS for word in inputs)
    reason = "one target whole" if is_lock else "one target whole, with every repair that was found"
    return NextStep(command=_again("plan", inputs, asked, target), reason=reason)


def _again(command: str, words: Sequence[str], asked: Sequence[str], target: Target | None = None) -> tuple[str, ...]:
    """*command* with *words*, the options among *asked* that it takes, but those that name targets, and *target*."""
    kept = (word for part in _iter_parts(asked) if _is_kept(part, command) for word in part)
    return ("wheelcheck", command, *words, *kept, *(target_words(target) if target is not None else ()))


def target_words(target: Target) -> tuple[str, ...]:
    """The options that name *target*."""
    return ("--platform", target.platform, "--python", target.python)


def _is_kept(part: _Part, command: str) -> bool:
    """Whether *part* is an option that *command* takes and that names neither targets nor inputs."""
    option = _BY_FLAG.get(part[0].partition("=")[0])
    return option is not None and command in (*option.commands, *option.own) and option.name not in _NAMED_ANEW


def _iter_uses(plan: Plan, written: str) -> Iterator[NextStep]:
    fetch = ("wheelcheck", "fetch", written, "-d", "wheels")
    yield NextStep(command=fetch, reason="fetch its files, every hash checked")
    runtime = next((runtime for system, runtime in _RUNTIMES.items() if plan.target.platform.startswith(system)), "")
    bundle = ("wheelcheck", "bundle", written, "--runtime", "RUNTIME", "-o", "dist")
    yield NextStep(command=bundle, reason=f"or make what ships; RUNTIME is {runtime}")


def _iter_fixes(repairs: Sequence[Repair], again: tuple[str, ...], written: str) -> Iterator[NextStep]:
    if repairs:
        # The repair that --fix alone would take: a high risk is not suggested where another repair exists.
        first = next((repair for repair in repairs if repair.risk is not Risk.HIGH), repairs[0])
        others = [repair for repair in repairs if repair is not first]
        more = f"; --fix={others[0].id} takes another" if others else ""
        fixed = (*again, f"--fix={first.id}", "-o", written)
        care = " (high risk: read why)" if first.risk is Risk.HIGH else ""
        yield NextStep(command=fixed, reason=f"apply {first.id}{care} and keep its plan{more}")


def _iter_guesses(plan: Plan, again: tuple[str, ...]) -> Iterator[NextStep]:
    overridable = [finding for finding in plan.errors if finding.nearest is not None and finding.package is not None]
    # An override of some blockers repairs nothing while others stay.
    if overridable and len(overridable) == len(plan.errors):
        words = [f"{finding.package}=={finding.nearest}" for finding in overridable]
        options = [part for word in words for part in ("--override", word)]
        who = "the projects that want it" if len(words) == 1 else "the projects that want them"
        yield NextStep(command=(*again, *options), reason=f"see whether it fits; then test {who}")


def repaired_command(asked: Sequence[str], edit: Repair | Edit, target: Target | None = None) -> tuple[str, ...]:
    """The command *asked*, word by word, with the edits of a repair, or one *edit*, after them.

    Words that these repeat or contradict are taken out (an option of the repair replaces the one that *asked* has), and so is a
    ``--fix``, since they are the changes that it stands for. What follows an option that takes a value belongs to that option.
    Where the repair names half of a *target* that a file described, the other half is named too.
    """
    options = edit.options
    by_file = any(word.partition("=")[0] in ("-t", "--target") for word in asked)
    if target is not None and by_file and ("--python" in options or "--platform" in options):
        # The words of the edit come last and win over these.
        options = (*target_words(target), *options)
    latest = {_slot(part) or " ".join(part): part for part in _iter_parts(options)}
    added = tuple(latest.values())
    taken = {slot for part in added if (slot := _slot(part))}
    if taken & {"--platform", "--python"}:
        taken.add("--target")
    left = (part for part in _iter_parts(asked) if part not in added and part[0].partition("=")[0] != "--fix")
    kept = [part for part in left if _slot(part) not in taken]
    return tuple(word for part in (*kept, *added) for word in part)


def _iter_parts(words: Sequence[str]) -> Iterator[_Part]:
    rest = iter(words)
    for word in rest:
        if word in _BY_FLAG and _BY_FLAG[word].takes_word:
            value = next(rest, None)
            yield (word, value) if value is not None else (word,)
        else:
            yield (word,)


def _slot(part: _Part) -> str:
    """The option that a command has once (once for each project); empty for *part* of a kind that it may repeat."""
    word, _, attached = part[0].partition("=") if part[0].startswith("--") else (part[0], "", "")
    option = _BY_FLAG.get(word)
    if option is None or not option.takes_word:
        return ""
    value = part[1] if len(part) > 1 else attached
    if option.per_project and (found := _NAME.match(value)):
        return f"{option.flag} {canonicalize_name(found[0])}"
    return "" if option.repeats else option.flag


def asked_command(plan: Plan, asked: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The command *asked*, or else the command that *plan* answers."""
    if asked:
        return asked
    # Nested files are among the inputs too; the first was named, and so was every requirement (which has no hash).
    first, *others = plan.inputs or (InputRecord(path="INPUT"),)
    inputs = (first.path, *(record.path for record in others if not record.sha256))
    words = ("wheelcheck", "plan", *inputs, *target_words(plan.target), *_recorded_words(plan.options))
    for repair in plan.repairs:
        if repair.id in plan.applied:
            words = repaired_command(words, repair)
    return words


def _recorded_words(recorded: Options) -> Iterator[str]:
    """The words of the options that a plan was made with."""
    for name in type(recorded).__annotations__:
        option, value = OPTIONS.get(name), getattr(recorded, name)
        if option is None or not option.recorded or value in (None, (), UNSET, option.plain):
            continue
        if option.is_switch:
            yield option.flag
        else:
            yield from (word for text in (value if option.repeats else (value,)) for word in (option.flag, text))


def draw_command(page: Page, words: Sequence[str], *, indent: int = 4, style: str = "") -> None:
    """Add the command *words* to *page*, as typed into a shell of this system."""
    for line in wrapped_command(words, page.width - indent):
        page.line((" " * indent, ""), (line, style))


def draw_steps(page: Page, steps: Sequence[NextStep]) -> None:
    """Add the commands of *steps* to *page*, each after its reason; nothing for none."""
    if not steps:
        return
    page.heading("Next")
    for step in steps:
        page.line(("    # ", "dim"), (step.reason, "dim"))
        draw_command(page, step.command)


def wrapped_command(words: Sequence[str], room: int, *, is_windows: bool = sys.platform == "win32") -> list[str]:
    """*words* as typed into a shell, broken between them, with its continuation mark, where they are longer than *room*.

    Command Prompt and PowerShell have no mark in common: for them it is one line, which the terminal breaks.
    """
    if is_windows:
        return [" ".join(map(_quoted_for_windows, words))]
    lines = [""]
    for piece in _iter_pieces(words):
        joined = f"{lines[-1]} {piece}" if lines[-1] else piece
        # Two columns are kept for the mark.
        if len(joined) + 2 <= room or not lines[-1]:
            lines[-1] = joined
        else:
            lines[-1] += " \\"
            lines.append(f"  {piece}")
    return lines


def _iter_pieces(words: Sequence[str]) -> Iterator[str]:
    """Quoted words; an option stays with its value."""
    option = ""
    for word in words:
        quoted = shlex.quote(word)
        if option:
            yield option if word.startswith("-") else f"{option} {quoted}"
            option = quoted if word.startswith("-") else ""
        elif word.startswith("-"):
            option = quoted
        else:
            yield quoted
    if option:
        yield option


def _quoted_for_windows(word: str) -> str:
    """*word* as Command Prompt and PowerShell both take it: requirements may have the other quotes inside (PEP 508)."""
    if _PLAIN.fullmatch(word):
        return word
    text = word.replace('"', "'")
    # A backslash before the last quote would be taken for one that escapes it; two at the end of a path are as good as one.
    text += text[len(text.rstrip("\\")) :]
    if not _NAME_BEGINS.search(text, 1) or not (_PLAIN.match(text) or text.startswith("%")):
        return f'"{text}"'
    # Both shells put in variables between double quotes, and neither does where a quote follows the first letter of the name.
    # PowerShell joins quoted parts to one word where that does not begin with one.
    quoted, at = text[0], 1
    for begins in _NAME_BEGINS.finditer(text, 1):
        quoted += (f'"{text[at : begins.start()]}"' if begins.start() > at else "") + text[begins.start()]
        at = begins.start() + 1
    return f'{quoted}"{text[at:]}"' if at < len(text) else quoted
