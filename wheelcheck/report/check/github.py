"""GitHub's annotations as workflow commands: a line for each failing or warning finding and each place that it leads from.

What is allowed, known or only noted is no annotation. GitHub shows ten of each kind for a step, so the worst come first.
Escaping: the documentation of workflow commands, and what the runner itself undoes.
"""

from __future__ import annotations

from collections.abc import Iterator

from wheelcheck.model.check import Check, Verdict
from wheelcheck.model.requirement import FileOrigin
from wheelcheck.report.grouping import group_findings
from wheelcheck.report.quoting import flat, repository_path
from wheelcheck.report.verdicts import headline, iter_details, stale_allowances, undecided_targets

_COMMANDS = {Verdict.FAILS: "error", Verdict.WARNS: "warning"}


def render_github(check: Check) -> str:
    """Render *check* as workflow commands, one a line; empty where there is no annotation."""
    return "".join(line + "\n" for line in _iter_commands(check))


def _iter_commands(check: Check) -> Iterator[str]:
    unknown = undecided_targets(check)
    if unknown:
        # One for all: an index that went away would otherwise take the places of the findings.
        lines = [f"{checked.target}: {flat(why)}" for checked, why in unknown]
        yield _command("error", None, "wheelcheck: undecided", "\n".join(lines))
    for group in group_findings(check):
        if group.verdict not in _COMMANDS:
            continue
        text = "\n".join((headline(group), *(f"{label}: {words}" for label, words in iter_details(group))))
        title = f"{group.finding.code.number} {group.subject}"
        for place in group.places or (None,):
            yield _command(_COMMANDS[group.verdict], place, title, text)
    for allowance, title, sentence in stale_allowances(check):
        yield _command("warning", allowance.origin, title, flat(sentence))
    for note in check.notes:
        yield _command("notice", None, "wheelcheck", flat(note))


def _command(name: str, place: FileOrigin | None, title: str, text: str) -> str:
    properties = []
    path = repository_path(place) if place is not None else ""
    if place is not None and path:
        properties.append(f"file={_property(path)}")
        if place.line:
            properties.append(f"line={place.line}")
    properties.append(f"title={_property(flat(title))}")
    return f"::{name} {','.join(properties)}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
