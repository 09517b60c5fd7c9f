"""``explain`` as it is run: the log of a failed installation in, what had no wheel and the repairs out, and its exit statuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.cli.programs import Outcome, Shell
from tests.fakes.archives import make_sdist, make_wheel
from tests.logs.wrapping import LOGS
from tests.server import IndexServer
from tests.server.catalog import index_file, index_project
from wheelcheck.report.documents import json_schema
from wheelcheck.report.explain import ExplainDocument

NATIVE = "from setuptools import setup, Extension\nsetup(ext_modules=[Extension('n', ['n.c'])])\n"
CATALOG = {
    "netifaces": [
        make_sdist("netifaces", "0.11.0", files={"setup.py": NATIVE, "n.c": ""}),
        make_wheel("netifaces", "0.12.0", tags="cp313-cp313-manylinux_2_17_x86_64"),
    ],
    "pycrypto": [make_wheel("pycrypto", "2.6.1", tags="cp313-cp313-manylinux_2_17_x86_64")],
    "torch": [make_wheel("torch", "2.5.1", tags="cp312-cp312-manylinux_2_17_x86_64")],
    "numpy": [make_wheel("numpy", "2.2.0", requires_python=">=3.10"), make_wheel("numpy", "2.0.0")],
}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "build.log"


def run(shell: Shell, server: IndexServer, *words: str) -> Outcome:
    return shell.run("explain", *words, "-i", server.simple_url, "--cache-dir", str(shell.cache))


def answered(outcome: Outcome) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(outcome.out)
    Draft202012Validator(json_schema(ExplainDocument)).validate(document)
    return document


def test_each_failure_is_answered_on_the_target_of_the_log(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        outcome = run(shell, server, str(LOGS / "pip-26-two.log"), "--format", "json")
    assert outcome.status == 1
    netifaces, pycrypto = answered(outcome)["failures"]
    assert netifaces["target"] == {"platform": "manylinux_2_28_x86_64", "python": "3.13.0"}
    assert (netifaces["status"], netifaces["nearest"], netifaces["assumed"]) == ("blocked", "0.12.0", [])
    assert [finding["code"] for finding in netifaces["findings"] if finding["severity"] == "error"] == ["WC102"]
    assert [edit["to"] for edit in netifaces["repairs"][0]["edits"]] == ["==0.12.0"]
    assert netifaces["causes"][0]["id"] == "compiler"
    assert (pycrypto["status"], pycrypto["installability"]) == ("installable", "wheel")
    assert pycrypto["file"] == "pycrypto-2.6.1-cp313-cp313-manylinux_2_17_x86_64.whl"


def test_the_text_names_the_line_the_cause_and_the_repair(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        outcome = run(shell, server, str(LOGS / "pip-26-two.log"))
    text = " ".join(outcome.out.split())
    assert "2 distributions failed in this log of pip: netifaces 0.11.0 and pycrypto 2.6.1" in text
    assert "line 21: Building wheel for netifaces (pyproject.toml): finished with status 'error'" in text
    assert "There is no compiler (gcc is missing)." in text
    assert "R1 low risk ask for netifaces: 0.11.0 → 0.12.0" in text
    assert "wheelcheck plan netifaces==0.11.0 --platform manylinux_2_28_x86_64" in text
    assert "pycrypto 2.6.1 has a wheel for this target" in text


def test_options_replace_what_the_log_tells(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        outcome = run(
            shell,
            server,
            str(LOGS / "pip-26-two.log"),
            "--platform",
            "win_arm64",
            "--python",
            "3.12",
            "--format",
            "json",
        )
    assert {json.dumps(each["target"]) for each in answered(outcome)["failures"]} == {
        '{"platform": "win_arm64", "python": "3.12"}'
    }


def test_what_nobody_tells_of_the_target_is_said_to_be_this_machines(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        outcome = run(shell, server, str(LOGS / "uv-0.13-python-tag.log"))
        document = answered(run(shell, server, str(LOGS / "uv-0.13-python-tag.log"), "--format", "json"))
    assert document["failures"][0]["assumed"] == ["platform"]
    assert "the log does not tell the platform, so this machine's was taken: give --platform" in " ".join(
        outcome.out.split()
    )


def test_another_python_is_named_where_the_log_says_that_it_is_wanted(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        document = answered(
            run(shell, server, str(LOGS / "uv-0.13-requires-python.log"), "--platform", "linux", "--format", "json")
        )
    (numpy,) = document["failures"]
    assert (numpy["kind"], numpy["status"], numpy["target"]["python"]) == ("python", "blocked", "3.9.18")
    assert "2.0.0" in {edit["to"].lstrip("=") for repair in numpy["repairs"] for edit in repair["edits"]}


OFFERED = {
    "speech": [
        make_wheel("speech", "1.0", tags="cp311-cp311-win_amd64"),
        make_wheel("speech", "1.0", tags="cp311-cp311-manylinux_2_17_x86_64"),
        make_wheel("speech", "1.1", tags="cp312-cp312-manylinux_2_17_x86_64"),
        make_wheel("speech", "1.1", tags="cp313-cp313-manylinux_2_17_x86_64"),
        make_wheel("speech", "1.2", tags="cp312-cp312-manylinux_2_17_x86_64"),
        make_wheel("speech", "1.2", tags="cp312-cp312-macosx_11_0_arm64"),
        make_wheel("speech", "1.3", tags="cp313-cp313-macosx_11_0_arm64"),
    ]
}


@pytest.mark.parametrize(
    ("log", "words", "target", "inferred"),
    [
        ("(from versions: 1.1, 1.2)", ("--platform", "linux"), "manylinux_2_28_x86_64 3.12", ["python"]),
        ("(from versions: 1.2)", ("--python", "3.12"), "macosx_13_0_arm64 3.12", ["platform"]),
        ("(from versions: 1.3)", (), "macosx_13_0_arm64 3.13", ["platform", "python"]),
        # What the user says goes before, and no target has a version that the index lacks.
        ("(from versions: 1.3)", ("--platform", "win_amd64", "--python", "3.11"), "win_amd64 3.11", []),
        ("(from versions: 0.9)", ("--platform", "win_amd64", "--python", "3.11"), "win_amd64 3.11", []),
        ("(from versions: none)", ("--platform", "win_amd64", "--python", "3.11"), "win_amd64 3.11", []),
    ],
)
def test_versions_that_the_installer_lists_tell_the_target(
    shell: Shell, log: str, words: tuple[str, ...], target: str, inferred: list[str]
) -> None:
    shell.write(
        "pip.log", f"Python 3.10.1\nERROR: Could not find a version that satisfies the requirement speech==2.0 {log}\n"
    )
    with IndexServer(OFFERED) as server:
        [failure] = answered(run(shell, server, "pip.log", *words, "--format", "json"))["failures"]
        text = " ".join(run(shell, server, "pip.log", *words).out.split())
    assert " ".join(failure["target"].values()) == target
    assert failure["inferred"] == inferred
    assert set(failure["assumed"]).isdisjoint(inferred)
    assert ("for which the index has just the versions that the log lists" in text) == bool(inferred)


def test_versions_that_were_withdrawn_may_be_listed_or_not(shell: Shell) -> None:
    tags = "cp312-cp312-manylinux_2_17_x86_64"
    one, other = make_wheel("speech", "1.0", tags=tags), make_wheel("speech", "1.2", tags=tags)
    shell.write(
        "pip.log",
        "ERROR: Could not find a version that satisfies the requirement speech==9 (from versions: 1.0, 1.2)\n",
    )
    withdrawn = index_file(make_wheel("speech", "1.1", tags=tags), yanked="broken")
    with IndexServer([index_project("speech", one, withdrawn, other)]) as server:
        [failure] = answered(run(shell, server, "pip.log", "--platform", "linux", "--format", "json"))["failures"]
    assert failure["target"]["python"].startswith("3.12")


def test_index_that_cannot_be_asked_for_the_versions_leaves_each_failure_its_own(shell: Shell) -> None:
    line = "ERROR: Could not find a version that satisfies the requirement {}==9 (from versions: 1.0)\n"
    shell.write("pip.log", line.format("one") + line.format("other"))
    outcome = shell.run("explain", "pip.log", "--offline", "--cache-dir", str(shell.cache), "--format", "json")
    failures = answered(outcome)["failures"]
    assert [each["name"] for each in failures] == ["one", "other"]
    assert all(each["problem"] for each in failures)


def test_where_the_installer_found_no_version_the_targets_without_any_are_named(shell: Shell) -> None:
    pythons = [f"cp3{minor}" for minor in range(8, 14)]
    systems = ("win_amd64", "manylinux_2_17_x86_64", "macosx_11_0_arm64", "macosx_11_0_x86_64")
    wheels = [make_wheel("tensor", "1.0", tags=f"{each}-{each}-{system}") for each in pythons for system in systems]
    words = ("--platform", "win_amd64", "--python", "3.12")
    shell.write(
        "pip.log", "ERROR: Could not find a version that satisfies the requirement tensor (from versions: none)\n"
    )
    with IndexServer({"tensor": wheels, "pure": [make_wheel("pure", "1.0")]}) as server:
        text = " ".join(run(shell, server, "pip.log", "--platform", "win_amd64").out.split())
        asked = " ".join(run(shell, server, "pip.log", *words).out.split())
        shell.write(
            "pip.log", "ERROR: Could not find a version that satisfies the requirement pure (from versions: none)\n"
        )
        pure = " ".join(run(shell, server, "pip.log", *words).out.split())
    assert "the index has none for win_amd64 (3.14" in text
    assert "win_amd64 (3.12" not in text
    assert "though each common target has one: another index, or one that did not answer" in asked
    assert "though each common target has one" in pure


def test_where_the_installer_built_what_has_a_wheel_the_targets_without_one_are_named(shell: Shell, log: Path) -> None:
    catalog = {
        "game": [
            make_sdist("game", "2.0", files={"setup.py": NATIVE, "n.c": ""}),
            *(make_wheel("game", "2.0", tags=f"cp3{minor}-cp3{minor}-win_amd64") for minor in (11, 12, 13)),
        ]
    }
    log.write_text(
        "C:\\Users\\me>pip install game\nCollecting game\n  Using cached game-2.0.tar.gz (14.8 MB)\n"
        "  Getting requirements to build wheel ... error\n",
        encoding="utf-8",
    )
    with IndexServer(catalog) as server:
        document = answered(run(shell, server, str(log), "--python", "3.12", "--format", "json"))
        assert document["failures"][0]["empty"] == []
        document = answered(run(shell, server, str(log), "--format", "json"))
        text = " ".join(run(shell, server, str(log)).out.split())
    pythons = {each["python"] for each in document["failures"][0]["empty"]}
    assert "3.14" in pythons and not pythons & {"3.11", "3.12", "3.13"}
    assert "the installer built its source, and the index has no wheel for win_amd64 (3.14" in text


def test_the_index_and_the_lock_that_uv_installs_from_are_named(shell: Shell, log: Path) -> None:
    log.write_text(
        "error: Distribution `pycrypto==2.6.1 @ registry+https://packages.example/simple` can't be installed because it doesn't "
        "have a source distribution or wheel for the current platform\n\n"
        "hint: You're on Linux (`manylinux_2_39_x86_64`), but `pycrypto` (v2.6.1) only has wheels for `win_amd64`\nPython 3.13.1\n",
        encoding="utf-8",
    )
    with IndexServer(CATALOG) as server:
        text = " ".join(run(shell, server, str(log)).out.split())
    assert "pycrypto 2.6.1 has a wheel for this target" in text
    assert "a lock from before that day, --no-binary or another index" in text
    assert "The installer looked in https://packages.example/simple too" in text


@pytest.mark.parametrize(
    ("file", "what"),
    [
        ("netifaces-0.11.0-cp310-cp310-win_amd64.whl", "Python 3.10 on win_amd64"),
        ("netifaces-0.11.0-cp38-abi3-macosx_11_0_arm64.whl", "Python 3.8 or newer on macosx_11_0_arm64"),
        ("netifaces-0.11.0-cp313-cp313t-win_arm64.whl", "Python 3.13t on win_arm64"),
    ],
)
def test_what_a_refused_wheel_is_for_is_said(shell: Shell, log: Path, file: str, what: str) -> None:
    log.write_text(f"ERROR: {file} is not a supported wheel on this platform.\n", encoding="utf-8")
    with IndexServer(CATALOG) as server:
        text = " ".join(run(shell, server, str(log)).out.split())
    assert f"{file} is for {what}, and the installer ran on another" in text


def test_a_log_on_standard_input_is_read(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        outcome = shell.run(
            "explain",
            "-",
            "-i",
            server.simple_url,
            "--no-cache",
            stdin=(LOGS / "uv-0.13-no-compiler.log").read_bytes(),
        )
    assert outcome.status == 1
    assert "netifaces 0.11.0" in outcome.out


def test_an_index_that_the_installer_asked_is_named_and_not_asked(shell: Shell, log: Path) -> None:
    log.write_text(
        "Looking in indexes: https://user:****@one.example/simple, https://two.example/simple/\n"
        "ERROR: No matching distribution found for torch==2.5.1\n",
        encoding="utf-8",
    )
    with IndexServer(CATALOG) as server:
        outcome = run(shell, server, str(log), "--platform", "linux", "--python", "3.13")
    text = " ".join(outcome.out.split())
    assert "The installer looked in https://one.example/simple and https://two.example/simple/ too" in text
    assert outcome.status == 1


def test_a_network_failure_is_said_to_be_no_matter_of_wheels(shell: Shell) -> None:
    outcome = shell.run("explain", str(LOGS / "pip-26-network.log"))
    assert outcome.status == 1
    text = " ".join(outcome.out.split())
    assert "No distribution failed in this log of pip, and no wheel is missing" in text
    assert "The network or an index failed" in text


def test_a_log_without_failure_is_said_to_be_one(shell: Shell) -> None:
    outcome = shell.run("explain", str(LOGS / "pip-24-success.log"))
    assert (outcome.status, outcome.out) == (0, "Nothing failed in this log of pip\n")


def test_a_log_whose_failure_nobody_knows_is_said_to_be_one(shell: Shell, log: Path) -> None:
    log.write_text("Collecting a\nERROR: the moon is in the wrong quarter\n", encoding="utf-8")
    outcome = shell.run("explain", str(log))
    assert outcome.status == 2
    assert "no failure that wheelcheck knows is in this log of pip" in " ".join(outcome.out.split())
    assert "line 2: ERROR: the moon is in the wrong quarter" in outcome.out


def test_a_text_that_is_no_log_of_an_installer_is_said_to_be_none(shell: Shell, log: Path) -> None:
    log.write_text("once upon a time\nthere was a wheel\n", encoding="utf-8")
    outcome = shell.run("explain", str(log), "--format", "json")
    assert outcome.status == 2
    assert "no installer that wheelcheck knows speaks in this log of 2 lines" in answered(outcome)["summary"]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"PK\x03\x04rest", "a zip archive"),
        (b"\x1f\x8b\x08rest", "a gzip file"),
        (b"\x7fELF\x02\x01", "a program"),
        (b"Collecting a\0\0\0\0\0\0b\n", "a binary file"),
        (bytes(range(128, 256)) * 40, "a binary file"),
    ],
)
def test_a_binary_file_is_refused(shell: Shell, log: Path, content: bytes, kind: str) -> None:
    log.write_bytes(content)
    outcome = shell.run("explain", str(log))
    assert outcome.status == 2
    assert f"is {kind}, not the text of a log" in outcome.err
    assert outcome.out == ""


def test_a_log_that_is_not_there_is_refused(shell: Shell, log: Path) -> None:
    outcome = shell.run("explain", str(log))
    assert outcome.status == 2
    assert "cannot be read: No such file or directory" in outcome.err


def test_an_option_that_is_wrong_is_refused_and_no_fault_of_the_log(shell: Shell, log: Path) -> None:
    log.write_text("pip install --platform=win_amd64 foo\nERROR: No matching distribution found for foo==1.0\n")
    assert "--index 'bad' is neither" in shell.run("explain", str(log), "--index", "bad").refused(2)
    log.write_text("pip install --python-version=3.99 foo\nERROR: No matching distribution found for foo==1.0\n")
    outcome = shell.run("explain", str(log), "--platform", "linux")
    assert "The target in the log is not known" in " ".join(outcome.out.split())


def test_a_folder_of_ones_own_is_not_looked_for_on_an_index(shell: Shell) -> None:
    outcome = shell.run("explain", str(LOGS / "pip-26-own-project.log"), "--offline")
    assert outcome.status == 1
    assert "ourapp is a folder of your own and on no index" in " ".join(outcome.out.split())


def test_an_index_that_is_away_leaves_the_failures_named(shell: Shell) -> None:
    outcome = shell.run("explain", str(LOGS / "pip-26-two.log"), "--offline", "--no-cache", "--format", "json")
    assert outcome.status == 3
    document = answered(outcome)
    assert [each["name"] for each in document["failures"]] == ["netifaces", "pycrypto"]
    assert all(each["status"] is None and each["problem"] for each in document["failures"])


def test_a_file_that_is_called_like_the_project_is_not_taken_for_it(shell: Shell, log: Path) -> None:
    (shell.folder / "torch").mkdir()
    log.write_text("ERROR: No matching distribution found for torch\n", encoding="utf-8")
    with IndexServer(CATALOG) as server:
        words = ("--platform", "linux", "--python", "3.12", "--format", "json")
        document = answered(run(shell, server, str(log), *words))
    assert [each["status"] for each in document["failures"]] == ["installable"]


def test_text_of_a_log_does_not_drive_the_terminal(shell: Shell, log: Path) -> None:
    log.write_bytes(
        b"Collecting a\x1b[2J\x1b]0;title\x07\n\x1b[31mERROR: No matching distribution found for a\x1b[0m\n\xe2\x80\xae\x07\n"
    )
    with IndexServer(CATALOG) as server:
        outcome = run(shell, server, str(log))
    assert outcome.status == 1
    assert not set("\x1b\x07\u202e") & set(outcome.out)
