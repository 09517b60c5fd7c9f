"""GitHub Actions workflows: literal matrices, machines, containers, and what only a run would know."""

from __future__ import annotations

import textwrap

import pytest

from wheelcheck.errors import InputUnreadable
from wheelcheck.knowledge.systems import load_images
from wheelcheck.model.target import NamedTargets
from wheelcheck.targets.github_actions import parse_workflow
from wheelcheck.targets.sources import TargetQuery
from wheelcheck.targets.targets import parse_target


def read(text: str) -> NamedTargets:
    pythons = ("3.11", "3.12", "3.13", "3.14", "3.13t", "3.14t")
    return parse_workflow(textwrap.dedent(text), "ci.yml", TargetQuery(known=load_images(), pythons=pythons))


def pairs(text: str) -> list[str]:
    found = read(text).targets
    for target in found:
        parse_target(target.platform or "win_amd64", target.python or "3.11")
    return [f"{target.python} {target.platform}" for target in found]


def notes(text: str) -> list[str]:
    return [str(note) for note in read(text).notes]


def refusal(text: str) -> InputUnreadable:
    with pytest.raises(InputUnreadable) as refused:
        read(text)
    return refused.value


def one_job(python: str, *, runner: str = "ubuntu-24.04", more: str = "") -> str:
    return f"""
    jobs:
      test:
        runs-on: {runner}
        {more}
        steps:
          - uses: actions/checkout@v5
          - uses: actions/setup-python@v6
            with:
              python-version: {python}
    """


MATRIX = """
name: CI
on: [push, pull_request]
jobs:
  lint:
    runs-on: ubuntu-latest
    steps: [{run: make lint}]
  test:
    runs-on: ${{ matrix.os }}
    strategy:
      fail-fast: false
      matrix:
        os: [ubuntu-22.04, windows-latest, macos-15]
        python-version: ["3.10", '3.11']
        exclude:
          - {os: macos-15, python-version: "3.10"}
        include:
          - {os: ubuntu-24.04-arm, python-version: "3.12"}
          - {os: windows-11-arm, python-version: 3.13t}
          - {os: windows-latest, coverage: true}
          - experimental: false
    steps:
      - uses: actions/setup-python@v6
        with:
          python-version: ${{ matrix.python-version }}
          cache: pip
"""


def test_a_matrix_is_expanded_as_github_does() -> None:
    assert pairs(MATRIX) == [
        "3.10 manylinux_2_35_x86_64",
        "3.11 manylinux_2_35_x86_64",
        "3.10 win_amd64",
        "3.11 win_amd64",
        "3.11 macosx_15_0_arm64",
        "3.12 manylinux_2_39_aarch64",
        "3.13t win_arm64",
    ]
    assert notes(MATRIX) == []


def test_a_target_tells_its_line() -> None:
    assert str(read(MATRIX).targets[0].origin) == "ci.yml:14"


@pytest.mark.parametrize(
    ("runner", "platform"),
    [
        ("ubuntu-latest", "manylinux_2_39_x86_64"),
        ("ubuntu-22.04-arm", "manylinux_2_35_aarch64"),
        ("windows-2022", "win_amd64"),
        ("windows-11-arm", "win_arm64"),
        ("macos-13", "macosx_13_0_x86_64"),
        ("macos-14", "macosx_14_0_arm64"),
        ("macos-15-intel", "macosx_15_0_x86_64"),
        ("[ubuntu-24.04]", "manylinux_2_39_x86_64"),
        ("{labels: [windows-2022]}", "win_amd64"),
    ],
)
def test_a_machine_has_its_platform(runner: str, platform: str) -> None:
    assert pairs(one_job('"3.11"', runner=runner)) == [f"3.11 {platform}"]


@pytest.mark.parametrize("runner", ["[self-hosted, linux]", "my-large-runner", "{group: big}"])
def test_an_unknown_machine_leaves_the_platform_open(runner: str) -> None:
    assert pairs(one_job('"3.11"', runner=runner)) == ["3.11 None"]


