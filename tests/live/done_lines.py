"""What repairs are held to on the live index: inputs and targets, each asked as a person would ask from the repository's folder.

Nothing is judged here; the live tests and the reports share these questions and what each printed.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.live.peers import CUTOFF, ROOT, clean_environment

_URL = re.compile(r"\b(https?)://[^/\s'\"]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question: *title* says which, *command* is what follows ``wheelcheck plan``."""

    title: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """What a run left: its exit status, both streams and how long it took, in seconds."""

    status: int
    out: str
    err: str
    seconds: float

    @property
    def plan(self) -> dict[str, Any]:
        """The plan on stdout, empty where there is none."""
        plan: dict[str, Any] = json.loads(self.out) if self.out else {}
        return plan


def _scenario(name: str, platform: str, python: str = "3.11") -> tuple[str, ...]:
    return (
        f"fixtures/scenarios/{name}/requirements.txt",
        "--platform",
        platform,
        "--python",
        python,
        "--exclude-newer",
        CUTOFF,
    )


ASKED: Mapping[str, Asked] = {
    "creatorcrafter-3.11": Asked(
        title="creatorcrafter, win_amd64, Python 3.11", command=_scenario("creatorcrafter", "win_amd64")
    ),
    "creatorcrafter-3.13": Asked(
        title="creatorcrafter, win_amd64, Python 3.13", command=_scenario("creatorcrafter", "win_amd64", "3.13")
    ),
    "handmade": Asked(
        title="creatorcrafter-handmade, win_amd64, Python 3.11", command=_scenario("creatorcrafter-handmade", "win_amd64")
    ),
    **{
        f"samai-{platform}": Asked(title=f"samai, {platform}, Python 3.11", command=_scenario("samai", platform))
        for platform in ("manylinux_2_28_x86_64", "macosx_13_0_arm64")
    },
    **{
        f"peft-studio-{platform}": Asked(
            title=f"peft-studio, {platform}, Python 3.11", command=_scenario("peft-studio", platform)
        )
        for platform in ("musllinux_1_2_x86_64", "win_arm64")
    },
    "airflow": Asked(
        title="apache-airflow[all], win_amd64, Python 3.11, wheels only",
        command=(
            "apache-airflow[all]", "--sdist", "deny", "--platform", "win_amd64", "--python", "3.11", "--exclude-newer", CUTOFF
        ),
    ),
}  # fmt: skip


def run_plan(*words: str, columns: int = 80) -> Printed:
    """Run ``wheelcheck plan`` with *words* in a process of its own, as in a terminal *columns* wide."""
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "wheelcheck", "plan", *words],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**clean_environment(), "COLUMNS": str(columns), "PYTHONUTF8": "1"},
        cwd=ROOT,
        check=False,
    )
    return Printed(status=done.returncode, out=done.stdout, err=done.stderr, seconds=time.monotonic() - started)


def without_hosts(text: str) -> str:
    """*text* with one example host in place of every real one."""
    return _URL.sub(r"\1://index.example", text)


def again(command: tuple[str, ...], repair: Mapping[str, Any]) -> Printed:
    """Run what *repair* prints for *command* anew: its words beside those that asked or in their place, without a search."""
    options = [word for edit in repair["edits"] for word in edit["options"]]
    moved = {flag for flag in ("--platform", "--python") if flag in options}
    kept = [word for before, word in zip(("", *command), command, strict=False) if not moved & {before, word}]
    return run_plan(*kept, *options, "--no-repair", "--format", "json")


def iter_contradictions(before: Mapping[str, Any], repair: Mapping[str, Any], after: Printed) -> Iterator[str]:
    """In what the run *after* the edits differs from what *repair* says was verified, a line for each difference.

    *before* is the plan that shows the repair; where its requirements clash it has not every package, so that only what has moved
    can be compared.
    """
    verified, plan = repair["verified"], after.plan
    if after.status != 0:
        yield f"exit status {after.status}: {after.err}"
        return
    if plan["status"] != verified["status"]:
        yield f"status {plan['status']}, verified {verified['status']}"
    if len(plan["packages"]) != verified["packages"]:
        yield f"{len(plan['packages'])} packages, verified {verified['packages']}"
    built = sorted(each["name"] for each in plan["packages"] if each["installability"] != "wheel")
    if built != sorted(verified["built_once"]):
        yield f"built {built}, verified {verified['built_once']}"
    new = {each["name"]: each["version"] for each in plan["packages"]}
    for move in verified["moves"]:
        if new.get(move["name"]) != move["after"]:
            yield f"{move['name']} {new.get(move['name'])}, verified {move['after']}"
    yield from (f"{each} is not there" for each in verified["added"] if new.get(each["name"]) != each["version"])
    yield from (f"{each} is still there" for each in verified["removed"] if each["name"] in new)
    if any(finding["code"] == "WC204" for finding in before["findings"]):
        return
    old = {each["name"]: each["version"] for each in before["packages"]}
    moved = {name for name in old.keys() & new.keys() if old[name] != new[name]}
    if moved != {move["name"] for move in verified["moves"]}:
        yield f"moved {sorted(moved)}, verified {[move['name'] for move in verified['moves']]}"
    if (more := new.keys() - old.keys()) != {each["name"] for each in verified["added"]}:
        yield f"added {sorted(more)}, verified {verified['added']}"
    if (less := old.keys() - new.keys()) != {each["name"] for each in verified["removed"]}:
        yield f"removed {sorted(less)}, verified {verified['removed']}"
