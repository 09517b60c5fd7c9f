"""Runs what docs/builders.md tells people who ship to Windows, in a folder of its own, with a Windows Python that runs here.

Nothing is judged; the live tests and the report share these runs and what each printed.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.live.peers import CUTOFF, ROOT, clean_environment
from tests.windows.conftest import VARIABLE, Windows

RUNTIME = "python-3.11-embed-amd64.zip"
"""The name of the runtime's archive in every workshop, as in what docs/builders.md shows."""
TARGET = ("--platform", "win_amd64", "--python", "3.11", "--exclude-newer", CUTOFF)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One command as a person would type it, its exit status, both streams in one text, and its seconds on the clock."""

    command: str
    status: int
    text: str
    seconds: float

    @property
    def block(self) -> tuple[str, ...]:
        """The command and what it printed, as they stand in a console."""
        return (f"$ {self.command}", self.text.rstrip())


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """A *folder* with the repository's fixtures, a runtime's archive, and a program ``wine`` that runs it."""

    folder: Path
    environ: Mapping[str, str]

    def run(self, *words: str) -> Ran:
        """Run ``wheelcheck`` with *words* in a process of its own, as in a terminal 80 columns wide."""
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "wheelcheck", *words],
            cwd=self.folder,
            env=dict(self.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        seconds = time.monotonic() - started
        return Ran(
            command=shlex.join(("wheelcheck", *words)), status=done.returncode, text=done.stdout, seconds=seconds
        )

    def tool(self, *words: str, **environ: str) -> Ran:
        """Run another program than wheelcheck in this folder; *environ* are variables of its own."""
        started = time.monotonic()
        done = subprocess.run(
            words, cwd=self.folder, env={**self.environ, **environ}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, encoding="utf-8", errors="replace", check=False,
        )  # fmt: skip
        shown = shlex.join([Path(words[0]).name, *words[1:]])
        return Ran(command=shown, status=done.returncode, text=done.stdout, seconds=time.monotonic() - started)

    def answer(self, *words: str) -> dict[str, Any]:
        """What *words* with ``--format json`` answer; nothing may be printed beside."""
        ran = self.run(*words, "--format", "json", "-q")
        document: dict[str, Any] = json.loads(ran.text)
        return document

    def installable(self, requirements: Path | str, *options: str) -> dict[str, Any]:
        """The plan of *requirements*, which is also left in ``plan.json``."""
        ran = self.run("plan", str(requirements), *options, *TARGET, "-q", "-o", "plan.json")
        if ran.status != 0:
            raise RuntimeError(f"{ran.command} failed: {ran.text}")
        plan: dict[str, Any] = json.loads((self.folder / "plan.json").read_text(encoding="utf-8"))
        return plan


def note(text: str) -> Ran:
    """A step that was not carried out, and why."""
    return Ran(command="", status=0, text=text, seconds=0)


def named_windows() -> Windows | None:
    """The Windows Python that the environment names, or ``None``."""
    named = os.environ.get(VARIABLE, "")
    return Windows(Path(named).resolve()) if named else None


def open_workshop(folder: Path, windows: Windows) -> Workshop:
    """Make *folder* a workshop in which ``wine`` is what runs *windows*."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "fixtures").exists():
        (folder / "fixtures").symlink_to(ROOT / "fixtures")
    shutil.copyfile(windows.archive, folder / RUNTIME)
    programs = folder / ".programs"
    programs.mkdir(exist_ok=True)
    wine = programs / "wine"
    wine.write_text(f'#!/bin/sh\nexec {shlex.quote(windows.runner)} "$@"\n', encoding="utf-8")
    wine.chmod(0o755)
    environ = clean_environment()
    environ |= {
        "PATH": f"{programs}{os.pathsep}{environ.get('PATH', os.defpath)}",
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "80",
        "PYTHONUTF8": "1",
    }
    return Workshop(folder=folder, environ=environ)


def iter_product(workshop: Workshop, product: str) -> Iterator[Ran]:
    """The four commands of docs/builders.md for *product*: planned, fetched, bundled, verified."""
    yield workshop.run("plan", f"fixtures/scenarios/{product}/requirements.txt", *TARGET, "-o", "plan.json")
    yield workshop.run("fetch", "plan.json", "-d", "wheels")
    yield workshop.run("bundle", "plan.json", "--wheelhouse", "wheels", "--runtime", RUNTIME, "-o", f"dist/{product}")
    yield workshop.run("verify", f"dist/{product}", "--plan", "plan.json", "--runner", "wine")


def verified(workshop: Workshop, folder: str, *options: str) -> dict[str, Any]:
    """The answer of ``verify`` for the bundle in *folder*; a crash under Wine is an answer too."""
    return workshop.answer("verify", folder, "--plan", "plan.json", *options)
