"""Folders, repositories and the paths of other machines in requirements, from the line to the plan; all bad lines in one run."""

from __future__ import annotations

import pytest

from tests.archives.test_hostile_zips import with_offset
from tests.cli.programs import Outcome, Shell
from tests.fakes.archives import make_wheel, sha256_hex
from tests.server import IndexServer

WHEELS = {name: [make_wheel(name, "1.0"), make_wheel(name, "2.0")] for name in ("six", "idna", "requests", "numpy")}
PROJECT = (
    '[project]\nname = "edp"\nversion = "1"\ndependencies = ["six"]\n[project.optional-dependencies]\nx = ["idna<2"]\n'
)


@pytest.mark.parametrize("line", ["-e .[x]", ".[x]", "edp[x] @ file:.", "-e .[x] ; sys_platform == 'win32'"])
def test_a_local_folder_is_judged_by_its_static_metadata(shell: Shell, line: str) -> None:
    shell.write("pyproject.toml", PROJECT)
    shell.write("requirements.txt", f"{line}\nrequests\n")
    with IndexServer(WHEELS) as server:
        outcome = shell.plan("requirements.txt", index=server.simple_url)
        gate = shell.run(
            "check",
            "requirements.txt",
            "--platform",
            "win_amd64",
            "--python",
            "3.12",
            "--no-cache",
            "-i",
            server.simple_url,
        )
        assert server.count_pages("edp") == 0
    assert outcome.versions == {"edp": "1", "idna": "1.0", "requests": "2.0", "six": "2.0"}
    told = next(each for each in outcome.plan["findings"] if each["code"] == "WC410")
    assert ("editable" in told["message"]) == line.startswith("-e")
    assert gate.status == outcome.status == 0, gate.out


def test_a_local_folder_that_compiles_is_no_less_native_for_being_local(shell: Shell) -> None:
    shell.write("setup.cfg", "[metadata]\nname = edp\nversion = 1\n")
    shell.write("setup.py", "from setuptools import Extension, setup\nsetup(ext_modules=[Extension('a', ['a.c'])])\n")
    shell.write("requirements.txt", "-e .\n")
    with IndexServer(WHEELS) as server:
        outcome = shell.plan("requirements.txt", index=server.simple_url)
    assert (outcome.status, outcome.codes[0]) == (1, "WC102")


def test_a_local_folder_that_computes_its_needs_is_told_with_the_line_that_does(shell: Shell) -> None:
    shell.write(
        "setup.py",
        "from setuptools import setup\nsetup(name='edp',\n      install_requires=open('needs').read().split())\n",
    )
    shell.write("requirements.txt", "-e .\nsix\n")
    with IndexServer(WHEELS) as server:
        outcome = shell.plan("requirements.txt", index=server.simple_url)
    assert (outcome.status, outcome.versions) == (0, {"edp": "0", "six": "2.0"})
    assert "WC303" in outcome.codes
    evidence = [line for each in outcome.plan["findings"] for line in each["evidence"]]
    assert any(
        "setup.py:3, install_requires is not literal but open('needs').read().split()" in line for line in evidence
    )


def test_a_line_that_the_target_does_not_need_blocks_nothing(shell: Shell) -> None:
    shell.write("requirements.txt", "x @ git+https://vcs.example/x ; sys_platform == 'linux'\nsix\n")
    with IndexServer(WHEELS) as server:
        outcome = shell.plan("requirements.txt", index=server.simple_url)
    assert (outcome.status, outcome.codes, outcome.versions) == (0, [], {"six": "2.0"})


def messages(outcome: Outcome, code: str) -> list[str]:
    return [each["message"] for each in outcome.plan["findings"] if each["code"] == code]


def test_what_pip_freeze_wrote_elsewhere_is_judged_on_the_index_line_by_line(shell: Shell) -> None:
    shell.write(
        "requirements.txt",
        "\ufeffnumpy @ file:///build/numpy/dist/numpy-1.0-cp311-cp311-linux_x86_64.whl#sha256=d42603e2\r\nrequests==1.0\r\n"
        "-e git+https://vcs.example/me/six@v1.0#egg=six\r\nidna @ file:///C:/croot/idna/work\r\n".encode("utf-16"),
    )
    with IndexServer(WHEELS) as server:
        outcome = shell.plan("requirements.txt", index=server.simple_url)
        gate = shell.run(
            "check",
            "requirements.txt",
            "--platform",
            "win_amd64",
            "--python",
            "3.12",
            "--no-cache",
            "-i",
            server.simple_url,
        )
    assert outcome.versions == {"idna": "2.0", "numpy": "1.0", "requests": "1.0", "six": "1.0"}
    told = messages(outcome, "WC409")
    assert len(told) == 3
    assert "numpy==1.0 was judged as the index has it" in told[1]
    assert "idna, of which it tells no version, was judged" in told[0]
    evidence = [each["evidence"] for each in outcome.plan["findings"] if each["package"] == "numpy"]
    assert evidence == [
        ["asked by requirements.txt:1", "list what is installed without paths: pip list --format=freeze"]
    ]
    assert gate.status == outcome.status == 0


