"""Where a source archive's dependencies are read from: best source first, and what is not literal is not known."""

# ruff: noqa: E501 -- scripts and tables are data here, one to a line

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.archives.readers import READER, judge, metadata_of
from tests.fakes.archives import make_sdist, metadata_text
from wheelcheck.model.distribution import MetadataSource, Purity
from wheelcheck.texts.poetry import poetry_specifier

STATIC = MetadataSource.SDIST_STATIC
RECORDED = MetadataSource.SDIST_RECORDED
SETUPTOOLS = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
POETRY = '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n'


def test_pkg_info_of_metadata_2_2_is_static() -> None:
    metadata = metadata_of(
        {"pyproject.toml": SETUPTOOLS}, pkg_info=metadata_text("demo", "1.0", requires=["six"], metadata_version="2.2")
    )
    assert (metadata.requires, metadata.source) == (("six",), STATIC)
    assert "PKG-INFO" in metadata.evidence


def test_pkg_info_whose_dependencies_are_dynamic_is_only_a_record() -> None:
    info = metadata_text("demo", "1.0", requires=["six"], dynamic=["Requires-Dist"])
    assert metadata_of({"pyproject.toml": SETUPTOOLS}, pkg_info=info).source is RECORDED


def test_the_project_table_is_static_and_brings_extras_and_requires_python() -> None:
    table = (
        '[project]\nname = "demo"\ndynamic = ["version"]\nrequires-python = ">=3.8"\ndependencies = ["six; python_version < \'4\'"]\n'
        '[project.optional-dependencies]\nFast = ["uvloop; sys_platform != \'win32\'", "attrs"]\n'
    )
    metadata = metadata_of({"pyproject.toml": SETUPTOOLS + table})
    assert metadata.source is STATIC
    assert metadata.requires == (
        "six; python_version < '4'",
        "uvloop ; (sys_platform != 'win32') and extra == \"Fast\"",
        'attrs ; extra == "Fast"',
    )
    assert metadata.provides_extra == {"fast"}
    assert metadata.requires_python == ">=3.8"
    assert str(metadata.version) == "1.0"


def test_a_table_with_dynamic_dependencies_is_not_read() -> None:
    table = '[project]\nname = "demo"\nversion = "1.0"\ndynamic = ["dependencies"]\n'
    judgement = judge({"pyproject.toml": SETUPTOOLS + table, "setup.py": "from setuptools import setup\nsetup()\n"})
    assert judgement.metadata is None
    assert "known only to a build" in judgement.evidence[-1]


def test_old_pkg_info_with_dependencies_is_a_record() -> None:
    info = metadata_text("demo", "1.0", requires=["six"], metadata_version="2.1")
    metadata = metadata_of({"setup.py": "setup(install_requires=x())"}, pkg_info=info)
    assert (metadata.requires, metadata.source) == (("six",), RECORDED)


def test_egg_info_requires_txt_is_a_record_with_its_sections_as_markers() -> None:
    text = "six\n\n[:python_version < '3']\nenum34\n\n[fast]\nuvloop>=1\n\n[fast:sys_platform == 'win32']\nwin; extra_marker == 'x'\n"
    metadata = metadata_of(
        {"setup.py": "import x", "demo.egg-info/requires.txt": text.replace("; extra_marker == 'x'", "")},
        pkg_info=metadata_text("demo", "1.0", metadata_version="1.2"),
    )
    assert metadata.requires == (
        "six",
        "enum34 ; python_version < '3'",
        'uvloop>=1 ; extra == "fast"',
        "win ; (sys_platform == 'win32') and extra == \"fast\"",
    )
    assert metadata.source is RECORDED
    assert metadata.provides_extra == {"fast"}
    assert metadata.malformed == ()