def test_an_unknown_machine_beside_known_ones_is_told_and_names_no_platform() -> None:
    text = one_job('"3.12"', runner="${{ matrix.os }}", more="strategy: {matrix: {os: [windows-2022, self-hosted]}}")
    assert pairs(text) == ["3.12 win_amd64"]
    assert notes(text) == ["ci.yml:5: job test: the machine 'self-hosted' is not known"]


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("3.11", ["3.11"]),
        ("'3.11.9'", ["3.11.9"]),
        ("3.14-dev", ["3.14"]),
        ("3.15.0-rc.2", ["3.15"]),
        ("'3.14.0-alpha - 3.14'", ["3.14"]),
        ("~3.13.0-0", ["3.13"]),
        ("3.12.x", ["3.12"]),
        ("pypy-3.10", ["pp3.10"]),
        ("pypy3.11-v7.3.19", ["pp3.11"]),
        ("pypy-3.10-nightly", ["pp3.10"]),
        ("3.13t", ["3.13t"]),
        ("3.x", ["3.14"]),
        ("3", ["3.14"]),
        ("^3.11", ["3.14"]),
        ("'>=3.10'", ["3.14"]),
        ("'>=3.10 <3.13'", ["3.12"]),
        ("'>=3.20'", [None]),
        ("'>=3.x'", [None]),
        ("|\n                3.10\n                pypy-3.10", ["3.10", "pp3.10"]),
    ],
)
def test_every_form_of_a_version_has_its_word(written: str, words: list[str | None]) -> None:
    assert [target.python for target in read(one_job(written)).targets] == words


@pytest.mark.parametrize(
    ("written", "says", "hint"),
    [
        ("3.10", "python-version 3.10 is the number 3.1 to YAML", 'put it in quotes: "3.10"'),
        ("3.20", "python-version 3.20 is the number 3.2 to YAML", 'put it in quotes: "3.20"'),
        ("3.1", "python-version 3.1 is a Python without wheels", 'put it in quotes: "3.10"'),
    ],
)
def test_ten_without_quotes_is_one(written: str, says: str, hint: str) -> None:
    refused = refusal(one_job(written))
    assert (refused.address, refused.message, refused.hint) == ("ci.yml:10", says, hint)


@pytest.mark.parametrize(
    "text",
    [
        MATRIX.replace("\"3.10\", '3.11'", "3.9, 3.10"),
        MATRIX.replace("[\"3.10\", '3.11']", "${{ fromJSON('[3.9, 3.10]') }}"),
        "env:\n  PY: 3.10\n" + textwrap.dedent(one_job('"${{ env.PY }}"')),
    ],
)
def test_ten_without_quotes_is_found_wherever_it_stands(text: str) -> None:
    assert "3.10 is the number 3.1" in refusal(text).message


def test_the_environment_and_literal_json_are_followed() -> None:
    assert pairs('env: {PY: "3.12"}\n' + textwrap.dedent(one_job("${{ env.PY }}"))) == ["3.12 manylinux_2_39_x86_64"]
    more = """strategy: {matrix: {v: "${{ fromJSON('[\\"3.11\\", \\"3.12\\"]') }}"}}"""
    assert pairs(one_job("${{ matrix['v'] }}", more=more)) == [
        "3.11 manylinux_2_39_x86_64",
        "3.12 manylinux_2_39_x86_64",
    ]


def test_a_default_behind_an_or_is_taken_where_a_combination_has_no_value() -> None:
    text = """
    jobs:
      test:
        runs-on: ${{ matrix.os || 'ubuntu-22.04' }}
        strategy: {matrix: {include: [{py: "3.11"}, {py: "3.12", os: windows-latest}]}}
        steps: [{uses: actions/setup-python@v6, with: {python-version: "${{ matrix.py }}"}}]
    """
    assert pairs(text) == ["3.11 manylinux_2_35_x86_64", "3.12 win_amd64"]


def test_tables_in_a_matrix_are_reached_by_their_path() -> None:
    text = """
    jobs:
      test:
        runs-on: ${{ matrix.config.os }}
        strategy:
          matrix:
            config:
              - {os: windows-latest, py: "3.11"}
              - {os: ubuntu-24.04, py: "3.12"}
        steps:
          - uses: astral-sh/setup-uv@v7
            with: {python-version: "${{ matrix.config.py }}"}
    """
    assert pairs(text) == ["3.11 win_amd64", "3.12 manylinux_2_39_x86_64"]


def test_a_matrix_names_a_python_even_where_no_step_asks_for_it() -> None:
    text = """
    jobs:
      test:
        runs-on: ubuntu-24.04
        strategy: {matrix: {python: ["3.11", "3.12"]}}
        steps: [{run: "nox -p ${{ matrix.python }}"}]
    """
    assert pairs(text) == ["3.11 manylinux_2_39_x86_64", "3.12 manylinux_2_39_x86_64"]