def test_what_no_index_has_stays_an_error_and_a_tag_that_was_not_released_gives_way(shell: Shell) -> None:
    shell.write(
        "requirements.txt",
        "mine @ file:///home/me/mine\nnumpy @ file:///d/numpy-1.1.dev0-cp311-cp311-linux_x86_64.whl\n"
        "six @ git+https://vcs.example/six@v1.1\nidna\n",
    )
    with IndexServer(WHEELS) as server:
        outcome = shell.plan("requirements.txt", index=server.simple_url)
    assert outcome.versions == {"idna": "2.0", "six": "2.0"}
    assert outcome.status == 1
    no_mine, no_numpy = messages(outcome, "WC402")
    assert no_mine.endswith("and no index has mine")
    assert no_numpy.endswith("and no index has numpy==1.1.dev0")
    assert "six, of which it tells no version, was judged" in messages(outcome, "WC409")[0]


def test_offline_what_was_never_looked_up_is_not_judged_and_the_rest_is(shell: Shell) -> None:
    shell.write("requirements.txt", "six\n")
    shell.write("more.txt", "six\nidna @ git+https://vcs.example/idna\n")
    with IndexServer(WHEELS) as server:
        target = (
            "--platform",
            "win_amd64",
            "--python",
            "3.12",
            "--cache-dir",
            str(shell.cache),
            "-i",
            server.simple_url,
        )
        shell.run("plan", "requirements.txt", *target)
        outcome = shell.run("plan", "more.txt", *target, "--offline", "--no-repair", "--format", "json")
    assert outcome.versions == {"six": "2.0"}
    (told,) = [each for each in outcome.plan["findings"] if each["code"] == "WC402"]
    assert "no index has" not in told["message"]
    assert "offline, nothing is known of idna" in told["evidence"]


def test_a_line_of_elsewhere_that_has_no_wheel_is_told_with_its_place(shell: Shell) -> None:
    only_linux = make_wheel("lone", "1.0", tags="cp312-cp312-manylinux_2_17_x86_64")
    shell.write("requirements.txt", "\nlone @ file:///build/lone-1.0-cp312-cp312-linux_x86_64.whl\n")
    with IndexServer({"lone": [only_linux]}) as server:
        gate = shell.run(
            "check", "requirements.txt", "--platform", "win_amd64", "--python", "3.12", "--no-cache", "-i", server.simple_url,
            "--format", "github",
        )  # fmt: skip
    assert gate.status == 1
    assert "file=requirements.txt,line=2" in gate.out


def test_all_lines_that_cannot_be_read_are_told_in_one_run(shell: Shell) -> None:
    shell.write("requirements.txt", "numpy=1.0\nsix\n-r more.txt\n./more.tx\n--frob\n")
    shell.write("more.txt", "six six\n-r absent.txt\n")
    shell.write("script.py", "# /// script\n# dependencies = [\n#   'a b',\n#   'six',\n#   'c=2',\n# ]\n# ///\n")
    outcome = shell.plan("requirements.txt", "gone.txt", "script.py", "-c", "none.txt")
    places = [
        line.removeprefix("error: ").rpartition(": ")[0] for line in outcome.err.splitlines() if "error: " in line
    ]
    assert outcome.status == 2
    assert [place.partition(": ")[0] for place in places] == [
        "requirements.txt:1",
        "more.txt:1",
        "more.txt:2",
        "requirements.txt:4",
        "requirements.txt:5",
        "gone.txt",
        "script.py:3",
        "script.py:5",
        "none.txt",
    ]
    assert "hint: a version is pinned with ==" in outcome.err


def test_a_file_that_is_no_list_at_all_does_not_fill_the_screen(shell: Shell) -> None:
    shell.write("requirements.txt", "<p> no </p>\n" * 400)
    err = shell.plan("requirements.txt").err
    assert err.count("error: ") == 30
    assert "note: 370 more lines of the inputs cannot be read" in err


