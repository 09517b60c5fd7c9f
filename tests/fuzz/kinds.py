"""Every kind of foreign bytes and what reads it: ``(content, folder) → None`` or a ``WheelcheckError``; all else is a bug.

A kind has a reader that is quick, and the words of the command that reads such a file for a person. Names of kinds that are not in
the table are understood by what they begin with: ``lock-``, ``know-``, ``sdist.``, ``sdistmember-``, ``inst-``.
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path

from msgspec import Struct
from packaging.utils import canonicalize_name

from tests.fakes.archives import make_sdist, make_zip
from tests.fakes.environments import site_packages
from wheelcheck.api.request import Request, with_files
from wheelcheck.archives.reader import ArchiveReader
from wheelcheck.cli.main import run
from wheelcheck.environments.binaries import BinaryUnreadable, read_binary
from wheelcheck.environments.verify.files import compare_files
from wheelcheck.environments.verify.locating import locate
from wheelcheck.environments.verify.opening import opened
from wheelcheck.environments.verify.subject import read_installed
from wheelcheck.environments.wheelhouse import RECORD_NAME, load_record
from wheelcheck.errors import WheelcheckError
from wheelcheck.export.formats import EXPORTERS
from wheelcheck.findings.verdicts import parse_baseline
from wheelcheck.index.file_entries import PageUnreadable
from wheelcheck.index.local_index import LinkPool
from wheelcheck.index.page_reader import read_listing, read_page
from wheelcheck.index.page_versions import layer_of, project_page
from wheelcheck.knowledge.compatibility import parse_native, parse_repair_knowledge
from wheelcheck.knowledge.loading import load_native
from wheelcheck.knowledge.systems import (
    load_build_failures,
    load_images,
    parse_build_failures,
    parse_images,
    parse_system_libraries,
)
from wheelcheck.locks.choosing import applicable
from wheelcheck.locks.formats import parse_lock
from wheelcheck.logs.reading import parse_log
from wheelcheck.logs.stream import Tables
from wheelcheck.model.code import ImportTarget
from wheelcheck.model.distribution import MetadataSource
from wheelcheck.plans.documents import parse_executable, parse_plan, stated_digest
from wheelcheck.plans.manifests import parse_manifest
from wheelcheck.requirements.formats import parse
from wheelcheck.settings.loading import load_settings
from wheelcheck.settings.pip_configuration import load_pip_configuration, network_settings
from wheelcheck.targets.sources import TargetQuery, parse_targets
from wheelcheck.targets.targets import parse_target, parse_target_file

Reading = Callable[[bytes, Path], None]

INDEX = "https://index.example/simple/"
STATUSES = frozenset({0, 1, 2, 3, 4})
_TARGET = ("--platform", "manylinux_2_28_x86_64", "--python", "3.11")
_APART = ("--no-cache", "--no-index", "--no-progress")
_PYTHONS = ("3.11", "3.12")


class WrongStatus(Exception):
    """A command ended in a way that is not documented; the text has the status and what it said."""


class Kind(Struct, frozen=True):
    """*read* takes the bytes as quickly as it can be done; *commands* are run on them one after the other.

    In the words of a command ``{}`` is the path of the file *name*, which holds the bytes; *laid* puts them elsewhere instead.
    """

    read: Reading
    name: str = ""
    commands: tuple[tuple[str, ...], ...] = ()
    laid: Callable[[bytes, Path], None] | None = None


def kind_of(name: str) -> Kind | None:
    """The kind called *name*; ``None`` for a name that tells no reader."""
    known = _KINDS.get(name)
    if known is not None:
        return known
    told = re.fullmatch(r"([a-z]+[-.])(.+)", name)
    maker = _FAMILIES.get(told[1]) if told is not None else None
    return maker(told[2]) if told is not None and maker is not None else None


def names() -> tuple[str, ...]:
    """The kinds that are fuzzed, in their order."""
    return tuple(_KINDS)


def run_commands(kind: Kind, content: bytes, folder: Path) -> list[int]:
    """Give *content* to each command of *kind*, run in *folder*; answers the statuses. Raises ``WrongStatus``."""
    place = folder / (kind.name or "input")
    if kind.laid is not None:
        kind.laid(content, folder)
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    statuses = []
    for command in kind.commands:
        with _captured() as said:
            status = run([word.replace("{}", str(place)).replace("{folder}", str(folder)) for word in command])
        if status not in STATUSES or "Traceback" in said.getvalue():
            raise WrongStatus(f"`wheelcheck {' '.join(command)}` ended with {status}: {said.getvalue().strip()[-400:]}")
        statuses.append(status)
    return statuses


@contextlib.contextmanager
def _captured() -> Iterator[io.StringIO]:
    said, out = io.StringIO(), io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(out):
        yield said


def _each(*readings: Reading) -> Reading:
    """One after the other; what one refuses is still given to the others."""

    def read(content: bytes, folder: Path) -> None:
        for reading in readings:
            with contextlib.suppress(WheelcheckError):
                reading(content, folder)

    return read


@cache
def _reader() -> ArchiveReader:
    return ArchiveReader(knowledge=load_native)


# Pages


def _page(content_type: str, content: bytes, _folder: Path) -> None:
    listed = {canonicalize_name(name) for name in re.findall(r"([A-Za-z0-9_]{1,40})-\d", content.decode("latin-1"))[:3]}
    with contextlib.suppress(PageUnreadable):
        pool = LinkPool(read_listing(content, content_type, INDEX))
        for name in sorted({canonicalize_name("a"), *listed}):
            pool.page_of(name)
            page = project_page(name, [layer_of(read_page(content, content_type, f"{INDEX}{name}/", name), INDEX)])
            for version in page.newest_first:
                assert isinstance(page.distributions[version], tuple)


def _lay_page(name: str, content: bytes, folder: Path) -> None:
    for project in ("a", "x"):
        (folder / "index" / project).mkdir(parents=True)
        (folder / "index" / project / name).write_bytes(content)


# Inputs, settings and targets


def _input(name: str, content: bytes, folder: Path) -> None:
    (folder / name).write_bytes(content)
    parse([str(folder / name)], environ={})


def _settings(name: str, content: bytes, folder: Path) -> None:
    (folder / name).write_bytes(content)
    load_settings(folder, {})


def _targets(name: str, content: bytes, _folder: Path) -> None:
    with contextlib.suppress(UnicodeDecodeError):  # said by the one who opens the file
        parse_targets(content.decode("utf-8-sig"), name, TargetQuery(known=load_images(), pythons=_PYTHONS))


def _target_file(content: bytes, _folder: Path) -> None:
    with contextlib.suppress(UnicodeDecodeError):
        parse_target_file(content.decode("utf-8-sig"), "target.json")


def _pip_configuration(content: bytes, folder: Path) -> None:
    (folder / "pip.conf").write_bytes(content)
    network_settings({}, load_pip_configuration({}, files=[folder / "pip.conf"]))


def _folder_of_inputs(content: bytes, folder: Path) -> None:
    (folder / "pyproject.toml").write_bytes(content)
    with_files(Request(inputs=(str(folder),)))


def _pyproject() -> Kind:
    readings: list[Reading] = [partial(each, "pyproject.toml") for each in (_input, _settings, _targets)]
    return Kind(
        _each(*readings, _folder_of_inputs),
        "pyproject.toml",
        (
            ("plan", "{}", *_TARGET, *_APART),
            ("check", "{folder}", *_TARGET, *_APART),
            ("check", "a", "--targets-from", "{}", *_APART),
        ),
    )


def _input_kind(name: str) -> Kind:
    return Kind(
        partial(_input, name), name, (("plan", "{}", *_TARGET, *_APART), ("check", "a", "-c", "{}", *_TARGET, *_APART))
    )


def _target_kind(name: str) -> Kind:
    return Kind(partial(_targets, name), name, (("check", "a", "--targets-from", "{}", *_APART),))


# Locks

_LOCKS = {
    "pylock": "pylock.toml",
    "uv": "uv.lock",
    "poetry": "poetry.lock",
    "pdm": "pdm.lock",
    "pipfile": "Pipfile.lock",
    "pixi": "pixi.lock",
    "pipreport": "report.json",
    "hashed": "requirements.txt",
}


def _lock(name: str, content: bytes, _folder: Path) -> None:
    lock = parse_lock(content, name)
    applicable(lock, parse_target(_TARGET[1], _TARGET[3]), extras=lock.extras, groups=lock.groups)


def _lock_kind(rest: str) -> Kind:
    name = next((file for word, file in _LOCKS.items() if re.sub("[^a-z]", "", rest.lower()).startswith(word)), rest)
    return Kind(
        partial(_lock, name),
        name,
        (
            ("check", "{}", *_TARGET, *_APART),
            ("plan", "{}", *_TARGET, *_APART),
            ("diff", "{}", "{}", *_TARGET, *_APART),
        ),
    )


# Knowledge

_SYSTEMS = {
    "images.toml": parse_images,
    "system_libraries.toml": parse_system_libraries,
    "build_failures.toml": parse_build_failures,
    "native.toml": parse_native,
}


def _knowledge(file: str, content: bytes, _folder: Path) -> None:
    with contextlib.suppress(UnicodeDecodeError):
        _SYSTEMS.get(file, parse_repair_knowledge)(content.decode("utf-8-sig"), file)


def _knowledge_kind(file: str) -> Kind:
    # A folder of one's own may hold any of the files that repairs read; the others ship with the program alone.
    command = ("plan", "a", "--knowledge", "{folder}/own", *_TARGET, *_APART)
    return Kind(partial(_knowledge, file), f"own/{file}", () if file in _SYSTEMS else (command,))


# Archives

_WHEEL = "a-1.0-py3-none-any.whl"
_ON = ImportTarget(minor=11, sys_platform="linux", os_name="posix", platform_system="Linux", implementation="cpython")


def _wheel(content: bytes, _folder: Path) -> None:
    for read in (
        lambda file: _reader().wheel_metadata(file, _WHEEL),
        lambda file: _reader().imports(file, _WHEEL, frozenset({"a", "os"}), _ON),
        lambda file: _reader().definitions(file, _WHEEL, frozenset({"a", "a.x"})),
        lambda file: _reader().contents(file, _WHEEL),
        lambda file: _reader().code_places(file, _WHEEL, None),
        lambda file: _reader().import_time(file, _WHEEL, _ON),
    ):
        with contextlib.suppress(WheelcheckError):
            read(io.BytesIO(content))


def _sdist(filename: str, content: bytes, _folder: Path) -> None:
    for read in (
        lambda file: _reader().judge_sdist(file, filename),
        lambda file: _reader().imports(file, filename, frozenset({"a", "os"}), _ON),
    ):
        with contextlib.suppress(WheelcheckError):
            read(io.BytesIO(content))


def _lay_link(filename: str, content: bytes, folder: Path) -> None:
    (folder / "links").mkdir()
    (folder / "links" / filename).write_bytes(content)


def _links_kind(read: Reading, filename: str, packed: Callable[[bytes], bytes] = bytes) -> Kind:
    return Kind(
        lambda content, folder: read(packed(content), folder),
        commands=(
            ("plan", "a", "-f", "{folder}/links", "--sdist", "any", *_TARGET, *_APART),
            ("check", "a", "-f", "{folder}/links", "--imports", "all", *_TARGET, *_APART),
            ("plan", f"{{folder}}/links/{filename}", *_TARGET, *_APART),
        ),
        laid=lambda content, folder: _lay_link(filename, packed(content), folder),
    )


def _sdist_kind(suffix: str) -> Kind:
    # "tgz" is as good a name as ".tar.gz", and the bytes tell what it is.
    return _links_kind(partial(_sdist, f"a-1.0.{suffix}"), f"a-1.0.{suffix}")


def _packed_member(name: str, content: bytes) -> bytes:
    return make_sdist("a", "1.0", files={"setup.py": "import a", name: content})[1]


def _sdist_member_kind(name: str) -> Kind:
    path = name if name not in ("requires.txt", "SOURCES.txt") else f"a.egg-info/{name}"
    return _links_kind(partial(_sdist, "a-1.0.tar.gz"), "a-1.0.tar.gz", partial(_packed_member, path))


def _wheel_member(name: str, content: bytes) -> bytes:
    files = {
        "a/__init__.py": b"import os\n",
        "a-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: a\nVersion: 1.0\n",
    }
    files["a-1.0.dist-info/WHEEL"] = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files["a-1.0.dist-info/RECORD"] = b""
    return make_zip(files | {name if "/" in name else f"a-1.0.dist-info/{name}": content})


def _metadata(content: bytes, _folder: Path) -> None:
    _reader().core_metadata(content, _WHEEL, MetadataSource.CORE_METADATA)


# Installed environments


def _lay_installed(path: str, content: bytes, folder: Path) -> None:
    made = site_packages(folder / "env")
    made.install("a", {"a/__init__.py": "", "a/lib.so": b""})
    for each in path.split("|"):
        made.write(each, content)


def _installed(path: str, content: bytes, folder: Path) -> None:
    _lay_installed(path, content, folder)
    subject = locate(folder / "env", "env")
    for _ in compare_files(subject, read_installed(subject)):
        pass


_INSTALLED = {
    "pth": "x.pth|pyvenv.cfg|python311._pth",
    "cfg": "pyvenv.cfg",
    "pyvenv.cfg": "pyvenv.cfg",
    "_pth": "python311._pth",
    "manifest": "manifest.json",
    "manifest.json": "manifest.json",
}


def _installed_kind(rest: str) -> Kind:
    path = _INSTALLED.get(rest, f"a-1.0.dist-info/{rest}")
    return Kind(
        partial(_installed, path),
        commands=(("verify", "{folder}/env", "--imports", "none"),),
        laid=partial(_lay_installed, path),
    )


def _binary(content: bytes, folder: Path) -> None:
    (folder / "a.so").write_bytes(content)
    with contextlib.suppress(BinaryUnreadable):
        read_binary(folder / "a.so", "a.so", "x86_64")


def _binary_kind(name: str) -> Kind:
    laid = partial(_lay_installed, f"a/{name}")
    return Kind(_binary, commands=(("verify", "{folder}/env", "--imports", "none"),), laid=laid)


# Documents of our own, and logs


def _plan(content: bytes, _folder: Path) -> None:
    parse_plan(content, "plan.json")
    parse_executable(content, "plan.json")
    stated_digest(content, "plan.json")


def _manifest(content: bytes, folder: Path) -> None:
    parse_manifest(content, "manifest.json")
    (folder / "manifest.json").write_bytes(content)
    with opened(str(folder)) as subject:
        read_installed(subject)


def _baseline(content: bytes, _folder: Path) -> None:
    parse_baseline(content, "baseline.json")


def _wheelhouse_record(content: bytes, folder: Path) -> None:
    (folder / RECORD_NAME).write_bytes(content)
    load_record(folder)


@cache
def _tables() -> Tables:
    return Tables(load_images(), load_build_failures())


def _log(content: bytes, _folder: Path) -> None:
    parse_log(io.BytesIO(content), "build.log", _tables())


def _table() -> dict[str, Kind]:
    page = ("plan", "a", "x", "-i", "{folder}/index", *_TARGET, "--no-cache")
    plan_commands = (
        *(("export", "{}", "--to", each.name) for each in EXPORTERS),
        ("diff", "{}", "{}"),
        ("fetch", "{}", "-d", "{folder}/wheels", "--offline", "--no-cache"),
        ("verify", "{folder}", "--plan", "{}", "--imports", "none"),
    )
    found = {
        "html": Kind(partial(_page, "text/html"), commands=(page,), laid=partial(_lay_page, "index.html")),
        "json": Kind(partial(_page, "application/json"), commands=(page,), laid=partial(_lay_page, "index.json")),
        "requires": _pyproject(),
        "pyproject": _pyproject(),
        "requirements": _input_kind("requirements.txt"),
        "setup.cfg": _input_kind("setup.cfg"),
        "setup.py": _input_kind("setup.py"),
        "script": _input_kind("script.py"),
        "environment.yml": _input_kind("environment.yml"),
        "settings": Kind(
            _each(partial(_settings, "wheelcheck.toml"), partial(_settings, "pyproject.toml")),
            "wheelcheck.toml",
            (("plan", "a", *_APART), ("config",), ("check", "a", *_APART)),
        ),
        "pip.conf": Kind(_pip_configuration, "pip.conf"),
        "cibw": _target_kind("pyproject.toml"),
        "workflow": _target_kind("ci.yml"),
        "dockerfile": _target_kind("Dockerfile"),
        "pyversion": _target_kind(".python-version"),
        "targetfile": Kind(_target_file, "target.json", (("plan", "a", "--target", "{}", *_APART),)),
        "wheelzip": _links_kind(_wheel, _WHEEL),
        "METADATA": Kind(
            _each(_metadata, partial(_installed, "a-1.0.dist-info/METADATA")),
            commands=_links_kind(_wheel, _WHEEL).commands,
            laid=lambda content, folder: _lay_link(_WHEEL, _wheel_member("METADATA", content), folder),
        ),
        "module": _links_kind(_wheel, _WHEEL, partial(_wheel_member, "a/__init__.py")),
        "RECORD": _installed_kind("RECORD"),
        "elf": _binary_kind("lib.so"),
        "pe": _binary_kind("lib.pyd"),
        "macho": _binary_kind("lib.dylib"),
        "plan": Kind(_plan, "plan.json", plan_commands),
        "manifest": Kind(_manifest, "manifest.json", (("verify", "{}", "--imports", "none"),)),
        "baseline": Kind(_baseline, "baseline.json", (("check", "a", "--baseline", "{}", *_TARGET, *_APART),)),
        "wheelhouse": Kind(_wheelhouse_record),
        "log": Kind(_log, "build.log", (("explain", "{}", *_APART),)),
    }
    found |= {f"lock-{each}": _lock_kind(each) for each in _LOCKS}
    for file in (
        "advisories",
        "abi_breaks",
        "substitutes",
        "indexes",
        "import_names",
        "pythons",
        "build_needs",
        *_SYSTEMS,
    ):
        name = file if file.endswith(".toml") else f"{file}.toml"
        found[f"know-{name}"] = _knowledge_kind(name)
    found |= {
        f"sdist.{suffix}": _sdist_kind(suffix) for suffix in ("zip", "tar", "tar.gz", "tar.bz2", "tar.xz", "tar.zst")
    }
    members = ("PKG-INFO", "pyproject.toml", "setup.py", "setup.cfg", "requires.txt", "SOURCES.txt")
    found |= {f"sdistmember-{name}": _sdist_member_kind(name) for name in members}
    inst = (
        "pth",
        "RECORD",
        "METADATA",
        "WHEEL",
        "pyvenv.cfg",
        "_pth",
        "direct_url.json",
        "entry_points.txt",
        "manifest",
    )
    return found | {f"inst-{name}": _installed_kind(name) for name in inst}


_KINDS = _table()
_FAMILIES: dict[str, Callable[[str], Kind]] = {
    "lock-": _lock_kind,
    "know-": _knowledge_kind,
    "sdist.": _sdist_kind,
    "sdistmember-": _sdist_member_kind,
    "inst-": _installed_kind,
}
