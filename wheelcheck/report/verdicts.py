"""Words the answer of a check and its findings, in the same lines for every format; judges nothing again."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence

from wheelcheck.model.check import Allowance, Check, CheckedTarget, Verdict
from wheelcheck.model.finding import Code
from wheelcheck.model.repair import Repair
from wheelcheck.model.requirement import FileOrigin
from wheelcheck.model.target import Target
from wheelcheck.model.urls import masked_within
from wheelcheck.report.grouping import FindingGroup, Group
from wheelcheck.report.wording import changes, flat, listed_targets
from wheelcheck.texts.words import counted

_EVIDENCE = 3


def check_verdict(check: Check, groups: Sequence[FindingGroup]) -> str:
    """The answer of *check* in one line: ``Fails on 2 of 3 targets: 2 findings``."""
    failing = sum(checked.is_decided and not checked.passes for checked in check.targets)
    unknown = sum(not checked.is_decided for checked in check.targets)
    if failing:
        findings = counted(sum(group.verdict is Verdict.FAILS for group in groups), "finding")
        line = f"Fails on {_among(failing, check)}: {findings}"
        return f"{line}; {unknown} undecided" if unknown else line
    if unknown:
        cause = "the index failed" if check.exit_status == 3 else "the search ended before it had an answer"
        return f"Undecided on {_among(unknown, check)}: {cause}"
    return f"Passes on {_among(len(check.targets), check)}"


def _among(count: int, check: Check) -> str:
    """*count* of the targets; a single one by its name."""
    total = len(check.targets)
    if total == 1:
        return str(check.targets[0].target)
    return f"all {total} targets" if count == total else f"{count} of {total} targets"


def target_word(checked: CheckedTarget) -> str:
    """``passes``, ``fails``, ``undecided`` or, where there is not even a plan, ``no answer``."""
    if checked.plan is None:
        return "no answer"
    if not checked.is_decided:
        return "undecided"
    return "passes" if checked.passes else "fails"


def target_detail(checked: CheckedTarget) -> str:
    """The text beside the word: the number of findings or projects, or why there is no answer."""
    if checked.plan is None or not checked.is_decided:
        return why_undecided(checked)
    counts = Counter(judged.verdict for judged in checked.judged)
    found = (counts[Verdict.FAILS], "finding") if counts[Verdict.FAILS] else (len(checked.plan.packages), "project")
    parts = [counted(count, word) for count, word in (found, (counts[Verdict.WARNS], "warning")) if count]
    parts += [f"{counts[kind]} {kind.value}" for kind in (Verdict.ALLOWED, Verdict.KNOWN) if counts[kind]]
    return ", ".join(parts)


def undecided_targets(check: Check) -> tuple[tuple[CheckedTarget, str], ...]:
    """The targets without a verdict, each with a sentence on why."""
    return tuple((checked, why_undecided(checked)) for checked in check.targets if not checked.is_decided)


def why_undecided(checked: CheckedTarget) -> str:
    """Why there is no verdict on *checked*: what failed, or that the search ended."""
    if checked.plan is None:
        return checked.failure or "there is no plan"
    ends = (Code.BUDGET_SPENT, Code.FILE_UNVERIFIED)
    spent = [judged.finding.message for judged in checked.judged if judged.finding.code in ends]
    return spent[0] if spent else "the search ended before it had an answer"


def fallback_place(check: Check) -> FileOrigin:
    """The first file read: the place of findings that lead from no file, for formats that require one."""
    first = check.inputs[0].path if check.inputs else "command line"
    return FileOrigin(path=next((record.path for record in check.inputs if record.sha256), first))


def stale_allowances(check: Check) -> tuple[tuple[Allowance, str, str], ...]:
    """The allowances that expired and those that cover nothing, each with a title and a sentence."""
    told = [(each, "Allowance expired", f"expired after {each.expires}") for each in check.expired]
    told += [(each, "Allowance unused", "covers nothing and can go") for each in check.unused]
    return tuple(
        (each, title, f"The allowance for {allowance_subject(each)} {fact}: {each.reason}")
        for each, title, fact in told
    )


def allowance_subject(allowance: Allowance) -> str:
    """The coverage of *allowance*: ``av<12 on win_*, WC102``."""
    text = f"{allowance.package}{allowance.specifier}"
    if allowance.targets:
        text += f" on {', '.join(allowance.targets)}"
    return f"{text}, {', '.join(allowance.codes)}" if allowance.codes else text


def headline(group: FindingGroup) -> str:
    """The finding in one sentence, with its targets: ``av 11.0.0 has no wheel … (on win_amd64 with Python 3.11)``."""
    if names_its_target(group):
        return flat(group.message)
    return flat(f"{group.message.rstrip('.')} (on {listed_targets(group.targets)})")


def names_its_target(group: FindingGroup) -> bool:
    """Whether the message names the one target itself, so that nothing is to be added."""
    return len(group.targets) == 1 and str(group.targets[0]) in group.message


def iter_details(group: FindingGroup) -> Iterator[tuple[str, str]]:
    """A label and a line each: the reasons, the requirers, where wheels are, the repairs, the allowance."""
    for text in group.finding.evidence[:_EVIDENCE]:
        yield "because", flat(text)
    if group.finding.paths:
        yield "wanted by", wanted_by(group)
    for origin in group.origins:
        yield "written in", flat(str(origin))
    for note in group.beside:
        yield "elsewhere", flat(note.message)
    if group.finding.nearest is not None and not group.beside:
        yield "nearest", flat(f"{group.finding.package} {group.finding.nearest} has a wheel")
    for repair in group.repairs:
        yield "repair", repair_line(repair, group.targets)
    if (allowance := group.allowance) is not None and group.verdict is Verdict.ALLOWED:
        yield "allowed", flat(f"until {allowance.expires} ({allowance.origin}): {allowance.reason}")
    elif allowance is not None:
        ended = f"its allowance ended after {allowance.expires} ({allowance.origin})"
        yield "expired", flat(f"{ended}: {allowance.reason}")


def wanted_by(group: FindingGroup) -> str:
    """The shortest path by which it is wanted, and how many more there are."""
    ordered = sorted(group.finding.paths, key=len)
    way = " → ".join(ordered[0])
    more = len(ordered) - 1
    return flat(f"{way} (and {more} more {'ways' if more > 1 else 'way'})" if more else way)


def options_line(repair: Repair) -> str:
    """The options of *repair* as typed into a POSIX shell."""
    return flat(shlex.join(masked_within(word) for word in repair.options))


def repair_line(group: Group[Repair], among: tuple[Target, ...] = ()) -> str:
    """The change, its risk and its options in a line; its targets where they are not all of *among*."""
    repair = group.value
    where = f", on {listed_targets(group.targets)}" if len(group.targets) < len(among) else ""
    line = flat(f"{changes(repair)} (proved, {repair.risk.value} risk{where})")
    return f"{line}: {options_line(repair)}" if repair.options else line
