"""Bundles a product with a gigabyte of PyTorch for Windows, and writes what came of it: reports/bundles.md.

The product is blocked as it stands; its repair is applied, what the first verification asks for is added, and it is verified again.
"""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from tests.live.builders_lines import RUNTIME, TARGET, Workshop, open_workshop, verified
from tests.live.done_lines import without_hosts
from tests.live.peers import CUTOFF, ROOT
from tests.windows.conftest import Windows

REQUIREMENTS = "fixtures/scenarios/creatorcrafter/requirements.txt"
_LARGEST = 15

Found: TypeAlias = list[tuple[str, Mapping[str, Any]]]
"""Imports that did not succeed, each with its distribution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One plan, bundled and looked at: the commands, the plan, and what ``fetch``, ``bundle`` and ``verify`` answer."""

    commands: tuple[str, ...]
    packages: int
    weight: str
    sizes: Mapping[str, Any]
    bundle: Mapping[str, Any]
    static: Mapping[str, Any]
    seconds: float


def write_bundles(windows: Windows, folder: Path) -> None:
    """Bundle it as repaired, then with what verification asks for, import everything, and write reports/bundles.md.

    Each step's answer is kept in *folder* and not asked for again, since all together download and import for a quarter of an hour.
    """
    workshop = open_workshop(folder, windows)
    first, second = (
        Attempt(**kept(folder / f"{name}.json", partial(attempt, workshop, *more)))
        for name, more in (("first", ()), ("second", ("msvc-runtime",)))
    )
    words = ("dist/creatorcrafter", "--runner", "wine", "--timeout", "120")
    answer = kept(folder / "imports.json", partial(verified, workshop, *words))
    late = {name for name, trial in failed_imports(answer) if trial["outcome"] == "timed-out"}
    others = sorted({each["name"] for each in answer["distributions"]} - late)
    alone = (*words[:-1], "600", *(word for name in others for word in ("--skip-import", name)))
    again = kept(folder / "again.json", partial(verified, workshop, *alone)) if late else answer
    report = (
        "\n".join(_report(first, second, answer, [found for found in failed_imports(again) if found[0] in late])) + "\n"
    )
    (ROOT / "reports" / "bundles.md").write_text(report, encoding="utf-8", newline="\n")


