"""``tool.uv.environments`` and ``required-environments`` are the targets where nothing else names any."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from wheelcheck.api.preparing import asked_for, prepare
from wheelcheck.api.request import Request
from wheelcheck.api.targets import TargetWords, load_targets
from wheelcheck.errors import InputUnreadable
from wheelcheck.ports import SilentReporter
from wheelcheck.settings.loading import Settings
from wheelcheck.targets.targets import host_target, parse_target

HOST = host_target()
ELSEWHERE = "darwin" if HOST.markers["sys_platform"] != "darwin" else "win32"
WORD = "macosx_13_0_arm64" if ELSEWHERE == "darwin" else "win_amd64"


def request(folder: Path, uv: str, *, python: str = ">=3.9", **options: str) -> Request:
    path = folder / "pyproject.toml"
    path.write_text(f'[project]\nname = "p"\nrequires-python = "{python}"\n[tool.uv]\n{uv}\n')
    return Request(
        inputs=(str(path),), folder=str(folder), environ={"PIP_CONFIG_FILE": os.devnull}, **options  # type: ignore[arg-type]
    )  # fmt: skip


def planned(folder: Path, uv: str, **options: str) -> str:
    return str(prepare(request(folder, uv, **options), SilentReporter()).question.target)


def checked(
    folder: Path, uv: str, words: TargetWords | None = None, *, python: str = ">=3.9", every: bool = False
) -> list[str]:
    found = load_targets(
        words or TargetWords(),
        Settings(),
        request(folder, uv, python=python),
        today="2026-11-28",
        otherwise=("all",) if every else (),
    )
    return [f"{target.platform}/{target.python}" for target in found.targets]


def test_a_plan_is_for_the_environment_that_is_named(tmp_path: Path) -> None:
    uv = f"environments = [\"sys_platform == '{ELSEWHERE}'\"]"
    assert planned(tmp_path, uv) == f"{WORD}, Python {HOST.python}"
    assert planned(tmp_path, uv, platform="linux-arm64") == f"manylinux_2_28_aarch64, Python {HOST.python}"
    both = f"environments = [\"sys_platform == '{ELSEWHERE}'\", \"sys_platform == '{HOST.markers['sys_platform']}'\"]"
    assert planned(tmp_path, both) == str(HOST)


def test_a_python_that_the_project_excludes_is_not_taken_for_an_environment(tmp_path: Path) -> None:
    uv = f"environments = \"sys_platform == '{ELSEWHERE}'\""
    assert planned(tmp_path, uv, python=">=3.14") == f"{WORD}, Python 3.14"


def test_a_python_that_the_project_admits_is_taken_where_its_tool_chooses_the_python(tmp_path: Path) -> None:
    assert planned(tmp_path, "", python=">=3.14") == f"{HOST.platform}, Python 3.14"
    assert planned(tmp_path, "", python=">=3.9") == str(HOST)
    assert checked(tmp_path, "", python=">=3.14") == [f"{HOST.platform}/3.14"]
    without_tool = request(tmp_path, "", python=">=3.14")
    path = Path(without_tool.inputs[0])
    path.write_text(path.read_text().replace("[tool.uv]", ""))
    assert str(prepare(without_tool, SilentReporter()).question.target) == str(HOST)


def test_a_python_that_the_project_excludes_is_not_taken_for_a_platform_that_was_named(tmp_path: Path) -> None:
    assert planned(tmp_path, "", python=">=3.14", platform="windows") == "win_amd64, Python 3.14"
    assert planned(tmp_path, "", python=">=3.9", platform="windows") == f"win_amd64, Python {HOST.python}"
    words = TargetWords(platforms=("windows", "macos"))
    assert checked(tmp_path, "", words, python=">=3.14") == ["win_amd64/3.14", "macosx_13_0_arm64/3.14"]


def test_a_plan_and_a_check_take_the_same_python_where_the_settings_name_the_platform(tmp_path: Path) -> None:
    settings = Settings(platforms=("windows",))
    found = load_targets(TargetWords(), settings, request(tmp_path, "", python=">=3.14"), today="2026-11-28")
    assert [f"{target.platform}/{target.python}" for target in found.targets] == ["win_amd64/3.14"]
    (tmp_path / "wheelcheck.toml").write_text('platform = ["windows"]\n')
    assert planned(tmp_path, "", python=">=3.14") == "win_amd64, Python 3.14"
    besides = Settings(platforms=("windows",), targets=("win_arm64/3.13",))
    found = load_targets(TargetWords(), besides, request(tmp_path, "", python=">=3.14"), today="2026-11-28")
    assert [f"{target.platform}/{target.python}" for target in found.targets] == ["win_arm64/3.13", "win_amd64/3.14"]


def test_a_script_is_judged_on_a_python_that_it_asks_for(tmp_path: Path) -> None:
    path = tmp_path / "job.py"
    for bound, word in ((">=3.14", "3.14"), (">=3.8", HOST.python)):
        path.write_text(f'# /// script\n# requires-python = "{bound}"\n# dependencies = ["idna"]\n# ///\n')
        asked = Request(inputs=(str(path),), environ={}, platform="windows")
        assert str(prepare(asked, SilentReporter()).question.target) == f"win_amd64, Python {word}"


@pytest.mark.parametrize(
    ("spec", "word"),
    [("python=3.8.5", "3.8"), ("python==3.14.*", "3.14"), ("python>=3.8", HOST.python), ("numpy", HOST.python)],
)
@pytest.mark.parametrize("name", ["environment.yml", "environment_gpu.yaml"])
def test_an_environment_of_conda_is_judged_on_the_python_that_it_puts_there(
    tmp_path: Path, name: str, spec: str, word: str
) -> None:
    path = tmp_path / name
    path.write_text(f"name: lab\nchannels: [conda-forge]\ndependencies:\n  - {spec}\n  - pip:\n      - idna\n")
    asked = Request(inputs=(str(path),), environ={})
    assert prepare(asked, SilentReporter()).question.target.python == word
    assert prepare(asked.changed(platform="windows"), SilentReporter()).question.target.python == word
    assert prepare(asked.changed(python="3.12"), SilentReporter()).question.target.python == "3.12"
    found = load_targets(TargetWords(platforms=("windows",)), Settings(), asked, today="2026-11-28")
    told = f"no Python was named, so one that the input is for was taken: {word}"
    assert [target.python for target in found.targets] == [word]
    assert found.notes == (() if word == HOST.python else (told,))


@pytest.mark.parametrize("backend", ["uv_build", "poetry.core.masonry.api", "pdm.backend", "hatchling.build"])
def test_a_project_that_its_tool_has_just_made_is_one_of_that_tool(tmp_path: Path, backend: str) -> None:
    asked = request(tmp_path, "", python=">=3.14")
    path = Path(asked.inputs[0])
    path.write_text(
        path.read_text().replace("[tool.uv]", f'[build-system]\nrequires = []\nbuild-backend = "{backend}"')
    )
    target = prepare(asked, SilentReporter()).question.target
    assert target.python == ("3.14" if backend != "hatchling.build" else HOST.python)


def test_a_check_has_a_target_for_each_environment_those_required_first(tmp_path: Path) -> None:
    uv = (
        "environments = [\"sys_platform == 'win32'\", \"sys_platform == 'darwin'\"]\n"
        "required-environments = [\"sys_platform == 'darwin' and platform_machine == 'x86_64'\"]"
    )
    words = TargetWords(pythons=("3.12", "3.13"))
    assert checked(tmp_path, uv, words) == [
        "macosx_13_0_x86_64/3.12", "macosx_13_0_x86_64/3.13", "win_amd64/3.12", "win_amd64/3.13",
    ]  # fmt: skip
    assert checked(tmp_path, uv, TargetWords(platforms=("linux",), pythons=("3.12",))) == ["manylinux_2_28_x86_64/3.12"]


LOCKS = {
    "uv.lock": 'version = 1\nrequires-python = ">=3.14"\nsupported-markers = ["sys_platform == \'{0}\'"]\n\n[[package]]\nbroken',
    "poetry.lock": '[[package]]\nbroken\n\n[metadata]\nlock-version = "2.1"\npython-versions = "^3.14"\n',
    "pdm.lock": '[metadata]\nlock_version = "4.5.0"\n\n[[metadata.targets]]\nrequires_python = "==3.14.*"\n\n[[package]]\nbroken',
    "pylock.toml": (
        'lock-version = "1.0"\nenvironments = ["sys_platform == \'{0}\'"]\nrequires-python = ">=3.14"\n\n[[packages]]\nbroken'
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_that_is_not_for_this_machine_is_judged_on_what_it_is_for_and_says_so(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(LOCKS[name].format(ELSEWHERE))
    found = load_targets(TargetWords(), Settings(), Request(inputs=(str(path),), environ={}), today="2026-11-28")
    word = f"{WORD if '{0}' in LOCKS[name] else HOST.platform}/3.14"
    assert [f"{target.platform}/{target.python}" for target in found.targets] == [word]
    assert found.notes == (f"no platform was named, so what the input is for was taken: {word}",)


def test_pythons_of_a_lock_that_are_no_versions_are_told_by_its_reader(tmp_path: Path) -> None:
    path = tmp_path / "poetry.lock"
    path.write_text(LOCKS["poetry.lock"].replace("^3.14", ">=what"))
    found = load_targets(TargetWords(), Settings(), Request(inputs=(str(path),), environ={}), today="2026-11-28")
    assert (found.targets, found.notes) == ((HOST,), ())


def test_a_matrix_has_the_platforms_that_an_environment_admits(tmp_path: Path) -> None:
    uv = "environments = [\"sys_platform == 'win32' and python_version < '3.13'\"]"
    assert checked(tmp_path, uv, TargetWords(pythons=("3.12", "3.13")), every=True) == [
        "win_amd64/3.12",
        "win_arm64/3.12",
    ]


def test_an_environment_that_is_no_marker_names_tool_key_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(InputUnreadable) as caught:
        planned(tmp_path, 'environments = ["windows"]')
    assert caught.value.message.startswith("tool.uv.environments: no environment marker")
    assert caught.value.address.endswith("pyproject.toml:5")


def test_a_project_comes_from_the_index_that_its_source_names_on_each_target(tmp_path: Path) -> None:
    asked = request(
        tmp_path,
        '[[tool.uv.index]]\nname = "cpu"\nurl = "https://cpu.example/simple"\nexplicit = true\n'
        '[tool.uv.sources]\ntorch = { index = "cpu", marker = "sys_platform == \'linux\'" }',
    )
    path = Path(asked.inputs[0])
    path.write_text(path.read_text().replace("[tool.uv]\n", 'dependencies = ["torch"]\n[tool.uv]\n'))
    linux, windows = parse_target("linux", "3.12"), parse_target("windows", "3.12")
    prepared = prepare(asked, SilentReporter(), target=linux)
    assert prepared.options.sources == ("torch=https://cpu.example/simple",)
    assert asked_for(prepared, windows).options.sources == ()
    assert asked_for(prepared, windows).index.project_indexes == {}
    assert asked_for(asked_for(prepared, windows), linux).index == prepared.index
