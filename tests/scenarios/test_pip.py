"""Answers as pip gives them: every situation of ``pip/*.toml`` asked of wheelcheck, and of pip itself where it is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import get_args
from urllib.parse import unquote, urlsplit

import pytest

import wheelcheck
from tests.fakes.peers import why_no_pip
from tests.scenarios.situations import IndexKind, Laid, Situation, lay, load_situations
from tests.server import IndexServer
from wheelcheck.errors import WheelcheckError
from wheelcheck.model.distribution import Status

SITUATIONS = load_situations()
REFUSED = "refused"
# One process for many situations: starting pip costs ten times what it needs for one of them.
_BATCH = """
import contextlib, io, json, sys
from pip._internal.cli.main import main
answers = {}
for name, requirements, report in json.load(sys.stdin):
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        status = main(["install", "--dry-run", "--ignore-installed", "--no-cache-dir", "--disable-pip-version-check",
                       "--report", report, "--no-input", "--no-build-isolation", "-r", requirements])
    answers[name] = [status, said.getvalue()]
json.dump(answers, sys.stdout)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[IndexServer]:
    with IndexServer() as running:
        yield running


@pytest.mark.parametrize("kind", get_args(IndexKind))
@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda each: each.name)
def test_wheelcheck_answers_as_pip_does_whatever_the_kind_of_index(
    situation: Situation, kind: IndexKind, server: IndexServer, tmp_path: Path
) -> None:
    laid = lay(situation, server, tmp_path, kind)
    answer, words = ask_wheelcheck(laid)
    expected = situation.expected if situation.ours is None else situation.ours
    assert answer == _ordered(expected), words
    assert situation.says in words


def test_there_are_330_situations_and_each_tells_why() -> None:
    assert len(SITUATIONS) >= 330
    assert len({each.name for each in SITUATIONS}) == len(SITUATIONS)
    assert all(each.why.endswith(".") for each in SITUATIONS)
    # A deviation that pip does not have is none.
    assert all(each.ours != each.expected for each in SITUATIONS)


@pytest.mark.skipif(bool(why_no_pip()), reason=why_no_pip())
def test_pip_itself_gives_the_expected_answers(server: IndexServer, tmp_path: Path) -> None:
    laid = [lay(each, server, tmp_path) for each in SITUATIONS]
    answers = ask_pip(laid)
    wrong = {
        each.situation.name: (_ordered(each.situation.expected), *answers[each.situation.name])
        for each in laid
        if answers[each.situation.name][0] != _ordered(each.situation.expected)
    }
    assert not wrong, "\n".join(f"{name}: expected {row[0]}, pip {row[1]}\n{row[2]}" for name, row in wrong.items())


def _ordered(expected: tuple[str, ...] | str) -> tuple[str, ...] | str:
    return expected if isinstance(expected, str) else tuple(sorted(expected))


def ask_wheelcheck(laid: Laid) -> tuple[tuple[str, ...] | str, str]:
    """The files that wheelcheck plans to install, or ``refused``, and its words."""
    try:
        plan = wheelcheck.plan(
            str(laid.requirements),
            sdist="any",
            repairs=0,
            no_cache=True,
            environ={},
            folder=str(laid.requirements.parent),
        )
    except WheelcheckError as error:
        return REFUSED, f"{error} {error.hint}"
    words = "\n".join(f"{each.code.name}: {each.message} {each.evidence}" for each in plan.findings)
    if plan.status is Status.BLOCKED:
        return REFUSED, words
    files = [package.file.filename for package in plan.packages if package.file is not None]
    return laid.named(iter(files)), words


def ask_pip(laid: list[Laid]) -> Mapping[str, tuple[tuple[str, ...] | str, str]]:
    """The same from pip, by situation; two processes share the work."""
    with ThreadPoolExecutor(2) as executor:
        said = {name: each for part in executor.map(_run_pip, (laid[::2], laid[1::2])) for name, each in part.items()}
    answers: dict[str, tuple[tuple[str, ...] | str, str]] = {}
    for each in laid:
        status, words = said[each.situation.name]
        report = each.requirements.with_name("report.json")
        if status:
            answers[each.situation.name] = (REFUSED, words)
            continue
        chosen = json.loads(report.read_text(encoding="utf-8"))["install"]
        urls = (urlsplit(entry["download_info"]["url"]).path for entry in chosen)
        answers[each.situation.name] = (each.named(unquote(url.rpartition("/")[2]) for url in urls), words)
    return answers


def _run_pip(laid: list[Laid]) -> dict[str, tuple[int, str]]:
    """Status and words of pip for each situation."""
    runs = [
        (each.situation.name, str(each.requirements), str(each.requirements.with_name("report.json"))) for each in laid
    ]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    done = subprocess.run(
        [sys.executable, "-c", _BATCH],
        input=json.dumps(runs),
        capture_output=True,
        text=True,
        cwd=laid[0].requirements.parent,
        env={**environ, "PIP_CONFIG_FILE": os.devnull},
        timeout=300,
        check=True,
    )
    found: dict[str, tuple[int, str]] = json.loads(done.stdout)
    return found
