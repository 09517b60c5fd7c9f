"""The summary: golden files (see ``scenes.py``) and what must hold of every one."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec import structs
from packaging.version import Version

from tests.fakes import samples
from tests.report.scenes import GOLDEN, SCENES, Scene
from wheelcheck.model.finding import Code, Finding, Severity
from wheelcheck.model.plan import InputRecord, Plan
from wheelcheck.report.commands import wrapped_command
from wheelcheck.report.summary import render_summary

PLANS = samples.every_plan()


def with_finding(finding: Finding) -> Plan:
    return structs.replace(samples.installable_plan(), findings=(finding,))


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_summary_is_the_golden_one(scene: Scene) -> None:
    assert scene.drawn() == scene.path.read_text(encoding="utf-8")


def test_every_golden_file_has_its_scene() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == {scene.name for scene in SCENES}


@pytest.mark.parametrize("word", PLANS)
def test_eighty_columns_are_enough(word: str) -> None:
    for encoding in ("ascii", "utf-8"):
        for line in render_summary(PLANS[word], width=80, encoding=encoding).splitlines():
            assert len(line) <= 80, line


@pytest.mark.parametrize("word", PLANS)
@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_version_is_parted_from_its_project(word: str, width: int) -> None:
    for line in render_summary(PLANS[word], width=width, encoding="utf-8").splitlines():
        assert not re.match(r"\s+\d+\.\d", line), line


@pytest.mark.parametrize("word", PLANS)
def test_without_colour_it_is_plain_ascii(word: str) -> None:
    text = render_summary(PLANS[word], width=80, color=False, detail="full")
    assert text.isascii()
    assert "\x1b" not in text


@pytest.mark.parametrize("word", PLANS)
def test_colour_changes_no_word(word: str) -> None:
    plain = render_summary(PLANS[word], width=80, encoding="utf-8")
    coloured = render_summary(PLANS[word], width=80, color=True, encoding="utf-8")
    assert "\x1b[" in coloured
    stripped = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert [line.rstrip() for line in stripped.splitlines()] == plain.splitlines()


def test_first_line_is_the_verdict() -> None:
    first = {word: render_summary(plan, width=100).splitlines()[0] for word, plan in PLANS.items()}
    assert first["blocked"] == "Blocked on win_amd64, Python 3.11: 1 of 9 projects needs a compiler"
    assert first["installable"].startswith("Installable on win_amd64, Python 3.11: all 2 projects")
    assert first["undecided"].startswith("Undecided")


def test_where_the_wheels_are_is_said_beside_the_error_and_only_there() -> None:
    brief, full = (render_summary(PLANS["blocked"], width=100, detail=detail) for detail in ("brief", "full"))
    assert "\n    av 11.0.0  audiocraft 1.3.0  12.0.0 newer" in brief
    assert full.count("12.0.0 (newer") == 1
    assert "\n    nearest    av has a wheel for win_amd64, Python 3.11 in 12.0.0" in full
    assert "Notes" not in brief + full


def test_several_blockers_have_a_row_each_and_what_is_no_blocker_its_words() -> None:
    def missing(code: Code, name: str, **more: object) -> Finding:
        paths = (("app==1.0", f"{name}==1.0"), ("app==1.0", "lib==2.0", f"{name}==1.0"))
        found = samples.finding(code, name, "1.0", f"{name} is missing.")
        return structs.replace(found, severity=Severity.ERROR, paths=paths, **more)

    findings = (
        missing(
            Code.OTHER_PYTHONS, "near", nearest=Version("1.1"), elsewhere=("3.8", "3.9", "3.10", "3.12", "PyPy 3.10")
        ),
        missing(Code.OTHER_PLATFORMS, "far", nearest=Version("0.9"), elsewhere=("macosx arm64",)),
        samples.finding(Code.PROJECT_ABSENT, "typo", None, "typo was not found on any index"),
    )
    plan = structs.replace(samples.blocked_plan(), findings=findings)
    rows = [" ".join(line.split()) for line in render_summary(plan, encoding="utf-8").splitlines()]
    assert "near 1.0 app 1.0 +1 1.1 newer Python 3.8 to 3.10, 3.12, PyPy 3.10" in rows
    assert "far 1.0 app 1.0 +1 0.9 older macosx arm64" in rows
    assert "typo was not found on any index" in render_summary(plan)
    assert "near is missing." in render_summary(plan, detail="full")


def test_warnings_of_one_code_stand_together() -> None:
    findings = tuple(
        samples.finding(code, name, "1.0", f"{name} is so.")
        for code, name in ((Code.OLD_PICK, "a"), (Code.YANKED_PINNED, "b"), (Code.OLD_PICK, "c"))
    )
    text = render_summary(structs.replace(samples.installable_plan(), findings=findings), width=80)
    assert text.count("WC203") == 1
    assert text.index("c is so") < text.index("WC202")


def test_note_on_how_a_project_is_shipped_is_shown_at_once_and_many_of_one_code_are_counted() -> None:
    note = structs.replace(
        samples.finding(Code.ADVISORY, "pywin32", "312", "pywin32 312: finds its modules by a .pth.")
    )
    note = structs.replace(note, severity=Severity.INFO)
    others = [samples.finding(Code.PRE_RELEASE, f"p{number}", "1.0a1", f"p{number} is early.") for number in range(4)]
    text = render_summary(structs.replace(samples.installable_plan(), findings=(note, *others)), encoding="utf-8")
    assert "\n\n  • pywin32 312: finds its modules by a .pth.  WC501\n" in text
    assert "a pre-release was chosen (4); -v shows all" in text
    assert "p1 is early" not in text


def test_commands_repeat_what_was_named_and_quote_it() -> None:
    named = (InputRecord(path="my reqs.txt", sha256="0" * 64), InputRecord(path="nested.txt", sha256="1" * 64))
    plan = structs.replace(samples.blocked_plan(), inputs=(*named, InputRecord(path="numpy<2")))
    text = render_summary(plan, width=200)
    assert "wheelcheck plan 'my reqs.txt' 'numpy<2' --platform win_amd64" in text
    assert "nested.txt" not in text


@pytest.mark.parametrize("word", PLANS)
def test_plan_that_was_written_is_carried_out_next_and_not_written_again(word: str) -> None:
    text = render_summary(PLANS[word], encoding="utf-8", written="my plan.json")

    assert "keep the plan\n" not in text
    assert all(len(line) <= 80 for line in text.splitlines())
    if PLANS[word].status.value in ("installable", "needs-build") and PLANS[word].packages:
        assert "    wheelcheck fetch 'my plan.json' -d wheels\n" in text
        assert "    wheelcheck bundle 'my plan.json' --runtime RUNTIME -o dist\n" in text
        assert "    wheelcheck export 'my plan.json' --to requirements" in text


@pytest.mark.parametrize(
    ("word", "typed"),
    [
        ("numpy==1.26.4", "numpy==1.26.4"),
        ("numpy<2", '"numpy<2"'),
        ('uvloop; sys_platform == "linux"', "\"uvloop; sys_platform == 'linux'\""),
        ("C:\\my folder\\a.txt", '"C:\\my folder\\a.txt"'),
        ("@file", '"@file"'),
        ("a,b", '"a,b"'),
        ("C:\\my folder\\", '"C:\\my folder\\\\"'),
        ("C:\\folder\\", "C:\\folder\\"),
        ("my$folder/a.txt", 'm"y$"f"older/a.txt"'),
        ("C:\\%TEMP%\\a.txt", 'C":\\%"T"EMP%\\a.txt"'),
        ("%TEMP%\\a b.txt", '%T"EMP%\\a b.txt"'),
        ("https://index.example/a%2Bb%2Bc", '"https://index.example/a%2Bb%2Bc"'),
        ("costs$/a b", '"costs$/a b"'),
        ("a$b", 'a"$"b'),
        # What begins so has no form that is right in both.
        ("$HOME/a", '"$HOME/a"'),
    ],
)
def test_commands_on_windows_are_one_line_that_its_shells_take(word: str, typed: str) -> None:
    assert wrapped_command(("wheelcheck", "plan", word), 20, is_windows=True) == [f"wheelcheck plan {typed}"]


def _as_command_prompt(typed: str) -> list[str]:
    """The arguments of a program that Command Prompt starts: variables are put in everywhere, quotes are the program's matter."""
    put_in = re.sub(r"%([^%]+)%", lambda found: "!" if found[1].isidentifier() else found[0], typed)
    return ["".join(re.split('"', word)) for word in re.findall(r'(?:[^\s"]|"[^"]*")+', put_in)]


