"""``wheelcheck check``: each exit status, each place that inputs and targets come from, each format of the answer."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.cli.programs import Outcome, Shell
from tests.fakes.archives import make_sdist, make_wheel
from tests.server import Flaky, IndexServer, Lie, Mode

NATIVE = {
    "setup.py": "from setuptools import setup, Extension\nsetup(name='n', version='1.0', ext_modules=[Extension('n', ['n.c'])])\n",
    "n.c": "int main(void) { return 0; }\n",
}
CATALOG = {
    "a": [make_wheel("a", "1.0", requires=["b"])],
    "b": [make_wheel("b", "1.0")],
    "needs-native": [make_wheel("needs-native", "1.0", requires=["native"])],
    "native": [make_sdist("native", "1.0", files=NATIVE)],
    "pure": [make_sdist("pure", "1.0")],
    "windows": [make_wheel("windows", "1.0", tags="cp311-cp311-win_amd64")],
    "gone": [make_wheel("gone", "1.0")],
}
WINDOWS = ("--platform", "win_amd64", "--python", "3.11")
TWO = ("--platform", "win_amd64", "--platform", "linux", "--python", "3.11")
ALWAYS = 1_000
DOWN = Mode(flaky=Flaky(first=ALWAYS, how="500", on="/simple/gone/"))
ALLOWED = '[[allow]]\npackage = "native"\nreason = "we build it"\nexpires = {day}\n'
LATER, PAST = "2999-01-31", "2020-01-31"


def check(shell: Shell, server: IndexServer, *words: str, stdin: bytes | None = None) -> Outcome:
    """Run ``check`` against *server*, looking for no repairs."""
    common = ("-i", server.simple_url, "--cache-dir", str(shell.cache), "--no-repair")
    return shell.run("check", *words, *common, stdin=stdin)


def checked(shell: Shell, server: IndexServer, *words: str, stdin: bytes | None = None) -> dict[str, Any]:
    """The JSON of a check that ended as its own ``status`` says."""
    outcome = check(shell, server, *words, "--format", "json", stdin=stdin)
    assert outcome.err == ""
    answer: dict[str, Any] = json.loads(outcome.out)
    return answer


def verdicts(answer: dict[str, Any]) -> dict[str, str]:
    """The verdict on each target, by ``platform/python``."""
    return {f"{each['platform']}/{each['python']}": each["verdict"] for each in answer["targets"]}


def codes(answer: dict[str, Any], verdict: str) -> list[str]:
    return [each["code"] for each in answer["findings"] if each["verdict"] == verdict]


# Exit statuses


@dataclass(frozen=True, kw_only=True)
class Case:
    """One line of the table: what stands in the folder, what is typed, how the index behaves, and what comes of it."""

    words: tuple[str, ...]
    status: int
    files: dict[str, str] = field(default_factory=dict)
    mode: Mode = field(default_factory=Mode)
    targets: tuple[str, ...] = WINDOWS
    verdicts: tuple[str, ...] = ()


ON_WINDOWS = {"r.txt": "gone; sys_platform == 'win32'\nwindows\n"}
CASES = {
    "nothing to say": Case(words=("a",), status=0, verdicts=("passes",)),
    "no requirement applies": Case(words=("native; sys_platform == 'darwin'",), status=0, verdicts=("passes",)),
    "native source": Case(words=("native",), status=1, verdicts=("fails",)),
    "pure source": Case(words=("pure",), status=1, verdicts=("fails",)),
    "pure source, admitted": Case(words=("pure", "--sdist", "pure"), status=0, verdicts=("passes",)),
    "native source, admitted": Case(words=("native", "--sdist", "any"), status=0, verdicts=("passes",)),
    "native source that warns at most": Case(words=("native", "--warn-only", "WC1"), status=0, verdicts=("passes",)),
    "information made to fail": Case(
        words=("pure", "--sdist", "pure", "--fail-on", "WC101"), status=1, verdicts=("fails",)
    ),
    "wheel for another platform": Case(words=("windows",), status=1, targets=TWO, verdicts=("passes", "fails")),
    "wheel for another Python": Case(
        words=("windows",), status=1, targets=(*WINDOWS, "--python", "3.12"), verdicts=("passes", "fails")
    ),
    "project unknown": Case(words=("nowhere",), status=1, verdicts=("fails",)),
    "requirements that clash": Case(words=("b==1.0", "b!=1.0"), status=1, verdicts=("fails",)),
    "allowed": Case(
        words=("native",), status=0, files={"wheelcheck.toml": ALLOWED.format(day=LATER)}, verdicts=("passes",)
    ),
    "allowed until a day that is past": Case(
        words=("native",), status=1, files={"wheelcheck.toml": ALLOWED.format(day=PAST)}, verdicts=("fails",)
    ),
    "allowed elsewhere only": Case(
        words=("native",),
        status=1,
        files={"wheelcheck.toml": ALLOWED.format(day=LATER) + 'targets = "win*"\n'},
        targets=TWO,
        verdicts=("passes", "fails"),
    ),
    "undecided": Case(words=("a", "--max-seconds", "0"), status=4, verdicts=("undecided",)),
    "failing as far as it went, and undecided": Case(
        words=("native", "--max-seconds", "0"), status=4, verdicts=("undecided",)
    ),
    "undecided, and warning at most": Case(
        words=("a", "--max-seconds", "0", "--warn-only", "WC"), status=4, verdicts=("undecided",)
    ),
    "index fails": Case(words=("gone",), status=3, mode=DOWN, verdicts=("no answer",)),
    "index ends in the middle": Case(
        words=("gone",),
        status=3,
        mode=Mode(flaky=Flaky(first=ALWAYS, how="truncate", on="/simple/")),
        verdicts=("no answer",),
    ),
    "source archive is not what the index says": Case(
        words=("pure",), status=3, mode=Mode(lies=frozenset({Lie.PAGE_HASH})), verdicts=("no answer",)
    ),
    "index fails for one target, another passes": Case(
        words=("gone; sys_platform == 'win32'", "a"),
        status=3,
        mode=DOWN,
        targets=TWO,
        verdicts=("no answer", "passes"),
    ),
    "index fails for one target, another fails": Case(
        words=("r.txt",), files=ON_WINDOWS, status=1, mode=DOWN, targets=TWO, verdicts=("no answer", "fails")
    ),
    "index fails for one target, others are undecided": Case(
        words=("gone; sys_platform == 'win32'", "a", "--max-seconds", "0"),
        status=3,
        mode=DOWN,
        targets=TWO,
        verdicts=("no answer", "undecided"),
    ),
    "offline with nothing kept": Case(words=("a", "--offline"), status=3, verdicts=("no answer",)),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_exit_status_is_the_worst_that_is_certain(shell: Shell, case: Case) -> None:
    for name, text in case.files.items():
        shell.write(name, text)
    with IndexServer(CATALOG, mode=case.mode) as server:
        outcome = check(shell, server, *case.words, *case.targets, "--format", "json")
    answer = json.loads(outcome.out)
    assert (outcome.status, outcome.err) == (case.status, "")
    assert answer["exit_status"] == case.status
    assert tuple(verdicts(answer).values()) == case.verdicts


USAGE = {
    "no input in the folder": ((), "no lock, pyproject.toml with dependencies, setup.cfg, setup.py, requirements file"),
    "unknown format": (("a", "--format", "sariff"), "did you mean sarif?"),
    "two formats for stdout": (("a", "--format", "json", "--format", "sarif"), "cannot both go to one place"),
    "format with an empty file": (("a", "--format", "json="), "names no file"),
    "-o for nothing": (("a", "--format", "json=x.json", "-o", "y.json"), "-o is for the format without a file"),
    "one file for two formats": (("a", "--format", "json=x", "--format", "sarif=./x"), "is to be written twice"),
    "baseline and format in one file": (("a", "--format", "json=x", "--write-baseline", "x"), "is to be written twice"),
    "output over an input": (("r.txt", "-o", "r.txt"), "is one of the files that are read"),
    "output over a file of targets": (
        ("a", "--targets-from", ".python-version", "-o", ".python-version"),
        "is one of the files that are read",
    ),
    "baseline on stdout": (("a", "--write-baseline", "-"), "--write-baseline needs a file"),
    "unknown code": (
        ("a", "--fail-on", "WC9"),
        "--fail-on WC9: no finding has such a code\nhint: they run from WC101 to ",
    ),
    "empty code": (("a", "--warn-only", ""), "--warn-only names no code"),
    "missing baseline": (("a", "--baseline", "none.json"), "make it with --write-baseline"),
    "empty baseline": (("a", "--baseline", ""), "--baseline is empty"),
    "broken baseline": (("a", "--baseline", "r.txt"), "r.txt:1: is not valid JSON"),
    "empty platform": (("a", "--platform", ""), "--platform is empty"),
    "unknown platform": (("a", "--platform", "windoze"), "windoze"),
    "unknown Python": (("a", "--python", "4.5"), "4.5"),
    "missing file of targets": (("a", "--targets-from", "Dockerfile"), "Dockerfile: cannot be read"),
    "file of targets that names none": (("a", "--targets-from", "r.txt"), "r.txt"),
    "missing target file": (("a", "--target", "none.json"), "none.json: cannot be read"),
    "relock of no lock": (("r.txt", "--relock"), "--relock: r.txt is no lock"),
    "no repair and repairs": (("a", "--no-repair", "--repairs", "2"), "exclude each other"),
    "malformed requirement": (("bad.txt",), "bad.txt:1"),
    "missing input": (("none.txt",), "none.txt"),
}


@pytest.mark.parametrize(("words", "said"), USAGE.values(), ids=USAGE.keys())
def test_bad_usage_is_2_before_the_index_is_asked(shell: Shell, words: tuple[str, ...], said: str) -> None:
    shell.write("r.txt", "a\n" if words else "")
    if not words:
        (shell.folder / "r.txt").unlink()
    shell.write("bad.txt", "a b c\n")
    shell.write(".python-version", "3.11\n")
    with IndexServer(CATALOG) as server:
        # The running interpreter is the target, for want of words.
        outcome = shell.run("check", *words, "-i", server.simple_url, "--no-cache")
        assert said in outcome.refused(2)
        assert server.requests == []
    assert (shell.folder / "bad.txt").read_text() == "a b c\n"
    assert sorted(path.name for path in shell.folder.iterdir()) in (
        [".python-version", "bad.txt"],
        [".python-version", "bad.txt", "r.txt"],
    )


@pytest.mark.parametrize(
    "words", [("-o", "no/such/x"), ("--format", "sarif=no/such/x"), ("--write-baseline", "no/such/x"), ("-o", ".")]
)
def test_file_that_cannot_be_written_is_refused_before_the_work(shell: Shell, words: tuple[str, ...]) -> None:
    with IndexServer(CATALOG) as server:
        check(shell, server, "a", *words).refused(3)
        assert server.requests == []


# The baseline


def test_baseline_lets_pass_what_was_there_and_nothing_new(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        written = check(shell, server, "native", *TWO, "--write-baseline", "base.json", "-q")
        assert (written.status, written.out, written.err) == (0, "", "")
        again = checked(shell, server, "native", *TWO, "--baseline", "base.json")
        assert (again["exit_status"], codes(again, "known")) == (0, ["WC102"])
        more = checked(shell, server, "native", "windows", *TWO, "--baseline", "base.json")
        assert (more["exit_status"], codes(more, "fails"), codes(more, "known")) == (1, ["WC106"], ["WC102"])
        elsewhere = checked(
            shell, server, "native", "--platform", "win_arm64", "--python", "3.11", "--baseline", "base.json"
        )
        assert elsewhere["exit_status"] == 1


def test_baseline_of_the_settings_need_not_exist_where_it_is_to_be_written(shell: Shell) -> None:
    shell.write("wheelcheck.toml", 'baseline = "base.json"\n')
    with IndexServer(CATALOG) as server:
        assert "make it with --write-baseline" in check(shell, server, "native", *WINDOWS).refused(2)
        first = check(shell, server, "native", *WINDOWS, "--write-baseline", "base.json")
        assert (first.status, first.err) == (0, "note: 1 finding written to base.json\n")
        assert check(shell, server, "native", *WINDOWS).status == 0
        kept = (shell.folder / "base.json").read_bytes()
        # What is known is kept when the baseline is written again.
        assert check(shell, server, "native", *WINDOWS, "--write-baseline", "base.json").status == 0
        assert (shell.folder / "base.json").read_bytes() == kept


@pytest.mark.parametrize(
    ("words", "mode", "status"),
    [
        (("native", "--max-seconds", "0"), Mode(), 4),
        (("gone; sys_platform == 'win32'", "native"), DOWN, 3),
    ],
    ids=["undecided", "index fails for one target"],
)
def test_baseline_is_not_written_without_an_answer_for_every_target(
    shell: Shell, words: tuple[str, ...], mode: Mode, status: int
) -> None:
    shell.write("base.json", "as it was")
    with IndexServer(CATALOG, mode=mode) as server:
        outcome = check(shell, server, *words, *TWO, "--write-baseline", "base.json")
    assert outcome.status == status
    assert outcome.err.startswith("note: base.json not written: there is no answer for win_amd64, Python 3.11")
    assert (shell.folder / "base.json").read_text() == "as it was"


# Inputs


def test_dependency_file_of_the_folder_is_found_and_named(shell: Shell) -> None:
    shell.write("requirements.txt", "native\n")
    shell.write("requirements-dev.txt", "windows\n")
    with IndexServer(CATALOG) as server:
        answer = checked(shell, server, *WINDOWS)
        assert [each["path"] for each in answer["inputs"]] == ["requirements.txt"]
        assert answer["notes"] == ["no INPUT was named: requirements.txt was taken, and not requirements-dev.txt"]
        shell.write("pyproject.toml", '[project]\nname = "x"\nversion = "1"\ndependencies = ["a"]\n')
        text = check(shell, server, *WINDOWS)
        assert text.status == 0
        assert "no INPUT was named: pyproject.toml was taken" in " ".join(text.out.split())


def test_several_inputs_and_standard_input_are_one_question(shell: Shell) -> None:
    shell.write("r.txt", "a\n")
    shell.write("more.txt", "windows\n")
    with IndexServer(CATALOG) as server:
        answer = checked(shell, server, "r.txt", "more.txt", "b==1.0", "-", *WINDOWS, stdin=b"gone\n")
    assert [each["name"] for each in answer["targets"][0]["packages"]] == ["a", "b", "gone", "windows"]
    assert [each["path"] for each in answer["inputs"]] == ["b==1.0", "r.txt", "more.txt", "-"]


def test_finding_leads_to_the_line_that_brings_it(shell: Shell) -> None:
    shell.write("r.txt", "a\n# why not\nneeds-native\n")
    with IndexServer(CATALOG) as server:
        (finding, _) = checked(shell, server, "r.txt", *TWO)["findings"]
    assert finding["origins"] == [{"kind": "file", "path": "r.txt", "line": 3}]


# Targets

SETTINGS = 'targets = ["win_amd64/3.12", "linux/3.13"]\nplatform = "alpine"\npython = ["3.11", "3.12"]\n'
DOCKERFILE = "FROM python:3.12-slim-bookworm\n"
WORKFLOW = """
jobs:
  test:
    runs-on: ${{ matrix.os }}
    strategy:
      matrix:
        os: [windows-2022, macos-14]
        python-version: ["3.11", "3.12"]
    steps:
      - uses: actions/setup-python@v5
        with:
          python-version: ${{ matrix.python-version }}
  other:
    runs-on: ${{ inputs.where }}
    steps:
      - uses: actions/setup-python@v5
        with:
          python-version: ${{ inputs.python }}
