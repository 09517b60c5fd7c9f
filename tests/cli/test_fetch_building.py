"""Source archives become wheels once, where that is allowed by name, and what comes out is what was planned."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from tests.cli.programs import Shell
from tests.fakes.archives import make_wheel
from tests.fakes.backends import make_buildable
from tests.server import IndexServer, index_file


def planned(shell: Shell, *sources: tuple[str, bytes]) -> Path:
    """A plan of all *sources*, which lie in a folder of links."""
    names = []
    for name, content in (*sources, make_wheel("dep", "1.0")):
        shell.write(f"links/{name}", content)
        names.append(name.partition("-")[0])
    # A backend of one's own can do anything, so such a source is not taken for pure: what comes out is judged all the same.
    outcome = shell.plan(*names, "--sdist", "any", "--no-index", "-f", str(shell.folder / "links"))
    assert outcome.status == 0, outcome.err
    return shell.write("plan.json", outcome.out)


def fetch(shell: Shell, *words: str, house: str = "house") -> tuple[str, ...]:
    return ("fetch", "plan.json", "-d", house, "--no-index", "--cache-dir", str(shell.cache), *words)


def test_source_is_built_only_where_it_is_allowed_by_name(shell: Shell) -> None:
    planned(shell, make_buildable("pure", "1.0"))
    message = shell.run(*fetch(shell)).refused(2)
    assert "pure 1.0" in message
    assert "--allow-build pure" in message
    assert not (shell.folder / "house").exists()
    assert "names what the plan does not build: dep" in shell.run(*fetch(shell, "--allow-build", "dep")).refused(2)
    outcome = shell.run(*fetch(shell, "--allow-build", "pure"))
    assert outcome.status == 0, outcome.err
    assert "built pure-1.0-py3-none-any.whl from pure-1.0.tar.gz" in outcome.out
    record = json.loads((shell.folder / "house" / "wheelhouse.json").read_text())
    built = next(row for row in record["files"] if row["filename"] == "pure-1.0-py3-none-any.whl")
    assert built["built_from"]["filename"] == "pure-1.0.tar.gz"
    # What is built stays built, and needs no leave any more.
    again = shell.run(*fetch(shell))
    assert again.status == 0, again.err
    assert again.out.splitlines()[0] == "2 wheels in house (2 there already)"


def test_changed_wheel_is_built_again(shell: Shell) -> None:
    planned(shell, make_buildable("pure", "1.0"))
    assert shell.run(*fetch(shell, "--allow-build", "all")).status == 0
    wheel = shell.folder / "house" / "pure-1.0-py3-none-any.whl"
    whole = wheel.read_bytes()
    wheel.write_bytes(b"changed")
    assert "--allow-build" in shell.run(*fetch(shell)).refused(2)
    assert shell.run(*fetch(shell, "--allow-build", "all")).status == 0
    assert wheel.read_bytes() == whole


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (make_buildable("bad", "1.0", tag="cp311-cp311-linux_x86_64"), "for one platform: cp311-cp311-linux_x86_64"),
        (make_buildable("bad", "1.0", tag="py2-none-any"), "py2-none-any, which win_amd64, Python 3.11 does not take"),
        (make_buildable("bad", "1.0", built_version="2.0"), "gave bad 2.0"),
        (make_buildable("bad", "1.0", before="REQUIRES.append('surprise>=1')"), "asks for surprise"),
        (make_buildable("bad", "1.0", before="raise SystemExit('no luck today')"), "no luck today"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_build_that_gives_another_thing_is_refused(shell: Shell, source: tuple[str, bytes], words: str) -> None:
    planned(shell, source)
    message = shell.run(*fetch(shell, "--allow-build", "all", "-q")).refused(3)
    assert "bad 1.0" in message
    assert words in message
    assert not list((shell.folder / "house").glob("bad*.whl*"))


def test_requirement_of_another_system_may_come_out_of_a_build(shell: Shell) -> None:
    planned(shell, make_buildable("pure", "1.0", before="REQUIRES.append(\"other; sys_platform == 'linux'\")"))
    assert shell.run(*fetch(shell, "--allow-build", "pure")).status == 0


def test_build_that_takes_too_long_is_ended(shell: Shell) -> None:
    planned(shell, make_buildable("slow", "1.0", before="import time; time.sleep(600)"))
    message = shell.run(*fetch(shell, "--allow-build", "slow", "--build-seconds", "8", "-q")).refused(3)
    assert "was not built within 8 seconds" in message


def test_build_has_the_date_of_its_source_and_the_indexes_of_the_plan(shell: Shell) -> None:
    tell = (
        "import os; REQUIRES.clear(); NAMES = 'SOURCE_DATE_EPOCH PIP_INDEX_URL PYTHONPATH'.split(); "
        "open(os.environ['TOLD'], 'w').write(repr([os.environ.get(name, '') for name in NAMES]))"
    )
    told = shell.folder / "told"
    shell.patch.setenv("TOLD", str(told))
    source = index_file(make_buildable("pure", "1.0", before=tell), upload_time="2026-01-02T03:04:05Z")
    with IndexServer({"pure": [source]}) as server:
        login = server.simple_url.replace("://", "://user:hunter2@")
        shell.write("plan.json", shell.plan("pure", "--sdist", "any", index=login).out)
        words = ("fetch", "plan.json", "-d", "house", "-i", login, "--allow-build", "pure")
        outcome = shell.run(*words, "--cache-dir", str(shell.cache))
    assert outcome.status == 0, outcome.err
    assert told.read_text() == repr(["1767323045", login, ""])


def test_output_of_a_build_that_failed_tells_no_password(shell: Shell) -> None:
    tell = "import os, sys; sys.exit('looked at ' + os.environ['PIP_INDEX_URL'])"
    with IndexServer({"pure": [make_buildable("pure", "1.0", before=tell)]}) as server:
        login = server.simple_url.replace("://", "://user:hunter2@")
        shell.write("plan.json", shell.plan("pure", "--sdist", "any", index=login).out)
        words = ("fetch", "plan.json", "-d", "house", "-i", login, "--allow-build", "pure", "-q")
        message = shell.run(*words, "--cache-dir", str(shell.cache)).refused(3)
    assert "looked at http://***@" in message
    assert "hunter2" not in message


def test_folder_of_sources_is_built_from_a_copy(shell: Shell) -> None:
    _, content = make_buildable("pure", "1.0")
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        archive.extractall(shell.folder / "trees", filter="data")
    tree = next((shell.folder / "trees").iterdir())
    before = sorted(tree.rglob("*"))
    outcome = shell.plan(f"pure @ {tree.as_uri()}", "--sdist", "any", "--no-index")
    assert outcome.status == 0, outcome.err
    shell.write("plan.json", outcome.out)
    done = shell.run(*fetch(shell, "--allow-build", "pure"))
    assert done.status == 0, done.err
    assert (shell.folder / "house" / "pure-1.0-py3-none-any.whl").is_file()
    assert sorted(tree.rglob("*")) == before


def test_source_that_changed_is_built_anew(shell: Shell) -> None:
    planned(shell, make_buildable("pure", "1.0"))
    assert shell.run(*fetch(shell, "--allow-build", "all")).status == 0
    with IndexServer({"pure": [make_buildable("pure", "1.0", before="'otherwise'")]}) as server:
        shell.write("plan.json", shell.plan("pure", "--sdist", "any", index=server.simple_url).out)
        assert "must be built" in shell.run(*fetch(shell)).refused(2)
        assert shell.run(*fetch(shell, "--allow-build", "pure", "--format", "json")).status == 0


def test_two_builds_in_two_folders_give_the_same_bytes(shell: Shell) -> None:
    planned(shell, make_buildable("pure", "1.0"))
    wheels = []
    for house in ("one", "two"):
        assert shell.run(*fetch(shell, "--allow-build", "all", house=house)).status == 0
        wheels.append((shell.folder / house / "pure-1.0-py3-none-any.whl").read_bytes())
    assert wheels[0] == wheels[1]
