"""What each format says of its packages: files, hashes, origins, sources."""

from __future__ import annotations

import pytest
from packaging.version import Version

from tests.locks.fixtures import LOCKS, content, lock, package, target
from wheelcheck.locks.choosing import applicable
from wheelcheck.locks.formats import kind_of, parse_lock
from wheelcheck.model.distribution import Sdist, Wheel
from wheelcheck.model.lock import LockKind
from wheelcheck.model.target import Fit
from wheelcheck.targets.fitting import fits

KINDS = {
    "quay/uv.lock": LockKind.UV,
    "wharf/uv.lock": LockKind.UV,
    "quay/poetry.lock": LockKind.POETRY,
    "quay/pdm.lock": LockKind.PDM,
    "quay/Pipfile.lock": LockKind.PIPENV,
    "quay/pylock.uv.toml": LockKind.PYLOCK,
    "quay/pylock.pdm.toml": LockKind.PYLOCK,
    "quay/pylock.pip.toml": LockKind.PYLOCK,
    "pier/pylock.toml": LockKind.PYLOCK,
    "quay/requirements-hashed.txt": LockKind.REQUIREMENTS,
    "quay/pip-report.json": LockKind.PIP_REPORT,
}
HARBOR = "539e22b89956fc5f8d453ddc0c1ecc0a989621b220316aa49d7ca8f68f862040"


@pytest.mark.parametrize("name", KINDS)
def test_the_format_is_told_by_the_name(name: str) -> None:
    assert kind_of(content(name), name) is not None
    assert lock(name).kind is KINDS[name]


@pytest.mark.parametrize("name", [name for name in KINDS if not name.endswith((".txt", ".json"))])
def test_under_another_name_the_format_is_told_by_the_content(name: str) -> None:
    other = "locked.json" if KINDS[name] is LockKind.PIPENV else "locked.toml"
    assert parse_lock(content(name), other).kind is KINDS[name]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("requirements.txt", b"harbor==1.4.0\n"),
        ("pyproject.toml", b'[project]\nname = "quay"\n'),
        ("package.json", b'{"name": "quay"}'),
        ("Pipfile", b"[packages]\n"),
        ("script.py", b"# /// script\n"),
    ],
)
def test_other_inputs_are_no_locks(path: str, text: bytes) -> None:
    assert kind_of(text, path) is None


def test_a_requirements_file_with_a_hash_missing_is_no_lock() -> None:
    text = content("quay/requirements-hashed.txt") + b"extra==1.0\n"
    assert kind_of(text, "requirements.txt") is None


@pytest.mark.parametrize("name", KINDS)
def test_every_package_stands_on_the_line_that_names_it(name: str) -> None:
    lines = content(name).decode().splitlines()
    for each in lock(name).packages:
        assert each.origin.path == name
        assert each.name in " ".join(lines[each.origin.line - 1 : each.origin.line + 1]), each


@pytest.mark.parametrize("name", ["quay/uv.lock", "quay/pylock.uv.toml"])
def test_files_have_url_hash_size_and_upload_time(name: str) -> None:
    harbor = package(name, "harbor")
    assert harbor.version == Version("1.4.0")
    assert harbor.index == "https://index.example/simple"
    assert harbor.files is not None
    (wheel,) = [each for each in harbor.files if isinstance(each, Wheel)]
    (sdist,) = [each for each in harbor.files if isinstance(each, Sdist)]
    assert wheel.at.url == "https://index.example/files/harbor-1.4.0-py3-none-any.whl"
    assert wheel.at.sha256 == HARBOR
    assert wheel.at.size == 903
    assert wheel.at.upload_time == "2026-01-15T12:00:00Z"
    assert sdist.filename == "harbor-1.4.0.tar.gz"


@pytest.mark.parametrize("name", ["quay/poetry.lock", "quay/pdm.lock"])
def test_files_without_url_keep_their_name_and_hash(name: str) -> None:
    harbor = package(name, "harbor")
    assert harbor.files is not None
    assert {each.filename for each in harbor.files} == {"harbor-1.4.0-py3-none-any.whl", "harbor-1.4.0.tar.gz"}
    assert {each.at.url for each in harbor.files} == {""}
    assert HARBOR in {each.at.sha256 for each in harbor.files}


@pytest.mark.parametrize("name", ["quay/Pipfile.lock", "quay/requirements-hashed.txt"])
def test_hashes_without_names_leave_the_files_to_the_index(name: str) -> None:
    harbor = package(name, "harbor")
    assert harbor.files is None
    assert HARBOR in {pin.digest for pin in harbor.hashes}


def test_a_report_lists_the_one_file_of_each_package() -> None:
    report = lock("quay/pip-report.json")
    assert all(each.files is not None and len(each.files) == 1 for each in report.packages)
    assert package("quay/pip-report.json", "glitter").extras == {"dust"}


