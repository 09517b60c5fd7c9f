"""Writes reports/logs.md: what `wheelcheck explain` makes of every log of the fixtures, on the live index.

`python -m tests.live.logs_report` takes about five minutes. Where a log does not tell platform or Python, the report says what was
asked instead. Hosts are replaced, and nothing else of an answer.
"""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Iterator

from tests.live.done_lines import without_hosts
from tests.live.peers import CUTOFF, ROOT
from tests.logs.wrapping import LOGS
from wheelcheck.api.explain import explain
from wheelcheck.api.request import Request
from wheelcheck.model.distribution import Installability
from wheelcheck.model.failure import Explained, Explanation
from wheelcheck.report.explain import nearest, render_explanation
from wheelcheck.report.wording import changes

_PLATFORM, _PYTHON = "manylinux_2_28_x86_64", "3.12"
_SHOWN = ("pip-26-two", "docker-alpine")


def main() -> None:
    """Explain every log and write the report."""
    names = sorted(tomllib.loads((LOGS / "expected.toml").read_text(encoding="utf-8")))
    answers = {}
    for name in names:
        print(name, file=sys.stderr)
        answers[name] = _explained(name)
    text = without_hosts("\n".join(_report(answers))) + "\n"
    (ROOT / "reports" / "logs.md").write_text(text, encoding="utf-8", newline="\n")


def _explained(name: str) -> Explanation:
    path = str(LOGS / f"{name}.log")
    request = Request(inputs=(), exclude_newer=CUTOFF, repairs=1, repair_seconds=30.0, folder="/", environ=_environ())
    answer = explain(path, request.changed(platform=_PLATFORM, python=_PYTHON, offline=True))
    told = [each.failure.target for each in answer.explained]
    # What the log tells counts, and only the rest is asked for.
    platform = None if all(target.platform for target in told) else _PLATFORM
    python = None if all(target.python for target in told) else _PYTHON
    return explain(path, request.changed(platform=platform, python=python))


def _environ() -> dict[str, str]:
    """The environment without what this machine tells pip, but for the certificates."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_") or name == "PIP_CERT"}
    return {**kept, "PIP_CONFIG_FILE": os.devnull}


def _report(answers: dict[str, Explanation]) -> Iterator[str]:
    failed = sum(len(answer.log.failures) for answer in answers.values())
    yield "# Logs of failed installations, explained"
    yield ""
    yield f"Made by `python -m tests.live.logs_report` from the {len(answers)} logs in `fixtures/logs/`, which the tools in their"
    yield f"names wrote; the index was asked as of {CUTOFF}. `tests/logs/` holds the first columns to"
    yield f"`fixtures/logs/expected.toml`: all {failed} distributions that failed, no others, and the target as the log tells it."
    yield f"What it does not tell was asked: {_PLATFORM} or Python {_PYTHON}. A kind is `build`, `no match` or `python`"
    yield "(it requires another)."
    yield ""
    yield "| log | lines | failed | kind | target in the log | cause in the log | nearest version with a wheel | answer |"
    yield "|---|---:|---|---|---|---|---|---|"
    for name, answer in answers.items():
        for each in answer.explained:
            yield _row(name, answer, each)
        if not answer.explained:
            troubles = ", ".join(trouble.kind.value for trouble in answer.log.troubles)
            told = f"{troubles}: no matter of wheels" if troubles else "nothing failed"
            yield f"| {name} | {answer.log.lines} | | | | | | {told} |"
    for name in _SHOWN:
        yield from ("", f"## {name}", "", "```", *_text(answers[name]), "```")


def _row(name: str, answer: Explanation, each: Explained) -> str:
    failure = each.failure
    version = failure.version or failure.specifier
    target = f"{failure.target.platform or 'not told'}, {failure.target.python or 'not told'}"
    cause = failure.causes[0].message if failure.causes else "not told"
    cells = (
        name, str(answer.log.lines), f"{failure.name} {version}".strip(), failure.kind.value, target, cause,
        str(nearest(each) or "none known"), _answer(each),
    )  # fmt: skip
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


def _answer(each: Explained) -> str:
    if each.plan is None:
        return each.problem
    own = next((package for package in each.plan.packages if package.name == each.failure.name), None)
    if not each.plan.errors and own is not None:
        return (
            f"has a wheel: {own.file.filename if own.file else ''}"
            if own.installability is Installability.WHEEL
            else "pure source: build it once"
        )
    codes = ", ".join(dict.fromkeys(finding.code.number for finding in each.plan.errors))
    proposals = each.plan.proposals
    if proposals is not None and proposals.repairs:
        repair = proposals.repairs[0]
        return f"{codes}; {repair.risk.value} risk: {changes(repair)}"
    return f"{codes}; no repair{'' if proposals is None or proposals.complete else ' before the search ended'}"


def _text(answer: Explanation) -> list[str]:
    return render_explanation(answer, encoding="utf-8").rstrip().split("\n")


if __name__ == "__main__":
    main()
