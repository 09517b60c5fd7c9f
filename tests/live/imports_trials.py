"""Plans an input, installs what the plan or one of its repairs says, and imports it for real; used by imports_report.py.

``Question → plan document → file list → Installed``. What a list of files does when it is installed and imported never changes, so
it is kept in a folder of results, by the digest of that list; a plan is kept as long as the code that made it is the same.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from tests.live.peers import CUTOFF, ROOT, clean_environment

LARGEST = 450 * 1024**2
"""How many bytes the files of one plan may have together."""
_SECONDS = {False: 90, True: 300}  # for one import; true for Windows, which is emulated
_MOST_MODULES = 6  # of one project
_DEEPEST = 4  # parts of a package's name within namespaces
_BESIDE = frozenset(
    {"test", "tests", "testing", "docs", "doc", "examples", "example", "benchmarks", "setup", "conftest"}
)
_LAST_WITH_SETUPTOOLS = 11  # Python 3.11 is the last whose virtual environments have setuptools
_IMPORT = """
import json, sys
sys.path.insert(0, sys.argv[1])
import site
site.addsitedir(sys.argv[1])
sys.path.extend(sys.argv[3:])
folder = sys.argv[1].replace("\\\\", "/")
answer = {"error": "", "files": []}
try:
    exec(sys.argv[2], {"__name__": "probe"})
except BaseException as error:
    answer["error"] = (type(error).__name__ + ": " + str(error))[:300]
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename.replace("\\\\", "/")
        if name.startswith(folder):
            answer["files"].append(name[len(folder) + 1:])
        trace = trace.tb_next
sys.stdout.flush()
print("\\n" + json.dumps(answer), flush=True)
import os
os._exit(0)
"""


class Question(Struct, frozen=True, kw_only=True):
    """One input for one target: the ``platform`` as a wheel's tag, and the minor of Python 3."""

    requirements: tuple[str, ...]
    platform: str
    minor: int

    @property
    def case(self) -> str:
        """The input on one line."""
        return " ".join(self.requirements)

    @property
    def python(self) -> str:
        """The Python as people write it."""
        return f"3.{self.minor}"

    @property
    def is_windows(self) -> bool:
        """Whether the target is Windows."""
        return self.platform.startswith("win")


class Import(Struct, frozen=True, kw_only=True):
    """What carrying out one import statement raised, empty for nothing; ``through`` are the projects whose code it ran through."""

    error: str
    through: tuple[str, ...] = ()


class Installed(Struct, kw_only=True):
    """What a list of files is when it is installed: the modules and the requirements of each project, and imports carried out.

    ``trouble`` says why it could not be installed; empty where it was.
    """

    trouble: str = ""
    modules: dict[str, tuple[str, ...]] = {}
    requires: dict[str, tuple[str, ...]] = {}
    imports: dict[str, Import] = {}


def plan(question: Question, results: Path, *options: str) -> dict[str, Any]:
    """The document of ``wheelcheck plan``; empty where there is none."""
    words = ["--platform", question.platform, "--python", question.python, "--exclude-newer", CUTOFF, *options]
    key = _digest("plan", _code(), *question.requirements, "|", *words)
    kept = results / f"plan-{key}.json"
    if not kept.exists():
        with tempfile.TemporaryDirectory() as name:
            file = Path(name) / "requirements.txt"
            file.write_text("\n".join(question.requirements) + "\n", "utf-8")
            command = [
                sys.executable,
                "-m",
                "wheelcheck",
                "plan",
                str(file),
                *words,
                "--format",
                "json",
                "--no-progress",
            ]
            done = subprocess.run(command, capture_output=True, text=True, env=clean_environment(), check=False)
        if not done.stdout:
            print(f"{question.case}: {done.stderr[-500:]}", flush=True)
            return {}
        kept.write_text(done.stdout, "utf-8")
    found: dict[str, Any] = json.loads(kept.read_text("utf-8"))
    return found


def install(
    document: Mapping[str, Any], wanted: Callable[[Installed], Iterable[str]], results: Path, windows: Path | None
) -> Installed:
    """What the files of the plan *document* are when they are installed, and what the import statements do that are *wanted* of it.

    *windows* is the folder of a Windows Python, where that is the target.
    """
    target = document["target"]
    minor = int(str(target["python"]).split(".")[1])
    on_windows = str(target["platform"]).startswith("win")
    if on_windows and not (windows is not None and (windows / f"embed3{minor}").exists()):
        return Installed(trouble=f"there is no CPython 3.{minor} for Windows here")
    packages = [each for each in document["packages"] if each["file"]]
    lines = sorted(f"{each['name']} @ {each['file']['url']}" for each in packages)
    kept = results / f"files-{_digest(str(on_windows), str(minor), *lines)}.json"
    installed = msgspec.json.decode(kept.read_bytes(), type=Installed) if kept.exists() else Installed()
    size = sum(each["file"]["size"] or 0 for each in packages)
    if size > LARGEST:
        return Installed(trouble=f"{size // 1024**2} MB, too large to be tried here")
    if kept.exists() and (installed.trouble or set(wanted(installed)) <= installed.imports.keys()):
        return installed
    with tempfile.TemporaryDirectory(dir=results) as name:
        site = Path(name) / "site"
        installed.trouble = _fill(site, lines, minor, on_windows)
        if not installed.trouble:
            installed.modules, installed.requires, owners = _look_at(site)
            python = _python(minor, windows if on_windows else None)
            for statement in dict.fromkeys(wanted(installed)):
                if statement not in installed.imports:
                    installed.imports[statement] = _import(python, site, statement, owners, minor, on_windows)
    kept.write_bytes(msgspec.json.encode(installed))
    return installed


