"""``[tool.wheelcheck]`` or ``wheelcheck.toml`` → :class:`Settings`: checks names, shapes and words; resolves nothing."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from msgspec import Struct, field
from msgspec.structs import replace
from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.errors import SettingsInvalid, UsageProblem, WheelcheckError, did_you_mean
from wheelcheck.options import KEYS, OPTIONS, RequestOptions
from wheelcheck.texts.files import is_file, is_there

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from wheelcheck.model.check import Allowance
    from wheelcheck.option_rows import Key
    from wheelcheck.settings.allowances import SettingsTable

_VARIABLE = r"\$\{([A-Za-z0-9_]+)\}"
_REPOSITORY_MARKS = (".git", ".hg", ".svn")


class Settings(Struct, frozen=True, kw_only=True):
    """What a project has decided once; what is missing, ``None`` or empty is not decided.

    ``file`` is where it stands. ``options`` are what it says of the options of a request; paths are absolute, from that file's
    folder on, and URLs may hold credentials. ``indexes`` are names for URLs, ``sources`` the URL of the one index for a project.
    ``targets`` (``win_amd64/3.11``) are meant besides each of ``platforms`` with each of ``pythons``. ``fail_on`` and
    ``warn_only`` are codes or their beginnings.

    ``written`` are the values as they stand in the file, ``lines`` where: what a reader is shown, which no decision hangs on.
    """

    file: Path | None = None
    options: RequestOptions = field(default_factory=RequestOptions)
    platforms: tuple[str, ...] = ()
    pythons: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    indexes: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[NormalizedName, str] = field(default_factory=dict)
    fail_on: tuple[str, ...] = ()
    warn_only: tuple[str, ...] = ()
    allowances: tuple[Allowance, ...] = ()
    baseline: str | None = None
    written: Mapping[str, object] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)


def load_settings(folder: Path, environ: Mapping[str, str], *, config_file: Path | None = None) -> Settings:
    """The settings for work in *folder*: of the nearest file that has some, there or above up to the repository's root.

    In one folder ``wheelcheck.toml`` (keys at the top) wins over ``[tool.wheelcheck]`` in ``pyproject.toml``, which is then not
    looked at. Outside of a repository only *folder* itself counts. *config_file* is read instead of any search; its name tells
    which of the two it is. *environ* fills ``${NAME}`` in URLs. Raises ``SettingsInvalid``.
    """
    if config_file is not None:
        table = _table(config_file)
        return _settings(table, environ) if table is not None else Settings(file=config_file)
    for place in _places(Path(os.path.abspath(folder))):  # noqa: PTH100 - resolve() would leave the user's own way to it
        for name in ("wheelcheck.toml", "pyproject.toml"):
            path = place / name
            table = _table(path) if is_file(path) else None
            if table is not None:
                return _settings(table, environ)
    return Settings()


def settings_over(below: Settings, values: Mapping[str, object], place: str, environ: Mapping[str, str]) -> Settings:
    """The keys and *values* that *place* (a file, with its line) gives for one input, and for what they leave open *below*.

    Paths are from the folder of *place* on. Raises ``SettingsInvalid``.
    """
    from wheelcheck.settings.allowances import SettingsTable

    own = _settings(SettingsTable(values, path=place), environ)
    said = {name: value for name in Settings.__struct_fields__ if (value := getattr(own, name))}
    options = cast(
        "RequestOptions", {**below.options, **{name: value for name, value in own.options.items() if value is not None}}
    )
    return replace(below, **{**said, "file": below.file, "options": options})


def _table(path: Path) -> SettingsTable | None:
    # The reader of TOML is loaded only where there is a file.
    from wheelcheck.settings.allowances import load_table

    return load_table(path, "tool.wheelcheck" if path.name == "pyproject.toml" else "")


def _places(folder: Path) -> list[Path]:
    places = [folder, *folder.parents]
    for position, place in enumerate(places):
        if any(is_there(place / mark) for mark in _REPOSITORY_MARKS):
            return places[: position + 1]
    return [folder]


def _settings(table: SettingsTable, environ: Mapping[str, str]) -> Settings:
    _refuse_unknown(table)
    reading = _Reading(table, environ)
    values = {
        _FIELDS[name]: _READERS[key.reads].read(reading, name) for name, key in KEYS.items() if name in table.values
    }
    options = RequestOptions.__annotations__.keys() - Settings.__annotations__.keys()
    return Settings(
        file=table.file,
        options=cast("RequestOptions", {name: value for name, value in values.items() if name in options}),
        written=table.values,
        lines={key: table.line_of(key) for key in table.values},
        **{name: value for name, value in values.items() if name not in options},  # type: ignore[arg-type]
    )


# Of the two options with the key ``platform`` the settings have the one with many values.
_FIELDS = {option.key.name: option.name for option in OPTIONS.values() if option.key is not None}


def _refuse_unknown(table: SettingsTable) -> None:
    from wheelcheck.settings.allowances import nearest_key

    for name in table.values:
        if name not in KEYS:
            raise SettingsInvalid(f"unknown key {name!r}", address=table.at(name), hint=nearest_key(name, KEYS))


class _Reading(NamedTuple):
    """The table that is read, and what its values may refer to."""

    table: SettingsTable
    environ: Mapping[str, str]

    def expanded(self, url: str) -> str:
        """*url* with ``${NAME}`` replaced where the environment has NAME."""
        return re.sub(_VARIABLE, lambda name: self.environ.get(name[1]) or name[0], url)

    def beside(self, path: str) -> str:
        """*path* from the folder of the settings on."""
        return str(self.table.file.parent / os.path.expanduser(path))  # noqa: PTH111 - Path.expanduser raises for an unknown user

    def place(self, text: str) -> str:
        """A URL, or else a path beside the settings."""
        return self.expanded(text) if "://" in text else self.beside(text)

    def requirement(self, text: str) -> str:
        """A requirement as it stands; a file beside the settings, or what can be nothing else, as its path."""
        if "://" in text or "@" in text:
            return text
        is_path = text.endswith((".txt", ".in")) or "/" in text.partition(";")[0] or is_file(Path(self.beside(text)))
        return self.beside(text) if is_path else text


def _each(convert: Callable[[_Reading, str], str]) -> Callable[[_Reading, str], tuple[str, ...]]:
    return lambda reading, key: tuple(convert(reading, word) for word in reading.table.words(key))


def _text(convert: Callable[[_Reading, str], str]) -> Callable[[_Reading, str], str | None]:
    return lambda reading, key: convert(reading, text) if (text := reading.table.text_of(key)) else None


def _choice(reading: _Reading, key: str) -> str | None:
    words = OPTIONS[_FIELDS[key]].choices
    text = reading.table.text_of(key)
    if text is not None and text not in words:
        *others, last = (f'"{word}"' for word in words)
        raise reading.table.wrong(key, f"{', '.join(others)} or {last}")
    return text


def _target_words(reading: _Reading, key: str) -> tuple[str, ...]:
    """The words at *key*, each of which is ``all``, or a platform or Python that there is."""
    from wheelcheck.targets.targets import parse_target

    words = reading.table.words(key)
    for word in (part.strip() for text in words for part in text.split(",")):
        try:
            if word and word.lower() != "all":
                parse_target(**{key: word})
        except UsageProblem as problem:
            fact = WheelcheckError.__str__(problem).removeprefix(f"--{key} ")
            raise SettingsInvalid(f"{key}: {fact}", address=reading.table.at(key), hint=problem.hint) from problem
    return words


def _targets(reading: _Reading, key: str) -> tuple[str, ...]:
    from wheelcheck.settings.allowances import target_pair

    return tuple(target_pair(word, key, reading.table.at(key)) for word in reading.table.words(key))


def _codes(reading: _Reading, key: str) -> tuple[str, ...]:
    from wheelcheck.settings.allowances import read_codes

    return read_codes(reading.table, key)


def _allowances(reading: _Reading, key: str) -> Iterable[Allowance]:  # noqa: ARG001 - there is one such key
    from wheelcheck.settings.allowances import read_allowances

    return read_allowances(reading.table)


def _indexes(reading: _Reading, key: str) -> Mapping[str, str]:
    return {name: reading.expanded(url) for name, url in reading.table.mapping(key).items()}


def _sources(reading: _Reading, key: str) -> Mapping[NormalizedName, str]:
    indexes = _indexes(reading, "indexes")
    found: dict[NormalizedName, str] = {}
    for project, where in reading.table.mapping(key).items():
        if where not in indexes and "://" not in where:
            raise SettingsInvalid(
                f"sources: {project} names the index {where!r}, which is not in indexes",
                address=reading.table.at(key),
                hint=did_you_mean(where, indexes, f'add {where} = "https://…" to indexes'),
            )
        found[canonicalize_name(project)] = indexes.get(where) or reading.expanded(where)
    return found


class _Reader(NamedTuple):
    """A way to read a key: the *kind* of its value in a reader's words, and a function from the table and the key to the value."""

    kind: str
    read: Callable[[_Reading, str], object]


