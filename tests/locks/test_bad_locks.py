"""Bad locks: each ends the reading with a line where it is known, a fact and a hint; none is read in part."""

from __future__ import annotations

import pytest

from tests.locks.fixtures import content, edited, failure
from wheelcheck.errors import InputUnreadable
from wheelcheck.locks.choosing import applicable
from wheelcheck.locks.formats import parse_lock
from wheelcheck.targets.targets import parse_target

ALL = (
    "quay/uv.lock", "quay/poetry.lock", "quay/pdm.lock", "quay/Pipfile.lock", "quay/pylock.uv.toml", "quay/pip-report.json",
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("quay/uv.lock", "version = 1\n", "version = 2\n", "format version 2 is not understood; version 1 is"),
        ("quay/poetry.lock", 'lock-version = "2.1"', 'lock-version = "3.0"', "format version 3.0 is not understood"),
        ("quay/pdm.lock", 'lock_version = "4.5.1"', 'lock_version = "5.0"', "format version 5.0 is not understood"),
        ("quay/Pipfile.lock", '"pipfile-spec": 6', '"pipfile-spec": 7', "format version 7 is not understood"),
        ("quay/pylock.uv.toml", 'lock-version = "1.0"', 'lock-version = "2.0"', "format version 2.0 is not understood"),
        ("quay/pip-report.json", '"version": "1"', '"version": "2"', "format version 2 is not understood"),
    ],
)
def test_a_newer_format_names_the_version_found_and_those_understood(name: str, old: str, new: str, said: str) -> None:
    error = failure(edited(name, old, new), name)
    assert error.message.startswith(said)
    assert error.address == name
    assert "update wheelcheck" in error.hint


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("share", [0.25, 0.5, 0.9])
def test_a_truncated_lock_is_refused_with_its_line(name: str, share: float) -> None:
    text = content(name).decode()
    error = failure(text[: text.rindex('"', 0, int(len(text) * share))], name)
    assert error.address.startswith(name)
    assert error.hint


@pytest.mark.parametrize(
    ("name", "behind", "said"),
    [
        ("quay/uv.lock", "requires-python", "lists no package"),
        ("quay/uv.lock", 'source = { virtual = "." }', "is listed, but nothing in the lock leads to it"),
        ("quay/pdm.lock", "content_hash", "lists no package"),
        ("quay/poetry.lock", 'lock-version = "2.1"', "metadata.content-hash is missing"),
        ("quay/requirements-hashed.txt", "--hash=", "the lock ends in the middle of a requirement"),
    ],
)
def test_a_lock_that_was_cut_where_its_format_allows_an_end_is_refused(name: str, behind: str, said: str) -> None:
    text = content(name).decode()
    cut = text[: text.index("\n", text.index(behind)) + 1]
    assert said in failure(cut, name).message


@pytest.mark.parametrize("name", ["quay/poetry.lock", "quay/pdm.lock"])
def test_a_lock_that_lacks_what_a_package_of_it_needs_is_refused(name: str) -> None:
    parts = content(name).decode().split("[[package]]\n")
    without = "[[package]]\n".join(part for part in parts if not part.startswith('name = "lantern"'))
    lock = parse_lock(without.encode(), name)
    with pytest.raises(
        InputUnreadable, match=r"harbor==1\.4\.0 depends on lantern, which the lock does not list"
    ) as caught:
        applicable(lock, parse_target("win_amd64", "3.11"))
    assert str(caught.value.address).startswith(f"{name}:")


@pytest.mark.parametrize("name", (*ALL, "requirements.txt"))
@pytest.mark.parametrize("text", ["", " \n\n"])
def test_an_empty_lock_is_refused(name: str, text: str) -> None:
    assert failure(text, name).message in {"an empty lock file", "no lock file of a known format"}


@pytest.mark.parametrize("name", ALL)
def test_a_lock_that_is_no_text_is_refused(name: str) -> None:
    assert "UTF-8" in failure(b"\xfa" + content(name), name).message