def _fill(site: Path, lines: Iterable[str], minor: int, on_windows: bool) -> str:
    """Install *lines* into *site*; returns the end of uv's words where it fails."""
    site.mkdir()
    pins = site.with_name("pins.txt")
    pins.write_text("\n".join(lines) + "\n", "utf-8")
    command = ["uv", "pip", "install", "-q", "--no-config", "--no-deps", "--target", str(site), "-r", str(pins)]
    command += ["--python", _python(minor, None)[0]]
    if on_windows:
        command += ["--python-platform", "windows", "--python-version", f"3.{minor}"]
    done = subprocess.run(command, capture_output=True, text=True, env=clean_environment(), check=False)
    return " ".join(done.stderr.split())[-400:] if done.returncode else ""


def _look_at(site: Path) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]], dict[str, str]]:
    """The main modules of each project in *site*, the projects that it requires, and whose each file is."""
    modules: dict[str, tuple[str, ...]] = {}
    requires: dict[str, tuple[str, ...]] = {}
    owners: dict[str, str] = {}
    for info in sorted(site.glob("*.dist-info")):
        project = canonicalize_name(info.name.removesuffix(".dist-info").rpartition("-")[0])
        paths = [line.rsplit(",", 2)[0].strip('"') for line in (info / "RECORD").read_text("utf-8").splitlines()]
        owners |= dict.fromkeys(paths, project)
        modules[project] = main_modules(project, paths)
        metadata = (info / "METADATA").read_text("utf-8", "replace").split("\n\n")[0]
        requires[project] = tuple(sorted(set(_required(re.findall(r"^Requires-Dist: *(.+)$", metadata, re.MULTILINE)))))
    return modules, requires, owners


def _required(lines: Iterable[str]) -> Iterable[str]:
    for line in lines:
        try:
            yield canonicalize_name(Requirement(line).name)
        except InvalidRequirement:
            yield canonicalize_name(re.split(r"[^\w.-]", line)[0])


def main_modules(project: str, paths: Iterable[str]) -> tuple[str, ...]:
    """The modules by which *project*, whose installed files are *paths*, is imported: the one of its name, else all public ones."""
    files = [path.split("/") for path in paths if path.endswith((".py", ".so", ".pyd")) and not path.startswith("..")]
    packages = {tuple(parts[:-1]) for parts in files if parts[-1].partition(".")[0] == "__init__"}
    found: set[tuple[str, ...]] = set()
    for parts in files:
        stem = (*parts[:-1], parts[-1].partition(".")[0])
        above = [tuple(parts[:depth]) for depth in range(1, len(parts)) if tuple(parts[:depth]) in packages]
        found.add(above[0] if above else stem)
    public = {
        ".".join(each)
        for each in found
        if len(each) <= _DEEPEST
        and all(part.isidentifier() and not part.startswith("_") for part in each)
        and each[0] not in _BESIDE
    }
    named = {each for each in public if canonicalize_name(each) == project}
    # What lies in a folder beside whole packages belongs to a program rather than to a library.
    whole = {each for each in public if "." not in each}
    return tuple(sorted(named or whole or public)[:_MOST_MODULES])


@cache
def _python(minor: int, windows: Path | None) -> tuple[str, ...]:
    if windows is None:
        return (f"python3.{minor}",)
    return str(windows / "winpy"), str(windows / f"embed3{minor}" / "python.exe")


@cache
def _with_setuptools(minor: int) -> tuple[str, ...]:
    """The setuptools that a new virtual environment of this Python has."""
    if minor > _LAST_WITH_SETUPTOOLS:
        return ()
    asks = "import ensurepip as e, pathlib as p; print(*p.Path(e.__file__).parent.glob('_bundled/setup*.whl'))"
    done = subprocess.run([f"python3.{minor}", "-c", asks], capture_output=True, text=True, check=True)
    return tuple(done.stdout.split())


def _import(
    python: tuple[str, ...], site: Path, statement: str, owners: Mapping[str, str], minor: int, on_windows: bool
) -> Import:
    paths = [str(site), *_with_setuptools(minor)]
    if on_windows:
        paths = ["Z:" + path.replace("/", "\\") for path in paths]
    words = [*python, "-I", "-S", "-c", _IMPORT, paths[0], statement, *paths[1:]]
    with tempfile.TemporaryDirectory() as empty:
        try:
            run = subprocess.run(
                words,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_SECONDS[on_windows],
                check=False,
                cwd=empty,
            )
        except subprocess.TimeoutExpired:
            return Import(error=f"not done within {_SECONDS[on_windows]} s")
    last = run.stdout.decode("utf-8", "replace").strip().splitlines()[-1:]
    try:
        answer = json.loads(last[0])
    except (IndexError, ValueError):
        return Import(error=f"it ended with status {run.returncode} without a word")
    # Where a file lies on this machine is nobody's business.
    error = re.sub(r"(?:Z:)?[/\\][^\s'\"]*(?:site|lib)[/\\]", "…/", " ".join(answer["error"].split()))
    through = dict.fromkeys(owners[file] for file in answer["files"] if file in owners)
    return Import(error=re.sub(r"\s*\([/…][^)]*\)", "", error), through=tuple(through))


@cache
def _code() -> str:
    """The digest of the code and the data that make plans."""
    files = sorted(path for path in (ROOT / "wheelcheck").rglob("*") if path.suffix in (".py", ".toml", ".txt"))
    return _digest(*(path.read_text("utf-8") for path in files))


def _digest(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:20]


def stands_alone(statement: str) -> bool:
    """Whether *statement* can be carried out anywhere with the same result."""
    try:
        body = ast.parse(statement).body
    except SyntaxError:
        return False
    (node,) = body if len(body) == 1 else (None,)
    return isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and not node.level)
