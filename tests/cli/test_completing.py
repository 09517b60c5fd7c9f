"""What a shell is offered at TAB, asked as the shell asks."""

from __future__ import annotations

import pytest

from tests.cli.programs import Shell
from wheelcheck.model.finding import Code


def offered(shell: Shell, typed: str) -> list[str]:
    words = typed.split(" ")
    environ = {"COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1), "_WHEELCHECK_COMPLETE": "bash_complete"}
    outcome = shell.program(environ=environ)
    assert outcome.err == ""
    return [line.partition(",")[2] for line in outcome.out.splitlines() if line.startswith("plain,")]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("wheelcheck pl", ["plan"]),
        ("wheelcheck help tr", ["tree"]),
        ("wheelcheck help WC50", ["WC501", "WC502", "WC503"]),
        ("wheelcheck plan --sd", ["--sdist"]),
        ("wheelcheck plan --sdist ", ["deny", "pure", "any"]),
        ("wheelcheck plan -t raspberry-pi-z", ["raspberry-pi-zero"]),
        ("wheelcheck matrix -t windows,win_ar", ["windows,win_arm64"]),
        ("wheelcheck check --fail-on WC60", sorted(code.number for code in Code if code.number.startswith("WC60"))),
        ("wheelcheck check --format sa", ["sarif"]),
        ("wheelcheck export plan.json --to pyl", ["pylock"]),
        ("wheelcheck completion f", ["fish"]),
    ],
)
def test_words_are_offered_where_they_may_stand(shell: Shell, typed: str, found: list[str]) -> None:
    assert offered(shell, typed) == found


def test_projects_of_the_input_are_offered(shell: Shell) -> None:
    shell.write("requirements.txt", "flask\nfastapi>=1\nnumpy\n")
    assert offered(shell, "wheelcheck why f") == ["fastapi", "flask"]
    assert offered(shell, "wheelcheck plan requirements.txt --exclude nu") == ["numpy"]
    shell.write("requirements.txt", "=\n")
    assert offered(shell, "wheelcheck why f") == []


def test_extras_and_groups_of_the_project_are_offered(shell: Shell) -> None:
    parts = "[project.optional-dependencies]\nfast = []\nfull = []\n[dependency-groups]\nfuzz = []\n"
    shell.write("pyproject.toml", f'[project]\nname = "x"\nversion = "1"\n{parts}')
    assert offered(shell, "wheelcheck plan . --extra f") == ["fast", "full"]
    assert offered(shell, "wheelcheck check --group f") == ["fuzz"]
    shell.write("pyproject.toml", "=\n")
    assert offered(shell, "wheelcheck plan . --extra f") == []


@pytest.mark.parametrize("shell_name", ["bash", "zsh", "fish"])
def test_script_for_each_shell_is_printed(shell: Shell, shell_name: str) -> None:
    outcome = shell.run("completion", shell_name)
    assert outcome.status == 0
    assert "_WHEELCHECK_COMPLETE" in outcome.out