def kept(file: Path, ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What is in *file*, else what *ask* answers, which is then in *file*."""
    if not file.exists():
        file.write_text(json.dumps(ask()), encoding="utf-8")
    answer: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return answer


def attempt(workshop: Workshop, *more: str) -> dict[str, Any]:
    """Plan the product with *more* requirements and its first repair, fetch, bundle and look at it: an :class:`Attempt`."""
    plan = workshop.installable(REQUIREMENTS, *more, "--fix")
    planned = " ".join(("wheelcheck plan", REQUIREMENTS, *more, "--fix", *TARGET, "-o plan.json"))
    sources = ("--allow-build", ",".join(phase_names(plan)))
    weighed = workshop.run("fetch", "plan.json", "--sizes")
    fetch = ("fetch", "plan.json", "-d", "wheels", *sources)
    bundle = (
        "bundle",
        "plan.json",
        "--wheelhouse",
        "wheels",
        "--runtime",
        RUNTIME,
        "-o",
        "dist/creatorcrafter",
        *sources,
    )
    verify = ("verify", "dist/creatorcrafter", "--plan", "plan.json", "--imports", "none")
    sizes, bundled = workshop.answer(*fetch), workshop.answer(*bundle, "--force")
    started = time.monotonic()
    static = workshop.answer(*verify)
    return {
        "commands": [planned, *(f"wheelcheck {' '.join(words)}" for words in (fetch, bundle, verify))],
        "packages": len(plan["packages"]),
        "weight": without_hosts(weighed.text).strip(),
        "sizes": sizes,
        "bundle": bundled,
        "static": static,
        "seconds": time.monotonic() - started,
    }


def phase_names(plan: Mapping[str, Any]) -> list[str]:
    """The packages that *plan* builds once from source."""
    return [name for phase in plan["phases"] if phase["kind"] == "build-once" for name in phase["packages"]]


def grouped(
    problems: Iterable[Mapping[str, Any]], severity: str
) -> Mapping[tuple[str, str], tuple[set[str], Counter[str]]]:
    """What is missing, and how often each distribution lacks it, by why it is a warning only and by the remedy."""
    found: dict[tuple[str, str], tuple[set[str], Counter[str]]] = defaultdict(lambda: (set(), Counter()))
    for problem in problems:
        if problem["severity"] == severity:
            _, mark, reason = str(problem["message"]).rpartition("; ")
            libraries, owners = found[reason if mark and severity == "warning" else "", problem["remedy"] or "none"]
            libraries.add(problem["library"] or problem["kind"])
            owners[problem["distribution"] or "the runtime"] += 1
    return found


def failed_imports(answer: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each import of *answer* that did not succeed, with its distribution."""
    for distribution in answer["distributions"]:
        for trial in distribution["imports"]:
            if trial["outcome"] != "imported":
                yield distribution["name"], trial


def _report(first: Attempt, second: Attempt, answer: Mapping[str, Any], again: Found) -> Iterator[str]:
    yield "# A large product, bundled for Windows on Linux"
    yield ""
    yield "Made by `python -m tests.live.builders_report --large`, with the index as of"
    yield f"{CUTOFF}, for Windows on amd64 with Python 3.11. creatorcrafter is blocked as it stands ([why](repairs.md)): it was"
    yield "bundled with its first repair, then with what the first verification asked for. The five packages without wheels are"
    yield "pure Python and were built here, as `--allow-build` allows by name."
    yield from _verification("1. With its repair", first)
    yield from _verification("2. With what that asks for", second)
    yield from _sizes(second)
    yield from _imports(answer, again)


def _verification(title: str, tried: Attempt) -> Iterator[str]:
    errors, warnings = (grouped(tried.static["problems"], severity) for severity in ("error", "warning"))
    yield from ("", f"## {title}", "", "```console", *(f"$ {command}" for command in tried.commands), "```", "")
    counts = [sum(owners.total() for _, owners in groups.values()) for groups in (errors, warnings)]
    found = f"{counts[0]} problems" if counts[0] else "no problems"
    yield f"{tried.packages} packages; `verify` without imports: **{found}**, {counts[1]} warnings, in {tried.seconds:.0f} s."
    for severity, groups in (("problem", errors), ("warning", warnings)):
        if groups:
            yield from ("", f"| {severity}: what is missing | for (libraries that need it) | remedy |", "|---|---|---|")
            for (reason, remedy), (libraries, owners) in sorted(groups.items()):
                named = ", ".join(f"{owner} ({count})" for owner, count in sorted(owners.items()))
                missing = ", ".join(f"`{library}`" for library in sorted(libraries, key=str.lower))
                yield f"| {missing} | {named} | {f'{reason}; ' if reason else ''}{remedy} |"


def _sizes(tried: Attempt) -> Iterator[str]:
    wheels = {wheel["name"]: wheel["size"] for wheel in tried.sizes["wheels"]}
    installed: Mapping[str, int] = tried.bundle["packages"]
    yield from ("", "## Sizes", "", "```console", "$ wheelcheck fetch plan.json --sizes", tried.weight, "```", "")
    files = tried.bundle["files"]
    yield f"The bundle has {_size(tried.bundle['installed'])} in {files:,} files, the runtime among them."
    yield from ("", "| package | wheel | installed |", "|---|---:|---:|")
    order = sorted(installed, key=lambda name: -installed[name])
    for name in order[:_LARGEST]:
        yield f"| {name} | {_size(wheels[name]) if name in wheels else '-'} | {_size(installed[name])} |"
    rest = order[_LARGEST:]
    download, disk = sum(wheels.get(each, 0) for each in rest), sum(installed[each] for each in rest)
    yield f"| {len(rest)} more | {_size(download)} | {_size(disk)} |"


def _imports(answer: Mapping[str, Any], again: Found) -> Iterator[str]:
    trials = [trial for each in answer["distributions"] for trial in each["imports"]]
    late = [name for name, trial in failed_imports(answer) if trial["outcome"] == "timed-out"]
    bad = [found for found in failed_imports(answer) if found[0] not in late] + again
    yield from ("", "## Imports under Wine", "")
    yield f"{len(answer['distributions'])} distributions, {len(trials)} top-level modules, on a busy machine with 120 s for each:"
    yield f"{len(trials) - len(late) - len(bad) + len(again)} imported. Tried again alone, with 600 s: {', '.join(late) or 'none'}."
    if not bad:
        yield "In the end every one of them imported, PyTorch too, which finds the Visual C++ runtime that the second plan brings."
        return
    yield "What did not in the end; a failure may be Wine's own:"
    yield from ("", "| distribution | module | ended | last line |", "|---|---|---|---|")
    for name, trial in bad:
        yield f"| {name} | `{trial['module']}` | {trial['outcome']} | {_cell(trial['detail'])} |"


def _cell(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")[:160]


def _size(size: int) -> str:
    return f"{size / 1e9:.2f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
