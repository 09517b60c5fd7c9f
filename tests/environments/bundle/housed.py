"""Wheelhouses of synthetic wheels, and the targets and runtimes that they go with."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

from packaging.utils import parse_wheel_filename

from tests.fakes import runtimes
from tests.fakes.archives import make_zip
from wheelcheck.environments.bundle.assembling import assemble
from wheelcheck.environments.bundle.runtimes import plain_source, recognise_runtime
from wheelcheck.model.environment import Environment, HousedWheel, Wheelhouse
from wheelcheck.model.target import Target
from wheelcheck.ports import SilentReporter
from wheelcheck.targets.targets import parse_target


def house(folder: Path, wheels: Iterable[tuple[str, bytes]]) -> Wheelhouse:
    """*wheels* (file name, content) in *folder*, as a wheelhouse."""
    folder.mkdir(parents=True, exist_ok=True)
    housed = []
    for filename, content in wheels:
        path = folder / filename
        path.write_bytes(content)
        name, version, _, _ = parse_wheel_filename(filename)
        housed.append(HousedWheel(name=name, version=version, path=path, sha256="", size=len(content)))
    return Wheelhouse(folder=folder, wheels=tuple(housed))


def windows() -> Target:
    return parse_target("win_amd64", "3.11")


def linux() -> Target:
    return parse_target("manylinux_2_28_x86_64", "3.12")


def on_windows(scratch: Path, *wheels: tuple[str, bytes]) -> Environment:
    """*wheels* with the embeddable package, assembled in ``env`` of *scratch*."""
    runtime = scratch / "embed.zip"
    runtime.write_bytes(make_zip(runtimes.embeddable()))
    return assemble(
        recognise_runtime(runtime), house(scratch / "house", wheels), windows(), scratch / "env", SilentReporter()
    )


def on_linux(scratch: Path, *wheels: tuple[str, bytes]) -> Environment:
    """*wheels* with an installation for Linux, assembled in ``env`` of *scratch*."""
    runtime = runtimes.lay_down(runtimes.unix_prefix(runtimes.elf()), scratch / "python")
    (runtime / "bin" / "python3").symlink_to("python3.12")
    return assemble(
        recognise_runtime(runtime), house(scratch / "house", wheels), linux(), scratch / "env", SilentReporter()
    )


def plain(scratch: Path, target: Target, *wheels: tuple[str, bytes]) -> Environment:
    """*wheels* without a runtime, assembled in ``env`` of *scratch*."""
    return assemble(plain_source(target), house(scratch / "house", wheels), target, scratch / "env", SilentReporter())


def rezipped(content: bytes, *, drop: str = "", add: Iterable[tuple[zipfile.ZipInfo, bytes]] = ()) -> bytes:
    """The wheel *content* without its member *drop* and with others, RECORD left as it was."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            if info.filename != drop:
                new.writestr(info, old.read(info))
        for info, data in add:
            new.writestr(info, data)
    return buffer.getvalue()


def tree(root: Path) -> dict[str, bytes]:
    """Every file under *root* with its content."""
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
