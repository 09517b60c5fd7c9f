"""``wheelcheck bundle`` killed, interrupted, out of disk or without its index: whole or not at all, and the next run goes on."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.bundles import bundle_words, left_beside, tree, write_plan, write_runtime
from tests.cli.programs import Shell
from tests.fakes.archives import make_wheel
from tests.server import Flaky, IndexServer, Lie, Mode

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits of POSIX")
NOISE = random.Random(6).randbytes(400_000)  # noqa: S311
CATALOG = {
    "app": [make_wheel("app", "1.0", requires=["lib", "big"])],
    "lib": [make_wheel("lib", "2.0", files={f"lib/module{number}.py": "x = 1\n" * 50 for number in range(150)})],
    "big": [make_wheel("big", "1.0", files={"big/noise.bin": NOISE, "big/tests/test_big.py": "x = 1\n"})],
}
MADE = ("--archive", "zip", "--layers", "--strip", "tests", "--name", "product")


def ready(shell: Shell) -> None:
    write_plan(shell, files=CATALOG)
    write_runtime(shell)


def is_whole(out: Path, undisturbed: dict[str, str]) -> bool:
    return tree(out) == undisturbed


@posix
def test_run_that_was_killed_anywhere_is_repeated_to_the_same_bytes(shell: Shell) -> None:
    ready(shell)
    began = time.monotonic()
    done = shell.program(*bundle_words("-o", "undisturbed/out", *MADE))
    lasted = time.monotonic() - began
    assert done.status == 0, done.err
    undisturbed = tree(shell.folder / "undisturbed" / "out")
    moments = random.Random(9)  # noqa: S311
    killed = 0
    for _ in range(5):
        began = time.monotonic()
        running = shell.start(*bundle_words("-o", "out", *MADE, "--force"))
        try:
            # What is imported and refused first leaves nothing; the disk is written to in the last half.
            running.wait(lasted * moments.uniform(0.4, 1.0))
        except subprocess.TimeoutExpired:
            running.kill()
            killed += 1
        else:
            # The machine was busier when the first run was timed.
            lasted = min(lasted, time.monotonic() - began)
        running.communicate()
        out = shell.folder / "out"
        assert not out.exists() or is_whole(out, undisturbed)
    assert killed
    done = shell.program(*bundle_words("-o", "out", *MADE, "--force"))
    assert done.status == 0, done.err
    assert tree(shell.folder / "out") == undisturbed
    assert left_beside(shell) == {"undisturbed", "out"}


@posix
def test_run_that_was_killed_while_it_fetches_goes_on_with_what_came(shell: Shell) -> None:
    write_runtime(shell)
    with IndexServer(CATALOG) as server:
        shell.write("plan.json", shell.plan("app", index=server.simple_url).out)
        words = ("bundle", "plan.json", "--runtime", "runtime.zip", *MADE, "--no-cache")
        assert shell.program(*words, "-o", "undisturbed/out").status == 0
        running = shell.start(*words, "-o", "out")
        wheels = shell.folder / ".out.partial" / "wheels"
        until = time.monotonic() + 20
        while not any(wheels.glob("*.whl")) and running.poll() is None and time.monotonic() < until:
            time.sleep(0.002)
        running.kill()
        running.communicate()
        assert shell.program(*words, "-o", "out").status == 0
    assert tree(shell.folder / "out") == tree(shell.folder / "undisturbed" / "out")
    assert left_beside(shell) == {"undisturbed", "out"}


@posix
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_interrupted_run_leaves_no_bundle(shell: Shell, name: str) -> None:
    ready(shell)
    running = shell.start(*bundle_words("-o", "out", *MADE))
    until = time.monotonic() + 20
    while not (shell.folder / ".out.partial").exists() and time.monotonic() < until:
        time.sleep(0.002)
    running.send_signal(signal.Signals[name])
    _, err = running.communicate(timeout=30)
    assert b"Traceback" not in err
    if running.returncode != 0:  # it may have been quicker
        assert running.returncode == 130, err
        assert left_beside(shell) == set(), tree(shell.folder / ".out.partial")


@posix
@pytest.mark.parametrize("blocks", [100, 300])
def test_full_disk_leaves_nothing(shell: Shell, blocks: int) -> None:
    ready(shell)
    # Files may not grow beyond so many kB: the large wheel's, then the archive's.
    words = " ".join([sys.executable, "-m", "wheelcheck", *bundle_words("-o", "out", *MADE)])
    done = subprocess.run(
        ["bash", "-c", f"ulimit -f {blocks}; exec {words}"],
        cwd=shell.folder,
        env=shell.environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("error: ") == 1
    assert left_beside(shell) == set()


@pytest.mark.parametrize(
    ("mode", "kept"),
    [(Mode(flaky=Flaky(first=1000, how="500", on="big-1.0")), True), (Mode(lies=frozenset({Lie.PAGE_HASH})), False)],
)
def test_failing_index_or_wrong_hash_leaves_no_bundle(shell: Shell, mode: Mode, kept: bool) -> None:
    write_runtime(shell)
    with IndexServer(CATALOG, mode=Mode(lies=mode.lies)) as server:
        shell.write("plan.json", shell.plan("app", index=server.simple_url).out)
        server.mode = mode
        words = ("bundle", "plan.json", "--runtime", "runtime.zip", "-o", "out", "-q")
        shell.run(*words).refused(3)
        assert not (shell.folder / "out").exists()
        # What came stays for the next run, which needs no more of it.
        came = {path.name for path in (shell.folder / ".out.partial" / "wheels").glob("*.whl")}
        assert kept or not came  # whether something came before the failure is chance
        server.mode = Mode(lies=mode.lies)
        server.forget_requests()
        assert shell.run(*words).status == (0 if kept else 3)
        assert not any(server.count(path=name) for name in came)
