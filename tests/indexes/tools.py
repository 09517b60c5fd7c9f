"""What pip and uv make of the situations, and the table of their answers; ``python -m tests.indexes.tools`` writes it.

Many projects go into one call of a tool. Those that have no answer fail the whole call, so each of them has a call of its own.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.indexes.situations import FAULTS, FAULTY, SITUATIONS, Served, Situation, hash_of, served

UV = shutil.which("uv", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))))
TABLE = Path(__file__).with_name("answers.json")
FAILS = "fails"
PIP = "pip"
STRATEGIES = ("first-index", "unsafe-first-match", "unsafe-best-match")

Answers = dict[str, str]
"""By situation: each version chosen and the index of its file, or that there is none."""

Ask = Callable[[Served, Sequence[Sequence[Situation]]], list[Answers | None]]
"""The answer for each group of situations that is asked in one call, ``None`` where that fails."""


def environment() -> dict[str, str]:
    """The environment of the tests without what configures pip and uv."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
    quick = {"PIP_RETRIES": "0", "UV_HTTP_RETRIES": "0", "UV_PYTHON_DOWNLOADS": "never", "UV_NO_CONFIG": "1"}
    return {**kept, **quick, "PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


_PIPS = """
import json, sys
from pip._internal.cli.main import main
print(json.dumps([main(words) for words in json.load(sys.stdin)]))
"""


def ask_pip(indexes: Served, groups: Sequence[Sequence[Situation]]) -> list[Answers | None]:
    """What ``pip install --dry-run`` would install for each of *groups*, ``None`` where it fails.

    One process runs pip for all of them, since most of its time would go into starting.
    """
    main, *others = indexes.urls.values()
    always = ["install", "--dry-run", "--ignore-installed", "--no-cache-dir", "--quiet", "--index-url", main]
    always += [word for url in others for word in ("--extra-index-url", url)]
    with TemporaryDirectory() as folder:
        calls, reports = [], []
        for number, group in enumerate(groups):
            place = Path(folder, str(number))
            place.mkdir()
            reports.append(place / "report.json")
            words = ["--report", str(reports[-1]), "-r", str(_requirements(place, group))]
            calls.append([*always, *_binaries(group), *words])
        words = [sys.executable, "-c", _PIPS]
        subprocess.run(
            words, env=environment(), input=json.dumps(calls).encode(), capture_output=True, timeout=300, check=True
        )
        return [_installed(group, report, indexes) for group, report in zip(groups, reports, strict=True)]


def _installed(situations: Sequence[Situation], report: Path, indexes: Served) -> Answers | None:
    if not report.exists():
        return None
    found = {
        each["metadata"]["name"]: f"{each['metadata']['version']} {indexes.index_of(each['download_info']['url'])}"
        for each in json.loads(report.read_text())["install"]
    }
    return _by_situation(situations, found)


def ask_uv(strategy: str) -> Ask:
    """A function that asks ``uv pip compile`` under *strategy*, several at once."""

    def ask(indexes: Served, groups: Sequence[Sequence[Situation]]) -> list[Answers | None]:
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(partial(_asked_of_uv, strategy, indexes), groups))

    return ask


def _asked_of_uv(strategy: str, indexes: Served, situations: Sequence[Situation]) -> Answers | None:
    if any(each.hash_of for each in situations):
        return _install_by_uv(indexes, situations, strategy)
    with TemporaryDirectory() as folder:
        words = [UV or "uv", "pip", "compile", "--python", sys.executable, "--no-cache", "--no-header", "--quiet"]
        words += ["--index-strategy", strategy, "--emit-index-annotation", "--no-build-isolation"]
        words += [*_indexes(indexes), *_binaries(situations), _project(Path(folder), situations)]
        done = subprocess.run(
            words, env=environment(), cwd=folder, capture_output=True, text=True, timeout=120, check=False
        )
    if done.returncode:
        return None
    lines = re.findall(r"^(\S+)==(\S+).*\n(?:    .*\n)*?    # from (\S+)", done.stdout, re.MULTILINE)
    found = {name: f"{version} {indexes.index_of(url)}" for name, version, url in lines}
    return _by_situation(situations, found)


