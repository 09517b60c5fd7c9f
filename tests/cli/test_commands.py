"""The commands besides ``plan``, and the faces of the program itself."""

from __future__ import annotations

import importlib.metadata
import json
import tomllib

import pytest
from jsonschema import Draft202012Validator

from tests.cli.programs import Shell
from tests.fakes.archives import make_sdist, make_wheel
from tests.server import IndexServer
from wheelcheck.cli.describe import SCHEMAS
from wheelcheck.plans.documents import PlanDocument
from wheelcheck.report.documents import json_schema

CATALOG = {"a": [make_wheel("a", "1.0", requires=["b"])], "b": [make_wheel("b", "1.0")], "s": [make_sdist("s", "1.0")]}


@pytest.fixture
def plan_file(shell: Shell) -> str:
    with IndexServer(CATALOG) as server:
        assert shell.plan("a", "s", "-o", "plan.json", index=server.simple_url).status == 0
    return "plan.json"


def test_export_to_requirements(shell: Shell, plan_file: str) -> None:
    outcome = shell.run("export", plan_file, "--to", "requirements")
    assert outcome.status == 0
    assert "a==1.0" in outcome.out
    assert outcome.out.count("--hash=sha256:") == 3


def test_export_to_pylock(shell: Shell, plan_file: str) -> None:
    assert shell.run("export", plan_file, "--to", "pylock", "-o", "pylock.toml").status == 0
    lock = tomllib.loads((shell.folder / "pylock.toml").read_text())
    assert [package["name"] for package in lock["packages"]] == ["a", "b", "s"]


def test_export_reads_standard_input(shell: Shell, plan_file: str) -> None:
    content = (shell.folder / plan_file).read_bytes()
    named = shell.run("export", plan_file, "--to", "requirements")
    assert shell.run("export", "-", "--to", "requirements", stdin=content).out == named.out


def test_export_of_a_blocked_plan_names_the_blockers(shell: Shell) -> None:
    with IndexServer({}) as server:
        assert shell.plan("gone", "lost", "-o", "plan.json", index=server.simple_url).status == 1
    message = shell.run("export", "plan.json", "--to", "pylock", "-o", "pylock.toml").refused(2)
    assert "gone" in message
    assert "lost" in message
    assert not (shell.folder / "pylock.toml").exists()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\x89PNG\x00\xff", b"null", b'{"schema": 3}', b"[" * 100_000])
def test_export_of_rubbish_names_the_file(shell: Shell, content: bytes) -> None:
    shell.write("plan.json", content)
    assert "plan.json" in shell.run("export", "plan.json", "--to", "requirements").refused(2)


def test_export_of_another_schema_version_says_which(shell: Shell, plan_file: str) -> None:
    plan = json.loads((shell.folder / plan_file).read_text())
    shell.write("plan.json", json.dumps({**plan, "schema": "wheelcheck.plan/2"}))
    message = shell.run("export", "plan.json", "--to", "requirements").refused(2)
    assert "wheelcheck.plan/2" in message
    assert "wheelcheck.plan/1" in message


def test_export_of_a_missing_file_or_a_folder_is_said(shell: Shell) -> None:
    shell.write("folder/x", "")
    assert "gone.json" in shell.run("export", "gone.json", "--to", "requirements").refused(2)
    assert "folder" in shell.run("export", "folder", "--to", "requirements").refused(2)


def test_export_to_an_unknown_format_names_the_known(shell: Shell, plan_file: str) -> None:
    outcome = shell.run("export", plan_file, "--to", "poetry")
    assert outcome.status == 2
    assert outcome.out == ""
    assert "requirements, pylock" in outcome.err


def test_schema_is_printed_as_it_is_published(shell: Shell) -> None:
    outcome = shell.run("schema")
    assert outcome.status == 0
    assert json.loads(outcome.out) == json_schema(PlanDocument)
    for name in SCHEMAS:
        schema = json.loads(shell.run("schema", name).out)
        Draft202012Validator.check_schema(schema)
        assert schema["title"] == f"wheelcheck.{name}/1"
        assert schema["description"]
    unknown = shell.run("schema", "lock")
    assert unknown.status == 2
    assert "write one of plan, check, diff, matrix" in unknown.err


def test_cache_is_shown_and_emptied(shell: Shell, plan_file: str) -> None:
    where = ("cache", "--cache-dir", str(shell.cache))
    assert shell.run(*where, "dir").out == f"{shell.cache}\n"
    full = shell.run(*where, "info")
    assert full.out.startswith(f"{shell.cache}\n")
    assert "\n0 entries" not in full.out
    assert "removed" in shell.run(*where, "clear").out
    assert "\n0 entries, 0.0 MB\n" in shell.run(*where, "info").out
    assert (shell.folder / plan_file).exists()


def test_cache_that_never_was_is_empty(shell: Shell) -> None:
    where = ("cache", "--cache-dir", "never")
    assert "\n0 entries" in shell.run(*where, "info").out
    assert "removed 0 entries" in shell.run(*where, "clear").out
    assert not (shell.folder / "never").exists()


def test_cache_lies_in_the_platforms_folder(shell: Shell) -> None:
    outcome = shell.run("cache", "dir")
    assert outcome.out.startswith(shell.environ["HOME"])
    assert "wheelcheck" in outcome.out


def test_foreign_files_in_the_cache_folder_outlive_clear(shell: Shell) -> None:
    shell.write("mine/thesis.txt", "years of work")
    shell.run("cache", "--cache-dir", "mine", "clear")
    assert (shell.folder / "mine" / "thesis.txt").read_text() == "years of work"


def test_version_is_the_distributions(shell: Shell) -> None:
    assert shell.run("--version").out == f"wheelcheck {importlib.metadata.version('wheelcheck')}\n"


def test_module_is_the_program(shell: Shell) -> None:
    outcome = shell.program("--version")
    assert (outcome.status, outcome.out) == (0, shell.run("--version").out)
