"""``wheelcheck runtime`` and ``bundle --runtime auto``: lookalikes of the publishers' files, served from this machine."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.cli.bundles import tree, write_plan, write_runtime
from tests.cli.programs import Outcome, Shell
from tests.server import IndexServer
from tests.server.mode import Flaky, Mode

NAME = "python-3.11.9-embed-amd64.zip"
PLACE = f"/mirror/3.11.9/{NAME}"
STANDALONE = "cpython-3.11.16+20260814-x86_64-pc-windows-msvc-install_only_stripped.tar.gz"


@pytest.fixture
def content(shell: Shell) -> bytes:
    """The lookalike, which the user's own knowledge names with its hash."""
    found = write_runtime(shell).read_bytes()
    shell.write("own/runtimes.txt", f"{hashlib.sha256(found).hexdigest()}  {NAME}\n")
    return found


def asked(shell: Shell, server: IndexServer | None, *words: str, target: str = "win_amd64/3.11") -> Outcome:
    where = ("--runtime-mirror", f"{server.base_url}/mirror/") if server else ()
    return shell.run(
        "runtime", target, "-o", "here", "--knowledge", "own", *where, "--cache-dir", str(shell.cache), *words
    )


def test_runtime_is_fetched_from_the_mirror_and_kept_in_the_cache(shell: Shell, content: bytes) -> None:
    with IndexServer() as server:
        server.add_path(PLACE, content)
        outcome = asked(shell, server)
        assert outcome.status == 0, outcome.err
        assert "Python 3.11.9 for windows amd64, embeddable package" in outcome.out
        assert "--runtime standalone" in outcome.out  # later fixes exist in another kind
        assert server.count(method="GET") == 1
    (shell.folder / "here" / NAME).unlink()
    again = asked(shell, None, "--offline", "--format", "json")
    document = json.loads(again.out)
    assert document["path"] == f"here/{NAME}"
    assert document["others"][0]["filename"] == STANDALONE
    assert (shell.folder / "here" / NAME).read_bytes() == content


def test_interrupted_download_goes_on_where_it_was(shell: Shell, content: bytes) -> None:
    with IndexServer(mode=Mode(flaky=Flaky(how="truncate", on=NAME))) as server:
        server.add_path(PLACE, content)
        first = asked(shell, server)
        second = asked(shell, server)
        assert {first.status, second.status} <= {0, 3}
        assert second.status == 0, second.err
    assert (shell.folder / "here" / NAME).read_bytes() == content


def test_other_bytes_are_refused_and_not_kept(shell: Shell, content: bytes) -> None:
    with IndexServer() as server:
        server.add_path(PLACE, content[:-1] + b"\1")
        message = asked(shell, server).refused(3)
    assert NAME in message
    assert not list((shell.cache / "runtimes").glob("*.zip*"))


def test_what_cannot_be_fetched_is_said_with_its_address_hash_and_place(shell: Shell, content: bytes) -> None:
    message = asked(shell, None, "--offline").refused(3)
    assert f"https://www.python.org/ftp/python/3.11.9/{NAME}" in message
    assert hashlib.sha256(content).hexdigest() in message
    place = shell.cache / "runtimes"
    assert str(place) in message
    (place / NAME).write_bytes(content)
    assert asked(shell, None, "--offline").status == 0


def test_settings_and_environment_name_the_mirror(
    shell: Shell, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shell.folder / "mirror" / "3.11.9"
    folder.mkdir(parents=True)
    (folder / NAME).write_bytes(content)
    monkeypatch.setenv("WHEELCHECK_RUNTIME_MIRROR", "mirror")
    assert asked(shell, None).status == 0
    monkeypatch.delenv("WHEELCHECK_RUNTIME_MIRROR")
    shell.write("wheelcheck.toml", f'runtime-mirror = "{(shell.folder / "mirror").as_uri()}"\nknowledge = ["own"]\n')
    words = ("runtime", "win_amd64/3.11", "-o", "there", "--cache-dir", "other")
    assert shell.run(*words).status == 0


@pytest.mark.parametrize("target", ["win_amd64/3.11.3", "win_amd64/pp3.10", "linux-ppc64le/3.11", "win_amd64"])
def test_target_without_a_known_runtime_says_what_to_do(shell: Shell, content: bytes, target: str) -> None:
    assert "hint: " in asked(shell, None, target=target).refused(2)


def test_bundle_takes_the_runtime_that_is_published(shell: Shell, content: bytes) -> None:
    write_plan(shell)
    with IndexServer() as server:
        server.add_path(PLACE, content)
        words = ("bundle", "plan.json", "--runtime", "auto", "--wheelhouse", "house", "--knowledge", "own")
        outcome = shell.run(
            *words,
            "-o",
            "out",
            "--name",
            "x",
            "--runtime-mirror",
            f"{server.base_url}/mirror",
            "--cache-dir",
            str(shell.cache),
        )
    assert outcome.status == 0, outcome.err
    assert "Python 3.11.16 is published as standalone build" in " ".join(outcome.out.split())
    by_path = ("bundle", "plan.json", "--runtime", "runtime.zip", "--wheelhouse", "house", "-o", "same", "--name", "x")
    assert shell.run(*by_path).status == 0
    assert tree(shell.folder / "out") == tree(shell.folder / "same")


def test_a_folder_called_auto_is_named_with_its_path(shell: Shell, content: bytes) -> None:
    write_plan(shell)
    Path(shell.folder / "runtime.zip").rename(shell.folder / "auto")
    assert shell.run("bundle", "plan.json", "--runtime", "./auto", "--wheelhouse", "house", "-o", "out").status == 0
