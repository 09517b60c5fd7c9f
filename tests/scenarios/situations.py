"""Situations of pip's resolver as data: files on an index, a requirements file, and what is installed; asks nobody.

Each ``pip/*.toml`` holds situations of one kind. A file is written in one line: ``a 2.0 cp39-cp39-win_amd64 yanked python>=3.99 ->
b>=1 & c; extra == 'x'`` is a wheel with two requirements, ``a 1.0 sdist`` a source archive, ``a 1.0 folder`` a project's folder,
``a 1.0 says=2.0`` a wheel whose metadata tells another version. ``index`` lists what the index has, ``links`` what lies in a folder
for ``--find-links {links}``, ``elsewhere`` what only an address brings. In requirements and constraints ``{url:a 1.0}`` is the
address of a file, ``{file:a 1.0}`` that of its copy on the disk, ``{sha256:a 1.0}`` its hash.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import msgspec
from msgspec import Struct
from packaging.utils import canonicalize_name

from tests.fakes.archives import make_sdist, make_wheel, metadata_text
from tests.server import IndexServer
from tests.server.catalog import wheel_metadata

_PLACEHOLDER = re.compile(r"\{(\w+)(?::([^{}]+))?\}")
_EXTRA = re.compile(r"""extra == '([^']+)'""")
_BACKEND = """import pathlib
def prepare_metadata_for_build_wheel(directory, config_settings=None):
    info = pathlib.Path(directory, "NAME.dist-info")
    info.mkdir()
    (info / "METADATA").write_bytes(pathlib.Path("PKG-INFO").read_bytes())
    return info.name
prepare_metadata_for_build_editable = prepare_metadata_for_build_wheel
build_editable = None
def build_wheel(directory, config_settings=None, metadata_directory=None):
    raise RuntimeError("nothing is built for a dry run")
"""