def test_containers_decide_the_platform() -> None:
    assert pairs("jobs: {a: {runs-on: ubuntu-24.04-arm, container: 'python:3.12-alpine'}}") == [
        "3.12 musllinux_1_2_aarch64"
    ]
    assert pairs(one_job('"3.11"', more="container: {image: 'debian:12'}")) == ["3.11 manylinux_2_36_x86_64"]
    unknown = one_job('"3.11"', more="container: registry.example.com/team/ci:3")
    assert pairs(unknown) == ["3.11 None"]
    assert "the container registry.example.com/team/ci:3 is no image that wheelcheck knows" in notes(unknown)[0]


def test_another_architecture_can_be_asked_of_a_machine() -> None:
    text = one_job('"3.11"', runner="windows-latest").replace("with:", "with:\n              architecture: x86")
    assert pairs(text) == ["3.11 win32"]


def test_free_threading_can_be_asked_apart() -> None:
    assert pairs(one_job('"3.13"').replace("with:", "with:\n              freethreaded: true"))[0].startswith("3.13t ")


def test_what_only_a_run_would_know_is_named_and_the_rest_is_taken() -> None:
    text = """
    jobs:
      a:
        runs-on: ubuntu-24.04
        steps: [{uses: actions/setup-python@v6, with: {python-version: "3.11"}}]
      b:
        runs-on: ubuntu-24.04
        strategy:
          matrix: ${{ fromJSON(needs.plan.outputs.matrix) }}
        steps: [{uses: actions/setup-python@v6, with: {python-version: "${{ matrix.py }}"}}]
      c:
        runs-on: ${{ inputs.machine }}
        steps: [{uses: actions/setup-python@v6, with: {python-version: "3.12"}}]
      d:
        runs-on: ubuntu-24.04
        steps: [{uses: actions/setup-python@v6, with: {python-version-file: .python-version}}]
      e:
        runs-on: ubuntu-24.04
        strategy: {matrix: {py: ["3.13", "${{ inputs.python }}"]}}
        steps: [{uses: actions/setup-python@v6, with: {python-version: "${{ matrix.py }}"}}]
    """
    assert pairs(text) == ["3.11 manylinux_2_39_x86_64", "3.12 None", "3.13 manylinux_2_39_x86_64"]
    assert notes(text) == [
        "ci.yml:10: job b: ${{ matrix.py }} is no literal",
        "ci.yml:9: job b: ${{ fromJSON(needs.plan.outputs.matrix) }} is no literal",
        "ci.yml:12: job c: runs-on ${{ inputs.machine }} is no literal",
        "ci.yml:16: job d: its Python is in .python-version",
        "ci.yml:20: job e: ${{ matrix.py }} is no literal",
    ]


def test_an_axis_that_is_no_literal_leaves_the_others() -> None:
    text = MATRIX.replace("[ubuntu-22.04, windows-latest, macos-15]", "${{ fromJSON(inputs.machines) }}")
    assert pairs(text)[:2] == ["3.10 None", "3.11 None"]


@pytest.mark.parametrize(
    ("text", "address", "says"),
    [
        ("", "ci.yml", "no GitHub Actions workflow"),
        ("[1, 2]", "ci.yml", "no GitHub Actions workflow"),
        ("jobs: {a: {steps: [}", "ci.yml:1", "not valid YAML"),
        ("jobs: &a {x: *a}", "ci.yml", "nested too deeply"),
        ("jobs: {a: {runs-on: ubuntu-24.04, steps: [{run: make}]}}", "ci.yml", "names no Python"),
        (one_job("${{ inputs.python }}"), "ci.yml", "line 10: job test: ${{ inputs.python }} is no literal"),
        (
            "jobs: {a: {strategy: {matrix: {x: &n [1,2,3,4,5,6,7,8], y: *n, z: *n}}}}",
            "ci.yml:1",
            "a matrix of 512 jobs, more than the 256",
        ),
    ],
)
def test_what_is_no_workflow_or_names_no_python_is_refused(text: str, address: str, says: str) -> None:
    refused = refusal(text)
    assert refused.address == address
    assert says in refused.message


def test_aliases_upon_aliases_cost_nothing() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{depth}: &a{depth} [{', '.join([f'*a{depth - 1}'] * 9)}]" for depth in range(1, 30)]
    assert pairs("\n".join(lines) + textwrap.dedent(one_job('"3.11"'))) == ["3.11 manylinux_2_39_x86_64"]
