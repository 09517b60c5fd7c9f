"""The answer of ``check`` for the services that run it: annotations of GitHub, Code Quality of GitLab, JUnit XML.

Annotations and Code Quality have a line for each failing or warning finding and each place that it leads from; what is allowed,
known or only noted is left out. GitHub shows ten annotations of each kind for a step, so the worst come first; they are escaped by
its documentation of workflow commands, and by what the runner itself undoes. Code Quality follows "Implement a custom tool" of
GitLab's documentation. JUnit has no standard: the elements that the readers of Jenkins, GitLab and GitHub have in common are
written, a suite for each target and a case for each finding. No XML is read here.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import structs

from wheelcheck.model.check import Check, CheckedTarget, Verdict
from wheelcheck.model.finding import Severity
from wheelcheck.model.requirement import FileOrigin
from wheelcheck.report.grouping import FindingGroup, group_findings
from wheelcheck.report.verdicts import (
    fallback_place,
    headline,
    iter_details,
    stale_allowances,
    target_detail,
    undecided_targets,
    why_undecided,
)
from wheelcheck.report.wording import flat, repository_path

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_SEVERITIES = {Verdict.FAILS: "major", Verdict.WARNS: "minor", Verdict.KNOWN: "info"}
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


_Object = dict[str, object]


def render_gitlab(check: Check) -> str:
    """Render *check* as a JSON array, worst first; findings of the baseline are ``info``, so that a comparison keeps them."""
    fallback = fallback_place(check)
    entries = [
        _entry("undecided", f"No verdict on {checked.target}: {why}", fallback, "blocker", str(checked.target))
        for checked, why in undecided_targets(check)
    ]
    for group in group_findings(check):
        if severity := _SEVERITIES.get(group.verdict):
            if group.verdict is Verdict.FAILS and group.finding.severity is Severity.ERROR:
                severity = "critical"
            number, places = group.finding.code.number, group.places or (fallback,)
            words = "; ".join((headline(group), *(f"{label}: {text}" for label, text in iter_details(group))))
            entries += [_entry(number, words, place, severity, group.fingerprint) for place in places]
    stale = stale_allowances(check)
    entries += [_entry("allowance", sentence, each.origin, "minor", sentence) for each, _, sentence in stale]
    _number_twins(entries)
    return json.dumps(entries, indent=2, ensure_ascii=False) + "\n"


def _entry(name: str, text: str, place: FileOrigin, severity: str, kind: str) -> _Object:
    path = repository_path(place) or "standard input"
    return {
        "description": flat(text),
        "check_name": name,
        # Neither line nor verdict is a part of it: a finding that moves, or that is allowed now, is the same finding.
        "fingerprint": _digest(name, kind, path),
        "severity": severity,
        "location": {"path": path, "lines": {"begin": place.line or 1}},
    }


def _number_twins(entries: list[_Object]) -> None:
    """Make the fingerprints unique (two lines of a lock, two verdicts can share one): GitLab identifies entries by them."""
    met: Counter[object] = Counter()
    for entry in entries:
        fingerprint = entry["fingerprint"]
        if met[fingerprint]:
            entry["fingerprint"] = _digest(str(fingerprint), str(met[fingerprint]))
        met[fingerprint] += 1


def _digest(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode("utf-8", "backslashreplace")).hexdigest()


_Counts = Counter[str]
_COUNTED = {"failure": "failures", "error": "errors", "skipped": "skipped"}


def render_junit(check: Check) -> str:
    """Render *check* as JUnit XML; a target without findings has one passing case, so that no suite is empty."""
    # Imported here: few runs write XML.
    from xml.etree import ElementTree

    root = ElementTree.Element("testsuites", {"name": "wheelcheck"})
    total: _Counts = Counter()
    for checked in check.targets:
        suite = ElementTree.SubElement(root, "testsuite")
        counts = _fill(suite, checked, group_findings(structs.replace(check, targets=(checked,))))
        _count(suite, counts)
        total += counts
    _count(root, total)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _fill(suite: Element, checked: CheckedTarget, groups: tuple[FindingGroup, ...]) -> _Counts:
    suite.set("name", flat(str(checked.target)))
    counts: _Counts = Counter()
    if not checked.is_decided:
        case = _case(suite, checked, "verdict")
        why = flat(why_undecided(checked))
        kind = "undecided" if checked.plan is not None else "no-answer"
        counts += _result(case, "error", {"message": why, "type": kind}, why)
    elif not groups:
        counts += _result(_case(suite, checked, f"passes: {target_detail(checked)}"), "", {}, "")
    names: Counter[str] = Counter()
    for group in groups:
        name = f"{group.finding.code.number} {group.subject}"
        names[name] += 1
        case = _case(suite, checked, name if names[name] == 1 else f"{name} ({names[name]})", group)
        counts += _judge(case, group)
    return counts


def _case(suite: Element, checked: CheckedTarget, name: str, group: FindingGroup | None = None) -> Element:
    from xml.etree.ElementTree import SubElement

    target = checked.target
    case = SubElement(suite, "testcase", {"classname": flat(f"{target.platform}/{target.python}"), "name": flat(name)})
    if group is not None and group.places:
        place = group.places[0]
        case.set("file", repository_path(place) or "standard input")
        if place.line:
            case.set("line", str(place.line))
    return case


def _judge(case: Element, group: FindingGroup) -> _Counts:
    words = flat(group.message)
    text = "\n".join((words, *(f"{label}: {line}" for label, line in iter_details(group))))
    match group.verdict:
        case Verdict.FAILS:
            return _result(case, "failure", {"message": words, "type": group.finding.code.number}, text)
        case Verdict.ALLOWED:
            reason = group.allowance.reason if group.allowance is not None else ""
            return _result(case, "skipped", {"message": flat(f"allowed: {reason}")}, "")
        case Verdict.KNOWN:
            return _result(case, "skipped", {"message": "known: in the baseline"}, "")
        case _:
            return _result(case, "system-out", {}, text)


def _result(case: Element, kind: str, attributes: dict[str, str], text: str) -> _Counts:
    from xml.etree.ElementTree import SubElement

    if kind:
        SubElement(case, kind, attributes).text = text or None
    return Counter(["tests", *([_COUNTED[kind]] if kind in _COUNTED else [])])


def _count(element: Element, counts: _Counts) -> None:
    for word in ("tests", *_COUNTED.values()):
        element.set(word, str(counts[word]))