def _as_powershell(typed: str) -> list[str]:
    """The same in PowerShell: what begins with a quote ends with the next one, and a variable is put in between quotes too."""
    words = re.findall(r'"(?:[^"]|"")*"|[^\s"](?:[^\s"]|"(?:[^"]|"")*")*', typed)
    return [re.sub(r"\$\w+", "!", word).replace('"', "") for word in words]


@given(st.text(alphabet="ab%$ .\\'=", min_size=1, max_size=12))
def test_no_shell_of_windows_puts_a_variable_into_what_begins_with_a_letter(end: str) -> None:
    assume(not end.endswith("\\"))
    (typed,) = wrapped_command((f"a{end}",), 20, is_windows=True)
    assert _as_command_prompt(typed) == _as_powershell(typed) == [f"a{end}"]


def test_long_commands_are_broken_between_words_and_mean_the_same() -> None:
    long = f"/a/{'very/' * 10}long -name.txt"
    typed = (
        "wheelcheck",
        "plan",
        "a",
        long,
        "-c",
        "bounds -x.txt",
        "--no-cache",
        "--index-url",
        "https://index.example/simple/",
    )
    text = render_summary(samples.blocked_plan(), width=80, asked=typed)
    assert max(map(len, text.splitlines())) <= 80
    commands = text.replace(" \\\n", " ").splitlines()
    assert [*typed, "-v"] in [shlex.split(line) for line in commands if line.startswith("    wheelcheck")]


