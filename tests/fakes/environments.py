"""Environments in a folder for tests: a make-believe Python and distributions with the RECORD that an installer writes."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.fakes.libraries import make_pe
from wheelcheck.model.environment import (
    BundledPackage,
    EnvironmentFile,
    Layout,
    Manifest,
    Runtime,
    RuntimeKind,
)
from wheelcheck.model.target import TargetName

EMBEDDABLE = Layout(
    executable="python.exe", site_packages="Lib/site-packages", scripts="Scripts", headers="Include", data="."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeEnvironment:
    """A folder ``root`` with packages in ``site`` (relative to it)."""

    root: Path
    site: str

    def write(self, path: str, content: bytes | str = b"") -> Path:
        """Write the file *path*, relative to the root."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def install(
        self,
        name: str,
        files: Mapping[str, bytes | str] | None = None,
        *,
        version: str = "1.0",
        tag: str = "py3-none-any",
        extra: Mapping[str, str] | None = None,
        requires: Sequence[str] = (),
    ) -> None:
        """Install a distribution with *files* (relative to site-packages) and *extra* files of its dist-info."""
        files = {f"{name}/__init__.py": "", **({} if files is None else files)} if files is None else dict(files)
        info = f"{name}-{version}.dist-info"
        content = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
        needs = "".join(f"Requires-Dist: {each}\n" for each in requires)
        content[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}".encode()
        content[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n".encode()
        content |= {f"{info}/{path}": text.encode() for path, text in (extra or {}).items()}
        rows = [f"{_quoted(path)},{_hash(text)},{len(text)}" for path, text in content.items()]
        content[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,", ""]).encode()
        for path, text in content.items():
            self.write(f"{self.site}/{path}" if self.site != "." else path, text)

    def manifest(self, *packages: str, layout: Layout = EMBEDDABLE, plan: str = "") -> Manifest:
        """The manifest of what is there now, made for Windows and Python 3.11."""
        files = sorted(path for path in self.root.rglob("*") if path.is_file())
        return Manifest(
            name="sample",
            version="1.0",
            plan_digest=plan,
            target=TargetName(platform="win_amd64", python="3.11"),
            runtime=Runtime(kind=RuntimeKind.EMBEDDABLE, python=Version("3.11"), system="windows", machine="amd64"),
            layout=layout,
            packages=tuple(
                BundledPackage(
                    name=canonicalize_name(name),
                    version=Version("1.0"),
                    wheel=f"{name}-1.0-py3-none-any.whl",
                    sha256=hashlib.sha256(name.encode()).hexdigest(),
                )
                for name in packages
            ),
            files=tuple(
                EnvironmentFile(
                    path=path.relative_to(self.root).as_posix(),
                    size=path.stat().st_size,
                    sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
                )
                for path in files
            ),
        )


def embeddable(root: Path, *, machine: str = "amd64", minor: int = 11) -> FakeEnvironment:
    """The layout of the embeddable package for Windows, without any code in it."""
    made = FakeEnvironment(root=root, site="Lib/site-packages")
    runtime = make_pe(["KERNEL32.dll", "api-ms-win-crt-runtime-l1-1-0.dll"], machine=machine)
    for name in ("python.exe", "python3.dll", f"python3{minor}.dll", "vcruntime140.dll", "vcruntime140_1.dll"):
        made.write(name, runtime)
    made.write(f"python3{minor}.zip", b"PK\x05\x06" + bytes(18))
    made.write(f"python3{minor}._pth", f"python3{minor}.zip\r\n.\r\nLib\\site-packages\r\nimport site\r\n")
    (root / made.site).mkdir(parents=True)
    return made


def site_packages(root: Path) -> FakeEnvironment:
    """A plain folder of packages."""
    root.mkdir(parents=True, exist_ok=True)
    return FakeEnvironment(root=root, site=".")


def _hash(content: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def _quoted(path: str) -> str:
    return f'"{path}"' if "," in path else path
