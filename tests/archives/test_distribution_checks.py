"""What an import asks of the metadata of other distributions, in modules of a few lines."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.fakes.code import FakeCode
from tests.fakes.projects import FakeProjects, wheel
from wheelcheck.model.code import DistributionCheck, ImportTarget

_TARGET = ImportTarget(
    minor=12, sys_platform="linux", os_name="posix", platform_system="Linux", implementation="cpython"
)


def checks_of(files: Mapping[str, str]) -> list[DistributionCheck]:
    page = FakeProjects({"app": {"1": [wheel()]}}).page("app")  # type: ignore[arg-type]
    ((distribution,),) = page.distributions.values()
    (read,) = FakeCode({"app-1-py3-none-any.whl": files}).import_times([distribution], _TARGET)
    return [check for module in read.modules for check in module.checks]


@pytest.mark.parametrize(
    ("source", "asked"),
    [
        ("from importlib.metadata import version\nversion('lib')", "lib"),
        ("import importlib.metadata\nx = importlib.metadata.version('lib')", "lib"),
        ("import importlib_metadata as meta\nmeta.distribution('lib')", "lib"),
        ("import pkg_resources\nv = pkg_resources.get_distribution('lib>=2').version", "lib>=2"),
        ("from pkg_resources import require\nrequire(['lib<3'])", "lib<3"),
    ],
)
def test_lookup_of_a_literal_name_at_import_time_is_a_check(source: str, asked: str) -> None:
    (check,) = checks_of({"app.py": source})
    assert (check.requirement, check.is_sure) == (asked, True)


@pytest.mark.parametrize(
    "source",
    [
        "from importlib.metadata import version\ndef f():\n    version('lib')",
        "from importlib.metadata import version\ntry:\n    version('lib')\nexcept Exception:\n    pass",
        "from importlib.metadata import version\nif input():\n    version('lib')",
        "from importlib.metadata import version\nversion(__name__)",
        "from other import version\nversion('lib')",
        "from importlib.metadata import version\nok = input() and version('lib')",
    ],
)
def test_lookup_that_may_not_run_or_may_fail_is_none(source: str) -> None:
    assert checks_of({"app.py": source}) == []


_REQUIRE = """
from importlib.metadata import version
def require(text):
    found = version(text)
    if found:
        raise ImportError
"""
_TABLE = "deps = {'lib': 'lib>=1,<2', 'rare': 'rare==3'}\n"


def test_rows_of_a_table_that_a_loop_hands_to_a_check_are_checks_of_the_names_that_it_goes_over() -> None:
    loop = "from .table import deps\nfrom .tool import core\nfor name in 'python lib'.split():\n    core(deps[name])\n"
    files = {
        "app/__init__.py": "from . import checked\n",
        "app/checked.py": loop,
        "app/table.py": _TABLE,
        "app/tool.py": f"{_REQUIRE}def core(text):\n    return require(text)\n",
    }
    (check,) = checks_of(files)
    assert (check.requirement, check.line, check.is_sure) == ("lib>=1,<2", 4, False)
    assert check.statement == "core(deps[name])"


def test_requirement_that_is_handed_to_a_check_is_one() -> None:
    (check,) = checks_of({"app.py": f"{_REQUIRE}require('lib<2')\n"})
    assert (check.requirement, check.is_sure) == ("lib<2", True)


def test_function_that_looks_nothing_up_or_never_raises_checks_nothing() -> None:
    assert checks_of({"app.py": "def require(text):\n    raise ImportError\nrequire('lib<2')\n"}) == []
    silent = "from importlib.metadata import version\ndef require(text):\n    print(version(text))\nrequire('lib<2')\n"
    assert checks_of({"app.py": silent}) == []


_VALIDATION = """
from google.protobuf import runtime_version as _runtime_version
_runtime_version.ValidateProtobufRuntimeVersion(_runtime_version.Domain.PUBLIC, 6, 31, 1, '', 'a.proto')
"""


def test_generated_code_asks_for_the_protobuf_that_its_protoc_belongs_to() -> None:
    (check,) = checks_of({"app.py": _VALIDATION})
    assert (check.requirement, check.is_of_compiled) == ("protobuf>=6.31.1", False)
    assert check.statement == "_runtime_version.ValidateProtobufRuntimeVersion(…)"
    assert checks_of({"app.py": _VALIDATION.replace("31, 1", "*later")}) == []