def test_packages_of_conda_are_judged_as_the_projects_that_they_are_and_the_rest_is_listed(shell: Shell) -> None:
    shell.write(
        "environment.yml",
        "dependencies:\n- python=3.11\n- numpy=1\n- pytorch>=2\n- proj\n- idna=7\n- libgcc-ng\n- pip:\n  - six<2\n",
    )
    projects = {**WHEELS, "proj": WHEELS["six"], "torch": [make_wheel("torch", "2.1"), make_wheel("torch", "1.0")]}
    with IndexServer(projects) as server:
        outcome = shell.plan(".", index=server.simple_url)
        elsewhere = shell.run(
            "check", ".", "--platform", "win_amd64", "--python", "3.12", "--no-cache", "-i", server.simple_url
        )
        assert server.count_pages("proj") == server.count_pages("pytorch") == 0
    assert outcome.versions == {"numpy": "1.0", "six": "1.0", "torch": "2.1"}
    assert messages(outcome, "WC409") == [
        "2 conda packages were judged as what the index has of their name and version: numpy==1.*, torch>=2"
    ]
    (unjudged,) = [each for each in outcome.plan["findings"] if each["code"] == "WC411"]
    assert unjudged["message"] == "3 conda packages were not judged: proj, idna=7, libgcc-ng"
    assert unjudged["evidence"][0] == "proj — a library of C++, asked by environment.yml:5"
    assert unjudged["evidence"][1] == "idna=7 — no index has idna==7.*, asked by environment.yml:6"
    assert outcome.status == 0
    assert elsewhere.status == 1
    assert "environment.yml:2 requires Python ==3.11.*" in elsewhere.out


def test_an_environment_of_conda_is_written_as_requirements_for_pip(shell: Shell) -> None:
    shell.write("environment.yml", "dependencies:\n- numpy=1\n- idna=7\n- openssl\n- pip:\n  - six<2\n")
    with IndexServer(WHEELS) as server:
        shell.plan(".", "--write-requirements", "pip.txt", index=server.simple_url)
        again = shell.plan("pip.txt", index=server.simple_url)
    assert (shell.folder / "pip.txt").read_text() == (
        "six<2\nnumpy==1.*  # conda: numpy=1\n# conda: idna=7\n# conda: openssl\n"
    )
    assert again.versions == {"numpy": "1.0", "six": "1.0"}


def test_what_pip_freeze_notes_of_an_editable_folder_elsewhere_is_judged(shell: Shell) -> None:
    shell.write(
        "requirements.txt",
        "# Editable install with no version control (six==1.0)\n-e /home/me/six\n-e /home/me/other\n",
    )
    with IndexServer(WHEELS) as server:
        outcome = shell.plan("requirements.txt", index=server.simple_url)
    assert outcome.versions == {"six": "1.0"}
    assert "-e /home/me/six is a path of another machine" in messages(outcome, "WC409")[0]
    assert messages(outcome, "WC402") == ["-e /home/me/other is a path of another machine and cannot be planned"]


def test_settings_name_extras_of_setup_cfg_too(shell: Shell) -> None:
    shell.write("wheelcheck.toml", 'extras = ["x"]\n')
    shell.write("setup.cfg", "[options]\ninstall_requires = six\n[options.extras_require]\nx = idna\n")
    with IndexServer(WHEELS) as server:
        assert shell.plan(".", index=server.simple_url).versions == {"idna": "2.0", "six": "2.0"}


@pytest.mark.parametrize("end", [" \\\n    ", " \\\r\n    ", " "])
def test_a_semicolon_with_nothing_behind_it_is_read_as_pip_reads_it(shell: Shell, end: str) -> None:
    name, content = WHEELS["six"][0]
    shell.write("requirements.txt", f"six==1.0;{end}--hash=sha256:{sha256_hex(content)}\n")
    shell.write("plain.txt", "six==1.0 ;\nidna;  # all\n")
    target = ("--platform", "win_amd64", "--python", "3.12", "--no-cache")
    with IndexServer({**WHEELS, "six": [(name, content)]}) as server:
        for words in (("check", "requirements.txt"), ("plan", "requirements.txt"), ("plan", "plain.txt")):
            outcome = shell.run(*words, *target, "-i", server.simple_url)
            assert outcome.status == 0, outcome.err


def test_repeated_lines_ask_once(shell: Shell) -> None:
    shell.write("pyproject.toml", PROJECT)
    shell.write("requirements.txt", "six\nSix\nsix==1.0\n-e .\n.\n-e .[x]\nsix ; python_version > '2'\n")
    with IndexServer(WHEELS) as server:
        outcome = shell.plan("requirements.txt", index=server.simple_url)
    assert outcome.versions == {"edp": "1", "idna": "1.0", "six": "1.0"}
    assert outcome.status == 0


def test_archive_that_is_refused_is_named_and_others_are_judged(shell: Shell) -> None:
    shell.write("links/a-1.0.zip", with_offset(1, 0))
    filename, content = make_wheel("b", "1.0")
    shell.write(f"links/{filename}", content)
    outcome = shell.plan("a", "b", "--no-index", "-f", str(shell.folder / "links"))
    assert outcome.status == 1
    assert outcome.versions["b"] == "1.0"
    assert "a-1.0.zip" in outcome.out
