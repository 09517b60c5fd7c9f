"""The effective settings, each with the place that set it, for ``wheelcheck config``; decides nothing itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Struct

from wheelcheck.model.document import SCHEMA_KEY, about
from wheelcheck.model.urls import masked_within
from wheelcheck.options import KEYS
from wheelcheck.settings.pip_configuration import BUNDLE_VARIABLES

if TYPE_CHECKING:
    from pathlib import Path

    from wheelcheck.model.check import Allowance
    from wheelcheck.model.requirement import ToolSetting
    from wheelcheck.settings.loading import Settings
    from wheelcheck.settings.pip_configuration import PipConfiguration

Value = str | tuple[str, ...]

COMMAND_LINE = "command line"
DEFAULT = "default"
_FROM_PIP = ("index-url", "extra-index-url", "find-links", "no-index")
_NETWORK = ("cert", "client-cert", "trusted-host", "proxy", "timeout", "retries")
_PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy")
_SECRET_WITHOUT_SCHEME = re.compile(r"^[^/\s]*@")


class Effective(Struct, frozen=True, kw_only=True):
    """One value of one key, and who set it."""

    name: Annotated[str, about("The key.")]
    value: Annotated[Value, about("Its value; a list where values add up.")]
    origin: Annotated[str, about("command line, wheelcheck.toml:3, environment variable NAME or default.")]


class ConfigDocument(Struct, frozen=True, kw_only=True):
    """The settings that count."""

    schema: Annotated[Literal["wheelcheck.config/1"], SCHEMA_KEY]
    settings: Annotated[tuple[Effective, ...], about("A row for each key, or for each place where values add up.")]


def effective(
    settings: Settings,
    pip: PipConfiguration,
    environ: Mapping[str, str],
    *,
    folder: Path,
    tools: Sequence[ToolSetting] = (),
    given: Mapping[str, object] | None = None,
    defaults: Mapping[str, str] | None = None,
) -> tuple[Effective, ...]:
    """The effective values, with their origins, of a run with the options *given* (key → value; ``None`` and empty are not given).

    *tools* are the settings of other tools in the project, which count behind those of wheelcheck; those that speak for no key of
    its own, or are not followed, stand behind the rest.

    A key whose values add up has a row for each place, in the order of weight; any other has one. *defaults* are those that only
    the caller knows; keys that nobody has set and that have no default are left out. Credentials are masked, and variables in URLs
    shown by their name. Files are named from *folder* on.
    """
    said = given or {}
    rows = [
        row
        for name in dict.fromkeys((*KEYS, *said))
        for row in _rows(name, settings, pip, environ, folder, said.get(name), (defaults or {}).get(name, ""), tools)
    ]
    named = {row.name for row in rows}
    others = [each for each in tools if each.unheeded or (each.option not in KEYS and each.option not in _FROM_PIP)]
    return (
        *rows,
        *(row for row in _iter_network(pip, environ) if row.name not in named),
        *(_of_tool(each, each.key) for each in others),
    )


def _of_tool(setting: ToolSetting, name: str) -> Effective:
    place = str(setting.origin) if name == setting.key else f"{setting.origin}: {setting.key}"
    unheeded = f", not followed: {setting.unheeded}" if setting.unheeded else ""
    return Effective(name=name, value=_masked(setting.value), origin=f"{place}{unheeded}")


def _rows(
    name: str,
    settings: Settings,
    pip: PipConfiguration,
    environ: Mapping[str, str],
    folder: Path,
    given: object,
    default: str,
    tools: Sequence[ToolSetting],
) -> list[Effective]:
    # What uv reads is asked where uv asks, and pip's configuration of indexes means nothing to it.
    reads_uv = any("tool.uv" in each.key or each.origin.path.endswith("uv.toml") for each in tools)
    by_weight = [
        list(_of(name, _value(given), COMMAND_LINE)),
        list(_from_settings(name, settings, folder)),
        list(_from_uv(name, environ) if reads_uv else ()),
        [_of_tool(each, name) for each in tools if each.option == name and not each.unheeded],
        list(_from_pip(name, pip, environ) if name in _FROM_PIP and not reads_uv else ()),
    ]
    if any(by_weight):
        adds = name in KEYS and KEYS[name].adds
        return [row for rows in by_weight for row in rows] if adds else next(filter(None, by_weight))
    if name == "cache-dir" and environ.get("WHEELCHECK_CACHE_DIR"):
        return list(_of(name, environ["WHEELCHECK_CACHE_DIR"], "environment variable WHEELCHECK_CACHE_DIR"))
    if name in ("platform", "python") and settings.targets:
        return []  # the targets listed are all there are
    return list(_of(name, default or (KEYS[name].default if name in KEYS else ""), DEFAULT))


def _from_settings(name: str, settings: Settings, folder: Path) -> Iterator[Effective]:
    if settings.file is None or name not in settings.written:
        return
    if name == "allow":
        for allowance in settings.allowances:
            yield Effective(
                name=name, value=_allowance(allowance), origin=_place(settings.file, allowance.origin.line, folder)
            )
        return
    yield from _of(name, _value(settings.written[name]), _place(settings.file, settings.lines.get(name, 0), folder))


def _allowance(allowance: Allowance) -> str:
    codes = f" {', '.join(allowance.codes)}" if allowance.codes else ""
    targets = f" on {', '.join(allowance.targets)}" if allowance.targets else ""
    return f"{allowance.package}{allowance.specifier}{codes}{targets} until {allowance.expires}: {allowance.reason}"


def _place(file: Path, line: int, folder: Path) -> str:
    shown = file.relative_to(folder) if file.is_relative_to(folder) else file
    return f"{shown}:{line}" if line else str(shown)


def _from_uv(name: str, environ: Mapping[str, str]) -> Iterator[Effective]:
    from wheelcheck.settings.pip_configuration import UV_VARIABLES

    for variable in UV_VARIABLES.get(name, ()):
        yield from _of(name, tuple(environ.get(variable, "").split()), f"environment variable {variable}")


def _from_pip(name: str, pip: PipConfiguration, environ: Mapping[str, str]) -> Iterator[Effective]:
    values: Mapping[str, object] = {
        "index-url": pip.index_url,
        "extra-index-url": pip.extra_index_urls,
        "find-links": pip.find_links,
        "no-index": pip.no_index or None,
        "cert": pip.cert,
        "client-cert": pip.client_cert,
        "trusted-host": pip.trusted_hosts,
        "proxy": pip.proxy,
        "timeout": pip.timeout,
        "retries": pip.retries,
    }
    by = pip.said_by.get(name, "")
    place = "environment variable" if by in environ else "pip configuration file"
    yield from _of(name, _value(values[name]), f"{place} {by}")


def _iter_network(pip: PipConfiguration, environ: Mapping[str, str]) -> Iterator[Effective]:
    others = {"cert": BUNDLE_VARIABLES, "proxy": _PROXY_VARIABLES}
    yield from _from_pip("no-index", pip, environ)
    for name in _NETWORK:
        rows = list(_from_pip(name, pip, environ))
        for variable in others.get(name, ()):
            rows = rows or list(_of(name, environ.get(variable, ""), f"environment variable {variable}"))
        yield from rows


def _of(name: str, value: Value, origin: str) -> Iterator[Effective]:
    if value:
        yield Effective(name=name, value=_masked(value), origin=origin)


def _value(said: object) -> Value:
    """A value of any kind as words; empty for none."""
    if said is None or said == ():
        return ""
    if isinstance(said, bool):
        return "true" if said else "false"
    if isinstance(said, float) and said.is_integer():
        return str(int(said))
    if isinstance(said, Mapping):
        return tuple(f"{key} = {value}" for key, value in said.items())
    if isinstance(said, tuple | list):
        return tuple(map(str, said))
    return str(said)


def _masked(value: Value) -> Value:
    return tuple(map(_without_secrets, value)) if isinstance(value, tuple) else _without_secrets(value)


def _without_secrets(text: str) -> str:
    # A proxy may be written without a scheme (`user:password@host:8080`), and a requirement (`name @ URL`) has a space there.
    return _SECRET_WITHOUT_SCHEME.sub("***@", masked_within(text)) if "://" not in text else masked_within(text)