class Situation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One question and its answer, which is pip's; *why* is the rule.

    *expected* names the files to be installed, or is ``refused``. Where wheelcheck answers otherwise, *ours* is its answer and
    *why* gives the reason. *says* must stand in wheelcheck's findings. *page_hashes* is what the index announces for its files.
    """

    name: str
    why: str
    index: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    requirements: tuple[str, ...]
    constraints: tuple[str, ...] = ()
    expected: tuple[str, ...] | str
    ours: tuple[str, ...] | str | None = None
    says: str = ""
    page_hashes: str = "sha256"


class Laid(Struct, frozen=True, kw_only=True):
    """A situation whose files are served: its requirements file, and the short name of each file name."""

    situation: Situation
    requirements: Path
    names: Mapping[str, str]

    def named(self, filenames: Iterator[str]) -> tuple[str, ...]:
        """The installed files by their short names, in order."""
        return tuple(sorted(self.names.get(filename, filename) for filename in filenames))


def load_situations() -> tuple[Situation, ...]:
    """Every situation of every kind, in the order of the files."""
    return tuple(
        msgspec.convert({**row, "name": f"{path.stem}-{row['name']}"}, Situation)
        for path in sorted((Path(__file__).parent / "pip").glob("*.toml"))
        for row in tomllib.loads(path.read_text(encoding="utf-8"))["situation"]
    )


IndexKind = Literal["html", "json", "sidecars", "folder"]
"""Pages as HTML, as JSON, as JSON that announces the metadata of wheels (PEP 658), and a folder on this machine."""


def lay(situation: Situation, server: IndexServer, folder: Path, kind: IndexKind = "html") -> Laid:
    """Serve the files of *situation* under a path of its own, and write its requirements file into *folder*."""
    return _Layout(situation, server, folder, kind).laid()


class _File(Struct, frozen=True, kw_only=True):
    """A file as it was described, and its bytes."""

    filename: str
    content: bytes
    yanked: bool = False
    python: str = ""
    members: Mapping[str, str] = {}

    def digest(self, algorithm: str) -> str:
        return hashlib.new(algorithm, self.content).hexdigest()


class _Layout:
    def __init__(self, situation: Situation, server: IndexServer, folder: Path, kind: IndexKind) -> None:
        self._situation = situation
        self._kind = kind
        self._server = server
        self._folder = folder / situation.name
        self._links = self._folder / "links"
        self._copies = self._folder / "copies"
        self._files: dict[str, _File] = {}
        for each in (self._links, self._copies):
            each.mkdir(parents=True)

    def laid(self) -> Laid:
        pages: dict[str, list[_File]] = {}
        asked = self._situation
        for text in (*asked.elsewhere, *asked.links, *asked.index):
            short, file = self._made(text)
            self._files[short] = file
            self._server.add_path(f"/{asked.name}/files/{file.filename}", file.content)
            if file.members:
                self._unpack(file)
                continue
            (self._copies / file.filename).write_bytes(file.content)
            if text in asked.links:
                (self._links / file.filename).write_bytes(file.content)
            if text in asked.index:
                pages.setdefault(canonicalize_name(short.split()[0]), []).append(file)
        for name, files in pages.items():
            self._serve(name, files)
        self._write("constraints.txt", asked.constraints)
        index = f"{self._base}/simple/"
        if self._kind == "folder":
            (self._folder / "simple").mkdir(exist_ok=True)
            index = (self._folder / "simple").as_uri()
        lines = (f"--index-url {index}", "-c constraints.txt", *asked.requirements)
        return Laid(
            situation=asked,
            requirements=self._write("requirements.txt", lines),
            names={file.filename: short for short, file in self._files.items()},
        )

    @property
    def _base(self) -> str:
        return f"{self._server.base_url}/{self._situation.name}"

    def _write(self, name: str, lines: tuple[str, ...]) -> Path:
        path = self._folder / name
        path.write_text("".join(f"{self._filled(line)}\n" for line in lines), encoding="utf-8")
        return path

    def _filled(self, text: str) -> str:
        return _PLACEHOLDER.sub(lambda found: self._value(found[1], found[2] or ""), text)

    def _value(self, kind: str, of: str) -> str:
        match kind:
            case "links":
                return str(self._links)
            case "base":
                return self._base
            case "path":
                return str(self._copies / _filename(of))
            case "file":
                return (self._copies / _filename(of)).as_uri()
            case "localhost":
                return (self._copies / _filename(of)).as_uri().replace("file:///", "file://localhost/")
            case "url":
                return f"{self._base}/files/{quote(_filename(of))}"
            case _:
                return self._files[of].digest(kind)

    def _unpack(self, file: _File) -> None:
        folder = self._copies / file.filename
        folder.mkdir()
        for name, content in file.members.items():
            (folder / name).write_text(content, encoding="utf-8")

    def _made(self, text: str) -> tuple[str, _File]:
        head, _, tail = self._filled(text).partition(" -> ")
        words = head.split()
        python = next((word.removeprefix("python") for word in words if word.startswith("python")), "")
        told = next((word.removeprefix("says=") for word in words if word.startswith("says=")), "")
        kept = [word for word in words if word != "yanked" and not word.startswith(("python", "says="))]
        short = " ".join(kept)
        requires = tuple(each.strip() for each in tail.split(" & ")) if tail else ()
        filename = _filename(short)
        fields = metadata_text(
            kept[0],
            told or kept[1],
            requires=requires,
            extras=dict.fromkeys(_EXTRA.findall(tail)),
            description=filename,  # so that no two files are the same
            requires_python=python or None,
        )
        if filename.endswith(".whl"):
            content = make_wheel(kept[0], kept[1], metadata=fields)[1]
        else:
            project = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
            sources = {"pyproject.toml": project, "backend.py": _BACKEND.replace("NAME", f"{kept[0]}-{kept[1]}")}
            if kept[2:] == ["folder"]:
                sources |= {"pyproject.toml": project + _project_table(kept[0], kept[1], requires), "PKG-INFO": fields}
                return short, _File(filename=filename, content=b"", members=sources)
            content = make_sdist(kept[0], kept[1], files=sources, pkg_info=fields)[1]
        return short, _File(filename=filename, content=content, yanked="yanked" in words, python=python)

    def _serve(self, name: str, files: list[_File]) -> None:
        path = f"/{self._situation.name}/simple/{name}/"
        if self._kind in ("json", "sidecars"):
            page = {"meta": {"api-version": "1.1"}, "name": name, "files": list(map(self._entry, files))}
            kind = "application/vnd.pypi.simple.v1+json"
            self._server.add_path(path, msgspec.json.encode(page), content_type=kind)
            return
        body = "<!DOCTYPE html><html><body>" + "".join(map(self._anchor, files)) + "</body></html>"
        if self._kind == "folder":
            place = self._folder / "simple" / name
            place.mkdir(parents=True)
            (place / "index.html").write_text(body.replace("../../files/", "../../copies/"), encoding="utf-8")
            return
        self._server.add_path(path, body.encode(), content_type="text/html")

    def _entry(self, file: _File) -> dict[str, object]:
        kind = self._situation.page_hashes
        digests = {"none": {}, "wrong": {"sha256": "0" * 64}}
        hashes = digests[kind] if kind in digests else {kind: file.digest(kind)}
        entry: dict[str, object] = {
            "filename": file.filename,
            "url": f"../../files/{quote(file.filename)}",
            "hashes": hashes,
        }
        if file.python:
            entry["requires-python"] = file.python
        if file.yanked:
            entry["yanked"] = "broken"
        if self._kind == "sidecars" and (metadata := wheel_metadata(file.content)) is not None:
            path = f"/{self._situation.name}/files/{file.filename}.metadata"
            self._server.add_path(path, metadata)
            entry["core-metadata"] = {"sha256": hashlib.sha256(metadata).hexdigest()}
        return entry

    def _anchor(self, file: _File) -> str:
        kind = self._situation.page_hashes
        fragment = {"none": "", "wrong": f"#sha256={'0' * 64}"}.get(kind) if kind in ("none", "wrong") else None
        if fragment is None:
            fragment = f"#{kind}={file.digest(kind)}"
        python = f' data-requires-python="{escape(file.python)}"' if file.python else ""
        yanked = ' data-yanked="broken"' if file.yanked else ""
        return f'<a href="../../files/{quote(file.filename)}{fragment}"{python}{yanked}>{file.filename}</a>\n'


def _project_table(name: str, version: str, requires: tuple[str, ...]) -> str:
    extras: dict[str, list[str]] = {}
    for each in requires:
        requirement, _, marker = each.partition(";")
        extras.setdefault(next(iter(_EXTRA.findall(marker)), ""), []).append(requirement.strip())
    lines = ["[project]", f'name = "{name}"', f'version = "{version}"', f"dependencies = {extras.pop('', [])}"]
    lines += ["[project.optional-dependencies]", *(f"{extra} = {names}" for extra, names in extras.items())]
    return "\n".join(lines) + "\n"


def _filename(short: str) -> str:
    name, version, *kind = short.split()
    stem = canonicalize_name(name).replace("-", "_")
    if kind == ["folder"]:
        return f"{stem}-{version}"
    if kind == ["sdist"]:
        return f"{stem}-{version}.tar.gz"
    return f"{stem}-{version}-{kind[0] if kind else 'py3-none-any'}.whl"
