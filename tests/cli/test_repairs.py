"""Repairs from the command line: what is applied, what is written, and what the exit status then is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.cli.programs import Outcome, Shell
from tests.fakes.archives import make_sdist, make_wheel
from tests.fakes.samples import blocked_plan
from tests.server import Flaky, IndexServer, Mode
from wheelcheck.cli.commands import with_whole_fix
from wheelcheck.cli.main import cli
from wheelcheck.cli.plan import tell_of_interruption
from wheelcheck.errors import UsageProblem
from wheelcheck.model.repair import Proposals

NATIVE = {
    "setup.py": "from setuptools import setup, Extension\nsetup(name='n', version='1.0', ext_modules=[Extension('n', ['n.c'])])\n",
    "n.c": "int main(void) { return 0; }\n",
}
# app wants exactly the version of n that has no wheel for Windows; own is the user's own pin of the same kind.
CATALOG = {
    "app": [make_wheel("app", "1.0", requires=["n==1.0", "b"])],
    "n": [make_sdist("n", "1.0", files=NATIVE), make_wheel("n", "1.0.1", tags="cp311-cp311-win_amd64")],
    "own": [
        make_sdist("own", "1.0", files=NATIVE),
        make_wheel("own", "1.1", tags="cp311-cp311-win_amd64", extras=["x"], requires=["b; extra == 'x'"]),
    ],
    "b": [make_wheel("b", "1.0"), make_wheel("b", "2.0")],
    # far has a wheel only many releases later, without what daring takes from it when it is called, and reckless when it is
    # imported: reckless has changes that resolve, and none of them is a repair.
    "daring": [
        make_wheel(
            "daring",
            "1.0",
            requires=["far==1.0"],
            files={"daring/__init__.py": "def go():\n    from far import gone\n"},
        )
    ],
    "reckless": [
        make_wheel("reckless", "1.0", requires=["far==1.0"], files={"reckless/__init__.py": "from far import gone\n"})
    ],
    "far": [make_sdist("far", "1.0", files=NATIVE), make_wheel("far", "9.0", tags="cp311-cp311-win_amd64")],
    "later": [make_wheel("later", "1.0", tags="cp312-cp312-win_amd64", requires=["b"])],
    "elsewhere": [make_sdist("elsewhere", "1.0", files=NATIVE)],
    "old": [make_wheel("old", "1.0", requires=["fast"])],
    "fast": [make_wheel("fast", "1.0"), make_wheel("fast", "2.0")],
    "psycopg2": [make_sdist("psycopg2", "2.9", files=NATIVE)],
    "psycopg2-binary": [make_wheel("psycopg2-binary", "2.9", tags="cp311-cp311-win_amd64")],
    "many": [make_wheel("many", "1.0", extras=["n"], requires=["b", "n==1.0; extra == 'n'"])],
    "lost": [make_sdist("lost", "1.0", files=NATIVE)],
    "banner": [make_wheel("banner", "1.0", files={"banner/__init__.py": "import six\n"})],
    "six": [make_wheel("six", "1.17.0", files={"six.py": ""})],
}

ADVISORY = """
[[advisory]]
id = "old-with-fast-2"
severity = "warning"
when = ["old", "fast>=2"]
message = "old fails with fast 2"
evidence = ["https://example.com/old"]
remedies = [{ constrain = "fast<2" }]
"""


@pytest.fixture
def index() -> Iterator[str]:
    with IndexServer(CATALOG) as server:
        yield server.simple_url


def packages(outcome: Outcome) -> dict[str, str]:
    return {package["name"]: package["version"] for package in outcome.plan["packages"]}


def notes(outcome: Outcome) -> list[str]:
    return [line for line in outcome.err.splitlines() if line.startswith(("note: ", "error: "))]


@pytest.mark.parametrize("fix", ["--fix", "--fix=medium", "--fix=high", "--fix=R1"])
def test_fix_plans_what_the_repair_gives(shell: Shell, index: str, fix: str) -> None:
    shell.write("requirements.txt", "app\n")
    outcome = shell.plan(fix, "requirements.txt", index=index)
    assert outcome.status == 0
    assert outcome.plan["applied"] == ["R1"]
    assert packages(outcome) == {"app": "1.0", "b": "2.0", "n": "1.0.1"}
    assert (shell.folder / "requirements.txt").read_text() == "app\n"


# Questions with a repair that has an edit of the kind.
QUESTIONS = {
    "override": ("app",),
    "exclude": ("daring",),
    "pin": ("app", "own[x]==1.0"),
    "python": ("later",),
    "index": ("elsewhere==1.0",),
    "constrain": ("old",),
    "substitute": ("psycopg2==2.9",),
    "extra": ("many[n]",),
    "add": ("banner", "--imports", "all"),
}
GIVEN = ("--override", "b==1.0", "--exclude", "lost", "-c", "b<3", "--knowledge", "known")
CHANGED_BY_WORDS = {"digest", "inputs", "repairs", "repair_search", "applied"}


def with_options(command: Sequence[str], options: Sequence[str]) -> tuple[str, ...]:
    """*command* with the *options* of a repair: its target takes the place of the one that the command has."""
    kept = list(command)
    for flag in ("--python", "--platform"):
        if flag in options and flag in kept:
            del kept[kept.index(flag) : kept.index(flag) + 2]
    return (*kept, *options)


@pytest.mark.parametrize("given", [GIVEN[-2:], GIVEN], ids=["alone", "beside other words"])
@pytest.mark.parametrize("kind", QUESTIONS)
def test_fix_gives_the_plan_of_the_repairs_own_command(
    shell: Shell, index: str, kind: str, given: tuple[str, ...]
) -> None:
    shell.write("known/advisories.toml", ADVISORY)
    with IndexServer({"elsewhere": [make_wheel("elsewhere", "1.0", tags="cp311-cp311-win_amd64")]}) as other:
        # Another index is a repair only where one shadows it, as uv has it: the extra one comes first.
        question = (*QUESTIONS[kind], *given, "--extra-index-url", index, "--index-strategy", "first-index")
        index = other.simple_url
        repairs = shell.plan(*question, index=index).plan["repairs"]
        assert kind in {edit["kind"] for repair in repairs for edit in repair["edits"]}
        for repair in repairs:
            fixed = shell.plan(*question, f"--fix={repair['id']}", index=index).plan
            words = [word for edit in repair["edits"] for word in edit["options"]]
            again = shell.run(*with_options(shell.plan_words(*question, index=index), words)).plan
            assert fixed["applied"] == [repair["id"]]
            assert {key: value for key, value in fixed.items() if key not in CHANGED_BY_WORDS} == {
                key: value for key, value in again.items() if key not in CHANGED_BY_WORDS
            }


def test_blocked_plan_with_repairs_is_still_1_without_fix(shell: Shell, index: str) -> None:
    outcome = shell.plan("app", index=index)
    assert outcome.status == 1
    assert outcome.plan["repairs"][0]["id"] == "R1"
    assert outcome.plan["applied"] == []


def test_no_repairs_are_looked_for_when_none_are_wanted(shell: Shell, index: str) -> None:
    for words in (("--no-repair",), ("--repairs", "0")):
        outcome = shell.plan("app", *words, index=index)
        assert outcome.status == 1
        assert not outcome.plan.get("repairs")
    shell.write("wheelcheck.toml", "repairs = 0\n")
    assert not shell.plan("app", index=index).plan.get("repairs")
    assert shell.plan("app", "--fix=high", index=index).status == 0


def test_repair_above_the_risk_is_said_and_1(shell: Shell, index: str) -> None:
    outcome = shell.plan("daring", "--fix=low", index=index)
    assert outcome.status == 1
    assert outcome.plan["applied"] == []
    risks = [(repair["id"], repair["risk"]) for repair in outcome.plan["repairs"]]
    assert risks
    assert "low" not in {risk for _, risk in risks}
    said = ", ".join(f"{name} is {risk}" for name, risk in risks)
    assert notes(outcome) == [f"note: no repair at or under low risk: {said}"]


def test_search_that_the_index_left_is_a_note_after_the_result_which_stays_blocked(
    shell: Shell, index: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tell_of_interruption(blocked_plan())
    tell_of_interruption(blocked_plan(Proposals()))
    assert capsys.readouterr().err == ""
    tell_of_interruption(blocked_plan(Proposals(interrupted="no answer")))
    said = "note: the search for repairs was cut short: no answer; run it again for the rest\n"
    assert " ".join(capsys.readouterr().err.split()) == said.strip()


def test_plan_whose_search_for_repairs_the_index_ends_is_blocked(shell: Shell) -> None:
    flaky = Flaky(first=99, how="500", on="/simple/psycopg2-binary/")
    with IndexServer(CATALOG, mode=Mode(flaky=flaky)) as server:
        outcome = shell.plan("psycopg2", index=server.simple_url)
    assert (outcome.status, outcome.plan["status"]) == (1, "blocked")
    assert "psycopg2-binary" in outcome.plan["repair_search"]["interrupted"]
    assert "note: the search for repairs was cut short: " in outcome.err


def test_nothing_to_apply_is_said(shell: Shell, index: str) -> None:
    outcome = shell.plan("lost", "--fix=high", index=index)
    assert outcome.status == 1
    assert notes(outcome) == ["note: no repair was found"]


def test_repair_that_does_not_exist_is_bad_usage_naming_those_that_do(shell: Shell, index: str) -> None:
    message = shell.plan("app", "--fix=R99", index=index).refused(2)
    assert "R99" in message
    assert "R1" in message.partition("hint: ")[2]


def test_fix_of_a_plan_that_needs_none_changes_nothing(shell: Shell, index: str) -> None:
    outcome = shell.plan("b", "--fix", index=index)
    assert (outcome.status, packages(outcome), outcome.err) == (0, {"b": "2.0"}, "")


@pytest.mark.parametrize("word", ["--fix=maybe", "--fix=", "--fix=R0", "--fix=LOW"])
def test_fix_takes_a_risk_or_an_id_only(shell: Shell, index: str, word: str) -> None:
    assert "--fix" in shell.plan("app", word, index=index).refused(2)


@pytest.mark.parametrize(
    ("words", "whole"),
    [
        (("plan", "--fix", "a.txt"), ("plan", "--fix=medium", "a.txt")),
        (("plan", "a.txt", "--fix"), ("plan", "a.txt", "--fix=medium")),
        (("plan", "--fix", "-o", "x"), ("plan", "--fix=medium", "-o", "x")),
        (("plan", "--fix=low", "--", "--fix", "high"), ("plan", "--fix=low", "--", "--fix", "high")),
    ],
)
def test_bare_fix_takes_no_input_for_its_value(words: tuple[str, ...], whole: tuple[str, ...]) -> None:
    assert with_whole_fix(words) == whole


@pytest.mark.parametrize(("word", "right"), [("high", "--fix=high"), ("R2", "--fix=R2"), ("r2", "--fix=R2")])
def test_value_of_fix_after_a_blank_is_refused_with_the_right_form(word: str, right: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        with_whole_fix(("plan", "--fix", word, "a.txt"))
    assert caught.value.hint == f"write {right}"


def test_options_that_exclude_each_other_are_refused(shell: Shell, index: str) -> None:
    assert "--no-repair" in shell.plan("app", "--no-repair", "--repairs", "2", index=index).refused(2)
    assert "--no-repair" in shell.plan("app", "--no-repair", "--fix", index=index).refused(2)
    assert shell.plan("app", "--repairs", "-1", index=index).status == 2
    assert shell.plan("app", "--repair-seconds", "-1", index=index).status == 2
    assert "--repair-seconds" in shell.plan("app", "--repair-seconds", "nan", index=index).refused(2)


# Files for a person to keep


def test_what_is_written_gives_the_same_packages_again(shell: Shell, index: str) -> None:
    shell.write("requirements.txt", "# mine\napp  # the product\r\nown[x]==1.0\n\n-r more.txt\n")
    shell.write("more.txt", "b<3 # other\n")
    words = ("--write-requirements", "repaired.txt", "--write-overrides", "overrides.txt")
    fixed = shell.plan("requirements.txt", "--fix=high", *words, index=index)
    assert (fixed.status, notes(fixed)) == (0, [])
    repaired = (shell.folder / "repaired.txt").read_bytes().decode()
    assert repaired.startswith(
        "# mine\napp  # the product\r\nown[x]==1.1\n\n# more.txt\nb<3 # other\n# end of more.txt\n"
    )
    assert "# wheelcheck R1: use --override n==1.0.1" in repaired
    assert (shell.folder / "overrides.txt").read_text().startswith("n==1.0.1  # wheelcheck R1: ")
    again = shell.plan("repaired.txt", "--override", "overrides.txt", index=index)
    assert again.status == 0
    assert packages(again) == packages(fixed)


def test_without_fix_the_files_say_what_was_asked(shell: Shell, index: str) -> None:
    shell.write("requirements.txt", "b  # mine\n")
    outcome = shell.plan(
        "requirements.txt", "--exclude", "n", "--write-requirements", "r.txt", "--write-overrides", "o.txt", index=index
    )
    assert outcome.status == 0
    assert notes(outcome) == ["note: no repair was applied; as it was asked: r.txt and o.txt"]
    assert (shell.folder / "r.txt").read_text() == "b  # mine\n"
    assert (shell.folder / "o.txt").read_text() == "n ; sys_platform == 'never'  # left out\n"


def test_inputs_are_prepared_once_and_their_text_read_again_only_for_its_comments(shell: Shell) -> None:
    with IndexServer({"b": [make_wheel("b", "1.0")]}) as server:
        server.add_path("/list.txt", b"b  # mine\n")
        words = ("--write-requirements", "r.txt", "--write-overrides", "o.txt", "--no-cache")
        outcome = shell.plan(f"{server.base_url}/list.txt", *words, index=server.simple_url)
        asked = [each.path for each in server.requests if each.path == "/list.txt"]
    assert outcome.status == 0
    assert (shell.folder / "r.txt").read_text() == "b  # mine\n"
    assert len(asked) == 2


def test_blocked_plan_writes_no_files_and_says_so(shell: Shell, index: str) -> None:
    outcome = shell.plan("lost", "--write-requirements", "r.txt", index=index)
    assert outcome.status == 1
    assert notes(outcome) == ["note: r.txt not written: the plan is blocked"]
    assert not (shell.folder / "r.txt").exists()


def test_replacement_is_in_what_is_written(shell: Shell, index: str) -> None:
    shell.write("requirements.txt", "own[x]==1.0 ; os_name == 'nt'  # pinned\n")
    outcome = shell.plan("requirements.txt", "--replace", "own>1", "--write-requirements", "r.txt", index=index)
    assert outcome.versions == {"own": "1.1"}
    assert (shell.folder / "r.txt").read_text() == "own>1 ; os_name == 'nt'  # pinned\n"


@pytest.mark.parametrize(
    "own", ["requirements.txt", "more.txt", "bounds.txt", "overrides.txt", "wheelcheck.toml", "../work/more.txt"]
)
@pytest.mark.parametrize("option", ["--write-requirements", "--write-overrides"])
def test_own_files_are_never_written_over(shell: Shell, index: str, own: str, option: str) -> None:
    shell.write("requirements.txt", "app\n-r more.txt\n-c bounds.txt\n")
    for name in ("more.txt", "bounds.txt", "overrides.txt"):
        shell.write(name, "b\n")
    shell.write("wheelcheck.toml", "pre = false\n")
    before = {path: path.read_bytes() for path in shell.folder.iterdir()}
    message = shell.plan("requirements.txt", "--override", "overrides.txt", "--fix", option, own, index=index).refused(
        2
    )
    assert own in message
    assert before == {path: path.read_bytes() for path in shell.folder.iterdir()}


def test_files_that_cannot_be_written_are_refused_before_the_work(shell: Shell) -> None:
    nowhere = str(Path("absent") / "r.txt")
    assert "absent" in shell.plan("b", "--write-requirements", nowhere).refused(3)
    assert "twice" in shell.plan("b", "--write-requirements", "x", "--write-overrides", "x").refused(2)
    assert "twice" in shell.plan("b", "--write-requirements", "x", "-o", "x").refused(2)
    assert "stdout" in shell.plan("b", "--write-overrides", "-").refused(2)


def test_standard_input_is_written_as_it_was_read(shell: Shell, index: str) -> None:
    outcome = shell.plan(
        "-", "--fix=high", "--write-requirements", "r.txt", index=index, stdin=b"# mine\nown[x]==1.0 # pinned\n"
    )
    assert outcome.status == 0
    assert (shell.folder / "r.txt").read_text() == "# mine\nown[x]==1.1 # pinned\n"


def test_only_plan_writes_such_files() -> None:
    for name, command in cli.commands.items():
        options = {option for parameter in command.params for option in parameter.opts}
        assert ("--write-requirements" in options) is (name == "plan")


# What a repair's options do when they are added to the command


def test_later_day_wins(shell: Shell, index: str) -> None:
    outcome = shell.plan("b", "--exclude-newer", "2020-01-01", "--exclude-newer", "2026-06-01", index=index)
    assert outcome.plan["options"]["exclude_newer"] == "2026-06-02T00:00:00Z"


@pytest.mark.parametrize("first", ["n==1.0", "overrides.txt"])
def test_later_override_of_a_project_wins(shell: Shell, index: str, first: str) -> None:
    shell.write("overrides.txt", "n==1.0\nb==1.0\n")
    outcome = shell.plan("app", "--override", first, "--override", "n==1.0.1", index=index)
    assert outcome.status == 0
    assert packages(outcome)["n"] == "1.0.1"
    assert packages(outcome)["b"] == ("1.0" if first.endswith(".txt") else "2.0")


def test_overrides_with_markers_stand_beside_others(shell: Shell, index: str) -> None:
    outcome = shell.plan("app", "--override", "n==1.0.1", "--override", "n==9 ; sys_platform == 'linux'", index=index)
    assert outcome.status == 0


def test_what_is_added_takes_nothing_of_the_settings_away(shell: Shell, index: str) -> None:
    shell.write("wheelcheck.toml", "excludes = ['b']\nconstraints = ['own<1.1']\noverrides = ['n==1.0.1']\n")
    shell.write("more.txt", "app\n")
    outcome = shell.plan("more.txt", "--exclude", "c", "-c", "app<2", "--override", "own==1.1", index=index)
    assert packages(outcome) == {"app": "1.0", "n": "1.0.1"}
    options = outcome.plan["options"]
    assert options["excludes"] == ["b", "c"]
    assert options["constraints"] == ["own<1.1", "app<2"]
    assert options["overrides"] == ["n==1.0.1", "own==1.1"]


def test_constraint_may_be_a_requirement(shell: Shell, index: str) -> None:
    assert shell.plan("b", "-c", "b<2", index=index).versions == {"b": "1.0"}


def test_replacement_touches_own_requirements_only(shell: Shell, index: str) -> None:
    shell.write("more.txt", "n==1.0.1\n")
    outcome = shell.plan("app", "more.txt", "--replace", "n", "--no-repair", index=index)
    assert outcome.status == 1
    assert packages(outcome)["n"] == "1.0"
    assert outcome.plan["options"]["replacements"] == ["n"]


def test_later_replacement_of_a_project_wins_and_an_unknown_project_is_refused(shell: Shell, index: str) -> None:
    outcome = shell.plan("b", "--replace", "b==2.0", "--replace", "b==1.0", index=index)
    assert packages(outcome) == {"b": "1.0"}
    message = shell.plan("app", "--replace", "ap==1", index=index).refused(2)
    assert "no input asks for ap" in message
    assert "did you mean app?" in message
    assert "--replace" in shell.plan("app", "--replace", "app =! 1", index=index).refused(2)


def test_source_names_the_one_index_of_a_project(shell: Shell, index: str) -> None:
    with IndexServer({"b": [make_wheel("b", "1.5")]}) as vendor, IndexServer({"b": []}) as other:
        shell.write(
            "wheelcheck.toml", f'[indexes]\nvendor = "{vendor.simple_url}"\n[sources]\nb = "{other.simple_url}"\n'
        )
        for where in (vendor.simple_url, "vendor"):
            outcome = shell.plan("b", "--source", f"B={where}", index=index)
            assert outcome.versions == {"b": "1.5"}
            assert outcome.plan["options"]["sources"] == [f"b={vendor.simple_url}"]
        secret = vendor.simple_url.replace("//", "//user:hunter2@")
        assert "hunter2" not in shell.plan("b", "--source", f"b={secret}", index=index).out


@pytest.mark.parametrize(
    "text", ["b", "b=", "=https://h.example/", "b=somewhere", "b c=https://h.example/", "b=https://u:p@h:x/"]
)
def test_source_of_another_form_is_refused(shell: Shell, index: str, text: str) -> None:
    assert "u:p" not in shell.plan("b", "--source", text, index=index).refused(2)


def test_knowledge_folder_that_is_none_is_named(shell: Shell, index: str) -> None:
    assert "absent" in shell.plan("b", "--knowledge", "absent", index=index).refused(2)
    shell.write("know/advisories.toml", "[[advisory]]\nid = 3\n")
    assert "advisories.toml" in shell.plan("b", "--knowledge", "know", index=index).refused(2)
    shell.write("wheelcheck.toml", 'knowledge = "know"\n')
    assert "advisories.toml" in shell.plan("b", index=index).refused(2)


@pytest.mark.parametrize(
    ("asked", "has_repairs"),
    [(("app", "own==1.0", "daring", "many[n]", "psycopg2"), True), (("app", "reckless"), False)],
)
def test_repairs_are_the_same_bytes_cold_warm_slow_and_with_other_hash_seeds(
    shell: Shell, asked: tuple[str, ...], has_repairs: bool
) -> None:
    """What is found depends on the question and the index alone; the clock may only end a search, and then it is said."""
    with IndexServer(CATALOG) as server:
        words = shell.plan_words(*asked, index=server.simple_url)
        cold = shell.program(*words)
        warm = shell.program(*words, environ={"PYTHONHASHSEED": "1"})
        # The blocked plan names the source of its own metadata, so the files that have no sidecar are those of repairs alone.
        server.mode = Mode(latency=0.1, sidecars="patchy")
        slow = shell.program(
            *shell.plan_words(*asked, "--no-cache", index=server.simple_url), environ={"PYTHONHASHSEED": "2"}
        )
    assert cold.status == 1
    assert bool(cold.plan["repairs"]) is has_repairs
    assert ("failing" in cold.plan["repair_search"]) is not has_repairs
    assert warm.out == cold.out
    assert slow.out == cold.out
