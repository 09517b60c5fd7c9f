"""The lines of reports/imports_truth.md, of what imports_report.py found out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from msgspec import Struct

from tests.live.imports_trials import Question


class Trial(Struct, frozen=True, kw_only=True):
    """One module of one plan: what is ``said`` of it, what its import raised, and the projects that it ran ``through`` then.

    ``is_led_to`` tells that something is said of another project that it ran through, ``alone`` what the statement that is said to
    fail raised by itself, where that could be tried.
    """

    question: Question
    project: str
    module: str
    said: str
    error: str
    through: tuple[str, ...] = ()
    is_led_to: bool = False
    alone: str | None = None


class Applied(Struct, frozen=True, kw_only=True):
    """One repair that was shown: its edits in words, and the modules whose import failed with what they raised.

    ``untried`` says why it was not installed, empty where it was; ``imported`` counts modules, ``said`` are the findings about
    imports that the repaired plan has itself.
    """

    question: Question
    id: str
    risk: str
    edits: str
    untried: str = ""
    imported: int = 0
    failed: tuple[tuple[str, str], ...] = ()
    said: tuple[str, ...] = ()


class Answer(Struct, frozen=True, kw_only=True):
    """All that was found for one question."""

    question: Question
    untried: str = ""
    trials: tuple[Trial, ...] = ()
    repairs: tuple[Applied, ...] = ()


class Explained(Struct, frozen=True):
    """What people found out about imports and installations that fail: rows of ``imports_explained.toml``."""

    rows: tuple[Mapping[str, str], ...]

    def why(self, statement: str, error: str) -> str:
        """The explanation of *error* at *statement*, empty where nobody gave one."""
        words = f"{statement}: {error}"
        return next((row["why"] for row in self.rows if re.search(row["raised"], words)), "")

    def trouble(self, words: str) -> str:
        """The reason in *words* of an installation that failed, shorter where somebody gave one."""
        return next((row["why"] for row in self.rows if re.search(row["raised"], words)), words)


def iter_lines(answers: list[Answer], explained: Explained) -> Iterator[str]:
    """The report on *answers*, with what is *explained* of them."""
    trials = [each for answer in answers for each in answer.trials]
    repairs = [each for answer in answers for each in answer.repairs]
    yield "# Will it import? What is said, and what real imports do"
    yield ""
    yield "Made by `python -m tests.live.imports_report`. Each input is planned with `--imports all`, and uv installs the plan with"
    yield "`--no-deps`. Each project is imported by its main modules, each in a process of its own."
    yield "Where an input is blocked, every repair that is shown is applied, installed and imported instead: what it moved, who"
    yield "requires that, and what the user asked for. Python 3.11 has the setuptools that `python -m venv` gives it. CPython"
    yield "for Windows runs under Wine."
    yield ""
    yield from _tables(answers)
    yield from _repairs(repairs, explained)
    for title, rows in (
        ("Said to fail, and works", [each for each in trials if each.said and not each.error]),
        ("Fails, and nothing was said", [each for each in trials if _is_missed(each)]),
    ):
        yield from ("", f"## {title}", "")
        yield from _grouped(rows, explained) or ("None.",)
    yield from ("", "## Said to fail, and fails", "")
    yield "Where the import fails earlier than at the place that is named, the named statement was run by itself, and fails too."
    yield ""
    yield "| project | Python | said | raised |"
    yield "|---|---|---|---|"
    yield from _right([each for each in trials if each.said and each.error])
    yield from _untried(answers)


def _is_missed(trial: Trial) -> bool:
    return bool(trial.error and not trial.said and not trial.is_led_to)


def _where(question: Question) -> str:
    return f"{'Windows' if question.is_windows else 'Linux'}, {question.python}"


def _tables(answers: list[Answer]) -> Iterator[str]:
    yield "Columns: what is said of a module, and what its import does. *Led to* fails in another project that is said to fail."
    yield ""
    yield "| | inputs | modules | said, fails | said, works | unsaid, works | unsaid, led to | unsaid, fails |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    for where in (*sorted({_where(each.question) for each in answers}), "all"):
        mine = [each for each in answers if each.trials and where in ("all", _where(each.question))]
        trials = [each for answer in mine for each in answer.trials]
        counted = Counter(
            "said" if each.said else "led" if each.is_led_to and each.error else "" for each in trials if each.error
        )
        false = sum(bool(each.said and not each.error) for each in trials)
        works = sum(not each.said and not each.error for each in trials)
        cells = (len(mine), len(trials), counted["said"], false, works, counted["led"], counted[""])
        yield f"| {where} | {' | '.join(map(str, cells))} |"
    trials = [each for answer in answers for each in answer.trials if each.said]
    right = sum(bool(each.error) for each in trials)
    yield ""
    yield f"Of {len(trials)} modules that are said to fail, {right} fail ({right / max(1, len(trials)):.1%})."


def _repairs(repairs: list[Applied], explained: Explained) -> Iterator[str]:
    tried = [each for each in repairs if not each.untried]
    works = [each for each in tried if not each.failed]
    yield from ("", "## Repairs", "")
    asked = len({each.question for each in repairs})
    yield f"{len(repairs)} repairs are shown for {asked} blocked plans; {len(tried)} were installed, and of"
    yield f"these {len(works)} import ({len(works) / max(1, len(tried)):.1%})."
    yield ""
    yield "| | shown | installed | import |"
    yield "|---|---:|---:|---:|"
    for where in sorted({_where(each.question) for each in repairs}):
        mine = [each for each in repairs if _where(each.question) == where]
        yield f"| {where} | {len(mine)} | {sum(each in tried for each in mine)} | {sum(each in works for each in mine)} |"
    for risk in ("low", "medium", "high"):
        mine = [each for each in repairs if each.risk == risk]
        yield f"| risk {risk} | {len(mine)} | {sum(each in tried for each in mine)} | {sum(each in works for each in mine)} |"
    yield from ("", "Repairs that do not import:", "")
    for each in tried:
        if each.failed:
            raised = "; ".join(dict.fromkeys(f"`{statement}` {error}" for statement, error in each.failed))
            why = dict.fromkeys(filter(None, (explained.why(statement, error) for statement, error in each.failed)))
            what = f"- `{each.question.case}`, {_where(each.question)}, {each.id} ({each.risk}): {each.edits}."
            yield " ".join((what, f"{raised}.", *why))
    yield from ("", "Not installed here:", "")
    reasons: dict[str, list[str]] = {}
    for each in repairs:
        if each.untried:
            reasons.setdefault(explained.trouble(each.untried).rstrip("."), []).append(
                f"`{each.question.case}` ({_where(each.question)}, {each.id})"
            )
    yield from (f"- {reason}: {', '.join(cases)}" for reason, cases in reasons.items())


def _grouped(trials: list[Trial], explained: Explained) -> list[str]:
    found: dict[tuple[str, str, str, str], list[Trial]] = {}
    for each in trials:
        found.setdefault((each.project, each.module, each.error, each.said), []).append(each)
    return [
        f"- `import {module}` of {project} ({_places(same)}): {' '.join(filter(None, (said, error)))}. "
        f"{explained.why(f'import {module}', error)}".rstrip()
        for (project, module, error, said), same in found.items()
    ]


def _places(trials: list[Trial]) -> str:
    cases: dict[str, list[str]] = {}
    for each in trials:
        cases.setdefault(each.question.case, []).append(_where(each.question))
    return "; ".join(f"`{case}`, {_joined(places)}" for case, places in cases.items())


def _joined(places: list[str]) -> str:
    systems: dict[str, list[str]] = {}
    for each in places:
        system, _, python = each.partition(", ")
        systems.setdefault(system, []).append(python)
    return " and ".join(f"{system} {', '.join(pythons)}" for system, pythons in systems.items())


def _right(trials: list[Trial]) -> Iterator[str]:
    found: dict[tuple[str, str, str, str], list[Trial]] = {}
    for each in trials:
        said = re.sub(r"^(WC\d+): .* fails on Python [\d.]+, ", r"\1: ", each.said)
        found.setdefault((each.project, each.module, said, each.error), []).append(each)
    for (project, module, said, error), same in found.items():
        alone = next((each.alone for each in same if each.alone), "")
        raised = error if not alone or alone == error else f"{error}; by itself {alone}"
        name = project if module == project else f"{project} (`{module}`)"
        pythons = _joined(list(dict.fromkeys(_where(each.question) for each in same)))
        yield f"| {name} | {pythons} | {_cell(said)} | {_cell(raised)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _untried(answers: list[Answer]) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for each in answers:
        if each.untried:
            reasons.setdefault(each.untried, []).append(f"`{each.question.case}` ({_where(each.question)})")
    if reasons:
        yield from ("", "## Not tried", "")
        yield from (f"- {reason}: {', '.join(cases)}" for reason, cases in reasons.items())
