"""``wheelcheck check`` on locks: they agree with the input that made them, with the index, and with themselves; or it is told."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from fixtures.locks.catalog import CATALOG, Made
from tests.cli.programs import Outcome, Shell, valid_plan
from tests.fakes.archives import make_sdist, make_wheel, sha256_hex
from tests.locks.fixtures import LOCKS, PLATFORMS, PYTHONS, content, edited
from tests.server import IndexProject, IndexServer, Mode, index_project

TARGETS = tuple(
    word
    for option, values in (("--platform", PLATFORMS), ("--python", PYTHONS))
    for value in values
    for word in (option, value)
)
WINDOWS = ("--platform", "win_amd64", "--python", "3.11")
CHOICES: tuple[tuple[str, ...], ...] = (
    (),
    ("--extra", "shiny"),
    ("--extra", "matte", "--group", "test"),
    ("--extra", "shiny", "--extra", "matte", "--group", "docs"),
)
EVERYTHING = CHOICES[-1]


def catalog(made: Iterable[Made] = CATALOG) -> list[IndexProject]:
    """The synthetic projects that the locks were made of, the very bytes."""
    files: dict[str, list[tuple[str, bytes]]] = {}
    for each in made:
        files.setdefault(each.name, []).extend(each.files().items())
    return [index_project(name, *listed) for name, listed in files.items()]


def check(shell: Shell, server: IndexServer, *words: str) -> Outcome:
    """Run ``check`` against *server*, with its answer as JSON."""
    common = ("-i", server.simple_url, "--cache-dir", str(shell.cache), "--no-repair", "--format", "json")
    return shell.run("check", *words, *common)


def answer_of(outcome: Outcome) -> dict[str, Any]:
    assert outcome.err == ""
    answer: dict[str, Any] = json.loads(outcome.out)
    assert answer["exit_status"] == outcome.status
    return answer


def packages(answer: dict[str, Any]) -> dict[tuple[str, str], set[str]]:
    """``name==version`` of what each target would install."""
    return {
        (each["platform"], each["python"]): {f"{one['name']}=={one['version']}" for one in each["packages"]}
        for each in answer["targets"]
    }


def failing(answer: dict[str, Any]) -> list[tuple[str, str, str, int]]:
    """Code, project, version and number of targets of what fails."""
    return sorted(
        (each["code"], each["package"], each["version"], len(each["targets"]))
        for each in answer["findings"]
        if each["verdict"] == "fails"
    )


def put(shell: Shell, *names: str) -> None:
    """Copy fixtures into the folder, each under the last part of its name."""
    for name in names:
        shell.write(Path(name).name, content(name))


# Agreement with what made the lock


@pytest.mark.parametrize("name", ["uv.lock", "poetry.lock", "pdm.lock"])
@pytest.mark.parametrize("choice", CHOICES, ids=" ".join)
def test_lock_and_what_made_it_have_the_same_packages_and_failures(
    shell: Shell, name: str, choice: tuple[str, ...]
) -> None:
    put(shell, f"quay/{name}", "quay/pyproject.toml")
    with IndexServer(catalog()) as server:
        locked = answer_of(check(shell, server, name, *TARGETS, *choice))
        resolved = answer_of(check(shell, server, "pyproject.toml", *TARGETS, *choice))
    assert (locked["kind"], resolved["kind"]) == (name, "resolved")
    assert packages(locked) == packages(resolved)
    assert failing(locked) == failing(resolved) == [("WC103", "quarry", "0.9.3", 6)]


@pytest.mark.parametrize(
    ("name", "choice"),
    [
        ("pylock.uv.toml", EVERYTHING),
        ("pylock.pdm.toml", EVERYTHING),
        ("requirements-hashed.txt", ("--extra", "shiny")),
    ],
)
def test_lock_without_choices_agrees_with_those_that_made_it(shell: Shell, name: str, choice: tuple[str, ...]) -> None:
    put(shell, f"quay/{name}", "quay/pyproject.toml")
    with IndexServer(catalog()) as server:
        locked = answer_of(check(shell, server, name, *TARGETS))
        resolved = answer_of(check(shell, server, "pyproject.toml", *TARGETS, *choice))
    assert packages(locked) == packages(resolved)
    assert failing(locked) == failing(resolved) == [("WC103", "quarry", "0.9.3", 6)]


def test_conflicting_extras_agree_too(shell: Shell) -> None:
    put(shell, "wharf/uv.lock", "wharf/pyproject.toml")
    with IndexServer(catalog()) as server:
        for extra in ("old", "new"):
            locked = answer_of(check(shell, server, "uv.lock", *TARGETS, "--extra", extra))
            resolved = answer_of(check(shell, server, "pyproject.toml", *TARGETS, "--extra", extra))
            assert packages(locked) == packages(resolved)
            assert locked["exit_status"] == 0
        both = check(shell, server, "uv.lock", *WINDOWS, "--extra", "old", "--extra", "new")
    assert "slate is locked twice" in both.refused(2)


def test_pipfile_lock_and_its_note(shell: Shell) -> None:
    put(shell, "quay/Pipfile.lock")
    asked = ("harbor>=1", "anvil>=2", "quarry>=0.9", "backfill>=3; python_version < '3.12'", "slate>=2",
             "winsparkle==1.0.2; sys_platform == 'win32'")  # fmt: skip
    with IndexServer(catalog()) as server:
        locked = answer_of(check(shell, server, "Pipfile.lock", *TARGETS))
        resolved = answer_of(check(shell, server, *asked, *TARGETS))
        text = check(shell, server, "Pipfile.lock", *WINDOWS, "--format", "text", "-o", "t.txt")
        assert "cannot both go" in text.refused(2)
        shell.run(
            "check", "Pipfile.lock", *WINDOWS, "-i", server.simple_url, "--no-cache", "--no-repair", "-o", "t.txt"
        )
    # pipenv locks for one machine: what only Windows needs is not in it, which is what the note says.
    assert {key: found - {"colorflag==0.4.6"} for key, found in packages(resolved).items()} == packages(locked)
    assert failing(locked) == failing(resolved)
    format_note, group_note = locked["notes"]
    assert group_note == "Pipfile.lock: its groups develop, docs not looked at; name what ships with --group"
    told = " ".join((shell.folder / "t.txt").read_text().split())
    assert format_note in told
    assert group_note in told


def test_report_of_pip_speaks_of_its_own_machine_alone(shell: Shell) -> None:
    put(shell, "quay/pip-report.json", "quay/pylock.pip.toml")
    with IndexServer(catalog()) as server:
        report = answer_of(check(shell, server, "pip-report.json", *TARGETS))
        linux = ("--platform", "manylinux_2_28_x86_64", "--python", "3.11")
        mine = answer_of(check(shell, server, "pip-report.json", *linux))
        pylock = answer_of(check(shell, server, "pylock.pip.toml", *linux))
        resolved = answer_of(check(shell, server, "harbor", "anvil", "quarry", "slate>=2", "glitter[dust]", *linux))
    assert report["exit_status"] == 1
    assert [each["status"] for each in report["targets"]].count("installable") == 0
    assert packages(mine) == packages(pylock) == packages(resolved)
    assert failing(mine) == failing(pylock) == failing(resolved)


# Locks and the index

CHANGED = [Made(name="lantern", version="1.2.0", requires=("chalk",))]


@pytest.mark.parametrize(
    "name", ["uv.lock", "poetry.lock", "pdm.lock", "pylock.uv.toml", "requirements-hashed.txt", "Pipfile.lock"]
)
def test_changed_bytes_of_a_locked_file_never_pass(shell: Shell, name: str) -> None:
    put(shell, f"quay/{name}")
    changed = [*(each for each in CATALOG if each.name != "lantern"), *CHANGED]
    with IndexServer(catalog(changed)) as server:
        answer = answer_of(check(shell, server, name, *WINDOWS, "--sdist", "any"))
    assert answer["exit_status"] == 1
    (finding,) = [each for each in answer["findings"] if each["verdict"] == "fails"]
    assert finding["package"] == "lantern"
    # Formats without file lists have hashes of the package, and the index has no file with one of them.
    assert finding["code"] == ("WC404" if name in {"requirements-hashed.txt", "Pipfile.lock"} else "WC406")
    assert finding["origins"][0]["path"] == name
    assert finding["origins"][0]["line"] > 0


@pytest.mark.parametrize("name", ["uv.lock", "poetry.lock", "pdm.lock", "pylock.uv.toml"])
def test_locked_file_that_is_gone_never_passes(shell: Shell, name: str) -> None:
    put(shell, f"quay/{name}")
    left = [index_project("anvil", *list(_made("anvil").files().items())[1:]) if each.name == "anvil" else each
            for each in catalog()]  # fmt: skip
    with IndexServer(left) as server:
        answer = answer_of(check(shell, server, name, *TARGETS, "--sdist", "any"))
    assert [each[0] for each in failing(answer)] == ["WC407"]
    (finding,) = [each for each in answer["findings"] if each["verdict"] == "fails"]
    # The file of Windows and Python 3.11 is gone; the other targets have theirs.
    assert [(each["platform"], each["python"]) for each in finding["targets"]] == [("win_amd64", "3.11")]


def _made(name: str) -> Made:
    (found,) = [each for each in CATALOG if each.name == name]
    return found


@pytest.mark.parametrize(
    ("name", "code"),
    [("uv.lock", "WC407"), ("poetry.lock", "WC407"), ("requirements-hashed.txt", "WC"), ("Pipfile.lock", "WC")],
)
def test_project_that_the_index_does_not_know_never_passes(shell: Shell, name: str, code: str) -> None:
    put(shell, f"quay/{name}")
    with IndexServer([each for each in catalog() if each.name != "lantern"]) as server:
        answer = answer_of(check(shell, server, name, *WINDOWS, "--sdist", "any"))
    assert answer["exit_status"] == 1
    found = [each for each in answer["findings"] if each["verdict"] == "fails"]
    assert {each["package"] for each in found} == {"lantern"}
    assert any(each["code"].startswith(code) for each in found)


def test_lock_for_other_pythons_is_told_and_fails(shell: Shell) -> None:
    put(shell, "quay/uv.lock")
    with IndexServer(catalog()) as server:
        words = ("--platform", "win_amd64", "--python", "3.10", "--python", "3.11", "--python", "3.14")
        answer = answer_of(check(shell, server, "uv.lock", *words, "--sdist", "any"))
    assert answer["exit_status"] == 1
    (finding,) = [each for each in answer["findings"] if each["verdict"] == "fails"]
    assert finding["code"] == "WC408"
    assert [each["python"] for each in finding["targets"]] == ["3.10", "3.14"]


def test_offline_a_lock_is_compared_with_what_is_kept_alone(shell: Shell) -> None:
    put(shell, "quay/uv.lock", "quay/requirements-hashed.txt")
    with IndexServer(catalog()) as server:
        words = (*WINDOWS, "--sdist", "any")
        assert check(shell, server, "uv.lock", *words, "--offline").status in {0, 3}
        online = check(shell, server, "uv.lock", *words)
        server.forget_requests()
        offline = check(shell, server, "uv.lock", *words, "--offline")
        assert server.requests == []
        nothing = check(shell, server, "requirements-hashed.txt", *words, "--offline", "--cache-dir", "empty")
    assert online.status == 0
    assert offline.out == online.out
    # Without file lists only the index can say what there is.
    assert nothing.status == 3


def test_index_that_fails_leaves_a_lock_without_an_answer(shell: Shell) -> None:
    from tests.server import Flaky

    put(shell, "quay/uv.lock")
    mode = Mode(flaky=Flaky(first=1000, how="503", on="/simple/backfill/"))
    with IndexServer(catalog(), mode=mode) as server:
        words = ("--platform", "win_amd64", "--python", "3.11", "--python", "3.13", "--sdist", "any")
        answer = answer_of(check(shell, server, "uv.lock", *words))
    assert answer["exit_status"] == 3
    assert [each["verdict"] for each in answer["targets"]] == ["no answer", "passes"]


# Locks that cannot be read


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("quay/uv.lock", "version = 1\n", "version = 2\n", "uv.lock: format version 2"),
        ("quay/poetry.lock", 'lock-version = "2.1"', 'lock-version = "3.0"', "poetry.lock: format version 3.0"),
        ("quay/pdm.lock", 'lock_version = "4.5.1"', 'lock_version = "5.0"', "pdm.lock: format version 5.0"),
        ("quay/Pipfile.lock", '"pipfile-spec": 6', '"pipfile-spec": 7', "Pipfile.lock: format version 7"),
        ("quay/pylock.uv.toml", 'lock-version = "1.0"', 'lock-version = "2.0"', "pylock.uv.toml: format version 2.0"),
        ("quay/pip-report.json", '"version": "1"', '"version": "2"', "pip-report.json: format version 2"),
        ("quay/uv.lock", 'version = "1.4.0"', 'version = "one"', "uv.lock:"),
        ("quay/requirements-hashed.txt", "harbor==1.4.0", "harbor>=1.4.0", "requirements-hashed.txt:"),
        ("quay/requirements-hashed.txt", "sha256:539e22b8", "sha256:539e", "requirements-hashed.txt:"),
    ],
)
def test_lock_that_is_newer_or_mangled_is_2_with_its_place(
    shell: Shell, name: str, old: str, new: str, said: str
) -> None:
    path = Path(name).name
    shell.write(path, edited(name, old, new))
    with IndexServer(catalog()) as server:
        assert said in check(shell, server, path, *WINDOWS).refused(2)
        assert server.requests == []


@pytest.mark.parametrize(
    "name", ["uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.uv.toml", "pip-report.json"]
)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_truncated_lock_is_2_with_its_place(shell: Shell, name: str, share: float) -> None:
    text = content(f"quay/{name}").decode()
    shell.write(name, text[: text.rindex('"', 0, int(len(text) * share))])
    with IndexServer(catalog()) as server:
        assert f"{name}:" in check(shell, server, name, *WINDOWS).refused(2)
        assert server.requests == []


# Options


@pytest.mark.parametrize("command", ["check", "plan"])
@pytest.mark.parametrize(
    "words",
    [
        ("-c", "lantern<2"),
        ("--override", "lantern==1"),
        ("--replace", "harbor==1"),
        ("--exclude", "lantern"),
        ("--pre",),
        ("--exclude-newer", "2026-01-01"),
    ],
    ids=lambda words: words[0],
)
def test_option_that_changes_a_resolution_is_refused_on_a_lock(
    shell: Shell, command: str, words: tuple[str, ...]
) -> None:
    put(shell, "quay/uv.lock", "quay/pyproject.toml")
    with IndexServer(catalog()) as server:
        message = shell.run(command, "uv.lock", *words, "-i", server.simple_url, *WINDOWS, "--no-cache").refused(2)
        assert "means nothing to uv.lock: a lock is taken as it stands" in message
        assert "--relock" in message
        assert server.requests == []
        if command == "check" and words[0] != "--replace":
            assert check(shell, server, "uv.lock", "--relock", *words, *WINDOWS).status in {0, 1}


def test_settings_for_resolving_do_not_touch_a_lock(shell: Shell) -> None:
    put(shell, "quay/uv.lock")
    with IndexServer(catalog()) as server:
        plain = packages(answer_of(check(shell, server, "uv.lock", *WINDOWS)))
        shell.write("wheelcheck.toml", 'overrides = ["lantern==9"]\nexcludes = ["anvil"]\nexclude-newer = 2020-01-01\n')
        assert packages(answer_of(check(shell, server, "uv.lock", *WINDOWS))) == plain


def test_relock_resolves_what_the_lock_was_made_of(shell: Shell) -> None:
    put(shell, "quay/uv.lock", "quay/pyproject.toml", "quay/requirements-hashed.txt", "quay/pip-report.json")
    newer = [*CATALOG, Made(name="lantern", version="1.3.0")]
    with IndexServer(catalog(newer)) as server:
        kept = packages(answer_of(check(shell, server, "uv.lock", *WINDOWS)))
        anew = answer_of(check(shell, server, "uv.lock", "--relock", *WINDOWS))
        found = answer_of(check(shell, server, "--relock", *WINDOWS))
        hashed = answer_of(check(shell, server, "requirements-hashed.txt", "--relock", *WINDOWS))
        assert "what pip-report.json was made of" in check(
            shell, server, "pip-report.json", "--relock", *WINDOWS
        ).refused(2)
    assert anew["kind"] == found["kind"] == hashed["kind"] == "resolved"
    assert packages(anew) == packages(found)
    (one,), (other,) = packages(anew).values(), kept.values()
    assert one - other == {"lantern==1.3.0"}
    assert "lantern==1.2.0" in next(iter(packages(hashed).values()))


def test_lock_beside_other_inputs_is_refused_and_hashed_requirements_are_not(shell: Shell) -> None:
    put(shell, "quay/uv.lock", "quay/requirements-hashed.txt", "quay/pyproject.toml")
    shell.write("more.txt", content("quay/requirements-hashed.txt").decode())
    with IndexServer(catalog()) as server:
        assert "read as it is and alone" in check(shell, server, "uv.lock", "varnish", *WINDOWS).refused(2)
        both = answer_of(check(shell, server, "requirements-hashed.txt", "more.txt", *WINDOWS))
        together = answer_of(check(shell, server, "uv.lock", "varnish", "--relock", *WINDOWS))
    assert both["kind"] == together["kind"] == "resolved"
    assert "varnish==0.3.0" in next(iter(packages(together).values()))


def test_index_in_a_hashed_file_is_the_one_that_is_asked(shell: Shell) -> None:
    text = content("quay/requirements-hashed.txt").decode()
    with IndexServer(catalog()) as server:
        shell.write("requirements.txt", f"--index-url {server.simple_url}\n{text}")
        outcome = shell.run("check", "requirements.txt", *WINDOWS, "--sdist", "any", "--no-cache", "--format", "json")
    assert answer_of(outcome)["kind"] == "requirements with hashes"
    assert outcome.status == 0


@pytest.mark.parametrize("word", ["shinny", "dust"])
def test_unknown_extra_of_a_lock_is_2(shell: Shell, word: str) -> None:
    put(shell, "quay/uv.lock")
    with IndexServer(catalog()) as server:
        assert f"uv.lock: no extra {word!r}" in check(shell, server, "uv.lock", *WINDOWS, "--extra", word).refused(2)


# The plan of a lock


@pytest.mark.parametrize("name", ["uv.lock", "poetry.lock", "pdm.lock", "pylock.uv.toml"])
def test_plan_of_a_lock_has_exactly_its_versions(shell: Shell, name: str) -> None:
    put(shell, f"quay/{name}")
    newer = [*CATALOG, Made(name="lantern", version="1.3.0"), Made(name="anvil", version="3.0")]
    with IndexServer(catalog(newer)) as server:
        choice = () if name.startswith("pylock") else EVERYTHING
        outcome = shell.plan(name, *choice, "--sdist", "any", index=server.simple_url)
    assert outcome.status == 0
    assert outcome.versions == {
        "anvil": "2.0.1", "backfill": "3.0.0", "chalk": "1.0.0", "colorflag": "0.4.6", "dustmote": "1.0.0",
        "fathom": "1.5.0", "glitter": "1.1.0", "harbor": "1.4.0", "lantern": "1.2.0", "probe": "8.0.0",
        "quarry": "0.9.3", "registrar": "5.0.0", "scribe": "6.0.0", "slate": "1.8.0", "varnish": "0.3.0",
        "winsparkle": "1.0.2",
    }  # fmt: skip
    assert [each["path"] for each in outcome.plan["inputs"]] == [name]


def test_plan_of_a_blocked_lock_looks_for_no_repairs(shell: Shell) -> None:
    put(shell, "quay/uv.lock")
    with IndexServer(catalog()) as server:
        outcome = shell.plan("uv.lock", "--sdist", "deny", index=server.simple_url)
    plan = valid_plan(outcome.out)
    assert (outcome.status, plan["status"], plan["repairs"]) == (1, "blocked", [])
    assert (
        "note: uv.lock is taken as it stands; for repairs, plan what it was made of for the same target" in outcome.err
    )


def test_fix_of_a_lock_is_refused(shell: Shell) -> None:
    put(shell, "quay/uv.lock")
    with IndexServer(catalog()) as server:
        assert "--fix means nothing to uv.lock" in shell.plan("uv.lock", "--fix=low", index=server.simple_url).refused(
            2
        )


# Repairs


def test_repair_of_a_lock_is_proved_on_what_was_asked_for(shell: Shell) -> None:
    native = {
        "setup.py": "from setuptools import setup, Extension\nsetup(ext_modules=[Extension('n', ['n.c'])])\n",
        "n.c": "",
    }
    projects = {
        "app-needs": [make_wheel("app-needs", "1.0", requires=["native"])],
        "native": [make_sdist("native", "1.0", files=native), make_wheel("native", "2.0")],
    }
    with IndexServer(projects) as server:
        pins = [f"{name}==1.0 --hash=sha256:{sha256_hex(projects[name][0][1])}\n" for name in projects]
        shell.write("requirements.txt", "".join(pins))
        outcome = shell.run(
            "check", "requirements.txt", *WINDOWS, "-i", server.simple_url, "--no-cache", "--format", "json"
        )
    answer = answer_of(outcome)
    assert outcome.status == 1
    assert failing(answer) == [("WC102", "native", "1.0", 1)]
    assert len(answer["targets"][0]["repairs"]) == 1


POETRY_LOCK = """\
[[package]]
name = "native"
version = "1.0"
python-versions = "*"
files = [{native}]

