"""What people mistype, mix up or mislay: each message names the thing, the place and the next step, and none is a traceback.

A row is the command (``$T`` is a target without an index) and what its message has to name; a folder with ``@`` before it is where
it runs.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping

import pytest

from tests.cli.programs import Shell
from tests.fakes.archives import make_wheel
from tests.server import IndexServer

TARGET = "-t windows -p 3.12 --no-index --no-cache"
REQUIREMENTS = {"requirements.txt": "numpy\n"}
FILES: Mapping[str, str | bytes] = {
    **REQUIREMENTS,
    "latin.txt": b"# caf\xe9\nnumpy\n",
    "bytes.txt": bytes(range(256)),
    "single.txt": "idna\nnumpy=1.0\n",
    "spaced.txt": "numpy 1.0\n",
    "marker.txt": "numpy;python_version>3\n",
    "included.txt": "-r gone.txt\n",
    "bounded.txt": "-c gone.txt\n",
    "cycle.txt": "-r cycle.txt\n",
    "option.txt": "--no-such\nnumpy\n",
    "broken/pyproject.toml": "[project\n",
    "text/pyproject.toml": '[project]\nname = "x"\ndependencies = "numpy"\n',
    "numbers/pyproject.toml": '[project]\nname = "x"\ndependencies = [1]\n',
    "dynamic/pyproject.toml": '[project]\nname = "x"\ndynamic = ["dependencies"]\n',
    "project/pyproject.toml": '[project]\nname = "x"\ndependencies = ["numpy"]\n[project.optional-dependencies]\ndev = ["idna"]\n',
    "newer/uv.lock": "version = 99\n",
    "halved/poetry.lock": "x",
    "numbered/uv.lock": "version = 1\n[[package]]\nname = 3\n",
    "empty/pdm.lock": "",
    "pipenv/Pipfile": "[packages]\n",
    "pipenv/Pipfile.lock": "{}",
    "future/pylock.toml": 'lock-version = "9"\n',
    "yaml/pixi.lock": "a: [",
    "sets/platform/wheelcheck.toml": "platform = 3\n",
    "sets/word/wheelcheck.toml": 'platform = "beos"\n',
    "sets/python/wheelcheck.toml": 'python = "4.0"\n',
    "sets/key/wheelcheck.toml": 'plattform = "windows"\n',
    "sets/sdist/wheelcheck.toml": 'sdist = "maybe"\n',
    "sets/day/wheelcheck.toml": 'exclude-newer = "yesterday"\n',
    "sets/seconds/wheelcheck.toml": 'max-seconds = "long"\n',
    "sets/allow/wheelcheck.toml": '[[allow]]\npackage = "x"\n',
    "sets/targets/wheelcheck.toml": 'targets = ["windows"]\n',
    "sets/codes/wheelcheck.toml": 'fail-on = "XX"\n',
    "sets/source/wheelcheck.toml": '[sources]\ntorch = "nowhere"\n',
    "sets/index/wheelcheck.toml": "index-url = 3\n",
    "sets/toml/wheelcheck.toml": "=\n",
    "sets/imports/wheelcheck.toml": 'imports = "some"\n',
    "sets/repairs/wheelcheck.toml": "repairs = -1\n",
    "sets/flag/wheelcheck.toml": 'pre = "yes"\n',
    "sets/extras/wheelcheck.toml": "extras = 1\n",
    "sets/indexes/wheelcheck.toml": 'indexes = "x"\n',
    "sets/project/pyproject.toml": '[tool.wheelcheck]\npython = "3"\n',
    "halfplan.json": '{"schema": "wheelcheck.plan/1"}',
    "other.json": "{}",
    "text.json": "x",
    "Dockerfile": "FROM scratch\n",
    "nothing.dockerfile": "RUN x\n",
    "workflow.yml": "a: [}",
    "target.json": "{}",
    "base.json": "[]",
    "computed/setup.py": "import x\nfrom setuptools import setup\nsetup(install_requires=x.y)\n",
    "environment.yml": "x: 1\n",
    "notebook.ipynb": "{}",
    "a-1.0-py3-none-any.whl": b"no zip",
    "script.py": "print(1)\n",
    "log.txt": "all fine\n",
    "vacant/.keep": "",
}
MISTAKES = """
plan                                            | no INPUT was given
check -r                                        | requires an argument
plan gone.txt $T                                | gone.txt: no such file
plan gone/requirements.txt $T                   | gone/requirements.txt: no such file
plan vacant $T                                  | vacant: no lock
plan "" $T                                      | an input is empty
plan numpy=1.0 $T                               | 'numpy=1.0' … ==
plan "numpy 1.0" $T                             | 'numpy 1.0' … operator
plan "numpy>=" $T                               | 'numpy>='
plan "numpy>=1.0 <2" $T                         | separated by commas
plan "numpy==abc" $T                            | 'numpy==abc'
plan "numpy[" $T                                | 'numpy['
plan "numpy; python_version > 3" $T             | python_version > 3
plan "numpy; platform == 'win32'" $T            | platform ==
plan single.txt $T                              | single.txt:2 … ==
plan spaced.txt $T                              | spaced.txt:1
plan marker.txt $T                              | marker.txt:1
plan included.txt $T                            | included.txt:1 … gone.txt
plan bounded.txt $T                             | bounded.txt:1 … gone.txt
plan cycle.txt $T                               | cycle.txt:1
plan option.txt $T                              | option.txt:1 … --no-such
plan latin.txt $T                               | latin.txt:1 … UTF-8
plan bytes.txt $T                               | bytes.txt:2 … UTF-8
plan broken $T                                  | broken/pyproject.toml … TOML
plan text/pyproject.toml $T                     | text/pyproject.toml:3 … dependencies
plan numbers/pyproject.toml $T                  | numbers/pyproject.toml:3 … dependencies
plan dynamic/pyproject.toml $T                  | dynamic/pyproject.toml:3 … build backend
plan newer/uv.lock $T                           | newer/uv.lock … 99
plan halved/poetry.lock $T                      | halved/poetry.lock:1
plan numbered/uv.lock $T                        | numbered/uv.lock:2 … name
plan empty/pdm.lock $T                          | empty/pdm.lock … empty
plan pipenv/Pipfile $T                          | pipenv/Pipfile … pipenv lock
plan pipenv/Pipfile.lock $T                     | pipenv/Pipfile.lock … _meta
plan future/pylock.toml $T                      | future/pylock.toml … 9
plan yaml/pixi.lock $T                          | yaml/pixi.lock:1 … YAML
plan halfplan.json $T                           | halfplan.json … plan … export
plan other.json $T                              | other.json … JSON
plan text.json $T                               | text.json … JSON
plan notebook.ipynb $T                          | notebook.ipynb … JSON
plan Dockerfile $T                              | Dockerfile … --targets-from
plan computed/setup.py $T                       | setup.py:3 … x.y
plan environment.yml $T                         | environment.yml … dependencies
plan script.py $T                               | script.py … PEP 723
plan log.txt $T                                 | log.txt:1 … 'all fine'
plan newer/uv.lock requirements.txt $T          | uv.lock … alone
plan requirement.txt $T                         | did you mean requirements.txt
plan requirements.text $T                       | did you mean requirements.txt
plan requirements.txt -t beos -p 3.12           | 'beos'
plan requirements.txt -t win_amd46 -p 3.12      | 'win_amd46' … win_amd64
plan requirements.txt --platform windwos        | 'windwos' … windows
plan requirements.txt -t windows,linux          | windows, linux … wheelcheck check
plan requirements.txt -t mac --platform linux   | mac … linux
plan requirements.txt --platform "" --no-index  | --platform
plan requirements.txt -p 2.7                    | '2.7'
plan requirements.txt -p 4.0                    | '4.0'
plan requirements.txt -p 3                      | '3'
plan requirements.txt -p ">=3.11"               | '>=3.11'
plan requirements.txt -p all                    | all … wheelcheck matrix
plan requirements.txt -p 3.11,3.12              | 3.11, 3.12
plan requirements.txt -t gone.json              | gone.json: no such file
plan requirements.txt --target target.json      | target.json … wheelcheck target
plan requirements.txt -t target.json -p 3.12    | --target
plan requirements.txt --exclude-newer yesterday $T     | 'yesterday' … 7 days
plan requirements.txt --exclude-newer 2026-13-01 $T    | '2026-13-01'
plan requirements.txt --exclude-newer "7 fortnights" $T | '7 fortnights'
plan requirements.txt --extra nope $T           | --extra nope … pyproject.toml
plan requirements.txt --all-extras $T           | --all-extras … pyproject.toml
plan requirements.txt --group nope $T           | --group nope
plan project/pyproject.toml --extra dve $T      | 'dve' … dev
plan project/pyproject.toml --group nope $T     | 'nope'
plan requirements.txt --override "" $T          | --override is empty
plan requirements.txt --override numpy=1 $T     | --override … numpy=1
plan requirements.txt --override gone.txt $T    | gone.txt
plan requirements.txt -c gone.txt $T            | gone.txt
plan requirements.txt -c numpy=1 $T             | -c … numpy=1
plan requirements.txt --replace nmpy==1 $T      | nmpy … numpy
plan requirements.txt --exclude numpy==1 $T     | --exclude … numpy==1
plan requirements.txt --only-binary numpy==1 $T | --only-binary … numpy==1
plan requirements.txt --sdist maybe $T          | --sdist maybe … deny, pure, any
plan requirements.txt --sdist pur $T            | did you mean pure
plan requirements.txt --fix high $T             | --fix=high
plan requirements.txt --fix=some $T             | --fix=some
plan requirements.txt --fix=R0 $T               | --fix=R0
plan requirements.txt --fix --no-repair $T      | --no-repair
plan requirements.txt --repairs -1 $T           | --repairs -1 … whole number
plan requirements.txt --repairs few $T          | --repairs few … whole number
plan requirements.txt --max-seconds soon $T     | --max-seconds soon … number
plan requirements.txt --index-strategy best $T  | --index-strategy best … first-index
plan requirements.txt --source torch $T         | --source torch
plan requirements.txt --source torch=nowhere $T | torch=nowhere
plan requirements.txt -i notaurl -t windows     | -i notaurl
plan requirements.txt -i ftp://index/ -t windows | -i ftp://index/
plan requirements.txt --extra-index-url nope -t windows | --extra-index-url nope
plan requirements.txt -f gonefolder $T          | gonefolder
plan requirements.txt --knowledge gonefolder $T | gonefolder
plan requirements.txt --offline --refresh $T    | --refresh … --offline
plan requirements.txt -o gone/plan.json $T      | gone
plan requirements.txt -o vacant $T              | vacant: is a folder
plan requirements.txt -o requirements.txt $T    | requirements.txt … never changed
plan requirements.txt --write-requirements requirements.txt $T | requirements.txt … never changed
plan requirements.txt --write-requirements - $T | stdout
plan requirements.txt --json --format text $T   | --json … --format text
plan requirements.txt --format yaml $T          | --format yaml … text, html
plan requirements.txt --platfrom windows        | --platfrom … --platform
plan requirements.txt --no-deps                 | --no-deps … --exclude
plan requirements.txt --upgrade                 | --upgrade … newest
plan -e .                                       | -e … INPUT
plan requirements.txt --color sometimes $T      | --color sometimes … always
plan requirements.txt --relock $T               | --relock … check
sets/platform@ plan numpy                       | wheelcheck.toml:1 … platform
sets/word@ plan numpy                           | wheelcheck.toml:1 … 'beos'
sets/python@ plan numpy                         | wheelcheck.toml:1 … '4.0'
sets/key@ plan numpy                            | wheelcheck.toml:1 … did you mean platform
sets/sdist@ plan numpy                          | wheelcheck.toml:1 … sdist … "pure"
sets/day@ plan numpy                            | wheelcheck.toml:1 … exclude-newer
sets/seconds@ plan numpy                        | wheelcheck.toml:1 … max-seconds
sets/allow@ plan numpy                          | wheelcheck.toml:1 … reason
sets/targets@ plan numpy                        | wheelcheck.toml:1 … 'windows'
sets/codes@ check numpy                         | wheelcheck.toml:1 … 'XX'
sets/source@ plan numpy                         | wheelcheck.toml:1 … 'nowhere'
sets/index@ plan numpy                          | wheelcheck.toml:1 … index-url
sets/toml@ plan numpy                           | wheelcheck.toml:1 … TOML
sets/imports@ plan numpy                        | wheelcheck.toml:1 … imports
sets/repairs@ plan numpy                        | wheelcheck.toml:1 … repairs
sets/flag@ plan numpy                           | wheelcheck.toml:1 … pre
sets/extras@ plan numpy                         | wheelcheck.toml:1 … extras
sets/indexes@ plan numpy                        | wheelcheck.toml:1 … indexes
sets/project@ plan numpy                        | pyproject.toml:2 … '3'
why                                             | wheelcheck why needs PACKAGE
why numpy $T                                    | no INPUT
why requirements.txt numpy $T                   | wheelcheck why numpy requirements.txt
why ./project numpy $T                          | ./project is a file or folder … wheelcheck why numpy ./project
why nowhere/at.txt numpy $T                     | 'nowhere/at.txt' is no name of a project
why "numpy>=1" requirements.txt $T              | 'numpy>=1' … name alone
wheels                                          | wheelcheck wheels needs REQUIREMENT
wheels requirements.txt --no-index              | wheelcheck matrix requirements.txt
wheels numpy=1 --no-index                       | numpy=1
wheels numpy -n 0 --no-index                    | --versions 0 … 1 or more
check gone.txt $T                               | gone.txt
check requirements.txt --format xml $T          | 'xml' … sarif
check requirements.txt --format json --format text $T | json and text
check requirements.txt --format sarif=gone/x $T | gone
check requirements.txt --fail-on XX $T          | --fail-on XX … docs/findings.md
check requirements.txt --baseline gone.json $T  | gone.json … --write-baseline
check requirements.txt --baseline base.json $T  | base.json … --write-baseline
check requirements.txt --targets-from gone      | gone … Dockerfile
check requirements.txt --targets-from Dockerfile | Dockerfile:1 … FROM scratch
check requirements.txt --targets-from nothing.dockerfile | nothing.dockerfile … FROM
check requirements.txt --targets-from workflow.yml | workflow.yml:1 … YAML
matrix requirements.txt --plans requirements.txt --no-index | requirements.txt … --plans
matrix requirements.txt --format sarif          | --format sarif … json
diff requirements.txt $T                        | 1 was given … OLD and NEW
diff a b c $T                                   | 3 were given
diff requirements.txt --git-base nope $T        | nope … git
diff halfplan.json halfplan.json                | halfplan.json … 'status'
explain gone.log                                | gone.log
export plan.json                                | wheelcheck export needs --to
export gone.json --to requirements              | gone.json … wheelcheck plan
export requirements.txt --to requirements       | requirements.txt … wheelcheck plan
export plan.json --to pipp                      | 'pipp' … requirements
fetch requirements.txt -d wheels                | requirements.txt … wheelcheck plan
fetch plan.json                                 | -d DIR
fetch plan.json -d requirements.txt             | requirements.txt … folder
bundle plan.json                                | wheelcheck bundle needs … --output
bundle plan.json -o requirements.txt            | requirements.txt … exists
bundle plan.json -o new --strip everything      | 'everything' … docs
bundle plan.json -o new --size-budget lots      | 'lots' … 150MB
bundle plan.json -o new --runtime gone.zip      | gone.zip
verify gone                                     | gone
verify requirements.txt                         | requirements.txt … folder
verify vacant                                   | vacant … environment
target -t beos                                  | 'beos'
schema plans                                    | plans … plan
cache clean                                     | 'clean' … clear
config x                                        | x
config --platform beos                          | --platform 'beos' … windows, linux, macos
config --python 4                               | --python '4' … 3.11
config --exclude-newer yesterdayish             | --exclude-newer 'yesterdayish' … 2026-11-01
config -i nope                                  | -i nope … https://
config --target missing.json                    | missing.json
help plann                                      | 'plann' … plan
plna requirements.txt                           | 'plna' … plan
install numpy                                   | 'install' … wheelcheck plan
-r gone.txt                                     | gone.txt
gone.txt                                        | gone.txt
"""
ROWS = [tuple(part.strip() for part in line.rsplit(" | ", 1)) for line in MISTAKES.strip().splitlines()]


@pytest.fixture
def folder(shell: Shell) -> Shell:
    for name, content in FILES.items():
        shell.write(name, content)
    with IndexServer({"a": [make_wheel("a", "1.0")]}) as server:
        words = ("a", "-t", "windows", "-p", "3.12", "-i", server.simple_url, "--no-cache", "-o", "plan.json", "-q")
        assert shell.run("plan", *words).status == 0
    return shell


def test_there_are_enough_of_them_and_none_twice() -> None:
    commands = [command for command, _ in ROWS]
    assert len(commands) == len(set(commands)) >= 130


@pytest.mark.parametrize(("command", "told"), ROWS, ids=[command for command, _ in ROWS])
def test_mistake_is_told_with_the_thing_the_place_and_the_next_step(
    folder: Shell, command: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, at, words = command.rpartition("@ ")
    if at:
        monkeypatch.chdir(folder.folder / place)
    outcome = folder.run(*shlex.split(words.replace("$T", TARGET)))
    assert outcome.status in (2, 3), outcome
    assert outcome.out == ""
    assert "Traceback" not in outcome.err
    text = " ".join(line for line in outcome.err.splitlines() if not line.startswith("note: "))
    assert text.startswith("error: ") or "\nerror: " in outcome.err
    assert "hint: " in text, text
    start = 0
    for part in told.split(" … "):
        assert part in text[start:], (part, text)
        start = text.index(part, start)


def test_files_that_were_read_are_as_before(folder: Shell) -> None:
    folder.run("plan", "requirements.txt", "-o", "requirements.txt", *shlex.split(TARGET))
    assert (folder.folder / "requirements.txt").read_text() == REQUIREMENTS["requirements.txt"]
    assert json.loads((folder.folder / "plan.json").read_text())["status"] == "installable"
