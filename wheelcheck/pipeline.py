"""Composes the stages: the library's front door, and what the command line calls.

``Request → parse → resolve → diagnose → plan``. Each stage is one function of its room; this module opens the edges (settings,
index, archives, knowledge), hands them to the core and closes them again. It decides nothing about packages.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict
from urllib.parse import urlsplit

from packaging.utils import InvalidName, NormalizedName, canonicalize_name

from wheelcheck.errors import InputUnreadable, UsageProblem
from wheelcheck.model import (
    IndexOptions,
    InputRecord,
    InputSet,
    Installability,
    Options,
    Plan,
    Policy,
    Requirement,
    Target,
)
from wheelcheck.model.urls import masked, masked_within
from wheelcheck.ports import Reporter, SilentReporter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from wheelcheck.index import IndexConfig, IndexStore
    from wheelcheck.resolve import Question
    from wheelcheck.settings import Settings

SdistPolicy = Literal["deny", "pure", "any"]

_ALLOWED: Mapping[str, frozenset[Installability]] = {
    "deny": frozenset({Installability.WHEEL}),
    "pure": frozenset({Installability.WHEEL, Installability.SDIST_PURE}),
    "any": frozenset(
        {
            Installability.WHEEL,
            Installability.SDIST_PURE,
            Installability.SDIST_NATIVE,
            Installability.SDIST_UNKNOWN,
        }
    ),
}
_DEFAULT_SECONDS = 120.0
_OPTIONS = {
    "platform": "--platform",
    "python": "--python",
    "target_file": "--target",
    "constraints": "--constraint",
    "overrides": "--override",
    "excludes": "--exclude",
    "extras": "--extra",
    "groups": "--group",
    "exclude_newer": "--exclude-newer",
    "index_url": "--index-url",
    "extra_index_urls": "--extra-index-url",
    "find_links": "--find-links",
    "cache_dir": "--cache-dir",
}
_SEVERAL = ("inputs", "constraints", "overrides", "excludes", "extras", "groups", "extra_index_urls", "find_links")
_TIMEOUT = 30.0  # seconds for one connect or read
_RETRIES = 4


class RequestOptions(TypedDict, total=False):
    """The fields of :class:`Request` besides the inputs, for callers that give them by keyword."""

    platform: str | None
    python: str | None
    target_file: str | None
    constraints: tuple[str, ...]
    overrides: tuple[str, ...]
    excludes: tuple[str, ...]
    extras: tuple[str, ...]
    groups: tuple[str, ...]
    sdist: SdistPolicy | None
    pre: bool | None
    exclude_newer: str | None
    index_url: str | None
    extra_index_urls: tuple[str, ...]
    find_links: tuple[str, ...]
    no_index: bool
    max_seconds: float | None
    offline: bool
    refresh: bool
    cache_dir: str | None
    no_cache: bool
    folder: str
    environ: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question to :func:`plan`; what is ``None`` or empty is taken from the settings, then from pip's, then the default.

    ``inputs`` are files, ``-`` or requirements. ``overrides`` and ``constraints`` are requirements or files of them.
    ``exclude_newer`` is a day, of which everything still counts, or an ISO 8601 instant. ``folder`` is where settings are looked
    for, ``environ`` stands in for the process's environment.
    """

    inputs: tuple[str, ...]
    platform: str | None = None
    python: str | None = None
    target_file: str | None = None
    constraints: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    sdist: SdistPolicy | None = None
    pre: bool | None = None
    exclude_newer: str | None = None
    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    no_index: bool = False
    max_seconds: float | None = None
    offline: bool = False
    refresh: bool = False
    cache_dir: str | None = None
    no_cache: bool = False
    folder: str = "."
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    def __post_init__(self) -> None:
        # A lone string is a sequence too, of letters: a slip that a type checker sees and a script does not.
        for name in _SEVERAL:
            if isinstance(getattr(self, name), str):
                raise TypeError(f"{name} takes a tuple of strings, not one string")


