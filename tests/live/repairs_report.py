"""Writes reports/repairs.md, and two of its runs into docs/repairs.md: `python -m tests.live.repairs_report`.

Takes about three minutes. What a run printed is neither shortened nor put right by hand; only hosts are replaced, since nobody
else has the index that was asked here.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from tests.live.done_lines import ASKED, Asked, Printed, again, iter_contradictions, run_plan, without_hosts
from tests.live.peers import CUTOFF, ROOT

_IN_FULL = frozenset(("creatorcrafter-3.11", "creatorcrafter-3.13"))
_FIRST_OF_REPAIRS = re.compile(r"^  (?:\d+ repairs? makes? |No repair )", re.MULTILINE)
_MARKED = re.compile(r"(<!-- printed (?P<name>\S+) -->\n).*?(<!-- /printed -->)", re.DOTALL)


def main() -> None:
    """Ask everything, write the report, and put what docs/repairs.md shows between its marks."""
    plans = {name: run_plan(*asked.command, "--format", "json").plan for name, asked in ASKED.items()}
    # After those, so that no cache is cold.
    printed = {name: run_plan(*asked.command) for name, asked in ASKED.items()}
    text = "\n".join(_report(plans, printed)) + "\n"
    (ROOT / "reports" / "repairs.md").write_text(text, encoding="utf-8", newline="\n")
    page = ROOT / "docs" / "repairs.md"
    page.write_text(filled(page.read_text(encoding="utf-8"), printed), encoding="utf-8", newline="\n")


def filled(text: str, printed: Mapping[str, Printed]) -> str:
    """*text* with what each question named in a pair of marks *printed*, between them."""
    return _MARKED.sub(
        lambda found: f"{found[1]}{shown(ASKED[found['name']], printed[found['name']])}\n{found[3]}", text
    )


def shown(asked: Asked, answer: Printed) -> str:
    """The command and what it printed, as a console block."""
    lines = ("```console", _command(asked), without_hosts(answer.out + answer.err).rstrip(), "```")
    return "\n".join(lines)


def _command(asked: Asked) -> str:
    return f"$ wheelcheck plan {shlex.join(asked.command)}"


def _report(plans: Mapping[str, Mapping[str, Any]], printed: Mapping[str, Printed]) -> Iterator[str]:
    yield "# Repairs, as they printed"
    yield ""
    yield "Made by `python -m tests.live.repairs_report`, 80 columns wide, on two cores; every run was asked for the index as of"
    yield f"{CUTOFF}. Every repair's command was run again from nothing (its own words, `--no-repair`), and what that gave was"
    yield "compared with what the repair says: status, number of packages, what is built, every version that moves, comes or goes."
    yield "The cache was warm; seconds include what else the machine did meanwhile."
    yield ""
    yield "| question | exit status | seconds | repairs | run again |"
    yield "|---|---:|---:|---|---|"
    for name, asked in ASKED.items():
        answer, plan = printed[name], plans[name]
        yield f"| {asked.title} | {answer.status} | {answer.seconds:.1f} | {_risks(plan)} | {_again(asked, plan)} |"
    for name, asked in ASKED.items():
        yield from ("", f"## {asked.title}", "")
        yield from (shown(asked, printed[name]) if name in _IN_FULL else _repairs_of(asked, printed[name])).splitlines()


def _risks(plan: Mapping[str, Any]) -> str:
    told = ", ".join(f"{repair['id']} {repair['risk']}" for repair in plan.get("repairs", ()))
    hopeless = [str(each["package"]) for each in plan["repair_search"]["hopeless"]]
    return told or f"none; hopeless: {', '.join(hopeless)}"


def _again(asked: Asked, plan: Mapping[str, Any]) -> str:
    found = [
        f"{repair['id']}: {line}"
        for repair in plan.get("repairs", ())
        for line in iter_contradictions(plan, repair, again(asked.command, repair))
    ]
    return without_hosts("; ".join(found)) or ("the same" if plan.get("repairs", ()) else "")


def _repairs_of(asked: Asked, answer: Printed) -> str:
    """As :func:`shown`, from the first line about repairs on."""
    text = without_hosts(answer.out)
    begin = _FIRST_OF_REPAIRS.search(text)
    verdict, rest = text.partition("\n\n")[0], text[begin.start() :] if begin is not None else ""
    return "\n".join(("```console", _command(asked), verdict, "[…]", "", rest.rstrip(), "```"))


if __name__ == "__main__":
    main()