def test_egg_info_without_requires_txt_records_that_there_are_none() -> None:
    metadata = metadata_of(
        {"setup.py": "from setuptools import setup\nsetup(**stuff())", "demo.egg-info/SOURCES.txt": "setup.py\n"},
        pkg_info=metadata_text("demo", "1.0", metadata_version="1.0"),
    )
    assert (metadata.requires, metadata.source) == ((), RECORDED)


def test_egg_info_of_a_test_fixture_is_not_the_projects_own() -> None:
    judgement = judge({"setup.py": "setup(**stuff())", "tests/fixture.egg-info/requires.txt": "evil\n"})
    assert judgement.metadata is None


def test_literal_setup_cfg_is_read() -> None:
    config = (
        "[metadata]\nname = demo\n[options]\npython_requires = >=3.7\ninstall_requires =\n    six>=1\n    # comment\n    attrs\n"
        "[options.extras_require]\ntest =\n    pytest\n"
    )
    metadata = metadata_of({"setup.cfg": config, "setup.py": "from setuptools import setup\nsetup()\n"})
    assert metadata.requires[:2] == ("six>=1", "attrs")
    assert 'pytest ; extra == "test"' in metadata.requires
    assert metadata.requires_python == ">=3.7"
    assert metadata.evidence == "install_requires in setup.cfg"


def test_a_setup_cfg_that_cannot_be_read_makes_nothing_known() -> None:
    config = (
        "[options]\ninstall_requires = six\n[options.extras_require]\n:sys_platform == 'win32' = colorama\nnonsense\n"
    )
    assert judge({"setup.cfg": config, "setup.py": "from setuptools import setup\nsetup()\n"}).metadata is None


def test_setup_cfg_that_points_to_a_file_is_not_known() -> None:
    config = "[options]\ninstall_requires = file: requirements.txt\n"
    assert judge({"setup.cfg": config, "setup.py": "from setuptools import setup\nsetup()\n"}).metadata is None


def test_literal_setup_py_arguments_are_read_through_names() -> None:
    script = (
        "import os\nfrom setuptools import setup\nREQ = ['six']\nREQ += ['attrs>=1']\nextras = {'test': ['pytest']}\n"
        "extras['all'] = extras['test'] + ['tox']\n"
        "setup(name='demo', install_requires=REQ, extras_require=extras, python_requires='>=3.6')\n"
    )
    metadata = metadata_of({"setup.py": script})
    assert metadata.requires == (
        "six",
        "attrs>=1",
        'pytest ; extra == "test"',
        'pytest ; extra == "all"',
        'tox ; extra == "all"',
    )
    assert metadata.requires_python == ">=3.6"
    assert metadata.source is RECORDED
    assert metadata.evidence == "literal install_requires in setup.py"


@pytest.mark.parametrize(
    "script",
    [
        "from setuptools import setup\nsetup(install_requires=open('r.txt').read().split())",
        "from setuptools import setup\nimport sys\nr = ['a']\nif sys.platform == 'win32':\n    r.append('b')\nsetup(install_requires=r)",
        "from setuptools import setup\nsetup(**arguments())",
        "from setuptools import setup\nsetup(setup_requires=['pbr'], pbr=True)",
        "from setuptools import setup\nimport sys\nif sys.platform == 'win32':\n    setup(install_requires=['a'])\nelse:\n    setup()",
        "print('no setup at all')",
    ],
)
def test_arguments_that_are_not_literal_are_not_known(script: str) -> None:
    assert judge({"setup.py": script}).metadata is None


def test_a_function_whose_result_has_a_method_called_runs_once() -> None:
    script = (
        "from setuptools import setup\n"
        "needs = []\n"
        "def strip():\n    pass\n"
        "def last():\n    needs.append('a')\n    return ' b '\n"
        "needs.append(last().strip())\n"
        "setup(install_requires=needs)\n"
    )
    assert [str(each) for each in metadata_of({"setup.py": script}).requires] == ["a", "b"]


