"""Writes reports/verify_truth.md: what `verify` says of a bundle without running it, beside real imports and real uses of it.

`python -m tests.live.verify_report FOLDER [STACK...]` bundles the stacks of verify_stacks.toml in FOLDER (a few gigabytes), imports
every top-level module, uses the native distributions, and goes on where it was interrupted; half an hour. It needs a Windows
Python that runs here (WHEELCHECK_WINDOWS_RUNTIME) and MinGW's compiler; the stacks for Linux are imported by the Python that runs
this, a 3.11.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.live.builders_lines import named_windows
from tests.live.peers import ROOT, clean_environment
from tests.windows.conftest import VARIABLE, Windows

PLATFORMS = {"windows": "win_amd64", "linux": "manylinux_2_28_x86_64"}
_NOTES = ROOT / "tests" / "live" / "verify_notes.toml"
_MEANINGS = {
    "agrees": "nothing said, and all of it works",
    "named": "a problem said, and it fails",
    "follows": "it fails because what it needs fails, which was said",
    "false alarm": "a problem said, and all of it works",
    "missed": "nothing said, and it fails",
}
_HEAD = """\
# What `verify` says without running anything, beside the truth

Made by `python -m tests.live.verify_report`. Every stack is planned, bundled and verified as a builder would do it; then every
top-level module is imported in a fresh process of the bundle's Python, and for native distributions a compiled function is called.
A problem that names a compiled module is tried by importing that very module. Windows runs under Wine with its own Visual C++
runtime turned off, as on a clean Windows, and with a stand-in for icuuc.dll, which Windows has and Wine has not; Linux is the
machine that made this, which has more libraries than a clean one. What was said is the first problem of the distribution, with
which the command fails.
"""
_OF_ICU = (
    "UCNV_FROM_U_CALLBACK_SUBSTITUTE UCNV_TO_U_CALLBACK_SUBSTITUTE ucnv_cbFromUWriteUChars ucnv_cbToUWriteUChars "
    "ucnv_close ucnv_countAvailable ucnv_fromUCountPending ucnv_fromUnicode ucnv_getAvailableName "
    "ucnv_getFromUCallBack ucnv_getMaxCharSize ucnv_getName ucnv_getStandardName ucnv_getToUCallBack ucnv_open "
    "ucnv_reset ucnv_setFromUCallBack ucnv_setToUCallBack ucnv_toUCountPending ucnv_toUnicode"
)
_NOT_OURS = ("Wine's: ", "This machine's: ")
"""How the note on a difference begins that is no fault of ``verify``."""
_PLACE = re.compile(r"(?:Z:|/tmp)[\\/]+(?:[\w.-]+[\\/]+)*", re.ASCII)
_LONGEST = 300.0
"""Seconds of one use."""
_SITE = "import site, sys; site.addsitedir({!r})\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One distribution: what `verify` *said* of it unrun, how its imports and its use *failed*, and what fails *above* it."""

    stack: str
    name: str
    version: str
    said: str
    failed: str
    tried: int
    used: bool
    above: tuple[str, ...]
    told: str
    """What ``verify`` says of it when it is run, beside what it said unrun."""

    @property
    def verdict(self) -> str:
        """How the two compare: ``agrees``, ``named`` (a failure that was said), ``follows``, ``false alarm`` or ``missed``."""
        if self.failed:
            return "named" if self.said else "follows" if self.above else "missed"
        return "false alarm" if self.said else "agrees"


def main(words: list[str]) -> None:
    """Make what is missing in the folder, and write the report."""
    windows = named_windows()
    if windows is None or not words:
        sys.exit(
            __doc__ if windows else f"no report was made: there is no Windows Python to run, {VARIABLE} is not set"
        )
    _stand_in(windows)
    folder, only = Path(words[0]).resolve(), words[1:]
    stacks = tomllib.loads((ROOT / "tests" / "live" / "verify_stacks.toml").read_text("utf-8"))["stack"]
    rows: dict[str, list[Row]] = {}
    for stack in stacks:
        if not only or stack["name"] in only:
            print(stack["name"], file=sys.stderr, flush=True)
            rows[stack["name"]] = list(_rows(stack, folder, windows))
    if not only:
        text = "\n".join(_report(stacks, rows)) + "\n"
        (ROOT / "reports" / "verify_truth.md").write_text(text, "utf-8", newline="\n")


def _wheelcheck(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "wheelcheck", *map(str, words)]
    environ = clean_environment() | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", stdin=subprocess.DEVNULL, env=environ, check=False
    )


