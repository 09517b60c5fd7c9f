"""Publishes releases of a product with gigabytes of packages, and counts what its first run and its update move.

The releases lie behind nginx where it is there (a static host as people have it), else behind the tests' own; the program is the
exported code in Node, whose health check imports native packages of the new version with the Windows Python that runs here.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
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
from tests.live.builders_lines import RUNTIME, TARGET, Ran, Workshop, note

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
            _wait_for(url + "/latest.json")
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


def creatorcrafter(shop: Workshop) -> Iterator[Ran]:
    """An environment that the first run downloads: its plan repaired, two signed releases, the update, an installer."""
    requirements = "fixtures/scenarios/creatorcrafter/requirements.txt"
    yield shop.run("plan", requirements, *TARGET)
    # Both releases have the Visual C++ runtime that `verify` asks for (reports/bundles.md).
    for number, change in enumerate((["transformers==5.22.0"], []), 1):
        inputs = (requirements, "msvc-runtime", *change)
        yield shop.run("plan", *inputs, *TARGET, "--fix=R1", "-q", "-o", f"plan-{number}.json")
    yield shop.run("diff", "plan-1.json", "plan-2.json")
    yield shop.run("fetch", "plan-2.json", "--sizes")
    yield shop.run("sign", "-o", "release.key")
    for number in (1, 2):
        plan, out = f"plan-{number}.json", f"release-{number}"
        sources = ("--wheelhouse", "wheels", "--allow-build", "all")
        words = (
            "--archive",
            "zip",
            "--layers",
            "--name",
            "creatorcrafter",
            "--bundle-version",
            f"{number}.0",
            "-o",
            out,
        )
        yield shop.run("bundle", plan, "--runtime", RUNTIME, *sources, *words)
        yield shop.run("publish", out, "--to", "site", "--key", "release.key")
        if number == 1:
            yield shop.run(
                "export", plan, "--to", "first-run-node", "--url", "https://index.example/app",
                "--public-key", "release.key.pub", "-o", "first-run.mjs",
            )  # fmt: skip
            write_driver(shop)
        yield from first_run(shop, number)
    shutil.rmtree(shop.folder / "user")
    yield from online_installer(shop)


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


def online_installer(shop: Workshop) -> Iterator[Ran]:
    """An installer that brings the program alone, takes the archives that lie beside it, and downloads those that do not."""
    (shop.folder / "app.py").write_text("print('here')\n", encoding="utf-8")
    words = ("--name", "creatorcrafter", "--app-version", "2.0", "--entry", "app.py", "-o", "setup.nsi")
    address = ("--url", "https://index.example/app")
    yield shop.run("export", "plan-2.json", "--to", "nsis", "--bundle", "release-2", *address, *words)
    yield shop.tool("makensis", "-V1", "setup.nsi")
    made = next(shop.folder.glob("creatorcrafter-*-setup.exe"), None)
    yield note(f"The installer has {made.stat().st_size / 1e3:.0f} kB." if made else "No installer came of it.")
