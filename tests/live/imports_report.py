"""Compares what wheelcheck says of imports, and what it shows as repairs, with real imports; writes reports/imports_truth.md.

    python -m tests.live.imports_report --results DIR [--windows DIR] [--pythons 11 12 13] [--only WORD]

Each input of ``imports_inputs.toml`` is planned for this machine's CPython 3.11, 3.12 and 3.13, found as ``python3.11`` and so on,
beside ``uv``. With ``--windows`` some are planned for Windows too; ``DIR/winpy`` runs the Python in ``DIR/embed311``. What can be
installed is installed as planned (``--no-deps``), and each project is imported for itself. Where an input is blocked, every
repair that is shown is applied (``--fix``) and installed, and what it moved, who requires that, and the user's own requirements
are imported. What was found is kept in the folder of results, so that a second run repeats only what changed. Two hours for the
first time.
"""

from __future__ import annotations

import argparse
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from tests.live.imports_lines import Answer, Applied, Explained, Trial, iter_lines
from tests.live.imports_trials import Installed, Question, install, plan, stands_alone
from tests.live.peers import ROOT

INPUTS = Path(__file__).with_name("imports_inputs.toml")
EXPLAINED = Path(__file__).with_name("imports_explained.toml")
CODES = ("WC601", "WC602", "WC603", "WC604", "WC607")
PYTHONS = (11, 12, 13)
LINUX, WINDOWS = "manylinux_2_36_x86_64", "win_amd64"


