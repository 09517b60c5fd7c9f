"""JUnit XML: a suite for each target, a case for each finding; failing findings are failures, targets without a verdict errors.

There is no standard: the elements that the readers of Jenkins, GitLab and GitHub have in common are written. No XML is read here.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import structs

from wheelcheck.model.check import Check, CheckedTarget, Verdict
from wheelcheck.report.grouping import FindingGroup, group_findings
from wheelcheck.report.quoting import flat, repository_path
from wheelcheck.report.verdicts import iter_details, target_detail, why_undecided

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

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