def test_other_missing_wheels_are_counted_too() -> None:
    finding = samples.finding(Code.NOTHING_FOR_TARGET, "click", "8.1.7", "click 8.1.7 has no file for win_amd64.")
    plan = structs.replace(with_finding(finding), status=samples.blocked_plan().status)
    assert "1 of 2 projects cannot be installed from a wheel" in render_summary(plan, width=100)


def test_brief_summary_of_a_crowded_plan_fits_a_screen() -> None:
    assert len(render_summary(PLANS["crowded"], width=80).splitlines()) <= 60


def test_full_summary_leaves_no_finding_out() -> None:
    text = render_summary(PLANS["crowded"], width=80, detail="full")
    assert "more" not in re.sub(r"\(and \d+ more way", "", text).replace("more -v", "")
    for finding in PLANS["crowded"].findings:
        assert finding.package is not None
        assert finding.package in text
    for package in PLANS["crowded"].packages:
        assert re.search(rf"^ +{package.name} +{re.escape(str(package.version))} ", text, re.MULTILINE)


def test_text_of_an_index_cannot_drive_the_terminal() -> None:
    finding = samples.finding(
        Code.YANKED_PINNED, "evil", "1.0", "yanked: \x1b]0;title\x07\x1b[2J\rgone\u202e", severity=Severity.WARNING
    )
    for color in (False, True):
        text = render_summary(with_finding(finding), width=80, color=color, encoding="utf-8")
        assert "\x1b]" not in text
        assert "\x1b[2J" not in text
        assert "\r" not in text
        assert "\u202e" not in text


def test_what_the_stream_cannot_encode_is_escaped_not_lost() -> None:
    finding = samples.finding(Code.YANKED_PINNED, "a", "1.0", "yanked: 壊れた → use 2.0", severity=Severity.WARNING)
    text = render_summary(with_finding(finding), width=80, encoding="cp1252")
    text.encode("cp1252")
    assert "\\u58ca" in text
    assert "-> use 2.0" in text


def test_percent_2b_in_urls_and_brackets_are_no_markup() -> None:
    finding = samples.finding(Code.EXTRA_UNKNOWN, "a", "1.0", "a[red] 1.0 offers no such extra: a%2Bb [/red]")
    assert "a[red] 1.0 offers no such extra: a%2Bb [/red]" in render_summary(
        with_finding(finding), width=80, color=True, encoding="utf-8"
    )


def test_plain_summary_does_not_import_rich() -> None:
    code = (
        "import sys; from tests.fakes import samples; from wheelcheck.report.summary import render_summary;"
        "render_summary(samples.blocked_plan(), width=80); sys.exit('rich' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