def plan(request: Request, *, reporter: Reporter | None = None) -> Plan:
    """Resolve the inputs of *request* for its target and plan the installation.

    Blocked and undecided are answers, not errors. Raises ``InputUnreadable`` and ``UsageProblem`` for what cannot be understood,
    ``IndexUnavailable`` (and its children) where the index, a file host or a hash fails.
    """
    from wheelcheck.diagnose import Diagnosis, diagnose
    from wheelcheck.plan import plan as make_plan
    from wheelcheck.resolve import resolve

    reporter = reporter or SilentReporter()
    prepared = prepare(request, reporter)
    with _open_store(prepared.index, reporter) as projects:
        outcome = resolve(prepared.question, projects, reporter)
        reporter.stage("explaining")
        findings = diagnose(
            Diagnosis(
                outcome,
                projects,
                prepared.question.policy,
                input_bounds=prepared.inputs.requires_python,
                require_hashes=prepared.require_hashes,
                constraints=prepared.question.constraints,
            )
        )
    return make_plan(outcome, findings, inputs=prepared.records, options=prepared.options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A request understood: the question for the core, where to look, and what the plan says of both."""

    question: Question
    index: IndexConfig
    inputs: InputSet
    records: tuple[InputRecord, ...]
    options: Options
    require_hashes: bool


def prepare(request: Request, reporter: Reporter) -> Prepared:
    """Read settings and inputs; raises ``UsageProblem``, ``InputUnreadable`` and ``SettingsInvalid``."""
    from wheelcheck.inputs import parse, parse_overrides
    from wheelcheck.resolve import Budget, Question
    from wheelcheck.settings import load_settings

    _refuse_empty(request)
    settings = load_settings(Path(request.folder), request.environ)
    target = _target(request, settings)
    reporter.stage("reading")
    fetch_text = _text_fetcher(request, settings, reporter)
    # The settings choose extras and groups for whenever a project is planned; on the command line they must have one.
    has_project = any(text.endswith(".toml") for text in request.inputs)
    inputs = parse(
        request.inputs,
        constraints=request.constraints or settings.constraints,
        extras=frozenset(
            canonicalize_name(extra) for extra in request.extras or (settings.extras if has_project else ())
        ),
        groups=request.groups or (settings.groups if has_project else ()),
        fetch_text=fetch_text,
        stdin=_read_stdin,
        environ=request.environ,
    )
    overrides = parse_overrides(
        request.overrides or settings.overrides, fetch_text=fetch_text, environ=request.environ
    ).requirements
    require_hashes = _hashes_are_required(inputs)
    index = index_config(request, settings, inputs.options)
    policy = _policy(request, settings, inputs.options, overrides)
    seconds = request.max_seconds if request.max_seconds is not None else settings.max_seconds
    return Prepared(
        question=Question(
            requirements=inputs.requirements,
            constraints=inputs.constraints,
            unsupported=inputs.unsupported,
            target=target,
            policy=policy,
            budget=Budget(seconds=_DEFAULT_SECONDS if seconds is None else seconds),
        ),
        index=index,
        inputs=inputs,
        records=_records(request, inputs),
        options=Options(
            sdist=request.sdist or settings.sdist or "pure",
            exclude_newer=policy.exclude_newer,
            indexes=tuple(masked(url) for url in index.index_urls),
            find_links=tuple(masked(place) for place in (*index.find_links, *index.fallback_find_links)),
            pre=policy.pre,
            constraints=tuple(str(constraint) for constraint in inputs.constraints),
            overrides=tuple(str(override) for override in overrides),
            excludes=tuple(sorted(policy.excludes)),
        ),
        require_hashes=require_hashes,
    )


def _refuse_empty(request: Request) -> None:
    """An option whose value is empty is most often a variable that is not set; the default in its place would be a surprise."""
    for name, option in _OPTIONS.items():
        value = getattr(request, name)
        if value == "" or (isinstance(value, tuple) and "" in value):
            raise UsageProblem(f"{option} is empty", hint="give a value or leave the option out; is a variable unset?")
    if request.max_seconds is not None and not request.max_seconds >= 0:
        raise UsageProblem(f"--max-seconds {request.max_seconds} is no time", hint="give seconds, 0 or more")


def _project_names(names: Iterable[str]) -> frozenset[NormalizedName]:
    try:
        return frozenset(canonicalize_name(name, validate=True) for name in names)
    except InvalidName as error:
        raise UsageProblem(f"--exclude: {error}", hint="give the name of a project, without a version") from error


def _read_stdin() -> str:
    # Bytes where there are any: the same input means the same whatever the locale.
    stream = getattr(sys.stdin, "buffer", None)
    return stream.read().decode("utf-8-sig") if stream is not None else sys.stdin.read() if sys.stdin else ""


def _target(request: Request, settings: Settings) -> Target:
    from wheelcheck.compat import parse_target, parse_target_file

    if request.target_file is not None:
        if request.platform or request.python:
            raise UsageProblem(
                "--target says everything that --platform and --python say", hint="give one or the other"
            )
        from wheelcheck.inputs.sources import Reader

        source = Reader(fetch_text=None, stdin=None).file(Path(request.target_file))
        return parse_target_file(source.text, request.target_file)
    platform = request.platform or _only("platform", settings.platforms)
    python = request.python or _only("python", settings.pythons)
    return parse_target(platform, python)


def _only(option: str, words: tuple[str, ...]) -> str | None:
    if len(words) > 1:
        raise UsageProblem(
            f"the settings name {len(words)} targets ({', '.join(words)}), and a plan is for one",
            hint=f"give --{option}",
        )
    return words[0] if words else None


def _policy(request: Request, settings: Settings, options: IndexOptions, overrides: tuple[Requirement, ...]) -> Policy:
    cutoff = request.exclude_newer or settings.exclude_newer
    pre = request.pre if request.pre is not None else settings.pre
    return Policy(
        allowed=_ALLOWED[request.sdist or settings.sdist or "pure"],
        pre=bool(pre) or options.pre,
        exclude_newer=parse_cutoff(cutoff) if cutoff is not None else None,
        no_binary=options.no_binary,
        only_binary=options.only_binary,
        overrides=overrides,
        excludes=_project_names(request.excludes or settings.excludes),
    )


def parse_cutoff(text: str) -> str:
    """The first instant that no longer counts, ISO 8601 in UTC, of a day (which still counts, as uv has it) or an instant.

    Raises ``UsageProblem``.
    """
    try:
        if len(text) == len("2026-11-01"):
            day = date.fromisoformat(text) + timedelta(days=1)
            return f"{day.isoformat()}T00:00:00Z"
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is None:
            instant = instant.replace(tzinfo=UTC)
        return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError) as error:
        raise UsageProblem(
            f"--exclude-newer {text!r} is no date", hint="write a day (2026-11-01) or an instant (2026-11-01T12:00:00Z)"
        ) from error


def _hashes_are_required(inputs: InputSet) -> bool:
    """Whether hashes are all or nothing here, as pip has it; raises ``InputUnreadable`` for a requirement without one."""
    hashed = [requirement for requirement in inputs.requirements if requirement.hashes]
    if not hashed and not inputs.options.require_hashes:
        return False
    for requirement in inputs.requirements:
        if not requirement.hashes:
            raise InputUnreadable(
                f"{requirement} has no --hash, while hashes are required: they are all or nothing",
                address=str(requirement.origin),
                hint="add its hashes, or take those of the others away",
            )
    return True


def _records(request: Request, inputs: InputSet) -> tuple[InputRecord, ...]:
    read = dict(inputs.files)
    named = [InputRecord(path=path, sha256=sha256) for path, sha256 in read.items()]
    asked = [InputRecord(path=masked_within(text)) for text in request.inputs if masked_within(text) not in read]
    return (*asked, *named)


# The edges


def index_config(request: Request, settings: Settings, options: IndexOptions) -> IndexConfig:
    """Where to look, from the command line, the inputs, the settings and pip's configuration, in this order of weight."""
    from wheelcheck.index import IndexConfig, default_cache_dir
    from wheelcheck.model.default_index import default_index_url
    from wheelcheck.settings import load_pip_configuration, network_settings

    pip = load_pip_configuration(request.environ)
    network = network_settings(request.environ, pip)
    first = request.index_url or options.index_url or settings.index_url or pip.index_url or default_index_url()
    extra = (*request.extra_index_urls, *options.extra_index_urls, *settings.extra_index_urls, *pip.extra_index_urls)
    cache_dir = request.cache_dir or settings.cache_dir
    for place in (
        first,
        *extra,
        *request.find_links,
        *options.find_links,
        *settings.find_links,
        *settings.sources.values(),
    ):
        _refuse_malformed(place)
    return IndexConfig(
        index_urls=tuple(dict.fromkeys((first, *extra))),
        find_links=tuple(dict.fromkeys((*request.find_links, *options.find_links, *settings.find_links))),
        # What only this machine is configured for must not outrank an index: the plan is carried out elsewhere.
        fallback_find_links=pip.find_links,
        project_indexes=settings.sources,
        no_index=request.no_index or options.no_index or pip.no_index,
        cache_dir=None if request.no_cache else Path(cache_dir) if cache_dir else default_cache_dir(),
        offline=request.offline,
        refresh=request.refresh,
        ca_bundle=network.ca_bundle,
        client_cert=network.client_cert,
        proxy=network.proxy,
        trusted_hosts=network.trusted_hosts,
        timeout=_TIMEOUT if network.timeout is None else network.timeout,
        retries=_RETRIES if network.retries is None else network.retries,
    )


def _refuse_malformed(place: str) -> None:
    try:
        # Reading the port is what checks it.
        _ = urlsplit(place).port
    except ValueError as error:
        # What is wrong is often a password with "/" or "#" in it, so the address is shown only where it has none.
        shown = "an index address with a user name" if "@" in place else repr(place)
        raise UsageProblem(
            f"{shown} is no URL",
            hint="write https://HOST/simple/; in a password, special characters are percent-encoded",
        ) from error


@contextmanager
def _open_store(config: IndexConfig, reporter: Reporter) -> Iterator[IndexStore]:
    from wheelcheck.archives import ArchiveReader
    from wheelcheck.index import IndexStore
    from wheelcheck.knowledge import load_native

    with IndexStore(config, ArchiveReader(knowledge=load_native), reporter) as store:
        yield store


def _text_fetcher(request: Request, settings: Settings, reporter: Reporter) -> Callable[[str], str]:
    def fetch_text(url: str) -> str:
        # Requirements at a URL may name the index, so they are fetched before it is known.
        with _open_store(index_config(request, settings, IndexOptions()), reporter) as store:
            return store.fetch_text(url)

    return fetch_text
