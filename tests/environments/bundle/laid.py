"""Lays small environments down for these tests, as putting wheels together would."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelcheck.model.environment import Environment, EnvironmentFile, Layout, Runtime, RuntimeKind

SITE = "Lib/site-packages"


def lay(
    root: Path,
    packages: Mapping[str, Mapping[str, str | bytes]],
    *,
    runtime: Mapping[str, str | bytes] | None = None,
    site: str = SITE,
    executable: frozenset[str] = frozenset(),
) -> Environment:
    """An environment for Windows in *root*: of each project in version 1.0 the files below *site*, with a RECORD."""
    files = [_write(root, path, content, None, executable) for path, content in (runtime or {}).items()]
    for project, contents in packages.items():
        owner = canonicalize_name(project)
        info = f"{owner.replace('-', '_')}-1.0.dist-info"
        metadata = f"Metadata-Version: 2.1\nName: {owner}\nVersion: 1.0\n"
        members = {f"{info}/METADATA": metadata, f"{info}/WHEEL": "Wheel-Version: 1.0\n", **contents}
        members[f"{info}/RECORD"] = (
            "".join(f'"{path}",{_record_hash(content)},{len(_bytes(content))}\n' for path, content in members.items())
            + f"{info}/RECORD,,\n"
        )
        files += [_write(root, _joined(site, path), content, owner, executable) for path, content in members.items()]
    return Environment(
        root=root,
        runtime=Runtime(kind=RuntimeKind.EMBEDDABLE, python=Version("3.11.9"), system="windows", machine="amd64"),
        layout=Layout(executable="python.exe", site_packages=site, scripts="Scripts", headers="Include", data="."),
        packages=tuple(sorted((canonicalize_name(project), Version("1.0")) for project in packages)),
        files=tuple(sorted(files, key=lambda file: file.path)),
    )


def paths(environment: Environment) -> set[str]:
    """The paths of *environment* below site-packages, but for what every .dist-info has."""
    site = f"{environment.layout.site_packages}/"
    return {
        file.path.removeprefix(site)
        for file in environment.files
        if not file.path.endswith((".dist-info/METADATA", ".dist-info/WHEEL", ".dist-info/RECORD"))
    }


def on_disk(root: Path) -> set[str]:
    """Every file and empty folder below *root*."""
    return {
        path.relative_to(root).as_posix() for path in root.rglob("*") if not path.is_dir() or not any(path.iterdir())
    }


def _write(
    root: Path, path: str, content: str | bytes, owner: NormalizedName | None, executable: frozenset[str]
) -> EnvironmentFile:
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(_bytes(content))
    return EnvironmentFile(
        path=place.relative_to(root).as_posix(),
        size=len(_bytes(content)),
        sha256=hashlib.sha256(_bytes(content)).hexdigest(),
        owner=owner,
        executable=path in executable,
    )


def _joined(site: str, path: str) -> str:
    parts = site.split("/")
    while path.startswith("../"):
        path = path.removeprefix("../")
        parts = parts[:-1]
    return "/".join([*parts, path])


def _bytes(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode()


def _record_hash(content: str | bytes) -> str:
    digest = hashlib.sha256(_bytes(content)).digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
