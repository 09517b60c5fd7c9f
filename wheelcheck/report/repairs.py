"""Draws the repairs of a blocked plan: the gain, the risk and the command of each; never shows a guess as a proof."""

from __future__ import annotations

from collections.abc import Sequence

from wheelcheck.model.distribution import Status
from wheelcheck.model.finding import IMPORTS, Severity
from wheelcheck.model.plan import Plan
from wheelcheck.model.repair import Edit, Ground, Proposals, Repair, Risk, Suggestion, Unrepairable
from wheelcheck.report.commands import asked_command, draw_command, repaired_command
from wheelcheck.report.findings import draw_paths
from wheelcheck.report.page import Detail, Page, glued, sentence
from wheelcheck.report.wording import bare_change, change, changes, gain, iter_dated_moves, iter_moves, iter_releases
from wheelcheck.texts.words import counted, folded

_RED = "bold red"
_STYLES = {Risk.LOW: "green", Risk.MEDIUM: "yellow", Risk.HIGH: "bold red"}
_GROUNDS_IN_BRIEF = 3
_MOVES_IN_BRIEF = 4
_UNREPAIRABLE_IN_BRIEF = 3
_FAILING_IN_BRIEF = 2
_EXECUTABLE = (Status.INSTALLABLE, Status.NEEDS_BUILD)


def draw_applied(page: Page, plan: Plan, detail: Detail) -> None:
    """Add the repairs that are in *plan* already and their changes; nothing where there are none."""
    known = {repair.id: repair for repair in plan.repairs}
    for word in plan.applied:
        page.blank()
        repair = known.get(word)
        if repair is None:
            page.line(("  ", ""), (f"{word} is applied", "bold"))
            continue
        lead = f"{word} is applied: "
        first, *others = (change(edit, plan.target) for edit in repair.edits)
        page.paragraph(first, lead=(lead, "bold"), indent=2)
        for other in others:
            page.paragraph(f"and {other}", indent=2 + len(lead))
        page.labelled("risk", repair.risk.value, style=_STYLES[repair.risk], indent=6)
        _draw_moves(page, repair, "full")
        _draw_grounds(page, repair, detail)


def draw_repairs(page: Page, plan: Plan, detail: Detail, asked: tuple[str, ...] = ()) -> None:
    """Add the proposals of *plan* to *page*, each repair with the command *asked* that applies it.

    A repair that is applied is not offered again; ``brief`` names the others of such a plan and draws none.
    """
    proposals = plan.proposals
    if proposals is None:
        return
    again = asked_command(plan, asked)
    open_repairs = tuple(repair for repair in proposals.repairs if repair.id not in plan.applied)
    if plan.applied and detail == "brief":
        if open_repairs:
            text = "; ".join(f"{repair.id} {changes(repair)}" for repair in open_repairs) + "; -v shows them"
            page.paragraph(text, lead=("Other repairs: ", "bold"), indent=2, style="dim", apart=True)
        return
    # Beside repairs there are only suggestions that keep what the repairs lose.
    for suggestion in proposals.suggestions if open_repairs else ():
        _draw_suggestion(page, suggestion, repaired_command(again, suggestion.edit, plan.target))
    if open_repairs:
        _draw_unrepairable(page, proposals.unrepairable, detail)
        page.paragraph(_heading(plan, len(open_repairs)), indent=2, style="bold", apart=True)
        drawn: set[Edit] = set()
        for repair in open_repairs:
            page.blank()
            # The same change is made for the same reason.
            words = tuple(bare_change(edit) if edit in drawn else change(edit, plan.target) for edit in repair.edits)
            drawn.update(repair.edits)
            _draw_repair(page, repair, detail, words, repaired_command(again, repair, plan.target))
    elif plan.status not in _EXECUTABLE:
        text = f"No repair was found that makes this installable on {plan.target}"
        if proposals.interrupted or not proposals.complete:
            text = f"No repair for {plan.target} was found before the search ended"
        page.paragraph(text, indent=2, style="bold", apart=True)
    if not open_repairs:
        _draw_unrepairable(page, proposals.unrepairable, detail)
    for suggestion in () if open_repairs else proposals.suggestions:
        _draw_suggestion(page, suggestion, repaired_command(again, suggestion.edit, plan.target))
    _draw_failing(page, plan, detail)
    _draw_rest(page, proposals)


def _draw_rest(page: Page, proposals: Proposals) -> None:
    """Add which part was not searched: a warning where nothing was found, an aside where there are repairs already."""
    lead, style = (("", ""), "dim") if proposals.repairs else (("! ", "yellow"), "")
    if proposals.unreached:
        page.paragraph(sentence(proposals.unreached), lead=lead, indent=2, style=style, apart=True)
    if proposals.interrupted:
        page.paragraph(sentence(proposals.interrupted), lead=("! ", "yellow"), indent=2, apart=True)


def _heading(plan: Plan, count: int) -> str:
    repairs = counted(count, "other repair" if plan.applied else "repair")
    one = count == 1
    if plan.applied:
        # The target in the plan may be a repair's already, not the one that was asked for.
        return f"{repairs} {'makes' if one else 'make'} this installable"
    errors = [each for each in plan.findings if each.severity is Severity.ERROR]
    imports_alone = bool(errors) and all(each.code in IMPORTS for each in errors)
    if plan.status in _EXECUTABLE or imports_alone:
        what = "what fails" if any(each.code in IMPORTS for each in plan.findings) else "the warnings"
        return f"{repairs} {'ends' if one else 'end'} {what}"
    what = "the rest" if plan.proposals is not None and plan.proposals.unrepairable else "this"
    return f"{repairs} {'makes' if one else 'make'} {what} installable on {plan.target}"


