"""Writes reports/agreement.md, scenarios.md, repairs.md and gate.md from the live index: `python -m tests.live.report`.

Takes about eight minutes. Differences from uv are listed line by line; what explains them is written beside them by hand, in
EXPLANATIONS, keyed by project, and a difference without an explanation says so.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

from tests.live import gate_report, repairs_report
from tests.live.done_lines import without_hosts
from tests.live.peers import CUTOFF, QUESTIONS, ROOT, ask_uv, ask_wheelcheck, clean_environment, differences

EXPLANATIONS: Mapping[str, str] = {}

_SHOWN: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("creatorcrafter", "win_amd64", "3.11", ()),
    ("creatorcrafter", "win_amd64", "3.11", ("--override", "av==12.0.0")),
    ("creatorcrafter", "win_amd64", "3.13", ()),
    ("creatorcrafter-handmade", "win_amd64", "3.11", ()),
    ("samai", "win_amd64", "3.11", ()),
    ("samai", "manylinux_2_28_x86_64", "3.11", ()),
    ("vibebells", "win_amd64", "3.11", ()),
    ("peft-studio", "win_amd64", "3.11", ()),
    ("peft-studio", "win_arm64", "3.11", ()),
    ("peft-studio", "musllinux_1_2_x86_64", "3.11", ()),
)


def main() -> None:
    """Ask both tools everything and write every report."""
    reports = ROOT / "reports"
    with tempfile.TemporaryDirectory() as scratch:
        (reports / "agreement.md").write_text("\n".join(_agreement(Path(scratch))) + "\n", encoding="utf-8")
    (reports / "scenarios.md").write_text("\n".join(_scenarios()) + "\n", encoding="utf-8")
    repairs_report.main()
    gate_report.main()


def _agreement(scratch: Path) -> Iterator[str]:
    yield "# Agreement with uv"
    yield ""
    yield f"Made by `python -m tests.live.report` with uv {version('uv')}: `wheelcheck plan --sdist deny` beside"
    yield f"`uv pip compile --only-binary :all:`, both as of {CUTOFF}. A row agrees when names and versions are the same."
    yield ""
    yield "| input | target | Python | packages | agrees |"
    yield "|---|---|---|---:|---|"
    disagreements: list[str] = []
    for question in QUESTIONS:
        ours, _ = ask_wheelcheck(question, scratch, "--sdist", "deny")
        theirs = ask_uv(question, scratch)
        both_refuse = ours.status != 0 and theirs.status != 0
        differing = [] if both_refuse else differences(ours.versions, theirs.versions)
        verdict = "both find no solution" if both_refuse else ("yes" if not differing else f"no: {len(differing)}")
        yield f"| {question.name} | {question.platform} | {question.python} | {len(ours.versions)} | {verdict} |"
        disagreements += [f"- {question.name}, {question.platform}, {question.python}: {line}" for line in differing]
    yield ""
    yield "## Differences"
    yield ""
    if not disagreements:
        yield "None."
    for line in disagreements:
        project = line.rsplit(": wheelcheck", 1)[0].rsplit(" ", 1)[-1]
        yield f"{line}. {EXPLANATIONS.get(project, 'Not explained yet.')}"


def _scenarios() -> Iterator[str]:
    yield "# The scenarios, as they printed"
    yield ""
    yield f"Made by `python -m tests.live.report`; every run was asked for the index as of {CUTOFF}."
    for name, platform, python, options in _SHOWN:
        file = f"fixtures/scenarios/{name}/requirements.txt"
        arguments = ["plan", file, "--platform", platform, "--python", python, "--exclude-newer", CUTOFF, *options]
        done = subprocess.run(
            [sys.executable, "-m", "wheelcheck", *arguments],
            capture_output=True,
            text=True,
            env={**clean_environment(), "COLUMNS": "80", "PYTHONUTF8": "1"},
            cwd=ROOT,
            check=False,
        )
        yield ""
        yield f"## {name}, {platform}, Python {python}{' with ' + ' '.join(options) if options else ''}"
        yield ""
        yield "```console"
        yield f"$ wheelcheck {' '.join(arguments)}"
        yield without_hosts(done.stdout + done.stderr).rstrip()
        yield f"$ echo $?\n{done.returncode}"
        yield "```"


if __name__ == "__main__":
    main()
