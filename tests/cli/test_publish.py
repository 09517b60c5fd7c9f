"""Releases from ``publish`` to programs: the code of ``export --to first-run-…`` against a static host that fails in many ways."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.cli.bundles import bundle_words, write_plan, write_runtime
from tests.cli.programs import Shell
from tests.fakes import samples
from tests.fakes.archives import make_wheel
from wheelcheck.export.applications import render_first_run_powershell, render_first_run_python
from wheelcheck.export.shipment import Shipment

KILLS = "FIRST_RUN_KILLS"
"""Names the number of points at which a first run is killed; ``tests.live.first_run_report`` asks for 50."""
_POINTS = int(os.environ.get(KILLS, "12"))  # read before a test clears the environment
_NODE = """
import { update } from "./first-run.mjs";
const [folder, url, publicKey, sick, allowDowngrade] = process.argv.slice(2);
const seen = [];
try {
  const done = await update({ folder, url, publicKey, allowDowngrade: allowDowngrade === "yes",
    health: sick ? () => sick === "no" : undefined, progress: (each) => seen.push(each) });
  console.log(JSON.stringify({ ...done, seen: seen.length, last: seen.at(-1) ?? null }));
} catch (problem) {
  console.log(JSON.stringify({ problem: problem.message }));
}
"""
_PYTHON = """
import json, sys
import first_run
folder, url, key, sick, allow = sys.argv[1:]
seen = []
try:
    done = first_run.update(folder, url, key, health=(lambda found: sick == "no") if sick else None,
                            progress=lambda *each: seen.append(each), allow_downgrade=allow == "yes")
    last = dict(zip(("received", "total", "rate"), seen[-1])) if seen else None
    print(json.dumps({**done._asdict(), "seen": len(seen), "last": last}))
except first_run.UpdateFailed as problem:
    print(json.dumps({"problem": str(problem)}))
"""


class Host(ThreadingHTTPServer):
    """A static host for *folder*: answers ranges or not, stops for good after *budget* bytes, or cuts each path's first answer."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        self.folder, self.ranges, self.budget, self.cuts = folder, True, -1, False
        self.sent, self.seen = 0, list[str]()
        self.at_end: Callable[[], object] = lambda: None
        self._cut = set[str]()
        super().__init__(("127.0.0.1", 0), partial(Handler, self))
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def share(self, path: str, size: int) -> int:
        """How many of *size* bytes may be sent."""
        if self.cuts and path not in self._cut:
            self._cut.add(path)
            return size // 2
        return size if self.budget < 0 else min(size, max(self.budget - self.sent, 0))


