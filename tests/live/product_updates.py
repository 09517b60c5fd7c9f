"""Publishes releases of a product with gigabytes of packages, and counts what its first run and its update move.

The releases lie behind nginx where it is there (a static host as people have it), else behind the tests' own; the program is the
exported code in Node, whose health check imports native packages of the new version with the Windows Python that runs here.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.cli.test_publish import hosted
from tests.export.test_freezers import free_port
from tests.live.builders_lines import RUNTIME, TARGET, Ran, Workshop, named_windows, note
from tests.windows.test_nsis import tar_exe

_NGINX = """daemon off; master_process off; pid nginx.pid; error_log error.log;
events {{}}
http {{
  log_format moved '$bytes_sent';
  access_log moved.log moved;
  client_body_temp_path t; proxy_temp_path t; fastcgi_temp_path t; uwsgi_temp_path t; scgi_temp_path t;
  server {{ listen 127.0.0.1:{port}; root {root}; }}
}}
"""
_DRIVER = """import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { update } from "./first-run.mjs";
const [folder, url, code] = process.argv.slice(2);
const done = await update({ folder, url, health: async ({ executable }) => {
  const answer = await promisify(execFile)("wine", [executable, "-B", "-c", code], { timeout: 900_000 });
  console.log("health:", answer.stdout.trim());
  return true;
} });
console.log(JSON.stringify({ version: done.version, changed: done.changed, moved: done.moved }));
"""
_HEALTH = "import av, numpy, torch; print(av.__version__, torch.from_numpy(numpy.ones(3)).sum().item())"
LARGE = 0.05
"""The share of the first run that an update of one package may move."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Static:
    """A static host at *url*, served by *program*; ``log`` has the bytes of each answer, heads included, where that is counted."""

    url: str
    program: str
    log: Path

    def sent(self) -> int:
        """The bytes that it has sent since it was asked last."""
        if not self.log.exists():
            return 0
        total = sum(int(line) for line in self.log.read_text(encoding="ascii").split())
        self.log.write_bytes(b"")
        return total


@contextmanager
def static_host(root: Path, scratch: Path) -> Iterator[Static]:
    """Serve *root* on a free port of this machine while the block runs; *scratch* is the server's own folder."""
    nginx = shutil.which("nginx")
    if nginx is None:
        with hosted(root) as own:
            yield Static(url=own.url, program="the tests' own server", log=scratch / "moved.log")
        return
    (scratch / "t").mkdir(parents=True, exist_ok=True)
    port = free_port()
    (scratch / "nginx.conf").write_text(_NGINX.format(port=port, root=root.resolve()), encoding="utf-8")
    log = scratch / "moved.log"
    words = [nginx, "-p", f"{scratch}/", "-c", "nginx.conf", "-e", "error.log"]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as program:
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(url + "/")
            version = subprocess.run([nginx, "-v"], capture_output=True, text=True, check=True).stderr.strip()
            host = Static(url=url, program=version.rpartition(" ")[2], log=log)
            host.sent()
            yield host
        finally:
            program.terminate()


def _wait_for(url: str) -> None:
    for _ in range(100):
        try:
            with urllib.request.urlopen(url):
                return
        except urllib.error.HTTPError:
            return  # it answers, with no page for this folder
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"no answer from {url}")


def write_driver(shop: Workshop) -> None:
    (shop.folder / "driver.mjs").write_text(_DRIVER, encoding="utf-8")


def moved_by(ran: Ran) -> Mapping[str, Any]:
    """What the driver's last line says: ``version``, ``changed`` and ``moved`` bytes."""
    if ran.status:
        raise RuntimeError(f"{ran.command} failed: {ran.text}")
    answer: dict[str, Any] = json.loads(ran.text.strip().splitlines()[-1])
    return answer


def packed_sizes(release: Path) -> Mapping[str, int]:
    """The compressed bytes of each package (``(runtime)`` for what no package brought) in the archives of the folder *release*."""
    manifest = json.loads((release / "manifest.json").read_text(encoding="utf-8"))
    owners = {each["path"]: each.get("owner") or "(runtime)" for each in manifest["files"]}
    sizes = Counter[str]()
    for archive in manifest["archives"]:
        with zipfile.ZipFile(release / archive["filename"]) as opened:
            for member in opened.infolist():
                if not member.is_dir():
                    sizes[owners[member.filename]] += member.compress_size
    return sizes


def iter_shares(sizes: Mapping[str, int], lists: int) -> Iterator[str]:
    """The table of what an update moves in which every byte of one package is new: its files, and *lists* bytes for their lists."""
    first = sum(sizes.values()) + lists
    shares = sorted(((size + lists) / first, name) for name, size in sizes.items())
    large = [(share, name) for share, name in reversed(shares) if share >= LARGE]
    yield f"| all bytes of one package are new | bytes moved | of the first run ({first:,} bytes) |"
    yield "|---|---|---|"
    for share, name in large:
        yield f"| {name} | {share * first:,.0f} | {share:.1%} |"
    rest = shares[: len(shares) - len(large)]
    most, name = rest[-1]
    yield f"| each of the {len(rest)} others (the largest is {name}) | at most {most * first:,.0f} | at most {most:.1%} |"


_REQUIREMENTS = "fixtures/scenarios/creatorcrafter/requirements.txt"
_SOURCES = ("--wheelhouse", "wheels", "--allow-build", "all")


def _planned(shop: Workshop, number: int, *change: str) -> Ran:
    """The plan of release *number*, which has the Visual C++ runtime that `verify` asks for (reports/bundles.md)."""
    inputs = (_REQUIREMENTS, "msvc-runtime", *change)
    return shop.run("plan", *inputs, *TARGET, "--fix=R1", "-q", "-o", f"plan-{number}.json")