_ONE_OR_MORE = "string or list of strings"
_READERS: Mapping[str, _Reader] = {
    "platforms": _Reader(_ONE_OR_MORE, _target_words),
    "pythons": _Reader(_ONE_OR_MORE, _target_words),
    "targets": _Reader(_ONE_OR_MORE, _targets),
    "codes": _Reader(_ONE_OR_MORE, _codes),
    "urls": _Reader(_ONE_OR_MORE, _each(_Reading.expanded)),
    "places": _Reader(_ONE_OR_MORE, _each(_Reading.place)),
    "folders": _Reader(_ONE_OR_MORE, _each(_Reading.beside)),
    "listed words": _Reader("list of strings", lambda reading, key: reading.table.words(key)),
    "requirements": _Reader("list of strings", _each(_Reading.requirement)),
    "names": _Reader("list of strings", _each(lambda _, word: canonicalize_name(word))),
    "policy": _Reader("deny, pure or any", _choice),
    "import scope": _Reader("suspects, all or none", _choice),
    "strategy": _Reader("first-index, unsafe-first-match or unsafe-best-match", _choice),
    "flag": _Reader("true or false", lambda reading, key: reading.table.flag(key)),
    "moment": _Reader("date or string", lambda reading, key: reading.table.moment(key)),
    "url": _Reader("string", _text(_Reading.expanded)),
    "place": _Reader("string", _text(_Reading.place)),
    "path": _Reader("string", _text(_Reading.beside)),
    "seconds": _Reader("number above 0", lambda reading, key: reading.table.seconds(key)),
    "count": _Reader("whole number", lambda reading, key: reading.table.count(key)),
    "urls by name": _Reader("table of strings", _indexes),
    "sources": _Reader("table of strings", _sources),
    "allowances": _Reader("array of tables", _allowances),
}


def kind_of(key: Key) -> str:
    """The type of the value of *key* in a reader's words, for the reference page."""
    return _READERS[key.reads].kind
