"""Each kind of input, each option of a requirements file and each place for settings, from the command line to the plan."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.programs import Shell
from tests.fakes.archives import make_sdist, make_wheel, sha256_hex
from tests.server import IndexServer, Mode

A1 = make_wheel("a", "1.0")
A2 = make_wheel("a", "2.0", requires=["b>=1"])
B1 = make_wheel("b", "1.0")
CATALOG = {
    "a": [A1, A2],
    "b": [B1, make_wheel("b", "2.0"), make_wheel("b", "3.0rc1")],
    "c": [make_wheel("c", "1.0", requires=["b; extra == 'more'"], extras=["more"])],
}


def files_of(outcome_plan: dict[str, list[dict[str, dict[str, str]]]]) -> dict[str, str]:
    return {str(package["name"]): package["file"]["url"] for package in outcome_plan["packages"]}


def put(shell: Shell, folder: str, *archives: tuple[str, bytes]) -> Path:
    for name, content in archives:
        shell.write(f"{folder}/{name}", content)
    return shell.folder / folder


def test_requirement_file_and_standard_input_together(shell: Shell) -> None:
    shell.write("requirements.txt", "\ufeffa==1.0  # pinned\r\n")
    with IndexServer(CATALOG) as server:
        outcome = shell.plan("requirements.txt", "c", "-", index=server.simple_url, stdin=b"b<2 # first\n")
    assert outcome.versions == {"a": "1.0", "b": "1.0", "c": "1.0"}
    assert [record["path"] for record in outcome.plan["inputs"]] == ["c", "requirements.txt", "-"]


def test_standard_input_with_byte_order_mark_in_any_locale(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        words = shell.plan_words("-", index=server.simple_url)
        for locale in ("C", "C.UTF-8"):
            outcome = shell.program(*words, stdin="\ufeff# grün\na==1.0\n".encode(), environ={"LC_ALL": locale})
            assert outcome.versions == {"a": "1.0"}


def test_index_lines_of_a_file_are_followed(shell: Shell) -> None:
    folder = put(shell, "wheels", make_wheel("local", "1.0"))
    with (
        IndexServer(CATALOG) as first,
        IndexServer({"a": [make_wheel("a", "9.0")], "d": [make_wheel("d", "1.0")]}) as second,
    ):
        shell.write(
            "requirements.txt",
            f"--index-url {first.simple_url}\n--extra-index-url {second.simple_url}\n--find-links wheels\na\nd\nlocal\n",
        )
        outcome = shell.plan("requirements.txt")
        assert outcome.versions == {"a": "9.0", "d": "1.0", "local": "1.0"}
        assert outcome.plan["options"]["indexes"] == [first.simple_url, second.simple_url]
    assert files_of(outcome.plan)["local"] == (folder / "local-1.0-py3-none-any.whl").as_uri()


def test_command_line_index_wins_over_the_file(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        shell.write("requirements.txt", "-i http://127.0.0.1:9/simple/\na==1.0\n")
        assert shell.plan("requirements.txt", index=server.simple_url).versions == {"a": "1.0"}


def test_first_index_wins_even_with_an_older_version_where_that_is_asked_for(shell: Shell) -> None:
    with IndexServer({"a": [A1]}) as first, IndexServer(CATALOG) as second:
        words = ("a", "b", "--extra-index-url", first.simple_url, "--index-strategy", "first-index")
        outcome = shell.plan(*words, index=second.simple_url)
        assert outcome.versions == {"a": "1.0", "b": "2.0"}
        assert second.count_pages("a") == 0


def test_no_index_uses_find_links_alone(shell: Shell) -> None:
    put(shell, "wheels", A1)
    with IndexServer(CATALOG) as server:
        outcome = shell.plan("a", "--no-index", "-f", "wheels", index=server.simple_url)
        assert server.requests == []
    assert outcome.versions == {"a": "1.0"}


def test_no_index_asks_none_for_a_way_out_either(shell: Shell) -> None:
    put(shell, "wheels", make_sdist("a", "1.0", files={"a.c": ""}))
    with IndexServer(CATALOG) as server:
        outcome = shell.plan("a", "--no-index", "-f", "wheels", index=server.simple_url)
        assert server.requests == []
    assert outcome.status == 1


def test_find_links_page_is_read(shell: Shell) -> None:
    with IndexServer({"a": [A1]}) as server:
        name, content = make_wheel("loose", "1.0")
        server.add_path(f"/loose/{name}", content)
        page = server.add_find_links("/links.html", f"loose/{name}")
        outcome = shell.plan("a", "loose", "--find-links", page, index=server.simple_url)
    assert outcome.versions == {"a": "1.0", "loose": "1.0"}


def test_nested_requirements_by_url_are_followed_relative_to_it(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        server.add_path("/lists/base.txt", b"-r more/extra.txt\n-c bounds.txt\nb\n")
        server.add_path("/lists/more/extra.txt", b"a==1.0\n")
        server.add_path("/lists/bounds.txt", b"b<2\n")
        shell.write("requirements.txt", f"-r {server.base_url}/lists/base.txt\n")
        outcome = shell.plan("requirements.txt", index=server.simple_url)
    assert outcome.versions == {"a": "1.0", "b": "1.0"}


def test_requirements_behind_a_secret_url_are_read_and_not_told(shell: Shell) -> None:
    with IndexServer(CATALOG, mode=Mode(credentials=("user", "hunter2"))) as server:
        server.add_path("/list.txt", b"a==1.0\n")
        base = server.base_url.replace("//", "//user:hunter2@")
        shell.write("requirements.txt", f"-r {base}/list.txt\n--index-url {base}/simple/\n")
        outcome = shell.plan("requirements.txt")
        bad = shell.plan(f"{base}/gone.txt")
    assert outcome.versions == {"a": "1.0"}
    assert "hunter2" not in outcome.out + outcome.err
    assert "hunter2" not in bad.refused(3)


def test_hashes_of_a_file_choose_and_refuse(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        shell.write("good.txt", f"a==1.0 \\\n  --hash=sha256:{sha256_hex(A1[1])}\n")
        shell.write("bad.txt", f"a==1.0 --hash=sha256:{'0' * 64}\n")
        shell.write("bounds.txt", f"b==1.0 --hash=sha256:{sha256_hex(B1[1])}\n")
        shell.write("two.txt", f"a==2.0 --hash=sha256:{sha256_hex(A2[1])}\n")
        good = shell.plan("good.txt", index=server.simple_url)
        bounded = shell.plan("two.txt", "-c", "bounds.txt", index=server.simple_url)
        unbounded = shell.plan("two.txt", index=server.simple_url)
        bad = shell.plan("bad.txt", index=server.simple_url)
    assert good.versions == {"a": "1.0"}
    assert good.status == 0
    assert bounded.versions == {"a": "2.0", "b": "1.0"}
    assert bounded.codes == []
    assert bad.status == unbounded.status == 1
    assert bad.codes[0] == unbounded.codes[0] == "WC404"


def test_direct_urls_to_wheel_and_sdist(shell: Shell) -> None:
    loose_wheel, loose_sdist = make_wheel("w", "1.0+local", requires=["a<2"]), make_sdist("s", "0.1", requires=["b<2"])
    with IndexServer(CATALOG) as server:
        wheel_url = server.add_path(f"/loose/{loose_wheel[0]}", loose_wheel[1])
        sdist_url = server.add_path(f"/loose/{loose_sdist[0]}", loose_sdist[1])
        shell.write("requirements.txt", f"w @ {wheel_url}\n{sdist_url}\n")
        outcome = shell.plan("requirements.txt", index=server.simple_url)
        kept = shell.plan("requirements.txt", "-o", "plan.json", index=server.simple_url)
    assert outcome.versions == {"a": "1.0", "b": "1.0", "s": "0.1", "w": "1.0+local"}
    direct = {package["name"]: package["direct"] for package in outcome.plan["packages"]}
    assert direct == {"a": False, "b": False, "s": True, "w": True}
    assert kept.status == 0


def test_direct_wheel_of_another_platform_blocks(shell: Shell) -> None:
    name, content = make_wheel("w", "1.0", tags="cp311-cp311-macosx_13_0_arm64")
    with IndexServer(CATALOG) as server:
        url = server.add_path(f"/loose/{name}", content)
        outcome = shell.plan(f"w @ {url}", index=server.simple_url)
    assert outcome.status == 1
    assert outcome.codes == ["WC106"]


def test_local_wheel_sdist_and_folder(shell: Shell) -> None:
    wheel, sdist = make_wheel("w", "1.0"), make_sdist("s", "0.1")
    put(shell, "dist", wheel, sdist)
    shell.write(
        "project/pyproject.toml",
        '[build-system]\nrequires = ["flit_core"]\nbuild-backend = "flit_core.buildapi"\n'
        '[project]\nname = "p"\nversion = "3.0"\ndependencies = ["b<2"]\n',
    )
    shell.write("requirements.txt", f"./dist/{wheel[0]}\n./dist/{sdist[0]}\n./project\n")
    with IndexServer(CATALOG) as server:
        outcome = shell.plan("requirements.txt", index=server.simple_url)
    assert outcome.versions == {"b": "1.0", "p": "3.0", "s": "0.1", "w": "1.0"}
    assert outcome.status == 0


@pytest.mark.parametrize(
    "line", ["git+https://user:hunter2@vcs.example/x.git@main#egg=x", "x @ git+https://vcs.example/x"]
)
def test_repositories_are_findings_not_crashes(shell: Shell, line: str) -> None:
    shell.write("requirements.txt", f"{line}\na==1.0\n")
    with IndexServer(CATALOG) as server:
        outcome = shell.plan("requirements.txt", index=server.simple_url)
    assert outcome.status == 1
    assert outcome.codes == ["WC402"]
    assert line.replace("user:hunter2", "***") in outcome.plan["findings"][0]["message"]
    assert outcome.versions == {"a": "1.0"}
    assert "hunter2" not in outcome.out + outcome.err


def test_constraints_bound_and_add_nothing(shell: Shell) -> None:
    shell.write("bounds.txt", "b<2\nc==1.0\n")
    with IndexServer(CATALOG) as server:
        assert shell.plan("a", "-c", "bounds.txt", index=server.simple_url).versions == {"a": "2.0", "b": "1.0"}


def test_overrides_by_word_and_by_file(shell: Shell) -> None:
    shell.write("overrides.txt", "b==1.0\n")
    with IndexServer(CATALOG) as server:
        for override in ("b==1.0", "overrides.txt"):
            outcome = shell.plan("a", "--override", override, index=server.simple_url)
            assert outcome.versions == {"a": "2.0", "b": "1.0"}
            assert outcome.plan["options"]["overrides"] == ["b==1.0"]


def test_excluded_project_is_left_out(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        outcome = shell.plan("a", "--exclude", "B", index=server.simple_url)
    assert outcome.versions == {"a": "2.0"}
    assert outcome.plan["options"]["excludes"] == ["b"]


def test_pre_releases_are_admitted_when_asked_for(shell: Shell) -> None:
    shell.write("pre.txt", "--pre\nb\n")
    with IndexServer(CATALOG) as server:
        assert shell.plan("b", index=server.simple_url).versions == {"b": "2.0"}
        assert shell.plan("b", "--pre", index=server.simple_url).versions == {"b": "3.0rc1"}
        assert shell.plan("pre.txt", index=server.simple_url).versions == {"b": "3.0rc1"}


def test_extras_and_groups_of_a_project(shell: Shell) -> None:
    shell.write(
        "pyproject.toml",
        '[project]\nname = "x"\nversion = "1"\ndependencies = ["a==1.0"]\n[project.optional-dependencies]\nmore = ["c[more]"]\n'
        '[dependency-groups]\ndev = ["b<2"]\n',
    )
    with IndexServer(CATALOG) as server:
        index = server.simple_url
        assert shell.plan("pyproject.toml", index=index).versions == {"a": "1.0"}
        assert shell.plan("pyproject.toml", "--extra", "More", index=index).versions == {
            "a": "1.0",
            "b": "2.0",
            "c": "1.0",
        }
        assert "b" in shell.plan("pyproject.toml", "--group", "dev", index=index).versions
        message = shell.plan("pyproject.toml", "--extra", "mroe", index=index).refused(2)
        assert "more" in message.partition("hint: ")[2]


def test_script_with_inline_metadata(shell: Shell) -> None:
    shell.write("script.py", '# /// script\n# dependencies = ["a<2"]\n# ///\nprint("never run")\n')
    with IndexServer(CATALOG) as server:
        assert shell.plan("script.py", index=server.simple_url).versions == {"a": "1.0"}


def test_settings_of_the_project_are_the_defaults(shell: Shell) -> None:
    with IndexServer(CATALOG) as server, IndexServer({"b": [make_wheel("b", "1.5")]}) as vendor:
        shell.write(
            "pyproject.toml",
            f'[tool.wheelcheck]\nplatform = "macos"\npython = "3.12"\nindex-url = "{server.simple_url}"\n'
            f'[tool.wheelcheck.indexes]\nvendor = "{vendor.simple_url}"\n[tool.wheelcheck.sources]\nb = "vendor"\n',
        )
        outcome = shell.run("plan", "a", "--no-cache", "--format", "json")
        overridden = shell.run("plan", "a", "--no-cache", "--format", "json", "--platform", "windows")
        assert server.count_pages("b") == 0
    assert outcome.versions == {"a": "2.0", "b": "1.5"}
    target = outcome.plan["target"]
    assert (target["platform"], target["python"]) == ("macosx_13_0_arm64", "3.12")
    assert overridden.plan["target"]["platform"] == "win_amd64"


def test_configuration_of_pip_names_index_and_find_links(shell: Shell) -> None:
    put(shell, "wheels", make_wheel("only-here", "1.0"), make_wheel("a", "7.0"))
    with IndexServer(CATALOG) as server:
        config = f"[global]\nindex-url = {server.simple_url}\nfind-links = {shell.folder / 'wheels'}\n"
        shell.patch.setenv("PIP_CONFIG_FILE", str(shell.write("pip.conf", config)))
        outcome = shell.plan("a", "only-here")
    # What this machine alone has serves only what no index has.
    assert outcome.versions == {"a": "2.0", "b": "2.0", "only-here": "1.0"}


def test_variables_of_pip_name_the_index(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        shell.patch.setenv("PIP_INDEX_URL", server.simple_url)
        assert shell.plan("a==1.0").versions == {"a": "1.0"}


def test_variables_in_a_file_are_filled_and_not_told(shell: Shell) -> None:
    with IndexServer(CATALOG, mode=Mode(credentials=("user", "hunter2"))) as server:
        shell.patch.setenv("TOKEN", "hunter2")
        shell.write("requirements.txt", f"-i {server.simple_url.replace('//', '//user:${TOKEN}@')}\na==1.0\n")
        outcome = shell.plan("requirements.txt", "-o", "plan.json")
    assert outcome.status == 0
    assert "hunter2" not in outcome.out + outcome.err + (shell.folder / "plan.json").read_text()


def test_target_file_of_this_interpreter_gives_its_plan(shell: Shell) -> None:
    shell.write("target.json", shell.run("target").out)
    with IndexServer(CATALOG) as server:
        words = ("plan", "a", "--no-cache", "-i", server.simple_url, "--format", "json")
        here, there = shell.run(*words), shell.run(*words, "--target", "target.json")
    assert there.versions == here.versions
    assert there.plan["target"]["tags"] == here.plan["target"]["tags"]
    assert there.plan["target"]["markers"] == here.plan["target"]["markers"]


def test_default_target_is_the_running_interpreter(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        outcome = shell.run("plan", "a", "--no-cache", "-i", server.simple_url, "--format", "json")
    version = ".".join(map(str, sys.version_info[:3]))
    assert outcome.plan["target"]["markers"]["python_full_version"] == version


def test_target_command_writes_the_file_for_two_words(shell: Shell) -> None:
    assert shell.run("target", "--platform", "windows", "--python", "3.12", "-o", "t.json").status == 0
    with IndexServer(CATALOG) as server:
        outcome = shell.plan("a", "--target", "t.json", index=server.simple_url)
    assert outcome.plan["target"]["markers"]["sys_platform"] == "win32"
    assert outcome.plan["target"]["tags"][0] == "cp312-cp312-win_amd64"


def test_exclude_newer_takes_the_day_itself(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        assert shell.plan("b", "--exclude-newer", "2026-01-01", index=server.simple_url).status == 0
        assert shell.plan("b", "--exclude-newer", "2025-12-31", index=server.simple_url).status == 1
