"""Wheels that try something are refused by name and member, and nothing of what was assembled so far remains."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest

from tests.environments.bundle.housed import house, linux, on_linux, on_windows, plain, rezipped, windows
from tests.fakes.archives import make_wheel
from wheelcheck.environments.bundle.runtimes import plain_source
from wheelcheck.environments.bundle.scripts import script_style
from wheelcheck.environments.bundle.wheel_contents import WheelLimits, read_contents
from wheelcheck.errors import ArchiveRefused, UsageProblem

GOOD = make_wheel("good", "1.0", files={"good/data.txt": "x"})


@pytest.mark.parametrize(
    ("member", "told"),
    [
        ("../escaped.py", "climbs out"),
        ("evil/../../escaped.py", "climbs out"),
        ("/escaped.py", "absolute"),
        ("C:/escaped.py", "absolute"),
        ("evil\\escaped.py", "backslash"),
        ("evil-1.0.data/scripts/../../../../escaped", "climbs out"),
    ],
)
def test_member_that_leads_elsewhere_is_refused_and_named(tmp_path: Path, member: str, told: str) -> None:
    evil = make_wheel("evil", "1.0", files={member: "boo"})

    with pytest.raises(ArchiveRefused, match=told) as caught:
        plain(tmp_path, linux(), GOOD, evil)

    assert caught.value.address == "evil-1.0-py3-none-any.whl"
    assert repr(member) in caught.value.message
    assert not (tmp_path / "env").exists()
    assert not list(tmp_path.rglob("escaped*"))


@pytest.mark.parametrize(
    "member", ["evil/aux.py", "evil/con", "evil/nul.txt", "evil/dot./a.py", "evil/blank /a.py", "evil/a?.py"]
)
def test_names_that_windows_cannot_have_are_refused_for_windows(tmp_path: Path, member: str) -> None:
    evil = make_wheel("evil", "1.0", files={member: "boo"})

    with pytest.raises(ArchiveRefused, match="Windows"):
        plain(tmp_path, windows(), evil)
    assert plain(tmp_path, linux(), evil).files


def test_symbolic_link_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("evil/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    name, content = make_wheel("evil", "1.0")

    with pytest.raises(ArchiveRefused, match="'evil/link': a symbolic link"):
        plain(tmp_path, linux(), (name, rezipped(content, add=[(link, b"/etc/passwd")])))


def test_names_that_differ_in_case_only_are_refused_where_case_is_ignored(tmp_path: Path) -> None:
    evil = make_wheel("evil", "1.0", files={"evil/Name.py": "1", "evil/name.py": "2"})

    with pytest.raises(ArchiveRefused, match="same name where case is ignored"):
        plain(tmp_path, windows(), evil)
    assert plain(tmp_path, linux(), evil).files


def test_names_that_differ_in_case_across_wheels_are_refused(tmp_path: Path) -> None:
    wheels = (make_wheel("one", "1.0", files={"Shared.py": "1"}), make_wheel("two", "1.0", files={"shared.py": "1"}))

    with pytest.raises(ArchiveRefused, match=r"'shared\.py' comes from one-1\.0-py3-none-any\.whl too"):
        plain(tmp_path, windows(), *wheels)


def test_two_wheels_with_one_file_of_other_content_are_refused(tmp_path: Path) -> None:
    wheels = (make_wheel("one", "1.0", files={"shared.py": "1"}), make_wheel("two", "1.0", files={"shared.py": "2"}))

    with pytest.raises(
        ArchiveRefused, match=r"'shared\.py' comes from one-1\.0-py3-none-any\.whl too, with other content"
    ):
        plain(tmp_path, linux(), *wheels)


def test_two_wheels_with_the_very_same_file_are_fine(tmp_path: Path) -> None:
    wheels = [make_wheel(name, "1.0", files={"shared/__init__.py": "same"}) for name in ("one", "two")]
    environment = plain(tmp_path, linux(), *wheels)

    assert [file.owner for file in environment.files if file.path == "shared/__init__.py"] == ["one"]
    for name in ("one", "two"):
        assert "shared/__init__.py,sha256=" in (tmp_path / "env" / f"{name}-1.0.dist-info" / "RECORD").read_text()


def test_file_where_another_wheel_has_a_folder_is_refused(tmp_path: Path) -> None:
    wheels = (make_wheel("one", "1.0", files={"thing": "1"}), make_wheel("two", "1.0", files={"thing/a.py": "1"}))

    with pytest.raises(ArchiveRefused, match="'thing' is a file of one-"):
        plain(tmp_path, linux(), *wheels)
    with pytest.raises(ArchiveRefused, match=r"'thing' is a folder for 'thing/a\.py' of two-"):
        plain(tmp_path, linux(), *reversed(wheels))


def test_wheel_may_not_replace_a_file_of_the_runtime(tmp_path: Path) -> None:
    evil = make_wheel("evil", "1.0", files={"evil-1.0.data/data/python.exe": "boo"})

    with pytest.raises(ArchiveRefused, match=r"'python\.exe' comes from embed\.zip too"):
        on_windows(tmp_path, evil)
    assert not (tmp_path / "env").exists()


def test_wheel_may_not_replace_the_interpreter_by_a_script(tmp_path: Path) -> None:
    evil = make_wheel(
        "evil", "1.0", files={"evil-1.0.dist-info/entry_points.txt": "[console_scripts]\npython3 = evil:main\n"}
    )

    with pytest.raises(ArchiveRefused, match="'bin/python3' comes from python too"):
        on_linux(tmp_path, evil)


def test_wheel_without_record_is_refused(tmp_path: Path) -> None:
    name, content = make_wheel("evil", "1.0")

    with pytest.raises(ArchiveRefused, match="no RECORD"):
        plain(tmp_path, linux(), (name, rezipped(content, drop="evil-1.0.dist-info/RECORD")))


def test_member_that_record_does_not_know_is_refused(tmp_path: Path) -> None:
    name, content = make_wheel("evil", "1.0")

    with pytest.raises(ArchiveRefused, match=r"'evil/extra\.py': not in RECORD"):
        plain(tmp_path, linux(), (name, rezipped(content, add=[(zipfile.ZipInfo("evil/extra.py"), b"boo")])))


@pytest.mark.parametrize("size", [3, 3 * 1024**2])
def test_content_that_is_not_what_record_says_is_refused(tmp_path: Path, size: int) -> None:
    name, content = make_wheel("evil", "1.0", files={"evil/code.py": b"a" * size})
    changed = rezipped(content, drop="evil/code.py", add=[(zipfile.ZipInfo("evil/code.py"), b"b" * size)])

    with pytest.raises(ArchiveRefused, match=r"'evil/code\.py': its content is not what RECORD says \(sha256\)"):
        plain(tmp_path, linux(), GOOD, (name, changed))
    assert not (tmp_path / "env").exists()


def test_member_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    name, content = make_wheel("evil", "1.0", files={"evil/code.py": "a"})
    with pytest.warns(UserWarning, match="Duplicate name"):
        doubled = rezipped(content, add=[(zipfile.ZipInfo("evil/code.py"), b"b")])

    with pytest.raises(ArchiveRefused, match=r"'evil/code\.py': twice"):
        plain(tmp_path, linux(), (name, doubled))


def test_wheel_of_another_release_than_its_name_says_is_refused(tmp_path: Path) -> None:
    _, content = make_wheel("evil", "2.0")

    with pytest.raises(ArchiveRefused, match=r"another release than evil 1\.0"):
        plain(tmp_path, linux(), ("evil-1.0-py3-none-any.whl", content))


@pytest.mark.parametrize("script", ["../evil", "a/b", "con"])
def test_script_whose_name_is_a_path_or_a_device_is_refused(tmp_path: Path, script: str) -> None:
    points = f"[console_scripts]\n{script} = evil:main\n"
    evil = make_wheel("evil", "1.0", files={"evil-1.0.dist-info/entry_points.txt": points})

    with pytest.raises(ArchiveRefused, match="script"):
        plain(tmp_path, windows(), evil)


def test_entry_points_that_say_no_function_are_refused(tmp_path: Path) -> None:
    evil = make_wheel("evil", "1.0", files={"evil-1.0.dist-info/entry_points.txt": "[console_scripts]\nevil = what\n"})

    with pytest.raises(ArchiveRefused, match=r"entry_points\.txt': unreadable"):
        plain(tmp_path, linux(), evil)


def test_data_folder_of_an_unknown_scheme_is_refused(tmp_path: Path) -> None:
    evil = make_wheel("evil", "1.0", files={"evil-1.0.data/stdlib/os.py": "boo"})

    with pytest.raises(ArchiveRefused, match=r"no folder of \.data"):
        plain(tmp_path, linux(), evil)


def test_what_is_no_zip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveRefused, match="not a readable wheel"):
        plain(tmp_path, linux(), ("evil-1.0-py3-none-any.whl", b"no zip"))


def test_bombs_are_refused_before_they_go_off(tmp_path: Path) -> None:
    housed = house(tmp_path, [make_wheel("evil", "1.0", files={"evil/zeros": bytes(1_000_000)})]).wheels[0]
    source = plain_source(linux())

    with pytest.raises(ArchiveRefused, match="more than 100 times its size"):
        read_contents(
            housed, source.layout, "linux", script_style(source, linux()), WheelLimits(ratio=100, ratio_floor=1000)
        )
    with pytest.raises(ArchiveRefused, match="expands to more than 1000 bytes"):
        read_contents(housed, source.layout, "linux", script_style(source, linux()), WheelLimits(expanded=1000))
    with pytest.raises(ArchiveRefused, match="more than 2 members"):
        read_contents(housed, source.layout, "linux", script_style(source, linux()), WheelLimits(members=2))


def test_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "mine.txt").write_text("mine")

    with pytest.raises(UsageProblem, match="not an empty folder"):
        plain(tmp_path, linux(), GOOD)
    assert (tmp_path / "env" / "mine.txt").read_text() == "mine"
