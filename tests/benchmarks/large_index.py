"""A made-up index of 3,000 projects, with versions and files as large indexes have them, and inputs of 3,000 lines; always alike.

``python -m tests.benchmarks.large_index inputs FOLDER`` writes the inputs, ``... serve PORT`` answers as a simple index in JSON.
The numbers in ``reports/scale.md`` are measured with it.
"""

from __future__ import annotations

import functools
import hashlib
import io
import json
import random
import sys
import tarfile
import time
from bisect import bisect
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from msgspec import Struct

COUNT = 3000
_KINDS = ("pure", "native", "abi3", "sdist-pure", "sdist-native")
_SHARES = (70, 16, 4, 6, 4)
# The minor of each Python, and the years in which projects built for it.
_PYTHONS = [(6 + number, 2017 + number, 2022 + number) for number in range(9)]
_YEAR = 31_556_952  # seconds

Numbers = tuple[int, int, int]


class Project(Struct, frozen=True):
    """A project by its number; ``versions`` have the year of their upload, ``needs`` whether a bound has a ceiling."""

    number: int
    kind: str
    versions: tuple[tuple[Numbers, float], ...]
    needs: dict[int, bool]
    lacks_windows: bool

    @property
    def name(self) -> str:
        return _name(self.number)

    def newest(self, year: float) -> str:
        """The newest version of *year*, or the first there ever was."""
        place = bisect([uploaded for _, uploaded in self.versions], year) - 1
        return _text(self.versions[max(place, 0)][0])


@functools.cache
def project(number: int) -> Project:
    """The project of this number: the first ones are the popular ones, with the most versions."""
    chance = random.Random(number * 7919 + 13)  # noqa: S311 - no secret
    popularity = 1 / (1 + number / 60)
    kind = chance.choices(_KINDS, _SHARES)[0]
    count = min(900, max(3, int(chance.lognormvariate(3.2, 1.0) * (1 + 4 * popularity))))
    start = chance.uniform(2012, 2023)
    end = chance.choice([*[2026.8] * 3, chance.uniform(start + 0.5, 2026.8)])
    years = sorted(chance.uniform(start, end) for _ in range(count))
    versions = []
    major, minor, patch = chance.choice([0, 1, 2]), 0, 0
    for year in years:
        step = chance.random()
        if step < 0.04:
            major, minor, patch = major + 1, 0, 0
        elif step < 0.35:
            minor, patch = minor + 1, 0
        else:
            patch += 1
        versions.append(((major, minor, patch), year))
    wanted = chance.choice([0, 0, 1, 2, 3, 4, 6]) if number > 20 else 0
    needed = dict.fromkeys(min(number - 1, int(chance.paretovariate(0.6)) - 1) for _ in range(wanted))
    needs = {other: chance.random() < 0.12 for other in needed}
    return Project(number, kind, tuple(versions), needs, kind == "native" and chance.random() < 0.12)


def _name(number: int) -> str:
    return f"proj-{number:04d}"


def _text(version: Numbers) -> str:
    return ".".join(map(str, version))


def _requires(of: Project, year: float) -> list[str]:
    found = []
    for other, has_ceiling in of.needs.items():
        ceiling = f",<{int(project(other).newest(year).split('.')[0]) + 1}" if has_ceiling else ""
        found.append(f"{_name(other)} >={project(other).newest(year - 2)}{ceiling}")
    return found


def _files(of: Project, version: str, year: float) -> list[str]:
    stem = f"{of.name.replace('-', '_')}-{version}"
    if of.kind == "pure":
        return [f"{stem}-py3-none-any.whl", f"{stem}.tar.gz"]
    if of.kind not in ("native", "abi3"):
        return [f"{stem}.tar.gz"]
    platforms = ["manylinux2014_x86_64", "macosx_10_9_x86_64", "manylinux2014_aarch64"]
    platforms += [] if of.lacks_windows else ["win_amd64"]
    later = ((2020.5, "macosx_11_0_arm64"), (2021.5, "musllinux_1_1_x86_64"), (2025, "win_arm64"))
    platforms += [platform for since, platform in later if year > since]
    built_for = [minor for minor, first, last in _PYTHONS if first + 0.7 <= year <= last]
    tags = ["cp37-abi3"] if of.kind == "abi3" else [f"cp3{each}-cp3{each}{'m' * (each < 8)}" for each in built_for]
    return [*(f"{stem}-{tag}-{platform}.whl" for tag in tags for platform in platforms), f"{stem}.tar.gz"]


