"""``wheelcheck fetch`` over a loopback index: what comes, what is gone on with, and what a failure leaves."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.cli.programs import TARGET, Shell
from tests.fakes.archives import make_wheel, metadata_text, sha256_hex
from tests.server import PLAIN_HTML, Flaky, IndexServer, Lie, Mode

NOISE = random.Random(6).randbytes(300_000)  # noqa: S311
BIG, BIG_BYTES = make_wheel("big", "1.0", files={"big/noise.bin": NOISE})
CATALOG = {
    "a": [make_wheel("a", "1.0", requires=["b", "big"])],
    "b": [make_wheel("b", "2.0")],
    "big": [(BIG, BIG_BYTES)],
}
WHEELS = {name: content for files in CATALOG.values() for name, content in files}
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits of POSIX")


def planned(shell: Shell, server: IndexServer, *words: str) -> Path:
    """A plan file of *words*, by default of ``a`` and what it needs."""
    outcome = shell.plan(*(words or ("a",)), index=server.simple_url)
    assert outcome.status == 0, outcome.err
    server.forget_requests()
    return shell.write("plan.json", outcome.out)


def fetch_words(shell: Shell, *words: str) -> tuple[str, ...]:
    return ("fetch", "plan.json", "-d", "house", *words, "--cache-dir", str(shell.cache))


def wheels_in(folder: Path) -> dict[str, str]:
    """The hashes of everything in *folder* that is visible, by path."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


def hashes(wheels: Mapping[str, bytes]) -> dict[str, str]:
    return {name: sha256_hex(content) for name, content in wheels.items()}


def fetched_json(shell: Shell, *words: str) -> dict[str, Any]:
    outcome = shell.run(*fetch_words(shell, *words, "--format", "json"))
    assert outcome.status == 0, outcome.err
    found = json.loads(outcome.out)
    assert isinstance(found, dict)
    return found


def house(shell: Shell) -> Path:
    return shell.folder / "house"


def test_every_file_comes_once_and_is_checked(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        planned(shell, server)
        outcome = shell.run(*fetch_words(shell))
        assert outcome.status == 0, outcome.err
        assert outcome.out == "3 wheels in house (3 fetched)\n"
        found = wheels_in(house(shell))
        assert found.pop("wheelhouse.json")
        assert found == hashes(WHEELS)
        server.forget_requests()
        assert shell.run(*fetch_words(shell)).out == "3 wheels in house (3 there already)\n"
        assert server.count() == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), ["a-1.0-py3-none-any.whl asks for b>=2", "a-1.0-py3-none-any.whl asks for c"]),
        (("--override", "b<2", "--exclude", "c"), []),
    ],
)
def test_sidecar_that_disagrees_with_its_wheel_is_told_with_what_the_plan_lacks(
    shell: Shell, words: tuple[str, ...], told: list[str]
) -> None:
    needs = ["b>=2", "c", "d; extra == 'x'", "e; sys_platform == 'linux'"]
    name, content = make_wheel("a", "1.0", requires=needs, extras=["x"])
    catalog = {"a": [(name, content)], "b": [make_wheel("b", "1.0"), make_wheel("b", "2.0")]}
    with IndexServer(catalog, mode=Mode(sidecar_word="true")) as server:
        announced = metadata_text("a", "1.0", requires=["b<2"])
        server.add_path(f"{urlsplit(server.url_of(name)).path}.metadata", announced.encode())
        planned(shell, server, "a", *words)
        assert fetched_json(shell)["unplanned"] == told
        assert all(text in shell.run(*fetch_words(shell)).out for text in told)


