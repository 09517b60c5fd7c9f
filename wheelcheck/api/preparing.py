"""Understands a request: reads settings and inputs, makes target and policy; asks no index but for inputs at a URL."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import UNSET, Struct
from msgspec.structs import replace
from packaging.utils import InvalidName, NormalizedName, canonicalize_name

from wheelcheck.api.edges import index_config, text_fetcher
from wheelcheck.api.reading import PLANNING, InputMode, ReadInputs, read_inputs
from wheelcheck.api.request import Request, completed, refuse_empty, with_files
from wheelcheck.errors import UsageProblem
from wheelcheck.model.distribution import BUILT_ANYWHERE, FROM_SOURCE, Installability
from wheelcheck.model.plan import Options
from wheelcheck.model.requirement import IndexOptions
from wheelcheck.model.resolution import Exemption, Policy
from wheelcheck.model.target import Target
from wheelcheck.model.urls import masked
from wheelcheck.options import KEYS, OPTIONS, ImportScope, RequestOptions, SdistPolicy
from wheelcheck.ports import Reporter
from wheelcheck.settings.loading import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wheelcheck.index.config import IndexConfig
    from wheelcheck.model.check import GatePolicy
    from wheelcheck.resolver.question import Question
    from wheelcheck.settings.loading import Settings

_ALLOWED: Mapping[str, frozenset[Installability]] = {
    "deny": frozenset({Installability.WHEEL}),
    "pure": BUILT_ANYWHERE | {Installability.WHEEL},
    "any": FROM_SOURCE | {Installability.WHEEL},
}
_DEFAULT_SECONDS = float(KEYS["max-seconds"].default)
_DEFAULT_REPAIRS = int(KEYS["repairs"].default)
_DEFAULT_REPAIR_SECONDS = float(KEYS["repair-seconds"].default)


class Prepared(Struct, frozen=True, kw_only=True):
    """The *request* understood: the question for the core, the inputs that were read, and the configuration of the indexes.

    ``fix`` is a word of ``Risk`` or the id of a repair. ``repairs`` is how many to look for, 0 for none, within ``repair_seconds``.
    ``knowledge_folders`` come weakest first. ``target_is_named`` is false where a file gave the target, which has then no words
    for another Python or platform. ``files`` are all that the request was read from, ``settings`` those that completed it.
    """

    request: Request
    settings: Settings
    question: Question
    index: IndexConfig
    read: ReadInputs
    options: Options
    fix: str | None
    repairs: int
    repair_seconds: float
    knowledge_folders: tuple[Path, ...]
    target_is_named: bool
    imports: ImportScope
    files: tuple[str, ...]


def prepare(
    request: Request,
    reporter: Reporter,
    mode: InputMode = PLANNING,
    *,
    settings: Settings | None = None,
    target: Target | None = None,
) -> Prepared:
    """Read settings and inputs in the *mode* of a command; *settings* and *target* are given if the caller has them already.

    Raises ``UsageProblem``, ``InputUnreadable`` and ``SettingsInvalid``.
    """
    refuse_empty(request)
    request, _ = with_files(request)
    settings = settings or load_settings(Path(request.folder), request.environ)
    target = target or _target(request, settings)
    asked = completed(request, settings)
    reporter.stage("reading")
    read = read_inputs(request, asked, mode, text_fetcher(request, settings, reporter))
    index = index_config(request, settings, read.inputs.options, target)
    sdist = asked["sdist"] or ("deny" if _is_wheel_only(asked) else mode.sdist)
    policy = _policy(asked, read, sdist)
    return Prepared(
        request=request,
        settings=settings,
        question=_question(asked, read, target, policy),
        index=index,
        read=read,
        options=_record_of_options(sdist, policy, read, index, asked),
        fix=asked["fix"],
        repairs=_repairs(request, asked),
        repair_seconds=_repair_seconds(asked),
        knowledge_folders=tuple(map(Path, asked["knowledge"])),
        target_is_named=asked["target_file"] is None,
        imports=asked["imports"] or "suspects",
        files=(*read.files, *(str(each) for each in (settings.file, asked["target_file"]) if each is not None)),
    )


def refuse_unusable(request: Request, settings: Settings) -> None:
    """Raise ``UsageProblem`` or ``InputUnreadable`` for a target, day, index or name of *request* that no command could use.

    No input is read, and no host is asked.
    """
    refuse_empty(request)
    asked = completed(request, settings)
    target = _target(request, replace(settings, platforms=(), pythons=(), targets=()))
    if asked["exclude_newer"]:
        cutoff_of(asked["exclude_newer"])
    _project_names("--exclude", asked["excludes"])
    index_config(request, settings, IndexOptions(), target)


def _question(asked: RequestOptions, read: ReadInputs, target: Target, policy: Policy) -> Question:
    from wheelcheck.resolver.question import Budget, Question

    seconds = asked["max_seconds"]
    return Question(
        requirements=read.inputs.requirements,
        constraints=read.inputs.constraints,
        unsupported=read.inputs.unsupported,
        target=target,
        policy=policy,
        budget=Budget(seconds=_DEFAULT_SECONDS if seconds is None else seconds),
    )


def _repair_seconds(asked: RequestOptions) -> float:
    """How long to look for repairs: as long as is asked for, else no longer than the run itself may take."""
    if asked["repair_seconds"] is not None:
        return asked["repair_seconds"]
    return min(_DEFAULT_REPAIR_SECONDS, asked["max_seconds"] or _DEFAULT_REPAIR_SECONDS)


def _repairs(request: Request, asked: RequestOptions) -> int:
    """How many repairs to look for; settings that switch them off do not count for a run that applies one."""
    is_overruled = request.options["repairs"] is None and asked["repairs"] == 0 and asked["fix"] is not None
    return _DEFAULT_REPAIRS if asked["repairs"] is None or is_overruled else asked["repairs"]


def recorded_sources(index: IndexConfig) -> tuple[str, ...]:
    """The projects that have an index of their own, without secrets."""
    return tuple(f"{name}={masked(url)}" for name, url in sorted(index.project_indexes.items()))


def _is_wheel_only(asked: RequestOptions) -> bool:
    """Whether ``--only-binary :all:`` stands alone: then it is the policy, and files that it hides are told as blockers."""
    return ":all:" in asked["only_binary"] and not asked["no_binary"]


def _record_of_options(
    sdist: str, policy: Policy, read: ReadInputs, index: IndexConfig, asked: RequestOptions
) -> Options:
    """The record of the options in the plan, without secrets."""
    return Options(
        sdist=sdist,
        exclude_newer=policy.exclude_newer,
        indexes=tuple(masked(url) for url in index.index_urls),
        find_links=tuple(masked(place) for place in (*index.find_links, *index.fallback_find_links)),
        pre=policy.pre,
        constraints=tuple(str(constraint) for constraint in read.inputs.constraints),
        overrides=tuple(str(override) for override in read.overrides),
        excludes=tuple(sorted(policy.excludes)),
        replacements=tuple(map(str, read.replacements)),
        sources=recorded_sources(index),
        index_strategy=UNSET if index.strategy == "first-index" else index.strategy,
        only_binary=UNSET if _is_wheel_only(asked) else asked["only_binary"] or UNSET,
        no_binary=asked["no_binary"] or UNSET,
    )


def _target(request: Request, settings: Settings) -> Target:
    from wheelcheck.targets.targets import parse_target, parse_target_file

    if request.options["target_file"] is not None:
        if request.options["platform"] or request.options["python"]:
            raise UsageProblem(
                "--target says everything that --platform and --python say", hint="give one or the other"
            )
        from wheelcheck.texts.sources import Reader

        source = Reader(fetch_text=None, stdin=None).file(Path(request.options["target_file"]))
        return parse_target_file(source.text, request.options["target_file"])
    if settings.targets and not (
        request.options["platform"] or request.options["python"] or settings.platforms or settings.pythons
    ):
        platform, _, python = (_only("--platform and --python", settings.targets) or "").partition("/")
        return parse_target(platform, python)
    platform_word = request.options["platform"] or _only("--platform", settings.platforms)
    python_word = request.options["python"] or _only("--python", settings.pythons)
    return _of_environments(request, settings, platform_word, python_word) or parse_target(platform_word, python_word)


def _of_environments(request: Request, settings: Settings, platform: str | None, python: str | None) -> Target | None:
    """The first target that the settings of the inputs' own tool name, on this machine's platform if they name that too.

    Of *platform* they say which Python it is, where *python* does not.
    """
    if (platform and python) or not any(
        text.endswith((".toml", ".lock", ".yml", ".yaml", ".py", ".pyw")) for text in request.inputs
    ):
        return None
    from wheelcheck.api.targets import day_asked
    from wheelcheck.requirements.project_targets import load_environments
    from wheelcheck.targets.targets import host_target, parse_target, pythons_by_choice

    environments = load_environments(request.inputs)
    if environments is None:
        return None
    known = pythons_by_choice(day_asked(request, settings))
    if platform:
        return parse_target(platform, environments.python(known))
    named = environments.targets((python,) if python else (), known)
    return next((each for each in named if each.platform == host_target().platform), next(iter(named), None))


def _only(options: str, texts: tuple[str, ...]) -> str | None:
    words = tuple(word.strip() for text in texts for word in text.split(","))
    if len(words) > 1 or words == ("all",):
        raise UsageProblem(
            f"the settings name {len(words) if len(words) > 1 else 'several'} targets ({', '.join(words)}), and a plan is for one",
            hint=f"give {options}",
        )
    return words[0] if words else None


def _policy(asked: RequestOptions, read: ReadInputs, sdist: SdistPolicy) -> Policy:
    options, tools = read.inputs.options, read.inputs.tools
    only, none = (_kinds_of(name, asked) for name in ("only_binary", "no_binary"))
    cutoff = tools.exclude_newer or None if asked["exclude_newer"] is None else asked["exclude_newer"]
    return Policy(
        allowed=_ALLOWED[sdist],
        pre=bool(asked["pre"]) or options.pre or ":all:" in options.all_releases,
        pre_of=tools.pre_of | {NormalizedName(name) for name in options.all_releases},
        only_final=options.only_final,
        prefer_binary=options.prefer_binary,
        exclude_newer=cutoff_of(cutoff) if cutoff is not None else None,
        exclude_newer_of=tuple((name, cutoff_of(day) if day else None) for name, day in tools.exclude_newer_of),
        # The command line has the last word on a project, as pip reads it.
        no_binary=(options.no_binary - only) | none,
        only_binary=(options.only_binary - none) | (frozenset() if _is_wheel_only(asked) else only),
        overrides=read.overrides,
        excludes=_project_names("--exclude", asked["excludes"]) | tools.excludes,
        exempt=tuple(
            # A folder of the user's own is built by the user; it is no project of others that lacks a wheel.
            Exemption(name=each.name, installabilities=frozenset({Installability.SDIST_PURE}))
            for each in (*read.inputs.requirements, *read.overrides)
            if each.local
        ),
    )


def _kinds_of(option: Literal["only_binary", "no_binary"], asked: RequestOptions) -> frozenset[str]:
    """The names that *option* was given, or ``:all:``; what stands before ``:none:`` is taken back, as pip does."""
    words = asked[option]
    last = max((place for place, word in enumerate(words) if word == ":none:"), default=-1)
    named = words[last + 1 :]
    return frozenset({":all:"} if ":all:" in named else _project_names(OPTIONS[option].flag, named))


def cutoff_of(text: str) -> str:
    """The first instant that no longer counts, ISO 8601 in UTC. Raises ``UsageProblem`` for a text that is no moment."""
    from wheelcheck.texts.moments import HINT, parse_cutoff

    try:
        return parse_cutoff(text)
    except (ValueError, OverflowError) as error:
        raise UsageProblem(f"--exclude-newer {text!r} is no date", hint=HINT) from error


def _project_names(option: str, names: Iterable[str]) -> frozenset[NormalizedName]:
    try:
        return frozenset(canonicalize_name(name, validate=True) for name in names)
    except InvalidName as error:
        raise UsageProblem(f"{option}: {error}", hint="give the name of a project, without a version") from error


def on_target(prepared: Prepared, policy: GatePolicy, target: Target) -> Prepared:
    """*prepared* asked for *target*, where what *policy* allows may be chosen."""
    from wheelcheck.findings.verdicts import exemptions

    question = prepared.question
    allowed = replace(question.policy, exempt=(*question.policy.exempt, *exemptions(policy, target)))
    return asked_for(replace(prepared, question=replace(question, policy=allowed)), target)


def asked_for(prepared: Prepared, target: Target) -> Prepared:
    """*prepared* asked for *target*, with the indexes on which its projects are looked for there."""
    question = replace(prepared.question, target=target)
    indexes = prepared.read.inputs.options
    if not any(source.marker is not None for source in indexes.sources):
        return replace(prepared, question=question)
    index = index_config(prepared.request, prepared.settings, indexes, target)
    options = replace(prepared.options, sources=recorded_sources(index))
    return replace(prepared, question=question, index=index, options=options)
