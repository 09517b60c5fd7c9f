"""Issue 4's lines of done on the live index, each run as its user would, in scratch folders; judges nothing.

The live tests and reports/gate.md share these runs and what each printed.
"""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.hooks.scratch import Scratch, install, open_scratch, program
from tests.live.done_lines import without_hosts
from tests.live.peers import CUTOFF, ROOT

SCENARIOS = ROOT / "fixtures" / "scenarios"
PLATFORMS = (
    "win_amd64", "win_arm64", "manylinux_2_28_x86_64", "manylinux_2_28_aarch64", "macosx_14_0_arm64", "musllinux_1_2_x86_64",
)  # fmt: skip
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
HOOKED = ("win_amd64", "manylinux_2_28_x86_64")
PURE = ("antlr4-python3-runtime", "audiocraft", "docopt", "encodec", "flashy")
OVERRIDES = 'overrides = ["av==12.0.0"]\nconstraints = ["numpy<2"]\n'
_PLAIN = {"platform": '"win_amd64"', "python": '"3.11"', "exclude-newer": CUTOFF}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One command as a person would type it: what it left, and its seconds on the clock and on the processors."""

    command: str
    status: int
    text: str
    seconds: float = 0.0
    processor_seconds: float = 0.0


def open_live_scratch(folder: Path) -> Scratch:
    """A git repository below *folder*, which must be empty, whose programs may ask the live index over this machine's TLS."""
    folder.mkdir(parents=True, exist_ok=True)
    scratch = open_scratch(folder)
    machine = {name: value for name, value in os.environ.items() if name.startswith(("SSL_", "PIP_CERT"))}
    return Scratch(folder=scratch.folder, environ={**scratch.environ, **machine, "UV_PYTHON_DOWNLOADS": "never"})


def run(scratch: Scratch, *words: str) -> Ran:
    """Run ``wheelcheck`` with *words* in *scratch*; what it printed is kept without this machine's folders and hosts."""
    before, began = _processor_seconds(), time.monotonic()
    ended = scratch.run("wheelcheck", *words)
    seconds = time.monotonic() - began
    return Ran(
        command=shlex.join(("wheelcheck", *words)),
        status=ended.status,
        text=shown(scratch, ended.text),
        seconds=seconds,
        processor_seconds=_processor_seconds() - before,
    )


def _processor_seconds() -> float:
    """What the processes that have ended took so far."""
    times = os.times()
    return times.children_user + times.children_system


def shown(scratch: Scratch, text: str) -> str:
    """*text* as it would stand on any machine."""
    return without_hosts(text.replace(f"{scratch.folder}{os.sep}", "")).rstrip()


def write_locked_product(scratch: Scratch) -> None:
    """The requirements of peft-studio as a file, as a project, and as the lock that uv makes of it."""
    uv = program("uv")
    assert uv is not None, "uv is not installed: pip install -e '.[peers]'"
    text = product_requirements()
    asked = [line for line in text.splitlines() if line and not line.startswith("#")]
    scratch.write("requirements.txt", text)
    scratch.write(
        "pyproject.toml",
        '[project]\nname = "product"\nversion = "1"\nrequires-python = ">=3.11"\n'
        f'dependencies = {asked}\n\n[tool.wheelcheck]\nplatform = {list(HOOKED)}\npython = "3.11"\n',
    )
    scratch.succeed(uv, "lock", "--quiet", "--exclude-newer", f"{CUTOFF}T00:00:00Z")


def product_requirements() -> str:
    """The requirements of peft-studio."""
    return (SCENARIOS / "peft-studio" / "requirements.txt").read_text(encoding="utf-8")


def iter_commits(scratch: Scratch, runner: str) -> Iterator[Ran]:
    """Line 1: the product and its lock; dtlssocket, which no repair reaches; psycopg2, which one does. The lock is written here."""
    write_locked_product(scratch)
    install(scratch, runner)
    yield _commit(scratch, "requirements.txt", "pyproject.toml", "uv.lock")
    for native in ("dtlssocket", "psycopg2"):
        scratch.write("requirements.txt", f"{product_requirements()}{native}\n")
        yield _commit(scratch, "requirements.txt")


def _commit(scratch: Scratch, *files: str) -> Ran:
    ended = scratch.commit(*files)
    return Ran(
        command=f"git add {' '.join(files)} && git commit -m 'a change'",
        status=ended.status,
        text=shown(scratch, ended.text),
    )


def write_creatorcrafter(scratch: Scratch, *, extra: str = "", expires: str = "") -> None:
    """The requirements of creatorcrafter, and settings; with *expires*, a day, an allowance for each pure source archive."""
    text = (SCENARIOS / "creatorcrafter" / "requirements.txt").read_text(encoding="utf-8")
    scratch.write("requirements.txt", text)
    settings = "".join(f"{key} = {value}\n" for key, value in _PLAIN.items()) + extra
    for name in PURE if expires else ():
        settings += f'\n[[allow]]\npackage = "{name}"\nreason = "pure Python, our own build makes the wheel"\n'
        settings += f"expires = {expires}\n"
    scratch.write("wheelcheck.toml", settings)


def _soon() -> str:
    return (datetime.now(UTC).date() + timedelta(days=90)).isoformat()


def failing(scratch: Scratch, *words: str) -> Ran:
    """Line 2, first part: the product as it is."""
    write_creatorcrafter(scratch)
    return run(scratch, "check", "requirements.txt", *words)


def partly_allowed(scratch: Scratch) -> Ran:
    """The same with allowances for the pure source archives alone."""
    write_creatorcrafter(scratch, expires=_soon())
    return run(scratch, "check", "requirements.txt")


def passing(scratch: Scratch) -> Ran:
    """Line 2, second part: with allowances for the pure source archives and the override for av."""
    write_creatorcrafter(scratch, extra=OVERRIDES, expires=_soon())
    return run(scratch, "check", "requirements.txt")


def expired(scratch: Scratch, *words: str) -> Ran:
    """Line 2, last part: the same after the allowances' last day."""
    write_creatorcrafter(scratch, extra=OVERRIDES, expires="2026-10-31")
    return run(scratch, "check", "requirements.txt", *words)


def every_target(scratch: Scratch, *words: str) -> Ran:
    """Line 3: the lock of peft-studio, which must be there, on six platforms times four Pythons."""
    targets = [word for platform in PLATFORMS for word in ("--platform", platform)]
    targets += [word for python in PYTHONS for word in ("--python", python)]
    return run(scratch, "check", "uv.lock", *targets, *words)


def best(scratch: Scratch, *words: str, times: int = 5) -> Ran:
    """The quickest of so many runs of line 3 on a warm cache: others may use the machine meanwhile."""
    every_target(scratch, *words)
    return min((every_target(scratch, *words) for _ in range(times)), key=lambda ran: ran.seconds)


def sarif(scratch: Scratch) -> Ran:
    """Line 4: the SARIF of line 2's failure as ``check.sarif``, and what a validator says of it."""
    failing(scratch, "--format", "sarif=check.sarif", "--quiet")
    validator = program("sarif-kit")
    assert validator is not None, "sarif-kit is not installed: pip install -e '.[test]'"
    ended = scratch.run(validator, "validate", "check.sarif")
    return Ran(command="sarif-kit validate check.sarif", status=ended.status, text=shown(scratch, ended.text))
