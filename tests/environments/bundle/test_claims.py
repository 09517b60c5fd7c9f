"""Two wheels with a file in one place: alike is fine, what nobody imports is a warning, other modules are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.environments.bundle.housed import linux, on_linux, plain, windows
from tests.fakes.archives import make_wheel
from wheelcheck.environments.bundle.stripping import strip
from wheelcheck.errors import ArchiveRefused
from wheelcheck.model.environment import Environment

_EXTENDS = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"
_DECLARES = '''"""A namespace."""
try:
    import pkg_resources
    pkg_resources.declare_namespace(__name__)
except ImportError:
    import pkgutil
    __path__ = pkgutil.extend_path(__path__, __name__)
'''


def _two(path: str, first: str = "x = 1", second: str = "x = 2") -> tuple[tuple[str, bytes], tuple[str, bytes]]:
    return make_wheel("one", "1.0", files={path: first}), make_wheel("two", "1.0", files={path: second})


def _record(environment: Environment, name: str) -> str:
    folder = environment.root / environment.layout.site_packages / f"{name}-1.0.dist-info"
    return (folder / "RECORD").read_text()


@pytest.mark.parametrize(
    "path",
    [
        "tests/__init__.py",
        "tests/test_it.py",
        "docs/conf.py",
        "examples/run.py",
        "LICENSE",
        "README.md",
        "conftest.py",
        "setup.py",
        "requirements.txt",
        "space/LICENSE.txt",
        "space/py.typed",
        "space/part.pyi",
    ],
)
def test_what_nobody_imports_may_differ_and_both_are_named(tmp_path: Path, path: str) -> None:
    environment = plain(tmp_path, linux(), *_two(path))

    (warning,) = environment.warnings
    assert all(word in warning for word in ("one-1.0-py3-none-any.whl", "two-1.0-py3-none-any.whl", repr(path)))
    assert (environment.root / path).read_text() == "x = 1"
    assert f"{path},sha256=" in _record(environment, "one")
    assert f"{path}," not in _record(environment, "two")
    assert [file.owner for file in environment.files if file.path == path] == ["one"]


@pytest.mark.parametrize(
    "path", ["shared.py", "space/__init__.py", "space/tests/helper.py", "space/data.json", "a.pth"]
)
def test_modules_and_what_they_may_read_are_refused_with_a_way_out(tmp_path: Path, path: str) -> None:
    with pytest.raises(ArchiveRefused, match="with other content") as caught:
        plain(tmp_path, linux(), *_two(path))
    assert "--exclude one or --exclude two" in caught.value.hint
    assert not (tmp_path / "env").exists()


@pytest.mark.parametrize(("first", "second"), [(_EXTENDS, _DECLARES), ("", _EXTENDS), ("# a\n", "'''b'''\n")])
def test_declarations_of_one_namespace_may_differ(tmp_path: Path, first: str, second: str) -> None:
    environment = plain(tmp_path, linux(), *_two("space/__init__.py", first, second))

    assert (environment.root / "space/__init__.py").read_text() == first
    with pytest.raises(ArchiveRefused):
        plain(tmp_path / "again", linux(), *_two("space/__init__.py", first, "from space.two import x\n"))


def test_command_of_two_projects_is_that_of_the_first(tmp_path: Path) -> None:
    wheels = (
        make_wheel(
            name, "1.0", files={f"{name}-1.0.dist-info/entry_points.txt": f"[console_scripts]\nrun={name}:main\n"}
        )
        for name in ("one", "two")
    )
    environment = on_linux(tmp_path, *wheels)

    assert "from one import main" in (environment.root / "bin/run").read_text()
    assert "'bin/run'" in environment.warnings[0]
    assert "bin/run" not in _record(environment, "two")


def test_files_in_the_prefix_may_differ(tmp_path: Path) -> None:
    wheels = (make_wheel(name, "1.0", files={f"{name}-1.0.data/data/share/x.json": name}) for name in ("one", "two"))
    environment = on_linux(tmp_path, *wheels)

    assert (environment.root / "share/x.json").read_text() == "one"
    assert environment.warnings


def test_packages_that_differ_in_case_are_one_folder_on_windows(tmp_path: Path) -> None:
    wheels = (make_wheel("one", "1.0", files={"Crypt/a.py": ""}), make_wheel("two", "1.0", files={"crypt/b.py": ""}))

    with pytest.raises(ArchiveRefused, match=r"'crypt' is 'Crypt' of one-1\.0-py3-none-any\.whl where case is ignored"):
        plain(tmp_path, windows(), *wheels)
    assert plain(tmp_path, linux(), *wheels).files


def test_folders_of_data_may_differ_in_case(tmp_path: Path) -> None:
    wheel = make_wheel("one", "1.0", files={"one/Data/a.txt": "", "one/data/b.txt": ""})

    assert plain(tmp_path, windows(), wheel).files


def test_one_file_from_two_places_of_a_wheel_is_refused(tmp_path: Path) -> None:
    wheel = make_wheel("one", "1.0", files={"one/a.py": "1", "one-1.0.data/purelib/one/a.py": "1"})

    with pytest.raises(ArchiveRefused, match="comes from this archive too"):
        plain(tmp_path, linux(), wheel)


def test_stripped_file_that_two_wheels_have_alike_leaves_both_records(tmp_path: Path) -> None:
    environment = strip(plain(tmp_path, linux(), *_two("tests/__init__.py", "", "")), ("tests",))

    assert not (environment.root / "tests").exists()
    assert "tests/" not in _record(environment, "one") + _record(environment, "two")
