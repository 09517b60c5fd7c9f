"""The table of codes as SARIF rules: titles, explanations and cures; adds no words of its own to them."""

from __future__ import annotations

from wheelcheck.model.finding import Code, Severity
from wheelcheck.report.check.escaping import escaped
from wheelcheck.report.page import sentence

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_POSITIONS = {code: position for position, code in enumerate(Code)}


def level(severity: Severity) -> str:
    """SARIF's word for *severity*."""
    return _LEVELS[severity]


def position(code: Code) -> int:
    """Where the rule of *code* stands among ``tool.driver.rules``, from 0."""
    return _POSITIONS[code]


def rule(code: Code) -> dict[str, object]:
    """The ``reportingDescriptor`` of *code*."""
    return {
        "id": code.number,
        "name": "".join(word.capitalize() for word in code.name.split("_")),
        "shortDescription": {"text": f"{sentence(code.title)}."},
        "fullDescription": {"text": code.explanation},
        "help": {
            "text": f"{code.explanation}\n\nWhat to do: {code.cure}",
            "markdown": f"{escaped(code.explanation)}\n\n**What to do:** {escaped(code.cure)}",
        },
        "defaultConfiguration": {"level": level(code.severity)},
        "properties": {"tags": ["dependencies", "packaging"]},
    }
