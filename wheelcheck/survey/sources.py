"""Finds the inputs of a survey: folders, repositories at a revision, files, tables, lists of projects. Reads no requirement.

``SOURCE words → SurveyInputs | faults``. A fault names its file and line, and the rest goes on.
"""

from __future__ import annotations

import csv
import glob
import hashlib
import io
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from packaging.utils import InvalidName, canonicalize_name

from wheelcheck.errors import IndexUnavailable, InputUnreadable, UsageProblem, WheelcheckError
from wheelcheck.index.config import IndexConfig
from wheelcheck.model.urls import masked_within
from wheelcheck.texts.files import read_text
from wheelcheck.texts.toml import parse_toml

_TABLES = (".csv", ".jsonl", ".ndjson", ".parquet")
_SKIPPED = frozenset({"node_modules", "site-packages", "venv", "__pycache__"})
_MOST_BYTES = (1 << 31) - 1
_WAYS = ("path", "text", "requirement")
KINDS: Mapping[str, str] = {
    "requirements": "requirements.txt",
    "pyproject": "pyproject.toml",
    "script": "script.py",
    "conda": "environment.yml",
    "uv-lock": "uv.lock",
    "poetry-lock": "poetry.lock",
    "pdm-lock": "pdm.lock",
    "pylock": "pylock.toml",
}
"""What a row with a text may be, and the name of the file that such a text stands in."""


class SurveyInput(Struct, frozen=True, kw_only=True):
    """One input: *id* names it in the tables, *words* are what the command line takes, *targets* its own (``PLATFORM/PYTHON``).

    *settings* are keys and values of ``[tool.wheelcheck]`` that count for it, before those of the folder; *place* is where they
    stand.

    A *text* is the content of a file of the name ``words[0]``, which is nowhere on disk. *top* is the folder of a copy, which the
    tables do not name.
    """

    id: str
    words: tuple[str, ...]
    text: str | None = None
    targets: tuple[str, ...] = ()
    settings: Mapping[str, Any] = {}
    place: str = ""
    top: str = ""


class SourceFault(Struct, frozen=True, kw_only=True):
    """What could not be taken as an input: *place* is a file with its line, *reason* a sentence."""

    place: str
    reason: str


class Sources(Struct, frozen=True, kw_only=True):
    """All inputs, each id once, in the order found, and what is wrong with the rest."""

    inputs: tuple[SurveyInput, ...]
    faults: tuple[SourceFault, ...]


def load_sources(
    words: tuple[str, ...],
    projects: tuple[str, ...] = (),
    *,
    scratch: Path = Path(),
    environ: Mapping[str, str] | None = None,
    listed: Iterable[str] = (),
) -> Sources:
    """The inputs that *words* name, and one for each name in the files *projects* and in *listed*.

    Repositories at a revision are copied out below *scratch*, which has to outlast the use of the inputs; git runs with *environ*.
    Raises ``InputUnreadable`` for a word that names nothing at all.
    """
    inputs: dict[str, SurveyInput] = {}
    faults: list[SourceFault] = []
    of_words = (each for word in words for each in _iter_source(word, scratch, environ or {}))
    of_index = (_project(name, "the index's listing") for name in listed)
    for found in (*of_words, *_iter_projects(projects), *of_index):
        if isinstance(found, SourceFault):
            faults.append(found)
        elif found.id in inputs:
            faults.append(SourceFault(place=found.id, reason="this id is there twice; the first counts"))
        else:
            inputs[found.id] = found
    return Sources(inputs=tuple(inputs.values()), faults=tuple(faults))


def _iter_source(word: str, scratch: Path, environ: Mapping[str, str]) -> Iterator[SurveyInput | SourceFault]:
    if word == "-":
        try:
            text = sys.stdin.read()
        except UnicodeDecodeError as error:
            fact = f"it is not UTF-8: {error}"
            raise InputUnreadable(fact, address="standard input", hint="write JSON lines") from error
        yield from _iter_inputs(_iter_json_lines(text, "-"), "-", Path())
        return
    paths, revision = _named(word), ""
    if not paths and "@" in word:
        before, _, revision = word.partition("@")
        paths = [path for path in _named(before) if path.is_dir()]
    if not paths:
        raise InputUnreadable("there is no such file or folder", address=word, hint="name a folder, a file or a table")
    for path in paths:
        if revision:
            yield from _iter_revision(path, revision, scratch, environ)
        elif path.is_dir():
            yield from _iter_folder(path, path)
        elif path.suffix in _TABLES:
            yield from _iter_table(path)
        else:
            yield SurveyInput(id=path.as_posix(), words=(str(path),))