"""
REQUIRES = '[project]\nname = "x"\nversion = "1"\nrequires-python = ">=3.13"\ndependencies = []\n'
CIBUILDWHEEL = '[tool.cibuildwheel]\nbuild = "cp312-win_amd64 cp313-manylinux_x86_64"\n'


def named(shell: Shell, *words: str) -> list[str]:
    with IndexServer(CATALOG) as server:
        return list(verdicts(checked(shell, server, "b", *words)))


def test_platforms_are_multiplied_by_pythons_each_once(shell: Shell) -> None:
    found = named(shell, "--platform", "windows", "--platform", "linux", "--platform", "win_amd64",
                  "--python", "3.12", "--python", "3.11", "--python", "3.12")  # fmt: skip
    assert found == ["win_amd64/3.12", "win_amd64/3.11", "manylinux_2_28_x86_64/3.12", "manylinux_2_28_x86_64/3.11"]


def test_all_stands_for_the_usual_platforms_and_pythons(shell: Shell) -> None:
    found = named(shell, "--platform", "all", "--python", "all", "--exclude-newer", "2026-11-28")
    # Eight platforms; 3.11 to 3.15 are maintained on that day, and of the last three there are free-threaded builds.
    assert len(found) == len(set(found)) == 64
    assert {target.partition("/")[2] for target in found} == {
        "3.11",
        "3.12",
        "3.13",
        "3.14",
        "3.15",
        "3.13t",
        "3.14t",
        "3.15t",
    }
    assert named(shell, "--platform", "all", "--python", "3.11")[0] == "win_amd64/3.11"


def test_targets_of_the_settings_count_where_no_words_do(shell: Shell) -> None:
    shell.write("wheelcheck.toml", SETTINGS)
    alpine = [f"musllinux_1_2_x86_64/{python}" for python in ("3.11", "3.12")]
    assert named(shell) == ["win_amd64/3.12", "manylinux_2_28_x86_64/3.13", *alpine]
    assert named(shell, "--platform", "win32") == ["win32/3.11", "win32/3.12"]
    assert named(shell, "--python", "3.10") == ["musllinux_1_2_x86_64/3.10"]
    assert named(shell, "--platform", "win32", "--python", "3.10") == ["win32/3.10"]


def test_running_interpreter_is_the_target_that_nobody_named(shell: Shell) -> None:
    import sys

    (found,) = named(shell)
    assert found.split("/")[1].startswith(f"{sys.version_info[0]}.{sys.version_info[1]}")


@pytest.mark.parametrize(
    ("name", "text", "words", "found"),
    [
        ("Dockerfile", DOCKERFILE, (), ["manylinux_2_36_x86_64/3.12"]),
        ("Dockerfile", DOCKERFILE, WINDOWS, ["manylinux_2_36_x86_64/3.12", "win_amd64/3.11"]),
        (".python-version", "3.12\n", ("--platform", "win32"), ["win32/3.12"]),
        # Those that are maintained on the day asked about.
        (
            "pyproject.toml",
            REQUIRES,
            ("--platform", "win32", "--exclude-newer", "2026-01-01"),
            ["win32/3.13", "win32/3.14"],
        ),
        ("pyproject.toml", CIBUILDWHEEL, (), ["manylinux_2_28_x86_64/3.13", "win_amd64/3.12"]),
        (
            ".github/workflows/ci.yml",
            WORKFLOW,
            (),
            ["win_amd64/3.11", "win_amd64/3.12", "macosx_14_0_arm64/3.11", "macosx_14_0_arm64/3.12"],
        ),
    ],
)
def test_targets_are_taken_from_where_they_stand(
    shell: Shell, name: str, text: str, words: tuple[str, ...], found: list[str]
) -> None:
    shell.write(name, text)
    assert named(shell, "--targets-from", name, *words) == found


def test_what_completes_a_file_of_targets_comes_from_the_settings_too(shell: Shell) -> None:
    shell.write(".python-version", "3.12\n")
    shell.write("wheelcheck.toml", 'platform = ["win32", "alpine"]\n')
    assert named(shell, "--targets-from", ".python-version") == ["win32/3.12", "musllinux_1_2_x86_64/3.12"]


def test_sources_of_targets_and_the_index_of_a_project_are_named_apart(shell: Shell) -> None:
    shell.write(".python-version", "3.12\n")
    with IndexServer(CATALOG) as other, IndexServer({"a": CATALOG["a"]}) as server:
        words = ("a", "--targets-from", ".python-version", "--platform", "linux", "--source", f"b={other.simple_url}")
        answer = checked(shell, server, *words)
        assert (server.count_pages("b"), other.count_pages("b")) == (0, 1)
    assert verdicts(answer) == {"manylinux_2_28_x86_64/3.12": "passes"}


def test_a_file_of_targets_may_come_from_an_editor_on_windows(shell: Shell) -> None:
    shell.write("Dockerfile", b"\xef\xbb\xbf" + DOCKERFILE.replace("\n", "\r\n").encode())
    assert named(shell, "--targets-from", "Dockerfile") == ["manylinux_2_36_x86_64/3.12"]


def test_a_binary_file_of_targets_is_refused_by_name(shell: Shell) -> None:
    shell.write("Dockerfile", b"\x7fELF\x00\xff")
    assert "Dockerfile: cannot be read: it is not UTF-8" in shell.run(
        "check", "b", "--targets-from", "Dockerfile"
    ).refused(2)


def test_from_dockerfile_is_another_word_for_it(shell: Shell) -> None:
    shell.write("Dockerfile", DOCKERFILE)
    assert named(shell, "--from-dockerfile", "Dockerfile") == ["manylinux_2_36_x86_64/3.12"]


def test_what_a_file_of_targets_does_not_say_literally_is_told(shell: Shell) -> None:
    shell.write(".github/workflows/ci.yml", WORKFLOW)
    with IndexServer(CATALOG) as server:
        answer = checked(shell, server, "b", "--targets-from", ".github/workflows/ci.yml")
    (note,) = answer["notes"]
    assert note.startswith("no target was taken from .github/workflows/ci.yml:18: job other: ")


def test_what_the_running_interpreter_completes_is_told(shell: Shell) -> None:
    shell.write("Dockerfile", "FROM python:latest\n")
    with IndexServer(CATALOG) as server:
        told = checked(shell, server, "b", "--targets-from", "Dockerfile")
        silent = checked(shell, server, "b", "--targets-from", "Dockerfile", "--python", "3.12")
    assumed, borrowed = told["notes"]
    assert borrowed.startswith("Dockerfile:1 names no Python, so the running one was taken: 3.")
    # What the image's name leaves open is told also where a word completes it.
    assert silent["notes"] == [assumed]
    assert assumed == "Dockerfile:1: names no minor version of Python; no machine is given, x86_64 is taken"


def test_target_file_is_a_target_beside_others(shell: Shell) -> None:
    shell.write("here.json", shell.run("target").out)
    with IndexServer(CATALOG) as server:
        alone = checked(shell, server, "native", "--target", "here.json")
        both = checked(shell, server, "native", "--target", "here.json", "--platform", "win32", "--python", "3.10")
    assert len(alone["targets"]) == 1
    assert [each["platform"] for each in both["targets"]] == ["win32", alone["targets"][0]["platform"]]


# Outputs


def test_an_allowance_is_named_from_the_folder_on_as_forges_want_it(shell: Shell) -> None:
    shell.write("wheelcheck.toml", ALLOWED.format(day="2999-01-01"))
    with IndexServer(CATALOG) as server:
        done = check(shell, server, "b", *WINDOWS, "--format", "github")
    assert "::warning file=wheelcheck.toml,line=1,title=Allowance unused::" in done.out


def test_formats_go_each_to_its_place(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        words = ("native", *WINDOWS, "--format", "sarif=a.sarif", "--format", "junit=b.xml", "--format", "json=c.json")
        both = check(shell, server, *words, "--format", "text")
        assert both.status == 1
        assert "native 1.0" in both.out
        assert json.loads((shell.folder / "a.sarif").read_text())["version"] == "2.1.0"
        assert (shell.folder / "b.xml").read_text().startswith("<?xml")
        assert json.loads((shell.folder / "c.json").read_text())["exit_status"] == 1
        quiet = check(shell, server, *words, "-q")
        assert (quiet.status, quiet.out, quiet.err) == (1, "", "")
        named = check(shell, server, "native", *WINDOWS, "-o", "d.txt")
        assert (named.status, named.out) == (1, "")
        assert (shell.folder / "d.txt").read_text() == both.out
        streamed = check(shell, server, "native", *WINDOWS, "--format", "json", "-o", "-", "-q")
        assert streamed.out == (shell.folder / "c.json").read_text()


def test_failed_run_leaves_outputs_as_they_were(shell: Shell) -> None:
    shell.write("old.json", "old")
    with IndexServer(CATALOG) as server:
        check(shell, server, "none.txt", *WINDOWS, "--format", "json", "-o", "old.json").refused(2)
        check(shell, server, "none.txt", *WINDOWS, "--format", "json", "-o", "new.json").refused(2)
    assert [path.name for path in shell.folder.iterdir()] == ["old.json"]
    assert (shell.folder / "old.json").read_text() == "old"


def test_index_that_fails_is_an_answer_in_every_format(shell: Shell) -> None:
    with IndexServer(CATALOG, mode=DOWN) as server:
        for form in ("text", "json", "sarif", "github", "junit", "gitlab", "markdown"):
            outcome = check(shell, server, "gone", *WINDOWS, "--format", form)
            assert (outcome.status, outcome.err) == (3, "")
            assert outcome.out or form == "gitlab"


def test_device_as_output_is_written_to(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        words = ("--format", f"json={os.devnull}", "--format", f"sarif={os.devnull}")
        assert check(shell, server, "a", *WINDOWS, *words).status == 0
