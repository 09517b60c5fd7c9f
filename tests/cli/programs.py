"""Runs the real program for the tests: in this process for speed, in one of its own where signals and streams matter."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from wheelcheck.cli.describe import SCHEMAS
from wheelcheck.cli.main import run
from wheelcheck.report.documents import json_schema

TARGET = ("--platform", "win_amd64", "--python", "3.11")
_REPOSITORY = Path(__file__).parents[2]
_KEPT = ("PATH", "SYSTEMROOT", "LANG", "LC_ALL", "VIRTUAL_ENV")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run left: its exit status and both streams."""

    status: int
    out: str
    err: str

    @property
    def plan(self) -> dict[str, Any]:
        """The plan on stdout, which must be valid against the published schema."""
        return valid_plan(self.out)

    @property
    def versions(self) -> dict[str, str]:
        """Name and version of every package of the plan on stdout."""
        return {package["name"]: package["version"] for package in self.plan["packages"]}

    @property
    def codes(self) -> list[str]:
        """The codes of the plan's findings, in order."""
        return [finding["code"] for finding in self.plan["findings"]]

    def refused(self, status: int) -> str:
        """The one message of a run that ended with *status*: nothing on stdout, no traceback; answers stderr."""
        assert self.status == status, (self.status, self.err)
        assert self.out == ""
        assert "Traceback" not in self.err
        assert self.err.count("rror: ") == 1, self.err
        return self.err


@dataclass(slots=True, kw_only=True)
class Shell:
    """A folder to work in, with a clean environment and a cache of its own."""

    folder: Path
    patch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def cache(self) -> Path:
        """The cache folder that every run is told to use."""
        return self.folder.parent / "cache"

    def write(self, name: str, text: str | bytes) -> Path:
        """Write the file *name* in the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def run(self, *words: str, stdin: bytes | None = None) -> Outcome:
        """Run the command line in this process; what it prints as JSON must be valid against the published schema."""
        with self.patch.context() as patch:
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin or b""), encoding="utf-8"))
            self.capture.readouterr()
            status = run(list(words))
        out, err = self.capture.readouterr()
        if out.startswith('{\n  "schema": "wheelcheck.'):
            answer = json.loads(out)
            _validator(answer["schema"].removeprefix("wheelcheck.").removesuffix("/1")).validate(answer)
        return Outcome(status=status, out=out, err=err)

    def plan(self, *words: str, index: str | None = None, stdin: bytes | None = None) -> Outcome:
        """Run ``plan`` for Windows, with the result as JSON."""
        return self.run(*self.plan_words(*words, index=index), stdin=stdin)

    def plan_words(self, *words: str, index: str | None = None) -> tuple[str, ...]:
        """What :meth:`plan` runs."""
        where = () if index is None else ("-i", index)
        target = () if any(word.startswith(("--target", "--platform", "--python")) for word in words) else TARGET
        cache = () if "--no-cache" in words else ("--cache-dir", str(self.cache))
        return ("plan", *words, *where, *target, *cache, "--format", "json")

    def program(self, *words: str, stdin: bytes = b"", environ: Mapping[str, str] | None = None) -> Outcome:
        """Run ``python -m wheelcheck`` in a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "wheelcheck", *words],
            cwd=self.folder,
            env={**self.environ, **(environ or {})},
            input=stdin,
            capture_output=True,
            timeout=60,
            check=False,
        )
        return Outcome(status=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start ``python -m wheelcheck`` and do not wait."""
        return subprocess.Popen(
            [sys.executable, "-m", "wheelcheck", *words],
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )


def open_shell(tmp_path: Path, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> Shell:
    """A shell below *tmp_path* whose environment says nothing of this machine's pip, proxies or terminal."""
    folder, home = tmp_path / "work", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    environ = {name: os.environ[name] for name in _KEPT if name in os.environ}
    environ |= {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "PIP_CONFIG_FILE": os.devnull,
        # Failures are tried again at once or never: the tests of the index room wait for retries.
        "PIP_RETRIES": "0",
        "PYTHONPATH": str(_REPOSITORY),
        "COLUMNS": "80",
    }
    for name in list(os.environ):
        if name not in environ and not name.startswith(("PYTEST", "COV")):
            patch.delenv(name)
    for name, value in environ.items():
        patch.setenv(name, value)
    patch.chdir(folder)
    return Shell(folder=folder, patch=patch, capture=capture, environ=environ)


def valid_plan(text: str) -> dict[str, Any]:
    """The plan in *text*, valid against the published schema."""
    plan = json.loads(text)
    _validator("plan").validate(plan)
    assert isinstance(plan, dict)
    return plan


@cache
def _validator(name: str) -> Draft202012Validator:
    module, _, document = SCHEMAS[name].partition(":")
    return Draft202012Validator(json_schema(getattr(import_module(f"wheelcheck.{module}"), document)))