def _released(shop: Workshop, number: int) -> Ran:
    words = ("--archive", "zip", "--layers", "--name", "creatorcrafter", "--bundle-version", f"{number}.0")
    return shop.run("bundle", f"plan-{number}.json", "--runtime", RUNTIME, *_SOURCES, *words, "-o", f"release-{number}")


def first_run_and_update(shop: Workshop) -> Iterator[Ran]:
    """Two signed releases behind a static host; what the exported first run installs, and what its update moves."""
    yield shop.run("plan", _REQUIREMENTS, *TARGET)
    yield _planned(shop, 1, "transformers==5.22.0")
    yield _planned(shop, 2)
    yield shop.run("diff", "plan-1.json", "plan-2.json")
    yield shop.run("fetch", "plan-2.json", "--sizes")
    yield shop.run("sign", "-o", "release.key")
    for number in (1, 2):
        yield _released(shop, number)
        yield shop.run("publish", f"release-{number}", "--to", "site", "--key", "release.key")
        if number == 1:
            yield shop.run(
                "export", "plan-1.json", "--to", "first-run-node", "--url", "https://index.example/app",
                "--public-key", "release.key.pub", "-o", "first-run.mjs",
            )  # fmt: skip
            write_driver(shop)
        yield from first_run(shop, number)
    shutil.rmtree(shop.folder / "user")


def first_run(shop: Workshop, number: int) -> Iterator[Ran]:
    """Install or update ``user`` from the site, and tell what that moved; after the update, what each package's would move."""
    moved = shop.folder / "moved.json"
    rows: list[list[Any]] = json.loads(moved.read_text(encoding="utf-8")) if number > 1 else []
    with static_host(shop.folder / "site", shop.folder / "host") as host:
        ran = shop.tool("node", "driver.mjs", "user", host.url, _HEALTH)
        yield replace(ran, command=ran.command.replace(host.url, "https://index.example/app"))
        answer = moved_by(ran)
        rows.append([f"the update to {answer['version']}" if rows else "the first run", answer["moved"], host.sent()])
    moved.write_text(json.dumps(rows), encoding="utf-8")
    if number == 1:
        return
    first = rows[0][1]
    lines = [
        f"| served by {host.program} | bytes moved | bytes sent, heads included | of the first run |",
        "|---|---|---|---|",
    ]
    lines += [f"| {what} | {count:,} | {sent:,} | {count / first:.2%} |" for what, count, sent in rows]
    yield note("\n".join(lines))
    lists = sum(each.stat().st_size for each in (shop.folder / "user" / "parts").iterdir())
    yield note("\n".join(iter_shares(packed_sizes(shop.folder / "release-2"), lists)))


_STARTED = """import sys, av, numpy, torch
print("started", sys.prefix, av.__version__, torch.from_numpy(numpy.ones(3)).sum().item())
"""


def online_installer(shop: Workshop) -> Iterator[Ran]:
    """An installer of some kilobytes that downloads the release and checks it: run under Wine, its program started, removed."""
    windows = named_windows()
    assert windows is not None
    if not (shop.folder / "release-2").exists():
        yield _planned(shop, 2)
        yield _released(shop, 2)
    (shop.folder / "app.py").write_text(_STARTED, encoding="utf-8")
    words = ("--name", "creatorcrafter", "--app-version", "2.0", "--entry", "app.py", "-o", "setup.nsi")
    with static_host(shop.folder / "release-2", shop.folder / "host") as host, tar_exe(windows):
        ran = shop.run("export", "plan-2.json", "--to", "nsis", "--bundle", "release-2", "--url", host.url, *words)
        yield replace(ran, command=ran.command.replace(host.url, "https://index.example/app"))
        yield shop.tool("makensis", "-V1", "-XTarget amd64-unicode", "setup.nsi")
        # The installer alone, in a folder of its own: no archive lies beside it.
        alone = shop.folder / "alone"
        alone.mkdir(exist_ok=True)
        setup = alone / "setup.exe"
        shutil.copyfile(shop.folder / "creatorcrafter-2.0-setup.exe", setup)
        yield note(f"The installer has {setup.stat().st_size / 1e3:.0f} kB.")
        place = windows.drive / "creatorcrafter"
        shutil.rmtree(place, ignore_errors=True)
        yield shop.tool("wine", str(setup), "/S", r"/D=C:\creatorcrafter")
        yield note(f"{host.program} sent it {host.sent():,} bytes.")
    yield installed(place)
    yield shop.tool("wine", r"C:\creatorcrafter\python\python.exe", "-B", r"C:\creatorcrafter\app.py")
    yield from removed(shop, place)


def installed(place: Path) -> Ran:
    """What lies in *place*, a folder of drive C that an installer made."""
    files = [each for each in (place / "python").rglob("*") if each.is_file()]
    return note(f"Installed: {len(files):,} files, {sum(each.stat().st_size for each in files) / 1e6:,.0f} MB.")


def removed(shop: Workshop, place: Path) -> Iterator[Ran]:
    """Run the uninstaller in *place*, a folder of drive C, and tell what it left."""
    # With _? it runs where it lies and is waited for; so it cannot remove itself.
    yield shop.tool("wine", rf"C:\{place.name}\uninstall.exe", "/S", rf"_?=C:\{place.name}")
    left = sorted(each.name for each in place.rglob("*"))
    yield note(f"What the uninstaller left: {', '.join(left) or 'nothing'}.")
    shutil.rmtree(place, ignore_errors=True)
