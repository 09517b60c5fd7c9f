"""Writes reports/determinism.md: `python -m tests.live.determinism [--other PYTHON] [--at-once N]`.

Asks ten blocked inputs in five runs each: with a cold cache, with the cache of that run, cold beside two busy loops, cold with
another ``PYTHONHASHSEED``, and cold on another Python. PYTHON is an interpreter that has the dependencies of wheelcheck; without it
the fifth run is left out. Each plan and each text has to be the same, byte for byte. Ends with 1 where one is not.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.live.done_lines import ASKED
from tests.live.peers import CUTOFF, ROOT, clean_environment

_LOOPS = 2
_SECONDS = "3000"  # no run ends by the clock: a loaded machine gives the same answer, if later


def _pins(platform: str, python: str, *requirements: str) -> tuple[str, ...]:
    return (*requirements, "--platform", platform, "--python", python, "--exclude-newer", CUTOFF)


INPUTS: Mapping[str, tuple[str, ...]] = {
    **{name: ASKED[name].command for name in ("creatorcrafter-3.11", "handmade", "peft-studio-win_arm64")},
    "samai": ASKED["samai-macosx_13_0_arm64"].command,
    "a pin that holds others back": _pins(
        "manylinux_2_28_x86_64", "3.12", "scipy<1.11", "numpy", "pandas", "scikit-learn"
    ),
    "a project that is no blocker": _pins("manylinux_2_28_x86_64", "3.12", "mkdocs-exclude", "DTLSSocket==0.1.16"),
    "two exclusions": _pins("manylinux_2_28_x86_64", "3.11", "django-auth-ldap==4.8.0", "requests-kerberos==0.14.0"),
    "one old pin": _pins("win_amd64", "3.12", "gevent==21.12.0"),
    "six pins of 2021": _pins(
        "win_amd64",
        "3.13",
        *("numpy==1.21.0", "pandas==1.3.0", "scikit-learn==0.24.2"),
        *("matplotlib==3.4.2", "flask==2.0.1", "SQLAlchemy==1.4.20"),
    ),
    "three pins on musl": _pins("musllinux_1_2_x86_64", "3.12", "psycopg2==2.9.3", "lxml==4.6.3", "pillow==8.4.0"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of an input: the exit status, and the hashes of the plan and of the text."""

    kind: str
    status: int
    plan: str
    text: str


def main() -> int:
    """Ask everything, write the report, and answer 1 where two runs of one input differ."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--other", type=Path)
    parser.add_argument("--at-once", type=int, default=1)
    options = parser.parse_args()
    with ThreadPoolExecutor(options.at_once) as pool:
        quiet = list(pool.map(partial(_runs_of, other=options.other), INPUTS))
        with _busy_loops():
            loaded = list(pool.map(_loaded_run_of, INPUTS))
    runs = {name: [*several, one] for name, several, one in zip(INPUTS, quiet, loaded, strict=True)}
    text = "\n".join(_report(runs)) + "\n"
    (ROOT / "reports" / "determinism.md").write_text(text, encoding="utf-8", newline="\n")
    return 0 if all(map(_are_equal, runs.values())) else 1


def _runs_of(name: str, *, other: Path | None) -> list[Run]:
    with tempfile.TemporaryDirectory() as folder:
        ask = partial(_asked, INPUTS[name], Path(folder))
        found = [ask("cold", "first"), ask("warm", "first"), ask("hash seed", "second", seed="4711")]
        if other is not None:
            found.append(ask("other Python", "third", python=str(other)))
    return found


def _loaded_run_of(name: str) -> Run:
    with tempfile.TemporaryDirectory() as folder:
        return _asked(INPUTS[name], Path(folder), "loaded", "cache")


@contextmanager
def _busy_loops() -> Iterator[None]:
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(_LOOPS)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def _asked(
    command: Sequence[str], folder: Path, kind: str, cache: str, *, seed: str = "0", python: str = sys.executable
) -> Run:
    plan = folder / "plan.json"
    plan.unlink(missing_ok=True)
    words = (
        "--max-seconds",
        _SECONDS,
        "--repair-seconds",
        _SECONDS,
        "-o",
        str(plan),
    )
    environment = {
        **clean_environment(), "COLUMNS": "80", "PYTHONUTF8": "1", "PYTHONHASHSEED": seed, "PYTHONPATH": os.fspath(ROOT),
        # Not as an option: the text repeats what was asked.
        "WHEELCHECK_CACHE_DIR": os.fspath(folder / cache)
    }  # fmt: skip
    done = subprocess.run(
        [python, "-m", "wheelcheck", "plan", *command, *words],
        capture_output=True,
        env=environment,
        cwd=ROOT,
        check=False,
    )
    if done.returncode not in (0, 1):
        print(kind, command, done.stderr.decode(errors="replace"), file=sys.stderr)
    content = plan.read_bytes() if plan.exists() else b""
    # The text names the file that was written, which lies in another folder each time.
    text = done.stdout.replace(os.fsencode(plan), b"plan.json")
    return Run(kind=kind, status=done.returncode, plan=_hash(content), text=_hash(text))


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _are_equal(runs: Sequence[Run]) -> bool:
    return len({(run.status, run.plan, run.text) for run in runs}) == 1


def _report(runs: Mapping[str, Sequence[Run]]) -> Iterator[str]:
    yield "# The same answer every time"
    yield ""
    yield "Made by `python -m tests.live.determinism`. Each input is blocked on its target. It was asked with a cold cache, with"
    yield "the cache of that run, cold beside two busy loops, cold with another `PYTHONHASHSEED`, and cold on another minor version"
    yield "of Python; the search for repairs was on. An input with one row gave the same plan (JSON) and text in all its runs."
    yield ""
    equal = sum(map(_are_equal, runs.values()))
    yield f"**{equal} of {len(runs)} inputs gave the same bytes in all their {sum(map(len, runs.values()))} runs.**"
    yield ""
    yield "| input | asked | runs | exit status | sha256 of the plan | sha256 of the text |"
    yield "|---|---|---|---:|---|---|"
    for name, found in runs.items():
        kinds: dict[tuple[int, str, str], list[str]] = {}
        for run in found:
            kinds.setdefault((run.status, run.plan, run.text), []).append(run.kind)
        for (status, plan, text), same in kinds.items():
            command = " ".join(INPUTS[name]).replace("|", r"\|")
            yield f"| {name} | `{command}` | {', '.join(same)} | {status} | `{plan[:32]}` | `{text[:32]}` |"


if __name__ == "__main__":
    sys.exit(main())
