"""Each exit status but those of failures, and what the streams then hold."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.cli.programs import TARGET, Shell
from tests.fakes.archives import make_sdist, make_wheel
from tests.server import IndexServer, Mode

NATIVE = {
    "setup.py": "from setuptools import setup, Extension\nsetup(name='n', version='1.0', ext_modules=[Extension('n', ['n.c'])])\n",
    "n.c": "int main(void) { return 0; }\n",
}
CATALOG = {
    "a": [make_wheel("a", "1.0", requires=["b"])],
    "b": [make_wheel("b", "1.0")],
    "s": [make_sdist("s", "1.0")],
    "n": [make_sdist("n", "1.0", files=NATIVE)],
}


def test_installable_plan_is_0(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        outcome = shell.plan("a", index=server.simple_url)
    assert outcome.status == 0
    assert outcome.plan["status"] == "installable"


def test_plan_that_needs_a_pure_build_is_0(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        outcome = shell.plan("s", index=server.simple_url)
    assert outcome.status == 0
    assert outcome.plan["status"] == "needs-build"


def test_blocked_plan_is_1_and_still_written(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        outcome = shell.plan("n", "a", index=server.simple_url)
        again = shell.plan("n", "a", "-o", "plan.json", index=server.simple_url)
    assert outcome.status == again.status == 1
    assert outcome.plan["status"] == "blocked"
    assert outcome.codes[0] == "WC102"
    assert (shell.folder / "plan.json").read_text() == outcome.out


def test_sdist_policy_decides_what_blocks(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        denied = shell.plan("s", "--sdist", "deny", index=server.simple_url)
        allowed = shell.plan("n", "--sdist", "any", index=server.simple_url)
    assert denied.status == 1
    assert allowed.status == 0
    assert allowed.plan["status"] == "needs-build"


def test_unknown_project_blocks(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        outcome = shell.plan("nowhere", index=server.simple_url)
    assert outcome.status == 1
    assert outcome.codes == ["WC301"]


def test_unknown_project_is_told_beside_every_requirement_that_no_version_meets(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        outcome = shell.plan("nowhere", "a>=2", "b<1", "elsewhere; sys_platform == 'aix'", index=server.simple_url)
    assert outcome.status == 1
    found = [(finding["code"], finding["package"]) for finding in outcome.plan["findings"]]
    assert sorted(found) == [("WC204", "a"), ("WC204", "b"), ("WC301", "nowhere")]


@pytest.mark.parametrize("what", ["1" * 5_000, "[" * 20_000], ids=["long number", "deep nesting"])
@pytest.mark.parametrize(
    ("command", "name", "text"),
    [
        ("plan", "pyproject.toml", "[project]\nname = 'x'\ndependencies = []\nversion = {}\n"),
        ("plan", ".", "[project]\nname = 'x'\ndependencies = []\nversion = {}\n"),
        ("plan", "script.py", "# /// script\n# dependencies = []\n# x = {}\n# ///\n"),
        ("check", "pdm.lock", "[metadata]\nlock_version = {}\n"),
        ("check", "pylock.toml", "lock-version = {}\n"),
        ("check", "report.json", '{{"version": "1", "install": {}}}'),
    ],
)
def test_document_that_meets_a_limit_of_its_reader_is_2(
    shell: Shell, command: str, name: str, text: str, what: str
) -> None:
    shell.write("pyproject.toml" if name == "." else name, text.format(what))
    assert shell.run(command, name, *TARGET, "--index-url", "http://127.0.0.1:9/").status == 2


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("t.json", '{"compatible_tags": ["cp>3-none-any"], "marker_environment": {}}', ("--target", "t.json")),
        (".python-version", "3." + "1" * 5_000, ("--targets-from", ".python-version")),
        ("index/a/index.json", '{"meta": {"api-version": "1.0"}, "files": ' + "[" * 20_000, ("-i", "index")),
    ],
)
def test_hostile_target_or_page_is_refused(shell: Shell, name: str, text: str, words: tuple[str, ...]) -> None:
    shell.write(name, text)
    where = ("-i", (shell.folder / "index").as_uri()) if words[0] == "-i" else words
    assert shell.run("check", "a", *where).status in (2, 3)


def test_spent_budget_is_4_and_undecided(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        outcome = shell.plan("a", "--max-seconds", "0", index=server.simple_url)
    assert outcome.status == 4
    assert outcome.plan["status"] == "undecided"
    assert "WC205" in outcome.codes


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("requirements.txt", "", ()),
        ("requirements.txt", "# nothing\n\n   # at all\n", ()),
        ("requirements.txt", 'a; sys_platform == "linux"\n', ()),
        ("requirements.txt", "a\n", ("--exclude", "a")),
        ("pyproject.toml", '[project]\nname = "x"\nversion = "1"\n', ()),
        ("script.py", "# /// script\n# dependencies = []\n# ///\n", ()),
    ],
)
def test_nothing_to_install_is_said_and_0(shell: Shell, name: str, content: str, words: tuple[str, ...]) -> None:
    shell.write(name, content)
    with IndexServer(CATALOG) as server:
        outcome = shell.plan(name, *words, index=server.simple_url)
        said = shell.run("plan", name, *words, *TARGET, "-i", server.simple_url, "--no-cache")
        assert server.requests == []
    assert outcome.status == said.status == 0
    assert outcome.plan["packages"] == []
    assert said.out.startswith("Nothing to install on win_amd64")
    assert said.err == ""


def test_quiet_prints_nothing_for_a_fine_plan(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        outcome = shell.run("plan", "a", "-q", "--no-cache", "-i", server.simple_url, *TARGET)
    assert (outcome.status, outcome.out, outcome.err) == (0, "", "")


def test_next_commands_repeat_what_was_typed_and_no_secret(shell: Shell) -> None:
    shell.write("bounds.txt", "b<2\n")
    with IndexServer(CATALOG, mode=Mode(credentials=("user", "hunter2"))) as server:
        url = server.simple_url
        typed = ("n", "-c", "bounds.txt", "--extra-index-url", url, "--no-cache", *TARGET)
        secret = url.replace("//", "//user:hunter2@")
        brief = shell.run("plan", *typed, "-i", secret, "-o", "plan.json", "--color", "never")
        full = shell.run("plan", *typed, "-i", secret, "-v")
    text = " ".join(brief.out.replace("\\\n", " ").split())
    assert f"wheelcheck plan {' '.join(typed)} -i {url.replace('//', '//***@')} -v" in text.replace("'", "")
    assert "hunter2" not in brief.out + full.out
    assert "every finding" not in full.out


def test_plan_and_summary_go_where_they_are_told(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        common = ("plan", "a", "--no-cache", "-i", server.simple_url, *TARGET)
        plain = shell.run(*common)
        kept = shell.run(*common, "-o", "plan.json")
        streamed = shell.run(*common, "-o", "-")
        both = shell.run(*common, "-o", "both.json", "--format", "json")
    assert plain.out.startswith("Installable on win_amd64")
    assert kept.out.startswith("Installable on win_amd64")
    written = (shell.folder / "plan.json").read_text()
    assert streamed.out == written
    assert streamed.plan["status"] == "installable"
    assert (shell.folder / "both.json").read_text() == both.out == written


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_interrupt_ends_at_once_with_130_and_leaves_the_cache_usable(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        shell.plan("b", index=server.simple_url)
        server.mode = Mode(latency=30.0)
        server.forget_requests()
        process = shell.start(*shell.plan_words("a", index=server.simple_url))
        deadline = time.monotonic() + 20
        while not server.count_pages("a") and time.monotonic() < deadline:
            time.sleep(0.01)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        assert time.monotonic() - began < 2
        assert process.returncode == 130
        # The blank line ends the terminal's own "^C".
        assert (out, err) == (b"", b"\ninterrupted\n")
        server.mode = Mode()
        server.forget_requests()
        assert shell.plan("b", index=server.simple_url).versions == {"b": "1.0"}
        assert server.requests == []
        assert shell.plan("a", index=server.simple_url).versions == {"a": "1.0", "b": "1.0"}


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX pipes")
@pytest.mark.parametrize("words", [("--format", "json"), ("-v",)])
def test_reader_that_leaves_early_is_no_failure(shell: Shell, words: tuple[str, ...]) -> None:
    with IndexServer(CATALOG) as server:
        command = ("plan", "a", "s", "--no-cache", "-i", server.simple_url, *TARGET, *words)
        process = shell.start(*command)
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.wait(timeout=20) == 0
        assert process.stderr.read() == b""
        process.stderr.close()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX descriptors")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_from_the_start_are_no_failure(shell: Shell, closed: str) -> None:
    with IndexServer(CATALOG) as server:
        command = (
            f'exec "$0" -m wheelcheck plan a -o plan.json --no-cache -i {server.simple_url} --platform windows {closed}'
        )
        done = subprocess.run(
            ["sh", "-c", command, sys.executable],
            cwd=shell.folder,
            env=shell.environ,
            capture_output=True,
            timeout=20,
            check=False,
        )
    assert b"Traceback" not in done.stderr
    assert done.returncode == 0
    assert (shell.folder / "plan.json").exists()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a Linux device")  # noqa: PTH110
def test_full_disk_behind_stdout_is_a_disk_failure(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        command = ("plan", "a", "--no-cache", "-i", server.simple_url, *TARGET)
        with open("/dev/full", "wb") as full:  # noqa: PTH123
            done = subprocess.run(
                [sys.executable, "-m", "wheelcheck", *command],
                cwd=shell.folder,
                env=shell.environ,
                stdout=full,
                stderr=subprocess.PIPE,
                timeout=20,
                check=False,
            )
    assert done.returncode == 3
    assert done.stderr.startswith(b"error: stdout: the result could not be written: No space left on device")


def test_device_as_output_is_written_to(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        assert shell.plan("a", "-o", os.devnull, index=server.simple_url).status == 0
