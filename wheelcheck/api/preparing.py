"""A request understood: settings and inputs read, the target and the policy made; asks no index but for inputs at a URL."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace
from packaging.utils import InvalidName, NormalizedName, canonicalize_name

from wheelcheck.api.edges import index_config, read_stdin, text_fetcher
from wheelcheck.api.locking import PROJECT_LOCKS, load_lock, pinned_roots
from wheelcheck.api.request import Request, completed, refuse_empty
from wheelcheck.errors import InputUnreadable, UsageProblem
from wheelcheck.model.judgement import Installability
from wheelcheck.model.lock import Lock, LockKind
from wheelcheck.model.plan import InputRecord, Options
from wheelcheck.model.requirement import IndexOptions, InputSet, Requirement, replaced
from wheelcheck.model.resolution import Policy
from wheelcheck.model.target import Target
from wheelcheck.model.urls import masked, masked_within
from wheelcheck.options import KEYS, OPTIONS, RequestOptions, SdistPolicy
from wheelcheck.ports import Reporter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wheelcheck.index.config import IndexConfig
    from wheelcheck.resolver.passes import Question
    from wheelcheck.settings.loading import Settings

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
_IDLE_WITH_LOCKS = ("constraints", "overrides", "replacements", "excludes", "pre", "exclude_newer", "fix")
_DEFAULT_SECONDS = float(KEYS["max-seconds"].default)
_DEFAULT_REPAIRS = int(KEYS["repairs"].default)
_DEFAULT_REPAIR_SECONDS = float(KEYS["repair-seconds"].default)


class Prepared(Struct, frozen=True, kw_only=True):
    """A request understood: the question for the core, where to look, and what the plan says of both.

    ``fix`` is a word of ``Risk`` or the id of a repair. ``repairs`` is how many to look for, 0 for none, within ``repair_seconds``.
    ``knowledge_folders`` come weakest first. ``target_is_named`` is false where a file gave the target, which has then no words
    for another Python or platform. ``replacements`` are already in the question; ``files`` are all that the request was read from.
    ``lock`` is a lock that is to be taken as it is, for ``extras`` and ``groups``: the question then asks for what it was made of.
    """

    question: Question
    index: IndexConfig
    inputs: InputSet
    records: tuple[InputRecord, ...]
    options: Options
    require_hashes: bool
    fix: str | None
    repairs: int
    repair_seconds: float
    knowledge_folders: tuple[Path, ...]
    target_is_named: bool
    replacements: tuple[Requirement, ...]
    files: tuple[str, ...]
    lock: Lock | None = None
    extras: frozenset[NormalizedName] = frozenset()
    groups: tuple[str, ...] = ()


class Manner(Struct, frozen=True, kw_only=True):
    """How a command reads its inputs: which source archives it lets pass unasked, and which files it takes as locks."""

    sdist: SdistPolicy
    locks: frozenset[LockKind]


PLANNING = Manner(sdist="pure", locks=PROJECT_LOCKS)
CHECKING = Manner(sdist="deny", locks=frozenset(LockKind))
RELOCKING = Manner(sdist="deny", locks=frozenset())


def prepare(
    request: Request,
    reporter: Reporter,
    manner: Manner = PLANNING,
    *,
    settings: Settings | None = None,
    target: Target | None = None,
) -> Prepared:
    """Read settings and inputs in the *manner* of a command; *settings* and *target* are given by whoever has them already.

    Raises ``UsageProblem``, ``InputUnreadable`` and ``SettingsInvalid``.
    """
    from wheelcheck.requirements.formats import parse, parse_overrides
    from wheelcheck.resolver.passes import Budget, Question
    from wheelcheck.settings.loading import load_settings

    refuse_empty(request)
    if settings is None:
        settings = load_settings(Path(request.folder), request.environ)
    asked = completed(request, settings)
    if target is None:
        target = _target(request, settings)
    reporter.stage("reading")
    fetch_text = text_fetcher(request, settings, reporter)
    read = load_lock(request.inputs, manner.locks)
    if read is not None:
        _refuse_idle(request, read.lock)
    # The settings choose extras and groups for whenever a project is planned; on the command line they must have one.
    has_project = read is not None or any(text.endswith(".toml") for text in request.inputs)
    of_project = asked if has_project else request.options
    extras, groups = frozenset(map(canonicalize_name, of_project["extras"])), of_project["groups"]
    inputs = parse(
        # The file says in its options where its packages are from; other locks say it of each package.
        request.inputs if read is None or read.lock.kind is LockKind.REQUIREMENTS else (),
        # Bounds, overrides and exclusions add up: what a repair has to add must not take away what the settings say.
        constraints=asked["constraints"],
        extras=extras if read is None else frozenset(),
        groups=groups if read is None else (),
        fetch_text=fetch_text,
        stdin=read_stdin,
        environ=request.environ,
    )
    if read is not None:
        inputs = pinned_roots(read.lock).joined(replace(inputs, requirements=(), unsupported=()))
    steps = [parse_overrides([text], fetch_text=fetch_text, environ=request.environ) for text in asked["overrides"]]
    overrides = overriding(step.requirements for step in steps)
    require_hashes = read is None and _hashes_are_required(inputs)
    replacements = _replacements(request, inputs)
    for replacement in replacements:
        inputs = replace(inputs, requirements=replaced(inputs.requirements, replacement))
    index = index_config(request, settings, inputs.options)
    sdist = asked["sdist"] or manner.sdist
    policy = _policy(asked, inputs.options, overrides, sdist)
    seconds = asked["max_seconds"]
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
        records=_records(request, inputs) if read is None else (read.record,),
        options=Options(
            sdist=sdist,
            exclude_newer=policy.exclude_newer,
            indexes=tuple(masked(url) for url in index.index_urls),
            find_links=tuple(masked(place) for place in (*index.find_links, *index.fallback_find_links)),
            pre=policy.pre,
            constraints=tuple(str(constraint) for constraint in inputs.constraints),
            overrides=tuple(str(override) for override in overrides),
            excludes=tuple(sorted(policy.excludes)),
            replacements=tuple(map(str, replacements)),
            sources=tuple(f"{name}={masked(url)}" for name, url in sorted(index.project_indexes.items())),
        ),
        require_hashes=require_hashes,
        fix=request.options["fix"],
        repairs=_count_of_repairs(asked, request),
        repair_seconds=_DEFAULT_REPAIR_SECONDS if asked["repair_seconds"] is None else asked["repair_seconds"],
        knowledge_folders=tuple(map(Path, asked["knowledge"])),
        target_is_named=request.options["target_file"] is None,
        replacements=replacements,
        files=_files(request, settings, (inputs, *steps)),
        lock=read.lock if read is not None else None,
        extras=extras,
        groups=groups,
    )


def _refuse_idle(request: Request, lock: Lock) -> None:
    """Raise ``UsageProblem`` for an option that changes what is resolved: a lock is taken as it stands."""
    given: Mapping[str, object] = request.options
    option = next((OPTIONS[name].flag for name in _IDLE_WITH_LOCKS if given[name] not in (None, ())), None)
    if option is not None:
        raise UsageProblem(
            f"{option} means nothing to {lock.path}: a lock is taken as it stands",
            hint="leave it out, or resolve what the lock was made of: name that as INPUT, or check --relock",
        )


def overriding(steps: Iterable[tuple[Requirement, ...]]) -> tuple[Requirement, ...]:
    """The overrides of several *steps*, each the requirements of one option: the last step that speaks of a project counts.

    Where its words on the project have markers they may leave gaps, so what was said before stays beside them.
    """
    found: tuple[Requirement, ...] = ()
    for step in steps:
        settled = {override.name for override in step if override.marker is None}
        found = (*(override for override in found if override.name not in settled), *step)
    return found


def _replacements(request: Request, inputs: InputSet) -> tuple[Requirement, ...]:
    """What ``--replace`` says, the last word on each project; raises ``UsageProblem`` for one that no input asks for."""
    from difflib import get_close_matches

    from wheelcheck.requirements.formats import parse_requirement

    asked = {requirement.name for requirement in inputs.requirements}
    found: dict[NormalizedName, Requirement] = {}
    for text in request.options["replacements"]:
        replacement = parse_requirement(text, "--replace")
        if replacement.name not in asked:
            near = get_close_matches(replacement.name, sorted(asked), n=1)
            raise UsageProblem(
                f"--replace {replacement}: no input asks for {replacement.name}",
                hint=f"did you mean {near[0]}?"
                if near
                else f"what others require is replaced with --override {replacement.name}",
            )
        found[replacement.name] = replacement
    return tuple(found.values())


def _count_of_repairs(asked: RequestOptions, request: Request) -> int:
    # Settings that want no repairs do not speak of a run that applies one.
    overruled = request.options["repairs"] is None and asked["repairs"] == 0 and asked["fix"] is not None
    return _DEFAULT_REPAIRS if asked["repairs"] is None or overruled else asked["repairs"]


def _target(request: Request, settings: Settings) -> Target:
    from wheelcheck.targets.targetfile import parse_target_file
    from wheelcheck.targets.targets import parse_target

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
    return parse_target(
        request.options["platform"] or _only("--platform", settings.platforms),
        request.options["python"] or _only("--python", settings.pythons),
    )


def _only(options: str, words: tuple[str, ...]) -> str | None:
    if len(words) > 1:
        raise UsageProblem(
            f"the settings name {len(words)} targets ({', '.join(words)}), and a plan is for one",
            hint=f"give {options}",
        )
    return words[0] if words else None


def _policy(
    asked: RequestOptions,
    options: IndexOptions,
    overrides: tuple[Requirement, ...],
    sdist: SdistPolicy,
) -> Policy:
    cutoff = asked["exclude_newer"]
    return Policy(
        allowed=_ALLOWED[sdist],
        pre=bool(asked["pre"]) or options.pre,
        exclude_newer=parse_cutoff(cutoff) if cutoff is not None else None,
        no_binary=options.no_binary,
        only_binary=options.only_binary,
        overrides=overrides,
        excludes=_project_names(asked["excludes"]),
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
    named = [InputRecord(path=path, sha256=sha256 or None) for path, sha256 in read.items()]
    asked = [InputRecord(path=masked_within(text)) for text in request.inputs if masked_within(text) not in read]
    return (*asked, *named)


def _files(request: Request, settings: Settings, read: Iterable[InputSet]) -> tuple[str, ...]:
    named = [path for each in read for path, _ in each.files if path != "-" and "://" not in path]
    others = [str(each) for each in (settings.file, request.options["target_file"]) if each is not None]
    # Archives are among the inputs and read only by the store.
    return (*named, *others, *(text for text in request.inputs if text.endswith((".whl", ".gz", ".zip"))))


def _project_names(names: Iterable[str]) -> frozenset[NormalizedName]:
    try:
        return frozenset(canonicalize_name(name, validate=True) for name in names)
    except InvalidName as error:
        raise UsageProblem(f"--exclude: {error}", hint="give the name of a project, without a version") from error
