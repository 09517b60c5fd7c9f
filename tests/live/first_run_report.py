"""Writes reports/first_run.md: interruptions of a first run and attacks on it, by the tests of tests/cli/test_publish.py.

`python -m tests.live.first_run_report` carries them out with 50 interruptions in place of 12: a quarter of an hour, loopback alone.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.cli.test_publish import KILLS
from tests.live.peers import ROOT

_HEAD = """\
# First run and update: interrupted and attacked

Made by `python -m tests.live.first_run_report`, which carries out `tests/cli/test_publish.py` with 50 interruptions: the exported
code of `first-run-node` and `first-run-python`, in processes of their own, against a static host on the loopback. Release 1 is a
runtime, an application and a library of 480 kB; 2 changes the application, 3 one file of 60 kB of the library.
`first-run-powershell` is held to PowerShell's grammar alone: there is no PowerShell where this was made.
"""
_LANGUAGES = ("node", "python")
_NAME = re.compile(r"test_(\w+)\[(node|python)-?(\w*)\]")


def main() -> None:
    """Carry the tests out and write the report."""
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.xml"
        words = ("tests/cli/test_publish.py", "-q", "-n", "0", "-o", "junit_family=xunit1", f"--junitxml={results}")
        environ = {**os.environ, KILLS: "50"}
        subprocess.run((sys.executable, "-m", "pytest", *words), cwd=ROOT, env=environ, check=False)
        cases = list(ElementTree.parse(results).iter("testcase"))  # noqa: S314 - written here
    (ROOT / "reports" / "first_run.md").write_text("\n".join(_lines(cases)) + "\n", "utf-8", newline="\n")


def _lines(cases: list[ElementTree.Element]) -> Iterator[str]:
    verdicts: dict[str, dict[str, str]] = {}
    facts: dict[str, dict[str, str]] = {}
    for case in cases:
        matched = _NAME.fullmatch(case.get("name", ""))
        if matched is None:
            continue
        name = matched[1].replace("_", " ") + (f": {matched[3]}" if matched[3] else "")
        bad = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
        verdicts.setdefault(name, {})[matched[2]] = bad[0] if bad else "held"
        for fact in case.iter("property"):
            facts.setdefault(fact.get("name", ""), {})[matched[2]] = fact.get("value", "")
    yield from (_HEAD, "| what happens | node | python |", "|---|---|---|")
    for name, by_language in verdicts.items():
        yield _row(name, by_language)
    yield from (
        "",
        "## Killed, and started again",
        "",
        "Bytes; after every kill the old version was whole, and the next run",
    )
    yield from (
        "finished from the parts that were there. What was on the line at a kill is sent twice.",
        "",
        "| | node | python |",
        "|---|---|---|",
    )
    killed = ("points", "bytes of the update", "most bytes sent twice")
    yield from (_row(name, facts.get(name, {})) for name in killed)
    yield from ("", "## What updates move", "", "| bytes | node | python |", "|---|---|---|")
    yield from (_row(name, each) for name, each in facts.items() if name not in killed)


def _row(name: str, by_language: Mapping[str, str]) -> str:
    return f"| {name} | {' | '.join(by_language.get(language, '-') for language in _LANGUAGES)} |"


if __name__ == "__main__":
    main()