def _named(word: str) -> list[Path]:
    """What is there by the name or pattern *word*."""
    # Path.glob refuses patterns that begin at the root.
    names = sorted(glob.glob(word, recursive=True)) if glob.has_magic(word) else [word]  # noqa: PTH207
    return [path for path in map(Path, names) if path.exists()]


def _iter_revision(
    repository: Path, name: str, scratch: Path, environ: Mapping[str, str]
) -> Iterator[SurveyInput | SourceFault]:
    """The dependency files of *repository* as they are at the revision *name*; its working tree is not looked at."""
    from wheelcheck.locks.discovery import watched_paths
    from wheelcheck.requirements.revisions import copy_out, load_revision

    said = f"{repository.as_posix()}@{name}"
    watched = re.compile("|".join(f"(?:{pattern})" for pattern in watched_paths()))
    folder = scratch / hashlib.sha256(said.encode("utf-8", "surrogateescape")).hexdigest()[:20]
    try:
        folder.mkdir()
        revision = load_revision(name, environ, repository=repository)
        copy_out(revision, [path for path in revision.files if _is_watched(watched, path)], folder)
    except (WheelcheckError, FileExistsError) as error:
        reason = "this revision is named twice" if isinstance(error, FileExistsError) else str(error)
        yield SourceFault(place=said, reason=reason)
        return
    for each in _iter_folder(folder, folder):
        yield replace(each, id=f"{said}/{each.id}", top=f"{folder}/")


def _is_watched(watched: re.Pattern[str], path: str) -> bool:
    """Whether *path*, or its end below some folder, is one of the *watched*."""
    steps = path.split("/")
    return any(watched.fullmatch("/".join(steps[-number:])) for number in range(1, min(len(steps), 3) + 1))


def _iter_folder(top: Path, folder: Path) -> Iterator[SurveyInput]:
    """The dependency file of each folder below *top*, a lock preferred; what a project vendors is not looked at."""
    from wheelcheck.locks.discovery import discover

    taken = discover(folder).taken
    if taken is not None:
        yield SurveyInput(id=taken.relative_to(top).as_posix(), words=(str(taken),))
    for below in sorted(folder.iterdir()):
        if below.is_dir() and not below.is_symlink() and below.name not in _SKIPPED and not below.name.startswith("."):
            yield from _iter_folder(top, below)


def _iter_table(path: Path) -> Iterator[SurveyInput | SourceFault]:
    rows: Iterable[tuple[int, dict[str, Any] | SourceFault]]
    if path.suffix == ".parquet":
        rows = enumerate(_load_parquet(path), 1)
    elif path.suffix == ".csv":
        rows = _iter_csv(_load_text(path), str(path))
    else:
        rows = _iter_json_lines(_load_text(path), str(path))
    yield from _iter_inputs(rows, str(path), path.parent)


def _load_text(path: Path) -> str:
    """The text of a table or list. Raises ``InputUnreadable``."""
    try:
        return read_text(path, _MOST_BYTES)
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror or str(error)) if isinstance(error, OSError) else f"it is not UTF-8: {error}"
        raise InputUnreadable(f"cannot be read: {reason}", address=str(path), hint="save it as UTF-8") from error


def _load_parquet(path: Path) -> list[dict[str, Any]]:
    import pyarrow
    import pyarrow.parquet as parquet

    try:
        rows: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
    except (OSError, ValueError, pyarrow.ArrowException) as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        hint = "write it again, or as JSON lines"
        raise InputUnreadable(f"no table in Parquet: {reason}", address=str(path), hint=hint) from error
    return rows


def _iter_csv(text: str, name: str) -> Iterator[tuple[int, dict[str, Any] | SourceFault]]:
    """The rows with the line on which each begins: a text has lines of its own, and may be long."""
    csv.field_size_limit(_MOST_BYTES)
    reader = csv.DictReader(io.StringIO(text, newline=""))
    begins = 2
    try:
        for row in reader:
            yield begins, row
            begins = reader.line_num + 1
    except csv.Error as error:
        yield begins, SourceFault(place=f"{name}:{begins}", reason=f"no CSV: {error}")


def _iter_inputs(
    rows: Iterable[tuple[int, dict[str, Any] | SourceFault]], name: str, folder: Path
) -> Iterator[SurveyInput | SourceFault]:
    for line, row in rows:
        yield row if isinstance(row, SourceFault) else _input_of(row, f"{name}:{line}", folder)