def _draw_repair(page: Page, repair: Repair, detail: Detail, words: tuple[str, ...], command: tuple[str, ...]) -> None:
    lead = f"{repair.id}  {repair.risk.value} risk  "
    first, *others = words
    page.paragraph(first, lead=(lead, _STYLES[repair.risk]), indent=2, style="bold")
    for other in others:
        page.paragraph(f"and {other}", indent=2 + len(lead), style="bold")
    # A label before it would be copied along with it.
    draw_command(page, command, indent=6, style="cyan")
    page.labelled("gives", gain(repair.verified), indent=6)
    _draw_moves(page, repair, detail)
    _draw_grounds(page, repair, detail)


def _draw_moves(page: Page, repair: Repair, detail: Detail) -> None:
    verified = repair.verified
    moves = iter_moves(verified) if detail == "brief" else iter_dated_moves(verified)
    added, removed = iter_releases(verified.added), iter_releases(verified.removed)
    for label, texts in (("changes", moves), ("adds", added), ("drops", removed)):
        if words := [glued(text) for text in texts]:
            page.labelled(label, folded(words, _MOVES_IN_BRIEF if detail == "brief" else len(words)), indent=6)


def _draw_grounds(page: Page, repair: Repair, detail: Detail) -> None:
    ordered = sorted(repair.grounds, key=lambda ground: -ground.risk.order)
    shown = ordered if detail == "full" else ordered[:_GROUNDS_IN_BRIEF]
    # The reasons under "because" determine the risk; those under "also" are milder.
    labels = {sum(ground.risk is repair.risk for ground in ordered): "also", 0: "because"}
    for number, ground in enumerate(shown):
        bullet = "• " if len(ordered) > 1 else ""
        page.labelled(labels.get(number, ""), ground.text, bullet=bullet, indent=6)
        if ground.file and not _is_quoted(ground):
            place = f"{ground.file}:{ground.line}" if ground.line else ground.file
            quoted = f"{place}: {ground.quote}" if ground.quote else place
            page.labelled("", quoted, bullet=" " * len(bullet), style="dim", indent=6)
    if len(ordered) > len(shown):
        page.labelled("", f"and {len(ordered) - len(shown)} more; -v shows them", bullet="  ", style="dim", indent=6)


def _is_quoted(ground: Ground) -> bool:
    """Whether the reason itself contains the place and the quoted line."""
    return f"{ground.file}:{ground.line}" in ground.text and (ground.quote or "") in ground.text


def _draw_unrepairable(page: Page, unrepairable: Sequence[Unrepairable], detail: Detail) -> None:
    shown = unrepairable if detail == "full" else unrepairable[:_UNREPAIRABLE_IN_BRIEF]
    for each in shown:
        page.paragraph(f"No repair for {_named(each)}", lead=("✗ ", _RED), indent=2, style=_RED, apart=True)
        page.paragraph(sentence(each.message), indent=4)
        # Of what the user asks for, the row of the blocker has said so.
        if detail == "full" or any(len(path) > 1 for path in each.paths):
            draw_paths(page, each.paths, every=detail == "full")
    hidden = unrepairable[len(shown) :]
    if hidden:
        page.blank()
        page.listing([_named(each) for each in hidden], rows=3, lead=("✗ No repair either for ", _RED), indent=2)


def _named(unrepairable: Unrepairable) -> str:
    name = unrepairable.package or "a requirement without a name"
    return glued(f"{name} {unrepairable.version}") if unrepairable.version is not None else name


def _draw_failing(page: Page, plan: Plan, detail: Detail) -> None:
    """Add what resolves and then fails, with the file and line that prove it; briefly where there are repairs."""
    failing = plan.proposals.failing if plan.proposals is not None else ()
    if not failing or plan.applied:
        return
    page.paragraph("No repair, for it resolves and then fails when it is imported:", indent=2, style="bold", apart=True)
    for repair in failing if detail == "full" else failing[:_FAILING_IN_BRIEF]:
        words = [change(edit, plan.target) for edit in repair.edits]
        page.paragraph(" and ".join(words), lead=("✗ ", _RED), indent=4)
        for ground in [each for each in repair.grounds if each.fails is True][: None if detail == "full" else 1]:
            page.paragraph(ground.text, indent=6)
            if ground.file and not _is_quoted(ground):
                page.paragraph(f"{ground.file}:{ground.line}: {ground.quote}", indent=6, style="dim")
    if len(failing) > _FAILING_IN_BRIEF and detail != "full":
        page.paragraph(f"and {len(failing) - _FAILING_IN_BRIEF} more; -v shows them", indent=4, style="dim")


def _draw_suggestion(page: Page, suggestion: Suggestion, command: tuple[str, ...]) -> None:
    page.paragraph(change(suggestion.edit), lead=("? not verified: ", "yellow"), indent=2, apart=True)
    page.paragraph(sentence(suggestion.message), indent=6)
    if suggestion.edit.options:
        draw_command(page, command, indent=6, style="cyan")