def test_poetry_s_own_table_is_static() -> None:
    table = (
        '[tool.poetry]\nname = "demo"\nversion = "1.0"\n[tool.poetry.dependencies]\npython = "^3.8"\nsix = "^1.2"\n'
        'attrs = {version = "~22.1", optional = true, extras = ["x"]}\nwin = {version = "*", markers = "sys_platform == \'win32\'"}\n'
        '[tool.poetry.extras]\nfast = ["attrs"]\n'
    )
    metadata = metadata_of({"pyproject.toml": POETRY + table})
    assert metadata.requires == (
        "six<2,>=1.2",
        'attrs[x]<22.2,>=22.1 ; extra == "fast"',
        "win ; (sys_platform == 'win32')",
    )
    assert (metadata.requires_python, metadata.source) == ("<4,>=3.8", STATIC)
    assert metadata.malformed == ()


def test_poetry_entries_without_an_equivalent_are_not_known() -> None:
    table = '[tool.poetry]\nname = "demo"\nversion = "1.0"\n[tool.poetry.dependencies]\nsix = {path = "../six"}\n'
    assert judge({"pyproject.toml": POETRY + table}).metadata is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("^1.2.3", "<2,>=1.2.3"),
        ("^0.2.3", "<0.3,>=0.2.3"),
        ("^0.0.3", "<0.0.4,>=0.0.3"),
        ("^0.0", "<0.1,>=0.0"),
        ("^0", "<1,>=0"),
        ("~1.2.3", "<1.3,>=1.2.3"),
        ("~1", "<2,>=1"),
        ("~=1.4.2", "~=1.4.2"),
        ("1.2.*", "==1.2.*"),
        ("3.8.x", "==3.8.*"),
        ("==3.X.x", "==3.*"),
        ("!=3.8.*", "!=3.8.*"),
        ("3.x !=3.8.x", "!=3.8.*,==3.*"),
        ("x", ""),
        ("1.2.3", "==1.2.3"),
        ("*", ""),
        (">=1.0,<2", "<2,>=1.0"),
        (">=1.0 <2", "<2,>=1.0"),
        ("^1 || ^2", "<3,>=1"),
        ("^1.2 || ^3.1 || ~5.1", "!=2.*,!=3.0.*,!=4.*,!=5.0.*,<5.2,>=1.2"),
        ("1.2.* || >=2", None),
        ("^1 || ^22", f"{','.join(sorted(f'!={number}.*' for number in range(2, 22)))},<23,>=1"),
        ("^1 || ^23", None),
        ("^1 || ^999999999999", None),
        (f"^{'1' * 5000}", None),
        ("what", None),
    ],
)
def test_poetry_s_version_constraints_become_specifiers(text: str, expected: str | None) -> None:
    assert poetry_specifier(text) == expected


def test_pkg_info_of_another_project_gives_no_metadata_and_says_so() -> None:
    judgement = judge({"setup.py": "x = 1"}, pkg_info=metadata_text("other", "1.0", requires=["six"]))
    assert judgement.metadata is None
    assert "PKG-INFO speaks of other" in judgement.evidence[-1]


def test_odd_old_names_are_read_with_their_version() -> None:
    content = make_sdist(
        "pybbox", "0.0.5-alpha", files={"setup.py": "from setuptools import setup\nsetup()"}, suffix=".zip"
    )[1]
    judgement = READER.judge_sdist(io.BytesIO(content), "pybbox-0.0.5-alpha.zip")
    assert judgement.metadata is not None
    assert (judgement.metadata.name, str(judgement.metadata.version)) == ("pybbox", "0.0.5a0")


def test_a_folder_tells_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "Demo_Pkg"\nversion = "2.0"\ndependencies = ["six"]\n'
    )
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "x.c").write_text("")
    judgement = READER.judge_folder(tmp_path)
    assert judgement.purity is Purity.PURE
    assert judgement.metadata is not None
    assert (judgement.metadata.name, str(judgement.metadata.version)) == ("demo-pkg", "2.0")
    assert judgement.metadata.requires == ("six",)