def test_what_it_weighs_is_told_before(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        planned(shell, server)
        outcome = shell.run(*fetch_words(shell))
    size = sum(map(len, WHEELS.values()))
    assert (
        outcome.err
        == f"note: 3 files: {size / 1000:.0f} kB to download, 301 kB installed; 1,000 users: {size / 1000:.0f} MB\n"
    )


@pytest.mark.parametrize("mode", [Mode(), PLAIN_HTML, Mode(ranges="suffix-416", sizes="hidden")], ids=repr)
def test_dry_run_tells_the_weight_and_writes_nothing(shell: Shell, mode: Mode) -> None:
    with IndexServer(CATALOG, mode=mode) as server:
        planned(shell, server)
        outcome = shell.run("fetch", "plan.json", "--dry-run", "--format", "json", "--cache-dir", str(shell.cache))
        document = json.loads(outcome.out)
        assert document["download"] == {"bytes": sum(map(len, WHEELS.values())), "complete": True}
        assert document["installed"]["complete"] is True
        assert document["installed"]["bytes"] > len(NOISE)
        assert document["traffic"]["bytes"] == 1000 * document["download"]["bytes"]
        server.forget_requests()
        again = shell.run("fetch", "plan.json", "--sizes", "--format", "json", "--cache-dir", str(shell.cache))
        assert again.out == outcome.out
        assert server.count() == 0
    assert not house(shell).exists()


def test_plan_tells_the_download_where_the_index_tells_all_sizes_and_asks_for_the_rest_on_demand(shell: Shell) -> None:
    size = f"{sum(map(len, WHEELS.values())) / 1000:.0f}"
    words = ("plan", "a", *TARGET, "--cache-dir", str(shell.cache))
    with IndexServer(CATALOG) as server:
        told = shell.run(*words, "-i", server.simple_url).out
        assert f"Size: {size} kB to download; 1,000 users: {size} MB\n" in told
        assert server.count(path="/files/") == server.count_sidecars()
        asked = shell.run(*words, "-i", server.simple_url, "--sizes").out
        assert f"Size: 3 files: {size} kB to download, 301 kB installed; 1,000 users: {size} MB\n" in asked
    with IndexServer(CATALOG, mode=Mode(sizes="hidden")) as server:
        assert "Size:" not in shell.run(*words, "-i", server.simple_url).out
        asked = shell.run(*words, "-i", server.simple_url, "--sizes").out
        assert f"3 files: {size} kB to download" in asked


def test_sizes_of_a_server_without_ranges_come_by_its_headers(shell: Shell) -> None:
    with IndexServer(CATALOG, mode=Mode(sizes="hidden", ranges="ignored")) as server:
        planned(shell, server)
        document = fetched_json(shell)
    assert document["download"] == {"bytes": sum(map(len, WHEELS.values())), "complete": True}


def test_wrong_hash_leaves_nothing_and_names_file_url_and_both_hashes(shell: Shell) -> None:
    with IndexServer(CATALOG, mode=Mode(lies=frozenset({Lie.PAGE_HASH}))) as server:
        planned(shell, server, "big")
        message = shell.run(*fetch_words(shell, "-q")).refused(3)
        assert BIG in message
        assert server.url_of(BIG) in message
        assert sha256_hex(BIG_BYTES) in message
        stated = json.loads((shell.folder / "plan.json").read_text())["packages"][0]["file"]["sha256"]
        assert stated in message
    assert wheels_in(house(shell)) == {}


def test_truncated_file_leaves_a_part_which_the_next_run_goes_on_with(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        planned(shell, server, "big")
        shell.run("fetch", "plan.json", "--sizes", "--cache-dir", str(shell.cache))
        server.mode = Mode(flaky=Flaky(first=1, how="truncate", on=BIG))
        message = shell.run(*fetch_words(shell, "-q")).refused(3)
        assert "ended after" in message
        assert list(wheels_in(house(shell))) == [f"{BIG}.part"]
        server.forget_requests()
        document = fetched_json(shell)
        assert document["resumed"] == [BIG]
        assert server.count(path=BIG) == server.count_ranges() == 1
    assert wheels_in(house(shell))[BIG] == sha256_hex(BIG_BYTES)


def begun(shell: Shell, content: bytes) -> None:
    shell.write(f"house/{BIG}.part", content)


@pytest.mark.parametrize(
    ("part", "mode"),
    [
        (BIG_BYTES[:1000], Mode()),
        (BIG_BYTES[:1000], Mode(ranges="ignored")),
        (BIG_BYTES, Mode()),
        (BIG_BYTES + b"more", Mode()),
        (b"\0" * 1000, Mode()),
        (b"\0" * 1000, Mode(ranges="ignored")),
        (BIG_BYTES[:1000], Mode(sizes="hidden")),
        (BIG_BYTES + b"more", Mode(sizes="hidden")),
        (BIG_BYTES[:1000], Mode(lies=frozenset({Lie.CONTENT_RANGE}))),
        (BIG_BYTES[:1000], Mode(lies=frozenset({Lie.PAGE_SIZE}))),
        (BIG_BYTES[:-10], Mode(lies=frozenset({Lie.PAGE_SIZE}))),
        (BIG_BYTES[:1000], Mode(hashes="hidden")),
    ],
)
def test_any_part_ends_as_the_very_file(shell: Shell, part: bytes, mode: Mode) -> None:
    with IndexServer(CATALOG, mode=mode) as server:
        planned(shell, server, "big")
        begun(shell, part)
        assert shell.run(*fetch_words(shell)).status == 0
    assert {name: digest for name, digest in wheels_in(house(shell)).items() if name != "wheelhouse.json"} == hashes(
        {BIG: BIG_BYTES}
    )


def test_file_with_another_hash_is_replaced_and_that_is_said(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        planned(shell, server)
        shell.write(f"house/{BIG}", b"no wheel")
        outcome = shell.run(*fetch_words(shell))
    assert f"replaced, as their hashes were not the plan's: {BIG}\n" in outcome.out
    assert wheels_in(house(shell))[BIG] == sha256_hex(BIG_BYTES)


def test_file_that_is_gone_is_refused_with_its_address(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        planned(shell, server, "b")
        address = server.url_of("b-2.0-py3-none-any.whl")
    with IndexServer({}) as empty:
        moved = (shell.folder / "plan.json").read_text().replace(server.base_url, empty.base_url)
        document = json.loads(moved)
        del document["digest"]
        shell.write("plan.json", json.dumps(document))
        message = shell.run(*fetch_words(shell, "-q")).refused(3)
    assert address.replace(server.base_url, empty.base_url) in message
    assert "answered 404" in message


def test_password_of_the_index_opens_its_files_and_is_not_told(shell: Shell) -> None:
    mode = Mode(credentials=("user", "hunter2"))
    with IndexServer(CATALOG, mode=mode) as server:
        login = server.simple_url.replace("://", "://user:hunter2@")
        outcome = shell.plan("a", index=login)
        assert outcome.status == 0, outcome.err
        shell.write("plan.json", outcome.out)
        refused = shell.run(*fetch_words(shell, "-q")).refused(3)
        assert "it requires credentials" in refused
        opened = shell.run(*fetch_words(shell, "-i", login))
    assert opened.status == 0, opened.err
    assert "hunter2" not in opened.out + opened.err + refused
    assert "hunter2" not in (house(shell) / "wheelhouse.json").read_text()


def test_files_of_this_machine_are_copied(shell: Shell) -> None:
    for name, content in WHEELS.items():
        shell.write(f"links/{name}", content)
    outcome = shell.plan("a", "--no-index", "-f", str(shell.folder / "links"))
    shell.write("plan.json", outcome.out)
    assert fetched_json(shell)["fetched"]
    found = wheels_in(house(shell))
    assert {name: found[name] for name in WHEELS} == hashes(WHEELS)


def test_edited_plan_is_refused(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        plan = planned(shell, server)
        shell.write("plan.json", plan.read_text().replace("2.0", "2.1"))
        message = shell.run(*fetch_words(shell)).refused(2)
        assert server.count() == 0
    assert "was changed after it was made" in message


def test_folder_or_dry_run_must_be_said(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        planned(shell, server)
    assert "-d DIR" in shell.run("fetch", "plan.json").refused(2)


def test_folder_that_is_a_file_is_refused(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        planned(shell, server)
        shell.write("house", "")
        assert "cannot be used as a wheelhouse" in shell.run(*fetch_words(shell, "-q")).refused(3)


def test_offline_refuses_what_is_not_there_and_opens_what_is(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        planned(shell, server)
        assert "--offline" in shell.run(*fetch_words(shell, "-q", "--offline")).refused(3)
        assert shell.run(*fetch_words(shell)).status == 0
        server.forget_requests()
        assert shell.run(*fetch_words(shell, "--offline")).status == 0
        assert server.count() == 0


@posix
def test_full_disk_leaves_a_part_and_is_told(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        planned(shell, server)
        # A limit on the size of a file fails a write just as a full disk does.
        words = " ".join(("fetch", "plan.json", "-d", "house", "-q", "--no-cache"))
        limited = shell.folder / "limited.sh"
        limited.write_text(f'ulimit -f 200\nexec "{sys.executable}" -m wheelcheck {words}\n')
        done = subprocess.run(
            ["sh", str(limited)], cwd=shell.folder, env=shell.environ, capture_output=True, timeout=60, check=False
        )
        text = done.stderr.decode()
        assert done.returncode == 3, text
        assert f"{BIG}.part" in text
        assert "free some space" in text
        assert "Traceback" not in text
        assert BIG not in wheels_in(house(shell))
        assert fetched_json(shell)["resumed"] == [BIG]
    assert wheels_in(house(shell))[BIG] == sha256_hex(BIG_BYTES)


def slowly(server: IndexServer) -> None:
    server.mode = Mode(bandwidth=150_000)


def wait_for(path: Path, process: subprocess.Popen[bytes], size: int = 0) -> None:
    """Wait until *process* has made *path* with *size* bytes."""
    until = time.monotonic() + 30
    while not path.exists() or path.stat().st_size < size:
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            raise AssertionError(f"{path} did not come: {process.communicate()}")
        time.sleep(0.02)


@posix
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_interrupted_run_keeps_what_came_and_says_so(shell: Shell, name: str) -> None:
    with IndexServer(CATALOG) as server:
        planned(shell, server)
        slowly(server)
        process = shell.start(*fetch_words(shell))
        # A third of it: a part that is small could be an error page, and is not gone on with.
        wait_for(house(shell) / f"{BIG}.part", process, len(BIG_BYTES) // 3)
        process.send_signal(signal.Signals[name])
        _, err = process.communicate(timeout=30)
        assert process.returncode == 130
        assert "the same command continues from there" in err.decode()
        assert "Traceback" not in err.decode()
        assert BIG not in wheels_in(house(shell))
        server.mode = Mode()
        assert fetched_json(shell)["resumed"] == [BIG]


@posix
def test_killed_at_random_points_a_later_run_gives_the_same_folder(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        planned(shell, server)
        assert shell.run(*fetch_words(shell)).status == 0
        undisturbed = wheels_in(house(shell))
        shutil.rmtree(house(shell))
        slowly(server)
        moments = random.Random(20261121)  # noqa: S311
        for _ in range(4):
            process = shell.start(*fetch_words(shell))
            time.sleep(0.4 + moments.random() * 1.2)
            os.kill(process.pid, signal.SIGKILL)
            process.communicate(timeout=30)
            named = {path.name for path in house(shell).glob("*.whl")} if house(shell).exists() else set()
            assert {name: hashlib.sha256((house(shell) / name).read_bytes()).hexdigest() for name in named} == hashes(
                {name: WHEELS[name] for name in named}
            )
        server.mode = Mode()
        assert shell.run(*fetch_words(shell)).status == 0
    assert wheels_in(house(shell)) == undisturbed


def test_two_runs_at_once_share_the_work(shell: Shell) -> None:
    with IndexServer(CATALOG) as server:
        planned(shell, server)
        slowly(server)
        first = shell.start(*fetch_words(shell))
        wait_for(house(shell) / f"{BIG}.part", first)
        second = shell.start(*fetch_words(shell))
        outs = [process.communicate(timeout=60) for process in (first, second)]
        assert (first.returncode, second.returncode) == (0, 0), outs
        assert b"3 there already" in outs[1][0]
        assert b"waiting for another run" in outs[1][1]
    found = wheels_in(house(shell))
    assert {name: found[name] for name in WHEELS} == hashes(WHEELS)
