"""Reads the inputs of a request: requirements, overrides, replacements, or a lock that is taken as it stands; resolves nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from wheelcheck.api.request import Request
from wheelcheck.errors import InputUnreadable, UsageProblem, did_you_mean
from wheelcheck.model.lock import Lock, LockKind
from wheelcheck.model.plan import InputRecord
from wheelcheck.model.requirement import (
    EVERY,
    CommandLineOrigin,
    FileOrigin,
    InputSet,
    Origin,
    Requirement,
    UnsupportedRequirement,
    replaced,
)
from wheelcheck.model.target import Target
from wheelcheck.model.urls import hashes_in, masked_within
from wheelcheck.options import OPTIONS, RequestOptions, SdistPolicy
from wheelcheck.texts.files import open_file

_IDLE_WITH_LOCKS = ("constraints", "overrides", "replacements", "excludes", "pre", "exclude_newer", "fix")
_MOST_BYTES = 100_000_000


class InputMode(Struct, frozen=True, kw_only=True):
    """How a command reads its inputs: which source archives it lets pass unasked, and which files it takes as locks."""

    sdist: SdistPolicy
    locks: frozenset[LockKind]


PLANNING = InputMode(sdist="pure", locks=frozenset(LockKind) - {LockKind.REQUIREMENTS})
"""The locks that are nothing else: requirements with hashes can be resolved like any requirements."""
CHECKING = InputMode(sdist="deny", locks=frozenset(LockKind))
RELOCKING = InputMode(sdist="deny", locks=frozenset())


class ReadInputs(Struct, frozen=True, kw_only=True):
    """What the inputs of a request say, and which files said it.

    ``replacements`` are already in ``inputs``. ``lock`` is a lock that is to be taken as it is, for ``extras`` and ``groups``;
    ``inputs`` then ask for what it was made of. ``files`` are all that was read, archives among the inputs included.
    """

    inputs: InputSet
    overrides: tuple[Requirement, ...]
    replacements: tuple[Requirement, ...]
    require_hashes: bool
    records: tuple[InputRecord, ...]
    files: tuple[str, ...]
    lock: Lock | None
    extras: frozenset[NormalizedName]
    groups: tuple[str, ...]

    @property
    def pythons(self) -> tuple[tuple[SpecifierSet, Origin], ...]:
        """The bounds on Python of the inputs, that of a lock among them: it says nothing of others."""
        if self.lock is None or self.lock.requires_python is None:
            return self.inputs.requires_python
        return (*self.inputs.requires_python, (self.lock.requires_python, FileOrigin(path=self.lock.path)))

    def bundled(self, target: Target) -> Mapping[str, tuple[str, ...]]:
        """The projects that need no hash on *target*, as its environments bring them: between which versions.

        None where no hashes are required.
        """
        from wheelcheck.knowledge.loading import load_bundled

        return load_bundled(target.python_full.minor) if self.require_hashes else {}


def read_inputs(
    request: Request, asked: RequestOptions, mode: InputMode, fetch_text: Callable[[str], str]
) -> ReadInputs:
    """Read the inputs of *request* in the *mode* of a command; *asked* are its options, completed by the settings.

    Raises ``UsageProblem`` and ``InputUnreadable``.
    """
    from wheelcheck.requirements.formats import parse_overrides

    read = load_lock(request.inputs, mode.locks)
    if read is not None:
        _refuse_idle(request, read.lock)
    # Extras and groups of the settings count where a project is planned; those of the command line need one.
    has_project = read is not None or any(text.endswith((".toml", "setup.cfg", "setup.py")) for text in request.inputs)
    of_project = asked if has_project else request.options
    extras = frozenset({EVERY} if of_project["all_extras"] else map(canonicalize_name, of_project["extras"]))
    groups: tuple[str, ...] = (EVERY,) if of_project["all_groups"] else of_project["groups"]
    if read is None:
        inputs = _parsed(request, request.inputs, asked, fetch_text, extras, groups)
    else:
        from wheelcheck.locks.choosing import pinned_roots

        # A requirements file names the indexes in its options, which parsing reads; other locks name them at each package.
        files = request.inputs if read.lock.kind is LockKind.REQUIREMENTS else ()
        said = _parsed(request, files, asked, fetch_text)
        inputs = pinned_roots(read.lock, extras, groups).joined(replace(said, requirements=(), unsupported=()))
    steps = [parse_overrides([text], fetch_text=fetch_text, environ=request.environ) for text in asked["overrides"]]
    require_hashes = read is None and _hashes_are_required(inputs, in_place=bool(asked["excludes"]))
    replacements = _replacements(request, inputs)
    for replacement in replacements:
        inputs = replace(inputs, requirements=replaced(inputs.requirements, replacement))
    return ReadInputs(
        inputs=inputs,
        overrides=overriding((inputs.tools.overrides, *(step.requirements for step in steps))),
        replacements=replacements,
        require_hashes=require_hashes,
        records=_records(request, inputs) if read is None else (read.record,),
        files=_files(request, (inputs, *steps)),
        lock=read.lock if read is not None else None,
        extras=extras,
        groups=groups,
    )


def _parsed(
    request: Request,
    files: tuple[str, ...],
    asked: RequestOptions,
    fetch_text: Callable[[str], str],
    extras: frozenset[NormalizedName] = frozenset(),
    groups: tuple[str, ...] = (),
) -> InputSet:
    from wheelcheck.requirements.formats import parse

    inputs = parse(
        files,
        constraints=asked["constraints"],
        extras=extras,
        groups=groups,
        fetch_text=fetch_text,
        stdin=request.stdin.text,
        environ=request.environ,
    )
    if not any(each.kind == "conda" for each in inputs.unsupported):
        return inputs
    return replace(inputs, unsupported=_named_on_index(inputs.unsupported))


def _named_on_index(packages: Iterable[UnsupportedRequirement]) -> tuple[UnsupportedRequirement, ...]:
    """*packages* with the stand-in of each conda package named as an index names it, without one where it is no project."""
    from wheelcheck.knowledge.loading import load_conda

    conda = load_conda()
    found = []
    for package in packages:
        stand_in = package.stand_in if package.kind == "conda" else None
        if stand_in is not None and stand_in.name in conda.no_projects:
            package = replace(package, stand_in=None, hint=conda.no_projects[stand_in.name])
        elif stand_in is not None:
            name = conda.projects.get(stand_in.name, stand_in.name)
            package = replace(package, stand_in=replace(stand_in, name=name, text=f"{name}{stand_in.specifier}"))
        found.append(package)
    return tuple(found)


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
    from wheelcheck.requirements.formats import parse_requirement

    asked = {requirement.name for requirement in inputs.requirements}
    found: dict[NormalizedName, Requirement] = {}
    for text in request.options["replacements"]:
        replacement = parse_requirement(text, "--replace")
        if replacement.name not in asked:
            elsewhere = f"what others require is replaced with --override {replacement.name}"
            raise UsageProblem(
                f"--replace {replacement}: no input asks for {replacement.name}",
                hint=did_you_mean(replacement.name, sorted(asked), elsewhere),
            )
        found[replacement.name] = replacement
    return tuple(found.values())


def _hashes_are_required(inputs: InputSet, *, in_place: bool) -> bool:
    """Whether hashes are all or nothing here, as pip has it; raises ``InputUnreadable`` for a requirement without one.

    One ``--hash`` is enough, also on a constraint. The hash in a URL binds its file and asks nothing of others. A constraint may
    have the hash of a requirement, and one with a marker may not hold: what is reached without one is a finding. *in_place* says
    that a project is left out, so that one of the command line may stand in its place.
    """
    asked = (*inputs.requirements, *inputs.constraints)
    if not any(each.hashes for each in asked) and not inputs.options.require_hashes:
        return False
    bounded = {each.name for each in inputs.constraints if each.hashes or hashes_in(each.url or "")}
    first: dict[NormalizedName, Requirement] = {}
    for each in inputs.requirements:
        if in_place and isinstance(each.origin, CommandLineOrigin):
            continue
        # pip looks at the first line on a project, and at each URL.
        is_first = first.setdefault(each.name, each) is each
        is_hashed = each.hashes or hashes_in(each.url or "") or (each.url is None and each.name in bounded)
        if (is_first or each.url is not None) and not is_hashed and each.marker is None:
            raise InputUnreadable(
                f"{each} has no --hash, while hashes are required: they are all or nothing",
                address=str(each.origin),
                hint="add its hashes, or take those of the others away",
            )
    return True


def _records(request: Request, inputs: InputSet) -> tuple[InputRecord, ...]:
    read = dict(inputs.files)
    named = [InputRecord(path=path, sha256=sha256 or None) for path, sha256 in read.items()]
    asked = [InputRecord(path=masked_within(text)) for text in request.inputs if masked_within(text) not in read]
    return (*asked, *named)


def _files(request: Request, read: Iterable[InputSet]) -> tuple[str, ...]:
    named = [path for each in read for path, _ in each.files if path != "-" and "://" not in path]
    # Archives are among the inputs and read only by the store.
    return (*named, *(text for text in request.inputs if text.endswith((".whl", ".gz", ".zip"))))


class ReadLock(Struct, frozen=True, kw_only=True):
    """A lock that was read, and the record of its file."""

    lock: Lock
    record: InputRecord


def load_lock(inputs: tuple[str, ...], kinds: frozenset[LockKind]) -> ReadLock | None:
    """The lock of one of *kinds* that *inputs* name, ``None`` where they name none.

    Requirements with hashes are a lock alone, and requirements like any beside other inputs. Raises ``UsageProblem`` for another
    lock beside other inputs: it already says everything. Raises ``InputUnreadable`` as reading does.
    """
    kinds = kinds if len(inputs) == 1 else kinds - {LockKind.REQUIREMENTS}
    found = [(text, content) for text in inputs for content in _content(text, kinds)]
    if not found:
        return None
    path, content = found[0]
    if len(inputs) > 1:
        raise UsageProblem(
            f"{path} is a lock, which is read as it is and alone",
            hint="give the other inputs in a run of their own, or --relock to resolve",
        )
    from wheelcheck.locks.formats import parse_lock

    record = InputRecord(path=path, sha256=hashlib.sha256(content).hexdigest())
    return ReadLock(lock=parse_lock(content, path), record=record)


def _content(text: str, kinds: frozenset[LockKind]) -> Iterable[bytes]:
    name = text.replace("\\", "/").rpartition("/")[2]
    if "://" in text or not name.endswith((".lock", ".toml", ".json", ".txt", ".in")):
        return
    try:
        with open_file(Path(text)) as stream:
            content = stream.read(_MOST_BYTES + 1)
    except OSError:
        return  # whoever reads the inputs says so
    if len(content) > _MOST_BYTES:
        raise InputUnreadable(f"larger than {_MOST_BYTES:,} bytes: no lock", address=text)
    if name.endswith((".txt", ".in")) and b"--hash" not in content:
        return  # no lock, and no need to load the room's readers to know it
    from wheelcheck.locks.formats import kind_of

    if kind_of(content, text) in kinds:
        yield content


def source_of(lock: Lock) -> str:
    """The file that *lock* was made of, beside it; raises ``UsageProblem`` where there is none to resolve."""
    from wheelcheck.locks.formats import format_of

    if lock.kind is LockKind.REQUIREMENTS:
        return lock.path
    made_of = format_of(lock.kind).made_of
    beside = Path(lock.path).parent / made_of
    if not made_of or not beside.is_file():
        raise UsageProblem(
            f"--relock: what {lock.path} was made of is not beside it", hint="name the requirements as INPUT instead"
        )
    return str(beside)
