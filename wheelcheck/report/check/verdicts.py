"""Words the verdict of a check, of a target and of an allowance, in a line each; the same in every format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from wheelcheck.model.check import Allowance, Check, CheckedTarget, Verdict
from wheelcheck.report.check.told import Told, why_undecided


def counted(count: int, word: str, plural: str = "") -> str:
    """*count* with *word*: ``1 finding``, ``2 findings``."""
    return f"{count} {word if count == 1 else plural or word + 's'}"


def verdict_line(check: Check, told: Sequence[Told]) -> str:
    """The answer in one line: ``Fails on 2 of 3 targets: 2 findings``."""
    failing = sum(checked.is_decided and not checked.passes for checked in check.targets)
    unknown = sum(not checked.is_decided for checked in check.targets)
    if failing:
        findings = counted(sum(each.verdict is Verdict.FAILS for each in told), "finding")
        line = f"Fails on {_among(failing, check)}: {findings}"
        return f"{line}; {unknown} undecided" if unknown else line
    if unknown:
        cause = "the index failed" if check.exit_status == 3 else "the search ended before it had an answer"
        return f"Undecided on {_among(unknown, check)}: {cause}"
    return f"Passes on {_among(len(check.targets), check)}"


def _among(count: int, check: Check) -> str:
    """*count* of the targets; one that is the only one by its name."""
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
    """What there is to say besides the word: how many findings and projects, or why there is no answer."""
    if checked.plan is None or not checked.is_decided:
        return why_undecided(checked)
    counts = Counter(judged.verdict for judged in checked.judged)
    parts = []
    if counts[Verdict.FAILS]:
        parts.append(counted(counts[Verdict.FAILS], "finding"))
    elif checked.plan.packages:
        parts.append(counted(len(checked.plan.packages), "project"))
    if counts[Verdict.WARNS]:
        parts.append(counted(counts[Verdict.WARNS], "warning"))
    parts += [f"{counts[kind]} {kind.value}" for kind in (Verdict.ALLOWED, Verdict.KNOWN) if counts[kind]]
    return ", ".join(parts)


def allowance_subject(allowance: Allowance) -> str:
    """What *allowance* covers: ``av<12 on win_*, WC102``."""
    text = f"{allowance.package}{allowance.specifier}"
    if allowance.targets:
        text += f" on {', '.join(allowance.targets)}"
    return f"{text}, {', '.join(allowance.codes)}" if allowance.codes else text


def expired_sentence(allowance: Allowance) -> str:
    """That *allowance* counts no longer."""
    return f"The allowance for {allowance_subject(allowance)} expired after {allowance.expires}: {allowance.reason}"


def unused_sentence(allowance: Allowance) -> str:
    """That *allowance* covers nothing."""
    return f"The allowance for {allowance_subject(allowance)} covers nothing and can go: {allowance.reason}"
