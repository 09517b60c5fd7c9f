"""Ends real runs at random moments, by a kill or a signal, and looks at what is left: ``(signal, count) → what was wrong``.

After every end the same command, undisturbed and on the same cache, must give the same bytes.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct

from tests.fakes.archives import make_sdist, make_wheel
from tests.server import IndexServer, Mode

_ROOT = Path(__file__).parents[2]
_START = """
import os
import wheelcheck.__main__ as program
program.leave_at_signals()
os.write(int(os.environ["READY"]), b"x")
program.main()
"""
_CATALOG = {
    "top": [make_wheel("top", "1.0", requires=[f"p{number}" for number in range(12)])],
    **{
        f"p{number}": [
            *(
                make_wheel(f"p{number}", f"1.{minor}", requires=["base"], files={"m.py": "x = 1\\n" * 500})
                for minor in range(8)
            ),
            make_sdist(f"p{number}", "0.9"),
        ]
        for number in range(12)
    },
    "base": [make_sdist("base", "2.0"), make_wheel("base", "1.0", files={"base/data.bin": bytes(range(256)) * 1_200})],
}
_TARGET = ("--platform", "manylinux_2_28_x86_64", "--python", "3.11")


class Command(Struct, frozen=True):
    """A command of the program: its words, in which ``{}`` is the folder, and the file or folder that it makes there."""

    name: str
    words: tuple[str, ...]
    product: str


class Counted(Struct):
    """What came of it: ends by command, what was wrong in sentences, and how long each took to leave, in seconds."""

    ends: dict[str, int] = {}
    wrong: list[str] = []
    seconds: list[float] = []
    early: int = 0


def _commands(url: str) -> tuple[Command, ...]:
    asked, cached = ("-i", url, "--no-progress"), ("--cache-dir", "{}/cache")
    plan = "{}/plan.json"
    return (
        Command(
            "plan", ("plan", "top", "--sdist", "deny", *_TARGET, *asked, *cached, "-o", "{}/made.json"), "made.json"
        ),
        Command(
            "check",
            ("check", "top", *_TARGET, *asked, *cached, "--format", "json", "-o", "{}/check.json"),
            "check.json",
        ),
        Command(
            "matrix", ("matrix", "top", *asked, *cached, "--format", "json", "-o", "{}/matrix.json"), "matrix.json"
        ),
        Command("fetch", ("fetch", plan, "-d", "{}/wheels", *asked, *cached), "wheels"),
        Command("bundle", ("bundle", plan, "-o", "{}/out", "--wheelhouse", "{}/kept", *asked, *cached), "out"),
    )


def disturb(
    count: int,
    numbers: tuple[signal.Signals, ...],
    seed: int = 1,
    latency: float = 0.01,
    found: Counted | None = None,
) -> Counted:
    """End *count* runs of all commands in turn, each by one of the signals *numbers*; counts in *found* as it goes."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    found = Counted() if found is None else found
    with IndexServer(_CATALOG, mode=Mode(latency=latency)) as server, TemporaryDirectory() as name:
        folder = Path(name)
        commands = _commands(server.simple_url)
        whole = {each.name: _undisturbed(each, folder) for each in commands if _prepared(each, commands[0], folder)}
        for turn in range(count):
            command = commands[turn % len(commands)]
            if turn % (7 * len(commands)) == 0:
                shutil.rmtree(folder / "cache", ignore_errors=True)
            _remove(folder / command.product)
            number = chance.choice(numbers)
            digest, seconds = whole[command.name]
            status, left = _ended(command, folder, number, chance.uniform(0, seconds))
            found.ends[command.name] = found.ends.get(command.name, 0) + 1
            if status == 0 or (status == 1 and command.name in ("check", "matrix")):
                found.early += 1
            elif status != (-9 if number == signal.SIGKILL else 130):
                found.wrong.append(f"{command.name}: status {status} after {number.name}")
            found.seconds.append(left)
            product = folder / command.product
            if command.name != "fetch" and product.exists() and _digest(product) != digest:
                found.wrong.append(f"{command.name}: {number.name} left a part of {command.product}")
            if number != signal.SIGKILL:
                left_over = [path.name for path in folder.iterdir() if path.name.startswith(".")]
                found.wrong += (f"{command.name}: {number.name} left {name}" for name in left_over)
            again, _ = _undisturbed(command, folder)
            if again != digest:
                found.wrong.append(f"{command.name}: other bytes after {number.name}")
    return found


def _prepared(command: Command, plan: Command, folder: Path) -> bool:
    if command.name == "fetch":
        _undisturbed(plan, folder)
        shutil.copy(folder / plan.product, folder / "plan.json")
    return True


def _words(command: Command, folder: Path) -> list[str]:
    return [word.replace("{}", str(folder)) for word in command.words]


def _undisturbed(command: Command, folder: Path) -> tuple[str, float]:
    """The digest of what *command* makes, and the seconds that it took."""
    _remove(folder / command.product)
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "wheelcheck", *_words(command, folder)], cwd=_ROOT, capture_output=True, check=False
    )
    if done.returncode not in (0, 1) or not (folder / command.product).exists():
        return f"status {done.returncode}: {done.stderr.decode()[-500:]}", 0.0
    return _digest(folder / command.product), time.monotonic() - began


def _ended(command: Command, folder: Path, number: signal.Signals, after: float) -> tuple[int, float]:
    """The status of a run that got the signal *number* so many seconds after its first import, and how long it stayed then."""
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", _START, *_words(command, folder)],
        cwd=_ROOT,
        env={**os.environ, "READY": str(writing)},
        pass_fds=[writing],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        process_group=0,
    )
    os.close(writing)
    os.read(reading, 1)
    os.close(reading)
    time.sleep(after)
    began = time.monotonic()
    with suppress(ProcessLookupError):
        process.send_signal(number)
    _, said = process.communicate(timeout=60)
    seconds = time.monotonic() - began
    if process.returncode == 130 and b"interrupted" not in said:
        return 1_000, seconds
    return process.returncode, seconds


def _digest(path: Path) -> str:
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    told = hashlib.sha256()
    for file in files:
        if file.name.startswith("."):
            continue
        told.update(file.relative_to(path.parent).as_posix().encode() + b"\0" + file.read_bytes())
    return told.hexdigest()


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