def _made(stack: Mapping[str, Any], folder: Path, windows: Windows) -> Path:
    """The folder of the bundle of *stack* and its plan."""
    place = folder / str(stack["name"])
    if not (place / "bundle").exists():
        place.mkdir(parents=True, exist_ok=True)
        (place / "requirements.txt").write_text("\n".join(stack["requirements"]) + "\n", "utf-8")
        target = stack.get("target", "windows")
        plan = ("--platform", PLATFORMS[target], "--python", "3.11", "-q", "-o", place / "plan.json")
        runtime = ("--runtime", windows.archive) if target == "windows" else ()
        for done in (
            _wheelcheck("plan", place / "requirements.txt", *plan),
            _wheelcheck(
                "bundle", place / "plan.json", "--wheelhouse", folder / "wheels", "-q", *runtime, "-o", place / "bundle"
            ),
        ):
            if done.returncode != 0:
                raise RuntimeError(f"{stack['name']}: {done.stdout}{done.stderr}")
    return place


def _rows(stack: Mapping[str, Any], folder: Path, windows: Windows) -> Iterator[Row]:
    place = _made(stack, folder, windows)
    said = _kept(place / "said.json", lambda: json.loads(_verified(place, "--imports", "none")))
    real = _kept(place / "real.json", lambda: _really(stack, place, windows))
    requires = {
        each["name"]: each["requires"] for each in json.loads((place / "plan.json").read_text("utf-8"))["packages"]
    }
    errors = {
        each["distribution"]: each["message"] for each in reversed(said["problems"]) if each["severity"] == "error"
    }
    for each in real["distributions"]:
        trials = [trial for trial in each["imports"] if trial["outcome"] != "skipped"]
        bad = [f"import {trial['module']}: {trial['detail']}" for trial in trials if trial["outcome"] != "imported"]
        use = real["uses"].get(each["name"])
        if each["name"] in errors and not bad and not use and (module := _module_of(each["name"], said["problems"])):
            use = _kept(place / f"{module}.json", partial(_imported, module, place, _runs(stack, windows)))["failed"]
        below = _closure(each["name"], requires) - {each["name"]}
        yield Row(
            stack=stack["name"],
            name=each["name"],
            version=each["version"],
            said=errors.get(each["name"], ""),
            failed="; ".join([*bad, *([f"use: {use}"] if use else [])]),
            tried=len(trials),
            used=use is not None,
            above=tuple(sorted(name for name in below if name in errors)),
            told=next(
                (
                    it["message"]
                    for it in real["problems"]
                    if it["distribution"] == each["name"] and it["severity"] == "error"
                ),
                "",
            ),
        )


def _verified(place: Path, *words: str) -> str:
    done = _wheelcheck("verify", place / "bundle", "--plan", place / "plan.json", "--format", "json", "-q", *words)
    if not done.stdout:
        raise RuntimeError(f"{place.name}: {done.stderr}")
    return done.stdout


