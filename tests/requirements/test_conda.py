"""conda's environment files and lists."""

from __future__ import annotations

import pytest

from tests.requirements.readings import asked, failure, read, read_text, write
from wheelcheck.errors import InputUnreadable
from wheelcheck.model.requirement import FileOrigin, UnsupportedRequirement
from wheelcheck.requirements.requirements_file import parse_spec

pytestmark = pytest.mark.usefixtures("folder")

ENVIRONMENT = """\
name: demo
channels: [conda-forge]
dependencies:
  - python=3.11
  - numpy=1.26
  - conda-forge::pandas>=2,<3
  - pip
  - pip:
      - requests==2.31.0
      - -r more.txt  # beside
      - "six ; sys_platform == 'win32'"
      - -e git+https://git.example/x#egg=x
"""


def test_the_pip_part_is_a_requirements_file_and_packages_may_have_stand_ins() -> None:
    write({"e/environment.yml": ENVIRONMENT, "e/more.txt": "idna\n"})
    found = read("e/environment.yml")
    assert asked(found) == ["requests==2.31.0", "idna", "six"]
    assert [str(each.origin) for each in found.requirements] == [
        "e/environment.yml:9",
        "e/more.txt:1",
        "e/environment.yml:11",
    ]
    assert [(each.kind, str(each.stand_in), str(each.origin)) for each in found.unsupported] == [
        ("conda", "numpy==1.26.*", "e/environment.yml:5"),
        ("conda", "pandas<3,>=2", "e/environment.yml:6"),
        ("conda", "pip", "e/environment.yml:7"),
        ("vcs", "x", "e/environment.yml:12"),
    ]
    assert [(str(bound), str(origin)) for bound, origin in found.requires_python] == [
        ("==3.11.*", "e/environment.yml:4")
    ]


def test_the_pip_part_may_stand_on_one_line_and_all_faults_are_told() -> None:
    write({"e.yml": "dependencies: [numpy, pip: [six, requests>=2, idna]]\n"})
    assert asked(read("e.yml")) == ["six", "requests>=2", "idna"]
    write({"e.yml": "dependencies:\n- pip: [a b, six]\n- npm: [x]\n- [a]\n- pip:\n  - c d\n"})
    error = failure("e.yml")
    assert isinstance(error, InputUnreadable)
    assert [each.address for each in (error, *error.further)] == ["e.yml:2", "e.yml:3", "e.yml:4", "e.yml:6"]


def test_an_anchor_may_be_set_again() -> None:
    write({"e.yml": "dependencies:\n- pip:\n  - &a six\n  - *a\n  - &a idna\n  - *a\n"})
    assert asked(read("e.yml")) == ["six", "six", "idna", "idna"]


@pytest.mark.parametrize(
    ("spec", "bound"),
    [
        ("python=3.11", "==3.11.*"),
        ("python=3.11.7", "==3.11.*"),
        ("python=3.11.7=hab00c5b_1_cpython", "==3.11.*"),
        ("python>=3.9,<3.12", "<3.12,>=3.9"),
        ("python 3.12.*", "==3.12.*"),
        ("python", None),
        ("python 3.9|3.10", None),
    ],
)
def test_python_of_an_environment_bounds_the_target(spec: str, bound: str | None) -> None:
    write({"environment.yml": f"dependencies:\n- {spec}\n- pip:\n"})
    found = read("environment.yml")
    assert [str(each) for each, _ in found.requires_python] == ([bound] if bound else [])
    assert [each.text for each in found.unsupported] == (["python 3.9|3.10"] if "|" in spec else [])


SPECS = {
    "numpy": "numpy",
    "numpy *": "numpy",
    "numpy=1.26": "numpy==1.26.*",
    "numpy =1.26": "numpy==1.26.*",
    "numpy==1.26.4": "numpy==1.26.4",
    "numpy 1.26.4": "numpy==1.26.4",
    "numpy=1.26.4=py311h64a7726_0": "numpy==1.26.4",
    "numpy 1.26.4 py311h64a7726_0": "numpy==1.26.4",
    "numpy 1.26.* *_cpython": "numpy==1.26.*",
    "numpy=1.26.*": "numpy==1.26.*",
    "numpy 1.26*": "numpy==1.26.*",
    "numpy>=1.20,<2": "numpy<2,>=1.20",
    "numpy >= 1.20, != 1.21.*": "numpy!=1.21.*,>=1.20",
    "numpy~=1.20": "numpy~=1.20",
    "conda-forge/linux-64::numpy>1": "numpy>1",
    "pytorch::numpy[version='>=1,<2', build=x]": "numpy<2,>=1",
    "numpy[version=1.26]": "numpy==1.26",
    "numpy 1.7|1.8": "numpy",
    "numpy=weird*version": "numpy",
    "_libgcc_mutex": "None",
    f"numpy{' ' * 20_000}>1": "numpy>1",
}


@pytest.mark.parametrize("spec", SPECS)
def test_a_spec_becomes_the_bound_that_an_index_can_have(spec: str) -> None:
    package, _ = parse_spec(spec, FileOrigin(path="e.yml"))
    assert str(package.stand_in) == SPECS[spec]
    assert package.text == spec


EXPORT = """\
# This file may be used to create an environment using:
# $ conda create --name <env> --file <this file>
# platform: linux-64
_libgcc_mutex=0.1=conda_forge
numpy=1.26.4=py311h64a7726_0
requests=2.31.0=pypi_0
tzdata=2023d=h0c530f3_0
"""
EXPLICIT = """\
@EXPLICIT
https://conda.example/conda-forge/linux-64/_libgcc_mutex-0.1-conda_forge.tar.bz2#d7c89558ba9fa0495403155b64376d81
https://conda.example/conda-forge/linux-64/numpy-1.26.4-py311h64a7726_0.conda
https://conda.example/conda-forge/noarch/requests-2.31.0-pypi_0.conda
https://conda.example/conda-forge/noarch/tzdata-2023d-h0c530f3_0.conda#1c2
"""


@pytest.mark.parametrize("text", [EXPORT, EXPLICIT])
def test_lists_of_conda_are_read_line_by_line(text: str) -> None:
    found = read_text(text)
    assert asked(found) == ["requests==2.31.0"]
    assert [str(each.stand_in) for each in found.unsupported] == ["None", "numpy==1.26.4", "None"]
    assert [each.origin for each in found.unsupported if isinstance(each, UnsupportedRequirement)][1] == FileOrigin(
        path="requirements.txt", line=5 if text == EXPORT else 3
    )


@pytest.mark.parametrize(
    ("text", "address", "message"),
    [
        ("on: push\njobs: {}\n", "x.yml", "no conda environment"),
        ("- a\n", "x.yml", "no conda environment"),
        ("", "x.yml", "no conda environment"),
        ("dependencies: [[a]]\n", "x.yml:1", "a list among the packages"),
        ("dependencies:\n- npm:\n  - x\n", "x.yml:2", "neither a package nor a list for pip"),
        ("dependencies:\n- pip:\n  - a b\n  - c\n", "x.yml:3", "no requirement: 'a b'"),
        ("dependencies: [\n", "x.yml:2", "not valid YAML"),
    ],
)
def test_yaml_that_is_no_environment_is_told_with_its_line(text: str, address: str, message: str) -> None:
    write({"x.yml": text})
    error = failure("x.yml")
    assert error.address == address
    assert message in error.message
