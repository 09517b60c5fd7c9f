"""What uv, Poetry and PDM lock for the projects, and the table of their answers; ``python -m tests.projects.tools`` writes it.

Poetry and PDM are looked for on PATH and in the folder that ``WHEELCHECK_TOOLS`` names.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.projects.shapes import SHAPES, TARGETS, Shape, served
from wheelcheck.targets.targets import parse_target

TABLE = Path(__file__).with_name("answers.json")
_PLACES = (str(Path(sys.executable).parent), os.environ.get("WHEELCHECK_TOOLS", ""), os.environ.get("PATH", ""))

Answer = Mapping[str, Mapping[str, str]]
"""By target: each project that is installed there and its version."""


def tool(name: str) -> str | None:
    """Where the program *name* is, if it is here."""
    return shutil.which(name, path=os.pathsep.join(filter(None, _PLACES)))


def locked(shape: Shape, urls: Mapping[str, str]) -> Answer:
    """What the tool of *shape* locks, on each target: what it exports, under its markers."""
    with TemporaryDirectory() as folder:
        place = Path(folder, "own")
        shape.write(place, urls)
        lines = _EXPORTS[shape.tool](shape, place)
    return {word: _installed(lines, word, shape.members) for word in TARGETS}


def _uv(shape: Shape, place: Path) -> Sequence[str]:
    _run([tool("uv") or "uv", "lock", "--python", sys.executable, "--no-cache"], place)
    words = [
        "export",
        "--frozen",
        "--no-hashes",
        "--no-emit-project",
        "--no-header",
        "--no-annotate",
        "--no-dev",
        "--no-cache",
    ]
    words += ["--extra", shape.extra] if shape.extra else []
    words += ["--group", shape.group] if shape.group else []
    return _run([tool("uv") or "uv", *words], place).splitlines()


def _poetry(shape: Shape, place: Path) -> Sequence[str]:
    _run([tool("poetry") or "poetry", "lock", "--no-interaction"], place)
    words = ["export", "--without-hashes", "--without-urls"]
    words += ["--extras", shape.extra] if shape.extra else []
    words += ["--with", shape.group] if shape.group else []
    return _run([tool("poetry") or "poetry", *words], place).splitlines()


def _pdm(shape: Shape, place: Path) -> Sequence[str]:
    _run([tool("pdm") or "pdm", "lock"], place)
    export = [tool("pdm") or "pdm", "export", "--without-hashes", "-f", "requirements"]
    listed = _run([*export, "--prod"], place)
    if shape.group:
        listed += _run([*export, "--no-default", "-G", shape.group], place)
    # What it locks lacks the local part of versions, which the names of the files have.
    for package in tomllib.loads((place / "pdm.lock").read_text())["package"]:
        local = re.search(rf"-{re.escape(package['version'])}(\+\w+)-", str(package.get("files")))
        if local:
            pin = f"{package['name']}=={package['version']}"
            listed = listed.replace(pin, f"{pin}{local[1]}")
    return listed.splitlines()


_EXPORTS = {"uv": _uv, "poetry": _poetry, "pdm": _pdm}


def _run(words: Sequence[str], place: Path) -> str:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "POETRY_", "PDM_"))
    }
    quiet = {
        "UV_PYTHON_DOWNLOADS": "never",
        "PIP_CONFIG_FILE": os.devnull,
        "XDG_CONFIG_HOME": str(place.parent / "configuration"),
        "POETRY_CACHE_DIR": str(place.parent / "cache"),
        "POETRY_VIRTUALENVS_CREATE": "false",
        "PDM_CACHE_DIR": str(place.parent / "cache"),
        "PDM_PYTHON": sys.executable,
        "PDM_IGNORE_SAVED_PYTHON": "1",
        "PDM_CHECK_UPDATE": "false",
    }
    done = subprocess.run(
        words, cwd=place, env={**kept, **quiet}, capture_output=True, text=True, timeout=180, check=False
    )
    if done.returncode:
        raise AssertionError(f"{' '.join(words)}: {done.stderr}{done.stdout}")
    return done.stdout


def _installed(lines: Sequence[str], word: str, members: frozenset[str]) -> Mapping[str, str]:
    platform, _, python = word.partition("/")
    markers = dict(parse_target(platform, python).markers)
    found = {}
    for line in lines:
        text = line.partition("#")[0].strip()
        if not text or text.startswith(("-", ".", "/")) or " @ file:" in text or "://" in text:
            continue
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": "", **markers}):
            found[canonicalize_name(requirement.name)] = str(requirement.specifier).removeprefix("==")
    return {str(name): version for name, version in sorted(found.items()) if name not in members}


def write() -> None:
    """Ask every tool, and write the table of their answers."""
    with served() as urls:
        answers = {name: locked(shape, urls) for name, shape in SHAPES.items()}
    TABLE.write_text(json.dumps(answers, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    write()