def _iter_json_lines(text: str, name: str) -> Iterator[tuple[int, dict[str, Any] | SourceFault]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield number, SourceFault(place=f"{name}:{number}", reason=f"no JSON: {error}")
            continue
        yield number, row if isinstance(row, dict) else SourceFault(place=f"{name}:{number}", reason="no JSON object")


def _input_of(row: Mapping[str, Any], place: str, folder: Path) -> SurveyInput | SourceFault:
    """The input that a *row* of a table in *folder* describes by its columns."""
    named = {name: str(row[name]) for name in ("id", "kind", *_WAYS) if row.get(name) not in (None, "")}
    ways = [name for name in _WAYS if name in named]
    if "id" not in named:
        return SourceFault(place=place, reason="the row has no id")
    if len(ways) != 1:
        return SourceFault(place=place, reason=f"the row has {' and '.join(ways) or 'no path, text or requirement'}")
    kind = named.get("kind", "requirements")
    if kind not in KINDS:
        return SourceFault(place=place, reason=f"there is no kind {kind!r}; kinds are {', '.join(KINDS)}")
    settings = _settings_of(row.get("settings"))
    if settings is None:
        return SourceFault(place=place, reason="settings are keys and values of [tool.wheelcheck], as JSON or TOML")
    written = row.get("targets") or ()
    word = {"path": lambda: str(folder / named["path"]), "requirement": lambda: named["requirement"]}.get(ways[0])
    return SurveyInput(
        id=named["id"],
        words=(word() if word is not None else KINDS[kind],),
        text=named.get("text"),
        targets=tuple(written.replace(",", " ").split() if isinstance(written, str) else map(str, written)),
        settings=settings,
        place=place if settings else "",
    )


def _settings_of(written: object) -> Mapping[str, Any] | None:
    """The settings that a row gives: a table, or JSON or TOML of one; ``None`` for what is neither."""
    if isinstance(written, Mapping):  # Parquet has every key in every row
        return {name: value for name, value in written.items() if value is not None}
    if not isinstance(written, str):
        return {} if written is None else None
    try:
        found = json.loads(written) if written.lstrip().startswith("{") else parse_toml(written, "settings")
    except (ValueError, RecursionError, WheelcheckError):
        return None
    return found if isinstance(found, dict) else None


def _iter_projects(files: tuple[str, ...]) -> Iterator[SurveyInput | SourceFault]:
    """One input for each project that *files* list: a name a line, or JSON, as lists of popular projects are published."""
    for name in files:
        path = Path(name)
        text = _load_text(path)
        if path.suffix == ".json":
            try:
                content = json.loads(text)
                rows = content["rows"] if isinstance(content, dict) else content
                names = [row["project"] if isinstance(row, dict) else str(row) for row in rows]
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise InputUnreadable(
                    f"no list of projects: {error}",
                    address=name,
                    hint='write a JSON list of names, or {"rows": [{"project": NAME}]}',
                ) from error
            rows = enumerate(names, 1)
        else:
            rows = enumerate((line.split("#")[0].strip() for line in text.splitlines()), 1)
        yield from (_project(each, f"{name}:{number}") for number, each in rows if each)


def _project(name: str, place: str) -> SurveyInput | SourceFault:
    """The input that asks for the project *name*, whatever files there are of that name."""
    try:
        canonicalize_name(name, validate=True)
    except InvalidName:
        return SourceFault(place=place, reason=f"{name!r} is no name of a project (PEP 508)")
    if "." in name:
        return SurveyInput(id=name, words=(KINDS["requirements"],), text=f"{name}\n")
    return SurveyInput(id=name, words=(name,))


def fetch_project_names(config: IndexConfig) -> list[str]:
    """The name of every project that the first index of *config* lists (PEP 691). Raises ``UsageProblem``, ``IndexUnavailable``."""
    import requests
    from pypi_simple import PyPISimple, UnsupportedRepoVersionError

    if not config.index_urls:
        raise UsageProblem("there is no index whose projects could be listed", hint="name one with --index-url")
    address = masked_within(config.index_urls[0])
    session = requests.Session()
    session.headers["User-Agent"] = config.user_agent
    session.verify = str(config.ca_bundle) if config.ca_bundle is not None else True
    session.cert = str(config.client_cert) if config.client_cert is not None else None
    if config.proxy is not None:
        session.proxies = {"http": config.proxy, "https": config.proxy}
    try:
        with session, PyPISimple(config.index_urls[0], session=session) as client:
            return client.get_index_page(timeout=config.timeout).projects
    except (requests.RequestException, UnsupportedRepoVersionError, ValueError) as error:
        fact = f"its projects could not be listed: {masked_within(str(error))}"
        raise IndexUnavailable(fact, address=address) from error
