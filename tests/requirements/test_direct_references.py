"""URLs, local archives and folders, editable and version-control requirements."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.requirements.readings import read, read_text, text_failure, write

pytestmark = pytest.mark.usefixtures("folder")
SHA = "b" * 64


def test_a_wheel_url_gives_its_name_and_keeps_its_hash() -> None:
    found = read_text(f"https://u:pw@files.example/Foo_Bar-1.0-py3-none-any.whl#sha256={SHA} ; os_name == 'nt'\n")
    (requirement,) = found.requirements
    assert requirement.name == "foo-bar"
    # The hash of a fragment is a part of the reference; only --hash, which binds other lines too, is a pin.
    assert requirement.url == f"https://u:pw@files.example/Foo_Bar-1.0-py3-none-any.whl#sha256={SHA}"
    assert requirement.hashes == ()
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
    assert [requirement.url for requirement in found.requirements] == [url, f"{url}#sha256={SHA}", url, url, url]


def test_a_local_path_is_looked_for_beside_the_file_too() -> None:
    write({"sub/r.txt": "./x-1.0.tar.gz\n", "sub/x-1.0.tar.gz": b""})
    assert read("sub/r.txt").requirements[0].url == Path("sub/x-1.0.tar.gz").absolute().as_uri()


def test_a_folder_without_a_project_is_looked_for_beside_the_file_and_else_told_beside_the_rest() -> None:
    write({"sub/r.txt": "-e .[x]\n", "sub/pyproject.toml": "[project]\nname = 'sub'\n", "other/r.txt": "-e .\nsix\n"})
    assert read("sub/r.txt").requirements[0].url == Path("sub").absolute().as_uri()
    alone = read("other/r.txt")
    assert [(each.kind, each.text, each.stand_in) for each in alone.unsupported] == [("missing", "-e .", None)]
    assert "from the current folder" in alone.unsupported[0].hint
    assert [each.name for each in alone.requirements] == ["six"]


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


def test_editable_folders_become_requirements_and_repositories_are_named() -> None:
    write({"one/pyproject.toml": "[project]\nname = 'one'\n"})
    found = read_text(
        "-e ./one[dev] ; os_name == 'nt'\n-e git+https://t0ken@git.example/a.git@main#egg=Aaa[x]&subdirectory=y\n"
        "--editable=bbb@git+ssh://git@git.example/b\ngit+https://git.example/c.git#egg=ccc\n"
        "ddd[x] @ git+https://u:pw@git.example/d ; os_name == 'nt'\ngit+https://git.example/e\ngit@git.example:f.git\n"
        "-e file:one\n"
    )
    one, again = found.requirements
    assert (one.name, one.local, set(one.extras), str(one.marker)) == ("one", "editable", {"dev"}, 'os_name == "nt"')
    assert one.url == again.url == Path("one").absolute().as_uri()
    assert [(entry.kind, entry.name) for entry in found.unsupported] == [
        ("vcs", "aaa"),
        ("vcs", "bbb"),
        ("vcs", "ccc"),
        ("vcs", "ddd"),
        ("vcs", None),
        ("vcs", None),
    ]
    assert [str(entry.stand_in) for entry in found.unsupported[:4]] == ["aaa[x]", "bbb", "ccc", "ddd[x]"]
    assert str(found.unsupported[3].marker) == 'os_name == "nt"'
    assert "pw" not in str(found) and "t0ken" not in str(found)
    assert all(entry.hint for entry in found.unsupported)


@pytest.mark.parametrize(
    ("line", "stand_in"),
    [
        ("x @ git+https://git.example/x@v2.31.0", "x==2.31.0"),
        ("git+https://git.example/x@1.2rc1#egg=x", "x==1.2rc1"),
        ("git+ssh://git@git.example/x.git@main#egg=x-1.0", "x"),
        ("git+https://git.example/x@deadbeef#egg=x", "x"),
        ("git+https://git.example/x@release/1.0#egg=x", "x"),
    ],
)
def test_the_tag_of_a_repository_names_the_release_that_stands_in(line: str, stand_in: str) -> None:
    (unsupported,) = read_text(line).unsupported
    assert str(unsupported.stand_in) == stand_in


FREEZE = {
    "numpy @ file:///build/numpy/dist/numpy-1.26.4-cp311-cp311-linux_x86_64.whl#sha256=d42603e2": "numpy==1.26.4",
    "numpy @ file:///C:/b/abs_1/croot/numpy_2/dist/numpy-1.26.4.tar.gz ; os_name == 'nt'": "numpy==1.26.4",
    "numpy @ file:///C:/build/numpy/work": "numpy",
    "file:///mnt/x/y_z-2.0-py3-none-any.whl": "y-z==2.0",
    "C:\\wheels\\y-2.0+cpu-py3-none-any.whl": "y==2.0+cpu",
    "/mnt/x/y-2.0-py3-none-any.whl[a]": "y[a]==2.0",
}


@pytest.mark.parametrize("line", FREEZE)
def test_a_path_of_another_machine_leaves_the_name_and_the_version_that_it_tells(line: str) -> None:
    (unsupported,) = read_text(line).unsupported
    assert (unsupported.kind, str(unsupported.stand_in)) == ("elsewhere", FREEZE[line])
    assert "pip list --format=freeze" in unsupported.hint
    write({"bounds.txt": line})
    bounded = read("q", constraints=("bounds.txt",))
    assert (list(map(str, bounded.constraints)), bounded.unsupported) == ([FREEZE[line]], ())


MISSING = {
    "-e ./project": (None, None),
    "-e ../../project#egg=mine": ("mine", None),
    "./project ; os_name == 'nt'": (None, None),
    "mine @ ../project": ("mine", None),
    "./wheels/x-1.0-cp310-cp310-win_amd64.whl": ("x", "x==1.0"),
    "wheels\\x-1.0.tar.gz": ("x", "x==1.0"),
}


@pytest.mark.parametrize("line", MISSING)
def test_a_relative_path_to_nothing_is_told_beside_the_rest_and_only_a_release_stands_in(line: str) -> None:
    """A submodule that was not fetched, or a list that was copied without its project."""
    found = read_text(f"six\n{line}\n")
    (unsupported,) = found.unsupported
    stand_in = str(unsupported.stand_in) if unsupported.stand_in is not None else None
    assert (unsupported.kind, unsupported.name, stand_in) == ("missing", *MISSING[line])
    assert [each.name for each in found.requirements] == ["six"]


def test_a_path_that_resembles_what_is_there_and_a_line_that_is_no_plain_path_are_mistakes() -> None:
    write({"projects/setup.cfg": "[metadata]\nname = x\n"})
    assert text_failure("-e ./project\n").hint == "did you mean projects?"
    assert "no such file" in text_failure("<p> no </p>\n").message
    (elsewhere,) = read_text("-e c:\\users\\me\\project\n").unsupported
    assert (elsewhere.kind, elsewhere.name) == ("elsewhere", None)


def test_paths_of_windows_are_paths_everywhere() -> None:
    write({"sub/pyproject.toml": "[project]\nname = 'sub'\n", "w/x-1.0-py3-none-any.whl": b""})
    found = read_text(".\\sub\n-e .\\sub\nsub @ file:sub\nw\\x-1.0-py3-none-any.whl\n-e 'sub'\n")
    assert [(each.name, each.local) for each in found.requirements] == [
        ("sub", "folder"),
        ("sub", "editable"),
        ("sub", "folder"),
        ("x", ""),
        ("sub", "editable"),
    ]


def test_lists_and_folders_of_links_are_found_by_paths_of_windows() -> None:
    write({"sub/base.txt": "a\n-c ..\\bounds\\c.txt\n-f ..\\wheels\n", "bounds/c.txt": "a<2\n", "wheels/x": ""})
    found = read_text("-r sub\\base.txt\n")
    assert [each.name for each in found.requirements] == ["a"]
    assert [str(each) for each in found.constraints] == ["a<2"]
    assert found.options.find_links == (Path("wheels").absolute().as_uri(),)


def test_the_table_of_pip_list_is_told_for_what_it_is() -> None:
    assert "pip list --format=freeze" in text_failure("Package Version\n------- -----\nsix     1.16.0\n").hint


def test_a_file_is_nothing_to_edit() -> None:
    write({"x-1.0-py3-none-any.whl": b""})
    assert text_failure("-e ./x-1.0-py3-none-any.whl\n").hint == "leave -e out"


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
