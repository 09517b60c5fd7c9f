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
from tests.fuzz.forking import Starter, modules_of
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
    "n": [make_sdist("n", "1.0", files={"n.c": "int x;", "setup.py": "import x"}), make_wheel("n", "1.1")],
    "base": [make_sdist("base", "2.0"), make_wheel("base", "1.0", files={"base/data.bin": bytes(range(256)) * 1_200})],
}
_TARGET = ("--platform", "manylinux_2_28_x86_64", "--python", "3.11")


class Command(Struct, frozen=True):
    """A command of the program: its words, in which ``{}`` is the folder, and the file or folder that it makes there.

    One with *given* changes a file of this text; after an end it goes on with what is there, as one that *continues*.
    """

    name: str
    words: tuple[str, ...]
    product: str
    given: str = ""
    continues: bool = False


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
        Command("fetch", ("fetch", plan, "-d", "{}/wheels", *asked, *cached), "wheels", continues=True),
        Command(
            "repair --in-place",
            ("plan", "{}/wants.txt", "--fix=high", "--in-place", "--yes", *_TARGET, *asked, *cached),
            "wants.txt",
            given="top\n# by hand\nn==1.0\n",
            continues=True,
        ),
        Command("bundle", ("bundle", plan, "-o", "{}/out", "--wheelhouse", "{}/kept", *asked, *cached), "out"),
    )


def disturb(
    count: int,
    numbers: tuple[signal.Signals, ...],
    seed: int = 1,
    latency: float = 0.01,
    found: Counted | None = None,
    forked: bool = False,
) -> Counted:
    """End *count* runs of all commands in turn, each by one of the signals *numbers*; counts in *found* as it goes.

    *forked* starts them from a process that has loaded the program, which leaves out the moments of start and import.
    """
    found = Counted() if found is None else found
    with TemporaryDirectory() as name:
        folder = Path(name)
        starter = Starter(_loaded()) if forked else None
        try:
            with IndexServer(_CATALOG, mode=Mode(latency=latency)) as server:
                chance = random.Random(seed)  # noqa: S311 - no secret
                _disturb(count, numbers, chance, _Runs(_commands(server.simple_url), folder, starter), found)
        finally:
            if starter is not None:
                starter.close()
    return found


def _loaded() -> list[str]:
    """The modules that the commands load, in their order."""
    with IndexServer(_CATALOG) as server, TemporaryDirectory() as name:
        runs = _Runs(_commands(server.simple_url), Path(name), None)
        names = [name for each in runs.commands for name in modules_of(runs.words(each), _ROOT)]
    return list(dict.fromkeys(names))


def _disturb(
    count: int, numbers: tuple[signal.Signals, ...], chance: random.Random, runs: _Runs, found: Counted
) -> None:
    folder = runs.folder
    whole = {each.name: runs.undisturbed(each) for each in runs.commands}
    for turn in range(count):
        command = runs.commands[turn % len(runs.commands)]
        if turn % (7 * len(runs.commands)) == 0:
            shutil.rmtree(folder / "cache", ignore_errors=True)
        runs.prepare(command)
        number = chance.choice(numbers)
        digest, seconds = whole[command.name]
        status, left = runs.ended(command, number, chance.uniform(0, seconds))
        found.ends[command.name] = found.ends.get(command.name, 0) + 1
        if status == 0 or (status == 1 and command.name in ("check", "matrix")):
            found.early += 1
        elif status != (-9 if number == signal.SIGKILL else 130):
            found.wrong.append(f"{command.name}: status {status} after {number.name}")
        found.seconds.append(left)
        product = folder / command.product
        before = hashlib.sha256(f"{command.product}\0{command.given}".encode()).hexdigest()
        if command.name != "fetch" and product.exists() and _digest(product) not in (digest, before):
            found.wrong.append(f"{command.name}: {number.name} left a part of {command.product}")
        if number != signal.SIGKILL:
            left_over = [path.name for path in folder.iterdir() if path.name.startswith(".")]
            found.wrong += (f"{command.name}: {number.name} left {name}" for name in left_over)
        again, _ = runs.undisturbed(command, anew=not command.continues)
        if again != digest:
            found.wrong.append(f"{command.name}: other bytes after {number.name}: {again[:600]}")


class _Runs:
    """Runs *commands* in *folder*, each in a process of its own; a *starter* forks them."""

    def __init__(self, commands: tuple[Command, ...], folder: Path, starter: Starter | None) -> None:
        self.commands = commands
        self.folder = folder
        self._starter = starter

    def words(self, command: Command) -> list[str]:
        """The words of *command* in the folder, with the files that it needs made there."""
        plan = self.commands[0]
        if "{}/plan.json" in command.words and not (self.folder / "plan.json").exists():
            self.undisturbed(plan)
            shutil.copy(self.folder / plan.product, self.folder / "plan.json")
        if command.given and not (self.folder / command.product).exists():
            self.prepare(command)
        return [word.replace("{}", str(self.folder)) for word in command.words]

    def prepare(self, command: Command) -> None:
        """Put what *command* makes or changes into the state before it."""
        _remove(self.folder / command.product)
        if command.given:
            (self.folder / command.product).write_text(command.given)

    def undisturbed(self, command: Command, *, anew: bool = True) -> tuple[str, float]:
        """The digest of what *command* makes, and the seconds that it took."""
        words = self.words(command)
        if anew:
            self.prepare(command)
        log = self.folder.parent / f"{self.folder.name}.log"
        began = time.monotonic()
        if self._starter is None:
            with log.open("wb") as file:
                status = subprocess.call(
                    [sys.executable, "-m", "wheelcheck", *words], cwd=_ROOT, stdout=file, stderr=subprocess.STDOUT
                )
        else:
            status = self._starter.start(words, log).status()
        if status not in (0, 1) or not (self.folder / command.product).exists():
            return f"status {status}: {log.read_text()[-500:]}", 0.0
        return _digest(self.folder / command.product), time.monotonic() - began

    def ended(self, command: Command, number: signal.Signals, after: float) -> tuple[int, float]:
        """The status of a run that got the signal *number* so many seconds after its begin, and how long it stayed then."""
        if self._starter is None:
            return _ended(self.words(command), number, after)
        run = self._starter.start(self.words(command), Path(os.devnull))
        time.sleep(after)
        began = time.monotonic()
        run.end_by(number)
        return run.status(), time.monotonic() - began


def _ended(words: list[str], number: signal.Signals, after: float) -> tuple[int, float]:
    """The status of a run that got the signal *number* so many seconds after its first import, and how long it stayed then."""
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", _START, *words],
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
