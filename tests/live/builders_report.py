"""Writes what the builders' commands came to on real products, for 64-bit Windows, from this machine.

- `python -m tests.live.builders_report`: reports/imports.md, and its runs into docs/builders.md. Two minutes.
- `python -m tests.live.builders_report --large FOLDER`: reports/bundles.md. It fetches 660 MB into FOLDER, writes 2.4 GB, takes a
  quarter of an hour, and goes on where it was interrupted.
- `python -m tests.live.builders_report --speed [RUNS]`: reports/building_speed.md. A few minutes; wants an idle machine.

The first two need a Windows Python that runs here (WHEELCHECK_WINDOWS_RUNTIME). What a run printed is neither shortened nor put
right by hand.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.live.builders_large import write_bundles
from tests.live.builders_lines import Ran, Workshop, iter_product, named_windows, open_workshop, verified
from tests.live.builders_speed import write_speed
from tests.live.done_lines import without_hosts
from tests.live.peers import CUTOFF, ROOT
from tests.windows.conftest import VARIABLE, Windows

PRODUCTS = ("samai", "vibebells")
_MARKED = re.compile(r"(<!-- builders (?P<name>\S+) -->\n).*?(<!-- /builders -->)", re.DOTALL)


def main(words: list[str]) -> None:
    """Write the report that *words* ask for, or say in a line why it cannot be made here."""
    if words[:1] == ["--speed"]:
        write_speed(*map(int, words[1:]))
        return
    windows = named_windows()
    if windows is None:
        sys.exit(f"no report was made: there is no Windows Python to run, {VARIABLE} is not set")
    match words:
        case []:
            write_imports(windows)
        case ["--large", folder]:
            write_bundles(windows, Path(folder).resolve())
        case _:
            sys.exit(__doc__)


def write_imports(windows: Windows) -> None:
    """Run the commands of docs/builders.md for every product, and write reports/imports.md and that page."""
    with tempfile.TemporaryDirectory() as name:
        report = "\n".join(_report(Path(name), windows)) + "\n"
    (ROOT / "reports" / "imports.md").write_text(report, encoding="utf-8", newline="\n")
    page = ROOT / "docs" / "builders.md"
    page.write_text(filled(page.read_text(encoding="utf-8"), report), encoding="utf-8", newline="\n")


def filled(text: str, report: str) -> str:
    """*text* with each block that *report* marks, between the same marks."""
    blocks: Mapping[str, str] = {found["name"]: found[0] for found in _MARKED.finditer(report)}
    return _MARKED.sub(lambda found: blocks[found["name"]], text)


def _report(folder: Path, windows: Windows) -> Iterator[str]:
    yield "# Every import, under a Windows Python"
    yield ""
    yield "Made by `python -m tests.live.builders_report` on Linux, 80 columns wide, with the index as of"
    yield f"{CUTOFF}: the commands of docs/builders.md for two products, and the import of every top-level module, each"
    yield "distribution in a fresh process of the bundle's own Python 3.11 for 64-bit Windows, which Wine runs with its own Visual"
    yield "C++ runtime turned off, as on a clean Windows. That an import works there is strong evidence for files, tags and DLLs,"
    yield "and no proof for every Windows; `pytest -m live tests/live/test_builders.py` holds these runs to what is here."
    for product in PRODUCTS:
        workshop = open_workshop(folder / product, windows)
        ran = tuple(iter_product(workshop, product))
        yield from ("", f"## {product}", "", f"<!-- builders {product} -->")
        yield from _block(ran)
        yield from ("<!-- /builders -->", "")
        yield from _imports(workshop, product)


def _block(ran: tuple[Ran, ...]) -> Iterator[str]:
    yield "```console"
    for each in ran:
        yield from without_hosts("\n".join(each.block)).splitlines()
    yield "```"


def _imports(workshop: Workshop, product: str) -> Iterator[str]:
    answer = verified(workshop, f"dist/{product}", "--runner", "wine", "--timeout", "300")
    trials = [trial for each in answer["distributions"] for trial in each["imports"]]
    counts = Counter(str(trial["outcome"]) for trial in trials)
    told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
    yield f"{len(answer['distributions'])} distributions, {len(trials)} modules: {told}."
    yield ""
    yield "| distribution | version | modules tried | result |"
    yield "|---|---|---|---|"
    for each in answer["distributions"]:
        modules = ", ".join(f"`{trial['module']}`" for trial in each["imports"])
        yield f"| {each['name']} | {each['version']} | {modules or 'it has none'} | {result(each['imports'])} |"


def result(imports: list[dict[str, Any]]) -> str:
    """How the imports of one distribution ended, in a few words."""
    bad = [
        f"`{each['module']}` {each['outcome']}: {each['detail']}" for each in imports if each["outcome"] != "imported"
    ]
    return "; ".join(bad) or ("imported" if imports else "-")


if __name__ == "__main__":
    main(sys.argv[1:])
