"""`why` and `wheels` as they are typed: exit status, streams, options."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.cli.programs import TARGET, Outcome, Shell
from tests.fakes.archives import make_sdist, make_wheel
from tests.server import IndexServer

CATALOG = {
    "a": [make_wheel("a", "1.0", requires=["b<2", "c; sys_platform == 'linux'"])],
    "b": [make_wheel("b", "1.0"), make_wheel("b", "1.1"), make_wheel("b", "2.0")],
    "c": [make_wheel("c", "1.0")],
    "s": [make_sdist("s", "1.0")],
}


@pytest.fixture
def index() -> Iterator[IndexServer]:
    with IndexServer(CATALOG) as server:
        yield server


def why(shell: Shell, index: IndexServer, *words: str) -> Outcome:
    return shell.run("why", *words, "-i", index.simple_url, "--cache-dir", str(shell.cache), *TARGET)


def wheels(shell: Shell, index: IndexServer, *words: str) -> Outcome:
    return shell.run("wheels", *words, "-i", index.simple_url, "--cache-dir", str(shell.cache))


def test_why_names_file_and_line_and_the_bound(shell: Shell, index: IndexServer) -> None:
    shell.write("requirements.txt", "# mine\na==1.0\n")
    outcome = why(shell, index, "b", "requirements.txt")
    assert outcome.status == 0
    assert outcome.out.startswith("b 1.1 on win_amd64, Python 3.11: from a wheel\n")
    assert "you (requirements.txt:2) ask a==1.0 → a 1.0 asks b<2 → b 1.1" in outcome.out
    assert "outside <2 (a 1.0)" in outcome.out
    assert outcome.err == ""


def test_why_of_what_is_not_there_is_status_1_and_says_why(shell: Shell, index: IndexServer) -> None:
    outcome = why(shell, index, "c", "a")
    assert outcome.status == 1
    assert "c is not installed on win_amd64" in outcome.out
    assert "does not hold on" in outcome.out


def test_why_as_json(shell: Shell, index: IndexServer) -> None:
    data = json.loads(why(shell, index, "B", "a", "--format", "json").out)
    assert (data["package"], data["version"], data["target"]["platform"]) == ("b", "1.1", "win_amd64")


def test_why_of_several_targets_is_there_where_one_has_it(shell: Shell, index: IndexServer) -> None:
    words = ("--platform", "windows,linux", "-p", "3.11", "-p", "3.12", "--no-cache", "-i", index.simple_url)
    data = json.loads(shell.run("why", "b", "a", *words, "--json").out)
    assert len(data["answers"]) == 4
    assert {answer["schema"] for answer in data["answers"]} == {"wheelcheck.why/1"}
    told = shell.run("why", "c", "a", *words)
    assert told.status == 0
    assert told.out.startswith("c is not installed on win_amd64 with Python 3.11, 3.12\n")
    assert "\nc 1.0 on manylinux_2_28_x86_64 with Python 3.11, 3.12: from a wheel\n" in told.out
    assert shell.run("why", "s", "a", *words).status == 1


def test_quiet_why_is_its_status_alone(shell: Shell, index: IndexServer) -> None:
    assert why(shell, index, "b", "a", "-q") == Outcome(status=0, out="", err="")


@pytest.mark.parametrize("name", ["b==1", "", "b c", "b/c"])
def test_what_is_no_name_is_refused(shell: Shell, index: IndexServer, name: str) -> None:
    assert "no name of a project" in why(shell, index, name, "a").refused(2)


LOCK = """lock-version = "1.0"
created-by = "by hand"

[[packages]]
name = "b"
version = "1.0"
wheels = [{{url = "{url}", hashes = {{sha256 = "{sha256}"}}}}]

[[packages]]
name = "c"
version = "1.0"
marker = "sys_platform == 'linux'"
wheels = [{{url = "{url_of_c}", hashes = {{sha256 = "{sha256}"}}}}]
"""


def test_why_takes_a_lock_as_it_is(shell: Shell, index: IndexServer) -> None:
    url = index.url_of("b-1.0-py3-none-any.whl")
    shell.write("pylock.toml", LOCK.format(url=url, url_of_c=index.url_of("c-1.0-py3-none-any.whl"), sha256="0" * 64))
    outcome = why(shell, index, "b", "pylock.toml")
    assert outcome.status == 0
    assert "you (pylock.toml:4) ask b==1.0 → b 1.0" in outcome.out
    assert "newer than the one in pylock.toml" in outcome.out
    absent = why(shell, index, "c", "pylock.toml")
    assert absent.status == 1
    assert "the lock has it, but not for this target" in absent.out


def test_why_takes_no_repair_options(shell: Shell, index: IndexServer) -> None:
    assert why(shell, index, "b", "a", "--fix=low").status == 2
    assert why(shell, index, "b", "a", "--no-repair").status == 2


def test_wheels_is_a_table(shell: Shell, index: IndexServer) -> None:
    outcome = wheels(shell, index, "b", "--platform", "windows", "--platform", "linux", "--python", "3.11", "-n", "2")
    assert outcome.status == 0
    assert outcome.out.startswith("b: 2 of 3 versions (-n shows more), newest first\n")
    assert outcome.out.count("✓any") == 5


def test_wheels_costs_one_page(shell: Shell, index: IndexServer) -> None:
    assert wheels(shell, index, "b", "--platform", "all", "--python", "all").status == 0
    assert index.count_pages("b") == len(index.requests) == 1


def test_wheels_judges_a_source_archive(shell: Shell, index: IndexServer) -> None:
    data = json.loads(wheels(shell, index, "s", "--platform", "windows", "--format", "json").out)
    assert data["rows"][0]["cells"][0]["kind"].startswith("sdist-")


def test_wheels_takes_the_targets_of_the_settings(shell: Shell, index: IndexServer) -> None:
    shell.write("wheelcheck.toml", 'platform = ["windows", "alpine"]\npython = ["3.12", "3.13"]\n')
    data = json.loads(wheels(shell, index, "b", "--format", "json").out)
    assert [(target["platform"], target["python"]) for target in data["targets"]] == [
        ("win_amd64", "3.12"),
        ("musllinux_1_2_x86_64", "3.12"),
        ("win_amd64", "3.13"),
        ("musllinux_1_2_x86_64", "3.13"),
    ]


def test_wheels_of_nothing_is_status_1(shell: Shell, index: IndexServer) -> None:
    gone = wheels(shell, index, "gone")
    assert (gone.status, gone.out) == (1, "gone was not found on any index\n")
    assert wheels(shell, index, "b>9").status == 1


def test_wheels_refuses_what_is_no_project_and_no_target(shell: Shell, index: IndexServer) -> None:
    assert "one file" in wheels(shell, index, "b @ https://index.example/b-1.0-py3-none-any.whl").refused(2)
    assert "win_amd46" in wheels(shell, index, "b", "--platform", "win_amd46").refused(2)
    assert wheels(shell, index, "b", "-n", "0").status == 2


def test_index_that_fails_is_status_3(shell: Shell) -> None:
    assert shell.run("wheels", "b", "--no-cache", "-i", "http://127.0.0.1:9/simple/").refused(3)
