"""Each answer as a page: what ``plan``, ``check``, ``matrix``, ``diff`` and ``verify`` found, in the words of ``page.py``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wheelcheck.model.answers import Cell, CellStatus, Matrix
from wheelcheck.model.check import (
    VERDICTS,
    ChangeKind,
    Check,
    CheckedTarget,
    Difference,
    FindingState,
    Judged,
    Side,
    TargetDifference,
    Verdict,
)
from wheelcheck.model.distribution import Status
from wheelcheck.model.finding import Finding, Severity
from wheelcheck.model.inspection import InspectedDistribution, Inspection, Problem, TrialOutcome
from wheelcheck.model.plan import Plan
from wheelcheck.model.repair import Proposals
from wheelcheck.report.difference import (
    difference_heading,
    difference_notes,
    difference_verdict,
    download_lines,
    release_facts,
    uncompared_targets,
    where_changed,
)
from wheelcheck.report.grouping import (
    FindingGroup,
    group_compared,
    group_findings,
    group_sized_changes,
    open_notes,
)
from wheelcheck.report.html.page import ChangeRow, Fact, HtmlPage, Package, Reason, Subject, Tone
from wheelcheck.report.html.parts import (
    Offer,
    Sheet,
    Telling,
    allowances_of,
    card_of,
    facts_of,
    graph_of,
    grid_of,
    offers_of,
    packages_of,
    subjects_of,
    treemaps_of,
)
from wheelcheck.report.matrix import CELL_WORDS, failure_lines, matrix_advice, matrix_verdict, opening_lines
from wheelcheck.report.page import sentence
from wheelcheck.report.verdicts import check_verdict, target_detail, target_word, undecided_targets
from wheelcheck.report.wording import change, changes
from wheelcheck.texts.words import counted, folded, grouped, joined

_CELL_TONES: dict[CellStatus, Tone] = {
    CellStatus.INSTALLS: "good",
    CellStatus.NEEDS_BUILD: "build",
    CellStatus.BLOCKED: "bad",
    CellStatus.UNDECIDED: "unsure",
    CellStatus.FAILED: "unsure",
    CellStatus.UNSUPPORTED: "none",
}
_EXIT_TONES: dict[int, Tone] = {0: "good", 1: "bad"}
_SEVERITIES: dict[Severity, Tone] = {Severity.ERROR: "bad", Severity.WARNING: "unsure", Severity.INFO: "none"}
_CHANGES: dict[ChangeKind, Tone] = {
    ChangeKind.ADDED: "good",
    ChangeKind.REMOVED: "bad",
    ChangeKind.UPGRADED: "build",
    ChangeKind.DOWNGRADED: "unsure",
    ChangeKind.RESUPPLIED: "unsure",
}
_MILDER = ((Verdict.WARNS, "warns on"), (Verdict.ALLOWED, "allowed on"), (Verdict.KNOWN, "known on"))


def page_of_matrix(matrix: Matrix, telling: Telling) -> HtmlPage:
    """The page of a grid: what blocks, and what opens."""
    sheet = Sheet(targets=tuple(map(_checked, matrix.cells)))
    status = {cell.target.name: cell for cell in matrix.cells}

    def told(each: CheckedTarget) -> tuple[Tone, str, str]:
        cell = status[each.target.name]
        names = dict.fromkeys(finding.package or finding.code.title for finding in cell.blocking)
        detail = f"by {folded(tuple(names), 3)}" if names else cell.failure
        return _CELL_TONES[cell.status], CELL_WORDS[cell.status], detail

    plans = {target.name: plan for target, plan in sheet.plans}
    offers = [
        Offer(
            repair=repair,
            targets=(opening.proved, *opening.alike),
            plan=plans[opening.proved.name],
            proof="Proved on each by resolving again" if opening.alike else "Proved by resolving again",
        )
        for opening in matrix.openings
        for repair in (opening.repair, *opening.others)
        if repair is not None
    ]
    found = sum(opening.repair is not None for opening in matrix.openings)
    return _page(
        "Where it installs",
        matrix_verdict(matrix),
        _EXIT_TONES.get(matrix.exit_status, "unsure"),
        sheet,
        facts=facts_of(matrix.inputs, sheet, telling),
        advice=matrix_advice(matrix),
        grid=grid_of(sheet, told),
        cards=tuple(card_of(offer, sheet, telling) for offer in offers),
        unopened=tuple(map(sentence, opening_lines(matrix)[found:])),
        notes=(*map(sentence, failure_lines(matrix)), *matrix.notes),
    )


def page_of_plan(plan: Plan, telling: Telling) -> HtmlPage:
    """The page of one target: what it installs, or what keeps it from that."""
    sheet = Sheet(targets=(_judged(plan),))
    words = {
        Status.INSTALLABLE: f"Installs on {plan.target}",
        Status.NEEDS_BUILD: f"Installs on {plan.target} after {counted(len(plan.built_once), 'pure build')}",
        Status.BLOCKED: f"Does not install on {plan.target}",
        Status.UNDECIDED: f"Undecided on {plan.target}: the search ended before it had an answer",
    }
    return _page(
        "Plan",
        words[plan.status],
        _CELL_TONES[Cell(target=plan.target, plan=plan).status],
        sheet,
        facts=facts_of(plan.inputs, sheet, telling),
        advice=tuple(f"Repair {name} is applied" for name in plan.applied),
        cards=tuple(card_of(offer, sheet, telling) for offer in offers_of(sheet)),
        unopened=tuple(map(sentence, _unopened(plan))) if plan.proposals is not None else (),
    )


def _unopened(plan: Plan) -> Iterable[str]:
    """What the search for repairs could not mend or prove, and why."""
    proposals = plan.proposals or Proposals()
    for each in proposals.unrepairable:
        yield f"No repair for {each.package or 'a requirement'}: {each.message}"
    for failing in proposals.failing:
        worst = max(failing.grounds, key=lambda ground: ground.risk.order, default=None)
        yield f"No repair, for it resolves and then fails: {changes(failing)}" + (f" ({worst.text})" if worst else "")
    for suggestion in proposals.suggestions:
        yield f"Not verified: {change(suggestion.edit)}. {sentence(suggestion.message)}"
    yield from filter(None, (proposals.unreached, proposals.interrupted))


def page_of_check(check: Check, telling: Telling) -> HtmlPage:
    """The page of the gate: what fails where, what is lived with, and for how long."""
    sheet = Sheet(targets=check.targets)
    words: dict[str, Tone] = {"passes": "good", "fails": "bad"}

    def told(each: CheckedTarget) -> tuple[Tone, str, str]:
        word = target_word(each)
        return words.get(word, "unsure"), word, target_detail(each)

    return _page(
        "Check",
        check_verdict(check, group_findings(check)),
        _EXIT_TONES.get(check.exit_status, "unsure"),
        sheet,
        state="fails on",
        facts=(*facts_of(check.inputs, sheet, telling), Fact(label="read as", text=check.kind)),
        grid=grid_of(sheet, told),
        cards=tuple(card_of(offer, sheet, telling) for offer in offers_of(sheet)),
        allowances=allowances_of(sheet, check.expired, check.unused, telling),
        notes=(*(f"{each.target}: {why}" for each, why in undecided_targets(check)), *check.notes),
    )


def page_of_diff(difference: Difference, telling: Telling) -> HtmlPage:
    """The page of a comparison: before and after, and what is new."""
    absent = [
        CheckedTarget(target=each.target, plan=None, failure="nothing is asked there") for each in difference.targets
    ]
    sides = (each.after or none for each, none in zip(difference.targets, absent, strict=True))
    sheet = Sheet(targets=tuple(sides))
    by_target = {each.target.name: each for each in difference.targets}
    groups = {state: group_compared(difference, state) for state in FindingState}
    failing = [each for each in groups[FindingState.NEW] if each.verdict is Verdict.FAILS]
    others = [each for each in groups[FindingState.NEW] if each.verdict not in (Verdict.FAILS, Verdict.NOTED)]

    def fact(label: str, side: Side) -> Fact:
        return Fact(label=label, text=side.name, more=side.kind + (f", at {side.revision}" if side.revision else ""))

    facts = (fact("before", difference.old), fact("after", difference.new))
    return _page(
        "Difference",
        difference_verdict(difference),
        _EXIT_TONES.get(difference.exit_status, "unsure"),
        sheet,
        state="new on",
        groups=failing,
        facts=(*facts, *facts_of(difference.new.inputs, sheet, telling)),
        advice=(difference_heading(difference), *(f"Download {line}" for line in download_lines(difference))),
        grid=grid_of(sheet, lambda each: _told_of(by_target[each.target.name])),
        changes=tuple(_changes(difference, sheet)),
        milder=(
            *subjects_of(others, sheet, "new on"),
            *subjects_of(_loud(groups[FindingState.GONE]), sheet, "gone from"),
            *subjects_of(_loud(groups[FindingState.STAYS]), sheet, "still on"),
        ),
        notes=(*(f"{target}, {why}" for target, why in uncompared_targets(difference)), *difference_notes(difference)),
    )


def _told_of(compared: TargetDifference) -> tuple[Tone, str, str]:
    """Tone, words and addition for the cell of a target that was *compared*."""
    if not compared.is_decided:
        return "unsure", "not compared", ""
    moved = counted(len(compared.changes), "package changes", "packages change")
    return ("bad", "new findings fail", moved) if compared.failing else ("good", "nothing new fails", moved)


def _loud(groups: Iterable[FindingGroup]) -> list[FindingGroup]:
    return [each for each in groups if each.verdict is not Verdict.NOTED]


def _changes(difference: Difference, sheet: Sheet) -> Iterable[ChangeRow]:
    for group in group_sized_changes(difference):
        each = group.value
        before, after = (
            ", ".join((str(side.version), *release_facts(side))) if side is not None else ""
            for side in (each.before, each.after)
        )
        yield ChangeRow(
            kind=each.kind.value,
            tone=_CHANGES[each.kind],
            name=each.name,
            before=before,
            after=after,
            remark=where_changed(group.targets, difference),
            cells=sheet.cells(group.targets),
        )


def page_of_verify(inspection: Inspection, telling: Telling) -> HtmlPage:
    """The page of a look at an environment: its distributions, and every problem."""
    errors, warnings = len(inspection.errors), len(inspection.warnings)
    verdict = f"{inspection.subject}: {counted(errors, 'problem') if errors else 'no problems'}"
    runtime = inspection.runtime
    python = f"{runtime.kind.value}, Python {runtime.python}" if runtime.python else "packages without a Python"
    facts = (
        ("made on", telling.today),
        ("environment", inspection.subject),
        ("runtime", python),
        ("target", inspection.target),
        ("held against", joined(inspection.compared) if inspection.compared else ""),
        ("imports", inspection.no_imports),
    )
    subjects = _problems(inspection.problems)
    return HtmlPage(
        title="Verification",
        verdict=verdict + (f", {counted(warnings, 'warning')}" if warnings else ""),
        tone="bad" if errors else "unsure" if warnings else "good",
        facts=tuple(Fact(label=label, text=text) for label, text in facts if text),
        subjects=tuple(each for each in subjects if each.tone == "bad"),
        milder=tuple(each for each in subjects if each.tone != "bad"),
        packages=tuple(map(_inspected, inspection.distributions)),
    )


def _problems(problems: Sequence[Problem]) -> list[Subject]:
    ordered = sorted(problems, key=lambda each: [*Severity].index(each.severity))
    return [
        Subject(
            name=same[0].distribution or "the environment",
            tone=_SEVERITIES[same[0].severity],
            state=counted(len(same), same[0].severity.value if same[0].severity is not Severity.INFO else "note"),
            cells=(),
            reach=0,
            of=0,
            reasons=tuple(
                Reason(
                    code=each.kind.value,
                    title=each.library or "",
                    message=sentence(each.message),
                    cells=(),
                    lines=tuple(
                        (label, text) for label, text in (("file", each.file), ("remedy", each.remedy)) if text
                    ),
                )
                for each in same
            ),
        )
        for same in grouped(ordered, lambda each: (each.severity, each.distribution)).values()
    ]


def _inspected(each: InspectedDistribution) -> Package:
    tried = [trial for trial in each.imports if trial.outcome is not TrialOutcome.SKIPPED]
    good = sum(trial.outcome is TrialOutcome.IMPORTED for trial in tried)
    kind = f"{counted(each.files, 'file')}, {counted(each.libraries, 'library', 'libraries')}"
    return Package(
        name=each.name,
        version=each.version,
        kind=kind + (f", {good} of {counted(len(tried), 'module')} imported" if tried else ""),
        tone="good" if good == len(tried) else "bad",
        wanted_by="",
        size="",
        cells=(),
    )


def _page(
    title: str,
    verdict: str,
    tone: Tone,
    sheet: Sheet,
    *,
    state: str = "blocks",
    groups: Sequence[FindingGroup] | None = None,
    **parts: object,
) -> HtmlPage:
    """The page with what all resolving answers have; *groups* are the findings that fail, those of *sheet* unless given."""
    every = group_findings(Check(inputs=(), kind="", targets=sheet.targets))
    failing = [each for each in every if each.verdict is Verdict.FAILS] if groups is None else groups
    if "milder" not in parts:
        told = [([each for each in every if each.verdict is verdict], word) for verdict, word in _MILDER]
        groups_of = (subjects_of(each, sheet, word) for each, word in (*told, (open_notes(every), "noted on")))
        parts["milder"] = tuple(subject for subjects in groups_of for subject in subjects)
    first, _, rest = verdict.partition("; ")
    return HtmlPage(
        title=title,
        verdict=first,
        rest=sentence(rest),
        tone=tone,
        subjects=subjects_of(failing, sheet, state),
        graph=graph_of(failing, sheet),
        treemaps=treemaps_of(sheet),
        packages=packages_of(sheet),
        **parts,  # type: ignore[arg-type]
    )


def _checked(cell: Cell) -> CheckedTarget:
    if cell.plan is None:
        return CheckedTarget(target=cell.target, plan=None, failure=cell.failure)
    return _judged(cell.plan)


def _judged(plan: Plan) -> CheckedTarget:
    """*plan* as the gate would see it without a policy: errors fail."""

    def judged(finding: Finding) -> Judged:
        return Judged(finding=finding, verdict=VERDICTS[finding.severity], fingerprint="")

    return CheckedTarget(target=plan.target, plan=plan, judged=tuple(map(judged, plan.findings)))
