"""Reads every input of a run in its format; ``FORMATS`` is the one table of input formats. Decides nothing about versions.

To add a format: a module here that collects the requirements of a source, and a row in ``FORMATS``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from msgspec import Struct
from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.errors import InputUnreadable, UsageProblem, reading
from wheelcheck.model.requirement import CommandLineOrigin, InputSet, Requirement, UnsupportedRequirement
from wheelcheck.model.urls import masked_within
from wheelcheck.requirements.collecting import Collector
from wheelcheck.requirements.lines import WrittenRequirement, looks_like_path
from wheelcheck.requirements.requirement import parse_written
from wheelcheck.requirements.requirements_file import constrain_file
from wheelcheck.texts.files import is_folder, is_there
from wheelcheck.texts.places import LineUnreadable, is_archive_name, is_web_url, path_of, url_path
from wheelcheck.texts.sources import Reader, Source, missing_file


class InputFormat(Struct, frozen=True, kw_only=True):
    """One format of inputs: *files* matches the names of its files, *sign* the text of one whose name has no suffix.

    *reader* names the module of this room and its function ``(source, collector)``, imported when the first such input is met.
    A format with *choices* has extras and groups: its function ``(sources, extras, groups, collector)`` takes all of them at once.
    *watched* are patterns of the paths that the pre-commit hook looks at, *found* those of the paths within a folder that count
    when its dependencies are looked for, best first; those of a format that *is_last* only where no other has any.
    """

    files: str
    sign: str = ""
    reader: str
    choices: bool = False
    watched: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    is_last: bool = False


FORMATS = (
    InputFormat(
        files=r".+\.toml",
        reader="project_collection:collect_projects",
        choices=True,
        watched=(r"pyproject\.toml",),
        found=(r"pyproject\.toml",),
    ),
    InputFormat(
        files=r"setup\.(cfg|py)",
        reader="project_collection:collect_projects",
        choices=True,
        watched=(r"setup\.(cfg|py)",),
        found=(r"setup\.cfg", r"setup\.py"),
    ),
    InputFormat(files=r".+\.pyw?", sign=r"(?m)^# /// script\r?$", reader="script:collect_script"),
    InputFormat(
        files=r".+\.ya?ml",
        reader="conda_environment:collect_environment",
        watched=(r"environment\.ya?ml",),
        found=(r"environment\.ya?ml", r"(?i:(?!conda-lock)(conda|env)[^/]*\.ya?ml)"),
        is_last=True,
    ),
    InputFormat(
        files=r".*",
        reader="requirements_file:require_file",
        watched=(r"requirements[^/]*\.(txt|in)", r"requirements/[^/]+\.(txt|in)", r"[^/]*requirements\.(txt|in)"),
        found=(
            r"(?i:requirements\.txt)",
            r"(?i:requirements\.in)",
            r"(?i:requirements[^/]*\.(txt|in)|[^/]*requirements\.(txt|in))|requirements/[^/]+\.(txt|in)",
        ),
    ),
)
"""The first row that matches counts."""

_FILE_SUFFIXES = (".txt", ".in", ".toml", ".py", ".cfg", ".lock", ".yml", ".yaml", ".json")
_FOREIGN = {
    r"Pipfile": "lock it first: pipenv lock; then give Pipfile.lock",
    r"Pipfile\.lock": "write it as requirements first: pipenv requirements > requirements.txt",
    r"poetry\.lock": "write it as requirements first: poetry export -o requirements.txt",
    r"uv\.lock|pylock(\..+)?\.toml": "write it as requirements first: uv export -o requirements.txt",
    r"pixi\.toml": "lock it first: pixi lock; then give pixi.lock",
    r"pdm\.lock": "write it as requirements first: pdm export -o requirements.txt",
}


_FOR_PLANS = "a plan goes to wheelcheck export, fetch, bundle or diff; name what it was made of as INPUT"
_FOR_OTHERS = "name requirements, a lock, pyproject.toml or environment.yml"


def parse(
    inputs: Sequence[str],
    *,
    constraints: Sequence[str] = (),
    extras: frozenset[NormalizedName] = frozenset(),
    groups: Sequence[str] = (),
    fetch_text: Callable[[str], str] | None = None,
    stdin: Callable[[], str] | None = None,
    environ: Mapping[str, str],
) -> InputSet:
    """Read every input and constraint, in order.

    Each of *inputs* is a file (requirements in pip's format, ``pyproject.toml``, a script with PEP 723 metadata, a wheel or source
    archive), the http(s) URL of one, ``-`` for requirements on standard input, or a requirement (PEP 508). *constraints* are files
    or requirements that only bound versions. *extras* and *groups* choose from the ``pyproject.toml`` files among the inputs.
    *fetch_text* brings the text at a URL; *environ* fills ``${NAME}``. Files are read once each; nothing is run.

    Raises ``InputUnreadable`` with ``file:line`` for what is missing or malformed, ``UsageProblem`` for extras and groups without
    a ``pyproject.toml``, and whatever *fetch_text* raises.
    """
    run = _Run(Collector(Reader(fetch_text=fetch_text, stdin=stdin), environ))
    for word in inputs:
        with run.collector.noting():
            run.require(word)
    for word in constraints:
        with run.collector.noting():
            run.constrain(word)
    with run.collector.noting():
        run.choose(extras, [canonicalize_name(group) for group in groups])
    return run.collector.collected()


def parse_requirement(text: str, option: str = "--override") -> Requirement:
    """The requirement given to *option* on the command line. Raises ``UsageProblem`` where *text* is none that can be planned."""
    understood = _understood(text, CommandLineOrigin(text=masked_within(text), option=option), UsageProblem)
    if isinstance(understood, UnsupportedRequirement):
        raise UsageProblem(f"cannot be used: {understood.text}", address=option, hint=understood.hint)
    return understood


def parse_overrides(
    texts: Iterable[str],
    *,
    fetch_text: Callable[[str], str] | None = None,
    environ: Mapping[str, str],
) -> InputSet:
    """The overrides: each text is a requirement, or a file of them in the requirements format (as in uv).

    The overrides are the result's ``requirements``; ``files`` are those read. Options in such a file say nothing here.
    Raises ``InputUnreadable`` and ``UsageProblem``, also for a requirement that cannot be planned.
    """
    run = _Run(Collector(Reader(fetch_text=fetch_text, stdin=None), environ))
    for text in texts:
        run.require(text, "--override")
    found = run.collector.collected()
    for unsupported in found.unsupported:
        raise UsageProblem(
            f"cannot override with {unsupported.text}", address=str(unsupported.origin), hint=unsupported.hint
        )
    return InputSet(requirements=found.requirements, files=found.files)


class _Run:
    """One reading of all inputs; those of a format with choices wait until all are known, as an extra may belong to any of them."""

    def __init__(self, collector: Collector) -> None:
        self.collector = collector
        self._waiting: dict[str, list[Source]] = {each.reader: [] for each in FORMATS if each.choices}

    def require(self, word: str, option: str = "") -> None:
        source = self._source(word)
        if source is None:
            origin = CommandLineOrigin(text=masked_within(word), option=option)
            self.collector.require(_understood(word, origin, InputUnreadable))
            return
        read_as = _format_of(source)
        if read_as.choices:
            self._waiting[read_as.reader].append(source)
        else:
            with reading(_name(source)):
                _reader(read_as.reader)(source, self.collector)

    def constrain(self, word: str) -> None:
        source = self._source(word)
        if source is None:
            origin = CommandLineOrigin(text=masked_within(word), option="-c")
            self.collector.constrain(_understood(word, origin, InputUnreadable))
        else:
            _refuse_foreign(source)
            with reading(_name(source)):
                constrain_file(source, self.collector)

    def choose(self, extras: frozenset[NormalizedName], groups: Sequence[NormalizedName]) -> None:
        """Read the inputs that waited, with the extras and groups chosen of them."""
        for reader, sources in self._waiting.items():
            if sources or extras or groups:
                with reading(", ".join(map(_name, sources))):
                    _reader(reader)(sources, extras, groups, self.collector)

    def _source(self, word: str) -> Source | None:
        """The text that *word* names, ``None`` where it is itself the requirement."""
        try:
            return self._opened(word)
        except LineUnreadable as problem:
            raise InputUnreadable(problem.message, hint=problem.hint) from None

    def _opened(self, word: str) -> Source | None:
        if word == "-":
            return self.collector.reader.standard_input()
        if not word.strip():
            raise UsageProblem("an input is empty", hint="name a requirements file or a requirement")
        if is_web_url(word) and " " not in word:
            return None if is_archive_name(url_path(word)) else self.collector.reader.url(word)
        path = path_of(word)
        if is_folder(path):
            raise InputUnreadable("is a folder, not a file", address=word, hint="name a file in it")
        if is_there(path):
            return None if is_archive_name(path.name) else self.collector.reader.file(path)
        if _names_file(word):
            raise _missing(path, word)
        return None


def _understood(
    text: str, origin: CommandLineOrigin, failure: type[InputUnreadable] | type[UsageProblem]
) -> Requirement | UnsupportedRequirement:
    try:
        return parse_written(WrittenRequirement(text=text, origin=origin))
    except LineUnreadable as problem:
        raise failure(masked_within(problem.message), address=origin.option, hint=problem.hint) from None


def _names_file(word: str) -> bool:
    if "@" in word or "://" in word or is_archive_name(word):
        # Single requirements with their own, more telling errors.
        return False
    before_marker = word.partition(";")[0].strip()
    if re.fullmatch(r"[\w-]+\.[a-z]{2,4}", before_marker) and _nearly(before_marker, "."):
        return True
    return before_marker.lower().endswith(_FILE_SUFFIXES) or looks_like_path(before_marker)


def _nearly(name: str, folder: str) -> bool:
    """Whether *folder* has a file whose name differs from *name* by its suffix alone, or by a letter or two."""
    from difflib import get_close_matches

    files = [each.name for each in Path(folder).iterdir() if each.suffix]
    return bool(get_close_matches(name, files, n=1, cutoff=0.9))


def _missing(path: Path, word: str) -> InputUnreadable:
    error = missing_file(path, word)
    if "did you mean" not in error.hint and not looks_like_path(word):
        error.hint = f'a project of that name is asked for with "{word}>=0"'
    return error


def _format_of(source: Source) -> InputFormat:
    """The format of *source*. Raises ``InputUnreadable`` for one that is not read."""
    _refuse_foreign(source)
    name = _name(source)
    return next(
        each
        for each in FORMATS
        if re.fullmatch(each.files, name, re.DOTALL)
        or (each.sign and "." not in name and re.search(each.sign, source.text))
    )


def _reader(place: str) -> Callable[..., None]:
    module, _, function = place.partition(":")
    return cast("Callable[..., None]", getattr(import_module(f"wheelcheck.requirements.{module}"), function))


def _refuse_foreign(source: Source) -> None:
    name = _name(source).lower()
    if name.endswith((".json", ".ipynb")):
        is_plan = '"wheelcheck.plan/' in source.text
        what = "a plan that wheelcheck made" if is_plan else "a JSON file that is no lock"
        raise InputUnreadable(
            f"{what}, and no input", address=source.place, hint=_FOR_PLANS if is_plan else _FOR_OTHERS
        )
    if _is_dockerfile(name, source.text):
        hint = (
            f"its target is taken with --targets-from {source.place}; name the requirements that it installs as INPUT"
        )
        raise InputUnreadable("a Dockerfile, and no list of requirements", address=source.place, hint=hint)
    way = next((way for files, way in _FOREIGN.items() if re.fullmatch(files, _name(source))), None)
    if way is not None:
        raise InputUnreadable("a format that is not read", address=source.place, hint=way)


def _is_dockerfile(name: str, text: str) -> bool:
    is_named = name.startswith(("dockerfile", "containerfile")) or name.endswith((".dockerfile", ".containerfile"))
    return is_named and re.search(r"(?im)^\s*from\s", text) is not None


def _name(source: Source) -> str:
    path = urlsplit(source.url).path if source.url is not None else source.place
    return path.replace("\\", "/").rpartition("/")[2]