def _kept(path: Path, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What is in the file *path*, or what *make* makes for it; who changed wheelcheck removes said.json."""
    if not path.exists():
        path.write_text(json.dumps(make()), "utf-8")
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def _really(stack: Mapping[str, Any], place: Path, windows: Windows) -> dict[str, Any]:
    on_windows = stack.get("target", "windows") == "windows"
    runner = ("--runner", windows.runner) if on_windows else ()
    found: dict[str, Any] = json.loads(_verified(place, *runner, "--timeout", "600"))
    found["uses"] = {name: _used(code, place, _runs(stack, windows)) for name, code in stack.get("use", {}).items()}
    return found


def _runs(stack: Mapping[str, Any], windows: Windows) -> Windows | None:
    return windows if stack.get("target", "windows") == "windows" else None


def _module_of(name: str, problems: list[dict[str, Any]]) -> str:
    """The first compiled module of the distribution *name* that an error names; empty where there is none."""
    files = (each["file"] or "" for each in problems if each["distribution"] == name and each["severity"] == "error")
    found = (re.search(r"site-packages/([\w/]+)\.(?:[\w-]+\.)*(?:pyd|so)$", file) for file in files)
    return next((each[1].replace("/", ".") for each in found if each), "")


def _used(code: str, place: Path, windows: Windows | None) -> str:
    """The last line of what running *code* in the bundle ended in; empty where it ran."""
    try:
        done = _run(code, place, windows)
    except subprocess.TimeoutExpired as late:
        return f"no end within {late.timeout:g} s"
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1]


def _imported(module: str, place: Path, windows: Windows | None) -> dict[str, Any]:
    return {"failed": _used(f"import {module}", place, windows)}


def _stand_in(windows: Windows) -> None:
    """Put a library under Wine's system folder that has the names of icuuc.dll that Qt asks for, and does nothing."""
    place = windows.drive / "windows" / "system32" / "icuuc.dll"
    if not place.exists():
        functions = "".join(f"__declspec(dllexport) int {name}(void) {{ return 0; }}\n" for name in _OF_ICU.split())
        source = f"{functions}int __stdcall DllMainCRTStartup(void *a, unsigned b, void *c) {{ return 1; }}\n"
        words = ["x86_64-w64-mingw32-gcc", "-shared", "-nostdlib", "-o", str(place), "-xc", "-"]
        subprocess.run(words, input=source, text=True, check=True)


def _run(code: str, place: Path, windows: Windows | None) -> subprocess.CompletedProcess[str]:
    if windows is not None:
        return windows.run(place / "bundle" / "python.exe", "-c", code, timeout=_LONGEST)
    words = [sys.executable, "-I", "-S", "-c", _SITE.format(str(place / "bundle")) + code]
    return subprocess.run(
        words, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=_LONGEST, check=False
    )


def _closure(name: str, requires: Mapping[str, list[str]]) -> set[str]:
    found, waiting = {name}, [name]
    while waiting:
        for each in requires.get(waiting.pop(), ()):
            if each not in found:
                found.add(each)
                waiting.append(each)
    return found


def _report(stacks: list[dict[str, Any]], rows: Mapping[str, list[Row]]) -> Iterator[str]:
    every = [row for found in rows.values() for row in found]
    counts = Counter(row.verdict for row in every)
    yield _HEAD
    tried, used = sum(row.tried for row in every), sum(row.used for row in every)
    yield f"{len(rows)} stacks, {len(every)} distributions, {tried} modules imported, {used} native uses."
    yield from ("", "| | distributions |", "|---|---|")
    for word, meaning in _MEANINGS.items():
        yield f"| {word}: {meaning} | {counts[word]} |"
    yield from ("", *_judged([row for row in every if row.verdict in ("false alarm", "missed")]))
    yield from ("", "## What fails, and what was said to fail", "")
    yield from ("| stack | distribution | verdict | said | in reality |", "|---|---|---|---|---|")
    for row in every:
        if row.verdict != "agrees":
            said, failed = _cell(row.said), _cell(row.failed) or "works"
            yield f"| {row.stack} | {row.name} {row.version} | {row.verdict} | {said} | {failed} |"
    yield from _explained([row for row in every if row.verdict in ("follows", "false alarm", "missed")])
    yield from ("", "## The stacks", "", "| stack | target | distributions | modules | uses | agree | others |")
    yield "|---|---|---|---|---|---|---|"
    for stack in stacks:
        found = rows[stack["name"]]
        agree = sum(row.verdict == "agrees" for row in found)
        modules, uses = sum(row.tried for row in found), sum(row.used for row in found)
        target = PLATFORMS[stack.get("target", "windows")]
        others = ", ".join(f"{row.name}: {row.verdict}" for row in found if row.verdict != "agrees") or "-"
        wanted = ", ".join(stack["requirements"])
        yield f"| {wanted} | {target} | {len(found)} | {modules} | {uses} | {agree} | {others} |"


def _judged(rows: list[Row]) -> Iterator[str]:
    """Whether ``verify`` tells no falsehood and misses nothing, but for what lies with Wine or this machine."""
    notes = tomllib.loads(_NOTES.read_text("utf-8"))
    faults = [row for row in rows if not notes.get(row.stack, {}).get(row.name, "").startswith(_NOT_OURS)]
    alarms = sum(row.verdict == "false alarm" for row in faults)
    unrun = [row for row in faults if row.verdict == "missed"]
    told = sum(bool(row.told) for row in unrun)
    other = len(rows) - len(faults)
    yield f"Of the {len(rows)} false alarms and misses, {other} lie with Wine or with this machine, as told below."
    yield f"The rest: {alarms} false alarms; {len(unrun)} missed without running anything, {told} of which a runner tells."
    is_met = alarms + len(unrun) == told
    yield f"No false alarm, and nothing missed that a real import or use finds: {'met' if is_met else 'not met'}."


def _explained(rows: list[Row]) -> Iterator[str]:
    notes = tomllib.loads(_NOTES.read_text("utf-8")) if _NOTES.exists() else {}
    if rows:
        yield from ("", "## What differs, one by one", "")
    for row in rows:
        above = f"It needs {', '.join(row.above)}." if row.verdict == "follows" else "Not explained yet."
        yield f"- {row.verdict}: {row.stack}, {row.name}. {notes.get(row.stack, {}).get(row.name, above)}"


def _cell(text: str) -> str:
    # Where this machine keeps a bundle is nobody's business.
    return _PLACE.sub("", text).replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    main(sys.argv[1:])