class Handler(SimpleHTTPRequestHandler):
    def __init__(self, host: Host, *args: Any, **options: Any) -> None:  # noqa: ANN401
        self.host = host
        super().__init__(*args, **options)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        path = self.path.lstrip("/").partition("?")[0].replace("%2B", "+")
        place = self.host.folder / path
        self.host.seen.append(path)
        if not place.is_file():
            self.send_error(404)
            return
        content = place.read_bytes()
        wanted = self.headers.get("Range", "")
        start, end = 0, len(content)
        if wanted and self.host.ranges:
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            start, end = int(first), int(last) + 1
        body = content[start:end]
        self.send_response(206 if wanted and self.host.ranges else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        share = self.host.share(path, len(body))
        self.wfile.write(body[:share])
        self.wfile.flush()
        self.host.sent += share
        if share < len(body):
            self.host.at_end()
            self.close_connection = True


@dataclass
class Program:
    """A program with the exported code in *language*, whose environment is ``here`` in the folder of *shell*."""

    shell: Shell
    language: str
    host: Host
    key: str = ""
    words: list[str] = field(default_factory=list)

    @property
    def root(self) -> Path:
        return self.shell.folder / "here"

    def command(self, sick: str = "", allow: str = "no") -> list[str]:
        return [*self.words, str(self.root), self.host.url, self.key, sick, allow]

    def start(self, **options: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(**options), cwd=self.shell.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def update(self, **options: str) -> dict[str, Any]:
        with self.start(**options) as process:
            out, err = process.communicate(timeout=120)
        assert not err, err
        found: dict[str, Any] = json.loads(out)
        return found

    def tree(self) -> dict[str, str]:
        """The files of the version that is installed, with their hashes."""
        folder = Path(self.root / json.loads((self.root / "current.json").read_text())["folder"])
        files = (path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def catalog(version: str) -> dict[str, list[tuple[str, bytes]]]:
    """``app`` with ``lib``, whose release 3 differs in one of its files; both of data that no compressor makes smaller."""
    noise = random.Random(5)  # noqa: S311
    data = {f"lib/data{number}.bin": noise.randbytes(60_000) for number in range(8)}
    if version == "3.0":
        data["lib/data3.bin"] = noise.randbytes(60_000)
    release = "2.0" if version == "3.0" else "1.0"
    return {
        "app": [make_wheel("app", version, requires=["lib"], files={"app/main.py": f"version = {version!r}\n"})],
        "lib": [make_wheel("lib", release, files={"lib/__init__.py": "", "lib/a b+ü.txt": "x", **data})],
    }


def released(shell: Shell, version: str, *words: str) -> Path:
    """The folder ``site`` with *version* published; the archives of each version stay in ``out-VERSION``."""
    write_runtime(shell)
    for name in ("house", "plan.json"):
        place = shell.folder / name
        shutil.rmtree(place, ignore_errors=True) if place.is_dir() else place.unlink(missing_ok=True)
    write_plan(shell, files=catalog(version))
    out = f"out-{version}"
    if not (shell.folder / out).exists():
        made = shell.run(
            *bundle_words("-o", out, "--archive", "zip", "--layers", "--bundle-version", version, "--name", "demo")
        )
        assert made.status == 0, made.err
    done = shell.run("publish", out, "--to", "site", *words)
    assert done.status == 0, done.err
    return shell.folder / "site"


@contextmanager
def hosted(folder: Path) -> Iterator[Host]:
    host = Host(folder)
    try:
        yield host
    finally:
        host.shutdown()
        host.server_close()


@pytest.fixture(params=["python", "node"])
def program(request: pytest.FixtureRequest, shell: Shell) -> Iterator[Program]:
    """A program of release 1 that has not started yet."""
    language = str(request.param)
    node = shutil.which("node")
    if language == "node" and node is None:
        pytest.skip("Node is not installed")
    site = released(shell, "1.0")
    form, name, script = {
        "node": ("first-run-node", "first-run.mjs", _NODE),
        "python": ("first-run-python", "first_run.py", _PYTHON),
    }[language]
    done = shell.run(
        "export", "plan.json", "--to", form, "--url", "https://files.example", "--name", "Demo", "-o", name
    )
    assert done.status == 0, done.err
    shell.write("run.mjs" if language == "node" else "run.py", script)
    with hosted(site) as host:
        words = [str(node), "run.mjs"] if language == "node" else [sys.executable, "-I", "run.py"]
        if language == "python":
            shell.write("run.py", f"import sys; sys.path.insert(0, {str(shell.folder)!r})\n{script}")
        yield Program(shell=shell, language=language, host=host, words=words)


def expected(shell: Shell, version: str) -> dict[str, str]:
    manifest = json.loads((shell.folder / f"out-{version}" / "manifest.json").read_text(encoding="utf-8"))
    return {file["path"]: file["sha256"] for file in manifest["files"]}


def test_first_run_installs_every_file_and_tells_its_progress(program: Program) -> None:
    done = program.update()
    assert done["version"] == "1.0"
    assert done["changed"] is True
    assert Path(done["executable"]) == Path(done["folder"]) / "python.exe"
    assert program.tree() == expected(program.shell, "1.0")
    assert done["last"]["received"] == done["last"]["total"] > 480_000
    assert {path.name.partition("-")[0] for path in program.root.iterdir()} == {"current.json", "parts", "v"}
    program.host.seen.clear()
    assert program.update()["changed"] is False
    assert program.host.seen == ["latest.json"]


def test_updates_move_what_changed_alone(program: Program, record_property: Callable[[str, object], None]) -> None:
    """From 1 to 2 the application changed, from 2 to 3 one file of a library of 480 kB, and 1 to 3 is both at once."""
    whole = program.update()["moved"]
    shutil.copytree(program.root, program.shell.folder / "first")
    released(program.shell, "2.0")
    second = program.update()
    assert second["version"] == "2.0"
    assert program.tree() == expected(program.shell, "2.0")
    released(program.shell, "3.0")
    third = program.update()
    assert program.tree() == expected(program.shell, "3.0")
    shutil.rmtree(program.root)
    (program.shell.folder / "first").rename(program.root)
    both = program.update()
    assert program.tree() == expected(program.shell, "3.0")
    assert second["moved"] < whole * 0.05
    assert 60_000 < third["moved"] < 80_000
    assert both["moved"] < third["moved"] + second["moved"]
    for update, moved in (("first run", whole), ("1 → 2", second), ("2 → 3", third), ("1 → 3", both)):
        record_property(update, moved if update == "first run" else moved["moved"])


@pytest.mark.skipif(os.name == "nt", reason="a limit on the size of files is Unix's")
def test_disk_that_is_full_keeps_the_old_version_and_the_next_run_goes_on(program: Program) -> None:
    """A file may have 40,000 bytes, as on a disk that has no more: the first part of a download ends there."""
    import resource

    program.update()
    before = program.tree()
    released(program.shell, "3.0")
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (40_000, 40_000))
    done = subprocess.run(
        program.command(),
        cwd=program.shell.folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        preexec_fn=limit,
    )
    assert "File too large" in done.stdout + done.stderr or "EFBIG" in done.stdout + done.stderr
    assert program.tree() == before
    assert program.update()["version"] == "3.0"
    assert program.tree() == expected(program.shell, "3.0")


def test_host_without_ranges_serves_updates_too(program: Program) -> None:
    program.host.ranges = False
    program.update()
    released(program.shell, "3.0")
    assert program.update()["version"] == "3.0"
    assert program.tree() == expected(program.shell, "3.0")


def test_answers_that_end_early_are_continued_in_the_same_run(program: Program) -> None:
    program.host.cuts = True
    assert program.update()["version"] == "1.0"
    assert program.tree() == expected(program.shell, "1.0")


def points() -> list[float]:
    """Where to kill, as shares of the bytes that an update moves: both ends closely, and evenly between."""
    ends = (0.0001, 0.001, 0.01)
    between = _POINTS - 2 * len(ends)
    return [*ends, *((number + 0.5) / between for number in range(between)), *(1 - share for share in reversed(ends))]


def test_killed_at_any_point_it_goes_on_and_what_was_there_stays(
    program: Program, record_property: Callable[[str, object], None]
) -> None:
    program.update()
    released(program.shell, "3.0")
    pristine = program.shell.folder / "pristine"
    shutil.copytree(program.root, pristine)
    total = program.update()["moved"]
    twice = 0
    for share in points():
        shutil.rmtree(program.root)
        shutil.copytree(pristine, program.root)
        program.host.sent, program.host.budget = 0, int(total * share)
        killed: list[subprocess.Popen[str]] = []
        program.host.at_end = partial(_kill, killed)
        with program.start() as process:
            killed.append(process)
            process.communicate(timeout=120)
        assert process.returncode == -signal.SIGKILL, share
        assert program.tree() == expected(program.shell, "1.0")
        program.host.budget = -1
        os.utime(program.root / "lock", (0, 0))
        done = program.update()
        assert done["version"] == "3.0"
        assert done["moved"] <= total
        assert program.tree() == expected(program.shell, "3.0")
        twice = max(twice, program.host.sent - total)
    record_property("points", len(points()))
    record_property("most bytes sent twice", twice)
    record_property("bytes of the update", total)


def _kill(processes: list[subprocess.Popen[str]]) -> None:
    time.sleep(0.05)  # what was sent has come by then
    for each in processes:
        each.kill()


def test_two_starts_at_once_install_once(program: Program) -> None:
    with program.start() as one, program.start() as other:
        outs = [json.loads(each.communicate(timeout=120)[0]) for each in (one, other)]
    assert sorted(out["changed"] for out in outs) == [False, True]
    assert program.tree() == expected(program.shell, "1.0")


@pytest.mark.parametrize("which", ["archive", "list"])
def test_other_bytes_are_refused_and_what_was_there_stays(program: Program, which: str) -> None:
    program.update()
    site = released(program.shell, "3.0")
    latest = json.loads(json.loads((site / "latest.json").read_text())["payload"])
    base = next(each for each in latest["archives"] if "-base-" in each["filename"])
    place = site / (base["filename"] if which == "archive" else base["files"]["filename"])
    good = place.read_bytes()
    place.write_bytes(bytes(len(good)))
    assert "is not the file of this release" in program.update()["problem"]
    assert program.tree() == expected(program.shell, "1.0")
    place.write_bytes(good)
    assert program.update()["version"] == "3.0"


def test_signature_of_another_key_and_none_are_refused(program: Program) -> None:
    shell = program.shell
    for name in ("ours", "theirs"):
        assert shell.run("sign", "-o", name).status == 0
    program.key = (shell.folder / "ours.pub").read_text().strip()
    assert "is not signed" in program.update()["problem"]
    assert shell.run("sign", "site", "--key", "theirs").status == 0
    assert "is not signed" in program.update()["problem"]
    assert shell.run("sign", "site", "--key", "ours").status == 0
    assert program.update()["version"] == "1.0"
    latest = shell.folder / "site" / "latest.json"
    latest.write_text(latest.read_text().replace("demo", "Demo"))
    assert "is not signed" in program.update()["problem"]


def test_release_that_is_not_healthy_is_rolled_back(program: Program) -> None:
    assert "did not answer its health check" in program.update(sick="yes")["problem"]
    assert not list(program.root.glob("v-*"))
    first = program.update(sick="no")
    released(program.shell, "2.0")
    assert "1.0 stays" in program.update(sick="yes")["problem"]
    assert [str(path) for path in program.root.glob("v-*")] == [first["folder"]]
    assert program.update(sick="no")["version"] == "2.0"


def test_older_release_is_taken_only_where_that_is_allowed(program: Program) -> None:
    site = released(program.shell, "2.0")
    program.update()
    oldest = min((site / "releases").glob("*.json"), key=lambda path: int(path.stem))
    shutil.copy(oldest, site / "latest.json")
    assert "is older than 2.0" in program.update()["problem"]
    assert program.update(allow="yes")["version"] == "1.0"


def test_changed_files_of_the_old_version_are_not_carried_over(program: Program) -> None:
    done = program.update()
    (Path(done["folder"]) / "Lib/site-packages/lib/data1.bin").write_bytes(b"changed")
    released(program.shell, "2.0")
    program.update()
    assert program.tree() == expected(program.shell, "2.0")


def test_publish_keeps_the_newest_releases_and_removes_their_files_alone(shell: Shell) -> None:
    site = released(shell, "1.0")
    (site / "own.txt").touch()
    first = {path.name for path in site.iterdir()}
    released(shell, "2.0", "--keep", "1")
    left = {path.name for path in site.iterdir()}
    assert first - left  # the application's archive and list of release 1
    assert {"own.txt", "latest.json"} <= left
    assert len(list((site / "releases").iterdir())) == 1
    named = json.loads(json.loads((site / "latest.json").read_text())["payload"])["archives"]
    assert {name for each in named for name in (each["filename"], each["files"]["filename"])} <= left


def test_publish_refuses_what_no_first_run_can_read(shell: Shell) -> None:
    write_runtime(shell)
    write_plan(shell)
    assert shell.run(*bundle_words("-o", "plain")).status == 0
    assert "--archive zip" in shell.run("publish", "plain", "--to", "site").refused(2)
    assert (
        shell.run(*bundle_words("-o", "made", "--archive", "zip", "--bundle-version", "1", "--name", "x")).status == 0
    )
    assert shell.run("publish", "made", "--to", "site").status == 0
    (archive,) = (shell.folder / "site").glob("*.zip")
    archive.write_bytes(b"other")
    assert "was published with other bytes" in shell.run("publish", "made", "--to", "site").refused(2)
    (archive,) = (shell.folder / "made").glob("*.zip")
    archive.write_bytes(b"other")
    assert "not the file that the manifest names" in shell.run("publish", "made", "--to", "site").refused(3)


def test_keys_are_never_replaced_and_wrong_ones_are_refused(shell: Shell) -> None:
    assert shell.run("sign", "-o", "key").status == 0
    assert (shell.folder / "key").stat().st_mode & 0o077 == 0
    assert "is there already" in shell.run("sign", "-o", "key").refused(2)
    assert shell.run("sign", "site", "--key", "key.pub").status == 2
    shell.run("sign").refused(2)
    write_plan(shell)
    words = ("export", "plan.json", "--to", "first-run-python", "--url", "https://files.example")
    shell.run(*words, "--public-key", "key").refused(2)
    exported = shell.run(*words, "--public-key", "key.pub")
    assert json.dumps((shell.folder / "key.pub").read_text().strip()) in exported.out
    assert "secret" not in shell.run(*words[:-1], "https://me:secret@files.example").refused(2)


def test_signatures_are_checked_as_the_standard_says(shell: Shell) -> None:
    """The checker that is written out for Python against a library: true ones pass, and a change of any part does not."""
    ed25519 = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519")
    scope: dict[str, Any] = {"__name__": "first_run"}
    exec(render_first_run_python(Shipment(plan=samples.installable_plan(), url="https://files.example")), scope)  # noqa: S102
    for number in range(6):
        key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
        public, message = key.public_key().public_bytes_raw(), b"m" * number
        signed = key.sign(message)
        assert scope["verified"](public, message, signed)
        assert not scope["verified"](public, message + b"x", signed)
        assert not scope["verified"](public[:-1] + b"\x01", message, signed)
        for at in (0, 40, 63):
            changed = bytearray(signed)
            changed[at] ^= 1
            assert not scope["verified"](public, message, bytes(changed))
    assert not scope["verified"](b"", b"", b"")
    assert base64.b64encode(public)


def test_script_for_powershell_is_grammatical_and_quotes_its_address() -> None:
    tree_sitter = pytest.importorskip("tree_sitter", reason="pip install -e '.[builders]'")
    grammar = pytest.importorskip("tree_sitter_powershell", reason="pip install -e '.[builders]'")
    parser = tree_sitter.Parser(tree_sitter.Language(grammar.language()))
    shipment = Shipment(plan=samples.installable_plan(), url="https://files.example/it's $(x)", name="caf\u00e9")
    text = render_first_run_powershell(shipment)
    assert text.startswith("\ufeff# Made by")
    assert not parser.parse(text.lstrip("\ufeff").encode()).root_node.has_error
    assert "'https://files.example/it''s $(x)'" in text
    assert parser.parse(b"if (").root_node.has_error  # the parser does tell