[[package]]
name = "more"
version = "1.0"
python-versions = "*"
optional = true
files = [{more}]

[extras]
more = ["more"]

[metadata]
lock-version = "2.0"
python-versions = "{pythons}"
content-hash = "0"
"""


UV_LOCK = """\
version = 1
requires-python = ">=3.11"

[[package]]
name = "app"
version = "1"
source = {{ virtual = "." }}
dependencies = [{{ name = "native" }}]

[package.optional-dependencies]
{extras}

[[package]]
name = "native"
version = "1.0"
source = {{ registry = "https://index.example/simple" }}
sdist = {{ url = "https://index.example/native-1.0.tar.gz", hash = "sha256:{native}" }}
{packages}
"""


def test_repair_of_a_lock_of_uv_asks_for_the_extras_that_were_chosen(shell: Shell) -> None:
    native = {
        "setup.py": "from setuptools import setup, Extension\nsetup(ext_modules=[Extension('n', ['n.c'])])\n",
        "n.c": "",
    }
    projects = {
        "native": [make_sdist("native", "1.0", files=native), make_wheel("native", "2.0")],
        "torch": [make_wheel("torch", version) for version in ("1.0", "2.0")],
    }
    extras, packages = "", ""
    for name, (filename, wheel) in zip(("old", "new"), projects["torch"], strict=True):
        version = filename.split("-")[1]
        source = 'source = { registry = "https://index.example/simple" }'
        extras += f'{name} = [{{ name = "torch", version = "{version}", {source} }}]\n'
        packages += f'\n[[package]]\nname = "torch"\nversion = "{version}"\n{source}\nwheels = [{{ url = '
        packages += f'"https://index.example/{filename}", hash = "sha256:{sha256_hex(wheel)}" }}]\n'
    digest = sha256_hex(projects["native"][0][1])
    shell.write("uv.lock", UV_LOCK.format(extras=extras, packages=packages, native=digest))
    with IndexServer(projects) as server:
        for chosen in ([], ["--extra", "old"], ["--extra", "new"]):
            outcome = shell.run(
                "check", "uv.lock", *WINDOWS, *chosen, "-i", server.simple_url, "--no-cache", "--format", "json"
            )
            assert failing(answer_of(outcome)) == [("WC102", "native", "1.0", 1)]
            [repair] = answer_of(outcome)["targets"][0]["repairs"]
            assert [(each["kind"], each["package"]) for each in repair["edits"]] == [("pin", "native")]
            assert repair["verified"]["packages"] == 1 + len(chosen) // 2


def test_lock_of_poetry_whose_caret_excludes_the_python_does_not_speak_of_it(shell: Shell) -> None:
    shell.write("poetry.lock", POETRY_LOCK.format(pythons="^3.12", native="", more=""))
    with IndexServer({}) as server:
        outcome = shell.run(
            "check", "poetry.lock", *TARGETS[:2], "-p", "3.11,3.12", "-i", server.simple_url, "--no-cache"
        )
    assert "poetry.lock is locked for Python <4,>=3.12 only, and not for " in " ".join(outcome.out.split())
    assert outcome.status == 1


@pytest.mark.parametrize(("pythons", "repaired"), [("^3.12", []), (">=3.11", [("python", "3.11")])])
def test_repair_of_a_lock_of_poetry_is_one_of_all_its_packages_for_a_python_that_it_admits(
    shell: Shell, pythons: str, repaired: list[tuple[str, str]]
) -> None:
    native = {
        "setup.py": "from setuptools import setup, Extension\nsetup(ext_modules=[Extension('n', ['n.c'])])\n",
        "n.c": "",
    }
    wheel = make_wheel("native", "1.0", tags="cp311-cp311-win_amd64")
    projects = {"native": [make_sdist("native", "1.0", files=native), wheel], "more": [make_wheel("more", "1.0")]}
    listed = {
        name: ", ".join(f'{{file = "{file}", hash = "sha256:{sha256_hex(content)}"}}' for file, content in files)
        for name, files in projects.items()
    }
    shell.write("poetry.lock", POETRY_LOCK.format(pythons=pythons, **listed))
    with IndexServer(projects) as server:
        outcome = shell.run(
            "check", "poetry.lock", "-t", "windows", "-p", "3.12", "-i", server.simple_url, "--no-cache", "--format", "json"
        )  # fmt: skip
    [target] = answer_of(outcome)["targets"]
    assert failing(answer_of(outcome)) == [("WC102", "native", "1.0", 1)]
    assert [(each["kind"], each["to"]) for repair in target["repairs"] for each in repair["edits"]] == repaired


def test_fixtures_are_all_spoken_of() -> None:
    locks = {path.name for path in (LOCKS / "quay").iterdir()} - {"pyproject.toml", "Pipfile"}
    assert all(name in Path(__file__).read_text() for name in locks)
