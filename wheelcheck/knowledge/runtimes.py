"""The Pythons that can be moved, from ``runtimes.txt``: lines as ``sha256sum`` writes them, understood by the names of the files.

Publishers name these files after version, system and machine, and keep them in a folder for each release.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from packaging.version import Version

from wheelcheck.knowledge.loading import load_own, load_shipped
from wheelcheck.model.environment import KnownRuntime, RuntimeKind

FILE = "runtimes.txt"
_LINE = re.compile(r"([0-9a-f]{64}) [ *](\S+)")
_EMBEDDABLE = re.compile(r"python-(?P<python>3\.\d+\.\d+)-embed(?:dable)?-(?P<machine>amd64|arm64|win32)\.zip")
_STANDALONE = re.compile(
    r"cpython-(?P<python>3\.\d+\.\d+)\+(?P<release>\d{8})-(?P<machine>x86_64|aarch64|i686)-(?P<system>pc-windows-msvc"
    r"|apple-darwin|unknown-linux-gnu|unknown-linux-musl)-(?P<free>freethreaded-)?install_only_stripped\.tar\.gz"
)
_SYSTEMS = {
    "pc-windows-msvc": "windows", "apple-darwin": "macos", "unknown-linux-gnu": "linux", "unknown-linux-musl": "musl",
}  # fmt: skip
_WINDOWS_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "i686": "win32"}
_ADDRESSES = {
    RuntimeKind.EMBEDDABLE: "https://www.python.org/ftp/python",
    RuntimeKind.STANDALONE: "https://github.com/astral-sh/python-build-standalone/releases/download",
}


def load_runtimes(folders: Iterable[Path] = ()) -> tuple[KnownRuntime, ...]:
    """What ships with wheelcheck, and ``runtimes.txt`` of *folders*: a row of the user replaces the shipped one for that purpose.

    Raises ``SettingsInvalid`` for a file that cannot be read; costs about 1 ms.
    """
    found = {each.purpose: each for each in parse_runtimes(load_shipped(FILE))}
    for path in (folder / FILE for folder in folders):
        if path.exists():
            found |= {each.purpose: each for each in newest(parse_runtimes(load_own(path)))}
    return tuple(found.values())


def parse_runtimes(text: str) -> Iterator[KnownRuntime]:
    """The runtimes among the lines of *text*; others, such as debug builds, other machines and comments, are passed over."""
    for line in text.splitlines():
        found = _LINE.fullmatch(line.strip())
        if found and (runtime := _known(found[2], found[1])) is not None:
            yield runtime


def _known(filename: str, sha256: str) -> KnownRuntime | None:
    if found := _EMBEDDABLE.fullmatch(filename):
        kind, system, machine, folder, is_free = (
            RuntimeKind.EMBEDDABLE,
            "windows",
            found["machine"],
            found["python"],
            False,
        )
    elif found := _STANDALONE.fullmatch(filename):
        kind, system, folder, is_free = (
            RuntimeKind.STANDALONE,
            _SYSTEMS[found["system"]],
            found["release"],
            bool(found["free"]),
        )
        machine = _WINDOWS_MACHINES[found["machine"]] if system == "windows" else found["machine"]
        machine = "arm64" if (system, machine) == ("macos", "aarch64") else machine
    else:
        return None
    return KnownRuntime(
        filename=filename,
        sha256=sha256,
        kind=kind,
        python=Version(found["python"]),
        system=system,
        machine=machine,
        address=f"{_ADDRESSES[kind]}/{folder}",
        free_threaded=is_free,
    )


def newest(runtimes: Iterable[KnownRuntime]) -> list[KnownRuntime]:
    """Of *runtimes* for the same purpose the newest one, by version, then release; of several that are as new, the first."""
    best: dict[tuple[object, ...], KnownRuntime] = {}
    for each in runtimes:
        other = best.get(each.purpose)
        if other is None or (each.python, each.address) > (other.python, other.address):
            best[each.purpose] = each
    return sorted(
        best.values(), key=lambda each: (each.kind.value, each.python, each.system, each.machine, each.filename)
    )
