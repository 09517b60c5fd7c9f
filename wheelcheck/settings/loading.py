"""``[tool.wheelcheck]`` or ``wheelcheck.toml`` → :class:`Settings`; checks shapes and names, resolves nothing."""

from __future__ import annotations

import os
import re
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.errors import SettingsInvalid
from wheelcheck.options import KEYS, SdistPolicy
from wheelcheck.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wheelcheck.model.check import Allowance
    from wheelcheck.settings.table import SettingsTable

_VARIABLE = re.compile(r"\$\{([A-Za-z0-9_]+)\}")
_REPOSITORY_MARKS = (".git", ".hg", ".svn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a project has decided once; ``None`` and empty mean that it says nothing.

    ``file`` is where it stands. Paths are absolute, from that file's folder on. ``indexes`` are names for URLs, ``sources`` the
    URL of the one index for a project; URLs may hold credentials. ``exclude_newer`` is a day or an instant (ISO 8601),
    ``max_seconds`` and ``repair_seconds`` in seconds. ``knowledge`` are folders. ``targets`` (``win_amd64/3.11``) are meant besides
    each of ``platforms`` with each of ``pythons``. ``fail_on`` and ``warn_only`` are codes or what they begin with.

    ``written`` are the values as they stand in the file, ``lines`` where: what a reader is shown, which no decision hangs on.
    """

    file: Path | None = None
    platforms: tuple[str, ...] = ()
    pythons: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    sdist: SdistPolicy | None = None
    pre: bool | None = None
    exclude_newer: str | None = None
    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    excludes: tuple[NormalizedName, ...] = ()
    extras: tuple[NormalizedName, ...] = ()
    groups: tuple[str, ...] = ()
    cache_dir: Path | None = None
    max_seconds: float | None = None
    repairs: int | None = None
    repair_seconds: float | None = None
    knowledge: tuple[Path, ...] = ()
    indexes: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[NormalizedName, str] = field(default_factory=dict)
    fail_on: tuple[str, ...] = ()
    warn_only: tuple[str, ...] = ()
    allowances: tuple[Allowance, ...] = ()
    baseline: Path | None = None
    written: Mapping[str, object] = field(default_factory=dict, compare=False, repr=False)
    lines: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)


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
            table = _table(path) if path.is_file() else None
            if table is not None:
                return _settings(table, environ)
    return Settings()


def _table(path: Path) -> SettingsTable | None:
    # What reads TOML is loaded where there is a file at all.
    from wheelcheck.settings.table import load_table

    return load_table(path, "tool.wheelcheck" if path.name == "pyproject.toml" else "")


def _places(folder: Path) -> list[Path]:
    places = [folder, *folder.parents]
    for position, place in enumerate(places):
        if any((place / mark).exists() for mark in _REPOSITORY_MARKS):
            return places[: position + 1]
    return [folder]


def _settings(table: SettingsTable, environ: Mapping[str, str]) -> Settings:
    # The gate's words too are loaded where a file of settings is met at all.
    from wheelcheck.settings.allowances import read_allowances, read_codes
    from wheelcheck.settings.targets import target_pair

    _refuse_unknown(table)
    beside = _beside(table.path.parent)
    indexes = {name: _expanded(url, environ) for name, url in table.mapping("indexes").items()}
    index_url = table.text_of("index-url")
    cache_dir = table.text_of("cache-dir")
    baseline = table.text_of("baseline")
    return Settings(
        file=table.path,
        platforms=table.words("platform"),
        pythons=table.words("python"),
        targets=tuple(target_pair(word, "targets", table.at("targets")) for word in table.words("targets")),
        sdist=_sdist(table),
        pre=table.flag("pre"),
        exclude_newer=table.moment("exclude-newer"),
        index_url=_expanded(index_url, environ) if index_url else None,
        extra_index_urls=tuple(_expanded(url, environ) for url in table.words("extra-index-url")),
        find_links=tuple(
            _expanded(link, environ) if "://" in link else beside(link) for link in table.words("find-links")
        ),
        constraints=tuple(map(_beside_if_file(beside), table.words("constraints"))),
        overrides=tuple(map(_beside_if_file(beside), table.words("overrides"))),
        excludes=tuple(map(canonicalize_name, table.words("excludes"))),
        extras=tuple(map(canonicalize_name, table.words("extras"))),
        groups=table.words("groups"),
        cache_dir=Path(beside(cache_dir)) if cache_dir else None,
        max_seconds=table.seconds("max-seconds"),
        repairs=table.count("repairs"),
        repair_seconds=table.seconds("repair-seconds"),
        knowledge=tuple(Path(beside(folder)) for folder in table.words("knowledge")),
        indexes=indexes,
        sources=_sources(table, indexes, environ),
        fail_on=read_codes(table, "fail-on"),
        warn_only=read_codes(table, "warn-only"),
        allowances=read_allowances(table),
        baseline=Path(beside(baseline)) if baseline else None,
        written=table.values,
        lines={key: table.line_of(key) for key in table.values},
    )


def _refuse_unknown(table: SettingsTable) -> None:
    from wheelcheck.settings.table import nearest_key

    for name in table.values:
        if name not in KEYS:
            raise SettingsInvalid(f"unknown key {name!r}", address=table.at(name), hint=nearest_key(name, KEYS))


def _sdist(table: SettingsTable) -> SdistPolicy | None:
    match table.text_of("sdist"):
        case None:
            return None
        case "deny" | "pure" | "any" as word:
            return word
    raise table.wrong("sdist", '"deny", "pure" or "any"')


def _sources(
    table: SettingsTable, indexes: Mapping[str, str], environ: Mapping[str, str]
) -> Mapping[NormalizedName, str]:
    found: dict[NormalizedName, str] = {}
    for project, where in table.mapping("sources").items():
        if where not in indexes and "://" not in where:
            from difflib import get_close_matches

            near = get_close_matches(where, list(indexes), n=1)
            raise SettingsInvalid(
                f"sources: {project} names the index {where!r}, which is not in indexes",
                address=table.at("sources"),
                hint=f"did you mean {near[0]}?" if near else f'add {where} = "https://…" to indexes',
            )
        found[canonicalize_name(project)] = indexes.get(where) or _expanded(where, environ)
    return found


def _expanded(url: str, environ: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda name: environ.get(name[1]) or name[0], url)


def _beside(folder: Path) -> Callable[[str], str]:
    return lambda path: str(folder / os.path.expanduser(path))  # noqa: PTH111 - Path.expanduser raises for an unknown user


def _beside_if_file(beside: Callable[[str], str]) -> Callable[[str], str]:
    """Requirements stay as they are; what is a file beside the settings, or can be nothing else, becomes its path."""

    def located(text: str) -> str:
        if "://" in text or "@" in text:
            return text
        is_path = text.endswith((".txt", ".in")) or "/" in text.partition(";")[0] or Path(beside(text)).is_file()
        return beside(text) if is_path else text

    return located
