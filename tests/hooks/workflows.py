"""Runs the steps of an action or workflow as GitHub's runner does: expressions become environment, each script a file for bash."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.hooks.scratch import ROOT, Ended, Scratch

_EXPRESSION = re.compile(r"\$\{\{\s*([\w.-]+)\s*\}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """A job in progress: the checked-out repository, and the folders and files that a runner has beside it."""

    scratch: Scratch
    temp: Path
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """What the steps have written for the page of the job."""
        return (self.temp / "summary").read_text(encoding="utf-8")

    @property
    def outputs(self) -> dict[str, str]:
        """What the steps have set as outputs."""
        lines = (self.temp / "output").read_text(encoding="utf-8").splitlines()
        return {name: value for name, _, value in (line.partition("=") for line in lines)}

    def _forget(self) -> None:
        for name in ("summary", "output"):
            (self.temp / name).write_bytes(b"")

    def run_step(self, step: Mapping[str, Any], known: Mapping[str, str]) -> Ended:
        """Run one step; *known* are the values of the expressions that it may use."""
        assert "${{" not in step["run"], "an expression in a script is an injection"
        script = self.temp / "script.sh"
        script.write_text(step["run"], encoding="utf-8", newline="\n")
        environ = {name: substituted(str(value), known) for name, value in step.get("env", {}).items()}
        folder = self.scratch.folder / substituted(step.get("working-directory", "."), known)
        return self.scratch.run(
            "bash",
            "--noprofile",
            "--norc",
            "-eo",
            "pipefail",
            str(script),
            environ={**self.environ, **environ},
            folder=folder,
        )

    def run_action(self, action: Mapping[str, Any], given: Mapping[str, str]) -> Ended:
        """Run the steps of a composite *action* with the inputs *given*, until one fails."""
        assert set(given) <= set(action["inputs"])
        known = {f"inputs.{name}": each["default"] for name, each in action["inputs"].items()}
        known |= {f"inputs.{name}": value for name, value in given.items()}
        known["github.action_path"] = str(ROOT)
        self._forget()
        text = ""
        for step in action["runs"]["steps"]:
            ended = self.run_step(step, known)
            text += ended.text
            if ended.status:
                return Ended(status=ended.status, text=text)
        return Ended(status=0, text=text)


def open_runner(scratch: Scratch, tmp_path: Path, **environ: str) -> Runner:
    """A runner whose temporary folder lies below *tmp_path*."""
    temp = tmp_path / "runner"
    temp.mkdir()
    for name in ("summary", "output"):
        (temp / name).touch()
    paths = {
        "RUNNER_TEMP": str(temp),
        "GITHUB_STEP_SUMMARY": str(temp / "summary"),
        "GITHUB_OUTPUT": str(temp / "output"),
    }
    return Runner(scratch=scratch, temp=temp, environ={**paths, **environ})


def substituted(text: str, known: Mapping[str, str]) -> str:
    """*text* with each expression replaced by its value; one that is not known is an error."""
    return _EXPRESSION.sub(lambda found: known[found[1]], text)