def main() -> None:
    """Write the report."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--windows", type=Path)
    parser.add_argument("--pythons", nargs="+", type=int, default=PYTHONS)
    parser.add_argument("--inputs", type=Path, default=INPUTS)
    parser.add_argument("--only", default="")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "reports" / "imports_truth.md")
    asked = parser.parse_args()
    asked.results.mkdir(exist_ok=True, parents=True)
    questions = list(_iter_questions(asked.inputs, asked.pythons, asked.windows is not None, asked.only))
    with ThreadPoolExecutor(asked.threads) as pool:
        answers = list(pool.map(partial(_told, results=asked.results, windows=asked.windows), questions))
    explained = Explained(tuple(tomllib.loads(EXPLAINED.read_text("utf-8"))["explained"]))
    asked.output.write_text("\n".join(iter_lines(answers, explained)) + "\n", "utf-8")


def _iter_questions(inputs: Path, pythons: Iterable[int], with_windows: bool, only: str) -> Iterator[Question]:
    for each in tomllib.loads(inputs.read_text("utf-8"))["input"]:
        if only not in " ".join(each["requirements"]):
            continue
        lines = tuple(each["requirements"])
        for minor in each.get("pythons", PYTHONS):
            if minor in pythons:
                yield Question(requirements=lines, platform=LINUX, minor=minor)
        for minor in each.get("windows", ()) if with_windows else ():
            yield Question(requirements=lines, platform=WINDOWS, minor=minor)


def _told(question: Question, *, results: Path, windows: Path | None) -> Answer:
    answer = _answer(question, results, windows)
    failed = [each for each in answer.trials if each.error and not each.said and not each.is_led_to]
    false = [each for each in answer.trials if each.said and not each.error]
    broken = [f"{each.id} {each.edits}: {each.failed}" for each in answer.repairs if each.failed]
    words = [f"FALSE {each.module}: {each.said}" for each in false]
    words += [f"missed {each.module}: {each.error} {each.through[-1:]}" for each in failed] + [
        f"repair {each}" for each in broken
    ]
    words += [f"untried {each.id}: {each.untried}" for each in answer.repairs if each.untried]
    print(f"{question.case} | {question.platform} 3.{question.minor} | {answer.untried} {len(answer.trials)} imports, "
          f"{len(answer.repairs)} repairs", *words, sep="\n    ", flush=True)  # fmt: skip
    return answer


def _answer(question: Question, results: Path, windows: Path | None) -> Answer:
    document = plan(question, results, "--imports", "all", "--no-repair")
    if not document.get("packages"):
        return Answer(question=question, untried="no plan")
    errors = [each for each in document["findings"] if each["severity"] == "error" and each["code"] not in CODES]
    if not any(each["severity"] == "error" for each in document["findings"]):
        return _imported(question, document, results, windows)
    # What is wrong with the imports of a plan that installs is tried too, beside the repairs.
    found = Answer(question=question) if errors else _imported(question, document, results, windows)
    shown = plan(question, results).get("repairs", ())
    repairs = tuple(_applied(question, repair, results, windows) for repair in shown)
    why = found.untried or ("" if repairs or found.trials else "blocked, no repair is shown")
    return replace(found, untried=why, repairs=repairs)


def _imported(question: Question, document: Mapping[str, Any], results: Path, windows: Path | None) -> Answer:
    said: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {}
    for each in document["findings"]:
        if each["code"] in CODES:
            entry = re.findall(r"`import ([\w.]+)` fails", each["message"])[0]
            statements = re.findall(r" has `(.+)`$", "\n".join(each["evidence"]), re.MULTILINE)
            said.setdefault((each["package"], entry), (f"{each['code']}: {each['message']}", tuple(statements)))
    alone = [words for _, quoted in said.values() for words in quoted[:1] if stands_alone(words)]

    def wanted(installed: Installed) -> Iterator[str]:
        for modules in installed.modules.values():
            yield from (f"import {module}" for module in modules)
        yield from (f"import {module}" for _, module in said)
        yield from alone

    installed = install(document, wanted, results, windows)
    if installed.trouble:
        return Answer(question=question, untried=installed.trouble)
    rows = {(project, module) for project, modules in installed.modules.items() for module in modules} | said.keys()
    projects = {project for project, _ in said}
    trials = []
    nothing: tuple[str, tuple[str, ...]] = ("", ())
    for project, module in sorted(rows):
        words, quoted = said.get((project, module), nothing)
        done = installed.imports[f"import {module}"]
        first = installed.imports.get(quoted[0]) if quoted else None
        trials.append(
            Trial(
                question=question,
                project=project,
                module=module,
                said=words,
                error=done.error,
                through=done.through,
                is_led_to=not words and not projects.isdisjoint((project, *done.through)),
                alone=first.error if first is not None else None,
            )
        )
    return Answer(question=question, trials=tuple(trials))


def _applied(question: Question, repair: Mapping[str, Any], results: Path, windows: Path | None) -> Applied:
    fixed = plan(question, results, f"--fix={repair['id']}")
    edits = "; ".join(
        " ".join(filter(None, (edit["kind"], edit.get("package"), "→" if edit.get("to") else "", edit.get("to"))))
        for edit in repair["edits"]
    )
    known = {"question": question, "id": repair["id"], "risk": repair["risk"], "edits": edits}
    if not fixed.get("packages"):
        return Applied(**known, untried="no plan")
    target = fixed["target"]
    if target["platform"].partition("_")[0] != question.platform.partition("_")[0]:
        return Applied(**known, untried=f"it is for {target['platform']}, which cannot be run here")
    moved = {each["package"] for each in repair["edits"] if each.get("package")}
    moved |= {each["name"] for part in ("moves", "added", "removed") for each in repair["verified"].get(part, ())}
    direct = {each["name"] for each in fixed["packages"] if each.get("requested") or each.get("direct")}

    def wanted(installed: Installed) -> list[str]:
        near = {name for name, needs in installed.requires.items() if not moved.isdisjoint(needs)}
        named = sorted((moved | direct | near) & installed.modules.keys())
        return [f"import {module}" for name in named for module in installed.modules[name]]

    installed = install(fixed, wanted, results, windows)
    if installed.trouble:
        return Applied(**known, untried=installed.trouble)
    statements = wanted(installed)
    failed = [(each, installed.imports[each].error) for each in statements if installed.imports[each].error]
    said = [each["message"] for each in fixed["findings"] if each["code"] in CODES]
    return Applied(**known, imported=len(statements), failed=tuple(failed), said=tuple(said))


if __name__ == "__main__":
    main()
