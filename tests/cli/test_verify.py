"""``wheelcheck verify`` from the command line: what it prints, and its exit status.

After a change of the text that is meant: ``python -m tests.cli.test_verify`` writes the golden files anew.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.cli.programs import Shell
from tests.fakes.environments import FakeEnvironment, embeddable, site_packages
from tests.fakes.libraries import make_elf, make_pe
from tests.fakes.samples import blocked_plan, installable_plan
from wheelcheck.api.environments import verify
from wheelcheck.environments.verify.imports import ImportOptions
from wheelcheck.model.inspection import ProblemKind
from wheelcheck.plans.documents import render_plan
from wheelcheck.plans.manifests import render_manifest
from wheelcheck.report.documents import json_schema
from wheelcheck.report.verify import VerifyDocument, render_verify

GOLDEN = Path(__file__).parents[1] / "environments" / "verify" / "golden"


@pytest.fixture
def env(shell: Shell) -> FakeEnvironment:
    return filled(shell.folder / "env")


def filled(root: Path) -> FakeEnvironment:
    """Two good distributions, one that needs a DLL which nobody has, and files that are changed, gone and foreign."""
    made = embeddable(root)
    made.install(
        "good",
        {"good/__init__.py": "", "good/_c.pyd": make_pe(["python311.dll", "KERNEL32.dll"])},
        tag="cp311-cp311-win_amd64",
    )
    made.install("pure")
    made.install(
        "kiwi",
        {"kiwi/__init__.py": "", "kiwi/a.txt": "a", "kiwi/b.txt": "b", "kiwi/_c.pyd": make_pe(["MSVCP140.dll"])},
        version="1.4.5",
        tag="cp311-cp311-win_amd64",
    )
    made.write("Lib/site-packages/kiwi/a.txt", "changed")
    (root / "Lib/site-packages/kiwi/b.txt").unlink()
    made.write("Lib/site-packages/stray.py")
    return made


def test_json_is_valid_against_the_published_schema(shell: Shell, env: FakeEnvironment) -> None:
    schema = json_schema(VerifyDocument)
    Draft202012Validator.check_schema(schema)
    for words in (["env"], ["env", "--imports", "none"]):
        answer = json.loads(shell.run("verify", *words, "--format", "json").out)
        Draft202012Validator(schema).validate(answer)
        assert answer["schema"] == "wheelcheck.verify/1"
    kinds = schema["$defs"]["ProblemKind"]["examples"]  # type: ignore[index]
    assert kinds == [kind.value for kind in ProblemKind]


def test_environment_without_problems_exits_0(shell: Shell) -> None:
    embeddable(shell.folder / "env").install("a")
    outcome = shell.run("verify", "env", "--imports", "none")
    assert outcome.status == 0
    assert "no problems" in outcome.out
    assert outcome.err == ""


def test_problems_exit_1_and_warnings_only_where_strict(shell: Shell, env: FakeEnvironment) -> None:
    assert shell.run("verify", "env").status == 1
    clean = embeddable(shell.folder / "clean")
    clean.write("Lib/site-packages/stray.py")
    assert shell.run("verify", "clean").status == 0
    assert shell.run("verify", "clean", "--strict").status == 1


@pytest.mark.parametrize("width", [80, 120])
def test_text_is_the_one_reviewed(shell: Shell, env: FakeEnvironment, width: int) -> None:
    shell.patch.setenv("COLUMNS", str(width))
    outcome = shell.run("verify", "env", "--imports", "none", "-v")
    golden = GOLDEN / f"verify-{width}.txt"
    assert outcome.out == golden.read_text(encoding="utf-8"), "see the docstring of this file"
    assert max(map(len, outcome.out.splitlines())) <= width


def test_json_has_every_problem_with_file_library_and_remedy(shell: Shell, env: FakeEnvironment) -> None:
    outcome = shell.run("verify", "env", "--format", "json", "--imports", "none")
    assert outcome.status == 1
    document = json.loads(outcome.out)
    assert document["schema"] == "wheelcheck.verify/1"
    assert document["ok"] is False
    assert [each["name"] for each in document["distributions"]] == ["good", "kiwi", "pure"]
    missing = next(each for each in document["problems"] if each["kind"] == "library-missing")
    assert (missing["library"], missing["distribution"]) == ("MSVCP140.dll", "kiwi")
    assert missing["file"] == "Lib/site-packages/kiwi/_c.pyd"
    assert "msvc-runtime" in missing["remedy"]
    assert document["no_imports"]


def test_imports_are_tried_and_told(shell: Shell) -> None:
    made = site_packages(shell.folder / "site")
    made.install("good", {"good.py": ""})
    made.install("bad", {"bad.py": "import no_such_thing"})
    outcome = shell.run("verify", "site", "--timeout", "30")
    assert outcome.status == 1
    assert "import bad: ModuleNotFoundError: No module named 'no_such_thing'" in " ".join(outcome.out.split())
    assert shell.run("verify", "site", "--timeout", "30", "--skip-import", "bad").status == 0
    assert shell.run("verify", "site", "--imports", "none").status == 0


def test_plan_is_held_against_the_bundle(shell: Shell) -> None:
    made = embeddable(shell.folder / "env")
    made.install("click", version="8.1.7")
    shell.write("plan.json", render_plan(installable_plan()))
    outcome = shell.run("verify", "env", "--plan", "plan.json")
    assert outcome.status == 1
    assert "colorama 0.4.6 is in the plan and not installed" in outcome.out


def test_plan_that_is_blocked_edited_or_gone_is_refused(shell: Shell, env: FakeEnvironment) -> None:
    shell.write("blocked.json", render_plan(blocked_plan()))
    assert "av" in shell.run("verify", "env", "--plan", "blocked.json").refused(2)
    edited = render_plan(installable_plan()).replace(b"8.1.7", b"8.1.8")
    shell.write("edited.json", edited)
    assert "changed after it was made" in shell.run("verify", "env", "--plan", "edited.json").refused(2)
    assert "gone.json" in shell.run("verify", "env", "--plan", "gone.json").refused(2)


@pytest.mark.parametrize("name", ["gone", "text", "empty"])
def test_what_is_no_environment_exits_2(shell: Shell, name: str) -> None:
    shell.write("text", "hello")
    (shell.folder / "empty").mkdir()
    assert name in shell.run("verify", name).refused(2)


def test_manifest_that_was_edited_shows_in_the_files(shell: Shell) -> None:
    made = embeddable(shell.folder / "env")
    made.install("a")
    made.write("manifest.json", render_manifest(made.manifest("a")))
    assert shell.run("verify", "env").status == 0
    made.write("python3.dll", make_pe(["ghost.dll"]))
    assert "python3.dll" in shell.run("verify", "env").out


@pytest.mark.skipif(sys.platform == "win32", reason="Windows takes no such names")
def test_hostile_names_do_not_reach_the_terminal(shell: Shell) -> None:
    made = embeddable(shell.folder / "env")
    made.install("a")
    for name in ("\x1b[31mred.py", "new\nline.py", "\u202eright.py", "back\\slash.py"):
        made.write(f"Lib/site-packages/{name}")
    (made.root / "Lib/site-packages").joinpath(os.fsdecode(b"\xff\xfe.py")).write_text("")
    for words in ((), ("-v",), ("--format", "json"), ("--color", "always")):
        outcome = shell.run("verify", "env", "--imports", "none", *words)
        assert outcome.status == 0, outcome.err
        assert "\x1b[31mred" not in outcome.out
        assert "\u202e" not in outcome.out


@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")
@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_interrupted_run_ends_at_once_with_what_it_started(shell: Shell, number: str) -> None:
    made = site_packages(shell.folder / "site")
    temporary = shell.folder / "temporary"
    temporary.mkdir()
    shell.environ["TMPDIR"] = str(temporary)
    mark = shell.folder / "started"
    made.install("a", {"a.py": f"import os, time; open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(60)"})
    with shell.start("verify", "site") as process:
        deadline = time.monotonic() + 30
        while not (mark.exists() and mark.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(getattr(signal, number))
        _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert b"Traceback" not in err
    assert list(temporary.iterdir()) == []
    time.sleep(0.2)
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)


def test_quiet_prints_nothing_but_the_status(shell: Shell, env: FakeEnvironment) -> None:
    outcome = shell.run("verify", "env", "-q")
    assert (outcome.status, outcome.out) == (1, "")


def test_many_libraries_of_the_system_are_one_sentence_of_their_distribution(tmp_path: Path) -> None:
    made = site_packages(tmp_path / "env")
    kits = ["libGL.so.1", "libEGL.so.1", "libX11.so.6", "libglib-2.0.so.0"]
    files = {f"qt/p{number}.so": make_elf([name]) for number, name in enumerate(kits * 10)}
    made.install("qt", {"qt/__init__.py": "", **files}, tag="cp311-cp311-manylinux_2_28_x86_64")
    made.install("one", {"one/a.so": make_elf(["libGL.so.1"])}, tag="cp311-cp311-manylinux_2_28_x86_64")
    inspection = verify(str(made.root), ImportOptions(wanted=False))
    text = " ".join(render_verify(inspection, width=80, color=False, encoding="utf-8", detail="brief").split())
    assert text.count("qt: ") == 1
    assert "qt: 40 files need libraries that slim images or servers lack: libEGL.so.1, libGL.so.1, libX11.so.6" in text
    assert "apt-get install libgl1 libegl1 libopengl0 libglx0 libgles2 libx11-6" in text
    assert "one/a.so needs libGL.so.1" in text
    full = " ".join(render_verify(inspection, width=80, color=False, encoding="utf-8", detail="full").split())
    assert "qt/p39.so needs" in full


def _write_golden() -> None:
    GOLDEN.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        filled(Path("env"))
        inspection = verify("env", ImportOptions(wanted=False))
    for width in (80, 120):
        text = render_verify(inspection, width=width, color=False, encoding="utf-8", detail="full")
        (GOLDEN / f"verify-{width}.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    _write_golden()
