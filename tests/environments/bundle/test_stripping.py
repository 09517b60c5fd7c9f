"""What may be left out of an environment, what must stay, and that RECORD stays true."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.environments.bundle.laid import SITE, lay, on_disk, paths
from wheelcheck.environments.bundle.stripping import KINDS, strip, strippable

_TEST = "def test_it(): pass\n"


def _stripped(root: Path, kind: str, files: Mapping[str, str | bytes], **more: Mapping[str, str | bytes]) -> set[str]:
    return paths(strip(lay(root, {"demo": files, **more}), (kind,)))


def test_tests_that_nothing_imports_go(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "demo/__init__.py": "from demo import core, testing\n",
        "demo/core.py": "def test(): '''Run the tests.'''\n",
        "demo/testing/__init__.py": "",
        "demo/tests/__init__.py": "",
        "demo/tests/test_core.py": _TEST,
        "demo/tests/data/large.bin": b"\0" * 100,
        "demo/sub/test/test_sub.py": "import demo.tests\n",
        "tests/__init__.py": "",
        "tests/test_demo.py": _TEST,
    }
    assert _stripped(tmp_path, "tests", files) == {"demo/__init__.py", "demo/core.py", "demo/testing/__init__.py"}


@pytest.mark.parametrize(
    "code",
    [
        "from demo.tests import helper\n",
        "from .tests import helper\n",
        "from . import (\n    core,\n    tests,\n)\n",
        "from .tests.helper import x\n",
        "import demo.tests.helper as h\n",
        "def late():\n    from demo import tests\n",
        "import importlib\nimportlib.import_module('demo.tests.helper')\n",
        "import importlib\nimportlib.import_module('.tests', __package__)\n",
        "print 'for another Python'\nfrom demo.tests import helper\n",
        "print 'for another Python'\nfrom .tests import helper\n",
    ],
)
def test_tests_that_the_package_itself_imports_stay(tmp_path: Path, code: str) -> None:
    files: dict[str, str | bytes] = {
        "demo/__init__.py": code,
        "demo/tests/__init__.py": "",
        "demo/tests/helper.py": "x = 1\n",
    }
    assert _stripped(tmp_path, "tests", files) == files.keys()


def test_tests_that_another_distribution_imports_stay_with_what_they_import(tmp_path: Path) -> None:
    kept = _stripped(
        tmp_path,
        "tests",
        {"demo/__init__.py": "", "demo/tests/__init__.py": "from demo.deep.test import tools\n"}
        | {"demo/deep/test/__init__.py": "", "demo/other/tests/test_x.py": _TEST},
        plugin={"plugin.py": "from demo.tests import base\n"},
    )
    assert kept == {"demo/__init__.py", "demo/tests/__init__.py", "demo/deep/test/__init__.py", "plugin.py"}


def test_tests_that_an_entry_point_names_stay(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "demo/tests/__init__.py": "",
        "demo/tests/plugin.py": "",
        "demo-1.0.dist-info/entry_points.txt": "[pytest11]\ndemo = demo.tests.plugin\n",
    }
    assert _stripped(tmp_path, "tests", files) == files.keys()


def test_folder_named_test_without_a_test_is_data_and_stays(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"demo/data/test/images.bin": b"1", "demo/templates/tests/page.html": "x"}
    assert _stripped(tmp_path, "tests", files) == files.keys()


def test_tests_of_a_runtime_that_is_not_in_an_archive_go(tmp_path: Path) -> None:
    runtime: dict[str, str | bytes] = {
        "Lib/os.py": "",
        "Lib/unittest/test/__init__.py": "",
        "Lib/test/__init__.py": "",
        "Lib/test/support/__init__.py": "",
        "Lib/ctypes/test/test_x.py": _TEST,
    }
    environment = lay(tmp_path, {"demo": {"demo.py": "from test import support\n"}}, runtime=runtime)
    assert {file.path for file in strip(environment, ("tests",)).files if file.owner is None} == {
        "Lib/os.py",
        "Lib/test/__init__.py",
        "Lib/test/support/__init__.py",
    }


def test_documents_go_but_code_and_licences_stay(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "demo/docs/index.html": "x",
        "demo/docs/_static/deep.css": "x",
        "demo/docs/LICENSE.txt": "MIT",
        "demo/doc/__init__.py": "x = 1\n",
        "demo/doc/readme.txt": "x",
        "demo/descr/iris.rst": "read when the program runs",
        "../../share/man/man1/demo.1": "x",
        "../../share/demo/needed.json": "{}",
    }
    assert _stripped(tmp_path, "docs", files) == {
        "demo/docs/LICENSE.txt",
        "demo/doc/__init__.py",
        "demo/doc/readme.txt",
        "demo/descr/iris.rst",
        "share/demo/needed.json",
    }


def test_stubs_go_but_those_that_are_read_on_import(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "demo/__init__.py": "import lazy_loader as lazy\n__getattr__, *_ = lazy.attach_stub(__name__, __file__)\n",
        "demo/__init__.pyi": "from .core import run\n",
        "demo/core.py": "",
        "demo/core.pyi": "def run() -> None: ...\n",
        "demo/py.typed": "",
        "demo-stubs/__init__.pyi": "",
    }
    assert _stripped(tmp_path, "pyi", files) == {
        "demo/__init__.py",
        "demo/__init__.pyi",
        "demo/core.py",
        "demo/py.typed",
    }


def test_extras_of_dist_info_go_but_what_the_program_reads_and_licences(tmp_path: Path) -> None:
    info = "demo-1.0.dist-info"
    files: dict[str, str | bytes] = {
        f"{info}/INSTALLER": "wheelcheck\n",
        f"{info}/REQUESTED": "",
        f"{info}/direct_url.json": "{}",
        f"{info}/sboms/x.json": "{}",
        f"{info}/licenses/vendor/MIT.txt": "MIT",
        f"{info}/COPYING": "GPL",
        f"{info}/AUTHORS.md": "us",
        f"{info}/entry_points.txt": "",
        f"{info}/top_level.txt": "demo\n",
    }
    assert _stripped(tmp_path, "dist-info-extras", files) == {
        f"{info}/{name}"
        for name in ("licenses/vendor/MIT.txt", "COPYING", "AUTHORS.md", "entry_points.txt", "top_level.txt")
    }


def test_record_loses_the_lines_of_what_went_and_has_its_new_hash(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "demo/__init__.py": "",
        "demo/a,b.pyi": "",
        "demo/x.pyi": "",
        "../../share/doc/demo.txt": "x",
        "../../Scripts/demo.exe": b"MZ",
    }
    left = strip(lay(tmp_path, {"demo": files, "other": {"other.py": ""}}), ("pyi", "docs"))
    record = next(file for file in left.files if file.path.endswith("demo-1.0.dist-info/RECORD"))
    content = (tmp_path / record.path).read_bytes()
    assert (record.size, record.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert b"\r" not in content
    assert {row[0] for row in csv.reader(content.decode().splitlines())} == {
        "demo/__init__.py",
        "../../Scripts/demo.exe",
        *(f"demo-1.0.dist-info/{name}" for name in ("METADATA", "WHEEL", "RECORD")),
    }
    assert on_disk(tmp_path) == {file.path for file in left.files}, "no file and no empty folder is left"


def test_nothing_to_strip_changes_nothing(tmp_path: Path) -> None:
    environment = lay(tmp_path, {"demo": {"demo.py": ""}})
    assert strip(environment, KINDS) is environment


def test_savings_are_told_without_removing_anything(tmp_path: Path) -> None:
    environment = lay(tmp_path, {"demo": {"demo/x.pyi": "1234", "demo/docs/x": "123", "demo/tests/test_x.py": "12"}})
    before = on_disk(tmp_path)
    assert strippable(environment) == {"tests": 2, "docs": 3, "pyi": 4, "dist-info-extras": 0}
    assert on_disk(tmp_path) == before


def test_packages_alone_are_stripped_too(tmp_path: Path) -> None:
    environment = lay(tmp_path, {"demo": {"demo/__init__.py": "", "demo/tests/test_x.py": _TEST}}, site=".")
    assert "./" not in SITE
    assert {file.path for file in strip(environment, ("tests",)).files if file.path.startswith("demo/")} == {
        "demo/__init__.py"
    }
