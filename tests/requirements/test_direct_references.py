"""URLs, local archives and folders, editable and version-control requirements."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.requirements.readings import read, read_text, text_failure, write
from wheelcheck.model.requirement import HashPin

pytestmark = pytest.mark.usefixtures("folder")
SHA = "b" * 64


def test_a_wheel_url_gives_its_name_and_keeps_its_hash() -> None:
    found = read_text(f"https://u:pw@files.example/Foo_Bar-1.0-py3-none-any.whl#sha256={SHA} ; os_name == 'nt'\n")
    (requirement,) = found.requirements
    assert requirement.name == "foo-bar"
    assert requirement.url == "https://u:pw@files.example/Foo_Bar-1.0-py3-none-any.whl"
    assert requirement.hashes == (HashPin(algorithm="sha256", digest=SHA),)
    assert requirement.text == "https://***@files.example/Foo_Bar-1.0-py3-none-any.whl ; os_name == 'nt'"
    assert str(requirement.marker) == 'os_name == "nt"'
    assert "pw@" not in requirement.text


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("https://files.example/my-old-name-1.0.tar.gz", "my-old-name"),
        ("https://files.example/a%2Bb/x-1.0%2Bcpu-cp311-cp311-win_amd64.whl", "x"),
        ("https://files.example/pybbox-0.0.5-alpha.zip", "pybbox"),
        ("https://files.example/archive/main.zip#egg=Named[x]", "named"),
        ("named[x] @ https://files.example/archive/main.zip", "named"),
    ],
)
def test_the_project_behind_a_url_is_told(line: str, name: str) -> None:
    assert [requirement.name for requirement in read_text(line).requirements] == [name]


def test_a_url_that_names_no_project_is_a_value_not_a_crash() -> None:
    (unsupported,) = read_text("https://files.example/archive/main.zip\n").unsupported
    assert (unsupported.kind, unsupported.name, unsupported.hint) == ("archive-unreadable", None, "write NAME @ URL")


def test_local_archives_become_file_urls() -> None:
    write({"dist/x-1.0-py3-none-any.whl": b"", "dist/y-2.0.tar.gz": b"", "z-1.0.zip": b""})
    found = read_text("./dist/x-1.0-py3-none-any.whl[Extra] ; os_name == 'nt'\ndist/y-2.0.tar.gz\nz-1.0.zip\n")
    x, y, z = found.requirements
    assert (x.name, sorted(x.extras), str(x.marker)) == ("x", ["extra"], 'os_name == "nt"')
    assert x.url == Path("dist/x-1.0-py3-none-any.whl").absolute().as_uri()
    assert (y.name, z.name) == ("y", "z")


def test_file_urls_and_paths_behind_a_name_are_followed() -> None:
    write({"x-1.0-py3-none-any.whl": b""})
    url = Path("x-1.0-py3-none-any.whl").absolute().as_uri()
    found = read_text(
        f"{url}\n{url}#sha256={SHA}\nx @ {url}\nx @ ./x-1.0-py3-none-any.whl\nfile:x-1.0-py3-none-any.whl\n"
    )
    assert [requirement.url for requirement in found.requirements] == [url] * 5


def test_a_local_path_is_looked_for_beside_the_file_too() -> None:
    write({"sub/r.txt": "./x-1.0.tar.gz\n", "sub/x-1.0.tar.gz": b""})
    assert read("sub/r.txt").requirements[0].url == Path("sub/x-1.0.tar.gz").absolute().as_uri()


def test_folders_with_static_names_become_requirements() -> None:
    write(
        {
            "one/pyproject.toml": "[project]\nname = 'One.X'\n",
            "two/setup.cfg": "[metadata]\nname = two\n",
            "three/setup.py": "raise SystemExit\n",
            "four/pyproject.toml": "[tool.poetry]\nname = 'four'\n",
        }
    )
    found = read_text("./one[dev]\ntwo/\n./three\n./four\n")
    assert [requirement.name for requirement in found.requirements] == ["one-x", "two", "four"]
    assert found.requirements[0].url == Path("one").absolute().as_uri()
    assert [(entry.kind, entry.text) for entry in found.unsupported] == [("folder-dynamic", "./three")]


def test_editable_and_vcs_requirements_are_named_not_crashed_on() -> None:
    write({"one/pyproject.toml": "[project]\nname = 'one'\n"})
    found = read_text(
        "-e ./one[dev]\n-e git+https://t0ken@git.example/a.git@main#egg=Aaa[x]&subdirectory=y\n--editable=bbb@git+ssh://git@git.example/b\n"
        "git+https://git.example/c.git#egg=ccc\nddd[x] @ git+https://u:pw@git.example/d ; os_name == 'nt'\ngit+https://git.example/e\n"
        "git@git.example:f.git\n-e .\n"
    )
    assert found.requirements == ()
    assert [(entry.kind, entry.name) for entry in found.unsupported] == [
        ("editable", "one"),
        ("editable", "aaa"),
        ("editable", "bbb"),
        ("vcs", "ccc"),
        ("vcs", "ddd"),
        ("vcs", None),
        ("vcs", None),
        ("editable", None),
    ]
    assert "pw" not in str(found) and "t0ken" not in str(found)
    assert all(entry.hint for entry in found.unsupported)


def test_a_missing_local_file_is_named_with_near_names() -> None:
    write({"dist/x-1.1-py3-none-any.whl": b""})
    error = text_failure("a\n./dist/x-1.0-py3-none-any.whl\n")
    assert error.address == "requirements.txt:2"
    assert "no such file: dist/x-1.0-py3-none-any.whl" in error.message
    assert error.hint == "did you mean x-1.1-py3-none-any.whl?"


def test_weak_hashes_and_subdirectories_in_urls_are_told() -> None:
    assert "md5" in text_failure("https://files.example/x-1.0.zip#md5=123\n").message
    (unsupported,) = read_text("x @ https://files.example/x-1.0.zip#subdirectory=py\n").unsupported
    assert (unsupported.kind, unsupported.name) == ("archive-unreadable", "x")


def test_a_path_to_something_else_says_what_it_is_not() -> None:
    write({"notes/more.txt": ""})
    error = text_failure("notes/more.txt\n")
    assert "-r" in error.hint
