"""pip's configuration (files and ``PIP_*`` variables), how to reach the network by it, and uv's variables; opens no connection.

The variables of uv say which indexes it asks; they count where the input is one that uv reads.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, cast, get_args
from urllib.parse import quote, urlsplit, urlunsplit

from msgspec import Struct, field
from msgspec.structs import replace

from wheelcheck.errors import SettingsInvalid, UsageProblem
from wheelcheck.model.requirement import IndexOptions, NamedIndex
from wheelcheck.options import IndexStrategy
from wheelcheck.texts.files import is_folder, is_there, read_text

# pip applies [global] first, then the section of the command; a plan is what "install" and "download" would do.
_SECTIONS = ("global", "download", "install")
_OTHER_NAMES = {"pypi-url": "index-url", "default-timeout": "timeout"}
_KEYS = frozenset(
    {
        "index-url",
        "extra-index-url",
        "find-links",
        "no-index",
        "cert",
        "client-cert",
        "trusted-host",
        "proxy",
        "timeout",
        "retries",
    }
)
_TRUE = frozenset({"y", "yes", "t", "true", "on", "1"})
_FALSE = frozenset({"n", "no", "f", "false", "off", "0"})

BUNDLE_VARIABLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE")

Said = Mapping[str, tuple[str, str]]


class PipConfiguration(Struct, frozen=True, kw_only=True):
    """pip's settings for indexes and the network; ``None`` and empty where it has none.

    URLs may hold credentials. ``timeout`` is in seconds. ``said_by`` names the variable or file for every key (in pip's
    spelling, ``index-url``) that has a value.
    """

    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    no_index: bool = False
    cert: str | None = None
    client_cert: str | None = None
    trusted_hosts: tuple[str, ...] = ()
    proxy: str | None = None
    timeout: float | None = None
    retries: int | None = None
    said_by: Mapping[str, str] = field(default_factory=dict)


def load_pip_configuration(environ: Mapping[str, str], *, files: Sequence[Path] | None = None) -> PipConfiguration:
    """Read pip's configuration as pip does: environment over per-environment over user over global files.

    *files* (weakest first) stand in for those of this machine. Raises ``SettingsInvalid`` for a file that is malformed and a
    value of the wrong kind.
    """
    in_files: dict[tuple[str, str], tuple[str, str]] = {}
    for path in pip_configuration_files(environ) if files is None else files:
        in_files.update(_file_values(path))
    said: dict[str, tuple[str, str]] = {}
    for section in _SECTIONS:
        said.update({key: value for (named, key), value in in_files.items() if named == section})
    said.update(
        {
            _key(name[4:]): (value, name)
            for name, value in environ.items()
            if name.startswith("PIP_") and value.strip() and _key(name[4:]) in _KEYS
        }
    )
    return PipConfiguration(
        index_url=_text(said, "index-url"),
        extra_index_urls=_words(said, "extra-index-url"),
        find_links=tuple(map(_at_home, _words(said, "find-links"))),
        no_index=_flag(said, "no-index"),
        cert=_text(said, "cert"),
        client_cert=_text(said, "client-cert"),
        trusted_hosts=_words(said, "trusted-host"),
        proxy=_text(said, "proxy"),
        timeout=_number(said, "timeout"),
        retries=_count(said, "retries"),
        said_by={key: by for key, (_, by) in said.items()},
    )


def pip_configuration_files(environ: Mapping[str, str], *, system: str = sys.platform) -> tuple[Path, ...]:
    """Where pip would look on *system* (``sys.platform``'s words), weakest first; the files need not exist.

    ``PIP_CONFIG_FILE`` adds the strongest and, where it exists, takes the user's own away; the null device takes all away.
    """
    extra = environ.get("PIP_CONFIG_FILE")
    if extra == os.devnull:
        return ()
    files = list(_global_files(environ, system))
    if not (extra and is_there(Path(extra))):
        files += _user_files(environ, system)
    files.append(Path(environ.get("VIRTUAL_ENV") or sys.prefix) / ("pip.ini" if system == "win32" else "pip.conf"))
    if extra:
        files.append(Path(extra))
    return tuple(files)


def _global_files(environ: Mapping[str, str], system: str) -> list[Path]:
    if system == "win32":
        return [Path(environ.get("PROGRAMDATA", r"C:\ProgramData")) / "pip" / "pip.ini"]
    if system == "darwin":
        return [Path("/Library/Application Support/pip/pip.conf")]
    shared = (environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep)
    return [*(Path(_at_home(folder)) / "pip" / "pip.conf" for folder in shared if folder), Path("/etc/pip.conf")]


def _user_files(environ: Mapping[str, str], system: str) -> list[Path]:
    home_word = environ.get("USERPROFILE") if system == "win32" else environ.get("HOME")
    home = Path(home_word) if home_word else Path.home()
    if system == "win32":
        roaming = Path(environ.get("APPDATA") or home / "AppData" / "Roaming")
        return [home / "pip" / "pip.ini", roaming / "pip" / "pip.ini"]
    own = Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip"
    if system == "darwin":
        library = home / "Library" / "Application Support" / "pip"
        own = library if is_folder(library) else home / ".config" / "pip"
    return [home / ".pip" / "pip.conf", own / "pip.conf"]


def _file_values(path: Path) -> dict[tuple[str, str], tuple[str, str]]:
    try:
        text = read_text(path)
    except (FileNotFoundError, NotADirectoryError, PermissionError, IsADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError):
        raise SettingsInvalid("pip's configuration cannot be read as text", address=str(path)) from None
    if not text.strip():
        return {}  # PIP_CONFIG_FILE names the null device to have no configuration
    import configparser

    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text, str(path))
    except configparser.Error as problem:
        # The first line alone: the rest quotes the file, which may hold credentials.
        line = getattr(problem, "lineno", None)
        raise SettingsInvalid(
            "pip's configuration is malformed", address=f"{path}:{line}" if line else str(path)
        ) from None
    return {
        (section, _key(name)): (value, str(path))
        for section in _SECTIONS
        if parser.has_section(section)
        for name, value in parser.items(section)
        if _key(name) in _KEYS and value.strip()
    }


def _key(name: str) -> str:
    plain = name.lower().replace("_", "-").removeprefix("--")
    return _OTHER_NAMES.get(plain, plain)


def _at_home(path: str) -> str:
    return os.path.expanduser(path)  # noqa: PTH111 - Path.expanduser raises for an unknown user


def _text(said: Said, key: str) -> str | None:
    return said[key][0].strip() if key in said else None


def _words(said: Said, key: str) -> tuple[str, ...]:
    return tuple(said[key][0].split()) if key in said else ()


def _flag(said: Said, key: str) -> bool:
    word = (_text(said, key) or "no").lower()
    if word not in _TRUE | _FALSE:
        raise SettingsInvalid(f"{key} must be yes or no, not {word!r}", address=said[key][1])
    return word in _TRUE


def _number(said: Said, key: str) -> float | None:
    text = _text(said, key)
    try:
        number = float(text) if text is not None else None
    except ValueError:
        number = -1
    if number is not None and not 0 < number < float("inf"):
        raise SettingsInvalid(f"{key} must be a number of seconds, not {text!r}", address=said[key][1])
    return number


def _count(said: Said, key: str) -> int | None:
    text = _text(said, key)
    if text is None:
        return None
    if not text.isdecimal():
        raise SettingsInvalid(f"{key} must be a whole number, not {text!r}", address=said[key][1])
    return int(text)


class NetworkSettings(Struct, frozen=True, kw_only=True):
    """Certificates, proxy, timeout and retries; ``None`` leaves a value to the HTTP client.

    ``ca_bundle`` is a PEM file or a folder of them, ``client_cert`` a PEM file with certificate and key. ``timeout`` is in
    seconds for one connect or read, ``retries`` how often a failed request is tried again.
    """

    ca_bundle: Path | None = None
    client_cert: Path | None = None
    proxy: str | None = None
    trusted_hosts: tuple[str, ...] = ()
    timeout: float | None = None
    retries: int | None = None


def network_settings(environ: Mapping[str, str], pip: PipConfiguration) -> NetworkSettings:
    """Network settings from *pip* and *environ*; for certificates pip comes first, then the first variable that is set.

    The proxy variables (``HTTPS_PROXY``, ``NO_PROXY``, …) are left to the HTTP client. Raises ``UsageProblem`` naming the
    variable or file that points to a certificate file which is not there.
    """
    bundle, said_by = pip.cert, pip.said_by.get("cert", "")
    for variable in BUNDLE_VARIABLES:
        if not bundle:
            bundle, said_by = environ.get(variable), variable
    return NetworkSettings(
        ca_bundle=_present(bundle, said_by),
        client_cert=_present(pip.client_cert, pip.said_by.get("client-cert", "")),
        proxy=pip.proxy,
        trusted_hosts=pip.trusted_hosts,
        timeout=pip.timeout,
        retries=pip.retries,
    )


def _present(text: str | None, said_by: str) -> Path | None:
    if not text:
        return None
    path = Path(os.path.expanduser(text))  # noqa: PTH111 - Path.expanduser raises for an unknown user
    if not is_there(path):
        raise UsageProblem(
            f"names a certificate file that is not there: {path}", address=said_by, hint=f"correct or unset {said_by}"
        )
    return path


UV_VARIABLES: Mapping[str, tuple[str, ...]] = {
    "index-url": ("UV_DEFAULT_INDEX", "UV_INDEX_URL"),
    "extra-index-url": ("UV_INDEX", "UV_EXTRA_INDEX_URL"),
    "find-links": ("UV_FIND_LINKS",),
    "index-strategy": ("UV_INDEX_STRATEGY",),
}
"""The variables that speak for each key of the settings, the weightier first."""
_NAME = re.compile(r"([A-Za-z0-9_.-]+)=(.*)", re.DOTALL)


def uv_variables(environ: Mapping[str, str]) -> IndexOptions:
    """What uv's variables in *environ* say; raises ``SettingsInvalid`` for a strategy that uv does not know."""
    strategy = environ.get("UV_INDEX_STRATEGY") or None
    if strategy is not None and strategy not in get_args(IndexStrategy):
        raise SettingsInvalid(
            f"must be one of {', '.join(get_args(IndexStrategy))}, not {strategy!r}", address="UV_INDEX_STRATEGY"
        )
    default = environ.get("UV_DEFAULT_INDEX") or environ.get("UV_INDEX_URL")
    indexes = [named_index(word) for word in environ.get("UV_INDEX", "").split()]
    if default:
        indexes.append(named_index(default, role="default"))
    return IndexOptions(
        indexes=tuple(indexes),
        extra_index_urls=tuple(environ.get("UV_EXTRA_INDEX_URL", "").split()),
        find_links=tuple(filter(None, re.split(r"[,\s]+", environ.get("UV_FIND_LINKS", "")))),
        strategy=cast("IndexStrategy | None", strategy),
    )


def named_index(text: str, role: Literal["extra", "default"] = "extra") -> NamedIndex:
    """The index that ``NAME=URL`` or a URL alone describes."""
    named = _NAME.fullmatch(text)
    if named is not None and "://" not in named[1]:
        return NamedIndex(name=named[1], url=named[2], role=role)
    return NamedIndex(url=text, role=role)


def with_credentials(index: NamedIndex, environ: Mapping[str, str]) -> NamedIndex:
    """*index* with the user and password that ``UV_INDEX_NAME_USERNAME`` and ``UV_INDEX_NAME_PASSWORD`` give for its name."""
    word = re.sub(r"[^A-Za-z0-9]", "_", index.name).upper()
    user, password = (environ.get(f"UV_INDEX_{word}_{what}", "") for what in ("USERNAME", "PASSWORD"))
    parts = urlsplit(index.url)
    if not index.name or not (user or password) or "@" in parts.netloc:
        return index
    secret = f"{quote(user, safe='')}:{quote(password, safe='')}@{parts.netloc}"
    return replace(index, url=urlunsplit(parts._replace(netloc=secret)))
