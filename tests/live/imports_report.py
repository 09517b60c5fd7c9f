"""Compares what wheelcheck says of imports with real imports, and writes reports/imports_truth.md.

    python -m tests.live.imports_report [--pythons PYTHON...] [--only WORD]

Each input of ``imports_inputs.toml`` is planned for this machine and one of PYTHON (3.11, 3.12, 3.13 by default, as they are
found), every wheel's imports are read (``--imports all``), the plan's files are installed by uv as planned (``--no-deps``), and
each project is imported by each of its main modules in a process of its own. Half an hour; needs the live index and uv.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct
from packaging.utils import canonicalize_name

from tests.live.peers import ROOT

INPUTS = Path(__file__).with_name("imports_inputs.toml")
CODES = ("WC601", "WC602", "WC603", "WC604")
_IMPORT = """
import importlib, json, sys
from importlib import metadata
sys.path.insert(0, sys.argv[1])
sys.path_importer_cache.clear()
import site
site.addsitedir(sys.argv[1])
try:
    importlib.import_module(sys.argv[2])
except BaseException as error:
    print(json.dumps(f"{type(error).__name__}: {error}"[:300]))
else:
    print("null")
"""


class Trial(Struct, frozen=True, kw_only=True):
    """One project of one input: *said* is what wheelcheck says of it, *error* what its import raised; empty for nothing."""

    case: str
    python: str
    project: str
    module: str
    said: str
    error: str


def main() -> None:
    """Write the report."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pythons", nargs="+", default=["python3.11", "python3.12", "python3.13"])
    parser.add_argument("--only", default="")
    asked = parser.parse_args()
    cases = tomllib.loads(INPUTS.read_text("utf-8"))["input"]
    trials: list[Trial] = []
    unplanned: list[str] = []
    for case in cases:
        if asked.only not in " ".join(case["requirements"]):
            continue
        for python in asked.pythons:
            if not python.endswith(tuple(case.get("pythons", ("3.11", "3.12", "3.13")))) and "/" not in python:
                continue
            found = list(_tried(case["requirements"], python))
            trials += found
            if not found:
                unplanned.append(f"{' '.join(case['requirements'])} on {python}")
            for each in found:
                if each.said or each.error:
                    print(
                        f"{each.case} | {each.python} | {each.project} | said: {each.said} | {each.error}", flush=True
                    )
    (ROOT / "reports" / "imports_truth.md").write_text("\n".join(_report(trials, unplanned)) + "\n", "utf-8")


def _tried(requirements: list[str], python: str) -> Iterator[Trial]:
    version = subprocess.run(
        [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True, check=True
    ).stdout.strip()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plan = _planned(requirements, version, folder)
        if plan is None:
            return
        said = {
            finding["package"]: f"{finding['code']}: {finding['message']}"
            for finding in reversed(plan["findings"])
            if finding["code"] in CODES
        }
        lines = [f"{each['name']} @ {each['file']['url']}" for each in plan["packages"]]
        (folder / "pins.txt").write_text("\n".join(lines), "utf-8")
        site = folder / "site"
        command = [
            "uv",
            "pip",
            "install",
            "-q",
            "--no-deps",
            "--target",
            str(site),
            "--python",
            python,
            "-r",
            str(folder / "pins.txt"),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{requirements} on {python}: not installed: {done.stderr[-300:]}", flush=True)
            return
        for project in (each["name"] for each in plan["packages"]):
            for module in _modules(site, project):
                run = subprocess.run(
                    [python, "-I", "-S", "-c", _IMPORT, str(site), module],
                    capture_output=True,
                    text=True,
                    check=False,
                    timeout=120,
                )
                last = run.stdout.strip().splitlines()[-1:] or ['"it ended without a word"']
                # Where a file lies on this machine is nobody's business.
                error = re.sub(r"\s*\(/[^)]*\)", "", json.loads(last[0]) or "")
                yield Trial(
                    case=" ".join(requirements),
                    python=version,
                    project=project,
                    module=module,
                    said=said.get(project, ""),
                    error=error,
                )


def _planned(requirements: list[str], version: str, folder: Path) -> dict[str, Any] | None:
    (folder / "r.txt").write_text("\n".join(requirements), "utf-8")
    command = [
        sys.executable, "-m", "wheelcheck", "plan", str(folder / "r.txt"), "--platform", "manylinux_2_36_x86_64",
        "--python", version, "--imports", "all", "--no-repair", "-q", "-o", str(folder / "plan.json"),
    ]  # fmt: skip
    subprocess.run(command, capture_output=True, check=False)
    if not (folder / "plan.json").exists():
        return None
    plan = json.loads((folder / "plan.json").read_text("utf-8"))
    # What is blocked for another reason than its imports cannot be installed.
    wheels = all(each["file"] and each["installability"] == "wheel" for each in plan["packages"])
    others = [each for each in plan["findings"] if each["severity"] == "error" and each["code"] not in CODES]
    return plan if wheels and not others else None


def _modules(site: Path, project: str) -> list[str]:
    """The main modules of *project* as installed in *site*: the one of its name, else all that are public."""
    for info in site.glob("*.dist-info"):
        if canonicalize_name(info.name.removesuffix(".dist-info").rpartition("-")[0]) != project:
            continue
        tops = set()
        for line in (info / "RECORD").read_text("utf-8").splitlines():
            path = line.rpartition(",")[0].rpartition(",")[0].strip('"')
            first, slash, rest = path.partition("/")
            if not slash and first.endswith(".py"):
                tops.add(first[:-3])
            elif rest == "__init__.py":
                tops.add(first)
        named = {top for top in tops if canonicalize_name(top) == project}
        public = {
            top
            for top in tops
            if not top.startswith("_") and top.isidentifier() and top not in ("tests", "test", "docs", "examples")
        }
        return sorted(named or public)
    return []


def _report(trials: list[Trial], unplanned: list[str]) -> Iterator[str]:
    table = Counter((bool(each.said), bool(each.error)) for each in trials)
    yield "# Will it import? What is said, and what real imports do"
    yield ""
    yield "Made by `python -m tests.live.imports_report`: each project of a plan is installed as planned and imported by itself."
    yield ""
    yield "| | import fails | import works |"
    yield "|---|---:|---:|"
    yield f"| said to fail | {table[True, True]} | {table[True, False]} |"
    yield f"| nothing said | {table[False, True]} | {table[False, False]} |"
    yield ""
    for title, said, failed in (
        ("Said to fail, and works", True, False),
        ("Fails, and nothing was said", False, True),
        ("Said to fail, and fails", True, True),
    ):  # fmt: skip
        yield f"## {title}"
        yield ""
        for each in trials:
            if (bool(each.said), bool(each.error)) == (said, failed):
                what = f"`{each.case}`, Python {each.python}: `import {each.module}` of {each.project}."
                yield f"- {what} {each.said} {each.error}".rstrip()
        yield ""
    if unplanned:
        yield f"Not installable for another reason, so not tried: {'; '.join(unplanned)}."


if __name__ == "__main__":
    main()