@pytest.mark.parametrize("name", ["quay/uv.lock", "quay/poetry.lock", "quay/pdm.lock", "quay/pylock.uv.toml"])
@pytest.mark.parametrize("platform", ["win_amd64", "manylinux_2_28_x86_64", "macosx_13_0_arm64"])
def test_platform_wheels_of_a_lock_fit_where_they_should(name: str, platform: str) -> None:
    where = target(platform, "3.13")
    by_name = {each.name: each for each in applicable(lock(name), where)}
    answers = {
        project: next((fit.distribution for fit in fits(found.files or (), where) if isinstance(fit, Fit)), None)
        for project, found in by_name.items()
    }
    anvil, quarry = (answers[name] for name in by_name if name in {"anvil", "quarry"})
    assert anvil is not None
    assert anvil.filename == f"anvil-2.0.1-cp313-cp313-{platform}.whl"
    assert isinstance(quarry, Sdist)


def test_the_project_itself_and_its_edges_are_kept_but_never_installed() -> None:
    own = package("quay/uv.lock", "quay")
    assert own.is_own
    assert own.unsupported is not None
    assert {edge.for_group for edge in own.dependencies} == {None, "docs", "test"}
    assert all(each.name != "quay" for each in applicable(lock("quay/uv.lock"), target("win_amd64", "3.11")))


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ('{ git = "https://user:secret@git.example/gem?rev=1#abc" }', "vcs"),
        ('{ directory = "../gem" }', "folder-dynamic"),
        ('{ editable = "../gem" }', "editable"),
        ('{ url = "https://user:secret@files.example/main.zip" }', "archive-unreadable"),
    ],
)
def test_what_cannot_be_had_as_a_file_is_named_as_such(source: str, kind: str) -> None:
    text = (
        'version = 1\nrequires-python = ">=3.11"\n\n[[package]]\nname = "app"\nversion = "1"\nsource = { virtual = "." }\n'
        f'dependencies = [{{ name = "gem" }}]\n\n[[package]]\nname = "gem"\nsource = {source}\n'
    )
    (gem,) = applicable(parse_lock(text.encode(), "uv.lock"), target("win_amd64", "3.11"))
    assert gem.version is None
    assert gem.files is None
    assert gem.unsupported is not None
    assert gem.unsupported.kind == kind
    assert "secret" not in repr(gem)


@pytest.mark.parametrize("name", ["v2.16.18.3.zip", "main.tar.gz", "gem-2.0.tar.gz", "other-1.0.zip"])
def test_an_archive_at_a_url_may_have_any_name(name: str) -> None:
    source = f'{{ url = "https://files.example/{name}" }}'
    text = (
        'version = 1\nrequires-python = ">=3.11"\n\n[[package]]\nname = "app"\nversion = "1"\nsource = { virtual = "." }\n'
        f'dependencies = [{{ name = "gem" }}]\n\n[[package]]\nname = "gem"\nversion = "1.0"\nsource = {source}\n'
        f'sdist = {{ hash = "sha256:{"0" * 64}" }}\n'
    )
    (gem,) = applicable(parse_lock(text.encode(), "uv.lock"), target("win_amd64", "3.11"))
    assert gem.files is None
    assert gem.unsupported is not None
    assert (gem.unsupported.kind, gem.unsupported.text) == ("archive-unreadable", f"gem @ https://files.example/{name}")


def test_a_wheel_at_a_url_is_a_file_like_others() -> None:
    digest = "0" * 64
    url = "https://files.example/gem-1.0%2Bcpu-py3-none-any.whl"
    text = (
        'version = 1\nrequires-python = ">=3.11"\n\n[[package]]\nname = "app"\nversion = "1"\nsource = { virtual = "." }\n'
        'dependencies = [{ name = "gem" }]\n\n[[package]]\nname = "gem"\nversion = "1.0+cpu"\n'
        f'source = {{ url = "{url}" }}\nwheels = [{{ url = "{url}", hash = "sha256:{digest}" }}]\n'
    )
    (gem,) = applicable(parse_lock(text.encode(), "uv.lock"), target("win_amd64", "3.11"))
    assert gem.files is not None
    assert [(each.filename, each.version, each.at.url) for each in gem.files] == [
        ("gem-1.0+cpu-py3-none-any.whl", Version("1.0+cpu"), url)
    ]


def test_fixtures_name_no_machine() -> None:
    for path in LOCKS.rglob("*"):
        if path.is_file() and path.suffix not in {".py", ".pyc"}:
            text = path.read_text(encoding="utf-8")
            assert "127.0.0.1" not in text
            assert "file://" not in text