@pytest.mark.parametrize("name", ["quay/uv.lock", "quay/poetry.lock", "quay/pdm.lock", "quay/pylock.uv.toml"])
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('version = "1.4.0"', 'version = "one"', "harbor"),
        ('version = "1.4.0"', 'version = "1.4.1"', "harbor-1.4.0"),
        ('name = "harbor"', "name = 7", ""),
        ('name = "harbor"', 'nam = "harbor"', "name"),
        ('name = "harbor"', 'name = "-harbor-"', "name"),
        ("539e22b89956fc5f8d", "539e", "the hash of harbor-1.4.0-py3-none-any.whl is no sha256 in hex (64 digits)"),
        ("539e22b89956fc5f8d", "539e22b89956fc5fzz", "is no sha256 in hex"),
        ("harbor-1.4.0-py3-none-any.whl", "herbor-1.4.0-py3-none-any.whl", "herbor-1.4.0-py3-none-any.whl"),
    ],
)
def test_a_lock_edited_by_hand_names_the_package_and_its_line(name: str, old: str, new: str, said: str) -> None:
    text = edited(name, old, new)
    error = failure(text, name)
    assert said in error.message
    line = int(error.address.rpartition(":")[2])
    near = text.splitlines()[line - 1 : line + 2]
    assert new.partition("=")[2].strip() in " ".join(near) or "harbor" in " ".join(near)
    assert error.hint


@pytest.mark.parametrize("name", ["quay/Pipfile.lock", "quay/pip-report.json"])
@pytest.mark.parametrize(
    ("old", "new"), [(HASH := "539e22b89956fc5f8d", "539e"), ("1.4.0", "one"), (HASH, "zzze22b89956fc5f8d")]
)
def test_json_locks_likewise(name: str, old: str, new: str) -> None:
    text = edited(name, old, new, -1)
    error = failure(text, name)
    assert "harbor" in error.message
    line = int(error.address.rpartition(":")[2])
    assert "harbor" in " ".join(text.splitlines()[line - 1 : line + 1])


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("quay/uv.lock", 'source = { registry = "https://index.example/simple" }', 'source = { shelf = "x" }'),
        ("quay/uv.lock", 'source = { virtual = "." }', 'source = { virtual = "elsewhere" }'),
        ("quay/uv.lock", "dependencies = [", "dependencies = [3,"),
        ("quay/uv.lock", "size = 844", 'size = "844"'),
        ("quay/uv.lock", "marker = \"sys_platform == 'win32'\"", 'marker = "sys_platform =="'),
        ("quay/poetry.lock", 'groups = ["main"]', 'groups = "main"'),
        ("quay/poetry.lock", "optional = false", 'optional = "no"'),
        ("quay/poetry.lock", "[metadata]", "[metadatas]"),
        ("quay/pdm.lock", '"lantern>=1"', '"lantern >=="'),
        ("quay/pdm.lock", "[metadata]", "[metadatas]"),
        ("quay/Pipfile.lock", '"version": "==1.4.0"', '"version": ">=1.4.0"'),
        ("quay/Pipfile.lock", '"_meta"', '"_mete"'),
        ("quay/pip-report.json", '"metadata":', '"metedata":'),
        ("quay/pip-report.json", '"environment":', '"environments":'),
    ],
)
def test_missing_keys_and_wrong_kinds_are_refused(name: str, old: str, new: str) -> None:
    error = failure(edited(name, old, new), name)
    assert error.address.startswith(name)
    assert error.hint


@pytest.mark.parametrize("name", ["quay/uv.lock", "quay/poetry.lock", "quay/pdm.lock", "quay/pylock.uv.toml"])
def test_a_package_that_is_locked_twice_names_both_lines(name: str) -> None:
    text = content(name).decode()
    header = "[[packages]]" if "pylock" in name else "[[package]]"
    block = next(header + part for part in text.split(header) if 'name = "harbor"' in part[:40])
    error = failure(text.replace(block, block + "\n" + block, 1), name)
    assert "harbor==1.4.0 is locked twice, first on line" in error.message


def test_a_hashed_requirement_without_a_pin_is_refused() -> None:
    text = f"harbor>=1.4.0 --hash=sha256:{'0' * 64}\n"
    error = failure(text, "requirements.txt")
    assert error.message == "harbor: is not pinned: harbor>=1.4.0"
    assert error.address == "requirements.txt:1"


def test_secrets_in_urls_are_never_said() -> None:
    text = edited(
        "quay/uv.lock", "https://index.example/files/harbor-1.4.0-", "https://me:secret@x.example/herbor-1.4.0-"
    )
    assert "secret" not in str(failure(text, "uv.lock"))