def _install_by_uv(indexes: Served, situations: Sequence[Situation], strategy: str) -> Answers | None:
    """Likewise by an installation: compiling does not heed hashes."""
    with TemporaryDirectory() as folder:
        words = [UV or "uv", "pip", "install", "--python", sys.executable, "--no-cache", "--quiet", "--target", folder]
        words += ["--require-hashes", "--index-strategy", strategy, *_indexes(indexes)]
        words += ["-r", str(_requirements(Path(folder), situations))]
        if subprocess.run(
            words, env=environment(), cwd=folder, capture_output=True, timeout=120, check=False
        ).returncode:
            return None
        files = Path(folder).glob("*/index.txt")
        found = {file.parent.name.replace("_", "-"): f"1.0 {file.read_text()}" for file in files}
        return _by_situation(situations, found)


def _indexes(indexes: Served) -> list[str]:
    main, *others = indexes.urls
    words = [word for name in others for word in ("--index", f"{name}={indexes.urls[name]}")]
    return [*words, "--default-index", f"{main}={indexes.urls[main]}"]


def _requirements(folder: Path, situations: Iterable[Situation]) -> Path:
    path = folder / "requirements.txt"
    hashes = [(each, f" --hash=sha256:{hash_of(each)}" if each.hash_of else "") for each in situations]
    path.write_text("".join(f"{each.line}{pin}\n" for each, pin in hashes))
    return path


def _project(folder: Path, situations: Sequence[Situation]) -> str:
    """The project that uv reads, which alone can name sources."""
    listed = "".join(f'    "{each.line}",\n' for each in situations)
    sources = "".join(f'{each.name} = {{ index = "{each.pinned_to}" }}\n' for each in situations if each.pinned_to)
    path = folder / "pyproject.toml"
    path.write_text(
        f'[project]\nname = "asking"\nversion = "0"\nrequires-python = ">=3.8"\ndependencies = [\n{listed}]\n'
        f"[tool.uv.sources]\n{sources}"
    )
    return str(path)


def _binaries(situations: Iterable[Situation]) -> list[str]:
    return [word for each in situations if each.only_binary for word in ("--only-binary", each.name)]


def _by_situation(situations: Iterable[Situation], found: Mapping[str, str]) -> Answers:
    return {
        each.name: ", ".join(f"{name} {found[name]}" for name in (each.name, *sorted(each.others)) if name in found)
        for each in situations
    }


def asked_of(ask: Ask, indexes: Served, situations: Sequence[Situation], failing: Iterable[str]) -> Answers:
    """What *ask* says of each of *situations*; those that are *failing* are asked alone, hashed ones among themselves."""
    known = frozenset(failing)
    alone = [each for each in situations if each.name in known]
    hashed = [each for each in situations if each.hash_of and each not in alone]
    plain = [each for each in situations if not each.hash_of and each not in alone]
    groups = [group for group in (plain, hashed, *([each] for each in alone)) if group]
    return {
        each.name: FAILS if answer is None else answer[each.name]
        for group, answer in zip(groups, ask(indexes, groups), strict=True)
        for each in group
    }


def _table() -> dict[str, dict[str, str]]:
    """Everything asked one by one, since which of them fail is not known."""
    found: dict[str, dict[str, str]] = {}
    tools: dict[str, Ask] = {PIP: ask_pip, **{f"uv {strategy}": ask_uv(strategy) for strategy in STRATEGIES}}
    for fault, situations in (("", SITUATIONS), *((fault, FAULTY) for fault in FAULTS)):
        with served(situations, fault) as indexes:
            for tool, ask in tools.items():
                asked = [each for each in situations if tool != PIP or not each.pinned_to]
                answers = asked_of(ask, indexes, asked, [each.name for each in asked])
                found[f"{tool} {fault}".rstrip()] = answers
    return found


if __name__ == "__main__":
    TABLE.write_text(json.dumps(_table(), indent=1, sort_keys=True) + "\n")