@functools.cache
def _page(number: int, root: str) -> bytes:
    of = project(number)
    files = []
    for numbers, year in of.versions:
        uploaded = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime((year - 1970) * _YEAR))
        for filename in _files(of, _text(numbers), year):
            is_wheel = filename.endswith(".whl")
            files.append({
                "filename": filename,
                "url": f"{root}/f/{of.number}/{filename}",
                "hashes": {"sha256": hashlib.sha256(filename.encode()).hexdigest()} if is_wheel else {},
                "requires-python": f">=3.{max(5, min(10, int(year - 2013.5) - 1))}",
                "upload-time": uploaded,
                "size": 100_000,
                "core-metadata": is_wheel,
            })  # fmt: skip
    return json.dumps({"meta": {"api-version": "1.1"}, "name": of.name, "files": files}).encode()


def _metadata(of: Project, version: str, year: float) -> str:
    lines = [f"Requires-Dist: {each}\n" for each in _requires(of, year)]
    return f"Metadata-Version: 2.1\nName: {of.name}\nVersion: {version}\n{''.join(lines)}"


def _archive(of: Project, version: str, year: float) -> bytes:
    is_native = of.kind != "sdist-pure" and of.kind != "pure"
    extension = ", ext_modules=[Extension('x', ['x.c'])]" if is_native else ""
    arguments = f"name={of.name!r}, install_requires={_requires(of, year)!r}{extension}"
    members = {
        "PKG-INFO": _metadata(of, version, year),
        "setup.py": f"from setuptools import setup, Extension\nsetup({arguments})\n",
        **{f"pkg/m{number}.py": "import os\n" * 30 for number in range(40)},
        **({"x.c": "int x;\n"} if is_native else {}),
    }
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for path, text in members.items():
            member = tarfile.TarInfo(f"{of.name.replace('-', '_')}-{version}/{path}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return content.getvalue()


def _answer(path: str, root: str) -> bytes:
    kind, *rest = path.strip("/").split("/")
    if kind == "simple":
        return _page(int(rest[0].removeprefix("proj-")), root)
    of, filename = project(int(rest[0])), rest[1]
    version = filename.split("-")[1].removesuffix(".tar.gz")
    year = next(year for numbers, year in of.versions if _text(numbers) == version)
    return _metadata(of, version, year).encode() if filename.endswith(".metadata") else _archive(of, version, year)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        try:
            status, content = 200, _answer(self.path, f"http://{self.headers['Host']}")
        except (ValueError, IndexError, StopIteration):
            status, content = 404, b"no"
        self.send_response(status)
        self.send_header("Content-Type", "application/vnd.pypi.simple.v1+json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def inputs() -> dict[str, str]:
    """Inputs by name: pins of one day, pins of years apart, names without a bound, and pins of what nothing else requires."""
    projects = [project(number) for number in range(COUNT)]
    chance = random.Random(5)  # noqa: S311 - as above
    day = [f"{each.name}=={each.newest(2024.0)}\n" for each in projects]
    years = [f"{each.name}=={each.newest(chance.uniform(2019, 2026))}\n" for each in projects]
    required = {other for each in projects for other in each.needs}
    leaves = [
        f"{each.name}\n" if each.number in required else f"{each.name}=={each.newest(chance.uniform(2021, 2026))}\n"
        for each in projects
    ]
    free = [f"{each.name}\n" for each in projects]
    return {
        name: "".join(lines) for name, lines in (("day", day), ("years", years), ("leaves", leaves), ("free", free))
    }


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), _Handler).serve_forever()
    for name, text in inputs().items():
        Path(sys.argv[2], f"{name}.txt").write_text(text)
